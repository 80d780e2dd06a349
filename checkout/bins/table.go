// Package bins is the table of card prefixes: what the first six to eight digits of a card tell
// about its bank, its kind and its instalment programme.
//
// It deliberately asks no service and knows no more than its rows: the ones that are part of the
// program (tr-bins.csv, see README.md in this folder) and those an operator imported from an
// acquirer's list. A prefix without a row is an unknown card, and an unknown card pays at once. It
// keeps no imports either: whoever runs the table stores what Encode writes and gives it back.
package bins

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/odelink/odelink/checkout"
)

//go:embed tr-bins.csv
var embeddedCSV string

// embedded parses the program's own table once. The file is part of the program and a test reads
// it, so that a mistake in it is a programmer's mistake.
var embedded = sync.OnceValue(func() Rows {
	rows, err := parse([]byte(embeddedCSV), "tr-bins.csv")
	if err != nil {
		panic(err)
	}
	return rows
})

// Embedded answers the rows that are part of the program, by prefix.
func Embedded() Rows { return slices.Clone(embedded()) }

// ready is the program's own table, to be asked: sorted at the first question and not at the start, which
// no page has to wait for it.
var ready = sync.OnceValue(func() *index { return newIndex(embedded()) })

// Table is a checkout.BINs that can be replaced while it is being asked. The zero Table knows
// brands only.
type Table struct {
	current atomic.Pointer[index]
	own     bool // until it is replaced, it has the program's own rows
	unknown func(prefix string)
}

var _ checkout.BINs = (*Table)(nil)

// New answers a table of the embedded rows. unknown, if not nil, is told the 6 to 8 digits of
// every payable prefix that was asked for and has no row, never more digits; it is called on the
// path of a payer's request and must be quick.
func New(unknown func(prefix string)) *Table {
	return &Table{unknown: unknown, own: true}
}

// index is the table of the moment, nil of a zero Table.
func (t *Table) index() *index {
	if x := t.current.Load(); x != nil || !t.own {
		return x
	}
	return ready()
}

// Replace makes the table the embedded rows with the given ones over them, later ones over
// earlier ones. Whoever asks meanwhile gets an answer of the old table or of the new one.
func (t *Table) Replace(over ...Rows) {
	t.current.Store(newIndex(Merge(append([]Rows{embedded()}, over...)...)))
}

// Len is the number of rows.
func (t *Table) Len() int {
	if x := t.index(); x != nil {
		return len(x.keys)
	}
	return 0
}

var _ checkout.Programmer = (*Table)(nil)

// Programs are the programmes of the table's cards, those of imported rows among them, in order.
func (t *Table) Programs() []string {
	x := t.index()
	if x == nil {
		return nil
	}
	seen := map[string]bool{"": true}
	var all []string
	for _, b := range x.bins {
		if !seen[b.Program] {
			seen[b.Program] = true
			all = append(all, b.Program)
		}
	}
	slices.Sort(all)
	return all
}

// Issuers are the banks of the table's cards by their codes, those of imported rows among them. Of a bank with two names it
// is one of them.
func (t *Table) Issuers() map[string]string {
	all := map[string]string{}
	if x := t.index(); x != nil {
		for _, b := range x.bins {
			if b.IssuerCode != "" {
				all[b.IssuerCode] = b.Issuer
			}
		}
	}
	return all
}

// Lookup answers the row of the longest prefix among the first 8, 7 and 6 digits; without one, the
// brand of the leading digits (domain.md 1.1 and 1.2). Digits beyond the eighth are not looked at.
func (t *Table) Lookup(prefix string) checkout.BIN {
	if len(prefix) > maxPrefix {
		prefix = prefix[:maxPrefix]
	}
	value, ok := number(prefix)
	if !ok || !payable(prefix) {
		return checkout.BIN{}
	}
	if len(prefix) < minPrefix {
		return checkout.BIN{Brand: checkout.BrandOf(prefix)}
	}
	if x := t.index(); x != nil {
		for n := len(prefix); n >= minPrefix; n-- {
			if i, found := slices.BinarySearch(x.keys, key(value, n)); found {
				return x.bins[i]
			}
			value /= 10
		}
	}
	if t.unknown != nil {
		t.unknown(strings.Clone(prefix)) // the caller's string may live in a request's buffer
	}
	return checkout.BIN{Brand: checkout.BrandOf(prefix)}
}

// index is one immutable table: sorted keys, and beside each the answer ready to be copied.
type index struct {
	keys []uint32
	bins []checkout.BIN
}

func newIndex(rows Rows) *index {
	type entry struct {
		key uint32
		bin checkout.BIN
	}
	entries := make([]entry, 0, len(rows))
	for _, r := range rows {
		if value, ok := number(r.Prefix); ok && len(r.Prefix) >= minPrefix && len(r.Prefix) <= maxPrefix {
			entries = append(entries, entry{key(value, len(r.Prefix)), r.BIN()})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	x := &index{keys: make([]uint32, len(entries)), bins: make([]checkout.BIN, len(entries))}
	for i, e := range entries {
		x.keys[i], x.bins[i] = e.key, e.bin
	}
	return x
}

// key orders prefixes of different lengths in one table: 27 bits of value and 2 of length, so that
// 415565 and 41556500 are two keys.
func key(value uint32, digits int) uint32 { return value<<2 | uint32(digits-minPrefix) }

// number reads up to eight ASCII digits.
func number(digits string) (uint32, bool) {
	var v uint32
	for i := 0; i < len(digits); i++ {
		c := digits[i] - '0'
		if c > 9 {
			return 0, false
		}
		v = v*10 + uint32(c)
	}
	return v, len(digits) > 0
}

// payable says whether cards with this prefix can pay at all. Numbers that begin with 0, 1 or 90
// are codes that Turkish lists use for meal and shop cards (domain.md 1.1); no scheme has them.
func payable(prefix string) bool {
	return prefix[0] != '0' && prefix[0] != '1' && !strings.HasPrefix(prefix, "90")
}
