//go:build !race

package main

import (
	"bytes"
	"context"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/api/client"
	"github.com/odelink/odelink/threeds/banksim"
)

// program is a merchant's program in Go, with a note of every operation that was answered well.
type program struct {
	*posted
	*client.Client
	ctx  context.Context
	mu   sync.Mutex
	done map[string]bool // "METHOD /path"
}

func (m *program) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && answer.StatusCode < 300 {
		m.mu.Lock()
		m.done[r.Method+" "+r.URL.Path] = true
		m.mu.Unlock()
	}
	return answer, err
}

// did fails the test for an error, and answers the value.
func did[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (m *program) fine(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// Every operation of the contract works by the Go client against the real gateway: a contract that gains one
// fails here until the client has it and this test calls it.
func TestTheGoClientDoesEverything(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	m := &program{posted: p, ctx: context.Background(), done: map[string]bool{}}
	m.Client = did[*client.Client](t)(client.New(client.Config{URL: p.base, Key: demoAPIKey, HTTP: &http.Client{Transport: m}}))
	link := m.links()
	m.products()
	m.batches()
	m.messages(link)
	m.payments()
	m.disputes()
	m.asks()
	m.consents()
	m.sessions()
	m.webhooks()
	m.einvoices()
	m.offline()
	m.reconciles()
	m.acquirers()
	m.schedules()
	m.settings()
	m.readsTheRest()
	for _, operation := range operationsForPrograms(t) {
		method, path, _ := strings.Cut(operation, " ")
		pattern := regexp.MustCompile("^" + method + " " + regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(path), `[^/]+`) + "$")
		found := false
		for call := range m.done {
			found = found || pattern.MatchString(call)
		}
		if !found {
			t.Errorf("%s was not called, or not answered well", operation)
		}
	}
}

// operationsForPrograms are those of the contract that are no pages for people.
func operationsForPrograms(t *testing.T) (list []string) {
	t.Helper()
	text, err := os.ReadFile("api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]yaml.Node
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths {
		for verb := range item {
			if verb != "parameters" && !strings.HasPrefix(path, "/docs") {
				list = append(list, strings.ToUpper(verb)+" "+path)
			}
		}
	}
	if len(list) < 60 {
		t.Fatalf("%d operations", len(list))
	}
	return list
}

func (m *program) links() *client.Link {
	t := m.t
	made := did[*client.Link](t)(m.CreateLink(m.ctx, client.NewLink{
		Amount: 25000, Currency: client.CurrencyTRY, Installments: []int{1, 2, 3}, Metadata: map[string]string{"basket": "7"},
		Customer: &client.Customer{Name: "Ayşe Yılmaz", Phone: "05321234567"}, ExpiresAt: m.clock.Now().Add(time.Hour),
	}))
	m.must("made", []any{made.Amount, made.Status, made.Customer.Phone, made.Metadata["basket"], made.ExpiresAt}, []any{int64(25000), client.LinkStatusActive, "+905321234567", "7", m.clock.Now().Add(time.Hour)})
	changed := did[*client.Link](t)(m.EditLink(m.ctx, made.ID, client.LinkChange{Amount: client.Set[int64](19900), Installments: client.Null[[]int]()}))
	m.must("changed", []any{changed.Amount, len(changed.Installments), changed.Token}, []any{int64(19900), 0, made.Token})
	m.must("read", did[*client.Link](t)(m.ReadLink(m.ctx, made.ID)).UpdatedAt, changed.UpdatedAt)
	for range 3 {
		m.clock.advance(time.Second)
		gone := did[*client.Link](t)(m.CreateLink(m.ctx, client.NewLink{AmountMode: client.AmountModeOpen, MinAmount: 100, MaxAmount: 200, Currency: client.CurrencyTRY, Usage: client.UsageMulti}))
		m.fine(m.DeleteLink(m.ctx, gone.ID))
	}
	m.must("listed", len(did[client.Page[client.Link]](t)(m.ListLinks(m.ctx, client.LinkFilter{Status: client.LinkStatusActive})).Data), 1)
	ids := []client.LinkID{}
	for l, err := range m.Links(m.ctx, client.LinkFilter{Limit: 2}) {
		m.fine(err)
		ids = append(ids, l.ID)
	}
	m.must("walked", []any{len(ids), ids[3], slices.Contains(ids[:3], made.ID)}, []any{4, made.ID, false})
	first := did[*client.Link](t)(m.CreateLink(m.ctx, client.NewLink{Amount: 1, Currency: client.CurrencyTRY}, client.IdempotencyKey("once")))
	again := did[*client.Link](t)(m.CreateLink(m.ctx, client.NewLink{Amount: 1, Currency: client.CurrencyTRY}, client.IdempotencyKey("once")))
	m.must("once", again.ID, first.ID)
	_, err := m.CreateLink(m.ctx, client.NewLink{Amount: 2, Currency: client.CurrencyTRY}, client.IdempotencyKey("once"))
	m.must("reused", client.CodeOf(err), "idempotency_key_reused")
	m.must("pictures", []any{
		bytes.Contains(did[[]byte](t)(m.LinkQRSVG(m.ctx, made.ID)), []byte("<svg")), string(did[[]byte](t)(m.LinkQRPNG(m.ctx, made.ID))[1:4]),
		string(did[[]byte](t)(m.LinkQRPDF(m.ctx, made.ID, client.QRFilter{Lang: "tr"}))[:4]),
	}, []any{true, "PNG", "%PDF"})
	return changed
}

// settings changes how the page looks and reads who may do what.
func (m *program) settings() {
	t := m.t
	look := did[*client.Branding](t)(m.EditBranding(m.ctx, client.BrandingChange{Phone: client.Set("0212 555 00 00"), Installments: client.Null[[]int]()}))
	m.must("its page", []any{look.Phone, did[*client.Branding](t)(m.ReadBranding(m.ctx)).Version}, []any{"0212 555 00 00", look.Version})
	address := "https://shop.example/kvkk"
	m.must("its notice", did[*client.Branding](t)(m.WritePrivacyNotice(m.ctx, client.PrivacyNotice{NoticeURL: &address})).NoticeURL, address)
	words := client.DeclineTextChange{Lang: client.MessageLangTR, Code: client.DeclineCodeGeneric, Text: client.Set("Bankanızı arayın.")}
	m.must("its words", did[*client.DeclineText](t)(m.SaveDeclineText(m.ctx, words)).Text, "Bankanızı arayın.")
	m.must("all its words", len(did[client.Page[client.DeclineText]](t)(m.ListDeclineTexts(m.ctx, client.DeclineTextFilter{})).Data), 1)
	extra, _, err := m.app.flow.CreateKey(m.ctx, checkout.By{Actor: "test"}, demoMerchant, "ERP", m.app.ledger.HashKey)
	m.fine(err)
	m.must("keys", did[client.Page[client.ApiKey]](t)(m.ListApiKeys(m.ctx, client.ApiKeyFilter{})).Data[0].Name, "ERP")
	m.fine(m.RevokeApiKey(m.ctx, client.APIKeyID(extra.ID)))
	u, err := m.app.flow.AddColleague(m.ctx, checkout.By{Actor: "test"}, demoMerchant, checkout.NewColleague{Email: "giden@shop.example", Role: checkout.RoleViewer})
	m.fine(err)
	m.must("people", len(did[client.Page[client.User]](t)(m.ListUsers(m.ctx, client.UserFilter{})).Data), 2)
	m.fine(m.RemoveUser(m.ctx, client.UserID(u.ID)))
	m.must("and fewer", len(did[client.Page[client.User]](t)(m.ListUsers(m.ctx, client.UserFilter{})).Data), 1)
	types := []string{}
	for e, err := range m.AuditEvents(m.ctx, client.AuditFilter{About: "member", Limit: 1}) {
		m.fine(err)
		types = append(types, e.Type)
	}
	m.must("the trail", types[:2], []string{"member.removed", "member.added"})
	m.must("it is whole", did[*client.AuditCheck](t)(m.VerifyAuditEvents(m.ctx)).Whole, true)
}

// batches makes links of rows, a table and a group, and reads what became of each row.
func (m *program) batches() {
	t := m.t
	rows := client.NewLinkBatch{Name: "Kasım", Currency: client.CurrencyTRY, Rows: []client.NewLinkRow{{Label: "1", NewLink: client.NewLink{Amount: 1000}}, {Label: "2"}}}
	check := did[*client.LinkBatchCheck](t)(m.CheckLinkBatch(m.ctx, rows))
	m.must("what would be", []any{check.Links, check.Sums[0].Amount, check.Refused[0].Row, check.Refused[0].Errors[0].Code}, []any{1, int64(1000), 2, "required"})
	made := did[*client.LinkBatch](t)(m.CreateLinkBatch(m.ctx, rows, client.IdempotencyKey("batch")))
	m.must("once", did[*client.LinkBatch](t)(m.CreateLinkBatch(m.ctx, rows, client.IdempotencyKey("batch"))).ID, made.ID)
	m.must("made", []any{made.Links, made.Refused, made.Sums[0].Amount}, []any{1, 1, int64(1000)})
	table, text := []byte("Tutar;Ad Soyad\n12,50;Ayşe Işık\nx;Barış\n"), client.LinkTable{Name: "Liste"}
	m.must("of a table", did[*client.LinkBatchCheck](t)(m.CheckLinkBatchOfTable(m.ctx, text, "text/csv", table)).Sums[0].Amount, int64(1250))
	listed := did[*client.LinkBatch](t)(m.CreateLinkBatchOfTable(m.ctx, text, "text/csv", table))
	all := []client.LinkBatchRow{}
	for row, err := range m.LinkBatchRows(m.ctx, listed.ID, client.LinkBatchRowFilter{Limit: 1}) {
		m.fine(err)
		all = append(all, row)
	}
	m.must("rows", []any{len(all), all[0].Label, all[0].Link.Customer.Name, all[1].Link == nil, all[1].Errors[0].Field}, []any{2, "Ayşe Işık", "Ayşe Işık", true, "amount"})
	shares := []client.NewLinkRow{{Label: "Ayşe", NewLink: client.NewLink{Amount: 40_000}}, {Label: "Barış"}, {Label: "Derya"}}
	group := did[*client.LinkBatch](t)(m.CreateLinkBatch(m.ctx, client.NewLinkBatch{Name: "Kira", Kind: client.LinkBatchKindGroup, Currency: client.CurrencyTRY, Total: 100_001, Rows: shares}))
	last := did[client.Page[client.LinkBatchRow]](t)(m.ListLinkBatchRows(m.ctx, group.ID, client.LinkBatchRowFilter{})).Data[2]
	m.must("shares", []any{last.Link.Amount, last.Link.Metadata["share"], did[*client.LinkBatch](t)(m.ReadLinkBatch(m.ctx, group.ID)).Sums[0].Amount}, []any{int64(30_000), "Derya", int64(100_001)})
	m.must("groups", len(did[client.Page[client.LinkBatchRef]](t)(m.ListLinkBatches(m.ctx, client.LinkBatchFilter{Kind: client.LinkBatchKindGroup})).Data), 1)
}

func (m *program) messages(link *client.Link) {
	t := m.t
	sent := did[*client.Message](t)(m.SendLink(m.ctx, link.ID, client.Sending{Channel: client.ChannelSMS, To: "05321234567"}))
	m.carry()
	m.must("sent", []any{did[*client.Message](t)(m.ReadMessage(m.ctx, sent.ID)).Status, sent.Link}, []any{client.MessageStatusSent, link.ID})
	m.must("its messages", len(did[client.Page[client.Message]](t)(m.ListLinkMessages(m.ctx, link.ID, client.MessageFilter{Status: client.MessageStatusSent})).Data), 1)
	m.must("by hand", strings.HasPrefix(did[*client.Share](t)(m.ShareLink(m.ctx, link.ID, client.ShareFilter{})).WhatsApp, "https://wa.me/"), true)
	settings := did[*client.Notifications](t)(m.EditNotifications(m.ctx, client.NotificationsChange{ReminderHours: client.Set(4)}))
	m.must("reminded", []any{settings.ReminderHours, did[*client.Notifications](t)(m.ReadNotifications(m.ctx)).Version}, []any{4, settings.Version})
	words := client.MessageTemplateChange{Kind: "link", Channel: client.ChannelSMS, Lang: client.MessageLangTR, Text: client.Set("Ödeme: {link}")}
	m.must("preview", did[*client.MessagePreview](t)(m.PreviewMessageTemplate(m.ctx, words)).Size.Parts, 1)
	m.must("own words", did[*client.SavedMessageTemplate](t)(m.SaveMessageTemplate(m.ctx, words)).Own, true)
	m.must("all words", len(did[*client.MessageTemplates](t)(m.ListMessageTemplates(m.ctx)).Data) > 3, true)
	nobody := client.MessageAddress{Channel: client.ChannelEmail, To: "eski@example.com"}
	m.must("held back", did[*client.Suppression](t)(m.Suppress(m.ctx, nobody)).To, nobody.To)
	m.must("list", len(did[client.Page[client.Suppression]](t)(m.ListSuppressions(m.ctx, client.SuppressionFilter{})).Data), 1)
	m.fine(m.Unsuppress(m.ctx, nobody))
}

// products: a catalogue, and a link that is made of it.
func (m *program) products() {
	t := m.t
	made := did[*client.Product](t)(m.CreateProduct(m.ctx, client.NewProduct{Code: "ZY-5", Name: "Zeytinyağı 5 l", Price: 12500, Currency: client.CurrencyTRY}))
	m.must("made", []any{made.Code, made.Price, made.Active, did[*client.Product](t)(m.ReadProduct(m.ctx, made.ID)).Name}, []any{"ZY-5", int64(12500), true, "Zeytinyağı 5 l"})
	free := int64(0)
	l := did[*client.Link](t)(m.CreateLink(m.ctx, client.NewLink{Currency: client.CurrencyTRY, Items: []client.NewItem{{Product: made.ID, Quantity: 2}, {Name: "Hediye", UnitAmount: &free}}}))
	m.must("a link of it", []any{l.Amount, len(l.Items), l.Items[0].Name, l.Items[0].UnitAmount, l.Items[1].UnitAmount}, []any{int64(25000), 2, "Zeytinyağı 5 l", int64(12500), int64(0)})
	m.must("edited", did[*client.Product](t)(m.EditProduct(m.ctx, made.ID, client.ProductChange{Price: client.Set[int64](13000), Active: client.Set(false)})).Price, int64(13000))
	m.must("not sold", len(did[client.Page[client.Product]](t)(m.ListProducts(m.ctx, client.ProductFilter{Q: "zeytin", Status: client.ProductInactive})).Data), 1)
	m.fine(m.DeleteProduct(m.ctx, made.ID))
	for range m.Products(m.ctx, client.ProductFilter{Q: "zeytin"}) {
		t.Error("a deleted product is listed")
	}
	m.fine(m.DeleteLink(m.ctx, l.ID))
}

// consents: a merchant says what a consumer has to read of it, and asks what a payer of a bill agreed to.
func (m *program) consents() {
	t := m.t
	change := client.MerchantChange{Address: client.Set("Çınar Sk. No 5, Şişli/İstanbul"), TaxNumber: client.Set("1234567890"), Delivery: client.Set("Üç iş günü içinde kargoyla."), Exceptions: client.Set("Kişiye özel ürünler.")}
	m.must("saved", did[*client.Merchant](t)(m.EditMerchant(m.ctx, change)).TaxNumber, "1234567890")
	m.must("read", did[*client.Merchant](t)(m.ReadMerchant(m.ctx)).Address, "Çınar Sk. No 5, Şişli/İstanbul")
	own := client.LegalTextChange{Kind: client.ConsentAdvertising, Lang: client.MessageLangTR, Text: client.Set("{seller} bana yazabilir.")}
	m.must("own text", did[*client.LegalText](t)(m.SaveLegalText(m.ctx, own)).Own, true)
	m.must("its versions", len(did[*client.LegalTexts](t)(m.ListLegalTexts(m.ctx)).Versions), 1)
	paid := did[client.Page[client.Payment]](t)(m.ListPayments(m.ctx, client.PaymentFilter{})).Data
	m.must("consents of a bill's payer", len(did[client.Page[client.Consent]](t)(m.ListConsents(m.ctx, paid[0].ID)).Data), 0)
}

func (m *program) payments() {
	t := m.t
	sale, other := client.PaymentID(m.paid()), client.PaymentID(m.paid())
	read := did[*client.Payment](t)(m.ReadPayment(m.ctx, sale))
	m.must("paid", []any{read.Status, read.Total, read.Card.Brand, len(read.Events) > 2, read.Decline == nil}, []any{client.PaymentStatusPaid, int64(25000), client.BrandVisa, true, true})
	m.must("listed", len(did[client.Page[client.Payment]](t)(m.ListPayments(m.ctx, client.PaymentFilter{Status: client.PaymentStatusPaid, Min: 25000})).Data), 2)
	back := did[*client.Refund](t)(m.VoidPayment(m.ctx, sale, client.NewVoid{Reason: "Sipariş iptal edildi"}))
	m.must("void", []any{back.Status, did[*client.Refund](t)(m.ReadRefund(m.ctx, back.ID)).Reason}, []any{client.RefundStatusVoided, "Sipariş iptal edildi"})
	_, err := m.VoidPayment(m.ctx, sale, client.NewVoid{})
	m.must("not twice", client.CodeOf(err), "payment_not_refundable")
	m.closeDay()
	m.must("a part", did[*client.Refund](t)(m.RefundPayment(m.ctx, other, client.NewRefund{Amount: 4000})).Status, client.RefundStatusRefunded)
	m.must("rest", did[*client.Refund](t)(m.RefundPayment(m.ctx, other, client.NewRefund{})).Amount, int64(21000))
	m.must("refunds", len(did[client.Page[client.Refund]](t)(m.ListRefunds(m.ctx, client.RefundFilter{Payment: other})).Data), 2)
}

// disputes follows a dispute to its end.
func (m *program) disputes() {
	t := m.t
	sale := client.PaymentID(m.paid())
	one := did[*client.Chargeback](t)(m.RecordChargeback(m.ctx, sale, client.NewChargeback{Amount: 20000, ReasonCode: "10.4", Case: "D-1"}))
	m.must("open", []any{one.Status, one.Amount, one.ReasonCode, did[*client.Payment](t)(m.ReadPayment(m.ctx, sale)).DisputedAmount}, []any{client.ChargebackStatusOpen, int64(20000), "10.4", int64(20000)})
	_, err := m.VoidPayment(m.ctx, sale, client.NewVoid{})
	m.must("not as well", client.CodeOf(err), "payment_disputed")
	one = did[*client.Chargeback](t)(m.ChangeChargeback(m.ctx, one.ID, client.ChargebackChange{Status: client.ChargebackStatusWon, Case: client.Null[string](), Reason: client.Set("Tutanak gönderildi")}))
	m.must("won", []any{one.Status, one.Case, did[*client.Chargeback](t)(m.ReadChargeback(m.ctx, one.ID)).Reason, one.ClosedAt.IsZero()}, []any{client.ChargebackStatusWon, "", "Tutanak gönderildi", false})
	m.must("listed", len(did[client.Page[client.Chargeback]](t)(m.ListChargebacks(m.ctx, client.ChargebackFilter{Payment: sale, Status: client.ChargebackStatusWon})).Data), 1)
}

// asks has the bank asked about a payment whose answer was lost.
func (m *program) asks() {
	m.bankFault(banksim.StepProvision, banksim.FaultTimeoutAfter, "", 1)
	id := client.PaymentID(m.paidBy(m.link(nil), "001"))
	_, err := m.AskPayment(m.ctx, id)
	m.must("a moment ago", client.CodeOf(err), "payment_being_asked")
	m.clock.advance(30 * time.Second)
	m.must("asked", did[*client.Payment](m.t)(m.AskPayment(m.ctx, id)).Status, client.PaymentStatusPaid)
}

func (m *program) sessions() {
	t := m.t
	const success = "https://shop.example/paid?basket=7"
	s := did[*client.Session](t)(m.CreateSession(m.ctx, client.NewSession{Amount: 25000, Currency: client.CurrencyTRY, SuccessURL: success, CancelURL: "https://shop.example/basket"}))
	m.must("without its secret", did[*client.Session](t)(m.ReadSession(m.ctx, s.ID)).Secret, "")
	b := m.browser().pay(did[*client.Link](t)(m.ReadLink(m.ctx, s.Link)).URL, card("001")).finish("123456")
	way := shopLink.FindStringSubmatch(b.body)
	if way == nil {
		t.Fatalf("no way back: %.300s", b.body)
	}
	result := did[client.SessionResult](t)(client.VerifySessionResult(s.Secret, success, html.UnescapeString(way[1])))
	m.must("result", result, client.SessionResult{Session: s.ID, Payment: client.PaymentID(b.paymentID()), OrderID: s.OrderID, Status: client.PaymentStatusPaid, Amount: 25000, Currency: client.CurrencyTRY})
}

// webhooks has a payment told, and verifies what came.
func (m *program) webhooks() {
	t := m.t
	var secret string
	told := []client.Notice{}
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.mu.Lock()
		defer m.mu.Unlock()
		if secret == "" { // the first ping comes before its secret
			return
		}
		n, err := client.VerifyWebhook(secret, r.Header, body, m.clock.Now())
		if err != nil {
			t.Errorf("%s: %v", body, err)
		}
		told = append(told, n)
	}))
	t.Cleanup(shop.Close)
	e := did[*client.WebhookEndpoint](t)(m.CreateWebhookEndpoint(m.ctx, client.NewWebhookEndpoint{URL: shop.URL, Events: []client.EventType{client.EventTypePaymentPaid}}))
	m.mu.Lock()
	secret = e.Secret
	m.mu.Unlock()
	m.must("check", e.Check.OK, true)
	id := m.paid()
	m.app.deliver(t)
	m.mu.Lock()
	got := slices.DeleteFunc(slices.Clone(told), func(n client.Notice) bool { return string(did[client.Payment](t)(n.Payment()).ID) != id })
	m.mu.Unlock()
	m.must("told", len(got), 1)
	m.must("the same", did[*client.Notice](t)(m.ReadEvent(m.ctx, got[0].ID)).Sequence, got[0].Sequence)
	m.must("feed", len(did[client.Page[client.Notice]](t)(m.ListEvents(m.ctx, client.EventFilter{Type: client.EventTypePaymentPaid, Limit: 1})).Data), 1)
	m.must("again", did[*client.Ways](t)(m.RedeliverEvent(m.ctx, got[0].ID, client.RedeliveryOfOne{})).Deliveries, 1)
	m.must("and a range", did[*client.Ways](t)(m.RedeliverEvents(m.ctx, client.Redelivery{From: m.clock.Now().Add(-time.Hour), Type: client.EventTypePaymentPaid})).Events > 0, true)
	m.must("deliveries", len(did[client.Page[client.Delivery]](t)(m.ListWebhookDeliveries(m.ctx, e.ID, client.DeliveryFilter{Event: got[0].ID})).Data) > 1, true)
	m.mu.Lock()
	secret = ""
	m.mu.Unlock()
	m.must("ping", did[*client.WebhookCheck](t)(m.PingWebhookEndpoint(m.ctx, e.ID)).OK, true)
	m.must("rotated", did[*client.WebhookEndpoint](t)(m.RotateWebhookEndpoint(m.ctx, e.ID)).Secret != e.Secret, true)
	m.must("off", did[*client.WebhookEndpoint](t)(m.EditWebhookEndpoint(m.ctx, e.ID, client.WebhookEndpointChange{Enabled: client.Set(false)})).Enabled, false)
	m.must("read", did[*client.WebhookEndpoint](t)(m.ReadWebhookEndpoint(m.ctx, e.ID)).Enabled, false)
	m.must("endpoints", len(did[client.Page[client.WebhookEndpoint]](t)(m.ListWebhookEndpoints(m.ctx, client.WebhookEndpointFilter{})).Data), 1)
	m.fine(m.DeleteWebhookEndpoint(m.ctx, e.ID))
}

