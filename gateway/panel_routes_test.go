//go:build !race

package main

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/panel"
	"github.com/odelink/odelink/threeds/banksim"
)

// foreign makes another merchant with one object of each kind, and answers their ids by the word that stands
// before them in addresses of the panel.
func (r *rig) foreign() map[string]string {
	r.t.Helper()
	ctx, now := context.Background(), r.clock.Now()
	address, m := r.shop(shopSecrets{merchant: "990000000000001", user: "ODELINK_API", pass: demoSecrets["merchant_pass"]}, demoSecrets["user_pass"])
	event := func(typ string) checkout.Event { return operatorEvent(m, string(m), typ, now) }
	by := checkout.By{Actor: "operator"}
	u, err := r.app.flow.AddColleague(ctx, by, m, checkout.NewColleague{Email: "other@shop.example", Role: checkout.RoleOwner})
	r.must("add a colleague", err, nil)
	k, secret, err := r.app.flow.CreateKey(ctx, by, m, "other", r.app.ledger.HashKey)
	r.must("make a key", err, nil)
	o, err := r.app.flow.CreateOfflineKey(ctx, by, m, "other", nil)
	r.must("make an offline key", err, nil)
	e := checkout.Endpoint{ID: r.app.ids.Endpoint(), Merchant: m, URL: "https://other.example/hook", Enabled: true, Secret: []byte("0123456789abcdef01234567"), Version: 1, CreatedAt: now, UpdatedAt: now}
	r.must("save an endpoint", r.app.ledger.SaveEndpoint(ctx, e, event("webhook_endpoint.created"), checkout.Idempotency{}), nil)
	accounts, err := r.app.flow.AccountsOf(ctx, m)
	r.must("read accounts", err, nil)
	link, err := r.app.ledger.LinkByToken(ctx, checkout.Token(address[strings.LastIndexByte(address, '/')+1:]))
	r.must("read the link", err, nil)
	b := r.browser().pay(address, banksim.CardNumber("415565", "000")).finish("123456")
	registration, err := r.app.flow.Register(ctx, by, checkout.Registration{Merchant: m, Intermediary: checkout.IntermediaryOdelink, CustomerID: checkout.OwnCustomerID("99999999")}, nil)
	r.must("register", err, nil)
	status, invoice := r.sendsAs(secret, "POST", "/v1/einvoices", sampleInvoice(r.t, "notes-bom-crlf.xml"))
	r.must("send an invoice", status, http.StatusCreated)
	yesterday := checkout.DayOf(now.AddDate(0, 0, -1))
	run, err := r.app.flow.Reconcile(ctx, by, m, accounts[0].ID, yesterday, checkout.List{Lines: []checkout.BankLine{{
		Row: 1, Kind: checkout.LineSale, State: checkout.LineDone, Amount: checkout.Money{Minor: 100, Currency: checkout.TRY}, RRN: "632609000017", At: now.AddDate(0, 0, -1),
	}}}, nil)
	r.must("reconcile", err, nil)
	disputed, err := r.app.flow.RecordChargeback(ctx, by, m, checkout.PaymentID(b.paymentID()), checkout.ChargebackAsk{})
	r.must("record a chargeback", err, nil)
	batch, err := r.app.flow.CreateBatch(ctx, by, m, checkout.NewBatch{ID: r.app.ids.Batch(), Kind: checkout.BatchGroup, Name: "other", Rows: []checkout.LinkRow{
		{Row: 1, Label: "a", Terms: checkout.LinkTerms{Amount: checkout.Money{Minor: 100, Currency: checkout.TRY}}}, {Row: 2, Label: "b", Terms: checkout.LinkTerms{Amount: checkout.Money{Minor: 100, Currency: checkout.TRY}}},
	}})
	r.must("make a group", err, nil)
	schedule, err := r.app.flow.CreateReportSchedule(ctx, by, m, checkout.ReportTerms{Report: "payments", Format: "csv", Dialect: "tr", Lang: "tr", Every: checkout.Daily, To: []string{"other@shop.example"}}, nil)
	r.must("schedule a report", err, nil)
	product, err := r.app.flow.CreateProduct(ctx, by, m, checkout.ProductTerms{Name: "other", Price: checkout.Money{Minor: 100, Currency: checkout.TRY}, Active: true}, nil)
	r.must("make a product", err, nil)
	return map[string]string{
		"products": string(product.ID), "users": string(u.ID), "keys": string(k.ID), "offline": string(o.ID), "webhooks": string(e.ID), "acquirers": string(accounts[0].ID), "links": string(link.ID), "payments": b.paymentID(), "chargebacks": string(disputed.ID),
		"registrations": string(registration.ID), "invoices": regexp.MustCompile(`inv_\w+`).FindString(string(invoice)), "reconciliation": string(run.ID), "rows": "1",
		"batches": string(batch.ID), "schedules": string(schedule.ID), string(e.ID): "dlv_0000000000000000000001", // of an endpoint, what it was sent
		// Of wordings and reports, which are no objects: what follows in an address is none either.
		"messages": "link", "link": "nothing", "nothing": "nothing", "reports": "nothing",
	}
}

// panelAddress is a route's address with the objects of its parameters; a route without any has none of somebody else's. An
// object of a kind that foreign does not make fails the test: its absence would be refused as well.
func (r *rig) panelAddress(path string, objects map[string]string) (address string, named bool) {
	r.t.Helper()
	parts := strings.Split(strings.TrimSuffix(path, "*")+map[bool]string{true: "csv"}[strings.HasSuffix(path, "*")], "/")
	for i, part := range parts {
		if !strings.HasPrefix(part, ":") {
			continue
		}
		if named, parts[i] = true, objects[parts[i-1]]; parts[i] == "" {
			r.t.Errorf("%s: foreign makes nothing that stands behind %q", path, parts[i-1])
		}
	}
	return strings.Join(parts, "/"), named
}

