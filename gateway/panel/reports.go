package panel

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/templates"
)

// How much of a report is on the screen, and how much of it is read for its totals: in passing, and for who asked for
// them. The files have all of it.
const (
	reportShown = 50
	reportPages = 100
	reportRead  = 5000
	reportDays  = 30 // that are asked for where nobody asked for others
)

// reportsRoutes are the reports: their list, and each on the screen and as a file.
func (s *Surface) reportsRoutes() []route {
	return append(scheduleRoutes(),
		route{"GET", "/panel/reports", checkout.PowerReports, (*Surface).reportsPage},
		route{"GET", "/panel/reports/:name", checkout.PowerReports, (*Surface).reportPage},
		route{"GET", "/panel/reports/:name/export.*", checkout.PowerReports, (*Surface).exportReport},
	)
}

// reportsOf are the reports that somebody may read: who sees only his own links reads those that can be held to
// them.
func reportsOf(w *who) []report.Report {
	return slices.DeleteFunc(report.All(), func(r report.Report) bool {
		return w.own() != "" && r.Name != "links" && r.Name != "payments"
	})
}

func (s *Surface) reportsPage(c *fiber.Ctx, w *who) error {
	return s.show(c, w, fiber.StatusOK, "reports", reportsOf(w))
}

// reportData is a report on the screen.
type reportData struct {
	report.Report
	Table    report.Table
	Heads    []report.Column // of the columns on the screen
	Lines    [][]cell
	Form     *Form
	Accounts []Choice
	Filters  []string // that the report takes
	From, To int      // places of the rows that are shown, from 1
	Page     int
	SumAll   string // address of this page with the totals of the whole; "" = they are there, or cannot be
	Before   string // address of the page before, Next of the next one
	Next     string
	Presets  []Choice
}

// reportOf finds the report of the path for who asks.
func reportOf(c *fiber.Ctx, w *who) (report.Report, error) {
	all := reportsOf(w)
	i := slices.IndexFunc(all, func(r report.Report) bool { return r.Name == c.Params("name") })
	if i < 0 {
		return report.Report{}, &checkout.Error{Kind: checkout.KindNotFound, Code: "not_found"}
	}
	return all[i], nil
}

// reportQuery reads a report's period and filters out of the address: days are Istanbul's, both included, the last
// thirty where none are named. What cannot be read is noted in the form.
func (s *Surface) reportQuery(c *fiber.Ctx, w *who, r report.Report) (*Form, report.Query) {
	f := NewForm("reports")
	for _, name := range []string{"from", "to", "status", "kind", "currency", "acquirer", "page"} {
		f.Values[name] = strings.TrimSpace(strings.ToValidUTF8(c.Query(name), ""))
	}
	if args := c.Context().QueryArgs(); !args.Has("from") && !args.Has("to") {
		f.Values["from"] = dayText(s.now().AddDate(0, 0, 1-reportDays))
	}
	q := report.Query{Merchant: w.member.Merchant, Maker: w.own(), Account: checkout.AccountID(f.Get("acquirer")), Now: s.now(), LinkURL: s.Flow.LinkURL}
	oneOf(s, f, w, report.FilterStatus, r.Choices(report.FilterStatus), &q.Status)
	oneOf(s, f, w, report.FilterKind, checkout.RefundKinds, &q.Kind)
	oneOf(s, f, w, report.FilterCurrency, checkout.Currencies, &q.Currency)
	q.From = s.dayField(f, w, "from")
	if q.To = s.dayField(f, w, "to"); !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
	}
	if !q.To.IsZero() && !q.From.Before(q.To) {
		s.wrong(f, w.lang, "to", "to_before_from", nil)
	}
	if r.Name == "payments" && w.own() != "" {
		q.Payments = &checkout.PaymentQuery{
			Merchant: q.Merchant, Maker: q.Maker, Status: checkout.Status(q.Status), Currency: q.Currency, Account: q.Account, From: q.From, To: q.To,
		}
	}
	return f, q
}

// dayText is a day of Istanbul as a date field takes it.
func dayText(t time.Time) string { return t.In(report.Zone).Format(time.DateOnly) }

