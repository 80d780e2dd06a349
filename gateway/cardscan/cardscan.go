// Package cardscan reads every byte that a run has written and looks for card numbers and security
// codes in it. It does not look into running processes, and it does not decide what may be stored:
// nothing of a card may (threat-model rows I13 to I15).
//
// A number counts in plain digits, in groups (4155 6500 …, 4155-6500-…), and inside base64, hex, URL,
// HTML, JSON and quoted-printable escapes, UTF-16 and UTF-32, gzip, zlib, deflate and zip, three of these
// deep, and as a 64-bit integer. Three rules say what is a card number; each errs on another side:
//
//	scripted    BIN, 0000, three digits, 00, check digit: the family that the simulated bank and the
//	            tests use. No other digits look like it, so it is found at any place in a longer run of
//	            digits, as in a database page where columns touch. As an integer it is less rare:
//	            see Scanner.Family.
//	registered  a number that a test said it used (Register). Found at any place, too, and as packed
//	            decimal. The register holds keyed hashes; its key is not kept beside it.
//	any         13 to 19 digits with a valid check digit in a known brand's range and length. Random ids
//	            look like that now and then, so the run of digits must stand alone: no letter, digit or
//	            decimal point touches it, and groups are those that people write.
//
// A security code has no check digit. It counts where a name for it stands before three or four digits
// (cvv=123, "cvc2":"123"); beyond that, the same run with another code must write the same bytes.
package cardscan

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Bounds of a scan.
const (
	window   = 1 << 20   // bytes looked at together
	overlap  = 64 << 10  // bytes of one window seen again in the next, so that no form is cut in two
	unpacked = 256 << 20 // bytes read out of one compressed member, a bound against bombs
	deepest  = 3         // forms inside forms
)

// Finding is one card number or security code in one file. A number that a file holds several times is
// told once.
type Finding struct {
	Path   string
	Offset int64  // of the outermost form, in bytes from the file's start
	Form   string // how it was written, from the outside in, such as "gzip > base64 > spaced"
	Rule   string // "scripted", "registered", "any" or "security code"
	Masked string // first six and last four digits; nothing of a security code
}

func (f Finding) String() string {
	return fmt.Sprintf("%s: byte %d: %s, %s (%s)", f.Path, f.Offset, f.Masked, f.Form, f.Rule)
}

// Stats says what a scan went through.
type Stats struct {
	Files    int
	Bytes    int64    // on the disk, before unpacking
	Same     int      // files that hold the very bytes of another one: looked through once for all of them
	Programs []string // executables, which are not read: they hold the published test numbers
}

// Scanner looks for cards. Its zero value knows no registered numbers.
type Scanner struct {
	Known *Known
	// Family, where there is one, are the only scripted numbers that count as integers. A log of
	// PostgreSQL held a transaction's id and the place of the record before, together the number of a BIN
	// that no bank has: of the whole family chance makes such a one in every few gigabytes.
	Family *Known
}

// Bytes looks through something in memory, such as an answer or a log; name stands for its path.
func (s *Scanner) Bytes(name string, data []byte) []Finding {
	l := s.newLook(name)
	l.block(&block{data: data, outer: true, first: true})
	return l.found
}

// Scan reads files, and folders with all that is below them, and returns what it found, ordered by
// path and place. Sockets, pipes and links are not followed. What stands in several files with the same
// bytes, such as the tables of every new database, is looked through once and told of each.
func (s *Scanner) Scan(paths ...string) ([]Finding, Stats, error) {
	files, stats, err := list(paths)
	if err != nil {
		return nil, stats, err
	}
	same, err := twins(files)
	if err != nil {
		return nil, stats, err
	}
	for _, paths := range same {
		stats.Same += len(paths) - 1
	}
	var (
		mu    sync.Mutex
		found []Finding
	)
	err = inParallel(same, func(paths []string) error {
		list, err := s.file(paths[0])
		mu.Lock()
		defer mu.Unlock()
		for _, path := range paths {
			for _, f := range list {
				f.Path = path
				found = append(found, f)
			}
		}
		return err
	})
	slices.SortFunc(found, func(a, b Finding) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return int(a.Offset - b.Offset)
	})
	return found, stats, err
}

