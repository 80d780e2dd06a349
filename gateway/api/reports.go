package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/gateway/web"
)

// What an address of a report that is none is answered with.
var (
	errNoReport = &checkout.Error{Kind: checkout.KindNotFound, Code: "report_not_found"}
	errNoFormat = &checkout.Error{Kind: checkout.KindNotFound, Code: "report_format_not_found"}
)

// reportView is a report as the list shows it.
type reportView struct {
	Name    string              `json:"name"`
	Title   string              `json:"title"`
	About   string              `json:"description"`
	Formats []string            `json:"formats"`
	Filters []filterView        `json:"filters"`
	Columns []report.ColumnView `json:"columns"`
}

type filterView struct {
	Name    string   `json:"name"`
	Choices []string `json:"choices"` // null: any value of its kind
}

func (s *Surface) listReports(c *fiber.Ctx) error {
	f := filters{c: c}
	lang := f.lang()
	if err := f.err(); err != nil {
		return err
	}
	views := []reportView{}
	for _, r := range report.All() {
		v := reportView{Name: r.Name, Title: r.Title.In(lang), About: r.About.In(lang), Filters: []filterView{}}
		for _, f := range report.Formats() {
			v.Formats = append(v.Formats, f.Name)
		}
		for _, f := range r.Filters {
			v.Filters = append(v.Filters, filterView{f.Name, f.Choices})
		}
		for _, col := range r.Columns() {
			v.Columns = append(v.Columns, col.View(lang))
		}
		views = append(views, v)
	}
	return c.JSON(struct {
		Data []reportView `json:"data"`
	}{views})
}

// readReport answers one report, written while it is read.
func (s *Surface) readReport(c *fiber.Ctx) error {
	r, known := report.ByName(c.Params("name"))
	if !known {
		return errNoReport
	}
	format, known := report.FormatByName(c.Params("format"))
	if !known {
		return errNoFormat
	}
	params := []string{"from", "to", "lang", "dialect"}
	for _, f := range r.Filters {
		params = append(params, f.Name)
	}
	if err := checkParams(c, params); err != nil {
		return err
	}
	f := filters{c: c}
	q, lang, dialect := s.reportQuery(&f, r), f.lang(), choice(&f, "dialect", report.Dialects)
	if err := f.err(); err != nil {
		return err
	}
	return s.sendReport(c, r, q, format, lang, dialect)
}

// sendReport writes a report's file while it is read; no dialect is the usual one.
func (s *Surface) sendReport(c *fiber.Ctx, r report.Report, q report.Query, format report.Format, lang string, dialect report.Dialect) error {
	if dialect == "" {
		dialect = report.DialectTR
	}
	if !s.writing.begin(q.Merchant) {
		return checkout.ErrVelocity.After(reportRetry)
	}
	over := func() { s.writing.end(q.Merchant) }
	// The answer outlives the handler; a client that goes away ends the reading.
	body, err := report.Open(context.WithoutCancel(c.UserContext()), s.Ledger, r, q, format, lang, dialect)
	if err != nil {
		over()
		return err
	}
	c.Set(fiber.HeaderContentType, format.Type)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+report.FileName(r, q.From, q.To, format)+`"`)
	web.Stream(c, body, over)
	return nil
}

// reportQuery reads the period and the report's own filters.
func (s *Surface) reportQuery(f *filters, r report.Report) report.Query {
	q := report.Query{Merchant: callerOf(f.c).merchant, Now: s.Clock.Now(), LinkURL: s.Flow.LinkURL}
	q.From, q.To = f.days()
	q.Status = choice(f, report.FilterStatus, r.Choices(report.FilterStatus))
	q.Kind = checkout.RefundKind(choice(f, report.FilterKind, r.Choices(report.FilterKind)))
	q.Currency = choice(f, report.FilterCurrency, checkout.Currencies)
	q.Account = checkout.AccountID(f.c.Query(report.FilterAccount))
	return q
}

// lang is the language of a report's words.
func (f *filters) lang() string {
	choice(f, "lang", []string{"tr", "en"})
	return web.ProgramLanguage(f.c)
}

// days reads from and to as times or as Istanbul's calendar days, which begin at midnight there.
func (f *filters) days() (from, to time.Time) {
	from, to = f.day("from"), f.day("to")
	f.inOrder(from, to)
	return from, to
}

func (f *filters) day(name string) time.Time {
	text := f.c.Query(name)
	if len(text) != len(time.DateOnly) {
		return f.time(name)
	}
	day, err := time.ParseInLocation(time.DateOnly, text, report.Zone)
	f.inRange(name, day, err)
	return day
}

const (
	// reportsAtOnce bounds what one merchant's reports take from everybody's database.
	reportsAtOnce = 4
	// reportRetry is when another one may be asked for.
	reportRetry = 10 * time.Second
)

// writing counts the reports that are being written, by merchant.
type writing struct {
	mu  sync.Mutex
	now []checkout.MerchantID
}

// begin says whether the merchant may have one more.
func (w *writing) begin(m checkout.MerchantID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	mine := 0
	for _, other := range w.now {
		if other == m {
			mine++
		}
	}
	if mine >= reportsAtOnce {
		return false
	}
	w.now = append(w.now, m)
	return true
}

func (w *writing) end(m checkout.MerchantID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.now, m); i >= 0 {
		w.now = slices.Delete(w.now, i, i+1)
	}
}
