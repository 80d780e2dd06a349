package web

import (
	"strconv"

	"github.com/odelink/odelink/checkout"
)

// AppendOffers writes an offer table as the contract's JSON (section 3). why adds the reason of
// each count that is not offered. It is written by hand because it is asked at every typed card.
func AppendOffers(dst []byte, t checkout.OfferTable, why bool) []byte {
	dst = append(dst, `{"bin":`...)
	dst = strconv.AppendQuote(dst, t.Asked)
	dst = append(dst, `,"brand":`...)
	dst = appendNullable(dst, string(t.BIN.Brand))
	dst = append(dst, `,"kind":`...)
	dst = appendNullable(dst, string(t.BIN.Kind))
	dst = append(dst, `,"issuer":`...)
	dst = appendNullable(dst, t.BIN.Issuer)
	dst = append(dst, `,"program":`...)
	dst = appendNullable(dst, t.BIN.Program)
	dst = append(dst, `,"currency":`...)
	dst = strconv.AppendQuote(dst, string(t.Currency))
	dst = append(dst, `,"offers":[`...)
	for i, o := range t.Offers {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendOffer(dst, o)
	}
	dst = append(dst, ']')
	if why {
		dst = appendExcluded(dst, t.Excluded)
	}
	return append(dst, '}')
}

func appendOffer(dst []byte, o checkout.Offer) []byte {
	dst = append(dst, `{"count":`...)
	dst = strconv.AppendInt(dst, int64(o.Count), 10)
	dst = append(dst, `,"total":`...)
	dst = strconv.AppendInt(dst, o.Total, 10)
	dst = append(dst, `,"monthly":`...)
	dst = strconv.AppendInt(dst, o.Monthly, 10)
	if o.Last != o.Monthly {
		dst = append(dst, `,"last":`...)
		dst = strconv.AppendInt(dst, o.Last, 10)
	}
	if o.Count > 1 {
		dst = append(o.Rate.AppendTo(append(dst, `,"rate":"`...)), '"')
	}
	return append(dst, '}')
}

func appendExcluded(dst []byte, excluded []checkout.Exclusion) []byte {
	dst = append(dst, `,"excluded":[`...)
	for i, x := range excluded {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"count":`...)
		dst = strconv.AppendInt(dst, int64(x.Count), 10)
		dst = append(dst, `,"reason":`...)
		dst = strconv.AppendQuote(dst, x.Reason)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendNullable writes text from our own tables, "" as null.
func appendNullable(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, ' ')
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
