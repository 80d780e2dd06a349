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
	began := start.UnixMilli()
	f.Add(int64(1), int64(1), "lnk_Zk3vQ8sYtB1mXc5RnD0001", "mer_7GhT2kLpWqZ9sVbXnM4cRd", "aidat", "OD-261122-K7Q2MZ4R", "TRY", began, int64(aDay), uint32(0x7ff8), byte(12|32|64))
	f.Add(int64(3), int64(2500), "lnk_Zk3vQ8sYtB1mXc5RnD0001", "mer_7GhT2kLpWqZ9sVbXnM4cRd", "aidat", "OD-261122-K7Q2MZ4R", "USD", began+1234, int64(90*minute), uint32(0), byte(8|16|32))
	f.Add(int64(3), int64(-2500), "lnk_Zk3vQ8sYtB1mXc5RnD0001", "mer", "aidat", "OD-991231-K7Q2MZ4R", "", int64(-62198755200000), int64(-1), uint32(0), byte(4|8|128))
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

// fullCopy is a copy that says everything a copy can say.
func fullCopy() checkout.Hot {
	h := storetest.HotCopy(1, start)
	h.Version, h.Rev, h.State, h.Sale = 7, 9, checkout.HotSpent, checkout.SaleConsumer
	h.Open, h.PayerNote, h.Amount.Minor, h.MinMinor, h.MaxMinor = true, true, 0, 1000, 250000
	h.Category, h.PaidBy, h.PaidAt = "education", "pay_AbCdEfGh23456789jkmnpq", start.Add(time.Hour)
	h.Asks, h.Items, h.Counted, h.Made, h.Most = "asks", "items", true, 5, 5
	return h
}

// Copies as the versions before wrote them are read and claimed until they are written anew (C25).
func TestC25_CopiesOfTheVersionsBeforeAreRead(t *testing.T) {
	first, plain, named, spent := storetest.HotCopy(1, start), storetest.HotCopy(1, start), storetest.HotCopy(1, start), storetest.HotCopy(1, start)
	first.Order, named.Order = "OD-261122-K7Q20001", "SIP/2026-1"
	spent.State, spent.Rev, spent.PaidBy, spent.PaidAt = checkout.HotSpent, 3, "pay_AbCdEfGh23456789jkmnpq", start.Add(time.Hour)
	server := testenv.NewRedis(t)
	s := open(t, Config{URL: server.URL()})
	for name, test := range map[string]struct {
		packed string
		want   checkout.Hot
	}{
		"1": {"a16f000000000001006d0cb10280dadea7c06880f0b252d286036b7000397028635055bf5f1fcbb8bc000115d9bd9cf9b327869aee99370a161e" +
			"06b11b4b6173c4b16d206179c4b1206169646174c4b12c204220426c6f6b124f442d3236313132322d4b37513230303031cf24", first},
		"2": {"a26f00000000000100620cb10280dadea7c06880f0b252d286036b7000397028635055bf5f1fcbb8bc000115d9bd9cf9b327869aee99370a161e06b1" +
			"1b4b6173c4b16d206179c4b1206169646174c4b12c204220426c6f6b0127136e124caa20cf24", plain},
		"2 with a merchant's own number": {"a26f00000000000100650cb10280dadea7c06880f0b252d286036b7000397028635055bf5f1fcbb8bc000115d9bd9cf9b327869aee99370a161e06b1" +
			"1b4b6173c4b16d206179c4b1206169646174c4b12c204220426c6f6b145349502f323032362d31cf24", named},
		"2, paid": {"a27300000000000300793cf10280dadea7c06880f0b252d286036b7000397028635055bf5f1fcbb8bc000115d9bd9cf9b327869aee99370a161e06b1" +
			"1b4b6173c4b16d206179c4b1206169646174c4b12c204220426c6f6b0127136e124caa20cf241fdcaf9cd848b3b0c4541d958e87710c8e809496abc0" +
			"68", spent},
		"3": {"a3730000000000090095fff10e80dadea7c06880f0b25200d00fa0c21e6b7000397028635055bf5f1fcbb8bc000115d9bd9cf9b327869aee99370a16" +
			"1e06b11b4b6173c4b16d206179c4b1206169646174c4b12c204220426c6f6b0127136e124caa2009656475636174696f6ecf241fdcaf9cd848b3b0c4" +
			"541d958e87710c8e809496abc0680f0461736b73010a0a056974656d73", fullCopy()},
	} {
		t.Run(name, func(t *testing.T) {
			old, err := hex.DecodeString(test.packed)
			must(t, err)
			got, err := unpack(string(old), test.want.Token, never)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Fatalf("read %+v, %v\nwant %+v", got, err, test.want)
			}
			server.Do(t, "SET", prefix+string(test.want.Token), string(old))
			want := checkout.HotBusy
			if test.want.State == checkout.HotSpent {
				want = checkout.HotSpent
			} else {
				must(t, s.Claim(t.Context(), test.want.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", time.Hour))
			}
			if h, err := s.Open(t.Context(), test.want.Token); err != nil || h.State != want {
				t.Errorf("claimed, it is %q, %v; want %q", h.State, err, want)
			}
		})
	}
}

// What Redis keeps of a link is a value of at most 92 bytes, or 108 once it is paid: more takes another 16.
func TestALinkMadeWithAnAmountAndADescriptionIsShort(t *testing.T) {
	blank := checkout.Link{
		ID: "lnk_Zk3vQ8sYtB1mXc5RnDWe4T", Token: "Tok000000001", Merchant: "mer_7GhT2kLpWqZ9sVbXnM4cRd", Order: "OD-261122-K7Q2MZ4R",
		Amount: checkout.Money{Minor: 25000, Currency: checkout.TRY}, Description: "Kasım ayı aidatı, B Blok", Usage: checkout.UsageSingle, Version: 1, Rev: 1,
		ActiveFrom: start.Add(123456789), ExpiresAt: start.Add(checkout.DefaultLife + 123456789), // nanoseconds are cut off
	}
	chosen := blank
	chosen.Amount.Minor, chosen.Installments = 25075, []int{1, 2, 3, 6, 9, 12}
	chosen.ExpiresAt = start.Add(8 * 24 * time.Hour)
	paid := blank
	paid.PaidCount, paid.Rev, paid.PaidBy, paid.PaidAt = 1, 3, "pay_AbCdEfGh23456789jkmnpq", blank.ActiveFrom.Add(20*time.Hour)
	open, own := blank, blank
	open.Open, open.Amount.Minor, open.MinMinor, open.MaxMinor = true, 0, 1000, 250000
	own.Order = "SIP-2026-1"
	for name, test := range map[string]struct {
		link checkout.Link
		want int
	}{
		"an amount and a description":                     {blank, 85},
		"six instalment counts, kuruş, a week and a time": {chosen, 91},
		"paid":                {paid, 106},
		"an open amount":      {open, 90},
		"an own order number": {own, 91},
	} {
		packed, err := pack(test.link.Hot())
		if err != nil || len(packed) != test.want {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(packed), err, test.want)
		}
	}
}

