package checkout

import (
	"strings"
	"testing"
)

// A34: what a payer may pay on an open link, as people type it and as programs send it.
func TestA34_OpenAmounts(t *testing.T) {
	h := Hot{Open: true, Amount: Money{Currency: TRY}, MinMinor: 1000, MaxMinor: 500_000}
	for _, tt := range []struct {
		name  string
		text  string
		typed bool
		minor int64
		code  string
	}{
		{"nothing", "", true, 0, "required"},
		{"spaces", " \u00a0", false, 0, "required"},
		{"the least, typed", "10", true, 1000, ""},
		{"the most, typed", "5.000,00", true, 500_000, ""},
		{"a kuruş less than the least", "9,99", true, 0, "amount_range"},
		{"a kuruş more than the most", "5.000,01", true, 0, "amount_range"},
		{"the least, sent", "1000", false, 1000, ""},
		{"the most, sent", "500000", false, 500_000, ""},
		{"one less, sent", "999", false, 0, "amount_range"},
		{"one more, sent", "500001", false, 0, "amount_range"},
		{"zero, typed", "0", true, 0, "amount_range"},
		{"zero, sent", "0", false, 0, "amount_format"},
		{"negative, typed", "-20", true, 0, "amount_format"},
		{"negative, sent", "-2000", false, 0, "amount_format"},
		{"an exponent, typed", "1e3", true, 0, "amount_format"},
		{"an exponent, sent", "1e3", false, 0, "amount_format"},
		{"hexadecimal", "0x10", false, 0, "amount_format"},
		{"a leading zero, sent", "01000", false, 0, "amount_format"},
		{"a decimal, sent", "10.00", false, 0, "amount_format"},
		{"2 to the 63rd, sent", "9223372036854775808", false, 0, "amount_format"},
		{"2 to the 63rd, typed", "92.233.720.368.547.758,08", true, 0, "amount_format"},
		{"2 to the 64th and a bit, which would wrap to the least", "18446744073709552616", false, 0, "amount_format"},
		{"very many digits", strings.Repeat("1", 100_000), false, 0, "amount_format"},
		{"not a number", "NaN", true, 0, "amount_format"},
		{"dollars", "20 USD", true, 0, "amount_format"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if minor, code := h.openAmount(tt.text, tt.typed); minor != tt.minor || code != tt.code {
				t.Errorf("%d %q, want %d %q", minor, code, tt.minor, tt.code)
			}
		})
	}
	unbounded := Hot{Open: true, Amount: Money{Currency: JPY}}
	if minor, code := unbounded.openAmount("0", true); code != "amount_range" {
		t.Errorf("nothing at all on a link without bounds: %d %q", minor, code)
	}
	if minor, code := unbounded.openAmount("1,200", true); minor != 1200 || code != "" {
		t.Errorf("1,200 yen: %d %q", minor, code)
	}
	if minor, code := unbounded.openAmount("12.5", true); code != "amount_format" {
		t.Errorf("twelve and a half yen: %d %q", minor, code)
	}
}
