// Package offline mints payment links without asking anybody: a program that has a merchant's key signs amount,
// reference and expiry, and the short address that comes out is valid. The gateway makes the link when it is first
// opened. It imports the standard library only, so that any program can take it along; docs/offline-links.md
// describes the bits for programs in other languages, and testdata/vectors.json has examples.
//
// A blob is one number in base 62, whose bytes are
//
//	1        version 1 (3 bits), currency (3), text follows (1), reference packed (1)
//	3        number of the key
//	3        expiry, in minutes since 2026-01-01T00:00Z
//	1 to 6   amount in the currency's smallest unit, seven bits a byte, the least first
//	         where text follows: 1 length of the reference
//	…        reference
//	         where text follows: the description, UTF-8
//	8        the beginning of HMAC-SHA256 over "odelink offline v1", a zero byte, and all bytes before
package offline

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/big"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits.
const (
	// SecretSize is how many bytes a key's secret has.
	SecretSize = 32
	// MaxNumber is the largest number of a key.
	MaxNumber = 1<<24 - 1
	// MaxMinor is the largest amount: twelve digits, as in card messages.
	MaxMinor = 999_999_999_999
	// MaxReference and MaxDescription are in bytes.
	MaxReference   = 64
	MaxDescription = 80
	// MaxLength is longer than any blob.
	MaxLength = 230

	macSize = 8
	version = 1
)

// epoch is what expiries count from; they end in 2057.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Currencies by their number.
var Currencies = []string{"TRY", "USD", "EUR", "GBP", "JPY", "RUB"}

// What is wrong with terms, a key or a blob.
var (
	ErrAmount      = errors.New("offline: the amount is not between 1 and 999999999999")
	ErrCurrency    = errors.New("offline: the currency is none of TRY, USD, EUR, GBP, JPY, RUB")
	ErrReference   = errors.New("offline: a reference has 1 to 64 of A–Z, a–z, 0–9 and . _ / # -, and begins with a letter or digit")
	ErrDescription = errors.New("offline: a description has at most 80 bytes and no control characters")
	ErrExpiry      = errors.New("offline: the expiry lies before 2026 or behind 2057")
	ErrKey         = errors.New("offline: not a key")
	ErrBlob        = errors.New("offline: not a blob")
)

// Terms are what is signed.
type Terms struct {
	Minor       int64 // in the currency's smallest unit
	Currency    string
	Reference   string    // the order number, used once for ever
	ExpiresAt   time.Time // whole minutes; seconds are cut off
	Description string    // "" = none
}

// Key signs. Its secret stays with the program and the gateway.
type Key struct {
	Number uint32 // stands in every blob
	Secret []byte
}

const keyPrefix = "ofk"

// String is the key as it is handed over, once.
func (k Key) String() string {
	number := binary.BigEndian.AppendUint32(nil, k.Number)[1:]
	return keyPrefix + "_" + hex.EncodeToString(number) + "_" + base64.RawURLEncoding.EncodeToString(k.Secret)
}

// ParseKey reads what String writes. ErrKey.
func ParseKey(text string) (Key, error) {
	parts := strings.SplitN(strings.TrimSpace(text), "_", 3)
	if len(parts) != 3 || parts[0] != keyPrefix || len(parts[1]) != 6 {
		return Key{}, ErrKey
	}
	number, err := hex.DecodeString(parts[1])
	if err != nil {
		return Key{}, ErrKey
	}
	secret, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(secret) != SecretSize {
		return Key{}, ErrKey
	}
	return Key{Number: number24(number), Secret: secret}, nil
}

func number24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

// referenceShape is what an order number of a link may be.
var referenceShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/#-]{0,63}$`)

// check holds terms against what a link can have.
func (t Terms) check() (currency int, minutes int64, err error) {
	for currency < len(Currencies) && Currencies[currency] != t.Currency {
		currency++
	}
	minutes = int64(t.ExpiresAt.Sub(epoch) / time.Minute)
	switch {
	case t.Minor < 1 || t.Minor > MaxMinor:
		return 0, 0, ErrAmount
	case currency == len(Currencies):
		return 0, 0, ErrCurrency
	case !referenceShape.MatchString(t.Reference):
		return 0, 0, ErrReference
	case t.ExpiresAt.Before(epoch) || minutes >= 1<<24:
		return 0, 0, ErrExpiry
	case len(t.Description) > MaxDescription || !utf8.ValidString(t.Description) || strings.ContainsFunc(t.Description, unicode.IsControl):
		return 0, 0, ErrDescription
	}
	return currency, minutes, nil
}

// Mint signs terms. The address of the link is the gateway's public URL, "/o/" and the blob.
func Mint(k Key, t Terms) (blob string, err error) {
	if len(k.Secret) != SecretSize || k.Number > MaxNumber {
		return "", ErrKey
	}
	currency, minutes, err := t.check()
	if err != nil {
		return "", err
	}
	reference, packed := pack(t.Reference)
	first := byte(version<<5 | currency<<2)
	if t.Description != "" {
		first |= 2
	}
	if packed {
		first |= 1
	}
	b := append([]byte{first}, binary.BigEndian.AppendUint32(nil, k.Number)[1:]...)
	b = append(b, binary.BigEndian.AppendUint32(nil, uint32(minutes))[1:]...)
	b = binary.AppendUvarint(b, uint64(t.Minor))
	if t.Description != "" {
		b = append(b, byte(len(reference)))
	}
	b = append(append(b, reference...), t.Description...)
	return encode(append(b, mac(k.Secret, b)...)), nil
}

