package checkout

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Timing is how long things may take. The zero value of a field means its default.
type Timing struct {
	// Provision bounds the authorising call. Banks' samples wait up to 90 s (payfor.md 1); what takes
	// longer than this is settled by inquiry, so a shorter wait loses nothing.
	Provision time.Duration
	// Opening bounds the call that opens 3-D Secure, Inquiry each call of the settle loop.
	Opening time.Duration
	Inquiry time.Duration
	// Answer is how long the payer's browser waits for the authorising call before it is shown
	// 'being confirmed'; the call goes on.
	Answer time.Duration
	// Abandon is how long a payer may stay at the bank.
	Abandon time.Duration
	// Settle replaces the acquirer's own SettleTime when it is not zero (demo and tests).
	Settle time.Duration
	// AskAfter are the pauses between inquiries; the last one repeats.
	AskAfter []time.Duration
	// MerchantFresh is how long a merchant's branding and accounts may be reused before they are read
	// again; changes made through this process are seen at once.
	MerchantFresh time.Duration
}

func (t Timing) withDefaults() Timing {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&t.Provision, 45*time.Second)
	def(&t.Opening, 12*time.Second)
	def(&t.Inquiry, 20*time.Second)
	def(&t.Answer, 12*time.Second)
	def(&t.Abandon, 30*time.Minute)
	def(&t.MerchantFresh, 2*time.Second)
	if len(t.AskAfter) == 0 {
		t.AskAfter = []time.Duration{5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute}
	}
	return t
}

// askAfter is the pause before inquiry number n (0 = the first).
func (t Timing) askAfter(n int) time.Duration {
	if n >= len(t.AskAfter) {
		n = len(t.AskAfter) - 1
	}
	return t.AskAfter[n]
}

// lease is how long the sender of an authorising call owns the payment: the call's own time and a
// margin for the commit of its result.
func (t Timing) lease() time.Duration { return t.Provision + 15*time.Second }

// Observer is told what happens, for metrics and alarms. Its methods must not block.
type Observer interface {
	// Moved is called after a payment's step became true.
	Moved(m Move)
	// Rejected is called for every callback that failed its checks.
	Rejected(p Payment, reason string)
	// Fault is called where something went wrong that nobody outside is told.
	Fault(where string, err error)
	// Alarm is called where money is not what it should be: somebody has to look at once (A9, I4).
	Alarm(what string, err error)
}

// Parts are everything that the flow is wired from.
type Parts struct {
	Ledger    Ledger
	Hot       LinkStore
	BINs      BINs
	Caps      Caps
	Banks     Banks
	Velocity  Velocity
	Clock     Clock
	IDs       *IDs
	Log       *slog.Logger
	Observer  Observer // nil = nobody looks
	Timing    Timing
	PublicURL string // https://host, no slash at the end: what short links and return addresses start with
	// Intermediaries that e-invoices may be registered with beside this gateway itself, by their names.
	Intermediaries map[string]Intermediary
	CardKey        []byte // keys the hash of card numbers that limits count by
	// Post writes messages; nil = none are sent. NoMessageLimits lifts their limits, for load tests.
	Post            Post
	NoMessageLimits bool
	Texts           LegalTexts // of consumer sales; nil = there are none here
	Reports         Reports    // makes the files of scheduled reports; nil = none are sent
}

// Service is the flow. It is safe for concurrent use. Wait blocks until calls that outlived their
// request have ended.
type Service struct {
	Parts
	running    sync.WaitGroup
	merchants  *cache[MerchantID, *Shop]
	acquirers  sync.Map // AccountID → opened
	unsaid     unsaid
	openings   openings
	confirmed  confirmed
	distrusted distrusted
	stops      stops
	wayBox     func() (cipher.AEAD, error) // see sealer
}

// unsaid is since when changes may not have reached the hot state; zero = all did.
type unsaid struct {
	some  atomic.Bool
	mu    sync.Mutex
	since time.Time
}

// unsaidMargin covers the time that the ledger's clock, which dates changes, may be behind ours.
const unsaidMargin = time.Minute

func (u *unsaid) add(since time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.since.IsZero() || since.Before(u.since) {
		u.since = since
	}
	u.some.Store(true)
}

// take answers what was added and forgets it.
func (u *unsaid) take() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	since := u.since
	u.since = time.Time{}
	u.some.Store(false)
	return since
}

// Shop is what the flow needs of a merchant at every step. It is shared and never changed: another
// Shop says that something about the merchant may be different.
type Shop struct {
	Merchant Merchant
	Accounts []Account // the enabled ones, best first
	Words    PageWords // what the merchant says in its own words
	Legal    *Legal    // the texts of consumer sales; nil = this installation has none
}

type opened struct {
	version  int64
	acquirer Acquirer
}

// New checks that nothing is missing and fills in defaults.
func New(p Parts) (*Service, error) {
	if p.Ledger == nil || p.Hot == nil || p.BINs == nil || p.Caps == nil || p.Banks == nil || p.Velocity == nil ||
		p.Clock == nil || p.IDs == nil || p.Log == nil {
		return nil, errors.New("checkout: a part is missing")
	}
	if len(p.CardKey) < 32 || p.PublicURL == "" {
		return nil, errors.New("checkout: a card key of 32 bytes and a public address are needed")
	}
	if p.Observer == nil {
		p.Observer = quiet{}
	}
	p.Timing = p.Timing.withDefaults()
	s := &Service{Parts: p}
	s.wayBox = sync.OnceValues(s.newSealer)
	s.merchants = newCache(p.Clock, p.Timing.MerchantFresh, s.loadShop)
	return s, nil
}

