package panel

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/einvoice"
	"github.com/odelink/odelink/gateway/report"
)

// invoicesShown is how many invoices a page of the list has.
const invoicesShown = 25

const invoicesPath = "/panel/invoices"

// formAround is what a form may have beside its file.
const formAround = 16 << 10

// InvoiceFlow is what e-invoices need of checkout.Service.
type InvoiceFlow interface {
	LinkEInvoice(ctx context.Context, by checkout.By, m checkout.MerchantID, f checkout.InvoiceFacts, write func(note, own string) []byte, idem func(checkout.LinkedInvoice) (checkout.Idempotency, error)) (checkout.LinkedInvoice, bool, error)
	InvoiceNote(l checkout.Link) string
	Register(ctx context.Context, by checkout.By, r checkout.Registration, idem func(checkout.Registration) (checkout.Idempotency, error)) (checkout.Registration, error)
	EndRegistration(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.RegistrationID) error
	IntermediaryNames() []string
}

// invoicesRoutes are e-invoices that carry links, and who collects for them (features 3).
func (s *Surface) invoicesRoutes() []route {
	look, do := checkout.PowerLook, checkout.PowerLinks
	return slices.Concat([]route{
		{"GET", invoicesPath, look, (*Surface).invoicesPage},
		{"POST", invoicesPath, do, (*Surface).linkInvoice},
	}, s.registrationRoutes(), []route{
		{"GET", "/panel/invoices/:id", look, (*Surface).invoicePage},
		{"GET", "/panel/invoices/:id/document", look, (*Surface).invoiceDocument},
	})
}

// invoiceRow is an invoice in a table.
type invoiceRow struct {
	checkout.LinkedInvoice
	State checkout.EInvoiceStatus
	Late  int // days behind its last day, while nobody paid
	URL   string
	Asks  linkRow // its link
}

func (s *Surface) invoiceRow(i checkout.LinkedInvoice) invoiceRow {
	row := invoiceRow{LinkedInvoice: i, State: i.Status(s.now()), URL: s.Flow.LinkURL(i.Of.Token), Asks: s.linkRow(i.Of)}
	due, err := time.ParseInLocation(time.DateOnly, i.DueOn, report.Zone)
	if err == nil && (row.State == checkout.EInvoiceWaiting || row.State == checkout.EInvoiceExpired) {
		row.Late = max(0, int(s.now().Sub(due.AddDate(0, 0, 1))/(24*time.Hour))+1)
		if s.now().Before(due.AddDate(0, 0, 1)) {
			row.Late = 0
		}
	}
	return row
}

func asks(row *invoiceRow) *linkRow { return &row.Asks }

// invoiceSum is what invoices of one currency come to: what was collected, what waits, and what of it is late.
type invoiceSum struct {
	Currency                         checkout.Currency
	Collected, Waiting, Late         int64
	CollectedN, WaitingN, LateN, All int64
}

func invoiceSums(all []checkout.EInvoiceSum) (sums []invoiceSum) {
	for _, one := range all {
		i := slices.IndexFunc(sums, func(s invoiceSum) bool { return s.Currency == one.Currency })
		if i < 0 {
			i = len(sums)
			sums = append(sums, invoiceSum{Currency: one.Currency})
		}
		t := &sums[i]
		t.All += one.Invoices
		switch {
		case one.Status == checkout.EInvoicePaid:
			t.Collected, t.CollectedN = t.Collected+one.Minor, t.CollectedN+one.Invoices
		case one.Status == checkout.EInvoiceWaiting:
			t.Waiting, t.WaitingN = t.Waiting+one.Minor, t.WaitingN+one.Invoices
		}
		if one.Overdue {
			t.Late, t.LateN = t.Late+one.Minor, t.LateN+one.Invoices
		}
	}
	slices.SortFunc(sums, func(a, b invoiceSum) int {
		return cmp.Or(cmp.Compare(b.All, a.All), cmp.Compare(a.Currency, b.Currency))
	})
	return sums
}

// invoicesData is the list.
type invoicesData struct {
	Filters    *Form
	Upload     *Form
	Rows       []invoiceRow
	Sums       []invoiceSum
	Next       string
	Tab        string
	Set        bool
	Registered bool
	Saved      string
}

// overdueTab is the list of those that are late; the others are named by their status.
const overdueTab = "overdue"

