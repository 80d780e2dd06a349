package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/threeds/banksim"
)

// envChaosSeed repeats a run of TestChaos: the choices are the same, their moments are not.
const envChaosSeed = "ODELINK_TEST_CHAOS_SEED"

const (
	chaosTime    = 12 * time.Second
	chaosPayers  = 6
	chaosFaults  = 25 * time.Millisecond  // between two troubles of the bank
	chaosTrouble = 700 * time.Millisecond // between two troubles of ours
)

// chaosTiming gives every call up soon, since many never end.
var chaosTiming = checkout.Timing{
	Provision: time.Second, Answer: 3 * time.Second, Opening: time.Second, Inquiry: time.Second, Settle: time.Second,
	Abandon: 30 * time.Minute, AskAfter: []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, time.Second},
}

// chaos is two gateways on one PostgreSQL and one Redis, and everything that happens to them.
type chaos struct {
	*rig
	gateways []*process
	database *testenv.PostgresServer
	redis    *testenv.RedisServer
	begin    time.Time

	mu     sync.Mutex
	links  []chaosLink
	told   map[string]bool         // payments whose payers read that they are paid
	seen   map[int]banksim.Request // what the bank received, beyond the last thousand
	answer map[int]int             // statuses that payers got
	over   atomic.Bool
}

type chaosLink struct{ id, token string }

// TestChaos lets payers, merchants, the bank, Redis, PostgreSQL and kill -9 do as they like, then
// makes everything whole and holds the books against each other: I1 to I6, I18, I20, I21, I26.
func TestChaos(t *testing.T) {
	t.Parallel()
	seed := uint64(20261122)
	if text := os.Getenv(envChaosSeed); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d", seed)
	c := newChaos(t)
	var all sync.WaitGroup
	run := func(stream uint64, do func(*rand.Rand)) {
		all.Go(func() {
			for random := rand.New(rand.NewPCG(seed, stream)); !c.over.Load(); {
				do(random)
			}
		})
	}
	for i := range chaosPayers {
		run(uint64(i), c.somebodyPays)
	}
	run(100, c.merchantActs)
	run(101, c.bankErrs)
	run(102, c.watchBank)
	random := rand.New(rand.NewPCG(seed, 103))
	c.trouble(random)
	c.over.Store(true)
	all.Wait()
	c.settleDown()
	c.holds()
}

func newChaos(t *testing.T) *chaos {
	c := &chaos{told: map[string]bool{}, seen: map[int]banksim.Request{}, answer: map[int]int{}, begin: time.Now()}
	c.database = testenv.NewPostgres(t, testenv.PostgresOptions{})
	c.redis = testenv.NewRedis(t)
	first := newProcess(t, rigOptions{database: c.database.Database(t), redis: c.redis.URL()})
	c.rig = first.rig
	second := &process{rig: &rig{t: t, clock: c.clock, bank: c.bank, bankS: c.bankS, dir: c.dir, opt: c.opt}, spec: first.spec}
	second.spec.Addr = testenv.FreeAddr(t)
	c.gateways = []*process{first, second}
	for _, g := range c.gateways {
		c.up(g, 0)
	}
	for range 12 {
		c.newLink(rand.New(rand.NewPCG(1, 1)))
	}
	return c
}

// up starts a gateway; the clocks of all of them agree.
func (c *chaos) up(g *process, ahead time.Duration) {
	g.launch(func(s *childSpec) {
		s.Loops, s.Timing = true, chaosTiming
		s.Now = chaosNoon.Add(time.Since(c.begin) + ahead)
	})
}

