package statement

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sheet"
)

// take reads a row into a line, or says why not.
func (in *reader) take(row sheet.Row) {
	if isTotal(row) {
		return
	}
	l := checkout.BankLine{Row: row.Number}
	for _, read := range []struct {
		field string
		into  func(sheet.Cell, *checkout.BankLine) string
	}{
		{FieldCurrency, in.currencyOf(in.cell(row, FieldAmount))}, {FieldAmount, amount}, {FieldDate, date(in.cell(row, FieldTime))}, {FieldKind, kind}, {FieldStatus, state},
		{FieldValueDate, valueDate}, {FieldCommission, commission}, {FieldNet, net},
	} {
		if code := read.into(in.cell(row, read.field), &l); code != "" {
			in.fault(row.Number, read.field, code)
			return
		}
	}
	l.RRN, l.Order, l.AuthCode, l.Card = name(in.cell(row, FieldRRN)), name(in.cell(row, FieldOrder)), name(in.cell(row, FieldAuth)), masked(name(in.cell(row, FieldCard)))
	in.read.Lines = append(in.read.Lines, l)
}

// cell is the value of a field, empty where the file has no such column.
func (in *reader) cell(row sheet.Row, field string) sheet.Cell {
	if i, has := in.at[field]; has && i < len(row.Cells) {
		return row.Cells[i]
	}
	return sheet.Cell{}
}

func isTotal(row sheet.Row) bool {
	for _, c := range row.Cells {
		if c.Text == "" {
			continue
		}
		first := sheet.Fold(c.Text)
		for _, word := range totals {
			if first == word || strings.HasPrefix(first, word+" ") {
				return true
			}
		}
		return false
	}
	return false
}

// maxName bounds what names a payment at a bank, in characters (payfor.md 2 has 50).
const maxName = 64

// name is a value that names something. What looks like a card number is not kept whole (A32).
func name(c sheet.Cell) string {
	if r := []rune(c.Text); len(r) > maxName {
		c.Text = string(r[:maxName])
	}
	return masked(c.Text)
}

// cardDigits are runs of digits as long as a card number.
var cardDigits = regexp.MustCompile(`[0-9](?:[ -]?[0-9]){11,18}`)

// masked leaves the first six and the last four digits of what may be a card number.
func masked(text string) string {
	if !checkout.HoldsCard(text) {
		return text
	}
	out := cardDigits.ReplaceAllStringFunc(text, func(run string) string {
		digits := strings.NewReplacer(" ", "", "-", "").Replace(run)
		return digits[:6] + strings.Repeat("*", len(digits)-10) + digits[len(digits)-4:]
	})
	if checkout.HoldsCard(out) {
		return "" // in digits of another script, or in a form that nobody masks by hand
	}
	return out
}

// currencyOf reads the currency of a row: its column's, that of the amount's own mark, or the list's.
func (in *reader) currencyOf(amount sheet.Cell) func(sheet.Cell, *checkout.BankLine) string {
	return func(c sheet.Cell, l *checkout.BankLine) string {
		l.Amount.Currency = in.currency
		if c.Text != "" {
			of, ok := currencyMarked(c.Text)
			if l.Amount.Currency = of; !ok {
				return "currency_unknown"
			}
			return ""
		}
		if of, ok := currencyMarked(strings.Trim(amount.Text, "0123456789.,+-−() \u00a0\u202f")); ok {
			l.Amount.Currency = of // another mark makes the amount none
		}
		return ""
	}
}

func currencyMarked(text string) (checkout.Currency, bool) {
	for c, marks := range currencyMarks {
		if slices.ContainsFunc(marks, func(m string) bool { return strings.EqualFold(text, m) }) {
			return c, true
		}
	}
	return "", false
}

func amount(c sheet.Cell, l *checkout.BankLine) string {
	if c.Text == "" {
		return "required"
	}
	minor, ok := money(c, l.Amount.Currency)
	if !ok {
		return "amount_format"
	}
	if l.Amount.Minor = minor; minor < 0 {
		l.Amount.Minor, l.Kind = -minor, checkout.LineRefund // or a void, if the row says so; a sale it is not
	}
	return ""
}

