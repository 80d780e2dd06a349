package panel

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
)

// batchShown is how many links of a batch a page has, batchRead how many are read at once for a file.
const (
	batchShown = 50
	batchRead  = 500
)

func batchPath(id checkout.BatchID) string { return "/panel/links/batches/" + string(id) }

// batchRoutes are links that were made together, and the named shares of one sum.
func (s *Surface) batchRoutes() []route {
	look, do := checkout.PowerLook, checkout.PowerLinks
	return []route{
		{"GET", "/panel/links/groups/new", do, (*Surface).newGroupPage},
		{"POST", "/panel/links/groups", do, (*Surface).createGroup},
		{"GET", "/panel/links/batches/:id/export.*", look, (*Surface).exportBatch},
		{"GET", "/panel/links/batches/:id", look, (*Surface).batchPage},
	}
}

// batchOf finds the batch of the path for who asks. ErrNoBatch also for a colleague's where he sees only his own.
func (s *Surface) batchOf(c *fiber.Ctx, w *who) (checkout.Batch, error) {
	id := checkout.BatchID(c.Params("id"))
	if !id.Valid() {
		return checkout.Batch{}, checkout.ErrNoBatch
	}
	b, err := s.Ledger.BatchOf(c.UserContext(), w.member.Merchant, id)
	if err == nil && w.own() != "" && b.Maker != w.own() {
		return checkout.Batch{}, checkout.ErrNoBatch
	}
	return b, err
}

// batchLink is a link of a batch in a table, with the ways to share it.
type batchLink struct {
	Row   int
	Label string
	Link  linkRow
	Share checkout.Share
}

// NoSMS says why text messages do not go to who should pay, "" where they do, or where nobody asks any more.
func (l batchLink) NoSMS() string {
	phone := l.Link.Customer.Phone
	switch {
	case phone == "" || checkout.TurkishMobile(phone) || l.Link.State != checkout.LinkActive && l.Link.State != checkout.LinkScheduled:
		return ""
	case checkout.Landline(phone):
		return "links.batch.landline"
	}
	return "links.batch.abroad"
}

// batchData is the page of a batch.
type batchData struct {
	Batch   checkout.Batch
	Sums    []checkout.BatchSum
	Made    int
	Links   []batchLink
	Refused []badRow
	Next    string
	First   bool
	Saved   string
	NoPOS   []checkout.Currency // of links that nobody can pay, for want of a virtual POS that is switched on
}

// Group says whether these are the shares of one sum.
func (d batchData) Group() bool { return d.Batch.Kind == checkout.BatchGroup }

func (s *Surface) batchPage(c *fiber.Ctx, w *who) error {
	b, err := s.batchOf(c, w)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	after, err := strconv.ParseUint(c.Query("after", "0"), 10, 31)
	if err != nil {
		return c.Redirect(batchPath(b.ID), fiber.StatusSeeOther)
	}
	d := batchData{Batch: b, Saved: c.Query("saved"), First: after == 0}
	if d.Sums, err = s.Ledger.BatchSums(ctx, b.Merchant, b.ID); err != nil {
		return err
	}
	shop, err := s.Flow.Shop(ctx, b.Merchant)
	if err != nil {
		return err
	}
	for _, sum := range d.Sums {
		d.Made += sum.Links
		if sum.Paid < sum.Links && !shop.Takes(sum.Currency) {
			d.NoPOS = append(d.NoPOS, sum.Currency)
		}
	}
	found, err := s.Ledger.BatchLinks(ctx, b.Merchant, b.ID, int(after), batchShown+1)
	if err != nil {
		return err
	}
	if len(found) > batchShown {
		found = found[:batchShown]
		d.Next = batchPath(b.ID) + "?after=" + strconv.Itoa(found[batchShown-1].Row)
	}
	for _, l := range found {
		row := batchLink{Row: l.Row, Label: l.Label, Link: s.linkRow(l.Link)}
		row.Link.NoPOS = !shop.Takes(l.Link.Amount.Currency)
		if row.Share, err = s.Flow.ShareOf(ctx, b.Merchant, l.Link, w.lang); err != nil {
			return err
		}
		d.Links = append(d.Links, row)
	}
	if err := s.withStops(ctx, b.Merchant, rowsIn(d.Links, func(l *batchLink) *linkRow { return &l.Link })); err != nil {
		return err
	}
	for _, r := range b.Refused[:min(len(b.Refused), badShown)] {
		d.Refused = append(d.Refused, badRow{r.Row, r.Label, s.reasons(w.lang, r.Fields)})
	}
	return s.show(c, w, fiber.StatusOK, "links_batch", d)
}

