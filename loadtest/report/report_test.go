package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/plot"
	"github.com/odelink/odelink/loadtest/report"
	"github.com/odelink/odelink/loadtest/run"
	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/shop"
	"github.com/odelink/odelink/loadtest/verdict"
)

// foreign is what a target may answer.
const foreign = `<img src="https://evil.example/x.png"><script>alert(1)</script>`

func measured(base float64) run.Measured {
	m := run.Measured{Model: scenario.Open, RateDue: base, Seconds: 2.1, Ways: 210, Whole: 205, Rate: base * 0.97, Late: 7, Left: 1}
	for i, name := range []string{"view", "pay"} {
		k := base + float64(i)
		m.Steps = append(m.Steps, measure.Step{
			Name: name, Count: 200, Rate: k, Bytes: 2956, Errors: map[string]int64{"status 503": int64(i)},
			Latency: measure.Latency{Mean: k, P50: k + 0.11, P90: k + 0.22, P99: k + 0.33, P999: k + 0.44, Max: k + 0.55},
		})
	}
	for at := range 3 {
		s := measure.StepSecond{Count: 100, P50: 1.5, P99: 17, Max: 40}
		m.Series = append(m.Series, measure.Second{At: float64(at+1) * 0.9, Steps: []measure.StepSecond{s, s}})
	}
	m.Generator = run.Generator{CPUMicros: 17.31, CPUShare: 0.31, LagP50: 0.06, LagP99: 1.127, LagMax: 4.5}
	m.Processes = []run.Process{{Name: "ours", Role: run.RoleTarget, PID: 1, CPU: 0.5, Points: []run.Burden{{At: 1, CPU: 0.5, RSS: 77e6}}}}
	return m
}

func paying() scenario.Scenario {
	sc := scenario.Default()
	sc.Until = "pay"
	return sc.Masked()
}

func about() run.About {
	ahead := 37.0
	return run.About{Target: "ours", Address: "http://127.0.0.1:8080", ClockAhead: &ahead, Said: map[string]string{"pay: status 503": foreign},
		Audit: &shop.Audit{Payments: 204, Paid: 203, Charges: 206, Lost: 1, Double: 2, Examples: []string{"pay_x: 2 charges"}}}
}

func reports() map[string]report.Report {
	made := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	r := run.Result{About: about(), Scenario: paying(), Measured: measured(50)}
	judged := verdict.Judge([]scenario.Threshold{"view.p99 <= 50.4", "errors <= 0"}, nil, verdict.OfRun(r))
	k := run.KneeResult{About: about(), Scenario: paying(), Knee: 100, Found: true, Limit: "pay: slow", Points: []run.Point{
		{Measured: measured(100)}, {Measured: measured(130), Broke: "pay: slow"},
	}}
	c := run.Comparison{Scenario: paying(), Callers: 32, Asked: 3, Rounds: 2, Note: "ended early", Partial: true}
	c.Scenario.Model = scenario.Closed
	latencies := []run.StepLatency{{Step: "view", P50: measure.SpreadOf([]float64{1.25}), P99: measure.SpreadOf([]float64{7.75})}}
	for i, name := range []string{"ours", "static"} {
		side := run.Side{About: about(), Capacity: []run.Measured{measured(50)}, Open: []run.Measured{measured(50)}, Rate: measure.SpreadOf([]float64{4321, float64(5000 + i)}), Latency: latencies,
			CPU: measure.SpreadOf([]float64{22.5}), OwnCPU: measure.SpreadOf([]float64{17.31})}
		side.Target = name
		c.Sides = append(c.Sides, side)
	}
	c.Pairs = []run.Pair{{Over: "static", Rate: measure.SpreadOf([]float64{0.71, 0.83, 0.91}), CPU: measure.SpreadOf([]float64{1.1}), Steps: latencies}}
	return map[string]report.Report{
		"run":     report.OfRun(r, judged, made),
		"knee":    report.OfKnee(k, verdict.Judge(nil, nil, verdict.OfKnee(k)), made),
		"compare": report.OfComparison(c, verdict.Judge([]scenario.Threshold{"static.ratio >= 0.8"}, nil, verdict.OfComparison(c)), made),
	}
}