func (m *program) einvoices() {
	t := m.t
	made := did[*client.EInvoice](t)(m.LinkEInvoice(m.ctx, sampleInvoice(t, "notes-bom-crlf.xml")))
	m.must("invoice", []any{made.InvoiceNumber, made.Status, made.Link.Amount}, []any{"XYZ2026000000007", client.EInvoiceStatusWaiting, int64(125050)})
	m.must("read", did[*client.EInvoice](t)(m.ReadEInvoice(m.ctx, made.ID)).UUID, made.UUID)
	m.must("document", bytes.Contains(did[[]byte](t)(m.ReadEInvoiceDocument(m.ctx, made.ID)), []byte(made.Link.URL)), true)
	m.must("waiting", len(did[client.Page[client.EInvoice]](t)(m.ListEInvoices(m.ctx, client.EInvoiceFilter{Status: client.EInvoiceStatusWaiting})).Data), 1)
	for _, old := range did[client.Page[client.Registration]](t)(m.ListRegistrations(m.ctx, client.RegistrationFilter{Status: client.RegistrationStatusActive})).Data {
		m.fine(m.EndRegistration(m.ctx, old.ID))
	}
	own := did[*client.Registration](t)(m.RegisterIntermediary(m.ctx, client.NewRegistration{Intermediary: "odelink", CustomerID: "OD1234567889"}))
	m.must("registered", did[*client.Registration](t)(m.ReadRegistration(m.ctx, own.ID)).Status, client.RegistrationStatusActive)
	m.fine(m.EndRegistration(m.ctx, own.ID))
}

