package templates

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// dateFormat is a language's way to write a moment: literal text and fields in turn.
type dateFormat struct {
	parts  []datePart
	months []string
}

type datePart struct {
	literal string
	field   string // "" for literal text
}

// parseDates reads "meta.datetime", such as "{dd}.{mm}.{yyyy} {hh}:{mi} (TSİ)". Fields: {d} {dd} day,
// {mm} month number, {mon} month name from "meta.months" (twelve, separated by |), {yyyy} {hh} {mi}.
// Go's own layouts do not serve: the 3 of "(UTC+3)" would be read as an hour.
func parseDates(text map[string]string) (dateFormat, error) {
	var f dateFormat
	f.months = strings.Split(text["meta.months"], "|")
	if len(f.months) != 12 {
		return f, errors.New("meta.months has not twelve names")
	}
	rest := text["meta.datetime"]
	for rest != "" {
		lit, after, found := strings.Cut(rest, "{")
		if lit != "" {
			f.parts = append(f.parts, datePart{literal: lit})
		}
		if !found {
			break
		}
		field, tail, closed := strings.Cut(after, "}")
		if !closed || !strings.Contains(" d dd mm mon yyyy hh mi ", " "+field+" ") {
			return f, fmt.Errorf("meta.datetime has the unknown field %q", field)
		}
		f.parts, rest = append(f.parts, datePart{field: field}), tail
	}
	if len(f.parts) == 0 {
		return f, errors.New("meta.datetime is missing")
	}
	return f, nil
}

// When writes a moment in Istanbul's time with the zone's name: "05.11.2026 14:30 (TSİ)" in
// Turkish, "5 Nov 2026, 14:30 (UTC+3)" in English (checklist O4).
func (l *Locale) When(t time.Time) string { return string(l.AppendWhen(make([]byte, 0, 32), t)) }

// AppendWhen is When without an allocation of its own.
func (l *Locale) AppendWhen(dst []byte, t time.Time) []byte {
	t = t.In(l.zone)
	year, month, day := t.Date()
	hour, minute, _ := t.Clock()
	for _, p := range l.dates.parts {
		switch p.field {
		case "":
			dst = append(dst, p.literal...)
		case "d":
			dst = appendPadded(dst, day, 1)
		case "dd":
			dst = appendPadded(dst, day, 2)
		case "mm":
			dst = appendPadded(dst, int(month), 2)
		case "mon":
			dst = append(dst, l.dates.months[month-1]...)
		case "yyyy":
			dst = appendPadded(dst, year, 4)
		case "hh":
			dst = appendPadded(dst, hour, 2)
		case "mi":
			dst = appendPadded(dst, minute, 2)
		}
	}
	return dst
}

// YearMonth is the month that t falls in, in Istanbul, as 202611: a card is good to the last day
// of its month there (checklist C11).
func (l *Locale) YearMonth(t time.Time) int {
	year, month, _ := t.In(l.zone).Date()
	return year*100 + int(month)
}

func appendPadded(dst []byte, n, width int) []byte {
	var buf [8]byte
	i := len(buf)
	for n > 0 || width > 0 {
		i--
		buf[i] = byte('0' + n%10)
		n /= 10
		width--
	}
	return append(dst, buf[i:]...)
}

// Day writes the calendar day of a moment in Istanbul, as When does without the time: "05.11.2026".
func (l *Locale) Day(t time.Time) string {
	day := *l
	for i, p := range l.dates.parts {
		if p.field == "yyyy" {
			day.dates.parts = l.dates.parts[:i+1]
		}
	}
	return day.When(t)
}

// Clock writes the time of day in Istanbul: "14:30".
func (l *Locale) Clock(t time.Time) string { return t.In(l.zone).Format("15:04") }

// DaysAhead is how many calendar days in Istanbul lie between now and t: 0 = today, 1 = tomorrow.
func (l *Locale) DaysAhead(now, t time.Time) int {
	day := func(t time.Time) time.Time {
		year, month, day := t.In(l.zone).Date()
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	return int(day(t).Sub(day(now)) / (24 * time.Hour))
}

// Zone is the time zone that the language's dates are written in.
func (l *Locale) Zone() *time.Location { return l.zone }
