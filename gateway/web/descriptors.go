package web

const (
	// reserved descriptors are those that are not connections: the listeners, the ledger's files and
	// readers, Redis and database pools, calls to banks, log and admin connections.
	reserved = 256
	// mostConnections is fasthttp's own default.
	mostConnections = 256 << 10
	// fewestConnections are served even where the limit is tiny.
	fewestConnections = 16
)

// Descriptors is how many connections may be open so that stores, banks and files still find a
// descriptor: fasthttp stops accepting for good when the system has none left (performance page).
func Descriptors() int { return connectionsFor(openFiles()) }

// connectionsFor leaves the reserve, or half of a limit that is smaller than two reserves.
func connectionsFor(limit uint64) int {
	switch {
	case limit == 0 || limit > mostConnections+reserved:
		return mostConnections
	case limit < 2*reserved:
		return max(int(limit/2), fewestConnections)
	}
	return int(limit - reserved)
}
