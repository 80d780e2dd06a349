//go:build !race

package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	reports "github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/threeds/banksim"
)

// Every report is on the screen with its totals, and a file of each kind with the same filters (features 6.8, 6.11, 6.12).
func TestPanelReports(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	paid := r.paid()
	r.paidBy(r.link(map[string]any{"amount": 123456}), "051")
	w := r.signedIn()
	page := w.open("/panel/reports", http.StatusOK)
	for _, rep := range reports.All() {
		w.sees(page, rep.Title.TR)
		at := "/panel/reports/" + rep.Name
		w.sees(w.open(at, http.StatusOK), rep.Title.TR)
		for kind, begins := range map[string]string{"csv": "\ufeff", "rfc4180.csv": "", "json": `{"report":"` + rep.Name + `"`, "xlsx": "PK"} {
			if file := w.open(at+"/export."+kind, http.StatusOK); !strings.HasPrefix(file, begins) || file == "" {
				t.Errorf("%s as %s: %.100q", rep.Name, kind, file)
			}
		}
	}
	t.Run("rows lead to what they are about and are added up", func(t *testing.T) {
		page := w.open("/panel/reports/payments?from=2026-11-22&to=2026-11-22", http.StatusOK)
		w.sees(page, "1–2. satır, toplam 2", "Toplam Tahsil Edilen", "250,00 TL", "22.11.2026 12:00:00", "22.11.2026 09:00:00", "Bakiye yetersiz")
		if !strings.Contains(page, `href="/panel/payments/`+paid+`"`) {
			t.Error("no way to the payment")
		}
	})
	t.Run("the daily error report names the bank's code", func(t *testing.T) {
		w.sees(w.open("/panel/reports/declines", http.StatusOK), "Günlük hata raporu", "Bakiye yetersiz", "1.234,56 TL")
	})
	t.Run("filters are respected by screen and file", func(t *testing.T) {
		const only = "?from=2026-11-22&to=2026-11-22&status=declined"
		w.misses(w.open("/panel/reports/payments"+only, http.StatusOK), paid)
		if file := w.open("/panel/reports/payments/export.json"+only, http.StatusOK); strings.Contains(file, paid) || !strings.Contains(file, `"declined"`) {
			t.Errorf("%.300s", file)
		}
		w.sees(w.open("/panel/reports/payments?from=2026-11-01&to=2026-11-02", http.StatusOK), "Bu dönemde kayıt yok.")
		for _, wrong := range []string{"?status=x", "?from=x", "?from=2026-11-22&to=2026-11-20", "?currency=x"} {
			w.open("/panel/reports/payments"+wrong, http.StatusUnprocessableEntity)
			w.open("/panel/reports/payments/export.csv"+wrong, http.StatusUnprocessableEntity)
		}
	})
	w.open("/panel/reports/secrets", http.StatusNotFound)
	w.open("/panel/reports/payments/export.exe", http.StatusNotFound)
	t.Run("who may (A48), and whose (I17)", func(t *testing.T) {
		for role, status := range map[checkout.Role]int{checkout.RoleFinance: http.StatusOK, checkout.RoleSupport: http.StatusForbidden, checkout.RoleViewer: http.StatusForbidden} {
			w := r.signedInAs(r.colleague(role, false))
			w.open("/panel/reports", status)
			w.open("/panel/reports/payments", status)
			w.open("/panel/reports/payments/export.csv", status)
		}
		own := r.signedInAs(r.colleague(checkout.RoleFinance, true))
		own.open("/panel/reports/settlement", http.StatusNotFound)
		own.sees(own.open("/panel/reports/payments", http.StatusOK), "Bu dönemde kayıt yok.")
		own.sees(own.open("/panel/reports/links", http.StatusOK), "Bu dönemde kayıt yok.")
		other := r.signedInAs(r.neighbour())
		other.sees(other.open("/panel/reports/payments", http.StatusOK), "Bu dönemde kayıt yok.")
	})
}

// On the screen a report begins with what people look for: what it is about, when, how much, how it stands, what the payer
// wrote (1.20, 2.5); ids come last and a phone shows those alone. Files keep their columns.
func TestPanelReportsBeginWithWhatPeopleLookFor(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	noted := r.link(map[string]any{"order_id": "SIP-9", "payer_note": true})
	r.browser().pay(noted["url"].(string), banksim.CardNumber("415565", "001"), "payer_note", "zili çalmayın").finish("123456")
	w := r.signedIn()
	heads := regexp.MustCompile(`<th scope="col"[^>]*>([^<]*)</th>`)
	for name, want := range map[string]string{
		"payments":   "Sipariş No|İşlem Tarihi (İstanbul)|Karttan Çekilecek Tutar|Durum|Açıklama (ödeyenin notu)|",
		"links":      "Sipariş No|Oluşturulma (İstanbul)|Tutar|Durum|Ödenen Tutar|Açıklama (ödeyenin notu)|",
		"settlement": "Sipariş No|İşlem Tarihi (İstanbul)",
	} {
		page := w.open("/panel/reports/"+name, http.StatusOK)
		var said []string
		for _, m := range heads.FindAllStringSubmatch(page, -1) {
			said = append(said, m[1])
		}
		if got := strings.Join(said, "|"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", name, got)
		}
		for _, id := range []string{"lnk_", "pay_", "rfd_", "acc_"} {
			if first, _, _ := strings.Cut(plainText(page), "SIP-9"); strings.Contains(first, id) {
				t.Errorf("%s begins with %s", name, id)
			}
		}
		row := page[strings.Index(page, "<tbody>"):]
		row = row[:strings.Index(row, "</tr>")]
		onPhone, note := 4, `full o5">zili çalmayın</td>`
		if name != "settlement" {
			onPhone++
			r.has(name, row, note)
		}
		if n := strings.Count(row, "<td") - strings.Count(row, "wide-only"); n != onPhone {
			t.Errorf("%s: %d columns on a phone", name, n)
		}
	}
	file := w.open("/panel/reports/payments/export.csv", http.StatusOK)
	r.has("the file begins as ever", file, "\ufeff\"Ödeme\";")
}
