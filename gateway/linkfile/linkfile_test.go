package linkfile_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/linkfile"
)

func read(t *testing.T, text string) linkfile.Table {
	t.Helper()
	table, err := linkfile.Read([]byte(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return table
}

func TestCellsAreReadAsPeopleWriteThem(t *testing.T) {
	usual := linkfile.Usual{Currency: checkout.TRY, Description: "Aidat", Channels: checkout.Channels, ExpiresAt: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	table := read(t, "Ad Soyad;TUTAR;Döviz;Telefon;E-posta;Vade;Sipariş No\n"+
		"Ayşe Işık;1.250,50 TL;;0532 123 45 67;ayse@ornek.example;31.12.2026;F-1\n"+
		"Barış;12.5;$;;;2026-12-05 14:30;\n"+
		";;;12;;2026-99-99;F-3\n")
	rows := table.Links(table.Headed(), true, usual)
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	one := rows[0]
	if one.Row != 2 || one.Label != "Ayşe Işık" || one.Terms.Amount != (checkout.Money{Minor: 125050, Currency: checkout.TRY}) || one.Terms.Description != "Aidat" || one.Terms.Order != "F-1" ||
		one.Terms.Customer.Phone != "+905321234567" || len(one.Terms.Deliver.Channels) != 2 || !one.Terms.ExpiresAt.Equal(time.Date(2026, 12, 31, 20, 59, 0, 0, time.UTC)) || len(one.Bad) != 0 {
		t.Errorf("%+v", one)
	}
	if two := rows[1]; two.Terms.Amount != (checkout.Money{Minor: 1250, Currency: checkout.USD}) || len(two.Terms.Deliver.Channels) != 0 || !two.Terms.ExpiresAt.Equal(time.Date(2026, 12, 5, 11, 30, 0, 0, time.UTC)) {
		t.Errorf("%+v", two)
	}
	bad := rows[2].Bad
	if len(bad) != 2 || bad[0].Code != "required" || bad[1].Code != "date_format" || rows[2].Label != "F-3" {
		t.Errorf("%+v", rows[2])
	}
}

func TestColumnsAreFound(t *testing.T) {
	for text, want := range map[string]linkfile.Held{
		"Müşteri Adı,Ödenecek Tutar,GSM\nx,1,2\n":  {linkfile.Name: 0, linkfile.Amount: 1, linkfile.Phone: 2},
		"customer,price,due date,email\nx,1,2,3\n": {linkfile.Name: 0, linkfile.Amount: 1, linkfile.Expires: 2, linkfile.Email: 3},
		"tutar,tutar\n1,2\n":                       {linkfile.Amount: 0},
		"Ali,12,50\nVeli,13,00\n":                  {},
	} {
		got := read(t, text).Headed()
		if len(got) != len(want) {
			t.Errorf("%q: %v", text, got)
		}
		for name, i := range want {
			if at, there := got[name]; !there || at != i {
				t.Errorf("%q: %s in %d, want %d", text, name, at, i)
			}
		}
	}
	for _, phone := range []string{"0532 123 45 67", "(0212) 555 11 22", "0850 222 0 000"} {
		looks := read(t, "Ali;"+phone+";a@x.example;12,50\n").Looks(checkout.TRY)
		for name, i := range map[string]int{linkfile.Name: 0, linkfile.Phone: 1, linkfile.Email: 2, linkfile.Amount: 3} {
			if looks[name] != i {
				t.Errorf("%s: %v", name, looks)
			}
		}
	}
	if got := strings.Join(read(t, "Kim,Ne kadar\nAli,10\n").Headings(), "|"); got != "Kim|Ne kadar" {
		t.Error(got)
	}
}

func TestATableHasItsLimits(t *testing.T) {
	most := "tutar\n" + strings.Repeat("1\n", checkout.MaxBatchRows)
	table := read(t, most)
	if got := len(table.Links(table.Headed(), true, linkfile.Usual{Currency: checkout.TRY})); got != checkout.MaxBatchRows {
		t.Errorf("%d rows", got)
	}
	if _, err := linkfile.Read([]byte(most + "1\n")); !errors.Is(err, linkfile.ErrTooManyRows) {
		t.Errorf("one more: %v", err)
	}
	if _, err := linkfile.Read(nil); checkout.KindOf(err) != checkout.KindInvalid {
		t.Errorf("nothing: %v", err)
	}
	wide := read(t, strings.Repeat("x,", 99)+"x\n"+strings.Repeat("1,", 99)+"1\n")
	if wide.Width != linkfile.MaxColumns {
		t.Errorf("%d columns", wide.Width)
	}
}
