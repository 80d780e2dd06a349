package checkout_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// seeded is randomness that is the same in every run.
func seeded(seed string) io.Reader {
	var key [32]byte
	copy(key[:], seed)
	return rand.NewChaCha8(key)
}

func TestIdentifiersHaveTheirForm(t *testing.T) {
	ids := checkout.NewIDs(seeded("forms"))
	now := time.Date(2026, 11, 22, 21, 30, 0, 0, time.UTC) // the next day in Istanbul
	makers := map[string]struct {
		form string
		next func() string
	}{
		"token":        {`^[2-9A-HJ-NP-Za-km-z]{12}$`, func() string { return string(ids.Token()) }},
		"link":         {`^lnk_[0-9A-Za-z]{22}$`, func() string { return string(ids.Link(now)) }},
		"payment":      {`^pay_[0-9A-Za-z]{22}$`, func() string { return string(ids.Payment()) }},
		"merchant":     {`^mer_[0-9A-Za-z]{22}$`, func() string { return string(ids.Merchant()) }},
		"account":      {`^acc_[0-9A-Za-z]{22}$`, func() string { return string(ids.Account()) }},
		"event":        {`^evt_[0-9A-Za-z]{22}$`, func() string { return string(ids.Event(now)) }},
		"key":          {`^key_[0-9A-Za-z]{22}$`, func() string { return string(ids.Key()) }},
		"secret":       {`^[0-9A-Za-z]{40}$`, func() string { return ids.Secret(40) }},
		"nonce":        {`^[A-Z][A-Z2-7]{19}$`, ids.Nonce},
		"bank order":   {`^OD[A-Z2-7]{17}[A-Z]$`, func() string { return string(ids.BankOrder()) }},
		"order number": {`^OD-261123-[A-HJKMNP-Z2-9]{8}$`, func() string { return string(ids.OrderNumber(now)) }},
	}
	for name, m := range makers {
		form, seen := regexp.MustCompile(m.form), map[string]bool{}
		for range 5000 {
			id := m.next()
			if !form.MatchString(id) {
				t.Fatalf("%s %q", name, id)
			}
			if seen[id] {
				t.Fatalf("%s %q twice", name, id)
			}
			seen[id] = true
		}
	}
}

// Of links and events what is made later sorts behind, in the order of bytes, as both databases' indexes have it.
func TestDatedIdentifiersSortByTheirTime(t *testing.T) {
	ids := checkout.NewIDs(seeded("dated"))
	for name, next := range map[string]func(time.Time) string{
		"link": func(at time.Time) string { return string(ids.Link(at)) }, "event": func(at time.Time) string { return string(ids.Event(at)) },
	} {
		at, last := time.Date(2026, 11, 22, 21, 30, 0, 0, time.UTC), ""
		for _, step := range []time.Duration{0, time.Millisecond, time.Second, time.Hour, 24 * time.Hour, 40 * 365 * 24 * time.Hour} {
			at = at.Add(step)
			if id := next(at); id <= last {
				t.Errorf("%s %s of %s does not follow %s", name, id, at, last)
			} else {
				last = id
			}
		}
		if a, b := next(at), next(at); a == b || a[:11] != b[:11] {
			t.Errorf("%s: of one moment %s and %s", name, a, b)
		}
	}
}

func TestIdentifierSyntax(t *testing.T) {
	ids := checkout.NewIDs(seeded("syntax"))
	for range 1000 {
		if token, pay, link := ids.Token(), ids.Payment(), ids.Link(time.Time{}); !token.Valid() || !pay.Valid() || !link.Valid() {
			t.Fatalf("%q %q %q", token, pay, link)
		}
	}
	// Any base62 is understood, also what is never made because people mistype it.
	for _, token := range []checkout.Token{"0O1Il0O1Il0O", "zzzzzzzzzzzz", "000000000000"} {
		if !token.Valid() {
			t.Errorf("%q is not understood", token)
		}
	}
	for _, token := range []checkout.Token{"", "0O1Il0O1Il0", "0O1Il0O1Il0O1", "0O1Il0O1Il0/", "0O1Il0O1Il0-", "0O1Il0O1Il0.", "0O1Il0O1Il0 ", "0O1Il0O1Il0\x00", "şşşşşş", "0O1Il0O1Il0%", "@@@@@@@@@@@@", "[[[[[[[[[[[[", "````````````", "{{{{{{{{{{{{", "::::::::::::"} {
		if token.Valid() {
			t.Errorf("%q passes for a token", token)
		}
	}
	good := strings.Repeat("aZ", 11)
	for id, want := range map[string]bool{
		"pay_" + good: true, "pay_" + good[1:]: false, "pay_" + good + "a": false, "mer_" + good: false, "PAY_" + good: false, "pay-" + good: false,
		"pay_" + good[:21] + "_": false, "pay_" + good[:21] + "/": false, good + "pay_": false, "": false, "pay_": false,
	} {
		if got := checkout.PaymentID(id).Valid(); got != want {
			t.Errorf("payment %q: %t", id, got)
		}
		if got := checkout.LinkID(strings.Replace(id, "pay", "lnk", 1)).Valid(); got != want {
			t.Errorf("link like %q: %t", id, got)
		}
	}
}

