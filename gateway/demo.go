package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// The demo's credentials are public, which is why it listens on loopback only and serve refuses them.
const (
	demoAPIKey   = "sk_demo_odelink"
	demoMerchant = checkout.MerchantID("mer_0000000000000000000001")
	demoPayFor   = checkout.AccountID("acc_0000000000000000000001")
	demoKeyID    = checkout.KeyID("key_0000000000000000000001")

	demoRegistration = checkout.RegistrationID("reg_0000000000000000000001")
)

// demoSecrets are those of the demo's account. The store key is also the one that QNB publishes for its
// test terminals.
var demoSecrets = checkout.Secrets{"user_pass": "Demo-Pass-1", "merchant_pass": "12345678"}

var demoMasterKey = []byte("odelink demo: public master key!")

// demoTiming settles in-doubt payments within seconds, so that a visitor sees it happen.
var demoTiming = checkout.Timing{
	Provision: 15 * time.Second, Answer: 5 * time.Second, Settle: 5 * time.Second,
	AskAfter: []time.Duration{2 * time.Second, 3 * time.Second, 3 * time.Second, 4 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second},
}

// demo is the whole product on this machine: gateway, simulated bank, one merchant, a ready link.
func demo(ctx context.Context, args []string, out io.Writer) error {
	cfg, err := loadConfig(args, os.Environ(), true, out)
	if err != nil {
		return err
	}
	leave, err := cfg.placeDemo()
	if err != nil {
		return err
	}
	defer leave()
	bank, stop, err := startBank(cfg)
	if err != nil {
		return err
	}
	defer stop()
	a, err := open(ctx, cfg, seams{timing: demoTiming})
	if err != nil {
		return err
	}
	defer a.close()
	a.askRedis(ctx)
	if err := a.seedDemo(ctx, "http://"+bank+"/payfor/Gateway/"); err != nil {
		return fmt.Errorf("seed the demo: %w", err)
	}
	link, err := a.flow.CreateLink(ctx, checkout.By{Actor: "demo"}, demoMerchant, demoLink, nil)
	if err != nil {
		return fmt.Errorf("make the demo's link: %w", err)
	}
	return a.run(ctx, func() { a.welcome(out, link, bank) })
}

// placeDemo chooses where the demo's ledger and the bank's books live, and answers what takes the folder
// away again if nobody named one.
func (c *Config) placeDemo() (leave func(), err error) {
	if len(c.MasterKeys) == 0 {
		c.MasterKeys = [][]byte{demoMasterKey}
	}
	leave = func() {}
	if c.DemoData == "" {
		dir, err := os.MkdirTemp("", "odelink-demo-")
		if err != nil {
			return nil, fmt.Errorf("make the demo's folder: %w", err)
		}
		c.DemoData, c.demoTemporary = dir, true
		leave = func() { _ = os.RemoveAll(dir) } // what stays is a temporary folder, with nothing real in it
	} else if err := os.MkdirAll(c.DemoData, 0o700); err != nil {
		return nil, fmt.Errorf("make the demo's folder: %w", err)
	}
	if c.DatabaseURL == "" || c.DatabaseURL == "sqlite:odelink.db" {
		c.DatabaseURL = "sqlite:" + filepath.Join(c.DemoData, "odelink.db")
	}
	return leave, nil
}

// startBank serves the simulated bank beside the gateway. It answers the address under which
// browsers know it: another site than ours.
func startBank(cfg Config) (addr string, stop func(), err error) {
	addr = otherName(cfg.BankAddr, cfg.PublicURL)
	bank, err := banksim.New(banksim.Options{DataFile: filepath.Join(cfg.DemoData, "bank.log"), PublicURL: "http://" + addr})
	if err != nil {
		return "", nil, fmt.Errorf("open the simulated bank: %w", err)
	}
	listener, err := net.Listen("tcp", cfg.BankAddr)
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("listen for the simulated bank: %w", err), bank.Close())
	}
	server := bank.Server()
	go func() { _ = server.Serve(listener) }() // ends with Close; the demo has no other use of its answer
	return addr, func() {
		_ = server.Close() // going down anyway
		_ = bank.Close()
	}, nil
}

