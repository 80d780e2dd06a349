package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Clock is a clock that a test sets. It is safe for concurrent use.
type Clock struct{ now atomic.Int64 }

// NewClock starts at a time in whole microseconds, the resolution that a ledger stores.
func NewClock(at time.Time) *Clock {
	c := &Clock{}
	c.Set(at)
	return c
}

// Now is the time that was set.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.now.Load()).UTC() }

// Set moves the clock to a time.
func (c *Clock) Set(at time.Time) { c.now.Store(at.UnixMicro()) }

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) { c.now.Add(d.Microseconds()) }

// Tick is the smallest step that a ledger can tell.
const Tick = time.Microsecond

// Ledger holds a checkout.Ledger to its contract. open makes an empty ledger whose deciding clock is
// the one it answers.
func Ledger(t *testing.T, open func(t *testing.T) (checkout.Ledger, *Clock)) {
	tests := map[string]func(*Books){
		"a link comes back with every field":                                   linkFields,
		"a link of somebody else is not found (I17)":                           linkForeign,
		"an order number is taken for ever, also by a deleted link":            orderForEver,
		"an order number is given once though a hundred ask at once":           orderParallel,
		"two merchants may use the same order number":                          orderTwoMerchants,
		"A45 the same key with the same body is known and makes nothing":       idemSame,
		"A45 the same key with another body is refused":                        idemOther,
		"A45 a key that a hundred use at once makes one link":                  idemParallel,
		"a used key answers before a taken order number":                       idemFirst,
		"an edit raises version and rev and keeps what payments count":         editLink,
		"an edit of what was edited meanwhile is stale":                        editStale,
		"an edit of what was deleted meanwhile is stale":                       editDeleted,
		"of a hundred edits at once one is made":                               editParallel,
		"an edit does not wake a link that was put to rest meanwhile":          editResting,
		"links are found by status, order, text and time":                      searchLinks,
		"signs of a pattern are text, and Turkish letters match":               searchText,
		"pages join to the whole, also when links are made in between":         pagesLinks,
		"a cursor that nobody gave is refused":                                 badCursor,
		"the newest payments of many links come in one answer":                 paymentsOfLinks,
		"changed links come oldest change first":                               changedLinks,
		"live links are those that can still be paid":                          liveLinks,
		"live links of many pages come once each, while the ledger is used":    liveLinksPages,
		"a payment comes back with every field":                                paymentFields,
		"what a payer agreed to comes back with its payment (F7)":              consentFields,
		"a refused payment keeps no consent, and a changed text is not told":   consentRefused,
		"each wording of a legal text is a version that never changes":         legalTexts,
		"a payment of somebody else is not found (I17)":                        paymentForeign,
		"a payment is found by its receipt's code":                             paymentPrefix,
		"A25 admitted one tick before the end, refused at it and after":        admitExpiry,
		"A25 refused one tick before the beginning, admitted at it":            admitBeginning,
		"admission says why not":                                               admitReasons,
		"A28 admission at other terms is refused":                              admitTerms,
		"I9 who was admitted may finish though the link was deleted":           admittedFinish,
		"a bank order number is never used twice":                              bankOrderTwice,
		"H1 of a hundred attempts with one id at once one is admitted":         attemptOnce,
		"A24 of a hundred authorisations at once one gets the link (I2)":       slotOnce,
		"as many as max_payments get a slot, at once too":                      slotMax,
		"a link without a limit refuses nobody":                                slotUnlimited,
		"a slot that is given back can be taken again":                         slotRetake,
		"a paid slot is never given back, also after void and refund":          slotPaid,
		"a limit counts what was paid before there was one":                    slotAfterEdit,
		"a pending payment keeps the link busy":                                slotPending,
		"of a hundred same steps at once one is made (I8)":                     moveParallel,
		"a stale step writes nothing":                                          moveStale,
		"a refused step writes nothing":                                        moveRefused,
		"a step that the table does not know is refused":                       moveTransition,
		"a step cannot touch the frozen copy (I9)":                             moveCopy,
		"a step answers the link only when its page changed":                   moveAnswer,
		"on a single-use link a one-step attempt supersedes the earlier ones":  supersede,
		"two-step attempts and multi-use links supersede nothing":              supersedeNot,
		"I1 a two-step payment gets past one-step attempts when asked about":   displace,
		"I1 an edited link's usage decides whose one-step attempts stand":      displaceEdited,
		"I1 one-step attempts that ended and may be charged are asked about":   displaceEnded,
		"I1 one-step attempts stand before two-step payments of one link only": displaceNot,
		"a lease hands each payment to one and changes nothing else (C28)":     leaseOnce,
		"a lease ends, and what is not due is not handed out":                  leaseEnds,
		"paid payments are looked at later, or never; others stay as they are": postpone,
		"payments are found by link, status, order, reference, time and total": searchPayments,
		"e-invoices are added up, and those overdue are found":                 einvoiceSums,
		"payments are found by whatever people know of them":                   searchTyped,
		"what is typed and names many links finds their payments":              searchManyLinks,
		"links are found by what they say, few and many":                       linksNamed,
		"a list's sums are those of all its pages":                             listSums,
		"one pending payment is leased if nobody asks about it":                leaseOne,
		"payments that wait for their bank are found, longest first":           undecidedFirst,
		"who was told of a payment is found by it":                             deliveriesAbout,
		"payments that a person should look at are found by their events":      attention,
		"pages of payments join to the whole, also when some are made between": pagesPayments,
		"a void or refund comes back with every field":                         refundFields,
		"a refund of somebody else is not found (I17)":                         refundForeign,
		"A46 a payment has one pending refund, which ends once":                refundOneAtATime,
		"A46 of a hundred refunds at once one is written":                      refundParallel,
		"A45 a refund keeps the key that asked for it":                         refundKey,
		"a lease hands out pending refunds that are due (C28)":                 refundLease,
		"refunds are found by payment, kind, status and time":                  searchRefunds,
		"a chargeback comes back with every field, and its events":             chargebackFields,
		"a chargeback of somebody else is not found (I17)":                     chargebackForeign,
		"a chargeback follows its table, and changes once":                     chargebackStale,
		"A46 a refund that was asked for before a chargeback is stale":         chargebackFirst,
		"A46 a chargeback beside a refund that runs is recorded, and both end": refundFirst,
		"A46 of a refund and a chargeback at once one is read again":           chargebackParallel,
		"A45 a chargeback keeps the key that recorded it":                      chargebackKey,
		"chargebacks are found by payment, status, maker and time":             searchChargebacks,
		"chargebacks that wait are counted, with their first last day":         openChargebacks,
		"chargebacks are reported by the day of the bank's letter":             reportChargebacks,
		"an e-invoice comes back with its link and document":                   einvoiceFields,
		"an e-invoice of somebody else is not found (I17)":                     einvoiceForeign,
		"an invoice's UUID gets one link though a hundred ask at once":         einvoiceOnce,
		"e-invoices are found by status, text and time, page by page":          searchEInvoices,
		"a merchant has one registration with an intermediary at a time":       registrationOnce,
		"a registration keeps the key that asked for it, and is its owner's":   registrationKey,
		"a merchant's own words come back, and make its pages anew":            pageWords,
		"words that several change together all stand":                         wordsTogether,
		"a merchant's trail is read in pages, by who, what and when (I17)":     trail,
		"keys are listed for their merchant only (I17)":                        keyList,
		"a user comes back with every field, and one address is one user's":    userFields,
		"A50 a code of the second factor is good once":                         secondOnce,
		"members are seen from the user's and from the merchant's side":        membersOf,
		"a merchant keeps an owner though two leave at once":                   lastOwner,
		"A49 a visit ends when it is idle, and after its longest time":         visitLife,
		"A49 visits are ended one by one, all but one, or with the membership": visitEnds,
		"an invitation is good once, and ends the visits of before":            invitationOnce,
		"an invitation to another merchant is good once, for whom it names":    joiningOnce,
		"A50 tries are counted and locked":                                     triesLock,
		"how tries to sign in ended is kept":                                   signInNotes,
		"links and payments are found by who made the link":                    linksOfMaker,
		"what was collected is summed by day, account and instalments":         paidGroups,
		"attempts are counted by account, state and reason":                    triedGroups,
		"a link's way is counted from made to paid":                            linkFunnel,
		"A30 a stop lasts as long as its limit, with every try counted":        stopFields,
		"A30 a stop leaves its link as it is, and tells of its beginning":      stopLink,
		"A30 of a card a merchant is told once, and again when it was over":    stopTold,
		"A30 many cards leave few rows":                                        stopBounded,
		"a stop of somebody else is not found (I17)":                           stopForeign,
		"A30 stopped and resting links that could be paid are found":           stoppingNow,
		"A30 tries stopped at many gateways at once are all counted":           stopParallel,
		"a checkout session comes back with every field":                       sessionFields,
		"a webhook endpoint comes back with every field":                       endpointFields,
		"a webhook endpoint of somebody else is not found (I17)":               endpointForeign,
		"an endpoint that changed meanwhile is stale, and a deleted one gone":  endpointStale,
		"a merchant has so many webhook endpoints and no more":                 endpointMost,
		"A45 an endpoint keeps the key that asked for it":                      endpointKey,
		"I18 what was committed gets its place in the feed, once and in order": feedPlaces,
		"an endpoint is told of what it wants, and of nothing before it":       feedFanOut,
		"the feed of somebody else is not shown (I17)":                         feedForeign,
		"pages of the feed join to the whole though events come meanwhile":     feedPages,
		"of a hundred who place the same events one gives each its place":      feedParallel,
		"a redelivery goes to those who want it, or to the one that is named":  redelivered,
		"C12 a lease hands each delivery to one, and ends":                     deliveryLease,
		"about one object deliveries go in order, others are not held up":      deliveryOrder,
		"an attempt's end is recorded, and of an ended lease nothing":          deliveryEnds,
		"what is given up is told, and that it could not be told is not":       deliveryGivenUp,
		"an endpoint that is gone is disabled and gets nothing more":           deliveryGone,
		"deliveries are found by endpoint, event, status and time":             searchDeliveries,
		"old deliveries and bodies are forgotten":                              deliveriesForgotten,
		"a link whose last payment was made is told of in the same commit":     linkPaidTold,
		"a link whose end came is told of once for each end":                   linkExpiredTold,
		"a message comes back with every field, and is its merchant's (I17)":   messageFields,
		"A45 a message keeps the key that asked for it":                        messageKey,
		"A56 a link is sent five times in a day though twenty ask at once":     messagesPerLink,
		"A56 a person gets three messages in an hour":                          messagesPerRecipient,
		"a text that the provider would refuse as a repetition is refused":     messageRepeated,
		"whom a merchant never writes to gets nothing":                         messagesSuppressed,
		"C12 a lease hands each message to one, and ends":                      messageLease,
		"an attempt at a message is recorded, and of an ended lease nothing":   messageEnds,
		"a message that is given up is told, and its bounce remembered":        messageGivenUp,
		"messages are found by link, status, kind and time":                    searchMessages,
		"a link is reminded of once":                                           remindOnce,
		"what a merchant sets about messages is compared and set":              settingsOfMessages,
		"I18 an event is told by one message to each who asked":                noticesOnce,
		"a consumer gets a copy, and nobody whom the merchant never writes to": agreedCopies,
		"old messages are forgotten":                                           messagesForgotten,
		"a reconciliation comes back with its rows and what they came to":      runFields,
		"a bank's row of two lists is written down by hand once":               manualOnce,
		"a reconciliation of somebody else is not found (I17)":                 runForeign,
		"a row is resolved once though twenty do it at once":                   rowOnce,
		"a closed day is closed":                                               dayClosed,
		"of twenty who close a day at once one does":                           dayClosedOnce,
		"a day's books have each payment that a list may be about once":        dayBooks,
		"what is remembered of a bank's columns is the account's":              bankColumns,
		"reports have the rows of their period and filters":                    reportRows,
		"links that were made together come back in their order, with sums":    batchFields,
		"pages of batches join to the whole":                                   batchPages,
		"rows of a batch that got no link after all are kept with it":          batchRefused,
		"a batch of somebody else is not found (I17)":                          batchForeign,
		"a batch's links are stored together or not at all, and once":          batchWhole,
		"pages of a report join to the whole":                                  reportPages,
		"the report of products reads what was sold":                           reportSold,
		"a report has no row of somebody else (I17)":                           reportForeign,
		"I20 events are numbered, chained and complete":                        eventsChain,
		"events of somebody else are not shown":                                eventsForeign,
		"events of many payments are those of each":                            eventsOfMany,
		"merchants, logos, accounts and keys come back":                        merchantFields,
		"an account or key of somebody else cannot be replaced":                merchantForeign,
		"a revoked key is no key":                                              keyRevoked,
		"a caller who is gone leaves nothing behind or everything":             cancelled,
		"requests are found by key, end and time, and forgotten":               requestLog,
		"a product comes back with every field, and is its owner's":            productFields,
		"a product's code is one product's until that is deleted":              productCodes,
		"of many changes of one product each is of the version before":         productStale,
		"products are found by text and status, page by page":                  productSearch,
		"an offline key comes back, and is its owner's":                        offlineKeyFields,
		"a reference is revoked once and for one merchant":                     offlineRevoked,
		"a report's schedule comes back, is edited once, and is its owner's":   scheduleFields,
		"C12 a report is made by one, and whoever is late sends nothing":       scheduleLease,
		"a report's mails are sent with its file, and end at their schedule":   reportMailsSent,
		"A56 reports that are asked for have limits, and spare who is listed":  reportMailsHeld,
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			l, clock := open(t)
			b := NewBooks(t, l, clock)
			tests[name](b)
		})
	}
}

