package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/odelink/odelink/checkout"
)

// Behind answers whose copy is missing or old; see checkout.LinkStore. It reads the beginning of each copy, where the
// Rev stands, a batch of them in one round trip.
func (s *Store) Behind(ctx context.Context, all []checkout.LinkRev) (behind []checkout.Token, err error) {
	for len(all) > 0 {
		some := all[:min(maxBatch, len(all))]
		all = all[len(some):]
		heads := make([]*redis.StringCmd, len(some))
		err := s.call(ctx, "behind", func(ctx context.Context) error {
			pipe := s.client.Pipeline()
			for n, l := range some {
				heads[n] = pipe.GetRange(ctx, prefix+string(l.Token), 0, headLength-1)
			}
			_, _ = pipe.Exec(ctx) // its error is that of the first command that failed; each is looked at
			for _, cmd := range heads {
				if isAway(cmd.Err()) {
					return cmd.Err()
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for n, l := range some {
			if revOf(heads[n].Val()) < l.Rev {
				behind = append(behind, l.Token)
			}
		}
	}
	return behind, nil
}

// revOf reads the Rev of what begins like a copy, of whichever version; −1 = it is none.
func revOf(head string) int64 {
	if len(head) < headLength || head[0]>>4 != format>>4 {
		return -1
	}
	return int64(uint48(head[2:]))
}