// Tabs are the lists of invoices.
func (invoicesData) Tabs() []string {
	return append([]string{"", overdueTab}, wordsOf(checkout.EInvoiceStatuses)...)
}

func (s *Surface) invoicesPage(c *fiber.Ctx, w *who) error {
	return s.showInvoices(c, w, fiber.StatusOK, NewForm("invoices.upload", "file", ""))
}

func (s *Surface) showInvoices(c *fiber.Ctx, w *who, status int, upload *Form) error {
	ctx, m := c.UserContext(), w.member.Merchant
	f := NewForm("invoices")
	for _, name := range []string{"q", "status", "from", "to", "cursor"} {
		f.Values[name] = strings.TrimSpace(strings.ToValidUTF8(c.Query(name), ""))
	}
	today := checkout.DayOf(s.now())
	q := checkout.EInvoiceQuery{Merchant: m, Maker: w.own(), Limit: invoicesShown, Cursor: f.Get("cursor")}
	if q.Text = norm.NFC.String(f.Get("q")); len(q.Text) > maxSearch {
		s.wrong(f, w.lang, "q", "too_long", nil)
		q.Text = ""
	}
	if f.Get("status") == overdueTab {
		q.Overdue = today
	} else {
		oneOf(s, f, w, "status", checkout.EInvoiceStatuses, &q.Status)
	}
	q.From = s.dayField(f, w, "from")
	if q.To = s.dayField(f, w, "to"); !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
	}
	d := invoicesData{Filters: f, Upload: upload, Tab: f.Get("status"), Set: f.On("q") || f.On("from") || f.On("to"), Saved: c.Query("saved")}
	found, next, err := s.Ledger.SearchEInvoices(ctx, q)
	if errors.Is(err, checkout.ErrCursor) {
		return c.Redirect(invoicesPath, fiber.StatusSeeOther)
	}
	if err != nil {
		return err
	}
	for _, i := range found {
		d.Rows = append(d.Rows, s.invoiceRow(i))
	}
	d.Next = nextPage(c, next)
	if err := s.withStops(ctx, m, rowsIn(d.Rows, asks)); err != nil {
		return err
	}
	sums, err := s.Ledger.SumEInvoices(ctx, m, w.own(), today)
	if err != nil {
		return err
	}
	d.Sums = invoiceSums(sums)
	all, err := s.Ledger.Registrations(ctx, m)
	d.Registered = slices.ContainsFunc(all, func(r checkout.Registration) bool { return r.EndedAt.IsZero() })
	if err != nil {
		return err
	}
	if !f.OK() {
		status = fiber.StatusUnprocessableEntity
	}
	return s.show(c, w, status, "invoices", d)
}

// linkInvoice makes the link of an uploaded invoice, and leads to it; one that has a link is led to as well.
func (s *Surface) linkInvoice(c *fiber.Ctx, w *who) error {
	f := NewForm("invoices.upload", "file", "")
	document, err := fileIn(c, "file", einvoice.MaxBytes)
	if err != nil {
		return err
	}
	if len(document) == 0 {
		s.wrong(f, w.lang, "file", "required", nil)
		return s.showInvoices(c, w, fiber.StatusUnprocessableEntity, f)
	}
	invoice, err := einvoice.Parse(document)
	var i checkout.LinkedInvoice
	made := false
	if err == nil {
		i, made, err = s.Flow.LinkEInvoice(c.UserContext(), w.by(c), w.member.Merchant, invoice.InvoiceFacts, invoice.WithNote, nil)
	}
	if err == nil && !made && w.own() != "" {
		err = s.seesLink(c, w, i.Link)
	}
	if err != nil {
		if err := s.unlinked(f, w.lang, err); err != nil {
			return err
		}
		return s.showInvoices(c, w, fiber.StatusUnprocessableEntity, f)
	}
	word := "linked"
	if !made {
		word = "known"
	}
	return saved(c, invoicesPath+"/"+string(i.ID), word)
}

// fileIn reads the file of a form, nil when none was chosen, and one byte more than most of one that is too long.
func fileIn(c *fiber.Ctx, field string, most int) ([]byte, error) {
	part, err := c.FormFile(field)
	if err != nil || part.Size == 0 {
		return nil, nil // not chosen
	}
	in, err := part.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, int64(most)+1))
}