// Books is a ledger with a merchant and makers of good links and payments, for tests that need some.
type Books struct {
	testing.TB
	Ledger   checkout.Ledger
	Clock    *Clock
	IDs      *checkout.IDs
	Merchant checkout.MerchantID
	ctx      context.Context
}

// NewBooks stores a merchant in l.
func NewBooks(t testing.TB, l checkout.Ledger, clock *Clock) *Books {
	b := &Books{TB: t, Ledger: l, Clock: clock, IDs: checkout.NewIDs(&counter{}), ctx: context.Background()}
	b.Merchant = b.NewMerchant()
	return b
}

// counter is a source of bytes that look random and never repeat a run of sixteen.
type counter struct {
	mu   sync.Mutex
	seed uint64
}

func (c *counter) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range p {
		c.seed = c.seed*6364136223846793005 + 1442695040888963407
		p[i] = byte(c.seed >> 56)
	}
	return len(p), nil
}

// NewMerchant stores another merchant.
func (b *Books) NewMerchant() checkout.MerchantID {
	b.Helper()
	m := checkout.Merchant{ID: b.IDs.Merchant(), Name: "Deneme", Version: 1, CreatedAt: b.Clock.Now(), UpdatedAt: b.Clock.Now()}
	b.must(b.Ledger.SaveMerchant(b.ctx, m, b.Event("merchant.created")))
	return m.ID
}

// Event is an event as a caller gives it; the ledger says whose and where it belongs.
func (b *Books) Event(typ string) checkout.Event {
	return checkout.Event{Merchant: b.Merchant, Type: typ, Actor: "operator", IP: "192.0.2.1", At: b.Clock.Now(),
		Data: map[string]string{"why": "test"}}
}

// Link makes a single-use link of 250.00 TRY that is open for a day, changed by each of change. It is
// not stored.
func (b *Books) Link(change ...func(*checkout.Link)) checkout.Link {
	now := b.Clock.Now()
	l := checkout.Link{
		ID: b.IDs.Link(now), Token: b.IDs.Token(), Merchant: b.Merchant, Order: b.IDs.OrderNumber(now),
		Amount: checkout.Money{Minor: 25000, Currency: checkout.TRY}, Description: "Kira", ActiveFrom: now,
		ExpiresAt: now.Add(24 * time.Hour), Usage: checkout.UsageSingle, Version: 1, Rev: 1, CreatedAt: now, UpdatedAt: now,
	}
	for _, c := range change {
		c(&l)
	}
	return l
}

// Create stores a link made by Link.
func (b *Books) Create(change ...func(*checkout.Link)) checkout.Link {
	b.Helper()
	l := b.Link(change...)
	b.must(b.Ledger.CreateLink(b.ctx, b.New(l)))
	return l
}

// New is a link about to be stored.
func (b *Books) New(l checkout.Link) checkout.NewLink {
	return checkout.NewLink{Link: l, Event: b.Event("link.created")}
}

// Payment makes a payment on a link; it is not stored.
func (b *Books) Payment(l checkout.Link, change ...func(*checkout.Payment)) checkout.Payment {
	now := b.Clock.Now()
	p := checkout.Payment{
		ID: b.IDs.Payment(), Merchant: l.Merchant, Link: l.ID, Token: l.Token, LinkVersion: l.Version, Order: l.Order,
		BankOrder: b.IDs.BankOrder(), Nonce: b.IDs.Nonce(), Amount: l.Amount, Total: l.Amount, Installments: 1,
		Account: "acc_1", Kind: "payfor", Mode: "3dmodel", Status: checkout.StatusChallenged, Slot: -1, Items: l.Items,
		SingleUse: l.Usage == checkout.UsageSingle, CreatedAt: now, UpdatedAt: now, Seq: 1,
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

// Admit stores a payment on a link, and holds what the ledger answers against what it keeps.
func (b *Books) Admit(l checkout.Link, change ...func(*checkout.Payment)) checkout.Payment {
	b.Helper()
	return b.AdmitAs(b.Payment(l, change...))
}

// AdmitAs is Admit for a payment that is made.
func (b *Books) AdmitAs(p checkout.Payment) checkout.Payment {
	b.Helper()
	admitted, err := b.Ledger.Admit(b.ctx, p, b.Event("payment.challenged"))
	b.must(err)
	b.equal("admitted, as answered and as read", admitted, b.Read(p.ID))
	return admitted
}

// Read answers a payment as it is stored.
func (b *Books) Read(id checkout.PaymentID) checkout.Payment {
	b.Helper()
	p, err := b.Ledger.PaymentByID(b.ctx, id)
	b.must(err)
	return p
}

// ReadLink answers a link as it is stored.
func (b *Books) ReadLink(id checkout.LinkID) checkout.Link {
	b.Helper()
	l, err := b.Ledger.LinkByID(b.ctx, b.Merchant, id)
	b.must(err)
	return l
}

// Step is a transition now.
func (b *Books) Step() checkout.Step {
	return checkout.Step{At: b.Clock.Now(), Actor: "bank", IP: "192.0.2.7", Data: map[string]string{"from": "test"}}
}

// Authorizing is the step that takes a slot.
func (b *Books) Authorizing(p checkout.Payment) checkout.Move {
	b.Helper()
	now := b.Clock.Now()
	m, err := p.Authorize(checkout.Verdict{MDStatus: "1", ECI: "05"}, now.Add(time.Minute), now.Add(time.Hour), b.Step())
	b.must(err)
	return m
}

// Approved is the step that makes a payment paid.
func (b *Books) Approved(p checkout.Payment) checkout.Move {
	b.Helper()
	m, err := p.Approve(checkout.Outcome{Result: checkout.ResultApproved, AuthCode: "123456", RRN: "000000000001"}, b.Step())
	b.must(err)
	return m
}

// Refused is the step that gives the slot back.
func (b *Books) Refused(p checkout.Payment) checkout.Move {
	b.Helper()
	m, err := p.Refuse(checkout.Decline{Code: checkout.ReasonInsufficientFunds, BankCode: "51"}, b.Step())
	b.must(err)
	return m
}

// Move makes a step, and holds what the ledger answers against what it keeps.
func (b *Books) Move(m checkout.Move) checkout.Payment {
	b.Helper()
	done, err := b.Ledger.Move(b.ctx, m)
	b.must(err)
	b.equal("moved, as answered and as read", done.Payment, b.Read(m.From.ID))
	return done.Payment
}

// Pay takes a payment on a link to paid.
func (b *Books) Pay(l checkout.Link) checkout.Payment {
	b.Helper()
	return b.Move(b.Approved(b.Move(b.Authorizing(b.Admit(l)))))
}

func (b *Books) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *Books) want(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Fatalf("got %v, want %v", err, want)
	}
}

func (b *Books) equal(what string, got, want any) {
	b.Helper()
	if !reflect.DeepEqual(got, want) {
		b.Fatalf("%s\n got %+v\nwant %+v", what, got, want)
	}
}

// together calls fn n times at once and answers the errors.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = fn(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

// tally counts errors by their code, "" for none.
func tally(errs []error) map[string]int {
	out := map[string]int{}
	for _, err := range errs {
		var e *checkout.Error
		switch {
		case err == nil:
			out[""]++
		case errors.As(err, &e):
			out[e.Code]++
		default:
			out[err.Error()]++
		}
	}
	return out
}

func multi(max int) func(*checkout.Link) {
	return func(l *checkout.Link) { l.Usage, l.MaxPayments = checkout.UsageMulti, max }
}

func oneStep(p *checkout.Payment) { p.OneStep, p.Mode = true, "3dpay" }

func linkFields(b *Books) {
	now := b.Clock.Now()
	l := b.Create(func(l *checkout.Link) {
		l.Open, l.MinMinor, l.MaxMinor, l.Amount.Minor = true, 100, 1<<62, 0
		l.Description, l.Installments = "Şişli'de \"kira\" <b>\\ \x00 %", []int{1, 3, 12}
		l.Usage, l.MaxPayments, l.PayerNote = checkout.UsageMulti, 7, true
		l.Customer = checkout.Customer{Name: "Ayşe İnce", Email: "ayse@example.com", Phone: "+905001112233"}
		l.ReturnURL, l.Category = "https://shop.example/döndü?x=1&y=2", "electronics"
		l.Metadata = map[string]string{"cart": "42", "ş": "ğ"}
		l.ShowCount, l.Fields = true, []checkout.LinkField{
			{Key: "plate", Label: checkout.Label{TR: "Plaka <b>", EN: "Plate & \"no\""}, Type: checkout.FieldText, Required: true, Max: 12},
			{Key: "size", Label: checkout.Label{TR: "Beden", EN: "Size"}, Type: checkout.FieldChoice, Options: []string{"S", "M\u2028", "Şömine"}},
		}
		l.Items = []checkout.Item{{Product: "prd_0000000000000000000001", Code: "ZY-5", Name: "Zeytinyağı <5 l> & \"x\"", Quantity: 9999, UnitMinor: 1 << 40}, {Name: "Kargo", Quantity: 1}}
		l.RestingSince = now.Add(-time.Hour)
	})
	l.Description = "Şişli'de \"kira\" <b>\\ \uFFFD %"
	b.equal("link by id", b.ReadLink(l.ID), l)
	got, err := b.Ledger.LinkByToken(b.ctx, l.Token)
	b.must(err)
	b.equal("link by token", got, l)
	bare := b.Create()
	b.equal("bare link", b.ReadLink(bare.ID), bare)
	_, err = b.Ledger.LinkByToken(b.ctx, "nosuchtoken1")
	b.want(err, checkout.ErrNoLink)
}

func linkForeign(b *Books) {
	l, other := b.Create(), b.NewMerchant()
	_, err := b.Ledger.LinkByID(b.ctx, other, l.ID)
	b.want(err, checkout.ErrNoLink)
	from := l
	from.Merchant = other
	to := from
	to.Description = "mine now"
	_, err = b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: from, To: to, Event: b.Event("link.edited")})
	b.want(err, checkout.ErrNoLink)
	found, _, err := b.Ledger.SearchLinks(b.ctx, checkout.LinkQuery{Merchant: other})
	b.must(err)
	b.equal("links of the other merchant", len(found), 0)
	b.equal("the link", b.ReadLink(l.ID), l)
}

