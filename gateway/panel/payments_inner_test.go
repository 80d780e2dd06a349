package panel

import (
	"context"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/checkout"
)

// summed is a ledger with these sums.
type summed struct {
	Ledger
	sums checkout.PaymentSums
}

func (s summed) PaymentSums(context.Context, checkout.PaymentQuery, time.Duration) (checkout.PaymentSums, error) {
	return s.sums, nil
}

// Sums say which payments they are of: all of a list, the newest of one that is too long, or the page's own where the
// others could not be added up in time.
func TestSumsSayWhatTheyAreOf(t *testing.T) {
	lira := []checkout.PaymentSum{{Currency: checkout.TRY, Tries: 9, Paid: 8, Collected: 700, Back: 60}}
	rows := []paymentRow{{Payment: checkout.Payment{Total: checkout.Money{Minor: 5, Currency: checkout.USD}}}}
	app := fiber.New()
	c := app.AcquireCtx(&fasthttp.RequestCtx{})
	defer app.ReleaseCtx(c)
	for name, tc := range map[string]struct {
		part     bool
		sums     checkout.PaymentSums
		of       string
		currency checkout.Currency
	}{
		"one page":    {false, checkout.PaymentSums{}, "all", checkout.USD},
		"several":     {true, checkout.PaymentSums{Known: true, Each: lira}, "all", checkout.TRY},
		"too many":    {true, checkout.PaymentSums{Known: true, More: true, Each: lira}, "newest", checkout.TRY},
		"not in time": {true, checkout.PaymentSums{}, "page", checkout.USD},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Surface{}
			s.Ledger = summed{sums: tc.sums}
			sums, of, err := s.sumsOf(c, checkout.PaymentQuery{}, rows, tc.part)
			if err != nil || of != tc.of || len(sums) != 1 || sums[0].Currency != tc.currency {
				t.Errorf("%v of %s, %v", sums, of, err)
			}
		})
	}
}
