package checkout

import "testing"

func TestIBANsAreHeldAgainstTheirCheckDigits(t *testing.T) {
	for typed, want := range map[string]string{
		"TR33 0006 1005 1978 6457 8413 26": "", "tr330006100519786457841326": "", "DE89 3704 0044 0532 0130 00": "", "GB29 NWBK 6016 1331 9268 19": "",
		"TR34 0006 1005 1978 6457 8413 26": "iban", "TR33 0006 1005 1978 6457 8413 62": "iban", "TR33 0006 1005 1978 6457 8413 2": "iban",
		"TR33 0006 1005 1978 6457 8413 260": "iban", "330006100519786457841326TR": "iban", "T133 0006 1005 1978 6457 8413 26": "iban",
		"TR3X 0006 1005 1978 6457 8413 26": "iban", "TR33 0006 1005 1978 6457 8413 2٦": "iban", "": "iban", "TR": "iban", "TR330006-100519786457841326": "iban",
	} {
		if got := CheckIBAN(PlainIBAN(typed)); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}
