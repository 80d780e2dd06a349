package checkout_test

import (
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

func TestNormalPhone(t *testing.T) {
	for typed, want := range map[string]string{
		"05321234567": "+905321234567", "5321234567": "+905321234567", "905321234567": "+905321234567", "+905321234567": "+905321234567",
		"00905321234567": "+905321234567", " 0 (532) 123-45.67 ": "+905321234567", "+90 (0532) 123 45 67": "+905321234567", "9005321234567": "+905321234567",
		"0532\u00a0123\u00a045\u00a067": "+905321234567", "٠٥٣٢١٢٣٤٥٦٧": "+905321234567", "+12025550123": "+12025550123", "0044 20 7946 0958": "+442079460958",
		"+90 212 555 01 23": "+902125550123", "902125550123": "+902125550123", "+49 1512 3456789": "+4915123456789",
		"0212 555 01 23": "+902125550123", "(0392) 228 00 00": "+903922280000", "0850 222 0 000": "+908502220000", "0800 219 0000": "+908002190000",
		// What is no number with its country is none: it would be sent to somebody else.
		"": "", "+": "", "0": "", "0112 555 01 23": "", "0600 555 01 23": "", "0900 555 01 23": "", "0810 555 01 23": "", "0212 555 01 2": "", "212 555 01 23": "", "4440123": "", "532123456": "", "053212345678": "", "+0532123456": "", "++905321234567": "",
		"0532+1234567": "", "0532 123 45 67 a": "", "0532,1234567": "", "+1234567": "", "+1234567890123456": "", "12025550123": "", "0532\n1234567": "",
		// Fifteen digits can be a card's (A32).
		"+" + withCheckDigit("37828224631000"): "", "+378282246310004": "+378282246310004",
	} {
		if got := checkout.NormalPhone(typed); got != want {
			t.Errorf("%q became %q, want %q", typed, got, want)
		}
		if got := checkout.NormalPhone(typed); checkout.PhoneShape(typed) != (want != "") || checkout.NormalPhone(got) != got {
			t.Errorf("%q: a normal number is not normal", typed)
		}
	}
}

// Messages reach nobody on a landline; of a number abroad nobody knows.
func TestLandline(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]bool{"0532 123 45 67": false, "0212 555 11 22": true, "0850 222 0 000": true, "+49 151 12345678": false, "": false} {
		if got := checkout.Landline(checkout.NormalPhone(typed)); got != want {
			t.Errorf("%q: %v", typed, got)
		}
	}
}

// Features 1.16: links go by SMS to mobile numbers registered in Türkiye only.
func TestTurkishMobile(t *testing.T) {
	for typed, want := range map[string]bool{
		"05321234567": true, "+90 505 123 45 67": true, "+90 212 555 01 23": false, "0212 555 01 23": false, "0850 222 00 00": false, "+90 850 222 00 00": false, "+49 1512 3456789": false, "+905": false, "": false,
	} {
		if got := checkout.TurkishMobile(checkout.NormalPhone(typed)); got != want {
			t.Errorf("%q: %t", typed, got)
		}
	}
}

// A32: a number is found however it is written, beside other numbers too, and not cut out of a longer
// one that was written in one piece.
func TestA32_HoldsCard(t *testing.T) {
	card := withCheckDigit("415565" + "0000" + "000" + "00")
	groups := func(between string) string {
		return strings.Join([]string{card[:4], card[4:8], card[8:12], card[12:]}, between)
	}
	for _, text := range []string{
		card, groups(" "), groups("-"), groups("."), groups("/"), groups("_"), groups(","), groups("\n"), groups(" - "), groups("\u200b"), groups("\u2011"), groups("·"),
		"no" + card + "x", "Kart: " + card + ".", card + " 12/30 123", "2026 " + groups(" ") + " 2027", strings.Join(strings.Split(card, ""), " "),
		otherDigits(card, '٠'), otherDigits(card, '०'), otherDigits(card, '𝟬'), otherDigits(card, '０'), withCheckDigit("37828224631000"), withCheckDigit("979200" + "000000000"),
	} {
		if !checkout.HoldsCard(text) {
			t.Errorf("%q is not found", text)
		}
	}
	for _, text := range []string{
		"", "4155650000000006", "1" + card, card + "0", "12345678901234567890", card[:12], "0532 123 45 67", "TR330006100519786457841326", "TR33 0006 1005 1978 6457 8413 26",
		card[:8] + "x" + card[8:], groups(", "), "GIB2026000000017", "2026-11-22 09:00:00",
	} {
		if checkout.HoldsCard(text) {
			t.Errorf("%q is taken for a card", text)
		}
	}
}

func withCheckDigit(digits string) string {
	for d := '0'; d <= '9'; d++ {
		if n := digits + string(d); checkout.Luhn(n) {
			return n
		}
	}
	panic("no check digit")
}

func otherDigits(text string, zero rune) string {
	return strings.Map(func(r rune) rune { return zero + r - '0' }, text)
}
