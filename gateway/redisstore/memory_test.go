//go:build !race

package redisstore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/testenv"
)

func TestEvictionIsForgetting(t *testing.T) {
	server := testenv.NewRedis(t, "--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru")
	s := open(t, Config{URL: server.URL()})
	const links = 20_000
	for n := range links {
		must(t, s.Publish(t.Context(), storetest.HotCopy(n, time.Now())))
	}
	here, gone := 0, 0
	for n := range links {
		h, err := s.Open(t.Context(), storetest.HotToken(n))
		switch {
		case err == nil && h.Token == storetest.HotToken(n):
			here++
		case checkout.KindOf(err) == checkout.KindNotFound:
			gone++
		default:
			t.Fatalf("link %d: %+v, %v", n, h, err)
		}
	}
	if here == 0 || gone == 0 {
		t.Errorf("%d here, %d gone: nothing was evicted", here, gone)
	}
}

// Goal: 230 bytes for a link as a merchant makes it, 320 at most (performance.md, 'Goals').
func TestMemoryOfALink(t *testing.T) {
	server := testenv.NewRedis(t)
	s := open(t, Config{URL: server.URL()})
	const links = 20_000
	used := func() int {
		var n int
		for _, line := range strings.Split(fmt.Sprint(server.Do(t, "INFO", "memory")), "\r\n") {
			_, _ = fmt.Sscanf(line, "used_memory:%d", &n) // any other line
		}
		return n
	}
	must(t, s.Publish(t.Context(), storetest.HotCopy(links, time.Now())))
	before := used()
	for n := range links {
		must(t, s.Publish(t.Context(), storetest.HotCopy(n, time.Now())))
	}
	each := (used() - before) / links
	one, _ := server.Do(t, "MEMORY", "USAGE", prefix+string(storetest.HotToken(1))).(int64)
	packed, err := pack(storetest.HotCopy(1, time.Now()))
	must(t, err)
	t.Logf("packed %d bytes; MEMORY USAGE %d; with both tables %d per link", len(packed), one, each)
	if each > 230 || one > 152 {
		t.Errorf("a link takes %d bytes in all, %d by MEMORY USAGE; at most 230 and 152", each, one)
	}
}
