package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/panel"
	"github.com/odelink/odelink/gateway/testenv/seed"
	"github.com/odelink/odelink/loadtest/measure"
)

const (
	// pageTime and pageBytes are the budgets of a page of the panel: from the question to the answer's last byte, and
	// what its first view sends, scripts and styles with it, compressed.
	pageTime  = 100.0 // ms
	pageBytes = 60_000
	// panelYear is how long the panel's merchant has been at work.
	panelYear = 365 * 24 * time.Hour
)

// panelPages is how the panel answers in one kind of database.
type panelPages struct {
	Database    string      `json:"database"`
	Payments    int         `json:"payments"`
	Links       int         `json:"links"`
	FillSeconds float64     `json:"fill_seconds"`
	Pages       []panelPage `json:"pages"`
}

// panelPage is one address, as one of the two sees it.
type panelPage struct {
	Path   string  `json:"path"`
	Who    string  `json:"who"`
	Median float64 `json:"median_ms"`
	P95    float64 `json:"p95_ms"`
	Bytes  int     `json:"bytes"` // of the first view, compressed
}

// panel fills a ledger with one merchant's payments and opens every page of the panel, as its owner and as somebody
// who sees his own links only.
func (c course) panel(ctx context.Context, kind string, w wish) (p panelPages, err error) {
	p = panelPages{Database: kind, Payments: w.payments, Links: w.panelLinks}
	_, big, end, err := c.ledgers(kind, "panel")
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, end()) }()
	c.progress("%s: filling with %d payments on %d links", kind, p.Payments, p.Links)
	var owner, sub seed.Visitor
	var paths []string
	began := time.Now()
	err = big.seeded(ctx, func(l *seed.Ledger) error {
		var err error
		if owner, err = l.SignIn(ctx, checkout.RoleOwner, false); err != nil {
			return err
		}
		if sub, err = l.SignIn(ctx, checkout.RoleFinance, true); err != nil {
			return err
		}
		if err := l.Fill(ctx, seed.Fill{Until: p.Links, Payments: p.Payments, Span: panelYear, Maker: sub.User}); err != nil {
			return err
		}
		p.FillSeconds = time.Since(began).Seconds()
		paths, err = l.PanelPages(ctx)
		return err
	})
	big.links = p.Links
	if err == nil && big.settled != nil {
		err = big.settled()
	}
	if err != nil {
		return p, err
	}
	c.progress("%s: filled in %.0f s; pages", kind, p.FillSeconds)
	if _, err := big.start(ctx, true); err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, big.stop()) }()
	for _, who := range []struct {
		name string
		seed.Visitor
	}{{"owner", owner}, {"own links", sub}} {
		v := visitor{base: "http://" + big.base(), cookie: seed.VisitCookie + "=" + who.Secret, sizes: map[string]int{}}
		for _, path := range append(plainPaths(), paths...) {
			page, shown, err := v.measure(ctx, path, c.rounds)
			if err != nil {
				return p, err
			}
			if shown {
				page.Who = who.name
				p.Pages = append(p.Pages, page)
			}
		}
	}
	return p, nil
}

// plainPaths are the panel's addresses that can be opened as they stand, but for streams and files.
func plainPaths() (paths []string) {
	for _, r := range slices.Sorted(maps.Keys(panel.Routes())) {
		path, get := strings.CutPrefix(r, "GET ")
		if get && !strings.ContainsAny(path, ":*") && path != "/panel/events" && !strings.HasSuffix(path, "/export") {
			paths = append(paths, path)
		}
	}
	return paths
}

// visitor asks for pages with one connection and a cookie, as a browser that has the panel open.
type visitor struct {
	base, cookie string
	client       http.Client
	sizes        map[string]int // of scripts and styles, compressed
}

var styleOrScript = regexp.MustCompile(`(?:href|src)="(/panel/s/[^"]+\.(?:css|js))"`)

// measure opens a page some times after a first one that does not count. shown is false where who asks may not see
// it, or a link or payment is not his.
func (v *visitor) measure(ctx context.Context, path string, times int) (p panelPage, shown bool, err error) {
	p.Path = path
	var took []float64
	for i := range times + 1 {
		began := time.Now()
		status, body, sent, err := v.get(ctx, path)
		if err != nil {
			return p, false, err
		}
		if status == http.StatusForbidden || status == http.StatusNotFound {
			return p, false, nil
		}
		if status != http.StatusOK {
			return p, false, fmt.Errorf("%s answers %d", path, status)
		}
		if i == 0 {
			p.Bytes = sent
			for _, m := range styleOrScript.FindAllSubmatch(body, -1) {
				n, err := v.size(ctx, string(m[1]))
				if err != nil {
					return p, false, err
				}
				p.Bytes += n
			}
			continue
		}
		took = append(took, float64(time.Since(began).Microseconds())/thousand)
	}
	slices.Sort(took)
	p.Median, p.P95 = quantile(took, 0.5), quantile(took, 0.95)
	return p, true, nil
}

// size is how many bytes a script or style takes on its way.
func (v *visitor) size(ctx context.Context, path string) (int, error) {
	if n, known := v.sizes[path]; known {
		return n, nil
	}
	status, _, sent, err := v.get(ctx, path)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answers %d", path, status)
	}
	v.sizes[path] = sent
	return sent, err
}

// get answers a page's body, and how many bytes of it were sent.
func (v *visitor) get(ctx context.Context, path string) (status int, body []byte, sent int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+path, nil)
	if err != nil {
		return 0, nil, 0, err
	}
	req.Header.Set("Cookie", v.cookie)
	req.Header.Set("Accept-Encoding", "gzip") // by hand: the client then leaves the body as it came
	resp, err := v.client.Do(req)
	if err != nil {
		return 0, nil, 0, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
		return resp.StatusCode, raw, len(raw), err
	}
	unzip, err := gzip.NewReader(strings.NewReader(string(raw)))
	if err != nil {
		return 0, nil, 0, err
	}
	body, err = io.ReadAll(unzip)
	return resp.StatusCode, body, len(raw), err
}

// panelGoals hold the slowest and the largest page against the budgets, and name those beyond them.
func (r *report) panelGoals() {
	one := func(v float64) measure.Spread { return measure.SpreadOf([]float64{v}) }
	for _, p := range r.Panel {
		largest, within := panelPage{}, true
		slowest := panelPage{}
		for _, page := range p.Pages {
			if page.Median > slowest.Median {
				slowest = page
			}
			if page.Bytes > largest.Bytes {
				largest = page
			}
			if page.Median > pageTime {
				within = false
				r.Goals = append(r.Goals, goal{Figure: fmt.Sprintf("%s: ms of %s (%s)", p.Database, page.Path, page.Who), Value: one(page.Median), Aim: pageTime, Floor: pageTime, Most: true})
			}
		}
		if within {
			r.Goals = append(r.Goals, goal{Figure: fmt.Sprintf("%s: ms of the panel's slowest page, %s", p.Database, slowest.Path), Value: one(slowest.Median), Aim: pageTime, Floor: pageTime, Most: true})
		}
		r.Goals = append(r.Goals, goal{Figure: fmt.Sprintf("%s: bytes of the panel's largest page, %s", p.Database, largest.Path), Value: one(float64(largest.Bytes)), Aim: pageBytes, Floor: pageBytes, Most: true})
	}
}
