// Package storetest is what every store behind a port of package checkout must do, as tests: the same
// suite runs on memory, on real Redis, Redis Cluster and Sentinel, on SQLite and on PostgreSQL. It
// deliberately starts no server and knows no store; whoever has one hands it in.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/odelink/odelink/checkout"
)

// LinkStores is one empty hot state, as often opened as a test likes.
type LinkStores struct {
	// Client answers another client of the same store: another gateway process. Where the store is
	// in this process it is the same one each time.
	Client func() checkout.LinkStore
	// Forget loses everything, as a flush does.
	Forget func()
}

// LinkStore holds a checkout.LinkStore to its contract. open makes an empty store that reads time
// from the clock it is given.
func LinkStore(t *testing.T, open func(t *testing.T, clock checkout.Clock) LinkStores) {
	for name, test := range map[string]func(*linkTest){
		"every field comes back":                                                   everyField,
		"an unknown link is not here":                                              unknownLink,
		"an older copy never replaces a newer one":                                 olderRev,
		"of copies stored at once the newest stays":                                olderRevInParallel,
		"whose copy is missing or old is told":                                     behind,
		"an edit is seen at the next view by every client":                         editSeen,
		"A24 one of a hundred claims at once wins":                                 claimOnce,
		"the same payment may claim again":                                         claimAgain,
		"release by another payment changes nothing":                               releaseByOther,
		"a released link is open again":                                            releaseOpens,
		"C26 a claim ends by the gateway's clock":                                  claimEnds,
		"a claim on a link that is not here is no error and leaves nothing":        claimUnknown,
		"a claim on a paid link says so":                                           claimPaid,
		"a claim on a link whose slots are taken is refused":                       claimBusy,
		"A17 a deleted or resting link can be claimed by who was admitted in time": claimDeleted,
		"the same copy again keeps a claim":                                        samePublishKeepsClaim,
		"a newer copy ends a claim":                                                newerPublishEndsClaim,
		"I26 a store that forgot everything is filled again":                       forgotten,
		"A62 a thousand links at once are never mixed":                             neverMixed,
		"A62 callers who give up spoil nothing for others":                         givingUp,
		"what the caller overwrites afterwards was not kept":                       reusedBuffers,
		"H5 a sealed challenge comes back to its payment, for its time":            challengeKept,
	} {
		t.Run(name, func(t *testing.T) {
			clock := &hotClock{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
			test(&linkTest{T: t, LinkStores: open(t, clock), clock: clock, ctx: t.Context()})
		})
	}
}

// hotClock is a clock that a test moves.
type hotClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *hotClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *hotClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type linkTest struct {
	*testing.T
	LinkStores
	clock *hotClock
	ctx   context.Context
}

// HotCopy is a copy like most: number n of a merchant's links, open for a day from now.
func HotCopy(n int, now time.Time) checkout.Hot {
	return checkout.Hot{
		Token: HotToken(n), Link: checkout.LinkID(fmt.Sprintf("lnk_Zk3vQ8sYtB1mXc5RnD%04d", n%10000)), Merchant: "mer_7GhT2kLpWqZ9sVbXnM4cRd",
		Rev: 1, Version: 1, State: checkout.HotOpen, ActiveFrom: now, ExpiresAt: now.Add(24 * time.Hour),
		Amount: checkout.Money{Minor: 25000 + int64(n), Currency: checkout.TRY}, Description: "Kasım ayı aidatı, B Blok",
		Order: checkout.OrderNumber("OD-261122-K7Q2" + ownDigits.Replace(fmt.Sprintf("%04d", n%10000))), Installments: []int{1, 2, 3, 6, 9, 12},
	}
}

// ownDigits writes a number without 0 and 1, which the order numbers of checkout.IDs do not have.
var ownDigits = strings.NewReplacer("0", "A", "1", "B")

// sameHot compares two copies, of which one may know its terms already.
func sameHot(got, want checkout.Hot) bool {
	return got.Terms() == want.Terms() && reflect.DeepEqual(got.WithTerms(), want.WithTerms())
}

// HotToken is the token of HotCopy(n).
func HotToken(n int) checkout.Token { return checkout.Token(fmt.Sprintf("Tok%09d", n)) }

func (t *linkTest) publish(s checkout.LinkStore, h checkout.Hot) {
	t.Helper()
	if err := s.Publish(t.ctx, h); err != nil {
		t.Fatalf("publish: %v", err)
	}
}

func (t *linkTest) open(s checkout.LinkStore, token checkout.Token) checkout.Hot {
	t.Helper()
	h, err := s.Open(t.ctx, token)
	if err != nil {
		t.Fatalf("open %s: %v", token, err)
	}
	return h
}

func (t *linkTest) wantState(s checkout.LinkStore, token checkout.Token, want checkout.HotState) {
	t.Helper()
	if h := t.open(s, token); h.State != want {
		t.Errorf("state is %q, want %q", h.State, want)
	}
}

func (t *linkTest) wantClaim(s checkout.LinkStore, token checkout.Token, p checkout.PaymentID, want error) {
	t.Helper()
	if err := s.Claim(t.ctx, token, p, time.Minute); !errors.Is(err, want) {
		t.Errorf("claim by %s: %v, want %v", p, err, want)
	}
}

// Two payments of one link.
const (
	payA = checkout.PaymentID("pay_AAAAAAAAAAAAAAAAAAAAAA")
	payB = checkout.PaymentID("pay_BBBBBBBBBBBBBBBBBBBBBB")
)

func everyField(t *linkTest) {
	now := t.clock.Now()
	full := HotCopy(1, now.Add(123*time.Millisecond))
	full.Rev, full.Version, full.State = 1<<40, 1<<50, checkout.HotSpent
	full.Open, full.PayerNote, full.MinMinor, full.MaxMinor = true, true, 100, 1<<62
	full.Sale, full.Category, full.PaidBy, full.PaidAt = checkout.SaleConsumer, "jewellery", payA, now.Add(time.Hour)
	full.Items = `[{"name":"ş","quantity":2,"unit":1}]`
	full.Asks, full.Counted, full.Made, full.Most = `[{"key":"ş"}]`, true, 3, 1_000_000
	odd := checkout.Hot{Token: HotToken(2), Link: "lnk_short", Merchant: "mer_zzzzzzzzzzzzzzzzzzzzz!", State: checkout.HotResting,
		Amount: checkout.Money{Minor: -1, Currency: "XTS"}, Description: "\x00\xff ' ş İ 🧿\r\n", Order: "ş", Installments: []int{12, 3, 3, 0, -5, 99},
		ActiveFrom: time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), ExpiresAt: time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC), PaidBy: "pay_"}
	largest := HotCopy(3, now)
	largest.Link, largest.Merchant, largest.PaidBy = "lnk_zzzzzzzzzzzzzzzzzzzzzz", "mer_0000000000000000000000", "pay_zzzzzzzzzzzzzzzzzzzzzz"
	noCounts := HotCopy(4, now)
	noCounts.Installments = []int{}
	noCounts.Counted = true
	lines := HotCopy(6, now)
	lines.Items = `[{"name":"Zeytinyağı","quantity":9999,"unit":1}]`
	states := []checkout.Hot{lines, full, odd, largest, noCounts, {Token: HotToken(5), State: checkout.HotDeleted}}
	for i, c := range checkout.Currencies {
		h := HotCopy(10+i, now)
		h.Amount.Currency, h.State = c, checkout.HotBusy
		states = append(states, h)
	}
	s, other := t.Client(), t.Client()
	for _, want := range states {
		t.publish(s, want)
		if got := t.open(other, want.Token); !sameHot(got, want) {
			t.Errorf("stored  %+v\nanswered %+v", want, got)
		}
	}
}