func (m *program) offline() {
	t := m.t
	key := did[*client.OfflineKey](t)(m.CreateOfflineKey(m.ctx, client.NewOfflineKey{Name: "ERP"}))
	m.must("its secret, once", []any{key.Secret != "", did[*client.OfflineKey](t)(m.ReadOfflineKey(m.ctx, key.ID)).Secret}, []any{true, ""})
	m.must("keys", len(did[client.Page[client.OfflineKey]](t)(m.ListOfflineKeys(m.ctx, client.OfflineKeyFilter{})).Data) > 0, true)
	m.must("withdrawn", did[*client.RevokedOfflineLink](t)(m.RevokeOfflineLink(m.ctx, client.RevokeOfflineLink{OrderID: "FT2026000000001"})).Link, client.LinkID(""))
	m.fine(m.RevokeOfflineKey(m.ctx, key.ID))
}

func (m *program) reconciles() {
	t := m.t
	account := client.AccountID(m.payforAccount())
	here := m.clock.Now().In(time.FixedZone("Europe/Istanbul", 3*60*60))
	day := here.Format(time.DateOnly)
	m.clock.advance(24 * time.Hour) // only a day that has ended is compared
	asked := did[*client.Reconciliation](t)(m.CreateReconciliation(m.ctx, client.NewReconciliation{Acquirer: string(account), Day: day}))
	m.must("asked", []any{asked.Source, asked.Open}, []any{"bank", 0})
	m.must("headings", did[*client.BankColumns](t)(m.WriteBankColumns(m.ctx, account, client.BankColumns{Columns: map[string]string{"amount": "Bedel", "date": "Gün", "order_id": "Sipariş"}})).Columns["amount"], "Bedel")
	m.must("kept", did[*client.BankColumns](t)(m.ReadBankColumns(m.ctx, account)).Columns["date"], "Gün")
	file := "Gün;Sipariş;Bedel\n" + here.Format("02.01.2006 15:04") + ";TEL-1;12,34\n"
	run := did[*client.Reconciliation](t)(m.ReconcileFile(m.ctx, client.ListOfDay{Acquirer: string(account), Day: day}, "text/csv", []byte(file)))
	rows := []client.ReconciliationRow{}
	for row, err := range m.ReconciliationRows(m.ctx, run.ID, client.ReconciliationRowFilter{Open: true, Limit: 1}) {
		m.fine(err)
		rows = append(rows, row)
	}
	m.must("open", []any{len(rows) > 0, rows[0].Class, rows[0].Bank.Amount}, []any{true, client.ReconciliationClassOnlyBank, int64(1234)})
	done := did[*client.ReconciliationRow](t)(m.ResolveReconciliationRow(m.ctx, run.ID, rows[0].Number, client.ReconciliationAction{Action: "accept", Note: "Telefon siparişi"}))
	copied := did[io.ReadCloser](t)(m.ReadReconciliationFile(m.ctx, run.ID, "csv", client.ReconciliationFileFilter{Class: client.ReconciliationClassOnlyBank, Dialect: "rfc4180"}))
	text := string(did[[]byte](t)(io.ReadAll(copied)))
	m.fine(copied.Close())
	m.must("its file", strings.Contains(text, ",only_bank,"), true)
	m.must("accepted", []any{done.Resolution, done.Open}, []any{"accepted", false})
	m.must("read", did[*client.Reconciliation](t)(m.ReadReconciliation(m.ctx, run.ID)).Open, run.Open-1)
	m.must("runs", len(did[client.Page[client.Reconciliation]](t)(m.ListReconciliations(m.ctx, client.ReconciliationFilter{Day: day})).Data) > 0, true)
	m.must("closed", did[*client.Reconciliation](t)(m.CloseReconciliation(m.ctx, run.ID, client.CloseReconciliation{Note: "Banka ile görüşüldü"})).Status, "closed")
}