var currencyMarks = map[checkout.Currency][]string{
	checkout.TRY: {"TRY", "TL", "₺", "949", "TRL", "Türk Lirası", "YTL"}, checkout.USD: {"USD", "$", "840", "US$"}, checkout.EUR: {"EUR", "€", "978", "Euro"},
	checkout.GBP: {"GBP", "£", "826"}, checkout.JPY: {"JPY", "¥", "392"}, checkout.RUB: {"RUB", "₽", "643"},
}

// money reads an amount with its sign, which may stand behind it or be brackets.
func money(c sheet.Cell, currency checkout.Currency) (int64, bool) {
	if c.Number {
		return number(c.Text, currency)
	}
	text := strings.TrimSpace(c.Text)
	sign := int64(1)
	if inner, ok := strings.CutPrefix(text, "("); ok && strings.HasSuffix(inner, ")") {
		text, sign = inner[:len(inner)-1], -1
	}
	for _, minus := range []string{"-", "−"} {
		if rest, ok := strings.CutPrefix(text, minus); ok {
			text, sign = rest, -sign
		} else if rest, ok := strings.CutSuffix(text, minus); ok {
			text, sign = rest, -sign
		}
	}
	text = strings.TrimPrefix(text, "+")
	for _, mark := range currencyMarks[currency] {
		for _, cut := range []func(string, string) (string, bool){strings.CutPrefix, strings.CutSuffix} {
			if rest, ok := cut(text, mark); ok {
				text = strings.TrimSpace(rest)
			}
		}
	}
	m, err := checkout.ParseTyped(text, currency)
	return sign * m.Minor, err == nil
}

// number reads an amount that the file holds as a number. Workbooks hold binary fractions: what is within a
// millionth of a whole number of minor units is it.
func number(text string, currency checkout.Currency) (int64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	minor := n * math.Pow10(currency.Exponent())
	whole := math.Round(minor)
	return int64(whole), err == nil && math.Abs(minor-whole) < 1e-6*math.Max(1, math.Abs(whole)/1e6) && math.Abs(whole) <= 1e15
}

func commission(c sheet.Cell, l *checkout.BankLine) string {
	return optional(c, l.Amount.Currency, &l.Commission)
}

func net(c sheet.Cell, l *checkout.BankLine) string {
	return optional(c, l.Amount.Currency, &l.Net)
}

// optional reads an amount that may be missing. It stays as the bank signs it.
func optional(c sheet.Cell, currency checkout.Currency, to **int64) string {
	if c.Text == "" || c.Text == "-" {
		return ""
	}
	minor, ok := money(c, currency)
	if !ok {
		return "amount_format"
	}
	*to = &minor
	return ""
}

// date reads the day, and the time that may stand beside it.
func date(clock sheet.Cell) func(sheet.Cell, *checkout.BankLine) string {
	return func(c sheet.Cell, l *checkout.BankLine) string {
		if c.Text == "" {
			return "required"
		}
		at, timed, ok := moment(c, clock)
		if !ok {
			return "date_format"
		}
		l.At, l.Timed = at, timed
		return ""
	}
}

func valueDate(c sheet.Cell, l *checkout.BankLine) string {
	if c.Text == "" || c.Text == "-" {
		return ""
	}
	at, _, ok := moment(c, sheet.Cell{})
	if !ok {
		return "date_format"
	}
	l.ValueDate = at.In(checkout.Istanbul()).Format(time.DateOnly)
	return ""
}

// dates are the forms of a day, and clocks those of a time behind it.
var (
	dates  = []string{"2.1.2006", "2/1/2006", "2-1-2006", "2006-1-2", "2006/1/2", "2006.1.2", "20060102", "2.1.06", "2/1/06"}
	clocks = []string{"15:04:05", "15:04", "15.04.05", "15:04:05.999999999", "150405", "3:04:05 PM"}
	// named is "22 Kasım 2026".
	named = regexp.MustCompile(`^([0-9]{1,2}) ([a-z]{3})[a-z]* ([0-9]{4})(?: (.*))?$`)
)