func unknownLink(t *linkTest) {
	s := t.Client()
	for _, token := range []checkout.Token{HotToken(1), "", "short", "Tok00000000!", "Tok0000000001"} {
		if _, err := s.Open(t.ctx, token); !errors.Is(err, checkout.ErrNoLink) {
			t.Errorf("open %q: %v, want ErrNoLink", token, err)
		}
	}
}

func olderRev(t *linkTest) {
	s := t.Client()
	for _, step := range []struct {
		rev     int64
		text    string
		wantRev int64
		want    string
	}{
		{5, "five", 5, "five"},
		{4, "four", 5, "five"},
		{5, "five again", 5, "five again"},
		{6, "six", 6, "six"},
		{255, "one byte", 255, "one byte"},
		{256, "two bytes", 256, "two bytes"},
		{255, "one byte", 256, "two bytes"},
	} {
		h := HotCopy(1, t.clock.Now())
		h.Rev, h.Description = step.rev, step.text
		t.publish(s, h)
		if got := t.open(s, h.Token); got.Rev != step.wantRev || got.Description != step.want {
			t.Errorf("after rev %d: rev %d %q, want rev %d %q", step.rev, got.Rev, got.Description, step.wantRev, step.want)
		}
	}
}

// More links than one question holds.
func behind(t *linkTest) {
	s := t.Client()
	var all []checkout.LinkRev
	var want []checkout.Token
	for n := range 600 {
		h := HotCopy(n, t.clock.Now())
		h.Rev = 300
		l := checkout.LinkRev{Token: h.Token, Rev: h.Rev + int64(n%4) - 2} // two older, the same, one newer
		switch {
		case n%5 == 0:
			want = append(want, h.Token) // not here
		default:
			t.publish(s, h)
			if l.Rev > h.Rev {
				want = append(want, h.Token)
			}
			t.wantClaim(s, h.Token, payA, nil) // changes no Rev
		}
		all = append(all, l)
	}
	got, err := t.Client().Behind(t.ctx, all)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %d of %d: %v", err, len(got), len(want), got)
	}
	if got, err := s.Behind(t.ctx, nil); err != nil || got != nil {
		t.Errorf("of none: %v, %v", got, err)
	}
}