// demoLink is the ready link that make run prints.
var demoLink = checkout.LinkTerms{
	Amount: checkout.Money{Minor: 125_000, Currency: checkout.TRY}, Description: "Deniz manzaralı ahşap masa, 1 adet",
	Installments: []int{1, 2, 3, 6, 9, 12}, PayerNote: true,
}

// seedDemo makes the demo's merchant, its account and its key; running it again changes nothing
// that matters.
func (a *app) seedDemo(ctx context.Context, payforURL string) error {
	now := a.seams.clock.Now()
	by := func(subject, typ string) checkout.Event {
		return checkout.Event{Merchant: demoMerchant, Subject: subject, Type: typ, Actor: "demo", At: now}
	}
	m := checkout.Merchant{
		ID: demoMerchant, Name: "Ahşap Atölyesi", LegalName: "Ahşap Atölyesi Mobilya Ltd. Şti.", Phone: "+90 212 555 01 23", Email: "destek@ahsap.example",
		Website: "https://ahsap.example", Accent: "#0b6b5e", Currencies: checkout.Currencies, Category: "furniture", Test: true, Version: 1, CreatedAt: now, UpdatedAt: now,
		Support: checkout.SupportLine{Phone: "0850 555 00 11", Email: "pos-destek@odelink.test", Hours: "Hafta içi 09:00–18:00"},
	}
	if _, err := a.ledger.Merchant(ctx, demoMerchant); errors.Is(err, checkout.ErrNoMerchant) {
		if err := a.ledger.SaveMerchant(ctx, m, by(string(m.ID), "merchant.created")); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	account := checkout.Account{
		ID: demoPayFor, Merchant: demoMerchant, Kind: "payfor", Name: "QNB (simülasyon)", Mode: "3dmodel", BaseURL: payforURL,
		Credentials: checkout.Secrets{"merchant_id": "990000000000001", "user_code": "ODELINK_API", "user_pass": demoSecrets["user_pass"], "merchant_pass": demoSecrets["merchant_pass"], "mbr_id": "5"},
		Currencies:  []checkout.Currency{checkout.TRY, checkout.USD, checkout.EUR, checkout.GBP, checkout.RUB},
		Programs:    []string{"CardFinans", "Advantage"}, Issuers: []string{"0111", "0157"},
		Rates:   []checkout.RateRow{{Count: 2, Rate: 20_000}, {Count: 3, Rate: 36_000}, {Count: 6, Rate: 72_000}, {Count: 9, Rate: 110_000}, {Count: 12, Rate: 150_000}},
		Pricing: checkout.PricingMarkup, Priority: 100, Enabled: true, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := a.ledger.SaveAccount(ctx, account, by(string(account.ID), "account.saved")); err != nil {
		return err
	}
	key := checkout.APIKey{ID: demoKeyID, Merchant: demoMerchant, Name: "demo", Shown: "sk_demo_", Hash: a.ledger.HashKey(demoAPIKey), CreatedAt: now}
	if _, err := a.ledger.KeyByHash(ctx, key.Hash); errors.Is(err, checkout.ErrNoKey) {
		if err := a.ledger.SaveKey(ctx, key, by(string(key.ID), "key.created")); err != nil {
			return err
		}
	}
	return errors.Join(a.seedUser(ctx, by), a.seedRegistration(ctx, by), a.seedProducts(ctx))
}

// demoProducts are the demo merchant's catalogue.
var demoProducts = []checkout.ProductTerms{
	{Code: "KRG-1", Name: "Kargo (Türkiye içi)", Price: checkout.Money{Minor: 17_500, Currency: checkout.TRY}, Category: "Hizmet", Active: true},
	{Code: "SND-45", Name: "Ceviz sandalye", Price: checkout.Money{Minor: 285_000, Currency: checkout.TRY}, Category: "Mobilya", Active: true},
	{Code: "MSA-180", Name: "Deniz manzaralı ahşap masa, 180 cm", Description: "Teslim süresi üç hafta", Price: checkout.Money{Minor: 1_249_900, Currency: checkout.TRY}, Category: "Mobilya", Active: true},
}

// seedProducts fills a catalogue that is empty.
func (a *app) seedProducts(ctx context.Context) error {
	have, _, err := a.ledger.SearchProducts(ctx, checkout.ProductQuery{Merchant: demoMerchant, Limit: 1})
	if err != nil || len(have) > 0 {
		return err
	}
	for _, t := range demoProducts {
		if _, err := a.flow.CreateProduct(ctx, checkout.By{Actor: "demo"}, demoMerchant, t, nil); err != nil {
			return err
		}
	}
	return nil
}

// seedRegistration has the demo's e-invoices get links, unless a visitor ended that.
func (a *app) seedRegistration(ctx context.Context, by func(subject, typ string) checkout.Event) error {
	all, err := a.ledger.Registrations(ctx, demoMerchant)
	if err != nil || len(all) > 0 {
		return err
	}
	return a.ledger.SaveRegistration(ctx, checkout.Registration{
		ID: demoRegistration, Merchant: demoMerchant, Intermediary: checkout.IntermediaryOdelink, CustomerID: checkout.OwnCustomerID("00000001"), CreatedAt: a.seams.clock.Now(),
	}, by(string(demoMerchant), "einvoice.registered"), checkout.Idempotency{})
}

// welcome prints all that a visitor needs.
func (a *app) welcome(out io.Writer, link checkout.Link, bank string) {
	url := a.flow.LinkURL(link.Token)
	keeps := ""
	if a.cfg.demoTemporary {
		keeps = "   (gone when the demo ends; ODELINK_DEMO_DATA=folder keeps it)"
	}
	fmt.Fprintf(out, `
  Odelink demo — everything here is a simulation, no money moves

  Pay this link     %s
  Panel             %s/panel   (%s, password %s)
  API               %s/v1/links   (Authorization: Bearer %s)
  Simulated bank    http://%s/_bank/charges
  Health, metrics   http://%s/readyz  ·  /metrics
  Sent SMS, mails   http://%s/_messages   (nobody gets them)
  Data              %s%s

  Test cards (any future expiry, any CVV but 000; one-time password 123456)
    %s   approved after 3-D Secure (QNB credit, instalments)
    %s   approved without a challenge
    %s   not enough limit
    %s   3-D Secure fails
    %s   charged, but the bank's answer is lost: watch it being settled
    %s   debit card: single payment only

%s
  The QR is the link above, on this machine only: a phone cannot open %s.
`, url, a.cfg.PublicURL, demoEmail, demoPassword, a.cfg.PublicURL, demoAPIKey, bank, a.cfg.AdminAddr, a.cfg.AdminAddr, a.cfg.DemoData, keeps,
		banksim.CardNumber("415565", "000"), banksim.CardNumber("415565", "001"), banksim.CardNumber("415565", "051"),
		banksim.CardNumber("415565", "900"), banksim.CardNumber("415565", "901"), banksim.CardNumber("400709", "000"), terminalQR(url), a.cfg.PublicURL)
}

// terminalQR draws a QR code in half blocks, dark on light, with its quiet zone.
func terminalQR(text string) string {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return ""
	}
	const quiet = 4 // what readers need (ISO/IEC 18004)
	black := func(x, y int) bool {
		return x >= 0 && y >= 0 && x < code.Size && y < code.Size && code.Black(x, y)
	}
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		b.WriteString("  \x1b[47;30m")
		for x := -quiet; x < code.Size+quiet; x++ {
			switch top, bottom := black(x, y), black(x, y+1); {
			case top && bottom:
				b.WriteRune('█')
			case top:
				b.WriteRune('▀')
			case bottom:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String()
}
