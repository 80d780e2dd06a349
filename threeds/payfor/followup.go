package payfor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
)

// follow is the envelope of every call about an earlier order (section 6).
func (a *acquirer) follow(by user, secureType, txn string, more ...checkout.Field) []checkout.Field {
	return append([]checkout.Field{
		{Name: "MbrId", Value: a.set.mbrID},
		{Name: "MerchantId", Value: a.set.merchantID},
		{Name: "UserCode", Value: by.code},
		{Name: "UserPass", Value: by.pass},
		{Name: "SecureType", Value: secureType},
		{Name: "TxnType", Value: txn},
	}, more...)
}

// Inquire asks what became of an order (section 6.5). Approved and voided carry the amount as the bank states it, which
// the caller compares; the answer must be about our order at our merchant. Codes about the question itself (a wrong
// password, an unknown address) are not taken for codes about the order: they are unknown.
func (a *acquirer) Inquire(ctx context.Context, o checkout.Order) (checkout.Outcome, error) {
	ans, err := a.ask(ctx, a.client.Timeouts.Ask, a.follow(a.set.reports, "Inquiry", "OrderInquiry",
		checkout.Field{Name: "OrgOrderId", Value: string(o.BankOrder)}, checkout.Field{Name: "Lang", Value: lang(o.Lang)}))
	if err != nil {
		return checkout.Outcome{}, fmt.Errorf("asking about %s: %w", o.BankOrder, err)
	}
	if err := a.about(ans, o); err != nil {
		return checkout.Outcome{}, fmt.Errorf("asking about %s: %w", o.BankOrder, err)
	}
	known := ans.get(fieldOrder) != "" && guidShape.MatchString(ans.get("RequestGuid")) // a record, not an answer to the question
	switch {
	case ans.code == codeApproved:
		out, err := a.sold(ans, o)
		if err != nil {
			return checkout.Outcome{}, fmt.Errorf("asking about %s: %w", o.BankOrder, err)
		}
		return out, nil
	case ans.code == codeUnfinished, ans.code == codeVerified && known:
		return ans.refused(checkout.ResultUnfinished), nil
	case ans.code == codeUnknown, ans.code == codeUnknownMsg:
		return ans.refused(checkout.ResultNotFound), nil
	case known && meaningOf(ans.code).refuses():
		return ans.refused(checkout.ResultDeclined), nil
	}
	return ans.refused(checkout.ResultUnknown), nil
}

// SettleTime is the dialect's.
func (a *acquirer) SettleTime() time.Duration { return settleTime }

// about refuses an answer that names another order or merchant; a not-found answer may name none.
func (a *acquirer) about(ans answer, o checkout.Order) error {
	order, merchant := ans.get(fieldOrder), ans.get(fieldMerchant)+ans.get("MerchantId")
	bare := ans.code != codeApproved
	switch {
	case order != string(o.BankOrder) && (order != "" || !bare):
		return errOtherOrder
	case merchant != a.set.merchantID && (merchant != "" || !bare):
		return errNotOwn
	}
	return nil
}

var (
	errHalfSold = errors.New("the record contradicts itself")
	errCurrency = errors.New("the record's currency is unknown")
)

// sold reads a record of code 00: what it was, how much, and whether it was taken back. After a void the code stays 00
// (section 6.2), so the marks of a void come first.
func (a *acquirer) sold(ans answer, o checkout.Order) (checkout.Outcome, error) {
	cur, ok := wire.CurrencyByNumeric(ans.get("Currency"))
	if !ok {
		return checkout.Outcome{}, errCurrency
	}
	amount, err := wire.ParseAmount(ans.get("PurchAmount"), cur)
	if err != nil {
		return checkout.Outcome{}, err
	}
	out := checkout.Outcome{Amount: amount, AuthCode: ans.ref(fieldAuth), RRN: ans.ref("F37"), At: inserted(ans), MDStatus: authenticated(ans.get("D3Status"))}
	if back := ans.get("RefundedAmount"); back != "" {
		refunded, err := wire.ParseAmount(back, cur)
		if err != nil {
			return checkout.Outcome{}, err
		}
		out.Refunded = refunded.Minor
	}
	if voided(ans) {
		out.Result = checkout.ResultVoided
		return out, nil
	}
	txn, status := ans.get("TxnType"), ans.get("TxnStatus")
	held := txn == "PreAuth" && o.PreAuth
	sale := txn == "PostAuth" || (txn == "Auth" && !o.PreAuth)
	if (!held && !sale) || (status != "" && status != "Y") || out.AuthCode == "" {
		return checkout.Outcome{}, errHalfSold
	}
	out.Result = checkout.ResultApproved
	return out, nil
}