func (b *Books) delete(l checkout.Link) checkout.Link {
	b.Helper()
	to := l
	to.DeletedAt, to.UpdatedAt = b.Clock.Now(), b.Clock.Now()
	now, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: to, Event: b.Event("link.deleted")})
	b.must(err)
	return now
}

func orderForEver(b *Books) {
	l := b.Create()
	b.delete(l)
	same := func(n *checkout.Link) { n.Order = l.Order }
	b.want(b.Ledger.CreateLink(b.ctx, b.New(b.Link(same))), checkout.ErrOrderTaken)
	b.Clock.Advance(365 * 24 * time.Hour)
	b.want(b.Ledger.CreateLink(b.ctx, b.New(b.Link(same))), checkout.ErrOrderTaken)
	found, _, err := b.Ledger.SearchLinks(b.ctx, checkout.LinkQuery{Merchant: b.Merchant})
	b.must(err)
	b.equal("links", len(found), 1)
}

func orderParallel(b *Books) {
	links := make([]checkout.Link, 100)
	for i := range links {
		links[i] = b.Link(func(l *checkout.Link) { l.Order = "ORDER-1" })
	}
	errs := together(len(links), func(i int) error { return b.Ledger.CreateLink(b.ctx, b.New(links[i])) })
	b.equal("ends", tally(errs), map[string]int{"": 1, "order_id_taken": 99})
	for i, err := range errs {
		if _, readErr := b.Ledger.LinkByToken(b.ctx, links[i].Token); (readErr == nil) != (err == nil) {
			b.Fatalf("link %d: created with %v, read with %v", i, err, readErr)
		}
	}
}

func orderTwoMerchants(b *Books) {
	l, other := b.Create(), b.NewMerchant()
	b.must(b.Ledger.CreateLink(b.ctx, b.New(b.Link(func(n *checkout.Link) { n.Order, n.Merchant = l.Order, other }))))
}

func (b *Books) idem(l checkout.Link, key, request string) checkout.NewLink {
	n := b.New(l)
	n.Idem = checkout.Idempotency{Merchant: l.Merchant, Key: key, Request: []byte(request), Status: 201, Body: []byte(l.ID)}
	return n
}

func idemSame(b *Books) {
	l := b.Link()
	b.must(b.Ledger.CreateLink(b.ctx, b.idem(l, "k", "body")))
	b.Clock.Advance(25 * time.Hour)
	second := b.Link()
	b.want(b.Ledger.CreateLink(b.ctx, b.idem(second, "k", "body")), checkout.ErrKeyKnown)
	_, err := b.Ledger.LinkByToken(b.ctx, second.Token)
	b.want(err, checkout.ErrNoLink)
	a, found, err := b.Ledger.Answer(b.ctx, b.Merchant, "k")
	b.must(err)
	b.equal("answer", a, checkout.Idempotency{Merchant: b.Merchant, Key: "k", Request: []byte("body"), Status: 201, Body: []byte(l.ID)})
	b.equal("found", found, true)
	for _, unknown := range []struct {
		m   checkout.MerchantID
		key string
	}{{b.Merchant, "K"}, {b.Merchant, ""}, {b.NewMerchant(), "k"}} {
		if _, found, err := b.Ledger.Answer(b.ctx, unknown.m, unknown.key); found || err != nil {
			b.Fatalf("%v: found %t, %v", unknown, found, err)
		}
	}
}

func idemOther(b *Books) {
	b.must(b.Ledger.CreateLink(b.ctx, b.idem(b.Link(), "k", "body")))
	second := b.Link()
	b.want(b.Ledger.CreateLink(b.ctx, b.idem(second, "k", "other body")), checkout.ErrKeyReused)
	_, err := b.Ledger.LinkByToken(b.ctx, second.Token)
	b.want(err, checkout.ErrNoLink)
	l := b.Create()
	to := l
	to.Description = "x"
	c := checkout.LinkChange{From: l, To: to, Event: b.Event("link.edited"), Idem: checkout.Idempotency{Merchant: b.Merchant, Key: "k", Request: []byte("third")}}
	_, err = b.Ledger.ChangeLink(b.ctx, c)
	b.want(err, checkout.ErrKeyReused)
	b.equal("the link", b.ReadLink(l.ID), l)
}

func idemParallel(b *Books) {
	links := make([]checkout.Link, 100)
	for i := range links {
		links[i] = b.Link()
	}
	errs := together(len(links), func(i int) error { return b.Ledger.CreateLink(b.ctx, b.idem(links[i], "k", "body")) })
	b.equal("ends", tally(errs), map[string]int{"": 1, "idempotency_key_known": 99})
	a, _, err := b.Ledger.Answer(b.ctx, b.Merchant, "k")
	b.must(err)
	for i, err := range errs {
		if made := string(a.Body) == string(links[i].ID); made != (err == nil) {
			b.Fatalf("link %d: %v, and the answer is of %s", i, err, a.Body)
		}
	}
}

func idemFirst(b *Books) {
	l := b.Link()
	b.must(b.Ledger.CreateLink(b.ctx, b.idem(l, "k", "body")))
	again := b.Link(func(n *checkout.Link) { n.Order = l.Order })
	b.want(b.Ledger.CreateLink(b.ctx, b.idem(again, "k", "body")), checkout.ErrKeyKnown)
}

func editLink(b *Books) {
	l := b.Create(multi(0))
	paid := b.Pay(l)
	read := b.ReadLink(l.ID)
	b.Clock.Advance(time.Minute)
	to := l // the counters of an old read must not win
	to.Description, to.Amount.Minor, to.UpdatedAt = "Yeni", 30000, b.Clock.Now()
	to.Order, to.Token = "ANOTHER", "AAAAAAAAAAAA"
	got, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: to, Event: b.Event("link.edited"), Publish: "link.edited"})
	b.must(err)
	want := read
	want.Description, want.Amount.Minor, want.UpdatedAt = "Yeni", 30000, b.Clock.Now()
	want.Version, want.Rev = 2, read.Rev+1
	b.equal("edited", got, want)
	b.equal("stored", b.ReadLink(l.ID), want)
	b.equal("paid by", got.PaidBy, paid.ID)
	b.equal("the payment's copy", b.Read(paid.ID), paid)
}

func editStale(b *Books) {
	l := b.Create()
	for i, want := range []error{nil, checkout.ErrStale} {
		to := l
		to.Description = fmt.Sprint("edit ", i)
		_, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: to, Event: b.Event("link.edited")})
		b.want(err, want)
	}
	b.equal("description", b.ReadLink(l.ID).Description, "edit 0")
	events, err := b.Ledger.Events(b.ctx, b.Merchant, string(l.ID))
	b.must(err)
	b.equal("events", len(events), 2)
}

func editDeleted(b *Books) {
	l := b.Create()
	deleted := b.delete(l)
	to := l
	to.Description = "x"
	_, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: to, Event: b.Event("link.edited")})
	b.want(err, checkout.ErrStale)
	b.equal("the link", b.ReadLink(l.ID), deleted)
}

func editParallel(b *Books) {
	l := b.Create()
	errs := together(100, func(i int) error {
		to := l
		to.Description = fmt.Sprint("edit ", i)
		_, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: to, Event: b.Event("link.edited")})
		return err
	})
	b.equal("ends", tally(errs), map[string]int{"": 1, "stale": 99})
	now := b.ReadLink(l.ID)
	b.equal("version", now.Version, int64(2))
	for i, err := range errs {
		if err == nil {
			b.equal("description", now.Description, fmt.Sprint("edit ", i))
		}
	}
}

func editResting(b *Books) {
	l := b.Create()
	rests := l
	rests.RestingSince = b.Clock.Now()
	asleep, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: rests, Event: b.Event("link.rests")})
	b.must(err)
	b.equal("version of a resting link", asleep.Version, l.Version)
	edited := l
	edited.Description = "x"
	now, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: edited, Event: b.Event("link.edited")})
	b.must(err)
	b.equal("rests since", now.RestingSince, asleep.RestingSince)
	awake := now
	awake.RestingSince = time.Time{}
	now, err = b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: now, To: awake, Event: b.Event("link.wakes")})
	b.must(err)
	b.equal("awake", now.RestingSince.IsZero(), true)
}

func (b *Books) foundLinks(q checkout.LinkQuery) []checkout.LinkID {
	b.Helper()
	q.Merchant = b.Merchant
	found, _, err := b.Ledger.SearchLinks(b.ctx, q)
	b.must(err)
	ids := []checkout.LinkID{}
	for _, l := range found {
		ids = append(ids, l.ID)
	}
	return ids
}

func searchLinks(b *Books) {
	start := b.Clock.Now()
	made := map[checkout.LinkStatus]checkout.Link{}
	make := func(s checkout.LinkStatus, change ...func(*checkout.Link)) {
		b.Clock.Advance(time.Second)
		made[s] = b.Create(change...)
	}
	make(checkout.LinkActive)
	make(checkout.LinkScheduled, func(l *checkout.Link) { l.ActiveFrom = l.ActiveFrom.Add(2 * time.Hour) })
	make(checkout.LinkExpired, func(l *checkout.Link) { l.ExpiresAt = start.Add(time.Hour) })
	make(checkout.LinkDeleted)
	make(checkout.LinkPaid, func(l *checkout.Link) { l.ExpiresAt = start.Add(time.Hour) })
	b.Pay(made[checkout.LinkPaid])
	b.delete(made[checkout.LinkDeleted])
	b.Clock.Set(start.Add(time.Hour))
	for s, l := range made {
		b.equal(string(s), b.foundLinks(checkout.LinkQuery{Status: s}), []checkout.LinkID{l.ID})
		b.equal("status of "+string(s), b.ReadLink(l.ID).Status(b.Clock.Now()), s)
		b.equal("order", b.foundLinks(checkout.LinkQuery{Order: l.Order}), []checkout.LinkID{l.ID})
	}
	b.equal("no such status", b.foundLinks(checkout.LinkQuery{Status: "nonsense"}), []checkout.LinkID{})
	b.equal("newest first", b.foundLinks(checkout.LinkQuery{}), []checkout.LinkID{
		made[checkout.LinkPaid].ID, made[checkout.LinkDeleted].ID, made[checkout.LinkExpired].ID,
		made[checkout.LinkScheduled].ID, made[checkout.LinkActive].ID,
	})
	b.equal("time", b.foundLinks(checkout.LinkQuery{From: start.Add(2 * time.Second), To: start.Add(4 * time.Second)}),
		[]checkout.LinkID{made[checkout.LinkExpired].ID, made[checkout.LinkScheduled].ID})
}

func searchText(b *Books) {
	l := b.Create(func(l *checkout.Link) {
		l.Description, l.Customer.Name = `%100 İNDİRİM_ISPARTA \o/`, "Çağla Işık"
		l.Order = "SIP-77"
	})
	b.Create(func(l *checkout.Link) { l.Description = "something else entirely" })
	for _, text := range []string{"%100", "indirim_ısparta", "INDIRIM", "isparta", `\o/`, "ÇAĞLA IŞIK", "sip-77"} {
		b.equal(text, b.foundLinks(checkout.LinkQuery{Text: text}), []checkout.LinkID{l.ID})
	}
	for _, text := range []string{"%isparta", "indirim isparta", "_", `\\`, "' OR 1=1 --"} {
		want := []checkout.LinkID{}
		if text == "_" {
			want = append(want, l.ID)
		}
		b.equal(text, b.foundLinks(checkout.LinkQuery{Text: text}), want)
	}
}

