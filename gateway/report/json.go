package report

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/odelink/odelink/checkout"
)

// jsonEncoder writes {"report":…,"from":…,"to":…,"columns":[…],"data":[…],"totals":[…]}. Money is minor units,
// as everywhere in the API; totals come last, since they are known last.
type jsonEncoder struct {
	head
	w     *bytes.Buffer
	names [][]byte // as they stand before a value
	some  bool
}

func newJSON(w *bytes.Buffer, h head) encoder {
	e := &jsonEncoder{head: h, w: w}
	for _, c := range h.columns {
		e.names = append(e.names, append(strconv.AppendQuote(nil, c.Name), ':'))
	}
	return e
}

// ColumnView is a column as programs are told of it.
type ColumnView struct {
	Name  string `json:"name"`
	Type  Type   `json:"type"`
	Title string `json:"title"`
	Total bool   `json:"total"`
}

// View describes a column in a language.
func (c Column) View(lang string) ColumnView {
	return ColumnView{c.Name, c.Type, c.Title.In(lang), c.Sum}
}

func (e *jsonEncoder) begin() error {
	views := make([]ColumnView, len(e.columns))
	for i, c := range e.columns {
		views[i] = c.View(e.lang)
	}
	columns, err := json.Marshal(views)
	if err != nil {
		return err
	}
	e.w.WriteString(`{"report":` + strconv.Quote(e.name) + `,"from":`)
	e.time(e.from)
	e.w.WriteString(`,"to":`)
	e.time(e.to)
	e.w.WriteString(`,"columns":`)
	e.w.Write(columns)
	e.w.WriteString(`,"data":[`)
	return nil
}

func (e *jsonEncoder) time(t time.Time) {
	if t.IsZero() {
		e.w.WriteString("null")
		return
	}
	e.w.WriteString(t.UTC().Format(`"` + isoTime + `"`))
}

func (e *jsonEncoder) row(r Row) error {
	if e.some {
		e.w.WriteByte(',')
	}
	e.some = true
	e.w.WriteByte('{')
	for i, c := range e.columns {
		if i > 0 {
			e.w.WriteByte(',')
		}
		e.w.Write(e.names[i])
		if err := e.value(c.Type, r.Values[i]); err != nil {
			return err
		}
	}
	e.w.WriteByte('}')
	return nil
}

func (e *jsonEncoder) value(t Type, v Value) error {
	if v.None {
		e.w.WriteString("null")
		return nil
	}
	switch t {
	case TypeMoney, TypeCount:
		e.w.Write(strconv.AppendInt(e.w.AvailableBuffer(), v.N, 10))
	case TypeRate:
		e.w.WriteString(`"` + checkout.Rate(v.N).String() + `"`)
	case TypeTime:
		e.time(v.At)
	case TypeLocal:
		e.w.WriteString(v.At.In(Zone).Format(`"` + isoTime + `"`))
	case TypeDate:
		e.w.WriteString(v.At.In(Zone).Format(`"` + time.DateOnly + `"`))
	default:
		b, err := json.Marshal(v.Text)
		e.w.Write(b)
		return err
	}
	return nil
}

func (e *jsonEncoder) end(totals []Total) error {
	e.w.WriteString(`],"totals":[`)
	for i, t := range totals {
		if i > 0 {
			e.w.WriteByte(',')
		}
		e.w.WriteString(`{"currency":` + strconv.Quote(string(t.Currency)) + `,"rows":` + strconv.FormatInt(t.Rows, 10))
		for at, c := range e.columns {
			if c.Sum {
				e.w.WriteByte(',')
				e.w.Write(e.names[at])
				if err := e.value(c.Type, t.Sums[at]); err != nil {
					return err
				}
			}
		}
		e.w.WriteByte('}')
	}
	e.w.WriteString("]}")
	return nil
}
