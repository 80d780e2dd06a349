package panel

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// requestsShown is how many calls a page of the log has.
const requestsShown = 50

const requestsPath = "/panel/settings/keys/requests"

func requestRoutes() []route {
	return []route{{"GET", requestsPath, checkout.PowerSettings, (*Surface).requestsPage}}
}

// requestRow is one call of a program, with its key's name.
type requestRow struct {
	checkout.RequestLine
	Name string
	MS   string
}

// Good says whether it was answered as asked.
func (r requestRow) Good() bool { return r.Status < fiber.StatusBadRequest }

type requestsData struct {
	Filter         *Form
	Keys           []Choice
	Rows           []requestRow
	Next           string
	First          bool
	Filtered, Done bool
}

// requestsPage lists what programs asked, newest first; the filters are those of the API's log.
func (s *Surface) requestsPage(c *fiber.Ctx, w *who) error {
	f := NewForm("requests", "key", c.Query("key"), "failed", c.Query("failed"), "from", c.Query("from"), "to", c.Query("to"))
	q := checkout.RequestQuery{
		Merchant: w.member.Merchant, Key: checkout.KeyID(f.Get("key")), Failed: f.On("failed"), From: dayOf(c, "from"), To: dayOf(c, "to"),
		Limit: requestsShown, Cursor: c.Query("cursor"),
	}
	if !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
	}
	found, next, err := s.Ledger.SearchRequests(c.UserContext(), q)
	if errors.Is(err, checkout.ErrCursor) {
		return c.Redirect(requestsPath, fiber.StatusSeeOther)
	}
	if err != nil {
		return err
	}
	keys, err := s.Flow.Keys(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	d := requestsData{Filter: f, First: q.Cursor == ""}
	names := map[checkout.KeyID]string{}
	for _, k := range keys {
		names[k.ID] = nameOfKey(k)
		d.Keys = append(d.Keys, Choice{Value: string(k.ID), Label: names[k.ID], Chosen: k.ID == q.Key})
	}
	slices.SortFunc(d.Keys, func(a, b Choice) int { return strings.Compare(a.Label+a.Value, b.Label+b.Value) })
	l := s.pages.locale(w.lang)
	for _, line := range found {
		d.Rows = append(d.Rows, requestRow{line, names[line.Key], string(l.AppendNumber(nil, line.Took.Milliseconds(), 0))})
	}
	values := url.Values{}
	for _, name := range []string{"key", "failed", "from", "to"} {
		if f.Get(name) != "" {
			values.Set(name, f.Get(name))
		}
	}
	if d.Filtered = len(values) > 0; next != "" {
		values.Set("cursor", next)
		d.Next = "?" + values.Encode()
	}
	return s.show(c, w, fiber.StatusOK, "settings_requests", d)
}

// nameOfKey is what a key is called, its beginning where it has no name.
func nameOfKey(k checkout.APIKey) string {
	if k.Name == "" {
		return k.Shown + "…"
	}
	return k.Name
}
