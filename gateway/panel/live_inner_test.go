package panel

import "testing"

// A line that ends makes room for its user's next one, and counts among nobody's.
func TestLinesThatEndMakeRoom(t *testing.T) {
	var l lines
	for range liveOfOne {
		if !l.take("usr_1") {
			t.Fatal("fewer than a user may have")
		}
	}
	if l.take("usr_1") || !l.take("usr_2") {
		t.Error("one user's lines are not bounded, or are the other's")
	}
	l.give("usr_1")
	if !l.take("usr_1") {
		t.Error("a line that ended makes no room")
	}
	for range liveOfOne {
		l.give("usr_1")
	}
	l.give("usr_2")
	if l.all != 0 || len(l.of) != 0 {
		t.Errorf("%d lines of %d users are left of none", l.all, len(l.of))
	}
}
