package api

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// linkBody is what a merchant may say of a link. Pointers tell "not given" from a value, for PATCH.
// Tags hold what is wrong by itself; what depends on other fields or the merchant, checkout holds.
type linkBody struct {
	Amount       *int64             `json:"amount" validate:"omitempty,minor_units"`
	Currency     *string            `json:"currency"`
	AmountMode   *string            `json:"amount_mode" validate:"omitempty,oneof=fixed open"`
	MinAmount    *int64             `json:"min_amount" validate:"omitempty,minor_units"`
	MaxAmount    *int64             `json:"max_amount" validate:"omitempty,minor_units"`
	OrderID      *string            `json:"order_id"`
	Description  *string            `json:"description"`
	Installments []int              `json:"installments" validate:"omitempty,min=1,max=12,unique,dive,gte=1,lte=12"`
	ActiveFrom   *time.Time         `json:"active_from" validate:"omitempty,our_century"`
	ExpiresAt    *time.Time         `json:"expires_at" validate:"omitempty,our_century"`
	Usage        *string            `json:"usage" validate:"omitempty,oneof=single multi"`
	MaxPayments  *int               `json:"max_payments" validate:"omitempty,gte=1,lte=1000000"`
	PayerNote    *bool              `json:"payer_note"`
	Sale         *string            `json:"sale"`
	Fields       fieldList          `json:"fields"`
	Items        itemList           `json:"items" validate:"omitempty,dive"`
	ShowCount    *bool              `json:"show_count"`
	Customer     *customerBody      `json:"customer"`
	Deliver      []string           `json:"deliver" validate:"omitempty,unique,dive,oneof=sms email"`
	DeliverLang  *string            `json:"deliver_lang"`
	ReturnURL    *string            `json:"return_url"`
	Metadata     map[string]*string `json:"metadata" validate:"omitempty,dive,required"`
	Category     *string            `json:"category"`
}

type customerBody struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty" validate:"omitempty,email"`
	Phone string `json:"phone,omitempty" validate:"omitempty,phone"`
}

// What of a link only we write, and what is said once, when it is made.
var (
	linkReadOnly = []string{
		"id", "token", "url", "status", "resting", "stops", "paid_count", "paid_amount", "payments", "created_at", "updated_at", "merchant", "merchant_id",
	}
	linkFinal = append([]string{"order_id", "deliver", "deliver_lang"}, linkReadOnly...)
)

// linkView is a link as the API shows it.
type linkView struct {
	ID           checkout.LinkID     `json:"id"`
	Token        checkout.Token      `json:"token"`
	URL          string              `json:"url"`
	Status       checkout.LinkStatus `json:"status"`
	AmountMode   string              `json:"amount_mode"`
	Amount       *int64              `json:"amount"`
	MinAmount    *int64              `json:"min_amount"`
	MaxAmount    *int64              `json:"max_amount"`
	Currency     checkout.Currency   `json:"currency"`
	OrderID      string              `json:"order_id"`
	Description  string              `json:"description"`
	Installments []int               `json:"installments"`
	ActiveFrom   string              `json:"active_from"`
	ExpiresAt    string              `json:"expires_at"`
	Usage        checkout.Usage      `json:"usage"`
	MaxPayments  *int                `json:"max_payments"`
	PayerNote    bool                `json:"payer_note"`
	Sale         string              `json:"sale"`
	Fields       []fieldView         `json:"fields"`
	Items        []itemView          `json:"items"`
	ShowCount    bool                `json:"show_count"`
	Customer     *customerBody       `json:"customer"`
	Deliver      []checkout.Channel  `json:"deliver"`
	ReturnURL    *string             `json:"return_url"`
	Metadata     map[string]string   `json:"metadata"`
	Category     *string             `json:"category"`
	Resting      bool                `json:"resting"`
	Stops        []stopView          `json:"stops"`
	PaidCount    int                 `json:"paid_count"`
	PaidAmount   int64               `json:"paid_amount"`
	Payments     []paymentRef        `json:"payments"`
	CreatedAt    string              `json:"created_at"`
	UpdatedAt    string              `json:"updated_at"`
}

type paymentRef struct {
	ID     checkout.PaymentID `json:"id"`
	Status checkout.Status    `json:"status"`
	Total  int64              `json:"total"`
}

