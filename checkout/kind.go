package checkout

// KindInfo describes one kind of account, for the panel, the API and the doctor.
type KindInfo struct {
	Kind        string     // as in accounts: "payfor"
	Name        string     // for people
	Modes       []ModeInfo // the first is the default
	Credentials []CredentialInfo
	Currencies  []Currency // what the dialect can write for certain
	Banks       []BankInfo // where the dialect is spoken
}

// ModeInfo is one way of taking a payment.
type ModeInfo struct {
	Name       string
	OneStep    bool // the bank charges before the browser returns
	HostedCard bool // the bank's own page takes the card
}

// CredentialInfo is one setting of an account.
type CredentialInfo struct {
	Name     string // the sheet's name in lower snake case
	Secret   bool   // never shown again
	Fixed    bool   // names the merchant at the bank: another one is another account
	Of       string // the credential that it belongs to, without which it says nothing
	Required bool
	Default  string // used when it is left out
}

// BankInfo is a place where a dialect is spoken, and the defaults of accounts there.
type BankInfo struct {
	Name     string
	When     map[string]string // credentials that choose this bank, like mbr_id 5
	BaseURL  string            // production
	TestURL  string
	Issuers  []string // TCMB codes of its own cards
	Programs []string // instalment programmes that its virtual POS takes
}

// Mode finds a mode by name; "" is the default.
func (i KindInfo) Mode(name string) (ModeInfo, bool) {
	for n, m := range i.Modes {
		if m.Name == name || (name == "" && n == 0) {
			return m, true
		}
	}
	return ModeInfo{}, false
}
