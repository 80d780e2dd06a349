package seed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
)

// Fill is links with their payments: how many, and since when.
type Fill struct {
	From, Until int             // numbers of the links, without the last
	Payments    int             // on all of them together
	Span        time.Duration   // how long ago the first of them was made
	Maker       checkout.UserID // who made every fourth link in the panel; "" = nobody
}

// A link's number says by its last digit what it is like. Where there are several payments a link, a few links have
// most of them, as a club's or a shop's standing link has.
const (
	kinds   = 10
	deleted = 3 // of these every fifth is withdrawn in the end
	several = 8 // for five payments, or without a limit where it has most of them
	unpaid  = 9 // every payment on it was refused, and it is open for long
)

var (
	even  = [kinds]int{10, 10, 10, 10, 10, 10, 10, 10, 10, 10}
	heavy = [kinds]int{1, 1, 1, 1, 1, 1, 2, 60, 30, 2} // percent of ten links' payments
)

// Unpaid is a link near number n that is open, whatever was tried on it.
func Unpaid(n int) int { return n - n%kinds + unpaid }

// before is how many of the payments are on links before number n.
func (f Fill) before(n int) int {
	weights := even
	if f.Payments >= 5*(f.Until-f.From) {
		weights = heavy
	}
	sum := func(n int) int {
		s := n / kinds * 100
		for i := range n % kinds {
			s += weights[i]
		}
		return s
	}
	return int(int64(f.Payments) * int64(sum(n)-sum(f.From)) / int64(sum(f.Until)-sum(f.From)))
}

// paymentsOfPiece is about how many payments share a transaction: with their events and the rest fifty thousand rows.
const paymentsOfPiece = 8000

// Fill stores links, payments on them in every state, and all that belongs to them.
func (l *Ledger) Fill(ctx context.Context, f Fill) error {
	if f.Until <= f.From {
		return nil
	}
	links := f.Until - f.From
	size := max(kinds, min(linksOfPiece, int(int64(links)*paymentsOfPiece/int64(max(f.Payments, 1)))/kinds*kinds))
	return l.pieces(ctx, f.From, f.Until, size, func(b *sqlstore.Bulk, ids *checkout.IDs, n int) error {
		return l.tell(b, ids, f, n)
	})
}

// book takes what happens to a link: a Bulk, or the ledger itself step by step, which tests hold
// against it.
type book interface {
	At(now time.Time)
	CreateLink(n checkout.NewLink) error
	ChangeLink(c checkout.LinkChange) (checkout.Link, error)
	Admit(p checkout.Payment, e checkout.Event) (checkout.Payment, error)
	Move(m checkout.Move) (checkout.Moved, error)
	Expire(id checkout.LinkID) error
	Opened(id checkout.LinkID, at time.Time)
	Send(n checkout.NewMessage, made checkout.MessageSend, until time.Time) error
}

// tale is a link's life.
type tale struct {
	*Ledger
	book
	ids      *checkout.IDs
	rng      *rand.Rand
	n        int
	payments int
	link     checkout.Link
}

// tell has a link made, sent, opened, paid, and withdrawn or over.
func (l *Ledger) tell(b book, ids *checkout.IDs, f Fill, n int) error {
	t := &tale{Ledger: l, book: b, ids: ids, rng: rand.New(rand.NewPCG(l.Seed, uint64(n))), n: n, payments: f.before(n+1) - f.before(n)}
	end := l.began.Add(-15 * time.Minute)
	t.link = t.terms(end.Add(-time.Duration(float64(f.Span) * float64(f.Until-n) / float64(f.Until-f.From))))
	if err := t.begin(f); err != nil {
		return err
	}
	last := t.link.ExpiresAt
	if last.After(end) {
		last = end
	}
	first := t.link.CreatedAt.Add(2 * time.Minute)
	for i := range t.payments {
		at := first.Add(time.Duration(float64(last.Sub(first)) * float64(i) / float64(t.payments))).Truncate(time.Second)
		if err := t.pay(at, t.fate(at, i == t.payments-1)); err != nil {
			return fmt.Errorf("payment %d: %w", i, err)
		}
	}
	return t.end(end)
}

var (
	people   = []string{"Ayşe Yılmaz", "Mehmet Çelik", "Zeynep Şahin", "İsmail Öztürk", "Gülşah Aydın", "Ömer Kılıç", "Işıl Demir", "Hüseyin Doğan"}
	purposes = []string{"Kasım ayı aidatı, B Blok", "Deniz manzaralı ahşap masa", "Özel ders, 4 saat", "Kapora: kına gecesi", "Fatura bakiyesi", "Diş tedavisi 2. seans"}
)

