package checkout

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// Reports that are sent by e-mail in the morning, for the day, week or month that has ended. A schedule is leased
// while its report is made; what becomes true with its end are one mail for each address and the next morning, so
// that of several gateways one sends, and a gateway that was off sends the newest report once and not every one that
// it missed.

// ReportScheduleID is "rsc_" and 22 characters of base62.
type ReportScheduleID string

// Valid says whether the id has the syntax of one of its kind.
func (r ReportScheduleID) Valid() bool { return validID(string(r), "rsc_") }

// ReportSchedule makes an identifier.
func (g *IDs) ReportSchedule() ReportScheduleID {
	return ReportScheduleID("rsc_" + g.pick(base62, 22))
}

// MessageReport is a report by e-mail, to the merchant. It is not among MessageKinds: those are about links.
const MessageReport MessageKind = "report"

// Frequency is how often a report is sent, and of what.
type Frequency string

// The frequencies.
const (
	Daily   Frequency = "daily"   // of yesterday
	Weekly  Frequency = "weekly"  // on a weekday, of the last whole week from Monday to Sunday
	Monthly Frequency = "monthly" // on the first, of the last month
)

// Frequencies lists them.
var Frequencies = []Frequency{Daily, Weekly, Monthly}

// Weekdays are the words for days of the week, from Monday.
var Weekdays = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

const (
	// MaxReportSchedules is how many a merchant may have, MaxReportRecipients to how many addresses one goes.
	MaxReportSchedules  = 20
	MaxReportRecipients = 5
	// MaxReportFile is how large a file may be that is sent: mail servers refuse mails of 10 MB and more, and a file
	// grows by a third on its way (RFC 2045, 6.8).
	MaxReportFile = 5 << 20
	// ReportHour is when reports are sent, in Istanbul.
	ReportHour = 7
)

// ReportTerms are what a merchant says about a scheduled report.
type ReportTerms struct {
	Report   string     `json:"report"` // its name
	Status   string     `json:"status,omitempty"`
	Kind     RefundKind `json:"kind,omitempty"`
	Currency Currency   `json:"currency,omitempty"`
	Account  AccountID  `json:"account,omitempty"`
	Format   string     `json:"format"`            // csv or xlsx
	Dialect  string     `json:"dialect,omitempty"` // of CSV
	Lang     string     `json:"lang"`
	Every    Frequency  `json:"every"`
	Weekday  string     `json:"weekday,omitempty"` // of Weekly: one of Weekdays
	To       []string   `json:"to"`
}

// midnight is the beginning of the day of a moment in Istanbul.
func midnight(at time.Time) time.Time {
	y, m, d := at.In(istanbul()).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, istanbul())
}

// sinceMonday is how many days of the week of a day have passed.
func sinceMonday(day time.Time) int { return (int(day.Weekday()) + 6) % 7 }

// on says whether the report is sent on a day.
func (t ReportTerms) on(day time.Time) bool {
	switch t.Every {
	case Weekly:
		return Weekdays[sinceMonday(day)] == t.Weekday
	case Monthly:
		return day.Day() == 1
	}
	return true
}

// Next is the first morning behind a moment on which the report is sent.
func (t ReportTerms) Next(after time.Time) time.Time {
	for day := midnight(after); ; day = day.AddDate(0, 0, 1) {
		if at := day.Add(ReportHour * time.Hour); at.After(after) && t.on(day) {
			return at.UTC()
		}
	}
}

// last is the newest morning of the report that is not behind a moment.
func (t ReportTerms) last(now time.Time) time.Time {
	for day := midnight(now); ; day = day.AddDate(0, 0, -1) {
		if at := day.Add(ReportHour * time.Hour); !at.After(now) && t.on(day) {
			return at
		}
	}
}

