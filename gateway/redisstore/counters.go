package redisstore

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/ulule/limiter/v3"
	redislimiter "github.com/ulule/limiter/v3/drivers/store/redis"
)

// Counters is the limiter's Redis store, behind the same breaker and bound as the links. Its keys
// are "o:" and the caller's. Any error means that nothing was counted for certain.
func (s *Store) Counters() limiter.Store { return s.counters }

func newCounters(s *Store) (limiter.Store, error) {
	return redislimiter.NewStoreWithOptions(&counterClient{UniversalClient: s.client, store: s},
		limiter.StoreOptions{Prefix: strings.TrimSuffix(prefix, ":")})
}

// counterClient is the client that the limiter's store is given. The store loads its scripts when it
// is made and again whenever a server has lost them; this client only notes them and sends their text
// where a server does not know them. So the gateway starts without Redis, and a fail-over or a new
// node of a Cluster costs one repeated call.
type counterClient struct {
	redis.UniversalClient
	store   *Store
	scripts sync.Map // SHA-1 → *redis.Script
}

// ScriptLoad answers the script's hash without asking any server.
func (c *counterClient) ScriptLoad(ctx context.Context, text string) *redis.StringCmd {
	script := redis.NewScript(text)
	c.scripts.Store(script.Hash(), script)
	cmd := redis.NewStringCmd(ctx)
	cmd.SetVal(script.Hash())
	return cmd
}

// EvalSha runs a noted script. A key that holds something else than a number is dropped and counted anew.
func (c *counterClient) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *redis.Cmd {
	cmd := redis.NewCmd(ctx)
	script, ok := c.scripts.Load(sha)
	if !ok {
		cmd.SetErr(redis.Nil) // cannot happen: the store loads before it runs
		return cmd
	}
	err := c.store.call(ctx, "count", func(ctx context.Context) error {
		cmd = script.(*redis.Script).Run(ctx, c.UniversalClient, keys, args...)
		if isWrongValue(cmd.Err()) {
			if err := c.UniversalClient.Del(ctx, keys...).Err(); err != nil {
				return err
			}
			cmd = script.(*redis.Script).Run(ctx, c.UniversalClient, keys, args...)
		}
		return cmd.Err()
	})
	if err != nil {
		cmd.SetErr(err)
	}
	return cmd
}

// Del is how the limiter's store resets a counter.
func (c *counterClient) Del(ctx context.Context, keys ...string) (cmd *redis.IntCmd) {
	cmd = redis.NewIntCmd(ctx)
	err := c.store.call(ctx, "count", func(ctx context.Context) error {
		cmd = c.UniversalClient.Del(ctx, keys...)
		return cmd.Err()
	})
	if err != nil {
		cmd.SetErr(err)
	}
	return cmd
}

// RecallAndRemember is Recall and Remember in one round trip. It does not share a batch: what is written has to be sent
// anyway.
func (s *Store) RecallAndRemember(ctx context.Context, keys []string, key, text string, ttl time.Duration) (texts []string, kept bool, err error) {
	err = s.call(ctx, "remember", func(ctx context.Context) error {
		pipe := s.client.Pipeline()
		found := s.recalls(ctx, pipe, keys)
		set := pipe.Set(ctx, prefix+key, text, ttl)
		_, _ = pipe.Exec(ctx) // its error is that of the first command that failed; each is looked at
		if texts, err = found(); err != nil {
			return err
		}
		kept = set.Err() == nil
		if isAway(set.Err()) {
			return set.Err()
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	return texts, kept, nil
}

// recalls queues the question for keys and answers what reads its answer: one command, or on a Cluster, which refuses
// it across slots, one for each key. Nothing there, or another type, reads as "".
func (s *Store) recalls(ctx context.Context, pipe redis.Pipeliner, keys []string) func() ([]string, error) {
	if !s.batch.cluster {
		args := append(make([]any, 0, len(keys)+1), "mget")
		for _, k := range keys {
			args = append(args, prefix+k)
		}
		cmd := redis.NewStringSliceCmd(ctx, args...)
		_ = pipe.Process(ctx, cmd) // queueing does not fail
		return func() ([]string, error) {
			texts, err := cmd.Result()
			if err == nil && len(texts) != len(keys) {
				err = errors.New("MGET answered another number of values than keys")
			}
			return texts, err
		}
	}
	cmds := make([]*redis.StringCmd, len(keys))
	for n, k := range keys {
		cmds[n] = pipe.Get(ctx, prefix+k)
	}
	return func() ([]string, error) {
		texts := make([]string, len(keys))
		for n, cmd := range cmds {
			if isAway(cmd.Err()) {
				return nil, cmd.Err()
			}
			texts[n] = cmd.Val()
		}
		return texts, nil
	}
}

func isWrongValue(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "WRONGTYPE") || strings.Contains(err.Error(), "not an integer"))
}

// Recall answers the texts under keys, "" where there is none, all or nothing. They share batches
// with the look-ups of links.
func (s *Store) Recall(ctx context.Context, keys ...string) ([]string, error) {
	asked := make([]*lookup, 0, len(keys))
	texts := make([]string, len(keys))
	var failed error
	for _, key := range keys {
		l, err := s.batch.ask(key)
		if err != nil {
			failed = err
			break
		}
		asked = append(asked, l)
	}
	for i, l := range asked {
		if failed != nil {
			break // what was asked and not awaited goes to the collector
		}
		texts[i], failed = s.batch.await(ctx, l)
	}
	if failed != nil {
		return nil, away(failed)
	}
	return texts, nil
}

// Remember keeps a text under a key for ttl.
func (s *Store) Remember(ctx context.Context, key, text string, ttl time.Duration) error {
	return s.call(ctx, "remember", func(ctx context.Context) error {
		return s.client.Set(ctx, prefix+key, text, ttl).Err()
	})
}
