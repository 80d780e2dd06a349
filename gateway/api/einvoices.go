package api

import (
	"encoding/json"
	"mime"
	"strings"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/einvoice"
	"github.com/odelink/odelink/gateway/sheet"
)

// LargeBodies are the addresses that take longer bodies than others, and how long ones; it is made to be
// web.Config.LargeBodies.
func LargeBodies() map[string]int {
	return map[string]int{einvoicesPath: einvoice.MaxBytes, reconciliationsPath: sheet.MaxBytes, batchesPath: sheet.MaxBytes, batchCheckPath: sheet.MaxBytes}
}

const einvoicesPath = "/v1/einvoices"

// einvoiceView is an invoice with its link as the API shows it.
type einvoiceView struct {
	ID        checkout.EInvoiceID     `json:"id"`
	UUID      string                  `json:"uuid"`
	Number    string                  `json:"invoice_number"`
	Status    checkout.EInvoiceStatus `json:"status"`
	Amount    int64                   `json:"amount"`
	Currency  checkout.Currency       `json:"currency"`
	IssueDate string                  `json:"issue_date"`
	DueDate   *string                 `json:"due_date"`
	Profile   string                  `json:"profile"`
	Type      string                  `json:"type"`
	Supplier  partyView               `json:"supplier"`
	Customer  partyView               `json:"customer"`
	Note      string                  `json:"note"`
	Link      linkView                `json:"link"`
	CreatedAt string                  `json:"created_at"`
}

type partyView struct {
	TaxNumber *string `json:"tax_number"`
	Name      *string `json:"name"`
}

func viewParty(p checkout.Party) partyView {
	return partyView{TaxNumber: nullable(p.TaxNumber), Name: nullable(p.Name)}
}

func (s *Surface) viewEInvoice(i checkout.LinkedInvoice, link linkView) einvoiceView {
	return einvoiceView{
		ID: i.ID, UUID: i.UUID, Number: i.Number, Status: i.Status(s.Clock.Now()), Amount: i.Amount.Minor, Currency: i.Amount.Currency,
		IssueDate: i.IssuedOn, DueDate: nullable(i.DueOn), Profile: i.Profile, Type: i.Type, Supplier: viewParty(i.Supplier),
		Customer: viewParty(i.Customer), Note: s.Flow.InvoiceNote(i.Of), Link: link, CreatedAt: stamp(i.CreatedAt),
	}
}

// viewEInvoices shows a merchant's invoices, each with the newest attempts on its link.
func (s *Surface) viewEInvoices(c *fiber.Ctx, all []checkout.LinkedInvoice, newest int) ([]einvoiceView, error) {
	of := make([]checkout.Link, len(all))
	for n, i := range all {
		of[n] = i.Of
	}
	shown, err := s.withPayments(c.UserContext(), callerOf(c).merchant, of, newest)
	if err != nil {
		return nil, err
	}
	views := make([]einvoiceView, len(all))
	for n, i := range all {
		views[n] = s.viewEInvoice(i, shown[n])
	}
	return views, nil
}

// linkEInvoice makes the link of the invoice in the body: 201. One whose UUID has a link is answered with it: 200.
func (s *Surface) linkEInvoice(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	if !isXML(c.Get(fiber.HeaderContentType)) {
		return errMediaType
	}
	invoice, err := einvoice.Parse(c.Request().Body()) // not c.Body(): that would decompress
	if err != nil {
		return err
	}
	var answer []byte
	i, made, err := s.Flow.LinkEInvoice(c.UserContext(), s.by(c), callerOf(c).merchant, invoice.InvoiceFacts, invoice.WithNote, func(i checkout.LinkedInvoice) (checkout.Idempotency, error) {
		var err error
		answer, err = json.Marshal(s.viewEInvoice(i, s.viewLink(i.Of, nil, nil)))
		return key.answer(fiber.StatusCreated, answer), err
	})
	switch {
	case err != nil:
		return s.beaten(c, key, err)
	case made:
		return sendCreated(c, fiber.StatusCreated, answer)
	}
	return s.answerEInvoice(c, i)
}

// isXML says whether a media type is XML; the coding is read out of the document, and UTF-8 is the only one.
func isXML(text string) bool {
	kind, params, err := mime.ParseMediaType(text)
	charset, named := params["charset"]
	return err == nil && (kind == fiber.MIMEApplicationXML || kind == fiber.MIMETextXML) && (!named || strings.EqualFold(charset, "utf-8"))
}

func (s *Surface) answerEInvoice(c *fiber.Ctx, i checkout.LinkedInvoice) error {
	views, err := s.viewEInvoices(c, []checkout.LinkedInvoice{i}, shownPayments)
	if err != nil {
		return err
	}
	return c.JSON(views[0])
}

