package redisstore

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/testenv"
)

// BenchmarkView compares the batched look-up with one GET for each, by 64 callers at once.
func BenchmarkView(b *testing.B) {
	const links, callers = 1000, 64
	url := testenv.Redis(b)
	var batches, looked atomic.Int64
	s := open(b, Config{URL: url, Observer: Observer{Batch: func(size int, _ time.Duration, _ error) {
		batches.Add(1)
		looked.Add(int64(size))
	}}})
	publishMany(b, s, links)
	run := func(name string, look func(checkout.Token) error) {
		b.Run(name, func(b *testing.B) {
			batches.Store(0)
			looked.Store(0)
			b.ReportAllocs()
			b.SetParallelism(callers / 2) // on the two cores that the goals are for
			b.RunParallel(func(pb *testing.PB) {
				for n := 0; pb.Next(); n = (n + 7) % links {
					if err := look(storetest.HotToken(n)); err != nil {
						b.Error(err)
						return
					}
				}
			})
			if looked.Load() > 0 {
				b.ReportMetric(float64(batches.Load())/float64(looked.Load()), "calls/view")
			}
		})
	}
	run("batched", func(t checkout.Token) error {
		_, err := s.Open(context.Background(), t)
		return err
	})
	run("GET each", func(t checkout.Token) error {
		v, err := s.client.Get(context.Background(), prefix+string(t)).Result()
		if err == nil {
			_, err = unpack(v, t, time.Now)
		}
		return err
	})
}
