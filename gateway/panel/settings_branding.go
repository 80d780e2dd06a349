package panel

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/einvoice"
	"github.com/odelink/odelink/gateway/sheet"
)

const logoPath = "/panel/settings/branding/logo"

// logoBody is how long an upload of a picture may be: longer than a logo, as telephones make them, so that it is
// answered with what is wrong instead of an end of the connection.
const logoBody = 8<<20 + formAround

// LargeBodies are the addresses that take longer bodies than others, and how long ones: a picture, and the form
// around it; a file that links are made from; an e-invoice;
// a bank's list.
func LargeBodies() map[string]int {
	return map[string]int{logoPath: logoBody, linksFilePath: linksFileBody, linksFileMakePath: linksFileBody, invoicesPath: einvoice.MaxBytes + formAround, reconciliationPath: sheet.MaxBytes + formAround}
}

func brandingRoutes() []route {
	settings := checkout.PowerSettings
	return []route{
		{"GET", "/panel/settings/branding", settings, (*Surface).brandingPage},
		{"POST", "/panel/settings/branding", settings, (*Surface).saveBranding},
		{"POST", "/panel/settings/branding/preview", settings, (*Surface).previewBranding},
		{"GET", "/panel/settings/branding/contrast", settings, (*Surface).contrast},
		{"POST", logoPath, settings, (*Surface).saveLogo},
	}
}

type brandingData struct {
	*Form
	Logo     string // address of the stored picture
	Version  int64
	Contrast string // what the accent's contrast is, in words
	Shown    string // the accent as pages show it
	Initial  string
	Saved    string
	Other    []Choice // what somebody else stored meanwhile and is not what was typed here: field and value
}

var brandMarks = []checkout.Brand{checkout.BrandVisa, checkout.BrandMastercard, checkout.BrandTroy, checkout.BrandAmex}

// brandingFields are the names of all fields.
func brandingFields() []string {
	names := []string{"name", "legal_name", "phone", "email", "website", "accent", "notice_url", "brands", "installments"}
	for _, b := range brandMarks {
		names = append(names, "brand_"+string(b))
	}
	for n := 1; n <= checkout.MaxInstallments; n++ {
		names = append(names, "count_"+strconv.Itoa(n))
	}
	return names
}

func brandingForm(m checkout.Merchant, notice string) *Form {
	f := NewForm("branding", "name", m.Name, "legal_name", m.LegalName, "phone", m.Phone, "email", m.Email, "website", m.Website,
		"accent", m.Accent, "notice_url", notice, "brands", "", "installments", "")
	for _, b := range brandMarks {
		f.Values["brand_"+string(b)] = ticked(m.Accepts(b))
	}
	for n := 1; n <= checkout.MaxInstallments; n++ {
		f.Values["count_"+strconv.Itoa(n)] = ticked(slices.Contains(m.Installments, n))
	}
	return f
}

// BrandBoxes and CountBoxes are boxes of the form.
func (p *Page) BrandBoxes(f *Form) (all []Box) {
	for _, b := range brandMarks {
		name := "brand_" + string(b)
		all = append(all, Box{Name: name, Label: p.T("brand." + string(b)), On: f.On(name)})
	}
	return all
}

func (p *Page) CountBoxes(f *Form) (all []Box) {
	for n := 1; n <= checkout.MaxInstallments; n++ {
		name := "count_" + strconv.Itoa(n)
		all = append(all, Box{Name: name, Label: strconv.Itoa(n), On: f.On(name)})
	}
	return all
}

// OnAccent is the colour of letters on an accent: black or white, by contrast.
func (p *Page) OnAccent(accent string) string {
	if white, _, _ := p.s.Settings.Contrast(accent); white >= 4.5 {
		return "#fff"
	}
	return "#000"
}

func (s *Surface) brandingPage(c *fiber.Ctx, w *who) error {
	own, err := s.Flow.PageWords(c.UserContext(), w.merchant.ID)
	if err != nil {
		return err
	}
	return s.showBranding(c, w, fiber.StatusOK, brandingForm(w.merchant, own.NoticeURL))
}

