package cardscan

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// The environment by which `make test` lets every test binary register the cards it uses.
const (
	EnvRegister = "ODELINK_TEST_CARDS"     // path of the register
	EnvKey      = "ODELINK_TEST_CARDS_KEY" // 32 bytes in hex, made for each run and kept nowhere
)

// Known is a set of card numbers that holds none of them: keyed hashes only.
type Known struct {
	key    []byte
	factor uint64               // of the quick, rough hash
	rough  [1 << 20 / 64]uint64 // one bit for each of its values
	// What a number's length gives away, which is no secret: 415565… and 979280… look the same.
	lengths [longest + 1]bool
	upper   [1 << 16 / 64]uint64  // one bit for each value of the upper sixteen of 64 bits
	exact   map[[16]byte]struct{} // HMAC-SHA256, cut
}

// NewKnown makes an empty set under a secret key of at least 16 bytes.
func NewKnown(key []byte) (*Known, error) {
	if len(key) < 16 {
		return nil, errors.New("known cards: the key is shorter than 16 bytes")
	}
	k := &Known{key: key, exact: map[[16]byte]struct{}{}}
	sum := k.hash([]byte("factor of the rough hash"))
	k.factor = binary.LittleEndian.Uint64(sum[:]) | 1
	return k, nil
}

// Add puts a card number, digits only, into the set.
func (k *Known) Add(pan string) error {
	line, err := k.line(pan)
	if err != nil {
		return err
	}
	return k.read(line)
}

// hash is the keyed hash of some digits.
func (k *Known) hash(d []byte) (cut [16]byte) {
	mac := hmac.New(sha256.New, k.key)
	mac.Write(d)
	copy(cut[:], mac.Sum(nil))
	return cut
}

// quick is the rough hash of a number's value: 20 bits.
func (k *Known) quick(v uint64) uint64 { return v * k.factor >> 44 }

// reaches is false for every value that has another number of digits than the set's cards.
func (k *Known) reaches(v uint64) bool {
	return k != nil && k.upper[v>>54]&(1<<(v>>48&63)) != 0
}

// maybe is false for nearly every value that is not in the set, and quick to say so.
func (k *Known) maybe(v uint64) bool {
	q := k.quick(v)
	return k.rough[q/64]&(1<<(q%64)) != 0
}

// has says whether digits are a number of the set.
func (k *Known) has(d []byte) bool {
	if k == nil {
		return false
	}
	v := uint64(0)
	for _, c := range d {
		v = v*10 + uint64(c-'0')
	}
	if !k.maybe(v) {
		return false
	}
	_, found := k.exact[k.hash(d)]
	return found
}

// line is one number's entry in a register: length, rough hash, exact hash.
func (k *Known) line(pan string) (string, error) {
	v, err := strconv.ParseUint(pan, 10, 64)
	if err != nil || len(pan) < shortest || len(pan) > longest {
		return "", fmt.Errorf("known cards: %d characters are not a card number", len(pan))
	}
	sum := k.hash([]byte(pan))
	return fmt.Sprintf("%d %d %x", len(pan), k.quick(v), sum), nil
}

// read takes one line of a register in.
func (k *Known) read(line string) error {
	var n, q uint64
	var sum []byte
	if _, err := fmt.Sscanf(line, "%d %d %x", &n, &q, &sum); err != nil || n < shortest || n > longest || q >= 1<<20 || len(sum) != 16 {
		return fmt.Errorf("known cards: line %q", line)
	}
	k.rough[q/64] |= 1 << (q % 64)
	k.exact[[16]byte(sum)] = struct{}{}
	if !k.lengths[n] {
		k.lengths[n] = true
		k.reach(n)
	}
	return nil
}

// reach notes the upper bits of every number of n digits.
func (k *Known) reach(n uint64) {
	least := uint64(1)
	for range n - 1 {
		least *= 10
	}
	most := least*10 - 1 // of nineteen digits, too, below 2^64
	for top := least >> 48; top <= most>>48; top++ {
		k.upper[top/64] |= 1 << (top % 64)
	}
}

// Register tells the run's card scan that a test uses this number, digits only, so that it is found in
// any form and place. Outside `make test` nobody scans and it does nothing. Scripted numbers need no
// registration.
func Register(pan string) error {
	path := os.Getenv(EnvRegister)
	if path == "" {
		return nil
	}
	k, err := keyFromEnvironment()
	if err != nil {
		return err
	}
	line, err := k.line(pan)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("register a card: %w", err)
	}
	// One write, so that lines of tests that run at the same time do not mix.
	if _, err := file.WriteString(line + "\n"); err != nil {
		file.Close()
		return fmt.Errorf("register a card: %w", err)
	}
	return file.Close()
}

// Registered reads the run's register. Without one, or before any card was registered, the set is empty.
func Registered() (*Known, error) {
	path := os.Getenv(EnvRegister)
	if path == "" {
		return nil, nil
	}
	k, err := keyFromEnvironment()
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the register of cards: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if err := k.read(lines.Text()); err != nil {
			return nil, err
		}
	}
	return k, lines.Err()
}

func keyFromEnvironment() (*Known, error) {
	key, err := hex.DecodeString(os.Getenv(EnvKey))
	if err != nil {
		return nil, fmt.Errorf("%s is not hex", EnvKey)
	}
	return NewKnown(key)
}
