package panel

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/linkfile"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/gateway/sheet"
)

// Where links are made from a file. Nothing is stored between the two steps: the file travels in the page that
// shows what would be made of it.
const (
	linksFilePath     = "/panel/links/file"
	linksFileMakePath = "/panel/links/file/make"
	// linksFileBody bounds a form with a file in it: base64 makes four bytes of three.
	linksFileBody = sheet.MaxBytes/3*4 + 64<<10
)

func columnField(i int) string { return "col" + strconv.Itoa(i) }

// fileFields are the fields of the form around a file.
func fileFields() []string {
	all := []string{"id", "name", "data", "head", "currency", "description", "life", "send_sms", "send_email", "rows"}
	for i := range linkfile.MaxColumns {
		all = append(all, columnField(i))
	}
	return all
}

// fileRoutes are links from a file.
func (s *Surface) fileRoutes() []route {
	do := checkout.PowerLinks
	return []route{
		{"GET", linksFilePath, do, (*Surface).filePage},
		{"POST", linksFilePath, do, (*Surface).lookAtFile},
		{"POST", linksFileMakePath, do, (*Surface).makeOfFile},
		{"GET", "/panel/links/file/sample.*", do, (*Surface).sampleFile},
	}
}

// fileData is the first page: a file is chosen, or what was made of earlier ones.
type fileData struct {
	*Form
	Batches []checkout.Batch
}

func (s *Surface) filePage(c *fiber.Ctx, w *who) error {
	return s.showFile(c, w, fiber.StatusOK, NewForm("links.file", "file", ""))
}

func (s *Surface) showFile(c *fiber.Ctx, w *who, status int, f *Form) error {
	all, _, err := s.Ledger.SearchBatches(c.UserContext(), checkout.BatchQuery{Merchant: w.member.Merchant, Maker: w.own(), Limit: 20})
	if err != nil {
		return err
	}
	return s.show(c, w, status, "links_file", fileData{f, all})
}

// previewData is what would be made of a file.
type previewData struct {
	*Form
	Columns  []fileColumn
	Good     []checkout.LinkRow // the first ones
	Bad      []badRow           // the first ones
	GoodN    int
	BadN     int
	Sums     []linkTotal
	Life     *Input
	Currency *Input
	Channels []checkout.Channel
	NoPOS    []checkout.Currency // of good rows that nobody could pay, for want of a virtual POS that is switched on
}

// Unpayable says whether links of a currency could not be paid.
func (d previewData) Unpayable(c checkout.Currency) bool { return slices.Contains(d.NoPOS, c) }

type fileColumn struct {
	Name, Heading string
	Samples       string
	Choices       []Choice
}

type badRow struct {
	Row     int
	Label   string
	Reasons []string
}

// Shown bounds of the preview.
const (
	goodShown = 20
	badShown  = 200
)

// lookAtFile shows what a file would become: an uploaded one, or the one of the page with other choices.
func (s *Surface) lookAtFile(c *fiber.Ctx, w *who) error {
	f := readForm(c, "links.file", fileFields()...)
	raw, err := s.fileOf(c, f)
	if err != nil {
		return s.fileRefused(c, w, err)
	}
	table, err := linkfile.Read(raw)
	if err != nil {
		return s.fileRefused(c, w, err)
	}
	if f.Get("id") == "" {
		s.beginFile(f, w, table)
	}
	return s.showPreview(c, w, fiber.StatusOK, f, table, raw)
}

// fileRefused shows the first page again with what is wrong with the file as a whole.
func (s *Surface) fileRefused(c *fiber.Ctx, w *who, err error) error {
	f := NewForm("links.file", "file", "")
	var e *checkout.Error
	if !errors.As(err, &e) || e.Kind == checkout.KindInternal {
		return err
	}
	s.wrong(f, w.lang, "file", e.Code, nil)
	return s.showFile(c, w, fiber.StatusUnprocessableEntity, f)
}

// fileOf answers the bytes of the uploaded file, or of the page's.
func (s *Surface) fileOf(c *fiber.Ctx, f *Form) ([]byte, error) {
	if f.Get("data") != "" {
		return unpack(f.Get("data"))
	}
	part, err := c.FormFile("file")
	if err != nil || part.Size == 0 {
		return nil, sheet.ErrEmpty
	}
	if part.Size > sheet.MaxBytes {
		return nil, sheet.ErrTooLarge
	}
	in, err := part.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	f.Values["name"] = shortName(part.Filename)
	return io.ReadAll(io.LimitReader(in, sheet.MaxBytes+1))
}