func pagesLinks(b *Books) {
	var want []checkout.LinkID
	for i := range 25 {
		if i%3 == 0 {
			b.Clock.Advance(time.Second) // runs of three share their time
		}
		want = append(want, b.Create().ID)
	}
	var got []checkout.LinkID
	cursor, pages := "", 0
	for {
		found, next, err := b.Ledger.SearchLinks(b.ctx, checkout.LinkQuery{Merchant: b.Merchant, Limit: 4, Cursor: cursor})
		b.must(err)
		for _, l := range found {
			got = append(got, l.ID)
		}
		pages++
		b.Clock.Advance(time.Second)
		b.Create()
		if cursor = next; cursor == "" {
			break
		}
	}
	b.equal("pages", pages, 7)
	slices.Sort(got)
	slices.Sort(want)
	b.equal("links", got, want)
}

func badCursor(b *Books) {
	links := func(cursor string) error {
		_, _, err := b.Ledger.SearchLinks(b.ctx, checkout.LinkQuery{Merchant: b.Merchant, Cursor: cursor, Limit: 1})
		return err
	}
	payments := func(cursor string) error {
		_, _, err := b.Ledger.SearchPayments(b.ctx, checkout.PaymentQuery{Merchant: b.Merchant, Cursor: cursor, Limit: 1})
		return err
	}
	b.Pay(b.Create())
	b.Pay(b.Create())
	_, ofLinks, err := b.Ledger.SearchLinks(b.ctx, checkout.LinkQuery{Merchant: b.Merchant, Limit: 1})
	b.must(err)
	_, ofPayments, err := b.Ledger.SearchPayments(b.ctx, checkout.PaymentQuery{Merchant: b.Merchant, Limit: 1})
	b.must(err)
	b.must(links(ofLinks))
	b.must(payments(ofPayments))
	b.want(links(ofPayments), checkout.ErrCursor)
	b.want(payments(ofLinks), checkout.ErrCursor)
	for _, cursor := range []string{
		"x", "!!!!", "AAAA", "AAAAAAAAAAA", "AAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAP8", "AAAAAAAAAAD_AA", strings.Repeat("A", 400),
		ofLinks + "A", ofLinks[:len(ofLinks)-1], "A" + ofLinks, ofLinks + "\n", ofLinks + "==", "_____" + ofLinks[5:], "AAAAAAAAAAA" + ofLinks[11:],
	} {
		b.want(links(cursor), checkout.ErrCursor)
		b.want(payments(cursor), checkout.ErrCursor)
	}
}

func changedLinks(b *Books) {
	first := b.Create()
	b.Clock.Advance(time.Second)
	second := b.Create()
	b.Clock.Advance(time.Second)
	since := b.Clock.Now()
	b.Move(b.Authorizing(b.Admit(first)))
	changed := func(since time.Time, limit int) []checkout.LinkRev {
		found, err := b.Ledger.ChangedLinks(b.ctx, since, limit)
		b.must(err)
		return found
	}
	older := checkout.LinkRev{Token: second.Token, Rev: 1, ChangedAt: since.Add(-time.Second)}
	newer := checkout.LinkRev{Token: first.Token, Rev: 2, ChangedAt: since}
	b.equal("all", changed(time.Time{}, 10), []checkout.LinkRev{older, newer})
	b.equal("at the time", changed(since, 10), []checkout.LinkRev{newer})
	b.equal("after it", changed(since.Add(Tick), 10), []checkout.LinkRev(nil))
	b.equal("limit", changed(time.Time{}, 1), []checkout.LinkRev{older})
}

func liveLinks(b *Books) {
	live := map[checkout.LinkID]bool{}
	live[b.Create().ID] = true
	live[b.Create(func(l *checkout.Link) { l.ActiveFrom = l.ActiveFrom.Add(time.Hour) }).ID] = true
	live[b.Create(func(l *checkout.Link) { l.ExpiresAt = b.Clock.Now().Add(Tick) }).ID] = true
	unlimited := b.Create(multi(0))
	b.Pay(unlimited)
	live[unlimited.ID] = true
	b.Create(func(l *checkout.Link) { l.ExpiresAt = b.Clock.Now() })
	b.delete(b.Create())
	b.Pay(b.Create())
	got := map[checkout.LinkID]bool{}
	b.must(b.Ledger.LiveLinks(b.ctx, func(l checkout.Link) error { got[l.ID] = true; return nil }))
	b.equal("live", got, live)
	stop := errors.New("stop")
	err := b.Ledger.LiveLinks(b.ctx, func(checkout.Link) error { return stop })
	b.want(err, stop)
}

// More links than a reader takes at once, some of which end at one moment. Whoever is told of them may read
// and write meanwhile: a hot state is filled while payers pay.
func liveLinksPages(b *Books) {
	const many = 1203
	live := map[checkout.LinkID]int{}
	for i := range many {
		live[b.Create(func(l *checkout.Link) { l.ExpiresAt = l.ExpiresAt.Add(time.Duration(i/400) * time.Hour) }).ID] = 1
	}
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	got := map[checkout.LinkID]int{}
	err := b.Ledger.LiveLinks(ctx, func(l checkout.Link) error {
		got[l.ID]++
		if len(got) != 700 {
			return nil
		}
		if _, err := b.Ledger.LinkByID(ctx, l.Merchant, l.ID); err != nil {
			return err
		}
		gone := l
		gone.DeletedAt = b.Clock.Now()
		_, err := b.Ledger.ChangeLink(ctx, checkout.LinkChange{From: l, To: gone, Event: b.Event("link.deleted")})
		return err
	})
	b.must(err)
	b.equal("live", got, live)
}

func paymentFields(b *Books) {
	l := b.Create(func(l *checkout.Link) {
		l.Items = []checkout.Item{{Product: "prd_0000000000000000000001", Code: "ZY-5", Name: "Zeytinyağı <5 l>", Quantity: 2, UnitMinor: 12500}, {Name: "Kargo", Quantity: 1}}
	})
	now := b.Clock.Now()
	p := b.Payment(l, func(p *checkout.Payment) {
		p.Total.Minor, p.Installments, p.Rate = 25900, 3, 36000
		p.HalfSecure, p.DueAt, p.Deadline = true, now.Add(time.Minute), now.Add(time.Hour)
		p.Card = checkout.CardFacts{Brand: checkout.BrandTroy, Issuer: "QNB", IssuerCode: "0111", Program: "CardFinans",
			Kind: checkout.CardCredit, Commercial: true, BIN: "41556500", Last4: "0007"}
		p.PayerNote, p.PayerIP, p.PayerAgent, p.PayerLang = "Ödeme", "2001:db8::1", "Mozilla/5.0 \xff\x00", "tr"
		p.Refs = checkout.Refs{"md": "a=b", "ş": "<>&"}
		p.Answers = []checkout.Answer{{Key: "plate", Label: checkout.Label{TR: "Plaka <b>", EN: "Plate"}, Type: checkout.FieldText, Value: "34 ĞÜ 12 & <i>"}}
	})
	got := b.AdmitAs(p)
	p.PayerAgent, p.Head = "Mozilla/5.0 \uFFFD\uFFFD", got.Head
	b.equal("payment", got, p)
	b.equal("length of head", len(got.Head), 32)
	m := b.Authorizing(got)
	m.To.Refs = m.To.Refs.With(checkout.Refs{"xid": "1"})
	moved := b.Move(m)
	want := m.To
	want.Slot, want.Head = 0, moved.Head
	b.equal("authorizing", moved, want)
	paid := b.Move(b.Approved(moved))
	m, err := paid.RefundDone(900, b.Step())
	b.must(err)
	part := b.Move(m)
	want = m.To
	want.Head = part.Head
	b.equal("refunded in part", part, want)
}

func paymentForeign(b *Books) {
	p := b.Admit(b.Create())
	_, err := b.Ledger.PaymentOf(b.ctx, b.NewMerchant(), p.ID)
	b.want(err, checkout.ErrNoPayment)
	got, err := b.Ledger.PaymentOf(b.ctx, b.Merchant, p.ID)
	b.must(err)
	b.equal("own", got, p)
	_, err = b.Ledger.PaymentByID(b.ctx, b.IDs.Payment())
	b.want(err, checkout.ErrNoPayment)
	_, _, err = b.Ledger.PaymentAndLink(b.ctx, b.IDs.Payment())
	b.want(err, checkout.ErrNoPayment)
	paid := b.Pay(b.Create(multi(3)))
	got, of, err := b.Ledger.PaymentAndLink(b.ctx, paid.ID)
	b.must(err)
	b.equal("with its link", got, b.Read(paid.ID))
	b.equal("its link", of, b.ReadLink(paid.Link))
	m := b.Authorizing(p)
	m.From.Merchant = b.NewMerchant()
	_, err = b.Ledger.Move(b.ctx, m)
	b.want(err, checkout.ErrNoPayment)
}

func paymentPrefix(b *Books) {
	l := b.Create()
	p := b.Admit(l)
	got, err := b.Ledger.PaymentByPrefix(b.ctx, string(p.ID[:16]))
	b.must(err)
	b.equal("payment", got, p)
	other := []byte(p.ID[:16])
	other[15] ^= 1
	for _, prefix := range []string{"", "pay_", string(p.ID[:15]), string(p.ID[:17]), string(p.ID), "pay_%___________", string(other)} {
		_, err := b.Ledger.PaymentByPrefix(b.ctx, prefix)
		b.want(err, checkout.ErrNoPayment)
	}
	twin := b.Payment(l, func(q *checkout.Payment) { q.ID = p.ID[:16] + "ZZZZZZZZZZ" })
	b.AdmitAs(twin)
	_, err = b.Ledger.PaymentByPrefix(b.ctx, string(p.ID[:16]))
	b.want(err, checkout.ErrNoPayment)
}

func (b *Books) admit(l checkout.Link, change ...func(*checkout.Payment)) error {
	_, err := b.Ledger.Admit(b.ctx, b.Payment(l, change...), b.Event("payment.challenged"))
	return err
}

func admitExpiry(b *Books) {
	l := b.Create(func(l *checkout.Link) { l.ExpiresAt = b.Clock.Now().Add(time.Hour) })
	for _, step := range []struct {
		at   time.Time
		want error
	}{
		{l.ExpiresAt.Add(-Tick), nil},
		{l.ExpiresAt, checkout.ErrExpired},
		{l.ExpiresAt.Add(Tick), checkout.ErrExpired},
	} {
		b.Clock.Set(step.at)
		b.want(b.admit(l), step.want)
		// What the caller's clock says is not asked.
		for _, skew := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
			b.want(b.admit(l, func(p *checkout.Payment) { p.CreatedAt = step.at.Add(skew) }), step.want)
		}
	}
	found, _, err := b.Ledger.SearchPayments(b.ctx, checkout.PaymentQuery{Merchant: b.Merchant})
	b.must(err)
	b.equal("admitted", len(found), 3)
}

func admitBeginning(b *Books) {
	l := b.Create(func(l *checkout.Link) { l.ActiveFrom = b.Clock.Now().Add(time.Hour) })
	b.Clock.Set(l.ActiveFrom.Add(-Tick))
	b.want(b.admit(l), checkout.ErrNotActiveYet)
	b.Clock.Set(l.ActiveFrom)
	b.want(b.admit(l), nil)
}

func admitReasons(b *Books) {
	b.want(b.admit(b.Link()), checkout.ErrNoLink)
	foreign := b.Create()
	foreign.Merchant = b.NewMerchant()
	b.want(b.admit(foreign), checkout.ErrNoLink)
	b.want(b.admit(b.delete(b.Create())), checkout.ErrDeleted)
	resting := b.Create(func(l *checkout.Link) { l.RestingSince = b.Clock.Now() })
	b.want(b.admit(resting), checkout.ErrResting)
	busy := b.Create()
	p := b.Move(b.Authorizing(b.Admit(busy)))
	b.want(b.admit(busy), checkout.ErrBusy)
	b.Move(b.Approved(p))
	b.want(b.admit(busy), checkout.ErrPaid)
	b.Clock.Advance(48 * time.Hour)
	b.want(b.admit(busy), checkout.ErrPaid)
	l := b.Create()
	b.want(b.admit(l, func(p *checkout.Payment) { p.Status = checkout.StatusPaid }), checkout.ErrTransition)
}

