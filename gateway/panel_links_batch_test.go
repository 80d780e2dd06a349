//go:build !race

package main

import (
	"context"
	"encoding/csv"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)
var chosenOption = regexp.MustCompile(`<select id="f-(col\d+)" name="col\d+">(?:<option value="[^"]*">[^<]*</option>)*<option value="([a-z]+)" selected>`)

// confirmation are the fields of the page that shows what a file would become, as a browser sends them.
func confirmation(page string) (pairs []string) {
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		if m[1] != "csrf" {
			pairs = append(pairs, m[1], m[2])
		}
	}
	for _, m := range chosenOption.FindAllStringSubmatch(page, -1) {
		pairs = append(pairs, m[1], m[2])
	}
	if strings.Contains(page, `name="head" value="on" checked`) {
		pairs = append(pairs, "head", "on")
	}
	return append(pairs, "currency", "TRY", "life", "1")
}

func (r *rig) linksThere() int {
	r.t.Helper()
	n, cursor := 0, ""
	for {
		found, next, err := r.app.ledger.SearchLinks(context.Background(), checkout.LinkQuery{Merchant: demoMerchant, Limit: 100, Cursor: cursor})
		r.must("count links", err, nil)
		if n, cursor = n+len(found), next; cursor == "" {
			return n
		}
	}
}

const batchFile = "Müşteri;TUTAR;Telefon;E-posta;Sipariş No;Son ödeme tarihi;Boş\r\n" +
	"Ayşe Işık;1.250,50 TL;0532 123 45 67;ayse@ornek.example;F-1;31.12.2026;\r\n" +
	"Barış;0;;;F-2;;\r\n" +
	"Can;99,90;;;F-1;;\r\n" +
	"=SUM(A1);12;;;F-4;;\r\n" +
	"Derya;abc;12;;F 5;2026-99-99;\r\n"

