//go:build !race

package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
)

// written lets the gateway write down whom its limits stopped, as its loop does.
func (c *tester) written() {
	c.t.Helper()
	for range 4 {
		c.must("write down who was stopped", c.app.flow.NoteStops(context.Background()), nil)
	}
}

func (c *tester) idOf(link string) checkout.LinkID {
	return checkout.LinkID(c.linkNamed(link)["id"].(string))
}

func (c *tester) stopsOf(link string) []checkout.Stop {
	c.t.Helper()
	all, err := c.app.ledger.StopsOf(context.Background(), demoMerchant, c.idOf(link), 1000)
	c.must("read the stops", err, nil)
	return all
}

// limitsOf are the limits that stopped payers of a link, in their order.
func (c *tester) limitsOf(link string) (all []string) {
	for _, one := range c.stopsOf(link) {
		all = append(all, fmt.Sprint(one.Limit, " ", one.Tries))
	}
	slices.Sort(all)
	return all
}

func (c *tester) stopped(link, ip, card string) string {
	c.t.Helper()
	b := c.open(link, ip, card)
	c.must("stopped", b.status, http.StatusTooManyRequests)
	return b.body
}

// One card that was refused five times: its payer reads that it is the card and that another one does, until when, and
// his merchant sees the same wherever somebody asks him about it (features 2.6, 5.9, 5.10).
func TestA30_TheMerchantIsToldOfACard(t *testing.T) {
	t.Parallel()
	c := newTester(t)
	for i := range 5 {
		c.try(fmt.Sprint("link ", i), fmt.Sprintf("10.0.%d.1", i), bad(0))
		c.clock.advance(time.Minute)
	}
	other := c.idOf("other")
	body := c.stopped("fresh", "10.1.0.1", bad(0))
	c.must("heading", heading(body), pageCardStopped)
	c.has("the payer's page", body, "Bu kart son bir gün içinde birkaç kez reddedildi.", "Başka bir kartla hemen ödeyebilirsiniz. Bu kartı yarın saat 12:04 (TSİ) itibarıyla yeniden deneyebilirsiniz.", `href="/p/`+c.links["fresh"]["token"].(string)+`"`)
	c.hasNot("the payer's page", body, "1440", "dakika", "0000", bad(0)[:6])
	english := c.browser()
	english.from, english.lang = "10.1.0.1", "en"
	c.has("the same in English", english.pay(c.links["fresh"]["url"].(string), bad(0)).body, "This card cannot be used right now", "You can pay with another card right away. You can try this card again tomorrow from 12:04 (UTC+3).")
	c.must("nothing yet", len(c.stopsOf("fresh")), 0)
	w := c.signedIn()
	before := w.open("/panel", http.StatusOK)
	c.hasNot("first screen", before, "güvenlik sınırı")
	c.written()

	all := c.stopsOf("fresh")
	c.must("written", len(all), 1)
	c.must("what", []any{all[0].Limit, all[0].BIN, all[0].Last4, all[0].Tries, all[0].Since.Equal(c.clock.Now())}, []any{checkout.LimitCard, bad(0)[:8], bad(0)[12:], int64(2), true})
	c.must("payments", len(c.paymentsOf(c.links["fresh"])), 0)
	c.must("told once", c.told(checkout.TopicPayerStopped, string(c.idOf("fresh"))), 1)
	path := linkPathOf(c.idOf("fresh"))
	page := w.open(path, http.StatusOK)
	c.has("its link", page, "Güvenlik sınırları şu anda ödeyenleri durduruyor", bad(0)[:8]+"…"+bad(0)[12:]+" numaralı kart son bir günde birkaç kez reddedildi; yarın 12:04 itibarıyla yeniden kabul edilir. Müşteriniz başka bir kartla hemen ödeyebilir.",
		"2 deneme durduruldu,", "Ödeyen durduruldu", "güvenlik sınırları 2 denemeyi durdurdu", "Güvenlik sınırı ödeyeni durdurdu", "Kart sınırı · "+bad(0)[:8]+"…"+bad(0)[12:]+" · 2 deneme")
	c.hasNot("its link", page, "Henüz ödeme denemesi yok", "10.1.0.1")
	c.has("another link", w.open(linkPathOf(other), http.StatusOK), "Henüz ödeme denemesi yok", "Link açık;")
	c.has("first screen", w.open("/panel", http.StatusOK), "1 linkte güvenlik sınırı ödeyenleri durduruyor", path)
	list := w.open("/panel/links?stopped=true", http.StatusOK)
	c.has("list", list, path, "Ödeyen durduruldu")
	c.hasNot("list", list, linkPathOf(other))
	for name, says := range map[string][]string{"/panel": {"Security limits are stopping payers of 1 link"}, path: {"is taken again from tomorrow 12:04", "2 attempts were stopped,", "Payer stopped"}} {
		c.has("in English", w.open(name+"?lang=en", http.StatusOK), says...)
	}
	_, shown := c.api("GET", "/v1/links/"+string(c.idOf("fresh")), nil)
	stop := shown["stops"].([]any)[0].(map[string]any)
	c.must("the API", fmt.Sprint(stop["limit"], stop["bin"], stop["last4"], stop["tries"], shown["status"]), fmt.Sprint("card", bad(0)[:8], bad(0)[12:], 2, "active"))

	c.clock.advance(24 * time.Hour)
	c.written()
	w = c.signedIn()
	c.has("a day later", w.open(path, http.StatusOK), "Link açık;", "Güvenlik sınırı ödeyeni durdurdu")
	c.hasNot("first screen, a day later", w.open("/panel", http.StatusOK), "güvenlik sınırı")
	c.trailWhole()
	c.clean()
}

