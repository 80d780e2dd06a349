package api

import (
	"encoding/json"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/gateway/statement"
	"github.com/odelink/odelink/gateway/web"
)

const reconciliationsPath = "/v1/reconciliations"

// runView is a reconciliation as the API shows it.
type runView struct {
	ID        checkout.RunID              `json:"id"`
	Acquirer  checkout.AccountID          `json:"acquirer"`
	Day       checkout.Day                `json:"day"`
	Source    string                      `json:"source"`
	Status    string                      `json:"status"`
	Lines     int                         `json:"lines"`
	OtherDays int                         `json:"other_days"`
	Failed    int                         `json:"failed_lines"`
	Faults    []faultView                 `json:"faults"`
	Rows      int                         `json:"rows"`
	Open      int                         `json:"open"`
	Counts    map[checkout.Class]runCount `json:"counts"`
	CreatedBy string                      `json:"created_by"`
	CreatedAt string                      `json:"created_at"`
	ClosedBy  *string                     `json:"closed_by"`
	ClosedAt  *string                     `json:"closed_at"`
	CloseNote *string                     `json:"close_note"`
}

type runCount struct {
	Rows int `json:"rows"`
	Open int `json:"open"`
}

type faultView struct {
	Row     int     `json:"row"`
	Field   *string `json:"field"`
	Code    string  `json:"code"`
	Message string  `json:"message"`
}

// viewRun shows a run; lang is what its faults are told in.
func viewRun(r checkout.Run, lang string) runView {
	v := runView{
		ID: r.ID, Acquirer: r.Account, Day: r.Day, Source: r.Source, Status: "open", Lines: r.Lines, OtherDays: r.OtherDays, Failed: r.Failed, Faults: []faultView{},
		Rows: r.Rows, Open: r.Open(), Counts: map[checkout.Class]runCount{}, CreatedBy: r.Actor, CreatedAt: stamp(r.CreatedAt),
		ClosedBy: nullable(r.ClosedBy), CloseNote: nullable(r.CloseNote),
	}
	if !r.ClosedAt.IsZero() {
		v.Status, v.ClosedAt = "closed", nullable(stamp(r.ClosedAt))
	}
	for _, c := range checkout.Classes {
		v.Counts[c] = runCount(r.Counts[c])
	}
	for _, f := range r.Faults {
		v.Faults = append(v.Faults, faultView{Row: f.Row, Field: nullable(f.Field), Code: f.Code, Message: Message(lang, f.Code, nil)})
	}
	return v
}

// rowView is one row of a reconciliation as the API shows it.
type rowView struct {
	Number     int            `json:"number"`
	Class      checkout.Class `json:"class"`
	Ours       *oursView      `json:"ours"`
	Bank       *bankLineView  `json:"bank"`
	Open       bool           `json:"open"`
	Resolution *string        `json:"resolution"`
	Manual     *string        `json:"manual_entry"`
	Note       *string        `json:"note"`
	ResolvedBy *string        `json:"resolved_by"`
	ResolvedAt *string        `json:"resolved_at"`
}

type oursView struct {
	Payment   checkout.PaymentID   `json:"payment"`
	Refund    *string              `json:"refund"`
	Kind      checkout.LineKind    `json:"kind"`
	Status    string               `json:"status"`
	Order     checkout.OrderNumber `json:"order_id"`
	BankOrder checkout.BankOrder   `json:"bank_order_id"`
	RRN       *string              `json:"rrn"`
	AuthCode  *string              `json:"auth_code"`
	Amount    int64                `json:"amount"`
	Currency  checkout.Currency    `json:"currency"`
	At        string               `json:"at"`
}

type bankLineView struct {
	Row        int                `json:"row"`
	Kind       checkout.LineKind  `json:"kind"`
	State      checkout.LineState `json:"state"`
	RRN        *string            `json:"rrn"`
	Order      *string            `json:"order_id"`
	AuthCode   *string            `json:"auth_code"`
	Amount     int64              `json:"amount"`
	Currency   checkout.Currency  `json:"currency"`
	Commission *int64             `json:"commission"`
	Net        *int64             `json:"net"`
	At         string             `json:"at"`
	Timed      bool               `json:"timed"`
	ValueDate  *string            `json:"value_date"`
	Card       *string            `json:"card"`
}

