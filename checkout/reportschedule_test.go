package checkout

import (
	"testing"
	"time"
)

// The mornings of schedules and what has ended on them, in Istanbul's days, at the edges of weeks, months and years.
func TestReportMornings(t *testing.T) {
	at := func(text string) time.Time {
		out, err := time.ParseInLocation("2006-01-02 15:04:05", text, Istanbul())
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, c := range []struct {
		terms              ReportTerms
		now, next          string
		last, from, before string
	}{
		{ReportTerms{Every: Daily}, "2026-11-22 06:59:59", "2026-11-22 07:00:00", "2026-11-21 07:00:00", "2026-11-20 00:00:00", "2026-11-21 00:00:00"},
		{ReportTerms{Every: Daily}, "2026-11-22 07:00:00", "2026-11-23 07:00:00", "2026-11-22 07:00:00", "2026-11-21 00:00:00", "2026-11-22 00:00:00"},
		{ReportTerms{Every: Daily}, "2026-11-22 23:59:59", "2026-11-23 07:00:00", "2026-11-22 07:00:00", "2026-11-21 00:00:00", "2026-11-22 00:00:00"},
		{ReportTerms{Every: Weekly, Weekday: "monday"}, "2026-11-22 12:00:00", "2026-11-23 07:00:00", "2026-11-16 07:00:00", "2026-11-09 00:00:00", "2026-11-16 00:00:00"},
		{ReportTerms{Every: Weekly, Weekday: "sunday"}, "2026-11-22 12:00:00", "2026-11-29 07:00:00", "2026-11-22 07:00:00", "2026-11-09 00:00:00", "2026-11-16 00:00:00"},
		{ReportTerms{Every: Weekly, Weekday: "friday"}, "2027-01-01 07:00:00", "2027-01-08 07:00:00", "2027-01-01 07:00:00", "2026-12-21 00:00:00", "2026-12-28 00:00:00"},
		{ReportTerms{Every: Monthly}, "2027-01-01 06:59:59", "2027-01-01 07:00:00", "2026-12-01 07:00:00", "2026-11-01 00:00:00", "2026-12-01 00:00:00"},
		{ReportTerms{Every: Monthly}, "2028-03-01 07:00:00", "2028-04-01 07:00:00", "2028-03-01 07:00:00", "2028-02-01 00:00:00", "2028-03-01 00:00:00"},
	} {
		now := at(c.now)
		last := c.terms.last(now)
		from, to := c.terms.Period(last)
		for what, pair := range map[string][2]time.Time{
			"next": {c.terms.Next(now), at(c.next)}, "last": {last, at(c.last)}, "from": {from, at(c.from)}, "to": {to, at(c.before)},
		} {
			if !pair[0].Equal(pair[1]) {
				t.Errorf("%s %s at %s: %s %s, want %s", c.terms.Every, c.terms.Weekday, c.now, what, pair[0].In(Istanbul()), pair[1])
			}
		}
	}
}

func TestReportRecipients(t *testing.T) {
	got, wrong := reportRecipients([]string{" a@x.example ", "A@x.example", "b@X.example"})
	if wrong != nil || len(got) != 2 || got[0] != "a@x.example" || got[1] != "b@x.example" {
		t.Errorf("%v %v", got, wrong)
	}
	for code, typed := range map[string][]string{
		"required": nil, "email_format": {"a@x.example", "a@x.example\r\nBcc: b@x.example"},
		"too_many": {"a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example", "f@x.example"},
	} {
		if _, wrong := reportRecipients(typed); wrong == nil || wrong.Code != code || wrong.Field != "to" {
			t.Errorf("%s: %v", code, wrong)
		}
	}
}