type quiet struct{}

func (quiet) Moved(Move)               {}
func (quiet) Rejected(Payment, string) {}
func (quiet) Fault(string, error)      {}
func (quiet) Alarm(string, error)      {}

// Wait blocks until every authorising call in flight has ended and been recorded.
func (s *Service) Wait() { s.running.Wait() }

// LinkURL is the address that travels.
func (s *Service) LinkURL(t Token) string { return s.PublicURL + "/p/" + string(t) }

// Shop answers a merchant and its accounts as the pages show them.
func (s *Service) Shop(ctx context.Context, id MerchantID) (*Shop, error) {
	if id == "" {
		return nil, ErrNoMerchant // of a payment that could not be read
	}
	return s.merchants.get(ctx, id)
}

// Forget drops what is remembered of a merchant, after its data changed.
func (s *Service) Forget(id MerchantID) { s.merchants.drop(id) }

func (s *Service) loadShop(ctx context.Context, id MerchantID) (*Shop, error) {
	m, err := s.Ledger.Merchant(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("load merchant: %w", err)
	}
	all, err := s.Ledger.Accounts(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("load accounts: %w", err)
	}
	sh := &Shop{Merchant: m}
	if sh.Words, err = s.PageWords(ctx, id); err != nil {
		return nil, fmt.Errorf("load words: %w", err)
	}
	if sh.Legal, err = s.loadLegal(ctx, m, sh.Words); err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.Enabled {
			sh.Accounts = append(sh.Accounts, a)
		}
	}
	return sh, nil
}

// acquirer opens an account's bank, once per version of the account.
func (s *Service) acquirer(a Account) (Acquirer, error) {
	if have, ok := s.acquirers.Load(a.ID); ok && have.(opened).version == a.Version {
		return have.(opened).acquirer, nil
	}
	acq, err := s.Banks.Open(a)
	if err != nil {
		return nil, fmt.Errorf("open account %s: %w", a.ID, err)
	}
	s.acquirers.Store(a.ID, opened{version: a.Version, acquirer: acq})
	return acq, nil
}

// acquirerOf finds the bank of a payment under way: its account may meanwhile be disabled, and
// still has to finish what it started. A changed mode or kind is opened as it was at the time.
func (s *Service) acquirerOf(ctx context.Context, p Payment) (Acquirer, error) {
	a, err := s.accountOf(ctx, p)
	if err != nil {
		return nil, err
	}
	return s.openFor(a, p)
}

func (s *Service) accountOf(ctx context.Context, p Payment) (Account, error) {
	all, err := s.Ledger.Accounts(ctx, p.Merchant)
	if err != nil {
		return Account{}, fmt.Errorf("load accounts: %w", err)
	}
	if i := slices.IndexFunc(all, func(a Account) bool { return a.ID == p.Account }); i >= 0 {
		return all[i], nil
	}
	return Account{}, ErrNoAccount
}

// accountAtHand is accountOf where the merchant's pages needed the account a moment ago.
func (s *Service) accountAtHand(p Payment) (Account, bool) {
	shop, ok := s.merchants.peek(p.Merchant)
	if !ok {
		return Account{}, false
	}
	if i := slices.IndexFunc(shop.Accounts, func(a Account) bool { return a.ID == p.Account }); i >= 0 {
		return shop.Accounts[i], true
	}
	return Account{}, false
}

// openFor opens the account's bank as it was when the payment was made.
func (s *Service) openFor(a Account, p Payment) (Acquirer, error) {
	if a.Kind == p.Kind && a.Mode == p.Mode {
		return s.acquirer(a)
	}
	a.Kind, a.Mode = p.Kind, p.Mode
	return s.Banks.Open(a)
}

// order is what the bank learns of a payment.
func (s *Service) order(p Payment) Order {
	return Order{
		Payment: p.ID, BankOrder: p.BankOrder, Nonce: p.Nonce, Amount: p.Total, Installments: p.Installments,
		ReturnURL: s.PublicURL + "/3ds/" + string(p.ID), Lang: p.PayerLang, PayerIP: p.PayerIP,
		Refs: p.Refs, CreatedAt: p.CreatedAt, PaidAt: p.PaidAt,
	}
}

// publish brings the hot state up to date and says whether it did. A failure is no failure of the step:
// the republishing loop and the ledger make good for it.
func (s *Service) publish(ctx context.Context, l *Link) bool {
	if l == nil {
		return false
	}
	err := s.Hot.Publish(ctx, l.Hot())
	if err != nil {
		s.unsaid.add(l.UpdatedAt.Add(-unsaidMargin))
		s.Observer.Fault("publish link", err)
	}
	return err == nil
}

// commit makes a move true and tells who looks.
func (s *Service) commit(ctx context.Context, m Move) error {
	_, err := s.take(ctx, m)
	return err
}

// take is commit for whoever goes on with the payment: it answers it as stored.
func (s *Service) take(ctx context.Context, m Move) (Payment, error) {
	p, _, err := s.tell(ctx, m)
	return p, err
}

// tell is take for whoever has claimed the link: told says that the hot state has the link as it is after
// the move, and a newer copy ends every claim.
func (s *Service) tell(ctx context.Context, m Move) (p Payment, told bool, err error) {
	done, err := s.Ledger.Move(ctx, m)
	if err != nil {
		return Payment{}, false, err
	}
	told = s.publish(ctx, done.Link)
	s.Observer.Moved(m)
	return done.Payment, told, nil
}
