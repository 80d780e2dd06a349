package panel

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/gateway/sheet"
	"github.com/odelink/odelink/gateway/statement"
)

const reconciliationPath = "/panel/reconciliation"

// How many runs and rows a page has.
const (
	runsShown = 25
	rowsShown = 50
)

// DayFlow is what reconciling needs of checkout.Service.
type DayFlow interface {
	Reconcile(ctx context.Context, by checkout.By, m checkout.MerchantID, a checkout.AccountID, day checkout.Day, list checkout.List, idem func(checkout.Run) (checkout.Idempotency, error)) (checkout.Run, error)
	PullDay(ctx context.Context, by checkout.By, m checkout.MerchantID, a checkout.AccountID, day checkout.Day, idem func(checkout.Run) (checkout.Idempotency, error)) (checkout.Run, error)
	Runs(ctx context.Context, q checkout.RunQuery) ([]checkout.Run, string, error)
	RunOf(ctx context.Context, m checkout.MerchantID, id checkout.RunID) (checkout.Run, error)
	RowsOf(ctx context.Context, q checkout.RowQuery) ([]checkout.RunRow, string, error)
	Resolve(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.RunID, number int, ask checkout.RowAsk) (checkout.RunRow, error)
	CloseDay(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.RunID, note string, idem func(checkout.Run) (checkout.Idempotency, error)) (checkout.Run, error)
	ColumnsOf(ctx context.Context, m checkout.MerchantID, a checkout.AccountID) (checkout.Columns, error)
	SetColumns(ctx context.Context, by checkout.By, m checkout.MerchantID, a checkout.AccountID, c checkout.Columns, fields []string) error
}

// reconciliationRoutes hold banks' lists against the ledger (features 7).
func (s *Surface) reconciliationRoutes() []route {
	money := checkout.PowerMoney
	return []route{
		{"GET", reconciliationPath, money, (*Surface).runsPage},
		{"POST", reconciliationPath, money, (*Surface).reconcile},
		{"GET", reconciliationPath + "/columns", money, (*Surface).columnsPage},
		{"POST", reconciliationPath + "/columns", money, (*Surface).saveColumns},
		{"GET", reconciliationPath + "/:id", money, (*Surface).runPage},
		{"GET", reconciliationPath + "/:id/export.*", checkout.PowerReports, (*Surface).exportRun},
		{"POST", reconciliationPath + "/:id/close", money, (*Surface).closeDay},
		{"POST", reconciliationPath + "/:id/rows/:number", money, (*Surface).resolveRow},
	}
}

// wholeBooks refuses who sees only his own links: a bank's list is of everybody's.
func wholeBooks(w *who) error {
	if w.own() != "" {
		return checkout.ErrPower
	}
	return nil
}

// runRow is a reconciliation in a table.
type runRow struct {
	checkout.Run
	POS string
}

// runsData is the list and the form.
type runsData struct {
	New      *Form
	Accounts []Choice
	Runs     []runRow
	Next     string
	Cursor   string
}

func (s *Surface) runsPage(c *fiber.Ctx, w *who) error {
	yesterday := dayText(s.now().AddDate(0, 0, -1))
	return s.showRuns(c, w, fiber.StatusOK, NewForm("reconciliation.new", "acquirer", "", "day", yesterday, "file", ""))
}

func (s *Surface) showRuns(c *fiber.Ctx, w *who, status int, f *Form) error {
	if err := wholeBooks(w); err != nil {
		return err
	}
	d := runsData{New: f, Cursor: c.Query("cursor")}
	found, next, err := s.Flow.Runs(c.UserContext(), checkout.RunQuery{Merchant: w.member.Merchant, Limit: runsShown, Cursor: d.Cursor})
	if errors.Is(err, checkout.ErrCursor) {
		return c.Redirect(reconciliationPath, fiber.StatusSeeOther)
	}
	if err != nil {
		return err
	}
	d.Next = nextPage(c, next)
	if _, d.Accounts, err = s.paymentRows(c, w, nil); err != nil {
		return err
	}
	for i, a := range d.Accounts {
		d.Accounts[i].Chosen = a.Value == f.Get("acquirer")
	}
	for _, r := range found {
		d.Runs = append(d.Runs, runRow{r, labelOf(d.Accounts, string(r.Account))})
	}
	return s.show(c, w, status, "reconciliation", d)
}

