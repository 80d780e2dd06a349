package panel

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"
	"rsc.io/qr"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
)

// linksShown is how many links a page of the list has, attemptsShown and messagesShown what the page of one shows.
const (
	linksShown    = 25
	attemptsShown = 50
	messagesShown = 20
)

// LinkFlow is what the pages about links need of checkout.Service.
type LinkFlow interface {
	Shop(ctx context.Context, m checkout.MerchantID) (*checkout.Shop, error)
	CreateLink(ctx context.Context, by checkout.By, m checkout.MerchantID, t checkout.LinkTerms, idem func(checkout.Link) (checkout.Idempotency, error)) (checkout.Link, error)
	CreateLinkToTake(ctx context.Context, by checkout.By, m checkout.MerchantID, t checkout.LinkTerms, page func(checkout.Link) string, idem func(checkout.Link) (checkout.Idempotency, error)) (checkout.Link, error)
	EditLink(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.LinkID, seen int64, edit func(*checkout.LinkTerms) error) (checkout.Link, error)
	DeleteLink(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.LinkID) error
	WakeLink(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.LinkID) (checkout.Link, error)
	SendLink(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.LinkID, ask checkout.SendAsk) (checkout.Message, error)
	ShareOf(ctx context.Context, m checkout.MerchantID, l checkout.Link, lang string) (checkout.Share, error)
	DeliveryChannels() []checkout.Channel
	CheckRows(ctx context.Context, m checkout.MerchantID, rows []checkout.LinkRow) error
	CreateBatch(ctx context.Context, by checkout.By, m checkout.MerchantID, n checkout.NewBatch) (checkout.Batch, error)
}

// linksRoutes are links: the list, making, sending, changing and ending one.
func (s *Surface) linksRoutes() []route {
	look, do := checkout.PowerLook, checkout.PowerLinks
	return slices.Concat([]route{
		{"GET", "/panel/links", look, (*Surface).linksPage},
		{"POST", "/panel/links", do, (*Surface).createLink},
		{"GET", "/panel/links/new", do, (*Surface).newLinkPage},
		{"GET", "/panel/links/export.*", checkout.PowerReports, (*Surface).exportLinks},
	}, s.fileRoutes(), s.batchRoutes(), productRoutes(), s.linkRoutes())
}

// linkRoutes are the pages of one link.
func (s *Surface) linkRoutes() []route {
	look, do := checkout.PowerLook, checkout.PowerLinks
	return []route{
		{"GET", "/panel/links/:id", look, (*Surface).linkPage},
		{"POST", "/panel/links/:id", do, (*Surface).editLink},
		{"GET", "/panel/links/:id/edit", do, (*Surface).editLinkPage},
		{"GET", "/panel/links/:id/print", look, (*Surface).printLink},
		{"GET", "/panel/links/:id/qr.svg", look, (*Surface).linkSVG},
		{"GET", "/panel/links/:id/qr.png", look, (*Surface).linkPNG},
		{"POST", "/panel/links/:id/delete", do, (*Surface).deleteLink},
		{"POST", "/panel/links/:id/wake", do, (*Surface).wakeLink},
		{"POST", "/panel/links/:id/send", do, (*Surface).sendLink},
	}
}

// linkRow is a link in a table.
type linkRow struct {
	checkout.Link
	State   checkout.LinkStatus
	URL     string
	Resting bool
	Stops   []checkout.Stop // what stops payers right now
	NoPOS   bool            // no virtual POS that is switched on takes its currency: nobody can pay
}

func (s *Surface) linkRow(l checkout.Link) linkRow {
	return linkRow{Link: l, State: l.Status(s.now()), URL: s.Flow.LinkURL(l.Token), Resting: !l.RestingSince.IsZero()}
}

// linkTotal is what a page of links comes to in one currency.
type linkTotal struct {
	Currency          checkout.Currency
	Links             int
	Minor, Paid, Left int64
	Count             int
}

