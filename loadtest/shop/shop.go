// Package shop is the merchant's side of a load test: it makes links, reads payments and holds them against
// the simulated bank's books. It speaks the published API and the simulator's published port only.
package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/loadtest/client"
)

// Target is what is tested.
type Target struct {
	Name string
	URL  string // base address, or of the one page where Page is set
	Page bool   // a single page, for baselines: nothing but its view can be asked for
	Key  string // API key of the merchant; several, separated by commas, are used in turn: limits count per key
	Bank string // base address of the simulated bank, for its books; "" = none is asked

	Plain bool // asked for answers without gzip, whatever the scenario says
}

// Check says what is wrong with a target before anything is sent.
func (t Target) Check() error {
	if _, err := client.HostOf(t.URL); err != nil {
		return fmt.Errorf("target %s: %w", t.Name, err)
	}
	if t.Bank != "" {
		if _, err := client.HostOf(t.Bank); err != nil {
			return fmt.Errorf("bank of %s: %w", t.Name, err)
		}
	}
	if !t.Page && t.Key == "" {
		return fmt.Errorf("target %s: an API key is missing, links are made with it", t.Name)
	}
	return nil
}

// Terms are those of the links that are made.
type Terms struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Usage    string `json:"usage"`
}

// makers is how many links are made at once.
const makers = 16

// Link is one that was made. Its payments name it by its ID, its pages by its token.
type Link struct {
	ID    string `json:"id"`
	Token string `json:"token"`
}

// Links makes n links.
func (t Target) Links(ctx context.Context, n int, terms Terms) ([]Link, error) {
	host, err := client.HostOf(t.URL)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(terms)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	links := make([]Link, n)
	todo := make(chan int)
	keys := t.keys()
	var all sync.WaitGroup
	for maker := range min(makers, n) {
		all.Go(func() {
			conn := &client.Conn{Host: host}
			defer conn.Close()
			for i := range todo {
				made, err := makeLink(ctx, conn, keys[maker%len(keys)], body)
				if err != nil {
					stop(err)
					return
				}
				links[i] = made
			}
		})
	}
	for i := range n {
		select {
		case todo <- i:
		case <-ctx.Done():
			close(todo)
			all.Wait()
			return nil, fmt.Errorf("make links: %w", context.Cause(ctx))
		}
	}
	close(todo)
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("make links: %w", err)
	}
	return links, nil
}

// keys are the merchant's.
func (t Target) keys() []string { return strings.Split(t.Key, ",") }

// makeLink makes one link. A target that limits its API says when to go on; making links is not measured, so
// it may take that long.
func makeLink(ctx context.Context, conn *client.Conn, key string, body []byte) (Link, error) {
	var req fasthttp.Request
	var resp fasthttp.Response
	req.SetRequestURI("/v1/links")
	req.Header.SetMethod("POST")
	req.Header.SetHost(conn.Host.Name)
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.SetContentType("application/json")
	req.SetBody(body)
	for {
		if err := conn.Do(&req, &resp); err != nil {
			return Link{}, err
		}
		wait, limited := retryAfter(resp.StatusCode(), string(resp.Header.Peek("Retry-After")))
		if !limited {
			return linkOf(&resp)
		}
		if err := waits(ctx, wait); err != nil {
			return Link{}, err
		}
	}
}

func waits(ctx context.Context, wait time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(wait):
		return nil
	}
}

// longestWait is what is waited for at most where a target limits its API: more is a target that refuses.
const longestWait = time.Minute

// retryAfter reads how long a limited target wants to be left alone (RFC 9110, 10.2.3; RFC 6585, 4).
func retryAfter(status int, header string) (time.Duration, bool) {
	if status != http.StatusTooManyRequests {
		return 0, false
	}
	seconds, err := strconv.Atoi(header)
	if err != nil || seconds < 0 || time.Duration(seconds)*time.Second > longestWait {
		return 0, false
	}
	return time.Duration(seconds) * time.Second, true
}

func linkOf(resp *fasthttp.Response) (l Link, err error) {
	if resp.StatusCode() != http.StatusCreated {
		return l, fmt.Errorf("POST /v1/links answers %d: %s", resp.StatusCode(), problem(resp.Body()))
	}
	if err := json.Unmarshal(resp.Body(), &l); err != nil || l.ID == "" || l.Token == "" {
		return Link{}, errors.New("POST /v1/links answers no id and token")
	}
	return l, nil
}

