package panel

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/templates"
)

// linkSum is a link's amount as it is written: one, or the least and the most that its payer may type.
type linkSum struct {
	Open            bool
	Low, High, Text string
}

// LinkSum writes the amount of a link.
func (p *Page) LinkSum(l checkout.Link) linkSum {
	money := func(minor int64) string { return p.L.Money(minor, string(l.Amount.Currency)) }
	if !l.Open {
		return linkSum{High: money(l.Amount.Minor), Text: money(l.Amount.Minor)}
	}
	low, high := p.L.Number(l.MinMinor, string(l.Amount.Currency)), money(l.MaxMinor)
	return linkSum{true, low, high, low + " – " + high}
}

// LinkPill is a link's state; resting, that no virtual POS takes it, and that payers are stopped goes before what the
// calendar says.
func (p *Page) LinkPill(l linkRow) Pill {
	if l.Resting && l.State == checkout.LinkActive {
		return Pill{Word: p.T("links.state.resting"), Icon: "clock", Tone: "warn"}
	}
	if l.NoPOS && l.State == checkout.LinkActive {
		return Pill{Word: p.T("links.state.nopos"), Icon: "cross", Tone: "warn"}
	}
	if len(l.Stops) > 0 && l.State == checkout.LinkActive {
		return Pill{Word: p.T("links.state.stopped"), Icon: "clock", Tone: "warn"}
	}
	return p.LinkState(l.State)
}

// LinkReason says in a sentence what a link's state means, for whoever is asked why it does not work (features 2.6).
func (p *Page) LinkReason(l linkRow) string {
	key := "links.why." + string(l.State)
	switch {
	case l.Resting && l.State == checkout.LinkActive:
		key = "links.why.resting"
	case l.NoPOS && l.State == checkout.LinkActive:
		key = "links.why.nopos"
	case l.SlotsHeld > 0 && l.State == checkout.LinkActive:
		key = "links.why.busy"
	case len(l.Stops) > 0 && l.State == checkout.LinkActive:
		key = "links.why.stopped"
	case l.State == checkout.LinkPaid && !l.DeletedAt.IsZero():
		key = "links.why.paid_deleted"
	}
	return p.T(key, "from", p.When(l.ActiveFrom), "until", p.When(l.ExpiresAt), "at", p.When(l.DeletedAt), "paid", p.When(l.PaidAt))
}

// MessagePill is how far a message came.
func (p *Page) MessagePill(m checkout.Message) Pill {
	pill := Pill{Word: p.T("links.message." + string(m.Status)), Icon: "clock"}
	switch m.Status {
	case checkout.MessageSent:
		pill.Icon, pill.Tone = "check", "good"
	case checkout.MessageFailed:
		pill.Icon, pill.Tone = "cross", "bad"
	case checkout.MessageSuppressed:
		pill.Icon, pill.Tone = "cross", "warn"
	}
	return pill
}

// LinkStatuses are the statuses that lists can be asked for, with their words.
func (p *Page) LinkStatuses() (all []Choice) {
	for _, status := range linkStatuses {
		all = append(all, Choice{Value: string(status), Label: p.LinkState(status).Word})
	}
	return all
}

// Usages are the ways to use a link.
func (p *Page) Usages() []string {
	return []string{string(checkout.UsageSingle), string(checkout.UsageMulti)}
}

// Sales are the words for what a link collects for.
func (p *Page) Sales() []string { return checkout.SaleNames }

// CurrencyField is the field for a currency that the merchant takes.
func (p *Page) CurrencyField(f *Form) *Input {
	in := p.Input(f, "currency")
	for _, c := range checkout.Currencies {
		if takes := p.Who.merchant.Currencies; c == checkout.TRY && len(takes) == 0 || slices.Contains(takes, c) || f.Get("currency") == string(c) {
			in.Choices = append(in.Choices, Choice{Value: string(c), Label: p.L.CurrencyName(string(c)), Chosen: f.Get("currency") == string(c)})
		}
	}
	return in
}