// Who follows the shares of a sum or his invoices sees the stopped payer there, too (features 2.6, 3.7).
func TestA30_SharesAndInvoicesSayWhoIsStopped(t *testing.T) {
	t.Parallel()
	c := newTester(t)
	w := c.signedIn()
	w.open("/panel/links/groups/new", http.StatusOK)
	shares, _, _ := strings.Cut(w.post("/panel/links/groups", http.StatusSeeOther, "id", string(c.app.ids.Batch()), "name", "Yemek", "people", "Ali; 10\nBerk; 20", "life", "7", "currency", "TRY"), "?")
	w.open("/panel/invoices", http.StatusOK)
	invoice, _, _ := strings.Cut(w.upload("/panel/invoices", http.StatusSeeOther, "file", "a.xml", sampleInvoice(t, "plain.xml")), "?")
	links, err := c.app.ledger.BatchLinks(t.Context(), demoMerchant, checkout.BatchID(strings.TrimPrefix(shares, "/panel/links/batches/")), 0, 10)
	c.must("read the shares", err, nil)
	i, err := c.app.ledger.EInvoiceOf(t.Context(), demoMerchant, checkout.EInvoiceID(strings.TrimPrefix(invoice, "/panel/invoices/")))
	c.must("read the invoice", err, nil)
	pages := []string{shares, invoice, "/panel/invoices"}
	for _, page := range pages {
		c.hasNot(page, w.open(page, http.StatusOK), "Ödeyen durduruldu")
	}
	for i := range 5 {
		c.try(fmt.Sprint("link ", i), fmt.Sprintf("10.0.%d.1", i), bad(0))
		c.clock.advance(time.Minute)
	}
	for _, l := range []checkout.Link{links[1].Link, i.Of} {
		c.links["stopped"] = map[string]any{"url": c.app.flow.LinkURL(l.Token), "id": string(l.ID)}
		c.stopped("stopped", "10.1.0.1", bad(0))
	}
	c.written()
	for _, page := range pages {
		c.must(page, strings.Count(w.open(page, http.StatusOK), "Ödeyen durduruldu"), 1)
	}
	c.has("the invoice", w.open(invoice, http.StatusOK), bad(0)[:8]+"…"+bad(0)[12:]+" numaralı kart son bir günde birkaç kez reddedildi")
	c.hasNot("the second share alone", strings.SplitN(w.open(shares, http.StatusOK), "Berk", 2)[0], "Ödeyen durduruldu")
}

func linkPathOf(id checkout.LinkID) string { return "/panel/links/" + string(id) }

