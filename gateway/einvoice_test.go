//go:build !race

package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

const sampleInvoices = "../checkout/einvoice/testdata/"

func sampleInvoice(t testing.TB, name string) []byte {
	t.Helper()
	doc, err := os.ReadFile(sampleInvoices + name)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// sends posts an invoice by the API, or reads its document back.
func (r *rig) sends(method, path string, doc []byte) (int, []byte) {
	r.t.Helper()
	return r.sendsAs(demoAPIKey, method, path, doc)
}

func (r *rig) sendsAs(key, method, path string, doc []byte) (int, []byte) {
	r.t.Helper()
	req, err := http.NewRequest(method, r.base+path, bytes.NewReader(doc))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/xml")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, body
}

// noteAddress is the address that stands in an invoice's note, as its reader sees it.
var noteAddress = regexp.MustCompile(`Note[^>]*>Ödeme linki: (http\S+) \(`)

// An invoice is sent, its reader opens the address in the note and pays, and it is listed as paid; when the
// sale is taken back, it is not.
func TestAnInvoiceIsPaidByTheLinkInItsNote(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	doc := sampleInvoice(t, "notes-bom-crlf.xml")
	status, made := r.sends("POST", "/v1/einvoices", doc)
	r.must("made", status, http.StatusCreated)
	id := regexp.MustCompile(`inv_\w+`).FindString(string(made))
	status, linked := r.sends("GET", "/v1/einvoices/"+id+"/document", nil)
	r.must("document", status, http.StatusOK)
	address := noteAddress.FindSubmatch(linked)
	if address == nil {
		t.Fatalf("no address in\n%s", linked)
	}
	listed := func(status string) int {
		_, list := r.api("GET", "/v1/einvoices?status="+status, nil)
		return len(list["data"].([]any))
	}
	r.must("waits", []any{listed("waiting"), listed("paid")}, []any{1, 0})
	payment := r.paidBy(map[string]any{"url": string(address[1])}, "001")
	p := r.stands(payment, checkout.StatusPaid, 0)
	r.must("paid", []any{p.Total.Minor, p.Order}, []any{125050, "XYZ2026000000007"})
	r.must("is paid", []any{listed("waiting"), listed("paid")}, []any{0, 1})
	_, shown := r.api("GET", "/v1/einvoices/"+id, nil)
	r.must("shown", []any{shown["status"], shown["invoice_number"]}, []any{"paid", "XYZ2026000000007"})
	status, again := r.sends("POST", "/v1/einvoices", linked)
	r.must("sent again", []any{status, bytes.Contains(again, []byte(id))}, []any{http.StatusOK, true})
	r.back(payment, "void", nil, 201, "status", "voided")
	r.must("taken back", []any{listed("paid"), listed("returned")}, []any{0, 1})
	r.clock.advance(40 * 24 * time.Hour)
	r.must("for ever", []any{listed("expired"), listed("returned")}, []any{0, 1})
}

// Nobody paid in time: the invoice says so, and one that is lengthened waits again.
func TestAnInvoiceThatNobodyPays(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	_, made := r.sends("POST", "/v1/einvoices", sampleInvoice(t, "other-prefixes.xml"))
	link := regexp.MustCompile(`lnk_\w+`).FindString(string(made))
	r.clock.advance(60 * 24 * time.Hour)
	_, list := r.api("GET", "/v1/einvoices?status=expired", nil)
	r.must("expired", len(list["data"].([]any)), 1)
	status, _ := r.api("PATCH", "/v1/links/"+link, map[string]any{"expires_at": "2027-06-01T00:00:00Z"})
	r.must("lengthened", status, http.StatusOK)
	_, list = r.api("GET", "/v1/einvoices?status=waiting", nil)
	r.must("waits again", len(list["data"].([]any)), 1)
}

// The command writes each invoice with its link beside the file, and says of every other why not.
func TestEInvoiceCommand(t *testing.T) {
	dir := desk(t)
	shop := printed(t, "merchant", "add", "--name", "Ahşap Atölyesi")
	file := func(name, from, to string) string {
		path := filepath.Join(dir, name)
		text := strings.ReplaceAll(string(sampleInvoice(t, "plain.xml")), from, to)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, returned := file("good.xml", "", ""), file("return.xml", ">SATIS<", ">IADE<")
	run := func(args ...string) (string, string) {
		var out bytes.Buffer
		err := start(t.Context(), append([]string{"einvoice"}, args...), &out)
		if err != nil {
			return out.String(), inWords(err)
		}
		return out.String(), ""
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no file":      {[]string{"--merchant", shop}, "einvoice needs the names"},
		"no merchant":  {[]string{good}, "--merchant: say which"},
		"flags behind": {[]string{good, "--merchant", shop}, "flags before the files"},
		"not there":    {[]string{"--merchant", shop, filepath.Join(dir, "none.xml")}, "no such file"},
		"unregistered": {[]string{"--merchant", shop, good}, "No intermediary is registered"},
	} {
		if _, said := run(c.args...); !strings.Contains(said, c.want) {
			t.Errorf("%s: %q", name, said)
		}
	}
	withLedger(t, func(a *app) error {
		_, err := a.flow.Register(t.Context(), checkout.By{Actor: "operator"}, checkout.Registration{
			Merchant: checkout.MerchantID(shop), Intermediary: checkout.IntermediaryOdelink, CustomerID: checkout.OwnCustomerID("00000007"),
		}, nil)
		return err
	})
	out, said := run("--merchant", shop, returned, good)
	if !strings.Contains(said, "return.xml: A return invoice collects nothing") || strings.Contains(said, "good.xml") {
		t.Errorf("%q", said)
	}
	linked, err := os.ReadFile(filepath.Join(dir, "good.odelink.xml"))
	if err != nil {
		t.Fatal(err)
	}
	address := noteAddress.FindSubmatch(linked)
	if address == nil || !strings.Contains(out, string(address[1])) || !strings.Contains(out, "1250.50 TRY") {
		t.Errorf("%q, and in the note %q", out, address)
	}
	if was := sampleInvoice(t, "plain.xml"); !bytes.Equal(was, must(os.ReadFile(good))) {
		t.Error("the file itself was changed")
	}
	other := filepath.Join(dir, "other")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	if again, said := run("--merchant", shop, "--to", other, good); said != "" || !strings.Contains(again, string(address[1])) {
		t.Errorf("again: %q %q", again, said)
	}
	if twice := must(os.ReadFile(filepath.Join(other, "good.odelink.xml"))); !bytes.Equal(twice, linked) {
		t.Errorf("again it became\n%s", twice)
	}
	if _, err := os.Stat(filepath.Join(dir, "return.odelink.xml")); err == nil {
		t.Error("a return invoice was written")
	}
}

// An envelope of several is written with a link in each that gets one; the others stay as they are, and are told.
func TestEInvoiceCommandTakesAnEnvelope(t *testing.T) {
	dir := desk(t)
	shop := printed(t, "merchant", "add", "--name", "Ahşap Atölyesi")
	withLedger(t, func(a *app) error {
		_, err := a.flow.Register(t.Context(), checkout.By{Actor: "operator"}, checkout.Registration{
			Merchant: checkout.MerchantID(shop), Intermediary: checkout.IntermediaryOdelink, CustomerID: checkout.OwnCustomerID("00000007"),
		}, nil)
		return err
	})
	envelope := string(sampleInvoice(t, "envelope.xml"))
	one := regexp.MustCompile(`(?s)<Invoice.*</Invoice>`).FindString(envelope)
	returned := strings.Replace(one, ">SATIS<", ">IADE<", 1)
	next := strings.NewReplacer("ZRF2026000000055", "ZRF2026000000056", "8D1F6A52", "8D1F6A53").Replace(one)
	file := filepath.Join(dir, "zarf.xml")
	if err := os.WriteFile(file, []byte(strings.Replace(envelope, one, one+returned+next, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := start(t.Context(), []string{"einvoice", "--merchant", shop, file}, &out)
	if err == nil || !strings.Contains(inWords(err), "invoice 2 of 3: A return invoice collects nothing") {
		t.Errorf("%v", err)
	}
	linked := string(must(os.ReadFile(filepath.Join(dir, "zarf.odelink.xml"))))
	notes := noteAddress.FindAllStringSubmatch(linked, -1)
	if len(notes) != 2 || notes[0][1] == notes[1][1] || !strings.Contains(out.String(), notes[0][1]) || !strings.Contains(out.String(), notes[1][1]) || !strings.Contains(linked, returned) {
		t.Errorf("%q\n%s\n%s", notes, out.String(), linked)
	}
	without := regexp.MustCompile(`<cbc:Note>Ödeme linki[^<]*</cbc:Note>\s*`).ReplaceAllString(linked, "")
	if was := string(must(os.ReadFile(file))); without != was {
		t.Errorf("other bytes changed\n%s", linked)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// withLedger opens the gateway as a command does.
func withLedger(t *testing.T, f func(*app) error) {
	t.Helper()
	if err := withApp(t.Context(), nil, io.Discard, f); err != nil {
		t.Fatal(err)
	}
}
