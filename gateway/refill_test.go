package main

import (
	"context"
	"testing"

	"github.com/odelink/odelink/gateway/testenv"
)

// A Redis that was emptied is filled again while the gateway serves, also with links that nobody looks at
// meanwhile: a crowd that comes later would read each from the ledger.
func TestLostHotStateComesBackWholeWhileServing(t *testing.T) {
	t.Parallel()
	server := testenv.NewRedis(t)
	r := newRig(t, rigOptions{redis: server.URL()})
	links := []map[string]any{r.link(nil), r.link(nil), r.link(nil)}
	ctx, stop := context.WithCancel(t.Context())
	ended := r.app.startLoops(ctx)
	defer func() { stop(); <-ended }()
	all := func() bool {
		for _, l := range links {
			if there, _ := server.Do(t, "EXISTS", "o:"+l["token"].(string)).(int64); there == 0 {
				return false
			}
		}
		there, _ := server.Do(t, "GET", "o:x:whole:0").(string)
		return there == "whole"
	}
	r.until("the links are in Redis", all)
	server.Do(t, "FLUSHALL")
	r.until("they are there again", all)
}