// Links from a file: shown first, made once, each row's fate in a file.
func TestPanelLinksFromAFile(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	t.Run("a sample can be had and is understood", func(t *testing.T) {
		w.open("/panel/links/file", http.StatusOK)
		sample := w.open("/panel/links/file/sample.csv", http.StatusOK)
		r.has("its rows", w.upload("/panel/links/file", http.StatusOK, "file", "ornek.csv", []byte(sample)), "1 satır hazır", "1.250,50 TL")
		book := w.open("/panel/links/file/sample.xlsx", http.StatusOK)
		w.open("/panel/links/file", http.StatusOK)
		r.has("the workbook's rows", w.upload("/panel/links/file", http.StatusOK, "file", "ornek.xlsx", []byte(book)), "1 satır hazır", "1.250,50 TL")
		r.must("links so far", r.linksThere(), 0)
	})
	t.Run("rows are shown with their mistakes, then made once", func(t *testing.T) {
		w.open("/panel/links/file", http.StatusOK)
		page := w.upload("/panel/links/file", http.StatusOK, "file", "kasım.csv", []byte(batchFile))
		r.has("the rows", page, "2 satır hazır", "3 satırda hata var", "Sipariş no: Bu sipariş numarası 2. satırda da var.", "Tutarı rakamla yazın", "Telefon:", "Bitiş: Geçerli bir tarih", "2 link oluştur")
		r.must("links so far", r.linksThere(), 0)
		form := confirmation(page)
		to := w.post("/panel/links/file/make", http.StatusSeeOther, form...)
		r.must("where the second press leads", w.post("/panel/links/file/make", http.StatusSeeOther, form...), to)
		r.must("links of two presses", r.linksThere(), 2)
		r.has("the batch", w.open(to, http.StatusOK), "kasım.csv", "Ayşe Işık", "1.250,50 TL", "Link oluşmayan satırlar", "5 satırdan")
		path, _, _ := strings.Cut(to, "?")
		rows, err := csv.NewReader(strings.NewReader(w.open(path+"/export.rfc4180.csv", http.StatusOK))).ReadAll()
		r.must("read the results", err, nil)
		r.must("rows of the results", len(rows), 6)
		r.must("the first", []string{rows[1][0], rows[1][1], rows[1][3], rows[1][4], rows[1][6]}, []string{"2", "Ayşe Işık", "active", "1250.50", "F-1"})
		r.has("its address", rows[1][2], r.base+"/p/")
		r.has("no formula", rows[2][1], "'=SUM(A1)")
		r.has("why not", rows[3][12], "Tutar")
		l, _, err := r.app.ledger.SearchLinks(context.Background(), checkout.LinkQuery{Merchant: demoMerchant, Order: "F-1"})
		r.must("find the link", err, nil)
		r.must("its last day ends in Istanbul", l[0].ExpiresAt.UTC().Format(time.RFC3339), "2026-12-31T20:59:00Z")
		r.must("its customer", l[0].Customer, checkout.Customer{Name: "Ayşe Işık", Email: "ayse@ornek.example", Phone: "+905321234567"})
		r.has("its link's page", w.open("/panel/links/"+string(l[0].ID), http.StatusOK), path)
	})
	t.Run("columns are matched by hand where headings say nothing", func(t *testing.T) {
		w.open("/panel/links/file", http.StatusOK)
		page := w.upload("/panel/links/file", http.StatusOK, "file", "x.csv", []byte("Kim,Ne kadar\nAli,10\nVeli,20\n"))
		r.has("nothing fits", page, "3 satırda hata var")
		form := append(confirmation(page), "head", "on", "col0", "name", "col1", "amount")
		r.has("with columns", w.post("/panel/links/file", http.StatusOK, form...), "2 satır hazır", "30,00 TL")
	})
	t.Run("A32: a card number in a file comes back on no page", func(t *testing.T) {
		w.open("/panel/links/file", http.StatusOK)
		page := w.upload("/panel/links/file", http.StatusOK, "file", "4155650000000007.csv", []byte("Tutar;4155650000000007;Kart\n10;a;4155 6500 0000 0007\n20;4155650000000007;b\n"))
		r.has("the columns", page, "••••", "2 satır hazır")
		for _, number := range []string{"4155650000000007", "4155 6500 0000 0007"} {
			r.must("shown again", strings.Contains(page, number), false)
		}
	})
	t.Run("what is no table is refused in words", func(t *testing.T) {
		for name, content := range map[string]string{"seçin": "", "bir tablo değil": "\x00\x01\x02binary", "eski bir Excel": "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1old", "bozuk": "PK\x03\x04broken"} {
			w.open("/panel/links/file", http.StatusOK)
			r.has(name, w.upload("/panel/links/file", http.StatusUnprocessableEntity, "file", "x", []byte(content)), name)
		}
		w.post("/panel/links/file/make", http.StatusUnprocessableEntity, "data", "!!", "id", "bat_1")
		w.open("/panel/links/file/sample.exe", http.StatusNotFound)
	})
	t.Run("a colleague who sees his own sees no batch of others", func(t *testing.T) {
		w.open("/panel/links/file", http.StatusOK)
		page := w.upload("/panel/links/file", http.StatusOK, "file", "gizli.csv", []byte("tutar\n10\n"))
		to := w.post("/panel/links/file/make", http.StatusSeeOther, confirmation(page)...)
		email, password := r.colleague(checkout.RoleSupport, true)
		other := r.signedInAs(email, password)
		other.open(to, http.StatusNotFound)
		r.hasNot("his list", other.open("/panel/links/file", http.StatusOK), "gizli.csv")
	})
}

// The named shares of one sum: all of them or none, and who has paid.
func TestPanelLinkGroups(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	page := w.open("/panel/links/groups/new", http.StatusOK)
	id := hiddenField.FindAllStringSubmatch(page, -1)
	fields := []string{"name", "Kasım kirası", "currency", "TRY", "life", "7"}
	for _, m := range id {
		if m[1] == "id" {
			fields = append(fields, "id", m[2])
		}
	}
	for why, people := range map[string][2]string{
		"Toplam, kişilerin": {"10", "Ali;20\nVeli;30"}, "toplamı yazın": {"", "Ali\nVeli"}, "Bu alan gerekli": {"10", "\n \n"}, "2. satır": {"10", "Ali\nVeli;abc"}, "1. satır": {"10", ";;\nVeli"},
	} {
		r.has(why, w.post("/panel/links/groups", http.StatusUnprocessableEntity, append(fields, "total", people[0], "people", people[1])...), why)
	}
	r.must("links of mistakes", r.linksThere(), 0)
	good := append(fields, "total", "1.000,01", "people", "Ayşe Işık; 400; 0532 123 45 67\nBarış\r\n\nDerya\t0533 123 45 67")
	to := w.post("/panel/links/groups", http.StatusSeeOther, good...)
	r.must("where the second press leads", w.post("/panel/links/groups", http.StatusSeeOther, good...), to)
	r.must("links of two presses", r.linksThere(), 3)
	r.has("the group", w.open(to, http.StatusOK), "Kasım kirası", "400,00 TL", "300,01 TL", "300,00 TL", "0,00 TL toplandı, toplam 1.000,01 TL", "0/3 kişi ödedi", "https://wa.me/905321234567")
	path, _, _ := strings.Cut(to, "?")
	links, err := r.app.ledger.BatchLinks(context.Background(), demoMerchant, checkout.BatchID(strings.TrimPrefix(path, "/panel/links/batches/")), 0, 10)
	r.must("read the group", err, nil)
	r.must("metadata", links[1].Link.Metadata, map[string]string{"group": strings.TrimPrefix(path, "/panel/links/batches/"), "share": "Barış"})
	r.paidBy(map[string]any{"url": r.app.flow.LinkURL(links[1].Link.Token)}, "000")
	r.has("after one has paid", w.open(path, http.StatusOK), "300,01 TL toplandı", "1/3 kişi ödedi", "Ödendi")
	w.post("/panel/links/"+string(links[2].Link.ID)+"/delete", http.StatusSeeOther)
	r.has("without who left", w.open(path, http.StatusOK), "toplam 700,01 TL", "1/2 kişi ödedi")
}

