package pay

import (
	"strconv"
	"testing"

	"github.com/odelink/odelink/checkout"
)

func TestOpenedNotesALinkOnce(t *testing.T) {
	s := &Surface{opened: newOpened()}
	for range 3 {
		for i := range 10 {
			s.opened.note("Token000000" + strconv.Itoa(i))
		}
	}
	if got := s.Opened(4); len(got) != 4 || got[0] != checkout.Token("Token0000000") {
		t.Errorf("the first four: %v", got)
	}
	if got := s.Opened(100); len(got) != 6 {
		t.Errorf("the rest: %v", got)
	}
	if n := testing.AllocsPerRun(100, func() { s.opened.note("Token0000000") }); n != 0 {
		t.Errorf("%v allocations for a link that was seen", n)
	}
	for i := range openedWaiting + 10 {
		s.opened.note("Other" + strconv.Itoa(i))
	}
	s.Opened(openedWaiting)
	s.opened.note("Other" + strconv.Itoa(openedWaiting+5)) // found no room then
	if got := s.Opened(10); len(got) != 1 {
		t.Errorf("after there was no room: %v", got)
	}
}
