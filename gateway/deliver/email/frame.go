package email

import (
	"bytes"
	"errors"
	"html/template"
	"math"
	netmail "net/mail"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wneessen/go-mail"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/templates"
)

// frame lays letters out.
type frame struct {
	page    *template.Template
	locales templates.Locales
}

func newFrame() (*frame, error) {
	page, err := template.ParseFS(templates.Mail, "mail/letter.html")
	if err != nil {
		return nil, err
	}
	locales, err := templates.Load()
	return &frame{page: page, locales: locales}, err
}

// fonts are the system's own, in quotes that an attribute bears.
const fonts = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

// toneInk are the colours of a notice's sum.
var toneInk = map[string]template.CSS{"good": "#146c43", "bad": "#b3261e", "wait": "#7a4b00", "": "#16191c"}

// view is what the template is filled with. CSS values are ours: fonts, and colours that were read as such.
type view struct {
	checkout.Letter
	Lang, Dir        string
	End              string // left or right, where figures stand
	Font             template.CSS
	Accent, OnAccent template.CSS
	Ink              template.CSS
	Initial          string
	Preview          string
	Paragraphs       [][]string
	TypeAddress      string
}

func (f *frame) view(m checkout.Message) view {
	l := f.locales[m.Lang]
	if l == nil {
		l = f.locales[f.locales.Codes()[0]]
	}
	v := view{Letter: m.Letter, Lang: l.Code, Dir: l.Dir, End: "right", Font: fonts, Ink: toneInk[m.Letter.Tone], TypeAddress: l.Text("mail.type_address")}
	if l.Dir == "rtl" {
		v.End = "left"
	}
	v.Accent, v.OnAccent = colours(m.Letter.Accent)
	r, _ := utf8.DecodeRuneInString(strings.TrimSpace(m.Letter.Brand))
	v.Initial = strings.ToUpper(string(r))
	if r == 'i' && l.Code == "tr" {
		v.Initial = "İ"
	}
	for _, p := range strings.Split(m.Letter.Text, "\n\n") {
		v.Paragraphs = append(v.Paragraphs, strings.Split(p, "\n"))
	}
	v.Preview = v.Paragraphs[len(v.Paragraphs)-1][0]
	return v
}

// colours are the accent and the ink that is read best on it; a strange accent is ours instead.
func colours(accent string) (plate, ink template.CSS) {
	const own = "#0b57d0"
	n, err := strconv.ParseUint(strings.TrimPrefix(accent, "#"), 16, 32)
	if len(accent) != 7 || accent[0] != '#' || err != nil {
		accent, n = own, 0x0b57d0
	}
	if luminance(n) > 0.179 { // where black and white contrast alike (WCAG 2.2, 1.4.3)
		return template.CSS(accent), "#000000"
	}
	return template.CSS(accent), "#ffffff"
}

// luminance is WCAG's relative luminance of a colour.
func luminance(rgb uint64) float64 {
	linear := func(c uint64) float64 {
		v := float64(c&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(rgb>>16) + 0.7152*linear(rgb>>8) + 0.0722*linear(rgb)
}

// html lays a letter out as a page.
func (f *frame) html(m checkout.Message) (string, error) {
	var b bytes.Buffer
	err := f.page.Execute(&b, f.view(m))
	return b.String(), err
}

// plain lays it out as text: all that the page says, in its order.
func (f *frame) plain(m checkout.Message) string {
	v := f.view(m)
	var b strings.Builder
	part := func(lines ...string) {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(strings.Join(lines, "\n") + "\n")
	}
	if v.Banner != "" {
		part(v.Banner)
	}
	part(v.Brand)
	if v.Sum != "" {
		part(v.Sum)
	}
	part(v.Text)
	if len(v.Rows) > 0 {
		lines := make([]string, len(v.Rows))
		for i, r := range v.Rows {
			lines[i] = r.Name + ": " + r.Value
		}
		part(lines...)
	}
	if v.URL != "" {
		part(v.Action+":", v.URL)
	}
	if len(v.Foot) > 0 {
		part(append([]string{"--"}, v.Foot...)...)
	}
	return b.String()
}

// maxHeader is how many characters of a text go into a header; names and subjects are shorter.
const maxHeader = 200

// header is a text on one line, fit to stand in a header (A55).
func header(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, text)
	runes := []rune(strings.Join(strings.Fields(text), " "))
	return string(runes[:min(len(runes), maxHeader)])
}

// build makes the mail: text first, then the page (RFC 2046, 5.1.4), and beside both what is attached.
func (f *frame) build(m checkout.Message, from string) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP), mail.WithNoDefaultUserAgent())
	if checkout.NormalEmail(m.To) != m.To {
		return nil, errors.New("not one address")
	}
	msg.FromMailAddress(&netmail.Address{Name: header(m.Letter.Brand), Address: from})
	msg.ToMailAddress(&netmail.Address{Address: m.To})
	if m.Letter.ReplyTo != "" {
		if err := msg.ReplyTo(m.Letter.ReplyTo); err != nil {
			return nil, err
		}
	}
	subject := header(m.Letter.Subject)
	if m.Letter.Banner != "" {
		subject = "[TEST] " + subject
	}
	msg.Subject(subject)
	msg.SetMessageIDWithValue(string(m.ID) + "@" + domainOf(from))
	msg.SetDateWithValue(m.CreatedAt)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	html, err := f.html(m)
	if err != nil {
		return nil, err
	}
	msg.SetBodyString(mail.TypeTextPlain, f.plain(m))
	msg.AddAlternativeString(mail.TypeTextHTML, html)
	for _, f := range m.Files {
		if err := msg.AttachReader(f.Name, bytes.NewReader(f.Body), mail.WithFileContentType(mail.ContentType(f.Type))); err != nil {
			return nil, err
		}
	}
	return msg, nil
}