// unlinked says why an invoice gets no link, with the elements that are missing or cannot be read.
func (s *Surface) unlinked(f *Form, lang string, err error) error {
	var e *checkout.Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		var names []string
		for _, m := range e.Fields {
			names = append(names, m.Field)
		}
		s.wrong(f, lang, "file", e.Code, nil)
		f.Errors["file"] += " (" + strings.Join(names, ", ") + ")"
		return nil
	}
	if err := s.refused(f, lang, err, nil); err != nil {
		return err
	}
	f.Errors["file"], f.Error = f.Error, ""
	return nil
}

// invoiceOf finds the invoice of the path for who asks. ErrNoEInvoice also for a colleague's where he sees only
// his own.
func (s *Surface) invoiceOf(c *fiber.Ctx, w *who) (checkout.LinkedInvoice, error) {
	id := checkout.EInvoiceID(c.Params("id"))
	if !id.Valid() {
		return checkout.LinkedInvoice{}, checkout.ErrNoEInvoice
	}
	i, err := s.Ledger.EInvoiceOf(c.UserContext(), w.member.Merchant, id)
	if err != nil {
		return i, err
	}
	if err = s.seesLink(c, w, i.Link); errors.Is(err, checkout.ErrNoLink) {
		err = checkout.ErrNoEInvoice
	}
	return i, err
}

// invoiceData is the page of one invoice.
type invoiceData struct {
	invoiceRow
	Note     string
	Payments []paymentRow
	Saved    string
}

// Row is the invoice itself.
func (d invoiceData) Row() invoiceRow { return d.invoiceRow }

func (s *Surface) invoicePage(c *fiber.Ctx, w *who) error {
	i, err := s.invoiceOf(c, w)
	if err != nil {
		return err
	}
	d := invoiceData{invoiceRow: s.invoiceRow(i), Note: s.Flow.InvoiceNote(i.Of), Saved: c.Query("saved")}
	if err := s.withStops(c.UserContext(), w.member.Merchant, []*linkRow{&d.Asks}); err != nil {
		return err
	}
	tries, err := s.Ledger.PaymentsOfLinks(c.UserContext(), w.member.Merchant, []checkout.LinkID{i.Link}, paymentsShown)
	if err != nil {
		return err
	}
	if d.Payments, _, err = s.paymentRows(c, w, tries[i.Link]); err != nil {
		return err
	}
	return s.show(c, w, fiber.StatusOK, "invoice", d)
}

// invoiceDocument answers the invoice with the note in it. It is somebody's XML: never shown by a browser.
func (s *Surface) invoiceDocument(c *fiber.Ctx, w *who) error {
	i, err := s.invoiceOf(c, w)
	if err != nil {
		return err
	}
	document, err := s.Ledger.EInvoiceDocument(c.UserContext(), w.member.Merchant, i.ID)
	if err != nil {
		return err
	}
	s.headers.Apply(c)
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationXML)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+string(i.ID)+`.xml"`)
	return c.Send(document)
}

// InvoiceState is how an invoice stands; that its link rests or that payers are stopped goes before its waiting.
func (p *Page) InvoiceState(row invoiceRow) Pill {
	if row.State == checkout.EInvoiceWaiting && row.Asks.State == checkout.LinkActive && (row.Asks.Resting || len(row.Asks.Stops) > 0) {
		return p.LinkPill(row.Asks)
	}
	pill := Pill{Word: p.T("invoices.status." + string(row.State)), Icon: "clock", Tone: "info"}
	switch row.State {
	case checkout.EInvoicePaid:
		pill.Icon, pill.Tone = "check", "good"
	case checkout.EInvoiceReturned:
		pill.Icon = "back"
	case checkout.EInvoiceExpired:
		pill.Icon, pill.Tone = "cross", "bad"
	case checkout.EInvoiceWithdrawn:
		pill.Icon, pill.Tone = "cross", ""
	}
	if row.Late > 0 && row.State == checkout.EInvoiceWaiting {
		pill.Tone = "warn"
	}
	return pill
}

// DayOf writes a day of an invoice, "2026-11-22", as the language does.
func (p *Page) DayOf(day string) string {
	at, err := time.ParseInLocation(time.DateOnly, day, report.Zone)
	if err != nil {
		return "–"
	}
	return p.Day(at)
}
