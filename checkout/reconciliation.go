package checkout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Lister is an Acquirer whose bank hands out everything of a day.
type Lister interface {
	// List answers the bank's own record of a day, oldest first; what came to nothing is LineFailed. An error
	// is that the list could not be had whole.
	List(ctx context.Context, day Day) ([]BankLine, error)
}

// Where a list came from.
const (
	FromFile = "file"
	FromBank = "bank"
)

// Run is one list held against the ledger, for one account and day. Its rows never change but for how they
// were resolved, and nothing of a closed day does.
type Run struct {
	ID        RunID
	Merchant  MerchantID
	Account   AccountID
	Day       Day
	Source    string // FromFile or FromBank
	Lines     int    // of the list that could be read
	Failed    int    // and that could not
	Faults    []LineFault
	OtherDays int // lines of other days, which are in no row unless they pair with the day
	Rows      int
	Actor     string
	CreatedAt time.Time
	ClosedAt  time.Time // zero = open
	ClosedBy  string
	CloseNote string
	Counts    map[Class]RunCount // as they are now
}

// RunCount is how many rows of a class there are, and how many of them call for somebody.
type RunCount struct{ Rows, Open int }

// Open is how many rows call for somebody.
func (r Run) Open() (n int) {
	for _, c := range r.Counts {
		n += c.Open
	}
	return n
}

// SaysLittle says whether the list leaves the day, or some of it, in the dark: nothing of it could be compared,
// rows could not be read, or rows were of other days.
func (r Run) SaysLittle() bool { return r.Empty() || r.Failed > 0 || r.OtherDays > 0 }

// Empty says whether nothing was compared: the list has no row of the day, or the day no row at all.
func (r Run) Empty() bool { return r.Rows == 0 || r.Lines == r.OtherDays }

// Resolution is how a row that did not match was dealt with.
type Resolution string

// The resolutions.
const (
	// ResolvedRepaired: the bank was asked, and what it answered, and its line if the list has one, is what the ledger
	// has now.
	ResolvedRepaired Resolution = "repaired"
	// ResolvedGivenBack: the bank held money for a payment that had ended here, and it went back.
	ResolvedGivenBack Resolution = "given_back"
	// ResolvedManual: written down as a manual entry.
	ResolvedManual Resolution = "manual"
	// ResolvedAccepted: somebody looked at it and says why it may stay.
	ResolvedAccepted Resolution = "accepted"
)

// Resolutions lists them.
var Resolutions = []Resolution{ResolvedRepaired, ResolvedGivenBack, ResolvedManual, ResolvedAccepted}

// RunRow is one row of a run.
type RunRow struct {
	Run      RunID
	Merchant MerchantID
	Account  AccountID
	Day      Day
	Number   int // in the run, from 1
	Pair
	Resolution Resolution // "" = none
	Manual     ManualID   // of ResolvedManual
	Note       string
	ResolvedBy string
	ResolvedAt time.Time
}

// ID names the row for those who keep it: its run and its number.
func (r RunRow) ID() string { return fmt.Sprintf("%s.%06d", r.Run, r.Number) }

// Calls says whether somebody has to look at the row.
func (r RunRow) Calls() bool { return r.Class != ClassMatched && r.Resolution == "" }

// ManualEntry is money that the bank has and the ledger has no payment of. It is kept apart from payments, and
// every report shows it as what it is (features 7.3).
type ManualEntry struct {
	ID        ManualID
	Merchant  MerchantID
	Account   AccountID
	Day       Day
	Run       RunID
	Row       int
	Kind      LineKind
	Amount    Money // never negative
	RRN       string
	Order     string
	AuthCode  string
	At        time.Time
	Note      string
	Actor     string
	CreatedAt time.Time
}

// RunQuery selects runs of a merchant, newest first.
type RunQuery struct {
	Merchant MerchantID
	Account  AccountID
	Day      Day
	Limit    int
	Cursor   string
}

