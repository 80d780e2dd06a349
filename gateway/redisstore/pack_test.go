package redisstore

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/storetest"
)

func never() time.Time { panic("the clock is asked without a claim") }

func FuzzPackedCopiesComeBack(f *testing.F) {
	f.Add(int64(1), int64(2), "lnk_Zk3vQ8sYtB1mXc5RnD0001", "mer_7GhT2kLpWqZ9sVbXnM4cRd", "aidat", "OD-1", "TRY", int64(1700000000000), int64(86400000), uint32(0xfff), byte(0))
	f.Add(int64(maxRev), int64(-1), "lnk_", "", "\x00\xff", strings.Repeat("ş", 200), "XTS", int64(0), int64(-5), uint32(0), byte(255))
	f.Add(int64(0), int64(math.MinInt64), "lnk_zzzzzzzzzzzzzzzzzzzzzz", "mer_0000000000000000000000", "", "", "", int64(math.MaxInt32), int64(1), uint32(1), byte(7))
	f.Fuzz(func(t *testing.T, rev, number int64, link, merchant, text, order, currency string, at, span int64, counts uint32, bits byte) {
		h := checkout.Hot{
			Token: "Tok000000001", Link: checkout.LinkID(link), Merchant: checkout.MerchantID(merchant), Rev: rev & maxRev, Version: number,
			State: checkout.HotState("obsdr"[int(bits)%5]), Open: bits&1 != 0, PayerNote: bits&2 != 0,
			Amount:      checkout.Money{Minor: number, Currency: checkout.Currency(currency)},
			Description: text, Order: checkout.OrderNumber(order),
		}
		// Any millisecond of the years 1 to 9999, which is what a link can have.
		millis := func(v int64) time.Time { return time.UnixMilli(v % 200e12).UTC() }
		if bits&4 != 0 {
			h.ActiveFrom, h.MinMinor = millis(at), span
		}
		if bits&8 != 0 {
			h.ExpiresAt, h.MaxMinor = millis(at+span), at
		}
		if bits&16 != 0 {
			h.PaidAt, h.Category = millis(span), text
		}
		if bits&32 != 0 {
			h.PaidBy = checkout.PaymentID("pay_" + strings.TrimPrefix(link, "lnk_"))
		}
		if bits&64 != 0 {
			h.Installments = []int{}
			for c := range 32 {
				if counts>>c&1 == 1 {
					h.Installments = append(h.Installments, c-3)
				}
			}
		}
		packed, err := pack(h)
		if err != nil {
			if len(text)+len(order)+len(link)+len(merchant) < 1000 {
				t.Fatal(err)
			}
			return
		}
		got, err := unpack(string(packed), h.Token, never)
		if err != nil || !reflect.DeepEqual(got, h) {
			t.Fatalf("packed   %+v\nunpacked %+v, %v", h, got, err)
		}
	})
}

func FuzzUnpackTakesAnything(f *testing.F) {
	good, err := pack(storetest.HotCopy(1, start))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(append(good, "123456pay_AAAAAAAAAAAAAAAAAAAAAA"...))
	f.Add([]byte{})
	f.Add([]byte("\xa1o\x00\x00\x00\x00\x00\x01\x00\x0c\xff\xff"))
	f.Fuzz(func(t *testing.T, v []byte) {
		h, err := unpack(string(v), "Tok000000001", func() time.Time { return start })
		if err != nil {
			return
		}
		again, err := pack(h)
		if err != nil {
			t.Fatalf("what was read cannot be written: %+v: %v", h, err)
		}
		if back, err := unpack(string(again), h.Token, never); err != nil || !reflect.DeepEqual(back, h) {
			t.Fatalf("read    %+v\nre-read %+v, %v", h, back, err)
		}
	})
}

// A single bit that flips must not make another amount or state of a copy look right; the head says
// nothing about the body, so most flips are seen by its shape or change a text. This one walks them
// all and wants no panic, and no copy under another token.
func TestFlippedBitsNeverPanic(t *testing.T) {
	good, err := pack(storetest.HotCopy(1, start))
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(good) * 8 {
		v := append([]byte(nil), good...)
		v[i/8] ^= 1 << (i % 8)
		if h, err := unpack(string(v), "Tok000000001", func() time.Time { return start }); err == nil && h.Token != "Tok000000001" {
			t.Errorf("bit %d: token %q", i, h.Token)
		}
	}
}

func TestAClaimEndsAtItsMillisecond(t *testing.T) {
	packed, err := pack(storetest.HotCopy(1, start))
	if err != nil {
		t.Fatal(err)
	}
	claim := make([]byte, untilBytes)
	putUint48(claim, uint64(start.UnixMilli()))
	v := string(packed) + string(claim) + "pay_AAAAAAAAAAAAAAAAAAAAAA"
	for since, want := range map[time.Duration]checkout.HotState{-time.Millisecond: checkout.HotBusy, 0: checkout.HotOpen, time.Hour: checkout.HotOpen} {
		h, err := unpack(v, "Tok000000001", func() time.Time { return start.Add(since) })
		if err != nil || h.State != want {
			t.Errorf("%s after its end: %q, %v; want %q", since, h.State, err, want)
		}
	}
}

func TestUnpackAllocatesLittle(t *testing.T) {
	packed, err := pack(storetest.HotCopy(1, start))
	if err != nil {
		t.Fatal(err)
	}
	v, token := string(packed), storetest.HotToken(1)
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := unpack(v, token, never); err != nil {
			t.Fatal(err)
		}
	}); n > 2 { // the identifiers, the counts
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkUnpack(b *testing.B) {
	packed, err := pack(storetest.HotCopy(1, start))
	if err != nil {
		b.Fatal(err)
	}
	v, token := string(packed), storetest.HotToken(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := unpack(v, token, never); err != nil {
			b.Fatal(err)
		}
	}
}
