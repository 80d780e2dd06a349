package redisstore

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ulule/limiter/v3"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv"
)

var limiterRate = limiter.Rate{Limit: 10, Period: time.Hour}

func TestCountersAndTexts(t *testing.T) {
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			url := server(t)
			flush(t, url)
			s, other := open(t, Config{URL: url}), open(t, Config{URL: url})
			for i := range int64(12) {
				c, err := s.Counters().Get(t.Context(), "x:count", limiterRate)
				must(t, err)
				if c.Reached != (i >= 10) {
					t.Errorf("hit %d: reached is %t", i+1, c.Reached)
				}
			}
			must(t, s.Remember(t.Context(), "x:text", "a text", time.Hour))
			texts, err := other.Recall(t.Context(), "x:none", "x:text", "x:count")
			must(t, err)
			if texts[0] != "" || texts[1] != "a text" || texts[2] != "12" {
				t.Errorf("recalled %q", texts)
			}
			_, err = other.Counters().Reset(t.Context(), "x:count", limiterRate)
			must(t, err)
			if c, err := s.Counters().Peek(t.Context(), "x:count", limiterRate); err != nil || c.Remaining != 10 {
				t.Errorf("after a reset: %+v, %v", c, err)
			}
		})
	}
}

func TestC21_aCounterOfAnotherTypeIsCountedAnew(t *testing.T) {
	url := testenv.Redis(t)
	s, c := open(t, Config{URL: url}), raw(t, url)
	for name, spoil := range map[string]func() error{
		"a list": func() error { return c.LPush(t.Context(), "o:x:count", "x").Err() },
		"a text": func() error { return c.Set(t.Context(), "o:x:count", "x", 0).Err() },
	} {
		must(t, c.Del(t.Context(), "o:x:count").Err())
		must(t, spoil())
		got, err := s.Counters().Increment(t.Context(), "x:count", 1, limiterRate)
		if err != nil || got.Remaining != 9 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if life := c.PTTL(t.Context(), "o:x:count").Val(); life <= 0 {
			t.Errorf("%s: lives for %s", name, life)
		}
	}
}

func TestC21_countersAndTextsOfARedisThatIsAwaySaySo(t *testing.T) {
	server := testenv.NewRedis(t)
	s := open(t, Config{URL: server.URL(), Bound: shortBound})
	must(t, s.Ping(t.Context()))
	server.Kill(t)
	for range 5 {
		begin := time.Now()
		if _, err := s.Counters().Get(t.Context(), "x:count", limiterRate); err == nil {
			t.Error("counted")
		}
		if _, err := s.Counters().Peek(t.Context(), "x:count", limiterRate); err == nil {
			t.Error("peeked")
		}
		if _, err := s.Counters().Reset(t.Context(), "x:count", limiterRate); err == nil {
			t.Error("reset")
		}
		if _, err := s.Recall(t.Context(), "x:a", "x:b"); !errors.Is(err, checkout.ErrHotAway) {
			t.Errorf("recall: %v, want ErrHotAway", err)
		}
		if err := s.Remember(t.Context(), "x:a", "text", time.Hour); !errors.Is(err, checkout.ErrHotAway) {
			t.Errorf("remember: %v, want ErrHotAway", err)
		}
		if took := time.Since(begin); took > 5*shortBound+slack {
			t.Errorf("took %s", took)
		}
	}
}

// What is recalled and what is remembered with it are told apart: another type is nothing, a full store keeps nothing.
func TestRecallAndRememberInOneRoundTrip(t *testing.T) {
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			url := server(t)
			s, c := open(t, Config{URL: url}), raw(t, url)
			must(t, s.Remember(t.Context(), "x:both:1", "one", time.Hour))
			must(t, c.RPush(t.Context(), prefix+"x:both:list", "x").Err())
			texts, kept, err := s.RecallAndRemember(t.Context(), []string{"x:both:none", "x:both:1", "x:both:list"}, "x:both:2", "two", time.Hour)
			if err != nil || !kept || !slices.Equal(texts, []string{"", "one", ""}) {
				t.Errorf("%q, %v, %v", texts, kept, err)
			}
			if texts, err := s.Recall(t.Context(), "x:both:2"); err != nil || texts[0] != "two" {
				t.Errorf("remembered %q, %v", texts, err)
			}
			if life := c.TTL(t.Context(), prefix+"x:both:2").Val(); life <= 59*time.Minute || life > time.Hour {
				t.Errorf("it stays for %s", life)
			}
		})
	}
	server := testenv.NewRedis(t)
	s := open(t, Config{URL: server.URL()})
	must(t, s.Remember(t.Context(), "x:both:1", "one", time.Hour))
	server.Do(t, "CONFIG", "SET", "maxmemory", "1")
	if texts, kept, err := s.RecallAndRemember(t.Context(), []string{"x:both:1"}, "x:both:2", "two", time.Hour); err != nil || kept || texts[0] != "one" {
		t.Errorf("full: %q, %v, %v", texts, kept, err)
	}
	server.Kill(t)
	for range 2 {
		if _, kept, err := s.RecallAndRemember(t.Context(), []string{"x:both:1"}, "x:both:2", "two", time.Hour); kept || !errors.Is(err, checkout.ErrHotAway) {
			t.Errorf("away: %v, %v", kept, err)
		}
	}
}