func linkTotals(rows []linkRow) []linkTotal {
	by := map[checkout.Currency]linkTotal{}
	for _, l := range rows {
		t := by[l.Amount.Currency]
		t.Currency = l.Amount.Currency
		t.Links++
		t.Minor += l.Amount.Minor
		t.Paid += l.PaidMinor
		t.Count += l.PaidCount
		by[t.Currency] = t
	}
	return slices.SortedFunc(maps.Values(by), func(a, b linkTotal) int {
		return cmp.Or(cmp.Compare(b.Links, a.Links), cmp.Compare(a.Currency, b.Currency))
	})
}

// linkStatuses are those that the list can be asked for.
var linkStatuses = []checkout.LinkStatus{
	checkout.LinkActive, checkout.LinkScheduled, checkout.LinkPaid, checkout.LinkExpired, checkout.LinkDeleted,
}

// linkFilters reads the list's filters out of the address: days are Istanbul's, both included. What cannot be
// read is noted in the form and left out of the query.
func (s *Surface) linkFilters(c *fiber.Ctx, w *who) (*Form, checkout.LinkQuery) {
	f := NewForm("links")
	for _, name := range []string{"q", "status", "stopped", "from", "to", "cursor"} {
		f.Values[name] = strings.TrimSpace(strings.ToValidUTF8(c.Query(name), ""))
	}
	q := checkout.LinkQuery{Merchant: w.member.Merchant, Maker: w.own(), Limit: linksShown, Cursor: f.Get("cursor"), Stopped: f.Get("stopped") == "true"}
	if q.Text = norm.NFC.String(f.Get("q")); len(q.Text) > maxSearch {
		s.wrong(f, w.lang, "q", "too_long", nil)
		q.Text = ""
	}
	if status := checkout.LinkStatus(f.Get("status")); status == "" || slices.Contains(linkStatuses, status) {
		q.Status = status
	} else {
		s.wrong(f, w.lang, "status", "unknown_value", nil)
	}
	q.From = s.dayField(f, w, "from")
	if q.To = s.dayField(f, w, "to"); !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
	}
	return f, q
}

// maxSearch bounds a search text in bytes, as in the API.
const maxSearch = 800

// dayField reads a calendar day of Istanbul, zero when there is none.
func (s *Surface) dayField(f *Form, w *who, name string) time.Time {
	if f.Get(name) == "" {
		return time.Time{}
	}
	day, err := time.ParseInLocation(time.DateOnly, f.Get(name), report.Zone)
	if err != nil || day.Year() < 2000 || day.Year() > 2100 {
		s.wrong(f, w.lang, name, "date_format", nil)
		return time.Time{}
	}
	return day
}

// linksData is the list.
type linksData struct {
	Filters *Form
	Quick   *Form
	Rows    []linkRow
	Totals  []linkTotal
	Next    string // address of the next page
	Set     bool   // some filter is
	Stopped bool   // only links whose payers are stopped
	Saved   string
	SMS     bool // links are sent by it at once
}

func (s *Surface) linksPage(c *fiber.Ctx, w *who) error {
	f, q := s.linkFilters(c, w)
	found, next, err := s.Ledger.SearchLinks(c.UserContext(), q)
	if err == checkout.ErrCursor {
		return c.Redirect("/panel/links", fiber.StatusSeeOther)
	}
	if err != nil {
		return err
	}
	d := linksData{Filters: f, Quick: s.newLinkForm(w), Saved: c.Query("saved"), SMS: slices.Contains(s.Flow.DeliveryChannels(), checkout.ChannelSMS)}
	shop, err := s.Flow.Shop(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	for _, l := range found {
		row := s.linkRow(l)
		row.NoPOS = !shop.Takes(l.Amount.Currency)
		d.Rows = append(d.Rows, row)
	}
	if err := s.withStops(c.UserContext(), w.member.Merchant, rowsIn(d.Rows, func(l *linkRow) *linkRow { return l })); err != nil {
		return err
	}
	d.Totals = linkTotals(d.Rows)
	d.Next = nextPage(c, next)
	d.Stopped = q.Stopped
	d.Set = d.Stopped
	for _, name := range []string{"q", "status", "from", "to"} {
		d.Set = d.Set || f.On(name)
	}
	status := fiber.StatusOK
	if !f.OK() {
		status = fiber.StatusUnprocessableEntity
	}
	return s.show(c, w, status, "links", d)
}

// nextPage is the address of this list behind a cursor, "" at its end. The filters stay.
func nextPage(c *fiber.Ctx, cursor string) string {
	if cursor == "" {
		return ""
	}
	return samePage(c, "cursor", cursor)
}

// samePage is this page's address with one more word in its question.
func samePage(c *fiber.Ctx, name, value string) string {
	values, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		values = url.Values{}
	}
	values.Del("saved")
	values.Set(name, value)
	return c.Path() + "?" + values.Encode()
}

