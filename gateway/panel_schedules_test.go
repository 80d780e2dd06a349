//go:build !race

package main

import (
	"context"
	"net/http"
	"regexp"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// A merchant schedules a report with its filters, tries it, changes it and deletes it (features 6).
func TestPanelSchedules(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	const list = "/panel/reports/schedules"
	w.sees(w.open("/panel/reports", http.StatusOK), "E-posta ile raporlar")
	w.sees(w.open(list, http.StatusOK), "Henüz planlanmış rapor yok.", "Yeni rapor planla")
	w.sees(w.open(list+"/new?report=payments&status=paid", http.StatusOK), "Her gün", "Alıcılar", "Ödendi")
	w.open(list+"/new?report=secrets", http.StatusNotFound)
	page := w.post(list+"/new", http.StatusUnprocessableEntity, "report", "payments", "format", "xlsx", "every", "weekly", "weekday", "x", "lang", "tr", "to", "kasa")
	w.sees(page, "kasa")
	w.post(list+"/new", http.StatusSeeOther, "report", "payments", "status", "paid", "format", "rfc4180.csv", "every", "weekly", "weekday", "friday", "lang", "en", "to", "kasa@ahsap.example, a@ahsap.example\n")
	w.sees(w.open(list+"?saved=made", http.StatusOK), "Rapor planlandı.", "Cuma", "kasa@ahsap.example, a@ahsap.example", "27.11.2026 07:00", "Henüz gönderilmedi.")
	all, err := r.app.flow.ReportSchedules(context.Background(), demoMerchant)
	r.must("read", err, nil)
	one := list + "/" + string(all[0].ID)
	r.must("kept", []any{all[0].Format, all[0].Dialect, all[0].Lang, all[0].Status}, []any{"csv", "rfc4180", "en", "paid"})
	if page := w.open(one, http.StatusOK); !regexp.MustCompile(`value="rfc4180.csv" selected`).MatchString(page) || !regexp.MustCompile(`value="friday" selected`).MatchString(page) {
		t.Errorf("%s", page)
	}
	w.post(one, http.StatusUnprocessableEntity, "format", "xlsx", "every", "daily", "lang", "tr", "to", "")
	w.post(one, http.StatusSeeOther, "format", "xlsx", "every", "daily", "lang", "tr", "to", "kasa@ahsap.example")
	w.sees(w.open(list, http.StatusOK), "Her gün", "23.11.2026 07:00")
	for range checkout.MessagesPerRecipient {
		w.post(one+"/send", http.StatusSeeOther)
	}
	r.must("carried", r.app.carryReports(context.Background()), nil)
	w.sees(w.open(list, http.StatusOK), "Son hazırlanan", "0 satır", "Gönderildi")
	stranger := r.signedInAs(r.colleague(checkout.RoleFinance, true))
	stranger.open(list, http.StatusNotFound)
	stranger.misses(stranger.open("/panel/reports", http.StatusOK), "E-posta ile raporlar")
	other := r.signedInAs(r.neighbour())
	other.sees(other.open(list, http.StatusOK), "Henüz planlanmış rapor yok.")
	other.open(one, http.StatusNotFound)
	w.open(list, http.StatusOK)
	w.post(one+"/delete", http.StatusSeeOther)
	w.sees(w.open(list, http.StatusOK), "Henüz planlanmış rapor yok.")
	w.open(one, http.StatusNotFound)
}