func (s *Surface) reportPage(c *fiber.Ctx, w *who) error {
	r, err := reportOf(c, w)
	if err != nil {
		return err
	}
	f, q := s.reportQuery(c, w, r)
	d := reportData{Report: r, Form: f, Presets: s.presets(f)}
	if d.Page, err = strconv.Atoi(f.Get("page")); err != nil || d.Page < 1 || d.Page > reportPages {
		d.Page = 1
	}
	for _, filter := range r.Filters {
		d.Filters = append(d.Filters, filter.Name)
	}
	if _, d.Accounts, err = s.paymentRows(c, w, nil); err != nil {
		return err
	}
	if !f.OK() {
		return s.show(c, w, fiber.StatusUnprocessableEntity, "report", d)
	}
	skip, asked := (d.Page-1)*reportShown, c.Query("sums") == "all"
	piece := report.Piece{Skip: skip, Rows: reportShown, Most: reportRead, Within: sumsInPassing}
	if asked {
		piece.Most, piece.Within = math.MaxInt, sumsAsked
	}
	if d.Table, err = report.Look(c.UserContext(), s.Ledger, r, q, piece); err != nil {
		return err
	}
	if !d.Table.Whole && !asked {
		d.SumAll = samePage(c, "sums", "all")
	}
	d.draw(s.pages.locale(w.lang))
	d.From, d.To = skip+1, skip+len(d.Table.Rows)
	if d.Page > 1 {
		d.Before = pageAt(c, d.Page-1)
	}
	if d.To < d.Table.Count && d.Page < reportPages {
		d.Next = pageAt(c, d.Page+1)
	}
	return s.show(c, w, fiber.StatusOK, "report", d)
}

// pageAt is the address of another page of this report.
func pageAt(c *fiber.Ctx, page int) string {
	args := c.Context().QueryArgs()
	args.Del("cursor")
	args.Del("sums")
	args.SetUint("page", page)
	return c.Path() + "?" + args.String()
}

// presets are the periods that are asked for most.
func (s *Surface) presets(f *Form) (all []Choice) {
	now := s.now().In(report.Zone)
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, report.Zone)
	for _, p := range []struct {
		word     string
		from, to time.Time
	}{
		{"today", now, now}, {"yesterday", now.AddDate(0, 0, -1), now.AddDate(0, 0, -1)}, {"week", now.AddDate(0, 0, -6), now},
		{"month", month, now}, {"last_month", month.AddDate(0, -1, 0), month.AddDate(0, 0, -1)},
	} {
		from, to := dayText(p.from), dayText(p.to)
		all = append(all, Choice{Value: "?from=" + from + "&to=" + to, Label: p.word, Chosen: f.Get("from") == from && f.Get("to") == to})
	}
	return all
}

func (s *Surface) exportReport(c *fiber.Ctx, w *who) error {
	r, err := reportOf(c, w)
	if err != nil {
		return err
	}
	f, q := s.reportQuery(c, w, r)
	if !f.OK() {
		return &checkout.Error{Kind: checkout.KindInvalid, Code: "bad_request"}
	}
	return s.export(c, w, r, q, c.Params("*"))
}

// Say is a text of a report in the language of the page.
func (p *Page) Say(words report.Words) string { return words.In(p.L.Code) }

// cell is a value on the screen.
type cell struct {
	Text, Path string // where it leads; "" = nowhere
	Number     bool
	Place      string // class of its place on a phone
}

// shownBy are columns that are for programs where another one says the same to people, and leads there; where two lead from
// one, a payment goes before its link.
var shownBy = map[string]string{"id": "reference", "link": "order_id", "payment": "order_id", "acquirer": "acquirer_name"}

// The columns that people look at first: what it is about, when, how much, how it stands, and what payers
// wrote (features 1.20, 2.5). The first of each that a report has stands in front, and on a phone alone.
var leading = [][]string{
	{"order_id", "reference", "name", "decline_code", "card_program", "note"},
	{"created_at_local", "at_local", "day", "received_at"},
	{"total", "amount", "gross", "collected", "our_amount", "bank_amount"},
	{"status", "class", "kind", "quantity", "installments", "attempts"},
	{"paid_amount"},
	{"payer_notes", "payer_note"},
}

// places are the classes of the leading columns on a phone: two lines, what and how much, when and how it stands, and a third
// one of a payer's words where he wrote some. What was paid of a link is not told of there.
var places = []string{"", "o3", "o2", "o4", "wide-only", "full o5"}

// ids are columns that only programs go by.
var ids = []string{"id", "link", "payment", "refund", "url", "product", "acquirer", "reconciliation", "manual_entry", "chargeback", "bank_order_id"}