// shortName is a file's name as a batch is called; one that holds a card number is none.
func shortName(name string) string {
	if checkout.HoldsCard(name) {
		return ""
	}
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if all := []rune(name); len(all) > 80 {
		name = string(all[:80])
	}
	return name
}

// pack writes a file into a form, unpack reads it back.
func pack(raw []byte) (string, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(raw); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(out.Bytes()), nil
}

func unpack(text string) ([]byte, error) {
	packed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, sheet.ErrDamaged
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, sheet.ErrDamaged
	}
	raw, err := io.ReadAll(io.LimitReader(z, sheet.MaxBytes+1))
	if err != nil {
		return nil, sheet.ErrDamaged
	}
	return raw, nil
}

// beginFile guesses what the columns hold: by the headings of the first row, else by what the row looks like.
func (s *Surface) beginFile(f *Form, w *who, t linkfile.Table) {
	f.Values["id"], f.Values["currency"], f.Values["life"] = string(s.IDs.Batch()), s.newLinkForm(w).Get("currency"), "1"
	held := t.Headed()
	if len(held) > 0 {
		f.Values["head"] = "on"
	} else {
		held = t.Looks(checkout.Currency(f.Get("currency")))
	}
	for name, i := range held {
		f.Values[columnField(i)] = name
	}
}

// linkRows reads the rows of a file as its form says. What is wrong is noted in each row.
func (s *Surface) linkRows(f *Form, t linkfile.Table) []checkout.LinkRow {
	held := linkfile.Held{}
	for i := range t.Width {
		if name := f.Get(columnField(i)); slices.Contains(linkfile.Columns(), name) {
			held[name] = i
		}
	}
	u := linkfile.Usual{Currency: checkout.Currency(f.Get("currency")), Description: f.Get("description")}
	if days, err := strconv.Atoi(f.Get("life")); err == nil && slices.Contains(lives, days) {
		u.ExpiresAt = s.now().Add(time.Duration(days) * 24 * time.Hour)
	}
	for _, channel := range s.Flow.DeliveryChannels() {
		if f.On("send_" + string(channel)) {
			u.Channels = append(u.Channels, channel)
		}
	}
	return t.Links(held, f.On("head"), u)
}

