//go:build !race

package redisstore

import (
	"testing"

	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/testenv/cost"
)

// TestPackingAllocatesNoMoreThanWhenItLanded holds what every link costs on its way into Redis and every view
// on its way out against gateway/testenv/cost/landed.json.
func TestPackingAllocatesNoMoreThanWhenItLanded(t *testing.T) {
	link, token := storetest.HotCopy(1, start), storetest.HotToken(1)
	packed, err := pack(link)
	if err != nil {
		t.Fatal(err)
	}
	value := string(packed)
	cost.Hold(t, "gateway/redisstore", cost.Figures{
		"pack": cost.Loop(func() {
			if _, err := pack(link); err != nil {
				t.Fatal(err)
			}
		}),
		"unpack": cost.Loop(func() {
			if _, err := unpack(value, token, never); err != nil {
				t.Fatal(err)
			}
		}),
	})
}