// Links that nobody can pay, for want of a virtual POS that takes their currency, are marked before they are made and
// after, from a file and as shares; other currencies are not.
func TestPanelBatchesMarkWhatNobodyCanPay(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	const note = "alan açık bir sanal POS yok: müşterileriniz bu para birimindeki linkleri ödeyemez"
	w.open("/panel/links/file", http.StatusOK)
	page := w.upload("/panel/links/file", http.StatusOK, "file", "a.csv", []byte("Müşteri;Tutar;Para birimi\nAli;10;JPY\nBerk;20,50;TRY\nCan;9,50;JPY\n"))
	r.has("its rows", page, "JPY "+note, "Ödenemiyor", "JPY — açık sanal POS yok", "kuruşsuz yazın, örneğin 1.250")
	r.must("marked rows", strings.Count(page, "Ödenemiyor"), 1)
	page = w.open(w.post("/panel/links/file/make", http.StatusSeeOther, confirmation(page)...), http.StatusOK)
	r.has("its links", page, "JPY "+note)
	r.must("marked links", strings.Count(page, "Ödenemiyor"), 1)
	group := func(currency string) string {
		w.open("/panel/links/groups/new", http.StatusOK)
		return w.open(w.post("/panel/links/groups", http.StatusSeeOther, "id", string(r.app.ids.Batch()), "name", "Yemek", "people", "Ali; 10", "life", "7", "currency", currency), http.StatusOK)
	}
	r.has("the form of shares", w.open("/panel/links/groups/new", http.StatusOK), "JPY — açık sanal POS yok")
	r.has("shares", group("JPY"), "JPY "+note, "Ödenemiyor")
	r.hasNot("shares that can be paid", group("TRY"), note, "Ödenemiyor")
}

// Sentences about an amount fit its currency: yen have no decimals, and no example of theirs has any.
func TestPanelAmountsOfACurrencyWithoutDecimals(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	r.has("the form", w.open("/panel/links/new", http.StatusOK), "Örnek: 1.250,00 · JPY", ": 1.250<")
	form := func(amount, currency string) string {
		return w.post("/panel/links", http.StatusUnprocessableEntity, "amount", amount, "currency", currency, "usage", "single")
	}
	for _, c := range []struct{ amount, currency, says string }{
		{"100,50", "JPY", "Tutarı rakamla ve kuruşsuz yazın, örneğin 1.250."},
		{"1000000000000", "JPY", "Tutar sıfırdan büyük ve en çok 999.999.999.999 olmalı."},
		{"10000000000", "TRY", "Tutar sıfırdan büyük ve en çok 9.999.999.999,99 olmalı."},
		{"on", "TRY", "Tutarı rakamla yazın, örneğin 1.250,00."},
		{"0", "TRY", "Tutar sıfırdan büyük olmalıdır."}, {"0,00", "TRY", "Tutar sıfırdan büyük olmalıdır."}, {"0", "JPY", "Tutar sıfırdan büyük olmalıdır."},
	} {
		r.has(c.amount+" "+c.currency, form(c.amount, c.currency), `id="d-amount">`+c.says)
	}
	r.has("the hint for yen", w.open("/panel/links/products/new", http.StatusOK), "Vergiler dâhil. Örnek: 1.250,00 · JPY")
}