func labelOf(all []Choice, value string) string {
	if i := slices.IndexFunc(all, func(c Choice) bool { return c.Value == value }); i >= 0 {
		return all[i].Label
	}
	return value
}

// reconcile holds a file, or the bank's own list, against a day.
func (s *Surface) reconcile(c *fiber.Ctx, w *who) error {
	if err := wholeBooks(w); err != nil {
		return err
	}
	f := readForm(c, "reconciliation.new", "acquirer", "day", "how")
	f.Values["file"] = ""
	run, err := s.reconciled(c, w, f)
	if err == nil {
		return c.Redirect(reconciliationPath+"/"+string(run.ID), fiber.StatusSeeOther)
	}
	if errors.Is(err, statement.ErrColumns) {
		return c.Redirect(reconciliationPath+"/columns?acquirer="+f.Get("acquirer")+"&saved=unknown", fiber.StatusSeeOther)
	}
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	return s.showRuns(c, w, fiber.StatusUnprocessableEntity, f)
}

func (s *Surface) reconciled(c *fiber.Ctx, w *who, f *Form) (checkout.Run, error) {
	ctx, m, account, day := c.UserContext(), w.member.Merchant, checkout.AccountID(f.Get("acquirer")), checkout.Day(f.Get("day"))
	if f.Get("how") == "bank" {
		run, err := s.Flow.PullDay(ctx, w.by(c), m, account, day, nil)
		if checkout.KindOf(err) == checkout.KindUnavailable {
			err = &checkout.Error{Kind: checkout.KindConflict, Code: "bank_list_away"}
		}
		return run, err
	}
	data, err := fileIn(c, "file", sheet.MaxBytes)
	if err != nil {
		return checkout.Run{}, err
	}
	if len(data) == 0 {
		return checkout.Run{}, checkout.Invalid(checkout.FieldError{Field: "file", Code: "required"})
	}
	columns, err := s.Flow.ColumnsOf(ctx, m, account)
	if err != nil {
		return checkout.Run{}, err
	}
	got, err := statement.File(data, columns, checkout.TRY)
	if err != nil {
		return checkout.Run{}, err
	}
	run, err := s.Flow.Reconcile(ctx, w.by(c), m, account, day, checkout.List{Lines: got.Lines, Faults: got.Faults, Failed: got.Failed}, nil)
	if err == nil && len(columns) == 0 {
		err = s.Flow.SetColumns(ctx, w.by(c), m, account, got.Columns, statement.Fields) // so that the next file is read alike
	}
	return run, err
}

// columnsData is how an account's bank heads its list.
type columnsData struct {
	Form    *Form
	Account checkout.AccountID
	POS     string
	Fields  []string
	Saved   string
}

func (s *Surface) columnsPage(c *fiber.Ctx, w *who) error {
	account := checkout.AccountID(c.Query("acquirer"))
	columns, err := s.Flow.ColumnsOf(c.UserContext(), w.member.Merchant, account)
	if err != nil {
		return err
	}
	f := NewForm("reconciliation.column")
	for _, field := range statement.Fields {
		f.Values[field] = columns[field]
	}
	return s.showColumns(c, w, fiber.StatusOK, account, f)
}

func (s *Surface) showColumns(c *fiber.Ctx, w *who, status int, account checkout.AccountID, f *Form) error {
	if err := wholeBooks(w); err != nil {
		return err
	}
	_, accounts, err := s.paymentRows(c, w, nil)
	if err != nil {
		return err
	}
	return s.show(c, w, status, "reconciliation_columns", columnsData{f, account, labelOf(accounts, string(account)), statement.Fields, c.Query("saved")})
}

func (s *Surface) saveColumns(c *fiber.Ctx, w *who) error {
	if err := wholeBooks(w); err != nil {
		return err
	}
	f := readForm(c, "reconciliation.column", statement.Fields...)
	account, columns, names := checkout.AccountID(posted(c, "acquirer")), checkout.Columns{}, map[string]string{}
	for _, field := range statement.Fields {
		names["columns."+field] = field
		if f.On(field) {
			columns[field] = f.Get(field)
		}
	}
	err := s.Flow.SetColumns(c.UserContext(), w.by(c), w.member.Merchant, account, columns, statement.Fields)
	if err := s.refused(f, w.lang, err, names); err != nil {
		return err
	}
	if !f.OK() {
		return s.showColumns(c, w, fiber.StatusUnprocessableEntity, account, f)
	}
	return c.Redirect(reconciliationPath+"/columns?acquirer="+string(account)+"&saved=columns", fiber.StatusSeeOther)
}

