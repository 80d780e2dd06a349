package sqlstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
)

// A67: nobody has reports sent to himself by writing into the database, and nobody else waits for that.
func TestA67_aScheduleThatAHandChangedIsNotSent(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		s := open(t, url, at(clock))
		b := storetest.NewBooks(t, s, clock)
		bad, good := b.Schedule(), b.Schedule()
		good.DueAt = bad.DueAt.Add(time.Second)
		for _, r := range []checkout.ReportSchedule{bad, good} {
			if err := s.SaveReportSchedule(t.Context(), r, b.Event("report_schedule.created"), checkout.Idempotency{}); err != nil {
				t.Fatal(err)
			}
		}
		if found := verify(t, s); len(found) != 0 {
			t.Fatalf("before: %v", found)
		}
		if err := byHand(t, url, "UPDATE report_schedules SET terms = replace(terms, 'kasa@', 'hirsiz@') WHERE id = '"+string(bad.ID)+"'"); err != nil {
			t.Fatal(err)
		}
		clock.Set(good.DueAt)
		if _, ok, err := s.LeaseReportSchedule(t.Context(), clock.Now().Add(time.Minute)); ok || err != nil {
			t.Errorf("it is handed out: %v %v", ok, err)
		}
		if r, ok, err := s.LeaseReportSchedule(t.Context(), clock.Now().Add(time.Minute)); !ok || err != nil || r.ID != good.ID {
			t.Errorf("the other is not: %v %v", ok, err)
		}
		if found := verify(t, s); len(found) != 1 || !strings.Contains(found[0], string(bad.ID)) || !strings.Contains(found[0], string(sqlstore.FoundRowChanged)) {
			t.Errorf("after: %v", found)
		}
	})
}