// What a page shows as the reference leads back to the payment.
func TestReferencesLeadBack(t *testing.T) {
	id := checkout.PaymentID("pay_2bN8yQeWfU4sLdT0aMxH6v")
	if got := id.Reference(); got != "2bN8yQeWfU" {
		t.Errorf("%q", got)
	}
	if got := checkout.PaymentID("pay_short").Reference(); got != "" {
		t.Errorf("what is no payment has the reference %q", got)
	}
	if prefix, ok := checkout.ReferencedBy(id.Reference()); !ok || !strings.HasPrefix(string(id), prefix) {
		t.Errorf("%q, %t", prefix, ok)
	}
	for _, wrong := range []string{"", "2bN8yQeWf", "2bN8yQeWfU4", "2bN8yQeWf%", "2bN8yQeWf ", "şşşşş"} {
		if _, ok := checkout.ReferencedBy(wrong); ok {
			t.Errorf("%q passes for a reference", wrong)
		}
	}
}

// every is every byte in turn: with it a fair choice makes each character equally often, exactly.
type every struct{ next byte }

func (e *every) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.next
		e.next++
	}
	return len(p), nil
}

func TestNoCharacterIsFavoured(t *testing.T) {
	for _, tt := range []struct {
		name string
		each int // how often each character comes out of 256 bytes
		size int // of the alphabet
		made func(*checkout.IDs, int) string
	}{
		{"secrets of base62", 4, 62, func(g *checkout.IDs, n int) string { return g.Secret(n) }},
		{"tokens of 57 characters", 4, 57, func(g *checkout.IDs, n int) string {
			var b strings.Builder
			for b.Len() < n {
				b.WriteString(string(g.Token()))
			}
			return b.String()
		}},
	} {
		// twelve rounds, since 12 characters make a token
		text := tt.made(checkout.NewIDs(&every{}), tt.each*tt.size*12)
		count := map[rune]int{}
		for _, r := range text {
			count[r]++
		}
		if len(count) != tt.size {
			t.Errorf("%s: %d characters", tt.name, len(count))
		}
		for r, n := range count {
			if n != tt.each*12 {
				t.Errorf("%s: %q %d times, want %d", tt.name, r, n, tt.each*12)
			}
		}
	}
}

// The same by chance: chi-square over 57 and 62 characters. The 99.99 % bounds are about 105 and
// 112; the naive remainder of a byte would give over 2,000.
func TestTokensAreUniform(t *testing.T) {
	ids := checkout.NewIDs(seeded("uniform"))
	const draws = 20_000
	for _, tt := range []struct {
		name  string
		size  int
		bound float64
		next  func() string
	}{
		{"tokens", 57, 105, func() string { return string(ids.Token()) }},
		{"payments", 57, 105, func() string { return string(ids.Payment())[4:] }},
		{"attempts", 62, 112, func() string { a := ids.Attempt(); return string(a[:]) }},
	} {
		count, total := map[rune]int{}, 0
		position := map[[2]rune]int{}
		for range draws {
			id := tt.next()
			for i, r := range id {
				count[r]++
				position[[2]rune{rune(i), r}]++
				total++
			}
		}
		expected, chi := float64(total)/float64(tt.size), 0.0
		for _, n := range count {
			chi += (float64(n) - expected) * (float64(n) - expected) / expected
		}
		if len(count) != tt.size || chi > tt.bound {
			t.Errorf("%s: %d characters, chi-square %.1f", tt.name, len(count), chi)
		}
		for place, n := range position {
			if n < draws/tt.size/2 || n > draws/tt.size*2 {
				t.Errorf("%s: %q stands %d times at %d", tt.name, place[1], n, place[0])
			}
		}
	}
}

func TestIdentifiersAreUniqueAcrossGoroutines(t *testing.T) {
	ids := checkout.NewIDs(seeded("goroutines"))
	var mu sync.Mutex
	seen := map[checkout.BankOrder]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			mine := make([]checkout.BankOrder, 2000)
			for i := range mine {
				mine[i] = ids.BankOrder()
			}
			mu.Lock()
			defer mu.Unlock()
			for _, id := range mine {
				if seen[id] {
					t.Errorf("%s twice", id)
				}
				seen[id] = true
			}
		})
	}
	wg.Wait()
}

// Without randomness no identifier may come out, not even a short one.
func TestIdentifiersStopWithoutRandomness(t *testing.T) {
	for name, source := range map[string]io.Reader{
		"an empty source": bytes.NewReader(nil), "a source that ends early": bytes.NewReader([]byte("12345")), "a broken source": broken{},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: a token came out", name)
				}
			}()
			checkout.NewIDs(source).Token()
		}()
	}
	// A panic leaves nothing locked: the next call stops too, instead of hanging.
	ids := checkout.NewIDs(broken{})
	for range 2 {
		func() {
			defer func() { _ = recover() }() // the panic is what the loop above looks at
			ids.Payment()
		}()
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("no entropy") }