// terms are a link's when it is made.
func (t *tale) terms(made time.Time) checkout.Link {
	link := t.Ledger.link(t.n)
	link.CreatedAt = made.Truncate(time.Second)
	link.UpdatedAt, link.ActiveFrom, link.ExpiresAt = link.CreatedAt, link.CreatedAt, link.CreatedAt.Add(7*24*time.Hour)
	link.Order = order(t.n, link.CreatedAt)
	link.Description = purposes[t.rng.IntN(len(purposes))]
	link.Customer = checkout.Customer{Name: people[t.rng.IntN(len(people))], Email: fmt.Sprintf("musteri%d@ornek.example", t.n), Phone: fmt.Sprintf("+9053%08d", t.n)}
	if t.rng.IntN(20) == 0 {
		link.Amount.Currency = []checkout.Currency{checkout.USD, checkout.EUR}[t.rng.IntN(2)]
	}
	switch {
	case t.payments > 5:
		link.Usage, link.ExpiresAt = checkout.UsageMulti, link.CreatedAt.Add(60*24*time.Hour)
	case t.n%kinds == several:
		link.Usage, link.MaxPayments = checkout.UsageMulti, 5
	}
	if t.n%kinds == unpaid {
		link.ExpiresAt = t.began.Add(lives(t.n))
	}
	return link
}

// begin has the link made, by a program or in the panel, and every other one sent; two of three are opened.
func (t *tale) begin(f Fill) error {
	t.At(t.link.CreatedAt)
	made := t.newLink(t.link)
	if t.n%4 == 0 {
		made.Maker = f.Maker
	}
	if err := t.CreateLink(made); err != nil {
		return err
	}
	if t.n%2 == 0 {
		if err := t.send(t.link.CreatedAt.Add(time.Second)); err != nil {
			return err
		}
	}
	if t.payments > 0 || t.n%3 > 0 {
		t.Opened(t.link.ID, t.link.CreatedAt.Add(time.Minute))
	}
	return nil
}

func (t *tale) send(at time.Time) error {
	t.At(at)
	m := checkout.Message{
		ID: t.ids.Message(), Merchant: t.link.Merchant, Kind: checkout.MessageLink, Channel: checkout.ChannelEmail, Link: t.link.ID, Lang: "tr",
		To: t.link.Customer.Email, Status: checkout.MessageQueued, Actor: "seed", WithLink: true,
		Letter: checkout.Letter{Subject: "Ödeme bağlantınız", Text: "Merhaba " + t.link.Customer.Name + ", ödemenizi bağlantıdan yapabilirsiniz.", Brand: "Ahşap Atölyesi", Sum: t.link.Amount.String()},
	}
	sent := checkout.MessageSend{Number: 1, At: at.Add(time.Second), Took: 200 * time.Millisecond, Code: 250, Answer: "2.0.0 Ok", Reference: string(m.ID)}
	return t.Send(checkout.NewMessage{Message: m}, sent, at.Add(time.Minute))
}

// end withdraws a link, or lets it be over.
func (t *tale) end(now time.Time) error {
	if t.n%(5*kinds) == deleted && !t.link.Spent() {
		t.At(now)
		to := t.link
		to.DeletedAt, to.UpdatedAt, to.Version = now, now, to.Version+1
		e := t.event(t.link.Merchant, string(t.link.ID), "link.deleted")
		e.At = now
		_, err := t.ChangeLink(checkout.LinkChange{From: t.link, To: to, Event: e, Publish: "link.deleted"})
		return err
	}
	if over := t.link.ExpiresAt.Add(time.Second); !t.link.Spent() && t.link.SlotsHeld == 0 && over.Before(now) {
		t.At(over)
		return t.Expire(t.link.ID)
	}
	return nil
}

// fate is what becomes of a payment.
type fate int

const (
	paid fate = iota
	paidLate
	paidOtherwise // the bank states another amount
	voided
	refunded
	refundedPartly
	refundedTwice
	refundRefused
	declined
	failed
	abandoned
	pending
	authorizing
	challenged
)

// Of a hundred: what becomes of payments that may be paid, of those that may not, and of those of the last day, some
// of which are not over.
var (
	endings = odds{paid: 70, paidLate: 2, paidOtherwise: 1, voided: 2, refunded: 3, refundedPartly: 2, refundedTwice: 1, refundRefused: 1, declined: 10, failed: 3, abandoned: 5}
	misses  = odds{declined: 55, failed: 15, abandoned: 30}
	flying  = odds{pending: 40, authorizing: 20, challenged: 40}
)

type odds [challenged + 1]int

func (o odds) draw(rng *rand.Rand) fate {
	at := rng.IntN(100)
	for f, n := range o {
		if at -= n; at < 0 {
			return fate(f)
		}
	}
	return abandoned
}

