package panel

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

func messageRoutes() []route {
	settings := checkout.PowerSettings
	return []route{
		{"GET", "/panel/settings/messages", settings, (*Surface).messagesPage},
		{"GET", "/panel/settings/messages/:kind/:channel/:lang", settings, (*Surface).wordingPage},
		{"POST", "/panel/settings/messages/:kind/:channel/:lang", settings, (*Surface).saveWording},
		{"GET", "/panel/settings/messages/:kind/:channel/:lang/size", settings, (*Surface).messageSize},
		{"GET", "/panel/settings/notices", settings, (*Surface).noticesPage},
		{"POST", "/panel/settings/notices", settings, (*Surface).saveNotices},
	}
}

// messagesPage lists all wordings.
func (s *Surface) messagesPage(c *fiber.Ctx, w *who) error {
	all, _, err := s.Flow.Wordings(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	return s.show(c, w, fiber.StatusOK, "settings_messages", struct {
		Wordings []checkout.Wording
		Saved    string
	}{all, c.Query("saved")})
}

// wordingData is one wording in its editor.
type wordingData struct {
	*Form
	checkout.Wording
	Version int64
	Preview *checkout.WordingPreview
	Size    string
	Names   []string // that may stand in braces
}

// wording finds the wording of the address.
func (s *Surface) wording(c *fiber.Ctx, w *who) (checkout.Wording, int64, error) {
	all, version, err := s.Flow.Wordings(c.UserContext(), w.member.Merchant)
	if err != nil {
		return checkout.Wording{}, 0, err
	}
	i := slices.IndexFunc(all, func(one checkout.Wording) bool {
		return string(one.Kind) == c.Params("kind") && string(one.Channel) == c.Params("channel") && one.Lang == c.Params("lang")
	})
	if i < 0 {
		return checkout.Wording{}, 0, notFound()
	}
	return all[i], version, nil
}

func (s *Surface) wordingPage(c *fiber.Ctx, w *who) error {
	have, version, err := s.wording(c, w)
	if err != nil {
		return err
	}
	f := NewForm("messages", "subject", have.Subject, "text", have.Text)
	return s.showWording(c, w, fiber.StatusOK, wordingData{Form: f, Wording: have, Version: version})
}

// showWording shows the editor with how the words read in a message; where they cannot be, there is none.
func (s *Surface) showWording(c *fiber.Ctx, w *who, status int, d wordingData) error {
	d.Names = checkout.Placeholders
	typed := d.Wording
	typed.Subject, typed.Text = d.Get("subject"), d.Get("text")
	if d.OK() {
		preview, err := s.Flow.PreviewWording(c.UserContext(), w.member.Merchant, typed)
		if err := s.refused(d.Form, w.lang, err, nil); err != nil {
			return err
		}
		if d.OK() {
			d.Preview = &preview
		}
	}
	if d.Preview != nil && d.Channel == checkout.ChannelSMS {
		d.Size = s.sizeWords(w.lang, d.Preview.Size)
	}
	return s.show(c, w, status, "settings_wording", d)
}

// sizeWords says what a text takes as an SMS.
func (s *Surface) sizeWords(lang string, size checkout.TextSize) string {
	l := s.pages.locale(lang)
	text := l.Count("messages.size", size.Parts, "left", strconv.Itoa(size.Left))
	if len(size.Cost) > 0 {
		text += " " + l.Text("messages.cost", "signs", strings.Join(size.Cost, " "))
	}
	return text
}

// messageSize says what a text that is being typed takes with usual values in it, or what is wrong with it.
func (s *Surface) messageSize(c *fiber.Ctx, w *who) error {
	typed, _, err := s.wording(c, w)
	if err != nil {
		return err
	}
	typed.Text = nfc(strings.ToValidUTF8(c.Query("text"), ""))
	f := NewForm("messages", "text", "")
	preview, err := s.Flow.PreviewWording(c.UserContext(), w.member.Merchant, typed)
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	text := f.Errors["text"] + f.Error
	if f.OK() {
		text = s.sizeWords(w.lang, preview.Size)
	}
	s.headers.Apply(c)
	c.Context().SetContentType("text/plain; charset=utf-8")
	return c.SendString(text)
}

// saveWording previews, saves or resets, as the pressed button says.
func (s *Surface) saveWording(c *fiber.Ctx, w *who) error {
	have, version, err := s.wording(c, w)
	if err != nil {
		return err
	}
	f := readForm(c, "messages", "subject", "text")
	f.Values["subject"], f.Values["text"] = nfc(f.Get("subject")), nfc(f.Get("text"))
	d := wordingData{Form: f, Wording: have, Version: version}
	own := have
	own.Subject, own.Text = f.Get("subject"), f.Get("text")
	switch posted(c, "do") {
	case "preview":
		return s.showWording(c, w, fiber.StatusOK, d)
	case "reset":
		own.Subject, own.Text = "", ""
	default:
		if own.Text == "" { // the flow takes no words at all for the wish to have the usual ones back
			s.wrong(f, w.lang, "text", "required", nil)
			return s.showWording(c, w, fiber.StatusUnprocessableEntity, d)
		}
	}
	seen, _ := strconv.ParseInt(posted(c, "version"), 10, 64) // none: whatever stands there is replaced
	if _, _, err := s.Flow.SaveWording(c.UserContext(), w.by(c), w.member.Merchant, seen, own); err != nil {
		if err := s.refused(f, w.lang, err, nil); err != nil {
			return err
		}
		return s.showWording(c, w, fiber.StatusUnprocessableEntity, d)
	}
	return saved(c, "/panel/settings/messages", "wording")
}

// noticesData is who is told of what.
type noticesData struct {
	*Form
	Version int64
	Saved   string
}

// noticeFields are the names of the fields of recipient i.
func noticeFields(i int) []string {
	n := strconv.Itoa(i)
	names := []string{"channel_" + n, "to_" + n}
	for _, t := range checkout.NoticeTopics {
		names = append(names, "topic_"+n+"_"+t)
	}
	return names
}

// Recipients are the numbers of the form's recipients: those that are there, and one more.
func (d noticesData) Recipients() (all []int) {
	for i := range checkout.MaxNoticeRecipients {
		all = append(all, i)
		if d.Get("to_"+strconv.Itoa(i)) == "" {
			break
		}
	}
	return all
}

// NoticeBoxes are the events that recipient i can be told of, NoticeTo his address and NoticeChannel the way there.
func (p *Page) NoticeBoxes(f *Form, i int) (all []Box) {
	for _, t := range checkout.NoticeTopics {
		name := "topic_" + strconv.Itoa(i) + "_" + t
		all = append(all, Box{Name: name, Label: p.Or("webhooks.topic."+t, t), On: f.On(name)})
	}
	return all
}

func (p *Page) NoticeTo(f *Form, i int) *Input {
	in := p.Input(f, "to_"+strconv.Itoa(i), "max", "254")
	in.Label = p.T("notices.to")
	return in
}

func (p *Page) NoticeChannel(f *Form, i int) *Input {
	in := p.Select(f, "channel_"+strconv.Itoa(i), "messages.channel", []string{string(checkout.ChannelEmail), string(checkout.ChannelSMS)})
	in.Label = p.T("notices.channel")
	return in
}

// Recipient numbers a recipient for people.
func (p *Page) Recipient(i int) string { return p.T("notices.recipient", "n", strconv.Itoa(i+1)) }

// LanguageName is a language as it calls itself.
func (p *Page) LanguageName(code string) string { return p.s.pages.locale(code).Name }

// NoticeLanguage is the language of notices.
func (p *Page) NoticeLanguage(f *Form) *Input {
	in := p.Input(f, "lang")
	in.Choices = []Choice{{Value: "", Label: p.T("notices.lang.usual"), Chosen: f.Get("lang") == ""}}
	for _, code := range p.s.pages.codes {
		in.Choices = append(in.Choices, Choice{Value: code, Label: p.s.pages.locales[code].Name, Chosen: code == f.Get("lang")})
	}
	return in
}

func (s *Surface) noticesPage(c *fiber.Ctx, w *who) error {
	set, err := s.Flow.MessageSettings(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	f := NewForm("notices", "lang", set.Lang, "reminder_hours", strconv.Itoa(set.ReminderHours))
	for i, r := range set.Recipients {
		n := strconv.Itoa(i)
		f.Values["channel_"+n], f.Values["to_"+n] = string(r.Channel), r.To
		for _, t := range r.Topics {
			f.Values["topic_"+n+"_"+t] = "on"
		}
	}
	return s.show(c, w, fiber.StatusOK, "settings_notices", noticesData{Form: f, Version: set.Version, Saved: c.Query("saved")})
}

// readNotices reads the form. A recipient without an address is none; fields are named as the flow names them.
func readNotices(f *Form) (all []checkout.NoticeRecipient, names map[string]string) {
	names = map[string]string{}
	for i := range checkout.MaxNoticeRecipients {
		n, place := strconv.Itoa(i), "recipients."+strconv.Itoa(len(all))+"."
		if f.Get("to_"+n) == "" {
			continue
		}
		r := checkout.NoticeRecipient{Channel: checkout.Channel(f.Get("channel_" + n)), To: f.Get("to_" + n)}
		for _, t := range checkout.NoticeTopics {
			if f.On("topic_" + n + "_" + t) {
				r.Topics = append(r.Topics, t)
			}
		}
		names[place+"to"], names[place+"events"], names[place+"channel"] = "to_"+n, "to_"+n, "channel_"+n
		all = append(all, r)
	}
	return all, names
}

// saveNotices takes who is told of what.
func (s *Surface) saveNotices(c *fiber.Ctx, w *who) error {
	fields := []string{"lang", "reminder_hours"}
	for i := range checkout.MaxNoticeRecipients {
		fields = append(fields, noticeFields(i)...)
	}
	f := readForm(c, "notices", fields...)
	recipients, names := readNotices(f)
	version, _ := strconv.ParseInt(posted(c, "version"), 10, 64) // none: whatever stands there is replaced
	hours, bad := 0, error(nil)
	if f.Get("reminder_hours") != "" {
		if hours, bad = strconv.Atoi(f.Get("reminder_hours")); bad != nil {
			s.wrong(f, w.lang, "reminder_hours", "out_of_range", nil)
		}
	}
	if f.OK() {
		_, err := s.Flow.ChangeMessageSettings(c.UserContext(), w.by(c), w.member.Merchant, version, func(set *checkout.MessageSettings) error {
			set.Recipients, set.Lang, set.ReminderHours = recipients, f.Get("lang"), hours
			return nil
		})
		if err == nil {
			return saved(c, "/panel/settings/notices", "notices")
		}
		if err := s.refused(f, w.lang, err, names); err != nil {
			return err
		}
	}
	return s.show(c, w, fiber.StatusUnprocessableEntity, "settings_notices", noticesData{Form: f, Version: version})
}
