package panel

import (
	"cmp"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/templates"
)

// eventsShown is how many lines a page of the trail has, eventsExported a file.
const (
	eventsShown    = 50
	eventsExported = 10_000
)

// trailAbout are the groups of events on a merchant's own chain: the part of a type before its point.
var trailAbout = []string{
	"member", "acquirer", "account", "merchant", "key", "offline_key", "offline_link", "product", "webhook_endpoint", "messages", "report_schedule", "einvoice", "reconciliation", "access",
}

func auditRoutes() []route {
	return []route{
		{"GET", "/panel/settings/audit", checkout.PowerUsers, (*Surface).auditPage},
		{"GET", "/panel/settings/audit/export", checkout.PowerUsers, (*Surface).exportAudit},
	}
}

// trailRow is one line of the trail with who did it by name.
type trailRow struct {
	checkout.Event
	Who   string
	Facts []trailFact
}

// trailFact is one thing that an event says.
type trailFact struct{ Name, Value string }

type auditData struct {
	Filter        *Form
	Actors        []Choice
	Rows          []trailRow
	Next          string // address of the next page
	Check         string // address of this page with the chain looked through
	CSV, JSON     string // addresses of what is shown as a file
	Filtered      bool
	Asked, Intact bool // the chain was looked through, and is whole
}

// trailQuery reads the filters of the address. A day that is none filters nothing.
func trailQuery(c *fiber.Ctx, w *who, limit int) (q checkout.TrailQuery, f *Form) {
	f = NewForm("audit", "actor", c.Query("actor"), "about", c.Query("about"), "from", c.Query("from"), "to", c.Query("to"))
	q = checkout.TrailQuery{Merchant: w.member.Merchant, Actor: f.Get("actor"), From: dayOf(c, "from"), To: dayOf(c, "to"), Limit: limit}
	if slices.Contains(trailAbout, f.Get("about")) {
		q.About = f.Get("about")
	}
	if !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
	}
	q.Before, _ = strconv.ParseInt(c.Query("before"), 10, 64) // none: from the newest
	return q, f
}

// AboutChoice is the filter for what events are about.
func (p *Page) AboutChoice(f *Form) *Input {
	return p.Select(f, "about", "audit.about", append([]string{""}, trailAbout...))
}

func (s *Surface) auditPage(c *fiber.Ctx, w *who) error {
	q, f := trailQuery(c, w, eventsShown)
	found, more, err := s.Ledger.Trail(c.UserContext(), q)
	if err != nil {
		return err
	}
	names, err := s.trailActors(c, w, found)
	if err != nil {
		return err
	}
	d := auditData{Filter: f, Rows: s.trailRows(w.lang, found, names), Actors: actorChoices(names, f.Get("actor"))}
	values := url.Values{}
	for _, name := range []string{"actor", "about", "from", "to"} {
		if f.Get(name) != "" {
			values.Set(name, f.Get(name))
		}
	}
	d.Filtered = len(values) > 0
	d.Check, d.CSV, d.JSON = auditAddress("", "check", "1", values), auditAddress("/export", "format", "csv", values), auditAddress("/export", "format", "json", values)
	if more {
		values.Set("before", strconv.FormatInt(found[len(found)-1].Seq, 10))
		d.Next = "?" + values.Encode()
	}
	if d.Asked = c.Query("check") != ""; d.Asked {
		if d.Intact, err = s.Ledger.TrailWhole(c.UserContext(), w.member.Merchant); err != nil {
			return err
		}
	}
	return s.show(c, w, fiber.StatusOK, "settings_audit", d)
}

// auditAddress is an address of the trail with its filters and one value more. It is made whole here: a page's
// template escapes whatever it is given as one value, "&" and "=" too.
func auditAddress(below, name, value string, filters url.Values) string {
	all := maps.Clone(filters)
	all.Set(name, value)
	return "/panel/settings/audit" + below + "?" + all.Encode()
}

// trailActors names everybody who works here now, the keys, and who else stands in a list of events.
func (s *Surface) trailActors(c *fiber.Ctx, w *who, found []checkout.Event) (map[string]string, error) {
	names := map[string]string{}
	colleagues, err := s.Flow.Colleagues(c.UserContext(), w.member.Merchant)
	if err != nil {
		return nil, err
	}
	for _, u := range colleagues {
		names["user:"+string(u.User)] = u.Name
	}
	keys, err := s.Flow.Keys(c.UserContext(), w.member.Merchant)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		names["api:"+string(k.ID)] = "API · " + k.Name
	}
	l := s.pages.locale(w.lang)
	for _, e := range found {
		if _, known := names[e.Actor]; known {
			continue
		}
		names[e.Actor] = e.Actor
		if id, ok := strings.CutPrefix(e.Actor, "user:"); ok {
			if u, err := s.Ledger.UserByID(c.UserContext(), checkout.UserID(id)); err == nil {
				names[e.Actor] = l.Text("audit.former", "name", u.Name)
			}
		} else if key := "audit.actor." + e.Actor; l.Has(key) {
			names[e.Actor] = l.Raw(key)
		}
	}
	return names, nil
}

func actorChoices(names map[string]string, chosen string) (all []Choice) {
	for actor, name := range names {
		all = append(all, Choice{Value: actor, Label: name, Chosen: actor == chosen})
	}
	slices.SortFunc(all, func(a, b Choice) int { return strings.Compare(a.Label+a.Value, b.Label+b.Value) })
	return all
}

