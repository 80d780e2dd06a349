package redisstore

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// tripAfter failures in a row open the breaker: one may be a connection that died while idle.
	tripAfter = 2
	// restFor is how long an open breaker answers for Redis before it is tried again.
	restFor = 500 * time.Millisecond
)

// breaker spares payers the wait for a Redis that does not answer. While it is open, nobody waits;
// the first caller after each rest sends one probe on its way and does not wait for it either.
type breaker struct {
	probe    func(context.Context) error
	bound    time.Duration
	changed  func(open bool)
	start    time.Time // for monotonic time: a clock that jumps must not hold the breaker open (C26)
	failures atomic.Int32
	until    atomic.Int64 // when to probe next, time since start; 0 = closed
	probing  atomic.Bool
}

// ready says whether Redis may be asked.
func (b *breaker) ready() bool {
	until := b.until.Load()
	if until == 0 {
		return true
	}
	if int64(time.Since(b.start)) >= until && b.probing.CompareAndSwap(false, true) {
		go b.try()
	}
	return false
}

func (b *breaker) try() {
	defer b.probing.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), b.bound)
	defer cancel()
	if err := b.probe(ctx); err != nil {
		b.until.Store(int64(time.Since(b.start) + restFor))
		return
	}
	b.failures.Store(0)
	if b.until.Swap(0) != 0 {
		b.changed(false)
	}
}

// saw counts the outcome of one call. What Redis answered, even an error, shows that it is there.
func (b *breaker) saw(err error) {
	if !isAway(err) {
		if b.failures.Load() != 0 {
			b.failures.Store(0)
		}
		return
	}
	if b.failures.Add(1) >= tripAfter && b.until.CompareAndSwap(0, int64(time.Since(b.start)+restFor)) {
		b.changed(true)
	}
}

// isAway tells "nobody serves there" from an answer about one key or command.
func isAway(err error) bool {
	if err == nil || errors.Is(err, redis.Nil) || errors.Is(err, context.Canceled) {
		return false
	}
	var answer redis.Error
	if !errors.As(err, &answer) {
		return true
	}
	for _, word := range []string{"LOADING", "CLUSTERDOWN", "MASTERDOWN", "NOAUTH", "WRONGPASS", "NOPERM", "MOVED", "ASK"} {
		if strings.HasPrefix(answer.Error(), word) {
			return true
		}
	}
	return false
}
