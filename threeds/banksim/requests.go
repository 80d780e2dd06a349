package banksim

import (
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// keptRequests is how many requests the log remembers; the contract speaks of the last ones.
const keptRequests = 1000

// Request is one request as it was received, card data and passwords masked.
type Request struct {
	Seq     int               `json:"seq"`
	At      time.Time         `json:"at"`
	Dialect string            `json:"dialect,omitempty"`
	Step    string            `json:"step,omitempty"`
	OrderID string            `json:"order_id,omitempty"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   string            `json:"query,omitempty"`
	Remote  string            `json:"remote"`
	Header  map[string]string `json:"header"`
	Body    string            `json:"body,omitempty"`
}

type requestLog struct {
	mu   sync.Mutex
	last int
	ring []Request // at most keptRequests, the oldest is overwritten
}

func (l *requestLog) add(now time.Time, c *call) int {
	q := Request{At: now.UTC(), Method: c.r.Method, Path: mask(c.r.URL.Path), Query: mask(c.r.URL.RawQuery), Remote: remoteIP(c.r),
		Header: map[string]string{}, Body: mask(string(c.body))}
	for _, name := range []string{"Accept", "Content-Type", "Origin", "Referer", "Sec-Fetch-Mode", "User-Agent"} {
		if v := c.r.Header.Get(name); v != "" {
			q.Header[name] = mask(v)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	q.Seq = l.last
	if len(l.ring) < keptRequests {
		l.ring = append(l.ring, q)
	} else {
		l.ring[(q.Seq-1)%keptRequests] = q
	}
	return q.Seq
}

func (l *requestLog) note(seq int, dialect, step, orderID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq == 0 || len(l.ring) == 0 {
		return
	}
	if q := &l.ring[(seq-1)%keptRequests]; q.Seq == seq {
		q.Dialect, q.Step, q.OrderID = dialect, step, mask(orderID)
	}
}

// Requests are the last requests, oldest first.
func (b *Bank) Requests() []Request {
	l := &b.requests
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Request, 0, len(l.ring))
	for i := range l.ring {
		list = append(list, l.ring[(l.last+i)%len(l.ring)])
	}
	return list
}

// secretNames are the fields whose value is never kept, in any dialect and encoding. The card's own number is masked by its digits.
const secretNames = `cvv2?|cvc2?|cv2|otp|userpass|merchantpass|password|expiry|expiredate|pan`

var (
	secretForm = regexp.MustCompile(`(?i)(^|[&;?])(` + secretNames + `)=([^&;]*)`)
	secretXML  = regexp.MustCompile(`(?is)(<(?:[\w.]+:)?(` + secretNames + `)(?:\s[^>]*)?>)([^<]*)`)
	secretJSON = regexp.MustCompile(`(?i)("(` + secretNames + `)"\s*:\s*)("[^"]*"|[^,}\s]*)`)
	// digitRun is 13 to 19 digits, also with the separators people and forms put between them.
	digitRun = regexp.MustCompile(`\d(?:(?:[ +.\-]|%20|%2[dD])?\d){12,}`)
)

// mask makes a message fit to be kept: secret fields lose their value, and whatever looks like a card number loses its middle,
// wherever it stands. It rather masks a number too many than one too few.
func mask(s string) string {
	s = secretForm.ReplaceAllStringFunc(s, func(m string) string {
		name, value, _ := strings.Cut(m, "=")
		return name + "=" + maskSecret(name, value)
	})
	s = secretXML.ReplaceAllStringFunc(s, func(m string) string {
		end := strings.IndexByte(m, '>')
		return m[:end+1] + maskSecret(m[:end], m[end+1:])
	})
	s = secretJSON.ReplaceAllStringFunc(s, func(m string) string {
		name, value, _ := strings.Cut(m, ":")
		return name + `:"` + maskSecret(name, strings.Trim(value, ` "`)) + `"`
	})
	return digitRun.ReplaceAllStringFunc(s, maskRun)
}

// maskSecret masks a card number by its digits and everything else whole.
func maskSecret(name, value string) string {
	if value == "" {
		return ""
	}
	if strings.HasSuffix(strings.Trim(asciiLower(name), `" <&;?`), "pan") {
		if digits := onlyDigits(value); len(digits) >= 13 {
			return maskPAN(digits)
		}
	}
	return "***"
}

// maskRun masks a run of digits in which any 13 to 19 neighbours could be a card: a card's first digit, its length, and Luhn.
func maskRun(run string) string {
	digits := onlyDigits(run)
	for start := 0; start+13 <= len(digits); start++ {
		if strings.IndexByte("234569", digits[start]) < 0 {
			continue
		}
		for _, n := range []int{19, 18, 17, 16, 15, 14, 13} {
			if start+n > len(digits) || (n == 15 && digits[start] != '3') || !luhn(digits[start:start+n]) {
				continue
			}
			if whole := len(digits) == n; whole || n >= 16 {
				return digits[:start] + maskPAN(digits[start:start+n]) + strings.Repeat("*", len(digits)-start-n)
			}
		}
	}
	return run
}

func onlyDigits(s string) string {
	s = strings.ReplaceAll(s, "%20", "")
	s = strings.ReplaceAll(strings.ReplaceAll(s, "%2d", ""), "%2D", "")
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