// moment reads a day in Istanbul, with the time in it or beside it, or a moment with its zone. timed is whether
// there was a time.
func moment(c, clock sheet.Cell) (at time.Time, timed, ok bool) {
	text := strings.TrimSpace(c.Text)
	if c.Number {
		return serial(text)
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), true, within(at)
	}
	day, rest := split(text)
	if clock.Text != "" {
		rest = strings.TrimSpace(clock.Text)
	}
	for _, form := range dates {
		date, err := time.ParseInLocation(form, day, checkout.Istanbul())
		if err != nil {
			continue
		}
		if rest == "" {
			return date.UTC(), false, within(date)
		}
		for _, c := range clocks {
			if t, err := time.Parse(c, rest); err == nil {
				y, m, d := date.Date()
				at := time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, checkout.Istanbul())
				return at.UTC(), true, within(at)
			}
		}
		return at, false, false
	}
	return at, false, false
}

// within holds a day against the years that an account of ours can have payments in.
func within(at time.Time) bool { return at.Year() >= 2000 && at.Year() <= 2100 }

// split cuts a day from the time behind it, and writes a month's name as its number.
func split(text string) (day, rest string) {
	if m := named.FindStringSubmatch(sheet.Fold(text)); m != nil && months[m[2]] > 0 {
		if at := strings.IndexByte(text, ':'); at > 2 {
			rest = strings.TrimSpace(text[strings.LastIndexByte(text[:at], ' ')+1:])
		}
		return m[1] + "." + strconv.Itoa(months[m[2]]) + "." + m[3], rest
	}
	if len(text) == len("20060102150405") && strings.Trim(text, "0123456789") == "" {
		return text[:8], text[8:]
	}
	if at := strings.IndexAny(text, " T"); at > 0 {
		return text[:at], strings.TrimSpace(text[at+1:])
	}
	return text, ""
}

// serial reads a day that a workbook holds as a number without saying that it is one, and 20261122.
func serial(text string) (at time.Time, timed, ok bool) {
	if len(text) == len("20060102") {
		day, err := time.ParseInLocation("20060102", text, checkout.Istanbul())
		return day.UTC(), false, err == nil && within(day)
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 36526 || n > 73415 { // the years 2000 to 2100, counted from 1899-12-30
		return at, false, false
	}
	seconds := int(math.Round((n - math.Floor(n)) * 86400))
	at = time.Date(1899, 12, 30+int(n), 0, 0, seconds, 0, checkout.Istanbul())
	return at.UTC(), seconds > 0, true
}

func kind(c sheet.Cell, l *checkout.BankLine) string {
	text := sheet.Fold(c.Text)
	if text == "" {
		if l.Kind == "" {
			l.Kind = checkout.LineSale
		}
		return ""
	}
	for _, w := range kinds {
		if strings.Contains(text, w.in) {
			below := l.Kind == checkout.LineRefund // so far by the amount's sign alone
			switch l.Kind = checkout.LineKind(w.means); {
			case l.Kind == "":
				return "kind_unknown"
			case below && l.Kind == checkout.LineSale:
				return "sale_below_zero"
			}
			return ""
		}
	}
	return "kind_unknown"
}

func state(c sheet.Cell, l *checkout.BankLine) string {
	text := sheet.Fold(c.Text)
	if text == "" {
		l.State = checkout.LineDone
		return ""
	}
	for _, w := range states {
		if strings.Contains(text, w.in) {
			l.State = checkout.LineState(w.means)
			if l.Kind != checkout.LineSale && l.State != checkout.LineFailed {
				l.State = checkout.LineDone // of a void, "voided" is how it should be
			}
			return ""
		}
	}
	return "status_unknown"
}
