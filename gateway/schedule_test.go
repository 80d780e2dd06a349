//go:build !race

package main

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv/mailserver"
)

// morning is what the loops do about reports, once, as of two gateways at once.
func (p *posted) morning() {
	p.t.Helper()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			for _, f := range []func(context.Context) error{p.app.makeReports, p.app.carryReports} {
				if err := f(context.Background()); err != nil {
					p.t.Error(err)
				}
			}
		})
	}
	both.Wait()
	if err := p.app.carryReports(context.Background()); err != nil {
		p.t.Fatal(err)
	}
}

// at moves the clock forward to an hour of a day in Istanbul.
func (p *posted) at(day string, hour, minute int) {
	p.t.Helper()
	to, err := time.ParseInLocation(time.DateOnly, day, checkout.Istanbul())
	if err != nil {
		p.t.Fatal(err)
	}
	to = to.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	if d := to.Sub(p.clock.Now()); d > 0 {
		p.clock.advance(d)
	} else {
		p.t.Fatalf("%s has been", to)
	}
}

func (p *posted) schedule(t checkout.ReportTerms) checkout.ReportSchedule {
	p.t.Helper()
	r, err := p.app.flow.CreateReportSchedule(context.Background(), checkout.By{Actor: "test"}, demoMerchant, t, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (p *posted) scheduleNow(id checkout.ReportScheduleID) checkout.ReportSchedule {
	p.t.Helper()
	r, err := p.app.flow.ReportScheduleOf(context.Background(), demoMerchant, id)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// reportMail is a mail as it arrived, with its attachments; name and file are the first.
type reportMail struct {
	id, subject, text, name, file string
	files                         map[string]string
}

func readReport(t *testing.T, got mailserver.Mail) (out reportMail) {
	t.Helper()
	m := got.Read(t)
	out.id = m.Header.Get("Message-Id")
	var err error
	if out.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	out.walk(t, m.Header.Get("Content-Type"), m.Body)
	return out
}

func (o *reportMail) walk(t *testing.T, kind string, body io.Reader) {
	t.Helper()
	typ, params, err := mime.ParseMediaType(kind)
	if err != nil || !strings.HasPrefix(typ, "multipart/") {
		t.Fatalf("%s: %v", kind, err)
	}
	for r := multipart.NewReader(body, params["boundary"]); ; {
		part, err := r.NextPart()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		kind := part.Header.Get("Content-Type")
		if strings.HasPrefix(kind, "multipart/") {
			o.walk(t, kind, part)
			continue
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if part.FileName() != "" {
			file, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(text), "\r\n", ""))
			if err != nil {
				t.Fatal(err)
			}
			name, err := new(mime.WordDecoder).DecodeHeader(part.FileName())
			if err != nil {
				t.Fatal(err)
			}
			if o.files == nil {
				o.name, o.file, o.files = name, string(file), map[string]string{}
			}
			o.files[name] = string(file)
		} else if strings.HasPrefix(kind, "text/plain") {
			o.text = strings.ReplaceAll(string(text), "\r\n", "\n")
		}
	}
}

// Reports by e-mail: what ended is sent in the morning, once, whatever fails.
func TestScheduledReports(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	p.paid()
	terms := checkout.ReportTerms{
		Report: "payments", Status: "paid", Format: "csv", Dialect: "tr", Lang: "tr", Every: checkout.Daily, To: []string{"kasa@ahsap.example", "Muhasebe@ahsap.example", "KASA@ahsap.example"},
	}
	var daily checkout.ReportSchedule
	take := func() []mailserver.Mail {
		before := len(p.mails.Mails())
		p.morning()
		return p.mails.Mails()[before:]
	}

	t.Run("at seven, of yesterday, once though two gateways look", func(t *testing.T) {
		daily = p.schedule(terms)
		p.at("2026-11-23", 6, 59)
		p.must("too early", len(take()), 0)
		p.at("2026-11-23", 7, 0)
		got := take()
		if len(got) != 2 || got[0].To[0] == got[1].To[0] {
			t.Fatalf("%d mails", len(got))
		}
		for _, one := range got {
			m := readReport(t, one)
			if !strings.Contains(m.subject, "22 Kasım 2026") && !strings.Contains(m.subject, "22.11.2026") {
				t.Errorf("subject %q", m.subject)
			}
			if m.name != "odelink-payments-20261122-20261123.csv" || !strings.HasPrefix(m.file, "\ufeff") || !strings.Contains(m.file, "250,00") || !strings.Contains(m.file, "TOPLAM") {
				t.Errorf("%s: %.200s", m.name, m.file)
			}
			if !strings.Contains(m.text, "250,00\u00a0TL") || !strings.Contains(m.text, "/panel/reports/payments?from=2026-11-22&status=paid&to=2026-11-22") {
				t.Errorf("%s", m.text)
			}
		}
		p.must("and not again", len(take()), 0)
		now := p.scheduleNow(daily.ID)
		p.must("as the merchant sees it", []any{now.Rows, len(now.Mails), now.Mails[0].Status, now.Mails[1].Status, now.Error}, []any{int64(1), 2, checkout.MessageSent, checkout.MessageSent, ""})
		p.must("next", now.DueAt.In(checkout.Istanbul()).Format("2006-01-02 15:04"), "2026-11-24 07:00")
	})

	t.Run("mornings that were missed are made up once", func(t *testing.T) {
		p.at("2026-11-27", 12, 0)
		got := take()
		if len(got) != 2 || !strings.Contains(readReport(t, got[0]).name, "20261126-20261127") {
			t.Fatalf("%d mails", len(got))
		}
		p.must("next", p.scheduleNow(daily.ID).DueAt.In(checkout.Istanbul()).Format("2006-01-02 15:04"), "2026-11-28 07:00")
		p.must("nothing more", len(take()), 0)
	})

	t.Run("C13 a server that takes a mail over and says nothing gets it once more, the same", func(t *testing.T) {
		p.mails.Cut(true)
		p.at("2026-11-28", 7, 0)
		before := len(p.mails.Mails())
		for range 5 {
			p.morning()
			p.clock.advance(2 * time.Hour)
		}
		p.mails.Cut(false)
		ids := map[string]int{}
		for _, one := range p.mails.Mails()[before:] {
			ids[readReport(t, one).id]++
		}
		if len(ids) != 2 {
			t.Errorf("%v", ids)
		}
		for id, times := range ids {
			p.must(id, times, 2)
		}
		for _, m := range p.scheduleNow(daily.ID).Mails[:2] {
			p.must("shown", []any{m.Status, m.Reason}, []any{checkout.MessageFailed, checkout.SentUnclear})
		}
	})

	t.Run("a server that is away is tried again, an address that is none is left alone", func(t *testing.T) {
		p.at("2026-11-29", 7, 0)
		p.mails.Fault(func(stage string) error {
			if stage == "from" {
				return mailserver.Says(421, [3]int{4, 3, 2}, "later")
			}
			return nil
		})
		p.must("away", len(take()), 0)
		p.must("shown", p.scheduleNow(daily.ID).Mails[0].Reason, checkout.SentServer)
		p.mails.Fault(func(stage string) error {
			if stage == "to" {
				return mailserver.Says(550, [3]int{5, 1, 1}, "no such user")
			}
			return nil
		})
		p.clock.advance(time.Minute)
		p.must("refused", len(take()), 0)
		p.mails.Fault(nil)
		p.must("shown", p.scheduleNow(daily.ID).Mails[0].Reason, checkout.SentRecipient)
		p.at("2026-11-30", 7, 0)
		p.must("not written to again", len(take()), 0)
		p.must("shown", p.scheduleNow(daily.ID).Mails[0].Reason, checkout.SuppressedAddress)
	})

	t.Run("weeks and months, as other formats and in English", func(t *testing.T) { p.longerReports(t, terms) })

	t.Run("what no mail takes is counted, and leads to the panel", p.largeReport)
	t.Run("a report that cannot be made is tried again, and says so", p.brokenReport)
	t.Run("without e-mail nothing is promised, and nothing is lost", p.noEmail)
}

// narrow makes reports for mails that take next to nothing.
type narrow struct{ checkout.Reports }

func (n narrow) Make(ctx context.Context, a checkout.ReportAsk, _ int) (checkout.MadeReport, error) {
	return n.Reports.Make(ctx, a, 100)
}

// torn makes no report.
type torn struct{ checkout.Reports }

func (torn) Make(context.Context, checkout.ReportAsk, int) (checkout.MadeReport, error) {
	return checkout.MadeReport{}, errors.New("the disk is gone")
}

func (p *posted) only(name string) checkout.ReportSchedule {
	return p.schedule(checkout.ReportTerms{Report: "payments", Format: "csv", Dialect: "tr", Lang: "tr", Every: checkout.Daily, To: []string{name + "@ahsap.example"}})
}

func (p *posted) largeReport(t *testing.T) {
	whole := p.app.flow.Reports
	p.app.flow.Reports = narrow{whole}
	defer func() { p.app.flow.Reports = whole }()
	p.paid()
	r := p.only("large")
	p.clock.advance(24 * time.Hour)
	before := len(p.mails.Mails())
	p.morning()
	for _, one := range p.mails.Mails()[before:] {
		if m := readReport(t, one); one.To[0] == "large@ahsap.example" && (m.file != "" || !strings.Contains(m.text, "sığmayacak kadar büyük") || !strings.Contains(m.text, "1 satır") || !strings.Contains(m.text, "/panel/reports/payments?from=")) {
			t.Errorf("%q %s", m.name, m.text)
		}
	}
	p.must("sent", p.scheduleNow(r.ID).Mails[0].Status, checkout.MessageSent)
}

func (p *posted) brokenReport(t *testing.T) {
	r := p.only("broken")
	whole := p.app.flow.Reports
	p.app.flow.Reports = torn{whole}
	p.clock.advance(24 * time.Hour)
	p.morning()
	now := p.scheduleNow(r.ID)
	p.must("shown", []any{now.Error, now.MadeAt.IsZero(), now.DueAt.Sub(p.clock.Now())}, []any{checkout.ReportFailed, true, time.Minute})
	p.app.flow.Reports = whole
	p.clock.advance(time.Minute)
	p.morning()
	now = p.scheduleNow(r.ID)
	p.must("then made", []any{now.Error, now.Mails[0].Status}, []any{"", checkout.MessageSent})
}

func (p *posted) noEmail(t *testing.T) {
	r := p.only("late")
	mail := p.app.post.carriers[checkout.ChannelEmail]
	delete(p.app.post.carriers, checkout.ChannelEmail)
	p.clock.advance(72 * time.Hour)
	p.morning()
	p.must("nothing is made", p.scheduleNow(r.ID).MadeAt.IsZero(), true)
	by := checkout.By{Actor: "test"}
	if err := p.app.flow.SendReportNow(context.Background(), by, demoMerchant, r.ID, checkout.Idempotency{}); !errors.Is(err, checkout.ErrNoMail) {
		t.Errorf("now: %v", err)
	}
	if _, err := p.app.flow.CreateReportSchedule(context.Background(), by, demoMerchant, r.ReportTerms, nil); !errors.Is(err, checkout.ErrNoMail) {
		t.Errorf("another: %v", err)
	}
	p.app.post.carriers[checkout.ChannelEmail] = mail
	p.morning()
	p.must("made up", p.scheduleNow(r.ID).Mails[0].Status, checkout.MessageSent)
}

func (p *posted) longerReports(t *testing.T, terms checkout.ReportTerms) {
	terms.To, terms.Lang, terms.Format, terms.Every, terms.Weekday = []string{"weekly@ahsap.example"}, "en", "xlsx", checkout.Weekly, "wednesday"
	weekly := p.schedule(terms)
	terms.To, terms.Every, terms.Format, terms.Dialect = []string{"monthly@ahsap.example"}, checkout.Monthly, "csv", "rfc4180"
	monthly := p.schedule(terms)
	byName := func() map[string]reportMail {
		before, all := len(p.mails.Mails()), map[string]reportMail{}
		p.morning()
		for _, one := range p.mails.Mails()[before:] {
			all[one.To[0]] = readReport(t, one)
		}
		return all
	}
	p.at("2026-12-01", 7, 0)
	got := byName()
	if m := got["monthly@ahsap.example"]; len(got) != 1 || m.name != "odelink-payments-20261101-20261201.csv" || strings.HasPrefix(m.file, "\ufeff") || !strings.Contains(m.text, "is attached") {
		t.Errorf("%d: %s %.100s %s", len(got), m.name, m.file, m.text)
	}
	p.at("2026-12-02", 7, 0)
	got = byName()
	if m := got["weekly@ahsap.example"]; len(got) != 1 || m.name != "odelink-payments-20261123-20261130.xlsx" || !strings.HasPrefix(m.file, "PK") {
		t.Errorf("%d: %s", len(got), m.name)
	}
	by := checkout.By{Actor: "test"}
	p.must("now", p.app.flow.SendReportNow(context.Background(), by, demoMerchant, weekly.ID, checkout.Idempotency{}), nil)
	got = byName()
	p.must("the same week", got["weekly@ahsap.example"].name, "odelink-payments-20261123-20261130.xlsx")
	p.must("deleted", p.app.flow.DeleteReportSchedule(context.Background(), by, demoMerchant, monthly.ID), nil)
	p.at("2027-01-01", 7, 0)
	if got = byName(); len(got) != 1 || got["weekly@ahsap.example"].name != "odelink-payments-20261221-20261228.xlsx" {
		t.Errorf("%v", got)
	}
}