// RowQuery selects rows of a run, in their order.
type RowQuery struct {
	Merchant MerchantID
	Run      RunID
	Class    Class
	Open     bool // only those that call for somebody
	Limit    int
	Cursor   string
}

// BooksQuery says which payments a day's list may be about: those of the account that were made or paid in the
// span, and those of these order numbers, whenever.
type BooksQuery struct {
	Merchant MerchantID
	Account  AccountID
	From, To time.Time
	Orders   []string
}

// Columns are what an account's bank calls the columns of its list, by field.
type Columns map[string]string

// ReconciliationLedger keeps reconciliations.
type ReconciliationLedger interface {
	// DayBooks answers what a list is held against, at one moment.
	DayBooks(ctx context.Context, q BooksQuery) (DayBooks, error)
	// SaveRun stores a run with its rows. ErrDayClosed, ErrKeyKnown.
	SaveRun(ctx context.Context, r Run, rows []RunRow, e Event, i Idempotency) error
	// RunOf is for the merchant. ErrNoRun also for somebody else's.
	RunOf(ctx context.Context, m MerchantID, id RunID) (Run, error)
	// SearchRuns answers a page and the cursor of the next one, "" at the end. A cursor that no page gave is
	// ErrCursor.
	SearchRuns(ctx context.Context, q RunQuery) ([]Run, string, error)
	// RunRow answers one row. ErrNoRunRow.
	RunRow(ctx context.Context, m MerchantID, id RunID, number int) (RunRow, error)
	// RunRows answers a page of rows and the cursor of the next one. ErrCursor.
	RunRows(ctx context.Context, q RowQuery) ([]RunRow, string, error)
	// ResolveRow writes down how a row was resolved, and the entry that was made for it (nil = none).
	// ErrDayClosed, ErrKeyKnown; ErrRowResolved also where an entry of the day Holds the bank's row already.
	ResolveRow(ctx context.Context, r RunRow, entry *ManualEntry, e Event, i Idempotency) error
	// CloseRun closes the day of a run: ErrDayClosed when this or another run of it was closed. ErrKeyKnown.
	CloseRun(ctx context.Context, r Run, e Event, i Idempotency) error
	// ManualEntries answers those of an account's day.
	ManualEntries(ctx context.Context, m MerchantID, a AccountID, day Day) ([]ManualEntry, error)
	// Columns answers what is remembered of an account's lists, nil when nothing is. SaveColumns replaces it.
	Columns(ctx context.Context, m MerchantID, a AccountID) (Columns, error)
	SaveColumns(ctx context.Context, m MerchantID, a AccountID, c Columns, e Event) error
}

// List is a bank's list as it was read.
type List struct {
	Lines  []BankLine
	Faults []LineFault
	Failed int
}

// Reconcile holds a list against the ledger and stores how each row came out. Where the day is "", it is that
// of the list's lines, if they have one only. idem may be nil. Invalid, ErrNoAccount, ErrDayNotOver, ErrDayClosed,
// ErrKeyKnown.
func (s *Service) Reconcile(ctx context.Context, by By, m MerchantID, a AccountID, day Day, list List, idem func(Run) (Idempotency, error)) (Run, error) {
	return s.reconcile(ctx, by, Run{Merchant: m, Account: a, Day: day, Source: FromFile}, list, idem)
}

// PullDay asks the account's bank for the day and reconciles it. ErrCannotList, ErrUnreachable, and as Reconcile.
func (s *Service) PullDay(ctx context.Context, by By, m MerchantID, a AccountID, day Day, idem func(Run) (Idempotency, error)) (Run, error) {
	if err := s.dayOver(day); err != nil {
		return Run{}, err
	}
	account, err := s.Account(ctx, m, a)
	if err != nil {
		return Run{}, err
	}
	acq, err := s.acquirer(account)
	if err != nil {
		return Run{}, err
	}
	lister, ok := Able[Lister](acq)
	if !ok {
		return Run{}, ErrCannotList
	}
	bank, cancel := context.WithTimeout(ctx, s.Timing.Provision)
	defer cancel()
	lines, err := lister.List(bank, day)
	if err != nil {
		return Run{}, ErrUnreachable.Because(err)
	}
	return s.reconcile(ctx, by, Run{Merchant: m, Account: a, Day: day, Source: FromBank}, List{Lines: lines}, idem)
}

