// Package client is the merchant API of Odelink for programs in Go: a method for every operation of
// gateway/api/openapi.yaml, under the operation's name, with typed objects.
//
//	c, err := client.New(client.Config{URL: "https://pay.example.com", Key: os.Getenv("ODELINK_KEY")})
//	link, err := c.CreateLink(ctx, client.NewLink{Amount: 25000, Currency: client.CurrencyTRY})
//
// A POST gets an Idempotency-Key of its own, which all of its tries keep. What fails in passing (429, 502, 503, a
// connection that breaks) is tried again. Refusals are a *Problem. null in an answer is the zero value, except
// where a zero would say something else; there it is a nil pointer.
//
// It deliberately decides nothing: no caching, no rounding, no currency arithmetic. It needs the standard library
// only and imports nothing of the gateway.
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Config says which gateway is spoken to, and as whom. URL and Key are required.
type Config struct {
	URL string // like https://pay.example.com; http only to this machine
	Key string // sk_…
	// Tries is how often a call is sent at most; 0 is 4, 1 never repeats.
	Tries int
	// Language of the sentences of problems, "tr" or "en"; "" is English.
	Language string
	// HTTP sends the requests; nil is a client that waits 60 seconds for an answer. Redirects are never followed:
	// they would carry the key elsewhere.
	HTTP *http.Client
	// Wait passes the time between tries; nil waits on a timer.
	Wait func(ctx context.Context, d time.Duration) error
}

// Client speaks to one gateway for one merchant. It may be used by many goroutines at once, and prints without
// its key.
type Client struct {
	base  string
	lang  string
	tries int
	http  *http.Client
	wait  func(ctx context.Context, d time.Duration) error
	sign  func(*http.Request) // adds the key, which no field holds and so nothing prints
}

// limits of what is read and how long is waited.
const (
	maxAnswer  = 32 << 20         // of everything but reports, which are streamed
	maxProblem = 1 << 20          // more is no problem of the gateway's
	defTries   = 4                // the last one comes after at least 3.5 seconds
	firstPause = time.Second / 2  // doubled each time, and each shortened by chance by up to a half
	longest    = 60 * time.Second // of a Retry-After that is waited for; after a longer one the problem is returned
)

// New makes a client. It sends nothing.
func New(c Config) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(c.URL, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("odelink: the URL is none of a gateway")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, errors.New("odelink: the URL must begin with https, except of this machine")
	}
	if !strings.HasPrefix(c.Key, "sk_") || strings.ContainsAny(c.Key, " \r\n") {
		return nil, errors.New("odelink: the key begins with sk_")
	}
	made := &Client{base: u.String(), lang: c.Language, tries: c.Tries, wait: c.Wait, http: &http.Client{Timeout: time.Minute}}
	if made.tries == 0 {
		made.tries = defTries
	}
	if c.HTTP != nil {
		copied := *c.HTTP
		made.http = &copied
	}
	made.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if made.wait == nil {
		made.wait = pause
	}
	key := "Bearer " + c.Key
	made.sign = func(r *http.Request) { r.Header.Set("Authorization", key) }
	return made, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// String names the gateway, never the key.
func (c *Client) String() string { return "odelink client of " + c.base }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// Option changes one call.
type Option func(*call)

// IdempotencyKey gives a POST a key of the caller's, so that it can be repeated after a restart of the program, too.
// Use one key per intended object.
func IdempotencyKey(key string) Option { return func(c *call) { c.key = key } }

// call is one operation on its way.
type call struct {
	method, path string
	query        url.Values
	kind         string // media type of the body
	body         []byte
	key          string
}

// do sends a call and reads its answer as JSON into out; a nil out takes none.
func (c *Client) do(ctx context.Context, one call, in, out any, options ...Option) error {
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("odelink: %s %s: %w", one.method, one.path, err)
		}
		one.body, one.kind = body, "application/json"
	}
	raw, err := c.read(ctx, one, options...)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("odelink: %s %s: read the answer: %w", one.method, one.path, err)
	}
	return nil
}

// read sends a call and answers the bytes of its answer.
func (c *Client) read(ctx context.Context, one call, options ...Option) (raw []byte, err error) {
	err = c.repeat(ctx, one, options, func(body io.ReadCloser) error {
		defer body.Close()
		raw, err = io.ReadAll(io.LimitReader(body, maxAnswer+1))
		return err
	})
	if err == nil && len(raw) > maxAnswer {
		err = fmt.Errorf("odelink: %s %s: the answer is too large", one.method, one.path)
	}
	return raw, err
}

