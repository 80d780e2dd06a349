package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/odelink/odelink/gateway/panel"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/gateway/testenv/browser"
)

// The demo's user.
const (
	panelUser     = "demo@odelink.test"
	panelPassword = "odelink-demo"
)

// panelPages are the merchant's pages, whichever areas there are, after the payer's, so that there is something to
// see: all of them in Turkish, and those that are looked at most in English, dark, too.
func panelPages(s *studio) {
	s.panelObjects()
	objects := s.panelObjectPaths()
	s.panelWith(bothSizes("tr"), slices.Concat(panelPaths(), slices.Sorted(maps.Keys(objects))), objects)
	most := []string{"/panel", "/panel/links", "/panel/payments"}
	for path, name := range objects {
		if name == "panel-payment" || name == "panel-link" {
			most = append(most, path)
		}
	}
	s.panelWith([]view{phone("en", true), desktop("en", true)}, most, objects)
}

// panelWith signs in and takes pictures of addresses; those of objects have names of their own.
func (s *studio) panelWith(views []view, paths []string, names map[string]string) {
	for _, v := range views {
		p := s.open(v, s.base+"/panel/signin")
		s.keep(p, "panel-signin"+shade(v), v)
		p.Fill("#f-email", panelUser)
		p.Fill("#f-password", panelPassword)
		p.ClickAndLoad("button.main")
		for _, path := range paths {
			p.Open(s.base + path)
			if browser.Eval[string](p, "document.contentType") != "text/html" || browser.Eval[bool](p, "!document.querySelector('main')") {
				continue // a part of a page
			}
			name := names[path]
			if name == "" {
				name = "panel" + strings.ReplaceAll(strings.TrimPrefix(path, "/panel"), "/", "-")
			}
			// What is fixed to the screen would stand in the middle of a picture of the whole page.
			p.WaitFor(`(document.querySelectorAll("body *").forEach(e => { if (getComputedStyle(e).position === "fixed") e.style.position = "static" }), true)`)
			s.keep(p, name+shade(v), v)
		}
	}
}

// shade tells the English dark pictures from the Turkish light ones.
func shade(v view) string {
	if v.options.Dark {
		return "-dark-en"
	}
	return ""
}

// panelPaths are the addresses that can be opened as they stand, but for streams and files.
func panelPaths() (paths []string) {
	for _, r := range slices.Sorted(maps.Keys(panel.Routes())) {
		path, get := strings.CutPrefix(r, "GET ")
		if get && !strings.ContainsAny(path, ":.*") && path != "/panel/events" && !strings.HasSuffix(path, "/export") {
			paths = append(paths, path)
		}
	}
	return paths
}

// panelObjects makes what payers leave none of: an endpoint for webhooks, a void and a dispute.
func (s *studio) panelObjects() {
	endpoint := map[string]any{"url": "http://127.0.0.1:9/hook", "events": []string{"payment.paid", "payment.refunded"}, "description": "Muhasebe programı"}
	if err := s.ask(http.MethodPost, s.base+"/v1/webhook_endpoints", endpoint, nil); err != nil {
		s.Fatal(err)
	}
	if err := s.ask(http.MethodPost, s.base+"/v1/payments/"+s.newest("payments?status=paid")+"/void", map[string]any{}, nil); err != nil {
		s.Fatal(err)
	}
	dispute := map[string]any{"reason_code": "10.4", "case": "D-2026/17", "reason": "Kart sahibi ürünü almadığını söylüyor"}
	if err := s.ask(http.MethodPost, s.base+"/v1/payments/"+s.newest("payments?status=paid")+"/chargebacks", dispute, nil); err != nil {
		s.Fatal(err)
	}
}

// newest is the id of the first object that a list of the API answers.
func (s *studio) newest(list string) string {
	var page struct {
		Data []struct{ ID string }
	}
	if err := s.ask(http.MethodGet, s.base+"/v1/"+list, nil, &page); err != nil {
		s.Fatal(err)
	}
	if len(page.Data) == 0 {
		s.Fatalf("/v1/%s answers nothing", list)
	}
	return page.Data[0].ID
}

// panelObjectPaths are the pages of single objects, with the names of their pictures.
func (s *studio) panelObjectPaths() map[string]string {
	paid, open, disputed := s.newest("links?status=paid"), s.newest("links?status=active"), s.newest("payments?status=paid")
	names := map[string]string{
		"/panel/links/" + paid:                                      "panel-link-paid",
		"/panel/links/" + open:                                      "panel-link",
		"/panel/links/" + open + "/edit":                            "panel-link-edit",
		"/panel/links/" + open + "/print":                           "panel-link-print",
		"/panel/links?status=paid":                                  "panel-links-filtered",
		"/panel/payments?q=0007":                                    "panel-payments-found",
		"/panel/payments?status=pending":                            "panel-payments-waiting",
		"/panel/settings/messages/link/sms/tr":                      "panel-settings-message",
		"/panel/payments/" + disputed:                               "panel-payment",
		"/panel/payments/" + disputed + "/evidence":                 "panel-payment-evidence",
		"/panel/payments/" + s.newest("payments?status=voided"):     "panel-payment-voided",
		"/panel/payments/" + s.newest("payments?status=declined"):   "panel-payment-declined",
		"/panel/settings/acquirers/" + s.newest("acquirers"):        "panel-settings-acquirer",
		"/panel/settings/webhooks/" + s.newest("webhook_endpoints"): "panel-settings-webhook",
	}
	for _, r := range report.All() {
		names["/panel/reports/"+r.Name] = "panel-report-" + r.Name
	}
	return names
}