func (s *Service) reconcile(ctx context.Context, by By, r Run, list List, idem func(Run) (Idempotency, error)) (Run, error) {
	if _, err := s.Account(ctx, r.Merchant, r.Account); err != nil {
		return Run{}, err
	}
	day, err := theDay(r.Day, list.Lines)
	if err != nil {
		return Run{}, err
	}
	if err := s.dayOver(day); err != nil {
		return Run{}, err
	}
	from, to, _ := day.Span()
	books, err := s.Ledger.DayBooks(ctx, BooksQuery{
		Merchant: r.Merchant, Account: r.Account, From: from.Add(-aroundDay), To: to.Add(aroundDay), Orders: ordersOf(list.Lines),
	})
	if err != nil {
		return Run{}, err
	}
	entries, err := s.Ledger.ManualEntries(ctx, r.Merchant, r.Account, day)
	if err != nil {
		return Run{}, err
	}
	now := s.Clock.Now()
	r.ID, r.Day, r.Lines, r.Failed, r.Faults, r.Actor, r.CreatedAt = s.IDs.Run(), day, len(list.Lines), list.Failed, list.Faults, by.Actor, now
	r.Counts = map[Class]RunCount{}
	for _, l := range list.Lines {
		if DayOf(l.At) != day {
			r.OtherDays++
		}
	}
	var rows []RunRow
	for n, p := range MatchDay(day, list.Lines, books) {
		row := RunRow{Run: r.ID, Merchant: r.Merchant, Account: r.Account, Day: day, Number: n + 1, Pair: p}
		row.remember(entries)
		rows = append(rows, row)
		r.count(row)
	}
	r.Rows = len(rows)
	var kept Idempotency
	if idem != nil {
		if kept, err = idem(r); err != nil {
			return Run{}, err
		}
	}
	return r, s.Ledger.SaveRun(ctx, r, rows, runEvent(r, "reconciliation.made", by, now), kept)
}

// aroundDay is how far from its day a payment may be that a bank has in the day's list: its day ends at another
// hour than the calendar's.
const aroundDay = 24 * time.Hour

// theDay is the day that was asked for, or the only one that the lines have.
func theDay(day Day, lines []BankLine) (Day, error) {
	if day == "" {
		for _, l := range lines {
			switch d := DayOf(l.At); {
			case day == "":
				day = d
			case day != d:
				return "", Invalid(FieldError{Field: "day", Code: "day_of_many"})
			}
		}
	}
	return day, nil
}

// dayOver refuses what is no day, and a day that has not ended in Istanbul: money still comes in on it.
func (s *Service) dayOver(day Day) error {
	_, to, ok := day.Span()
	switch {
	case !ok:
		return Invalid(FieldError{Field: "day", Code: "day_format"})
	case s.Clock.Now().Before(to):
		return ErrDayNotOver
	}
	return nil
}

// ordersOf are the order numbers of a list.
func ordersOf(lines []BankLine) (orders []string) {
	for _, l := range lines {
		if l.Order != "" {
			orders = append(orders, l.Order, strings.ToUpper(l.Order)) // the bank's are in capitals, whatever a file makes of them
		}
	}
	slices.Sort(orders)
	return slices.Compact(orders)
}

// count adds a row to the run's numbers.
func (r *Run) count(row RunRow) {
	c := r.Counts[row.Class]
	if c.Rows++; row.Calls() {
		c.Open++
	}
	r.Counts[row.Class] = c
}

// Holds says whether the entry is the row of a bank's list: one that names nothing is none's but its own.
func (e ManualEntry) Holds(l BankLine) bool {
	return l.Row > 0 && e.Kind == l.Kind && e.Amount == l.Amount && bare(e.RRN) == bare(l.RRN) && e.Order == l.Order && bare(e.AuthCode) == bare(l.AuthCode) &&
		(e.RRN != "" || e.Order != "" || e.AuthCode != "")
}