// runData is one reconciliation.
type runData struct {
	checkout.Run
	POS    string
	Rows   []checkout.RunRow
	Sums   []rowSum
	Class  checkout.Class
	Open   bool
	Next   string
	Cursor string
	Form   *Form // of the row that was asked about, or of closing
	At     int   // which row that is
	Saved  string
	Left   int
	People map[string]string // who may have closed it, by actor
}

// rowSum is what the rows in sight come to in one currency: here, and at the bank. What goes back is negative.
type rowSum struct {
	Currency   checkout.Currency
	Ours, Bank int64
}

func rowSums(rows []checkout.RunRow) (sums []rowSum) {
	in := func(c checkout.Currency) *rowSum {
		i := slices.IndexFunc(sums, func(s rowSum) bool { return s.Currency == c })
		if i < 0 {
			i = len(sums)
			sums = append(sums, rowSum{Currency: c})
		}
		return &sums[i]
	}
	signed := func(kind checkout.LineKind, minor int64) int64 {
		if kind == checkout.LineSale {
			return minor
		}
		return -minor
	}
	for _, r := range rows {
		if r.Ours.Payment != "" {
			in(r.Ours.Amount.Currency).Ours += signed(r.Ours.Kind, r.Ours.Amount.Minor)
		}
		if r.Bank.Row > 0 {
			in(r.Bank.Amount.Currency).Bank += signed(r.Bank.Kind, r.Bank.Amount.Minor)
		}
	}
	return sums
}

func (s *Surface) runOf(c *fiber.Ctx, w *who) (checkout.Run, error) {
	id := checkout.RunID(c.Params("id"))
	if !id.Valid() {
		return checkout.Run{}, checkout.ErrNoRun
	}
	if err := wholeBooks(w); err != nil {
		return checkout.Run{}, err
	}
	return s.Flow.RunOf(c.UserContext(), w.member.Merchant, id)
}

func (s *Surface) runPage(c *fiber.Ctx, w *who) error {
	run, err := s.runOf(c, w)
	if err != nil {
		return err
	}
	return s.showRun(c, w, fiber.StatusOK, run, NewForm("reconciliation.row", "note", ""), 0)
}

func (s *Surface) showRun(c *fiber.Ctx, w *who, status int, run checkout.Run, f *Form, at int) error {
	q := rowsAsked(c, run)
	q.Limit, q.Cursor = rowsShown, c.Query("cursor")
	d := runData{Run: run, Form: f, At: at, Saved: c.Query("saved"), Class: q.Class, Open: q.Open, Cursor: q.Cursor, Left: run.Open()}
	rows, next, err := s.Flow.RowsOf(c.UserContext(), q)
	if errors.Is(err, checkout.ErrCursor) {
		return c.Redirect(c.Path(), fiber.StatusSeeOther)
	}
	if err != nil {
		return err
	}
	d.Rows, d.Sums, d.Next = rows, rowSums(rows), nextPage(c, next)
	_, accounts, err := s.paymentRows(c, w, nil)
	if err != nil {
		return err
	}
	d.POS = labelOf(accounts, string(run.Account))
	if d.People, err = s.names(c.UserContext(), w); err != nil {
		return err
	}
	return s.show(c, w, status, "reconciliation_run", d)
}

// rowsAsked reads out of the address which rows of a run are in sight.
func rowsAsked(c *fiber.Ctx, run checkout.Run) checkout.RowQuery {
	q := checkout.RowQuery{Merchant: run.Merchant, Run: run.ID, Open: c.Query("open") == "true"}
	if class := checkout.Class(c.Query("class")); slices.Contains(checkout.Classes, class) {
		q.Class = class
	}
	return q
}

