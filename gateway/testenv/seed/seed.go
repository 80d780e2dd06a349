// Package seed fills a ledger with many links and payments, as merchants and payers would have made them, for
// measurements of size: rows, events and their chains, outbox lines, refunds, messages and openings are made by
// the ledger's own code, in memory, and stored in bulk (sqlstore.Bulk).
//
// Links are numbered, and all that becomes of a link follows from the seed and its number, so that whoever
// measures ten million needs no list of them, and the same seed makes the same ledger but for what is keyed or
// sealed. It deliberately knows no gateway: the API key that it answers opens one on that ledger.
package seed

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
)

// Config says where a ledger is and what it is filled with.
type Config struct {
	Address   string // see sqlstore.Config
	MasterKey []byte
	Bank      string // base address of the simulated bank of the merchants' accounts; nobody has to be there
	Seed      uint64
	Now       time.Time // when everything has happened; zero = now
	Others    int       // merchants beside the first, each with as much as he has
}

// Ledger is a ledger with merchants, their accounts at a simulated bank, and an API key of the first.
type Ledger struct {
	Store    *sqlstore.Store
	Merchant checkout.MerchantID // the first
	Key      string              // of the API, as a program sends it
	Config

	ids, live *checkout.IDs // of what the seed says, and of what is drawn
	merchants []shop
	began     time.Time
}

// shop is a merchant with his accounts.
type shop struct {
	id       checkout.MerchantID
	accounts []checkout.Account
}

// Open opens and migrates a ledger and adds the seed's merchants, unless they are there.
func Open(ctx context.Context, c Config) (*Ledger, error) {
	if c.Now.IsZero() {
		c.Now = time.Now()
	}
	l := &Ledger{Config: c, ids: idsOf(c.Seed, 0), live: checkout.NewIDs(crand.Reader), began: c.Now.UTC().Truncate(time.Second)}
	var err error
	l.Store, err = sqlstore.Open(ctx, sqlstore.Config{URL: c.Address, MasterKeys: [][]byte{c.MasterKey}})
	if err != nil {
		return nil, err
	}
	if err = l.Store.Migrate(ctx); err == nil {
		err = l.open(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, l.Store.Close())
	}
	return l, nil
}

// idsOf are ids that follow from a seed and the number of whoever draws them.
func idsOf(seed, stream uint64) *checkout.IDs {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	binary.BigEndian.PutUint64(key[8:], stream)
	return checkout.NewIDs(rand.NewChaCha8(key))
}

func (l *Ledger) open(ctx context.Context) error {
	for n := range 1 + l.Others {
		m, accounts := l.shop(n)
		l.merchants = append(l.merchants, shop{m.ID, accounts})
		if _, err := l.Store.Merchant(ctx, m.ID); err == nil {
			continue
		}
		err := l.Store.SaveMerchant(ctx, m, l.event(m.ID, string(m.ID), "merchant.created"))
		for _, a := range accounts {
			err = errors.Join(err, l.Store.SaveAccount(ctx, a, l.event(m.ID, string(a.ID), "account.saved")))
		}
		if err != nil {
			return err
		}
	}
	l.Merchant, l.Key = l.merchants[0].id, "sk_live_"+l.ids.Secret(40)
	key := checkout.APIKey{ID: l.ids.Key(), Merchant: l.Merchant, Name: "measurement", Shown: l.Key[:12], Hash: l.Store.HashKey(l.Key), CreatedAt: l.began}
	if _, err := l.Store.KeyByHash(ctx, key.Hash); err == nil {
		return nil
	}
	return l.Store.SaveKey(ctx, key, l.event(l.Merchant, string(key.ID), "key.created"))
}

// shop is the merchant of a number: two accounts at two banks.
func (l *Ledger) shop(n int) (checkout.Merchant, []checkout.Account) {
	m := checkout.Merchant{
		ID: l.ids.Merchant(), Name: "Ahşap Atölyesi", LegalName: "Ahşap Atölyesi Mobilya Ltd. Şti.", Phone: "+90 212 555 01 23", Email: "destek@ahsap.example",
		Accent: "#0b6b5e", Currencies: []checkout.Currency{checkout.TRY, checkout.USD, checkout.EUR}, Version: 1, CreatedAt: l.began, UpdatedAt: l.began,
	}
	if n > 0 {
		m.Name = fmt.Sprintf("Komşu Dükkân %d", n)
	}
	account := checkout.Account{
		ID: l.ids.Account(), Merchant: m.ID, Kind: "payfor", Name: "QNB", Mode: "3dmodel", BaseURL: l.Bank + "/payfor/Gateway/",
		Credentials: checkout.Secrets{"merchant_id": "990000000000001", "user_code": "ODELINK_API", "user_pass": "Demo-Pass-1", "merchant_pass": "12345678", "mbr_id": "5"},
		Currencies:  m.Currencies, Pricing: checkout.PricingMarkup, Priority: 2, Enabled: true, Version: 1, CreatedAt: l.began, UpdatedAt: l.began,
	}
	second := account
	second.ID, second.Name, second.Priority = l.ids.Account(), "Ziraat Katılım", 1
	return m, []checkout.Account{account, second}
}

