package checkout

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PaymentText is what a person typed to find payments, read in every way in which it can be meant: a payment is
// found that any of them is true of. A field that is empty is not asked for.
type PaymentText struct {
	ID        PaymentID
	Link      LinkID
	Token     Token  // of its link
	Reference string // PaymentID.Reference
	Word      string // exactly its order number here or at the bank, its RRN, or its authorisation code
	BIN       string // six to eight digits that the card's number begins with
	Last4     string // of the card; with BIN both must be true
	Amounts   []Money
	Text      string // somewhere in its link's description, order number or customer
}

var (
	maskedCard = regexp.MustCompile(`^([0-9]{6,8})[*xX•.…\s]+([0-9]{4})$`)
	hiddenCard = regexp.MustCompile(`^[*xX•.…\s]+([0-9]{4})$`)
	linkToken  = regexp.MustCompile(`/p/([0-9A-Za-z]+)`)
)

const (
	maxPaymentText = 200 // characters of what is typed
	minLinkText    = 3   // characters that are looked for inside of others
)

// ReadPaymentText reads what was typed. A whole card number is taken for its first digits and its last, and
// kept nowhere: MaskCard says how it is shown instead. ok is false where nothing is asked for.
func ReadPaymentText(typed string) (t PaymentText, ok bool) {
	typed = strings.TrimSpace(strings.ToValidUTF8(typed, ""))
	if r := []rune(typed); len(r) > maxPaymentText {
		typed = string(r[:maxPaymentText])
	}
	typed = MaskCard(typed)
	if typed == "" {
		return t, false
	}
	if m := linkToken.FindStringSubmatch(typed); m != nil && Token(m[1]).Valid() {
		return PaymentText{Token: Token(m[1])}, true
	}
	if t, ok := cardTyped(typed); ok {
		return t, true
	}
	switch {
	case PaymentID(typed).Valid():
		return PaymentText{ID: PaymentID(typed)}, true
	case LinkID(typed).Valid():
		return PaymentText{Link: LinkID(typed)}, true
	}
	t.Word = typed
	if _, may := ReferencedBy(typed); may {
		t.Reference = typed
	}
	if allDigits(typed) {
		switch len(typed) {
		case 4:
			t.Last4 = typed
		case 6, 7, 8:
			t.BIN = typed
		}
	}
	t.Amounts = amountsTyped(typed)
	t.Text = linkText(typed, len(t.Amounts) > 0)
	return t, true
}

// cardTyped reads what is left of a card's number on receipts: "415565******1234", "4155 65** **** 1234",
// "415565 1234", "**** 1234".
func cardTyped(typed string) (t PaymentText, ok bool) {
	if strings.ContainsAny(typed, "*xX•.…") {
		typed = strings.Join(strings.Fields(typed), "")
	}
	if m := maskedCard.FindStringSubmatch(typed); m != nil {
		return PaymentText{BIN: m[1], Last4: m[2]}, true
	}
	if m := hiddenCard.FindStringSubmatch(typed); m != nil {
		return PaymentText{Last4: m[1]}, true
	}
	return t, false
}

// amountsTyped are the amounts that a text can be, one of each currency in which it can be one.
func amountsTyped(typed string) (all []Money) {
	for _, c := range Currencies {
		if m, err := ParseTyped(typed, c); err == nil && m.Minor > 0 {
			all = append(all, m)
		}
	}
	return all
}

// linkText is what is looked for in links: not in vain for what is an amount, or the few digits of a card.
func linkText(typed string, amount bool) string {
	if phone := NormalPhone(typed); phone != "" {
		return phone
	}
	digits := len(typed)
	if !allDigits(typed) {
		digits = 0
	}
	if utf8.RuneCountInString(typed) < minLinkText || digits > 0 && digits < 5 || amount && digits == 0 {
		return ""
	}
	return typed
}

// What stays of a card's number: its first eight digits, six of a short one, and its last four (invariant I14).
const (
	shownFirst = 8
	shownShort = 6
	shownLast  = 4
	shortPAN   = 16
	leastPAN   = 13 // digits of what HoldsCard takes for a number, and the most
	mostPAN    = 19
)

// MaskCard answers a text that is a card's number with the number masked, "" for one that holds a number among
// other things, and every other text as it is.
func MaskCard(text string) string {
	if !HoldsCard(text) {
		return text
	}
	var digits []byte
	for _, r := range text {
		if d, ok := anyDigit(r); ok {
			digits = append(digits, d)
		}
	}
	if len(digits) < leastPAN || len(digits) > mostPAN || strings.ContainsFunc(text, unicode.IsLetter) {
		return ""
	}
	first := shownFirst
	if len(digits) < shortPAN {
		first = shownShort
	}
	return string(slices.Concat(digits[:first], []byte("****"), digits[len(digits)-shownLast:]))
}
