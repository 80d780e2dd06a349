package banksim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// steer is the port for tests and demonstrations:
//
//	GET  /_bank/charges      the books: ?merchant_id= ?order_id=
//	GET  /_bank/orders       every order with all its attempts: ?merchant_id= ?order_id=
//	GET  /_bank/requests     the last 1000 requests, masked: ?order_id= ?step=
//	POST /_bank/faults       a Fault; GET lists those waiting, DELETE clears them
//	POST /_bank/eod          closes every batch
//	POST /_bank/clock        {"offset_ms":n} sets, {"advance_ms":n} adds; GET tells
//	GET  /_bank/cards        scripted test cards of ?bin= (default 415565)
//	POST /_bank/merchants    adds or replaces a merchant; GET lists them without secrets
func (b *Bank) steer(c *call) reply {
	name := strings.Trim(strings.TrimPrefix(asciiLower(c.r.URL.Path), "/_bank"), "/")
	method := c.r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	switch method + " " + name {
	case "GET charges":
		return b.steerCharges(c)
	case "GET orders":
		q := c.r.URL.Query()
		return answerJSON(http.StatusOK, b.books.all(func(o *Order) bool {
			return fitsQuery(q.Get("merchant_id"), o.MerchantID) && fitsQuery(q.Get("order_id"), o.OrderID)
		}))
	case "GET requests":
		return b.steerRequests(c)
	case "POST faults":
		return steerPost(c, http.StatusCreated, b.AddFault)
	case "GET faults":
		return answerJSON(http.StatusOK, b.Faults())
	case "DELETE faults":
		b.ClearFaults()
		return noContent
	case "POST eod":
		return b.steerDayEnd()
	case "POST clock":
		return steerPost(c, http.StatusOK, b.setClock)
	case "GET clock":
		return answerJSON(http.StatusOK, b.clock())
	case "GET cards":
		return steerCards(c)
	case "POST merchants":
		return steerPost(c, http.StatusCreated, b.addMerchant)
	case "GET merchants":
		return answerJSON(http.StatusOK, b.merchantList())
	}
	return answerJSON(http.StatusNotFound, map[string]string{"error": "no such steering address: " + method + " " + name})
}

func fitsQuery(want, is string) bool { return want == "" || want == is }

func (b *Bank) steerCharges(c *call) reply {
	q := c.r.URL.Query()
	list := []Charge{}
	for _, ch := range b.Charges() {
		if fitsQuery(q.Get("merchant_id"), ch.MerchantID) && fitsQuery(q.Get("order_id"), ch.OrderID) {
			list = append(list, ch)
		}
	}
	return answerJSON(http.StatusOK, list)
}

func (b *Bank) steerRequests(c *call) reply {
	q := c.r.URL.Query()
	list := []Request{}
	for _, r := range b.Requests() {
		if fitsQuery(q.Get("order_id"), r.OrderID) && fitsQuery(q.Get("step"), r.Step) {
			list = append(list, r)
		}
	}
	return answerJSON(http.StatusOK, list)
}

func (b *Bank) steerDayEnd() reply {
	n, err := b.CloseDay()
	if err != nil {
		return answerJSON(http.StatusInternalServerError, map[string]string{"error": err.Error()})
	}
	return answerJSON(http.StatusOK, map[string]int{"closed": n})
}

// clockSetting is a change of the bank's clock when it is sent and the clock when it is answered.
type clockSetting struct {
	Offset  *int64    `json:"offset_ms,omitempty"`
	Advance *int64    `json:"advance_ms,omitempty"`
	Now     time.Time `json:"now,omitzero"`
}

func (b *Bank) setClock(s clockSetting) (clockSetting, error) {
	const tenYears = int64(10 * 365 * 24 * time.Hour / time.Millisecond)
	var add, set int64
	switch {
	case s.Offset != nil && s.Advance == nil:
		set = *s.Offset
	case s.Advance != nil && s.Offset == nil:
		add = *s.Advance
	default:
		return clockSetting{}, errors.New("one of offset_ms and advance_ms is needed")
	}
	if max(set, add) > tenYears || min(set, add) < -tenYears {
		return clockSetting{}, errors.New("the clock moves by at most ten years")
	}
	b.mu.Lock()
	if s.Offset != nil {
		b.offset = 0
	}
	b.offset += time.Duration(set+add) * time.Millisecond
	b.mu.Unlock()
	return b.clock(), nil
}

func (b *Bank) clock() clockSetting {
	now := b.now()
	b.mu.Lock()
	offset := b.offset.Milliseconds()
	b.mu.Unlock()
	return clockSetting{Offset: &offset, Now: now.UTC()}
}

// addMerchant admits a merchant at run time and remembers it in the data file.
func (b *Bank) addMerchant(m Merchant) (Merchant, error) {
	if m.Dialect == "" {
		m.Dialect = dialectPayFor
	}
	if _, known := b.dialects[m.Dialect]; !known {
		return Merchant{}, fmt.Errorf("dialect %q is not spoken here", m.Dialect)
	}
	if m.Dialect == dialectPayFor && m.MbrID == "" {
		m.MbrID = "5"
	}
	if err := b.admit(m); err != nil {
		return Merchant{}, err
	}
	if err := b.books.keepMerchant(m); err != nil {
		return Merchant{}, err
	}
	m.UserPass, m.MerchantPass, m.RefundUser.Pass, m.ReportUser.Pass = "", "", "", ""
	return m, nil
}

// scriptedCard is a test card with its number, which is no secret: no issuer has it.
type scriptedCard struct {
	Script string `json:"script"`
	Number string `json:"number"`
	Plays  string `json:"plays"`
}

func scriptedCards(bin string) []scriptedCard {
	list := make([]scriptedCard, len(parts))
	for i, p := range parts {
		list[i] = scriptedCard{p.Script, CardNumber(bin, p.Script), p.Plays}
	}
	return list
}

func steerCards(c *call) reply {
	bin := c.r.URL.Query().Get("bin")
	if bin == "" {
		bin = "415565"
	}
	if len(bin) < 6 || len(bin) > 8 || !digitsOnly(bin) {
		return answerJSON(http.StatusBadRequest, map[string]string{"error": "bin is 6 to 8 digits"})
	}
	return answerJSON(http.StatusOK, scriptedCards(bin))
}

// steerPost decodes the body, strictly so that a typing error in a test is heard, and answers what do answers.
func steerPost[In, Out any](c *call, status int, do func(In) (Out, error)) reply {
	var in In
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return answerJSON(http.StatusBadRequest, map[string]string{"error": "reading the JSON body: " + err.Error()})
	}
	if _, err := d.Token(); err != io.EOF {
		return answerJSON(http.StatusBadRequest, map[string]string{"error": "the body holds more than one JSON value"})
	}
	out, err := do(in)
	if err != nil {
		return answerJSON(http.StatusUnprocessableEntity, map[string]string{"error": err.Error()})
	}
	return answerJSON(status, out)
}

func answerJSON(status int, v any) reply {
	return func(w http.ResponseWriter, _ *http.Request) {
		text, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			http.Error(w, "the simulated bank could not write its answer", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_, _ = w.Write(append(text, '\n'))
	}
}

func noContent(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

func decimalDigits(n int) string { return strconv.Itoa(n) }