func viewRow(r checkout.RunRow) rowView {
	v := rowView{Number: r.Number, Class: r.Class, Open: r.Calls(), Resolution: nullable(string(r.Resolution)), Manual: nullable(string(r.Manual)), Note: nullable(r.Note), ResolvedBy: nullable(r.ResolvedBy)}
	if !r.ResolvedAt.IsZero() {
		v.ResolvedAt = nullable(stamp(r.ResolvedAt))
	}
	if o := r.Ours; o.Payment != "" {
		v.Ours = &oursView{
			Payment: o.Payment, Refund: nullable(string(o.Refund)), Kind: o.Kind, Status: o.Status, Order: o.Order, BankOrder: o.BankOrder, RRN: nullable(o.RRN),
			AuthCode: nullable(o.AuthCode), Amount: o.Amount.Minor, Currency: o.Amount.Currency, At: stamp(o.At),
		}
	}
	if b := r.Bank; b.Row > 0 {
		v.Bank = &bankLineView{
			Row: b.Row, Kind: b.Kind, State: b.State, RRN: nullable(b.RRN), Order: nullable(b.Order), AuthCode: nullable(b.AuthCode), Amount: b.Amount.Minor,
			Currency: b.Amount.Currency, Commission: b.Commission, Net: b.Net, At: stamp(b.At), Timed: b.Timed, ValueDate: nullable(b.ValueDate), Card: nullable(b.Card),
		}
	}
	return v
}

