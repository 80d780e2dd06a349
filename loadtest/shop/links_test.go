package shop

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
)

// limitedShop makes links for anybody, and refuses every key's second call once.
type limitedShop struct {
	mu      sync.Mutex
	calls   map[string]int
	refuses string // Retry-After of the refusal
}

func (s *limitedShop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.Header.Get("Authorization")
	s.calls[key]++
	if s.calls[key] == 2 {
		w.Header().Set("Retry-After", s.refuses)
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write([]byte(`{"id":"lnk_1","token":"` + key[len("Bearer "):] + strconv.Itoa(s.calls[key]) + `"}`)) // the test reads it, or fails
}

func (s *limitedShop) target(t *testing.T, key string) Target {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return Target{Name: "t", URL: server.URL, Key: key}
}

func TestALimitedAPIIsWaitedFor(t *testing.T) {
	s := &limitedShop{calls: map[string]int{}, refuses: "0"}
	links, err := s.target(t, "a,b").Links(t.Context(), 2*makers, Terms{Amount: 1, Currency: "TRY", Usage: "single"})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, l := range links {
		if l.ID == "" || l.Token == "" || seen[l.Token] {
			t.Errorf("links %q", links)
		}
		seen[l.Token] = true
	}
	if s.calls["Bearer a"] == 0 || s.calls["Bearer b"] == 0 {
		t.Errorf("the keys were used %v times, want both", s.calls)
	}
	if got := s.calls["Bearer a"] + s.calls["Bearer b"]; got != 2*makers+2 {
		t.Errorf("%d calls, want %d and the two that were refused", got, 2*makers)
	}
}

func TestAnAPIThatWantsToBeLeftAloneForLongIsAMistake(t *testing.T) {
	for _, after := range []string{"3600", "-1", "", "Fri, 31 Dec 1999 23:59:59 GMT"} {
		s := &limitedShop{calls: map[string]int{}, refuses: after}
		if _, err := s.target(t, "a").Links(t.Context(), 3, Terms{}); err == nil {
			t.Errorf("Retry-After %q was waited for", after)
		}
	}
}
