package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/threeds/banksim"
)

// childEnv tells a copy of this test binary to be a gateway, which a test may kill.
const childEnv = "ODELINK_TEST_GATEWAY"

func TestMain(m *testing.M) {
	if spec := os.Getenv(childEnv); spec != "" {
		if err := beGateway(spec); err != nil {
			fmt.Fprintln(os.Stderr, "gateway:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// childSpec is what a gateway process is told.
type childSpec struct {
	Database, Redis, Bank, Addr, Log string

	Now    time.Time // its clock goes on from here
	Timing checkout.Timing
	Loops  bool // settle and republish, as in service
	// Point and After say where in the ledger it dies: at the After-th pass of the point since it was
	// ready.
	Point string
	After int
	// DiskFull: SIGUSR1 lets no file grow any more, SIGUSR2 lets them.
	DiskFull bool
}

// childTiming lets calls take as long as a loaded machine needs, and asks the bank at every turn of the loop.
var childTiming = checkout.Timing{
	Provision: 8 * time.Second, Answer: 20 * time.Second, Opening: 10 * time.Second, Inquiry: 4 * time.Second,
	Settle: time.Second, Abandon: 30 * time.Minute, AskAfter: []time.Duration{100 * time.Millisecond},
}

// risingClock goes on from a given time.
type risingClock struct{ from, start time.Time }

func (c risingClock) Now() time.Time { return c.from.Add(time.Since(c.start)) }

// beGateway serves until SIGTERM; it ends too when the test that started it is gone.
func beGateway(text string) error {
	var spec childSpec
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent
		os.Exit(3)
	}()
	if spec.DiskFull {
		go fillDisk(spec.Database)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	logs, err := openAppend(spec.Log)
	if err != nil {
		return err
	}
	defer logs.Close()
	var armed atomic.Bool
	var passed atomic.Int64
	fault := func(point string) error {
		if armed.Load() && point == spec.Point && passed.Add(1) == int64(spec.After) {
			dieNow()
		}
		return nil
	}
	cfg := Config{
		Demo: true, Addr: spec.Addr, AdminAddr: "127.0.0.1:0", PublicURL: "http://" + spec.Addr, DatabaseURL: spec.Database, RedisURL: spec.Redis,
		MasterKeys: [][]byte{demoMasterKey}, LogFormat: "json", LogLevel: "debug", LimitsOff: true,
	}
	a, err := open(ctx, cfg, seams{clock: risingClock{spec.Now, time.Now()}, timing: spec.Timing, fault: fault, log: logs})
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.seedDemo(ctx, spec.Bank); err != nil {
		return err
	}
	ready := func() {
		armed.Store(true)
		fmt.Println("ready")
	}
	if spec.Loops {
		return a.run(ctx, ready)
	}
	listener, err := net.Listen("tcp", spec.Addr)
	if err != nil {
		return err
	}
	ready()
	err = a.server().Run(ctx, web.Wrap(listener, web.ListenOptions{}))
	a.flow.Wait()
	return err
}

// fillDisk is a disk without space: the kernel refuses to let the ledger's log grow.
func fillDisk(database string) {
	signal.Ignore(syscall.SIGXFSZ) // an error, as a full disk is
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	var whole syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &whole); err != nil {
		panic(err)
	}
	fmt.Println("disk")
	for s := range signals {
		limit := whole
		if s == syscall.SIGUSR1 {
			info, err := os.Stat(strings.TrimPrefix(database, "sqlite:") + "-wal")
			if err != nil {
				panic(err)
			}
			limit.Cur = uint64(info.Size())
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			panic(err)
		}
		fmt.Println("disk")
	}
}

// dieNow is kill -9 from within: nothing is flushed, nothing deferred runs.
func dieNow() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// process is a rig whose gateway is another process, always at the same address.
type process struct {
	*rig
	spec  childSpec
	cmd   *exec.Cmd
	in    io.Closer
	end   chan error // its end, once
	since time.Time  // its start
	out   *bufio.Reader
}

// twoStands are the two ways in which the gateway is usually run; everyStand has all four.
func twoStands(t *testing.T, f func(t *testing.T, p *process)) {
	for _, name := range []string{"sqlite+memory", "postgres+redis"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opt rigOptions
			if name != "sqlite+memory" {
				opt.database, opt.redis = testenv.Postgres(t), testenv.Redis(t)
			}
			f(t, newProcess(t, opt))
		})
	}
}

func newProcess(t *testing.T, opt rigOptions) *process {
	t.Helper()
	p := &process{rig: newRig(t, opt)}
	p.stop()
	p.spec = childSpec{
		Timing: childTiming, Database: opt.database, Redis: opt.redis, Bank: p.bankS.URL + "/payfor/Gateway/", Addr: testenv.FreeAddr(t), Log: filepath.Join(p.dir, "odelink.log"),
	}
	if p.spec.Database == "" {
		p.spec.Database = "sqlite:" + filepath.Join(p.dir, "odelink.db")
	}
	return p
}

// launch starts the gateway and waits until it serves.
func (p *process) launch(change func(*childSpec)) {
	p.t.Helper()
	p.base = "http://" + p.spec.Addr
	spec := p.spec
	spec.Now = p.clock.Now()
	if change != nil {
		change(&spec)
	}
	text, err := json.Marshal(spec)
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	cmd.Stderr = p.t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if p.in, err = cmd.StdinPipe(); err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.cmd, p.end, p.since, p.out = cmd, make(chan error, 1), time.Now(), bufio.NewReader(out)
	line, err := p.out.ReadString('\n')
	if spec.DiskFull && line == "disk\n" {
		line, err = p.out.ReadString('\n')
	}
	go func() { p.end <- cmd.Wait() }()
	p.t.Cleanup(func() { _ = cmd.Process.Kill(); p.in.Close() })
	if err != nil || line != "ready\n" {
		p.t.Fatalf("the gateway did not start: %q, %v", line, err)
	}
}

// kill is kill -9.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	p.dead()
}

