package checkout_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// numbered completes digits with their check digit. It counts from the left, other than the code
// under test, so that one mistake is not made twice.
func numbered(digits string) string {
	sum := 0
	for i, d := range digits {
		v := int(d - '0')
		if (len(digits)-i)%2 == 1 {
			v = v/5 + v*2%10
		}
		sum += v
	}
	return digits + string(rune('0'+(10-sum%10)%10))
}

// scripted is a test card of the simulated bank (contract, section 5).
func scripted(bin, script string) string { return numbered(bin + "0000" + script + "00") }

var (
	qnbNumber  = scripted("415565", "000")
	amexNumber = numbered("37442100000000")
	cardTime   = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
)

// form is a good card form, with changes.
func form(change ...func(*checkout.CardInput)) checkout.CardInput {
	in := checkout.CardInput{Number: qnbNumber, Expiry: "12/27", CVC: "123", Holder: "Şükrü Ğ. Işık"}
	for _, c := range change {
		c(&in)
	}
	return in
}

// mistakes says the errors as "field code" pairs.
func mistakes(errs []checkout.FieldError) string {
	var out []string
	for _, e := range errs {
		out = append(out, e.Field+" "+e.Code)
	}
	return strings.Join(out, ", ")
}

func TestScriptedNumbersOfTheContract(t *testing.T) {
	for script, want := range map[string]string{
		"000": "4155650000000007", "001": "4155650000001005", "002": "4155650000002003", "003": "4155650000003001",
		"004": "4155650000004009", "051": "4155650000051000", "091": "4155650000091006", "900": "4155650000900008",
		"901": "4155650000901006", "902": "4155650000902004", "903": "4155650000903002",
	} {
		if got := scripted("415565", script); got != want || !checkout.Luhn(want) {
			t.Errorf("script %s is %s, want %s; its check digit is right: %t", script, got, want, checkout.Luhn(want))
		}
	}
}

func TestParseCard(t *testing.T) {
	c, errs := checkout.ParseCard(form(), cardTime)
	if errs != nil {
		t.Fatal(mistakes(errs))
	}
	got := []any{c.PAN(), c.CVV(), c.Holder(), c.ExpiryMonth(), c.ExpiryYear(), c.ExpiryMMYY(), c.ExpiryYYMM(), c.Brand(), c.Prefix(), c.BIN(), c.Last4()}
	want := []any{qnbNumber, "123", "Şükrü Ğ. Işık", 12, 2027, "1227", "2712", checkout.BrandVisa, "41556500", "41556500", qnbNumber[12:]}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// C7, C8, A33: how a number may be typed, and how not.
func TestA33_CardNumbersAsTyped(t *testing.T) {
	n := qnbNumber
	groups := func(between string) string { return strings.Join([]string{n[:4], n[4:8], n[8:12], n[12:]}, between) }
	shifted := func(zero rune) string {
		return strings.Map(func(r rune) rune { return zero + r - '0' }, n)
	}
	wrong := n[:15] + string(rune('0'+(n[15]-'0'+1)%10))
	tests := []struct{ name, number, want string }{
		{"digits", n, ""},
		{"groups with spaces", groups(" "), ""},
		{"groups with dashes", groups("-"), ""},
		{"groups with no-break spaces, as pasted from a page", groups("\u00a0"), ""},
		{"groups with narrow no-break spaces", groups("\u202f"), ""},
		{"groups with en dashes and non-breaking hyphens", n[:4] + "–" + n[4:8] + "\u2011" + n[8:], ""},
		{"spaces around, a tab and a line break", " \t" + groups("  ") + "\r\n", ""},
		{"a direction mark in front, as phones paste it", "\u200e" + n, ""},
		{"full-width digits", shifted('０'), ""},
		{"Arabic-Indic digits", shifted('٠'), ""},
		{"Persian digits", shifted('۰'), ""},
		{"nothing", "", "card_number required"},
		{"spaces only", "  \u00a0", "card_number required"},
		{"dashes only", "----", "card_number length"},
		{"a wrong check digit", wrong, "card_number luhn"},
		{"two neighbours swapped", n[:1] + n[2:3] + n[1:2] + n[3:], "card_number luhn"},
		{"a digit short", n[:15], "card_number length"},
		{"a digit more", n + "0", "card_number length"},
		{"letters inside", "4155O50000000007", "card_number luhn"},
		{"a plus sign", "+" + n, "card_number luhn"},
		{"a point", n + ".0", "card_number luhn"},
		{"Devanagari digits, which no keyboard of our payers has", shifted('०'), "card_number luhn"},
		{"superscript digits", strings.ReplaceAll(n, "1", "¹"), "card_number luhn"},
		{"an invisible character that is no direction mark", n[:8] + "\u200b" + n[8:], "card_number luhn"},
		{"bytes that are no text", n + "\xff", "card_number luhn"},
		{"a field full of digits", strings.Repeat("4", 64), "card_number length"},
		{"a field fuller than that", strings.Repeat("4", 65), "card_number luhn"},
		{"very many spaces", n + strings.Repeat(" ", 100), "card_number luhn"},
		{"zeros, whose check digit is right", strings.Repeat("0", 12), "card_number length"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, errs := checkout.ParseCard(form(func(in *checkout.CardInput) { in.Number = tt.number }), cardTime)
			if got := mistakes(errs); got != tt.want {
				t.Errorf("mistakes %q, want %q", got, tt.want)
			}
			if want := map[bool]string{true: n}[tt.want == ""]; c.PAN() != want {
				t.Errorf("the card is %d digits long", len(c.PAN()))
			}
		})
	}
}

