package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/odelink/odelink/loadtest/client"
	"github.com/odelink/odelink/loadtest/journey"
	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/pace"
	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/shop"
)

// session is a target that is being measured, once or many times: its payers keep their connections.
type session struct {
	target   shop.Target
	scenario scenario.Scenario
	script   journey.Script
	began    time.Time
	ahead    *time.Duration // the target's clock; nil = unknown
	watched  []watched
	payers   []*journey.Payer
	shared   []string // links that are paid again and again, taken in turns
	capacity float64  // whole ways per second at most, as far as is known; 0 = not at all

	recorder atomic.Pointer[measure.Recorder]
	turn     atomic.Int64
	whole    atomic.Int64

	mu       sync.Mutex      // what follows
	stock    []string        // links that are paid once
	own      map[string]bool // IDs of all links that were made
	finished map[string]bool
	said     map[string]string
}

// patience is how long undecided payments are waited for before the books are compared.
const patience = 30 * time.Second

// open reaches a target, reads its clock, and has one payer go the way.
func open(ctx context.Context, t shop.Target, sc scenario.Scenario, w Watch) (*session, error) {
	if err := errors.Join(t.Check(), sc.Check(), fits(t, sc)); err != nil {
		return nil, err
	}
	s := &session{
		target: t, scenario: sc, script: sc.Script(time.Now()), began: time.Now(),
		own: map[string]bool{}, finished: map[string]bool{}, said: map[string]string{},
	}
	s.script.Gzip = s.script.Gzip && !t.Plain
	host, err := client.HostOf(t.URL)
	if err != nil {
		return nil, err
	}
	if t.Page {
		u, err := url.Parse(t.URL)
		if err != nil {
			return nil, err
		}
		s.script.Path = u.RequestURI()
	}
	if err := s.reach(ctx, w); err != nil {
		return nil, &Unusable{t.Name, err}
	}
	if err := s.trial(ctx, host); err != nil {
		return nil, &Unusable{t.Name, err}
	}
	for n := range sc.Callers {
		s.payers = append(s.payers, &journey.Payer{
			Script: s.script, Number: n, Shop: &client.Conn{Host: host}, May: t.May,
			Record:  func(seen measure.Seen) { s.recorder.Load().Add(n, seen) },
			Trouble: s.hear,
		})
	}
	s.watched = findProcesses(t)
	return s, nil
}

// fits says whether a target can be asked for what the scenario wants.
func fits(t shop.Target, sc scenario.Scenario) error {
	if t.Page && sc.From != sc.Until {
		return fmt.Errorf("target %s is a single page: it can be held against a scenario of one step, not against one from %s until %s", t.Name, sc.From, sc.Until)
	}
	return nil
}

// reach proves that target and bank answer.
func (s *session) reach(ctx context.Context, w Watch) error {
	w.preparing("%s at %s", s.target.Name, s.target.URL)
	ahead, known, err := s.target.Ahead(ctx)
	if err != nil {
		return fmt.Errorf("cannot be reached: %w", err)
	}
	if known {
		s.ahead = &ahead
	}
	if s.scenario.Pays() && s.target.Bank != "" {
		return s.target.Simulated(ctx)
	}
	return nil
}

// trials is how many payers may fail before a target counts as one that refuses: one bad answer among
// good ones is for the measurement to count.
const trials = 3