// stopView is what stops payers of a link right now.
type stopView struct {
	Limit checkout.Limit `json:"limit"`
	BIN   *string        `json:"bin"`
	Last4 *string        `json:"last4"`
	Since string         `json:"since"`
	Last  string         `json:"last_at"`
	Until string         `json:"until"`
	Tries int64          `json:"tries"`
}

func viewStops(all []checkout.Stop) []stopView {
	views := make([]stopView, len(all))
	for i, one := range all {
		views[i] = stopView{
			Limit: one.Limit, BIN: nullable(one.BIN), Last4: nullable(one.Last4), Since: stamp(one.Since), Last: stamp(one.Last), Until: stamp(one.Until),
			Tries: one.Tries,
		}
	}
	return views
}

func (s *Surface) viewLink(l checkout.Link, payments []checkout.Payment, deliver []checkout.Channel) linkView {
	v := linkView{
		ID: l.ID, Token: l.Token, URL: s.Flow.LinkURL(l.Token), Status: l.Status(s.Clock.Now()), AmountMode: "fixed",
		Currency: l.Amount.Currency, OrderID: string(l.Order), Description: l.Description, Installments: l.Installments,
		ActiveFrom: stamp(l.ActiveFrom), ExpiresAt: stamp(l.ExpiresAt), Usage: l.Usage, PayerNote: l.PayerNote, Sale: l.Sale.Name(),
		Fields: viewFields(l.Fields), Items: viewItems(l.Items), ShowCount: l.ShowCount,
		ReturnURL: nullable(l.ReturnURL), Metadata: l.Metadata, Category: nullable(l.Category), Resting: !l.RestingSince.IsZero(), Stops: []stopView{},
		PaidCount: l.PaidCount, PaidAmount: l.PaidMinor, Payments: make([]paymentRef, len(payments)),
		CreatedAt: stamp(l.CreatedAt), UpdatedAt: stamp(l.UpdatedAt),
		Deliver: append([]checkout.Channel{}, deliver...),
	}
	if l.Open {
		v.AmountMode, v.MinAmount, v.MaxAmount = "open", &l.MinMinor, &l.MaxMinor
	} else {
		v.Amount = &l.Amount.Minor
	}
	if l.MaxPayments > 0 {
		v.MaxPayments = &l.MaxPayments
	}
	if l.Customer != (checkout.Customer{}) {
		v.Customer = &customerBody{Name: l.Customer.Name, Email: l.Customer.Email, Phone: l.Customer.Phone}
	}
	if v.Metadata == nil {
		v.Metadata = map[string]string{}
	}
	for i, p := range payments {
		v.Payments[i] = paymentRef{ID: p.ID, Status: p.Status, Total: p.Total.Minor}
	}
	return v
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// apply writes what was given over the terms. null puts a field back to what it is in a link that was
// made without it.
func (b *linkBody) apply(t *checkout.LinkTerms, given map[string]bool) {
	b.applyAmount(t, given)
	b.applyUsage(t, given)
	b.applyTexts(t, given)
	set(given["active_from"], millis(b.ActiveFrom), &t.ActiveFrom)
	set(given["expires_at"], millis(b.ExpiresAt), &t.ExpiresAt)
	set(given["payer_note"], b.PayerNote, &t.PayerNote)
	set(given["sale"], b.Sale, (*string)(&t.Sale))
	t.Sale = checkout.SaleNamed(string(t.Sale))
	if given["fields"] {
		t.Fields = b.Fields.terms()
	}
	if given["items"] {
		t.Items = b.Items.terms()
		if len(t.Items) > 0 && !given["amount"] {
			t.Amount.Minor = 0 // their sum
		}
	}
	if given["installments"] {
		t.Installments = b.Installments
	}
	if given["customer"] {
		t.Customer = b.Customer.terms()
	}
}

// applyAmount drops the amounts that belong to the other mode when the mode changes.
func (b *linkBody) applyAmount(t *checkout.LinkTerms, given map[string]bool) {
	if given["amount_mode"] {
		t.Open = b.AmountMode != nil && *b.AmountMode == "open"
		if t.Open {
			t.Amount.Minor = 0
		} else {
			t.MinMinor, t.MaxMinor = 0, 0
		}
	}
	set(given["amount"], b.Amount, &t.Amount.Minor)
	set(given["min_amount"], b.MinAmount, &t.MinMinor)
	set(given["max_amount"], b.MaxAmount, &t.MaxMinor)
	set(given["currency"], b.Currency, (*string)(&t.Amount.Currency))
}

func (b *linkBody) applyUsage(t *checkout.LinkTerms, given map[string]bool) {
	set(given["usage"], b.Usage, (*string)(&t.Usage))
	if given["usage"] && t.Usage != checkout.UsageMulti {
		t.MaxPayments, t.ShowCount = 0, false
	}
	set(given["show_count"], b.ShowCount, &t.ShowCount)
	set(given["max_payments"], b.MaxPayments, &t.MaxPayments)
}

// applyTexts stores what people read in normal form C, so that equal texts are equal bytes (A36).
func (b *linkBody) applyTexts(t *checkout.LinkTerms, given map[string]bool) {
	set(given["order_id"], b.OrderID, (*string)(&t.Order))
	t.Order = checkout.OrderNumber(strings.TrimSpace(string(t.Order)))
	set(given["description"], b.Description, &t.Description)
	t.Description = norm.NFC.String(t.Description)
	set(given["return_url"], b.ReturnURL, &t.ReturnURL)
	set(given["category"], b.Category, &t.Category)
	if given["metadata"] {
		t.Metadata = make(map[string]string, len(b.Metadata))
		for name, value := range b.Metadata {
			if value != nil { // null was refused
				t.Metadata[norm.NFC.String(name)] = norm.NFC.String(*value)
			}
		}
	}
}

func (b *customerBody) terms() checkout.Customer {
	if b == nil {
		return checkout.Customer{}
	}
	return checkout.Customer{Name: norm.NFC.String(strings.TrimSpace(b.Name)), Email: b.Email, Phone: checkout.NormalPhone(b.Phone)}
}

// millis cuts a time to what the API shows and the hot state keeps.
func millis(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	cut := t.UTC().Truncate(time.Millisecond)
	return &cut
}

// set copies a given value; a given null clears.
func set[T any](given bool, from, to *T) {
	if !given {
		return
	}
	var zero T
	if from == nil {
		from = &zero
	}
	*to = *from
}

func (s *Surface) createLink(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b linkBody
	named, err := s.decode(c, &b, linkReadOnly)
	var t checkout.LinkTerms
	b.apply(&t, named)
	t.Deliver = b.deliver()
	if err != nil {
		return s.withTerms(c, t, err)
	}
	var answer []byte
	_, err = s.Flow.CreateLink(c.UserContext(), s.by(c), callerOf(c).merchant, t, func(l checkout.Link) (checkout.Idempotency, error) {
		var err error
		answer, err = json.Marshal(s.viewLink(l, nil, t.Deliver.Channels))
		return key.answer(fiber.StatusCreated, answer), err
	})
	if err != nil {
		return s.beaten(c, key, err)
	}
	return sendCreated(c, fiber.StatusCreated, answer)
}

// deliver is how the link is to reach its customer; text messages first, as lists show them.
func (b *linkBody) deliver() checkout.Deliver {
	d := checkout.Deliver{Lang: given(b.DeliverLang)}
	for _, c := range checkout.Channels {
		if slices.Contains(b.Deliver, string(c)) {
			d.Channels = append(d.Channels, c)
		}
	}
	return d
}

// leansOn are fields whose mistakes may come of a mistake in others, and are told when those are right.
var leansOn = map[string][]string{
	"amount": {"amount_mode", "items"}, "min_amount": {"amount_mode"}, "max_amount": {"amount_mode"}, "items": {"amount_mode", "currency"},
	"max_payments": {"usage"}, "show_count": {"usage"}, "expires_at": {"active_from"}, "description": {"sale"},
}

// withTerms adds to mistakes in single values what else the terms would be refused for, so that a caller reads all at
// once.
func (s *Surface) withTerms(c *fiber.Ctx, t checkout.LinkTerms, err error) error {
	var e *checkout.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	rows := []checkout.LinkRow{{Terms: t}}
	if err := s.Flow.CheckRows(c.UserContext(), callerOf(c).merchant, rows); err != nil {
		return err
	}
	all := slices.Clone(e.Fields)
	for _, more := range rows[0].Bad {
		root, _, _ := strings.Cut(more.Field, ".")
		if !slices.ContainsFunc(e.Fields, func(had checkout.FieldError) bool {
			of, _, _ := strings.Cut(had.Field, ".")
			return within(more.Field, had.Field) || within(had.Field, more.Field) || slices.Contains(leansOn[root], of)
		}) {
			all = append(all, more)
		}
	}
	return checkout.Invalid(all...)
}

// within says whether a field is another one or a part of it.
func within(field, of string) bool { return field == of || strings.HasPrefix(field, of+".") }

// link finds the link of the path for its merchant.
func (s *Surface) link(c *fiber.Ctx) (checkout.Link, error) {
	id := checkout.LinkID(c.Params("id"))
	if !id.Valid() {
		return checkout.Link{}, checkout.ErrNoLink
	}
	return s.Ledger.LinkByID(c.UserContext(), callerOf(c).merchant, id)
}

func (s *Surface) readLink(c *fiber.Ctx) error {
	l, err := s.link(c)
	if err != nil {
		return err
	}
	return s.answerLink(c, l)
}

// answerLink writes a link with its payments.
func (s *Surface) answerLink(c *fiber.Ctx, l checkout.Link) error {
	views, err := s.withPayments(c.UserContext(), l.Merchant, []checkout.Link{l}, shownPayments)
	if err != nil {
		return err
	}
	return c.JSON(views[0])
}

// shownPayments and listedPayments are how many attempts one link shows, and each link of a list.
const (
	shownPayments  = 100
	listedPayments = 10
)

func (s *Surface) listLinks(c *fiber.Ctx) error {
	q, err := linkQuery(c)
	if err != nil {
		return err
	}
	links, next, err := s.Ledger.SearchLinks(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	views, err := s.withPayments(c.UserContext(), q.Merchant, links, listedPayments)
	if err != nil {
		return err
	}
	return answerPage(c, views, next)
}

// withPayments shows a merchant's links, each with its newest attempts and with what stops its payers.
func (s *Surface) withPayments(ctx context.Context, m checkout.MerchantID, links []checkout.Link, newest int) ([]linkView, error) {
	ids := make([]checkout.LinkID, len(links))
	for i, l := range links {
		ids[i] = l.ID
	}
	payments, err := s.Ledger.PaymentsOfLinks(ctx, m, ids, newest)
	if err != nil {
		return nil, err
	}
	deliver, err := s.Ledger.DeliveredWith(ctx, m, ids)
	if err != nil {
		return nil, err
	}
	stops, err := s.Ledger.StopsNow(ctx, m, ids)
	if err != nil {
		return nil, err
	}
	views := make([]linkView, len(links))
	for i, l := range links {
		if views[i] = s.viewLink(l, payments[l.ID], deliver[l.ID]); views[i].Status == checkout.LinkActive {
			views[i].Stops = viewStops(stops[l.ID])
		}
	}
	return views, nil
}

// linkStatuses are those that a list can be asked for.
var linkStatuses = []checkout.LinkStatus{
	checkout.LinkScheduled, checkout.LinkActive, checkout.LinkPaid, checkout.LinkExpired, checkout.LinkDeleted,
}

// linkQuery reads the filters of the list.
func linkQuery(c *fiber.Ctx) (checkout.LinkQuery, error) {
	f := filters{c: c}
	q := checkout.LinkQuery{
		Merchant: callerOf(c).merchant, Status: choice(&f, "status", linkStatuses), Order: checkout.OrderNumber(c.Query("order_id")),
		Text: norm.NFC.String(c.Query("q")), Stopped: f.yes("stopped"), Limit: f.limit(), Cursor: c.Query("cursor"),
	}
	q.From, q.To = f.span()
	return q, f.err()
}

func (s *Surface) editLink(c *fiber.Ctx) error {
	var b linkBody
	given, err := s.decode(c, &b, linkFinal)
	if err != nil {
		return err
	}
	l, err := s.Flow.EditLink(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.LinkID(c.Params("id")), 0, func(t *checkout.LinkTerms) error {
		b.apply(t, given)
		return nil
	})
	if err != nil {
		return conflict(err)
	}
	return s.answerLink(c, l)
}

// conflict tells a merchant that a paid or deleted link cannot be changed: for the owner of a link
// that is a state, not an absence.
func conflict(err error) error {
	var e *checkout.Error
	if errors.As(err, &e) && e.Kind == checkout.KindGone {
		return web.Reply(fiber.StatusConflict, &checkout.Error{Kind: checkout.KindConflict, Code: e.Code, Cause: err})
	}
	return err
}

func (s *Surface) deleteLink(c *fiber.Ctx) error {
	if err := s.Flow.DeleteLink(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.LinkID(c.Params("id"))); err != nil {
		return conflict(err)
	}
	return c.SendStatus(fiber.StatusNoContent)
}