// Each limit says what is true of it: when several hold, what helps is what helps against all of them.
func TestA30_EachLimitHasItsSentence(t *testing.T) {
	t.Parallel()
	t.Run("one card on one link: another card has to wait too", func(t *testing.T) {
		t.Parallel()
		c := newTester(t)
		for i := range 5 {
			c.try("a", fmt.Sprintf("10.0.%d.1", i), bad(0))
		}
		c.clock.advance(time.Minute)
		body := c.stopped("a", "10.1.0.1", bad(0))
		c.has("the card", body, "Başka bir kartla 14 dakika sonra ödeyebilirsiniz. Bu kartı yarın saat 12:00 (TSİ) itibarıyla yeniden deneyebilirsiniz.")
		c.hasNot("the card", body, "hemen")
		c.has("another card", c.stopped("a", "10.1.0.1", bad(1)), "Bu linkte kısa sürede birkaç ödeme denemesi reddedildi.", "Lütfen 14 dakika sonra yeniden deneyin; başka bir kart bu süreyi kısaltmaz.")
		c.written()
		c.must("both limits, each with its tries", c.limitsOf("a"), []string{"card 1", "link 2"})
		page := c.signedIn().open(linkPathOf(c.idOf("a")), http.StatusOK)
		c.hasNot("the merchant", page, "başka bir kartla hemen")
		c.has("the merchant", page, "başka bir kart bu süreyi kısaltmaz. Retler sürerse link durdurulur", "link 12:15 itibarıyla yeniden ödenebilir")
	})
	t.Run("a network", func(t *testing.T) {
		t.Parallel()
		c := newTester(t)
		for i := range 10 {
			c.try(fmt.Sprint("link ", i), fmt.Sprintf("203.0.113.%d", i+1), bad(i*11))
		}
		c.has("the payer", c.stopped("fresh", "203.0.113.99", cardWithout), "Bağlandığınız ağdan kısa sürede çok sayıda ödeme denemesi reddedildi.", "Lütfen 15 dakika sonra")
		c.written()
		c.must("limit", c.limitsOf("fresh"), []string{"address 1"})
		page := c.signedIn().open(linkPathOf(c.idOf("fresh")), http.StatusOK)
		c.has("the merchant", page, "Aynı ağdan kısa sürede çok sayıda deneme reddedildi; bu ağdan 12:15 itibarıyla")
		c.hasNot("the merchant", page, "203.0.113", cardWithout[:6])
	})
	t.Run("an address that guesses links", func(t *testing.T) {
		t.Parallel()
		c := newTester(t)
		shown := c.shownForm(c.linkNamed("a")["url"].(string))
		for i := range 30 {
			c.stranger("X-Forwarded-For", "10.0.0.1").get(fmt.Sprintf("%s/p/00000000%04d", c.base, i))
		}
		c.stopped("b", "10.0.0.1", cardWithout) // nothing says that he has seen this link's page (A29)
		b := c.browser()
		b.from = "10.0.0.1"
		b.pay(c.linkNamed("a")["url"].(string), cardWithout, "terms", shown.Get("terms"))
		c.must("who has seen the page", b.status, http.StatusTooManyRequests)
		c.written()
		c.must("limit", c.limitsOf("a"), []string{"guesses 1"})
		c.must("of a link that nobody has seen", len(c.stopsOf("b")), 0)
	})
}

