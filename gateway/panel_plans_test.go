//go:build !race

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/panel"
	reports "github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/seed"
)

// growing are the tables that grow with payments, and that this test fills.
var growing = []string{"links", "payments", "events", "outbox", "refunds", "messages", "message_attempts", "link_opens", "link_makers"}

// unfilled are routes whose objects a filled ledger does not have, streams, and addresses that answer without it.
var unfilled = []string{
	"/panel/events", "/panel/invoices/:id", "/panel/invoices/:id/document", "/panel/links/batches/:id", "/panel/links/batches/:id/export.*", "/panel/links/file/sample.*",
	"/panel/reconciliation/:id", "/panel/reconciliation/:id/export.*", "/panel/reports/schedules/:schedule", "/panel/settings/webhooks/:endpoint", "/panel/settings/webhooks/:endpoint/:delivery",
}

// What a page of the panel costs must not grow with what other merchants have, nor with a merchant's own past: no page
// may read a table that grows from end to end. PostgreSQL itself says how it ran each statement of each page, with the
// parameters that the page gave (auto_explain). One of fifty merchants asks, so that an index is worth its while
// already at this size; nothing keeps the planner from reading all.
func TestPanelPagesReadByIndexes(t *testing.T) {
	t.Parallel()
	server := testenv.NewPostgres(t, testenv.PostgresOptions{Settings: []string{
		"session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0", "auto_explain.log_format = 'json'",
	}})
	address := server.Database(t)
	r := newRig(t, rigOptions{database: address})
	ledger, err := seed.Open(t.Context(), seed.Config{Address: address, MasterKey: demoMasterKey, Bank: "http://127.0.0.1:1", Others: 49, Now: r.clock.Now()})
	r.must("open the ledger", err, nil)
	defer ledger.Close()
	owner, err := ledger.SignIn(t.Context(), checkout.RoleOwner, false)
	r.must("sign in", err, nil)
	sub, err := ledger.SignIn(t.Context(), checkout.RoleFinance, true)
	r.must("sign in", err, nil)
	r.must("fill the ledger", ledger.Fill(t.Context(), seed.Fill{Until: 5000, Payments: 20_000, Span: 200 * 24 * time.Hour, Maker: sub.User}), nil)
	r.must("analyze", testenv.SQL(address, "VACUUM ANALYZE"), nil)
	pages, err := ledger.PanelPages(t.Context())
	r.must("find pages", err, nil)
	pages = append(pages, morePages(r, ledger, owner)...)
	for _, visitor := range []seed.Visitor{owner, sub} {
		for _, page := range pages {
			for _, p := range plansOf(t, server, func() { r.visit(visitor, page) }) {
				if table := p.Plan.reads(); table != "" {
					t.Errorf("%s reads all of %s\n%s", page, table, p.Text)
				}
			}
		}
	}
	for name := range panel.Routes() {
		path, get := strings.CutPrefix(name, "GET ")
		if !get || slices.Contains(unfilled, path) {
			continue
		}
		shape := regexp.MustCompile("^" + regexp.MustCompile(`:[a-z]+|\*`).ReplaceAllString(regexp.QuoteMeta(strings.ReplaceAll(path, "*", ":rest")), "[^/]+") + `(\?|$)`)
		if !slices.ContainsFunc(pages, shape.MatchString) {
			t.Errorf("%s is not asked for: what it reads is not known", path)
		}
	}
}

// morePages are pages without parameters, reports, files, and what belongs to the merchant alone.
func morePages(r *rig, l *seed.Ledger, owner seed.Visitor) (pages []string) {
	for _, name := range slices.Sorted(maps.Keys(panel.Routes())) {
		path, get := strings.CutPrefix(name, "GET ")
		if get && !strings.ContainsAny(path, ":*") && !slices.Contains(unfilled, path) {
			pages = append(pages, path)
		}
	}
	for _, one := range reports.All() {
		pages = append(pages, "/panel/reports/"+one.Name, "/panel/reports/"+one.Name+"/export.csv?from=2026-11-01&to=2026-11-20")
	}
	accounts, err := l.Store.Accounts(r.t.Context(), l.Merchant)
	r.must("read accounts", err, nil)
	links, _, err := l.Store.SearchLinks(r.t.Context(), checkout.LinkQuery{Merchant: l.Merchant, Limit: 1})
	r.must("read links", err, nil)
	link := "/panel/links/" + string(links[0].ID)
	product := r.product(l.Merchant)
	return append(pages, "/panel/links/export.csv", "/panel/payments/export.csv?q=9999", "/panel/links/products?q=oil&status=active", "/panel/links/products/"+string(product), "/panel/links/new?product="+string(product), link+"/qr.svg", link+"/qr.png", "/panel/settings/acquirers/"+string(accounts[0].ID),
		"/panel/settings/users/"+string(owner.User), "/panel/settings/messages/link/sms/tr", "/panel/settings/messages/link/sms/tr/size?text=Merhaba")
}

// visit opens a page; one that its visitor may not see is none.
func (r *rig) visit(who seed.Visitor, page string) {
	r.t.Helper()
	req, err := http.NewRequest(http.MethodGet, r.base+page, nil)
	r.must("make a request", err, nil)
	req.Header.Set("Cookie", seed.VisitCookie+"="+who.Secret)
	resp, err := http.DefaultClient.Do(req)
	r.must("ask", err, nil)
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	r.must("read the answer", err, nil)
	switch resp.StatusCode {
	case http.StatusOK, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity:
	default:
		r.t.Errorf("%s answers %d", page, resp.StatusCode)
	}
}

// planned is a statement that PostgreSQL ran, and how.
type planned struct {
	Text string `json:"Query Text"`
	Plan node
}

type node struct {
	Type  string `json:"Node Type"`
	Table string `json:"Relation Name"`
	Plans []node
}

// reads is a growing table that is read from end to end; "" = none.
func (n node) reads() string {
	if n.Type == "Seq Scan" && slices.Contains(growing, n.Table) {
		return n.Table
	}
	for _, p := range n.Plans {
		if table := p.reads(); table != "" {
			return table
		}
	}
	return ""
}

var planInLog = regexp.MustCompile(`(?m)plan:\n((?:\t.*\n)+)`)

// plansOf are the plans of what runs meanwhile. A backend writes them before it answers.
func plansOf(t *testing.T, server *testenv.PostgresServer, what func()) (all []planned) {
	t.Helper()
	log, err := os.Open(server.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.Seek(0, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	what()
	text, err := io.ReadAll(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range planInLog.FindAllSubmatch(text, -1) {
		var p planned
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(m[1]), "\n\t", "\n")), &p); err != nil {
			t.Fatal(fmt.Errorf("%w in\n%s", err, m[1]))
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatalf("PostgreSQL says nothing of what it ran\n%s", text)
	}
	return all
}
