//go:build !race

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv"
)

// shown gathers what a demo prints and ends it with its last line.
type shown struct {
	bytes.Buffer
	folders func() []string
	there   []string
	end     context.CancelFunc
}

func (s *shown) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if strings.Contains(s.String(), "a phone cannot open") {
		s.there = s.folders()
		s.end()
	}
	return n, err
}

// A demo whose folder nobody named takes it away at its end; one that was named stays, and both say so.
func TestTheDemosFolder(t *testing.T) {
	for name, keep := range map[string]bool{"nobody named one": false, "a named one": true} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			t.Setenv("TMPDIR", root)
			pattern := filepath.Join(root, "odelink-demo-*")
			args := []string{"-addr", testenv.FreeAddr(t), "-bank-addr", testenv.FreeAddr(t), "-admin-addr", testenv.FreeAddr(t), "-log-level", "error"}
			if keep {
				args = append(args, "-demo-data", filepath.Join(root, "odelink-demo-kept"))
			}
			ctx, end := context.WithCancel(t.Context())
			defer end()
			out := &shown{end: end, folders: func() []string { m, _ := filepath.Glob(pattern); return m }}
			if err := demo(ctx, args, out); err != nil {
				t.Fatal(err)
			}
			if len(out.there) != 1 || !strings.Contains(out.String(), out.there[0]) {
				t.Fatalf("folders while it ran: %v\n%s", out.there, out)
			}
			if _, err := os.Stat(out.there[0]); (err == nil) != keep {
				t.Errorf("afterwards: %v", err)
			}
			if strings.Contains(out.String(), "gone when the demo ends") == keep {
				t.Errorf("told:\n%s", out)
			}
			if !regexp.MustCompile(`(?m)^  The QR is the link above, on this machine only: a phone cannot open http://127\.0\.0\.1:`).MatchString(out.String()) {
				t.Errorf("nothing beside the QR:\n%s", out)
			}
		})
	}
}

// B9: no money of a demo is real, so a merchant that somebody adds to it wears the band, too, on its pages, its receipts
// and in the panel.
func TestEveryMerchantOfADemoIsOneOfTests(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	second := checkout.Merchant{ID: r.app.ids.Merchant(), Name: "İkinci", Version: 1, CreatedAt: r.clock.Now(), UpdatedAt: r.clock.Now()}
	r.must("add it", r.app.ledger.SaveMerchant(t.Context(), second, operatorEvent(second.ID, string(second.ID), "merchant.created", r.clock.Now())), nil)
	all, err := r.app.ledger.Accounts(t.Context(), demoMerchant)
	r.must("accounts", err, nil)
	account := all[0]
	account.ID, account.Merchant, account.Version = r.app.ids.Account(), second.ID, 1
	r.must("its account", r.app.ledger.SaveAccount(t.Context(), account, operatorEvent(second.ID, string(account.ID), "account.saved", r.clock.Now())), nil)
	l, err := r.app.flow.CreateLink(t.Context(), checkout.By{Actor: "operator"}, second.ID, checkout.LinkTerms{Amount: checkout.Money{Minor: 25000, Currency: checkout.TRY}}, nil)
	r.must("its link", err, nil)
	url := r.app.flow.LinkURL(l.Token)
	r.has("the payment page", r.browser().get(url).body, "TEST MODU")
	r.has("the receipt", r.browser().pay(url, card("001")).finish("123456").body, "TEST MODU", "TEST ÖDEMESİ", "Ödeme tamamlandı")
	m, err := r.app.ledger.Merchant(t.Context(), second.ID)
	r.must("what panel, letters and posters go by", []any{m.Test, err}, []any{true, nil})
}