// onceRows hands out a few rows.
func onceRows(rows []report.Row) func(context.Context) ([]report.Row, error) {
	return func(context.Context) ([]report.Row, error) {
		if rows == nil {
			return nil, io.EOF
		}
		all := rows
		rows = nil
		return all, nil
	}
}

// batchColumns are those of a batch's file.
var batchColumns = []string{"row", "label", "url", "status", "amount", "currency", "order_id", "description", "phone", "email", "paid_amount", "expires_at", "problem"}

// exportBatch answers what became of every row, with the addresses: links in the order of their rows, and behind
// them the rows that none was made of.
func (s *Surface) exportBatch(c *fiber.Ctx, w *who) error {
	b, err := s.batchOf(c, w)
	if err != nil {
		return err
	}
	words := s.pages.locale(w.lang)
	var columns []report.Column
	for _, name := range batchColumns {
		kind := report.TypeText
		switch name {
		case "row":
			kind = report.TypeCount
		case "amount", "paid_amount":
			kind = report.TypeMoney
		case "status":
			kind = report.TypeCode
		case "expires_at":
			kind = report.TypeLocal
		}
		title := words.Raw("links.batch.col." + name)
		columns = append(columns, report.Column{Name: name, Type: kind, Title: report.Words{TR: title, EN: title}})
	}
	r := report.Made("links-batch", report.Words{TR: b.Name, EN: b.Name}, columns, s.batchRows(b, w.lang))
	return s.export(c, w, r, report.Query{Merchant: b.Merchant}, c.Params("*"))
}

func (s *Surface) batchRows(b checkout.Batch, lang string) func(context.Context) ([]report.Row, error) {
	after, over := 0, false
	text := func(t string) report.Value { return report.Value{Text: t, None: t == ""} }
	return func(ctx context.Context) ([]report.Row, error) {
		if over {
			return nil, io.EOF
		}
		found, err := s.Ledger.BatchLinks(ctx, b.Merchant, b.ID, after, batchRead)
		if err != nil {
			return nil, err
		}
		var rows []report.Row
		for _, f := range found {
			after = f.Row
			l := f.Link
			rows = append(rows, report.Row{Currency: l.Amount.Currency, Values: []report.Value{
				{N: int64(f.Row)}, text(f.Label), text(s.Flow.LinkURL(l.Token)), text(string(l.Status(s.now()))), {N: l.Amount.Minor, None: l.Open}, text(string(l.Amount.Currency)),
				text(string(l.Order)), text(l.Description), text(l.Customer.Phone), text(l.Customer.Email), {N: l.PaidMinor}, {At: l.ExpiresAt}, text(""),
			}})
		}
		if over = len(found) < batchRead; over {
			for _, r := range b.Refused {
				values := make([]report.Value, len(batchColumns))
				for i := range values {
					values[i].None = true
				}
				values[0], values[1] = report.Value{N: int64(r.Row)}, text(r.Label)
				values[len(values)-1] = text(strings.Join(s.reasons(lang, r.Fields), " "))
				rows = append(rows, report.Row{Values: values})
			}
		}
		return rows, nil
	}
}

// groupData is the form for a sum with named shares.
type groupData struct {
	*Form
	Shop     *checkout.Shop // with the virtual POSs that are switched on
	Life     *Input
	Channels []checkout.Channel
	Wrong    []badRow
}

func (s *Surface) newGroupPage(c *fiber.Ctx, w *who) error {
	f := NewForm("links.group", "id", string(s.IDs.Batch()), "name", "", "total", "", "people", "", "life", "7", "currency", s.newLinkForm(w).Get("currency"), "send_sms", "")
	return s.showGroup(c, w, fiber.StatusOK, f, nil)
}