// stream sends a call and answers the body of its answer, to be read while it comes.
func (c *Client) stream(ctx context.Context, one call, options ...Option) (answer io.ReadCloser, err error) {
	err = c.repeat(ctx, one, options, func(body io.ReadCloser) error {
		answer = body
		return nil
	})
	return answer, err
}

// repeat sends a call, again when it or taking its answer fails in passing. Every try has the same
// Idempotency-Key, so that what was done once is not done twice.
func (c *Client) repeat(ctx context.Context, one call, options []Option, take func(io.ReadCloser) error) error {
	for _, o := range options {
		o(&one)
	}
	if one.method == http.MethodPost && one.key == "" {
		one.key = rand.Text()
	}
	for try := 1; ; try++ {
		body, err := c.once(ctx, one)
		if err == nil {
			err = take(body)
		}
		if err == nil {
			return nil
		}
		again := one.pauseAfter(err, try)
		if again >= 0 && try < c.tries && ctx.Err() == nil {
			if err = c.wait(ctx, again); err == nil {
				continue
			}
		}
		return fmt.Errorf("odelink: %s %s: %w", one.method, one.path, err)
	}
}

// once sends a call a single time.
func (c *Client) once(ctx context.Context, one call) (io.ReadCloser, error) {
	target := c.base + one.path
	if len(one.query) > 0 {
		target += "?" + one.query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, one.method, target, bytes.NewReader(one.body))
	if err != nil {
		return nil, err
	}
	c.sign(r)
	if one.key != "" {
		r.Header.Set("Idempotency-Key", one.key)
	}
	if one.kind != "" {
		r.Header.Set("Content-Type", one.kind)
	}
	if c.lang != "" {
		r.Header.Set("Accept-Language", c.lang)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 == 2 {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	return nil, problemOf(answer)
}

// pauseAfter says how long to wait before a failed call is sent again; negative is never. A PATCH has no key, so
// it is repeated only where the answer says that nothing was done.
func (c call) pauseAfter(err error, try int) time.Duration {
	backoff := firstPause << min(try-1, 6)
	if half, randErr := rand.Int(rand.Reader, big.NewInt(int64(backoff/2))); randErr == nil {
		backoff -= time.Duration(half.Int64())
	}
	var p *Problem
	switch {
	case !errors.As(err, &p):
		if c.method == http.MethodPatch {
			return -1
		}
		return backoff
	case p.Code == "idempotency_key_known", p.Status == http.StatusTooManyRequests, p.Status == http.StatusServiceUnavailable,
		p.Status == http.StatusBadGateway && c.method != http.MethodPatch:
		if p.RetryAfter > longest {
			return -1
		}
		return max(backoff, p.RetryAfter)
	}
	return -1
}

// FieldProblem is a mistake of one field.
type FieldProblem struct {
	Field   string `json:"field"` // parts of nested names are joined with a dot
	Code    string `json:"code"`
	Message string `json:"message"` // for people
}

// Problem is a refusal (RFC 9457). Go by Code; the sentences are for people.
type Problem struct {
	Type     string         `json:"type"`
	Title    string         `json:"title"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail"`
	Instance string         `json:"instance"` // quote it when asking for help
	Code     string         `json:"code"`     // "" where no gateway answered
	Errors   []FieldProblem `json:"errors"`

	RetryAfter time.Duration `json:"-"` // 0 = not said
	Location   string        `json:"-"` // of the object that says more, for refused refunds
}

// Error says status, code and what is wrong with each field.
func (p *Problem) Error() string {
	text := strconv.Itoa(p.Status) + " " + p.Code
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	for _, f := range p.Errors {
		text += " " + f.Field + ": " + f.Message
	}
	return text
}

// CodeOf is the code of the problem in an error, "" when there is none.
func CodeOf(err error) string {
	var p *Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

func problemOf(answer *http.Response) error {
	p := &Problem{}
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxProblem))
	if err != nil || json.Unmarshal(raw, p) != nil || p.Code == "" { // something between us answered
		p = &Problem{Title: http.StatusText(answer.StatusCode)}
	}
	p.Status = answer.StatusCode
	if seconds, err := strconv.ParseInt(answer.Header.Get("Retry-After"), 10, 32); err == nil && seconds > 0 {
		p.RetryAfter = time.Duration(seconds) * time.Second
	}
	p.Location = answer.Header.Get("Location")
	return p
}
