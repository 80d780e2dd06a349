//go:build !race

package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// ubl is a sample of checkout/einvoice, with words of it exchanged in pairs.
func ubl(t testing.TB, pairs ...string) string {
	t.Helper()
	text, err := os.ReadFile("../../checkout/einvoice/testdata/plain.xml")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(doc, pairs[i]) {
			t.Fatalf("the sample has no %s", pairs[i])
		}
		doc = strings.ReplaceAll(doc, pairs[i], pairs[i+1])
	}
	return doc
}

const (
	sampleUUID   = "8D1F6A52-3C1B-4E7A-9B1D-0A5C7E2F4B61"
	sampleNumber = "ABC2026000000123"
)

var asXML = header("Content-Type", "application/xml")

func (h *house) sends(doc string, changes ...request) exchange {
	h.Helper()
	return h.ask("POST", "/v1/einvoices", doc, append([]request{asXML}, changes...)...)
}

// registers has the shop's invoices get links.
func (h *house) registers(changes ...request) map[string]any {
	h.Helper()
	a := h.ask("POST", "/v1/einvoice_registrations", `{"intermediary":"odelink","customer_id":"OD1234567889"}`, changes...)
	if a.status != http.StatusCreated {
		h.Fatalf("%s %s", a, a.body)
	}
	return object(h, a)
}

func object(t testing.TB, a exchange) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%s: %v\n%s", a, err, a.body)
	}
	return v
}

type invoice struct {
	ID, UUID, Status, Note string
	Number                 string `json:"invoice_number"`
	Link                   link
}

func TestAnInvoiceGetsItsLink(t *testing.T) {
	h := open(t)
	h.registers()
	doc := ubl(t)
	a := h.sends(doc)
	if a.status != http.StatusCreated {
		t.Fatalf("%s %s", a, a.body)
	}
	i := read[invoice](t, a)
	if i.UUID != strings.ToLower(sampleUUID) || i.Number != sampleNumber || i.Status != "waiting" || *i.Link.Amount != 125050 || i.Link.Currency != "TRY" ||
		i.Link.OrderID != sampleNumber || i.Link.Usage != "single" || i.Link.Description != "Fatura "+sampleNumber || i.Link.Customer.Name != "Işıl Öztürk" {
		t.Errorf("%s", a.body)
	}
	if want := "Ödeme linki: " + i.Link.URL + " (14.01.2027 23:59'a kadar)"; i.Note != want {
		t.Errorf("%q, want %q", i.Note, want)
	}
	if want := time.Date(2027, 1, 14, 20, 59, 59, 0, time.UTC); !i.Link.ExpiresAt.Equal(want) { // the end of the thirtieth day after the due day
		t.Errorf("ends %s, want %s", i.Link.ExpiresAt, want)
	}
	if at := a.header.Get("Location"); at != "/v1/einvoices/"+i.ID {
		t.Errorf("at %s", at)
	}
	d := h.ask("GET", "/v1/einvoices/"+i.ID+"/document", "")
	want := strings.Replace(doc, "<cbc:DocumentCurrencyCode", "<cbc:Note>"+i.Note+"</cbc:Note>\n\t<cbc:DocumentCurrencyCode", 1)
	if string(d.body) != want || !strings.HasPrefix(d.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%v\n%s", d.header, d.body)
	}
	again := h.sends(ubl(t, "Masa", "Sandalye", sampleUUID, strings.ToLower(sampleUUID)))
	if again.status != http.StatusOK || read[invoice](t, again).Link.ID != i.Link.ID {
		t.Errorf("%s %s", again, again.body)
	}
	if got := read[invoice](t, h.sends(string(d.body))); got.ID != i.ID {
		t.Errorf("sent with its note it became %s", got.ID)
	}
	for what, pairs := range map[string][]string{"sum": {"1250.50", "1250.51"}, "number": {sampleNumber, "ABC2026000000124"}, "supplier": {`"VKN">1288331521`, `"VKN">1288331522`}} {
		t.Log(what)
		h.refused(h.sends(ubl(t, pairs...)), http.StatusConflict, "einvoice_changed")
	}
	if listed := read[page[link]](t, h.ask("GET", "/v1/links", "")); len(listed.Data) != 1 {
		t.Errorf("%d links", len(listed.Data))
	}
}

