package shop

import "time"

// Outcome is how a payment ends at the simulated bank once its payer is back from it.
type Outcome string

// The outcomes.
const (
	Pays     Outcome = "pays"     // paid, with one standing charge
	Declines Outcome = "declines" // not paid, and nothing charged
	Either   Outcome = "either"   // the gateway's to decide, or to find out: ledger and books have to agree, no more
)

// Plays is what a test card plays. Digits 11 to 13 of a number whose digits 14 and 15 are 00 are its script (the
// simulated bank's start page and GET /_bank/cards list them); other numbers play 000. Security code 000 and a
// past expiry, "MM/YY", are declined whatever the script says.
func Plays(card, cvc, expiry string, now time.Time) Outcome {
	last, err := time.Parse("01/06", expiry)
	if cvc == "000" || err == nil && !now.Before(last.AddDate(0, 1, 0)) {
		return Declines
	}
	if len(card) != 16 || card[13:15] != "00" {
		return Pays
	}
	switch card[10:13] {
	case "005", "041", "051", "054", "057", "061", "062", "065", "075", "082", "091", "900":
		return Declines
	case "002", "003", "004", // half-secure: who sells decides
		"901", "902", "903": // the answer about the money is lost on its way
		return Either
	}
	return Pays
}
