package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/odelink/odelink/loadtest/measure"
)

func one(v float64) measure.Spread { return measure.SpreadOf([]float64{v}) }

func TestMistakesInTheCallAreToldBeforeAnythingStarts(t *testing.T) {
	for _, args := range [][]string{
		{"-links", "10"}, {"-payments", "1"}, {"-stored", "5"}, {"-only", "lniks"}, {"-databases", "Oracle"}, {"-rounds", "0"}, {"-idle", "0"}, {"-turn", "0s"}, {"more"}, {"-nothing"},
	} {
		if code, err := start(t.Context(), args, new(bytes.Buffer), new(bytes.Buffer)); code != mistake || err == nil {
			t.Errorf("%q: exit code %d, %v", args, code, err)
		}
	}
}

func TestEveryPowerOfTenIsAPoint(t *testing.T) {
	for last, want := range map[int][]int{
		1000: {1000}, 100_000: {1000, 10_000, 100_000}, 250_000: {1000, 10_000, 100_000, 250_000},
	} {
		if got := decades(few, last); !slices.Equal(got, want) {
			t.Errorf("up to %d: %v, want %v", last, got, want)
		}
	}
}

func TestQuantilesOfFewValues(t *testing.T) {
	sorted := []float64{1, 2, 3, 4}
	for q, want := range map[float64]float64{0: 1, 0.5: 3, 0.99: 4, 1: 4} {
		if got := quantile(sorted, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if quantile(nil, 0.5) != 0 {
		t.Error("there is a quantile of nothing")
	}
}

func TestWhatOtherProgramsSayIsRead(t *testing.T) {
	const info = "# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\n"
	if n, err := infoNumber(info, "used_memory"); n != 1<<20 || err != nil {
		t.Errorf("used_memory is %d, %v", n, err)
	}
	if _, err := infoNumber(info, "used_memory_rss"); err == nil {
		t.Error("what is not said is answered")
	}
	if n := anonymous("VmRSS:\t  4096 kB\nRssAnon:\t   1024 kB\nRssFile:\t  3072 kB\n"); n != 1<<20 {
		t.Errorf("anonymous memory is %d", n)
	}
	before := spent([]int{os.Getpid()})
	for spent([]int{os.Getpid()}) == before { // asking takes time
	}
	if resident(os.Getpid()) <= 0 {
		t.Error("this process has no memory")
	}
}

// measured is a report as a run makes it.
func measured() report {
	r := newReport(wish{rounds: 3})
	for _, links := range []int{1000, 10_000} {
		r.Links = append(r.Links, point{
			Links: links, Stored: links, RedisBytes: 225, Ratio: one(5), Start: one(40), Views: one(9000), Compared: one(0.97), P99: one(3),
			Refill: &refill{Seconds: 2, Before: load{Rate: 9000}, During: load{Rate: 5000, Views: 10_000}}, Memory: &inside{Start: 35},
		})
	}
	r.Idle = &idle{Connections: 10_000, Ratio: one(0.3)}
	r.Payments = []books{{Database: "SQLite", Payments: 10_000, Sizes: []size{{Payments: 1000, Bytes: 1e6}, {Payments: 10_000, Bytes: 1e7, Each: 1000}}, Units: one(900), Ratio: one(0.9),
		Lists: []list{{Question: "/v1/payments?limit=100", Millis: one(3), Few: one(2)}}}}
	r.Panel = []panelPages{{Database: "PostgreSQL", Payments: 10_000, Links: 1000, Pages: []panelPage{
		{Path: "/panel", Who: "owner", Median: 9, P95: 12, Bytes: 15_000}, {Path: "/panel/payments?q=9999", Who: "own links", Median: 40, P95: 50, Bytes: 16_000},
	}}}
	return r
}

func TestGoalsAreHeldAgainstTheirFloors(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*report)
		word   string
		code   int
	}{
		"all as aimed at":                         {func(*report) {}, "", kept},
		"views between aim and floor":             {func(r *report) { r.Links[1].Compared = one(0.92) }, "above the floor", kept},
		"views under the floor":                   {func(r *report) { r.Links[1].Compared = one(0.89) }, "BROKEN", broken},
		"a link too big":                          {func(r *report) { r.Links[1].RedisBytes = 321 }, "BROKEN", broken},
		"the tables of few links are no link's":   {func(r *report) { r.Links[0].RedisBytes = 900 }, "", kept},
		"one link not back":                       {func(r *report) { r.Links[1].Refill.Missing = 1 }, "BROKEN", broken},
		"one payer without a page":                {func(r *report) { r.Links[0].Refill.During.Errors = 1 }, "BROKEN", broken},
		"one payer without a page, nothing lost":  {func(r *report) { r.Links[0].Failed = 1 }, "BROKEN", broken},
		"a slow start":                            {func(r *report) { r.Links[0].Ratio = one(16) }, "BROKEN", broken},
		"idle connections that cost half as much": {func(r *report) { r.Idle.Ratio = one(0.5) }, "above the floor", kept},
		"a slow page of the panel":                {func(r *report) { r.Panel[0].Pages[1].Median = 101 }, "BROKEN", broken},
		"a large page of the panel":               {func(r *report) { r.Panel[0].Pages[0].Bytes = 60_001 }, "BROKEN", broken},
		"idle connections that cost more":         {func(r *report) { r.Idle.Ratio = one(0.51) }, "BROKEN", broken},
	} {
		r := measured()
		test.change(&r)
		r.finish(nil)
		if code := r.exit(); code != test.code {
			t.Errorf("%s: exit code %d, want %d", name, code, test.code)
		}
		said := slices.ContainsFunc(r.Goals, func(g goal) bool { return g.Verdict() == test.word })
		if test.word != "" && !said {
			t.Errorf("%s: no goal is %q", name, test.word)
		}
	}
}

func TestThePageStandsAloneAndShowsEveryFigure(t *testing.T) {
	r := measured()
	r.finish(errors.New("PostgreSQL <went> away"))
	dir := t.TempDir()
	var out bytes.Buffer
	if err := r.deliver(dir, &out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, pageFile))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, want := range []string{"<svg", "0.97", "/v1/payments?limit=100", "PostgreSQL &lt;went&gt; away", "Not everything was kept", "Size of the ledger", "/panel/payments?q=9999"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, foreign := range []string{"<script", "<link", "src=", "ZgotmplZ"} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page has %q", foreign)
		}
	}
	if _, err := html.Parse(strings.NewReader(page)); err != nil {
		t.Error(err)
	}
	text, err = os.ReadFile(filepath.Join(dir, figuresFile))
	if err != nil {
		t.Fatal(err)
	}
	var again report
	if err := json.Unmarshal(text, &again); err != nil || len(again.Links) != 2 || again.Links[1].Refill.During.Views != 10_000 {
		t.Errorf("the figures do not come back: %v, %+v", err, again.Links)
	}
	if !strings.Contains(out.String(), "start to the first page") {
		t.Errorf("printed:\n%s", out.String())
	}
}

func TestWhatWasNotMeasuredIsNoPointOfACurve(t *testing.T) {
	r := measured()
	r.Links = append(r.Links, point{Links: 100_000})
	for _, c := range r.curves() {
		for _, row := range c.Rows {
			if row[0] == "100" {
				t.Errorf("%s: a point where nothing was measured: %v", c.Title, row)
			}
		}
	}
}
