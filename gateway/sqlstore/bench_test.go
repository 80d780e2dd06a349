package sqlstore_test

import (
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/testenv"
)

// callers is how many payers pay at once.
const callers = 64

// BenchmarkPay measures a payment's two durable units (admitted, authorizing), with the units of all
// callers in shared commits against one transaction for each. Run them side by side:
//
//	go test -bench Pay -benchtime 2000x -count 5 ./gateway/sqlstore
func BenchmarkPay(b *testing.B) {
	for _, db := range []struct {
		name  string
		url   func(testing.TB) string
		alone int // writers when nobody shares
	}{
		{"SQLite", databases["SQLite"], 1},
		{"PostgreSQL", func(t testing.TB) string {
			return testenv.NewPostgres(t, testenv.PostgresOptions{Durable: true}).Database(t)
		}, callers},
	} {
		b.Run(db.name+"/grouped", func(b *testing.B) { benchmarkPay(b, db.url(b), 0, 0) })
		b.Run(db.name+"/single", func(b *testing.B) { benchmarkPay(b, db.url(b), 1, db.alone) })
	}
}

func benchmarkPay(b *testing.B, url string, batch, writers int) {
	clock := storetest.NewClock(start)
	s := open(b, url, at(clock), func(c *sqlstore.Config) { c.Batch, c.Writers = batch, writers })
	books := storetest.NewBooks(b, s, clock)
	links := manyLinks(b, s, books, b.N)
	todo := make(chan checkout.Link, b.N)
	for _, l := range links {
		todo <- l
	}
	close(todo)
	var done sync.WaitGroup
	b.ResetTimer()
	for range callers {
		done.Go(func() {
			for l := range todo {
				p, err := s.Admit(b.Context(), books.Payment(l), books.Event("payment.challenged"))
				if err != nil {
					b.Error(err)
				}
				if _, err := s.Move(b.Context(), books.Authorizing(p)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	done.Wait()
	b.StopTimer()
	b.ReportMetric(float64(2*b.N)/b.Elapsed().Seconds(), "units/s")
}

func manyLinks(b testing.TB, s *sqlstore.Store, books *storetest.Books, n int) []checkout.Link {
	b.Helper()
	links := make([]checkout.Link, n)
	fresh := make([]checkout.NewLink, n)
	for i := range links {
		links[i] = books.Link()
		fresh[i] = books.New(links[i])
	}
	if err := s.CreateLinks(b.Context(), fresh); err != nil {
		b.Fatal(err)
	}
	return links
}

// BenchmarkLiveLinks is what a start with 100,000 links costs, and making them in bulk.
func BenchmarkLiveLinks(b *testing.B) {
	for _, name := range []string{"SQLite", "PostgreSQL"} {
		b.Run(name, func(b *testing.B) {
			clock := storetest.NewClock(start)
			s := open(b, databases[name](b), at(clock))
			books := storetest.NewBooks(b, s, clock)
			const many = 100_000
			began := time.Now()
			manyLinks(b, s, books, many)
			rate := many / time.Since(began).Seconds()
			b.ResetTimer()
			for range b.N {
				n := 0
				if err := s.LiveLinks(b.Context(), func(checkout.Link) error { n++; return nil }); err != nil {
					b.Fatal(err)
				}
				if n != many {
					b.Fatalf("%d links", n)
				}
			}
			b.ReportMetric(rate, "created/s")
		})
	}
}
