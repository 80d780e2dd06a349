package web

import "testing"

func TestSomeDescriptorsAreLeftToTheStores(t *testing.T) {
	for limit, want := range map[uint64]int{
		0:       mostConnections, // the system does not count
		16:      16,
		64:      32,
		1024:    768,
		20000:   19744,
		1 << 30: mostConnections,
	} {
		if got := connectionsFor(limit); got != want {
			t.Errorf("limit %d: %d connections, want %d", limit, got, want)
		}
	}
}
