package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/odelink/odelink/gateway/observe"
)

// An operator reads in words that Redis went away and what that means, and that it came back, once each.
func TestRedisComingAndGoingIsSaidOnce(t *testing.T) {
	var out bytes.Buffer
	log, err := observe.NewLogger(&out, "text", "info")
	if err != nil {
		t.Fatal(err)
	}
	told := newWatch(log, systemClock{}).redis().Breaker
	for _, open := range []bool{false, true, true, false, false} {
		told(open)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, `level=WARN msg="Redis does not answer: pages and payments go on from the ledger`) ||
		!strings.Contains(got, `level=INFO msg="Redis answers again"`) {
		t.Errorf("%s", got)
	}
}