// An invoice's number may come again, and a link made by hand may have it: the order number never collides.
func TestOrderNumbersOfInvoicesNeverCollide(t *testing.T) {
	h := open(t)
	h.registers()
	hex := strings.ReplaceAll(strings.ToLower(sampleUUID), "-", "")
	h.make(`{"amount":1,"currency":"TRY","order_id":"` + sampleNumber + `"}`)
	if got := read[invoice](t, h.sends(ubl(t))).Link.OrderID; got != sampleNumber+"."+hex {
		t.Errorf("order number %s", got)
	}
	second := strings.Replace(sampleUUID, "8D1F6A52", "00000000", 1)
	h.make(`{"amount":1,"currency":"TRY","order_id":"` + sampleNumber + ".00000000" + hex[8:] + `"}`)
	if got := read[invoice](t, h.sends(ubl(t, sampleUUID, second))).Link.OrderID; !strings.HasPrefix(got, "OD-") {
		t.Errorf("order number %s", got)
	}
	// A number that could be a card's stands in no address and on no page.
	third := strings.Replace(sampleUUID, "8D1F6A52", "11111111", 1)
	if got := read[invoice](t, h.sends(ubl(t, sampleUUID, third, sampleNumber, "4155650100416111"))); !strings.HasPrefix(got.Link.OrderID, "OD-") || got.Link.Description != "Fatura" {
		t.Errorf("order number %s, %s", got.Link.OrderID, got.Link.Description)
	}
}

// announces sends the head alone of an invoice so long, and answers the first line that comes back: who is
// refused while still sending may not read it.
func (h *house) announces(size int) (line string) {
	h.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	h.must(err)
	defer func() { _ = c.Close() }() // the server closes it too
	_, err = fmt.Fprintf(c, "POST /v1/einvoices HTTP/1.1\r\nHost: odelink.test\r\nAuthorization: Bearer %s\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n", shopKey, size)
	h.must(err)
	line, err = bufio.NewReader(c).ReadString('\n')
	h.must(err)
	return strings.TrimRight(line, "\r\n")
}