func olderRevInParallel(t *linkTest) {
	const writers, each = 8, 40
	var wg sync.WaitGroup
	for w := range writers {
		s := t.Client()
		wg.Go(func() {
			for i := range each {
				h := HotCopy(1, t.clock.Now())
				h.Rev = int64((i*7%each)*writers + w) // every rev once, out of order
				if err := s.Publish(t.ctx, h); err != nil {
					t.Errorf("publish: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if got := t.open(t.Client(), HotToken(1)); got.Rev != writers*each-1 {
		t.Errorf("rev %d stayed, want %d", got.Rev, writers*each-1)
	}
}

func editSeen(t *linkTest) {
	one, other := t.Client(), t.Client()
	h := HotCopy(1, t.clock.Now())
	for rev := range int64(50) {
		h.Rev, h.Amount.Minor = rev, 1000+rev
		t.publish(one, h)
		if got := t.open(other, h.Token); got.Amount.Minor != 1000+rev {
			t.Fatalf("the other client sees %d, want %d", got.Amount.Minor, 1000+rev)
		}
	}
	h.Rev, h.State = 50, checkout.HotDeleted
	t.publish(one, h)
	t.wantState(other, h.Token, checkout.HotDeleted)
}

func claimOnce(t *linkTest) {
	s := t.Client()
	for n := range 5 {
		t.publish(s, HotCopy(n, t.clock.Now()))
		var won, busy atomic.Int32
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				p := checkout.PaymentID(fmt.Sprintf("pay_%022d", i))
				switch err := s.Claim(t.ctx, HotToken(n), p, time.Minute); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, checkout.ErrBusy):
					busy.Add(1)
				default:
					t.Errorf("claim: %v", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || busy.Load() != 99 {
			t.Errorf("%d won and %d were told that it is busy", won.Load(), busy.Load())
		}
		t.wantState(t.Client(), HotToken(n), checkout.HotBusy)
	}
}

func claimAgain(t *linkTest) {
	s := t.Client()
	t.publish(s, HotCopy(1, t.clock.Now()))
	t.wantClaim(s, HotToken(1), payA, nil)
	t.clock.advance(40 * time.Second)
	t.wantClaim(t.Client(), HotToken(1), payA, nil)
	t.clock.advance(40 * time.Second) // past the first claim, not past the second
	t.wantClaim(s, HotToken(1), payB, checkout.ErrBusy)
}

func releaseByOther(t *linkTest) {
	s := t.Client()
	t.publish(s, HotCopy(1, t.clock.Now()))
	t.wantClaim(s, HotToken(1), payA, nil)
	if err := s.Release(t.ctx, HotToken(1), payB); err != nil {
		t.Fatal(err)
	}
	t.wantClaim(s, HotToken(1), payB, checkout.ErrBusy)
	t.wantState(s, HotToken(1), checkout.HotBusy)
}

func releaseOpens(t *linkTest) {
	s := t.Client()
	want := HotCopy(1, t.clock.Now())
	t.publish(s, want)
	t.wantClaim(s, want.Token, payA, nil)
	for range 2 { // a second time changes nothing
		if err := s.Release(t.ctx, want.Token, payA); err != nil {
			t.Fatal(err)
		}
		if got := t.open(t.Client(), want.Token); !sameHot(got, want) {
			t.Errorf("after release %+v\nwant %+v", got, want)
		}
	}
	t.wantClaim(s, want.Token, payB, nil)
	if err := s.Release(t.ctx, HotToken(2), payA); err != nil {
		t.Errorf("release of an unknown link: %v", err)
	}
}

func claimEnds(t *linkTest) {
	s := t.Client()
	t.publish(s, HotCopy(1, t.clock.Now()))
	t.wantClaim(s, HotToken(1), payA, nil)
	t.clock.advance(time.Minute - time.Millisecond)
	t.wantState(s, HotToken(1), checkout.HotBusy)
	t.wantClaim(s, HotToken(1), payB, checkout.ErrBusy)
	t.clock.advance(time.Millisecond)
	t.wantState(s, HotToken(1), checkout.HotOpen)
	t.wantClaim(s, HotToken(1), payB, nil)
	if err := s.Release(t.ctx, HotToken(1), payA); err != nil {
		t.Fatal(err)
	}
	t.wantClaim(s, HotToken(1), payA, checkout.ErrBusy)
}

func claimUnknown(t *linkTest) {
	s := t.Client()
	t.wantClaim(s, HotToken(1), payA, nil)
	t.wantClaim(s, HotToken(1), payB, nil)
	if _, err := s.Open(t.ctx, HotToken(1)); !errors.Is(err, checkout.ErrNoLink) {
		t.Errorf("open after a claim: %v, want ErrNoLink", err)
	}
	t.publish(s, HotCopy(1, t.clock.Now()))
	t.wantState(s, HotToken(1), checkout.HotOpen)
}

func claimPaid(t *linkTest) {
	s := t.Client()
	h := HotCopy(1, t.clock.Now())
	t.publish(s, h)
	t.wantClaim(s, h.Token, payA, nil)
	h.State, h.PaidBy, h.PaidAt, h.Rev = checkout.HotSpent, payA, t.clock.Now(), 2
	t.publish(s, h)
	t.wantClaim(s, h.Token, payA, checkout.ErrPaid)
	t.wantClaim(s, h.Token, payB, checkout.ErrPaid)
	t.wantState(s, h.Token, checkout.HotSpent)
}

func claimBusy(t *linkTest) {
	s := t.Client()
	h := HotCopy(1, t.clock.Now())
	h.State = checkout.HotBusy
	t.publish(s, h)
	t.wantClaim(s, h.Token, payA, checkout.ErrBusy)
	h.State, h.Rev = checkout.HotOpen, 2
	t.publish(s, h)
	t.wantClaim(s, h.Token, payA, nil)
}

func claimDeleted(t *linkTest) {
	s := t.Client()
	for i, state := range []checkout.HotState{checkout.HotDeleted, checkout.HotResting} {
		h := HotCopy(i, t.clock.Now())
		h.State = state
		t.publish(s, h)
		t.wantClaim(s, h.Token, payA, nil)
		t.wantClaim(s, h.Token, payB, checkout.ErrBusy)
		t.wantState(s, h.Token, state)
	}
}

func samePublishKeepsClaim(t *linkTest) {
	s := t.Client()
	h := HotCopy(1, t.clock.Now())
	t.publish(s, h)
	t.wantClaim(s, h.Token, payA, nil)
	t.publish(t.Client(), h)
	t.wantState(s, h.Token, checkout.HotBusy)
	t.wantClaim(s, h.Token, payB, checkout.ErrBusy)
	h.Rev = 0
	t.publish(s, h)
	t.wantClaim(s, h.Token, payB, checkout.ErrBusy)
	t.wantClaim(s, h.Token, payA, nil)
}

func newerPublishEndsClaim(t *linkTest) {
	s := t.Client()
	h := HotCopy(1, t.clock.Now())
	t.publish(s, h)
	t.wantClaim(s, h.Token, payA, nil)
	h.Rev = 2 // the ledger took the slot, was refused by the bank, and gave it back
	t.publish(s, h)
	t.wantState(s, h.Token, checkout.HotOpen)
	t.wantClaim(s, h.Token, payB, nil)
}

func forgotten(t *linkTest) {
	s := t.Client()
	h := HotCopy(1, t.clock.Now())
	h.Rev = 9
	t.publish(s, h)
	t.wantClaim(s, h.Token, payA, nil)
	t.Forget()
	s = t.Client()
	if _, err := s.Open(t.ctx, h.Token); !errors.Is(err, checkout.ErrNoLink) {
		t.Fatalf("open: %v, want ErrNoLink", err)
	}
	t.wantClaim(s, h.Token, payB, nil)
	h.Rev = 3 // the ledger came back from a backup, too
	t.publish(s, h)
	if got := t.open(s, h.Token); !sameHot(got, h) {
		t.Errorf("after publishing again %+v\nwant %+v", got, h)
	}
}

func neverMixed(t *linkTest) {
	const links, viewers, views = 1000, 32, 60
	s := t.Client()
	for n := range links {
		t.publish(s, HotCopy(n, t.clock.Now()))
	}
	now := t.clock.Now()
	var wg sync.WaitGroup
	for v := range viewers {
		wg.Go(func() {
			for i := range views {
				n := (v*views + i*37) % (links + 10) // the last ten are not there
				got, err := s.Open(t.ctx, HotToken(n))
				switch {
				case n >= links:
					if !errors.Is(err, checkout.ErrNoLink) {
						t.Errorf("link %d: %v, want ErrNoLink", n, err)
					}
				case err != nil:
					t.Errorf("link %d: %v", n, err)
				case !sameHot(got, HotCopy(n, now)):
					t.Errorf("asked for link %d, got %+v", n, got)
				}
			}
		})
	}
	wg.Wait()
}

// givingUp is the mistake that performance.md warns of: a caller whose time is over leaves a question
// in the queue, its buffer is used for the next request, and somebody gets another payer's page.
func givingUp(t *linkTest) {
	const links, viewers, views = 200, 32, 150
	s := t.Client()
	for n := range links {
		t.publish(s, HotCopy(n, t.clock.Now()))
	}
	var answered, gaveUp atomic.Int32
	var wg sync.WaitGroup
	for v := range viewers {
		wg.Go(func() {
			buffer := make([]byte, checkout.TokenLength) // as a web server keeps one for each connection
			for i := range views {
				n := (v*31 + i*7) % links
				copy(buffer, HotToken(n))
				token := checkout.Token(unsafe.String(&buffer[0], len(buffer)))
				ctx, cancel := context.WithTimeout(t.ctx, time.Duration(i%20)*10*time.Microsecond)
				got, err := s.Open(ctx, token)
				cancel()
				copy(buffer, "XXXXXXXXXXXX")
				switch {
				case err == nil && (got.Token != HotToken(n) || got.Amount.Minor != 25000+int64(n)):
					t.Errorf("asked for link %d, got %s with %d", n, got.Token, got.Amount.Minor)
				case err == nil:
					answered.Add(1)
				case errors.Is(err, checkout.ErrHotAway):
					gaveUp.Add(1)
				default:
					t.Errorf("link %d: %v", n, err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d answered, %d gave up", answered.Load(), gaveUp.Load())
	for n := range links { // nobody is stuck afterwards
		if got := t.open(s, HotToken(n)); got.Token != HotToken(n) {
			t.Fatalf("asked for link %d, got %s", n, got.Token)
		}
	}
}

func reusedBuffers(t *linkTest) {
	s := t.Client()
	want := HotCopy(1, t.clock.Now())
	token, text := []byte(want.Token), []byte(want.Description)
	h := want
	h.Token, h.Description = checkout.Token(unsafe.String(&token[0], len(token))), unsafe.String(&text[0], len(text))
	h.Installments = slices.Clone(want.Installments)
	t.publish(s, h)
	payer := []byte(payA)
	t.wantClaim(s, h.Token, checkout.PaymentID(unsafe.String(&payer[0], len(payer))), nil)
	got := t.open(s, h.Token)
	for _, b := range [][]byte{token, text, payer} {
		clear(b)
	}
	h.Installments[0] = 99
	want.State = checkout.HotBusy
	if again := t.open(s, want.Token); !sameHot(again, want) {
		t.Errorf("kept   %+v\nwant %+v", again, want)
	}
	if got.Description != want.Description || !reflect.DeepEqual(got.Installments, want.Installments) {
		t.Errorf("the answer given before changed to %+v", got)
	}
	t.wantClaim(s, want.Token, payB, checkout.ErrBusy)
	t.wantClaim(s, want.Token, payA, nil)
}

// A store that keeps challenges keeps them byte for byte, apart, and no longer than told.
func challengeKept(t *linkTest) {
	s, other := t.Client().(checkout.Challenges), t.Client().(checkout.Challenges)
	ids := checkout.NewIDs(seed{})
	first, second, unknown := ids.Payment(), ids.Payment(), ids.Payment()
	want := func(s checkout.Challenges, p checkout.PaymentID, text string) {
		t.Helper()
		if got, err := s.Challenge(t.ctx, p); err != nil || string(got) != text {
			t.Errorf("challenge of %s: %.40q, %v; want %.40q", p, got, err, text)
		}
	}
	sealed := []byte("\x00\xff{sealed}\r\n" + strings.Repeat("z", 5000))
	kept := string(sealed)
	for p, text := range map[checkout.PaymentID][]byte{first: sealed, second: []byte("of another")} {
		if err := s.KeepChallenge(t.ctx, p, text, 30*time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	clear(sealed) // the caller's buffer is the caller's
	want(s, first, kept)
	want(other, first, kept)
	want(s, second, "of another")
	want(s, unknown, "")
	want(s, "", "")
	if err := s.KeepChallenge(t.ctx, second, []byte("newer"), 30*time.Minute); err != nil {
		t.Fatal(err)
	}
	want(other, second, "newer")
	if err := s.KeepChallenge(t.ctx, unknown, []byte("over at once"), 0); err != nil {
		t.Fatal(err)
	}
	want(s, unknown, "")
	t.Forget()
	want(t.Client().(checkout.Challenges), first, "")
}

// seed is a source of randomness that needs none: identifiers of one test differ by where they are drawn.
type seed struct{}

func (seed) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}
