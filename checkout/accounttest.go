package checkout

import (
	"context"
	"errors"
	"strings"
	"time"
)

// AccountTest is how an account's self-test ended.
type AccountTest struct {
	At time.Time
	// Code is the bank's answer as a field error's code, or the code of what kept it from answering; "" = it takes
	// the credentials. Field is the setting to look at, "" = no single one. Args fill the sentence.
	Code  string
	Field string
	Args  map[string]string
}

// testedType is the event of a self-test on the merchant's trail.
const testedType = "acquirer.tested"

// lastTests is how far back in the trail the newest self-tests are looked for.
const lastTests = 200

// argOf is what stands before the names of a sentence's arguments in the event.
const argOf = "arg_"

// TestAccount asks the bank now whether it takes an account's credentials and notes the answer on the merchant's
// trail. What the bank says is an answer, no error. ErrNoAccount; ErrStale: the account changed meanwhile.
func (s *Service) TestAccount(ctx context.Context, by By, m MerchantID, id AccountID) (AccountTest, error) {
	a, err := s.Account(ctx, m, id)
	if err != nil {
		return AccountTest{}, err
	}
	test := AccountTest{}
	var e *Error
	switch err := s.checkAccount(ctx, a, a, true); {
	case err == nil:
	case !errors.As(err, &e) || e.Kind == KindInternal:
		return test, err
	case len(e.Fields) > 0:
		test.Code, test.Field, test.Args = e.Fields[0].Code, e.Fields[0].Field, e.Fields[0].Args
	default:
		test.Code = e.Code
	}
	ev := s.merchantEvent(m, testedType, by)
	test.At = ev.At
	ev.Data = map[string]string{"acquirer": string(id), "name": a.Name, "code": test.Code, "field": test.Field}
	for name, value := range test.Args {
		ev.Data[argOf+name] = value
	}
	return test, s.Ledger.ChangeAccount(ctx, AccountChange{Account: a, From: a.Version, Event: ev})
}

// AccountTests answers the newest self-test of each of a merchant's accounts that had one lately.
func (s *Service) AccountTests(ctx context.Context, m MerchantID) (map[AccountID]AccountTest, error) {
	found, _, err := s.Ledger.Trail(ctx, TrailQuery{Merchant: m, About: "acquirer", Limit: lastTests})
	if err != nil {
		return nil, err
	}
	out := map[AccountID]AccountTest{}
	for _, e := range found {
		id := AccountID(e.Data["acquirer"])
		if _, newer := out[id]; newer || e.Type != testedType {
			continue
		}
		t := AccountTest{At: e.At, Code: e.Data["code"], Field: e.Data["field"], Args: map[string]string{}}
		for name, value := range e.Data {
			if arg, ok := strings.CutPrefix(name, argOf); ok {
				t.Args[arg] = value
			}
		}
		out[id] = t
	}
	return out, nil
}
