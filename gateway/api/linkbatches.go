package api

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"mime"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/linkfile"
	"github.com/odelink/odelink/gateway/web"
)

const (
	batchesPath    = "/v1/link_batches"
	batchCheckPath = batchesPath + "/check"
)

// batchParams are what is said beside a table: as JSON it stands in the body.
var batchParams = []string{"name", "currency", "description", "expires_at", "deliver"}

// batchRef is a batch as the list shows it.
type batchRef struct {
	ID        checkout.BatchID   `json:"id"`
	Kind      checkout.BatchKind `json:"kind"`
	Name      string             `json:"name"`
	Rows      int                `json:"rows"`
	CreatedAt string             `json:"created_at"`
}

// batchView is a batch as the API shows it.
type batchView struct {
	batchRef
	Links   int            `json:"links"`
	Refused int            `json:"refused"`
	Sums    []batchSumView `json:"sums"`
}

type batchSumView struct {
	Currency   checkout.Currency `json:"currency"`
	Links      int               `json:"links"`
	Amount     int64             `json:"amount"`
	Paid       int               `json:"paid"`
	PaidAmount int64             `json:"paid_amount"`
}

// batchRowView is a row of a batch: its link, or why it has none.
type batchRowView struct {
	Row    int            `json:"row"`
	Label  *string        `json:"label"`
	Link   *linkView      `json:"link"`
	Errors []rowErrorView `json:"errors"`
}

type rowErrorView struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func viewRowErrors(lang string, all []checkout.FieldError) []rowErrorView {
	views := make([]rowErrorView, len(all))
	for i, e := range all {
		views[i] = rowErrorView{Field: e.Field, Code: e.Code, Message: Message(lang, e.Code, e.Args)}
	}
	return views
}

func viewBatchRef(b checkout.Batch) batchRef {
	return batchRef{ID: b.ID, Kind: b.Kind, Name: b.Name, Rows: b.Rows, CreatedAt: stamp(b.CreatedAt)}
}

// viewBatch shows a batch with what it came to by now.
func (s *Surface) viewBatch(c *fiber.Ctx, b checkout.Batch) (batchView, error) {
	v := batchView{batchRef: viewBatchRef(b), Refused: len(b.Refused), Sums: []batchSumView{}}
	sums, err := s.Ledger.BatchSums(c.UserContext(), b.Merchant, b.ID)
	for _, one := range sums {
		v.Links += one.Links
		v.Sums = append(v.Sums, batchSumView{one.Currency, one.Links, one.Minor, one.Paid, one.PaidMinor})
	}
	return v, err
}

// batchBody is many links at once.
type batchBody struct {
	Name     string            `json:"name" validate:"required"`
	Kind     *string           `json:"kind"`
	Currency *string           `json:"currency"`
	Total    *int64            `json:"total" validate:"omitempty,minor_units"`
	Rows     []json.RawMessage `json:"rows"`
}

// batchRowBody is one of them: a link, and what its row is called.
type batchRowBody struct {
	Label *string `json:"label"`
	linkBody
}

// newBatch reads the batch that a body asks for, with what is wrong with each of its rows.
func (s *Surface) newBatch(c *fiber.Ctx) (checkout.NewBatch, error) {
	kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	n := checkout.NewBatch{Content: sha256.Sum256(append([]byte(c.Request().URI().QueryString()), c.Request().Body()...))}
	switch {
	case err != nil:
		return n, errMediaType
	case isJSON(c.Get(fiber.HeaderContentType)):
		return n, s.batchOfJSON(c, &n)
	case slices.Contains(tableTypes, kind):
		return n, s.batchOfTable(c, &n)
	}
	return n, errMediaType
}

func (s *Surface) batchOfJSON(c *fiber.Ctx, n *checkout.NewBatch) error {
	if err := checkParams(c, nil); err != nil {
		return err
	}
	var b batchBody
	if _, err := s.decode(c, &b, []string{"id", "links", "refused", "sums", "created_at"}); err != nil {
		return err
	}
	n.Name, n.Kind = norm.NFC.String(strings.TrimSpace(b.Name)), checkout.BatchKind(cmp.Or(given(b.Kind), string(checkout.BatchFile)))
	group := n.Kind == checkout.BatchGroup
	var errs []checkout.FieldError
	if !slices.Contains(checkout.BatchKinds, n.Kind) {
		errs = append(errs, checkout.FieldError{Field: "kind", Code: "not_a_choice"})
	}
	switch {
	case len(b.Rows) == 0:
		errs = append(errs, checkout.FieldError{Field: "rows", Code: "required"})
	case len(b.Rows) > checkout.MaxBatchRows, group && len(b.Rows) > checkout.MaxGroupLinks:
		errs = append(errs, checkout.FieldError{Field: "rows", Code: "too_many"})
	case !group && b.Total != nil:
		errs = append(errs, checkout.FieldError{Field: "total", Code: "only_of_group"})
	}
	if len(errs) > 0 {
		return checkout.Invalid(errs...)
	}
	for i, raw := range b.Rows {
		n.Rows = append(n.Rows, s.batchRow(i+1, raw, given(b.Currency), group))
	}
	if !group {
		return nil
	}
	if code := checkout.ShareOut(n.Rows, orZero(b.Total)); code != "" {
		return checkout.Invalid(checkout.FieldError{Field: "total", Code: code})
	}
	return nil
}