// fate draws what becomes of a payment: of several on a single-use link only the last may be paid.
func (t *tale) fate(at time.Time, last bool) fate {
	once := t.link.Usage == checkout.UsageSingle
	switch {
	case t.n%kinds == unpaid || t.n%(5*kinds) == deleted || once && !last:
		return misses.draw(t.rng)
	case t.began.Sub(at) < 24*time.Hour && t.rng.IntN(20) == 0:
		return flying.draw(t.rng)
	}
	return endings.draw(t.rng)
}

var cards = []struct {
	checkout.CardFacts
	count int
}{
	{checkout.CardFacts{Brand: checkout.BrandVisa, Issuer: "QNB", IssuerCode: "0111", Program: "CardFinans", Kind: "credit", BIN: "41556500"}, 3},
	{checkout.CardFacts{Brand: checkout.BrandMastercard, Issuer: "Garanti BBVA", IssuerCode: "0062", Program: "Bonus", Kind: "credit", BIN: "54061700"}, 1},
	{checkout.CardFacts{Brand: checkout.BrandTroy, Issuer: "Ziraat Bankası", IssuerCode: "0010", Program: "Bankkart Combo", Kind: "debit", BIN: "97920400"}, 1},
	{checkout.CardFacts{Brand: checkout.BrandVisa, Issuer: "Yapı Kredi", IssuerCode: "0067", Program: "World", Kind: "credit", BIN: "45063400"}, 6},
}

// attempt is a payment as a payer begins it.
func attempt(ids *checkout.IDs, rng *rand.Rand, link checkout.Link, account checkout.Account, at time.Time) checkout.Payment {
	card := cards[rng.IntN(len(cards))]
	card.Last4 = fmt.Sprintf("%04d", rng.IntN(10_000))
	total := link.Amount
	rate := checkout.Rate(0)
	if card.count > 1 {
		rate = checkout.Rate(card.count * 12_000) // 1.2 % for each instalment
		total.Minor += total.Minor * int64(rate) / 1_000_000
	}
	return checkout.Payment{
		ID: ids.Payment(), Merchant: link.Merchant, Link: link.ID, Token: link.Token, LinkVersion: link.Version, Order: link.Order,
		BankOrder: ids.BankOrder(), Nonce: ids.Nonce(), Amount: link.Amount, Total: total, Installments: card.count, Rate: rate,
		Account: account.ID, Kind: account.Kind, Mode: account.Mode, SingleUse: link.Usage == checkout.UsageSingle, Card: card.CardFacts,
		PayerIP: "192.0.2.7", PayerAgent: "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
		PayerLang: "tr", Status: checkout.StatusChallenged, Slot: -1, CreatedAt: at, UpdatedAt: at, DueAt: at.Add(30 * time.Minute), Seq: 1,
	}
}

// admission is the event of a payment's beginning.
func admission(p checkout.Payment) checkout.Event {
	return checkout.Event{Type: "payment.challenged", Actor: "payer", IP: p.PayerIP, At: p.CreatedAt, Data: map[string]string{
		"account": string(p.Account), "bank_order": string(p.BankOrder), "total": p.Total.String(), "installments": strconv.Itoa(p.Installments), "bin": p.Card.BIN, "route": string(checkout.RouteFirst),
	}}
}

// course is a payment on its way.
type course struct {
	*tale
	p     checkout.Payment
	begun time.Time
}

// pay takes a payment to its fate.
func (t *tale) pay(at time.Time, to fate) error {
	accounts := t.of(t.n).accounts
	p := attempt(t.ids, t.rng, t.link, accounts[t.rng.IntN(len(accounts))], at)
	if to == challenged {
		p.DueAt = t.began.Add(48 * time.Hour)
	}
	t.At(at)
	p, err := t.Admit(p, admission(p))
	if err != nil {
		return err
	}
	c := &course{tale: t, p: p, begun: at}
	switch to {
	case challenged:
		return nil
	case abandoned:
		return c.move(30*time.Minute, "settle", func(s checkout.Step) (checkout.Move, error) { return c.p.Abandon(s) })
	case failed:
		return c.move(15*time.Second, "bank", func(s checkout.Step) (checkout.Move, error) {
			return c.p.Fail(checkout.Decline{Code: checkout.ReasonAuthentication, BankCode: "0"}, time.Time{}, s)
		})
	}
	return c.authorize(to)
}

// move makes a step true, so long after the payment began.
func (c *course) move(after time.Duration, actor string, step func(s checkout.Step) (checkout.Move, error)) error {
	at := c.begun.Add(after)
	c.At(at)
	m, err := step(checkout.Step{At: at, Actor: actor, IP: c.p.PayerIP})
	if err != nil {
		return err
	}
	moved, err := c.Move(m)
	if err != nil {
		return err
	}
	c.p = moved.Payment
	if moved.Link != nil {
		c.link = *moved.Link
	}
	return nil
}