// dead waits until the gateway is gone, by itself or by kill.
func (p *process) dead() {
	p.t.Helper()
	if state := p.over(); !strings.Contains(fmt.Sprint(state), "killed") {
		p.t.Fatalf("the gateway was not killed: %v", state)
	}
}

// over waits for the end of the gateway and answers how it ended.
func (p *process) over() error {
	p.t.Helper()
	select {
	case err := <-p.end:
		p.clock.advance(time.Since(p.since)) // what its clock had gone on
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		return err
	case <-time.After(60 * time.Second):
		p.t.Fatal("the gateway does not end")
		return nil
	}
}

// later lets the next gateway be a minute ahead: whatever lease the last one had is over.
func (p *process) later() { p.clock.advance(time.Minute) }

// attempt sends a request to a gateway that may die over it: 0 when no answer came. It follows nothing.
func (p *process) attempt(method, address string, form url.Values, header http.Header, body string) (status int) {
	if form != nil {
		body = form.Encode()
		header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	}
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		p.t.Error(err)
		return 0
	}
	req.Header = header
	fresh := &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: time.Minute}
	resp, err := fresh.RoundTrip(req)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// becomes waits until the API shows a status.
func (p *process) becomes(id string, want checkout.Status) {
	p.t.Helper()
	p.until(fmt.Sprintf("%s is %s", id, want), func() bool { return p.payment(id)["status"] == string(want) })
}

// books ends the process in order and holds ledger, bank, outbox and audit trail against each other.
func (p *process) books() {
	p.t.Helper()
	p.terminate()
	p.clock.advance(time.Minute)
	p.start()
	p.proven()
}

// terminate is SIGTERM: exit 0 (C24).
func (p *process) terminate() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.over(); err != nil {
		p.t.Fatalf("after SIGTERM: %v", err)
	}
}

