package main

import (
	"fmt"
	"time"

	"github.com/odelink/odelink/loadtest/report"
)

// part is one call of the load tester: anybody can repeat it beside a stand of his own.
type part struct {
	name  string // of its folder
	title string
	about string // what is held against what
	args  func(c *course) []string
}

// course is how far the plan has come.
type course struct {
	unit time.Duration // what the plan's times are multiples of
	done map[string]report.Report
}

// The plan's times, in units of about a second, add up to measured: turns of every target in every round,
// and what warms each up before.
const (
	rounds   = 5
	turn     = 2 // units of a turn at the view
	wayTurn  = 3 // of a turn of the whole way
	oneRun   = 30
	measured = rounds*turn*(5+3+2*2+3) + rounds*wayTurn*2 + oneRun + (5 + 3 + 2 + 3 + 2) + 2
)

func (c *course) span(units int) string { return (time.Duration(units) * c.unit).String() }

// half is half of what the gateway was found to carry in an earlier part: a rate at which latencies tell
// about the way, and not about a queue. Without that part it is a careful one.
func (c *course) half(name string, careful float64) string {
	rate := careful
	if r, ok := c.done[name]; ok && r.Comparison != nil && r.Comparison.Sides[0].Rate.Median > 0 {
		rate = r.Comparison.Sides[0].Rate.Median / 2
	}
	return fmt.Sprintf("%.0f", max(rate, 1))
}

// compare is the call of a comparison: callers are enough to keep two processors busy.
func (c *course) compare(scenario string, units int, more ...string) []string {
	return append([]string{
		"compare", scenario, "-target", "gateway={gateway}", "-key", "gateway={key}", "-callers", "64", "-warmup", c.span(1),
		"-rounds", fmt.Sprint(rounds), "-step", c.span(units),
	}, more...)
}

// plan is `make loadtest`. The thresholds are the floors of the goals in docs/loadtest.md.
var plan = []part{
	{
		"view", "The payment page", "Same page, with gzip: stock Fiber and Fiber with one write per answer send its bytes from memory; the straightforward build renders it, looking up each text, and once more with a template per language.",
		func(c *course) []string {
			return c.compare("view", turn, "-target", "straightforward={shop}", "-key", "straightforward={shopkey}",
				"-page", "per-language={language}", "-page", "static={static}/view.gz", "-page", "tuned={tuned}/view.gz",
				"-threshold", "static.ratio >= 0.65", "-threshold", "tuned.ratio >= 0.50", "-threshold", "straightforward.ratio >= 10", "-threshold", "per-language.ratio >= 4")
		},
	},
	{
		"view-identity", "The payment page without gzip", "Same page, not compressed, against Fiber sending its bytes from memory.",
		func(c *course) []string {
			return c.compare("view", turn, "-plain", "gateway", "-page", "static={static}/view", "-page", "tuned={tuned}/view",
				"-threshold", "static.ratio >= 0.65", "-threshold", "tuned.ratio >= 0.50")
		},
	},
	{
		"view-latency", "How long the page takes", "At half of what the gateway carries, payers coming at a fixed rate, against the static page at the same rate.",
		func(c *course) []string {
			return c.compare("view", turn, "-open", "-rate", c.half("view", 500), "-page", "static={static}/view.gz", "-threshold", "static.view.p99_ratio <= 2")
		},
	},
	{
		"installments", "The instalments of a card", "The offers of a BIN against stock Fiber sending the same bytes, and against the straightforward build.",
		func(c *course) []string {
			return c.compare("installments", turn, "-target", "straightforward={shop}", "-key", "straightforward={shopkey}",
				"-page", "static={static}/installments", "-threshold", "static.ratio >= 0.85")
		},
	},
	{
		"whole", "The whole way of a payer", "View, instalments, pay, bank, return, result: every payment on disk before it is answered, at a simulated bank, whose time both sides pay.",
		func(c *course) []string {
			return c.compare("whole", wayTurn, "-target", "straightforward={shop}", "-key", "straightforward={shopkey}",
				"-bank", "gateway={bank}", "-bank", "straightforward={shopbank}", "-threshold", "straightforward.ratio >= 5")
		},
	},
	{
		"run", "Payers as they come", "The whole way at half of what the gateway carries, at a fixed rate; every payment is held against the bank's books.",
		func(c *course) []string {
			return []string{
				"run", "whole", "-target", "gateway={gateway}", "-key", "gateway={key}", "-bank", "gateway={bank}", "-rate", c.half("whole", 20),
				"-duration", c.span(oneRun), "-warmup", c.span(2), "-threshold", "lost = 0", "-threshold", "double = 0",
			}
		},
	},
}

// A soak's times, in units of which its payers come for soaked.
const (
	soakRounds = 5
	soakTurn   = 12
	soaked     = soakRounds * soakTurn
	kneeTurn   = 4
	kneeHeld   = 30
)

// longestRate is how long each rate is tried at most on the way to the knee: enough for a p99 of some hundred
// ways, and no use of a long soak's time.
const longestRate = 4 * time.Second

// longestHeld is how long the rate that was found must be followed too, before a soak is made of it.
const longestHeld = 30 * time.Second

// soakShare is how much of what the gateway carries comes all the time: beyond it a queue is measured.
const soakShare = 0.8

// soak is `make loadtest SOAK=MINUTES`: how much the gateway carries, and then four fifths of that for long.
var soak = []part{
	{
		"knee", "How much the gateway carries", "Whole ways at rising rates, until the gateway does not follow.",
		func(c *course) []string {
			return []string{
				"knee", "whole", "-target", "gateway={gateway}", "-key", "gateway={key}", "-bank", "gateway={bank}", "-rate", "20",
				"-step", min(kneeTurn*c.unit, longestRate).String(), "-hold", min(kneeHeld*c.unit, longestHeld).String(), "-warmup", c.span(1),
			}
		},
	},
	{
		"soak", "Payers for long", "Whole ways at four fifths of that, with the static page at the same rate in turns; every payment is held against the bank's books.",
		func(c *course) []string {
			args := []string{
				"compare", "whole", "-open-only", "-target", "gateway={gateway}", "-key", "gateway={key}", "-bank", "gateway={bank}", "-page", "static={static}/view.gz",
				"-rate", c.followed("knee", 20), "-rounds", fmt.Sprint(soakRounds), "-step", c.span(soakTurn), "-warmup", c.span(1),
				"-threshold", "errors <= 0.001", "-threshold", "lost = 0", "-threshold", "double = 0",
			}
			for _, step := range soakSteps {
				args = append(args, "-threshold", "static."+step+".p99_ratio <= 2")
			}
			return args
		},
	},
}

// soakSteps are those of the scenario's card, which its bank asks nothing: the bank's own pages are not judged.
var soakSteps = []string{"view", "installments", "pay", "return", "result"}

// followed is soakShare of the rate that the gateway followed in an earlier part; without it a careful one.
func (c *course) followed(name string, careful float64) string {
	rate := careful
	if r, ok := c.done[name]; ok && r.Knee != nil && r.Knee.Knee > 0 {
		rate = r.Knee.Knee * soakShare
	}
	return fmt.Sprintf("%.0f", max(rate, 1))
}
