package checkout

import (
	"strings"
	"testing"
	"time"
)

// A55: one mailbox in ASCII, or nothing.
func TestNormalEmail(t *testing.T) {
	for typed, want := range map[string]string{
		"ayse@ornek.example": "ayse@ornek.example", " Ayse.Isik+is@Ornek.Example ": "Ayse.Isik+is@ornek.example", "o'neil@x-y.co": "o'neil@x-y.co",
	} {
		if got := NormalEmail(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	for _, typed := range []string{
		"", "a", "@x.example", "a@", "a@b", "a@@x.example", "a@x..example", ".a@x.example", "a.@x.example", "a b@x.example", "a@x.example,b@x.example", "a@x.example\r\nBcc: b@x.example",
		"\"a\"@x.example", "a@x.example>", "ş@x.example", "a@ş.example", "a@-x.example", "a@x-.example", "a@[127.0.0.1]", "a\x00@x.example", "a(b)@x.example", "4155650000000007@x.example", "a@4155650000000007.example",
		strings.Repeat("a", 65) + "@x.example", "a@" + strings.Repeat("x", 64) + ".example", "a@" + strings.Repeat("xy.", 90) + "example",
	} {
		if got := NormalEmail(typed); got != "" {
			t.Errorf("%q is taken as %q", typed, got)
		}
	}
}

// A32: who signs in has no card number for an address either.
func TestA32_CheckEmail(t *testing.T) {
	for typed, want := range map[string]string{"ayse@ornek.example": "", "4155650000000007@x.example": "looks_like_card", "a@4155-6500-0000-0007.example": "looks_like_card"} {
		if _, code := CheckEmail(typed); code != want {
			t.Errorf("%q: %q, want %q", typed, code, want)
		}
	}
}

// A56, at the edges of its spans.
func TestHold(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	m := Message{Letter: Letter{Text: "x"}}
	ago := func(all ...time.Duration) (out []SentBefore) {
		for _, d := range all {
			out = append(out, SentBefore{At: now.Add(-d)})
		}
		return out
	}
	same := []SentBefore{{At: now.Add(-time.Minute), Digest: string(m.Digest())}}
	for name, c := range map[string]struct {
		limits MessageLimits
		of, to []SentBefore
		reason string
		wait   time.Duration
	}{
		"no limits":                   {MessageLimits{}, ago(3, 2, 1), ago(3, 2, 1), "", 0},
		"one less than the limit":     {MessageLimits{PerLink: 3}, ago(2, 1), nil, "", 0},
		"the limit":                   {MessageLimits{PerLink: 2}, ago(3*time.Hour, time.Hour), nil, SuppressedLink, 21 * time.Hour},
		"more than the limit":         {MessageLimits{PerLink: 2}, ago(5*time.Hour, 3*time.Hour, time.Hour), nil, SuppressedLink, 21 * time.Hour},
		"a day ago counts no more":    {MessageLimits{PerLink: 2}, ago(24*time.Hour, time.Hour), nil, "", 0},
		"a tick less than a day does": {MessageLimits{PerLink: 2}, ago(24*time.Hour-1, time.Hour), nil, SuppressedLink, 1},
		"a person's hour":             {MessageLimits{PerRecipient: 1}, nil, ago(59 * time.Minute), SuppressedPerson, time.Minute},
		"after a person's hour":       {MessageLimits{PerRecipient: 1}, nil, ago(time.Hour), "", 0},
		"the same text":               {MessageLimits{Repeat: time.Hour}, nil, same, SuppressedRepeat, 59 * time.Minute},
		"another text":                {MessageLimits{Repeat: time.Hour}, nil, ago(time.Minute), "", 0},
		"the same text, long ago":     {MessageLimits{Repeat: time.Minute}, nil, same, "", 0},
	} {
		if reason, wait := c.limits.Hold(m, now, c.of, c.to); reason != c.reason || wait != c.wait {
			t.Errorf("%s: %q %v, want %q %v", name, reason, wait, c.reason, c.wait)
		}
	}
}

func TestPercent(t *testing.T) {
	if got := percent("Ö & 1+1=2\n@a-b.c_~"); got != "%C3%96%20%26%201%2B1%3D2%0A@a-b.c_~" {
		t.Error(got)
	}
}