// C1 by kill -9: before the commit nothing is there; after it, the same key gives the same link.
func TestC01_killedWhileALinkIsMade(t *testing.T) {
	t.Parallel()
	twoStands(t, func(t *testing.T, p *process) {
		for point, stored := range map[string]int{sqlstore.FaultBeforeCommit: 0, sqlstore.FaultAfterCommit: 1} {
			p.launch(func(s *childSpec) { s.Point, s.After = point, 1 })
			body := map[string]any{"amount": 12300, "currency": "TRY", "order_id": "C1-" + point}
			text, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			p.attempt("POST", p.base+"/v1/links", nil, http.Header{
				"Authorization": {"Bearer " + demoAPIKey}, "Content-Type": {"application/json"}, "Idempotency-Key": {"key-" + point},
			}, string(text))
			p.dead()
			p.launch(nil)
			_, list := p.api("GET", "/v1/links?order_id=C1-"+point, nil)
			p.must(point+": stored", len(list["data"].([]any)), stored)
			status, first, replayed := p.keyed("key-"+point, body)
			p.must(point+": asked again", status, http.StatusCreated)
			p.must(point+": replayed", replayed, stored == 1)
			if stored == 1 && first["id"] != list["data"].([]any)[0].(map[string]any)["id"] {
				t.Errorf("%s: another link", point)
			}
			_, list = p.api("GET", "/v1/links?order_id=C1-"+point, nil)
			p.must(point+": links in the end", len(list["data"].([]any)), 1)
			p.terminate()
		}
		p.launch(nil)
		p.books()
	})
}

// C3, C4, C7, C8, C10, C11 by kill -9 at the commits of one payment: its admission is the second commit
// of the process, authorizing the third, the result the fourth.
func TestC03_C04_C07_C08_C10_C11_killedAtEachCommit(t *testing.T) {
	t.Parallel()
	killedAt := func(name, point string, after int, o outcome, told bool, ends checkout.Status, reason checkout.Reason, charges int) func(t *testing.T, p *process) {
		return func(t *testing.T, p *process) {
			p.launch(func(s *childSpec) { s.Point, s.After = point, after })
			link := p.link(nil)
			if after == 2 {
				p.attempt("POST", link["url"].(string)+"/pay", cardForm(cardWithout), nil, "")
				p.dead()
				p.launch(nil)
				stored := 0
				if point == sqlstore.FaultAfterCommit {
					stored = 1
				}
				p.must(name+": payments", len(p.paymentsOf(link)), stored)
				again := p.atBank(link)
				again.back().wants(http.StatusOK, "Ödeme tamamlandı")
				p.must(name+": payments in the end", len(p.paymentsOf(link)), stored+1)
				p.books()
				p.ended(again.id, checkout.StatusPaid, "", 1)
				return
			}
			payer := p.atBank(link)
			p.provisionFault(o)
			p.attempt("POST", payer.action, payer.fields, nil, "")
			p.dead()
			p.later()
			p.launch(func(s *childSpec) { s.Loops = true })
			if told { // C11: a reload shows what was stored, at once
				payer.back().wants(http.StatusOK, map[checkout.Status]string{checkout.StatusPaid: "Ödeme tamamlandı", checkout.StatusDeclined: "Ödeme alınamadı"}[ends])
			}
			if after == 3 && point == sqlstore.FaultBeforeCommit { // C7: the browser repeats its POST
				p.must(name+": sent", p.moneyCalls(), 0)
				payer.back()
			}
			p.clock.advance(time.Minute) // what the bank books late is booked
			p.becomes(payer.id, ends)
			p.books()
			p.ended(payer.id, ends, reason, charges)
			if point == sqlstore.FaultAfterCommit && after == 3 {
				p.must(name+": sent to the money step", p.moneyCalls(), 0)
			} else {
				p.must(name+": sent to the money step", p.moneyCalls(), 1)
			}
		}
	}
	yes := outcomes[0]
	t.Run("C3 before the admission's commit", func(t *testing.T) {
		t.Parallel()
		twoStands(t, killedAt("C3", sqlstore.FaultBeforeCommit, 2, yes, false, "", "", 0))
	})
	t.Run("C4 after the admission's commit", func(t *testing.T) {
		t.Parallel()
		twoStands(t, killedAt("C4", sqlstore.FaultAfterCommit, 2, yes, false, "", "", 0))
	})
	t.Run("C7 before authorizing is committed", func(t *testing.T) {
		t.Parallel()
		twoStands(t, killedAt("C7", sqlstore.FaultBeforeCommit, 3, yes, false, checkout.StatusPaid, "", 1))
	})
	t.Run("C8 after authorizing is committed", func(t *testing.T) {
		t.Parallel()
		twoStands(t, killedAt("C8", sqlstore.FaultAfterCommit, 3, yes, false, checkout.StatusDeclined, checkout.ReasonNotCharged, 0))
	})
	for _, o := range outcomes {
		t.Run("C10 before the result is committed, "+o.name, func(t *testing.T) {
			t.Parallel()
			twoStands(t, killedAt("C10", sqlstore.FaultBeforeCommit, 4, o, false, o.ends, o.reason, o.charges()))
		})
		if o.told {
			t.Run("C11 after the result is committed, "+o.name, func(t *testing.T) {
				t.Parallel()
				twoStands(t, killedAt("C11", sqlstore.FaultAfterCommit, 4, o, true, o.ends, o.reason, o.charges()))
			})
		}
	}
}

