package panel

import (
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
)

// ScheduleFlow is what the panel asks of the flow about scheduled reports.
type ScheduleFlow interface {
	SendsReports() bool
	ReportSchedules(ctx context.Context, m checkout.MerchantID) ([]checkout.ReportSchedule, error)
	ReportScheduleOf(ctx context.Context, m checkout.MerchantID, id checkout.ReportScheduleID) (checkout.ReportSchedule, error)
	CreateReportSchedule(ctx context.Context, by checkout.By, m checkout.MerchantID, t checkout.ReportTerms, idem func(checkout.ReportSchedule) (checkout.Idempotency, error)) (checkout.ReportSchedule, error)
	EditReportSchedule(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.ReportScheduleID, change func(*checkout.ReportTerms)) (checkout.ReportSchedule, error)
	DeleteReportSchedule(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.ReportScheduleID) error
	SendReportNow(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.ReportScheduleID, once checkout.Idempotency) error
}

// scheduleRoutes stand before those of reports, whose names would take theirs.
func scheduleRoutes() []route {
	const at = "/panel/reports/schedules"
	return []route{
		{"GET", at, checkout.PowerReports, (*Surface).schedulesPage},
		{"GET", at + "/new", checkout.PowerReports, (*Surface).newSchedulePage},
		{"POST", at + "/new", checkout.PowerReports, (*Surface).createSchedule},
		{"GET", at + "/:schedule", checkout.PowerReports, (*Surface).schedulePage},
		{"POST", at + "/:schedule", checkout.PowerReports, (*Surface).editSchedule},
		{"POST", at + "/:schedule/send", checkout.PowerReports, (*Surface).sendSchedule},
		{"POST", at + "/:schedule/delete", checkout.PowerReports, (*Surface).deleteSchedule},
	}
}

const schedulesPath = "/panel/reports/schedules"

// scheduleFields are those of the form; a report shows those that it takes.
var scheduleFields = []string{"report", "status", "kind", "currency", "acquirer", "format", "every", "weekday", "lang", "to"}

// schedulesData is the list.
type schedulesData struct {
	All     []scheduleRow
	Reports []report.Report
	Sends   bool
	Saved   string
	Error   string
}

// scheduleRow is a schedule with its report.
type scheduleRow struct {
	checkout.ReportSchedule
	Title report.Words
}

// scheduleData is one schedule, or a new one.
type scheduleData struct {
	*Form
	ID       checkout.ReportScheduleID // "" = new
	Report   report.Report
	Filters  []string
	Accounts []Choice
	Sends    bool
}

// Choices are those of a filter of the report.
func (d scheduleData) Choices(name string) []string { return d.Report.Choices(name) }

// seesAll refuses who sees only his own links: a mailed report has everybody's.
func seesAll(w *who) error {
	if w.own() != "" {
		return checkout.ErrNoReportSchedule
	}
	return nil
}

func (s *Surface) schedulesPage(c *fiber.Ctx, w *who) error {
	return s.showSchedules(c, w, fiber.StatusOK, "")
}

