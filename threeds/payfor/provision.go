package payfor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
)

// maxAnswer is about ten times the longest answer to one order.
const maxAnswer = 128 << 10

// Authorize makes the completion call (section 5). Approved needs code 00, our own order number and an authorisation
// code in one readable answer; declined needs an explicit no for our order number. Everything else is unknown: time-outs,
// HTTP errors, HTML, an empty or cut body, another order number, system errors and answers about an order's state.
//
// The short answer names no amount and no currency, so Outcome.Amount stays zero: the bank holds both under the
// request since our own signed opening, and an inquiry tells them.
//
// An error for which errors.Is(err, wire.ErrNotSent) holds means that no byte left; the outcome is unknown all the same,
// because nothing is sent a second time.
func (a twoStep) Authorize(ctx context.Context, o checkout.Order) (checkout.Outcome, error) {
	guid := o.Refs[refGuid]
	if guid == "" {
		return checkout.Outcome{}, fmt.Errorf("authorizing %s: no request of the bank to complete: %w", o.BankOrder, wire.ErrNotSent)
	}
	ans, err := a.ask(ctx, a.client.Timeouts.Money, []checkout.Field{
		{Name: "RequestGuid", Value: guid},
		{Name: "UserCode", Value: a.set.user.code},
		{Name: "UserPass", Value: a.set.user.pass},
		{Name: "OrderId", Value: string(o.BankOrder)},
		{Name: "SecureType", Value: "3DModelPayment"},
	})
	if err != nil {
		return checkout.Outcome{}, fmt.Errorf("authorizing %s: %w", o.BankOrder, err)
	}
	switch means := meaningOf(ans.code); {
	case !ans.names(o):
		return checkout.Outcome{}, fmt.Errorf("authorizing %s: %w", o.BankOrder, errOtherOrder)
	case ans.code == codeApproved:
		if ans.get("TransId") == "" || ans.get(fieldAuth) == "" {
			return checkout.Outcome{}, fmt.Errorf("authorizing %s: %w", o.BankOrder, errBareYes)
		}
		return checkout.Outcome{Result: checkout.ResultApproved, AuthCode: ans.ref(fieldAuth), RRN: ans.ref("HostRefNum")}, nil
	case means.refuses():
		return ans.refused(checkout.ResultDeclined), nil
	}
	return ans.refused(checkout.ResultUnknown), nil
}

var (
	errOtherOrder = errors.New("the answer is about another order")
	errBareYes    = errors.New("an approval without order number or authorisation code")
	errNoCode     = errors.New("an answer without a code")
	errNotOwn     = errors.New("the answer is about another merchant")
)

// answer is a flat answer of XMLGate.
type answer struct {
	node wire.Node
	code string
}

func (n answer) get(name string) string {
	text, _ := n.node.One(name) // a repeated element counts as none
	return text
}

// names says whether an answer is about o. Refusals made before the order was looked up may name none.
func (n answer) names(o checkout.Order) bool {
	id := n.get("TransId")
	return id == string(o.BankOrder) || (id == "" && n.code != codeApproved)
}

// refused carries the bank's code and text whatever the result.
func (n answer) refused(r checkout.Result) checkout.Outcome {
	return checkout.Outcome{Result: r, Decline: decline(n.code, n.get("ErrMsg"))}
}

// refShape holds the longest reference (12 digits, section 2) and no card number.
var refShape = regexp.MustCompile(`^[A-Za-z0-9]{1,12}$`)

// ref is a reference for people; what has no such shape is dropped rather than kept.
func (n answer) ref(field string) string {
	if text := n.get(field); refShape.MatchString(text) {
		return text
	}
	return ""
}

// ask makes one server call. An answer that is not whole, not XML, not of status 200 or without a code is an error.
func (a *acquirer) ask(ctx context.Context, timeout time.Duration, fields []checkout.Field) (answer, error) {
	res, err := a.client.Post(ctx, wire.Call{URL: a.set.base.JoinPath("XMLGate.aspx"), Type: wire.XMLType,
		Body: wire.EncodeXML("PayforRequest", fields), Limit: maxAnswer, Timeout: timeout})
	if err != nil {
		return answer{}, err
	}
	if res.Status != http.StatusOK {
		return answer{}, fmt.Errorf("the bank answered with status %d", res.Status)
	}
	node, err := wire.ReadXML(res.Body, "PayforResponse")
	if err != nil {
		return answer{}, err
	}
	code, ok := node.One(fieldCode)
	if !ok || code == "" {
		return answer{}, errNoCode
	}
	return answer{node, code}, nil
}
