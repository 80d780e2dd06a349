// Package linkfile reads payment links to be made out of a merchant's table (CSV or XLSX, as gateway/sheet opens it):
// which column holds what, by its heading in Turkish or English, and each cell as people and spreadsheets write it.
// What cannot be read is noted in its row.
//
// It deliberately stores nothing and knows no merchant: whether a link may be made of a row, checkout says.
package linkfile

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sheet"
)

// The names of what a column can hold.
const (
	Amount      = "amount"
	Currency    = "currency"
	Description = "description"
	Order       = "order"
	Name        = "name"
	Phone       = "phone"
	Email       = "email"
	Expires     = "expires"
	Sale        = "sale"
)

// headings say what a column holds, folded as sheet.Fold does.
var headings = []struct {
	name  string
	words []string
}{
	{Amount, []string{"tutar", "amount", "bedel", "toplam", "fiyat", "price", "sum", "total", "odenecek tutar", "borc"}},
	{Currency, []string{"para birimi", "doviz", "doviz cinsi", "currency", "kur"}},
	{Description, []string{"aciklama", "description", "konu", "urun", "hizmet", "subject"}},
	{Order, []string{"siparis no", "siparis numarasi", "siparis", "order id", "order number", "order no", "order", "referans", "fatura no", "reference"}},
	{Name, []string{"ad soyad", "adi soyadi", "musteri", "musteri adi", "musterinin adi", "isim", "ad", "unvan", "name", "customer", "customer name"}},
	{Phone, []string{"telefon", "cep", "cep telefonu", "gsm", "tel", "telefon no", "musterinin telefonu", "phone", "mobile", "customer phone"}},
	{Email, []string{"e posta", "eposta", "email", "e mail", "mail", "musterinin e postasi", "customer email"}},
	{Expires, []string{"bitis", "son odeme", "son odeme tarihi", "vade", "vade tarihi", "ends", "expires", "expires at", "due", "due date"}},
	{Sale, []string{"satis turu", "satis tipi", "sale", "kind of sale"}},
}

// Columns are the names of what a column can hold.
func Columns() (all []string) {
	for _, h := range headings {
		all = append(all, h.name)
	}
	return all
}

// MaxColumns is how many columns of a table are looked at.
const MaxColumns = 30

// ErrTooManyRows: the table has more rows than links are made of at once.
var ErrTooManyRows = &checkout.Error{Kind: checkout.KindInvalid, Code: "file_too_many_rows"}

// Table is a file that was read.
type Table struct {
	Rows  []sheet.Row
	Wrong []*sheet.RowError // rows that could not be read
	Width int               // of the widest row, at most MaxColumns
}

// Read reads a file. The errors are sheet's, and ErrTooManyRows.
func Read(raw []byte) (Table, error) {
	opened, err := sheet.Open(raw)
	if err != nil {
		return Table{}, err
	}
	t := Table{}
	if t.Rows, t.Wrong, err = opened.All(checkout.MaxBatchRows + 1); err != nil {
		return t, err
	}
	if len(t.Rows)+len(t.Wrong) > checkout.MaxBatchRows+1 {
		return t, ErrTooManyRows
	}
	for _, r := range t.Rows {
		t.Width = max(t.Width, min(len(r.Cells), MaxColumns))
	}
	if len(t.Rows) == 0 {
		return t, sheet.ErrEmpty
	}
	return t, nil
}

// first are the cells of the first row that are looked at.
func (t Table) first() []sheet.Cell {
	cells := t.Rows[0].Cells
	return cells[:min(len(cells), MaxColumns)]
}

// Held says in which column something stands, counted from 0.
type Held map[string]int

// Headed answers what the first row says about the columns; nothing when it has no heading that is known.
func (t Table) Headed() Held {
	return t.guess(func(text string) string {
		folded := sheet.Fold(text)
		for _, h := range headings {
			if slices.Contains(h.words, folded) {
				return h.name
			}
		}
		return ""
	})
}

// dialled says whether a text is a phone number as people in Türkiye write it, and no order number of many digits.
func dialled(text string) bool {
	normal := checkout.NormalPhone(text)
	return checkout.TurkishMobile(normal) || strings.HasPrefix(normal, "+90") && strings.HasPrefix(strings.TrimLeft(text, " ("), "0")
}

// Looks answers what the columns look like by the first row's own values, of a table without headings.
func (t Table) Looks(c checkout.Currency) Held {
	return t.guess(func(text string) string {
		_, err := checkout.ParseTyped(text, c)
		switch {
		case strings.TrimSpace(text) == "":
			return ""
		case strings.Contains(text, "@"):
			return Email
		case dialled(text):
			return Phone
		case err == nil:
			return Amount
		}
		return Name
	})
}

func (t Table) guess(of func(text string) string) Held {
	held := Held{}
	for i, cell := range t.first() {
		name := of(cell.Text)
		if _, used := held[name]; name != "" && !used {
			held[name] = i
		}
	}
	return held
}

// Headings are the texts of the first row, for who is told that a column is missing.
func (t Table) Headings() (all []string) {
	for _, cell := range t.first() {
		if cell.Text != "" {
			all = append(all, cell.Text)
		}
	}
	return all
}

// Usual is what a row has that does not say otherwise.
type Usual struct {
	Currency    checkout.Currency
	Description string
	ExpiresAt   time.Time          // zero = as a single link has it
	Channels    []checkout.Channel // by which a link goes to an address that its row has
}

