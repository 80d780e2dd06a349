package cardscan

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestA66_ScanFindsAllPlantedSamplesAndNoOther(t *testing.T) {
	dir := t.TempDir()
	planted, err := Plant(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, known := range map[string]*Known{"nothing registered": nil, "another card registered": registered(t, drawAny())} {
		t.Run(name, func(t *testing.T) {
			found, stats, err := (&Scanner{Known: known}).Scan(dir)
			if err != nil {
				t.Fatal(err)
			}
			others, err := Missed(dir, planted, found)
			if err != nil {
				t.Error(err)
			}
			if len(others) != 0 || stats.Files < len(planted) {
				t.Errorf("others %v, stats %+v", others, stats)
			}
		})
	}
}

func TestMissedTellsOfOverlookedSamplesAndOfDecoys(t *testing.T) {
	dir := t.TempDir()
	planted := []string{filepath.Join(dir, "hex-0"), filepath.Join(dir, "plain-1")}
	found := []Finding{{Path: planted[0]}, {Path: planted[1]}}
	if _, err := Missed(dir, planted, found); err != nil {
		t.Errorf("all found, no other: %v", err)
	}
	if _, err := Missed(dir, planted, found[1:]); err == nil {
		t.Error("an overlooked sample is not told")
	}
	if _, err := Missed(dir, planted, append(found, Finding{Path: filepath.Join(dir, "decoy-ids")})); err == nil {
		t.Error("a decoy taken for a card is not told")
	}
	others, err := Missed(dir, planted, append(found, Finding{Path: "/elsewhere/log"}))
	if err != nil || len(others) != 1 {
		t.Errorf("a finding elsewhere: %v, %v", others, err)
	}
}

func TestScriptedNumbersAreFoundWhereColumnsTouch(t *testing.T) {
	number := drawScripted()
	for name, text := range map[string]string{
		"digits before and after": "0259001" + number + "949",
		"letters around":          "Ada" + number + "Lovelace",
		"odd groups":              number[:6] + " " + number[6:10] + " " + number[10:],
		"one by one":              strings.Join(strings.Split(number, ""), " "),
	} {
		found := new(Scanner).Bytes(name, []byte(text))
		if len(found) != 1 || found[0].Rule != "scripted" {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestRegisteredNumbersAreFoundAnywhereAndOthersNot(t *testing.T) {
	number, other := drawAny(), drawAny()
	s := &Scanner{Known: registered(t, number)}
	value := uint64(0)
	for _, c := range []byte(number) {
		value = value*10 + uint64(c-'0')
	}
	var bcd []byte
	for i := 0; i < len(number); i += 2 {
		bcd = append(bcd, (number[i]-'0')<<4|(number[i+1]-'0'))
	}
	for form, data := range map[string][]byte{
		"plain":          []byte("77" + number + "42x"),
		"integer":        binary.BigEndian.AppendUint64([]byte{6, 1}, value),
		"packed decimal": append([]byte{0xff}, bcd...),
	} {
		found := s.Bytes(form, data)
		if len(found) != 1 || found[0].Rule != "registered" || found[0].Form != form {
			t.Errorf("%s: %v", form, found)
		}
		if found := s.Bytes(form, bytes.ReplaceAll(data, []byte(number), []byte(other))); form == "plain" && len(found) != 0 {
			t.Errorf("a number nobody registered, inside a longer one: %v", found)
		}
	}
	if found := s.Bytes("little end", binary.LittleEndian.AppendUint64(nil, value)); len(found) != 1 {
		t.Errorf("little end first: %v", found)
	}
}

func TestRegisterHoldsNoNumber(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cards")
	t.Setenv(EnvRegister, path)
	t.Setenv(EnvKey, strings.Repeat("5c", 32))
	first, second := drawAny(), drawScripted()
	for _, number := range []string{first, second} {
		if err := Register(number); err != nil {
			t.Fatal(err)
		}
	}
	if err := Register("4155 6500"); err == nil {
		t.Error("half a number was registered")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), first) || strings.Contains(string(text), second) || strings.Count(string(text), "\n") != 2 {
		t.Errorf("the register holds %q", text)
	}
	known, err := Registered()
	if err != nil {
		t.Fatal(err)
	}
	if !known.has([]byte(first)) || !known.has([]byte(second)) || known.has([]byte(drawAny())) {
		t.Error("the register does not tell its numbers from others")
	}
	t.Setenv(EnvKey, strings.Repeat("5d", 32))
	if known, err = Registered(); err != nil || known.has([]byte(first)) {
		t.Errorf("under another key the number is known (%v)", err)
	}
	t.Setenv(EnvKey, "5c")
	if _, err = Registered(); err == nil {
		t.Error("a short key is taken")
	}
}

func TestNothingRegisteredAndNoRegisterAreNoError(t *testing.T) {
	t.Setenv(EnvRegister, "")
	if known, err := Registered(); known != nil || err != nil {
		t.Error(known, err)
	}
	if err := Register(drawAny()); err != nil {
		t.Error(err)
	}
	t.Setenv(EnvRegister, filepath.Join(t.TempDir(), "none"))
	t.Setenv(EnvKey, strings.Repeat("5c", 32))
	if known, err := Registered(); known != nil || err != nil {
		t.Error(known, err)
	}
}

func TestFindingsAreMaskedHoweverPrinted(t *testing.T) {
	number := drawAny()
	for _, f := range new(Scanner).Bytes("log", []byte("n="+number+" cvv=739")) {
		if text := f.String(); strings.Contains(text, number[6:12]) || strings.Contains(text, "739") {
			t.Errorf("a finding prints what it found: %s", text)
		}
	}
}

func TestProgramsAreNamedNotRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "odelink"), []byte("\x7fELF "+drawScripted()), 0o700); err != nil {
		t.Fatal(err)
	}
	found, stats, err := new(Scanner).Scan(dir)
	if err != nil || len(found) != 0 || len(stats.Programs) != 1 || stats.Files != 0 {
		t.Errorf("%v, %+v, %v", found, stats, err)
	}
}

