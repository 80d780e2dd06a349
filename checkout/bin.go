package checkout

// CardKind is how a card is funded.
type CardKind string

const (
	CardCredit  CardKind = "credit"
	CardDebit   CardKind = "debit"
	CardPrepaid CardKind = "prepaid"
	CardUnknown CardKind = ""
)

// BIN is what a prefix tells about a card. Empty fields are unknown, and unknown means single
// payment only.
type BIN struct {
	Prefix     string // the digits that matched: 6, 7 or 8 of them; "" when only the brand is known
	IssuerCode string // TCMB bank code, four digits
	Issuer     string // display name
	Brand      Brand
	Kind       CardKind
	Program    string // Bonus, World, Maximum, Axess, CardFinans, …
	Commercial bool
}

// BINs is the table of prefixes.
type BINs interface {
	// Lookup takes 6 to 8 digits and answers the longest matching prefix. Without a match it
	// answers the brand alone. It never fails: a table that is away behaves as an empty one.
	Lookup(prefix string) BIN
}

// Programmer is a BINs that knows the names of its cards' instalment programmes, and their issuers.
type Programmer interface {
	// Programs are the names, each once, in order.
	Programs() []string
	// Issuers are the names of the issuers by their TCMB codes.
	Issuers() map[string]string
}

// CardFacts is what of a card may be stored and shown.
type CardFacts struct {
	Brand      Brand
	Issuer     string
	IssuerCode string
	Program    string
	Kind       CardKind
	Commercial bool
	BIN        string // 8 digits, or 6 of a number shorter than 16 (invariant I14)
	Last4      string
}

// Facts joins the card's own digits with what the table knows.
func (c Card) Facts(b BIN) CardFacts {
	return CardFacts{
		Brand: c.Brand(), Issuer: b.Issuer, IssuerCode: b.IssuerCode, Program: b.Program,
		Kind: b.Kind, Commercial: b.Commercial, BIN: c.BIN(), Last4: c.Last4(),
	}
}