func (s *Surface) showSchedules(c *fiber.Ctx, w *who, status int, wrong string) error {
	if err := seesAll(w); err != nil {
		return err
	}
	all, err := s.Flow.ReportSchedules(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	d := schedulesData{Reports: report.All(), Sends: s.Flow.SendsReports(), Saved: c.Query("saved"), Error: wrong}
	for _, one := range all {
		r, _ := report.ByName(one.Report)
		d.All = append(d.All, scheduleRow{one, r.Title})
	}
	return s.show(c, w, status, "report_schedules", d)
}

// newSchedulePage is the form for the report that the address names, with its filters.
func (s *Surface) newSchedulePage(c *fiber.Ctx, w *who) error {
	f := NewForm("schedules", "format", "csv", "every", string(checkout.Daily), "weekday", checkout.Weekdays[0], "lang", w.lang, "to", w.user.Email)
	for _, name := range scheduleFields[:5] {
		f.Values[name] = strings.ToValidUTF8(c.Query(name), "")
	}
	return s.showSchedule(c, w, fiber.StatusOK, f, "")
}

func (s *Surface) showSchedule(c *fiber.Ctx, w *who, status int, f *Form, id checkout.ReportScheduleID) error {
	if err := seesAll(w); err != nil {
		return err
	}
	r, known := report.ByName(f.Get("report"))
	if !known {
		return &checkout.Error{Kind: checkout.KindNotFound, Code: "not_found"}
	}
	d := scheduleData{Form: f, ID: id, Report: r, Sends: s.Flow.SendsReports()}
	for _, filter := range r.Filters {
		d.Filters = append(d.Filters, filter.Name)
	}
	var err error
	if _, d.Accounts, err = s.paymentRows(c, w, nil); err != nil {
		return err
	}
	for i := range d.Accounts {
		d.Accounts[i].Chosen = d.Accounts[i].Value == f.Get("acquirer")
	}
	return s.show(c, w, status, "report_schedule", d)
}

// scheduleTerms are what was typed. The format's word says the dialect too.
func scheduleTerms(f *Form) checkout.ReportTerms {
	kind, _ := kindOf(f.Get("format"))
	return checkout.ReportTerms{
		Report: f.Get("report"), Status: f.Get("status"), Kind: checkout.RefundKind(f.Get("kind")), Currency: checkout.Currency(f.Get("currency")),
		Account: checkout.AccountID(f.Get("acquirer")), Format: kind.format, Dialect: string(kind.dialect), Lang: f.Get("lang"),
		Every: checkout.Frequency(f.Get("every")), Weekday: f.Get("weekday"),
		To: strings.FieldsFunc(f.Get("to"), func(r rune) bool { return strings.ContainsRune(" ,;\r\n\t", r) }),
	}
}

func scheduleForm(t checkout.ReportTerms) *Form {
	word := t.Format
	if i := slices.IndexFunc(fileKinds, func(k fileKind) bool {
		return k.format == t.Format && (t.Dialect == "" || string(k.dialect) == t.Dialect)
	}); i >= 0 {
		word = fileKinds[i].Word
	}
	return NewForm("schedules", "report", t.Report, "status", t.Status, "kind", string(t.Kind), "currency", string(t.Currency), "acquirer", string(t.Account),
		"format", word, "every", string(t.Every), "weekday", t.Weekday, "lang", t.Lang, "to", strings.Join(t.To, "\n"))
}

func (s *Surface) createSchedule(c *fiber.Ctx, w *who) error {
	if err := seesAll(w); err != nil {
		return err
	}
	f := readForm(c, "schedules", scheduleFields...)
	_, err := s.Flow.CreateReportSchedule(c.UserContext(), w.by(c), w.member.Merchant, scheduleTerms(f), nil)
	if err == nil {
		return saved(c, schedulesPath, "made")
	}
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	return s.showSchedule(c, w, fiber.StatusUnprocessableEntity, f, "")
}

// schedule finds the one of the address.
func (s *Surface) schedule(c *fiber.Ctx, w *who) (checkout.ReportSchedule, error) {
	if err := seesAll(w); err != nil {
		return checkout.ReportSchedule{}, err
	}
	return s.Flow.ReportScheduleOf(c.UserContext(), w.member.Merchant, checkout.ReportScheduleID(c.Params("schedule")))
}

func (s *Surface) schedulePage(c *fiber.Ctx, w *who) error {
	r, err := s.schedule(c, w)
	if err != nil {
		return err
	}
	return s.showSchedule(c, w, fiber.StatusOK, scheduleForm(r.ReportTerms), r.ID)
}

func (s *Surface) editSchedule(c *fiber.Ctx, w *who) error {
	r, err := s.schedule(c, w)
	if err != nil {
		return err
	}
	f := readForm(c, "schedules", scheduleFields...)
	f.Values["report"] = r.Report
	_, err = s.Flow.EditReportSchedule(c.UserContext(), w.by(c), r.Merchant, r.ID, func(t *checkout.ReportTerms) { *t = scheduleTerms(f) })
	if err == nil {
		return saved(c, schedulesPath, "changed")
	}
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	return s.showSchedule(c, w, fiber.StatusUnprocessableEntity, f, r.ID)
}

func (s *Surface) sendSchedule(c *fiber.Ctx, w *who) error {
	r, err := s.schedule(c, w)
	if err != nil {
		return err
	}
	f := NewForm("schedules")
	if err := s.refused(f, w.lang, s.Flow.SendReportNow(c.UserContext(), w.by(c), r.Merchant, r.ID, checkout.Idempotency{}), nil); err != nil {
		return err
	}
	if !f.OK() {
		return s.showSchedules(c, w, fiber.StatusUnprocessableEntity, f.Error)
	}
	return saved(c, schedulesPath, "sent")
}

func (s *Surface) deleteSchedule(c *fiber.Ctx, w *who) error {
	r, err := s.schedule(c, w)
	if err != nil {
		return err
	}
	if err := s.Flow.DeleteReportSchedule(c.UserContext(), w.by(c), r.Merchant, r.ID); err != nil {
		return err
	}
	return saved(c, schedulesPath, "deleted")
}

// ScheduleFilter is the field of a report's filter.
func (p *Page) ScheduleFilter(d scheduleData, name string) *Input {
	in := p.Filter(reportData{Report: d.Report, Form: d.Form, Accounts: d.Accounts}, name)
	in.Label = p.T("reports." + name)
	return in
}

// ScheduleChoice is a field of a schedule's form with its choices.
func (p *Page) ScheduleChoice(f *Form, name string) *Input {
	switch name {
	case "format":
		return p.Select(f, name, "export", []string{"csv", "rfc4180.csv", "xlsx"})
	case "every":
		return p.Select(f, name, "schedules.every", wordsOf(checkout.Frequencies))
	case "weekday":
		return p.Select(f, name, "schedules.weekday", checkout.Weekdays)
	}
	in := p.Input(f, "lang")
	for _, code := range p.s.pages.codes {
		in.Choices = append(in.Choices, Choice{Value: code, Label: p.s.pages.locales[code].Name, Chosen: code == f.Get("lang")})
	}
	return in
}

// OwnOnly says whether he sees only his own links.
func (p *Page) OwnOnly() bool { return p.Who.own() != "" }