// screenOrder is the order of columns for people, and the places of those in front on a phone. Files keep their own.
func screenOrder(columns []report.Column, shown []int) (order []int, place map[int]string) {
	place = map[int]string{}
	for n, names := range leading {
		for _, name := range names {
			i := slices.IndexFunc(shown, func(i int) bool { return columns[i].Name == name })
			if i < 0 {
				continue
			}
			if _, taken := place[shown[i]]; !taken {
				order, place[shown[i]] = append(order, shown[i]), places[n]
				break
			}
		}
	}
	rest := slices.DeleteFunc(slices.Clone(shown), func(i int) bool { _, first := place[i]; return first })
	slices.SortStableFunc(rest, func(a, b int) int { return cmp.Compare(lateness(columns[a]), lateness(columns[b])) })
	return append(order, rest...), place
}

// lateness puts times that are told in Istanbul's as well behind the others, and ids last.
func lateness(c report.Column) int {
	switch {
	case slices.Contains(ids, c.Name):
		return 2
	case c.Type == report.TypeTime:
		return 1
	}
	return 0
}

// draw writes the rows for people. Names for programs are left to the files.
func (d *reportData) draw(l *templates.Locale) {
	at := map[string]int{}
	for i, c := range d.Table.Columns {
		at[c.Name] = i
	}
	shown, leads := []int{}, map[int]int{}
	for i, c := range d.Table.Columns {
		if other, there := at[shownBy[c.Name]]; there {
			if _, led := leads[other]; !led || c.Name == "payment" {
				leads[other] = i
			}
			continue
		}
		shown = append(shown, i)
	}
	if order, there := at["order_id"]; there && d.Name == "links" {
		leads[order] = at["id"] // the link itself
	}
	shown, place := screenOrder(d.Table.Columns, shown)
	for _, i := range shown {
		d.Heads = append(d.Heads, d.Table.Columns[i])
	}
	for _, row := range d.Table.Rows {
		line := make([]cell, len(shown))
		for n, i := range shown {
			c := d.Table.Columns[i]
			line[n] = cell{Text: cellText(l, c, row.Values[i], row.Currency), Path: placeOf(row.Values[i].Text), Number: isNumber(c)}
			if at, first := place[i]; first {
				line[n].Place = at
			} else {
				line[n].Place = "wide-only"
			}
			if id, there := leads[i]; there {
				line[n].Path = placeOf(row.Values[id].Text)
			}
		}
		d.Lines = append(d.Lines, line)
	}
}

// Sums are what the columns with totals come to in one currency, by their titles.
func (p *Page) Sums(d reportData, t report.Total) (all []Choice) {
	for i, c := range d.Table.Columns {
		if c.Sum {
			all = append(all, Choice{Label: p.Say(c.Title), Value: cmp.Or(cellText(p.L, c, t.Sums[i], t.Currency), "–")})
		}
	}
	return all
}

func isNumber(c report.Column) bool {
	return c.Type == report.TypeMoney || c.Type == report.TypeCount || c.Type == report.TypeRate
}

// Number says whether a column holds what stands right-aligned.
func (p *Page) Number(c report.Column) bool { return isNumber(c) }

// cellText is a value of a report as people read it.
func cellText(l *templates.Locale, c report.Column, v report.Value, r checkout.Currency) string {
	if v.None {
		return ""
	}
	const clock = "02.01.2006 15:04:05"
	switch c.Type {
	case report.TypeMoney:
		return l.Money(v.N, string(r))
	case report.TypeCount:
		return strconv.FormatInt(v.N, 10)
	case report.TypeRate:
		decimal, _ := l.Separators()
		return strings.Replace(checkout.Rate(v.N).String(), ".", decimal, 1)
	case report.TypeTime:
		return v.At.UTC().Format(clock)
	case report.TypeLocal:
		return v.At.In(report.Zone).Format(clock)
	case report.TypeDate:
		return l.Day(v.At)
	case report.TypeCode:
		return c.Said(v.Text, l.Code)
	}
	return v.Text
}

// placeOf is the page of what an id names, "" for none.
func placeOf(id string) string {
	switch {
	case checkout.PaymentID(id).Valid():
		return "/panel/payments/" + id
	case checkout.LinkID(id).Valid():
		return "/panel/links/" + id
	}
	return ""
}

// Filter is the field of a report's filter.
func (p *Page) Filter(d reportData, name string) *Input {
	if name == report.FilterAccount {
		return p.AccountChoice(d.Form, d.Accounts)
	}
	in := p.AnyOf(d.Form, name, "", d.Choices(name))
	for i, c := range in.Choices[1:] {
		if name != report.FilterCurrency {
			in.Choices[i+1].Label = d.Report.Said(name, c.Value, p.L.Code)
		}
	}
	return in
}

// Today is the present day of Istanbul as a date field takes it.
func (p *Page) Today() string { return dayText(p.now) }
