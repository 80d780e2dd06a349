package checkout

import "testing"

// Why an attempt goes to its account: of several accounts, those that are off or take another currency are none.
func TestRoutes(t *testing.T) {
	lira, dollars, off := Account{Enabled: true, Currencies: []Currency{TRY}}, Account{Enabled: true, Currencies: []Currency{USD}}, Account{Currencies: []Currency{TRY}}
	for name, c := range map[string]struct {
		accounts []Account
		count    int
		before   Route
		want     Route
	}{
		"one":                          {[]Account{lira}, 1, "", RouteOnly},
		"one, in instalments":          {[]Account{lira, dollars, off}, 3, "", RouteOnly},
		"two":                          {[]Account{lira, lira}, 1, "", RouteFirst},
		"two, in instalments":          {[]Account{lira, dollars, lira}, 3, "", RouteCard},
		"the next, since one was away": {[]Account{lira, lira}, 1, RouteBackup, RouteBackup},
	} {
		a := attempt{price: Money{Currency: TRY}, offer: Offer{Count: c.count}, route: c.before}
		if got := a.routed(c.accounts); got != string(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