// remember takes over what an earlier list of the day led to: a row that was written down by hand already.
func (r *RunRow) remember(entries []ManualEntry) {
	for _, e := range entries {
		if r.Calls() && e.Holds(r.Bank) {
			r.Resolution, r.Manual, r.Note, r.ResolvedBy, r.ResolvedAt = ResolvedManual, e.ID, e.Note, e.Actor, e.CreatedAt
		}
	}
}

func runEvent(r Run, typ string, by By, at time.Time) Event {
	return Event{
		Merchant: r.Merchant, Subject: string(r.Merchant), Type: typ, Actor: by.Actor, IP: by.IP, At: at,
		Data: map[string]string{"reconciliation": string(r.ID), "acquirer": string(r.Account), "day": string(r.Day)},
	}
}

// Runs, RunOf and RowsOf read.
func (s *Service) Runs(ctx context.Context, q RunQuery) ([]Run, string, error) {
	return s.Ledger.SearchRuns(ctx, q)
}

// RunOf answers a run of the merchant. ErrNoRun.
func (s *Service) RunOf(ctx context.Context, m MerchantID, id RunID) (Run, error) {
	return s.Ledger.RunOf(ctx, m, id)
}

// RowsOf answers a page of a run's rows. ErrNoRun, ErrCursor.
func (s *Service) RowsOf(ctx context.Context, q RowQuery) ([]RunRow, string, error) {
	if _, err := s.Ledger.RunOf(ctx, q.Merchant, q.Run); err != nil {
		return nil, "", err
	}
	return s.Ledger.RunRows(ctx, q)
}

// RowAction is what is done about a row.
type RowAction string

// The actions.
const (
	// ActionAsk asks the bank about the payment now and applies its answer.
	ActionAsk RowAction = "ask"
	// ActionGiveBack takes back what the bank holds for a payment that has ended here.
	ActionGiveBack RowAction = "give_back"
	// ActionManual writes the bank's row down as a manual entry.
	ActionManual RowAction = "manual"
	// ActionAccept says why the row may stay as it is; it needs a note.
	ActionAccept RowAction = "accept"
)

// RowActions lists them.
var RowActions = []RowAction{ActionAsk, ActionGiveBack, ActionManual, ActionAccept}

// RowAsk is what somebody does about a row of a run.
type RowAsk struct {
	Action RowAction
	Note   string
	Idem   func(RunRow) (Idempotency, error) // asked where the row is resolved; nil = nothing to keep
}

// maxRowNote bounds a note, in characters; as a refund's reason.
const maxRowNote = 250

// Resolve deals with a row and answers it as it is then: with a resolution, or without one where the bank does
// not agree yet. ErrNoRun, ErrNoRunRow, ErrDayClosed, ErrRowResolved, ErrNotForRow, ErrUnreachable, Invalid,
// ErrKeyKnown.
func (s *Service) Resolve(ctx context.Context, by By, m MerchantID, id RunID, number int, ask RowAsk) (RunRow, error) {
	ctx = context.WithoutCancel(ctx) // what was begun at the bank is finished
	if err := checkRowNote(ask); err != nil {
		return RunRow{}, err
	}
	run, err := s.Ledger.RunOf(ctx, m, id)
	if err != nil {
		return RunRow{}, err
	}
	row, err := s.Ledger.RunRow(ctx, m, id, number)
	switch {
	case err != nil:
		return RunRow{}, err
	case !run.ClosedAt.IsZero():
		return row, ErrDayClosed
	case !row.Calls():
		return row, ErrRowResolved
	}
	entry, err := s.deal(ctx, by, &row, ask)
	if err != nil || row.Resolution == "" {
		return row, err
	}
	row.Note, row.ResolvedBy, row.ResolvedAt = ask.Note, by.Actor, s.Clock.Now()
	var kept Idempotency
	if ask.Idem != nil {
		if kept, err = ask.Idem(row); err != nil {
			return row, err
		}
	}
	e := runEvent(run, "reconciliation.row_resolved", by, row.ResolvedAt)
	e.Data["row"], e.Data["resolution"] = fmt.Sprint(row.Number), string(row.Resolution)
	return row, s.Ledger.ResolveRow(ctx, row, entry, e, kept)
}