// C9: lengths by brand, from 11 digits to 20.
func TestCardLengthsByBrand(t *testing.T) {
	span := func(from, to int) (out []int) {
		for n := from; n <= to; n++ {
			out = append(out, n)
		}
		return out
	}
	for _, tt := range []struct {
		prefix string
		brand  checkout.Brand
		ok     []int
	}{
		{"4", checkout.BrandVisa, []int{13, 16, 19}},
		{"51", checkout.BrandMastercard, []int{16}},
		{"2221", checkout.BrandMastercard, []int{16}},
		{"9792", checkout.BrandTroy, []int{16}},
		{"65", checkout.BrandTroy, []int{16}},
		{"37", checkout.BrandAmex, []int{15}},
		{"67", checkout.BrandMaestro, span(12, 19)},
		{"36", checkout.BrandDiners, span(14, 19)},
		{"6011", checkout.BrandDiscover, span(16, 19)},
		{"622", checkout.BrandUnionPay, span(16, 19)},
		{"81", checkout.BrandUnknown, span(13, 19)},
	} {
		var got []int
		for n := 11; n <= 20; n++ {
			number := numbered(tt.prefix + strings.Repeat("0", n-1-len(tt.prefix)))
			in := form(func(in *checkout.CardInput) { in.Number = number })
			if tt.brand == checkout.BrandAmex {
				in.CVC = "1234"
			}
			c, errs := checkout.ParseCard(in, cardTime)
			if len(errs) == 0 {
				got = append(got, n)
				if c.Brand() != tt.brand {
					t.Errorf("%s… of %d digits is %q, want %q", tt.prefix, n, c.Brand(), tt.brand)
				}
			} else if mistakes(errs) != "card_number length" {
				t.Errorf("%s… of %d digits: %s", tt.prefix, n, mistakes(errs))
			}
		}
		if !reflect.DeepEqual(got, tt.ok) {
			t.Errorf("%s… may have %v digits, want %v", tt.prefix, got, tt.ok)
		}
	}
}

// Both ends of every range of domain.md 1.1, and what lies beside them.
func TestBrandRanges(t *testing.T) {
	const none = checkout.BrandUnknown
	tests := map[string]checkout.Brand{
		"4": "visa", "4000": "visa", "4999": "visa", "39": none, "3999": none,
		"50": "maestro", "5099": "maestro", "5100": "mastercard", "5599": "mastercard", "5600": "maestro", "5899": "maestro", "5900": none,
		"2220": none, "2221": "mastercard", "2720": "mastercard", "2721": none, "222": none, "22": none,
		"3399": none, "3400": "amex", "3499": "amex", "3500": none, "3600": "diners", "3700": "amex", "3799": "amex", "3800": "diners",
		"3000": "diners", "3100": none, "6000": "maestro", "6010": "maestro", "6011": "discover", "6012": "maestro", "6100": none,
		"6200": "unionpay", "6269": "unionpay", "6270": "maestro", "6279": "maestro", "6280": "unionpay", "6299": "unionpay", "6300": "maestro",
		"6400": "maestro", "6439": "maestro", "6440": "discover", "6499": "discover", "6500": "troy", "6599": "troy", "6600": none,
		"6700": "maestro", "6799": "maestro", "6800": none, "9791": none, "9792": "troy", "9793": none, "979": none,
		"0000": none, "1000": none, "7000": none, "8000": none, "9000": none, "": none, "x": none, "x792": none, "-4": none, "+344": none,
	}
	for digits, want := range tests {
		if got := checkout.BrandOf(digits); got != want {
			t.Errorf("%q is %q, want %q", digits, got, want)
		}
	}
}

