package api

import (
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// scheduleView is a report that is mailed again and again, as the API shows it.
type scheduleView struct {
	ID        checkout.ReportScheduleID `json:"id"`
	Report    string                    `json:"report"`
	Status    *string                   `json:"status"`
	Kind      *string                   `json:"kind"`
	Currency  *string                   `json:"currency"`
	Acquirer  *string                   `json:"acquirer"`
	Format    string                    `json:"format"`
	Dialect   *string                   `json:"dialect"`
	Lang      string                    `json:"lang"`
	Every     checkout.Frequency        `json:"every"`
	Weekday   *string                   `json:"weekday"`
	To        []string                  `json:"to"`
	NextAt    string                    `json:"next_at"`
	Error     *string                   `json:"error"`
	Last      *lastReportView           `json:"last"`
	CreatedAt string                    `json:"created_at"`
	UpdatedAt string                    `json:"updated_at"`
}

// lastReportView is what was made of a schedule last, and whom it reached.
type lastReportView struct {
	MadeAt string           `json:"made_at"`
	From   string           `json:"from"`
	To     string           `json:"to"`
	Rows   int64            `json:"rows"`
	Mails  []reportMailView `json:"mails"`
}

type reportMailView struct {
	To        string                 `json:"to"`
	Status    checkout.MessageStatus `json:"status"`
	Reason    *string                `json:"reason"`
	Attempts  int                    `json:"attempts"`
	UpdatedAt string                 `json:"updated_at"`
}

func viewSchedule(r checkout.ReportSchedule) scheduleView {
	v := scheduleView{
		ID: r.ID, Report: r.Report, Status: nullable(r.Status), Kind: nullable(string(r.Kind)), Currency: nullable(string(r.Currency)), Acquirer: nullable(string(r.Account)),
		Format: r.Format, Dialect: nullable(r.Dialect), Lang: r.Lang, Every: r.Every, Weekday: nullable(r.Weekday), To: r.To,
		NextAt: stamp(r.DueAt), Error: nullable(r.Error), CreatedAt: stamp(r.CreatedAt), UpdatedAt: stamp(r.UpdatedAt),
	}
	if r.MadeAt.IsZero() {
		return v
	}
	v.Last = &lastReportView{MadeAt: stamp(r.MadeAt), From: stamp(r.MadeFrom), To: stamp(r.MadeTo), Rows: r.Rows, Mails: make([]reportMailView, len(r.Mails))}
	for i, m := range r.Mails {
		v.Last.Mails[i] = reportMailView{To: m.To, Status: m.Status, Reason: nullable(m.Reason), Attempts: m.Attempts, UpdatedAt: stamp(m.At)}
	}
	return v
}

// scheduleBody is what a merchant says about a scheduled report.
type scheduleBody struct {
	Report   *string  `json:"report"`
	Status   *string  `json:"status"`
	Kind     *string  `json:"kind"`
	Currency *string  `json:"currency"`
	Acquirer *string  `json:"acquirer"`
	Format   *string  `json:"format"`
	Dialect  *string  `json:"dialect"`
	Lang     *string  `json:"lang"`
	Every    *string  `json:"every"`
	Weekday  *string  `json:"weekday"`
	To       []string `json:"to"`
}

var scheduleReadOnly = []string{"id", "next_at", "error", "last", "created_at", "updated_at"}

// apply writes what was given over the terms; null puts a field back to what it is in a schedule that was made
// without it.
func (b *scheduleBody) apply(t *checkout.ReportTerms, named map[string]bool) {
	set(named["report"], b.Report, &t.Report)
	set(named["status"], b.Status, &t.Status)
	set(named["kind"], b.Kind, (*string)(&t.Kind))
	set(named["currency"], b.Currency, (*string)(&t.Currency))
	set(named["acquirer"], b.Acquirer, (*string)(&t.Account))
	set(named["format"], b.Format, &t.Format)
	set(named["dialect"], b.Dialect, &t.Dialect)
	set(named["lang"], b.Lang, &t.Lang)
	set(named["every"], b.Every, (*string)(&t.Every))
	set(named["weekday"], b.Weekday, &t.Weekday)
	if named["to"] {
		t.To = b.To
	}
	if t.Format == "" {
		t.Format = "csv"
	}
	if t.Format == "csv" && t.Dialect == "" {
		t.Dialect = "tr"
	}
	if t.Every == "" {
		t.Every = checkout.Daily
	}
}

func (s *Surface) createSchedule(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b scheduleBody
	named, err := s.decode(c, &b, scheduleReadOnly)
	if err != nil {
		return err
	}
	if given(b.Report) == "" {
		return checkout.Invalid(checkout.FieldError{Field: "report", Code: "required"})
	}
	var t checkout.ReportTerms
	b.apply(&t, named)
	var answer []byte
	_, err = s.Flow.CreateReportSchedule(c.UserContext(), s.by(c), callerOf(c).merchant, t, func(r checkout.ReportSchedule) (checkout.Idempotency, error) {
		var err error
		answer, err = json.Marshal(viewSchedule(r))
		return key.answer(fiber.StatusCreated, answer), err
	})
	if err != nil {
		return s.beaten(c, key, err)
	}
	return sendCreated(c, fiber.StatusCreated, answer)
}

// listSchedules answers all on one page, newest first: a merchant has at most MaxReportSchedules.
func (s *Surface) listSchedules(c *fiber.Ctx) error {
	all, err := s.Flow.ReportSchedules(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	views := make([]scheduleView, len(all))
	for i, r := range all {
		views[len(all)-1-i] = viewSchedule(r)
	}
	return answerFew(c, views, func(v scheduleView) string { return string(v.ID) })
}

func scheduleID(c *fiber.Ctx) checkout.ReportScheduleID {
	return checkout.ReportScheduleID(c.Params("id"))
}

func (s *Surface) readSchedule(c *fiber.Ctx) error {
	r, err := s.Flow.ReportScheduleOf(c.UserContext(), callerOf(c).merchant, scheduleID(c))
	if err != nil {
		return err
	}
	return c.JSON(viewSchedule(r))
}

func (s *Surface) editSchedule(c *fiber.Ctx) error {
	var b scheduleBody
	named, err := s.decode(c, &b, scheduleReadOnly)
	if err != nil {
		return err
	}
	r, err := s.Flow.EditReportSchedule(c.UserContext(), s.by(c), callerOf(c).merchant, scheduleID(c), func(t *checkout.ReportTerms) { b.apply(t, named) })
	if err != nil {
		return err
	}
	return c.JSON(viewSchedule(r))
}

func (s *Surface) deleteSchedule(c *fiber.Ctx) error {
	if err := s.Flow.DeleteReportSchedule(c.UserContext(), s.by(c), callerOf(c).merchant, scheduleID(c)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// statusOfSchedule marks a stored answer whose body is a schedule's id: how its mails fare is the answer.
const statusOfSchedule = -5

// sendSchedule mails the report of the period that has ended by now, once however often it is asked under one key.
func (s *Surface) sendSchedule(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	m, id := callerOf(c).merchant, scheduleID(c)
	if err := s.Flow.SendReportNow(c.UserContext(), s.by(c), m, id, key.answer(statusOfSchedule, []byte(id))); err != nil {
		return s.beaten(c, key, err)
	}
	return s.answerSent(c, m, id)
}

func (s *Surface) answerSent(c *fiber.Ctx, m checkout.MerchantID, id checkout.ReportScheduleID) error {
	r, err := s.Flow.ReportScheduleOf(c.UserContext(), m, id)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderLocation, "/v1/report_schedules/"+string(id))
	body, err := json.Marshal(viewSchedule(r))
	if err != nil {
		return err
	}
	return sendJSON(c, fiber.StatusAccepted, body)
}