func checkRowNote(ask RowAsk) error {
	code := ""
	switch note := ask.Note; {
	case ask.Action == ActionAccept && strings.TrimSpace(note) == "":
		code = "required"
	case utf8.RuneCountInString(note) > maxRowNote:
		code = "length"
	case HoldsCard(note):
		code = "looks_like_card"
	}
	if code != "" {
		return Invalid(FieldError{Field: "note", Code: code})
	}
	return nil
}

// deal does what is asked and sets the row's resolution if that settles it.
func (s *Service) deal(ctx context.Context, by By, row *RunRow, ask RowAsk) (entry *ManualEntry, err error) {
	switch ask.Action {
	case ActionAccept:
		row.Resolution = ResolvedAccepted
		return nil, nil
	case ActionManual:
		if row.Bank.Row == 0 {
			return nil, ErrNotForRow.Because(errors.New("the list has no row to write down"))
		}
		// Another list of the day had the row as well, and somebody wrote it down there since: the money stands once.
		entries, err := s.Ledger.ManualEntries(ctx, row.Merchant, row.Account, row.Day)
		if err != nil {
			return nil, err
		}
		if row.remember(entries); row.Resolution != "" {
			return nil, nil
		}
		e := ManualEntry{
			ID: s.IDs.Manual(), Merchant: row.Merchant, Account: row.Account, Day: row.Day, Run: row.Run, Row: row.Number, Kind: row.Bank.Kind, Amount: row.Bank.Amount,
			RRN: row.Bank.RRN, Order: row.Bank.Order, AuthCode: row.Bank.AuthCode, At: row.Bank.At, Note: ask.Note, Actor: by.Actor, CreatedAt: s.Clock.Now(),
		}
		row.Resolution, row.Manual = ResolvedManual, e.ID
		return &e, nil
	}
	if row.Ours.Payment == "" || row.Class == ClassDuplicate {
		return nil, ErrNotForRow.Because(errors.New("there is no payment to ask about"))
	}
	p, err := s.Ledger.PaymentOf(ctx, row.Merchant, row.Ours.Payment)
	if err != nil {
		return nil, err
	}
	out, err := s.hear(ctx, p)
	if err != nil {
		return nil, ErrUnreachable.Because(err)
	}
	if ask.Action == ActionGiveBack {
		return nil, s.giveBackHeld(ctx, by, p, out, row)
	}
	if p, err = s.apply(ctx, by, p, out, row.Bank); err != nil && !errors.Is(err, ErrStale) {
		return nil, err
	}
	if !p.agrees(out) {
		return nil, nil
	}
	refunds, err := s.Ledger.RefundsOf(ctx, p.Merchant, []PaymentID{p.ID})
	if err == nil && row.agrees(p, refunds[p.ID]) {
		row.Resolution = ResolvedRepaired
	}
	return nil, err
}

// agrees says whether the list's line, if there is one, is what the ledger has of the payment now. A bank may answer
// other than it listed: then the row stays for a person.
func (r RunRow) agrees(p Payment, refunds []Refund) bool {
	if r.Bank.Row == 0 {
		return true
	}
	for _, pair := range MatchDay(r.Day, []BankLine{r.Bank}, DayBooks{Payments: []Payment{p}, Refunds: refunds}) {
		if pair.Bank.Row == r.Bank.Row && pair.Class != ClassMatched {
			return false
		}
	}
	return true
}