// inserted is when the bank wrote the record down, in Turkey's time: what its list of the day goes by, too (section 6.5,
// 6.6). A record without it, or with one that cannot be read, says nothing of when.
func inserted(ans answer) time.Time {
	at, err := time.ParseInLocation("2.01.2006 15:04:05", ans.get("InsertDatetime"), checkout.Istanbul())
	if err != nil || at.Year() < 2000 {
		return time.Time{}
	}
	return at.UTC()
}

// authenticated reads the inquiry's D3Status, which stands for both 3DStatus and D3Stat (section 6.5): the number, or
// the letter of a full authentication. Other letters are no full authentication and have no number, so they say nothing.
func authenticated(status string) string {
	switch status {
	case "Y":
		return "1"
	case "1", "2", "3", "4":
		return status
	}
	return ""
}

func voided(ans answer) bool {
	date := strings.Trim(ans.get("VoidDate"), "0")
	return strings.EqualFold(ans.get("IsVoided"), "true") || ans.get("TxnStatus") == "V" || date != ""
}

// Void takes back a whole sale before day end (section 6.2). Not found is also what the bank says of an order that is
// void already, and what its host says of an original that it does not have or declined. A refused void is ResultUnknown with the bank's code: the sale may stand, and nothing may be concluded
// about it, least of all where the void was sent as a fence (C15).
func (a *acquirer) Void(ctx context.Context, o checkout.Order) (checkout.Outcome, error) {
	ans, err := a.change(ctx, a.set.refunds, o, "Void",
		checkout.Field{Name: "Currency", Value: o.Amount.Currency.Numeric()})
	if err != nil {
		return checkout.Outcome{}, fmt.Errorf("voiding %s: %w", o.BankOrder, err)
	}
	switch ans.code {
	case codeApproved:
		return checkout.Outcome{Result: checkout.ResultVoided, AuthCode: ans.ref(fieldAuth), RRN: ans.ref("HostRefNum")}, nil
	case codeVoided:
		return checkout.Outcome{Result: checkout.ResultVoided}, nil
	case codeNoVoid, codeNoBatch:
		return ans.refused(checkout.ResultTooLate), nil
	case codeNoOriginal, codeNoOriginal25, codeNoOriginal29, codeOriginalDeclined:
		return ans.refused(checkout.ResultNotFound), nil
	}
	out := ans.followed()
	if out.Result == checkout.ResultDeclined {
		out.Result = checkout.ResultUnknown
	}
	return out, nil
}

// Refund gives amount back after day end (section 6.3). Nothing in the dialect tells a repeated refund from a second
// one: whoever has no answer asks Inquire and compares Refunded before trying again (section 6.4).
func (a *acquirer) Refund(ctx context.Context, o checkout.Order, amount checkout.Money) (checkout.Outcome, error) {
	ans, err := a.changeBy(ctx, a.set.refunds, o, "Refund", amount)
	if err != nil {
		return checkout.Outcome{}, fmt.Errorf("refunding %s: %w", o.BankOrder, err)
	}
	switch ans.code {
	case codeApproved:
		return checkout.Outcome{Result: checkout.ResultApproved, Amount: amount, AuthCode: ans.ref(fieldAuth), RRN: ans.ref("HostRefNum")}, nil
	case codeBeforeDayEnd:
		return ans.refused(checkout.ResultTooEarly), nil
	case "V015", "V037":
		return ans.refused(checkout.ResultDeclined), nil // more than is left: nothing was given back by this call
	}
	return ans.followed(), nil
}

