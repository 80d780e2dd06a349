package client_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/odelink/odelink/gateway/api/client"
)

// A link is made, and what its payments came to is asked for. The server here stands for a gateway.
func Example() {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"id":"lnk_5oVq0hWn7Yc2RrT9bKxE3s","url":"https://pay.example.com/p/k7Q2mZ4RwB9t"}`)
			return
		}
		fmt.Fprint(w, `{"data":[{"reference":"2bN8yQeWfU","status":"paid","total":25900,"currency":"TRY"}],"next_cursor":null}`)
	}))
	defer gateway.Close()
	ctx := context.Background()

	c, err := client.New(client.Config{URL: gateway.URL, Key: "sk_demo_odelink"})
	if err != nil {
		log.Fatal(err)
	}
	link, err := c.CreateLink(ctx, client.NewLink{Amount: 25000, Currency: client.CurrencyTRY, OrderID: "SIP-2041"})
	switch {
	case client.CodeOf(err) == "order_id_taken":
		log.Fatal("this order has a link already")
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println("send the customer to", link.URL)
	for p, err := range c.Payments(ctx, client.PaymentFilter{Link: link.ID, Status: client.PaymentStatusPaid}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(p.Reference, p.Total, p.Currency)
	}
	// Output:
	// send the customer to https://pay.example.com/p/k7Q2mZ4RwB9t
	// 2bN8yQeWfU 25900 TRY
}
