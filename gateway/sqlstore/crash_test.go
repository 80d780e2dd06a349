package sqlstore_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
)

// loadURL tells a copy of this test binary to write to a ledger until it is killed.
const loadURL = "ODELINK_SQLSTORE_TEST_LOAD"

func TestMain(m *testing.M) {
	if url := os.Getenv(loadURL); url != "" {
		load(url)
		return
	}
	os.Exit(m.Run())
}

// load pays links with many callers and prints each payment after its steps were acknowledged.
func load(url string) {
	s, err := sqlstore.Open(context.Background(), sqlstore.Config{URL: url, MasterKeys: [][]byte{masterKey(1)}})
	if err == nil {
		err = s.Migrate(context.Background())
	}
	if err != nil {
		fmt.Println("error", err)
		return
	}
	clock := storetest.NewClock(start)
	clock.Set(mustTime(s))
	b := storetest.NewBooks(&testing.T{}, s, clock)
	var out sync.Mutex
	var done sync.WaitGroup
	for range 32 {
		done.Go(func() {
			for {
				p := b.Pay(b.Create())
				out.Lock()
				fmt.Println(p.ID, p.Link)
				out.Unlock()
			}
		})
	}
	done.Wait()
}

// TestC29_WhatWasAcknowledgedIsThere kills a loaded process without a warning and reads what it left:
// every payment that it had told of is paid, nothing is half there, and every chain is whole.
func TestC29_WhatWasAcknowledgedIsThere(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), loadURL+"="+url)
		pipe, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		var told [][]string
		lines := bufio.NewScanner(pipe)
		for lines.Scan() {
			if told = append(told, strings.Fields(lines.Text())); len(told) == 300 {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = child.Wait() // it was killed
		if len(told) < 300 {
			t.Fatalf("%d payments were told of, the last: %q", len(told), told)
		}
		s := open(t, url)
		for _, ids := range told {
			if len(ids) != 2 {
				continue // the line that the kill cut
			}
			p, err := s.PaymentByID(t.Context(), checkout.PaymentID(ids[0]))
			if err != nil || p.Status != checkout.StatusPaid || string(p.Link) != ids[1] {
				t.Errorf("%s: %s, %v", ids[0], p.Status, err)
			}
		}
		if got := verify(t, s); got != nil {
			t.Errorf("found %q", got)
		}
	})
}

func mustTime(s *sqlstore.Store) time.Time {
	now, err := s.DatabaseTime(context.Background())
	if err != nil {
		panic(err)
	}
	return now
}
