package banksim

import (
	"bytes"
	"embed"
	"html"
	"html/template"

	"net/http"
	"strings"
)

//go:embed assets
var assets embed.FS

// pages are parsed at start: a page that does not parse is a programmer's mistake.
var pages = template.Must(template.ParseFS(assets, "assets/pages.html"))

// field is one name and value of a message, in the order of the message.
type field struct{ name, value string }

// words are the bank's texts for payers, Turkish and English.
var words = map[string]map[string]string{
	"tr": {
		"band": "TEST BANKASI · gerçek para çekilmez", "bank": "Deneme Bankası", "other": "English", "otherLang": "en",
		"challenge": "3D Secure doğrulama", "merchant": "İşyeri", "amount": "Tutar", "card": "Kart", "time": "Tarih", "order": "Sipariş",
		"installments": "Taksit", "single": "Tek çekim",
		"ask":   "Cep telefonunuza gönderilen tek kullanımlık şifreyi girin.",
		"otp":   "Tek kullanımlık şifre",
		"hint":  "Deneme şifresi: 123456 onaylar, 000000 doğrulamayı başarısız kılar.",
		"wrong": "Şifre hatalı. Kalan deneme hakkı:", "submit": "Onayla", "cancel": "Vazgeç",
		"back": "İşyerine dönülüyor", "backText": "Sayfa kendiliğinden ilerlemezse düğmeye basın.", "go": "Devam et",
		"to":   "Bankaya yönlendiriliyorsunuz",
		"gone": "Oturum bulunamadı", "goneText": "Bu doğrulama oturumu yok ya da sona erdi. Satıcının sayfasına dönüp yeniden deneyin.",
		"lost": "Bağlantı koptu", "lostText": "Bankayla bağlantı kesildi; işyerine dönüş bilgisi gönderilemedi. Ödemenin sonucunu işyerinden öğrenin.",
		"pay": "Kart bilgileri", "pan": "Kart numarası", "expiry": "Son kullanma (AA/YY)", "cvv": "Güvenlik kodu", "holder": "Kart üzerindeki ad",
		"payGo": "Ödemeye devam et", "cardBad": "Kart bilgilerini kontrol edin.",
		"panBad": "Kart numarası geçersiz.", "expiryBad": "Son kullanma tarihini AA/YY olarak yazın.", "cvvBad": "Güvenlik kodu 3 ya da 4 rakamdır.",
	},
	"en": {
		"band": "TEST BANK · no real money", "bank": "Test Bank", "other": "Türkçe", "otherLang": "tr",
		"challenge": "3-D Secure verification", "merchant": "Merchant", "amount": "Amount", "card": "Card", "time": "Date", "order": "Order",
		"installments": "Instalments", "single": "Single payment",
		"ask":   "Enter the one-time password sent to your phone.",
		"otp":   "One-time password",
		"hint":  "Test password: 123456 passes, 000000 fails the verification.",
		"wrong": "Wrong password. Tries left:", "submit": "Confirm", "cancel": "Cancel",
		"back": "Returning to the merchant", "backText": "Press the button if the page does not move on by itself.", "go": "Continue",
		"to":   "Taking you to the bank",
		"gone": "No such session", "goneText": "This verification does not exist or is over. Go back to the seller's page and try again.",
		"lost": "Connection lost", "lostText": "The connection to the bank broke and nothing was sent to the merchant. Ask the merchant how the payment ended.",
		"pay": "Card details", "pan": "Card number", "expiry": "Expiry (MM/YY)", "cvv": "Security code", "holder": "Name on the card",
		"payGo": "Continue", "cardBad": "Please check the card details.",
		"panBad": "The card number is not valid.", "expiryBad": "Write the expiry as MM/YY.", "cvvBad": "The security code has 3 or 4 digits.",
	},
}

// page is what every template gets.
type page struct {
	Lang, Base, Title, Action, OrderID, Merchant, Amount, Card, Time, Installments string

	T         map[string]string
	TriesLeft int
	Wrong     bool
	Duplicate bool
	Error     string
	Fields    template.HTML
	Parts     []scriptedCard
	Merchants []Merchant
}

// language: the address wins, then the order's, then Turkish.
func (c *call) language(orderLang string) string {
	for _, l := range []string{c.r.URL.Query().Get("lang"), orderLang} {
		if l = asciiLower(l); l == "tr" || l == "en" {
			return l
		}
	}
	return "tr"
}

func (b *Bank) orderPage(c *call, o Order, title string) page {
	lang := c.language(o.Lang)
	p := page{Lang: lang, T: words[lang], Base: c.base(), Title: words[lang][title], OrderID: o.OrderID, Merchant: o.MerchantID,
		Amount: currencyByCode(o.Currency).human(o.Amount, lang), Time: b.now().In(turkey).Format("02.01.2006 15:04"),
		Installments: words[lang]["single"]}
	if m, ok := b.merchantOf(o); ok && m.Name != "" {
		p.Merchant = m.Name
	}
	if o.Card.Mask != "" {
		p.Card = grouped(o.Card.Mask)
	}
	if o.Installments > 1 {
		p.Installments = decimalDigits(o.Installments)
	}
	return p
}

