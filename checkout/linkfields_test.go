package checkout_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// What payers write is made normal or refused with a reason, whatever keyboard it came from.
func TestAnswersOfPayers(t *testing.T) {
	long := strings.Repeat("ş", 200)
	for _, c := range []struct {
		of                checkout.LinkField
		text, want, wrong string
	}{
		{checkout.LinkField{Type: checkout.FieldText}, "  34 ĞÜ 12 ", "34 ĞÜ 12", ""},
		{checkout.LinkField{Type: checkout.FieldText}, "  ", "", ""},
		{checkout.LinkField{Type: checkout.FieldText, Required: true}, " \n ", "", "required"},
		{checkout.LinkField{Type: checkout.FieldText}, "<script>alert(1)</script>", "<script>alert(1)</script>", ""},
		{checkout.LinkField{Type: checkout.FieldText}, long, long, ""},
		{checkout.LinkField{Type: checkout.FieldText}, long + "x", "", "length"},
		{checkout.LinkField{Type: checkout.FieldText, Max: 3}, "abcd", "", "length"},
		{checkout.LinkField{Type: checkout.FieldText}, "a\nb", "", "control"},
		{checkout.LinkField{Type: checkout.FieldText}, "a\u202eb", "", "control"},
		{checkout.LinkField{Type: checkout.FieldText}, "a\u200bb", "", "control"},
		{checkout.LinkField{Type: checkout.FieldText}, "kartım 4155 6500 0000 0007", "", "looks_like_card"},
		{checkout.LinkField{Type: checkout.FieldText}, "123456789012", "", "looks_like_card"},
		{checkout.LinkField{Type: checkout.FieldMultiline}, "a\r\nb\tc", "a\nb\tc", ""},
		{checkout.LinkField{Type: checkout.FieldMultiline}, "a\x07b", "", "control"},
		{checkout.LinkField{Type: checkout.FieldMultiline}, "4155-6500\n0000-0007", "", "looks_like_card"},
		{checkout.LinkField{Type: checkout.FieldMultiline}, strings.Repeat("x", 1001), "", "length"},
		{checkout.LinkField{Type: checkout.FieldNumber}, "12", "12", ""},
		{checkout.LinkField{Type: checkout.FieldNumber}, "١٢,5", "12,5", ""},
		{checkout.LinkField{Type: checkout.FieldNumber}, "1.234,5", "", "number_format"},
		{checkout.LinkField{Type: checkout.FieldNumber}, ",5", "", "number_format"},
		{checkout.LinkField{Type: checkout.FieldNumber}, "5.", "", "number_format"},
		{checkout.LinkField{Type: checkout.FieldNumber}, "=1+1", "", "number_format"},
		{checkout.LinkField{Type: checkout.FieldNumber}, "12345678901", "12345678901", ""},
		{checkout.LinkField{Type: checkout.FieldNumber}, "123456789012", "", "looks_like_card"},
		{checkout.LinkField{Type: checkout.FieldEmail}, "Ayse@Example.com", "Ayse@Example.com", ""},
		{checkout.LinkField{Type: checkout.FieldEmail}, "ayse@", "", "email_format"},
		{checkout.LinkField{Type: checkout.FieldEmail}, "4155650000000007@example.com", "", "looks_like_card"},
		{checkout.LinkField{Type: checkout.FieldPhone}, "0532 123 45 67", "+905321234567", ""},
		{checkout.LinkField{Type: checkout.FieldPhone}, "12345", "", "phone_format"},
		{checkout.LinkField{Type: checkout.FieldPhone}, "4155650000000007", "", "phone_format"},
		{checkout.LinkField{Type: checkout.FieldPhone}, "+374245455400126", "", "phone_format"},
		{checkout.LinkField{Type: checkout.FieldDate}, "2026-02-28", "2026-02-28", ""},
		{checkout.LinkField{Type: checkout.FieldDate}, "1.3.2027", "2027-03-01", ""},
		{checkout.LinkField{Type: checkout.FieldDate}, "01/03/2027", "2027-03-01", ""},
		{checkout.LinkField{Type: checkout.FieldDate}, "2026-02-30", "", "date_format"},
		{checkout.LinkField{Type: checkout.FieldDate}, "0001-01-01", "", "date_format"},
		{checkout.LinkField{Type: checkout.FieldTCKN}, "100 000 001 46", "10000000146", ""},
		{checkout.LinkField{Type: checkout.FieldTCKN}, "10000000147", "", "tckn_check"},
		{checkout.LinkField{Type: checkout.FieldTCKN}, "1000000014", "", "tckn_check"},
		{checkout.LinkField{Type: checkout.FieldTCKN}, "1000000014x", "", "tckn_check"},
		{checkout.LinkField{Type: checkout.FieldVKN}, "1234567890", "1234567890", ""},
		{checkout.LinkField{Type: checkout.FieldVKN}, "1234567891", "", "vkn_check"},
		{checkout.LinkField{Type: checkout.FieldVKN}, "10000000146", "", "vkn_check"},
		{checkout.LinkField{Type: checkout.FieldChoice, Options: []string{"S", "Orta boy"}}, "Orta boy", "Orta boy", ""},
		{checkout.LinkField{Type: checkout.FieldChoice, Options: []string{"S", "Orta boy"}}, "s", "", "not_a_choice"},
		{checkout.LinkField{Type: checkout.FieldChoice, Options: []string{"S", "Orta  boy"}}, "Orta boy", "Orta  boy", ""}, // browsers send one blank
	} {
		value, code := c.of.Read(c.text)
		if code != c.wrong || code == "" && value != c.want {
			t.Errorf("%s %q: %q, %q; want %q, %q", c.of.Type, c.text, value, code, c.want, c.wrong)
		}
	}
}

// Lists come back from their texts, none is "", and a person's number is shown by its ends.
func TestFieldsAndAnswersAsTexts(t *testing.T) {
	label := checkout.Label{TR: "Beden <b>", EN: "Size"}
	fields := []checkout.LinkField{{Key: "size", Label: label, Type: checkout.FieldChoice, Required: true, Options: []string{"S", "M\u2028&"}}}
	answers := []checkout.Answer{{Key: "size", Label: label, Type: checkout.FieldChoice, Value: "M\u2028&"}}
	if back, err := checkout.DecodeFields(checkout.EncodeFields(fields)); err != nil || !reflect.DeepEqual(back, fields) {
		t.Errorf("fields %+v, %v", back, err)
	}
	if back, _, err := checkout.DecodeSaid(checkout.EncodeSaid(answers, nil)); err != nil || !reflect.DeepEqual(back, answers) {
		t.Errorf("answers %+v, %v", back, err)
	}
	if checkout.EncodeFields(nil) != "" || checkout.EncodeSaid([]checkout.Answer{}, nil) != "" {
		t.Error("none is a text")
	}
	if got := (checkout.Answer{Type: checkout.FieldTCKN, Value: "10000000146"}).Shown(); got != "100••••••46" {
		t.Errorf("a person's number is shown as %q", got)
	}
	if label.In("tr") != "Beden <b>" || label.In("en") != "Size" || label.In("de") != "Size" {
		t.Error("labels speak the wrong language")
	}
}