// Capture takes the money of a pre-authorisation, at most 15 % more or less than it (section 6.1).
func (a *acquirer) Capture(ctx context.Context, o checkout.Order, amount checkout.Money) (checkout.Outcome, error) {
	ans, err := a.changeBy(ctx, a.set.user, o, "PostAuth", amount)
	if err != nil {
		return checkout.Outcome{}, fmt.Errorf("capturing %s: %w", o.BankOrder, err)
	}
	switch ans.code {
	case codeApproved:
		return checkout.Outcome{Result: checkout.ResultApproved, Amount: amount, AuthCode: ans.ref(fieldAuth), RRN: ans.ref("HostRefNum")}, nil
	case "V016", "V026", "V027":
		return ans.refused(checkout.ResultDeclined), nil
	}
	return ans.followed(), nil
}

// changeBy is change with an amount, in the order's own currency only.
func (a *acquirer) changeBy(ctx context.Context, by user, o checkout.Order, txn string, amount checkout.Money) (answer, error) {
	if amount.Currency != o.Amount.Currency || amount.Minor <= 0 {
		return answer{}, checkout.Invalid(checkout.FieldError{Field: "amount", Code: "amount_not_positive"})
	}
	return a.change(ctx, by, o, txn,
		checkout.Field{Name: "PurchAmount", Value: amount.Decimal()},
		checkout.Field{Name: "Currency", Value: amount.Currency.Numeric()})
}

// change makes a call that moves the money of an earlier order.
func (a *acquirer) change(ctx context.Context, by user, o checkout.Order, txn string, more ...checkout.Field) (answer, error) {
	fields := a.follow(by, "NonSecure", txn, checkout.Field{Name: "OrgOrderId", Value: string(o.BankOrder)})
	fields = append(append(fields, more...), checkout.Field{Name: "Lang", Value: lang(o.Lang)})
	ans, err := a.ask(ctx, a.client.Timeouts.Money, fields)
	if err != nil {
		return answer{}, err
	}
	if !ans.names(o) {
		return answer{}, errOtherOrder
	}
	return ans, nil
}

// followed is how a refusal that has no meaning of its own in a call is told.
func (n answer) followed() checkout.Outcome {
	switch means := meaningOf(n.code); {
	case n.code == codeUnknown, n.code == codeUnknownMsg:
		return n.refused(checkout.ResultNotFound)
	case n.code == codeUnfinished, n.code == codeNotFinished:
		return n.refused(checkout.ResultUnfinished)
	case means.refuses():
		return n.refused(checkout.ResultDeclined)
	}
	return n.refused(checkout.ResultUnknown)
}

// Verify checks an account without moving money, in two steps.
//
// An inquiry proves nothing, because the bank answers "not found" to a wrong password, too (section 6.5). So a void of
// an order number that nobody ever used is sent: "not found" then comes from behind the password and address checks.
// This covers merchant_id, user_code, user_pass, mbr_id and the registered address. Where another user voids, both send
// one, and the first may be told that he may not: his password was looked at before. A user who only reads asks for the
// history of that order; what the bank says to his wrong password is open, so that only a plain refusal counts.
//
// The hash secret takes part in no server call. So an opening without a card is posted: the bank checks the hash before
// the card (section 10), so M030 names a wrong secret, while a refused card under a signature that Judge would believe
// proves the secret in both directions. An answer that is neither leaves the secret unproven and is no error.
// In mode 3dhost an opening would make the bank wait for a card, so there the secret stays unproven.
//
// Errors: Invalid names the setting to look at; ErrUnreachable when the bank could not be asked.
func (a *acquirer) Verify(ctx context.Context) error {
	o := checkout.Order{BankOrder: a.testOrder(), Nonce: a.ids.Nonce(), Installments: 1, Lang: "tr",
		Amount: checkout.Money{Minor: 100, Currency: a.testCurrency()}, ReturnURL: verifyReturn}
	if err := a.verifyUser(ctx, a.set.user, o, "user"); err != nil {
		return err
	}
	if a.set.refunds != a.set.user {
		if err := a.verifyUser(ctx, a.set.refunds, o, "refund_user"); err != nil {
			return err
		}
	}
	if a.set.reports != a.set.user {
		ans, err := a.ask(ctx, a.client.Timeouts.Ask, a.follow(a.set.reports, "Report", "TxnHistory",
			checkout.Field{Name: "OrderId", Value: string(o.BankOrder)}, checkout.Field{Name: "Lang", Value: lang(o.Lang)}))
		if err == nil && refusesUser[ans.code] { // a history is no answer of this shape
			return badSetting(ans.code, ans.get("ErrMsg"), "report_user")
		}
	}
	if a.set.mode == Mode3DHost {
		return nil
	}
	return a.verifySecret(ctx, o)
}

