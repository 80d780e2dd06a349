package deliver_test

import (
	"context"
	"errors"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/deliver"
)

// feed hands out events once and keeps what was placed.
type feed struct {
	checkout.WebhookLedger
	waiting []checkout.Notice
	placed  []checkout.Notice
}

func (f *feed) Unplaced(context.Context, int) ([]checkout.Notice, error) { return f.waiting, nil }

func (f *feed) Place(_ context.Context, all []checkout.Notice) error {
	f.placed, f.waiting = append(f.placed, all...), nil
	return nil
}

// faults counts what went wrong.
type faults struct{ n int }

func (f *faults) Fault(string, error)                       { f.n++ }
func (*faults) Sent(checkout.Delivery, checkout.Send, bool) {}

// One merchant whose messages cannot be written holds up nobody's events; a ledger that is away holds up all, and
// nothing is lost.
func TestMessagesThatCannotBeWrittenHoldUpNobody(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		placed int
		faults int
	}{
		"settings that cannot be read": {errors.New("changed by hand"), 2, 1},
		"what it is about is gone":     {checkout.ErrNoLink, 2, 1},
		"the ledger is away":           {checkout.ErrStoreAway, 0, 0},
	} {
		f, seen := &feed{waiting: []checkout.Notice{{ID: "evt_1", Merchant: "mer_1", Told: true}, {ID: "evt_2", Merchant: "mer_2", Told: true, Wanted: true}}}, &faults{}
		d := deliver.New(deliver.Config{
			Ledger: f, Observer: seen,
			Render: func(context.Context, checkout.Notice) ([]byte, error) { return []byte("{}"), nil },
			Tell: func(_ context.Context, n checkout.Notice) ([]checkout.Message, error) {
				if n.Merchant == "mer_1" {
					return nil, c.err
				}
				return []checkout.Message{{ID: "msg_1"}}, nil
			},
		})
		err := d.Place(t.Context())
		if len(f.placed) != c.placed || seen.n != c.faults || (err != nil) != (c.placed == 0) {
			t.Errorf("%s: %d placed, %d faults, %v", name, len(f.placed), seen.n, err)
		}
		if c.placed > 0 && (len(f.placed[1].Messages) != 1 || string(f.placed[1].Body) != "{}") {
			t.Errorf("%s: %+v", name, f.placed[1])
		}
	}
}