// termsInWords are all terms of a link in the order of its form, each with the name of its field; "–" is none.
func (s *Surface) termsInWords(lang string, t checkout.LinkTerms) (all []Choice) {
	l := s.pages.locale(lang)
	say := func(name, value string) {
		all = append(all, Choice{Label: l.Raw("links." + name), Value: cmp.Or(value, "–")})
	}
	money := func(minor int64) string {
		if minor == 0 {
			return ""
		}
		return l.Money(minor, string(t.Amount.Currency))
	}
	tick := map[bool]string{true: l.Raw("frame.yes"), false: l.Raw("frame.no")}
	var lines, counts, fields []string
	for _, i := range t.Items {
		lines = append(lines, strconv.Itoa(i.Quantity)+" × "+i.Name+" "+money(i.UnitMinor))
	}
	for _, n := range t.Installments {
		counts = append(counts, strconv.Itoa(n))
	}
	for _, f := range t.Fields {
		fields = append(fields, fieldInWords(l, f))
	}
	say("amount", money(t.Amount.Minor))
	say("description", t.Description)
	say("items", strings.Join(lines, ", "))
	say("phone", t.Customer.Phone)
	say("email", t.Customer.Email)
	say("name", t.Customer.Name)
	say("open", tick[t.Open])
	say("min", money(t.MinMinor))
	say("max", money(t.MaxMinor))
	say("active_from", l.When(t.ActiveFrom))
	say("expires_at", l.When(t.ExpiresAt))
	say("usage", l.Raw("links.usage."+string(t.Usage)))
	say("max_payments", numbered(t.MaxPayments))
	say("counts", cmp.Or(strings.Join(counts, ", "), l.Raw("links.counts.own")))
	say("sale", l.Raw("links.sale."+t.Sale.Name()))
	say("show_count", tick[t.ShowCount])
	say("payer_note", tick[t.PayerNote])
	say("fields", strings.Join(fields, "; "))
	say("return_url", t.ReturnURL)
	say("category", t.Category)
	return all
}

// fieldInWords is a field that is asked of the payer, whole but for its key.
func fieldInWords(l *templates.Locale, f checkout.LinkField) string {
	said := []string{f.Label.In(l.Code), l.Raw("links.field.type." + string(f.Type))}
	if f.Required {
		said = append(said, l.Raw("links.field.required"))
	}
	said = append(said, f.Options...)
	if f.Max > 0 {
		said = append(said, numbered(f.Max))
	}
	return strings.Join(said, " · ")
}

// numbered is a number that is left out where it is none.
func numbered(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// LinkCurrency is CurrencyField for a link: a currency that nobody could pay in today is marked.
func (p *Page) LinkCurrency(f *Form, shop *checkout.Shop) *Input {
	in := p.CurrencyField(f)
	for i, c := range in.Choices {
		if !shop.Takes(checkout.Currency(c.Value)) {
			in.Choices[i].Label = p.T("links.currency.nopos", "currency", c.Label)
		}
	}
	return in
}

// NoPOS says of currencies that links of theirs cannot be paid, and what would help; "" of none.
func (p *Page) NoPOS(all []checkout.Currency) string {
	if len(all) == 0 {
		return ""
	}
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = p.L.CurrencyName(string(c))
	}
	return p.T("links.nopos.some", "currencies", strings.Join(names, ", "))
}

// Sure is an address of a kind that we wrote ourselves, such as sms:, which html/template knows nothing of.
func (p *Page) Sure(address string) template.URL {
	if !strings.HasPrefix(address, "sms:") {
		return "#"
	}
	return template.URL(address) // checkout.ShareOf escapes all of it
}

// Without is the address of this page without one of its filters.
func (p *Page) Without(name string) string {
	values, err := url.ParseQuery(p.Query)
	if err != nil {
		return p.Path
	}
	values.Del(name)
	if len(values) == 0 {
		return p.Path
	}
	return p.Path + "?" + values.Encode()
}

// sendBy is the form that sends a link by a channel, or says that it cannot.
type sendBy struct {
	P                              *Page
	Link                           checkout.LinkID
	Channel, Type, To, Error, Once string
	Offered                        bool
}

// SendBy is the form of one channel on a link's page.
func (p *Page) SendBy(channel string) sendBy {
	d := p.Data.(linkData)
	kind := "tel"
	if channel == string(checkout.ChannelEmail) {
		kind = "email"
	}
	return sendBy{p, d.Link.ID, channel, kind, d.Send.Get(channel), d.Send.Errors[channel], p.s.IDs.Secret(onceLength), d.Offers(channel)}
}

// Changeable says whether its terms can still be changed.
func (d linkData) Changeable() bool {
	return d.Link.State != checkout.LinkPaid && d.Link.State != checkout.LinkDeleted
}

// Progress draws how much of a sum has come in.
func (p *Page) Progress(part, whole int64) template.HTML {
	percent := int64(0)
	if whole > 0 {
		percent = min(part/(whole/100+1), 100)
	}
	if part >= whole && whole > 0 {
		percent = 100
	}
	n := strconv.FormatInt(percent, 10)
	return template.HTML(`<svg class="progress" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label="%` + n + `"><path class="rest" d="M0 0h100v4H0z"/><path class="bar" d="M0 0h` + n + `v4H0z"/></svg>`)
}