// goesOn is for chaosTime, and on a busy machine for longer: until so much happened that the books are worth
// comparing.
func (c *chaos) goesOn() bool {
	took := time.Since(c.begin)
	if took < chaosTime || took > 10*chaosTime {
		return took < chaosTime
	}
	charged := 0
	for _, one := range c.bank.Charges() {
		if one.Status == "authorized" {
			charged++
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return charged < 15 || len(c.told) == 0 || c.answer[http.StatusSeeOther] < 40
}

// chaosNoon is when the rig's clock begins.
var chaosNoon = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// call sends a request to one of the gateways, which may be dead; 0 = no answer.
func (c *chaos) call(random *rand.Rand, method, path string, header http.Header, body string) (int, []byte, string) {
	g := c.gateways[random.IntN(len(c.gateways))]
	req, err := http.NewRequest(method, "http://"+g.spec.Addr+path, strings.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return 0, nil, ""
	}
	req.Header = header
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	resp, err := chaosTransport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return 0, nil, ""
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil {
		return 0, nil, ""
	}
	c.mu.Lock()
	c.answer[resp.StatusCode]++
	c.mu.Unlock()
	if resp.StatusCode == http.StatusInternalServerError {
		c.t.Errorf("%s %s: 500 %.300s", method, path, text.String())
	}
	return resp.StatusCode, text.Bytes(), resp.Header.Get("Location")
}

var chaosTransport = &http.Transport{DisableKeepAlives: true}

func (c *chaos) api(random *rand.Rand, method, path string, body map[string]any) (int, map[string]any) {
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Error(err)
		return 0, nil
	}
	header := http.Header{"Authorization": {"Bearer " + demoAPIKey}, "Content-Type": {"application/json"}}
	if body == nil {
		text = nil
	}
	status, raw, _ := c.call(random, method, path, header, string(text))
	var answer map[string]any
	if len(raw) > 0 && json.Unmarshal(raw, &answer) != nil {
		return 0, nil
	}
	return status, answer
}

func (c *chaos) newLink(random *rand.Rand) {
	body := map[string]any{"amount": 100 + random.IntN(50_000), "currency": "TRY"}
	if random.IntN(4) == 0 {
		body["usage"], body["max_payments"] = "multi", 1+random.IntN(3)
	}
	status, l := c.api(random, "POST", "/v1/links", body)
	if status != http.StatusCreated {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.links = append(c.links, chaosLink{l["id"].(string), l["token"].(string)})
}

// anyLink is mostly one of the last.
func (c *chaos) anyLink(random *rand.Rand) chaosLink {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.links[len(c.links)-1-random.IntN(min(len(c.links), 8))]
}

func (c *chaos) merchantActs(random *rand.Rand) {
	time.Sleep(30 * time.Millisecond)
	switch l := c.anyLink(random); random.IntN(8) {
	case 0:
		c.api(random, "PATCH", "/v1/links/"+l.id, map[string]any{"amount": 100 + random.IntN(50_000)})
	case 1:
		c.api(random, "DELETE", "/v1/links/"+l.id, nil)
	default:
		c.newLink(random)
	}
}

var chaosForm = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept-Language": {"tr"}}

// somebodyPays opens a link, pays, comes back once, twice, three times at once, or never, to any gateway.
func (c *chaos) somebodyPays(random *rand.Rand) {
	l := c.anyLink(random)
	if random.IntN(3) == 0 {
		c.call(random, "GET", "/p/"+l.token, chaosForm, "")
	}
	header := chaosForm.Clone()
	header.Set("Accept", "application/json")
	status, text, _ := c.call(random, "POST", "/p/"+l.token+"/pay", header, cardForm(cardWithout).Encode())
	var started struct {
		Payment   string
		Challenge struct {
			Action string
			Fields map[string]string
		}
	}
	if status != http.StatusOK || json.Unmarshal(text, &started) != nil || !strings.Contains(started.Challenge.Action, "/3ds/") {
		time.Sleep(5 * time.Millisecond) // a gateway that is down refuses at once
		return
	}
	form := url.Values{}
	for k, v := range started.Challenge.Fields {
		form.Set(k, v)
	}
	var all sync.WaitGroup
	for range random.IntN(4) {
		mine := rand.New(rand.NewPCG(random.Uint64(), 1))
		all.Go(func() { c.comesBack(mine, started.Payment, form.Encode()) })
	}
	all.Wait()
}

// comesBack repeats the bank's POST as the waiting page does, and looks at the result.
func (c *chaos) comesBack(random *rand.Rand, payment, form string) {
	for range 3 {
		status, _, where := c.call(random, "POST", "/3ds/"+payment, chaosForm, form)
		if status == http.StatusServiceUnavailable || status == 0 {
			continue
		}
		if status != http.StatusSeeOther || where != "/r/"+payment {
			return
		}
		_, page, _ := c.call(random, "GET", where, chaosForm, "")
		if strings.Contains(plainText(string(page)), "Ödeme tamamlandı") {
			c.mu.Lock()
			c.told[payment] = true
			c.mu.Unlock()
		}
		return
	}
}

// bankFaults are the troubles that a bank can have without lying about money in both books at once.
var bankFaults = []banksim.Fault{
	{Step: banksim.StepOpen, Fault: banksim.FaultHTTP500},
	{Step: banksim.StepOpen, Fault: banksim.FaultReset},
	{Step: banksim.StepOpen, Fault: banksim.FaultGarbage},
	{Step: banksim.StepCallback, Fault: banksim.FaultForgeHash},
	{Step: banksim.StepCallback, Fault: banksim.FaultDropHash},
	{Step: banksim.StepCallback, Fault: banksim.FaultWrongAmount},
	{Step: banksim.StepProvision, Fault: banksim.FaultTimeoutAfter},
	{Step: banksim.StepProvision, Fault: banksim.FaultTimeoutBefore},
	{Step: banksim.StepProvision, Fault: banksim.FaultReset, Value: []byte(`"after"`)},
	{Step: banksim.StepProvision, Fault: banksim.FaultReset, Value: []byte(`"before"`)},
	{Step: banksim.StepProvision, Fault: banksim.FaultHTTP500, Value: []byte(`"after"`)},
	{Step: banksim.StepProvision, Fault: banksim.FaultGarbage, Value: []byte(`"cut"`)},
	{Step: banksim.StepProvision, Fault: banksim.FaultSlow, Value: []byte(`400`)},
	{Step: banksim.StepProvision, Fault: banksim.FaultLate, Value: []byte(`2000`)},
	{Step: banksim.StepProvision, Fault: banksim.FaultDuplicate},
	{Step: banksim.StepProvision, Fault: banksim.FaultWrongOrder, Value: []byte(`"ODX0000000000001"`)},
	{Step: banksim.StepProvision, Fault: banksim.FaultDecline, Value: []byte(`"51"`)},
	{Step: banksim.StepInquiry, Fault: banksim.FaultReset},
	{Step: banksim.StepInquiry, Fault: banksim.FaultGarbage},
	{Step: banksim.StepInquiry, Fault: banksim.FaultUnfinished},
	{Step: banksim.StepInquiry, Fault: banksim.FaultNotFound},
	{Step: banksim.StepInquiry, Fault: banksim.FaultDecline},
	{Step: banksim.StepInquiry, Fault: banksim.FaultWrongAmount},
	{Step: banksim.StepInquiry, Fault: banksim.FaultWrongOrder, Value: []byte(`"ODX0000000000001"`)},
	{Step: banksim.StepVoid, Fault: banksim.FaultReset, Value: []byte(`"after"`)},
	{Step: banksim.StepVoid, Fault: banksim.FaultHTTP500},
}

func (c *chaos) bankErrs(random *rand.Rand) {
	time.Sleep(chaosFaults)
	if len(c.bank.Faults()) > 20 {
		return
	}
	if _, err := c.bank.AddFault(bankFaults[random.IntN(len(bankFaults))]); err != nil {
		c.t.Error(err)
	}
}

// watchBank keeps what the bank received, of which it remembers the last thousand.
func (c *chaos) watchBank(*rand.Rand) {
	time.Sleep(50 * time.Millisecond)
	for _, q := range c.bank.Requests() {
		c.seen[q.Seq] = q
	}
}

// trouble kills and breaks what is ours, one thing at a time, for as long as the run takes.
func (c *chaos) trouble(random *rand.Rand) {
	for c.goesOn() {
		time.Sleep(chaosTrouble/2 + time.Duration(random.Int64N(int64(chaosTrouble))))
		switch random.IntN(7) {
		case 0, 1, 2:
			g := c.gateways[random.IntN(len(c.gateways))]
			if random.IntN(3) == 0 {
				g.terminate()
			} else {
				g.kill()
			}
			c.up(g, 0)
		case 3:
			c.redis.Do(c.t, "FLUSHALL")
		case 4:
			c.redis.Kill(c.t)
			time.Sleep(chaosTrouble)
			c.redis.Start(c.t)
		case 5:
			c.redis.Freeze(c.t)
			time.Sleep(chaosTrouble)
			c.redis.Thaw(c.t)
		case 6:
			c.database.Kill(c.t)
			c.database.Start(c.t)
		}
	}
}

// settleDown makes everything whole and lets time pass until nothing is open.
func (c *chaos) settleDown() {
	c.bank.ClearFaults()
	for _, g := range c.gateways {
		g.kill()
	}
	c.clock.advance(45 * time.Minute) // the bank's: what it booked late is booked
	for _, g := range c.gateways {
		c.up(g, 45*time.Minute)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for _, status := range []checkout.Status{checkout.StatusChallenged, checkout.StatusAuthorizing, checkout.StatusPending} {
		c.until("nothing is "+string(status), func() bool {
			code, list := c.api(random, "GET", "/v1/payments?limit=1&status="+string(status), nil)
			return code == http.StatusOK && len(list["data"].([]any)) == 0
		})
	}
	for _, g := range c.gateways {
		g.terminate()
	}
	c.watchBank(nil)
	c.start()
}

// holds is what must be true whatever happened.
func (c *chaos) holds() {
	c.booksAgree()
	c.outboxWhole()
	sent := map[string]int{}
	for _, q := range c.seen {
		if q.Step == banksim.StepProvision {
			sent[q.OrderID]++
		}
	}
	for order, n := range sent {
		if n > 1 {
			c.t.Errorf("order %s was sent to the money step %d times", order, n)
		}
	}
	became := map[checkout.Status]int{}
	for _, p := range c.allPayments() {
		became[p.Status]++
		if c.told[string(p.ID)] && p.Status != checkout.StatusPaid {
			c.t.Errorf("the payer of %s was told that it is paid, and it is %s", p.ID, p.Status)
		}
	}
	c.t.Logf("payments %v, answers %v, told %d, authorising calls %d", became, c.answer, len(c.told), len(sent))
	if became[checkout.StatusPaid] < 10 || became[checkout.StatusDeclined] == 0 || len(c.told) == 0 {
		c.t.Errorf("too little happened: %v", became)
	}
}