// Each reason has its own code, and nothing is stored (A57, A58).
func TestInvoicesThatGetNoLink(t *testing.T) {
	h := open(t)
	h.registers()
	const signature = `<s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"/>`
	const payable = `<cbc:PayableAmount currencyID="TRY">1250.50<`
	envelope := func(n int) string {
		_, invoice, _ := strings.Cut(ubl(t), "<Invoice")
		return `<sh:StandardBusinessDocument xmlns:sh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">` + strings.Repeat("<Invoice"+invoice, n) + `</sh:StandardBusinessDocument>`
	}
	for name, c := range map[string]struct{ doc, code string }{
		"not XML":              {"{}", "einvoice_malformed"},
		"DTD":                  {"<!DOCTYPE Invoice>" + ubl(t, `<?xml version="1.0" encoding="UTF-8"?>`, ""), "einvoice_dtd"},
		"another coding":       {ubl(t, "UTF-8", "ISO-8859-9"), "einvoice_encoding"},
		"too deep":             {ubl(t, `<yer-tutucu xmlns="urn:ornek"/>`, strings.Repeat("<y>", 30)+strings.Repeat("</y>", 30)), "einvoice_too_deep"},
		"too many elements":    {ubl(t, `<yer-tutucu xmlns="urn:ornek"/>`, strings.Repeat("<y/>", 200_000)), "einvoice_too_large"},
		"not an invoice":       {"<Order/>", "einvoice_not_invoice"},
		"namespace":            {ubl(t, "xsd:Invoice-2", "xsd:Invoice-1"), "einvoice_namespace"},
		"version":              {ubl(t, ">TR1.2<", ">TR1.0<"), "einvoice_version"},
		"several":              {envelope(2), "einvoice_several"},
		"signed":               {ubl(t, `<yer-tutucu xmlns="urn:ornek"/>`, signature), "einvoice_signed"},
		"return":               {ubl(t, ">SATIS<", ">IADE<"), "einvoice_return"},
		"copy":                 {ubl(t, ">false<", ">true<"), "einvoice_copy"},
		"amount":               {ubl(t, payable, `<cbc:PayableAmount currencyID="TRY">0<`), "einvoice_amount"},
		"currency":             {ubl(t, "TRY", "CHF"), "einvoice_currency"},
		"currency mismatch":    {ubl(t, payable, `<cbc:PayableAmount currencyID="USD">1<`), "einvoice_currency_mismatch"},
		"a value that is none": {ubl(t, "2026-11-20", "dün"), "einvoice_incomplete"},
	} {
		t.Run(name, func(t *testing.T) {
			h.refused(h.sends(c.doc), http.StatusUnprocessableEntity, c.code)
		})
	}
	h.mistakes(h.sends(ubl(t, "2026-11-20", "dün", "<cbc:ID>"+sampleNumber+"</cbc:ID>", "")), "ID: required, IssueDate: invalid")
	if line := h.announces(5<<20 + 1); line != "HTTP/1.1 413 Request Entity Too Large" {
		t.Errorf("more than five mebibytes: %q", line)
	}
	for _, kind := range []string{"application/json", "", "application/xml; charset=iso-8859-9", "application/soap+xml"} {
		h.refused(h.sends(ubl(t), header("Content-Type", kind)), http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	if listed := read[page[invoice]](t, h.ask("GET", "/v1/einvoices", "")); len(listed.Data) != 0 {
		t.Errorf("%d invoices", len(listed.Data))
	}
	if listed := read[page[link]](t, h.ask("GET", "/v1/links", "")); len(listed.Data) != 0 {
		t.Errorf("%d links", len(listed.Data))
	}
	if a := h.sends(envelope(1), header("Content-Type", "text/xml; charset=UTF-8")); a.status != http.StatusCreated {
		t.Errorf("%s %s", a, a.body)
	}
	large := ubl(t, sampleUUID, strings.Replace(sampleUUID, "8D1F6A52", "22222222", 1)) + "<!--" + strings.Repeat("x", 1<<20) + "-->"
	if a := h.sends(large); a.status != http.StatusCreated {
		t.Errorf("an invoice of a mebibyte: %s %s", a, a.body)
	}
}

// Features 3.13 to 3.16: a wrong id is refused with the reason, and links come from the registration on.
func TestRegistrations(t *testing.T) {
	h := open(t)
	h.refused(h.sends(ubl(t)), http.StatusConflict, "einvoice_not_registered")
	ask := func(body string, changes ...request) exchange {
		return h.ask("POST", "/v1/einvoice_registrations", body, changes...)
	}
	for body, want := range map[string]string{
		`{}`: "intermediary: required, customer_id: required",
		`{"intermediary":"x","customer_id":"1","tax_number":"1288331522"}`:                   "intermediary: unknown_value, tax_number: tax_number_format",
		`{"intermediary":"odelink","customer_id":"12345678"}`:                                "customer_id: customer_id_format",
		`{"intermediary":"odelink","customer_id":"OD1234576889"}`:                            "customer_id: customer_id_check", // two digits exchanged
		`{"intermediary":"odelink","customer_id":"OD1234567889","tax_number":"1"}`:           "tax_number: tax_number_format",
		`{"intermediary":"odelink","customer_id":"OD1234567889","status":"active"}`:          "status: read_only",
		`{"intermediary":"odelink","customer_id":"OD1234567889","tax_number":"1000000014x"}`: "tax_number: tax_number_format",
	} {
		h.mistakes(ask(body), want)
	}
	if listed := read[page[map[string]any]](t, h.ask("GET", "/v1/einvoice_registrations", "")); len(listed.Data) != 0 {
		t.Fatalf("stored: %v", listed.Data)
	}
	h.refused(h.sends(ubl(t)), http.StatusConflict, "einvoice_not_registered")
	body := `{"intermediary":"odelink","customer_id":" OD1234567889 ","tax_number":"10000000146"}`
	made := ask(body, idem("r"))
	r := object(t, made)
	if made.status != 201 || r["status"] != "active" || r["customer_id"] != "OD1234567889" || made.header.Get("Location") != "/v1/einvoice_registrations/"+fmt.Sprint(r["id"]) {
		t.Errorf("%s %s", made, made.body)
	}
	if again := ask(body, idem("r")); again.header.Get("Idempotent-Replayed") != "true" || string(again.body) != string(made.body) {
		t.Errorf("%s %s", again, again.body)
	}
	h.refused(ask(body), http.StatusConflict, "einvoice_registration_exists")
	h.refused(h.sends(ubl(t)), http.StatusUnprocessableEntity, "einvoice_supplier")
	h.refused(h.sends(ubl(t), as(nextKey)), http.StatusConflict, "einvoice_not_registered")
	at := "/v1/einvoice_registrations/" + fmt.Sprint(r["id"])
	h.refused(h.ask("DELETE", at, "", as(nextKey)), 404, "einvoice_registration_not_found")
	h.refused(h.ask("GET", at, "", as(nextKey)), 404, "einvoice_registration_not_found")
	for range 2 {
		if a := h.ask("DELETE", at, ""); a.status != http.StatusNoContent {
			t.Errorf("%s %s", a, a.body)
		}
	}
	if ended := object(t, h.ask("GET", at, "")); ended["status"] != "ended" || ended["ended_at"] == nil {
		t.Errorf("%v", ended)
	}
	h.clock.Advance(time.Second)
	now := h.registers()
	first := h.sends(ubl(t))
	if first.status != http.StatusCreated {
		t.Fatalf("%s %s", first, first.body)
	}
	h.ask("DELETE", "/v1/einvoice_registrations/"+fmt.Sprint(now["id"]), "")
	if again := h.sends(ubl(t)); again.status != http.StatusOK {
		t.Errorf("a link that was made went: %s", again)
	}
	h.refused(h.sends(ubl(t, sampleUUID, strings.Replace(sampleUUID, "8D1F6A52", "00000000", 1))), http.StatusConflict, "einvoice_not_registered")
	for query, n := range map[string]int{"": 2, "?status=ended": 2, "?status=active": 0, "?intermediary=odelink": 2, "?intermediary=x": 0} {
		if listed := read[page[map[string]any]](t, h.ask("GET", "/v1/einvoice_registrations"+query, "")); len(listed.Data) != n {
			t.Errorf("%s: %v", query, listed.Data)
		}
	}
	if a := h.ask("GET", "/v1/einvoice_registrations?status=x", ""); a.status != 422 {
		t.Errorf("%s", a)
	}
}

func TestForeignCurrencyNeedsItsPermission(t *testing.T) {
	h := open(t)
	h.registers(as(nextKey))
	h.refused(h.sends(ubl(t, "TRY", "USD"), as(nextKey)), http.StatusUnprocessableEntity, "currency_not_permitted")
	if a := h.sends(ubl(t), as(nextKey)); a.status != http.StatusCreated {
		t.Errorf("%s %s", a, a.body)
	}
}

func TestInvoicesAreListedByWhoPaid(t *testing.T) {
	h := open(t)
	h.registers()
	send := func(n int) invoice {
		h.clock.Advance(time.Second)
		return read[invoice](t, h.sends(ubl(t, sampleUUID, fmt.Sprintf("%08d", n)+sampleUUID[8:], sampleNumber, fmt.Sprintf("ABC20260000%05d", n))))
	}
	paid, gone, waiting := send(1), send(2), send(3)
	h.paid(h.stored(paid.Link.ID))
	h.ask("DELETE", "/v1/links/"+gone.Link.ID, "")
	find := func(query string) string {
		var ids []string
		for target := "/v1/einvoices?" + query; target != ""; {
			p := read[page[invoice]](t, h.ask("GET", target, ""))
			for _, i := range p.Data {
				ids = append(ids, i.ID+" "+i.Status)
			}
			if target = ""; p.Next != nil {
				target = "/v1/einvoices?" + query + "&cursor=" + *p.Next
			}
		}
		return strings.Join(ids, ", ")
	}
	for query, want := range map[string]string{
		"":                                  waiting.ID + " waiting, " + gone.ID + " withdrawn, " + paid.ID + " paid",
		"limit=1":                           waiting.ID + " waiting, " + gone.ID + " withdrawn, " + paid.ID + " paid",
		"status=paid":                       paid.ID + " paid",
		"status=waiting":                    waiting.ID + " waiting",
		"status=withdrawn":                  gone.ID + " withdrawn",
		"status=expired":                    "",
		"status=returned":                   "",
		"q=ABC2026000000001":                paid.ID + " paid",
		"q=%C3%B6ZT%C3%9CRK&status=waiting": waiting.ID + " waiting",
		"to=2026-11-22T09:00:02Z":           paid.ID + " paid",
	} {
		if got := find(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if got := read[invoice](t, h.ask("GET", "/v1/einvoices/"+paid.ID, "")); got.Status != "paid" || len(got.Link.Payments) != 1 {
		t.Errorf("%+v", got)
	}
	for _, query := range []string{"status=x", "limit=0", "from=x", "unknown=1"} {
		if a := h.ask("GET", "/v1/einvoices?"+query, ""); a.status != 422 {
			t.Errorf("%s: %s", query, a)
		}
	}
	h.refused(h.ask("GET", "/v1/einvoices?cursor=x", ""), 400, "cursor_invalid")
	nobodys := paid.ID[:4] + "0000000000000000000000"
	for _, at := range []string{"/v1/einvoices/x", "/v1/einvoices/" + nobodys + "/document", "/v1/einvoices/x/document"} {
		h.refused(h.ask("GET", at, ""), 404, "einvoice_not_found")
	}
	for _, at := range []string{"/v1/einvoices/" + paid.ID, "/v1/einvoices/" + paid.ID + "/document"} {
		h.refused(h.ask("GET", at, "", as(nextKey)), 404, "einvoice_not_found")
	}
	if got := string(h.ask("GET", "/v1/einvoices", "", as(nextKey)).body); got != `{"data":[],"next_cursor":null}` {
		t.Errorf("a neighbour reads %s", got)
	}
}

// A45: an invoice sent a hundred times at once has one link, with a key or without.
func TestA45_oneLinkHoweverOftenItIsSent(t *testing.T) {
	h := open(t)
	h.registers()
	doc := ubl(t)
	ends := make([]string, 20)
	atOnce(len(ends), func(n int) {
		a := h.sends(doc)
		ends[n] = fmt.Sprint(a.status, read[invoice](t, a).Link.ID)
	})
	made := 0
	for _, end := range ends {
		if strings.HasPrefix(end, "201") {
			made++
		}
		if end[3:] != ends[0][3:] {
			t.Errorf("another link: %s and %s", end, ends[0])
		}
	}
	if made != 1 {
		t.Errorf("%d were made", made)
	}
	other := ubl(t, sampleUUID, strings.Replace(sampleUUID, "8D1F6A52", "00000000", 1), sampleNumber, "ABC2026000000999")
	first := h.sends(other, idem("k"))
	if again := h.sends(other, idem("k")); again.status != 201 || string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s %s", again, again.body)
	}
	h.refused(h.sends(doc, idem("k")), http.StatusUnprocessableEntity, "idempotency_key_reused")
}

// An invoice without a due day can be paid for thirty days; one due in another age for a year and a day.
func TestHowLongAnInvoiceCanBePaid(t *testing.T) {
	h := open(t)
	h.registers()
	for n, c := range []struct{ from, to, ends string }{
		{"<cbc:PaymentDueDate>2026-12-15</cbc:PaymentDueDate>", "", "2026-12-22T20:59:59Z"},
		{"2026-12-15", "2026-10-01", "2026-12-22T20:59:59Z"},
		{"2026-12-15", "2026-11-22", "2026-12-22T20:59:59Z"},
		{"2026-12-15", "2027-01-31", "2027-03-02T20:59:59Z"},
		{"2026-12-15", "2099-12-31", "2027-11-23T20:59:59Z"},
	} {
		i := read[invoice](t, h.sends(ubl(t, c.from, c.to, sampleUUID, fmt.Sprintf("%08d", n)+sampleUUID[8:])))
		if got := i.Link.ExpiresAt.Format(time.RFC3339); got != c.ends {
			t.Errorf("%s: ends %s, want %s", c.to, got, c.ends)
		}
	}
	if checkout.OwnCustomerID("12345678") != "OD1234567889" {
		t.Error("the documented example is none")
	}
}