// batchRow reads one row. What cannot be read is noted in it, as a table's rows have it. A group's metadata names the
// group.
func (s *Surface) batchRow(number int, raw []byte, currency string, group bool) checkout.LinkRow {
	r := reading{readOnly: linkReadOnly}
	if group {
		r.readOnly = append([]string{"metadata"}, linkReadOnly...)
	}
	var b batchRowBody
	named := r.object("", raw, reflect.ValueOf(&b).Elem())
	for _, e := range s.checkStruct(&b.linkBody) {
		if !slices.ContainsFunc(r.errs, func(have checkout.FieldError) bool { return have.Field == e.Field }) {
			r.errs = append(r.errs, e)
		}
	}
	for i := range r.errs {
		r.errs[i].Field = cmp.Or(r.errs[i].Field, "row")
	}
	row := checkout.LinkRow{Row: number, Bad: r.errs}
	row.Terms.Amount.Currency = checkout.Currency(currency)
	b.apply(&row.Terms, named)
	row.Terms.Deliver = b.deliver()
	row.Label = norm.NFC.String(strings.TrimSpace(cmp.Or(given(b.Label), row.Terms.Customer.Name, string(row.Terms.Order))))
	return row
}

// deliverWords are the channels by which links of a table go to addresses that its rows have.
var deliverWords = []string{"sms", "email", "sms,email"}

func (s *Surface) batchOfTable(c *fiber.Ctx, n *checkout.NewBatch) error {
	f := filters{c: c}
	u := linkfile.Usual{
		Currency: cmp.Or(choice(&f, "currency", checkout.Currencies), checkout.TRY), Description: c.Query("description"), ExpiresAt: f.time("expires_at"),
	}
	deliver := choice(&f, "deliver", deliverWords)
	for _, channel := range checkout.Channels {
		if slices.Contains(strings.Split(deliver, ","), string(channel)) {
			u.Channels = append(u.Channels, channel)
		}
	}
	n.Name, n.Kind = norm.NFC.String(strings.TrimSpace(c.Query("name"))), checkout.BatchFile
	if n.Name == "" {
		f.mistake("name", "required")
	}
	if err := f.err(); err != nil {
		return err
	}
	t, err := linkfile.Read(c.Request().Body()) // not c.Body(): that would decompress
	if err != nil {
		return err
	}
	held := t.Headed()
	if _, there := held[linkfile.Amount]; !there {
		headings := t.Headings()
		for i, text := range headings {
			headings[i] = shown(text)
		}
		return checkout.Invalid(checkout.FieldError{Field: "amount", Code: "column_missing", Args: map[string]string{"known": strings.Join(headings, ", ")}})
	}
	n.Rows = t.Links(held, true, u)
	return nil
}

// checkView is what would be made of a batch.
type checkBatchView struct {
	Rows    int            `json:"rows"`
	Links   int            `json:"links"`
	Sums    []checkSumView `json:"sums"`
	Refused []batchRowView `json:"refused"`
}

type checkSumView struct {
	Currency checkout.Currency `json:"currency"`
	Links    int               `json:"links"`
	Amount   int64             `json:"amount"`
}

// checkBatch says what would be made of a body, and what is wrong with each row. Nothing is stored, a key least of all.
func (s *Surface) checkBatch(c *fiber.Ctx) error {
	n, err := s.newBatch(c)
	if err != nil {
		return err
	}
	if err := s.Flow.CheckRows(c.UserContext(), callerOf(c).merchant, n.Rows); err != nil {
		return err
	}
	v := checkBatchView{Rows: len(n.Rows), Sums: []checkSumView{}, Refused: []batchRowView{}}
	for _, r := range n.Rows {
		if len(r.Bad) > 0 {
			v.Refused = append(v.Refused, batchRowView{Row: r.Row, Label: nullable(r.Label), Errors: viewRowErrors(web.ProgramLanguage(c), r.Bad)})
			continue
		}
		v.Links++
		at := slices.IndexFunc(v.Sums, func(one checkSumView) bool { return one.Currency == r.Terms.Amount.Currency })
		if at < 0 {
			at, v.Sums = len(v.Sums), append(v.Sums, checkSumView{Currency: r.Terms.Amount.Currency})
		}
		v.Sums[at].Links++
		v.Sums[at].Amount += r.Terms.Amount.Minor
	}
	return c.JSON(v)
}