// exportLinks answers the list's report as a file, all of its pages, with the list's filters.
func (s *Surface) exportLinks(c *fiber.Ctx, w *who) error {
	f, q := s.linkFilters(c, w)
	if !f.OK() {
		return &checkout.Error{Kind: checkout.KindInvalid, Code: "bad_request"}
	}
	r, _ := report.ByName("links")
	return s.export(c, w, r, report.Query{
		Merchant: q.Merchant, Maker: q.Maker, Text: q.Text, Status: string(q.Status), From: q.From, To: q.To, Now: s.now(), LinkURL: s.Flow.LinkURL,
	}, c.Params("*"))
}

// linkOf finds the link of the path for who asks. ErrNoLink also for a colleague's where he sees only his own.
func (s *Surface) linkOf(c *fiber.Ctx, w *who) (checkout.Link, error) {
	id := checkout.LinkID(c.Params("id"))
	if !id.Valid() {
		return checkout.Link{}, checkout.ErrNoLink
	}
	if err := s.seesLink(c, w, id); err != nil {
		return checkout.Link{}, err
	}
	return s.Ledger.LinkByID(c.UserContext(), w.member.Merchant, id)
}

// linkData is the page of one link.
type linkData struct {
	Link     linkRow
	Share    checkout.Share
	Payments []checkout.Payment
	Line     []lineEntry
	Tries    int64 // payments that were begun, more than the line shows perhaps
	Stopped  int64 // tries that the limits stopped
	Messages []checkout.Message
	Channels []checkout.Channel
	Send     *Form
	Batch    *checkout.Batch
	Saved    string
	Made     bool // just now: sharing comes first
}

// Alive says whether somebody could still pay it, now or later.
func (d linkData) Alive() bool {
	return d.Link.State == checkout.LinkActive || d.Link.State == checkout.LinkScheduled
}

// Offers says whether links are sent by a channel here.
func (d linkData) Offers(channel string) bool {
	return slices.Contains(d.Channels, checkout.Channel(channel))
}

func (s *Surface) linkPage(c *fiber.Ctx, w *who) error {
	l, err := s.linkOf(c, w)
	if err != nil {
		return err
	}
	return s.showLink(c, w, fiber.StatusOK, l, NewForm("links.send", "sms", textedAt(l), "email", l.Customer.Email))
}

// textedAt is the customer's number if text messages go to it.
func textedAt(l checkout.Link) string {
	if checkout.TurkishMobile(l.Customer.Phone) {
		return l.Customer.Phone
	}
	return ""
}

