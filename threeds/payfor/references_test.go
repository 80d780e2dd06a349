package payfor

import (
	"testing"

	"github.com/odelink/odelink/checkout"
)

// I15: what a bank writes where a reference belongs is kept only in a reference's shape. A card number
// is none, in whatever field and call it comes.
func TestI15_ACardNumberIsNoReference(t *testing.T) {
	for _, text := range []string{"4506347011448053", "45063470114480", "4506 3470 1144 8053", "4506-3470-1144", "S4091<", "ş40917", "632610040917\n1"} {
		c := newCase(t, "")
		c.reply = short("AuthCode", text, "HostRefNum", text, "ProcReturnCode", "00", "TransId", order)
		out, err := c.acq.(checkout.Authorizer).Authorize(t.Context(), c.o)
		if err == nil && (out.AuthCode != "" || out.RRN != "") {
			t.Errorf("%q: a yes keeps %q and %q", text, out.AuthCode, out.RRN)
		}
		if out, err := c.a.Void(t.Context(), c.o); err == nil && (out.AuthCode != "" || out.RRN != "") {
			t.Errorf("%q: a void keeps %q and %q", text, out.AuthCode, out.RRN)
		}
		c.reply = record("F37", text)
		if out, err := c.a.Inquire(t.Context(), c.o); err == nil && out.RRN != "" {
			t.Errorf("%q: an inquiry keeps %q", text, out.RRN)
		}
	}
}
