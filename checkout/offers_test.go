package checkout_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/bins"
	"github.com/odelink/odelink/checkout/caps"
)

var (
	planTime  = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	qnbCredit = checkout.BIN{Prefix: "415565", IssuerCode: "0111", Issuer: "QNB", Brand: checkout.BrandVisa, Kind: checkout.CardCredit, Program: "CardFinans"}
)

// account is an account at QNB that offers 2 to 12 instalments, count n at n/10 per cent × 12.
func account(change ...func(*checkout.Account)) checkout.Account {
	a := checkout.Account{
		ID: "acc_qnb", Currencies: []checkout.Currency{checkout.TRY, checkout.USD, checkout.JPY},
		Programs: []string{"CardFinans"}, Issuers: []string{"0111"}, Pricing: checkout.PricingMarkup, Enabled: true,
	}
	for n := 2; n <= 12; n++ {
		a.Rates = append(a.Rates, checkout.RateRow{Count: n, Rate: checkout.Rate(12_000 * n)})
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

func tl(minor int64) checkout.Money { return checkout.Money{Minor: minor, Currency: checkout.TRY} }

func planInput(change ...func(*checkout.PlanInput)) checkout.PlanInput {
	in := checkout.PlanInput{
		Price: tl(25000), BIN: qnbCredit, Asked: "415565", Accounts: []checkout.Account{account()}, Now: planTime,
	}
	for _, c := range change {
		c(&in)
	}
	return in
}

// said puts a table in words: "1 2 3 | 4 not_on_link, 5 not_on_link".
func said(t checkout.OfferTable) string {
	var offers, excluded []string
	for _, o := range t.Offers {
		offers = append(offers, fmt.Sprint(o.Count))
	}
	for i, e := range t.Excluded {
		if i > 0 && t.Excluded[i-1].Reason == e.Reason && t.Excluded[i-1].Count == e.Count-1 {
			last := len(excluded) - 1
			from, _, _ := strings.Cut(strings.Fields(excluded[last])[0], "-")
			excluded[last] = fmt.Sprintf("%s-%d %s", from, e.Count, e.Reason)
			continue
		}
		excluded = append(excluded, fmt.Sprintf("%d %s", e.Count, e.Reason))
	}
	return strings.TrimSpace(strings.Join(offers, " ") + " | " + strings.Join(excluded, ", "))
}

// The example of the contract, section 3.
func TestOfferOfTheContract(t *testing.T) {
	got := checkout.Plan(planInput(func(in *checkout.PlanInput) { in.Allowed = []int{1, 3} }))
	want := []checkout.Offer{
		{Count: 1, Total: 25000, Monthly: 25000, Last: 25000, Account: "acc_qnb"},
		{Count: 3, Total: 25900, Monthly: 8633, Last: 8634, Rate: 36000, Account: "acc_qnb"},
	}
	if !reflect.DeepEqual(got.Offers, want) {
		t.Errorf("offers %+v, want %+v", got.Offers, want)
	}
	if got.Asked != "415565" || got.BIN != qnbCredit || got.Currency != checkout.TRY {
		t.Errorf("table of %q, %+v, %s", got.Asked, got.BIN, got.Currency)
	}
}

func TestPlan(t *testing.T) {
	type in = checkout.PlanInput
	acc := func(accounts ...checkout.Account) func(*in) { return func(i *in) { i.Accounts = accounts } }
	kind := func(k checkout.CardKind) func(*in) { return func(i *in) { i.BIN.Kind = k } }
	bin := func(issuer, program string) func(*in) {
		return func(i *in) { i.BIN.IssuerCode, i.BIN.Program = issuer, program }
	}
	rates := func(rows ...checkout.RateRow) func(*checkout.Account) {
		return func(a *checkout.Account) { a.Rates = rows }
	}
	const all = "1 2 3 4 5 6 7 8 9 10 11 12 |"
	tests := []struct {
		name   string
		change []func(*in)
		want   string
	}{
		{"a credit card of the bank gets every count", nil, all},
		{"a debit card pays at once", []func(*in){kind(checkout.CardDebit)}, "1 | 2-12 debit_card"},
		{"a prepaid card pays at once", []func(*in){kind(checkout.CardPrepaid)}, "1 | 2-12 prepaid_card"},
		{"a card in no table pays at once", []func(*in){func(i *in) { i.BIN = checkout.BIN{Brand: checkout.BrandVisa} }}, "1 | 2-12 unknown_card"},
		{"a card whose kind the lists dispute pays at once", []func(*in){kind(checkout.CardUnknown)}, "1 | 2-12 unknown_card"},
		{"a kind nobody knows is not credit", []func(*in){kind("charge")}, "1 | 2-12 unknown_card"},
		{"a price in dollars is paid at once", []func(*in){func(i *in) { i.Price.Currency = checkout.USD }}, "1 | 2-12 currency"},
		{"a debit card in dollars is told about the card", []func(*in){kind(checkout.CardDebit), func(i *in) { i.Price.Currency = checkout.USD }}, "1 | 2-12 debit_card"},
		{"the card of another bank pays at once", []func(*in){bin("0064", "Maximum")}, "1 | 2-12 not_this_programme"},
		{"another bank's card of the programme gets instalments", []func(*in){bin("0064", "CardFinans")}, all},
		{"the programme is compared without regard to case", []func(*in){bin("0064", "CARDFINANS")}, all},
		{"an own card without a programme gets instalments", []func(*in){bin("0111", "")}, all},
		{"a card of nobody and no programme pays at once", []func(*in){bin("", "")}, "1 | 2-12 not_this_programme"},
		{"an empty issuer on the account matches no card", []func(*in){bin("", ""), acc(account(func(a *checkout.Account) { a.Issuers, a.Programs = []string{""}, []string{""} }))}, "1 | 2-12 not_this_programme"},
		{"Enpara's cards count as QNB's", []func(*in){bin("0157", "")}, all},
		{"HSBC Advantage runs on CardFinans", []func(*in){bin("0123", "Advantage")}, all},
		{"an HSBC credit card without Advantage does not", []func(*in){bin("0123", "")}, "1 | 2-12 not_this_programme"},
		{"Wings runs on Axess", []func(*in){bin("0046", "Wings"), acc(account(func(a *checkout.Account) { a.Issuers, a.Programs = nil, []string{"axess"} }))}, all},
		{"Parafly runs on Paraf", []func(*in){bin("0012", "Parafly"), acc(account(func(a *checkout.Account) { a.Issuers, a.Programs = nil, []string{"Paraf"} }))}, all},
		{"Bankkart Combo runs on Bankkart", []func(*in){bin("0010", "Bankkart Combo"), acc(account(func(a *checkout.Account) { a.Issuers, a.Programs = nil, []string{"Bankkart"} }))}, all},
		{"Miles&Smiles of another bank does not run on Garanti's Bonus", []func(*in){bin("0064", "Miles&Smiles"), acc(account(func(a *checkout.Account) { a.Issuers, a.Programs = []string{"0062"}, []string{"Bonus"} }))}, "1 | 2-12 not_this_programme"},
		{"CardFinans does not run on an account with Advantage alone", []func(*in){bin("0111", "CardFinans"), acc(account(func(a *checkout.Account) { a.Issuers, a.Programs = nil, []string{"Advantage"} }))}, "1 | 2-12 not_this_programme"},
		{"the link's counts are the only ones", []func(*in){func(i *in) { i.Allowed = []int{3, 6, 3} }}, "1 3 6 | 2 not_on_link, 4-5 not_on_link, 7-12 not_on_link"},
		{"a link for single payment still has it", []func(*in){func(i *in) { i.Allowed = []int{1} }}, "1 | 2-12 not_on_link"},
		{"a link cannot allow more than the law", []func(*in){func(i *in) { i.Allowed = []int{12, 24}; i.Caps = cap9{} }}, "1 | 2-11 not_on_link, 12 legal_cap"},
		{"the merchant's cap cuts the tail", []func(*in){func(i *in) { i.MaxCount = 4 }}, "1 2 3 4 | 5-12 not_on_link"},
		{"a cap of one is single payment only", []func(*in){func(i *in) { i.MaxCount = 1 }}, "1 | 2-12 not_on_link"},
		{"an account without a row for a count does not offer it", []func(*in){acc(account(rates(checkout.RateRow{Count: 3}, checkout.RateRow{Count: 1}, checkout.RateRow{Count: 24})))}, "1 3 | 2 not_on_account, 4-12 not_on_account"},
		{"what is too little a month is not offered", []func(*in){acc(account(func(a *checkout.Account) { a.MinPerMonth = 5000; a.Pricing = checkout.PricingAbsorb }))}, "1 2 3 4 5 | 6-12 below_minimum"},
		{"a disabled account offers nothing", []func(*in){acc(account(func(a *checkout.Account) { a.Enabled = false }))}, "| 2-12 not_this_programme"},
		{"without an account there is no offer", []func(*in){acc()}, "| 2-12 not_this_programme"},
		{"an account of another currency offers nothing", []func(*in){acc(account(func(a *checkout.Account) { a.Currencies = []checkout.Currency{checkout.USD} }))}, "| 2-12 not_this_programme"},
		{"nothing can be paid for nothing", []func(*in){func(i *in) { i.Price.Minor = 0 }}, "| 2-12 below_minimum"},
		{"nothing can be paid for less than nothing", []func(*in){func(i *in) { i.Price.Minor = -25000 }}, "| 2-12 not_on_account"},
		{"a kuruş cannot be divided", []func(*in){func(i *in) { i.Price.Minor = 1 }}, "1 | 2-12 below_minimum"},
		{"a negative rate is no offer", []func(*in){acc(account(rates(checkout.RateRow{Count: 2, Rate: -1})))}, "1 | 2-12 not_on_account"},
		{"a pricing nobody knows is no offer", []func(*in){acc(account(func(a *checkout.Account) { a.Pricing = "discount" }))}, "1 | 2-12 not_on_account"},
		{"a gross-up by everything is no offer", []func(*in){acc(account(rates(checkout.RateRow{Count: 2, Rate: 1_000_000}), func(a *checkout.Account) { a.Pricing = checkout.PricingGrossUp }))}, "1 | 2-12 not_on_account"},
		{"of several refusals the closest one is told", []func(*in){acc(
			account(func(a *checkout.Account) { a.Programs, a.Issuers = nil, nil }),
			account(rates(checkout.RateRow{Count: 2, Rate: 0})),
			account(rates(checkout.RateRow{Count: 3, Rate: 0}), func(a *checkout.Account) { a.MinPerMonth = 9000 }),
		)}, "1 2 | 3 below_minimum, 4-12 not_on_account"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			input := planInput(tt.change...)
			table := checkout.Plan(input)
			if got := said(table); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			complete(t, table)
		})
	}
}

type cap9 struct{}

func (cap9) Known(string) bool { return true }

func (cap9) Categories() []string { return nil }

func (cap9) Max(string, checkout.Money, checkout.CardKind, bool, time.Time) int { return 9 }

// complete holds what is true of every table: each count from 2 to 12 stands in it once, in order,
// and single payment, if there is one, is first.
func complete(t *testing.T, table checkout.OfferTable) {
	t.Helper()
	seen := map[int]int{}
	for i, o := range table.Offers {
		if (i == 0) != (o.Count == 1) || (i > 0 && o.Count <= table.Offers[i-1].Count) {
			t.Errorf("offer %d is for %d instalments", i, o.Count)
		}
		seen[o.Count]++
	}
	for i, e := range table.Excluded {
		if e.Reason == "" || (i > 0 && e.Count <= table.Excluded[i-1].Count) {
			t.Errorf("exclusion %d is %+v", i, e)
		}
		seen[e.Count]++
	}
	for n := 2; n <= checkout.MaxInstallments; n++ {
		if seen[n] != 1 {
			t.Errorf("%d instalments are named %d times", n, seen[n])
		}
	}
	if len(seen) > checkout.MaxInstallments {
		t.Errorf("counts %v", seen)
	}
}

// exact is price × num ÷ den, rounded half up, without any limit.
func exact(price, num, den int64) *big.Int {
	n := new(big.Int).Mul(big.NewInt(price), big.NewInt(num))
	n.Mul(n, big.NewInt(2)).Add(n, big.NewInt(den))
	return n.Div(n, big.NewInt(2*den))
}

// E3: per month × count equals the total to the kuruş, or the last instalment differs.
func TestE03_InstalmentsAddUpForEveryAmount(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	prices := []int64{math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 / 2, 1 << 62, 1_000_000_007}
	for p := int64(1); p <= 3000; p++ {
		prices = append(prices, p)
	}
	for range 3000 {
		prices = append(prices, random.Int64N(1<<random.IntN(62)+1)+1)
	}
	for _, pricing := range []checkout.Pricing{checkout.PricingAbsorb, checkout.PricingMarkup, checkout.PricingGrossUp} {
		for _, price := range prices {
			a := account(func(a *checkout.Account) { a.Pricing = pricing })
			for i := range a.Rates {
				a.Rates[i].Rate = checkout.Rate(random.IntN(1_000_000))
			}
			table := checkout.Plan(planInput(func(in *checkout.PlanInput) {
				in.Price, in.Accounts = tl(price), []checkout.Account{a}
			}))
			complete(t, table)
			if one, ok := table.Offer(1); !ok || one.Total != price || one.Monthly != price || one.Last != price || one.Rate != 0 {
				t.Fatalf("%d at once is %+v", price, one)
			}
			for _, row := range a.Rates {
				want := big.NewInt(price)
				switch pricing {
				case checkout.PricingMarkup:
					want = exact(price, 1_000_000+int64(row.Rate), 1_000_000)
				case checkout.PricingGrossUp:
					want = exact(price, 1_000_000, 1_000_000-int64(row.Rate))
				}
				o, ok := table.Offer(row.Count)
				if !ok {
					if want.IsInt64() && want.Int64() >= 100 {
						t.Fatalf("%s: %d at %s in %d: not offered", pricing, price, row.Rate, row.Count)
					}
					continue
				}
				n := int64(o.Count)
				if big.NewInt(o.Total).Cmp(want) != 0 || o.Total < price {
					t.Fatalf("%s: %d at %s in %d: total %d, want %s", pricing, price, row.Rate, n, o.Total, want)
				}
				if (n-1)*o.Monthly+o.Last != o.Total || o.Last <= 0 || o.Monthly <= 0 {
					t.Fatalf("%d in %d: %d a month, %d at the end", o.Total, n, o.Monthly, o.Last)
				}
				if d := 2 * (o.Monthly*n - o.Total); d > n || d <= -n {
					t.Fatalf("%d in %d: %d a month is not the nearest", o.Total, n, o.Monthly)
				}
			}
		}
	}
}

// A gross-up leaves the merchant the price to the kuruş after the bank took its rate.
func TestGrossUpNetsThePrice(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		price, rate := random.Int64N(1e12)+100, random.Int64N(500_000)
		a := account(func(a *checkout.Account) {
			a.Pricing, a.Rates = checkout.PricingGrossUp, []checkout.RateRow{{Count: 2, Rate: checkout.Rate(rate)}}
		})
		o, ok := checkout.Plan(planInput(func(in *checkout.PlanInput) {
			in.Price, in.Accounts = tl(price), []checkout.Account{a}
		})).Offer(2)
		commission := exact(o.Total, rate, 1_000_000).Int64()
		if net := o.Total - commission; !ok || net < price-1 || net > price+1 {
			t.Fatalf("%d at %d ppm: total %d nets %d", price, rate, o.Total, net)
		}
	}
}