// authorize goes on from the payer's return. What is not over is looked at in two days.
func (c *course) authorize(to fate) error {
	lease := c.begun.Add(time.Minute)
	if to == authorizing {
		lease = c.began.Add(48 * time.Hour)
	}
	err := c.move(20*time.Second, "bank", func(s checkout.Step) (checkout.Move, error) {
		s.Data = map[string]string{"md_status": "1"}
		return c.p.Authorize(checkout.Verdict{MDStatus: "1", ECI: "05"}, lease, c.begun.Add(time.Hour), s)
	})
	if err != nil || to == authorizing {
		return err
	}
	switch to {
	case declined:
		return c.move(21*time.Second, "bank", func(s checkout.Step) (checkout.Move, error) {
			return c.p.Refuse(refusals[c.rng.IntN(len(refusals))], s)
		})
	case pending, paidLate:
		ask := c.begun.Add(2 * time.Minute)
		if to == pending {
			ask = c.began.Add(48 * time.Hour)
		}
		err := c.move(21*time.Second, "bank", func(s checkout.Step) (checkout.Move, error) { return c.p.Doubt(ask, s) })
		if err != nil || to == pending {
			return err
		}
		return c.approve(2 * time.Minute)
	}
	if err := c.approve(21 * time.Second); err != nil {
		return err
	}
	return c.afterwards(to)
}

var refusals = []checkout.Decline{
	{Code: checkout.ReasonInsufficientFunds, BankCode: "51", Message: "Yetersiz bakiye"},
	{Code: checkout.ReasonDoNotHonour, BankCode: "05", Message: "Onaylanmadı"},
	{Code: checkout.ReasonLimitExceeded, BankCode: "61", Message: "Limit aşıldı"},
}

func (c *course) approve(after time.Duration) error {
	return c.move(after, "bank", func(s checkout.Step) (checkout.Move, error) {
		return c.p.Approve(checkout.Outcome{Result: checkout.ResultApproved, AuthCode: fmt.Sprintf("%06d", c.rng.IntN(1_000_000)), RRN: fmt.Sprintf("6326%08d", c.rng.IntN(100_000_000))}, s)
	})
}

// afterwards is what becomes of a payment that was paid.
func (c *course) afterwards(to fate) error {
	total := c.p.Total.Minor
	switch to {
	case paidOtherwise:
		return c.move(5*time.Minute, "settle", func(s checkout.Step) (checkout.Move, error) {
			return c.p.Differs(checkout.Money{Minor: total - 100, Currency: c.p.Total.Currency}, time.Time{}, s)
		})
	case voided:
		return c.giveBack(5*time.Minute, checkout.KindVoid, total, true)
	case refunded:
		return c.giveBack(5*time.Minute, checkout.KindRefund, total, true)
	case refundedPartly:
		return c.giveBack(5*time.Minute, checkout.KindRefund, total/2, true)
	case refundRefused:
		return c.giveBack(5*time.Minute, checkout.KindRefund, total, false)
	case refundedTwice:
		if err := c.giveBack(5*time.Minute, checkout.KindRefund, total/2, true); err != nil {
			return err
		}
		return c.giveBack(10*time.Minute, checkout.KindRefund, total-total/2, true)
	}
	return nil
}

// giveBack asks the bank to give something back, which it does or does not.
func (c *course) giveBack(after time.Duration, kind checkout.RefundKind, minor int64, yes bool) error {
	at := c.begun.Add(after)
	r := checkout.Refund{
		ID: c.ids.Refund(), Merchant: c.p.Merchant, Payment: c.p.ID, Kind: kind, Amount: checkout.Money{Minor: minor, Currency: c.p.Total.Currency}, Status: checkout.RefundPending,
		Before: c.p.Refunded, Reason: "Ürün iade edildi", Actor: "seed", CreatedAt: at, UpdatedAt: at, DueAt: at.Add(time.Minute),
	}
	err := c.move(after, "seed", func(s checkout.Step) (checkout.Move, error) { return c.p.AskBack(r, s) })
	if err != nil {
		return err
	}
	return c.move(after+time.Second, "bank", func(s checkout.Step) (checkout.Move, error) {
		if !yes {
			return c.p.KeptBack(r, checkout.Decline{Code: checkout.ReasonTooEarly, BankCode: "V014"}, s)
		}
		return c.p.GaveBack(r, checkout.Outcome{Result: checkout.ResultApproved, AuthCode: c.p.AuthCode, RRN: c.p.RRN}, s)
	})
}
