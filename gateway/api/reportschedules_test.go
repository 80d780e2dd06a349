package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

type schedule struct {
	ID, Report, Format, Lang, Every          string
	Status, Currency, Dialect, Weekday, Kind *string
	To                                       []string
	NextAt                                   time.Time `json:"next_at"`
	Error                                    *string
	Last                                     *struct {
		MadeAt, From, To time.Time
		Rows             int
		Mails            []struct{ To, Status string }
	}
}

const schedulesAt, dailyReport = "/v1/report_schedules", `{"report":"payments","to":["kasa@shop.example"]}`

// A report is scheduled, changed field by field, and ended; a repeated wish makes nothing twice.
func TestReportSchedulesAreMadeChangedAndEnded(t *testing.T) {
	h := open(t, both)
	const body = `{"report":"payments","status":"paid","currency":"TRY","format":"xlsx","lang":"en","every":"weekly","weekday":"friday","to":["kasa@shop.example","a@shop.example","A@shop.example"]}`
	a := h.ask("POST", schedulesAt, body, idem("k"))
	r := read[schedule](t, a)
	if a.status != http.StatusCreated || a.header.Get("Location") != schedulesAt+"/"+r.ID || *r.Status != "paid" || *r.Currency != "TRY" || r.Kind != nil || r.Dialect != nil || r.Format != "xlsx" ||
		r.Lang != "en" || *r.Weekday != "friday" || len(r.To) != 2 || r.Last != nil || !r.NextAt.Equal(time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)) {
		t.Errorf("%s %s", a, a.body)
	}
	if again := h.ask("POST", schedulesAt, body, idem("k")); string(again.body) != string(a.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s %s", again, again.body)
	}
	h.refused(h.ask("POST", schedulesAt, dailyReport, idem("k")), 422, "idempotency_key_reused")
	plain := read[schedule](t, h.ask("POST", schedulesAt, dailyReport))
	if plain.Format != "csv" || *plain.Dialect != "tr" || plain.Lang != "tr" || plain.Every != "daily" || plain.Weekday != nil {
		t.Errorf("the usual: %+v", plain)
	}
	changed := read[schedule](t, h.ask("PATCH", schedulesAt+"/"+r.ID, `{"every":"monthly","weekday":null,"status":null,"format":"csv","dialect":"rfc4180"}`))
	if changed.Status != nil || changed.Weekday != nil || changed.Every != "monthly" || *changed.Dialect != "rfc4180" || changed.Lang != "en" || len(changed.To) != 2 || changed.NextAt.Day() != 1 {
		t.Errorf("%+v", changed)
	}
	if back := read[schedule](t, h.ask("PATCH", schedulesAt+"/"+r.ID, `{"every":null,"format":null,"dialect":null}`)); back.Every != "daily" || back.Format != "csv" || *back.Dialect != "tr" {
		t.Errorf("put back: %+v", back)
	}
	all := read[page[schedule]](t, h.ask("GET", schedulesAt, ""))
	if len(all.Data) != 2 || all.Next != nil {
		t.Errorf("%+v", all)
	}
	if got := read[schedule](t, h.ask("GET", schedulesAt+"/"+r.ID, "")); got.ID != r.ID {
		t.Errorf("%+v", got)
	}
	if a := h.ask("GET", schedulesAt, "", as(nextKey)); string(a.body) != `{"data":[],"next_cursor":null}` {
		t.Errorf("a neighbour sees %s", a.body)
	}
	for method, body := range map[string]string{"GET": "", "PATCH": "{}", "DELETE": ""} {
		h.refused(h.ask(method, schedulesAt+"/"+r.ID, body, as(nextKey)), 404, "report_schedule_not_found")
	}
	if a := h.ask("DELETE", schedulesAt+"/"+r.ID, ""); a.status != http.StatusNoContent {
		t.Errorf("%s", a)
	}
	h.refused(h.ask("DELETE", schedulesAt+"/"+r.ID, ""), 404, "report_schedule_not_found")
	for range checkout.MaxReportSchedules - 1 {
		read[schedule](t, h.ask("POST", schedulesAt, dailyReport))
	}
	h.refused(h.ask("POST", schedulesAt, dailyReport), 409, "report_schedules_too_many")
}

