package statement_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/statement"
)

func said(l checkout.BankLine) string {
	text := fmt.Sprintf("%d %s %s %s/%s/%s %s", l.Row, l.Kind, l.State, l.RRN, l.Order, l.AuthCode, l.Amount)
	if l.Commission != nil {
		text += fmt.Sprintf(" -%d", *l.Commission)
	}
	if l.Net != nil {
		text += fmt.Sprintf(" =%d", *l.Net)
	}
	form := "2006-01-02"
	if l.Timed {
		form = "2006-01-02 15:04:05"
	}
	return strings.TrimSpace(text + " " + l.At.In(checkout.Istanbul()).Format(form) + " " + l.ValueDate + " " + l.Card)
}

func read(t *testing.T, file string, columns map[string]string) (statement.Read, string) {
	t.Helper()
	got, err := statement.File([]byte(file), columns, checkout.TRY)
	if err != nil {
		return got, err.Error()
	}
	var all []string
	for _, l := range got.Lines {
		all = append(all, said(l))
	}
	for _, f := range got.Faults {
		all = append(all, fmt.Sprintf("%d!%s %s", f.Row, f.Field, f.Code))
	}
	return got, strings.Join(all, "\n")
}

func TestBanksFilesAreRead(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"a bank's own words": {
			"QNB Üye İşyeri Gün Sonu;;;\nİşyeri: 1234;;;\n" +
				"İşlem Tarihi;İşlem Saati;İşlem Tipi;Durum;Sipariş No;Referans No (RRN);Provizyon No;Tutar;Para Birimi;Komisyon Oranı;Komisyon Tutarı;Net Tutar;Valör Tarihi;Kart No\n" +
				"22.11.2026;14:30:05;Satış;Başarılı;ODABC;632614000123;S00012;1.234,56 TL;TL;%2,5;30,86;1.203,70;23.11.2026;415565******0007\n" +
				"22.11.2026;15:00;İade;Onaylandı;ODABD;;;100,00;TRY;;;;;\n" +
				"22.11.2026;15:10;Satış İptal;Başarılı;ODABE;;;5,00;949;;;;;\n" +
				"22.11.2026;15:20;Taksitli Satış;Başarısız;ODABF;;;5,00;USD;;;;;\n" +
				"TOPLAM;;;;;;;1.344,56;;;;;;\n",
			"4 sale done 632614000123/ODABC/S00012 1234.56 TRY -3086 =120370 2026-11-22 14:30:05 2026-11-23 415565******0007\n" +
				"5 refund done /ODABD/ 100.00 TRY 2026-11-22 15:00:00\n6 void done /ODABE/ 5.00 TRY 2026-11-22 15:10:00\n7 sale failed /ODABF/ 5.00 USD 2026-11-22 15:20:00",
		},
		"English, with points": {"order id,auth code,amount,currency,transaction date,type,status\nA,1,\"1,234.50\",TRY,2026-11-22T11:30:00Z,PAYMENT,SUCCESS\nB,2,-10.00,EUR,2026-11-22 10:00:00,,\nC,3,(7.00),TRY,2026/11/22,REFUND,APPROVED\n",
			"2 sale done /A/1 1234.50 TRY 2026-11-22 14:30:00\n3 refund done /B/2 10.00 EUR 2026-11-22 10:00:00\n4 refund done /C/3 7.00 TRY 2026-11-22"},
		"days in other forms": {"rrn;tutar;tarih\n1;1;20261122\n2;1;20261122143005\n3;1;22 Kasım 2026\n4;1;22 Kas 2026 14:30\n5;1;22/11/2026\n6;1;22-11-2026 09.05.01\n7;1;22.11.26\n8;1;1.2.2026\n",
			"2 sale done 1// 1.00 TRY 2026-11-22\n3 sale done 2// 1.00 TRY 2026-11-22 14:30:05\n4 sale done 3// 1.00 TRY 2026-11-22\n5 sale done 4// 1.00 TRY 2026-11-22 14:30:00\n6 sale done 5// 1.00 TRY 2026-11-22\n7 sale done 6// 1.00 TRY 2026-11-22 09:05:01\n8 sale done 7// 1.00 TRY 2026-11-22\n9 sale done 8// 1.00 TRY 2026-02-01"},
		"amounts in other forms": {"rrn;tutar;tarih\n1;1.234;22.11.2026\n2;₺1.234,5;22.11.2026\n3;12,5 TL;22.11.2026\n4;-3,00;22.11.2026\n5;3,00-;22.11.2026\n6;1234.5;22.11.2026\n7;5 USD;22.11.2026\n",
			"2 sale done 1// 1234.00 TRY 2026-11-22\n3 sale done 2// 1234.50 TRY 2026-11-22\n4 sale done 3// 12.50 TRY 2026-11-22\n5 refund done 4// 3.00 TRY 2026-11-22\n6 refund done 5// 3.00 TRY 2026-11-22\n7 sale done 6// 1234.50 TRY 2026-11-22\n8 sale done 7// 5.00 USD 2026-11-22"},
		"rows that cannot be read": {"rrn;tutar;tarih;tip;durum;valör;komisyon;para birimi\n1;x;22.11.2026;;;;\n2;;22.11.2026;;;;\n3;1;x;;;;\n4;1;;;;;\n5;1;31.02.2026;;;;\n6;1;22.11.1926;;;;\n7;1;22.11.2026;bilinmez;;;\n8;1;22.11.2026;iade iptali;;;\n9;1;22.11.2026;satış;belki;;\n10;1;22.11.2026;;;x;\n11;1;22.11.2026;;;;x\n12;5;22.11.2026;;;;;CHF\n13;1;22.11.2026;;;;\n",
			"14 sale done 13// 1.00 TRY 2026-11-22\n2!amount amount_format\n3!amount required\n4!date date_format\n5!date required\n6!date date_format\n7!date date_format\n8!kind kind_unknown\n9!kind kind_unknown\n10!status status_unknown\n11!value_date date_format\n12!commission amount_format\n13!currency currency_unknown"},
		"a sale below nothing is none": {"rrn;tutar;tarih;tip\n1;-5,00;22.11.2026;Satış\n2;(5,00);22.11.2026;Taksitli Satış\n3;-5,00;22.11.2026;İade\n4;-5,00;22.11.2026;İptal\n5;-5,00;22.11.2026;\n6;0,00;22.11.2026;Satış\n",
			"4 refund done 3// 5.00 TRY 2026-11-22\n5 void done 4// 5.00 TRY 2026-11-22\n6 refund done 5// 5.00 TRY 2026-11-22\n7 sale done 6// 0.00 TRY 2026-11-22\n2!kind sale_below_zero\n3!kind sale_below_zero"},
		"A32 a card number is not kept": {"kart no;sipariş no;tutar;tarih\n4155650100416111;4155650100416111;1;22.11.2026\n4155 6501 0041 6111;a 4155-6501-0041-6111 b;1;22.11.2026\n",
			"2 sale done /415565******6111/ 1.00 TRY 2026-11-22  415565******6111\n3 sale done /a 415565******6111 b/ 1.00 TRY 2026-11-22  415565******6111"},
		"no amount":           {"rrn;tarih\n1;22.11.2026\n", "bank_file_columns [amount: column_missing]"},
		"nothing to match by": {"tutar;tarih\n1;22.11.2026\n", "bank_file_columns [rrn: column_missing]"},
		"no headings":         {"a;b\nc;d\n", "bank_file_columns [date: column_missing] [amount: column_missing]"},
		"not one row":         {"rrn;tutar;tarih\n1;x;22.11.2026\n", "bank_file_no_lines [row 2.amount: amount_format]"},
		"headings alone":      {"rrn;tutar;tarih\n", "bank_file_no_lines"},
		"too many":            {"rrn;tutar;tarih\n" + strings.Repeat("1;1;22.11.2026\n", statement.MaxLines+1), "bank_file_too_long"},
		"no table":            {"\x00\x01", "file_not_a_table"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, got := read(t, c.file, nil); got != c.want {
				t.Errorf("read\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestColumnsThatWereToldAreUsed(t *testing.T) {
	file := "Kod;Bedel;Tarih;Tutar\nX;5,00;22.11.2026;9,00\n"
	got, text := read(t, file, map[string]string{statement.FieldRRN: "KOD", statement.FieldAmount: "bedel", statement.FieldNet: "yok"})
	if text != "2 sale done X// 5.00 TRY 2026-11-22" {
		t.Error(text)
	}
	if fmt.Sprint(got.Columns) != "map[amount:Bedel date:Tarih rrn:Kod]" || strings.Join(got.Heads, ",") != "Kod,Bedel,Tarih,Tutar" {
		t.Errorf("%v %v", got.Columns, got.Heads)
	}
}

// Whatever a file holds, it is read or refused with a reason, and no card number comes through.
func FuzzFile(f *testing.F) {
	f.Add([]byte("rrn;tutar;tarih;durum\n1;1,5 TL;22.11.2026;onay\n"))
	f.Add([]byte("İşlem Tarihi;Tutar;Sipariş No;Kart No\n22 Kasım 2026 10:00;(1.000,00);4155650100416111;4155650100416111\n"))
	f.Add([]byte("date,amount,order id\n2026-11-22T09:00:00+03:00,-1e9,x\n46348.5,1,1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := statement.File(data, nil, checkout.TRY)
		for _, l := range got.Lines {
			if l.Amount.Minor < 0 || !l.Amount.Currency.Known() || l.At.IsZero() || l.Kind == "" || l.State == "" || l.Row < 1 {
				t.Errorf("%+v", l)
			}
			for _, text := range []string{l.RRN, l.Order, l.AuthCode, l.Card} {
				if checkout.HoldsCard(text) {
					t.Errorf("a card number in %+v", l)
				}
			}
		}
		if err != nil && checkout.KindOf(err) != checkout.KindInvalid {
			t.Errorf("%v", err)
		}
	})
}
