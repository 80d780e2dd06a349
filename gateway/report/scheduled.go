package report

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Scheduled makes the files of scheduled reports: it is checkout.Reports.
type Scheduled struct {
	Ledger  Ledger
	Clock   checkout.Clock
	LinkURL func(token checkout.Token) string
}

var _ checkout.Reports = Scheduled{}

// mailed are the formats that people open from a mail.
var mailed = []string{"csv", "xlsx"}

// MailedFormats lists the formats that reports are sent in, the usual one first.
func MailedFormats() []string { return slices.Clone(mailed) }

// Check finds the mistakes of a report's name, filters and format.
func (s Scheduled) Check(t checkout.ReportTerms) (errs []checkout.FieldError) {
	wrong := func(field string) { errs = append(errs, checkout.FieldError{Field: field, Code: "not_a_choice"}) }
	r, known := ByName(t.Report)
	if !known {
		wrong("report")
	}
	for _, f := range []struct{ name, value string }{
		{FilterStatus, t.Status}, {FilterKind, string(t.Kind)}, {FilterCurrency, string(t.Currency)}, {FilterAccount, string(t.Account)},
	} {
		choices := r.Choices(f.name)
		if known && f.value != "" && (!r.Takes(f.name) || choices != nil && !slices.Contains(choices, f.value)) {
			wrong(f.name)
		}
	}
	if !slices.Contains(mailed, t.Format) {
		wrong("format")
	}
	if t.Format == "csv" && !slices.Contains(Dialects, Dialect(t.Dialect)) {
		wrong("dialect")
	}
	return errs
}

// Make reads a report to its end. What is larger than most is counted and added up all the same, and its file is not
// kept in memory.
func (s Scheduled) Make(ctx context.Context, a checkout.ReportAsk, most int) (checkout.MadeReport, error) {
	r, known := ByName(a.Report)
	format, there := FormatByName(a.Format)
	if !known || !there {
		return checkout.MadeReport{}, errors.New("report: no report " + a.Report + " as " + a.Format)
	}
	q := Query{
		Merchant: a.Merchant, From: a.From, To: a.To, Status: a.Status, Kind: a.Kind, Currency: a.Currency, Account: a.Account,
		Mailed: true, Now: s.Clock.Now(), LinkURL: s.LinkURL,
	}
	from, err := Open(ctx, s.Ledger, r, q, format, a.Lang, Dialect(a.Dialect))
	if err != nil {
		return checkout.MadeReport{}, err
	}
	var body bytes.Buffer
	if _, err = io.CopyN(&body, from, int64(most)+1); err == nil {
		body = bytes.Buffer{}
		_, err = io.Copy(io.Discard, from)
	} else if errors.Is(err, io.EOF) {
		err = nil
	}
	if err != nil {
		return checkout.MadeReport{}, err
	}
	made := checkout.MadeReport{Title: r.Title.In(a.Lang), From: a.From, To: a.To}
	made.Rows, made.Sums = from.sums(a.Lang)
	if body.Len() > 0 {
		made.File = &checkout.MessageFile{Name: FileName(r, q.From, q.To, format), Type: format.Type, Body: body.Bytes()}
	}
	return made, nil
}

// sums are the rows and totals of a report that was read to its end.
func (s *Stream) sums(lang string) (rows int64, all []checkout.ReportSum) {
	for _, t := range s.totals {
		rows += t.Rows
		for i, c := range s.columns {
			if v := t.Sums[i]; c.Sum && !v.None {
				all = append(all, checkout.ReportSum{
					Title: c.Title.In(lang), Money: c.Type == TypeMoney, Sum: checkout.Money{Minor: v.N, Currency: t.Currency},
				})
			}
		}
	}
	return rows, all
}

// FileName says what is in a report's file, in letters that every system takes. from and to are its period; zero = open.
func FileName(r Report, from, to time.Time, f Format) string {
	parts := []string{"odelink", r.Name}
	for _, t := range []time.Time{from, to} {
		if !t.IsZero() {
			parts = append(parts, t.In(Zone).Format("20060102"))
		}
	}
	return strings.Join(parts, "-") + "." + f.Name
}
