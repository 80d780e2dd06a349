package redisstore

import (
	"encoding/hex"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/testenv"
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
		if bits&128 != 0 {
			h.Asks, h.Counted, h.Made, h.Most = order, bits&1 != 0, int(int32(counts)), int(counts>>7)
			h.Items = text
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

// A copy as the version before wrote it is read and claimed until it is written anew (C25).
func TestC25_CopiesOfTheVersionBeforeAreRead(t *testing.T) {
	old, err := hex.DecodeString("a16f000000000001006d0cb10280dadea7c06880f0b252d286036b7000397028635055bf5f1fcbb8bc000115d9bd9cf9b327869aee99370a161e" +
		"06b11b4b6173c4b16d206179c4b1206169646174c4b12c204220426c6f6b124f442d3236313132322d4b37513230303031cf24")
	if err != nil {
		t.Fatal(err)
	}
	want := storetest.HotCopy(1, start)
	want.Order = "OD-261122-K7Q20001"
	got, err := unpack(string(old), want.Token, never)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("read %+v, %v\nwant %+v", got, err, want)
	}
	server := testenv.NewRedis(t)
	s := open(t, Config{URL: server.URL()})
	server.Do(t, "SET", prefix+string(want.Token), string(old))
	must(t, s.Claim(t.Context(), want.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", time.Hour))
	if h, err := s.Open(t.Context(), want.Token); err != nil || h.State != checkout.HotBusy {
		t.Errorf("claimed, it is %q, %v", h.State, err)
	}
}

// Our own order numbers take eight bytes, whatever looks like them stays a text, and each comes back as it was.
func TestOrderNumbersComeBack(t *testing.T) {
	for order, long := range map[string]int{
		"OD-261122-K7Q2MZ4R": 8, "OD-000101-22222222": 8, "OD-991231-ZZZZZZZZ": 8, "": 1, "SIP-2026-1": 11,
		"OD-261322-K7Q2MZ4R": 19, "OD-260022-K7Q2MZ4R": 19, "OD-261100-K7Q2MZ4R": 19, "OD-261132-K7Q2MZ4R": 19, "OD-2a1122-K7Q2MZ4R": 19,
		"OD-261122-K7Q2MZ4O": 19, "OD-261122-k7q2mz4r": 19, "OD-261122_K7Q2MZ4R": 19, "od-261122-K7Q2MZ4R": 19, "OD-261122-K7Q2MZ4RR": 20,
		strings.Repeat("1", 64): 66,
	} {
		packed := appendOrder(nil, order)
		if len(packed) != long {
			t.Errorf("%q takes %d bytes, want %d", order, len(packed), long)
		}
		h := storetest.HotCopy(1, start)
		h.Order = checkout.OrderNumber(order)
		whole, err := pack(h)
		must(t, err)
		if got, err := unpack(string(whole), h.Token, never); err != nil || got.Order != h.Order {
			t.Errorf("%q comes back as %q, %v", order, got.Order, err)
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