// Cards that begin alike and were refused thirty times are named on the first screen of the merchant whose payers they
// are, and of nobody else; who sees his own links sees what stops those.
func TestA30_TheMerchantIsToldOfABIN(t *testing.T) {
	t.Parallel()
	c := newTester(t)
	for i := range 30 {
		c.try(fmt.Sprint("link ", i), fmt.Sprintf("10.0.%d.1", i), bad(i%11))
	}
	bin := cardWithout[:8]
	c.clock.advance(90 * time.Second)
	body := c.stopped("fresh", "10.1.0.1", cardWithout)
	c.must("heading", heading(body), pageCardStopped)
	c.has("the payer", body, "bu türdeki kartlarla ödemeyi kısa bir süre durdurduk", "Başka bir bankanın kartıyla hemen ödeyebilirsiniz. Bu kartı 59 dakika sonra yeniden deneyebilirsiniz.")
	c.hasNot("the payer", body, bin)
	c.written()
	w := c.signedIn()
	c.has("first screen", w.open("/panel", http.StatusOK), "1 deneme durduruldu", bin+" ile başlayan kartlar çok kez reddedildi, 13:0", linkPathOf(c.idOf("fresh")))
	c.has("the link", w.open(linkPathOf(c.idOf("fresh")), http.StatusOK), bin+" ile başlayan kartlar son bir saatte çok kez reddedildi; bütün linklerinizde 13:0", "Müşteriniz başka bir bankanın kartıyla hemen ödeyebilir.")
	email, password := c.neighbour()
	c.hasNot("another merchant's first screen", c.signedInAs(email, password).open("/panel", http.StatusOK), bin, "durduruldu")
	email, password = c.colleague(checkout.RoleSupport, true)
	own := c.signedInAs(email, password)
	c.hasNot("of who made none of the links", own.open("/panel", http.StatusOK), bin, "durduruldu")
	own.open(linkPathOf(c.idOf("fresh")), http.StatusNotFound)
	c.hasNot("his list", own.open("/panel/links?stopped=true", http.StatusOK), string(c.idOf("fresh")))
	for i := range 3 {
		c.stopped(fmt.Sprint("more ", i), "10.1.0.1", cardWithout)
	}
	c.written()
	told := 0
	for _, l := range c.links {
		told += c.told(checkout.TopicPayerStopped, l["id"].(string))
	}
	c.must("told once for all links", told, 1)
	c.must("each link has its own trail", c.events(string(c.idOf("more 2"))), []string{"link.created", checkout.TopicPayerStopped})
	c.has("first screen", w.open("/panel", http.StatusOK), "4 deneme durduruldu", "/panel/links?stopped=true")
	c.clean()
}

// A link that rests is on the first screen until it is woken.
func TestA30_ARestingLinkIsOnTheFirstScreen(t *testing.T) {
	t.Parallel()
	c := newTester(t)
	for i := range 5 {
		c.try("a", fmt.Sprintf("10.0.%d.1", i), bad(i*11))
	}
	c.clock.advance(16 * time.Minute)
	for i := range 5 {
		c.try("a", fmt.Sprintf("10.1.%d.1", i), bad(i*11+1))
	}
	w := c.signedIn()
	c.has("first screen", w.open("/panel", http.StatusOK), "1 link güvenlik için durduruldu, siz yeniden açana kadar ödenemez")
	c.has("list", w.open("/panel/links?stopped=true", http.StatusOK), linkPathOf(c.idOf("a")), "Durduruldu")
	w.post(linkPathOf(c.idOf("a"))+"/wake", http.StatusSeeOther)
	c.hasNot("woken", w.open("/panel", http.StatusOK), "güvenlik için durduruldu")
	c.try("a", "10.2.0.1", bad(60)) // at once, and not when the limit of the quarter of an hour would have let go
	c.must("nobody was stopped", c.limitsOf("a"), []string(nil))
}