func TestLuhn(t *testing.T) {
	// Numbers that the schemes publish for testing, built from their prefixes.
	for _, number := range []string{
		numbered("411111111111111"), numbered("555555555555444"), numbered("37828224631000"), numbered("979203000000000"), "18", "00",
	} {
		if !checkout.Luhn(number) {
			t.Errorf("a number of %d digits that begins with %.4s is refused", len(number), number)
		}
		for d := range 10 {
			other := number[:len(number)-1] + string(rune('0'+d))
			if checkout.Luhn(other) != (other == number) {
				t.Errorf("check digit %d of %.4s…: %t", d, number, checkout.Luhn(other))
			}
		}
	}
	for _, number := range []string{"", "0", "7"} {
		if checkout.Luhn(number) {
			t.Errorf("%q has no check digit", number)
		}
	}
}

// C3, C8: how an expiry may be typed, and how not.
func TestExpiryAsTyped(t *testing.T) {
	for _, text := range []string{
		"1227", "12/27", "12-27", "12/2027", "12 / 27", "122027", "12.27", "12 27", " 12/27 ", "12–27", "12\u00a0/\u00a027", "１２／２７", "١٢/٢٧", "2027-12",
		"202712",
	} {
		c, errs := checkout.ParseCard(form(func(in *checkout.CardInput) { in.Expiry = text }), cardTime)
		if strings.Contains(text, "／") { // a full-width slash is a sign that nobody can be asked to see
			if mistakes(errs) != "card_expiry expiry_format" {
				t.Errorf("%q: %s", text, mistakes(errs))
			}
			continue
		}
		if len(errs) > 0 || c.ExpiryMMYY() != "1227" {
			t.Errorf("%q: %s, read as %s", text, mistakes(errs), c.ExpiryMMYY())
		}
	}
	for text, want := range map[string]string{
		"": "required", "  ": "required", "/": "expiry_format", "1": "expiry_format", "127": "expiry_format", "1/27": "expiry_format", "12/2": "expiry_format",
		"12/027": "expiry_format", "12/20277": "expiry_format", "12/27/01": "expiry_far", "00/27": "expiry_format", "13/27": "expiry_format",
		"2713": "expiry_format", "2027-00": "expiry_format", "2027-13": "expiry_format", "12+27": "expiry_format", "Ara 27": "expiry_format",
		"12/27x": "expiry_format", "-12/27-": "", strings.Repeat("1", 500): "expiry_format",
		"12/1927": "expiry_past", "12/25": "expiry_past", "10/26": "expiry_past", "11/26": "", "11/2046": "", "12/46": "", "01/47": "expiry_far", "12/9999": "expiry_far",
	} {
		_, errs := checkout.ParseCard(form(func(in *checkout.CardInput) { in.Expiry = text }), cardTime)
		if want != "" {
			want = "card_expiry " + want
		}
		if got := mistakes(errs); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// C11: a card is good to the last moment of its month in Turkey, wherever the server's clock stands.
func TestCardIsGoodToTheEndOfItsMonthInTurkey(t *testing.T) {
	for _, tt := range []struct{ expiry, now, want string }{
		{"11/26", "2026-11-30T23:59:59.999999999+03:00", ""},
		{"11/26", "2026-12-01T00:00:00+03:00", "card_expiry expiry_past"},
		{"11/26", "2026-11-30T20:59:59.999999999Z", ""},
		{"11/26", "2026-11-30T21:00:00Z", "card_expiry expiry_past"},
		{"11/26", "2026-11-30T12:59:59-08:00", ""},
		{"11/26", "2026-11-30T13:00:00-08:00", "card_expiry expiry_past"},
		{"12/26", "2026-12-31T20:59:59Z", ""},
		{"12/26", "2026-12-31T21:00:00Z", "card_expiry expiry_past"},
		{"02/28", "2028-02-29T20:59:59Z", ""},
		{"02/28", "2028-02-29T21:00:00Z", "card_expiry expiry_past"},
		{"02/27", "2027-02-28T20:59:59Z", ""},
		{"02/27", "2027-02-28T21:00:00Z", "card_expiry expiry_past"},
		{"12/46", "2026-12-31T20:59:59Z", ""},
		{"12/47", "2026-12-31T20:59:59Z", "card_expiry expiry_far"},
		{"12/47", "2026-12-31T21:00:00Z", ""}, // 2027 has begun in Turkey
	} {
		now, err := time.Parse(time.RFC3339Nano, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		_, errs := checkout.ParseCard(form(func(in *checkout.CardInput) { in.Expiry = tt.expiry }), now)
		if got := mistakes(errs); got != tt.want {
			t.Errorf("%s at %s: %q, want %q", tt.expiry, tt.now, got, tt.want)
		}
	}
}

// C4, C12: the code's length is that of the number's brand.
func TestSecurityCode(t *testing.T) {
	for _, tt := range []struct{ name, number, cvc, want string }{
		{"three digits of a Visa", qnbNumber, "123", ""},
		{"zeros in front are kept", qnbNumber, "007", ""},
		{"spaces around", qnbNumber, " 123 ", ""},
		{"Arabic-Indic digits", qnbNumber, "١٢٣", ""},
		{"four digits of a Visa", qnbNumber, "1234", "card_cvc cvc_length 3"},
		{"four digits of an American Express", amexNumber, "1234", ""},
		{"three digits after the number became an American Express", amexNumber, "123", "card_cvc cvc_length 4"},
		{"nothing", qnbNumber, "", "card_cvc required"},
		{"spaces", qnbNumber, "  ", "card_cvc required"},
		{"two digits", qnbNumber, "12", "card_cvc cvc_length 3"},
		{"letters", qnbNumber, "12a", "card_cvc cvc_length 3"},
		{"a sign", qnbNumber, "-12", "card_cvc cvc_length 3"},
		{"very many digits", qnbNumber, strings.Repeat("1", 999), "card_cvc cvc_length 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, errs := checkout.ParseCard(form(func(in *checkout.CardInput) { in.Number, in.CVC = tt.number, tt.cvc }), cardTime)
			got := mistakes(errs)
			if len(errs) == 1 && errs[0].Args != nil {
				got += " " + errs[0].Args["n"]
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestAllMistakesAreToldAtOnceAndNoneCarriesWhatWasTyped(t *testing.T) {
	in := checkout.CardInput{Number: "4155 6500 0000 0008", Expiry: "13/27", CVC: "98", Holder: "5400 1234 5678 9012"}
	c, errs := checkout.ParseCard(in, cardTime)
	if got, want := mistakes(errs), "card_number luhn, card_expiry expiry_format, card_cvc cvc_length, card_holder name_looks_like_card"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if c != (checkout.Card{}) {
		t.Error("a card with mistakes came out")
	}
	all := checkout.Invalid(errs...).Error() + fmt.Sprintf("%+v", errs)
	for _, typed := range []string{"0008", "13/27", "98", "9012"} {
		if strings.Contains(all, typed) {
			t.Errorf("%q stands in the errors: %s", typed, all)
		}
	}
}

// C5: every letter is accepted, and white space is folded.
func TestCardHolder(t *testing.T) {
	for typed, want := range map[string]string{
		"": "", "Şükrü Ğ. Işık": "Şükrü Ğ. Işık", "  Ayşe\t Yılmaz \n": "Ayşe Yılmaz", "O'Neil-Öz, 2. Ltd.": "O'Neil-Öz, 2. Ltd.",
		"李小龙": "李小龙", "محمد علی": "محمد علی", "Zoe\u0308": "Zoe\u0308", strings.Repeat("ş", 60): strings.Repeat("ş", 60),
	} {
		c, errs := checkout.ParseCard(form(func(in *checkout.CardInput) { in.Holder = typed }), cardTime)
		if len(errs) > 0 || c.Holder() != want {
			t.Errorf("%q is %q, %s", typed, c.Holder(), mistakes(errs))
		}
	}
	for typed, want := range map[string]string{
		strings.Repeat("ş", 61): "name_length", "A\x00B": "name_control", "A\u202eB": "name_control", "A\xffB": "name_control", qnbNumber: "name_looks_like_card",
	} {
		_, errs := checkout.ParseCard(form(func(in *checkout.CardInput) { in.Holder = typed }), cardTime)
		if got := mistakes(errs); got != "card_holder "+want {
			t.Errorf("%q: %s, want %s", typed, got, want)
		}
	}
}

// C13, A32: twelve or more digits in a free field are refused, however they are written.
func TestA32_CardNumbersInFreeFields(t *testing.T) {
	n := qnbNumber
	groups := func(between string) string { return strings.Join([]string{n[:4], n[4:8], n[8:12], n[12:]}, between) }
	for name, text := range map[string]string{
		"twelve digits": "123456789012", "a card number": n, "inside a sentence": "kartım " + n + " tamam", "right after a letter": "no" + n,
		"with spaces": groups(" "), "with dashes": groups("-"), "with points": groups("."), "with slashes": groups(" / "), "with underscores": groups("_"),
		"with no-break spaces": groups("\u00a0"), "with thin spaces": groups("\u2009"), "with line breaks": groups("\n"), "with Windows line breaks": groups("\r\n"),
		"with tabs": groups("\t"), "with commas": groups(","), "with colons": groups(":"), "with stars": groups("*"), "with pipes": groups("|"),
		"with soft hyphens": groups("\u00ad"), "with joiners": groups("\u200d"), "with combining marks": groups("\u0301"), "with en dashes": groups(" – "),
		"in full-width digits":            strings.Map(func(r rune) rune { return r - '0' + '０' }, n),
		"in Devanagari digits":            strings.Map(func(r rune) rune { return r - '0' + '०' }, n),
		"in mathematical digits":          strings.Map(func(r rune) rune { return r - '0' + '𝟎' }, n),
		"in circled digits":               strings.Repeat("①", 12),
		"mixed scripts":                   n[:8] + strings.Map(func(r rune) rune { return r - '0' + '٠' }, n[8:]),
		"one digit at a time":             strings.Join(strings.Split(n, ""), " "),
		"with a security code behind it":  n + " 123",
		"after a short number and a word": "daire 5 " + n,
	} {
		if got := checkout.CheckNote(text); got != "looks_like_card" {
			t.Errorf("%s: %q", name, got)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "eleven digits": "12345678901", "a telephone number": "0532 123 45 67", "two numbers with a word between": "daire 12345678, kat 12345678",
		"two numbers with a comma and a space": "123456, 789012", "a date, an invoice and an amount": "22.11.2026 tarihli 1234 no, 1.250,00 TL",
		"lines": "Ayşe Yılmaz\nAda 12, parsel 3\r\n\tteşekkürler", "letters between the digits": "1a2b3c4d5e6f7a8b9c0d1e2f", "an emoji": "teşekkürler 👨‍👩‍👧 🎉",
		"markup": `<b>"&'</b>`, "a formula": "=1+1",
	} {
		if got := checkout.CheckNote(text); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A36: no character that hides or reorders its neighbours.
func TestFreeTextLimits(t *testing.T) {
	for _, r := range []rune{0, 1, 0x1b, 0x7f, 0x85, 0x9f, 0x200b, 0x200e, 0x200f, 0x61c, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0xfeff} {
		if got := checkout.CheckNote("a" + string(r) + "b"); got != "control" {
			t.Errorf("%U: %q", r, got)
		}
	}
	for text, want := range map[string]string{
		strings.Repeat("ş", 500): "", strings.Repeat("ş", 501): "length", "\xc3": "control", "a\xed\xa0\x80": "control",
	} {
		if got := checkout.CheckNote(text); got != want {
			t.Errorf("%d bytes: %q, want %q", len(text), got, want)
		}
	}
	if got := checkout.CheckFreeText("abc", 2); got != "length" {
		t.Errorf("three of two characters: %q", got)
	}
}

// I14: first 8 (6 of a number shorter than 16) and last 4, no more, in sum.
func TestI14_WhatOfACardMayBeKept(t *testing.T) {
	for _, tt := range []struct{ number, bin, last4 string }{
		{qnbNumber, qnbNumber[:8], qnbNumber[12:]},
		{numbered("415565000000000000"), "41556500", ""},
		{amexNumber, amexNumber[:6], amexNumber[11:]},
		{numbered("415565000000"), "415565", ""},
		{numbered("67712300000"), "677123", ""},
	} {
		in := form(func(in *checkout.CardInput) { in.Number = tt.number })
		if tt.number == amexNumber {
			in.CVC = "1234"
		}
		c, errs := checkout.ParseCard(in, cardTime)
		if len(errs) > 0 {
			t.Fatal(mistakes(errs))
		}
		if tt.last4 == "" {
			tt.last4 = tt.number[len(tt.number)-4:]
		}
		facts := c.Facts(checkout.BIN{Issuer: "QNB", IssuerCode: "0111", Program: "CardFinans", Kind: checkout.CardCredit, Commercial: true, Brand: "troy", Prefix: "415565"})
		want := checkout.CardFacts{
			Brand: c.Brand(), Issuer: "QNB", IssuerCode: "0111", Program: "CardFinans", Kind: checkout.CardCredit, Commercial: true, BIN: tt.bin, Last4: tt.last4,
		}
		if facts != want || c.BIN() != tt.bin || c.Last4() != tt.last4 {
			t.Errorf("%d digits: %+v, want %+v", len(tt.number), facts, want)
		}
	}
	var none checkout.Card
	if none.PAN()+none.CVV()+none.Holder()+none.Prefix()+none.BIN()+none.Last4() != "" || none.Brand() != "" || none.ExpiryMonth() != 0 || none.ExpiryYear() != 0 {
		t.Error("the zero card holds something")
	}
}

// keeper holds a card where a printer may look but not call methods.
type keeper struct {
	card checkout.Card
	next *keeper
}

// request holds a card where an encoder meets it.
type request struct {
	Card    checkout.Card
	Pointer *checkout.Card
}

// A card shows six and four digits and nothing else, however it is printed, wherever it is kept.
func TestCardPrintsMasked(t *testing.T) {
	c, errs := checkout.ParseCard(form(func(in *checkout.CardInput) { in.CVC, in.Holder = "739", "Gizli İsim" }), cardTime)
	if len(errs) > 0 {
		t.Fatal(mistakes(errs))
	}
	const mask = "card(415565******0007)"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q", "%08b", "%-30s", "%t", "%p", "%U"} {
		if got := fmt.Sprintf(verb, c); got != mask && verb != "%p" {
			t.Errorf("%s: %s", verb, got)
		}
		for name, v := range map[string]any{
			"card": c, "pointer": &c, "slice": []checkout.Card{c}, "array": [1]checkout.Card{c}, "map": map[string]checkout.Card{"k": c}, "any": []any{c, &c},
			"exported field": struct{ Card checkout.Card }{c}, "unexported field": keeper{card: c}, "pointer to it": &keeper{card: c},
			"two deep": keeper{next: &keeper{card: c}}, "embedded": struct{ checkout.Card }{c}, "map key": map[checkout.Card]int{c: 1},
		} {
			clean(t, verb+" of "+name, fmt.Sprintf(verb, v), c)
		}
	}
	text, err := c.MarshalText()
	if c.String() != mask || c.GoString() != mask || string(text) != mask || err != nil {
		t.Errorf("asked by name: %s %s %s", c.String(), c.GoString(), text)
	}
	if fmt.Sprint(checkout.Card{}) != "card(none)" {
		t.Errorf("the zero card prints %v", checkout.Card{})
	}
	var out bytes.Buffer
	timeless := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { // whose digits may be the card's
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, timeless), slog.NewJSONHandler(&out, timeless)} {
		slog.New(h).Info("card", "card", c, "pointer", &c, "in", struct{ Card checkout.Card }{c}, "unexported", keeper{card: c}, slog.Group("g", "c", c))
		if strings.Count(out.String(), mask) < 3 {
			t.Errorf("the log reads %s", &out)
		}
		clean(t, "slog", out.String(), c)
		out.Reset()
	}
	for name, encode := range map[string]func(any) ([]byte, error){"json": json.Marshal, "xml": xml.Marshal} {
		data, err := encode(request{c, &c})
		if err != nil || !strings.Contains(string(data), mask) {
			t.Errorf("%s: %s, %v", name, data, err)
		}
		clean(t, name, string(data), c)
	}
	if data, err := json.Marshal(map[string]any{"c": c}); err != nil || string(data) != `{"c":"`+mask+`"}` {
		t.Errorf("json of a map: %s, %v", data, err)
	}
}

// clean looks for what must not be printed. Addresses are not card data; they are random and may by
// chance hold the three digits of a code.
func clean(t *testing.T, where, text string, c checkout.Card) {
	t.Helper()
	text = addresses.ReplaceAllString(text, "address")
	for _, secret := range []string{c.PAN(), c.PAN()[:8], c.PAN()[5:13], c.CVV(), "Gizli", fmt.Sprintf("%x", c.PAN()), fmt.Sprint([]byte(c.CVV()))} {
		if strings.Contains(text, secret) {
			t.Errorf("%s shows %q: %s", where, secret, text)
		}
	}
}

var addresses = regexp.MustCompile(`(?i)\b(0x)?c[0-9a-f]{6,}\b|\b[0-9]{12}\b|\b[01]{30,}\b`)

// The raw form prints nothing at all.
func TestCardFormPrintsNothing(t *testing.T) {
	in := form()
	const hidden = "card form (hidden)"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		for _, v := range []any{in, &in} {
			if got := fmt.Sprintf(verb, v); got != hidden {
				t.Errorf("%s: %s", verb, got)
			}
		}
		if got := fmt.Sprintf(verb, struct{ Card checkout.CardInput }{in}); !strings.Contains(got, hidden) || strings.Contains(got, "4155") {
			t.Errorf("%s of a field: %s", verb, got)
		}
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("form", "form", in, "in", struct{ Card checkout.CardInput }{in})
	slog.New(slog.NewTextHandler(&out, nil)).Info("form", "form", in, "in", struct{ Card checkout.CardInput }{in})
	text, err := in.MarshalText()
	if in.String() != hidden || in.GoString() != hidden || string(text) != hidden || err != nil {
		t.Errorf("asked by name: %s %s %s", in.String(), in.GoString(), text)
	}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `"`+hidden+`"` {
		t.Errorf("json: %s, %v", data, err)
	}
	if text := out.String() + string(data); strings.Contains(text, "4155") || strings.Contains(text, "Işık") || strings.Count(text, hidden) != 5 {
		t.Errorf("logged: %s", text)
	}
}

// Whatever is typed: no panic, no card with mistakes, and of a good card every promise is kept.
func FuzzParseCard(f *testing.F) {
	f.Add(qnbNumber, "12/27", "123", "Ayşe Yılmaz")
	f.Add(amexNumber, "2027-12", "1234", "")
	f.Add("４１５５ ６５００-００００ ٠٠٠٧", " 12 / 2027 ", "۱۲۳", "\u200f")
	f.Add("", "", "", "4155 6500 0000 0007")
	f.Fuzz(func(t *testing.T, number, expiry, cvc, holder string) {
		in := checkout.CardInput{Number: number, Expiry: expiry, CVC: cvc, Holder: holder}
		c, errs := checkout.ParseCard(in, cardTime)
		for _, e := range errs {
			if e.Field == "" || e.Code == "" {
				t.Fatalf("a mistake without a name: %+v", e)
			}
		}
		if len(errs) > 0 {
			if c != (checkout.Card{}) {
				t.Fatal("a card with mistakes came out")
			}
			return
		}
		n := len(c.PAN())
		if n < 12 || n > 19 || strings.Trim(c.PAN(), "0123456789") != "" || numbered(c.PAN()[:n-1]) != c.PAN() {
			t.Fatalf("a number of %d characters passed", n)
		}
		if len(c.CVV()) != c.Brand().CVVLength() || strings.Trim(c.CVV(), "0123456789") != "" {
			t.Fatalf("a code of %d characters passed", len(c.CVV()))
		}
		if c.ExpiryMonth() < 1 || c.ExpiryMonth() > 12 || c.ExpiryYear() < 2026 || c.ExpiryYear() > 2046 || len(c.ExpiryMMYY()) != 4 {
			t.Fatalf("expiry %d %d passed", c.ExpiryMonth(), c.ExpiryYear())
		}
		if kept := len(c.BIN()) + len(c.Last4()); kept > 12 || (n < 16 && kept > 10) {
			t.Fatalf("%d of %d digits are kept", kept, n)
		}
		again, errs := checkout.ParseCard(checkout.CardInput{Number: c.PAN(), Expiry: c.ExpiryMMYY(), CVC: c.CVV(), Holder: c.Holder()}, cardTime)
		if len(errs) > 0 || again.PAN() != c.PAN() || again.CVV() != c.CVV() || again.Holder() != c.Holder() || again.ExpiryYYMM() != c.ExpiryYYMM() {
			t.Fatalf("what was read cannot be read again: %s", mistakes(errs))
		}
		if strings.Contains(fmt.Sprintf("%+v", []any{c, keeper{card: c}}), c.PAN()) {
			t.Fatal("printed")
		}
	})
}