// hear asks the bank about a payment now.
func (s *Service) hear(ctx context.Context, p Payment) (Outcome, error) {
	acq, err := s.acquirerOf(ctx, p)
	if err != nil {
		return Outcome{}, err
	}
	inq, ok := Able[Inquirer](acq)
	if !ok {
		return Outcome{}, errors.New("the acquirer cannot be asked")
	}
	bank, cancel := context.WithTimeout(ctx, s.Timing.Inquiry)
	defer cancel()
	return inq.Inquire(bank, s.order(p))
}

// apply makes the ledger what the bank's answer says, as far as the steps of a payment allow, and answers the
// payment as it is then. l is the row of the bank's list that led here; one without a Row = there is none.
func (s *Service) apply(ctx context.Context, by By, p Payment, out Outcome, l BankLine) (Payment, error) {
	step := Step{At: s.Clock.Now(), Actor: by.Actor, IP: by.IP, Data: outcomeData(out)}
	var m Move
	var err error
	switch {
	case p.Status == StatusChallenged, p.Status == StatusAuthorizing:
		return p, nil // somebody else is at it, and a line between his would be in his way (I22)
	case p.Status == StatusPending:
		if err := s.ask(ctx, p, l.movedAt(LineSale)); err != nil {
			return p, err
		}
		return s.Ledger.PaymentOf(ctx, p.Merchant, p.ID)
	case p.Status == StatusPaid && out.Result == ResultVoided:
		m, err = p.VoidDone(out, step)
	case p.Collected() && out.Result == ResultApproved && !s.sameMoney(p, out):
		m, err = p.Differs(out.Amount, time.Time{}, step)
	case p.Collected() && out.Result == ResultApproved && out.Refunded > p.Refunded && p.Status != StatusVoided:
		m, err = p.RefundDone(min(out.Refunded, p.Total.Minor)-p.Refunded, step)
		m.Refund = s.heardBack(by, p, m, step, l.movedAt(LineRefund))
	default:
		m, err = p.Note("payment.compared", step)
	}
	if err != nil {
		return p, err
	}
	return s.take(ctx, m)
}

// movedAt is when a row of a bank's list says that money of the kind moved; zero = it says nothing of that.
func (l BankLine) movedAt(kind LineKind) time.Time {
	if l.Row == 0 || l.Kind != kind {
		return time.Time{}
	}
	return l.At
}

// heardBack is the row of a refund that was given at the bank, and of which the ledger learns now: it counts for the
// day of the bank's list, as a sale does.
func (s *Service) heardBack(by By, p Payment, m Move, step Step, listed time.Time) *Refund {
	at := step.At
	if !listed.IsZero() && listed.Before(at) {
		at = listed
	}
	if at.Before(p.PaidAt) {
		at = p.PaidAt
	}
	return &Refund{
		ID: s.IDs.Refund(), Merchant: p.Merchant, Payment: p.ID, Kind: KindRefund, Amount: Money{Minor: m.To.Refunded - p.Refunded, Currency: p.Total.Currency},
		Status: RefundRefunded, Before: p.Refunded, Actor: by.Actor, CreatedAt: at, UpdatedAt: step.At,
	}
}

// agrees says whether an answer of the bank is what the ledger has.
func (p Payment) agrees(out Outcome) bool {
	switch out.Result {
	case ResultApproved:
		return p.Collected() && p.Status != StatusVoided && out.Amount == p.Total && out.Refunded == p.Refunded
	case ResultVoided:
		return p.Status == StatusVoided || p.over()
	case ResultDeclined, ResultNotFound, ResultUnfinished:
		return p.over() || p.Status == StatusVoided && !p.Collected()
	}
	return false
}

// over says whether a payment ended without money.
func (p Payment) over() bool {
	return p.Status == StatusDeclined || p.Status == StatusFailed || p.Status == StatusAbandoned
}