// Whoever hammers costs no commit at the time, and afterwards a few: as many rows as links, however many tries.
func TestA30_TenThousandStoppedTriesLeaveFewRows(t *testing.T) {
	t.Parallel()
	const links, tries = 20, 10_000
	var commits atomic.Int64
	opt := limited()
	opt.fault = func(point string) error {
		if point == sqlstore.FaultBeforeCommit {
			commits.Add(1)
		}
		return nil
	}
	c := &tester{newRig(t, opt), map[string]map[string]any{}}
	for i := range 5 {
		c.try(fmt.Sprint("link ", i), fmt.Sprintf("10.0.%d.1", i), bad(0))
	}
	var tokens []checkout.Token
	for i := range links {
		tokens = append(tokens, checkout.Token(c.linkNamed(fmt.Sprint("fresh ", i))["token"].(string)))
	}
	card := checkout.CardInput{Number: bad(0), Expiry: "12/29", CVC: "123", Holder: "Ayşe Işık"}
	ctx := context.Background()
	hammer := func() {
		var stopped atomic.Int64
		inParallel(tries, 8, func(i int) {
			_, err := c.app.flow.Pay(ctx, checkout.PayRequest{Token: tokens[i%links], Card: card, Lang: "tr", IP: fmt.Sprintf("10.%d.%d.1", 1+i/250%200, i%250)})
			if len(checkout.StoppedOf(err)) == 1 {
				stopped.Add(1)
			}
		})
		c.must("stopped", stopped.Load(), int64(tries))
	}
	before := commits.Load()
	hammer()
	c.must("commits of stopped tries", commits.Load()-before, int64(0))
	c.written()
	if n := commits.Load() - before; n < 1 || n > links {
		t.Errorf("%d commits for %d links", n, links)
	}
	before = commits.Load()
	hammer()
	c.written()
	c.must("commits within a minute", commits.Load()-before, int64(0))
	c.clock.advance(time.Minute)
	c.written()
	rows, sum, events, told := 0, int64(0), 0, 0
	for i := range links {
		name := fmt.Sprint("fresh ", i)
		for _, one := range c.stopsOf(name) {
			rows, sum = rows+1, sum+one.Tries
		}
		events += len(c.events(string(c.idOf(name)))) - 1
		told += c.told(checkout.TopicPayerStopped, string(c.idOf(name)))
	}
	c.must("rows, tries, events, told", []any{rows, sum, events, told}, []any{links, int64(2 * tries), links, 1})
	// An unknown link leaves nothing, whatever is tried on it.
	before = commits.Load()
	for i := range 100 {
		_, err := c.app.flow.Pay(ctx, checkout.PayRequest{Token: checkout.Token(fmt.Sprintf("unknown%05d", i)), Card: card, Lang: "tr", IP: "10.250.0.1"})
		c.must("unknown", checkout.KindOf(err), checkout.KindNotFound)
	}
	c.clock.advance(time.Minute)
	c.written()
	c.must("commits for unknown links", commits.Load()-before, int64(0))
	c.trailWhole()
	c.clean()
}

// While the ledger is away nothing is lost, and nobody waits for it.
func TestA30_StopsWaitForALedgerThatIsAway(t *testing.T) {
	t.Parallel()
	var away atomic.Bool
	opt := limited()
	opt.fault = func(point string) error {
		if away.Load() && point == sqlstore.FaultBegin {
			return fmt.Errorf("away")
		}
		return nil
	}
	c := &tester{newRig(t, opt), map[string]map[string]any{}}
	for i := range 5 {
		c.try(fmt.Sprint("link ", i), fmt.Sprintf("10.0.%d.1", i), bad(0))
	}
	c.linkNamed("fresh")
	away.Store(true)
	c.stopped("fresh", "10.1.0.1", bad(0))
	if err := c.app.flow.NoteStops(context.Background()); err == nil || !strings.Contains(err.Error(), "away") {
		t.Errorf("the loop is not told: %v", err)
	}
	c.stopped("fresh", "10.1.0.1", bad(0))
	away.Store(false)
	c.clock.advance(time.Minute)
	c.written()
	c.must("both", c.limitsOf("fresh"), []string{"card 2"})
}

// A merchant who edits a link begins its count anew: what he changed may be what it was refused for, and he has looked.
func TestA30_AnEditedLinkBeginsAnew(t *testing.T) {
	t.Parallel()
	c := newTester(t)
	for i := range 5 {
		c.try("a", fmt.Sprintf("10.0.%d.1", i), bad(i*11))
	}
	c.stopped("a", "10.1.0.1", cardWithout)
	c.written()
	w, path := c.signedIn(), linkPathOf(c.idOf("a"))
	c.has("before", w.open(path, http.StatusOK), "Ödeyen durduruldu")
	c.stopped("a", "10.1.1.1", cardWithout) // waits to be written down
	status, _ := c.api("PATCH", "/v1/links/"+string(c.idOf("a")), map[string]any{"amount": 20000})
	c.must("edited", status, http.StatusOK)
	c.clock.advance(2 * time.Minute)
	c.written()
	c.hasNot("its page", w.open(path, http.StatusOK), "Ödeyen durduruldu")
	c.hasNot("first screen", w.open("/panel", http.StatusOK), "güvenlik sınırı")
	c.try("a", "10.2.0.1", bad(60))
	c.trailWhole()
}
