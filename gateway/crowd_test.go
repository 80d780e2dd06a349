package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// A28, I1, I2, I17: fifty callers edit, delete, read, open and pay one link at once, some of them on their way
// back from the bank. Nobody meets an error of ours, every answer is one that the contract names, and books,
// outbox and audit trail are whole.
func TestA28_oneLinkEditedDeletedAndPaidByFifty(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		terms  map[string]any
		delete bool
		most   int
	}{
		"a single-use link":                 {nil, false, 1},
		"a link for three":                  {map[string]any{"usage": "multi", "max_payments": 3}, false, 3},
		"a link that is deleted meanwhile":  {map[string]any{"usage": "multi"}, true, 10},
		"a single one, deleted in the same": {nil, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrash(t, rigOptions{tame: true})
			link := c.link(tc.terms)
			back, _ := tickets(t, []*rig{c.rig}, link["token"].(string), 10)
			c.must("at the bank", len(back), 10)
			var mu sync.Mutex
			seen := map[string]int{}
			wants := map[string]map[int]bool{
				"back":   {303: true, 409: true},
				"edit":   {200: true, 409: true},
				"delete": {204: true, 409: true},
				"read":   {200: true},
				"open":   {200: true, 409: true, 410: true},
				"pay":    {200: true, 409: true, 410: true},
			}
			program := c.stranger("Authorization", "Bearer "+demoAPIKey, "Accept", "application/json")
			object, list := c.base+"/v1/links/"+link["id"].(string), c.base+"/v1/links?limit=5"
			together(50, func(i int) {
				var what string
				var a answer
				var err error
				switch {
				case i < len(back):
					what = "back"
					a.status, _, err = post(c.base+back[i].path, back[i].fields, "text/html")
				case i < 25:
					what = "edit"
					a, err = program.try("PATCH", object, "application/json", fmt.Sprintf(`{"amount":%d,"description":"edit %d"}`, 20_000+i, i))
				case i < 35:
					what = "pay"
					a, err = c.stranger("Accept", "application/json").try("POST", link["url"].(string)+"/pay", formType, cardForm(cardWithout).Encode())
				case i < 42:
					what = "open"
					a, err = c.stranger().try("GET", link["url"].(string), "", "")
				case i < 48 || !tc.delete:
					what = "read"
					a, err = program.try("GET", []string{object, list}[i%2], "", "")
				default:
					what = "delete"
					a, err = program.try("DELETE", object, "", "")
				}
				if err != nil {
					t.Errorf("%s: %v", what, err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				seen[fmt.Sprint(what, " ", a.status)]++
				if !wants[what][a.status] {
					t.Errorf("%s: %d %.300s", what, a.status, a.body)
				}
			})
			n := c.count(link)
			if paid := n[checkout.StatusPaid]; paid > tc.most || paid == 0 && !tc.delete || seen["back 303"] < paid {
				t.Errorf("payments %v, answers %v", n, seen)
			}
			a := program.send("GET", object, "", "")
			var now struct {
				Status    string
				PaidCount int `json:"paid_count"`
			}
			if err := json.Unmarshal([]byte(a.body), &now); err != nil || a.status != http.StatusOK || now.PaidCount != n[checkout.StatusPaid] {
				t.Errorf("%d %s, paid %d: %v", a.status, a.body, n[checkout.StatusPaid], err)
			}
			c.proven()
		})
	}
}