func TestReportSchedulesHoldWhatIsSaid(t *testing.T) {
	h := open(t, both)
	for body, want := range map[string]string{
		`{}`: "report: required",
		`{"report":"secrets","to":["a@shop.example"]}`:                                                                     "report: not_a_choice",
		`{"report":"payments"}`:                                                                                            "to: required",
		`{"report":"payments","to":["kasa"]}`:                                                                              "to: email_format",
		`{"report":"payments","to":"kasa@shop.example"}`:                                                                   "to: wrong_type",
		`{"report":"links","kind":"void","to":["a@shop.example"]}`:                                                         "kind: not_a_choice",
		`{"report":"payments","status":"x","to":["a@shop.example"]}`:                                                       "status: not_a_choice",
		`{"report":"payments","acquirer":"acc_0000000000000000000009","to":["a@x.example"]}`:                               "acquirer: not_a_choice",
		`{"report":"payments","every":"weekly","to":["a@shop.example"]}`:                                                   "weekday: not_a_choice",
		`{"report":"payments","every":"hourly","lang":"de","format":"pdf","to":["a@shop.example"]}`:                        "format: not_a_choice, lang: not_a_choice, every: not_a_choice",
		`{"report":"payments","dialect":"x","to":["a@shop.example"]}`:                                                      "dialect: not_a_choice",
		`{"report":"payments","to":["a@shop.example"],"next_at":"x","cc":1}`:                                               "cc: unknown_field, next_at: read_only",
		`{"report":"payments","to":["a@x.example","b@x.example","c@x.example","d@x.example","e@x.example","f@x.example"]}`: "to: too_many",
	} {
		h.mistakes(h.ask("POST", schedulesAt, body), want)
	}
	h.refused(h.ask("POST", schedulesAt, "{"), 400, "json_malformed")
	h.refused(h.ask("POST", schedulesAt, "x", header("Content-Type", "text/plain")), 415, "unsupported_media_type")
	r := read[schedule](t, h.ask("POST", schedulesAt, dailyReport))
	h.mistakes(h.ask("PATCH", schedulesAt+"/"+r.ID, `{"to":[]}`), "to: required")
	h.refused(open(t).ask("POST", schedulesAt, dailyReport), 409, "email_not_configured")
}

// Now is now, once under one key, within A56's limits, and the mornings stay.
func TestA56_AReportIsSentNow(t *testing.T) {
	h := open(t, both)
	r := read[schedule](t, h.ask("POST", schedulesAt, dailyReport))
	send := schedulesAt + "/" + r.ID + "/send"
	first := h.ask("POST", send, "", idem("now"))
	got := read[schedule](t, first)
	if first.status != http.StatusAccepted || first.header.Get("Location") != schedulesAt+"/"+r.ID || got.Last == nil || len(got.Last.Mails) != 1 || got.Last.Mails[0].Status != "queued" || !got.NextAt.Equal(r.NextAt) {
		t.Fatalf("%s %s", first, first.body)
	}
	if again := h.ask("POST", send, "", idem("now")); again.status != 202 || string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s %s", again, again.body)
	}
	for range checkout.MessagesPerRecipient - 1 {
		read[schedule](t, h.ask("POST", send, ""))
	}
	if a := h.refused(h.ask("POST", send, ""), 429, "recipient_limit"); a.header.Get("Retry-After") != "3600" {
		t.Errorf("%v", a.header)
	}
	h.clock.Advance(time.Hour)
	h.ask("POST", "/v1/suppressions", `{"channel":"email","to":"kasa@shop.example"}`)
	h.refused(h.ask("POST", send, ""), 409, "suppressed_recipient")
	h.refused(h.ask("POST", send, "", as(nextKey)), 404, "report_schedule_not_found")
}