func (s *Surface) trailRows(lang string, found []checkout.Event, names map[string]string) []trailRow {
	rows := make([]trailRow, len(found))
	l := s.pages.locale(lang)
	for i, e := range found {
		rows[i] = trailRow{Event: e, Who: names[e.Actor]}
		for _, name := range slices.Sorted(maps.Keys(e.Data)) {
			value := e.Data[name]
			if ofPOS := e.Data["acquirer"] != "" && e.Data["name"] != ""; ofPOS && name == "acquirer" {
				value = e.Data["name"]
			} else if value == "" || ofPOS && name == "name" {
				continue
			}
			label := name
			if l.Has("audit.fact." + name) {
				label = l.Raw("audit.fact." + name)
			}
			rows[i].Facts = append(rows[i].Facts, trailFact{label, s.factOf(l, name, value, names)})
		}
	}
	return rows
}

// factOf is a value that an event keeps, in words where it has some.
func (s *Surface) factOf(l *templates.Locale, name, value string, names map[string]string) string {
	word := ""
	switch name {
	case "user":
		return cmp.Or(names["user:"+value], value)
	case "report":
		if r, known := report.ByName(value); known {
			return r.Title.In(l.Code)
		}
	case "lang":
		if of := s.pages.locales[value]; of != nil {
			return of.Name
		}
	case "role", "reason":
		word = name + "." + value
	case "channel":
		word = "audit.channel." + value
	case "price":
		if number, currency, ok := strings.Cut(value, " "); ok {
			if minor, err := strconv.ParseInt(strings.ReplaceAll(number, ".", ""), 10, 64); err == nil {
				return l.Money(minor, currency)
			}
		}
	case "rates":
		point, _ := l.Separators()
		return strings.ReplaceAll(value, ".", point)
	case "changed":
		all := strings.Split(value, ", ")
		for i, field := range all {
			if key := "acquirers." + field; l.Has(key) {
				all[i] = l.Raw(key)
			}
		}
		return strings.Join(all, ", ")
	case "enabled":
		return strings.NewReplacer("true", l.Raw("frame.yes"), "false", l.Raw("frame.no")).Replace(value)
	case "own_links", "advertising":
		word = "frame." + map[string]string{"true": "yes", "false": "no"}[value]
	}
	if word != "" && l.Has(word) {
		return l.Raw(word)
	}
	return value
}

// eventWord is what an event is called; one without a word is shown as it is.
func eventWord(l *templates.Locale, typ string) string {
	if key := "audit.event." + typ; l.Has(key) {
		return l.Raw(key)
	}
	return typ
}

// exportAudit answers the filtered trail as a file: CSV as Turkish Excel reads it, or JSON.
func (s *Surface) exportAudit(c *fiber.Ctx, w *who) error {
	format := c.Query("format")
	if format != "csv" && format != "json" {
		return &checkout.Error{Kind: checkout.KindNotFound, Code: "not_found"}
	}
	q, _ := trailQuery(c, w, eventsExported)
	q.Before = 0
	found, _, err := s.Ledger.Trail(c.UserContext(), q)
	if err != nil {
		return err
	}
	names, err := s.trailActors(c, w, found)
	if err != nil {
		return err
	}
	s.headers.Apply(c)
	if format == "json" {
		c.Attachment("audit.json")
		return c.JSON(trailJSON(found, names))
	}
	c.Attachment("audit.csv")
	c.Context().SetContentType("text/csv; charset=utf-8")
	var out strings.Builder
	out.WriteString("\ufeff") // Excel takes a file for UTF-8 by it
	table := csv.NewWriter(&out)
	table.Comma = ';'
	l := s.pages.locale(w.lang)
	rows := [][]string{{l.Raw("audit.when") + " (UTC)", l.Text("audit.local", "when", l.Raw("audit.when")), l.Raw("audit.who"), l.Raw("audit.what"), l.Raw("audit.details"), l.Raw("audit.ip"), "seq", "hash"}}
	for _, r := range s.trailRows(w.lang, found, names) {
		var facts []string
		for _, f := range r.Facts {
			facts = append(facts, f.Name+": "+f.Value)
		}
		rows = append(rows, []string{
			r.At.UTC().Format(time.RFC3339), r.At.In(report.Zone).Format("02.01.2006 15:04:05"), report.Inert(r.Who), eventWord(l, r.Type), report.Inert(strings.Join(facts, ", ")), r.IP, strconv.FormatInt(r.Seq, 10), hex.EncodeToString(r.Hash),
		})
	}
	if err := table.WriteAll(rows); err != nil {
		return err
	}
	return c.SendString(out.String())
}

// trailJSON is the trail for programs, times in UTC.
func trailJSON(found []checkout.Event, names map[string]string) []map[string]any {
	out := make([]map[string]any, len(found))
	for i, e := range found {
		data, _ := json.Marshal(e.Data) // a map of texts always becomes JSON
		out[i] = map[string]any{
			"at": e.At.UTC().Format(time.RFC3339Nano), "actor": e.Actor, "name": names[e.Actor], "type": e.Type, "data": json.RawMessage(data), "ip": e.IP,
			"seq": e.Seq, "hash": hex.EncodeToString(e.Hash),
		}
	}
	return out
}
