package panel

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

const registrationsPath = "/panel/invoices/registrations"

// registrationRoutes are who collects for e-invoices. Only the company's administrator registers (features 3.11).
func (s *Surface) registrationRoutes() []route {
	return []route{
		{"GET", registrationsPath, checkout.PowerSettings, (*Surface).registrationsPage},
		{"POST", registrationsPath, checkout.PowerSettings, (*Surface).register},
		{"POST", registrationsPath + "/:id/end", checkout.PowerSettings, (*Surface).endRegistration},
	}
}

// registrationsData is the list and the form.
type registrationsData struct {
	Filters *Form
	New     *Form
	Names   []string // of intermediaries
	All     []checkout.Registration
	Any     bool // there are some, whatever the filters say
	Saved   string
}

func (s *Surface) registrationsPage(c *fiber.Ctx, w *who) error {
	return s.showRegistrations(c, w, fiber.StatusOK, NewForm("invoices.register", "intermediary", checkout.IntermediaryOdelink, "customer_id", "", "tax_number", ""))
}

func (s *Surface) showRegistrations(c *fiber.Ctx, w *who, status int, f *Form) error {
	all, err := s.Ledger.Registrations(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	d := registrationsData{
		Filters: NewForm("invoices.registrations", "intermediary", c.Query("intermediary"), "status", c.Query("status")), New: f, Names: s.Flow.IntermediaryNames(), Any: len(all) > 0, Saved: c.Query("saved"),
	}
	for _, r := range all {
		if (!d.Filters.On("status") || string(r.Status()) == d.Filters.Get("status")) && (!d.Filters.On("intermediary") || r.Intermediary == d.Filters.Get("intermediary")) {
			d.All = append(d.All, r)
		}
	}
	return s.show(c, w, status, "invoices_registrations", d)
}

// register has the intermediary check the customer's id, and stores nothing before (features 3.14, 3.15).
func (s *Surface) register(c *fiber.Ctx, w *who) error {
	f := readForm(c, "invoices.register", "intermediary", "customer_id", "tax_number")
	for _, name := range []string{"intermediary", "customer_id"} {
		if !f.On(name) {
			s.wrong(f, w.lang, name, "required", nil)
		}
	}
	for _, name := range []string{"intermediary", "customer_id", "tax_number"} {
		if len(f.Get(name)) > 64 {
			s.wrong(f, w.lang, name, "too_long", nil)
		}
	}
	if f.OK() {
		_, err := s.Flow.Register(c.UserContext(), w.by(c), checkout.Registration{
			Merchant: w.member.Merchant, Intermediary: f.Get("intermediary"), CustomerID: strings.ToUpper(f.Get("customer_id")), TaxNumber: f.Get("tax_number"),
		}, nil)
		if err := s.refused(f, w.lang, err, nil); err != nil {
			return err
		}
	}
	if !f.OK() {
		return s.showRegistrations(c, w, fiber.StatusUnprocessableEntity, f)
	}
	return saved(c, registrationsPath, "registered")
}

func (s *Surface) endRegistration(c *fiber.Ctx, w *who) error {
	if err := s.Flow.EndRegistration(c.UserContext(), w.by(c), w.member.Merchant, checkout.RegistrationID(c.Params("id"))); err != nil {
		return err
	}
	return saved(c, registrationsPath, "ended")
}

// Intermediary is the name of who collects, RegistrationStatuses how a registration can stand.
func (p *Page) Intermediary(name string) string { return p.Or("intermediary."+name, name) }
func (p *Page) RegistrationStatuses() []string  { return wordsOf(checkout.RegistrationStatuses) }