func admitTerms(b *Books) {
	l := b.Create()
	to := l
	to.Amount.Minor = 99900
	edited, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: to, Event: b.Event("link.edited")})
	b.must(err)
	b.want(b.admit(l), checkout.ErrTermsChanged)
	b.want(b.admit(edited), nil)
	lines := b.Create(func(l *checkout.Link) { l.Items = []checkout.Item{{Name: "Kargo", Quantity: 1, UnitMinor: 100}} })
	b.want(b.admit(lines, func(p *checkout.Payment) { p.Items = nil }), checkout.ErrTermsChanged) // shown by a program that knows none
	b.want(b.admit(lines), nil)
}

func admittedFinish(b *Books) {
	l := b.Create()
	p := b.Admit(l)
	edited := l
	edited.Amount.Minor = 1
	now, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: edited, Event: b.Event("link.edited")})
	b.must(err)
	b.delete(now)
	b.Clock.Advance(48 * time.Hour)
	paid := b.Move(b.Approved(b.Move(b.Authorizing(p))))
	b.equal("amount", paid.Amount, l.Amount)
	after := b.ReadLink(l.ID)
	b.equal("paid", []any{after.PaidCount, after.PaidMinor, after.PaidBy, after.SlotsHeld}, []any{1, int64(25000), p.ID, 0})
	b.equal("status", after.Status(b.Clock.Now()), checkout.LinkPaid)
}

func bankOrderTwice(b *Books) {
	l := b.Create(multi(0))
	p := b.Admit(l)
	if err := b.admit(l, func(q *checkout.Payment) { q.BankOrder = p.BankOrder }); err == nil {
		b.Fatal("a bank order number was used twice")
	}
	numbers := make([]checkout.Payment, 20)
	for i := range numbers {
		numbers[i] = b.Payment(l, func(q *checkout.Payment) { q.BankOrder = "ODTWICETWICETWICETWX" })
	}
	errs := together(len(numbers), func(i int) error {
		_, err := b.Ledger.Admit(b.ctx, numbers[i], b.Event("payment.challenged"))
		return err
	})
	b.equal("admitted", tally(errs)[""], 1)
}

// One page's form, sent a hundred times: the primary key lets it exist once, and who came second is told so
// by name, be it in the same group of commits, at the same time, or later.
func attemptOnce(b *Books) {
	l := b.Create()
	id := b.IDs.Payment()
	tries := make([]checkout.Payment, 100)
	for i := range tries {
		tries[i] = b.Payment(l, func(p *checkout.Payment) { p.ID = id })
	}
	errs := together(len(tries), func(i int) error {
		_, err := b.Ledger.Admit(b.ctx, tries[i], b.Event("payment.challenged"))
		return err
	})
	b.equal("ends", tally(errs), map[string]int{"": 1, "payment_begun": 99})
	won := b.Read(id)
	b.equal("as the one who was first wrote it", errs[slices.IndexFunc(tries, func(p checkout.Payment) bool { return p.BankOrder == won.BankOrder })], nil)
	b.want(b.admit(l, func(p *checkout.Payment) { p.ID = id }), checkout.ErrBegun)
	trail, err := b.Ledger.Events(b.ctx, b.Merchant, string(id))
	b.must(err)
	b.equal("events", len(trail), 1)
	b.must(b.admit(l)) // another attempt is as welcome as ever
}

func slotOnce(b *Books) {
	l := b.Create()
	moves := make([]checkout.Move, 100)
	for i := range moves {
		moves[i] = b.Authorizing(b.Admit(l))
	}
	errs := together(len(moves), func(i int) error { _, err := b.Ledger.Move(b.ctx, moves[i]); return err })
	b.equal("ends", tally(errs), map[string]int{"": 1, "link_busy": 99})
	for i, err := range errs {
		p := b.Read(moves[i].From.ID)
		if err != nil {
			b.equal("loser", p, moves[i].From)
			continue
		}
		b.equal("winner", []any{p.Status, p.Slot, p.Seq}, []any{checkout.StatusAuthorizing, 0, int64(2)})
		b.Move(b.Approved(p))
	}
	errs = together(len(moves), func(i int) error { _, err := b.Ledger.Move(b.ctx, moves[i]); return err })
	b.equal("afterwards", tally(errs), map[string]int{"link_paid": 99, "stale": 1})
	now := b.ReadLink(l.ID)
	b.equal("counters", []any{now.SlotsHeld, now.PaidCount, now.PaidMinor}, []any{0, 1, int64(25000)})
}

func slotMax(b *Books) {
	l := b.Create(multi(7))
	moves := make([]checkout.Move, 40)
	for i := range moves {
		moves[i] = b.Authorizing(b.Admit(l))
	}
	errs := together(len(moves), func(i int) error { _, err := b.Ledger.Move(b.ctx, moves[i]); return err })
	b.equal("ends", tally(errs), map[string]int{"": 7, "link_busy": 33})
	var slots []int
	for i, err := range errs {
		if err == nil {
			slots = append(slots, b.Read(moves[i].From.ID).Slot)
		}
	}
	slices.Sort(slots)
	b.equal("slots", slots, []int{0, 1, 2, 3, 4, 5, 6})
	b.equal("held", b.ReadLink(l.ID).SlotsHeld, 7)
}

func slotUnlimited(b *Books) {
	l := b.Create(multi(0))
	moves := make([]checkout.Move, 40)
	for i := range moves {
		moves[i] = b.Authorizing(b.Admit(l))
	}
	errs := together(len(moves), func(i int) error { _, err := b.Ledger.Move(b.ctx, moves[i]); return err })
	b.equal("ends", tally(errs), map[string]int{"": 40})
	errs = together(len(moves), func(i int) error {
		p := b.Read(moves[i].From.ID)
		if p.Slot != -1 {
			return fmt.Errorf("slot %d", p.Slot)
		}
		_, err := b.Ledger.Move(b.ctx, b.Approved(p))
		return err
	})
	b.equal("ends", tally(errs), map[string]int{"": 40})
	now := b.ReadLink(l.ID)
	b.equal("counters", []any{now.SlotsHeld, now.PaidCount, now.PaidMinor}, []any{0, 40, int64(40 * 25000)})
}

func slotRetake(b *Books) {
	l := b.Create(multi(2))
	first := b.Move(b.Authorizing(b.Admit(l)))
	second := b.Move(b.Authorizing(b.Admit(l)))
	b.want(b.admit(l), checkout.ErrBusy)
	refused := b.Move(b.Refused(first))
	b.equal("slot after", refused.Slot, -1)
	third := b.Move(b.Authorizing(b.Admit(l)))
	b.equal("slots", []int{second.Slot, third.Slot}, []int{1, 0})
	b.Move(b.Approved(third))
	b.Move(b.Refused(second))
	fourth := b.Move(b.Authorizing(b.Admit(l)))
	b.equal("slot", fourth.Slot, 1)
	now := b.ReadLink(l.ID)
	b.equal("counters", []any{now.SlotsHeld, now.PaidCount}, []any{1, 1})
}

func slotPaid(b *Books) {
	void, refund := b.Create(), b.Create()
	m, err := b.Pay(void).VoidDone(checkout.Outcome{}, b.Step())
	b.must(err)
	b.equal("voided", b.Move(m).Slot, 0)
	p := b.Pay(refund)
	for _, amount := range []int64{100, 24900} {
		m, err = p.RefundDone(amount, b.Step())
		b.must(err)
		p = b.Move(m)
	}
	b.equal("refunded", []any{p.Status, p.Slot, p.Refunded}, []any{checkout.StatusRefunded, 0, int64(25000)})
	for _, l := range []checkout.Link{void, refund} {
		b.want(b.admit(l), checkout.ErrPaid)
		b.equal("paid count", b.ReadLink(l.ID).PaidCount, 1)
	}
}

func slotAfterEdit(b *Books) {
	l := b.Create(multi(0))
	b.Pay(l)
	late := b.Admit(l)
	to := b.ReadLink(l.ID)
	to.MaxPayments = 1
	_, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: b.ReadLink(l.ID), To: to, Event: b.Event("link.edited")})
	b.must(err)
	_, err = b.Ledger.Move(b.ctx, b.Authorizing(late))
	b.want(err, checkout.ErrPaid)
	b.equal("the late one", b.Read(late.ID), late)
}

func slotPending(b *Books) {
	l := b.Create()
	other := b.Admit(l)
	p := b.Move(b.Authorizing(b.Admit(l)))
	m, err := p.Doubt(b.Clock.Now().Add(time.Minute), b.Step())
	b.must(err)
	p = b.Move(m)
	b.equal("held", b.ReadLink(l.ID).SlotsHeld, 1)
	_, err = b.Ledger.Move(b.ctx, b.Authorizing(other))
	b.want(err, checkout.ErrBusy)
	b.want(b.admit(l), checkout.ErrBusy)
	m, err = p.VoidDone(checkout.Outcome{}, b.Step())
	b.must(err)
	p = b.Move(m)
	now := b.ReadLink(l.ID)
	b.equal("after the void", []any{p.Slot, now.SlotsHeld, now.PaidCount}, []any{-1, 0, 0})
	b.Move(b.Authorizing(other))
}

func moveParallel(b *Books) {
	p := b.Admit(b.Create())
	errs := together(100, func(int) error { _, err := b.Ledger.Move(b.ctx, b.Authorizing(p)); return err })
	b.equal("ends", tally(errs), map[string]int{"": 1, "stale": 99})
	events, err := b.Ledger.Events(b.ctx, b.Merchant, string(p.ID))
	b.must(err)
	b.equal("events", len(events), 2)
}

func moveStale(b *Books) {
	l := b.Create()
	p := b.Admit(l)
	authorizing := b.Move(b.Authorizing(p))
	read := b.ReadLink(l.ID)
	m, err := p.Abandon(b.Step())
	b.must(err)
	_, err = b.Ledger.Move(b.ctx, m)
	b.want(err, checkout.ErrStale)
	b.equal("payment", b.Read(p.ID), authorizing)
	b.equal("link", b.ReadLink(l.ID), read)
	unknown := b.Authorizing(b.Payment(l))
	_, err = b.Ledger.Move(b.ctx, unknown)
	b.want(err, checkout.ErrNoPayment)
}

func moveRefused(b *Books) {
	l := b.Create()
	p := b.Admit(l)
	b.Move(b.Authorizing(b.Admit(l)))
	read := b.ReadLink(l.ID)
	_, err := b.Ledger.Move(b.ctx, b.Authorizing(p))
	b.want(err, checkout.ErrBusy)
	b.equal("payment", b.Read(p.ID), p)
	b.equal("link", b.ReadLink(l.ID), read)
	events, err := b.Ledger.Events(b.ctx, b.Merchant, string(p.ID))
	b.must(err)
	b.equal("events", len(events), 1)
}

func moveTransition(b *Books) {
	l := b.Create()
	p := b.Admit(l)
	m := b.Authorizing(p)
	m.To.Status = checkout.StatusPaid
	_, err := b.Ledger.Move(b.ctx, m)
	b.want(err, checkout.ErrTransition)
	b.equal("payment", b.Read(p.ID), p)
	b.equal("link", b.ReadLink(l.ID).SlotsHeld, 0)
}

