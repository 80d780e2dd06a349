//go:build !race

package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// A bank's file is held against the day, its columns are remembered, rows are dealt with, and the day is closed in
// two steps for ever (features 7.1 to 7.5, 12.16).
func TestPanelReconcilesADay(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	p := r.ledgerPayment(r.paid())
	missing := r.ledgerPayment(r.paid())
	account := string(p.Account)
	r.clock.advance(24 * time.Hour)
	w := r.signedIn()
	const at = "/panel/reconciliation"
	w.sees(w.open(at, http.StatusOK), "Henüz karşılaştırma yok", "Listeyi bankadan al")
	send := func(want int, file string) string {
		return w.upload(at, want, "file", "gun.csv", []byte(file), "acquirer", account, "day", "2026-11-22", "how", "file")
	}
	send(http.StatusUnprocessableEntity, "")
	to := send(http.StatusSeeOther, "a;b\r\n1;2\r\n")
	r.must("unknown columns", to, at+"/columns?acquirer="+account+"&saved=unknown")
	w.sees(w.open(to, http.StatusOK), "Dosyanın sütunları tanınamadı.", "Provizyon no")
	w.post(at+"/columns", http.StatusUnprocessableEntity, "acquirer", account, "rrn", strings.Repeat("x", 61))
	w.post(at+"/columns", http.StatusSeeOther, "acquirer", account, "order_id", "Kodumuz", "amount", "Para", "date", "Gün", "kind", "Ne")
	file := "Gün;Kodumuz;Ne;Para\r\n22.11.2026;" + string(p.BankOrder) + ";Satış;250,00\r\n22.11.2026;TEL-1;Satış;1.234,56\r\n"
	run := send(http.StatusSeeOther, file)
	page := w.open(run, http.StatusOK)
	w.sees(page, "Uyuşuyor 1", "Yalnızca bankada 1", "Yalnızca bizde 1", "TEL-1", "1.234,56 TL", "500,00 TL", "1.484,56 TL")
	w.sees(w.open(run+"?class=only_bank", http.StatusOK), "TEL-1", "Elle giriş olarak kaydet")
	r.has("the files", page, run+"/export.csv", run+"/export.rfc4180.csv", run+"/export.xlsx", run+"/export.json")
	r.has("the filter in their addresses", w.open(run+"?class=only_bank", http.StatusOK), run+"/export.csv?class=only_bank")
	all, only, open := w.open(run+"/export.json", http.StatusOK), w.open(run+"/export.json?class=only_bank", http.StatusOK), w.open(run+"/export.json?open=true", http.StatusOK)
	r.must("rows of the files", []any{strings.Count(all, `"class":`), strings.Count(only, `"class":"only_bank"`), strings.Count(open, `"class":`)}, []any{3, 1, 2})
	r.has("for spreadsheets", w.open(run+"/export.csv", http.StatusOK), "\ufeff", `"Tutuyor";`, "TEL-1", "1234,56")
	r.has("for programs", w.open(run+"/export.rfc4180.csv", http.StatusOK), ",only_bank,", "1234.56")
	w.open(run+"/export.exe", http.StatusNotFound)
	row := func(page, words string) string {
		t.Helper()
		i := strings.Index(page, words)
		if i < 0 {
			t.Fatalf("no row of %s", words)
		}
		start := strings.LastIndex(page[:i], `<tr id="row-`)
		number, _, _ := strings.Cut(page[start+len(`<tr id="row-`):], `"`)
		return run + "/rows/" + number
	}
	w.sees(w.post(row(page, "TEL-1"), http.StatusUnprocessableEntity, "action", "accept"), "TEL-1")
	w.sees(w.post(row(page, "TEL-1"), http.StatusUnprocessableEntity, "action", "ask"), "TEL-1")
	r.must("by hand", w.post(row(page, "TEL-1"), http.StatusSeeOther, "action", "manual", "note", "Telefon siparişi"), run+"?saved=resolved")
	w.sees(w.open(run, http.StatusOK), "Elle girildi", "Telefon siparişi")
	w.sees(w.post(run+"/close", http.StatusUnprocessableEntity), "not yazın", "1 satır hâlâ açık")
	w.post(row(page, string(missing.ID)), http.StatusSeeOther, "action", "ask")
	w.sees(w.open(run+"?class=only_ours", http.StatusOK), "Bankaya soruldu; kaydımız onunkiyle aynı")
	r.must("closed", w.post(run+"/close", http.StatusSeeOther, "note", ""), run+"?saved=closed")
	page = w.open(run+"?saved=closed", http.StatusOK)
	w.sees(page, "Gün kapatıldı.", "Kapandı")
	w.misses(page, run+"/close")
	send(http.StatusUnprocessableEntity, file)
	w.sees(w.open(at, http.StatusOK), "22.11.2026", "Kapandı", "Hepsi tamam")
	w.post(run+"/rows/x", http.StatusNotFound)
	w.open(at+"/rec_2222222222222222222222", http.StatusNotFound)
	for _, role := range []checkout.Role{checkout.RoleSupport, checkout.RoleViewer} {
		w := r.signedInAs(r.colleague(role, false))
		w.open(at, http.StatusForbidden)
		w.open(run, http.StatusForbidden)
		w.open(run+"/export.csv", http.StatusForbidden)
	}
	r.signedInAs(r.colleague(checkout.RoleFinance, false)).open(run, http.StatusOK)
	own := r.signedInAs(r.colleague(checkout.RoleFinance, true))
	own.open(at, http.StatusForbidden)
	own.open(run, http.StatusForbidden)
	own.open(run+"/export.csv", http.StatusForbidden)
	other := r.signedInAs(r.neighbour())
	other.open(at, http.StatusOK)
	other.open(run, http.StatusNotFound)
	other.open(run+"/export.csv", http.StatusNotFound)
	other.open(at+"/columns?acquirer="+account, http.StatusNotFound)
}

