package storetest

import (
	"bytes"
	"time"

	"github.com/odelink/odelink/checkout"
)

// OfflineKey is a key that is not stored.
func (b *Books) OfflineKey() checkout.OfflineKey {
	return checkout.OfflineKey{
		ID: b.IDs.OfflineKey(), Merchant: b.Merchant, Number: 0xABCDEF, Name: "ERP", Secret: bytes.Repeat([]byte{7}, 32), CreatedAt: b.Clock.Now(),
	}
}

func (b *Books) savesOffline(k checkout.OfflineKey) error {
	return b.Ledger.SaveOfflineKey(b.ctx, k, b.Event("offline_key.created"), checkout.Idempotency{})
}

func offlineKeyFields(b *Books) {
	k := b.OfflineKey()
	idem := checkout.Idempotency{Merchant: b.Merchant, Key: "once", Request: []byte("r"), Status: 201, Body: []byte(`{}`)}
	b.must(b.Ledger.SaveOfflineKey(b.ctx, k, b.Event("offline_key.created"), idem))
	b.want(b.Ledger.SaveOfflineKey(b.ctx, b.OfflineKey(), b.Event("offline_key.created"), idem), checkout.ErrKeyKnown)
	b.want(b.savesOffline(b.OfflineKey()), checkout.ErrOfflineNumber)
	b.Clock.Advance(time.Second)
	later := b.OfflineKey()
	later.Number = 1
	b.must(b.savesOffline(later))
	ended := k
	ended.RevokedAt, ended.Name, ended.Secret = b.Clock.Now(), "changed", []byte("changed")
	b.must(b.savesOffline(ended))
	ended.Name, ended.Secret = k.Name, k.Secret // of one that is there only its end is written
	got, err := b.Ledger.OfflineKeyOf(b.ctx, b.Merchant, k.ID)
	b.must(err)
	b.equal("by id", got, ended)
	got, err = b.Ledger.OfflineKeyByNumber(b.ctx, k.Number)
	b.must(err)
	b.equal("by number", got, ended)
	all, err := b.Ledger.OfflineKeys(b.ctx, b.Merchant)
	b.must(err)
	b.equal("all", all, []checkout.OfflineKey{later, ended})
	_, err = b.Ledger.OfflineKeyByNumber(b.ctx, 2)
	b.want(err, checkout.ErrNoOfflineKey)
	b.Merchant = b.NewMerchant()
	_, err = b.Ledger.OfflineKeyOf(b.ctx, b.Merchant, k.ID)
	b.want(err, checkout.ErrNoOfflineKey)
	stolen := k
	stolen.Merchant = b.Merchant
	b.want(b.savesOffline(stolen), checkout.ErrNoOfflineKey)
}

func offlineRevoked(b *Books) {
	errs := together(20, func(int) error {
		return b.Ledger.RevokeReference(b.ctx, b.Merchant, "FT-1", b.Event("offline_link.revoked"), checkout.Idempotency{})
	})
	b.equal("ends", tally(errs), map[string]int{"": 20})
	for reference, want := range map[checkout.OrderNumber]bool{"FT-1": true, "ft-1": false, "FT-2": false} {
		got, err := b.Ledger.ReferenceRevoked(b.ctx, b.Merchant, reference)
		b.must(err)
		b.equal(string(reference), got, want)
	}
	got, err := b.Ledger.ReferenceRevoked(b.ctx, b.NewMerchant(), "FT-1")
	b.must(err)
	b.equal("of somebody else", got, false)
}