func (l *Ledger) event(m checkout.MerchantID, subject, typ string) checkout.Event {
	return checkout.Event{Merchant: m, Subject: subject, Type: typ, Actor: "seed", At: l.began}
}

// Close closes the ledger.
func (l *Ledger) Close() error { return l.Store.Close() }

// of is whose link number n is.
func (l *Ledger) of(n int) shop {
	return l.merchants[n/kinds%len(l.merchants)]
}

// linksOfPiece is how many links that nobody has paid share a transaction: with their events and outbox lines some
// thirty thousand rows.
const linksOfPiece = 10_000

// Links stores the links numbered from to until, without the last, which nobody has opened yet and which can be paid.
func (l *Ledger) Links(ctx context.Context, from, until int) error {
	return l.pieces(ctx, from, until, linksOfPiece, func(b *sqlstore.Bulk, _ *checkout.IDs, n int) error {
		b.At(l.began)
		return b.CreateLink(l.newLink(l.link(n)))
	})
}

// pieces has each link from to until told into a Bulk, so many links to one of them.
func (l *Ledger) pieces(ctx context.Context, from, until, size int, tell func(b *sqlstore.Bulk, ids *checkout.IDs, n int) error) error {
	return share(ctx, runtime.NumCPU()+1, (until-from+size-1)/size, func(piece int) error {
		first := from + piece*size
		b, err := l.Store.NewBulk(idsOf(l.Seed, 1<<63|uint64(first)))
		if err != nil {
			return err
		}
		for n := first; n < min(first+size, until); n++ {
			if err := tell(b, idsOf(l.Seed, 1+uint64(n)), n); err != nil {
				return fmt.Errorf("link %d: %w", n, err)
			}
		}
		return b.Store(ctx)
	})
}

// lives are how long links are open: a week at least, so that none ends while it is measured.
func lives(n int) time.Duration { return 7*24*time.Hour + time.Duration(n%1000)*20*time.Minute }

// link is what number n is like as long as nothing happened: a single-use link with a description and instalments
// of its own, and an order number of the gateway's.
func (l *Ledger) link(n int) checkout.Link {
	return checkout.Link{
		ID: linkID(n), Token: Token(n), Merchant: l.of(n).id, Order: order(n, l.began),
		Amount: checkout.Money{Minor: 10_000 + int64(n%90_000), Currency: checkout.TRY}, Description: "Kasım ayı aidatı, B Blok",
		Installments: []int{1, 2, 3, 6, 9, 12}, ActiveFrom: l.began, ExpiresAt: l.began.Add(lives(n)), Usage: checkout.UsageSingle,
		Customer: checkout.Customer{Name: "Ayşe Yılmaz", Email: "ayse@ornek.example"}, Version: 1, Rev: 1, CreatedAt: l.began, UpdatedAt: l.began,
	}
}

// Copies are the hot copies of the links numbered from to until, without the last, as if they were stored.
func (l *Ledger) Copies(from, until int) []checkout.Hot {
	all := make([]checkout.Hot, 0, until-from)
	for n := from; n < until; n++ {
		link := l.link(n)
		all = append(all, link.Hot())
	}
	return all
}

func (l *Ledger) newLink(link checkout.Link) checkout.NewLink {
	e := l.event(link.Merchant, string(link.ID), "link.created")
	e.At = link.CreatedAt
	return checkout.NewLink{Link: link, Event: e, Publish: "link.created"}
}

// share has workers do pieces 0 … n−1, in their order. The first error ends it.
func share(ctx context.Context, workers, n int, do func(piece int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				piece := int(next.Add(1)) - 1
				if piece >= n {
					return
				}
				if err := do(piece); err != nil {
					stop(err)
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}