func (s *Surface) showPreview(c *fiber.Ctx, w *who, status int, f *Form, t linkfile.Table, raw []byte) error {
	rows := s.linkRows(f, t)
	if err := s.Flow.CheckRows(c.UserContext(), w.member.Merchant, rows); err != nil {
		return err
	}
	packed, err := pack(raw)
	if err != nil {
		return err
	}
	f.Values["data"] = packed
	d := previewData{Form: f, Channels: s.Flow.DeliveryChannels(), Columns: s.columnsOf(f, w, t)}
	for _, r := range rows {
		if len(r.Bad) > 0 {
			if d.BadN++; d.BadN <= badShown {
				d.Bad = append(d.Bad, badRow{r.Row, cut(r.Label), s.reasons(w.lang, amountCodes(r.Bad, r.Terms.Amount.Currency))})
			}
			continue
		}
		if d.GoodN++; d.GoodN <= goodShown {
			r.Label, r.Terms.Description = cut(r.Label), cut(r.Terms.Description)
			d.Good = append(d.Good, r)
		}
		d.Sums = addTotal(d.Sums, r.Terms.Amount)
	}
	shop, err := s.Flow.Shop(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	for _, sum := range d.Sums {
		if !shop.Takes(sum.Currency) {
			d.NoPOS = append(d.NoPOS, sum.Currency)
		}
	}
	d.Life = s.lifeField(f, w)
	p := &Page{s: s, L: s.pages.locale(w.lang), Who: w}
	d.Currency = p.LinkCurrency(f, shop)
	return s.show(c, w, status, "links_preview", d)
}

// lifeField is the field for how long links live that say nothing themselves.
func (s *Surface) lifeField(f *Form, w *who) *Input {
	words := s.pages.locale(w.lang)
	in := &Input{Name: "life", Label: words.Raw("links.life")}
	for _, days := range lives {
		value := strconv.Itoa(days)
		in.Choices = append(in.Choices, Choice{Value: value, Chosen: f.Get("life") == value,
			Label: lifeText(words, value, s.now().Add(time.Duration(days)*24*time.Hour))})
	}
	return in
}

func addTotal(all []linkTotal, m checkout.Money) []linkTotal {
	i := slices.IndexFunc(all, func(t linkTotal) bool { return t.Currency == m.Currency })
	if i < 0 {
		all, i = append(all, linkTotal{Currency: m.Currency}), len(all)
	}
	all[i].Links++
	all[i].Minor += m.Minor
	return all
}

// columnsOf are a file's columns with what they were taken for.
func (s *Surface) columnsOf(f *Form, w *who, t linkfile.Table) (all []fileColumn) {
	words := s.pages.locale(w.lang)
	for i := range t.Width {
		col := fileColumn{Name: columnField(i), Heading: strconv.Itoa(i + 1), Choices: []Choice{{Value: "", Label: words.Raw("links.file.col.none")}}}
		var samples []string
		for n, r := range t.Rows[:min(len(t.Rows), 4)] {
			switch {
			case i >= len(r.Cells) || r.Cells[i].Text == "":
			case n == 0 && f.On("head"):
				col.Heading = sample(r.Cells[i].Text)
			default:
				samples = append(samples, sample(r.Cells[i].Text))
			}
		}
		col.Samples = strings.Join(samples, " · ")
		for _, name := range linkfile.Columns() {
			col.Choices = append(col.Choices, Choice{Value: name, Label: words.Raw("links.file.col." + name), Chosen: f.Get(col.Name) == name})
		}
		all = append(all, col)
	}
	return all
}

// cellShown is how many characters of a cell a page shows.
const cellShown = 60

func cut(text string) string {
	if short := firstRunes(text, cellShown); short != text {
		return short + "…"
	}
	return text
}

// sample is a cell of a file as a page shows it: not where it holds a card number, which comes back nowhere (A32).
func sample(text string) string {
	if checkout.HoldsCard(text) {
		return "••••"
	}
	return cut(text)
}

// reasons are the mistakes of a row in sentences.
func (s *Surface) reasons(lang string, bad []checkout.FieldError) (all []string) {
	words := s.pages.locale(lang)
	for _, e := range bad {
		text := s.sentence(lang, e.Code, e.Args)
		if key := "links.field." + e.Field; words.Has(key) {
			text = words.Raw(key) + ": " + text
		}
		all = append(all, text)
	}
	return all
}

// makeOfFile makes a link of every good row, once however often it is asked.
func (s *Surface) makeOfFile(c *fiber.Ctx, w *who) error {
	f := readForm(c, "links.file", fileFields()...)
	raw, err := unpack(f.Get("data"))
	if err != nil {
		return s.fileRefused(c, w, err)
	}
	t, err := linkfile.Read(raw)
	if err != nil {
		return s.fileRefused(c, w, err)
	}
	n := checkout.NewBatch{ID: checkout.BatchID(f.Get("id")), Kind: checkout.BatchFile, Name: shortName(f.Get("name")), Rows: s.linkRows(f, t), Content: f.content(c.Path())}
	b, err := s.Flow.CreateBatch(c.UserContext(), w.by(c), w.member.Merchant, n)
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	if !f.OK() {
		return s.showPreview(c, w, fiber.StatusUnprocessableEntity, f, t, raw)
	}
	return saved(c, batchPath(b.ID), "made")
}

// sampleFile is a file with the headings that are understood, and a row as an example.
func (s *Surface) sampleFile(c *fiber.Ctx, w *who) error {
	var columns []report.Column
	var example []report.Value
	words := s.pages.locale(w.lang)
	for _, name := range linkfile.Columns() {
		title := words.Raw("links.file.col." + name)
		kind := report.TypeText
		value := report.Value{Text: words.Raw("links.file.example." + name)}
		switch name {
		case linkfile.Amount:
			kind, value = report.TypeMoney, report.Value{N: 125050}
		case linkfile.Expires:
			kind, value = report.TypeDate, report.Value{At: s.now().AddDate(0, 0, 7)}
		}
		columns = append(columns, report.Column{Name: name, Type: kind, Title: report.Words{TR: title, EN: title}})
		example = append(example, value)
	}
	rows := []report.Row{{Currency: checkout.TRY, Values: example}}
	title := words.Raw("links.title")
	return s.export(c, w, report.Made("links-sample", report.Words{TR: title, EN: title}, columns, onceRows(rows)), report.Query{Merchant: w.member.Merchant}, c.Params("*"))
}
