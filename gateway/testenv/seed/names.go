package seed

import (
	"time"

	"github.com/odelink/odelink/checkout"
)

const (
	base62  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	plain31 = "23456789ABCDEFGHJKMNPQRSTUVWXYZ" // of the order numbers that checkout.IDs makes
)

// Token is the token of link number n. It looks as random as a drawn one, so that it spreads over shards,
// slots and index pages as those do.
func Token(n int) checkout.Token { return checkout.Token(spelled(uint64(n), 1, checkout.TokenLength)) }

func linkID(n int) checkout.LinkID { return checkout.LinkID("lnk_" + spelled(uint64(n), 2, 22)) }

// order is the order number of link number n, as the gateway makes one on that day for a merchant who gives none.
// Multiplied by what shares no factor with them, all numbers below 31^8 stay different and look as random as drawn ones.
func order(n int, made time.Time) checkout.OrderNumber {
	b := []byte(made.In(checkout.Istanbul()).Format("OD-060102-"))
	v := uint64(n) * 2_654_435_761
	for range 8 {
		b = append(b, plain31[v%31])
		v /= 31
	}
	return checkout.OrderNumber(b)
}

// spelled writes digits of base62 that follow from a number. Twelve of them stand for 71 bits, so that among ten
// million numbers two alike are not to be expected; the ledger would refuse them.
func spelled(n, purpose uint64, digits int) string {
	b := make([]byte, 0, digits)
	v := mix(n)
	for i := range digits {
		if i > 0 && i%10 == 0 {
			v = mix(n ^ purpose<<56 ^ uint64(i)<<48)
		}
		b = append(b, base62[v%62])
		v /= 62
	}
	return string(b)
}

// mix is the finalizer of splitmix64 (Steele, Lea, Flood 2014): one to one on 64 bits.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
