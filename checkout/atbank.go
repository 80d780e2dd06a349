package checkout

import "sync"

// mostAtBanks bounds the payments that are remembered while their payers are at a bank: some 2 kB each, one for
// every payer of a minute in which seventy come a second. Of others the ledger is asked.
const mostAtBanks = 4096

// atBanks remembers payments that wait for their payers' return, as they were stored last, so that the first return
// need not read what this process wrote. It decides nothing: every step from there is a compare-and-set on the number
// of the payment's last event, and one that somebody else has moved is read anew.
type atBanks struct {
	mu   sync.Mutex
	kept map[PaymentID]Payment
}

func (a *atBanks) put(p Payment) {
	if p.Status != StatusChallenged {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kept == nil {
		a.kept = map[PaymentID]Payment{}
	}
	for id := range a.kept { // some other one, where there are too many
		if len(a.kept) < mostAtBanks {
			break
		}
		delete(a.kept, id)
	}
	a.kept[p.ID] = p
}

// moved keeps up with a step of this process.
func (a *atBanks) moved(p Payment) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.kept[p.ID]; !ok {
		return
	}
	if p.Status == StatusChallenged {
		a.kept[p.ID] = p
	} else {
		delete(a.kept, p.ID)
	}
}

// take answers a payment once.
func (a *atBanks) take(id PaymentID) (Payment, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := a.kept[id]
	delete(a.kept, id)
	return p, ok
}