func moveCopy(b *Books) {
	p := b.Admit(b.Create())
	m := b.Authorizing(p)
	m.To.Total.Minor, m.To.Amount.Minor, m.To.BankOrder = 1, 1, b.IDs.BankOrder()
	m.To.Account, m.To.Installments, m.To.Merchant, m.To.Link = "acc_2", 12, "mer_x", "lnk_x"
	got := b.Move(m)
	b.equal("copy", []any{got.Total, got.Amount, got.BankOrder, got.Account, got.Installments, got.Merchant, got.Link},
		[]any{p.Total, p.Amount, p.BankOrder, p.Account, p.Installments, p.Merchant, p.Link})
}

func moveAnswer(b *Books) {
	l := b.Create()
	p := b.Admit(l)
	steps := []struct {
		what    string
		move    func(checkout.Payment) (checkout.Move, error)
		changes bool
	}{
		{"a note", func(p checkout.Payment) (checkout.Move, error) { return p.Note("callback_rejected", b.Step()) }, false},
		{"authorizing", func(p checkout.Payment) (checkout.Move, error) { return b.Authorizing(p), nil }, true},
		{"doubt", func(p checkout.Payment) (checkout.Move, error) { return p.Doubt(b.Clock.Now(), b.Step()) }, false},
		{"asked", func(p checkout.Payment) (checkout.Move, error) { return p.Asked(true, b.Clock.Now(), b.Step()) }, false},
		{"paid", func(p checkout.Payment) (checkout.Move, error) { return b.Approved(p), nil }, true},
		{"refund", func(p checkout.Payment) (checkout.Move, error) { return p.RefundDone(1, b.Step()) }, false},
	}
	for _, s := range steps {
		before := b.ReadLink(l.ID)
		m, err := s.move(p)
		b.must(err)
		done, err := b.Ledger.Move(b.ctx, m)
		b.must(err)
		after := done.Link
		p = b.Read(p.ID)
		if !s.changes {
			b.equal(s.what+" answers no link", after == nil, true)
			b.equal(s.what+" leaves the link", b.ReadLink(l.ID), before)
			continue
		}
		if after == nil {
			b.Fatalf("%s: no link", s.what)
		}
		b.equal(s.what, *after, b.ReadLink(l.ID))
		b.equal(s.what+": rev", after.Rev, before.Rev+1)
		b.equal(s.what+": version", after.Version, before.Version)
	}
}

func supersede(b *Books) {
	l := b.Create()
	two := b.Admit(l)
	old := b.Admit(l, oneStep)
	b.Clock.Advance(time.Minute)
	now := b.Admit(l, oneStep)
	got := b.Read(old.ID)
	want := old
	want.Status, want.Decline.Code, want.Reversal = checkout.StatusFailed, checkout.ReasonSuperseded, checkout.ReversalDue
	want.DueAt, want.UpdatedAt, want.Seq, want.Head = b.Clock.Now(), b.Clock.Now(), 2, got.Head
	b.equal("superseded", got, want)
	b.equal("two-step attempt", b.Read(two.ID), two)
	b.equal("newest", b.Read(now.ID).Status, checkout.StatusChallenged)
	events, err := b.Ledger.Events(b.ctx, b.Merchant, string(old.ID))
	b.must(err)
	b.equal("event", []any{len(events), events[1].Type, events[1].Data["by"]}, []any{2, "payment.failed", string(now.ID)})

	more := make([]checkout.Payment, 30)
	for i := range more {
		more[i] = b.Payment(l, oneStep)
	}
	errs := together(len(more), func(i int) error { _, err := b.Ledger.Admit(b.ctx, more[i], b.Event("payment.challenged")); return err })
	b.equal("ends", tally(errs), map[string]int{"": 30})
	open := 0
	for _, p := range append(more, now) {
		if b.Read(p.ID).Status == checkout.StatusChallenged {
			open++
		}
	}
	b.equal("still challenged", open, 1)
}

func supersedeNot(b *Books) {
	single, many := b.Create(), b.Create(multi(3))
	two := b.Admit(single)
	b.Admit(single)
	b.equal("two-step", b.Read(two.ID), two)
	one := b.Admit(many, oneStep)
	b.Admit(many, oneStep)
	b.equal("multi-use", b.Read(one.ID), one)
}

func displace(b *Books) {
	l := b.Create()
	two := b.Admit(l)
	one := b.Admit(l, oneStep)
	open, err := b.Ledger.UnsettledOneStep(b.ctx, l.ID)
	b.must(err)
	b.equal("in the way", open, []checkout.Payment{one})

	read, m := b.ReadLink(l.ID), b.Authorizing(two)
	for _, m.Asked = range [][]checkout.PaymentID{nil, {two.ID}} {
		_, err = b.Ledger.Move(b.ctx, m)
		b.want(err, checkout.ErrUnasked)
	}
	b.equal("nothing written", []any{b.Read(two.ID), b.Read(one.ID), b.ReadLink(l.ID)}, []any{two, one, read})

	m.Asked = []checkout.PaymentID{one.ID}
	taken := b.Move(m)
	b.equal("taken", []any{taken.Status, taken.Slot, b.ReadLink(l.ID).SlotsHeld}, []any{checkout.StatusAuthorizing, 0, 1})
	got := b.Read(one.ID)
	b.equal("superseded", []any{got.Status, got.Decline.Code, got.Reversal, got.DueAt}, []any{checkout.StatusFailed, checkout.ReasonSuperseded, checkout.ReversalDue, m.Event.At})
	events, err := b.Ledger.Events(b.ctx, b.Merchant, string(one.ID))
	b.must(err)
	b.equal("event", []any{len(events), events[1].Type, events[1].Data["by"]}, []any{2, "payment.failed", string(two.ID)})
	open, err = b.Ledger.UnsettledOneStep(b.ctx, l.ID)
	b.must(err)
	b.equal("may still be charged", open, []checkout.Payment{got})
	m, err = got.ReversalOver(b.Step())
	b.must(err)
	b.Move(m)
	open, err = b.Ledger.UnsettledOneStep(b.ctx, l.ID)
	b.must(err)
	b.equal("nothing in the way", len(open), 0)
}

func displaceEnded(b *Books) {
	l := b.Create()
	two, one := b.Admit(l), b.Admit(l, oneStep)
	m, err := one.Fail(checkout.Decline{Code: checkout.ReasonUnreachable}, b.Clock.Now().Add(time.Second), b.Step())
	b.must(err)
	ended := b.Move(m)
	open, err := b.Ledger.UnsettledOneStep(b.ctx, l.ID)
	b.must(err)
	b.equal("in the way", open, []checkout.Payment{ended})
	_, err = b.Ledger.Move(b.ctx, b.Authorizing(two))
	b.want(err, checkout.ErrUnasked)
	m = b.Authorizing(two)
	m.Asked = []checkout.PaymentID{one.ID}
	b.Move(m)
	b.equal("ended as before", b.Read(one.ID), ended)
}

func displaceNot(b *Books) {
	many := b.Create(multi(3))
	two, one := b.Admit(many), b.Admit(many, oneStep)
	open, err := b.Ledger.UnsettledOneStep(b.ctx, many.ID)
	b.must(err)
	b.equal("multi-use", len(open), 0)
	b.Move(b.Authorizing(two))
	b.equal("multi-use", b.Read(one.ID), one)

	single := b.Create()
	two, one = b.Admit(single), b.Admit(single, oneStep)
	b.Move(b.Authorizing(one)) // it was charged, whoever stands there
	_, err = b.Ledger.Move(b.ctx, b.Authorizing(two))
	b.want(err, checkout.ErrBusy)
	b.equal("two-step", b.Read(two.ID), two)

	b.Admit(b.Create(), oneStep)
	b.Move(b.Authorizing(b.Admit(b.Create()))) // of another link
}

// use edits how often a link may be paid.
func (b *Books) use(l checkout.Link, u checkout.Usage) checkout.Link {
	b.Helper()
	from := b.ReadLink(l.ID)
	to := from
	to.Usage = u
	now, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: from, To: to, Event: b.Event("link.edited")})
	b.must(err)
	return now
}

func displaceEdited(b *Books) {
	l := b.Create(multi(0))
	one := b.Admit(l, oneStep)
	l = b.use(l, checkout.UsageSingle)
	open, err := b.Ledger.UnsettledOneStep(b.ctx, l.ID)
	b.must(err)
	b.equal("made for many", open, []checkout.Payment{one})
	m := b.Authorizing(b.Admit(l))
	_, err = b.Ledger.Move(b.ctx, m)
	b.want(err, checkout.ErrUnasked)
	m.Asked = []checkout.PaymentID{one.ID}
	b.Move(m)

	l = b.Create()
	b.Admit(l, oneStep)
	l = b.use(l, checkout.UsageMulti)
	open, err = b.Ledger.UnsettledOneStep(b.ctx, l.ID)
	b.must(err)
	b.equal("for many now", len(open), 0)
}

func leaseOnce(b *Books) {
	l := b.Create(multi(0))
	due := map[checkout.PaymentID]checkout.Payment{}
	for range 40 {
		p := b.Admit(l, func(p *checkout.Payment) { p.DueAt = b.Clock.Now() })
		due[p.ID] = p
	}
	until := b.Clock.Now().Add(time.Minute)
	var mu sync.Mutex
	got := map[checkout.PaymentID]int{}
	for _, err := range together(8, func(int) error {
		for range 10 {
			leased, err := b.Ledger.LeaseDue(b.ctx, until, 3)
			if err != nil {
				return err
			}
			mu.Lock()
			for _, p := range leased {
				got[p.ID]++
				want := due[p.ID]
				want.DueAt = until
				if !reflect.DeepEqual(p, want) {
					b.Errorf("leased\n got %+v\nwant %+v", p, want)
				}
			}
			mu.Unlock()
		}
		return nil
	}) {
		b.must(err)
	}
	b.equal("leased", len(got), len(due))
	for id, n := range got {
		b.equal("times "+string(id), n, 1)
	}
	// Who holds a lease can still move the payment he read.
	for id := range due {
		b.Move(b.Authorizing(due[id]))
		break
	}
}

func postpone(b *Books) {
	due := b.Clock.Now()
	paid := func(at time.Time) checkout.Payment {
		m := b.Approved(b.Move(b.Authorizing(b.Admit(b.Create()))))
		m.To.DueAt = at
		return b.Move(m)
	}
	later, never, resting := paid(due), paid(due), paid(time.Time{})
	other := b.Move(b.Authorizing(b.Admit(b.Create())))
	until := due.Add(time.Hour)
	b.must(b.Ledger.Postpone(b.ctx, nil, until))
	b.must(b.Ledger.Postpone(b.ctx, []checkout.PaymentID{later.ID, resting.ID, other.ID, b.IDs.Payment()}, until))
	b.must(b.Ledger.Postpone(b.ctx, []checkout.PaymentID{never.ID}, time.Time{}))
	later.DueAt, never.DueAt = until, time.Time{}
	for what, p := range map[string]checkout.Payment{"later": later, "never": never, "waits for nothing": resting, "not paid": other} {
		b.equal(what, b.Read(p.ID), p)
	}
	many := make([]checkout.PaymentID, 1200)
	for i := range many {
		many[i] = b.IDs.Payment()
	}
	many[1100] = later.ID
	b.must(b.Ledger.Postpone(b.ctx, many, time.Time{}))
	b.equal("among many", b.Read(later.ID).DueAt.IsZero(), true)
}

func leaseEnds(b *Books) {
	l := b.Create(multi(0))
	at := b.Clock.Now().Add(time.Minute)
	p := b.Admit(l, func(p *checkout.Payment) { p.DueAt = at })
	b.Admit(l) // never due
	early := b.Admit(l, func(p *checkout.Payment) { p.DueAt = at.Add(-time.Second) })
	lease := func(until time.Time, limit int) []checkout.PaymentID {
		b.Helper()
		leased, err := b.Ledger.LeaseDue(b.ctx, until, limit)
		b.must(err)
		ids := []checkout.PaymentID{}
		for _, p := range leased {
			ids = append(ids, p.ID)
		}
		return ids
	}
	until := at.Add(time.Hour)
	b.equal("too early", lease(until, 10), []checkout.PaymentID{})
	b.Clock.Set(at)
	b.equal("limit, earliest first", lease(until, 1), []checkout.PaymentID{early.ID})
	b.equal("the other", lease(until, 10), []checkout.PaymentID{p.ID})
	b.equal("leased", lease(until, 10), []checkout.PaymentID{})
	b.Clock.Set(until)
	b.equal("after the lease", len(lease(until.Add(time.Hour), 10)), 2)
}

