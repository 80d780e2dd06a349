// Package caps holds the dated legal limits on the number of card instalments in Turkey, by what is
// sold and to whom the card belongs.
//
// It deliberately judges neither goods nor merchants: somebody says which category a sale is in,
// and the bank remains the final judge. It has no rule in code: every limit is a row of tr-caps.csv
// with its source and its dates, and README.md in this folder says what to verify.
package caps

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a static image has no time zones of its own

	"github.com/odelink/odelink/checkout"
)

//go:embed tr-caps.csv
var embedded string

// General is the category of whatever has no limit of its own.
const General = "general"

// Table is a checkout.Caps. It does not change.
type Table struct {
	rules map[group][]rule
	known []string
}

var _ checkout.Caps = (*Table)(nil)

type rule struct {
	minMinor int64
	maxMinor int64     // inclusive
	from     time.Time // first moment, midnight in Istanbul
	until    time.Time // first moment after; zero = open
	max      int
}

// group is whose limits and for what.
type group struct {
	category string
	kind     string // consumer or commercial
}

// Kinds of card as the table names them.
const (
	consumer   = "consumer"
	commercial = "commercial"
)

// New answers the table that is part of the program. A mistake in it is a programmer's mistake.
func New() *Table {
	t, err := Parse(strings.NewReader(embedded))
	if err != nil {
		panic(err)
	}
	return t
}

// Max answers the highest count for a price at now; 1 is single payment only. Without a row for the
// category that is valid then, for this price and kind of card, the general row decides, and without
// that the ceiling of the regulation. Cards other than credit cards and currencies other than TRY
// have no instalments (domain.md 2.5). A card that is not known to be a company's is a consumer's.
func (t *Table) Max(category string, price checkout.Money, kind checkout.CardKind, company bool, now time.Time) int {
	if kind != checkout.CardCredit || price.Currency != checkout.TRY {
		return 1
	}
	who := consumer
	if company {
		who = commercial
	}
	for _, c := range [2]string{category, General} {
		for _, r := range t.rules[group{c, who}] {
			if r.covers(price.Minor, now) {
				return r.max
			}
		}
	}
	return checkout.MaxInstallments
}

func (r rule) covers(minor int64, now time.Time) bool {
	return minor >= r.minMinor && minor <= r.maxMinor && !now.Before(r.from) &&
		(r.until.IsZero() || now.Before(r.until))
}

// Categories lists the categories that have rows, in alphabetical order.
func (t *Table) Categories() []string { return slices.Clone(t.known) }

// Known says whether a category has rows. An unknown one has the general limit only, so whoever
// takes categories from people should refuse what is not known.
func (t *Table) Known(category string) bool {
	_, found := slices.BinarySearch(t.known, category)
	return found
}

var columns = []string{
	"category", "card_kind", "price_from_minor", "price_to_minor", "max", "valid_from", "valid_to", "source",
}

// Parse reads a table: CSV with exactly the columns of tr-caps.csv. Prices are kuruş, both ends
// included, empty = open; dates are days in Istanbul, both included, an empty valid_to = open. Two
// rows that could both decide are an error, so that the order of rows never matters.
func Parse(r io.Reader) (*Table, error) {
	zone, err := time.LoadLocation("Europe/Istanbul")
	if err != nil {
		return nil, fmt.Errorf("reading the instalment limits: %w", err)
	}
	lines, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading the instalment limits: %w", err)
	}
	if len(lines) == 0 || !slices.Equal(lines[0], columns) {
		return nil, fmt.Errorf("reading the instalment limits: the columns are not %s", strings.Join(columns, ","))
	}
	t := &Table{rules: make(map[group][]rule)}
	for i, cells := range lines[1:] {
		if err := t.add(cells, zone); err != nil {
			return nil, fmt.Errorf("reading the instalment limits, row %d: %w", i+1, err)
		}
	}
	slices.Sort(t.known)
	t.known = slices.Compact(t.known)
	return t, nil
}

func (t *Table) add(cells []string, zone *time.Location) error {
	category, kind := cells[0], cells[1]
	if !code(category) {
		return errors.New("a category is lower-case words joined by underscores")
	}
	if kind != consumer && kind != commercial {
		return fmt.Errorf("card_kind is %s or %s", consumer, commercial)
	}
	if cells[7] == "" {
		return errors.New("a limit without a source is a rumour")
	}
	r, err := readRule(cells, zone)
	if err != nil {
		return err
	}
	for _, other := range t.rules[group{category, kind}] {
		if r.overlaps(other) {
			return fmt.Errorf("another row of %s decides about the same price and day", category)
		}
	}
	t.rules[group{category, kind}] = append(t.rules[group{category, kind}], r)
	t.known = append(t.known, category)
	return nil
}

func readRule(cells []string, zone *time.Location) (rule, error) {
	var r rule
	var errs [5]error
	r.minMinor, errs[0] = minor(cells[2], 0)
	r.maxMinor, errs[1] = minor(cells[3], math.MaxInt64)
	r.max, errs[2] = strconv.Atoi(cells[4])
	r.from, errs[3] = time.ParseInLocation(time.DateOnly, cells[5], zone)
	if cells[6] != "" {
		r.until, errs[4] = time.ParseInLocation(time.DateOnly, cells[6], zone)
		r.until = r.until.AddDate(0, 0, 1)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return rule{}, err
	}
	switch {
	case r.max < 1 || r.max > checkout.MaxInstallments:
		return rule{}, fmt.Errorf("max is 1 to %d", checkout.MaxInstallments)
	case r.minMinor > r.maxMinor:
		return rule{}, errors.New("the price band ends before it begins")
	case !r.until.IsZero() && !r.from.Before(r.until):
		return rule{}, errors.New("the row ends before it begins")
	}
	return r, nil
}

func minor(text string, open int64) (int64, error) {
	if text == "" {
		return open, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && n < 0 {
		err = errors.New("prices are not negative")
	}
	return n, err
}

func (r rule) overlaps(o rule) bool {
	prices := r.minMinor <= o.maxMinor && o.minMinor <= r.maxMinor
	days := (o.until.IsZero() || r.from.Before(o.until)) && (r.until.IsZero() || o.from.Before(r.until))
	return prices && days
}

func code(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return s != "" && s[0] != '_' && s[len(s)-1] != '_'
}