// trial has a payer go the way before anything is measured.
func (s *session) trial(ctx context.Context, host client.Host) error {
	var last string
	payer := journey.Payer{
		Script: s.script, Shop: &client.Conn{Host: host}, May: s.target.May, Record: func(measure.Seen) {},
		Trouble: func(step int, class string, said func() string) {
			last = fmt.Sprintf("its first %s is answered with %s: %s", journey.Steps[step], class, said())
		},
	}
	defer payer.Close()
	for range trials {
		token := ""
		if !s.target.Page {
			tokens, err := s.links(ctx, 1)
			if err != nil {
				return err
			}
			token = tokens[0]
		}
		done := payer.Walk(time.Now(), token)
		s.note(done)
		if done.Reached == s.script.Until {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return errors.New(last)
}

// once says whether each way has a link of its own.
func (s *session) once() bool { return s.scenario.Usage == scenario.Single && s.scenario.Pays() }

// links makes some, remembers whose they are and answers their tokens.
func (s *session) links(ctx context.Context, n int) (tokens []string, err error) {
	usage := scenario.Multi
	if s.once() {
		usage = scenario.Single
	}
	made, err := s.target.Links(ctx, n, shop.Terms{Amount: s.scenario.Amount, Currency: s.scenario.Currency, Usage: string(usage)})
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range made {
		s.own[l.ID] = true
		tokens = append(tokens, l.Token)
	}
	return tokens, err
}

// sharedLinks is how many links are shared where the scenario does not say.
const sharedLinks = 256

// supply makes the links that a load and the warm-up before it will need, as far as they are not there.
func (s *session) supply(ctx context.Context, l load, warmup time.Duration, w Watch) error {
	if s.target.Page || !s.once() && s.shared != nil {
		return nil
	}
	n := s.scenario.Links
	switch {
	case n > 0:
	case !s.once():
		n = sharedLinks
	default:
		var err error
		if n, err = s.needs(ctx, l, warmup, w); err != nil {
			return err
		}
	}
	if n -= len(s.stock); n <= 0 {
		return nil
	}
	w.preparing("%d links at %s", n, s.target.Name)
	tokens, err := s.links(ctx, n)
	if err != nil {
		return s.unusable(ctx, err)
	}
	if !s.once() {
		s.shared = tokens
		return nil
	}
	s.stock = append(s.stock, tokens...)
	return nil
}

// unusable wraps what a target refused; being told to stop is not the target's fault.
func (s *session) unusable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &Unusable{s.target.Name, err}
}

// needs is how many links a load uses up. In the closed model that is the target's doing: it is estimated
// from its capacity, which is found out first where it is not known.
func (s *session) needs(ctx context.Context, l load, warmup time.Duration, w Watch) (int, error) {
	rate, spare := l.rate, 1.02
	if l.model == scenario.Closed {
		if s.capacity == 0 {
			if err := s.calibrate(ctx, w); err != nil {
				return 0, err
			}
		}
		rate, spare = s.capacity, 1.5
	}
	return int(rate*(l.span+warmup).Seconds()*spare) + s.scenario.Callers, nil
}

// calibrate has every caller go a few ways and takes their rate.
func (s *session) calibrate(ctx context.Context, w Watch) error {
	n := max(8*s.scenario.Callers, 64)
	w.preparing("the pace of %s, by %d ways", s.target.Name, n)
	tokens, err := s.links(ctx, n)
	if err != nil {
		return s.unusable(ctx, err)
	}
	s.stock = append(s.stock, tokens...)
	const most = 10 * time.Second
	s.warm(ctx, load{model: scenario.Closed}, most, w)
	if s.capacity == 0 {
		s.capacity = 1
	}
	return nil
}

// token is the link of the next way; false when all are used up.
func (s *session) token() (string, bool) {
	if s.target.Page {
		return "", true
	}
	if !s.once() {
		return s.shared[int(s.turn.Add(1)-1)%len(s.shared)], true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.stock) == 0 {
		return "", false
	}
	t := s.stock[len(s.stock)-1]
	s.stock = s.stock[:len(s.stock)-1]
	return t, true
}

// note keeps what the books must know of a way.
func (s *session) note(done journey.Done) {
	if done.Reached < journey.Return {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished[done.Payment] = true
}

// hear keeps the first answer of each kind of failure.
func (s *session) hear(step int, class string, said func() string) {
	key := journey.Steps[step] + ": " + class
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.said[key]; !known {
		s.said[key] = said()
	}
}

var errUsedUp = errors.New("the links that were made ahead are used up")

// walkAll has the payers walk until the context ends or the links are used up.
func (s *session) walkAll(ctx context.Context, l load) (pace.Opened, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	walk := func(caller int, due time.Time) bool {
		token, ok := s.token()
		if !ok {
			stop(errUsedUp)
			return false
		}
		done := s.payers[caller].Walk(due, token)
		if done.Reached == s.script.Until {
			s.whole.Add(1)
		}
		s.note(done)
		return true
	}
	var opened pace.Opened
	if l.model == scenario.Closed {
		opened.Due = pace.Closed(ctx, s.scenario.Callers, walk)
	} else {
		opened = pace.Open(ctx, l.rate, s.scenario.Callers, walk)
	}
	return opened, context.Cause(ctx)
}

// warm has the payers walk unmeasured.
func (s *session) warm(ctx context.Context, l load, span time.Duration, w Watch) {
	if span == 0 {
		return
	}
	l.span = span
	w.Second = nil
	s.measured(ctx, l, w)
}

// measured carries a load out.
func (s *session) measured(ctx context.Context, l load, w Watch) Measured {
	start := time.Now()
	rec := measure.NewRecorder(journey.Steps, start)
	s.recorder.Store(rec)
	s.whole.Store(0)
	loaded, cancel := context.WithTimeoutCause(ctx, l.span, errOver)
	defer cancel()
	eyes, cpu := look(s.watched), ownCPU()
	stopTicking := ticking(func(now time.Time) {
		rec.Tick(now)
		eyes.look(now.Sub(start))
		if series := rec.Series(); w.Second != nil {
			w.Second(now.Sub(start), series[len(series)-1], journey.Steps)
		}
	})
	opened, ended := s.walkAll(loaded, l)
	took := time.Since(start)
	stopTicking()
	rec.Tick(time.Now())
	eyes.look(took)
	m := Measured{
		Model: l.model, RateDue: l.rate, Seconds: took.Seconds(), Ways: opened.Due, Whole: s.whole.Load(),
		Late: opened.Late, Left: opened.Left, Steps: rec.Steps(took), Series: rec.Series(), Processes: eyes.all,
	}
	m.Rate = float64(m.Whole) / took.Seconds()
	if ended != nil && !errors.Is(ended, errOver) {
		m.Note = fmt.Sprintf("ended after %.0f of %.0f s: %s", took.Seconds(), l.span.Seconds(), ended)
		m.Partial = !s.countedOut(l, ended)
	}
	if l.model == scenario.Closed {
		m.RateDue = 0
		s.capacity = max(s.capacity, m.Rate)
	}
	m.cost(ownCPU()-cpu, s.script.From)
	m.only(s.script.From, s.script.Until)
	runtime.GC() // what this stretch left is not the next one's to clean up
	return m
}

// countedOut says whether a load ended because all ways were gone that the scenario counted out: in the closed
// model, links that are paid once and whose number it names.
func (s *session) countedOut(l load, ended error) bool {
	return errors.Is(ended, errUsedUp) && l.model == scenario.Closed && s.scenario.Links > 0
}

// errOver is the end that a load was to have.
var errOver = errors.New("its time is over")

// ticking calls a function every second until it is stopped.
func ticking(tick func(time.Time)) (stop func()) {
	over := make(chan struct{})
	var one sync.WaitGroup
	one.Go(func() {
		t := time.NewTicker(time.Second)
		defer t.Stop()
		for {
			select {
			case now := <-t.C:
				tick(now)
			case <-over:
				return
			}
		}
	})
	return func() {
		close(over)
		one.Wait()
	}
}

// cost says what the generator spent, and how late the first step was because of it.
func (m *Measured) cost(spent time.Duration, from int) {
	lag := m.Steps[from].Lag
	m.Generator = Generator{CPUShare: spent.Seconds() / m.Seconds, LagP50: lag.P50, LagP99: lag.P99, LagMax: lag.Max}
	if n := m.Requests(); n > 0 {
		m.Generator.CPUMicros = float64(spent.Microseconds()) / float64(n)
	}
}

// only leaves the steps that the scenario goes.
func (m *Measured) only(from, until int) {
	m.Steps = m.Steps[from : until+1]
	for i := range m.Series {
		m.Series[i].Steps = m.Series[i].Steps[from : until+1]
	}
}

// finish compares the books and says what else is known of the target. It has its own time: a run that
// was ended early owes its payers the comparison too.
func (s *session) finish(a *About, w Watch) {
	a.Said = maps.Clone(s.said)
	if s.ahead != nil {
		seconds := s.ahead.Seconds()
		a.ClockAhead = &seconds
	}
	if !s.scenario.Pays() {
		return
	}
	if s.target.Bank == "" {
		a.AuditGap = "no simulated bank was named, so its books were not compared"
		return
	}
	w.preparing("the books of %s", s.target.Name)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	audit, err := s.target.Audit(ctx, shop.Own{
		Since: s.since(), Links: s.own, Finished: s.finished, SingleUse: s.once(),
		Plays: shop.Plays(s.script.Card, s.script.CVC, s.script.Expiry, s.began),
	}, patience)
	if err != nil {
		a.AuditGap, a.BooksFailed = err.Error(), true
		return
	}
	a.Audit = &audit
}

// since is the moment of the target's clock from which on payments may be this session's. Its date is
// known to about a second, and too many payments do no harm.
func (s *session) since() time.Time {
	const doubt = 3 * time.Second
	if s.ahead == nil {
		return s.began.Add(-doubt)
	}
	return s.began.Add(*s.ahead - doubt)
}

func (s *session) close() {
	for _, p := range s.payers {
		p.Close()
	}
}
