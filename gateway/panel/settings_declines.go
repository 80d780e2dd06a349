package panel

import (
	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

func declineRoutes() []route {
	return []route{
		{"GET", "/panel/settings/declines", checkout.PowerSettings, (*Surface).declinesPage},
		{"POST", "/panel/settings/declines", checkout.PowerSettings, (*Surface).saveDecline},
	}
}

// declineRow is what payers read about one reason.
type declineRow struct {
	Reason      checkout.Reason
	Usual, Text string // Text is the merchant's own, or what was just typed
	Own         bool
	Error       string
}

type declinesData struct {
	Lang      string
	Languages []Choice
	Rows      []declineRow
	Saved     string
}

func (s *Surface) declinesPage(c *fiber.Ctx, w *who) error {
	return s.showDeclines(c, w, fiber.StatusOK, declineRow{})
}

// textLanguage is the language whose texts a page edits.
func (s *Surface) textLanguage(c *fiber.Ctx, w *who) string {
	lang := c.Query("texts")
	if c.Method() == fiber.MethodPost {
		lang = posted(c, "texts")
	}
	if _, ok := s.pages.locales[lang]; !ok {
		lang = w.lang
	}
	return lang
}

// languageChoices are all languages, the one whose texts are edited chosen.
func (s *Surface) languageChoices(lang string) (all []Choice) {
	for _, code := range s.pages.codes {
		all = append(all, Choice{Value: code, Label: s.pages.locales[code].Name, Chosen: code == lang})
	}
	return all
}

// showDeclines shows all sentences; bad is the one that was refused.
func (s *Surface) showDeclines(c *fiber.Ctx, w *who, status int, bad declineRow) error {
	own, err := s.Flow.PageWords(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	lang := s.textLanguage(c, w)
	d := declinesData{Lang: lang, Languages: s.languageChoices(lang), Saved: c.Query("saved")}
	for _, r := range checkout.WordedReasons {
		row := declineRow{Reason: r, Usual: s.pages.locale(lang).Raw("decline." + string(r)), Text: own.Declines[lang][r], Own: own.Declines[lang][r] != ""}
		if bad.Reason == r {
			row.Text, row.Error = bad.Text, bad.Error
		}
		d.Rows = append(d.Rows, row)
	}
	return s.show(c, w, status, "settings_declines", d)
}

// saveDecline takes one sentence; an empty one, or the button for it, puts the usual one back.
func (s *Surface) saveDecline(c *fiber.Ctx, w *who) error {
	f := readForm(c, "declines", "reason", "text")
	text := nfc(f.Get("text"))
	if posted(c, "reset") != "" {
		text = ""
	}
	lang, r := s.textLanguage(c, w), checkout.Reason(f.Get("reason"))
	err := s.Flow.SetDecline(c.UserContext(), w.by(c), w.member.Merchant, lang, r, text)
	if err == nil {
		return c.Redirect("/panel/settings/declines?texts="+lang+"&saved="+string(r)+"#"+string(r), fiber.StatusSeeOther)
	}
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	return s.showDeclines(c, w, fiber.StatusUnprocessableEntity, declineRow{Reason: r, Text: text, Error: f.Errors["text"] + f.Error})
}