// Times come back to the millisecond, and those that people choose take little.
func TestTimesComeBack(t *testing.T) {
	at := start.Add(27*time.Second + 418*time.Millisecond)
	short, long := time.UnixMilli(epoch+shortMillis-1).UTC(), time.UnixMilli(epoch+shortMillis).UTC()
	for name, test := range map[string]struct {
		from, until time.Time
		want        int // bytes
	}{
		"none":                           {want: 0},
		"a beginning":                    {from: at, want: 5},
		"an end alone":                   {until: start, want: 4},
		"an end alone, not on a minute":  {until: at, want: 6},
		"a day":                          {from: at, until: at.Add(24 * time.Hour), want: 5},
		"a day and a millisecond":        {from: at, until: at.Add(24*time.Hour + time.Millisecond), want: 9},
		"thirty days":                    {from: at, until: at.Add(30 * 24 * time.Hour), want: 8},
		"until a minute of the clock":    {from: at, until: start.Add(9 * time.Hour), want: 7},
		"until the minute of the start":  {from: at, until: start, want: 6},
		"an end before the beginning":    {from: at, until: at.Add(-time.Hour), want: 9},
		"before the epoch":               {from: time.UnixMilli(epoch - 1).UTC(), want: 7},
		"the epoch":                      {from: time.UnixMilli(epoch).UTC(), want: 5},
		"the last short one":             {from: short, until: short.Add(24 * time.Hour), want: 5},
		"the first long one":             {from: long, until: long.Add(24 * time.Hour), want: 8},
		"before 1970, a minute after it": {from: time.UnixMilli(-59_999).UTC(), until: time.UnixMilli(60_000).UTC(), want: 5},
	} {
		h := checkout.Hot{State: checkout.HotOpen, ActiveFrom: test.from, ExpiresAt: test.until, Token: "Tok000000001", Order: "OD-261122-K7Q2MZ4R"}
		if b, _, _ := appendTimes(nil, h); len(b) != test.want {
			t.Errorf("%s: %d bytes, want %d", name, len(b), test.want)
		}
		packed, err := pack(h)
		must(t, err)
		if got, err := unpack(string(packed), h.Token, never); err != nil || !reflect.DeepEqual(got, h) {
			t.Errorf("%s: packed %+v, unpacked %+v, %v", name, h, got, err)
		}
	}
}

// Our own order numbers take five bytes on the day when their link begins and seven else, whatever looks like them
// stays a text, and each comes back as it was.
func TestOrderNumbersComeBack(t *testing.T) {
	for order, long := range map[string]int{
		"OD-261122-K7Q2MZ4R": 5, "OD-261123-K7Q2MZ4R": 7, "OD-000101-22222222": 7, "OD-991231-ZZZZZZZZ": 7, "": 1, "SIP-2026-1": 11,
		"OD-261322-K7Q2MZ4R": 19, "OD-260022-K7Q2MZ4R": 19, "OD-261100-K7Q2MZ4R": 19, "OD-261132-K7Q2MZ4R": 19, "OD-2a1122-K7Q2MZ4R": 19,
		"OD-261122-K7Q2MZ4O": 19, "OD-261122-k7q2mz4r": 19, "OD-261122_K7Q2MZ4R": 19, "od-261122-K7Q2MZ4R": 19, "OD-261122-K7Q2MZ4RR": 20,
		strings.Repeat("1", 64): 65,
	} {
		h := storetest.HotCopy(1, start)
		packed, _ := appendOrder(nil, order, h.ActiveFrom)
		if len(packed) != long {
			t.Errorf("%q takes %d bytes, want %d", order, len(packed), long)
		}
		h.Order = checkout.OrderNumber(order)
		for _, from := range []time.Time{h.ActiveFrom, {}} {
			h.ActiveFrom = from
			whole, err := pack(h)
			must(t, err)
			if got, err := unpack(string(whole), h.Token, never); err != nil || got.Order != h.Order {
				t.Errorf("%q of a link that begins at %s comes back as %q, %v", order, from, got.Order, err)
			}
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
