// Package standin is a gateway and its simulated bank in memory, as far as the published contract shows them
// to a payer and to a merchant's program. The load tester's own tests run against it, and tell it to be
// wrong: to refuse, to reset, to lose money. It deliberately imports nothing of ours, so that a mistake in
// reading the contract is not made twice.
package standin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Key is the API key of its merchant.
const Key = "sk_standin"

// Password is what its bank asks for.
const Password = "123456"

// Shop is the gateway with its bank. The hooks are set before the first request.
type Shop struct {
	// Before is asked first, with the step's name or "links", "payments", "charges"; true = it has answered.
	Before func(step string, w http.ResponseWriter, r *http.Request) bool
	// Books changes what the bank writes down for a charge, Ledger what the gateway makes of a payment.
	Books  func(Charge) []Charge
	Ledger func(*Payment)
	// Clock is the gateway's.
	Clock func() time.Time
	// Leads is where the pay form leads, in place of the simulated bank.
	Leads string

	Gateway, Bank *httptest.Server

	mu       sync.Mutex
	links    map[string]link
	payments []*Payment
	charges  []Charge
}

type link struct {
	id       string
	amount   int64
	currency string
	single   bool
	paid     bool
}

// Payment is a payment as the API shows it.
type Payment struct {
	ID          string    `json:"id"`
	Link        string    `json:"link"`
	Status      string    `json:"status"`
	BankOrderID string    `json:"bank_order_id"`
	Total       int64     `json:"total"`
	Currency    string    `json:"currency"`
	CreatedAt   time.Time `json:"created_at"`
}

// Charge is a charge in the bank's books.
type Charge struct {
	OrderID  string `json:"order_id"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Status   string `json:"status"`
}

// Start opens both on loopback. Close ends them.
func Start() *Shop {
	s := &Shop{links: map[string]link{}, Clock: time.Now}
	s.Gateway = httptest.NewServer(s.gateway())
	s.Bank = httptest.NewServer(s.bank())
	return s
}

// Close ends both.
func (s *Shop) Close() {
	s.Gateway.CloseClientConnections()
	s.Bank.CloseClientConnections()
	s.Gateway.Close()
	s.Bank.Close()
}

// Payments are those that were begun so far.
func (s *Shop) Payments() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.payments)
}

// SettledAmount is what Settle charges, in minor units.
const SettledAmount = 100

// Settle makes a payment of a link, charged and recorded, without a payer.
func (s *Shop) Settle(link string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := strconv.Itoa(len(s.payments))
	p := &Payment{ID: "pay_" + n, Link: link, BankOrderID: "ord" + n, Total: SettledAmount, Currency: "TRY", CreatedAt: s.Clock()}
	s.payments = append(s.payments, p)
	s.settle(p)
}

func (s *Shop) gateway() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/links", s.step("links", s.makeLink))
	mux.HandleFunc("GET /v1/payments", s.step("payments", s.listPayments))
	mux.HandleFunc("GET /p/{token}", s.step("view", s.view))
	mux.HandleFunc("GET /p/{token}/installments", s.step("installments", s.installments))
	mux.HandleFunc("POST /p/{token}/pay", s.step("pay", s.pay))
	mux.HandleFunc("POST /3ds/{payment}", s.step("return", s.comesBack))
	mux.HandleFunc("GET /r/{payment}", s.step("result", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<h1>Paid</h1>") }))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", s.Clock().UTC().Format(http.TimeFormat))
		mux.ServeHTTP(w, r)
	})
}

func (s *Shop) step(name string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.Before != nil && s.Before(name, w, r) {
			return
		}
		if strings.HasPrefix(r.URL.Path, "/v1/") && r.Header.Get("Authorization") != "Bearer "+Key {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"title":"Unauthorized","detail":"this key is not known"}`)
			return
		}
		next(w, r)
	}
}