// Period is what had ended on the day of a moment: from inclusive, to exclusive.
func (t ReportTerms) Period(at time.Time) (from, to time.Time) {
	day := midnight(at)
	switch t.Every {
	case Weekly:
		to = day.AddDate(0, 0, -sinceMonday(day))
		from = to.AddDate(0, 0, -7)
	case Monthly:
		to = day.AddDate(0, 0, 1-day.Day())
		from = to.AddDate(0, -1, 0)
	default:
		from, to = day.AddDate(0, 0, -1), day
	}
	return from.UTC(), to.UTC()
}

// place is where the panel shows the same rows; its last day is included there.
func (t ReportTerms) place(from, to time.Time) string {
	q := url.Values{}
	for name, value := range map[string]string{
		"from": from.In(istanbul()).Format(time.DateOnly), "to": to.In(istanbul()).AddDate(0, 0, -1).Format(time.DateOnly),
		"status": t.Status, "kind": string(t.Kind), "currency": string(t.Currency), "acquirer": string(t.Account),
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return "/panel/reports/" + t.Report + "?" + q.Encode()
}

// ReportSchedule is a report that is sent again and again.
type ReportSchedule struct {
	ID       ReportScheduleID
	Merchant MerchantID
	Version  int64 // 1, 2, 3 …; a change is a compare-and-set on it
	ReportTerms
	CreatedAt time.Time
	UpdatedAt time.Time

	// What moves.
	DueAt    time.Time // when it is made next
	Attempts int       // to make it, since it was last made
	MadeAt   time.Time // when it was last made; zero = never
	MadeFrom time.Time // the period of that
	MadeTo   time.Time
	Rows     int64  // in that
	Error    string // why it could not be made since: ReportFailed; "" = it could
	Mails    []ReportMail
}

// ReportFailed is why a scheduled report was not made: the gateway's log says more.
const ReportFailed = "report_failed"

// ReportMail is how a report that was last made reached one address.
type ReportMail struct {
	To       string
	Status   MessageStatus
	Reason   string // why it failed or was suppressed, or does not get on
	Attempts int
	At       time.Time // of the last change
}

// ReportAsk is a wish for a report's file.
type ReportAsk struct {
	Merchant MerchantID
	ReportTerms
	From, To time.Time
}

// MadeReport is a report as a mail tells of it.
type MadeReport struct {
	Title    string // in its language
	From, To time.Time
	Rows     int64
	Sums     []ReportSum
	File     *MessageFile // nil: it is larger than a mail takes
}

// ReportSum is what one column of a report comes to.
type ReportSum struct {
	Title string
	Money bool // minor units of Sum.Currency; else a count
	Sum   Money
}

// MessageFile is attached to a mail.
type MessageFile struct {
	Name, Type string
	Body       []byte
}

// Reports makes the files of scheduled reports. The flow knows no report by name.
type Reports interface {
	// Check finds the mistakes of a report's name, filters and format.
	Check(t ReportTerms) []FieldError
	// Make reads a report, and answers no file when it would be larger than most bytes.
	Make(ctx context.Context, a ReportAsk, most int) (MadeReport, error)
}

// ReportRun is the end of a lease, or a report that was asked for now.
type ReportRun struct {
	Schedule ReportSchedule // as it was read or leased
	Next     time.Time      // when it is made again
	Error    string         // "" = it was made: then the rest counts
	MadeAt   time.Time
	From, To time.Time
	Rows     int64
	File     *MessageFile // of all mails; nil = none
	Mails    []Message
	// Now: somebody asked for it, so that nothing was leased, Next is not looked at, and what MessagesPerRecipient
	// forbids is refused. Event tells of it.
	Now   bool
	Event Event
	// PerRecipient is how many an address may be sent within an hour by asking; 0 = any number.
	PerRecipient int
	// Idem keeps what the wish is answered with, so that asking again sends nothing; zero = nothing is kept.
	Idem Idempotency
}

// ReportScheduleLedger keeps schedules and their mails.
type ReportScheduleLedger interface {
	// ReportSchedules answers a merchant's, oldest first, with the mails of what was last made; ReportScheduleOf one,
	// ErrNoReportSchedule also for somebody else's.
	ReportSchedules(ctx context.Context, m MerchantID) ([]ReportSchedule, error)
	ReportScheduleOf(ctx context.Context, m MerchantID, id ReportScheduleID) (ReportSchedule, error)
	// SaveReportSchedule makes a schedule (Version 1) or replaces the terms of the version before. ErrStale,
	// ErrNoReportSchedule, ErrReportSchedules, ErrKeyKnown.
	SaveReportSchedule(ctx context.Context, r ReportSchedule, e Event, i Idempotency) error
	// DeleteReportSchedule removes it with what waits to be sent. ErrNoReportSchedule.
	DeleteReportSchedule(ctx context.Context, m MerchantID, id ReportScheduleID, e Event) error
	// LeaseReportSchedule hands out one that is due, pushes its DueAt to until and counts an attempt, so that no
	// other instance makes it; ok is false when none is due.
	LeaseReportSchedule(ctx context.Context, until time.Time) (r ReportSchedule, ok bool, err error)
	// EndReportRun writes down what became of a schedule. Mails to suppressed addresses are kept and not sent.
	// ErrStale: the lease is over, or the schedule was changed or deleted. Of a run that was asked for:
	// ErrRecipientMessages, ErrSuppressed (no address is left), ErrKeyKnown.
	EndReportRun(ctx context.Context, r ReportRun) error

	// LeaseReportMails, EndReportMail and ForgetReportMails are LeaseMessages, EndMessage and ForgetMessages of
	// reports, of which nobody is told when they are given up: their schedule shows it.
	LeaseReportMails(ctx context.Context, until time.Time, limit int) ([]Message, error)
	EndReportMail(ctx context.Context, m Message, made MessageSend, next time.Time, bounced bool) error
	ForgetReportMails(ctx context.Context, before time.Time, limit int) (int, error)
}

// What schedules answer.
var (
	ErrNoReportSchedule = &Error{Kind: KindNotFound, Code: "report_schedule_not_found"}
	// ErrReportSchedules: the merchant has as many as there may be.
	ErrReportSchedules = &Error{Kind: KindConflict, Code: "report_schedules_too_many"}
	// ErrNoMail: e-mail is not set up here.
	ErrNoMail = &Error{Kind: KindConflict, Code: "email_not_configured"}
)

// SendsReports says whether scheduled reports can be sent here.
func (s *Service) SendsReports() bool { return s.Reports != nil && s.offers(ChannelEmail) }

// ReportSchedules answers a merchant's schedules, oldest first, with how they last went.
func (s *Service) ReportSchedules(ctx context.Context, m MerchantID) ([]ReportSchedule, error) {
	return s.Ledger.ReportSchedules(ctx, m)
}

// ReportScheduleOf answers one of them. ErrNoReportSchedule.
func (s *Service) ReportScheduleOf(ctx context.Context, m MerchantID, id ReportScheduleID) (ReportSchedule, error) {
	if !id.Valid() {
		return ReportSchedule{}, ErrNoReportSchedule
	}
	return s.Ledger.ReportScheduleOf(ctx, m, id)
}

// CreateReportSchedule makes a schedule; its first report comes on the next of its mornings. idem may be nil. Invalid,
// ErrNoMail, ErrReportSchedules, ErrKeyKnown.
func (s *Service) CreateReportSchedule(ctx context.Context, by By, m MerchantID, t ReportTerms, idem func(ReportSchedule) (Idempotency, error)) (ReportSchedule, error) {
	if !s.SendsReports() {
		return ReportSchedule{}, ErrNoMail
	}
	t, err := s.checkReportTerms(ctx, m, t)
	if err != nil {
		return ReportSchedule{}, err
	}
	now := s.Clock.Now()
	r := ReportSchedule{ID: s.IDs.ReportSchedule(), Merchant: m, Version: 1, ReportTerms: t, CreatedAt: now, UpdatedAt: now, DueAt: t.Next(now)}
	var kept Idempotency
	if idem != nil {
		if kept, err = idem(r); err != nil {
			return ReportSchedule{}, err
		}
	}
	return r, s.Ledger.SaveReportSchedule(ctx, r, s.reportEvent(r, "report_schedule.created", by), kept)
}

// EditReportSchedule replaces a schedule's terms by what change makes of them; the next report comes on the next of
// the new mornings. Invalid, ErrNoReportSchedule.
func (s *Service) EditReportSchedule(ctx context.Context, by By, m MerchantID, id ReportScheduleID, change func(*ReportTerms)) (ReportSchedule, error) {
	for {
		r, err := s.ReportScheduleOf(ctx, m, id)
		if err != nil {
			return r, err
		}
		t := r.ReportTerms
		t.To = slices.Clone(t.To)
		change(&t)
		if r.ReportTerms, err = s.checkReportTerms(ctx, m, t); err != nil {
			return r, err
		}
		r.Version++
		r.UpdatedAt = s.Clock.Now()
		r.DueAt, r.Attempts, r.Error = r.Next(r.UpdatedAt), 0, ""
		err = s.Ledger.SaveReportSchedule(ctx, r, s.reportEvent(r, "report_schedule.edited", by), Idempotency{})
		if !errors.Is(err, ErrStale) {
			return r, err
		}
	}
}

// DeleteReportSchedule ends a schedule; what of it waits to be sent is not sent any more. ErrNoReportSchedule.
func (s *Service) DeleteReportSchedule(ctx context.Context, by By, m MerchantID, id ReportScheduleID) error {
	r, err := s.ReportScheduleOf(ctx, m, id)
	if err != nil {
		return err
	}
	return s.Ledger.DeleteReportSchedule(ctx, m, id, s.reportEvent(r, "report_schedule.deleted", by))
}

// SendReportNow sends the report of what has ended by now, beside those of its mornings. A zero once keeps no key.
// ErrNoReportSchedule, ErrNoMail, ErrRecipientMessages (A56), ErrSuppressed, ErrKeyKnown.
func (s *Service) SendReportNow(ctx context.Context, by By, m MerchantID, id ReportScheduleID, once Idempotency) error {
	r, err := s.ReportScheduleOf(ctx, m, id)
	if err != nil {
		return err
	}
	if !s.SendsReports() {
		return ErrNoMail
	}
	from, to := r.Period(s.Clock.Now())
	run, err := s.makeReport(ctx, r, from, to)
	if err != nil {
		return err
	}
	run.Now, run.Event, run.Idem = true, s.reportEvent(r, "report_schedule.sent", by), once
	if !s.NoMessageLimits {
		run.PerRecipient = MessagesPerRecipient
	}
	return s.Ledger.EndReportRun(ctx, run)
}

func (s *Service) reportEvent(r ReportSchedule, typ string, by By) Event {
	e := s.merchantEvent(r.Merchant, typ, by)
	e.Data = map[string]string{"of": string(r.ID), "report": r.Report, "version": fmt.Sprint(r.Version)}
	return e
}

// checkReportTerms answers the terms in their normal form, or all their mistakes.
func (s *Service) checkReportTerms(ctx context.Context, m MerchantID, t ReportTerms) (ReportTerms, error) {
	errs := s.Reports.Check(t)
	if t.Format != "csv" {
		t.Dialect = ""
	}
	lang, ok := s.letterLang(t.Lang)
	if t.Lang = lang; !ok {
		errs = append(errs, FieldError{Field: "lang", Code: "not_a_choice"})
	}
	if !slices.Contains(Frequencies, t.Every) {
		errs = append(errs, FieldError{Field: "every", Code: "not_a_choice"})
	}
	if t.Every != Weekly {
		t.Weekday = ""
	} else if !slices.Contains(Weekdays, t.Weekday) {
		errs = append(errs, FieldError{Field: "weekday", Code: "not_a_choice"})
	}
	if t.Account != "" {
		all, err := s.Ledger.Accounts(ctx, m)
		if err != nil {
			return t, err
		}
		if !slices.ContainsFunc(all, func(a Account) bool { return a.ID == t.Account }) {
			errs = append(errs, FieldError{Field: "acquirer", Code: "not_a_choice"})
		}
	}
	var wrong *FieldError
	if t.To, wrong = reportRecipients(t.To); wrong != nil {
		errs = append(errs, *wrong)
	}
	if len(errs) > 0 {
		return t, Invalid(errs...)
	}
	return t, nil
}

// reportRecipients answers addresses in their normal form, each once.
func reportRecipients(typed []string) (all []string, wrong *FieldError) {
	known := map[string]bool{}
	for _, to := range typed {
		normal, code := address(ChannelEmail, to)
		if code != "" {
			return typed, &FieldError{Field: "to", Code: code}
		}
		if who := RecipientOf(ChannelEmail, normal); !known[who] {
			known[who] = true
			all = append(all, normal)
		}
	}
	switch {
	case len(all) == 0:
		return nil, &FieldError{Field: "to", Code: "required"}
	case len(all) > MaxReportRecipients:
		return all, &FieldError{Field: "to", Code: "too_many"}
	}
	return all, nil
}

const (
	// reportLease is how long a report is one gateway's to make, and reportTime how long it may take.
	reportLease = 10 * time.Minute
	reportTime  = 8 * time.Minute
)

// reportPauses are those before a report that could not be made is tried again; the last one repeats.
var reportPauses = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// SendDueReport makes one report whose morning has come, and answers whether there was one.
func (s *Service) SendDueReport(ctx context.Context) (bool, error) {
	if !s.SendsReports() {
		return false, nil
	}
	now := s.Clock.Now()
	r, ok, err := s.Ledger.LeaseReportSchedule(ctx, now.Add(reportLease))
	if err != nil || !ok {
		return false, err
	}
	making, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	from, to := r.Period(r.last(now))
	run, err := s.makeReport(making, r, from, to)
	if ctx.Err() != nil {
		return false, ctx.Err() // our own end is nobody's failure: the lease ends
	}
	run.Next = r.Next(now)
	if err != nil {
		s.Observer.Fault("make a scheduled report", fmt.Errorf("schedule %s: %w", r.ID, err))
		run = ReportRun{Schedule: r, Error: ReportFailed, Next: run.Next}
		if at := now.Add(reportPauses[min(r.Attempts, len(reportPauses))-1]); at.Before(run.Next) {
			run.Next = at
		}
	}
	if err := s.Ledger.EndReportRun(ctx, run); err != nil && !errors.Is(err, ErrStale) {
		return true, fmt.Errorf("end of report schedule %s: %w", r.ID, err)
	}
	return true, nil
}

// makeReport makes the file and the mails.
func (s *Service) makeReport(ctx context.Context, r ReportSchedule, from, to time.Time) (ReportRun, error) {
	run := ReportRun{Schedule: r, From: from, To: to, MadeAt: s.Clock.Now()}
	shop, err := s.Shop(ctx, r.Merchant)
	if err != nil {
		return run, err
	}
	made, err := s.Reports.Make(ctx, ReportAsk{Merchant: r.Merchant, ReportTerms: r.ReportTerms, From: from, To: to}, MaxReportFile)
	if err != nil {
		return run, err
	}
	letter, err := s.Post.Write(LetterFacts{
		Kind: MessageReport, Channel: ChannelEmail, Lang: r.Lang, Merchant: shop.Merchant, URL: s.PublicURL + r.place(from, to), Report: &made,
	})
	if err != nil {
		return run, fmt.Errorf("write the mail of a report: %w", err)
	}
	run.Rows, run.File = made.Rows, made.File
	for _, to := range r.To {
		run.Mails = append(run.Mails, Message{
			ID: s.IDs.Message(), Merchant: r.Merchant, Kind: MessageReport, Channel: ChannelEmail, Lang: r.Lang, To: to, Status: MessageQueued, Letter: letter,
			DueAt: run.MadeAt, CreatedAt: run.MadeAt, UpdatedAt: run.MadeAt,
		})
	}
	return run, nil
}