func (m *program) acquirers() {
	t := m.t
	all := did[client.Page[client.Acquirer]](t)(m.ListAcquirers(m.ctx, client.AcquirerFilter{})).Data
	first := all[0]
	credentials := map[string]string{"merchant_id": first.Credentials["merchant_id"], "user_code": "X", "user_pass": "X", "merchant_pass": "X", "mbr_id": "5"}
	no := false
	made := did[*client.Acquirer](t)(m.CreateAcquirer(m.ctx, client.NewAcquirer{
		Kind: "payfor", Name: "İkinci", BaseURL: first.BaseURL, Credentials: credentials, Currencies: []client.Currency{client.CurrencyTRY}, Verify: &no,
		Commission: "1.79", Payout: "monthly", IBAN: "TR33 0006 1005 1978 6457 8413 26",
	}))
	m.must("its payouts", []any{made.Commission, made.Payout, made.PayoutDays == nil, made.IBAN}, []any{"1.79", "monthly", true, "TR330006100519786457841326"})
	m.must("secrets", []any{made.Credentials["user_pass"], made.Enabled}, []any{"", true})
	m.must("renamed", did[*client.Acquirer](t)(m.EditAcquirer(m.ctx, made.ID, client.AcquirerChange{Name: client.Set("Üçüncü"), Verify: client.Set(false)})).Name, "Üçüncü")
	m.must("read", did[*client.Acquirer](t)(m.ReadAcquirer(m.ctx, made.ID)).Name, "Üçüncü")
	m.fine(m.VerifyAcquirer(m.ctx, first.ID))
	m.fine(m.DeleteAcquirer(m.ctx, made.ID))
}