// giveBackHeld takes back what the bank holds for a payment that ended without money here, the way that charges
// of superseded attempts go back.
func (s *Service) giveBackHeld(ctx context.Context, by By, p Payment, out Outcome, row *RunRow) error {
	if !p.over() || out.Result != ResultApproved {
		return ErrNotForRow.Because(fmt.Errorf("payment %s is %s, the bank says %s", p.ID, p.Status, out.Result))
	}
	m, err := p.Owe(s.Clock.Now(), Step{At: s.Clock.Now(), Actor: by.Actor, IP: by.IP, Data: outcomeData(out)})
	if err != nil {
		return err
	}
	if p, err = s.take(ctx, m); err != nil {
		return err
	}
	if err := s.ask(ctx, p, time.Time{}); err != nil {
		return err
	}
	if p, err = s.Ledger.PaymentOf(ctx, p.Merchant, p.ID); err == nil && p.Status == StatusVoided {
		row.Resolution = ResolvedGivenBack
	}
	return err
}

// CloseDay closes the day of a run: nothing of its reconciliation changes afterwards. Where rows still call for
// somebody, or the list says little of the day, a note says why. A list that was compared before the day had
// ended closes nothing. ErrNoRun, ErrDayClosed, ErrDayNotOver, ErrRowsOpen, ErrListIncomplete, Invalid, ErrKeyKnown.
func (s *Service) CloseDay(ctx context.Context, by By, m MerchantID, id RunID, note string, idem func(Run) (Idempotency, error)) (Run, error) {
	if err := checkRowNote(RowAsk{Note: note}); err != nil {
		return Run{}, err
	}
	r, err := s.Ledger.RunOf(ctx, m, id)
	switch {
	case err != nil:
		return Run{}, err
	case !r.ClosedAt.IsZero():
		return r, ErrDayClosed
	case r.early():
		return r, ErrDayNotOver
	case r.Open() > 0 && strings.TrimSpace(note) == "":
		return r, ErrRowsOpen
	case r.SaysLittle() && strings.TrimSpace(note) == "":
		return r, ErrListIncomplete
	}
	r.ClosedAt, r.ClosedBy, r.CloseNote = s.Clock.Now(), by.Actor, note
	var kept Idempotency
	if idem != nil {
		if kept, err = idem(r); err != nil {
			return r, err
		}
	}
	e := runEvent(r, "reconciliation.day_closed", by, r.ClosedAt)
	e.Data["open"] = fmt.Sprint(r.Open())
	return r, s.Ledger.CloseRun(ctx, r, e, kept)
}

// early says whether the list was compared before its day had ended.
func (r Run) early() bool {
	_, to, _ := r.Day.Span()
	return r.CreatedAt.Before(to)
}

// ColumnsOf answers what is remembered of an account's lists, nil when nothing is. ErrNoAccount.
func (s *Service) ColumnsOf(ctx context.Context, m MerchantID, a AccountID) (Columns, error) {
	if _, err := s.Account(ctx, m, a); err != nil {
		return nil, err
	}
	return s.Ledger.Columns(ctx, m, a)
}

// SetColumns remembers how an account's bank heads its list; none = guess. fields are the names that there are.
// ErrNoAccount, Invalid.
func (s *Service) SetColumns(ctx context.Context, by By, m MerchantID, a AccountID, c Columns, fields []string) error {
	if _, err := s.Account(ctx, m, a); err != nil {
		return err
	}
	var errs []FieldError
	for field, head := range c {
		switch {
		case !slices.Contains(fields, field):
			errs = append(errs, FieldError{Field: "columns." + field, Code: "unknown_field"})
		case HoldsCard(head):
			errs = append(errs, FieldError{Field: "columns." + field, Code: "looks_like_card"})
		case head == "" || utf8.RuneCountInString(head) > 60:
			errs = append(errs, FieldError{Field: "columns." + field, Code: "length"})
		}
	}
	if len(errs) > 0 {
		return Invalid(errs...)
	}
	return s.Ledger.SaveColumns(ctx, m, a, c, Event{
		Merchant: m, Subject: string(m), Type: "reconciliation.columns", Actor: by.Actor, IP: by.IP, At: s.Clock.Now(), Data: map[string]string{"acquirer": string(a)},
	})
}
