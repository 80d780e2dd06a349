package payfor

import (
	"regexp"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
)

// class says what a code means for the money (section 7).
type class byte

const (
	soft      class = 'S' // refused; another try or card may work
	hard      class = 'H' // refused; not again with this card
	setup     class = 'M' // the message or the merchant's settings were refused before anything was done
	technical class = 'T' // may have been done or not
	// state: the answer speaks of where an order stands, so it may be the echo of an earlier delivery. It is no refusal
	// of the payment itself and decides nothing about it.
	state class = 'A'
)

// meaning is what we make of a code.
type meaning struct {
	class  class
	reason checkout.Reason
}

// The codes that the dialect's own steps ask for by name.
const (
	codeApproved     = "00"
	codeVerified     = "V033" // 3-D passed: success of step one, not paid
	codeNotVerified  = "V034"
	codeACSRefused   = "MR15"
	codeUnfinished   = "V000"
	codeUnknown      = "V013"
	codeUnknownMsg   = "M027"
	codeBeforeDayEnd = "V014" // refund too early
	codeVoided       = "V017"
	codeNoVoid       = "V018"
	codeNoBatch      = "V032"
	codeNotFinished  = "V020"
	codeNoOriginal   = "V021"
	codeOrderUsed    = "101310"
	codeOrderUsedV   = "V029"

	// Of the bank's host, about the original of a void.
	codeNoOriginal25     = "25"
	codeNoOriginal29     = "29"
	codeOriginalDeclined = "28"
)

// meanings lists every code that is not what its group says (see meaningOf).
var meanings = func() map[string]meaning {
	m := map[string]meaning{}
	add := func(c class, r checkout.Reason, codes ...string) {
		for _, code := range codes {
			m[code] = meaning{c, r}
		}
	}
	add(soft, checkout.ReasonReferToIssuer, "01", "02", "08")
	add(setup, checkout.ReasonMerchantSetup, "03", "58")
	// Lost and stolen are not told apart from other blocked cards (A31).
	add(hard, checkout.ReasonCardNotUsable, "04", "07", "33", "36", "38", "41", "43", "62")
	add(soft, checkout.ReasonDoNotHonour, "05", "55")
	add(hard, checkout.ReasonSecurity, "06", "63", "78")
	add(soft, checkout.ReasonTryAgain, "09", "19")
	add(soft, checkout.ReasonGeneric, "12", "V044")
	add(setup, checkout.ReasonAmount, "13", "M004", "M012", "M019", "M045")
	add(hard, checkout.ReasonInvalidCard, "14", "15", "52", "53", "56")
	add(soft, checkout.ReasonInvalidCard, "M006", "M008", "M041", "V005")
	add(soft, checkout.ReasonWrongCVV, "34", "82", "M005", "M018")
	add(soft, checkout.ReasonInsufficientFunds, "51")
	add(hard, checkout.ReasonExpiredCard, "54")
	add(soft, checkout.ReasonClosedToOnline, "57")
	add(soft, checkout.ReasonLimitExceeded, "61")
	add(soft, checkout.ReasonCountExceeded, "65")
	add(hard, checkout.ReasonPINTries, "22", "75")
	add(soft, checkout.ReasonIssuerUnavailable, "91", "92")
	add(soft, checkout.ReasonAuthentication, codeNotVerified, codeACSRefused, "V012", "M011")
	add(soft, checkout.ReasonInstallment, "M020", "V023", "V024")
	// 68 (answer too late) and 94 (sent twice) are ISO 8583's; either way the money may have moved.
	add(technical, checkout.ReasonTryAgain, "68", "94", "96", "V002", "V003", "V036", "V111", "V9196", "V9199")
	add(state, checkout.ReasonTryAgain, codeUnfinished, codeVerified, codeUnknown, codeUnknownMsg, codeBeforeDayEnd, "V015", "V016",
		codeVoided, codeNoVoid, "V019", codeNotFinished, codeNoOriginal, "V022", "V025", "V026", "V027", codeOrderUsedV, codeNoBatch, "V037",
		codeOrderUsed, "P001", "P002", codeNoOriginal25, codeOriginalDeclined, codeNoOriginal29, "95", "98")
	return m
}()

var (
	hostCode = regexp.MustCompile(`^\d{2}$`)
	ownCode  = regexp.MustCompile(`^[VMP]\d{3}$`)
)

// meaningOf never fails: an unlisted two-digit code is the issuer's no, an unlisted code of the bank's own groups is a
// refused message, and anything else is no answer at all (section 7).
func meaningOf(code string) meaning {
	if m, known := meanings[code]; known {
		return m
	}
	switch {
	case code == codeApproved:
		return meaning{technical, checkout.ReasonTryAgain} // whoever asks here expected a refusal
	case hostCode.MatchString(code):
		return meaning{soft, checkout.ReasonDoNotHonour}
	case ownCode.MatchString(code):
		return meaning{setup, checkout.ReasonMerchantSetup}
	}
	return meaning{technical, checkout.ReasonTryAgain}
}

// refuses says whether a code is an explicit no to the payment.
func (m meaning) refuses() bool { return m.class == soft || m.class == hard || m.class == setup }

// decline is the reason for people and the bank's own words for the merchant, masked.
func decline(code, text string) checkout.Decline {
	return checkout.Decline{Code: meaningOf(code).reason, BankCode: wire.Mask(code), Message: wire.Mask(text)}
}