// inParallel runs do over all items, as many at once as there are processors.
func inParallel[T any](items []T, do func(T) error) error {
	var (
		mu   sync.Mutex
		errs []error
		wg   sync.WaitGroup
		work = make(chan T)
	)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for item := range work {
				err := do(item)
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	for _, item := range items {
		work <- item
	}
	close(work)
	wg.Wait()
	return errors.Join(errs...)
}

// sized is a file to look through.
type sized struct {
	path string
	size int64
}

// twins puts files with the same bytes together. Only files of one size are compared, by SHA-256; an
// empty file holds nothing and is left out.
func twins(files []sized) ([][]string, error) {
	bySize := map[int64][]string{}
	for _, f := range files {
		if f.size > 0 {
			bySize[f.size] = append(bySize[f.size], f.path)
		}
	}
	var (
		mu     sync.Mutex
		groups [][]string
		alike  [][]string // of one size
	)
	for _, paths := range bySize {
		if len(paths) == 1 {
			groups = append(groups, paths)
			continue
		}
		alike = append(alike, paths)
	}
	err := inParallel(alike, func(paths []string) error {
		byDigest := map[[sha256.Size]byte][]string{}
		for _, path := range paths {
			sum, err := digest(path)
			if err != nil {
				return fmt.Errorf("scan %s: %w", path, err)
			}
			byDigest[sum] = append(byDigest[sum], path)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, same := range byDigest {
			groups = append(groups, same)
		}
		return nil
	})
	return groups, err
}

func digest(path string) (sum [sha256.Size]byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// list walks the paths, sets programs apart and adds up sizes.
func list(paths []string) ([]sized, Stats, error) {
	var (
		files []sized
		stats Stats
	)
	for _, root := range paths {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			program, err := isProgram(path)
			if err != nil {
				return err
			}
			if program {
				stats.Programs = append(stats.Programs, path)
				return nil
			}
			files = append(files, sized{path, info.Size()})
			stats.Files++
			stats.Bytes += info.Size()
			return nil
		})
		if err != nil {
			return nil, stats, fmt.Errorf("list what to scan: %w", err)
		}
	}
	return files, stats, nil
}

// isProgram says whether a file is an ELF or Mach-O executable.
func isProgram(path string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	magic := make([]byte, 4)
	if _, err := io.ReadFull(file, magic); err != nil {
		return false, nil // shorter than any program
	}
	return string(magic) == "\x7fELF" || string(magic) == "\xcf\xfa\xed\xfe", nil
}

func (s *Scanner) file(path string) ([]Finding, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	l := s.newLook(path)
	if err := l.reader(file, file); err != nil {
		return l.found, fmt.Errorf("scan %s: %w", path, err)
	}
	return l.found, nil
}

// look is the scan of one file.
type look struct {
	known  *Known
	family *Known
	path   string
	seen   map[string]bool // numbers already told of
	found  []Finding
	digits
	inflaters
}

func (s *Scanner) newLook(path string) *look {
	return &look{known: s.Known, family: s.Family, path: path, seen: map[string]bool{}}
}

// block is a stretch of bytes in one form.
type block struct {
	data  []byte
	at    int64       // place of data[0]: in the file for the outermost form, else the place of that form
	outer bool        // whether offsets inside data are places in the file
	forms []string    // from the outside in
	rest  io.ReaderAt // the whole thing that data is a part of, from which a member is unpacked; may be nil
	base  int64       // place of data[0] in rest
	first bool        // data starts where its form starts
}

// place is the position in the file of an offset in the block.
func (b *block) place(offset int) int64 {
	if b.outer {
		return b.at + int64(offset)
	}
	return b.at
}

// inside is what a form inside the block, found at an offset, decodes to.
func (b *block) inside(offset int, form string, data []byte) *block {
	return &block{data: data, at: b.place(offset), forms: append(b.forms[:len(b.forms):len(b.forms)], form), first: true}
}

// reader looks through a file window by window.
func (l *look) reader(r io.Reader, whole io.ReaderAt) error {
	return l.windows(r, func(data []byte, start int64) {
		l.block(&block{data: data, at: start, outer: true, rest: whole, base: start, first: start == 0})
	})
}

// windows reads to the end in overlapping windows and hands each to see.
func (l *look) windows(r io.Reader, see func(data []byte, start int64)) error {
	var buffer []byte
	start := int64(0)
	for size := 4 << 10; ; size = min(4*size, window) { // most are small
		grown := len(buffer)
		buffer = slices.Grow(buffer, size)
		n, err := io.ReadFull(r, buffer[grown:grown+size])
		buffer = buffer[:grown+n]
		if n > 0 {
			see(buffer, start)
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
		keep := min(overlap, len(buffer)) // all of it at first
		start += int64(len(buffer) - keep)
		buffer = append(buffer[:0], buffer[len(buffer)-keep:]...)
	}
}

// Holes are whole stretches of zeros: unused room, which is half of every database file.
const (
	hole = 512
	edge = 8 // zeros at a hole's ends that are looked at: an integer or a wide character may reach in
)

// block looks through what a file holds, but for its holes, and through decoded forms whole: there a
// compressed member is read from the block itself and must not be cut.
func (l *look) block(b *block) {
	if b.rest == nil {
		if !zeros(b.data) {
			l.part(b)
		}
		return
	}
	for start := 0; start < len(b.data); {
		end, next := untilHole(b.data, start)
		from, to := max(0, start-edge), min(len(b.data), end+edge)
		if start < end {
			p := *b
			p.data, p.at, p.base, p.first = b.data[from:to], b.at+int64(from), b.base+int64(from), b.first && from == 0
			l.part(&p)
		}
		start = next
	}
}

// untilHole is where the next hole begins, from an offset on, and where it ends.
func untilHole(data []byte, from int) (begin, end int) {
	for begin = from; begin < len(data); begin += hole {
		end = begin
		for end < len(data) && zeros(data[end:min(end+hole, len(data))]) {
			end = min(end+hole, len(data))
		}
		if end > begin {
			return begin, end
		}
	}
	return len(data), len(data)
}

// part looks for numbers and codes as they stand, then opens the forms inside.
func (l *look) part(b *block) {
	l.numbers(b)
	l.codes(b)
	l.integers(b)
	if len(b.forms) < deepest {
		l.encoded(b)
		l.escaped(b)
		l.wide(b)
		l.compressed(b)
	}
}

// tell records a finding unless this file's number was told before.
func (l *look) tell(b *block, offset int, form, rule string, number []byte) {
	key := rule
	masked := "a security code"
	if number != nil {
		key = string(number)
		masked = key[:6] + strings.Repeat("*", len(key)-10) + key[len(key)-4:]
	}
	if l.seen[key] {
		return
	}
	l.seen[key] = true
	forms := append(b.forms[:len(b.forms):len(b.forms)], form)
	l.found = append(l.found, Finding{Path: l.path, Offset: b.place(offset), Form: strings.Join(forms, " > "), Rule: rule, Masked: masked})
}