// The bank's own list is had without a file.
func TestPanelPullsADay(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	p := r.ledgerPayment(r.paid())
	w := r.signedIn()
	w.open("/panel/reconciliation", http.StatusOK)
	w.sees(w.post("/panel/reconciliation", http.StatusUnprocessableEntity, "acquirer", string(p.Account), "day", "2026-11-22", "how", "bank"), "Bu gün İstanbul saatiyle henüz bitmedi")
	r.clock.advance(12 * time.Hour)
	w = r.signedIn() // the night was too long for the session
	w.open("/panel/reconciliation", http.StatusOK)
	run := w.post("/panel/reconciliation", http.StatusSeeOther, "acquirer", string(p.Account), "day", "2026-11-22", "how", "bank")
	w.sees(w.open(run, http.StatusOK), "Bankadan", "Uyuşuyor 1", "250,00 TL")
	w.post("/panel/reconciliation", http.StatusUnprocessableEntity, "acquirer", string(p.Account), "day", "x", "how", "bank")
}

// What could not be read is told in words, a list that says little closes no day without a note, and who closed it
// is named.
func TestPanelTellsWhatAListDoesNotSay(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	account := r.payforAccount()
	w := r.signedIn()
	const at = "/panel/reconciliation"
	w.open(at, http.StatusOK)
	run := w.upload(at, http.StatusSeeOther, "file", "gun.csv", []byte("Tarih;RRN;Tip;Tutar\r\n20.11.2026;1;Satış;5,00\r\n21.11.2026;2;bilinmez;5,00\r\n21.11.2026;3;Satış;-5,00\r\n21.11.2026;4;Satış;x\r\n"),
		"acquirer", account, "day", "2026-11-21", "how", "file")
	page := w.open(run, http.StatusOK)
	w.sees(page, "Satır 3, İşlem tipi: Satış mı, iptal mi, iade mi olduğu anlaşılmıyor.", "Satır 4, İşlem tipi: Satış yazıyor ama tutar eksi.", "Satır 5, Tutar: Bu bir tutar değil.",
		"Bu günün hiçbir satırı karşılaştırılmadı.", "Yine de kapatmak için nedenini nota yazın.")
	w.misses(page, "kind_unknown", "amount_format")
	list := w.open(at, http.StatusOK)
	w.sees(list, "Karşılaştırılan satır yok")
	w.misses(list, "Hepsi tamam")
	w.sees(w.post(run+"/close", http.StatusUnprocessableEntity), "Listede bu günün hiç satırı yok")
	w.post(run+"/close", http.StatusSeeOther, "note", "Şube kapalıydı")
	w.misses(w.open(run, http.StatusOK), "Panel kullanıcısı")
}
