package scenario_test

import (
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/loadtest/journey"
	"github.com/odelink/odelink/loadtest/scenario"
)

func TestEveryMistakeIsNamed(t *testing.T) {
	for text, says := range map[string]string{
		`{"spead": 1}`:     `unknown field "spead"`,
		`{"rate": "many"}`: "rate",
		`{`:                "unexpected EOF",
		`{} {}`:            "more in the file than one scenario",
		`{"from": "pay"}`:  `from is view or installments, not "pay"`,
		`{"from": "installments", "until": "pay"}`:  "begins with view",
		`{"from": "installments", "until": "view"}`: "until is one of",
		`{"until": "home"}`:                         `not "home"`,
		`{"model": "random"}`:                       "model is open, closed or knee",
		`{"rate": -1}`:                              "rate is ways per second",
		`{"callers": 0}`:                            "callers are 1 to",
		`{"duration": "0s"}`:                        "duration is more than 0s",
		`{"duration": "25h"}`:                       "at most 24h",
		`{"duration": "long"}`:                      `"long" is no duration like \"30s\"`,
		`{"warmup": "-1s"}`:                         "warmup is 0s to 1h",
		`{"card": "4155 6500"}`:                     "card is a test card's",
		`{"expiry": "2030-01"}`:                     "expiry is MM/YY",
		`{"installments": 0}`:                       "installments are 1 to 36",
		`{"amount": 0}`:                             "amount is more than 0",
		`{"usage": "often"}`:                        "usage is single or multi",
		`{"links": -1}`:                             "links are 0 or more",
		`{"thresholds": ["view.p99 ~ 3"]}`:          "is not like",
		`{"thresholds": ["view.p99 <= soon"]}`:      "is not like",
		`{"thresholds": ["<= 3"]}`:                  "is not like",
	} {
		_, err := scenario.Read(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), strings.ReplaceAll(says, `\"`, `"`)) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
	_, err := scenario.Read(strings.NewReader(`{"callers": 0, "amount": 0, "thresholds": ["x"]}`))
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three mistakes are told as: %v", err)
	}
}

func TestAnEmptyScenarioIsTheWholeWay(t *testing.T) {
	sc, err := scenario.Read(strings.NewReader(`{}`))
	if err != nil || !sc.Pays() || len(sc.Steps()) != len(journey.Steps) {
		t.Fatalf("%v: %+v", err, sc)
	}
	now := time.Date(2030, 5, 6, 0, 0, 0, 0, time.UTC)
	script := sc.Script(now)
	if script.Expiry != "05/33" || script.From != journey.View || script.Until != journey.Result || !script.Gzip {
		t.Errorf("%+v", script)
	}
	sc, err = scenario.Read(strings.NewReader(`{"until":"installments","expiry":"01/40","plain":true,"duration":"90s"}`))
	if err != nil || sc.Pays() || strings.Join(sc.Steps(), " ") != "view installments" || sc.Script(now).Expiry != "01/40" || sc.Script(now).Gzip || sc.Duration.String() != "1m30s" {
		t.Errorf("%v: %+v", err, sc)
	}
}

func TestNoCardIsWrittenDown(t *testing.T) {
	sc := scenario.Default()
	masked := sc.Masked()
	if masked.Card != "415565******1005" || masked.CVC != "" || masked.Password != "" || sc.CVC == "" {
		t.Errorf("%+v", masked)
	}
}

func TestThresholdsKeepTheirBounds(t *testing.T) {
	for th, want := range map[scenario.Threshold][3]bool{ // at 4, 5 and 6
		"x <= 5": {true, true, false}, "x < 5": {true, false, false}, "x = 5": {false, true, false},
		"x >= 5": {false, true, true}, "x > 5": {false, false, true}, "x<=5.0": {true, true, false}, "x": {},
	} {
		for i, kept := range want {
			if th.Keeps(float64(4+i)) != kept {
				t.Errorf("%q at %d: %v", th, 4+i, !kept)
			}
		}
	}
}