func (s *Surface) showLink(c *fiber.Ctx, w *who, status int, l checkout.Link, send *Form) error {
	ctx := c.UserContext()
	d := linkData{Link: s.linkRow(l), Send: send, Saved: c.Query("saved"), Channels: s.Flow.DeliveryChannels()}
	d.Made = d.Saved == "made"
	shop, err := s.Flow.Shop(ctx, l.Merchant)
	if err != nil {
		return err
	}
	d.Link.NoPOS = !shop.Takes(l.Amount.Currency)
	payments, err := s.Ledger.PaymentsOfLinks(ctx, l.Merchant, []checkout.LinkID{l.ID}, attemptsShown)
	if err != nil {
		return err
	}
	d.Payments = payments[l.ID]
	if d.Messages, _, err = s.Ledger.SearchMessages(ctx, checkout.MessageQuery{Merchant: l.Merchant, Link: l.ID, Limit: messagesShown}); err != nil {
		return err
	}
	switch b, err := s.Ledger.BatchOfLink(ctx, l.Merchant, l.ID); {
	case err == nil:
		d.Batch = &b
	case !errors.Is(err, checkout.ErrNoBatch):
		return err
	}
	if d.Share, err = s.Flow.ShareOf(ctx, l.Merchant, l, w.lang); err != nil {
		return err
	}
	stops, stopped, err := s.stopsOf(c, l)
	if err != nil {
		return err
	}
	if d.Stopped = stopped; d.Link.State == checkout.LinkActive {
		d.Link.Stops = s.lasting(stops)
	}
	if d.Line, err = s.linkLine(c, w, l, d.Payments, stops); err != nil {
		return err
	}
	if d.Tries = int64(len(d.Payments)); d.Tries == attemptsShown {
		all, err := s.Ledger.PaymentSums(ctx, checkout.PaymentQuery{Merchant: l.Merchant, Link: l.ID}, sumsOfLink)
		if err != nil {
			return err
		}
		for _, one := range all.Each {
			d.Tries = max(d.Tries, one.Tries) // a link has one currency
		}
	}
	return s.show(c, w, status, "links_one", d)
}

// lineEntry is one point of a timeline.
type lineEntry struct {
	At     time.Time
	Key    string // of its word
	Detail string
	Tone   string
	Path   string
}

// linkLine is what happened to a link and with it, oldest first.
func (s *Surface) linkLine(c *fiber.Ctx, w *who, l checkout.Link, payments []checkout.Payment, stops []checkout.Stop) (line []lineEntry, err error) {
	events, err := s.Ledger.Events(c.UserContext(), l.Merchant, string(l.ID))
	if err != nil {
		return nil, err
	}
	names, err := s.actors(c, w)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		entry := lineEntry{At: e.At, Key: "links.event." + e.Type, Detail: names(e.Actor)}
		switch e.Type {
		case "link.deleted", "link.velocity_blocked":
			entry.Tone = "bad"
		case checkout.TopicPayerStopped:
			entry.Tone, entry.Detail = "bad", s.stopDetail(w, e, stops)
		case checkout.TopicLinkPaid:
			entry.Tone = "good"
		}
		line = append(line, entry)
	}
	opened, err := s.Ledger.OpenedAt(c.UserContext(), l.Merchant, l.ID)
	if err != nil {
		return nil, err
	}
	if !opened.IsZero() {
		line = append(line, lineEntry{At: opened, Key: "links.event.link.opened"})
	}
	for _, p := range payments {
		entry := lineEntry{At: p.CreatedAt, Key: "links.event.payment", Detail: s.pages.locale(w.lang).Money(p.Total.Minor, string(p.Total.Currency)), Path: "/panel/payments/" + string(p.ID)}
		if !p.PaidAt.IsZero() {
			entry.At, entry.Key, entry.Tone = p.PaidAt, "links.event.paid", "good"
		}
		line = append(line, entry)
	}
	slices.SortStableFunc(line, func(a, b lineEntry) int { return a.At.Compare(b.At) })
	return line, nil
}

// actors names who did something, as the audit trail knows him, for people.
func (s *Surface) actors(c *fiber.Ctx, w *who) (func(actor string) string, error) {
	all, err := s.Ledger.Colleagues(c.UserContext(), w.member.Merchant)
	if err != nil {
		return nil, err
	}
	l := s.pages.locale(w.lang)
	return func(actor string) string {
		kind, id, _ := strings.Cut(actor, ":")
		for _, colleague := range all {
			if kind == "user" && string(colleague.User) == id {
				return colleague.Name
			}
		}
		if l.Has("links.actor." + kind) {
			return l.Raw("links.actor." + kind)
		}
		return ""
	}, nil
}

// deleteLink ends a link; its page has told what that means.
func (s *Surface) deleteLink(c *fiber.Ctx, w *who) error {
	l, err := s.linkOf(c, w)
	if err != nil {
		return err
	}
	if err := s.Flow.DeleteLink(c.UserContext(), w.by(c), l.Merchant, l.ID); err != nil {
		return err
	}
	return saved(c, linkPath(l.ID), "deleted")
}

