//go:build !race

package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// stateRow is one row of the architecture page's table of a link's states.
type stateRow struct{ state, status, code string }

// documentedStates reads the table.
func documentedStates(t *testing.T) (rows []stateRow) {
	t.Helper()
	text, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| state | true when | status | code |\n| --- | --- | --- | --- |\n")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 {
			return rows
		}
		rows = append(rows, stateRow{strings.TrimSpace(cells[1]), strings.TrimSpace(cells[3]), strings.Trim(cells[4], " `")})
	}
	return rows
}

// stateTrue says of each documented state when it is true, apart from all others.
var stateTrue = map[string]func(l checkout.Link, now time.Time) bool{
	"paid": func(l checkout.Link, _ time.Time) bool { return l.Slots() > 0 && l.PaidCount == l.Slots() },
	"withdrawn from many": func(l checkout.Link, _ time.Time) bool {
		return !l.DeletedAt.IsZero() && l.Usage == checkout.UsageMulti
	},
	"busy":           func(l checkout.Link, _ time.Time) bool { return l.Slots() > 0 && l.PaidCount+l.SlotsHeld == l.Slots() },
	"withdrawn":      func(l checkout.Link, _ time.Time) bool { return !l.DeletedAt.IsZero() },
	"expired":        func(l checkout.Link, now time.Time) bool { return !now.Before(l.ExpiresAt) },
	"not active yet": func(l checkout.Link, now time.Time) bool { return now.Before(l.ActiveFrom) },
	"resting":        func(l checkout.Link, _ time.Time) bool { return !l.RestingSince.IsZero() },
	"open":           func(checkout.Link, time.Time) bool { return true },
}

// everyLink makes every combination of what a link can be at now.
func everyLink(now time.Time, yield func(checkout.Link)) {
	const hour = time.Hour
	for _, uses := range []struct {
		usage checkout.Usage
		max   int
	}{{checkout.UsageSingle, 0}, {checkout.UsageMulti, 2}, {checkout.UsageMulti, 0}} {
		for _, span := range [][2]time.Duration{{-hour, hour}, {-2 * hour, -hour}, {-hour, 0}, {0, hour}, {hour, 2 * hour}} {
			for bits := range 4 * 9 {
				l := checkout.Link{Usage: uses.usage, MaxPayments: uses.max, ActiveFrom: now.Add(span[0]), ExpiresAt: now.Add(span[1])}
				if bits&1 > 0 {
					l.DeletedAt = now
				}
				if bits&2 > 0 {
					l.RestingSince = now
				}
				l.PaidCount, l.SlotsHeld = bits/4%3, bits/12
				if l.Slots() == 0 || l.PaidCount+l.SlotsHeld <= l.Slots() {
					yield(l)
				}
			}
		}
	}
}

// The architecture page says which of a link's states wins as the code decides it.
func TestTheDocumentedStateOfALinkWins(t *testing.T) {
	rows := documentedStates(t)
	if len(rows) != len(stateTrue) {
		t.Fatalf("%d rows, %d states are known here", len(rows), len(stateTrue))
	}
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	met := map[string]int{}
	everyLink(now, func(l checkout.Link) {
		status, code := "200", ""
		var e *checkout.Error
		if errors.As(l.Hot().Check(now), &e) {
			status, code = strconv.Itoa(web.StatusOf(e.Kind)), e.Code
		}
		for _, row := range rows {
			if !stateTrue[row.state](l, now) {
				continue
			}
			if met[row.state]++; row.status != status || row.code != code {
				t.Errorf("%+v is %s %s, documented as %s: %s %s", l, status, code, row.state, row.status, row.code)
			}
			return
		}
	})
	for _, row := range rows {
		if met[row.state] == 0 {
			t.Errorf("no link is %q", row.state)
		}
	}
}
