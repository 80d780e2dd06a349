package sqlstore

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/odelink/odelink/checkout"
)

// MasterKeySize is how many bytes a master key has.
const MasterKeySize = 32

// sealed values are: format (1 byte) ‖ key id (8) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag.
const (
	sealFormat = 1
	sealKeyID  = 8
	sealNonce  = 12
)

// box is one master key, ready to seal and open.
type box struct {
	id   [sealKeyID]byte
	aead cipher.AEAD
}

// boxes are the master keys, newest first: the first seals, every one opens.
type boxes []box

func newBoxes(keys [][]byte) (boxes, error) {
	if len(keys) == 0 {
		return nil, errors.New("no master key")
	}
	var out boxes
	for i, k := range keys {
		if len(k) != MasterKeySize {
			return nil, fmt.Errorf("master key %d has %d bytes, not %d", i+1, len(k), MasterKeySize)
		}
		derived, err := hkdf.Key(sha256.New, k, nil, "odelink ledger seal v1", 32)
		if err != nil {
			return nil, fmt.Errorf("derive from master key %d: %w", i+1, err)
		}
		block, err := aes.NewCipher(derived)
		if err != nil {
			return nil, fmt.Errorf("derive from master key %d: %w", i+1, err)
		}
		b := box{}
		if b.aead, err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("derive from master key %d: %w", i+1, err)
		}
		id, err := hkdf.Key(sha256.New, k, nil, "odelink ledger key id v1", sealKeyID)
		if err != nil {
			return nil, fmt.Errorf("derive from master key %d: %w", i+1, err)
		}
		copy(b.id[:], id)
		out = append(out, b)
	}
	return out, nil
}

// seal encrypts plain under the newest key. owner says whose value it is: a sealed value that is
// moved to another row does not open there.
func (bs boxes) seal(owner string, plain []byte) []byte {
	out := make([]byte, 1+sealKeyID+sealNonce, 1+sealKeyID+sealNonce+len(plain)+16)
	out[0] = sealFormat
	copy(out[1:], bs[0].id[:])
	nonce := out[1+sealKeyID:]
	_, _ = rand.Read(nonce) // never fails: the runtime stops the program instead
	return bs[0].aead.Seal(out, nonce, plain, sealContext(owner, out[:1+sealKeyID]))
}

// ErrMasterKey: none of the configured master keys opens what the ledger holds.
var ErrMasterKey = errors.New("sealed under a master key that is not configured")

// open decrypts what seal made, with whichever key it names.
func (bs boxes) open(owner string, sealed []byte) ([]byte, error) {
	if len(sealed) < 1+sealKeyID+sealNonce || sealed[0] != sealFormat {
		return nil, fmt.Errorf("open %s: not a sealed value", owner)
	}
	head, nonce := sealed[:1+sealKeyID], sealed[1+sealKeyID:1+sealKeyID+sealNonce]
	for _, b := range bs {
		if string(b.id[:]) != string(head[1:]) {
			continue
		}
		plain, err := b.aead.Open(nil, nonce, sealed[1+sealKeyID+sealNonce:], sealContext(owner, head))
		if err != nil {
			return nil, fmt.Errorf("open %s: changed since it was sealed", owner)
		}
		return plain, nil
	}
	return nil, fmt.Errorf("open %s: %w", owner, ErrMasterKey)
}

// newest says whether a value is sealed under the first key.
func (bs boxes) newest(sealed []byte) bool {
	return len(sealed) > 1+sealKeyID && string(sealed[1:1+sealKeyID]) == string(bs[0].id[:])
}

func sealContext(owner string, head []byte) []byte {
	return append(append([]byte{}, head...), owner...)
}

// lasting are the keys that outlive every master key: made once, at the first migration, and kept
// wrapped under the master key in the table keys.
type lasting struct {
	audit  []byte // of the event chain
	apiKey []byte // of API key hashes
	sums   sums   // under audit
}

const (
	lastingAudit  = "audit"
	lastingAPIKey = "apikey"
)