func mac(secret, b []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("odelink offline v1\x00"))
	m.Write(b)
	return m.Sum(nil)[:macSize]
}

// Sealed is a blob that was read and not believed yet.
type Sealed struct {
	Number uint32 // of the key that it says it was signed with
	terms  Terms
	signed []byte
	mac    []byte
}

// Read takes a blob apart. Only what Mint writes is one: there is one spelling of the same terms. ErrBlob.
func Read(blob string) (Sealed, error) {
	b, ok := decode(blob)
	if !ok || len(b) < 1+3+3+1+1+macSize || b[0]>>5 != version {
		return Sealed{}, ErrBlob
	}
	s := Sealed{Number: number24(b[1:]), signed: b[:len(b)-macSize], mac: b[len(b)-macSize:]}
	currency, text, packed := int(b[0]>>2&7), b[0]&2 != 0, b[0]&1 != 0
	if currency >= len(Currencies) {
		return Sealed{}, ErrBlob
	}
	s.terms.Currency, s.terms.ExpiresAt = Currencies[currency], epoch.Add(time.Duration(number24(b[4:]))*time.Minute)
	minor, n := binary.Uvarint(s.signed[7:])
	if n <= 0 || minor > MaxMinor || n > 1 && s.signed[7+n-1] == 0 {
		return Sealed{}, ErrBlob
	}
	s.terms.Minor = int64(minor)
	rest := s.signed[7+n:]
	if text {
		if len(rest) < 2 || int(rest[0]) >= len(rest)-1 {
			return Sealed{}, ErrBlob
		}
		s.terms.Description, rest = string(rest[1+rest[0]:]), rest[1:1+rest[0]]
	}
	if s.terms.Reference, ok = unpack(rest, packed); !ok {
		return Sealed{}, ErrBlob
	}
	if _, _, err := s.terms.check(); err != nil {
		return Sealed{}, ErrBlob
	}
	return s, nil
}

// Open answers the terms if the key with this secret signed them. It takes the same time whatever differs.
func (s Sealed) Open(secret []byte) (Terms, bool) {
	if len(secret) != SecretSize || !hmac.Equal(mac(secret, s.signed), s.mac) {
		return Terms{}, false
	}
	return s.terms, true
}

// Digest names the blob: two of different terms or keys have different ones.
func (s Sealed) Digest(secret []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("odelink offline token v1\x00"))
	m.Write(s.signed)
	return m.Sum(nil)
}

// packable are the characters of which three fit into two bytes, by their value from 1 on; 0 fills the last three.
const packable = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-./"

// pack writes a reference in two thirds of its bytes where its characters allow: three characters are the digits of a
// number in base 40, the first one the highest.
func pack(reference string) (b []byte, packed bool) {
	for i := 0; i < len(reference); i += 3 {
		n := 0
		for j := i; j < i+3; j++ {
			v := 0
			if j < len(reference) {
				if v = strings.IndexByte(packable, reference[j]) + 1; v == 0 {
					return []byte(reference), false
				}
			}
			n = n*40 + v
		}
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	return b, true
}

func unpack(b []byte, packed bool) (string, bool) {
	if !packed {
		_, could := pack(string(b))
		return string(b), !could // one spelling: what can be packed is
	}
	if len(b)%2 != 0 {
		return "", false
	}
	var out strings.Builder
	filled, ended := len(b), false
	for ; len(b) > 0; b = b[2:] {
		n := int(binary.BigEndian.Uint16(b))
		for _, v := range []int{n / 1600, n / 40 % 40, n % 40} {
			switch {
			case v > len(packable) || ended && v > 0:
				return "", false
			case v == 0:
				ended = true
			default:
				out.WriteByte(packable[v-1])
			}
		}
	}
	text := out.String()
	return text, (len(text)+2)/3*2 == filled
}

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// encode writes bytes as one number in base 62. The first byte is never zero, so none is lost.
func encode(b []byte) string {
	var out []byte
	n, base, digit := new(big.Int).SetBytes(b), big.NewInt(int64(len(digits))), new(big.Int)
	for n.Sign() > 0 {
		n.DivMod(n, base, digit)
		out = append(out, digits[digit.Int64()])
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return string(out)
}

func decode(blob string) ([]byte, bool) {
	if len(blob) == 0 || len(blob) > MaxLength || blob[0] == '0' {
		return nil, false
	}
	n, base := new(big.Int), big.NewInt(int64(len(digits)))
	for i := range len(blob) {
		v := strings.IndexByte(digits, blob[i])
		if v < 0 {
			return nil, false
		}
		n.Add(n.Mul(n, base), big.NewInt(int64(v)))
	}
	return n.Bytes(), true
}