// wakeLink lets a link that rests be paid again.
func (s *Surface) wakeLink(c *fiber.Ctx, w *who) error {
	l, err := s.linkOf(c, w)
	if err != nil {
		return err
	}
	if _, err := s.Flow.WakeLink(c.UserContext(), w.by(c), l.Merchant, l.ID); err != nil {
		return err
	}
	return saved(c, linkPath(l.ID), "awake")
}

// sendLink sends a link by SMS or e-mail, once however often the button is pressed.
func (s *Surface) sendLink(c *fiber.Ctx, w *who) error {
	l, err := s.linkOf(c, w)
	if err != nil {
		return err
	}
	f := readForm(c, "links.send", "channel", "sms", "email", "once")
	channel := checkout.Channel(f.Get("channel"))
	if !slices.Contains(checkout.Channels, channel) {
		return &checkout.Error{Kind: checkout.KindInvalid, Code: "bad_request"}
	}
	ask := checkout.SendAsk{Channel: channel, To: f.Get(string(channel)), Idem: func(m checkout.Message) (checkout.Idempotency, error) {
		return s.once(c, w, f, string(m.ID)), nil
	}}
	_, err = s.Flow.SendLink(c.UserContext(), w.by(c), l.Merchant, l.ID, ask)
	if isCode(err, checkout.ErrKeyKnown) {
		err = nil
	}
	var e *checkout.Error
	if errors.As(err, &e) && len(e.Fields) == 1 && e.Fields[0].Code == "sms_needs_turkish_mobile" {
		f.Errors["sms"], err = s.Message(w.lang, e.Fields[0].Code, nil), nil // our own words of it are for a link that is not made yet
	}
	if err := s.refused(f, w.lang, err, map[string]string{"to": string(channel), "channel": string(channel)}); err != nil {
		return err
	}
	if !f.OK() {
		for _, other := range checkout.Channels {
			if other != channel && f.Get(string(other)) == "" {
				f.Values[string(other)] = map[checkout.Channel]string{checkout.ChannelSMS: textedAt(l), checkout.ChannelEmail: l.Customer.Email}[other]
			}
		}
		return s.showLink(c, w, fiber.StatusUnprocessableEntity, l, f)
	}
	return saved(c, linkPath(l.ID), "sent")
}

func linkPath(id checkout.LinkID) string { return "/panel/links/" + string(id) }

// printLink is a page for paper: one QR code with its sum on A6.
func (s *Surface) printLink(c *fiber.Ctx, w *who) error {
	l, err := s.linkOf(c, w)
	if err != nil {
		return err
	}
	return s.show(c, w, fiber.StatusOK, "links_print", linkData{Link: s.linkRow(l)})
}

func (s *Surface) linkSVG(c *fiber.Ctx, w *who) error {
	l, err := s.linkOf(c, w)
	if err != nil {
		return err
	}
	p := &Page{s: s}
	svg, err := p.QR(s.Flow.LinkURL(l.Token))
	if err != nil {
		return err
	}
	return s.picture(c, l, "image/svg+xml", ".svg", []byte(strings.Replace(string(svg), "<svg ", `<svg xmlns="http://www.w3.org/2000/svg" width="60mm" height="60mm" `, 1)))
}

func (s *Surface) linkPNG(c *fiber.Ctx, w *who) error {
	l, err := s.linkOf(c, w)
	if err != nil {
		return err
	}
	code, err := qr.Encode(s.Flow.LinkURL(l.Token), qr.M)
	if err != nil {
		return err
	}
	code.Scale = 12
	return s.picture(c, l, "image/png", ".png", code.PNG())
}

// picture answers a link's code as a file to be saved under its order number.
func (s *Surface) picture(c *fiber.Ctx, l checkout.Link, kind, ending string, body []byte) error {
	s.headers.Apply(c)
	c.Set(fiber.HeaderContentType, kind)
	name := strings.Map(func(r rune) rune {
		if r == '/' || r == '#' {
			return '-'
		}
		return r
	}, string(l.Order))
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="qr-`+name+ending+`"`)
	return c.Send(body)
}