func TestUnreadableFileIsAnError(t *testing.T) {
	if _, _, err := new(Scanner).Scan(filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Error("a folder that is not there was scanned")
	}
}

// Random bytes and texts hold no card: a scan that cries wolf is soon ignored.
func TestRandomDataHoldsNoCard(t *testing.T) {
	r := rand.NewChaCha8([32]byte{7})
	data := make([]byte, 1<<18)
	if _, err := r.Read(data); err != nil {
		t.Fatal(err)
	}
	text := []byte(base64.StdEncoding.EncodeToString(data))
	for name, data := range map[string][]byte{"bytes": data, "base64": text} {
		for _, known := range []*Known{nil, registered(t, drawAny())} {
			if found := (&Scanner{Known: known}).Bytes(name, data); len(found) != 0 {
				t.Errorf("%s: %v", name, found)
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, write := range hidingPlaces {
		if text := write(drawScripted()); len(text) < 4096 {
			f.Add(text)
		}
	}
	known := registered(f, drawAny())
	f.Fuzz(func(_ *testing.T, data []byte) {
		new(Scanner).Bytes("fuzz", data)
		(&Scanner{Known: known}).Bytes("fuzz", data)
	})
}

func BenchmarkScan(b *testing.B) {
	log := bytes.Repeat([]byte(`time=2026-11-22T03:00:00Z level=INFO msg="payment paid" payment=pay_7sJq0zVtQ2m1 amount=25000 order=20261122030000123 hash=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`+"\n"), 20000)
	r := rand.NewChaCha8([32]byte{7})
	noise := make([]byte, 1<<18)
	_, _ = r.Read(noise)
	for name, data := range map[string][]byte{"log": log, "noise": noise, "zeros": make([]byte, 1<<18)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				new(Scanner).Bytes(name, data)
			}
		})
	}
}

