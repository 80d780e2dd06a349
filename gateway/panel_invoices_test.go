//go:build !race

package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// One screen shows which invoice is collected and which waits, an uploaded one gets its link, and those overdue
// are noticed (features 3.1 to 3.8).
func TestPanelInvoices(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	w.sees(w.open("/panel/invoices", http.StatusOK), "Henüz faturaya link eklenmedi", "Faturaya link ekle")
	doc := sampleInvoice(t, "plain.xml")
	w.sees(w.upload("/panel/invoices", http.StatusUnprocessableEntity, "file", "a.xml", []byte("<Invoice")), "Faturaya link ekle")
	w.upload("/panel/invoices", http.StatusUnprocessableEntity, "file", "a.xml", nil)
	w.sees(w.upload("/panel/invoices", http.StatusUnprocessableEntity, "file", "a.xml", bytes.Replace(doc, []byte("</Invoice>"), nil, 1)), "Faturaya link ekle")
	to := w.upload("/panel/invoices", http.StatusSeeOther, "file", "a.xml", doc)
	at, word, _ := strings.Cut(to, "?")
	r.must("made", word, "saved=linked")
	again := w.upload("/panel/invoices", http.StatusSeeOther, "file", "a.xml", doc)
	r.must("the same invoice", again, at+"?saved=known")
	page := w.open(to, http.StatusOK)
	w.sees(page, "Link eklendi.", "Bekliyor", "Ödeme linki: "+r.base, "Bu faturayı henüz kimse ödemeyi denemedi.")
	file := w.open(at+"/document", http.StatusOK)
	if !strings.Contains(file, "Ödeme linki: "+r.base) {
		t.Error("the document has no link")
	}
	id := checkout.EInvoiceID(strings.TrimPrefix(at, "/panel/invoices/"))
	i, err := r.app.ledger.EInvoiceOf(t.Context(), demoMerchant, id)
	r.must("read", err, nil)
	page = w.open("/panel/invoices", http.StatusOK)
	w.sees(page, i.Number, "Bekleyen", "1 fatura")
	w.sees(w.open("/panel/invoices?q="+i.Number, http.StatusOK), i.Number)
	w.sees(w.open("/panel/invoices?q=nobody", http.StatusOK), "Bu ölçütlere uyan fatura yok.")
	for _, wrong := range []string{"status=x", "from=x"} {
		w.open("/panel/invoices?"+wrong, http.StatusUnprocessableEntity)
	}
	t.Run("overdue", func(t *testing.T) {
		w.sees(w.open("/panel/invoices?status=overdue", http.StatusOK), "Vadesi geçmiş, ödenmemiş fatura yok.")
		due, err := time.ParseInLocation(time.DateOnly, i.DueOn, checkout.Istanbul())
		r.must("it has a last day", err, nil)
		r.clock.advance(due.Sub(r.clock.Now()) + 5*24*time.Hour)
		late := r.signedIn()
		late.sees(late.open("/panel/invoices?status=overdue", http.StatusOK), i.Number, "5 gün gecikti")
		late.sees(late.open(at, http.StatusOK), "5 gün gecikti", "Müşteriye hatırlat")
	})
	t.Run("paid", func(t *testing.T) {
		r.browser().pay(r.app.flow.LinkURL(i.Of.Token), card("001")).finish("123456")
		paid := r.signedIn()
		paid.sees(paid.open("/panel/invoices?status=paid", http.StatusOK), i.Number, "Tahsil edildi")
		paid.sees(paid.open(at, http.StatusOK), "Ödendi")
		paid.misses(paid.open("/panel/invoices?status=waiting", http.StatusOK), string(i.ID))
	})
	t.Run("whose (I17, A48)", func(t *testing.T) {
		other := r.signedInAs(r.neighbour())
		other.sees(other.open("/panel/invoices", http.StatusOK), "önce bir tahsilat aracı kuruluşu kaydedilmeli")
		other.open(at, http.StatusNotFound)
		other.open(at+"/document", http.StatusNotFound)
		other.open("/panel/invoices/inv_2222222222222222222222", http.StatusNotFound)
		own := r.signedInAs(r.colleague(checkout.RoleSupport, true))
		own.misses(own.open("/panel/invoices", http.StatusOK), i.Number)
		own.open(at, http.StatusNotFound)
		own.upload("/panel/invoices", http.StatusNotFound, "file", "a.xml", doc)
		viewer := r.signedInAs(r.colleague(checkout.RoleViewer, false))
		viewer.misses(viewer.open("/panel/invoices", http.StatusOK), `enctype="multipart/form-data"`)
		viewer.open(at, http.StatusOK)
		viewer.upload("/panel/invoices", http.StatusForbidden, "file", "a.xml", doc)
	})
}

// Only the administrator registers; a wrong id stores nothing, and what ended gives no links (features 3.10 to 3.16, 12.14).
func TestPanelRegistersIntermediaries(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	const at = "/panel/invoices/registrations"
	for _, role := range []checkout.Role{checkout.RoleFinance, checkout.RoleSupport, checkout.RoleViewer} {
		w := r.signedInAs(r.colleague(role, false))
		w.open(at, http.StatusForbidden)
	}
	w := r.signedInAs(r.neighbour())
	w.sees(w.open(at, http.StatusOK), "Henüz kayıt yok")
	for _, wrong := range [][]string{
		{}, {"intermediary", "odelink", "customer_id", "OD1234567880"}, {"intermediary", "odelink", "customer_id", "x"},
		{"intermediary", "odelink", "customer_id", "OD1234567889", "tax_number", "123"}, {"intermediary", "nobody", "customer_id", "OD1234567889"},
	} {
		w.post(at, http.StatusUnprocessableEntity, wrong...)
	}
	w.sees(w.open(at, http.StatusOK), "Henüz kayıt yok")
	w.post(at, http.StatusSeeOther, "intermediary", "odelink", "customer_id", "od1234567889")
	page := w.open(at+"?saved=registered", http.StatusOK)
	w.sees(page, "Kayıt tamamlandı.", "OD1234567889", "Etkin", "Daha önce eklenen linkler ödenebilir kalır.")
	w.post(at, http.StatusUnprocessableEntity, "intermediary", "odelink", "customer_id", "OD1234567889")
	w.sees(w.open(at+"?status=ended", http.StatusOK), "Bu ölçütlere uyan kayıt yok.")
	_, rest, _ := strings.Cut(page, `action="`+at+"/")
	id, _, _ := strings.Cut(rest, "/")
	stranger := r.signedIn()
	stranger.open(at, http.StatusOK)
	stranger.post(at+"/"+id+"/end", http.StatusNotFound)
	w.open(at, http.StatusOK)
	w.post(at+"/"+id+"/end", http.StatusSeeOther)
	w.sees(w.open(at+"?status=ended&intermediary=odelink", http.StatusOK), "Sona erdi")
	w.sees(w.upload("/panel/invoices", http.StatusUnprocessableEntity, "file", "a.xml", sampleInvoice(t, "plain.xml")), "önce bir tahsilat aracı kuruluşu kaydedilmeli")
}