func (s *Surface) showBranding(c *fiber.Ctx, w *who, status int, f *Form, other ...Choice) error {
	m := w.merchant
	d := brandingData{Form: f, Version: m.Version, Saved: c.Query("saved"), Initial: initial(f.Get("name")), Other: other}
	if m.LogoType != "" {
		d.Logo = "/m/" + string(m.ID) + "/logo?v=" + strconv.FormatInt(m.Version, 10)
	}
	_, d.Shown, _ = s.Settings.Contrast(f.Get("accent"))
	d.Contrast = s.contrastWords(w.lang, f.Get("accent"))
	return s.show(c, w, status, "settings_branding", d)
}

// contrastWords says how an accent reads on the light page, and whether the pages darken it.
func (s *Surface) contrastWords(lang, accent string) string {
	l := s.pages.locale(lang)
	asked, shown, adjusted := s.Settings.Contrast(accent)
	if accent == "" {
		return l.Raw("branding.contrast.none")
	}
	if asked == 0 {
		return s.sentence(lang, "color_malformed", nil)
	}
	point, _ := l.Separators()
	ratio := strings.Replace(fmt.Sprintf("%.1f", asked), ".", point, 1)
	if adjusted {
		return l.Text("branding.contrast.adjusted", "ratio", ratio, "shown", shown)
	}
	return l.Text("branding.contrast.good", "ratio", ratio)
}

// contrast answers it about a colour that is being typed.
func (s *Surface) contrast(c *fiber.Ctx, w *who) error {
	s.headers.Apply(c)
	c.Context().SetContentType("text/plain; charset=utf-8")
	return c.SendString(s.contrastWords(w.lang, strings.TrimSpace(c.Query("text"))))
}

// applyBranding writes what was typed over a merchant.
func applyBranding(f *Form, m *checkout.Merchant) {
	m.Name, m.LegalName, m.Phone, m.Email = nfc(f.Get("name")), nfc(f.Get("legal_name")), f.Get("phone"), f.Get("email")
	m.Website, m.Accent = f.Get("website"), strings.ToLower(f.Get("accent"))
	m.Installments = nil
	for n := 1; n <= checkout.MaxInstallments; n++ {
		if f.On("count_" + strconv.Itoa(n)) {
			m.Installments = append(m.Installments, n)
		}
	}
	brands := []checkout.Brand{}
	for _, b := range brandMarks {
		if f.On("brand_" + string(b)) {
			brands = append(brands, b)
		}
	}
	if slices.Contains(brands, checkout.BrandMastercard) && m.Accepts(checkout.BrandMaestro) {
		brands = append(brands, checkout.BrandMaestro)
	}
	if m.Brands = brands; len(brands) == len(brandMarks)+1 {
		m.Brands = nil // all that there are, also those to come
	}
}

// saveBranding takes what payers see. They see it at once.
func (s *Surface) saveBranding(c *fiber.Ctx, w *who) error {
	f := readForm(c, "branding", brandingFields()...)
	version, err := strconv.ParseInt(posted(c, "version"), 10, 64)
	if err != nil {
		return &checkout.Error{Kind: checkout.KindInvalid, Code: "bad_request"}
	}
	_, err = s.Flow.ChangeMerchant(c.UserContext(), w.by(c), w.merchant.ID, version, func(m *checkout.Merchant) { applyBranding(f, m) })
	if err == nil {
		err = s.Flow.SetNoticeURL(c.UserContext(), w.by(c), w.merchant.ID, f.Get("notice_url"))
	}
	if err == nil {
		return saved(c, "/panel/settings/branding", "branding")
	}
	stale := errors.Is(err, checkout.ErrStale)
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	if w.merchant, err = s.Ledger.Merchant(c.UserContext(), w.merchant.ID); err != nil {
		return err
	}
	if !stale {
		return s.showBranding(c, w, fiber.StatusUnprocessableEntity, f)
	}
	own, err := s.Flow.PageWords(c.UserContext(), w.merchant.ID)
	if err != nil {
		return err
	}
	f.Error = s.sentence(w.lang, "branding_stale", nil)
	return s.showBranding(c, w, fiber.StatusConflict, f, s.elsewhere(w.lang, f, brandingForm(w.merchant, own.NoticeURL))...)
}