// tableTypes are the media types of bank's files; what a file is, its bytes say.
var tableTypes = []string{"text/csv", "text/plain", "text/tab-separated-values", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/octet-stream"}

type pullBody struct {
	Acquirer string `json:"acquirer" validate:"required"`
	Day      string `json:"day" validate:"required"`
}

// createRun takes a bank's file, or as JSON which day to ask the bank for: 201.
func (s *Surface) createRun(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	var answer []byte
	idem := func(r checkout.Run) (checkout.Idempotency, error) {
		var err error
		answer, err = json.Marshal(viewRun(r, web.ProgramLanguage(c)))
		return key.answer(fiber.StatusCreated, answer), err
	}
	m := callerOf(c).merchant
	switch {
	case err != nil:
		return errMediaType
	case isJSON(c.Get(fiber.HeaderContentType)):
		var b pullBody
		if _, err = s.decode(c, &b, nil); err != nil {
			return err
		}
		_, err = s.Flow.PullDay(c.UserContext(), s.by(c), m, checkout.AccountID(b.Acquirer), checkout.Day(b.Day), idem)
	case slices.Contains(tableTypes, kind):
		err = s.reconcileFile(c, m, idem)
	default:
		return errMediaType
	}
	if err != nil {
		return s.beaten(c, key, err)
	}
	return sendCreated(c, fiber.StatusCreated, answer)
}

// reconcileFile reads the file in the body by the columns that are remembered of the account's bank, and
// remembers those that it found.
func (s *Surface) reconcileFile(c *fiber.Ctx, m checkout.MerchantID, idem func(checkout.Run) (checkout.Idempotency, error)) error {
	account := checkout.AccountID(c.Query("acquirer"))
	if account == "" {
		return checkout.Invalid(checkout.FieldError{Field: "acquirer", Code: "required"})
	}
	columns, err := s.Flow.ColumnsOf(c.UserContext(), m, account)
	if err != nil {
		return err
	}
	got, err := statement.File(c.Request().Body(), columns, checkout.TRY) // not c.Body(): that would decompress
	if err != nil {
		return err
	}
	list := checkout.List{Lines: got.Lines, Faults: got.Faults, Failed: got.Failed}
	if _, err := s.Flow.Reconcile(c.UserContext(), s.by(c), m, account, checkout.Day(c.Query("day")), list, idem); err != nil {
		return err
	}
	if len(columns) == 0 {
		return s.Flow.SetColumns(c.UserContext(), s.by(c), m, account, got.Columns, statement.Fields)
	}
	return nil
}

func (s *Surface) listRuns(c *fiber.Ctx) error {
	f := filters{c: c}
	q := checkout.RunQuery{
		Merchant: callerOf(c).merchant, Account: checkout.AccountID(c.Query("acquirer")), Day: checkout.Day(c.Query("day")), Limit: f.limit(), Cursor: c.Query("cursor"),
	}
	if _, _, ok := q.Day.Span(); q.Day != "" && !ok {
		f.mistake("day", "day_format")
	}
	if err := f.err(); err != nil {
		return err
	}
	all, next, err := s.Flow.Runs(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	views := make([]runView, len(all))
	for i, r := range all {
		views[i] = viewRun(r, web.ProgramLanguage(c))
	}
	return answerPage(c, views, next)
}

func runID(c *fiber.Ctx) (checkout.RunID, error) {
	id := checkout.RunID(c.Params("id"))
	if !id.Valid() {
		return "", checkout.ErrNoRun
	}
	return id, nil
}

func (s *Surface) readRun(c *fiber.Ctx) error {
	id, err := runID(c)
	if err != nil {
		return err
	}
	r, err := s.Flow.RunOf(c.UserContext(), callerOf(c).merchant, id)
	if err != nil {
		return err
	}
	return c.JSON(viewRun(r, web.ProgramLanguage(c)))
}

func (s *Surface) listRunRows(c *fiber.Ctx) error {
	id, err := runID(c)
	if err != nil {
		return err
	}
	f := filters{c: c}
	q := f.rowsOf(id)
	q.Limit, q.Cursor = f.limit(), c.Query("cursor")
	if err := f.err(); err != nil {
		return err
	}
	rows, next, err := s.Flow.RowsOf(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	views := make([]rowView, len(rows))
	for i, r := range rows {
		views[i] = viewRow(r)
	}
	return answerPage(c, views, next)
}

// rowsOf reads which rows of a reconciliation are asked for.
func (f *filters) rowsOf(id checkout.RunID) checkout.RowQuery {
	return checkout.RowQuery{Merchant: callerOf(f.c).merchant, Run: id, Class: choice(f, "class", checkout.Classes), Open: f.yes("open")}
}

// readRunFile answers the rows of one reconciliation as a file: the report of reconciliations, of this one alone.
func (s *Surface) readRunFile(c *fiber.Ctx) error {
	id, err := runID(c)
	if err != nil {
		return err
	}
	format, known := report.FormatByName(c.Params("format"))
	if !known {
		return errNoFormat
	}
	f := filters{c: c}
	rows, lang, dialect := f.rowsOf(id), f.lang(), choice(&f, "dialect", report.Dialects)
	if err := f.err(); err != nil {
		return err
	}
	run, err := s.Flow.RunOf(c.UserContext(), rows.Merchant, id)
	if err != nil {
		return err
	}
	r, _ := report.ByName("reconciliation")
	q := report.Query{Merchant: rows.Merchant, Rows: &rows, Now: s.Clock.Now(), LinkURL: s.Flow.LinkURL}
	q.From, q.To, _ = run.Day.Span()
	return s.sendReport(c, r, q, format, lang, dialect)
}

type rowBody struct {
	Action string  `json:"action" validate:"required,oneof=ask give_back manual accept"`
	Note   *string `json:"note"`
}

// resolveRow does something about a row, and answers it as it is then.
func (s *Surface) resolveRow(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b rowBody
	if _, err := s.decode(c, &b, nil); err != nil {
		return err
	}
	id, err := runID(c)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(c.Params("number"))
	if err != nil || number < 1 || strconv.Itoa(number) != c.Params("number") {
		return checkout.ErrNoRunRow
	}
	kept := false
	idem := func(r checkout.RunRow) (checkout.Idempotency, error) {
		kept = true
		answer, err := json.Marshal(viewRow(r))
		return key.answer(statusOfChecked, answer), err
	}
	row, err := s.Flow.Resolve(c.UserContext(), s.by(c), callerOf(c).merchant, id, number, checkout.RowAsk{Action: checkout.RowAction(b.Action), Note: strings.TrimSpace(given(b.Note)), Idem: idem})
	if err != nil {
		return s.beaten(c, key, err)
	}
	if !kept && key.key != "" { // the bank does not agree yet, which is an answer too
		answer, err := idem(row)
		if err != nil {
			return err
		}
		if err := s.Ledger.KeepAnswer(c.UserContext(), answer); err != nil {
			return s.beaten(c, key, err)
		}
	}
	return c.JSON(viewRow(row))
}

type closeBody struct {
	Note *string `json:"note"`
}

// closeRun closes a day and answers the reconciliation.
func (s *Surface) closeRun(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b closeBody
	if len(c.Request().Body()) > 0 {
		if _, err := s.decode(c, &b, nil); err != nil {
			return err
		}
	}
	id, err := runID(c)
	if err != nil {
		return err
	}
	r, err := s.Flow.CloseDay(c.UserContext(), s.by(c), callerOf(c).merchant, id, strings.TrimSpace(given(b.Note)), func(r checkout.Run) (checkout.Idempotency, error) {
		answer, err := json.Marshal(viewRun(r, web.ProgramLanguage(c)))
		return key.answer(statusOfChecked, answer), err
	})
	if err != nil {
		return s.beaten(c, key, err)
	}
	return c.JSON(viewRun(r, web.ProgramLanguage(c)))
}

// columnsView is how an account's bank heads its list, as the API shows it.
type columnsView struct {
	Columns map[string]string `json:"columns"`
}

type columnsBody struct {
	Columns map[string]string `json:"columns" validate:"required,max=20"`
}

func (s *Surface) readColumns(c *fiber.Ctx) error {
	columns, err := s.Flow.ColumnsOf(c.UserContext(), callerOf(c).merchant, checkout.AccountID(c.Params("id")))
	if err != nil {
		return err
	}
	if columns == nil {
		columns = checkout.Columns{}
	}
	return c.JSON(columnsView{columns})
}

func (s *Surface) writeColumns(c *fiber.Ctx) error {
	var b columnsBody
	if _, err := s.decode(c, &b, nil); err != nil {
		return err
	}
	if err := s.Flow.SetColumns(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.AccountID(c.Params("id")), b.Columns, statement.Fields); err != nil {
		return err
	}
	return s.readColumns(c)
}