func (s *Surface) showGroup(c *fiber.Ctx, w *who, status int, f *Form, wrong []badRow) error {
	shop, err := s.Flow.Shop(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	return s.show(c, w, status, "links_group", groupData{f, shop, s.lifeField(f, w), s.Flow.DeliveryChannels(), wrong})
}

// createGroup makes the links of a sum's shares, all of them or none, once however often it is asked.
func (s *Surface) createGroup(c *fiber.Ctx, w *who) error {
	f := readForm(c, "links.group", "id", "name", "total", "people", "life", "currency", "send_sms")
	rows := s.shares(f, w)
	if f.Get("name") == "" {
		s.wrong(f, w.lang, "name", "required", nil)
	}
	if !f.OK() {
		return s.showGroup(c, w, fiber.StatusUnprocessableEntity, f, nil)
	}
	check := slices.Clone(rows)
	if err := s.Flow.CheckRows(c.UserContext(), w.member.Merchant, check); err != nil {
		return err
	}
	var wrong []badRow
	for _, r := range check {
		if len(r.Bad) > 0 {
			wrong = append(wrong, badRow{r.Row, r.Label, s.reasons(w.lang, amountCodes(r.Bad, r.Terms.Amount.Currency))})
		}
	}
	if len(wrong) > 0 {
		return s.showGroup(c, w, fiber.StatusUnprocessableEntity, f, wrong)
	}
	n := checkout.NewBatch{ID: checkout.BatchID(f.Get("id")), Kind: checkout.BatchGroup, Name: norm.NFC.String(f.Get("name")), Rows: rows, Content: f.content(c.Path())}
	b, err := s.Flow.CreateBatch(c.UserContext(), w.by(c), w.member.Merchant, n)
	if err := s.refused(f, w.lang, err, map[string]string{"rows": "people"}); err != nil {
		return err
	}
	if !f.OK() {
		return s.showGroup(c, w, fiber.StatusUnprocessableEntity, f, nil)
	}
	return saved(c, batchPath(b.ID), "made")
}

// shares reads one person a line: a name, and behind semicolons or tabs an amount and a phone number. Lines
// without an amount share what is left of the total equally.
func (s *Surface) shares(f *Form, w *who) (rows []checkout.LinkRow) {
	currency := checkout.Currency(f.Get("currency"))
	total := s.amount(f, w.lang, "total", currency, false)
	for i, line := range strings.Split(f.Get("people"), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		r := s.share(f, w, line, currency)
		r.Row = i + 1
		if r.Terms.Amount.Minor == 0 && len(r.Bad) == 0 && f.Errors["people"] == "" && endsInSum.MatchString(r.Label) && !checkout.HoldsCard(r.Label) {
			s.wrong(f, w.lang, "people", "group_sum_in_name", map[string]string{"name": firstRunes(r.Label, 40)})
		}
		rows = append(rows, r)
	}
	switch {
	case len(rows) == 0:
		s.wrong(f, w.lang, "people", "required", nil)
	case len(rows) > checkout.MaxGroupLinks:
		s.wrong(f, w.lang, "people", "group_too_many", map[string]string{"most": fmt.Sprint(checkout.MaxGroupLinks)})
	default:
		if code := checkout.ShareOut(rows, total); code != "" && f.Errors["total"] == "" {
			s.wrong(f, w.lang, "total", code, nil)
		}
	}
	return rows
}

// endsInSum finds names behind which a sum was written without a mark between them; split equally, the sums that
// were meant would be lost.
var endsInSum = regexp.MustCompile(`[0-9]\s*(?:\p{Sc}|(?i:tl|lira|try|usd|eur|gbp))?\.?$`)

func (s *Surface) share(f *Form, w *who, line string, currency checkout.Currency) checkout.LinkRow {
	parts := strings.Split(strings.ReplaceAll(line, "\t", ";"), ";")
	name := norm.NFC.String(strings.TrimSpace(parts[0]))
	r := checkout.LinkRow{Label: name, Terms: checkout.LinkTerms{Amount: checkout.Money{Currency: currency}, Description: norm.NFC.String(f.Get("name")), Customer: checkout.Customer{Name: name}}}
	if name == "" {
		r.Bad = append(r.Bad, checkout.FieldError{Field: "label", Code: "required"})
	}
	for _, part := range parts[1:] {
		part = strings.TrimSpace(part)
		if normal := checkout.NormalPhone(part); checkout.TurkishMobile(normal) || normal != "" && strings.ContainsAny(part[:1], "+0(") {
			r.Terms.Customer.Phone = normal
		} else if part != "" {
			var code string
			if r.Terms.Amount.Minor, code = readAmount(part, currency); code != "" {
				r.Bad = append(r.Bad, checkout.FieldError{Field: "amount", Code: code})
			}
		}
	}
	if days, err := strconv.Atoi(f.Get("life")); err == nil && slices.Contains(lives, days) {
		r.Terms.ExpiresAt = s.now().AddDate(0, 0, days)
	}
	if f.On("send_sms") && checkout.TurkishMobile(r.Terms.Customer.Phone) { // beside others, which the page of the shares tells of
		r.Terms.Deliver.Channels = []checkout.Channel{checkout.ChannelSMS}
	}
	return r
}