// elsewhere names the fields in which what is stored is not what was typed, with what is stored: whoever comes
// second sees both before he decides.
func (s *Surface) elsewhere(lang string, typed, stored *Form) (all []Choice) {
	l := s.pages.locale(lang)
	all = s.differing(lang, "branding", []string{"name", "legal_name", "phone", "email", "website", "notice_url", "accent"}, typed, stored)
	boxes := func(label, prefix string, names []string, word func(string) string) {
		var on []string
		differs := false
		for _, name := range names {
			differs = differs || typed.On(prefix+name) != stored.On(prefix+name)
			if stored.On(prefix + name) {
				on = append(on, word(name))
			}
		}
		if differs {
			all = append(all, Choice{Label: l.Raw(label), Value: cmp.Or(strings.Join(on, ", "), "–")})
		}
	}
	boxes("branding.brands", "brand_", wordsOf(brandMarks), func(b string) string { return l.Raw("brand." + b) })
	var counts []string
	for n := 1; n <= checkout.MaxInstallments; n++ {
		counts = append(counts, strconv.Itoa(n))
	}
	boxes("branding.installments", "count_", counts, func(n string) string { return n })
	return all
}

// differing are the values of the fields in which what is stored is not what was typed.
func (s *Surface) differing(lang, prefix string, names []string, typed, stored *Form) (all []Choice) {
	l := s.pages.locale(lang)
	for _, name := range names {
		if typed.Get(name) != stored.Get(name) {
			value := cmp.Or(stored.Get(name), "–")
			if value == ticked(true) {
				value = l.Raw("frame.yes")
			}
			all = append(all, Choice{Label: l.Raw(prefix + "." + name), Value: value})
		}
	}
	return all
}

// previewBranding shows the payer's page as it would be, with nothing saved.
func (s *Surface) previewBranding(c *fiber.Ctx, w *who) error {
	f, m := readForm(c, "branding", brandingFields()...), w.merchant
	applyBranding(f, &m)
	html, err := s.Preview(w.lang, m, f.Get("notice_url"))
	if err != nil {
		return err
	}
	s.headers.Apply(c)
	c.Context().SetContentType("text/html; charset=utf-8")
	return c.Send(html)
}

// saveLogo takes a picture, or takes it away.
func (s *Surface) saveLogo(c *fiber.Ctx, w *who) error {
	l, what := checkout.Logo{}, "logo_removed"
	if posted(c, "remove") == "" {
		var err error
		if l, err = postedPicture(c); err != nil {
			return s.logoRefused(c, w, err)
		}
		what = "logo"
	}
	if err := s.Flow.SetLogo(c.UserContext(), w.by(c), w.merchant.ID, l); err != nil {
		return s.logoRefused(c, w, err)
	}
	return saved(c, "/panel/settings/branding", what)
}

// logoRefused shows the page again with what is wrong with the picture.
func (s *Surface) logoRefused(c *fiber.Ctx, w *who, err error) error {
	own, wordsErr := s.Flow.PageWords(c.UserContext(), w.merchant.ID)
	if wordsErr != nil {
		return wordsErr
	}
	f := brandingForm(w.merchant, own.NoticeURL)
	f.Values["logo"] = ""
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	return s.showBranding(c, w, fiber.StatusUnprocessableEntity, f)
}

// postedPicture reads the file of a form.
func postedPicture(c *fiber.Ctx) (checkout.Logo, error) {
	none := checkout.Invalid(checkout.FieldError{Field: "logo", Code: "required"})
	form, err := c.MultipartForm()
	if err != nil || len(form.File["logo"]) == 0 {
		return checkout.Logo{}, none
	}
	in, err := form.File["logo"][0].Open()
	if err != nil {
		return checkout.Logo{}, none
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, checkout.MaxLogo+1))
	if err != nil || len(data) == 0 {
		return checkout.Logo{}, none
	}
	return ReadLogo(data)
}