// problem is what an answer of the API says: the title and the detail of a problem document (RFC 9457), or
// else its first 200 bytes.
func problem(body []byte) string {
	var p struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	if json.Unmarshal(body, &p) == nil && p.Title+p.Detail != "" {
		return strings.Trim(p.Title+": "+p.Detail, ": ")
	}
	return fmt.Sprintf("%.200s", body)
}

// Ahead is how far the target's clock is ahead of this machine's, by the Date of its answer (RFC 9110,
// 6.6.1), in the middle of the second that it names; whatever the answer's status. known is false when
// the answer has none. The error is that the target cannot be reached.
func (t Target) Ahead(ctx context.Context) (ahead time.Duration, known bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.URL, nil)
	if err != nil {
		return 0, false, err
	}
	asked := time.Now()
	resp, err := reader.Do(req)
	if err != nil {
		return 0, false, err
	}
	defer resp.Body.Close()
	middle := asked.Add(time.Since(asked) / 2)
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return 0, false, nil
	}
	return date.Add(time.Second / 2).Sub(middle), true, nil
}

// Payment is a payment as the API shows it.
type Payment struct {
	ID          string `json:"id"`
	Link        string `json:"link"`
	Status      string `json:"status"`
	BankOrderID string `json:"bank_order_id"`
	Total       int64  `json:"total"`
	Currency    string `json:"currency"`
}

// Payments calls yield for every payment made since a moment.
func (t Target) Payments(ctx context.Context, since time.Time, yield func(Payment)) error {
	cursor, keys := "", t.keys()
	for turn := 0; ; turn++ {
		q := url.Values{"limit": {"100"}, "from": {since.UTC().Format(time.RFC3339)}}
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		var page struct {
			Data []Payment `json:"data"`
			Next *string   `json:"next_cursor"`
		}
		if err := get(ctx, t.URL+"/v1/payments?"+q.Encode(), keys[turn%len(keys)], &page); err != nil {
			return err
		}
		for _, p := range page.Data {
			yield(p)
		}
		if page.Next == nil {
			return nil
		}
		cursor = *page.Next
	}
}

// Charge is one charge in the simulated bank's books.
type Charge struct {
	OrderID  string `json:"order_id"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Status   string `json:"status"` // authorized, voided, refunded
}

// Charges reads the books.
func (t Target) Charges(ctx context.Context) ([]Charge, error) {
	var all []Charge
	return all, get(ctx, t.Bank+"/_bank/charges", "", &all)
}

// Simulated asks the bank for its books: no real bank has that address.
func (t Target) Simulated(ctx context.Context) error {
	if _, err := t.Charges(ctx); err != nil {
		return fmt.Errorf("%s is not a simulated bank that can be reached: %w", t.Bank, err)
	}
	return nil
}

// May says whether a payer may be sent to a host: only to this machine or to the simulated bank. A load
// test never reaches a real bank, whatever a gateway's account says.
func (t Target) May(host client.Host) bool {
	if bank, err := client.HostOf(t.Bank); err == nil && bank.Address == host.Address {
		return true
	}
	name, _, err := net.SplitHostPort(host.Address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// reader is for few and large answers; what is measured goes through package client. It stays where it was
// sent: a redirect could lead an API key to a stranger.
var reader = http.Client{
	Timeout:       time.Minute,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// get waits where it is told to, as who makes links does.
func get(ctx context.Context, address, key string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for {
		wait, limited, err := read(req, into)
		if !limited {
			return err
		}
		if err := waits(ctx, wait); err != nil {
			return err
		}
	}
}

func read(req *http.Request, into any) (wait time.Duration, limited bool, err error) {
	resp, err := reader.Do(req)
	if err != nil {
		return 0, false, err
	}
	defer resp.Body.Close()
	if wait, limited := retryAfter(resp.StatusCode, resp.Header.Get("Retry-After")); limited {
		return wait, true, nil
	}
	if resp.StatusCode != http.StatusOK {
		return 0, false, fmt.Errorf("GET %s answers %d", req.URL.Path, resp.StatusCode)
	}
	return 0, false, json.NewDecoder(resp.Body).Decode(into)
}