func registered(t testing.TB, pans ...string) *Known {
	t.Helper()
	known, err := NewKnown([]byte("a key for the tests of the scan"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pan := range pans {
		if err := known.Add(pan); err != nil {
			t.Fatal(err)
		}
	}
	return known
}

func TestTheSameBytesAreToldOfEveryFileThatHoldsThem(t *testing.T) {
	dir := t.TempDir()
	number := drawScripted()
	files := map[string]string{"a": "n=" + number, "b": "n=" + number, "c": "n=" + drawScripted(), "d": "nothing here at all..", "empty": ""}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, stats, err := new(Scanner).Scan(dir)
	if err != nil || stats.Files != len(files) || stats.Same != 1 {
		t.Fatalf("%+v, %v", stats, err)
	}
	var paths []string
	for _, f := range found {
		paths = append(paths, filepath.Base(f.Path))
	}
	if strings.Join(paths, " ") != "a b c" {
		t.Errorf("found %v", found)
	}
}

// A registered number is found as an integer whatever its length and wherever the eight bytes begin: a
// long stretch of zeros is passed over, and no digit behind it.
func TestRegisteredNumbersOfEveryLengthAreFoundAsIntegers(t *testing.T) {
	for n := shortest; n <= longest; n++ {
		number := withCheckDigit("45" + strings.Repeat("7", n-3))
		s := &Scanner{Known: registered(t, number)}
		value := uint64(0)
		for _, c := range []byte(number) {
			value = value*10 + uint64(c-'0')
		}
		for _, zeros := range []int{0, 1, 7, 8, 9, 4099} {
			data := binary.BigEndian.AppendUint64(make([]byte, zeros), value)
			data = append(data, make([]byte, zeros)...)
			if found := s.Bytes("big end", data); len(found) != 1 || found[0].Rule != "registered" {
				t.Errorf("%d digits behind %d zeros: %v", n, zeros, found)
			}
			data = append(make([]byte, zeros), binary.LittleEndian.AppendUint64([]byte{1}, value)...)
			if found := s.Bytes("little end", data); len(found) != 1 {
				t.Errorf("%d digits behind %d zeros, little end first: %v", n, zeros, found)
			}
		}
		if found := s.Bytes("plain", []byte("88"+number+"31")); len(found) != 1 {
			t.Errorf("%d digits within others: %v", n, found)
		}
	}
}

// Files are half full of zeros. What stands between two stretches of them, however short, at whatever
// place and in whatever form, is found, and at its place.
func TestWhatStandsBetweenZerosIsFound(t *testing.T) {
	number := drawScripted()
	value := uint64(0)
	for _, c := range []byte(number) {
		value = value*10 + uint64(c-'0')
	}
	dir := t.TempDir()
	for form, text := range map[string][]byte{
		"plain":   []byte(number),
		"integer": binary.LittleEndian.AppendUint64(nil, value),
		"UTF-16":  wideText(number, binary.BigEndian),
		"gzip":    packed("gzip", page(number)),
	} {
		for _, before := range []int{0, 1, 7, 505, 511, 512, 513, 1020, 4096, 5000, window - 3} {
			data := append(make([]byte, before), text...)
			data = append(data, make([]byte, 3000)...)
			path := filepath.Join(dir, "ledger")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			found, _, err := new(Scanner).Scan(path)
			if err != nil || len(found) != 1 || !strings.HasPrefix(found[0].Form, form) {
				t.Errorf("%s behind %d zeros: %v, %v", form, before, found, err)
				continue
			}
			if off := found[0].Offset - int64(before); off < -1 || off > 1 {
				t.Errorf("%s behind %d zeros is told at %d", form, before, found[0].Offset)
			}
		}
	}
}
