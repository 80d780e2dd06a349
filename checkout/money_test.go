package checkout_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

func TestCurrencies(t *testing.T) {
	want := map[checkout.Currency]string{"TRY": "949", "USD": "840", "EUR": "978", "GBP": "826", "JPY": "392", "RUB": "643"}
	if len(checkout.Currencies) != len(want) || checkout.Currencies[0] != checkout.TRY {
		t.Errorf("currencies %v", checkout.Currencies)
	}
	for _, c := range checkout.Currencies {
		exponent := 2
		if c == checkout.JPY {
			exponent = 0
		}
		if !c.Known() || c.Numeric() != want[c] || c.Exponent() != exponent {
			t.Errorf("%s: %s, %d digits", c, c.Numeric(), c.Exponent())
		}
	}
	for _, c := range []checkout.Currency{"", "try", "TRL", "KRW", "KWD", "949", "TRY "} {
		if c.Known() || c.Numeric() != "" {
			t.Errorf("%q is known", c)
		}
	}
}

func TestDecimal(t *testing.T) {
	for want, m := range map[string]checkout.Money{
		"250.00": tl(25000), "0.00": tl(0), "0.01": tl(1), "0.10": tl(10), "1.00": tl(100), "-0.01": tl(-1), "-12.34": tl(-1234),
		"92233720368547758.07": tl(math.MaxInt64), "-92233720368547758.08": tl(math.MinInt64),
		"1200": {Minor: 1200, Currency: checkout.JPY}, "0": {Currency: checkout.JPY}, "-5": {Minor: -5, Currency: checkout.JPY},
	} {
		if got := m.Decimal(); got != want {
			t.Errorf("%d %s is %q, want %q", m.Minor, m.Currency, got, want)
		}
	}
	if got := tl(25000).String(); got != "250.00 TRY" {
		t.Errorf("in a log: %q", got)
	}
}

// A34, I16: what Decimal would not write is no amount.
func TestA34_AmountsThatAreRefused(t *testing.T) {
	for _, text := range []string{
		"", " ", ".", "250", "250.", "250.0", "250.000", ".50", "00.50", "0250.00", "-250.00", "+250.00", "-0.00", "250,00", "1.234,56", "1,234.56", "12.345",
		"1e3", "1e3.00", "0x10", "0x10.00", "NaN", "Inf", "1_000.00", "1 000.00", " 250.00", "250.00 ", "250.00\n", "250.00\x00", "٢٥٠.٠٠", "２５０.００",
		"9223372036854775808", "92233720368547758.08", "99999999999999999999.99", strings.Repeat("9", 100_000) + ".00", "250.00.00", "250.-1", "250.+1", "₺250.00",
	} {
		if m, err := checkout.ParseDecimal(text, checkout.TRY); !errors.Is(err, checkout.ErrAmount) || m != (checkout.Money{}) {
			t.Errorf("%.40q was read as %v, %v", text, m, err)
		}
	}
	for _, text := range []string{"1200.00", "1200.0", "1200.", ".", "", "-1", "01", "1,200", "9223372036854775808"} {
		if m, err := checkout.ParseDecimal(text, checkout.JPY); !errors.Is(err, checkout.ErrAmount) {
			t.Errorf("%q yen were read as %v, %v", text, m, err)
		}
	}
	for _, c := range []checkout.Currency{"", "KRW", "KWD", "try"} {
		for _, text := range []string{"1.00", "1", "1.000"} {
			if m, err := checkout.ParseDecimal(text, c); !errors.Is(err, checkout.ErrAmount) {
				t.Errorf("%s %q was read as %v, %v", text, c, m, err)
			}
		}
	}
}

// I16: parse and format are exact inverses.
func TestI16_DecimalIsReadBackAsItself(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, c := range checkout.Currencies {
		amounts := []int64{0, 1, 9, 10, 99, 100, 101, 999, 1000, math.MaxInt64, math.MaxInt64 - 1, 1 << 53, 1<<53 + 1}
		for range 20_000 {
			amounts = append(amounts, random.Int64N(1<<random.IntN(63)))
		}
		for _, minor := range amounts {
			m := checkout.Money{Minor: minor, Currency: c}
			if got, err := checkout.ParseDecimal(m.Decimal(), c); err != nil || got != m {
				t.Fatalf("%d %s was written %q and read as %v, %v", minor, c, m.Decimal(), got, err)
			}
		}
	}
}

