package payfor

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
)

// Limits of the opening (sections 2 and 7: M038) and of its answer.
const (
	maxOrderID   = 50
	maxReturnURL = 200
	maxPage      = 1 << 20
)

// Begin opens 3-D Secure. 3DModel and 3DPay are opened from here, because the bank refuses card holders' addresses
// (section 3.4): the bank's HTML is reduced to its one form, and everything else of it is dropped. 3DHost needs no card
// and goes with the browser. Where the form leads to our own return address, the bank refused at once or asked the
// card holder nothing; the browser carries that to Judge like any callback.
//
// Errors: Invalid for an amount or currency that cannot be written, ErrUnreachable when the bank gave no usable page.
// In 3DPay a bank that read the opening may have passed the card without asking and charged it, so there every failure
// after the first byte is ErrAnswerLost: another bank must not be tried, and what was charged must be looked for.
func (a *acquirer) Begin(ctx context.Context, o checkout.Order, c checkout.Card) (checkout.Challenge, error) {
	if err := a.writable(o); err != nil {
		return checkout.Challenge{}, err
	}
	fields := a.opening(o)
	if a.set.mode == Mode3DHost {
		at := a.set.base.JoinPath("3DHost.aspx")
		return checkout.Challenge{Method: http.MethodPost, Action: at.String(), Fields: fields}, nil
	}
	if c.PAN() == "" {
		return checkout.Challenge{}, fmt.Errorf("opening %s: no card", o.BankOrder)
	}
	hand, at, err := a.post3D(ctx, append(fields, cardFields(c)...))
	if err == nil && echoesCard(hand, c) {
		err = errEcho
	}
	if err != nil {
		kind := checkout.ErrUnreachable
		if a.oneStep() && !errors.Is(err, wire.ErrNotSent) {
			kind = ErrAnswerLost
		}
		return checkout.Challenge{}, kind.Because(fmt.Errorf("opening %s: %w", o.BankOrder, err))
	}
	// The card was looked for in the form above and is not there.
	ch := checkout.Challenge{Method: hand.Method, Action: hand.Action.String(), Fields: hand.Fields, Resumable: true}
	if origin := wire.Origin(at); origin != wire.Origin(hand.Action) {
		ch.Origins = []string{origin}
	}
	return ch, nil
}

// ErrAnswerLost is an opening in a one-step mode that the bank may have read and even charged.
var ErrAnswerLost = &checkout.Error{Kind: checkout.KindUnavailable, Code: "bank_answer_lost"}

var errEcho = errors.New("the bank's form carries the card")