func (b *Bank) challengePage(c *call, o Order, status int, wrong bool) reply {
	p := b.orderPage(c, o, "challenge")
	p.Action, p.Wrong, p.TriesLeft = "?lang="+p.Lang, wrong, maxTries-o.Tries
	return render(status, "challenge", p)
}

// cardPage shows the hosted card form; what was typed before is not shown again. code is the dialect's refusal.
func (b *Bank) cardPage(c *call, o Order, status int, code string) reply {
	p := b.orderPage(c, o, "pay")
	p.Action = "?lang=" + p.Lang
	if code != "" {
		p.Error = p.T[code]
		if p.Error == "" {
			p.Error = p.T["cardBad"] + " (" + code + ")"
		}
	}
	return render(status, "card", p)
}

func (b *Bank) noSessionPage(c *call) reply {
	lang := c.language("")
	return render(http.StatusNotFound, "notice", page{Lang: lang, T: words[lang], Base: c.base(), Title: words[lang]["gone"],
		Error: words[lang]["goneText"]})
}

// lostPage stands where a callback should have been.
func (b *Bank) lostPage(c *call, lang string) reply {
	lang = c.language(lang)
	return render(http.StatusOK, "notice", page{Lang: lang, T: words[lang], Base: c.base(), Title: words[lang]["lost"],
		Error: words[lang]["lostText"]})
}

// handOver is a form that submits itself, to a page of the bank.
func (b *Bank) handOver(c *call, lang, action string, fields []field) reply {
	lang = c.language(lang)
	return render(http.StatusOK, "form", page{Lang: lang, T: words[lang], Base: c.base(), Title: words[lang]["to"], Action: action,
		Fields: b.inputs(fields)})
}

// sendBack is a form that submits itself, to the merchant.
func (b *Bank) sendBack(c *call, lang, action string, fields []field, twice bool) reply {
	lang = c.language(lang)
	show := render(http.StatusOK, "form", page{Lang: lang, T: words[lang], Base: c.base(), Title: words[lang]["back"], Action: action,
		Fields: b.inputs(fields), Duplicate: twice})
	return func(w http.ResponseWriter, r *http.Request) {
		if b.opts.Hostile && b.pick(2) == 0 {
			// Browsers then post the callback with Origin: null.
			w.Header().Set("Referrer-Policy", "no-referrer")
		}
		show(w, r)
	}
}

// inputs writes hidden inputs; a hostile bank now and then in the upper case and single quotes of old page generators.
func (b *Bank) inputs(fields []field) template.HTML {
	open, middle, end := `<input type="hidden" name="`, `" value="`, "\">\n"
	if b.opts.Hostile && b.pick(2) == 0 {
		open, middle, end = `<INPUT TYPE='HIDDEN' NAME='`, `' VALUE='`, "' />\r\n"
	}
	var s strings.Builder
	for _, f := range fields {
		s.WriteString(open + html.EscapeString(f.name) + middle + html.EscapeString(f.value) + end)
	}
	return template.HTML(s.String())
}

// render writes a page whole or, when the template breaks, none of it.
func render(status int, name string, p page) reply {
	return func(w http.ResponseWriter, _ *http.Request) {
		var buf bytes.Buffer
		if err := pages.ExecuteTemplate(&buf, name, p); err != nil {
			http.Error(w, "the simulated bank could not draw this page", http.StatusInternalServerError)
			return
		}
		htmlHead(w, status)
		_, _ = w.Write(buf.Bytes())
	}
}

func htmlHead(w http.ResponseWriter, status int) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	// The callback form and its repetition may go to any merchant, so form-action and connect-src stay open for http addresses.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src http: https:; base-uri 'none'; frame-ancestors 'none'")
	if h.Get("Referrer-Policy") == "" {
		h.Set("Referrer-Policy", "strict-origin")
	}
	w.WriteHeader(status)
}

func serveStatic(name string) reply {
	kind := map[string]string{"bank.css": "text/css; charset=utf-8", "auto.js": "text/javascript; charset=utf-8"}[name]
	if kind == "" {
		return notFound
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		data, err := assets.ReadFile("assets/" + name)
		if err != nil {
			http.Error(w, "the simulated bank lost this file", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "max-age=300")
		_, _ = w.Write(data)
	}
}

func (b *Bank) indexPage(c *call) reply {
	lang := c.language("en")
	return render(http.StatusOK, "index", page{Lang: lang, T: words[lang], Base: c.base(), Title: words[lang]["bank"],
		Parts: scriptedCards("415565"), Merchants: b.merchantList()})
}

// grouped writes a masked number in fours, with dots for stars.
func grouped(mask string) string {
	mask = strings.ReplaceAll(mask, "*", "•")
	var s strings.Builder
	for i, r := range []rune(mask) {
		if i > 0 && i%4 == 0 {
			s.WriteByte(' ')
		}
		s.WriteRune(r)
	}
	return s.String()
}
