package web

// Sweep looks at every connection once, as the ticker does.
func (l *Listener) Sweep() { l.sweep() }

// Parked is how many connections are parked.
func (l *Listener) Parked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for g := range l.conns {
		if g.parked {
			n++
		}
	}
	return n
}