// Links reads the rows of a table; head says that the first one is none. What is wrong is noted in each row.
func (t Table) Links(held Held, head bool, u Usual) []checkout.LinkRow {
	rows := t.Rows
	if head {
		rows = rows[1:]
	}
	all := make([]checkout.LinkRow, 0, len(rows)+len(t.Wrong))
	for _, r := range rows {
		all = append(all, u.link(line{held, r}))
	}
	for _, e := range t.Wrong {
		all = append(all, checkout.LinkRow{Row: e.Row, Terms: checkout.LinkTerms{Amount: checkout.Money{Currency: checkout.TRY}}, Bad: []checkout.FieldError{{Field: "row", Code: e.Code}}})
	}
	slices.SortStableFunc(all, func(a, b checkout.LinkRow) int { return cmp.Compare(a.Row, b.Row) })
	return all
}

// line is a row whose columns have names.
type line struct {
	held Held
	sheet.Row
}

func (l line) cell(name string) sheet.Cell {
	if i, ok := l.held[name]; ok && i < len(l.Cells) {
		return l.Cells[i]
	}
	return sheet.Cell{}
}

func (l line) text(name string) string {
	return norm.NFC.String(strings.TrimSpace(l.cell(name).Text))
}

func (u Usual) link(l line) checkout.LinkRow {
	row := checkout.LinkRow{Row: l.Number, Label: cmp.Or(l.text(Name), l.text(Order), l.text(Description))}
	bad := func(field, code string) { row.Bad = append(row.Bad, checkout.FieldError{Field: field, Code: code}) }
	t := checkout.LinkTerms{
		Amount:      checkout.Money{Currency: cmp.Or(currencyOf(l.text(Currency)), u.Currency)},
		Description: cmp.Or(l.text(Description), norm.NFC.String(u.Description)), Order: checkout.OrderNumber(l.text(Order)),
		Customer: checkout.Customer{Name: l.text(Name), Email: l.text(Email), Phone: l.text(Phone)}, ExpiresAt: u.ExpiresAt,
	}
	t.Customer.Phone = cmp.Or(checkout.NormalPhone(t.Customer.Phone), t.Customer.Phone)
	var code string
	if t.Amount.Minor, code = amount(l.cell(Amount), t.Amount.Currency); code != "" {
		bad("amount", code)
	}
	if when := l.text(Expires); when != "" {
		end, ok := lastMoment(when)
		if t.ExpiresAt = end; !ok {
			bad("expires_at", "date_format")
		}
	}
	for _, channel := range u.Channels {
		to := map[checkout.Channel]string{checkout.ChannelSMS: t.Customer.Phone, checkout.ChannelEmail: t.Customer.Email}[channel]
		if to != "" {
			t.Deliver.Channels = append(t.Deliver.Channels, channel)
		}
	}
	t.Sale = saleOf(l.text(Sale))
	row.Terms = t
	return row
}

// saleOf reads what a row collects for; a word that is none is refused where terms are checked.
func saleOf(text string) checkout.Sale {
	switch folded := sheet.Fold(text); folded {
	case "", "tahsilat":
		return checkout.SaleCollection
	case "tuketici", "tuketiciye satis", "tuketiciye mesafeli satis":
		return checkout.SaleConsumer
	default:
		return checkout.SaleNamed(folded)
	}
}

// currencyOf reads a currency as people write it, "" for none.
func currencyOf(text string) checkout.Currency {
	switch up := strings.ToUpper(text); up {
	case "TL", "₺", "TÜRK LIRASI":
		return checkout.TRY
	case "$":
		return checkout.USD
	case "€":
		return checkout.EUR
	default:
		return checkout.Currency(up)
	}
}

// amount reads a cell in minor units. A number of a workbook has a point before its decimals, and never groups.
func amount(cell sheet.Cell, c checkout.Currency) (minor int64, code string) {
	if strings.TrimSpace(cell.Text) == "" {
		return 0, "required"
	}
	var m checkout.Money
	var err error
	if !cell.Number || !c.Known() {
		m, err = checkout.ParseTyped(cell.Text, c)
	} else {
		m, err = number(cell.Text, c)
	}
	if err != nil {
		return 0, "amount_format"
	}
	return m.Minor, ""
}

// number gives a workbook's number the currency's decimals: a workbook leaves out zeros at its end.
func number(text string, c checkout.Currency) (checkout.Money, error) {
	whole, frac, _ := strings.Cut(text, ".")
	if frac = strings.TrimRight(frac, "0"); len(frac) > c.Exponent() {
		return checkout.Money{}, checkout.ErrAmount
	}
	if c.Exponent() > 0 {
		whole += "." + frac + strings.Repeat("0", c.Exponent()-len(frac))
	}
	return checkout.ParseDecimal(whole, c)
}

// dayForms are how people and workbooks write days, with and without a time.
var dayForms = []string{"2006-01-02", "02.01.2006", "2.1.2006", "02/01/2006", "2006-01-02 15:04:05", "2006-01-02 15:04", "02.01.2006 15:04", "02.01.2006 15:04:05"}

// lastMoment reads a day or a time in Istanbul; a day ends with its last minute.
func lastMoment(text string) (time.Time, bool) {
	for _, form := range dayForms {
		if at, err := time.ParseInLocation(form, text, checkout.Istanbul()); err == nil && at.Year() >= 2000 && at.Year() <= 2100 {
			if !strings.Contains(form, "15") {
				at = at.AddDate(0, 0, 1).Add(-time.Minute)
			}
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