func (s *Shop) makeLink(w http.ResponseWriter, r *http.Request) {
	var terms struct {
		Amount   int64  `json:"amount"`
		Currency string `json:"currency"`
		Usage    string `json:"usage"`
	}
	if err := json.NewDecoder(r.Body).Decode(&terms); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	token := fmt.Sprintf("t%011d", len(s.links))
	s.links[token] = link{id: "lnk_" + token, amount: terms.Amount, currency: terms.Currency, single: terms.Usage == "single"}
	s.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"id":"lnk_%s","token":%q}`, token, token)
}

// pageSize makes lists of several pages in short tests.
const pageSize = 20

func (s *Shop) listPayments(w http.ResponseWriter, r *http.Request) {
	from, err := time.Parse(time.RFC3339, r.URL.Query().Get("from"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	begin, _ := strconv.Atoi(r.URL.Query().Get("cursor")) // none is the beginning
	s.mu.Lock()
	defer s.mu.Unlock()
	var page struct {
		Data []*Payment `json:"data"`
		Next *string    `json:"next_cursor"`
	}
	i := begin
	for ; i < len(s.payments) && len(page.Data) < pageSize; i++ {
		if !s.payments[i].CreatedAt.Before(from) {
			page.Data = append(page.Data, s.payments[i])
		}
	}
	if i < len(s.payments) {
		next := strconv.Itoa(i)
		page.Next = &next
	}
	answer(w, page)
}

func answer(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(http.ErrAbortHandler) // who asked is gone
	}
}

func (s *Shop) link(r *http.Request) (link, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.links[r.PathValue("token")]
	return l, ok && !l.paid
}

func (s *Shop) view(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.link(r); !ok {
		http.Error(w, "no such link", http.StatusNotFound)
		return
	}
	fmt.Fprint(w, `<form id="lang"><input name="lang" type="hidden" value="tr"></form>
<form id="pay" method="post"><input type="hidden" name="attempt" value="a&amp;1"><input type="tel" name="card_number"><input type="text" name="card_holder"></form>`)
}

func (s *Shop) installments(w http.ResponseWriter, r *http.Request) {
	if len(r.URL.Query().Get("bin")) != 8 {
		http.Error(w, "six to eight digits", http.StatusBadRequest)
		return
	}
	fmt.Fprint(w, `{"offers":[{"count":1}]}`)
}

func (s *Shop) pay(w http.ResponseWriter, r *http.Request) {
	l, ok := s.link(r)
	if !ok {
		http.Error(w, "this link was paid", http.StatusConflict)
		return
	}
	for name, want := range map[string]bool{"attempt": r.FormValue("attempt") == "a&1", "card_number": len(r.FormValue("card_number")) == 16, "card_cvc": r.FormValue("card_cvc") != "", "card_holder": r.FormValue("card_holder") != ""} {
		if !want {
			http.Error(w, name+" is wrong", http.StatusUnprocessableEntity)
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := strconv.Itoa(len(s.payments))
	p := &Payment{ID: "pay_" + n, Link: l.id, Status: "challenged", BankOrderID: "ord" + n, Total: l.amount, Currency: l.currency, CreatedAt: s.Clock()}
	s.payments = append(s.payments, p)
	to := s.Bank.URL
	if s.Leads != "" {
		to = s.Leads
	}
	fmt.Fprintf(w, `<form method="post" action="%s/acs"><input type="hidden" name="order" value="%s"><input type="hidden" name="back" value="%s/3ds/%s"></form>`,
		to, p.BankOrderID, s.Gateway.URL, p.ID)
}

// comesBack charges the card at the bank and records it.
func (s *Shop) comesBack(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("verified") != "yes" {
		http.Error(w, "not verified", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.payments {
		if p.ID == r.PathValue("payment") {
			s.settle(p)
			w.Header().Set("Location", "/r/"+p.ID)
			w.WriteHeader(http.StatusSeeOther)
			return
		}
	}
	http.NotFound(w, r)
}

func (s *Shop) settle(p *Payment) {
	charges := []Charge{{OrderID: p.BankOrderID, Amount: p.Total, Currency: p.Currency, Status: "authorized"}}
	if s.Books != nil {
		charges = s.Books(charges[0])
	}
	s.charges = append(s.charges, charges...)
	p.Status = "paid"
	if s.Ledger != nil {
		s.Ledger(p)
	}
	token := strings.TrimPrefix(p.Link, "lnk_")
	if l := s.links[token]; l.single {
		l.paid = true
		s.links[token] = l
	}
}

func (s *Shop) bank() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_bank/charges", func(w http.ResponseWriter, r *http.Request) {
		if s.Before != nil && s.Before("charges", w, r) {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		answer(w, append([]Charge{}, s.charges...))
	})
	mux.HandleFunc("POST /acs", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<form method="post" action="/otp"><input type="hidden" name="back" value="%s"><input type="text" name="password"></form>`, r.FormValue("back"))
	})
	mux.HandleFunc("POST /otp", func(w http.ResponseWriter, r *http.Request) {
		verified := "no"
		if r.FormValue("password") == Password {
			verified = "yes"
		}
		fmt.Fprintf(w, `<form method="post" action="%s"><input type="hidden" name="verified" value="%s"></form>`, r.FormValue("back"), verified)
	})
	return mux
}