// C5 by kill -9: the payer is at the bank.
func TestC05_killedWhileThePayerIsAtTheBank(t *testing.T) {
	t.Parallel()
	twoStands(t, func(t *testing.T, p *process) {
		p.launch(nil)
		payer := p.atBank(nil)
		p.kill()
		p.launch(nil)
		payer.back().wants(http.StatusOK, "Ödeme tamamlandı")
		p.books()
		p.ended(payer.id, checkout.StatusPaid, "", 1)
	})
}

// C9 by kill -9: the bytes are sent and no answer has come.
func TestC09_killedWithinTheAuthorisingCall(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault, value string
		ends         checkout.Status
		reason       checkout.Reason
		charges      int
	}{
		"the bank has charged":           {banksim.FaultTimeoutAfter, "", checkout.StatusPaid, "", 1},
		"the bank charges a little late": {banksim.FaultLate, `30000`, checkout.StatusPaid, "", 1},
		"the bank never charges":         {banksim.FaultTimeoutBefore, "", checkout.StatusDeclined, checkout.ReasonNotCharged, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			twoStands(t, func(t *testing.T, p *process) {
				p.launch(func(s *childSpec) { s.Loops = true })
				payer := p.atBank(nil)
				p.bankFault(banksim.StepProvision, tc.fault, tc.value, 1)
				done := make(chan struct{})
				go func() { defer close(done); p.attempt("POST", payer.action, payer.fields, nil, "") }()
				p.until("the call is at the bank", func() bool { return p.moneyCalls() == 1 })
				p.kill()
				<-done
				p.launch(func(s *childSpec) { s.Loops = true })
				payer.back().wants(http.StatusOK, "Sonuç bekleniyor")
				p.must("another payer", p.browser().pay(payer.url, cardWithout).status, http.StatusConflict)
				p.kill()
				p.later()
				p.launch(func(s *childSpec) { s.Loops = true })
				p.becomes(payer.id, tc.ends)
				p.books()
				p.ended(payer.id, tc.ends, tc.reason, tc.charges)
				p.must("sent to the money step", p.moneyCalls(), 1)
			})
		})
	}
}