// writable refuses what the dialect cannot say. Amount and currency are the payer's or merchant's to mend; the rest is
// a mistake in here.
func (a *acquirer) writable(o checkout.Order) error {
	switch {
	case !takes(info().Currencies, o.Amount.Currency):
		return checkout.Invalid(checkout.FieldError{Field: "currency", Code: "currency_not_supported", Args: map[string]string{"currency": string(o.Amount.Currency)}})
	case o.Amount.Minor <= 0:
		return checkout.Invalid(checkout.FieldError{Field: "amount", Code: "amount_not_positive"})
	}
	id, ret := string(o.BankOrder), o.ReturnURL
	switch {
	case id == "" || len(id) > maxOrderID || !wire.IsASCII(id):
		return fmt.Errorf("opening at payfor: order number of %d characters", len(id))
	case isDigit(id[len(id)-1]), o.Nonce == "" || isDigit(o.Nonce[0]) || !wire.IsASCII(o.Nonce):
		// The request hash joins fields without a separator: digits at these two seams could change sides (section 4.5).
		return fmt.Errorf("opening %s at payfor: order number or nonce can lend digits to its neighbour", id)
	case ret == "" || len(ret) > maxReturnURL || !wire.IsASCII(ret):
		return fmt.Errorf("opening %s at payfor: return address of %d characters", id, len(ret))
	case o.Installments < 1 || o.Installments > checkout.MaxInstallments:
		return fmt.Errorf("opening %s at payfor: %d instalments", id, o.Installments)
	}
	return nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// opening is every field but the card's, signed. UserPass and MerchantPass are in no opening: a browser may see it.
func (a *acquirer) opening(o checkout.Order) []checkout.Field {
	f := []checkout.Field{
		{Name: "MbrId", Value: a.set.mbrID},
		{Name: "MerchantID", Value: a.set.merchantID},
		{Name: "UserCode", Value: a.set.user.code},
		{Name: "SecureType", Value: a.secureType()},
		{Name: "TxnType", Value: txnType(o)},
		{Name: "InstallmentCount", Value: installments(o.Installments)},
		{Name: "Currency", Value: o.Amount.Currency.Numeric()},
		{Name: "OkUrl", Value: o.ReturnURL},
		{Name: "FailUrl", Value: o.ReturnURL},
		{Name: "OrderId", Value: string(o.BankOrder)},
		{Name: "PurchAmount", Value: o.Amount.Decimal()},
		{Name: "Lang", Value: lang(o.Lang)},
		{Name: "MOTO", Value: "0"},
		{Name: "Rnd", Value: o.Nonce},
	}
	if a.set.terminalID != "" {
		f = append(f, checkout.Field{Name: "TerminalID", Value: a.set.terminalID})
	}
	return append(f, checkout.Field{Name: "Hash", Value: requestHash(f, a.set.merchantPass)})
}

// requestOrder is what the request hash covers, in its order (section 3.3).
var requestOrder = []string{"MbrId", "OrderId", "PurchAmount", "OkUrl", "FailUrl", "TxnType", "InstallmentCount", "Rnd"}

// requestHash signs the very texts that are posted: base64 of SHA-1 over the values without separators, then the secret.
func requestHash(fields []checkout.Field, merchantPass string) string {
	value := map[string]string{}
	for _, f := range fields {
		value[f.Name] = f.Value
	}
	h := sha1.New()
	for _, name := range requestOrder {
		h.Write([]byte(value[name]))
	}
	h.Write([]byte(merchantPass))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func cardFields(c checkout.Card) []checkout.Field {
	f := []checkout.Field{
		{Name: "Pan", Value: c.PAN()},
		{Name: "Expiry", Value: c.ExpiryMMYY()},
		{Name: "Cvv2", Value: c.CVV()},
	}
	// In which character set the bank reads a form is unknown, and cards are embossed in ASCII.
	if holder := wire.ASCII(c.Holder()); holder != "" {
		f = append(f, checkout.Field{Name: "CardHolderName", Value: holder})
	}
	return f
}

// post3D sends an opening from here and reduces the answer to its form. at is the bank's address.
func (a *acquirer) post3D(ctx context.Context, fields []checkout.Field) (hand wire.Handover, at *url.URL, err error) {
	at = a.set.base.JoinPath("Default.aspx")
	ans, err := a.client.Post(ctx, wire.Call{URL: at, Type: wire.FormType, Body: wire.EncodeForm(fields), Limit: maxPage,
		Timeout: a.client.Timeouts.Open})
	switch {
	case err != nil:
		return wire.Handover{}, at, err
	case ans.Status != http.StatusOK:
		// Log-in pages, 404 and 500 with HTML bodies are technical (section 3.5); redirects are not followed.
		return wire.Handover{}, at, fmt.Errorf("the bank answered with status %d", ans.Status)
	}
	page, err := wire.ReadPage(ans.Body)
	if err != nil {
		return wire.Handover{}, at, err
	}
	hand, err = page.Handover(at, a.allowLoopback)
	return hand, at, err
}

// echoesCard finds the card in what would go to the browser: the number anywhere, plain, spaced, percent-encoded or
// in base64; the security code as the value of a field that is named for it.
func echoesCard(h wire.Handover, c checkout.Card) bool {
	if holdsNumber(h.Action.String(), c.PAN()) {
		return true
	}
	for _, f := range h.Fields {
		name := wire.FoldASCII(f.Name)
		code := strings.Contains(name, "cvv") || strings.Contains(name, "cvc") || strings.Contains(name, "cv2") || strings.Contains(name, "securitycode")
		if holdsNumber(f.Value, c.PAN()) || holdsNumber(f.Name, c.PAN()) || (code && f.Value != "" && f.Value == c.CVV()) {
			return true
		}
	}
	return false
}

// base64s are the alphabets and paddings that a page may carry a number in.
var base64s = []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding}

// holdsNumber: no form of writing a number makes it shorter, so most fields of a bank's form are told
// apart by their length.
func holdsNumber(text, pan string) bool {
	if len(text) < len(pan) {
		return false
	}
	if spells(text, pan) {
		return true
	}
	if strings.ContainsAny(text, "%+") { // else it unescapes to itself
		if plain, err := url.QueryUnescape(text); err == nil && spells(plain, pan) {
			return true
		}
	}
	if len(text) < base64.RawStdEncoding.EncodedLen(len(pan)) {
		return false
	}
	coded, raw := []byte(text), make([]byte, 0, base64.RawStdEncoding.DecodedLen(len(text)))
	for _, enc := range base64s {
		if raw, err := enc.AppendDecode(raw, coded); err == nil && spells(string(raw), pan) {
			return true
		}
	}
	return false
}

// spells finds a number in text, with or without gaps between its digits.
func spells(text, pan string) bool {
	for from := range len(text) {
		rest := pan
		for i := from; i < len(text); i++ {
			if text[i] == rest[0] {
				if rest = rest[1:]; rest == "" {
					return true
				}
			} else if i == from || !strings.ContainsRune(" -.", rune(text[i])) {
				break
			}
		}
	}
	return false
}
