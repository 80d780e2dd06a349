package main

import (
	"context"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/deliver"
	reports "github.com/odelink/odelink/gateway/report"
)

// reportEvery is how often schedules are looked for whose morning has come.
const reportEvery = 15 * time.Second

// reportMails are the mails of scheduled reports, as a postman takes messages.
type reportMails struct{ checkout.Ledger }

var _ checkout.MessageLedger = reportMails{}

// LeaseMessages hands out mails; reports go by no other channel.
func (r reportMails) LeaseMessages(ctx context.Context, _ checkout.Channel, until time.Time, limit int) ([]checkout.Message, error) {
	return r.LeaseReportMails(ctx, until, limit)
}

// EndMessage records an attempt.
func (r reportMails) EndMessage(ctx context.Context, m checkout.Message, made checkout.MessageSend, next time.Time, bounced bool) error {
	return r.EndReportMail(ctx, m, made, next, bounced)
}

// ForgetMessages removes old ones.
func (r reportMails) ForgetMessages(ctx context.Context, before time.Time, limit int) (int, error) {
	return r.ForgetReportMails(ctx, before, limit)
}

// openReports makes what sends scheduled reports. A mail whose schedule is deleted goes with it, so all are wanted.
func (a *app) openReports(carriers map[checkout.Channel]deliver.Carrier) {
	wanted := func(context.Context, checkout.Message) (bool, error) { return true, nil }
	a.reportman = deliver.NewPostman(deliver.PostConfig{
		Ledger: reportMails{a.ledger}, Carriers: carriers, Wanted: wanted, Enclosed: a.flow.Enclosed, Bounced: bounced, Clock: a.seams.clock, Observer: a.watch,
	})
}

// reports makes the files of scheduled reports.
func (a *app) reports() checkout.Reports {
	return reports.Scheduled{
		Ledger: a.ledger, Clock: a.seams.clock,
		LinkURL: func(token checkout.Token) string { return a.flow.LinkURL(token) },
	}
}

// makeReports makes the reports that are due.
func (a *app) makeReports(ctx context.Context) error {
	for ctx.Err() == nil {
		if some, err := a.flow.SendDueReport(ctx); err != nil || !some {
			return err
		}
	}
	return nil
}

// carryReports brings the mails of reports.
func (a *app) carryReports(ctx context.Context) error {
	return a.reportman.Carry(ctx, checkout.ChannelEmail)
}
