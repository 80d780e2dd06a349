package checkout

// Route is why an attempt goes to the account it goes to: a word of its first event.
type Route string

// The reasons. Accounts stand in the merchant's own order, which price does not overrule.
const (
	RouteOnly   Route = "only"   // no other account of the merchant takes the currency
	RouteFirst  Route = "first"  // the first of those that do
	RouteCard   Route = "card"   // the first that has these instalments for this card
	RouteBackup Route = "backup" // the bank of one before could not be reached
)

// Routes lists them.
var Routes = []Route{RouteOnly, RouteFirst, RouteCard, RouteBackup}

// routed is the reason for an attempt that one of these accounts takes.
func (a *attempt) routed(accounts []Account) string {
	if a.route != "" {
		return string(a.route)
	}
	taking := 0
	for i := range accounts {
		if accounts[i].Enabled && accounts[i].Takes(a.price.Currency) {
			taking++
		}
	}
	switch {
	case taking < 2:
		return string(RouteOnly)
	case a.offer.Count > 1:
		return string(RouteCard)
	}
	return string(RouteFirst)
}