func page(t *testing.T, r report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.HTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// void elements have no end (HTML, 13.1.2).
var void = []string{"meta", "br", "img", "input", "link", "hr"}

// Every element is closed in its turn, nothing is loaded or run, and what a target answered is text.
func TestThePageStandsAlone(t *testing.T) {
	for name, r := range reports() {
		text := page(t, r)
		var open []string
		z := html.NewTokenizer(strings.NewReader(text))
	tokens:
		for {
			switch z.Next() {
			case html.ErrorToken:
				if !errors.Is(z.Err(), io.EOF) {
					t.Fatal(z.Err())
				}
				break tokens
			case html.StartTagToken:
				token := z.Token()
				if slices.Contains([]string{"script", "link", "img", "iframe", "object", "embed", "base", "form", "a", "image", "use"}, token.Data) {
					t.Errorf("%s: the page has <%s>", name, token.Data)
				}
				for _, a := range token.Attr {
					if strings.HasPrefix(a.Key, "on") || slices.Contains([]string{"src", "href", "srcset", "xlink:href", "action"}, a.Key) {
						t.Errorf("%s: <%s %s=%q>", name, token.Data, a.Key, a.Val)
					}
				}
				if !slices.Contains(void, token.Data) {
					open = append(open, token.Data)
				}
			case html.EndTagToken:
				end := z.Token().Data
				if len(open) == 0 || open[len(open)-1] != end {
					t.Fatalf("%s: </%s> closes %v", name, end, open)
				}
				open = open[:len(open)-1]
			}
		}
		if len(open) > 0 {
			t.Errorf("%s: not closed: %v", name, open)
		}
		if style := regexp.MustCompile(`(?s)<style>.*</style>`).FindString(text); len(style) < 1000 || regexp.MustCompile(`(?i)url\(|@import|//`).MatchString(style) {
			t.Errorf("%s: the style sheet leads elsewhere, or is not there", name)
		}
		if !strings.Contains(text, "&lt;script&gt;alert(1)") {
			t.Errorf("%s: what the target answered is not shown", name)
		}
	}
}

// words is the text of the page.
func words(text string) string {
	z := html.NewTokenizer(strings.NewReader(text))
	var b strings.Builder
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.Write(z.Text())
			b.WriteByte(' ')
		}
	}
}

// The figures in the JSON are those on the page and on the terminal.
func TestTheThreeFormsSayTheSame(t *testing.T) {
	for name, r := range reports() {
		var text, raw bytes.Buffer
		if err := errors.Join(r.Text(&text), r.JSON(&raw)); err != nil {
			t.Fatal(err)
		}
		shown := html.UnescapeString(words(page(t, r)))
		var back report.Report
		dec := json.NewDecoder(&raw)
		dec.DisallowUnknownFields()
		if err := dec.Decode(&back); err != nil {
			t.Fatal(err)
		}
		var figures []string
		steps := func(m run.Measured) {
			for _, s := range m.Steps {
				l := s.Latency
				for _, v := range []float64{float64(s.Count), s.Rate, l.P50, l.P90, l.P99, l.P999, l.Max} {
					figures = append(figures, plot.Number(v))
				}
			}
		}
		generator := []string{"17.3 µs"}
		switch back.Kind {
		case verdict.Run:
			steps(back.Run.Measured)
			generator = append(generator, "1.13 ms", "31 %", "77 MB")
		case verdict.Knee:
			figures = append(figures, plot.Number(back.Knee.Knee), plot.Number(back.Knee.Points[1].Rate), back.Knee.Limit)
			generator = append(generator, "1.13 ms")
		case verdict.Compare:
			for _, p := range back.Comparison.Pairs {
				figures = append(figures, plot.Number(p.Rate.Median), plot.Number(p.Rate.Min), plot.Number(p.Rate.Max), plot.Number(p.CPU.Median))
			}
			figures = append(figures, plot.Number(back.Comparison.Sides[1].Rate.Median), "closed model")
			generator = []string{"17.3"}
		}
		for _, want := range append(figures, generator...) {
			for form, said := range map[string]string{"page": shown, "terminal": text.String()} {
				if !strings.Contains(said, want) {
					t.Errorf("%s: %q is not on the %s", name, want, form)
				}
			}
		}
		for _, check := range back.Verdict.Checks {
			for form, said := range map[string]string{"page": shown, "terminal": text.String()} {
				if !strings.Contains(said, string(check.Threshold)) || !strings.Contains(said, plot.Number(*check.Value)) {
					t.Errorf("%s: %s %v is not on the %s", name, check.Threshold, *check.Value, form)
				}
			}
		}
	}
}