func searchPayments(b *Books) {
	first, second := b.Create(), b.Create(multi(0), func(l *checkout.Link) { l.Amount.Minor = 9900 })
	start := b.Clock.Now()
	paid := b.Pay(first)
	b.Clock.Advance(time.Second)
	a := b.Admit(second)
	b.Clock.Advance(time.Second)
	c := b.Admit(second)
	find := func(q checkout.PaymentQuery) []checkout.PaymentID {
		b.Helper()
		q.Merchant = b.Merchant
		found, _, err := b.Ledger.SearchPayments(b.ctx, q)
		b.must(err)
		ids := []checkout.PaymentID{}
		for _, p := range found {
			ids = append(ids, p.ID)
		}
		return ids
	}
	none, ids := []checkout.PaymentID{}, func(p ...checkout.PaymentID) []checkout.PaymentID { return p }
	b.equal("all", find(checkout.PaymentQuery{}), ids(c.ID, a.ID, paid.ID))
	b.equal("link", find(checkout.PaymentQuery{Link: second.ID}), ids(c.ID, a.ID))
	b.equal("status", find(checkout.PaymentQuery{Status: checkout.StatusPaid}), ids(paid.ID))
	b.equal("order", find(checkout.PaymentQuery{Order: first.Order}), ids(paid.ID))
	b.equal("no such order", find(checkout.PaymentQuery{Order: "x"}), none)
	b.equal("from", find(checkout.PaymentQuery{From: start.Add(time.Second)}), ids(c.ID, a.ID))
	b.equal("to", find(checkout.PaymentQuery{To: start.Add(time.Second)}), ids(paid.ID))
	b.equal("min", find(checkout.PaymentQuery{Min: 9901}), ids(paid.ID))
	b.equal("max", find(checkout.PaymentQuery{Max: 9900}), ids(c.ID, a.ID))
	b.equal("both", find(checkout.PaymentQuery{Min: 9900, Max: 9900, Link: second.ID, Status: checkout.StatusChallenged}), ids(c.ID, a.ID))
	b.equal("reference", find(checkout.PaymentQuery{Reference: a.ID.Reference()}), ids(a.ID))
	b.equal("reference and link", find(checkout.PaymentQuery{Reference: a.ID.Reference(), Link: first.ID}), none)
	for _, wrong := range []string{paid.ID.Reference()[1:], paid.ID.Reference() + "x", string(paid.ID), "%%%%%%%%%%", "__________", "' OR 1=1 --"} {
		b.equal("no reference: "+wrong, find(checkout.PaymentQuery{Reference: wrong}), none)
	}
	stranger := b.NewMerchant()
	for _, q := range []checkout.PaymentQuery{{Link: second.ID}, {Reference: a.ID.Reference()}} {
		q.Merchant = stranger
		found, _, err := b.Ledger.SearchPayments(b.ctx, q)
		b.must(err)
		b.equal("foreign", len(found), 0)
	}
}

func attention(b *Books) {
	quiet, first := b.Pay(b.Create()), b.Pay(b.Create())
	b.Clock.Advance(time.Second)
	second := b.Pay(b.Create())
	differs := func(p checkout.Payment, amount string) checkout.Payment {
		b.Helper()
		step := b.Step()
		step.Data = map[string]string{"amount": amount}
		m, err := p.Note(checkout.EventAmountDiffers, step)
		b.must(err)
		return b.Move(m)
	}
	find := func(q checkout.PaymentQuery) []checkout.PaymentID {
		b.Helper()
		q.Attention = true
		found, _, err := b.Ledger.SearchPayments(b.ctx, q)
		b.must(err)
		ids := []checkout.PaymentID{}
		for _, p := range found {
			ids = append(ids, p.ID)
		}
		return ids
	}
	b.equal("none", find(checkout.PaymentQuery{Merchant: b.Merchant}), []checkout.PaymentID{})
	first = differs(first, "251.00 TRY")
	b.Clock.Advance(time.Second)
	first = differs(first, "250.00 USD")
	second = differs(second, "1.00 TRY")
	both := find(checkout.PaymentQuery{Merchant: b.Merchant})
	slices.Sort(both)
	want := []checkout.PaymentID{min(first.ID, second.ID), max(first.ID, second.ID)}
	b.equal("each once", both, want)
	b.equal("with a link", find(checkout.PaymentQuery{Merchant: b.Merchant, Link: second.Link}), []checkout.PaymentID{second.ID})
	for range 501 { // more than a store looks up one by one
		second = differs(second, "1.00 TRY")
	}
	b.Clock.Advance(time.Second)
	first = differs(first, "2.00 TRY") // the newest event, of the older payment
	list := checkout.PaymentQuery{Merchant: b.Merchant}
	b.equal("newest first", find(list), []checkout.PaymentID{second.ID, first.ID})
	list.Limit, list.Attention = 1, true
	page, next, err := b.Ledger.SearchPayments(b.ctx, list)
	b.must(err)
	b.equal("a page", []checkout.PaymentID{page[0].ID}, []checkout.PaymentID{second.ID})
	list.Cursor = next
	page, next, err = b.Ledger.SearchPayments(b.ctx, list)
	b.must(err)
	b.equal("the next page, which is the last", []any{len(page), page[0].ID, next}, []any{1, first.ID, ""})
	list.Cursor = "x"
	_, _, err = b.Ledger.SearchPayments(b.ctx, list)
	b.want(err, checkout.ErrCursor)
	b.equal("since", find(checkout.PaymentQuery{Merchant: b.Merchant, From: second.CreatedAt}), []checkout.PaymentID{second.ID})
	b.equal("until", find(checkout.PaymentQuery{Merchant: b.Merchant, To: second.CreatedAt}), []checkout.PaymentID{first.ID})
	stranger := b.NewMerchant()
	b.equal("foreign", find(checkout.PaymentQuery{Merchant: stranger}), []checkout.PaymentID{})

	said := func(m checkout.MerchantID, of ...checkout.PaymentID) map[checkout.PaymentID][]string {
		b.Helper()
		found, err := b.Ledger.Attention(b.ctx, m, of)
		b.must(err)
		out := map[checkout.PaymentID][]string{}
		for id, events := range found {
			for _, e := range events {
				m, ok := e.Stated()
				b.equal("the event can be read", ok, true)
				out[id] = append(out[id], m.String())
			}
		}
		return out
	}
	type answer = map[checkout.PaymentID][]string
	b.equal("in order", said(b.Merchant, quiet.ID, first.ID), answer{first.ID: {"251.00 TRY", "250.00 USD", "2.00 TRY"}})
	calling := func(m checkout.MerchantID, maker checkout.UserID, most int) int64 {
		b.Helper()
		n, err := b.Ledger.Calling(b.ctx, m, maker, most)
		b.must(err)
		return n
	}
	nobody := b.User()
	b.equal("counted", []int64{calling(b.Merchant, "", 100), calling(b.Merchant, "", 1), calling(b.Merchant, nobody.ID, 100), calling(stranger, "", 100)}, []int64{2, 1, 0, 0})
	own := b.New(b.Link(func(*checkout.Link) {}))
	own.Maker = nobody.ID
	b.must(b.Ledger.CreateLink(b.ctx, own))
	differs(b.Pay(b.ReadLink(own.Link.ID)), "1.00 TRY")
	b.equal("of who made the link", len(find(checkout.PaymentQuery{Merchant: b.Merchant, Maker: nobody.ID})), 1)
	b.equal("of who made none", find(checkout.PaymentQuery{Merchant: b.Merchant, Maker: b.User().ID}), []checkout.PaymentID{})
	b.equal("counted of who made the link", []int64{calling(b.Merchant, nobody.ID, 100), calling(b.Merchant, "", 100)}, []int64{1, 3})
	b.equal("each of many", len(said(b.Merchant, second.ID)[second.ID]), 502)
	b.equal("none asked for", said(b.Merchant), answer{})
	b.equal("somebody else's", said(stranger, first.ID), answer{})
}

func paymentsOfLinks(b *Books) {
	many, one, none := b.Create(multi(0)), b.Create(), b.Create()
	var newest []checkout.PaymentID
	for range 5 {
		newest = append([]checkout.PaymentID{b.Admit(many).ID}, newest...)
		b.Clock.Advance(time.Second)
	}
	paid := b.Pay(one)
	ids := func(m checkout.MerchantID, newest int, of ...checkout.LinkID) map[checkout.LinkID][]checkout.PaymentID {
		b.Helper()
		found, err := b.Ledger.PaymentsOfLinks(b.ctx, m, of, newest)
		b.must(err)
		all := map[checkout.LinkID][]checkout.PaymentID{}
		for l, payments := range found {
			for _, p := range payments {
				b.equal("the whole payment", p, b.Read(p.ID))
				all[l] = append(all[l], p.ID)
			}
		}
		return all
	}
	type answer = map[checkout.LinkID][]checkout.PaymentID
	b.equal("three of each", ids(b.Merchant, 3, many.ID, one.ID, none.ID), answer{many.ID: newest[:3], one.ID: {paid.ID}})
	b.equal("all", ids(b.Merchant, 100, none.ID, many.ID), answer{many.ID: newest})
	b.equal("none asked for", ids(b.Merchant, 3), answer{})
	b.equal("nonsense", ids(b.Merchant, 3, "lnk_x", "' OR 1=1 --"), answer{})
	b.equal("somebody else's", ids(b.NewMerchant(), 3, many.ID, one.ID), answer{})
	twins := b.Create(multi(0))
	a, c := b.Admit(twins).ID, b.Admit(twins).ID // at one time: by id
	b.equal("twins", ids(b.Merchant, 1, twins.ID), answer{twins.ID: {max(a, c)}})
}