// send asks for an address with the last page's token and more headers.
func (w *worker) send(method, address string, form url.Values, head map[string]string, want int) string {
	w.r.t.Helper()
	req, err := http.NewRequest(method, w.r.base+address, strings.NewReader(form.Encode()))
	w.r.must("make a request", err, nil)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range head {
		req.Header.Set(name, value)
	}
	resp, err := w.client.Do(req)
	return w.read(method+" "+address, resp, err, want)
}

// A43, A48: every address of the panel × nobody, each role without its power, another merchant's object, and
// forms that another site sent. An area that is added is in this table by being in the panel.
func TestA43_A48_PanelRoutes(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	objects, routes := r.foreign(), panel.Routes()
	nobody, owner := r.atDoor(), r.signedIn()
	owner.open("/panel/account", http.StatusOK)
	workers, emails := map[checkout.Role]*worker{}, map[checkout.Role]string{}
	for _, role := range checkout.Roles {
		email, password := r.colleague(role, false)
		workers[role], emails[role] = r.signedInAs(email, password), email
		workers[role].open("/panel/account", http.StatusOK)
	}
	for _, name := range slices.Sorted(maps.Keys(routes)) {
		method, path, _ := strings.Cut(name, " ")
		address, named := r.panelAddress(path, objects)
		form := func(w *worker) url.Values {
			if method != http.MethodPost {
				return nil
			}
			return url.Values{"csrf": {w.token}}
		}
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(path, "/panel/settings") {
				for role := range workers { // they are the owner's alone, whatever the route says of itself
					r.must(string(role)+" may", role.May(routes[name]), role == checkout.RoleOwner)
				}
			}
			if method == http.MethodGet {
				nobody.send(method, address, nil, nil, http.StatusSeeOther)
			} else {
				nobody.send(method, address, form(owner), nil, http.StatusUnauthorized)
			}
			for role, w := range workers {
				if !role.May(routes[name]) {
					w.send(method, address, form(w), nil, http.StatusForbidden)
				}
			}
			if named {
				owner.send(method, address, form(owner), nil, http.StatusNotFound)
			}
			if method == http.MethodGet {
				return
			}
			for what, head := range map[string]map[string]string{
				"no origin": {"Origin": "null"}, "a foreign origin": {"Origin": "https://evil.example"}, "a longer origin": {"Origin": r.base + ".evil.example"},
				"another site": {"Sec-Fetch-Site": "cross-site"}, "a sibling site": {"Sec-Fetch-Site": "same-site"},
			} {
				t.Log(what)
				owner.send(method, address, form(owner), head, http.StatusForbidden)
			}
			owner.send(method, address, url.Values{}, nil, http.StatusForbidden)
			owner.send(method, address, form(workers[checkout.RoleViewer]), nil, http.StatusForbidden)
		})
	}
	for role := range workers {
		found, _, err := r.app.ledger.Trail(context.Background(), checkout.TrailQuery{Merchant: demoMerchant, Actor: r.actor(emails[role]), About: "access", Limit: 100})
		r.must("read the trail", err, nil)
		switch {
		case role == checkout.RoleOwner:
			r.must("lines about the owner, who may all", len(found), 0)
		case len(found) < 5 || len(found) > 20: // each is tried at more steps than are written down at once
			t.Errorf("%s: %d denied attempts were written down", role, len(found))
		}
	}
	r.trailWhole()
}

// actor is somebody's name in the audit trail.
func (r *rig) actor(email string) string {
	r.t.Helper()
	u, err := r.app.ledger.UserByEmail(context.Background(), email)
	r.must("find the user", err, nil)
	return "user:" + string(u.ID)
}

// A43: what a role does not allow is written down where the company's administrator reads it: who, what and from
// where, once in a while.
func TestA43_DeniedStepsAreWrittenDown(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	email, password := r.colleague(checkout.RoleViewer, false)
	w, owner := r.signedInAs(email, password), r.signedIn()
	denied := func() (steps []string) {
		found, _, err := r.app.ledger.Trail(context.Background(), checkout.TrailQuery{Merchant: demoMerchant, About: "access", Limit: 100})
		r.must("read the trail", err, nil)
		for _, e := range found {
			r.must("who and from where", e.Type+" "+e.Actor+" "+e.IP, "access.denied "+r.actor(email)+" 127.0.0.1")
			steps = append(steps, e.Data["step"])
		}
		return steps
	}
	w.open("/panel/account", http.StatusOK)
	for range 3 {
		w.post("/panel/payments/pay_0000000000000000000000/back", http.StatusForbidden, "kind", "void")
	}
	w.open("/panel/settings/keys", http.StatusForbidden)
	r.must("steps", denied(), []string{"GET /panel/settings/keys", "POST /panel/payments/:id/back"})
	r.clock.advance(11 * time.Minute)
	w.open("/panel/settings/keys", http.StatusForbidden)
	r.must("later", len(denied()), 3)
	owner.shows(owner.open("/panel/settings/audit?about=access", http.StatusOK), "Yetki dışı bir adım denendi", "POST /panel/payments/:id/back", "Reddedilen denemeler")
	r.trailWhole()
}