func TestTotals(t *testing.T) {
	tests := []struct {
		name    string
		pricing checkout.Pricing
		price   int64
		rate    checkout.Rate
		total   int64
		monthly int64
		last    int64
		shown   checkout.Rate
	}{
		{"absorbed, the payer pays the price and learns no rate", checkout.PricingAbsorb, 25000, 36000, 25000, 8333, 8334, 0},
		{"no pricing named is absorbed", "", 25000, 36000, 25000, 8333, 8334, 0},
		{"marked up", checkout.PricingMarkup, 25000, 36000, 25900, 8633, 8634, 36000},
		{"grossed up", checkout.PricingGrossUp, 25000, 36000, 25934, 8645, 8644, 36000},
		{"half a kuruş of mark-up is rounded up", checkout.PricingMarkup, 100, 25000, 103, 34, 35, 25000},
		{"just less than half is rounded down", checkout.PricingMarkup, 100, 24999, 102, 34, 34, 24999},
		{"the last month may be the cheaper one", checkout.PricingAbsorb, 10001, 0, 10001, 3334, 3333, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := account(func(a *checkout.Account) {
				a.Pricing, a.Rates = tt.pricing, []checkout.RateRow{{Count: 3, Rate: tt.rate}}
			})
			got, _ := checkout.Plan(planInput(func(in *checkout.PlanInput) {
				in.Price, in.Accounts = tl(tt.price), []checkout.Account{a}
			})).Offer(3)
			want := checkout.Offer{Count: 3, Total: tt.total, Monthly: tt.monthly, Last: tt.last, Rate: tt.shown, Account: "acc_qnb"}
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestOverflowingTotalIsNotOffered(t *testing.T) {
	for _, pricing := range []checkout.Pricing{checkout.PricingMarkup, checkout.PricingGrossUp} {
		a := account(func(a *checkout.Account) {
			a.Pricing, a.Rates = pricing, []checkout.RateRow{{Count: 2, Rate: 999_999}, {Count: 3, Rate: 0}, {Count: 4, Rate: math.MaxInt64}}
		})
		table := checkout.Plan(planInput(func(in *checkout.PlanInput) {
			in.Price, in.Accounts = tl(math.MaxInt64), []checkout.Account{a}
		}))
		if got := said(table); got != "1 3 | 2 not_on_account, 4-12 not_on_account" {
			t.Errorf("%s: %s", pricing, got)
		}
	}
}

// The order of the accounts is the merchant's word; a dearer account before a cheaper one stands.
func TestCountsGoToTheFirstAccountThatOffersThem(t *testing.T) {
	foreign := account(func(a *checkout.Account) { a.ID, a.Currencies = "acc_fx", []checkout.Currency{checkout.EUR} })
	world := account(func(a *checkout.Account) { a.ID, a.Programs, a.Issuers = "acc_world", []string{"World"}, nil })
	dear := account(func(a *checkout.Account) { a.ID, a.Rates = "acc_dear", []checkout.RateRow{{Count: 3, Rate: 500_000}} })
	cheap := account(func(a *checkout.Account) {
		a.ID, a.Rates = "acc_cheap", []checkout.RateRow{{Count: 3, Rate: 0}, {Count: 6, Rate: 0}, {Count: 6, Rate: 9}}
	})
	table := checkout.Plan(planInput(func(in *checkout.PlanInput) {
		in.Accounts = []checkout.Account{foreign, world, dear, cheap}
	}))
	got := map[int]checkout.AccountID{}
	for _, o := range table.Offers {
		got[o.Count] = o.Account
	}
	want := map[int]checkout.AccountID{1: "acc_world", 3: "acc_dear", 6: "acc_cheap"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("accounts %v, want %v", got, want)
	}
	if six, _ := table.Offer(6); six.Total != 25000 {
		t.Errorf("of two rows of one count the first stands: %+v", six)
	}
}

// A27: the offer was fetched with the BIN of one card and is paid with another, or asks for a count
// that nobody offered. The table is worked out again from the posted card, and has no such row.
func TestA27_PlanOfAnotherCardIsNotOffered(t *testing.T) {
	table := bins.New(nil)
	input := func(prefix string) checkout.PlanInput {
		return planInput(func(in *checkout.PlanInput) {
			in.BIN, in.Asked, in.Caps = table.Lookup(prefix), prefix, caps.New()
			in.Accounts = []checkout.Account{account(func(a *checkout.Account) { a.Rates = a.Rates[:5] })}
		})
	}
	shown, ok := checkout.Plan(input("41556500")).Offer(6)
	if !ok || shown.Total != 26800 {
		t.Fatalf("QNB credit in 6: %+v, %t", shown, ok)
	}
	for name, prefix := range map[string]string{
		"debit card of the same bank": "40070900", "card of another programme": "45063400", "card of nobody": "49999999",
	} {
		if o, ok := checkout.Plan(input(prefix)).Offer(6); ok {
			t.Errorf("%s: offered %+v", name, o)
		}
		if o, ok := checkout.Plan(input(prefix)).Offer(1); !ok || o.Total != 25000 {
			t.Errorf("%s: at once is %+v, %t", name, o, ok)
		}
	}
	for _, count := range []int{-1, 0, 7, 13, 1 << 40} {
		if o, ok := checkout.Plan(input("41556500")).Offer(count); ok {
			t.Errorf("%d instalments: offered %+v", count, o)
		}
	}
}

func TestLegalCapsInOffers(t *testing.T) {
	istanbul := time.FixedZone("", 3*60*60)
	tests := []struct {
		name             string
		category, sector string
		commercial       bool
		price            int64
		now              time.Time
		want             string
	}{
		{"white goods up to twelve", "white_goods", "", false, 25000, planTime, "1 2 3 4 5 6 7 8 9 10 11 12 |"},
		{"fuel at once", "fuel", "", false, 25000, planTime, "1 | 2-12 legal_cap"},
		{"E6: fuel on a company's card has other rows", "fuel", "", true, 25000, planTime, "1 2 3 4 5 6 7 8 9 10 11 12 |"},
		{"a category nobody knows has the general ceiling", "unicorns", "", false, 25000, planTime, "1 2 3 4 5 6 7 8 9 10 11 12 |"},
		{"a television of 3,000 TL in nine", "television", "", false, 300000, planTime, "1 2 3 4 5 6 7 8 9 | 10-12 legal_cap"},
		{"a television of a kuruş more in three", "television", "", false, 300001, planTime, "1 2 3 | 4-12 legal_cap"},
		{"a link lowers its merchant's sector", "tablets", "white_goods", false, 25000, planTime, "1 2 3 4 5 6 | 7-12 legal_cap"},
		{"a link does not raise its merchant's sector", "white_goods", "food", false, 25000, planTime, "1 | 2-12 legal_cap"},
		{"a refurbished phone above 25,000 TL in three from 5 December 2024", "mobile_phones_refurbished", "", false, 2500001, time.Date(2024, 12, 5, 0, 0, 0, 0, istanbul), "1 2 3 | 4-12 legal_cap"},
		{"a moment before, the general ceiling", "mobile_phones_refurbished", "", false, 2500001, time.Date(2024, 12, 4, 23, 59, 59, 999999999, istanbul), "1 2 3 4 5 6 7 8 9 10 11 12 |"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := said(checkout.Plan(planInput(func(in *checkout.PlanInput) {
				in.Category, in.Sector, in.BIN.Commercial = tt.category, tt.sector, tt.commercial
				in.Price, in.Now, in.Caps = tl(tt.price), tt.now, caps.New()
			})))
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestPlanLeavesItsInputAlone(t *testing.T) {
	in := planInput(func(in *checkout.PlanInput) { in.Allowed, in.Caps = []int{6, 2, 3}, caps.New() })
	before := fmt.Sprintf("%+v", in)
	first, second := checkout.Plan(in), checkout.Plan(in)
	if after := fmt.Sprintf("%+v", in); after != before {
		t.Errorf("the input became %s", after)
	}
	if !reflect.DeepEqual(first, second) {
		t.Error("the same question had two answers")
	}
	first.Offers[0].Total = 1
	if second.Offers[0].Total != 25000 {
		t.Error("two tables share their offers")
	}
}

func TestRateText(t *testing.T) {
	for text, want := range map[string]checkout.Rate{
		"0": 0, "0.00": 0, "3.6": 36000, "3.60": 36000, "3.600": 36000, "3.6000": 36000, "3.6001": 36001, "0.0001": 1,
		"12": 120000, "99.9999": 999999, "10.05": 100500,
	} {
		if got, err := checkout.ParseRate(text); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", ".", "3.", ".6", "+3", "-3.60", "3,60", "3.60001", "100", "100.00", "03.60", "00", "1e1", "0x1", "3.6 ", " 3.6",
		"3.6.0", "٣.٦", "３.６", "3_6", "NaN", "%3,60", strings.Repeat("9", 40), "9223372036854775808",
	} {
		if got, err := checkout.ParseRate(text); err == nil || got != 0 {
			t.Errorf("%q was read as %d, %v", text, got, err)
		}
	}
	for rate, want := range map[checkout.Rate]string{
		0: "0.00", 1: "0.0001", 36000: "3.60", 36010: "3.601", 36001: "3.6001", 100000: "10.00", -36000: "-3.60",
		1_500_000: "150.00", math.MinInt64: "-922337203685477.5808",
	} {
		if got := rate.String(); got != want {
			t.Errorf("%d is written %q, want %q", int64(rate), got, want)
		}
	}
}

// Every rate that can be written is read back as itself.
func TestRateTextIsExact(t *testing.T) {
	for r := checkout.Rate(0); r < 1_000_000; r++ {
		if got, err := checkout.ParseRate(r.String()); err != nil || got != r {
			t.Fatalf("%d was written %q and read as %d, %v", int64(r), r, got, err)
		}
	}
}

func TestPlanIsCheap(t *testing.T) {
	table, in := bins.New(nil), planInput(func(in *checkout.PlanInput) { in.Caps = caps.New() })
	got := testing.AllocsPerRun(100, func() {
		in.BIN = table.Lookup("41556500")
		if len(checkout.Plan(in).Offers) != 12 {
			t.Fatal("not twelve offers")
		}
	})
	if got > 2 {
		t.Errorf("%v allocations from the digits to twelve offers, want 2 at most", got)
	}
}

// The way of every BIN request, without HTTP: digits in, twelve offers out.
func BenchmarkBINToTwelveOffers(b *testing.B) {
	table, in := bins.New(nil), planInput(func(in *checkout.PlanInput) { in.Caps = caps.New() })
	b.ReportAllocs()
	for b.Loop() {
		in.BIN = table.Lookup("41556500")
		if t := checkout.Plan(in); len(t.Offers) != 12 {
			b.Fatal(len(t.Offers))
		}
	}
}

// Every reason that can stand in a table is one that people are told about.
func TestReasonsAreDistinct(t *testing.T) {
	reasons := []string{
		checkout.ExcludedUnknownCard, checkout.ExcludedDebit, checkout.ExcludedPrepaid, checkout.ExcludedForeign, checkout.ExcludedLink,
		checkout.ExcludedLaw, checkout.ExcludedMinimum, checkout.ExcludedIssuer, checkout.ExcludedNoRate,
	}
	slices.Sort(reasons)
	if len(slices.Compact(reasons)) != 9 {
		t.Errorf("reasons %v", reasons)
	}
}
