// Package scenario reads what a load test is to do from a JSON file, and says everything that is wrong with
// it at once. It deliberately has no targets in it: the same scenario runs against any.
package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/loadtest/journey"
)

// Scenario is one load test. Durations are written like "30s".
type Scenario struct {
	Name     string   `json:"name"`
	From     string   `json:"from"`     // first step; default "view"
	Until    string   `json:"until"`    // last step; default "result"
	Model    Model    `json:"model"`    // default "open"
	Rate     float64  `json:"rate"`     // ways per second in the open model; where the knee is looked for from
	Callers  int      `json:"callers"`  // ways at once: all of the closed model, at most in the open one
	Duration Duration `json:"duration"` // of what is measured
	Warmup   Duration `json:"warmup"`   // before it, not measured

	Card         string `json:"card"` // a test card of the simulated bank
	CVC          string `json:"cvc"`
	Expiry       string `json:"expiry"`   // "MM/YY"; default: in three years
	Password     string `json:"password"` // typed where the bank asks; default "123456"
	Installments int    `json:"installments"`

	Amount   int64  `json:"amount"` // of a link, minor units
	Currency string `json:"currency"`
	Usage    Usage  `json:"usage"` // "single": each way has its own link, made ahead; "multi": ways share some
	Links    int    `json:"links"` // made ahead; 0 = as many as the ways need (single), 256 (multi)

	Language string `json:"language"`
	Plain    bool   `json:"plain"`    // ask for answers without gzip
	Networks bool   `json:"networks"` // every payer from a network of his own (X-Forwarded-For): the target must trust this machine as a proxy

	Thresholds []Threshold `json:"thresholds"`
}

// Model is how ways begin.
type Model string

// The models.
const (
	Open   Model = "open"   // at a fixed rate, whatever the target does
	Closed Model = "closed" // each caller again when he is done: finds capacity, hides stalls
	Knee   Model = "knee"   // open, at rising rates, until the target does not follow
)

// Usage is how often a link is paid.
type Usage string

// The usages.
const (
	Single Usage = "single"
	Multi  Usage = "multi"
)

// longestRun bounds a scenario in time.
const longestRun = 24 * time.Hour

// Default is what a file starts from.
func Default() Scenario {
	return Scenario{
		Name: "whole way", From: "view", Until: "result", Model: Open, Rate: 50, Callers: 256,
		Duration: Duration(30 * time.Second), Warmup: Duration(3 * time.Second),
		Card: "4155650000001005", CVC: "123", Password: "123456", Installments: 1,
		Amount: 25000, Currency: "TRY", Usage: Single, Language: "tr",
	}
}

// Read decodes a scenario; unknown keys are mistakes. The error names every mistake, a line each.
func Read(r io.Reader) (Scenario, error) {
	text, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return Scenario{}, fmt.Errorf("read scenario: %w", err)
	}
	s := Default()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		said := strings.TrimPrefix(err.Error(), "json: ")
		if strings.HasPrefix(said, "unknown field") {
			said += "; there are: " + strings.Join(keys(), " ")
		}
		return Scenario{}, fmt.Errorf("scenario: %s", said)
	}
	if dec.More() {
		return Scenario{}, errors.New("scenario: there is more in the file than one scenario")
	}
	return s, s.Check()
}

// keys are those that a file may have.
func keys() (all []string) {
	for field := range reflect.TypeFor[Scenario]().Fields() {
		all = append(all, field.Tag.Get("json"))
	}
	return all
}

// Check says everything that is wrong.
func (s Scenario) Check() error {
	var wrong []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf("scenario: "+format, args...))
		}
	}
	from, until := slices.Index(journey.Steps, s.From), slices.Index(journey.Steps, s.Until)
	must(from == journey.View || from == journey.Installments, "from is view or installments, not %q", s.From)
	must(until >= from, "until is one of %s, from %q on, not %q", strings.Join(journey.Steps, " "), s.From, s.Until)
	must(from == journey.View || until < journey.Pay, "a way that pays begins with view, whose form it needs")
	must(slices.Contains([]Model{Open, Closed, Knee}, s.Model), "model is open, closed or knee, not %q", s.Model)
	must(s.Model == Closed || s.Rate > 0 && s.Rate <= 1e6, "rate is ways per second, more than 0 and at most a million, not %v", s.Rate)
	must(s.Callers > 0 && s.Callers <= 65_536, "callers are 1 to 65536, not %d", s.Callers)
	must(s.Duration > 0 && time.Duration(s.Duration) <= longestRun, "duration is more than 0s and at most 24h, not %s", s.Duration)
	must(s.Warmup >= 0 && time.Duration(s.Warmup) <= time.Hour, "warmup is 0s to 1h, not %s", s.Warmup)
	must(isCard(s.Card), "card is a test card's 13 to 19 digits")
	must(s.Installments >= 1 && s.Installments <= 36, "installments are 1 to 36, not %d", s.Installments)
	must(s.Amount > 0, "amount is more than 0 minor units, not %d", s.Amount)
	must(s.Usage == Single || s.Usage == Multi, "usage is single or multi, not %q", s.Usage)
	must(s.Links >= 0, "links are 0 or more, not %d", s.Links)
	if s.Expiry != "" {
		_, err := time.Parse("01/06", s.Expiry)
		must(err == nil, "expiry is MM/YY, not %q", s.Expiry)
	}
	for _, t := range s.Thresholds {
		if err := t.check(); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

func isCard(n string) bool {
	for i := 0; i < len(n); i++ {
		if n[i] < '0' || n[i] > '9' {
			return false
		}
	}
	return len(n) >= 13 && len(n) <= 19
}

// Script is how its payers go.
func (s Scenario) Script(now time.Time) journey.Script {
	if s.Expiry == "" {
		s.Expiry = now.AddDate(3, 0, 0).Format("01/06")
	}
	return journey.Script{
		From: slices.Index(journey.Steps, s.From), Until: slices.Index(journey.Steps, s.Until),
		Card: s.Card, CVC: s.CVC, Expiry: s.Expiry, Password: s.Password, Installments: s.Installments,
		Lang: s.Language, Gzip: !s.Plain, Spread: s.Networks,
	}
}

// Masked is the scenario as it may be written down: the card without its middle, no CVC, no password.
func (s Scenario) Masked() Scenario {
	if n := len(s.Card); n > 10 {
		s.Card = s.Card[:6] + strings.Repeat("*", n-10) + s.Card[n-4:]
	}
	s.CVC, s.Password = "", ""
	return s
}

// Steps are the names of its steps, first to last; those of a scenario that was checked.
func (s Scenario) Steps() []string {
	return journey.Steps[slices.Index(journey.Steps, s.From) : slices.Index(journey.Steps, s.Until)+1]
}

// Pays says whether its ways charge a card.
func (s Scenario) Pays() bool { return slices.Index(journey.Steps, s.Until) >= journey.Pay }

// Duration is a time.Duration that is written like "30s".
type Duration time.Duration

func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText and UnmarshalText are encoding.TextMarshaler and its opposite.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration like \"30s\"", text)
	}
	*d = Duration(v)
	return nil
}