// refusesUser are the codes that say that a user is unknown, has another password, or may not ask this (section 7).
var refusesUser = map[string]bool{"M009": true, "M016": true, "M017": true, "M049": true, "V004": true, "V006": true, "V035": true, "V038": true}

// verifyUser has a user void an order that nobody made. name begins the names of his credentials.
func (a *acquirer) verifyUser(ctx context.Context, by user, o checkout.Order, name string) error {
	ans, err := a.change(ctx, by, o, "Void", checkout.Field{Name: "Currency", Value: o.Amount.Currency.Numeric()})
	switch {
	case err != nil:
		return checkout.ErrUnreachable.Because(fmt.Errorf("checking the account at the bank: %w", err))
	case ans.code == codeUnknown, ans.code == codeUnknownMsg, ans.code == codeNoOriginal:
		return nil
	case by != a.set.refunds && (ans.code == "V006" || ans.code == "V038"):
		return nil // he need not
	}
	return badSetting(ans.code, ans.get("ErrMsg"), name)
}

// verifyReturn is where the self-test's opening would send a browser, if one took part. The name exists nowhere.
const verifyReturn = "https://odelink.invalid/3ds/self-test"

// testOrder is a fresh number that people at the bank recognise: it carries the date, as the bank asks of test orders
// (section 8), and ends in a letter like every number of ours.
func (a *acquirer) testOrder() checkout.BankOrder {
	id := a.ids.BankOrder()
	return checkout.BankOrder("ODTEST"+a.clock.Now().UTC().Format("060102")) + id[len(id)-8:]
}

func (a *acquirer) testCurrency() checkout.Currency {
	if len(a.set.currencies) > 0 {
		return a.set.currencies[0]
	}
	return checkout.TRY
}

func (a *acquirer) verifySecret(ctx context.Context, o checkout.Order) error {
	hand, _, err := a.post3D(ctx, a.opening(o))
	if err != nil {
		return checkout.ErrUnreachable.Because(fmt.Errorf("checking the hash secret at the bank: %w", err))
	}
	form := map[string][]string{}
	for _, f := range hand.Fields {
		form[f.Name] = append(form[f.Name], f.Value)
	}
	code := message{form}.get(fieldCode)
	if meaningOf(code).class == setup {
		return badSetting(code, message{form}.get("ErrMsg"), "user")
	}
	_, err = a.Judge(ctx, o, checkout.Callback{Method: "POST", Form: form})
	if checkout.ForgedReason(err) == checkout.ForgedHashMismatch {
		return badSetting("M030", "", "user")
	}
	return nil
}

// badSetting names the setting that a refusal points at, and the bank's code for whoever calls the bank. by begins the
// names of the credentials of the user who was refused.
func badSetting(code, text, by string) error {
	field, why := "credentials", "credentials_refused"
	switch code {
	case "V001", "V008", "V009", "V007", "M024", "M051":
		field, why = "credentials.merchant_id", "merchant_unknown"
	case "V004", "V035", "M049", "M016":
		field, why = "credentials."+by+"_code", "user_refused"
	case "M009", "M017":
		field, why = "credentials."+by+"_pass", "password_refused"
	case "M030":
		field, why = "credentials.merchant_pass", "hash_refused"
	case "M013":
		field = "credentials.mbr_id"
	case "M047", "V036":
		// V036 is a system error, and also what an unregistered address gets on voids (section 3.4).
		field, why = "base_url", "address_not_registered"
	case "M021", "M026", "M014":
		field, why = "mode", "mode_not_allowed"
	case "V030", "M002":
		field, why = "currencies", "currency_not_permitted"
	case "V006", "V010", "V011", "V038":
		why = "operation_not_allowed"
	}
	args := map[string]string{"bank_code": wire.Mask(code)}
	if text = wire.Mask(text); text != "" {
		args["bank_text"] = text
	}
	return checkout.Invalid(checkout.FieldError{Field: field, Code: why, Args: args})
}