// ensureKeys makes the lasting keys that are missing. Of two starts at once one wins, and both read
// what it wrote.
func (s *Store) ensureKeys(ctx context.Context, t tx) error {
	for _, name := range []string{lastingAudit, lastingAPIKey} {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails: the runtime stops the program instead
		_, err := t.exec(ctx, "INSERT INTO keys (name, wrapped) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
			name, s.boxes.seal("key "+name, key))
		if err != nil {
			return fmt.Errorf("make the key %s: %w", name, err)
		}
	}
	return nil
}

// readKeys unwraps the lasting keys. A configuration without the right master key fails here, at
// the start, not at the first payment.
func (s *Store) readKeys(ctx context.Context, q querier) error {
	got := map[string][]byte{}
	err := q.query(ctx, "SELECT name, wrapped FROM keys", func(r row) error {
		name := r.text()
		key, err := s.boxes.open("key "+name, r.blob())
		got[name] = key
		return err
	})
	if err != nil {
		return err
	}
	k := &lasting{audit: got[lastingAudit], apiKey: got[lastingAPIKey]}
	if len(k.audit) == 0 || len(k.apiKey) == 0 {
		return errNotMigrated
	}
	s.keys.Store(k)
	return nil
}

var errNotMigrated = errors.New("the ledger has no tables yet: run its migrations first")

// HashKey is the keyed hash under which an API key is stored and found. It stays the same when the
// master key changes.
func (s *Store) HashKey(secret string) []byte {
	k := s.keys.Load()
	if k == nil {
		// Nothing is stored under a ledger without tables, so nothing can be found under this.
		return nil
	}
	m := hmac.New(sha256.New, k.apiKey)
	m.Write([]byte(secret))
	return m.Sum(nil)
}

// Rewrap seals every stored secret again under the newest master key. Afterwards the older ones can
// leave the configuration. It may run while the gateway serves, and may be repeated.
func (s *Store) Rewrap(ctx context.Context) error {
	if err := s.rewrap(ctx, "keys", "name", "wrapped", "key "); err != nil {
		return err
	}
	if err := s.rewrap(ctx, endpoints.name, "id", "secrets", endpointOwner); err != nil {
		return err
	}
	if err := s.rewrap(ctx, users.name, "id", "second", userOwner); err != nil {
		return err
	}
	if err := s.rewrap(ctx, offlineKeys.name, "id", "secret", offlineOwner); err != nil {
		return err
	}
	if err := s.rewrap(ctx, "former_credentials", "id", "credentials", formerOwner); err != nil {
		return err
	}
	return s.rewrap(ctx, "accounts", "id", "credentials", "account ")
}

func (s *Store) rewrap(ctx context.Context, table, id, column, owner string) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		old := map[string][]byte{}
		err := t.query(ctx, "SELECT "+id+", "+column+" FROM "+table, func(r row) error {
			name := r.text()
			if sealed := r.blob(); !s.boxes.newest(sealed) {
				old[name] = sealed
			}
			return nil
		})
		if err != nil {
			return err
		}
		for name, sealed := range old {
			plain, err := s.boxes.open(owner+name, sealed)
			if err != nil {
				return err
			}
			// The former value guards against a change by another gateway since it was read.
			n, err := t.exec(ctx, "UPDATE "+table+" SET "+column+" = $1 WHERE "+id+" = $2 AND "+column+" = $3",
				s.boxes.seal(owner+name, plain), name, sealed)
			if err != nil {
				return err
			}
			if n != 1 {
				return errChanged
			}
		}
		return nil
	})
}

// sealSecrets and openSecrets keep an account's credentials.
func (s *Store) sealSecrets(id checkout.AccountID, c checkout.Secrets) []byte {
	return s.boxes.seal("account "+string(id), encodePairs(c))
}

func (s *Store) openSecrets(id checkout.AccountID, sealed []byte) (checkout.Secrets, error) {
	plain, err := s.boxes.open("account "+string(id), sealed)
	if err != nil {
		return nil, err
	}
	return decodePairs(plain)
}