func pagesPayments(b *Books) {
	l := b.Create(multi(0))
	var want, got []checkout.PaymentID
	for range 11 {
		want = append(want, b.Admit(l).ID) // all at one time
	}
	cursor := ""
	for {
		found, next, err := b.Ledger.SearchPayments(b.ctx, checkout.PaymentQuery{Merchant: b.Merchant, Limit: 3, Cursor: cursor})
		b.must(err)
		for _, p := range found {
			got = append(got, p.ID)
		}
		b.Clock.Advance(time.Second)
		b.Admit(l)
		if cursor = next; cursor == "" {
			break
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	b.equal("payments", got, want)
}

func eventsChain(b *Books) {
	l := b.Create()
	p := b.Pay(l)
	b.delete(b.ReadLink(l.ID))
	for subject, types := range map[string][]string{
		string(p.ID): {"payment.challenged", "payment.authorizing", "payment.paid"},
		string(l.ID): {"link.created", checkout.TopicLinkPaid, "link.deleted"},
	} {
		events, err := b.Ledger.Events(b.ctx, b.Merchant, subject)
		b.must(err)
		b.equal("events of "+subject, len(events), len(types))
		prev := []byte{}
		seen := map[checkout.EventID]bool{}
		for i, e := range events {
			b.equal("event", []any{e.Subject, e.Merchant, e.Seq, e.Type}, []any{subject, b.Merchant, int64(i + 1), types[i]})
			b.equal("prev", e.Prev, prev)
			b.equal("hash", len(e.Hash) == 32 && !bytes.Equal(e.Hash, prev), true)
			b.equal("id", len(e.ID) == 26 && !seen[e.ID], true)
			b.equal("at", e.At, b.Clock.Now())
			seen[e.ID], prev = true, e.Hash
		}
		if subject == string(p.ID) {
			b.equal("head", p.Head, prev)
			b.equal("who and what", []any{events[1].Actor, events[1].IP, events[1].Data}, []any{"bank", "192.0.2.7", map[string]string{"from": "test"}})
		}
	}
}

func eventsForeign(b *Books) {
	l := b.Create()
	events, err := b.Ledger.Events(b.ctx, b.NewMerchant(), string(l.ID))
	b.must(err)
	b.equal("events", len(events), 0)
}

func eventsOfMany(b *Books) {
	var all []checkout.PaymentID
	want := map[checkout.PaymentID][]checkout.Event{}
	for i := range 100 { // a page
		p := b.Admit(b.Create())
		if i%3 == 0 {
			p = b.Pay(b.Create())
		}
		events, err := b.Ledger.Events(b.ctx, b.Merchant, string(p.ID))
		b.must(err)
		all, want[p.ID] = append(all, p.ID), events
	}
	of := func(m checkout.MerchantID, of ...checkout.PaymentID) map[checkout.PaymentID][]checkout.Event {
		b.Helper()
		found, err := b.Ledger.EventsOf(b.ctx, m, of)
		b.must(err)
		return found
	}
	type answer = map[checkout.PaymentID][]checkout.Event
	b.equal("a page", of(b.Merchant, all...), want)
	b.equal("one, twice and with nonsense", of(b.Merchant, all[3], all[3], "pay_x", "' OR 1=1 --"), answer{all[3]: want[all[3]]})
	b.equal("none asked for", of(b.Merchant), answer{})
	b.equal("somebody else's", of(b.NewMerchant(), all...), answer{})
}

func merchantFields(b *Books) {
	now := b.Clock.Now()
	m := checkout.Merchant{
		ID: b.IDs.Merchant(), Name: "Çiçek", LegalName: "Çiçek A.Ş.", Phone: "+902120000000", Email: "a@example.com",
		Website: "https://cicek.example", Accent: "#1f6feb", Currencies: []checkout.Currency{checkout.TRY, checkout.USD},
		Installments: []int{1, 2}, MaxCount: 6, Category: "general", Brands: []checkout.Brand{checkout.BrandTroy},
		ReturnOrigins: []string{"https://cicek.example"}, Test: true, Version: 1, CreatedAt: now, UpdatedAt: now,
		Support: checkout.SupportLine{Phone: "0850 555 00 11", Email: "pos@banka.example", Hours: "Hafta içi 09:00–18:00"},
	}
	_, err := b.Ledger.Merchant(b.ctx, m.ID)
	b.want(err, checkout.ErrNoMerchant)
	b.must(b.Ledger.SaveMerchant(b.ctx, m, b.Event("merchant.created")))
	b.Clock.Advance(time.Second)
	got, err := b.Ledger.Merchant(b.ctx, m.ID)
	b.must(err)
	b.equal("the new merchant", got, m)
	m.Name, m.Brands, m.Version, m.UpdatedAt, m.Support.Email = "Gül", nil, 2, b.Clock.Now(), ""
	changed := m
	changed.CreatedAt = b.Clock.Now()
	b.must(b.Ledger.SaveMerchant(b.ctx, changed, b.Event("merchant.edited")))
	for _, version := range []int64{1, 2, 4} { // of somebody who read it earlier, or never
		late := m
		late.Name, late.Version = "Geç", version
		b.want(b.Ledger.SaveMerchant(b.ctx, late, b.Event("merchant.edited")), checkout.ErrStale)
	}
	got, err = b.Ledger.Merchant(b.ctx, m.ID)
	b.must(err)
	b.equal("merchant", got, m)
	logos(b, m)
	accountsAndKeys(b, m.ID)
	events, err := b.Ledger.Events(b.ctx, m.ID, string(m.ID))
	b.must(err)
	b.equal("events", len(events), 10)
}

func logos(b *Books, m checkout.Merchant) {
	_, err := b.Ledger.Logo(b.ctx, m.ID)
	b.want(err, checkout.ErrNoMerchant)
	logo := checkout.Logo{Type: "image/png", Data: []byte{0x89, 'P', 0, 0xff}}
	b.must(b.Ledger.SaveLogo(b.ctx, m.ID, logo, b.Event("merchant.logo")))
	got, err := b.Ledger.Logo(b.ctx, m.ID)
	b.must(err)
	b.equal("logo", got, logo)
	now, err := b.Ledger.Merchant(b.ctx, m.ID)
	b.must(err)
	b.equal("merchant", []any{now.LogoType, now.Version, now.Name}, []any{"image/png", m.Version + 1, m.Name})
	b.must(b.Ledger.SaveLogo(b.ctx, m.ID, checkout.Logo{}, b.Event("merchant.logo")))
	_, err = b.Ledger.Logo(b.ctx, m.ID)
	b.want(err, checkout.ErrNoMerchant)
	b.want(b.Ledger.SaveLogo(b.ctx, "mer_unknown", logo, b.Event("merchant.logo")), checkout.ErrNoMerchant)
}

func accountsAndKeys(b *Books, m checkout.MerchantID) {
	now := b.Clock.Now()
	a := checkout.Account{
		ID: b.IDs.Account(), Merchant: m, Kind: "payfor", Name: "QNB", Mode: "3dmodel", BaseURL: "http://127.0.0.1:1/x",
		Credentials: checkout.Secrets{"merchant_id": "1", "user_pass": "şifre"}, Currencies: []checkout.Currency{checkout.TRY},
		Programs: []string{"CardFinans"}, Issuers: []string{"0111"}, Rates: []checkout.RateRow{{Count: 3, Rate: 36000}},
		Pricing: checkout.PricingMarkup, MinPerMonth: 100, HalfSecure: true, Priority: 10, Enabled: true, Version: 1,
		CreatedAt: now, UpdatedAt: now,
	}
	high := a
	high.ID, high.Priority, high.Credentials = b.IDs.Account(), 20, checkout.Secrets{}
	rate, days := checkout.Rate(0), 40
	a.Payout = checkout.PayoutTerms{Commission: &rate, Spread: checkout.SpreadMonthly, Days: &days, IBAN: "TR330006100519786457841326"}
	b.must(b.Ledger.SaveAccount(b.ctx, a, b.Event("acquirer.created")))
	b.must(b.Ledger.SaveAccount(b.ctx, high, b.Event("acquirer.created")))
	a.Enabled, a.Credentials = false, checkout.Secrets{"merchant_id": "2"}
	b.must(b.Ledger.SaveAccount(b.ctx, a, b.Event("acquirer.edited")))
	got, err := b.Ledger.Accounts(b.ctx, m)
	b.must(err)
	b.equal("accounts", got, []checkout.Account{high, a})
	formerKept(b, a)
	if got[1].Credentials["merchant_id"] != "2" || len(got[1].Credentials) != 1 {
		b.Fatal("the credentials did not come back")
	}
	k := checkout.APIKey{ID: b.IDs.Key(), Merchant: m, Name: "shop", Shown: "sk_test", Hash: []byte("hash-1"), CreatedAt: now}
	b.must(b.Ledger.SaveKey(b.ctx, k, b.Event("key.created")))
	key, err := b.Ledger.KeyByHash(b.ctx, []byte("hash-1"))
	b.must(err)
	b.equal("key", key, k)
	other := b.Event("x")
	b.want(b.Ledger.SaveAccount(b.ctx, checkout.Account{ID: b.IDs.Account(), Merchant: "mer_unknown"}, other), checkout.ErrNoMerchant)
	b.want(b.Ledger.SaveKey(b.ctx, checkout.APIKey{ID: b.IDs.Key(), Merchant: "mer_unknown", Hash: []byte("x")}, other), checkout.ErrNoMerchant)
}

// formerKept changes an account's credentials twice: what each change replaced is kept for its time.
func formerKept(b *Books, a checkout.Account) {
	b.Helper()
	var want []checkout.FormerCredentials
	for _, pass := range []string{"bir", "iki"} {
		f := checkout.FormerCredentials{Credentials: checkout.Secrets{"merchant_pass": pass}, ChangedAt: b.Clock.Now(), Until: b.Clock.Now().Add(time.Minute)}
		want = append(want, f)
		a.Version++
		b.must(b.Ledger.ChangeAccount(b.ctx, checkout.AccountChange{Account: a, From: a.Version - 1, Event: b.Event("acquirer.changed"), Former: &f}))
		b.Clock.Advance(time.Second)
	}
	for at, left := range map[time.Time]int{b.Clock.Now(): 0, want[0].Until: 1, want[1].Until: 2} {
		got, err := b.Ledger.FormerCredentials(b.ctx, a.ID, at)
		b.must(err)
		b.equal("kept", len(got), 2-left)
		for i, f := range got {
			b.equal("its secret", f.Credentials["merchant_pass"], want[left+i].Credentials["merchant_pass"])
			b.equal("its times", []time.Time{f.ChangedAt, f.Until}, []time.Time{want[left+i].ChangedAt, want[left+i].Until})
		}
	}
	none, err := b.Ledger.FormerCredentials(b.ctx, b.IDs.Account(), b.Clock.Now())
	b.must(err)
	b.equal("of another account", len(none), 0)
}

func merchantForeign(b *Books) {
	other := b.NewMerchant()
	a := checkout.Account{ID: b.IDs.Account(), Merchant: b.Merchant, Kind: "payfor", Credentials: checkout.Secrets{"a": "b"}}
	k := checkout.APIKey{ID: b.IDs.Key(), Merchant: b.Merchant, Hash: []byte("h")}
	b.must(b.Ledger.SaveAccount(b.ctx, a, b.Event("acquirer.created")))
	b.must(b.Ledger.SaveKey(b.ctx, k, b.Event("key.created")))
	a.Merchant, k.Merchant = other, other
	b.want(b.Ledger.SaveAccount(b.ctx, a, b.Event("acquirer.edited")), checkout.ErrNoAccount)
	b.want(b.Ledger.SaveKey(b.ctx, k, b.Event("key.edited")), checkout.ErrNoKey)
	got, err := b.Ledger.Accounts(b.ctx, other)
	b.must(err)
	b.equal("accounts of the other", len(got), 0)
	key, err := b.Ledger.KeyByHash(b.ctx, []byte("h"))
	b.must(err)
	b.equal("owner", key.Merchant, b.Merchant)
}

func keyRevoked(b *Books) {
	k := checkout.APIKey{ID: b.IDs.Key(), Merchant: b.Merchant, Hash: []byte("h"), CreatedAt: b.Clock.Now()}
	b.must(b.Ledger.SaveKey(b.ctx, k, b.Event("key.created")))
	k.RevokedAt = b.Clock.Now()
	b.must(b.Ledger.SaveKey(b.ctx, k, b.Event("key.revoked")))
	for _, hash := range []string{"h", "", "H", "unknown"} {
		_, err := b.Ledger.KeyByHash(b.ctx, []byte(hash))
		b.want(err, checkout.ErrNoKey)
	}
}

func cancelled(b *Books) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	l := b.Link()
	b.want(b.Ledger.CreateLink(gone, b.New(l)), checkout.ErrStoreAway)
	_, err := b.Ledger.LinkByToken(b.ctx, l.Token)
	b.want(err, checkout.ErrNoLink)

	links := make([]checkout.Link, 50)
	for i := range links {
		links[i] = b.Link()
	}
	errs := together(len(links), func(i int) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go cancel()
		return b.Ledger.CreateLink(ctx, b.New(links[i]))
	})
	for i, err := range errs {
		if _, readErr := b.Ledger.LinkByToken(b.ctx, links[i].Token); (readErr == nil) != (err == nil) {
			b.Fatalf("link %d: created with %v, read with %v", i, err, readErr)
		}
	}
}
