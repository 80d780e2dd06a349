package storetest

import (
	"errors"
	"sync"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Schedule is a daily report that is not stored, due in an hour.
func (b *Books) Schedule() checkout.ReportSchedule {
	now := b.Clock.Now()
	return checkout.ReportSchedule{
		ID: b.IDs.ReportSchedule(), Merchant: b.Merchant, Version: 1, CreatedAt: now, UpdatedAt: now, DueAt: now.Add(time.Hour),
		ReportTerms: checkout.ReportTerms{
			Report: "payments", Status: "paid", Kind: checkout.KindRefund, Currency: checkout.TRY, Account: "acc_1", Format: "csv", Dialect: "tr", Lang: "tr", Every: checkout.Weekly,
			Weekday: "monday", To: []string{"kasa@ahsap.example", "Muhasebe@ahsap.example"},
		},
	}
}

func (b *Books) saveSchedule(r checkout.ReportSchedule) error {
	return b.Ledger.SaveReportSchedule(b.ctx, r, b.Event("report_schedule.saved"), checkout.Idempotency{})
}

func (b *Books) readSchedule(id checkout.ReportScheduleID) checkout.ReportSchedule {
	b.Helper()
	r, err := b.Ledger.ReportScheduleOf(b.ctx, b.Merchant, id)
	b.must(err)
	return r
}

func (b *Books) leaseSchedule() (checkout.ReportSchedule, bool) {
	b.Helper()
	r, ok, err := b.Ledger.LeaseReportSchedule(b.ctx, b.Clock.Now().Add(10*time.Minute))
	b.must(err)
	return r, ok
}

func (b *Books) leaseReports() []checkout.Message {
	b.Helper()
	all, err := b.Ledger.LeaseReportMails(b.ctx, b.Clock.Now().Add(time.Minute), 100)
	b.must(err)
	return all
}

// run is the end of making a schedule's report, with a mail for each address.
func (b *Books) run(r checkout.ReportSchedule) checkout.ReportRun {
	now := b.Clock.Now()
	run := checkout.ReportRun{
		Schedule: r, Next: now.Add(24 * time.Hour), MadeAt: now, From: now.Add(-48 * time.Hour), To: now.Add(-24 * time.Hour), Rows: 7,
		File: &checkout.MessageFile{Name: "rapor.csv", Type: "text/csv", Body: []byte("a;b\xff\x00")}, Event: b.Event("report_schedule.sent"),
	}
	for _, to := range r.To {
		run.Mails = append(run.Mails, checkout.Message{
			ID: b.IDs.Message(), Merchant: b.Merchant, Kind: checkout.MessageReport, Channel: checkout.ChannelEmail, Lang: "tr", To: to, Status: checkout.MessageQueued,
			Letter: checkout.Letter{Subject: "Rapor ş", Text: "a\n\nb"}, DueAt: now, CreatedAt: now, UpdatedAt: now,
		})
	}
	return run
}

func scheduleFields(b *Books) {
	r := b.Schedule()
	idem := checkout.Idempotency{Merchant: b.Merchant, Key: "once", Request: []byte("r"), Status: 201, Body: []byte(`{}`)}
	b.must(b.Ledger.SaveReportSchedule(b.ctx, r, b.Event("report_schedule.created"), idem))
	b.want(b.Ledger.SaveReportSchedule(b.ctx, b.Schedule(), b.Event("report_schedule.created"), idem), checkout.ErrKeyKnown)
	b.equal("every field", b.readSchedule(r.ID), r)
	b.want(b.saveSchedule(r), checkout.ErrStale)
	unknown := b.Schedule()
	unknown.Version = 2
	b.want(b.saveSchedule(unknown), checkout.ErrNoReportSchedule)
	r.Version, r.Every, r.Weekday, r.To, r.DueAt, r.UpdatedAt = 2, checkout.Daily, "", []string{"x@x.example"}, r.DueAt.Add(time.Hour), r.UpdatedAt.Add(time.Second)
	b.must(b.saveSchedule(r))
	b.equal("edited", b.readSchedule(r.ID), r)
	for range checkout.MaxReportSchedules - 1 {
		b.must(b.saveSchedule(b.Schedule()))
	}
	b.want(b.saveSchedule(b.Schedule()), checkout.ErrReportSchedules)
	mine := b.Merchant
	b.Merchant = b.NewMerchant()
	_, err := b.Ledger.ReportScheduleOf(b.ctx, b.Merchant, r.ID)
	b.want(err, checkout.ErrNoReportSchedule)
	b.want(b.Ledger.DeleteReportSchedule(b.ctx, b.Merchant, r.ID, b.Event("report_schedule.deleted")), checkout.ErrNoReportSchedule)
	b.Merchant = mine
	b.must(b.Ledger.DeleteReportSchedule(b.ctx, b.Merchant, r.ID, b.Event("report_schedule.deleted")))
	b.want(b.Ledger.DeleteReportSchedule(b.ctx, b.Merchant, r.ID, b.Event("report_schedule.deleted")), checkout.ErrNoReportSchedule)
	all, err := b.Ledger.ReportSchedules(b.ctx, b.Merchant)
	b.must(err)
	b.equal("the others stay", len(all), checkout.MaxReportSchedules-1)
	b.wholeTrail()
}

// C12, C28: one of many gets it, and again when the lease has ended; who comes late writes nothing.
func scheduleLease(b *Books) {
	r := b.Schedule()
	b.must(b.saveSchedule(r))
	b.Clock.Set(r.DueAt.Add(-Tick))
	_, ok := b.leaseSchedule()
	b.equal("too early", ok, false)
	b.Clock.Set(r.DueAt)
	var mu sync.Mutex
	var leased []checkout.ReportSchedule
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if one, ok := b.leaseSchedule(); ok {
				mu.Lock()
				leased = append(leased, one)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	b.equal("leased by", len(leased), 1)
	b.equal("counted", leased[0].Attempts, 1)
	b.Clock.Advance(10 * time.Minute)
	second, ok := b.leaseSchedule()
	b.equal("when its lease has ended", []any{ok, second.Attempts}, []any{true, 2})
	b.want(b.Ledger.EndReportRun(b.ctx, b.run(leased[0])), checkout.ErrStale)
	b.equal("who came late sent nothing", len(b.leaseReports()), 0)
	failed := checkout.ReportRun{Schedule: second, Error: checkout.ReportFailed, Next: b.Clock.Now().Add(time.Minute)}
	b.must(b.Ledger.EndReportRun(b.ctx, failed))
	b.want(b.Ledger.EndReportRun(b.ctx, failed), checkout.ErrStale)
	now := b.readSchedule(r.ID)
	b.equal("failed", []any{now.Error, now.DueAt, now.MadeAt.IsZero()}, []any{checkout.ReportFailed, failed.Next, true})
	b.Clock.Set(failed.Next)
	third, _ := b.leaseSchedule()
	run := b.run(third)
	b.must(b.Ledger.EndReportRun(b.ctx, run))
	now = b.readSchedule(r.ID)
	b.equal("made", []any{now.Error, now.Attempts, now.DueAt, now.MadeAt, now.MadeFrom, now.MadeTo, now.Rows}, []any{"", 0, run.Next, run.MadeAt, run.From, run.To, int64(7)})
	b.Clock.Set(run.Next)
	fourth, _ := b.leaseSchedule()
	edited := now
	edited.Version, edited.DueAt = 2, b.Clock.Now().Add(time.Hour)
	b.must(b.saveSchedule(edited))
	b.want(b.Ledger.EndReportRun(b.ctx, b.run(fourth)), checkout.ErrStale)
}

func reportMailsSent(b *Books) {
	r := b.Schedule()
	b.must(b.saveSchedule(r))
	b.Clock.Set(r.DueAt)
	r, _ = b.leaseSchedule()
	run := b.run(r)
	b.must(b.Ledger.EndReportRun(b.ctx, run))
	first := b.leaseReports()
	b.equal("a mail each", len(first), 2)
	for i, m := range first {
		b.equal("its file", m.Files, []checkout.MessageFile{*run.File})
		b.equal("its letter", m.Letter, run.Mails[i].Letter)
		b.equal("counted", []int{m.Attempts, m.Unsure}, []int{1, 1})
	}
	b.equal("within the lease", len(b.leaseReports()), 0)
	ok := checkout.MessageSend{Number: 1, At: b.Clock.Now(), Code: 250}
	later := b.Clock.Now().Add(time.Minute)
	b.must(b.Ledger.EndReportMail(b.ctx, first[0], ok, time.Time{}, false))
	b.want(b.Ledger.EndReportMail(b.ctx, first[0], ok, time.Time{}, false), checkout.ErrStale)
	b.must(b.Ledger.EndReportMail(b.ctx, first[1], checkout.MessageSend{Number: 1, At: b.Clock.Now(), Error: checkout.SentServer}, later, false))
	b.Clock.Set(later)
	again := b.leaseReports()
	b.equal("the other again, with its file", []any{len(again), again[0].ID, again[0].Files, again[0].Attempts, again[0].Unsure}, []any{1, first[1].ID, []checkout.MessageFile{*run.File}, 2, 1})
	gone, err := b.Ledger.ForgetReportMails(b.ctx, later, 10)
	b.must(err)
	b.equal("forgotten", gone, 1)
	b.must(b.Ledger.EndReportMail(b.ctx, again[0], checkout.MessageSend{Number: 2, At: later, Error: checkout.SentRecipient, Permanent: true}, time.Time{}, true))
	mails := b.readSchedule(r.ID).Mails
	b.equal("seen at the schedule", mails, []checkout.ReportMail{{To: again[0].To, Status: checkout.MessageFailed, Reason: checkout.SentRecipient, Attempts: 2, At: later}})
	list, err := b.Ledger.Suppressions(b.ctx, b.Merchant, 10)
	b.must(err)
	b.equal("on the list", []any{len(list), list[0].To}, []any{1, again[0].To})
}

// A56: what somebody asks for has limits, and nothing goes to who is on the list.
func reportMailsHeld(b *Books) {
	r := b.Schedule()
	b.must(b.saveSchedule(r))
	now := func() error {
		run := b.run(r)
		run.Now, run.PerRecipient = true, 3
		return b.Ledger.EndReportRun(b.ctx, run)
	}
	list := func(to string) {
		b.must(b.Ledger.Suppress(b.ctx, checkout.Suppression{
			Merchant: b.Merchant, Channel: checkout.ChannelEmail, To: to, Reason: checkout.SuppressedByMerchant, CreatedAt: b.Clock.Now(),
		}, b.Event("messages.suppressed")))
	}
	for range 3 {
		b.must(now())
	}
	b.want(now(), checkout.ErrRecipientMessages)
	b.equal("sent", len(b.leaseReports()), 6)
	b.equal("the morning stays", b.readSchedule(r.ID).DueAt, r.DueAt)
	b.Clock.Advance(time.Hour)
	list("KASA@ahsap.example")
	b.must(now())
	mails := b.readSchedule(r.ID).Mails
	b.equal("held back", []any{mails[1].Status, mails[1].Reason, mails[0].Status}, []any{checkout.MessageSuppressed, checkout.SuppressedAddress, checkout.MessageQueued})
	b.Clock.Advance(time.Hour)
	once := checkout.Idempotency{Merchant: b.Merchant, Key: "once", Request: []byte("r"), Body: []byte(r.ID)}
	for _, want := range []error{nil, checkout.ErrKeyKnown} {
		run := b.run(r)
		run.Now, run.Idem = true, once
		if err := b.Ledger.EndReportRun(b.ctx, run); !errors.Is(err, want) {
			b.Errorf("under one key: %v, want %v", err, want)
		}
	}
	b.equal("once under one key", len(b.readSchedule(r.ID).Mails), 2)
	b.Clock.Advance(time.Hour)
	list("muhasebe@ahsap.example")
	b.want(now(), checkout.ErrSuppressed)
	b.must(b.Ledger.DeleteReportSchedule(b.ctx, b.Merchant, r.ID, b.Event("report_schedule.deleted")))
	b.equal("what waits goes with it", len(b.leaseReports()), 0)
	b.want(now(), checkout.ErrStale)
	b.wholeTrail()
}