// C14, C15 by kill -9: within the inquiry, and within the fence.
func TestC14_C15_killedWithinInquiryAndFence(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		step    string
		charged string // value of the reset at the money step
		ends    checkout.Status
		reason  checkout.Reason
	}{
		"C14: the inquiry of a charge":      {banksim.StepInquiry, `"after"`, checkout.StatusPaid, ""},
		"C14: the inquiry of nothing":       {banksim.StepInquiry, `"before"`, checkout.StatusDeclined, checkout.ReasonNotCharged},
		"C15: the fence, which has arrived": {banksim.StepVoid, `"before"`, checkout.StatusDeclined, checkout.ReasonNotCharged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			twoStands(t, func(t *testing.T, p *process) {
				p.launch(nil)
				payer := p.atBank(nil)
				p.bankFault(banksim.StepProvision, banksim.FaultReset, tc.charged, 1)
				payer.back().wants(http.StatusOK, "Sonuç bekleniyor")
				p.terminate()
				p.bankFault(tc.step, banksim.FaultTimeoutAfter, "", 1)
				p.later()
				p.launch(func(s *childSpec) { s.Loops = true })
				p.until("the gateway asks", func() bool { return p.received(tc.step) == 1 })
				p.kill()
				p.later()
				p.launch(func(s *childSpec) { s.Loops = true })
				p.becomes(payer.id, tc.ends)
				if n := p.received(tc.step); n < 2 {
					t.Errorf("%s %d times", tc.step, n)
				}
				p.books()
				charges := 0
				if tc.ends == checkout.StatusPaid {
					charges = 1
				}
				p.ended(payer.id, tc.ends, tc.reason, charges)
			})
		})
	}
}

// received counts what the bank received at a step.
func (r *rig) received(step string) int {
	n := 0
	for _, q := range r.bank.Requests() {
		if q.Step == step {
			n++
		}
	}
	return n
}

// C23 by the kernel: the ledger's log cannot grow. Nothing is sent without authorizing; a result that
// cannot be stored is asked for again when there is space.
func TestC23_diskFullByTheKernel(t *testing.T) {
	t.Parallel()
	p := newProcess(t, rigOptions{})
	p.launch(func(s *childSpec) { s.DiskFull = true })
	disk := func(signal syscall.Signal) {
		t.Helper()
		if err := p.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if line, err := p.out.ReadString('\n'); err != nil || line != "disk\n" {
			t.Fatalf("%q, %v", line, err)
		}
	}
	first, second := p.atBank(nil), p.atBank(nil)
	disk(syscall.SIGUSR1)
	for range 2 {
		first.back().waiting()
	}
	status, problem, _ := p.keyed("disk", map[string]any{"amount": 100, "currency": "TRY"})
	p.must("a new link", status, http.StatusServiceUnavailable)
	p.must("code", problem["code"], "temporarily_unavailable")
	p.must("sent to the money step", p.moneyCalls(), 0)
	disk(syscall.SIGUSR2)
	first.again().wants(http.StatusOK, "Ödeme tamamlandı")

	p.bankFault(banksim.StepProvision, banksim.FaultSlow, `1000`, 1)
	answered := make(chan struct{})
	go func() { defer close(answered); second.back() }()
	p.until("the call is at the bank", func() bool { return p.moneyCalls() == 2 })
	disk(syscall.SIGUSR1)
	<-answered
	second.wants(http.StatusOK, "Sonuç bekleniyor")
	disk(syscall.SIGUSR2)
	p.must("status", p.payment(second.id)["status"], "authorizing")
	p.terminate()
	p.later()
	p.launch(func(s *childSpec) { s.Loops = true })
	p.becomes(second.id, checkout.StatusPaid)
	p.books()
	p.ended(first.id, checkout.StatusPaid, "", 1)
	p.ended(second.id, checkout.StatusPaid, "", 1)
}