func (m *program) schedules() {
	t := m.t
	made := did[*client.ReportSchedule](t)(m.CreateReportSchedule(m.ctx, client.NewReportSchedule{Report: "payments", Status: "paid", Every: "weekly", Weekday: "monday", To: []string{"kasa@ahsap.example"}}))
	m.must("made", []any{made.Format, made.Dialect, made.Last}, []any{"csv", "tr", (*client.ScheduledReport)(nil)})
	changed := did[*client.ReportSchedule](t)(m.EditReportSchedule(m.ctx, made.ID, client.ReportScheduleChange{Every: client.Set("daily"), Status: client.Null[string]()}))
	m.must("changed", []any{changed.Every, changed.Weekday, changed.Status, changed.NextAt.After(m.clock.Now())}, []any{"daily", "", "", true})
	sent := did[*client.ReportSchedule](t)(m.SendReportSchedule(m.ctx, made.ID))
	m.must("on its way", []any{len(sent.Last.Mails), sent.Last.Mails[0].Status}, []any{1, client.MessageStatusQueued})
	m.fine(m.app.carryReports(m.ctx))
	m.must("arrived", did[*client.ReportSchedule](t)(m.ReadReportSchedule(m.ctx, made.ID)).Last.Mails[0].Status, client.MessageStatusSent)
	m.must("listed", len(did[client.Page[client.ReportSchedule]](t)(m.ListReportSchedules(m.ctx, client.ReportScheduleFilter{})).Data), 1)
	m.fine(m.DeleteReportSchedule(m.ctx, made.ID))
}

func (m *program) readsTheRest() {
	t := m.t
	m.must("reports", len(did[*client.ReportList](t)(m.ListReports(m.ctx, client.ReportListFilter{Lang: "tr"})).Data) > 5, true)
	report := did[io.ReadCloser](t)(m.ReadReport(m.ctx, "payments", "csv", client.ReportFilter{Dialect: "rfc4180"}))
	text := string(did[[]byte](t)(io.ReadAll(report)))
	m.fine(report.Close())
	m.must("a report", strings.Count(text, "\n") > 2, true)
	m.must("offers", len(did[*client.OfferTable](t)(m.ListInstallments(m.ctx, client.InstallmentFilter{BIN: "415565", Amount: 25000})).Offers) > 0, true)
	m.must("a prefix", did[*client.BinFacts](t)(m.ReadBin(m.ctx, "415565")).Issuer, "QNB")
	did[client.Page[client.Request]](t)(m.ListRequests(m.ctx, client.RequestFilter{Failed: true}))
	m.must("the contract", strings.HasPrefix(string(did[[]byte](t)(m.ReadContract(m.ctx))), "openapi: 3.1.0"), true)
}
