package letter

import (
	"strconv"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/templates"
)

// report brings a merchant a report with its totals; the file is attached, or the button leads to where it is had.
func report(l *templates.Locale, f checkout.LetterFacts) checkout.Letter {
	made := f.Report
	told := []string{"title", made.Title, "period", period(l, made.From, made.To), "n", strconv.FormatInt(made.Rows, 10)}
	key := "mail.report.text"
	switch {
	case made.File == nil:
		key = "mail.report.large"
	case made.Rows == 0:
		key = "mail.report.none"
	}
	out := frame(l, f.Merchant)
	out.ReplyTo = ""
	out.Subject, out.Text = line(l.Text("mail.report.subject", told...)), l.Text(key, told...)
	out.Action, out.URL = l.Text("mail.report.action"), f.URL
	pairs := []string{l.Text("mail.report.period"), period(l, made.From, made.To), l.Text("mail.report.rows"), strconv.FormatInt(made.Rows, 10)}
	for _, s := range made.Sums {
		if s.Money {
			pairs = append(pairs, s.Title, l.Money(s.Sum.Minor, string(s.Sum.Currency)))
		} else {
			pairs = append(pairs, line(s.Title+" "+string(s.Sum.Currency)), strconv.FormatInt(s.Sum.Minor, 10))
		}
	}
	out.Rows = rows(pairs...)
	out.Foot = []string{l.Text("mail.report.foot", "merchant", f.Merchant.Name)}
	return out
}

// period is its day, or its first and last.
func period(l *templates.Locale, from, to time.Time) string {
	last := to.Add(-time.Nanosecond)
	if first, end := l.Day(from), l.Day(last); first != end {
		return first + " – " + end
	}
	return l.Day(from)
}
