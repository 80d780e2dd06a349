package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/odelink/odelink/checkout"
)

// Redis may come back empty: restarted without its data, flushed, replaced by another. Its links would come
// back one by one, each with a read of the ledger at its first view. Restore notices and has all filled in.
//
//	o:x:whole:{n}   "whole", or the word of a filling that has not ended
//	o:x:filling     the word of the filling that is at work, as long as it moves
//
// The marks are spread over the slots of a Cluster: a master that lost its part has lost some of them, too. They
// live as long as the longest copy, so that copies that end of old age are made anew once in that time.
const (
	markPrefix = prefix + "x:whole:"
	whole      = "whole"
	filling    = prefix + "x:filling"
	// clusterMarks leave a master with a twentieth of the slots without a mark once in 27 such masters.
	clusterMarks = 64
	// fillingLease is how long a filling that stands still keeps other gateways from beginning one.
	fillingLease = time.Minute
	// fillTries is how often a piece of a filling is sent, and fillRest the pause before it is sent again: beside
	// payers it may take too long, and the breaker may be open for a while. A filling that gave up begins anew.
	fillTries = 20
	fillRest  = restFor
)

var _ checkout.Filler = (*Store)(nil)

var errLostAgain = errors.New("redis was emptied while it was filled")

// Restore has the links filled in if Redis does not hold what it was filled with, and no other gateway is at
// it. fill stores every link with Fill; ran says whether it was called. After an error, also where Redis was
// emptied once more meanwhile, the next Restore begins anew.
func (s *Store) Restore(ctx context.Context, fill func(context.Context) error) (ran bool, err error) {
	marks, err := s.marks(ctx)
	if err != nil || all(marks, whole) {
		return false, err
	}
	word := strconv.FormatInt(time.Now().UnixNano(), 36)
	begun, err := s.begin(ctx, word)
	if err != nil || !begun {
		return false, err
	}
	if err = fill(ctx); err == nil {
		err = s.finish(ctx, word)
	}
	return true, errors.Join(err, s.call(context.WithoutCancel(ctx), "fill", func(ctx context.Context) error {
		return s.client.Del(ctx, filling).Err() // another filling's, if ours stood still for too long; then two are at work
	}))
}

func all(marks []string, word string) bool {
	return !slices.ContainsFunc(marks, func(m string) bool { return m != word })
}

// begin answers false where another filling is at work.
func (s *Store) begin(ctx context.Context, word string) (begun bool, err error) {
	err = s.call(ctx, "fill", func(ctx context.Context) error {
		begun, err = s.client.SetNX(ctx, filling, word, fillingLease).Result()
		return err
	})
	if err != nil || !begun {
		return false, err
	}
	return true, s.eachMark(ctx, func(ctx context.Context, to redis.Cmdable, key string, _ int) {
		to.Set(ctx, key, word, longest)
	})
}

// finish turns a filling's marks into whole ones. One that is gone stays gone: what stood beside it is, too.
func (s *Store) finish(ctx context.Context, word string) error {
	marks, err := s.marks(ctx)
	if err != nil {
		return err
	}
	if !all(marks, word) {
		return away(errLostAgain)
	}
	return s.eachMark(ctx, func(ctx context.Context, to redis.Cmdable, key string, _ int) {
		to.SetXX(ctx, key, whole, longest)
	})
}

// marks answers them all, "" for one that is not there.
func (s *Store) marks(ctx context.Context) ([]string, error) {
	found := make([]*redis.StringCmd, s.markCount())
	err := s.eachMark(ctx, func(ctx context.Context, to redis.Cmdable, key string, n int) {
		found[n] = to.Get(ctx, key)
	})
	texts := make([]string, len(found))
	for n, cmd := range found {
		if cmd != nil {
			texts[n] = cmd.Val()
		}
	}
	return texts, err
}

func (s *Store) markCount() int {
	if s.batch.cluster {
		return clusterMarks
	}
	return 1
}

// eachMark sends one command for each mark, in one pipeline.
func (s *Store) eachMark(ctx context.Context, send func(ctx context.Context, to redis.Cmdable, key string, n int)) error {
	return s.call(ctx, "fill", func(ctx context.Context) error {
		return s.pipelined(ctx, func(to redis.Cmdable) {
			for n := range s.markCount() {
				send(ctx, to, markPrefix+strconv.Itoa(n), n)
			}
		})
	})
}

// pipelined sends commands together. That something is not there, or is there already, is no error.
func (s *Store) pipelined(ctx context.Context, queue func(redis.Cmdable)) error {
	pipe := s.client.Pipeline()
	queue(pipe)
	cmds, _ := pipe.Exec(ctx) // its error is that of the first command that failed; each is looked at
	for _, cmd := range cmds {
		if err := cmd.Err(); err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
	}
	return nil
}

// Fill stores the copies of links that are not there; see checkout.Filler. One pipeline carries them, since
// the ledger is read faster than commands can be sent one by one. A piece that took too long is sent again:
// what of it was stored stays.
func (s *Store) Fill(ctx context.Context, links []checkout.Hot) error {
	now := s.clock.Now()
	packed := make([][]byte, len(links))
	for n, h := range links {
		if !h.Token.Valid() {
			return fmt.Errorf("fill in link %s: its token is none", h.Link)
		}
		var err error
		if packed[n], err = pack(h); err != nil {
			return err
		}
	}
	var err error
	for range fillTries {
		err = s.call(ctx, "fill", func(ctx context.Context) error {
			return s.pipelined(ctx, func(to redis.Cmdable) {
				to.PExpire(ctx, filling, fillingLease)
				for n, h := range links {
					to.SetNX(ctx, prefix+string(h.Token), packed[n], lifetime(h, now))
				}
			})
		})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(fillRest):
		}
	}
	return err
}
