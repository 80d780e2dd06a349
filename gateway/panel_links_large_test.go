//go:build !race

package main

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// Ten thousand rows are one upload and one press.
func TestPanelLinksFromALargeFile(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	var file strings.Builder
	file.WriteString("tutar;müşteri;sipariş no\r\n")
	for i := range checkout.MaxBatchRows {
		fmt.Fprintf(&file, "%d,50;Müşteri %d;T-%d\r\n", i+1, i+1, i+1)
	}
	w.open("/panel/links/file", http.StatusOK)
	page := w.upload("/panel/links/file", http.StatusOK, "file", "büyük.csv", []byte(file.String()))
	r.has("the rows", page, "10000 satır hazır")
	to := w.post("/panel/links/file/make", http.StatusSeeOther, confirmation(page)...)
	r.has("the batch", w.open(to, http.StatusOK), "10000 link", "Sonraki satırlar")
	path, _, _ := strings.Cut(to, "?")
	rows, err := csv.NewReader(strings.NewReader(w.open(path+"/export.rfc4180.csv", http.StatusOK))).ReadAll()
	r.must("read the results", err, nil)
	r.must("rows of the results", len(rows), checkout.MaxBatchRows+1)
	r.must("the last", rows[checkout.MaxBatchRows][6], "T-10000")
	w.open("/panel/links/file", http.StatusOK)
	file.WriteString("1;1;1\r\n")
	r.has("one more", w.upload("/panel/links/file", http.StatusUnprocessableEntity, "file", "büyük.csv", []byte(file.String())), "10.000'den fazla satır")
}