func TestLostMoneyIsTheFirstThingThatIsSaid(t *testing.T) {
	r := reports()["run"]
	text := words(page(t, r))
	first := strings.Index(text, "FAILED: money was lost")
	if lead := strings.Index(text, "For 2.1 seconds"); first < 0 || lead < first {
		t.Errorf("the verdict stands at %d, the rest begins at %d", first, lead)
	}
	for _, want := range []string{"1 were lost, 2 were charged twice", "ours: 1 of 204 payments lost", "pay_x: 2 charges", "is 37 s ahead of this machine"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestClocksThatAgreeAreNotMentioned(t *testing.T) {
	for _, ahead := range []float64{0, 1.9, -1.9, 2.1, -2.1} {
		r := run.Result{About: run.About{Target: "t", ClockAhead: &ahead}, Scenario: paying()}
		wrong := ahead > 2 || ahead < -2
		if got := report.OfRun(r, verdict.Verdict{}, time.Time{}).Warnings; (len(got) > 0) != wrong {
			t.Errorf("%v s ahead: %q", ahead, got)
		}
	}
}

func TestReportsOfNothingCanBeWritten(t *testing.T) {
	sc := paying()
	for _, r := range []report.Report{
		report.OfRun(run.Result{Scenario: sc}, verdict.Verdict{}, time.Time{}),
		report.OfKnee(run.KneeResult{Scenario: sc}, verdict.Verdict{}, time.Time{}),
		report.OfComparison(run.Comparison{Scenario: sc, Sides: []run.Side{{}, {}}, Pairs: []run.Pair{{}}}, verdict.Verdict{}, time.Time{}),
	} {
		if err := errors.Join(r.Text(io.Discard), r.HTML(io.Discard), r.JSON(io.Discard)); err != nil {
			t.Errorf("%s: %v", r.Kind, err)
		}
	}
}

func TestAReportIsWrittenWholeOrNotAtAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	r := reports()["run"]
	if err := errors.Join(report.Try(dir), report.Save(dir, r)); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, report.JSONFile))
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	err = report.Write(filepath.Join(dir, report.JSONFile), func(w io.Writer) error {
		_, err := fmt.Fprint(w, "half a rep")
		return errors.Join(err, full)
	})
	after, readErr := os.ReadFile(filepath.Join(dir, report.JSONFile))
	if !errors.Is(err, full) || readErr != nil || !bytes.Equal(before, after) {
		t.Errorf("%v, %v; %d bytes before, %d after", err, readErr, len(before), len(after))
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Errorf("%v, %v: want the two files and nothing else", files, err)
	}
}

func TestAFolderThatCannotBeWrittenIsToldAndTheFiguresAreRescued(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := reports()["knee"]
	if report.Try(file) == nil || report.Save(filepath.Join(file, "x"), r) == nil {
		t.Error("a file was taken for a folder")
	}
	t.Setenv("TMPDIR", t.TempDir())
	path, err := report.Rescue(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !json.Valid(text) {
		t.Errorf("%v: %.100s", err, text)
	}
	t.Setenv("TMPDIR", filepath.Join(file, "none"))
	if _, err := report.Rescue(r); err == nil {
		t.Error("figures were kept in no folder")
	}
}

// Who reads only the first line must not take a part for the whole.
func TestAPartIsNotCalledPassed(t *testing.T) {
	kept := []verdict.Check{{Threshold: "errors <= 1", Kept: true}}
	for name, c := range map[string]struct {
		v    verdict.Verdict
		says string
		mood string
	}{
		"whole":                  {verdict.Verdict{Kept: true, Checks: kept}, "PASSED: everything", "good"},
		"part":                   {verdict.Verdict{Kept: true, Partial: true, Checks: kept}, "PARTIAL: ended early. Until then the one threshold was kept.", "part"},
		"part of several":        {verdict.Verdict{Kept: true, Partial: true, Checks: append(kept, kept...)}, "Until then each of the 2 thresholds was kept.", "part"},
		"part without a demand":  {verdict.Verdict{Kept: true, Partial: true}, "PARTIAL: ended early. Nothing was demanded", "part"},
		"a part that is broken":  {verdict.Verdict{Partial: true, Checks: kept}, "FAILED: not everything", "bad"},
		"a whole that is broken": {verdict.Verdict{Checks: kept}, "FAILED: not everything", "bad"},
	} {
		r := report.OfRun(run.Result{Scenario: paying(), Measured: run.Measured{Partial: c.v.Partial, Note: "somebody interrupts"}}, c.v, time.Time{})
		var out bytes.Buffer
		if err := r.Text(&out); err != nil {
			t.Fatal(err)
		}
		shown := page(t, r)
		if !strings.Contains(out.String(), c.says) || !strings.Contains(shown, c.says) || !strings.Contains(shown, `class="verdict `+c.mood+`"`) {
			t.Errorf("%s: not %q and %s:\n%s", name, c.says, c.mood, out.String())
		}
		if told := strings.Contains(out.String(), "not finished: somebody interrupts"); told != c.v.Partial {
			t.Errorf("%s: it is told why: %v", name, told)
		}
	}
}

func TestPaymentsOfOthersAreTold(t *testing.T) {
	a := run.About{Target: "t", Audit: &shop.Audit{Payments: 7, Declined: 7, Others: 3}}
	text := words(page(t, report.OfRun(run.Result{About: a, Scenario: paying()}, verdict.Verdict{Kept: true}, time.Time{})))
	for _, want := range []string{"all 7 payments of this test were held", "7 ended without money, as their card plays it", "3 payments of others were seen meanwhile, and not judged"} {
		if !strings.Contains(html.UnescapeString(text), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
