package caps_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/caps"
)

const header = "category,card_kind,price_from_minor,price_to_minor,max,valid_from,valid_to,source\n"

var now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func tl(minor int64) checkout.Money { return checkout.Money{Minor: minor, Currency: checkout.TRY} }

func parse(t *testing.T, text string) *caps.Table {
	t.Helper()
	table, err := caps.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// The limits as they stand, each from domain.md 2.4.
func TestLimitsOfToday(t *testing.T) {
	table := caps.New()
	want := map[string]int{
		"general": 12, "": 12, "unicorns": 12, "Fuel": 12,
		"fuel": 1, "food": 1, "meals": 1, "alcohol": 1, "cosmetics": 1, "office_supplies": 1, "gift_cards": 1, "intangible": 1,
		"direct_marketing": 1, "spending_abroad": 1, "telecom": 1, "mobile_phones": 1, "mobile_phones_refurbished": 12,
		"jewellery": 1, "electronics": 3, "television": 9, "computers": 12, "tablets": 6, "transport": 12,
		"travel_domestic": 12, "health": 12, "airlines_domestic": 9, "accommodation_domestic": 9, "tax": 9,
		"health_products": 9, "associations": 6, "airlines_abroad": 1, "travel_abroad": 1, "accommodation_abroad": 1,
		"white_goods": 12, "furniture": 12, "education": 12,
	}
	for category, limit := range want {
		if got := table.Max(category, tl(25000), checkout.CardCredit, false, now); got != limit {
			t.Errorf("%s: %d, want %d", category, got, limit)
		}
		if got := table.Max(category, tl(25000), checkout.CardCredit, true, now); got != 12 {
			t.Errorf("%s on a company's card: %d, want 12", category, got)
		}
	}
	for _, category := range table.Categories() {
		if _, tested := want[category]; !tested || !table.Known(category) {
			t.Errorf("%s is in the table and not tested, or not known", category)
		}
	}
	if len(table.Categories()) != len(want)-3 || table.Known("unicorns") || table.Known("") {
		t.Errorf("categories %v", table.Categories())
	}
	table.Categories()[0] = "changed"
	if table.Known("changed") {
		t.Error("a caller can change the table")
	}
}

func TestOtherCardsAndCurrenciesPayAtOnce(t *testing.T) {
	table := caps.New()
	for _, kind := range []checkout.CardKind{checkout.CardDebit, checkout.CardPrepaid, checkout.CardUnknown, "charge"} {
		if got := table.Max("white_goods", tl(25000), kind, false, now); got != 1 {
			t.Errorf("%q: %d", kind, got)
		}
	}
	for _, c := range []checkout.Currency{checkout.USD, checkout.JPY, ""} {
		if got := table.Max("white_goods", checkout.Money{Minor: 25000, Currency: c}, checkout.CardCredit, true, now); got != 1 {
			t.Errorf("%q: %d", c, got)
		}
	}
}

func TestPriceBandsIncludeBothEnds(t *testing.T) {
	table := caps.New()
	for _, tt := range []struct {
		category string
		minor    int64
		want     int
	}{
		{"television", 0, 9}, {"television", 300_000, 9}, {"television", 300_001, 3}, {"television", math.MaxInt64, 3},
		{"mobile_phones_refurbished", 2_500_000, 12}, {"mobile_phones_refurbished", 2_500_001, 3},
		{"electronics", 1, 3}, {"electronics", math.MaxInt64, 3},
	} {
		if got := table.Max(tt.category, tl(tt.minor), checkout.CardCredit, false, now); got != tt.want {
			t.Errorf("%s at %d: %d, want %d", tt.category, tt.minor, got, tt.want)
		}
	}
}

// A row begins and ends at midnight in Istanbul, wherever the clock that asks stands. Before
// September 2016 Turkey had summer time, so that midnight of a summer day was 21:00 UTC as today and
// of a winter day 22:00.
func TestDateBorders(t *testing.T) {
	table := parse(t, header+
		"general,consumer,,,11,2010-01-01,,s\n"+
		"fuel,consumer,,,2,2014-02-01,2014-08-15,s\n"+
		"fuel,consumer,,,4,2014-08-16,2026-12-31,s\n"+
		"fuel,consumer,,,6,2027-01-02,,s\n")
	for _, tt := range []struct {
		name string
		at   string
		want int
	}{
		{"a moment before the first row", "2014-01-31T21:59:59.999999999Z", 11},
		{"its first moment, in winter time", "2014-01-31T22:00:00Z", 2},
		{"the last moment of its last day, in summer time", "2014-08-15T20:59:59.999999999Z", 2},
		{"the first moment of the next row", "2014-08-15T21:00:00Z", 4},
		{"the same moment told in Tokyo", "2014-08-16T06:00:00+09:00", 4},
		{"the last moment of the year", "2026-12-31T23:59:59.999999999+03:00", 4},
		{"a day without a row", "2027-01-01T00:00:00+03:00", 11},
		{"its last moment", "2027-01-01T20:59:59Z", 11},
		{"the day after", "2027-01-01T21:00:00Z", 6},
		{"for ever", "2150-01-01T00:00:00Z", 6},
		{"before there was any rule, the ceiling", "2009-12-31T00:00:00Z", 12},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339Nano, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			if got := table.Max("fuel", tl(100), checkout.CardCredit, false, at); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}

func TestConsumerAndCompanyCardsHaveTheirOwnRows(t *testing.T) {
	table := parse(t, header+"general,commercial,,,8,2019-01-01,,s\nfuel,consumer,,,1,2019-01-01,,s\nfood,commercial,,,3,2019-01-01,,s\n")
	for _, tt := range []struct {
		category string
		company  bool
		want     int
	}{
		{"fuel", false, 1}, {"fuel", true, 8}, {"food", false, 12}, {"food", true, 3}, {"else", true, 8}, {"else", false, 12},
	} {
		if got := table.Max(tt.category, tl(100), checkout.CardCredit, tt.company, now); got != tt.want {
			t.Errorf("%s, company %t: %d, want %d", tt.category, tt.company, got, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, rows, want string }{
		{"another header", "category,max\n", "columns are not"},
		{"nothing", "", "columns are not"},
		{"a line with too few cells", header + "fuel,consumer\n", "wrong number of fields"},
		{"a category in capitals", header + "Fuel,consumer,,,1,2019-01-01,,s\n", "row 1: a category"},
		{"a category in Turkish letters", header + "akaryakıt,consumer,,,1,2019-01-01,,s\n", "row 1: a category"},
		{"no category", header + ",consumer,,,1,2019-01-01,,s\n", "row 1: a category"},
		{"an unknown kind of card", header + "fuel,debit,,,1,2019-01-01,,s\n", "card_kind"},
		{"no source", header + "fuel,consumer,,,1,2019-01-01,,\n", "rumour"},
		{"no instalment at all", header + "fuel,consumer,,,0,2019-01-01,,s\n", "max is 1 to 12"},
		{"more than the regulation allows", header + "fuel,consumer,,,13,2019-01-01,,s\n", "max is 1 to 12"},
		{"a limit in words", header + "fuel,consumer,,,two,2019-01-01,,s\n", "two"},
		{"no first day", header + "fuel,consumer,,,1,,,s\n", "parsing time"},
		{"a day that does not exist", header + "fuel,consumer,,,1,2019-02-29,,s\n", "out of range"},
		{"a Turkish date", header + "fuel,consumer,,,1,01.02.2019,,s\n", "parsing time"},
		{"an end before the beginning", header + "fuel,consumer,,,1,2019-02-02,2019-02-01,s\n", "ends before it begins"},
		{"a band upside down", header + "fuel,consumer,2,1,1,2019-01-01,,s\n", "band ends before"},
		{"a negative price", header + "fuel,consumer,-1,,1,2019-01-01,,s\n", "not negative"},
		{"a price with decimals", header + "fuel,consumer,0.5,,1,2019-01-01,,s\n", "0.5"},
		{"two rows of one day", header + "fuel,consumer,,,1,2019-01-01,2020-01-01,s\nfuel,consumer,,,2,2020-01-01,,s\n", "row 2: another row of fuel"},
		{"two rows of one price", header + "fuel,consumer,,100,1,2019-01-01,,s\nfuel,consumer,100,,2,2019-01-01,,s\n", "row 2: another row of fuel"},
		{"the same row twice", header + "fuel,consumer,,,1,2019-01-01,,s\nfuel,consumer,,,1,2019-01-01,,s\n", "row 2: another row of fuel"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := caps.Parse(strings.NewReader(tt.rows)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestParseTakesNeighbours(t *testing.T) {
	parse(t, header+
		"fuel,consumer,,99,1,2019-01-01,2019-12-31,s\nfuel,consumer,100,,2,2019-01-01,,s\n"+
		"fuel,consumer,,99,3,2020-01-01,2020-01-01,s\nfuel,commercial,,,1,2019-01-01,,s\n")
}

func TestMaxAllocatesNothing(t *testing.T) {
	table := caps.New()
	if n := testing.AllocsPerRun(100, func() { table.Max("television", tl(1), checkout.CardCredit, false, now) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
