package sqlstore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
	"sync"

	"github.com/odelink/odelink/checkout"
)

// canon writes values so that two different lists of values never give the same bytes: each value
// is its kind, its length and itself.
type canon struct{ b []byte }

func (c *canon) text(s string) {
	c.b = append(c.b, byte(kindText))
	c.b = binary.BigEndian.AppendUint32(c.b, uint32(len(s)))
	c.b = append(c.b, s...)
}

func (c *canon) blob(v []byte) {
	c.b = append(c.b, byte(kindBlob))
	c.b = binary.BigEndian.AppendUint32(c.b, uint32(len(v)))
	c.b = append(c.b, v...)
}

func (c *canon) num(n int64) {
	c.b = append(c.b, byte(kindNum))
	c.b = binary.BigEndian.AppendUint64(c.b, uint64(n))
}

// value writes a column's value as it is stored.
func (c *canon) value(v any) {
	switch v := v.(type) {
	case string:
		c.text(plain(v))
	case int64:
		c.num(v)
	case []byte:
		c.blob(v)
	default: // nil
		c.b = append(c.b, 0)
	}
}

// pairs writes a map in the order of its keys.
func (c *canon) pairs(m map[string]string) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	c.num(int64(len(keys)))
	for _, k := range keys {
		c.text(k)
		c.text(m[k])
	}
}

// sums are what the audit key's digests are worked out with: a key is set up once, not for each of a payment's
// six digests, and the bytes have room.
type sums struct{ free sync.Pool }

type sum struct {
	canon
	mac hash.Hash
}

// over is the digest under a key, always the same, of what write puts down.
func (s *sums) over(key []byte, write func(*canon)) []byte {
	m, ok := s.free.Get().(*sum)
	if !ok {
		m = &sum{mac: hmac.New(sha256.New, key)}
	}
	defer s.free.Put(m)
	m.b = m.b[:0]
	write(&m.canon)
	m.mac.Reset()
	m.mac.Write(m.b)
	return m.mac.Sum(nil)
}

// encodePairs is a map as bytes, for sealing.
func encodePairs(m map[string]string) []byte {
	var c canon
	c.pairs(m)
	return c.b
}

var errPairs = errors.New("not a list of pairs")

func decodePairs(b []byte) (map[string]string, error) {
	take := func(n int) ([]byte, error) {
		if n < 0 || len(b) < n {
			return nil, errPairs
		}
		out := b[:n]
		b = b[n:]
		return out, nil
	}
	text := func() (string, error) {
		head, err := take(5)
		if err != nil || head[0] != byte(kindText) {
			return "", errPairs
		}
		v, err := take(int(binary.BigEndian.Uint32(head[1:])))
		return string(v), err
	}
	head, err := take(9)
	if err != nil || head[0] != byte(kindNum) {
		return nil, errPairs
	}
	out := map[string]string{}
	for range binary.BigEndian.Uint64(head[1:]) {
		k, err := text()
		if err != nil {
			return nil, err
		}
		if out[k], err = text(); err != nil {
			return nil, err
		}
	}
	if len(b) > 0 {
		return nil, errPairs
	}
	return out, nil
}

// line is an event as it is stored: Row names the row whose content the event vouches for, and
// Digest is a keyed digest of that row's decisive columns right after the event (A67).
type line struct {
	checkout.Event
	row    string
	digest []byte
}

// hash binds an event to the one before it and to its row.
func (k *lasting) hash(l line) []byte {
	return k.sums.over(k.audit, func(c *canon) { c.line(l) })
}

func (c *canon) line(l line) {
	c.text("odelink event v1")
	c.blob(l.Prev)
	c.text(string(l.ID))
	c.text(string(l.Merchant))
	c.text(l.Subject)
	c.num(l.Seq)
	c.text(l.Type)
	c.text(l.Actor)
	c.text(l.IP)
	c.num(micros(l.At))
	c.pairs(l.Data)
	c.text(l.row)
	c.blob(l.digest)
}

// digest is over a row's columns as they are stored, in the order of the table. A later version of
// this program that binds more columns writes another version and still knows this one.
func (k *lasting) digest(table string, values []any) []byte {
	return k.sums.over(k.audit, func(c *canon) {
		c.text("odelink row v1")
		c.text(table)
		for _, v := range values {
			c.value(v)
		}
	})
}

// event is what a stored line says, cleaned as it is stored, with its place in the chain.
func (w *work) event(e checkout.Event, seq int64, prev []byte, rowID string, digest []byte) line {
	l := line{Event: e, row: rowID, digest: digest}
	l.ID = w.ids.Event(e.At)
	l.Seq, l.Prev = seq, prev
	l.At = fromMicros(micros(e.At))
	l.Subject, l.Type, l.Actor, l.IP = plain(e.Subject), plain(e.Type), plain(e.Actor), plain(e.IP)
	l.Data = plainPairs(e.Data)
	l.Hash = w.keys.hash(l)
	return l
}

// plainPairs is m as it comes back from the database; an empty map comes back as none.
func plainPairs(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[plain(k)] = plain(v)
	}
	return out
}

// values is the event's row.
func (l line) values() ([]any, error) {
	data, err := encodeJSON(l.Data)
	if err != nil {
		return nil, fmt.Errorf("write event %s: %w", l.ID, err)
	}
	return []any{
		l.Subject, l.Seq, string(l.ID), string(l.Merchant), l.Type, l.Actor, l.IP, micros(l.At), data,
		l.row, blank(l.digest), blank(l.Prev), l.Hash,
	}, nil
}

var events = newTable("events", `subject:t seq:n id:t merchant:t type:t actor:t ip:t at:n data:t
	row_id:t row_digest:b prev:b hash:b`)

func scanLine(r row) (line, error) {
	var l line
	l.Subject, l.Seq, l.ID = r.text(), r.num(), checkout.EventID(r.text())
	l.Merchant = checkout.MerchantID(r.text())
	l.Type, l.Actor, l.IP, l.At = r.text(), r.text(), r.text(), fromMicros(r.num())
	err := decodeJSON(r.text(), &l.Data)
	l.row, l.digest, l.Prev, l.Hash = r.text(), r.blob(), r.blob(), r.blob()
	return l, err
}
