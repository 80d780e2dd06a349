package sqlstore_test

import (
	"slices"
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
	b.ResetTimer()
	crowd(links, func(l checkout.Link) {
		p, err := s.Admit(b.Context(), books.Payment(l), books.Event("payment.challenged"))
		if err != nil {
			b.Error(err)
		}
		if _, err := s.Move(b.Context(), books.Authorizing(p)); err != nil {
			b.Error(err)
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(2*b.N)/b.Elapsed().Seconds(), "units/s")
}

// BenchmarkSteady measures how long a payment's two durable units take at a steady rate, in a ledger of SQLite that holds
// many: what the log's moves (sqlite_log.go) cost those who commit meanwhile. A unit counts from the moment it is due.
//
//	go test -run '^$' -bench Steady -benchtime 1x -count 3 ./gateway/sqlstore
func BenchmarkSteady(b *testing.B) {
	const before, rate, span, rest = 60_000, 300, 20 * time.Second, 5 * time.Second // until what so many leave in the log is moved
	clock := storetest.NewClock(start)
	s := open(b, databases["SQLite"](b), at(clock))
	books := storetest.NewBooks(b, s, clock)
	pay := func(l checkout.Link) {
		p, err := s.Admit(b.Context(), books.Payment(l), books.Event("payment.challenged"))
		if err == nil {
			_, err = s.Move(b.Context(), books.Authorizing(p))
		}
		if err != nil {
			b.Error(err)
		}
	}
	crowd(manyLinks(b, s, books, before), pay)
	for range b.N {
		links := manyLinks(b, s, books, int(rate*span/time.Second))
		time.Sleep(rest)
		took := make([]time.Duration, len(links))
		var all sync.WaitGroup
		begin := time.Now()
		for i, l := range links {
			due := begin.Add(time.Duration(i) * time.Second / rate)
			time.Sleep(time.Until(due))
			all.Go(func() { pay(l); took[i] = time.Since(due) })
		}
		all.Wait()
		slices.Sort(took)
		for name, part := range map[string]float64{"p50": 0.5, "p99": 0.99, "p99.9": 0.999} {
			b.ReportMetric(took[int(part*float64(len(took)-1))].Seconds()*1000, name+"-ms")
		}
	}
}

// crowd has all of links paid by callers at once.
func crowd(links []checkout.Link, pay func(checkout.Link)) {
	todo := make(chan checkout.Link, len(links))
	for _, l := range links {
		todo <- l
	}
	close(todo)
	var done sync.WaitGroup
	for range callers {
		done.Go(func() {
			for l := range todo {
				pay(l)
			}
		})
	}
	done.Wait()
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