// statusOfBatch marks a stored answer whose body is a batch's id: what became of that is the answer.
const statusOfBatch = -6

// createBatch makes a link of every good row. The batch is named by its Idempotency-Key, so that a call that broke
// off goes on under the same key where it ended, and makes nothing twice.
func (s *Surface) createBatch(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	n, err := s.newBatch(c)
	if err != nil {
		return err
	}
	m := callerOf(c).merchant
	n.ID = s.Flow.BatchIDOf(m, key.key)
	b, err := s.Flow.CreateBatch(c.UserContext(), s.by(c), m, n)
	if errors.Is(err, checkout.ErrBatchOther) {
		return checkout.ErrKeyReused
	}
	if err == nil && key.key != "" {
		err = s.Ledger.KeepAnswer(c.UserContext(), key.answer(statusOfBatch, []byte(b.ID)))
	}
	if err != nil {
		return s.beaten(c, key, err)
	}
	return s.answerBatch(c, b)
}

func (s *Surface) answerBatch(c *fiber.Ctx, b checkout.Batch) error {
	v, err := s.viewBatch(c, b)
	if err != nil {
		return err
	}
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return sendCreated(c, fiber.StatusCreated, body)
}

func (s *Surface) replayBatch(c *fiber.Ctx, stored checkout.Idempotency) error {
	b, err := s.Ledger.BatchOf(c.UserContext(), stored.Merchant, checkout.BatchID(stored.Body))
	if err != nil {
		return err
	}
	return s.answerBatch(c, b)
}

func (s *Surface) listBatches(c *fiber.Ctx) error {
	f := filters{c: c}
	q := checkout.BatchQuery{Merchant: callerOf(c).merchant, Kind: choice(&f, "kind", checkout.BatchKinds), Limit: f.limit(), Cursor: c.Query("cursor")}
	q.From, q.To = f.span()
	if err := f.err(); err != nil {
		return err
	}
	all, next, err := s.Ledger.SearchBatches(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	views := make([]batchRef, len(all))
	for i, b := range all {
		views[i] = viewBatchRef(b)
	}
	return answerPage(c, views, next)
}

// batch finds the batch of the path for its merchant.
func (s *Surface) batch(c *fiber.Ctx) (checkout.Batch, error) {
	id := checkout.BatchID(c.Params("id"))
	if !id.Valid() {
		return checkout.Batch{}, checkout.ErrNoBatch
	}
	return s.Ledger.BatchOf(c.UserContext(), callerOf(c).merchant, id)
}

func (s *Surface) readBatch(c *fiber.Ctx) error {
	b, err := s.batch(c)
	if err != nil {
		return err
	}
	v, err := s.viewBatch(c, b)
	if err != nil {
		return err
	}
	return c.JSON(v)
}

// listBatchRows answers rows in their order, those with a link and those without. The cursor is the last row's number.
func (s *Surface) listBatchRows(c *fiber.Ctx) error {
	b, err := s.batch(c)
	if err != nil {
		return err
	}
	f := filters{c: c}
	limit, refused := f.limit(), f.yes("refused")
	if err := f.err(); err != nil {
		return err
	}
	after, ok := digits(cmp.Or(c.Query("cursor"), "0"))
	if !ok {
		return strangeCursor(checkout.ErrCursor)
	}
	rows := refusedRows(b, int(after), web.ProgramLanguage(c))
	if !refused {
		made, err := s.madeRows(c, b, int(after), limit+1)
		if err != nil {
			return err
		}
		rows = append(rows, made...)
		slices.SortFunc(rows, func(a, b batchRowView) int { return cmp.Compare(a.Row, b.Row) })
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = strconv.Itoa(rows[limit-1].Row)
	}
	return answerPage(c, rows, next)
}

func refusedRows(b checkout.Batch, after int, lang string) []batchRowView {
	rows := []batchRowView{}
	for _, r := range b.Refused {
		if r.Row > after {
			rows = append(rows, batchRowView{Row: r.Row, Label: nullable(r.Label), Errors: viewRowErrors(lang, r.Fields)})
		}
	}
	return rows
}

func (s *Surface) madeRows(c *fiber.Ctx, b checkout.Batch, after, limit int) ([]batchRowView, error) {
	found, err := s.Ledger.BatchLinks(c.UserContext(), b.Merchant, b.ID, after, limit)
	if err != nil {
		return nil, err
	}
	links := make([]checkout.Link, len(found))
	for i, one := range found {
		links[i] = one.Link
	}
	views, err := s.withPayments(c.UserContext(), b.Merchant, links, listedPayments)
	if err != nil {
		return nil, err
	}
	rows := make([]batchRowView, len(found))
	for i, one := range found {
		rows[i] = batchRowView{Row: one.Row, Label: nullable(one.Label), Link: &views[i], Errors: []rowErrorView{}}
	}
	return rows, nil
}