func (s *Surface) readEInvoice(c *fiber.Ctx) error {
	id := checkout.EInvoiceID(c.Params("id"))
	if !id.Valid() {
		return checkout.ErrNoEInvoice
	}
	i, err := s.Ledger.EInvoiceOf(c.UserContext(), callerOf(c).merchant, id)
	if err != nil {
		return err
	}
	return s.answerEInvoice(c, i)
}

// einvoiceDocument answers the invoice with the note in it. It is somebody's XML: never shown by a browser.
func (s *Surface) einvoiceDocument(c *fiber.Ctx) error {
	id := checkout.EInvoiceID(c.Params("id"))
	if !id.Valid() {
		return checkout.ErrNoEInvoice
	}
	document, err := s.Ledger.EInvoiceDocument(c.UserContext(), callerOf(c).merchant, id)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationXML)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+string(id)+`.xml"`)
	return c.Send(document)
}

func (s *Surface) listEInvoices(c *fiber.Ctx) error {
	f := filters{c: c}
	q := checkout.EInvoiceQuery{
		Merchant: callerOf(c).merchant, Status: choice(&f, "status", checkout.EInvoiceStatuses),
		Text: norm.NFC.String(c.Query("q")), Limit: f.limit(), Cursor: c.Query("cursor"),
	}
	q.From, q.To = f.span()
	if err := f.err(); err != nil {
		return err
	}
	all, next, err := s.Ledger.SearchEInvoices(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	views, err := s.viewEInvoices(c, all, listedPayments)
	if err != nil {
		return err
	}
	return answerPage(c, views, next)
}

// registrationView is a registration as the API shows it.
type registrationView struct {
	ID           checkout.RegistrationID     `json:"id"`
	Intermediary string                      `json:"intermediary"`
	CustomerID   string                      `json:"customer_id"`
	TaxNumber    *string                     `json:"tax_number"`
	Status       checkout.RegistrationStatus `json:"status"`
	CreatedAt    string                      `json:"created_at"`
	EndedAt      *string                     `json:"ended_at"`
}

func viewRegistration(r checkout.Registration) registrationView {
	v := registrationView{ID: r.ID, Intermediary: r.Intermediary, CustomerID: r.CustomerID, TaxNumber: nullable(r.TaxNumber), Status: r.Status(), CreatedAt: stamp(r.CreatedAt)}
	if !r.EndedAt.IsZero() {
		v.EndedAt = nullable(stamp(r.EndedAt))
	}
	return v
}

type registrationBody struct {
	Intermediary string  `json:"intermediary" validate:"required,max=40"`
	CustomerID   string  `json:"customer_id" validate:"required,max=64"`
	TaxNumber    *string `json:"tax_number" validate:"omitempty,max=11"`
}

func (s *Surface) register(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b registrationBody
	if _, err := s.decode(c, &b, []string{"id", "status", "created_at", "ended_at"}); err != nil {
		return err
	}
	want := checkout.Registration{
		Merchant: callerOf(c).merchant, Intermediary: b.Intermediary, CustomerID: strings.TrimSpace(b.CustomerID), TaxNumber: strings.TrimSpace(given(b.TaxNumber)),
	}
	var answer []byte
	_, err = s.Flow.Register(c.UserContext(), s.by(c), want, func(r checkout.Registration) (checkout.Idempotency, error) {
		var err error
		answer, err = json.Marshal(viewRegistration(r))
		return key.answer(fiber.StatusCreated, answer), err
	})
	if err != nil {
		return s.beaten(c, key, err)
	}
	return sendCreated(c, fiber.StatusCreated, answer)
}

// listRegistrations answers those of the filters on one page: a merchant has few, and all of them fit.
func (s *Surface) listRegistrations(c *fiber.Ctx) error {
	f := filters{c: c}
	status, intermediary := choice(&f, "status", checkout.RegistrationStatuses), c.Query("intermediary")
	if err := f.err(); err != nil {
		return err
	}
	all, err := s.Ledger.Registrations(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	views := []registrationView{}
	for _, r := range all {
		if (status == "" || r.Status() == status) && (intermediary == "" || r.Intermediary == intermediary) {
			views = append(views, viewRegistration(r))
		}
	}
	return answerFew(c, views, func(v registrationView) string { return string(v.ID) })
}

func (s *Surface) readRegistration(c *fiber.Ctx) error {
	all, err := s.Ledger.Registrations(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	for _, r := range all {
		if string(r.ID) == c.Params("id") {
			return c.JSON(viewRegistration(r))
		}
	}
	return checkout.ErrNoRegistration
}

func (s *Surface) endRegistration(c *fiber.Ctx) error {
	if err := s.Flow.EndRegistration(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.RegistrationID(c.Params("id"))); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