// exportRun answers the rows in sight as a file, all of their pages.
func (s *Surface) exportRun(c *fiber.Ctx, w *who) error {
	run, err := s.runOf(c, w)
	if err != nil {
		return err
	}
	rows := rowsAsked(c, run)
	r, _ := report.ByName("reconciliation")
	q := report.Query{Merchant: run.Merchant, Rows: &rows, Now: s.now(), LinkURL: s.Flow.LinkURL}
	q.From, q.To, _ = run.Day.Span()
	return s.export(c, w, r, q, c.Params("*"))
}

// resolveRow deals with a row: the bank is asked, money goes back, or somebody says what it is.
func (s *Surface) resolveRow(c *fiber.Ctx, w *who) error {
	run, err := s.runOf(c, w)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(c.Params("number"))
	if err != nil || number < 1 {
		return checkout.ErrNoRunRow
	}
	f := readForm(c, "reconciliation.row", "note", "action")
	row, err := s.Flow.Resolve(c.UserContext(), w.by(c), w.member.Merchant, run.ID, number, checkout.RowAsk{Action: checkout.RowAction(f.Get("action")), Note: f.Get("note")})
	if errors.Is(err, checkout.ErrUnreachable) {
		err = &checkout.Error{Kind: checkout.KindConflict, Code: "bank_list_away"}
	}
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	if !f.OK() {
		return s.showRun(c, w, fiber.StatusUnprocessableEntity, run, f, number)
	}
	word := "resolved"
	if row.Resolution == "" {
		word = "open"
	}
	return c.Redirect(reconciliationPath+"/"+string(run.ID)+"?saved="+word+backTo(c), fiber.StatusSeeOther)
}

// backTo keeps the filter that the row was found by.
func backTo(c *fiber.Ctx) string {
	if class := checkout.Class(posted(c, "class")); slices.Contains(checkout.Classes, class) {
		return "&class=" + string(class)
	}
	return ""
}

// closeDay closes the day of a run for ever; the page says so before.
func (s *Surface) closeDay(c *fiber.Ctx, w *who) error {
	run, err := s.runOf(c, w)
	if err != nil {
		return err
	}
	f := readForm(c, "reconciliation.row", "note")
	_, err = s.Flow.CloseDay(c.UserContext(), w.by(c), w.member.Merchant, run.ID, f.Get("note"), nil)
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	if !f.OK() {
		return s.showRun(c, w, fiber.StatusUnprocessableEntity, run, f, -1)
	}
	return saved(c, reconciliationPath+"/"+string(run.ID), "closed")
}

// Actions are what can be done about a row, the likeliest first.
func (p *Page) Actions(r checkout.RunRow) (all []checkout.RowAction) {
	if !r.Calls() {
		return nil
	}
	if r.Ours.Payment != "" && r.Class != checkout.ClassDuplicate {
		all = append(all, checkout.ActionAsk)
		if s := checkout.Status(r.Ours.Status); r.Ours.Kind == checkout.LineSale && (s == checkout.StatusDeclined || s == checkout.StatusFailed || s == checkout.StatusAbandoned) {
			all = append(all, checkout.ActionGiveBack)
		}
	}
	if r.Bank.Row > 0 {
		all = append(all, checkout.ActionManual)
	}
	return append(all, checkout.ActionAccept)
}

// ClassPill is how a row came out.
func (p *Page) ClassPill(r checkout.RunRow) Pill {
	pill := Pill{Word: p.T("reconciliation.class." + string(r.Class)), Icon: "cross", Tone: "bad"}
	switch {
	case r.Class == checkout.ClassMatched:
		pill.Icon, pill.Tone = "check", "good"
	case !r.Calls():
		pill.Icon, pill.Tone = "check", "info"
	}
	return pill
}

// FaultField names the column that a row could not be read for.
func (p *Page) FaultField(f checkout.LineFault) string {
	return p.Or("reconciliation.column."+f.Field, "–")
}

// FaultWords says why a row could not be read.
func (p *Page) FaultWords(f checkout.LineFault) string {
	return p.Or("reconciliation.fault."+f.Code, p.T("reconciliation.fault.unread"))
}

// Classes are the classes of a run that have rows.
func (p *Page) Classes(r checkout.Run) (all []checkout.Class) {
	return slices.DeleteFunc(slices.Clone(checkout.Classes), func(c checkout.Class) bool { return r.Counts[c].Rows == 0 })
}
