//go:build !unix

package web

// readable leaves the connection to be read with a buffer in hand.
func (g *guarded) readable() {}
