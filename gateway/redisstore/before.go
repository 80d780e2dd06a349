package redisstore

import (
	"time"

	"github.com/odelink/odelink/checkout"
)

// Bodies of the versions before. They are read and claimed until they are written anew, and written no more (C25).
// In version 1 an order number is a text. In 2 its length is doubled, and 1 stands for one of our own, packed. 3 is a
// link that says more than most, with a byte of further flags behind the fields; all others stayed 2.
const (
	formatText = 0xA1
	formatMore = 0xA3

	packedOrder = 1
)

// Their flags. The low four bits of the second byte are the currency.
const (
	beforeOpen = 1 << iota
	beforeNote
	beforeActiveFrom
	beforeExpiresAt
	beforePaidAt
	beforePaidBy
	beforeRange
	beforeCategory

	beforeShortLink     = 1 << 4
	beforeShortMerchant = 1 << 5
	beforeShortPaidBy   = 1 << 6
	beforeCounts        = 1 << 7
)

// readBefore reads a body of version 1, 2 or 3.
func (r *reader) readBefore(h *checkout.Hot, token checkout.Token, version, flags, more byte) {
	h.Open, h.PayerNote = flags&beforeOpen != 0, flags&beforeNote != 0
	h.Version = r.varint()
	var from int64
	if flags&beforeActiveFrom != 0 {
		from = r.varint()
		h.ActiveFrom = time.UnixMilli(from).UTC()
	}
	if flags&beforeExpiresAt != 0 {
		h.ExpiresAt = time.UnixMilli(from + r.varint()).UTC()
	}
	h.Amount.Minor = r.varint()
	h.Amount.Currency = r.currency(more & currencyBits)
	if flags&beforeRange != 0 {
		h.MinMinor, h.MaxMinor = r.varint(), r.varint()
	}
	var ids identifiers
	ids.link = r.idBefore(more&beforeShortLink != 0, linkPrefix)
	ids.merchant = r.idBefore(more&beforeShortMerchant != 0, merchantPrefix)
	h.Description = r.text()
	ids.order = r.orderBefore(version)
	if flags&beforeCategory != 0 {
		h.Category = r.text()
	}
	if more&beforeCounts != 0 {
		h.Installments = r.counts()
	}
	if flags&beforePaidBy != 0 {
		ids.paidBy = r.idBefore(more&beforeShortPaidBy != 0, paymentPrefix)
	}
	if flags&beforePaidAt != 0 {
		h.PaidAt = time.UnixMilli(r.varint()).UTC()
	}
	if version == formatMore {
		r.readMoreBefore(h)
	}
	r.settle(h, token, ids)
}

// readMoreBefore reads the further flags of version 3, which had four of them, and what they stand for.
func (r *reader) readMoreBefore(h *checkout.Hot) {
	if r.bad = r.bad || r.rest == "" || r.rest[0]&^(isConsumer|hasAsks|hasCount|hasItems) != 0; !r.bad {
		r.readMore(h, &identifiers{})
	}
}

func (r *reader) idBefore(short bool, prefix string) idRef {
	if short {
		return r.ownID(prefix)
	}
	return idRef{text: r.text()}
}

func (r *reader) orderBefore(version byte) idRef {
	if version == formatText {
		return idRef{text: r.text()}
	}
	u := r.uvarint()
	if u == packedOrder {
		return r.ownOrder(r.day())
	}
	if r.bad = r.bad || u&1 == 1 || u>>1 > uint64(len(r.rest)); r.bad {
		return idRef{}
	}
	return idRef{text: r.take(int(u >> 1))}
}