func TestAdd(t *testing.T) {
	tests := []struct {
		name    string
		a, b    int64
		sum     int64
		refused bool
	}{
		{"two amounts", 100, 250, 350, false},
		{"a refund", 100, -250, -150, false},
		{"nothing", math.MaxInt64, 0, math.MaxInt64, false},
		{"just no overflow", math.MaxInt64 - 1, 1, math.MaxInt64, false},
		{"overflow", math.MaxInt64, 1, 0, true},
		{"overflow the other way round", 1, math.MaxInt64, 0, true},
		{"just no underflow", math.MinInt64 + 1, -1, math.MinInt64, false},
		{"underflow", math.MinInt64, -1, 0, true},
		{"both smallest", math.MinInt64, math.MinInt64, 0, true},
		{"opposite ends", math.MaxInt64, math.MinInt64, -1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tl(tt.a).Add(tl(tt.b))
			if (err != nil) != tt.refused || got.Minor != tt.sum {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	if got, err := tl(1).Add(checkout.Money{Minor: 1, Currency: checkout.USD}); err == nil || got != (checkout.Money{}) {
		t.Errorf("a lira and a dollar are %v", got)
	}
}

// Amounts as people type them on an open link (domain.md 5.5).
func TestTypedAmounts(t *testing.T) {
	for text, want := range map[string]int64{
		"1234,56": 123456, "1.234,56": 123456, "1234.56": 123456, "1,234.56": 123456, "1234,5": 123450, "1234": 123400, "1.234": 123400, "1,234": 123400,
		"1.234.567": 123456700, "1.234.567,89": 123456789, "1,234,567.89": 123456789, "0,5": 50, ",50": 50, "5.": 500, "0": 0, "0,00": 0, "007": 700,
		" 250 ": 25000, "1 234,56": 123456, "1\u00a0234,56": 123456, "1\u202f234,56": 123456,
		"１２３４": 123400, "１.２３４,５６ TL": 123456, "٢٥٠,٥": 25050, "۲۵۰": 25000, "2５０": 25000,
		"250 TL": 25000, "250TL": 25000, "250 tl": 25000, "₺250": 25000, "TRY 250,00": 25000, "250 try": 25000, "92233720368547758,07": math.MaxInt64,
	} {
		if got, err := checkout.ParseTyped(text, checkout.TRY); err != nil || got != tl(want) {
			t.Errorf("%q is %v, %v; want %v", text, got, err, tl(want))
		}
	}
	for _, text := range []string{
		"", " ", ",", ".", "TL", "-5", "+5", "5-", "1e3", "0x10", "NaN", "12,345,6", "12.34.56", "1..234", "1,,234", "1.234.", ".234", "0.500", "0,001",
		"1234.567", "1,2345", "1.234,567", "1,234,56.7", "1'234", "५", "1．5", "½", "²", "5 $", "5 USD", "USD5", "TL5TL", "five", "5;5", "92233720368547758,08",
		strings.Repeat("9", 33), strings.Repeat("1.", 5000), "1.234,5,6", "1,234.5.6",
	} {
		if got, err := checkout.ParseTyped(text, checkout.TRY); !errors.Is(err, checkout.ErrAmount) || got != (checkout.Money{}) {
			t.Errorf("%.40q was read as %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]int64{"1200": 1200, "1,200": 1200, "1.200": 1200, "¥1.200.000": 1200000, "5 JPY": 5, "1200,5": -1, "1,200.00": -1, "5 TL": -1, ".5": -1} {
		got, err := checkout.ParseTyped(text, checkout.JPY)
		if (err != nil) != (want < 0) || (err == nil && got.Minor != want) {
			t.Errorf("%q yen are %v, %v", text, got, err)
		}
	}
	for text, c := range map[string]checkout.Currency{"$12.50": checkout.USD, "12,50 €": checkout.EUR, "£12.5": checkout.GBP, "12.50 RUB": checkout.RUB, "12,5 ₽": checkout.RUB} {
		if got, err := checkout.ParseTyped(text, c); err != nil || got != (checkout.Money{Minor: 1250, Currency: c}) {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	if got, err := checkout.ParseTyped("5", "KWD"); err == nil {
		t.Errorf("five dinars were read as %v", got)
	}
}

// Whatever text comes: what is read is written back as the same text, byte for byte.
func FuzzParseDecimal(f *testing.F) {
	for _, text := range []string{"250.00", "0.01", "92233720368547758.07", "1200", "-1.00", "1e3", "12.345", "٢٥٠.٠٠", "00.10"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range append([]checkout.Currency{"KWD", ""}, checkout.Currencies...) {
			m, err := checkout.ParseDecimal(text, c)
			if err == nil && (m.Decimal() != text || m.Currency != c || m.Minor < 0 || !c.Known()) {
				t.Fatalf("%q was read as %d %s and is written %q", text, m.Minor, m.Currency, m.Decimal())
			}
			if err != nil && (!errors.Is(err, checkout.ErrAmount) || m != (checkout.Money{})) {
				t.Fatalf("%q: %v, %v", text, m, err)
			}
			if typed, err := checkout.ParseTyped(text, c); err == nil {
				if typed.Minor < 0 || !c.Known() {
					t.Fatalf("%q typed is %v", text, typed)
				}
				if m, err := checkout.ParseDecimal(text, c); err == nil && m != typed {
					t.Fatalf("%q is %v, and %v as typed", text, m, typed)
				}
			}
		}
	})
}
