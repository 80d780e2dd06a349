package report

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/odelink/odelink/checkout"
)

// csvEncoder writes one of the dialects. encoding/csv would neither quote what another separator cuts nor
// every text, which spreadsheets need (domain.md 5.5).
type csvEncoder struct {
	head
	w *bytes.Buffer
}

func newCSV(w *bytes.Buffer, h head) encoder { return &csvEncoder{h, w} }

// begin writes the titles for people, the names for programs.
func (e *csvEncoder) begin() error {
	if e.dialect == DialectTR {
		e.w.WriteString("\ufeff")
	}
	for i, c := range e.columns {
		e.separate(i)
		if e.dialect == DialectTR {
			e.text(e.titles[i])
		} else {
			e.text(c.Name)
		}
	}
	e.w.WriteString("\r\n")
	return nil
}

func (e *csvEncoder) separate(i int) {
	switch {
	case i == 0:
	case e.dialect == DialectTR:
		e.w.WriteByte(';')
	default:
		e.w.WriteByte(',')
	}
}

func (e *csvEncoder) row(r Row) error {
	for i, c := range e.columns {
		e.separate(i)
		if !r.Values[i].None {
			e.value(c, r.Values[i], r.Currency)
		}
	}
	e.w.WriteString("\r\n")
	return nil
}

func (e *csvEncoder) value(of Column, v Value, c checkout.Currency) {
	switch of.Type {
	case TypeMoney:
		e.decimal(checkout.Money{Minor: v.N, Currency: c}.Decimal())
	case TypeRate:
		e.decimal(checkout.Rate(v.N).String())
	case TypeCount:
		e.w.Write(strconv.AppendInt(e.w.AvailableBuffer(), v.N, 10))
	case TypeTime:
		e.time(v.At.UTC(), "02.01.2006 15:04:05", isoTime)
	case TypeLocal:
		e.time(v.At.In(Zone), "02.01.2006 15:04:05", isoTime)
	case TypeDate:
		e.time(v.At.In(Zone), "02.01.2006", time.DateOnly)
	case TypeCode:
		if e.dialect == DialectTR {
			v.Text = of.Said(v.Text, e.lang)
		}
		e.text(v.Text)
	default:
		e.text(v.Text)
	}
}

func (e *csvEncoder) decimal(text string) {
	if e.dialect == DialectTR {
		text = strings.Replace(text, ".", ",", 1)
	}
	e.w.WriteString(text)
}

func (e *csvEncoder) time(t time.Time, people, programs string) {
	if e.dialect != DialectTR {
		people = programs
	}
	e.w.WriteString(t.Format(people))
}

// text writes a text that a spreadsheet takes for one. The Turkish dialect quotes each; the other one what
// holds any mark at which some program cuts, so that no rest of it begins a cell of its own.
func (e *csvEncoder) text(s string) {
	s = inert(s)
	if e.dialect != DialectTR && !strings.ContainsAny(s, ",;\t|\"'\r\n") && s == strings.TrimSpace(s) {
		e.w.WriteString(s)
		return
	}
	e.w.WriteByte('"')
	e.w.WriteString(strings.ReplaceAll(s, `"`, `""`))
	e.w.WriteByte('"')
}

// Inert is a text that a spreadsheet takes for one, wherever else it is written (A54).
func Inert(s string) string { return inert(s) }

// inert puts an apostrophe before what a spreadsheet would calculate: = + - @ in any width, tabs and line ends,
// also behind what is not to be seen (threat model A54).
func inert(s string) string {
	rest := strings.TrimLeftFunc(s, func(r rune) bool {
		return r == ' ' || r == '\ufeff' || unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Cf, r)
	})
	switch first, _ := utf8.DecodeRuneInString(rest); first {
	case '=', '+', '-', '@', '\t', '\r', '\n', '\v', '\f', '\u0085', '\u2028', '\u2029',
		'＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '−', '⁼', '⁺', '⁻', '₌', '₊', '₋':
		return "'" + s
	}
	return s
}

// end writes the totals for people. A program that adds lines up must not meet sums among them.
func (e *csvEncoder) end(totals []Total) error {
	if e.dialect != DialectTR {
		return nil
	}
	for _, t := range totals {
		if err := e.row(totalRow(e.columns, t, totalWord.In(e.lang))); err != nil {
			return err
		}
	}
	return nil
}