// C24: SIGTERM while one payer is at the bank and another's call is open: the call ends within its
// time and its payer reads the result, nobody new is let in, the exit is clean, and who is at the
// bank is served by the next process.
func TestC24_sigtermInTheMiddle(t *testing.T) {
	t.Parallel()
	twoStands(t, func(t *testing.T, p *process) {
		p.launch(func(s *childSpec) { s.Loops = true })
		atBank, paying, lost := p.atBank(nil), p.atBank(nil), p.atBank(nil)
		p.bankFault(banksim.StepProvision, banksim.FaultSlow, `1500`, 1)
		answered := make(chan int, 1)
		go func() { answered <- p.attempt("POST", paying.action, paying.fields, nil, "") }()
		p.until("the call is at the bank", func() bool { return p.moneyCalls() == 1 })
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.until("nobody new is let in", func() bool {
			return p.attempt("POST", lost.url+"/pay", cardForm(cardWithout), nil, "") == 0
		})
		p.must("the open call's answer", <-answered, http.StatusSeeOther)
		if err := p.over(); err != nil {
			t.Fatalf("after SIGTERM: %v", err)
		}
		charges := p.bank.Charges()
		p.must("charges", len(charges), 1)
		p.launch(func(s *childSpec) { s.Loops = true })
		if text := paying.result(); !strings.Contains(text, "Ödeme tamamlandı") {
			t.Errorf("its payer reads %.300s", text)
		}
		atBank.back().wants(http.StatusOK, "Ödeme tamamlandı")
		p.terminate()
		p.clock.advance(40 * time.Minute)
		p.launch(func(s *childSpec) { s.Loops = true })
		p.becomes(lost.id, checkout.StatusAbandoned)
		p.books()
		p.ended(paying.id, checkout.StatusPaid, "", 1)
		p.ended(atBank.id, checkout.StatusPaid, "", 1)
		p.must("sent to the money step", p.moneyCalls(), 2)
	})
}

// C29: kill -9 under load, again and again. What a payer was told is there, and the rest ends by the
// bank's word.
func TestC29_killedUnderLoad(t *testing.T) {
	t.Parallel()
	twoStands(t, func(t *testing.T, p *process) {
		var mu sync.Mutex
		told := map[string]bool{}
		for round := range 3 {
			p.launch(func(s *childSpec) { s.Loops = true })
			links := make([]map[string]any, 24)
			for i := range links {
				links[i] = p.link(nil)
			}
			var paid atomic.Int64
			var all sync.WaitGroup
			for _, link := range links {
				all.Go(func() {
					if id := payOnce(link["url"].(string)); id != "" {
						mu.Lock()
						told[id] = true
						mu.Unlock()
						paid.Add(1)
					}
				})
			}
			p.until("some have paid", func() bool { return paid.Load() >= int64(4*(round+1)) })
			p.kill()
			all.Wait()
			p.later()
		}
		p.clock.advance(40 * time.Minute)
		p.launch(func(s *childSpec) { s.Loops = true })
		p.until("nothing is open", func() bool {
			for _, status := range []string{"challenged", "authorizing", "pending"} {
				if _, list := p.api("GET", "/v1/payments?status="+status, nil); len(list["data"].([]any)) > 0 {
					return false
				}
			}
			return true
		})
		p.books()
		for id := range told {
			if s := p.ledgerPayment(id).Status; s != checkout.StatusPaid {
				t.Errorf("the payer of %s was told that it is paid, and it is %s", id, s)
			}
		}
		if len(told) < 12 {
			t.Errorf("only %d payers were told", len(told))
		}
	})
}

// payOnce pays a link with a card without a challenge as far as the gateway lives. It answers the
// payment whose payer reads that it is paid, else "".
func payOnce(link string) string {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	fetch := func(req *http.Request) (string, string) {
		resp, err := client.Do(req)
		if err != nil {
			return "", ""
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			return "", ""
		}
		return string(text), resp.Request.URL.String()
	}
	send := func(address string, form url.Values, accept string) (string, string) {
		req, err := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
		if err != nil {
			return "", ""
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Accept", accept)
		req.Header.Set("Accept-Language", "tr")
		return fetch(req)
	}
	text, _ := send(link+"/pay", cardForm(cardWithout), "application/json")
	var started struct {
		Payment   string
		Challenge struct {
			Action string
			Fields map[string]string
		}
	}
	if json.Unmarshal([]byte(text), &started) != nil || started.Payment == "" {
		return ""
	}
	form := url.Values{}
	for k, v := range started.Challenge.Fields {
		form.Set(k, v)
	}
	page, at := send(started.Challenge.Action, form, "text/html")
	if strings.HasSuffix(at, "/r/"+started.Payment) && strings.Contains(plainText(page), "Ödeme tamamlandı") {
		return started.Payment
	}
	return ""
}
