// Package letter writes what messages say: a link to its card holder, a reminder, what a consumer agreed to, a notice or a report to the
// merchant, in the words of the locale files or the merchant's own. It deliberately sends nothing, lays out nothing, and decides
// nothing about who is written to.
//
// What a merchant or payer typed is a value and never a sentence: it is read for no placeholder, and what a phone
// or mail program would make an address of is taken apart, since a letter leads to one address only (A56).
package letter

import (
	"regexp"
	"strings"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/templates"
)

// Writer writes letters. It is safe for concurrent use.
type Writer struct{ locales templates.Locales }

// New reads the locale files.
func New() (*Writer, error) {
	all, err := templates.Load()
	return &Writer{locales: all}, err
}

// Languages are those that letters can be written in, the default first.
func (w *Writer) Languages() []string { return w.locales.Codes() }

func (w *Writer) locale(lang string) *templates.Locale {
	if l, ok := w.locales[lang]; ok {
		return l
	}
	return w.locales[w.Languages()[0]]
}

// NameOf is what a text that consumers agree to is called.
func (w *Writer) NameOf(k checkout.ConsentKind, lang string) string {
	return w.locale(lang).Text("agree.name." + string(k))
}

// Default answers the own wording of a kind, channel and language.
func (w *Writer) Default(k checkout.MessageKind, c checkout.Channel, lang string) checkout.Wording {
	l := w.locale(lang)
	out := checkout.Wording{Kind: k, Channel: c, Lang: l.Code}
	if c == checkout.ChannelSMS {
		out.Text = l.Raw("mail.sms." + string(k))
		return out
	}
	out.Subject, out.Text = l.Raw("mail."+string(k)+".subject"), l.Raw("mail."+string(k)+".text")
	return out
}

// Write makes a message's letter.
func (w *Writer) Write(f checkout.LetterFacts) (checkout.Letter, error) {
	l := w.locale(f.Lang)
	if f.Kind == checkout.MessageNotice {
		return notice(l, f), nil
	}
	if f.Kind == checkout.MessageAgreed {
		return agreed(l, f), nil
	}
	if f.Kind == checkout.MessageReport {
		return report(l, f), nil
	}
	if f.Channel == checkout.ChannelSMS {
		return checkout.Letter{Text: short(l, f.Merchant, templates.Fill(f.Wording.Text, values(l, f)...))}, nil
	}
	subject, text := fill(f.Wording.Subject, values(l, f)), fill(f.Wording.Text, values(l, f))
	out := frame(l, f.Merchant)
	out.Subject, out.Text, out.Sum = line(subject), text, amount(l, f.Link)
	out.Action, out.URL = l.Text("mail.action"), f.URL
	out.Rows = rows(
		l.Text("mail.row.order"), string(f.Link.Order),
		l.Text("mail.row.description"), calm(f.Link.Description),
		l.Text("mail.row.until"), l.When(f.Link.ExpiresAt),
	)
	out.Foot = append(out.Foot, l.Text("mail.never"), l.Text("mail.unexpected", "merchant", f.Merchant.Name), contact(f.Merchant))
	return out, nil
}

// frame is what every mail has.
func frame(l *templates.Locale, m checkout.Merchant) checkout.Letter {
	out := checkout.Letter{Brand: line(m.Name), Accent: m.Accent, ReplyTo: checkout.NormalEmail(m.Email)}
	if m.Test {
		out.Banner = l.Text("mail.test")
	}
	return out
}

// contact is who a reader can ask, in one line.
func contact(m checkout.Merchant) string {
	name := m.Name
	if m.LegalName != "" {
		name = m.LegalName
	}
	parts := []string{name}
	for _, p := range []string{m.Phone, m.Email} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " · ")
}

// values are what stands for the placeholders.
func values(l *templates.Locale, f checkout.LetterFacts) []string {
	return []string{
		"merchant", line(f.Merchant.Name), "amount", amount(l, f.Link), "order", string(f.Link.Order), "description", calm(f.Link.Description),
		"expires", l.When(f.Link.ExpiresAt), "customer", calm(f.Link.Customer.Name), "link", f.URL,
	}
}

// amount is what is to be paid.
func amount(l *templates.Locale, link checkout.Link) string {
	money := func(minor int64) string { return l.Money(minor, string(link.Amount.Currency)) }
	if link.Open {
		return l.Text("mail.range", "min", money(link.MinMinor), "max", money(link.MaxMinor))
	}
	return money(link.Amount.Minor)
}

// fill puts values into a text and takes away the gap that an empty one leaves.
func fill(text string, values []string) string {
	lines := strings.Split(templates.Fill(text, values...), "\n")
	for i, s := range lines {
		s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' }), " ")
		lines[i] = strings.NewReplacer(" ,", ",", " .", ".", " !", "!").Replace(s)
	}
	return strings.Join(lines, "\n")
}

// line is a text on one line.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }

// short is a text message. Signs that would take the whole text out of the alphabet that phones share are written as
// everybody reads them.
func short(l *templates.Locale, m checkout.Merchant, text string) string {
	text = line(plainSigns.Replace(text))
	if m.Test {
		text = l.Text("mail.sms.test", "text", text)
	}
	return text
}

var plainSigns = strings.NewReplacer(
	"\u00a0", " ", "\u202f", " ", "₺", "TL", "“", `"`, "”", `"`, "„", `"`, "‘", "'", "’", "'", "–", "-", "—", "-", "…", "...", "•", "*", "·", "-", "×", "x",
)

// addressDot finds the dots of what reads as an address.
var addressDot = regexp.MustCompile(`(\pL|\pN)\.(\pL)`)

// calm takes apart what a program would make an address of.
func calm(text string) string {
	text = strings.NewReplacer("://", " ", "@", " ").Replace(line(text))
	for addressDot.MatchString(text) {
		text = addressDot.ReplaceAllString(text, "$1. $2")
	}
	return line(text)
}

// rows are the facts that are there.
func rows(pairs ...string) (all []checkout.LetterRow) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, checkout.LetterRow{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return all
}
