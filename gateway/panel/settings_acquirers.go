package panel

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

func acquirerRoutes() []route {
	settings := checkout.PowerSettings
	return []route{
		{"GET", "/panel/settings/acquirers", settings, (*Surface).acquirersPage},
		{"GET", "/panel/settings/acquirers/new", settings, (*Surface).newAcquirerPage},
		{"POST", "/panel/settings/acquirers/new", settings, (*Surface).createAcquirer},
		{"GET", "/panel/settings/acquirers/:account", settings, (*Surface).acquirerPage},
		{"POST", "/panel/settings/acquirers/:account", settings, (*Surface).editAcquirer},
		{"POST", "/panel/settings/acquirers/:account/switch", settings, (*Surface).switchAcquirer},
		{"POST", "/panel/settings/acquirers/:account/test", settings, (*Surface).testAcquirer},
		{"POST", "/panel/settings/acquirers/:account/delete", settings, (*Surface).deleteAcquirer},
	}
}

// acquirerRow is an account in the list, with its last self-test.
type acquirerRow struct {
	checkout.Account
	KindName string
	Test     *checkout.AccountTest
	Answer   string // of the self-test, in words
}

type acquirersData struct {
	Accounts []acquirerRow
	Saved    string
	// IP is the address that banks see; Sure says that the operator named it.
	IP   string
	Sure bool
}

func (s *Surface) acquirersPage(c *fiber.Ctx, w *who) error {
	all, err := s.Flow.AccountsOf(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	tests, err := s.Flow.AccountTests(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	d := acquirersData{Saved: c.Query("saved")}
	d.IP, d.Sure = s.outgoing()
	for _, a := range all {
		row := acquirerRow{Account: a, KindName: s.kind(a.Kind).Name}
		if t, ok := tests[a.ID]; ok {
			row.Test, row.Answer = &t, s.testAnswer(w.lang, t)
		}
		d.Accounts = append(d.Accounts, row)
	}
	return s.show(c, w, fiber.StatusOK, "settings_acquirers", d)
}

// testAnswer says how a self-test ended.
func (s *Surface) testAnswer(lang string, t checkout.AccountTest) string {
	if t.Code == "" {
		return s.pages.locale(lang).Raw("acquirers.test.good")
	}
	return s.sentence(lang, t.Code, t.Args)
}

// outgoing is the address that banks see. Where the operator names none it is the one from which this machine
// would call the internet, which behind a translating router is another than banks see.
func (s *Surface) outgoing() (ip string, sure bool) {
	if s.OutgoingIP != "" {
		return s.OutgoingIP, true
	}
	way, err := net.Dial("udp4", "192.0.2.1:443") // sends nothing: the kernel chooses the way
	if err != nil {
		return "", false
	}
	defer way.Close()
	host, _, _ := net.SplitHostPort(way.LocalAddr().String())
	return host, false
}

func (s *Surface) kind(name string) checkout.KindInfo {
	for _, k := range s.Banks.Kinds() {
		if k.Kind == name {
			return k
		}
	}
	return checkout.KindInfo{Kind: name, Name: name}
}

// acquirerData is the form of an account. Account is nil for a new one.
type acquirerData struct {
	*Form
	Kind    checkout.KindInfo
	Kinds   []checkout.KindInfo // to choose from, where Kind is none yet
	Account *acquirerRow
	Counts  []int
	Saved   string
	Other   []Choice // what somebody else stored meanwhile and is not what was typed here: field and value
}

// CredentialInput is the field of a setting that a bank asks for; a secret that is kept is never shown.
func (p *Page) CredentialInput(d acquirerData, info checkout.CredentialInfo) *Input {
	in := p.Input(d.Form, "cred_"+info.Name, "max", "300")
	in.Label, in.Hint = p.Or("acquirers.cred."+info.Name, info.Name), p.Or("acquirers.cred."+info.Name+".hint", "")
	in.Required = info.Required && d.Account == nil
	if !info.Required {
		in.Label = p.T("acquirers.optional", "name", in.Label)
	}
	in.Placeholder = info.Default
	if info.Secret {
		in.Type, in.Complete = "password", "new-password"
		if d.Account != nil && d.Account.Credentials[info.Name] != "" {
			in.Placeholder = p.T("acquirers.kept")
		}
	}
	return in
}

// ModeChoice and PricingChoice are fields with choices.
func (p *Page) ModeChoice(d acquirerData) *Input {
	names := make([]string, len(d.Kind.Modes))
	for i, m := range d.Kind.Modes {
		names[i] = m.Name
	}
	return p.Select(d.Form, "mode", "acquirers.mode", names)
}

func (p *Page) PricingChoice(f *Form) *Input {
	return p.Select(f, "pricing", "acquirers.pricing", []string{string(checkout.PricingAbsorb), string(checkout.PricingMarkup), string(checkout.PricingGrossUp)})
}

// CurrencyBoxes are the currencies that a kind can take.
func (p *Page) CurrencyBoxes(d acquirerData) (all []Box) {
	for _, cur := range d.Kind.Currencies {
		all = append(all, Box{Name: "cur_" + string(cur), Label: p.L.CurrencyName(string(cur)), On: d.On("cur_" + string(cur))})
	}
	return all
}

// RateInput is the rate for a number of instalments.
func (p *Page) RateInput(f *Form, count int) *Input {
	in := p.Input(f, "rate_"+strconv.Itoa(count), "mode", "decimal", "max", "8")
	in.Label = p.T("acquirers.count", "n", strconv.Itoa(count))
	return in
}

func rateCounts() (all []int) {
	for n := 2; n <= checkout.MaxInstallments; n++ {
		all = append(all, n)
	}
	return all
}

// acquirerFields are the names of all fields of a kind.
func acquirerFields(k checkout.KindInfo) []string {
	names := []string{"version", "name", "mode", "base_url", "programmes", "issuers", "pricing", "min_monthly", "half_secure", "priority", "enabled", "currencies", "commission", "payout", "payout_days", "iban"}
	for _, cred := range k.Credentials {
		names = append(names, "cred_"+cred.Name)
	}
	for _, cur := range k.Currencies {
		names = append(names, "cur_"+string(cur))
	}
	for _, n := range rateCounts() {
		names = append(names, "rate_"+strconv.Itoa(n))
	}
	return names
}

// acquirerForm is an account as its form shows it, without its secrets.
func (s *Surface) acquirerForm(lang string, k checkout.KindInfo, a checkout.Account) *Form {
	l := s.pages.locale(lang)
	f := NewForm("acquirers", "name", a.Name, "mode", a.Mode, "base_url", a.BaseURL, "programmes", strings.Join(a.Programs, ", "),
		"issuers", strings.Join(a.Issuers, ", "), "pricing", string(a.Pricing), "half_secure", ticked(a.HalfSecure), "priority", strconv.Itoa(a.Priority),
		"enabled", ticked(a.Enabled), "version", strconv.FormatInt(a.Version, 10), "min_monthly", typedAmount(l, checkout.Money{Minor: a.MinPerMonth, Currency: checkout.TRY}), "currencies", "")
	for _, name := range s.Banks.Shown(k.Kind) {
		f.Values["cred_"+name] = a.Credentials[name]
	}
	for _, cur := range a.Currencies {
		f.Values["cur_"+string(cur)] = "on"
	}
	point, _ := l.Separators()
	f.Values["payout"], f.Values["iban"], f.Values["payout_days"], f.Values["commission"] = string(a.Payout.Spread), a.Payout.IBAN, "", ""
	if a.Payout.Days != nil {
		f.Values["payout_days"] = strconv.Itoa(*a.Payout.Days)
	}
	if a.Payout.Commission != nil {
		f.Values["commission"] = strings.Replace(a.Payout.Commission.String(), ".", point, 1)
	}
	for _, r := range a.Rates {
		f.Values["rate_"+strconv.Itoa(r.Count)] = strings.Replace(r.Rate.String(), ".", point, 1)
	}
	return f
}

func (s *Surface) newAcquirerPage(c *fiber.Ctx, w *who) error {
	d := acquirerData{Kinds: s.Banks.Kinds()}
	if name := c.Query("kind"); name != "" || len(d.Kinds) == 1 {
		if name == "" {
			name = d.Kinds[0].Kind
		}
		d.Kind, d.Kinds = s.kind(name), nil
	}
	if len(d.Kind.Modes) == 0 && d.Kinds == nil {
		return notFound()
	}
	a := checkout.Account{Kind: d.Kind.Kind, Pricing: checkout.PricingAbsorb, Enabled: true, Currencies: []checkout.Currency{checkout.TRY}}
	if len(d.Kind.Banks) > 0 {
		a.Programs, a.Issuers = d.Kind.Banks[0].Programs, d.Kind.Banks[0].Issuers
	}
	d.Form = s.acquirerForm(w.lang, d.Kind, a)
	return s.showAcquirer(c, w, fiber.StatusOK, d)
}

func (s *Surface) showAcquirer(c *fiber.Ctx, w *who, status int, d acquirerData) error {
	d.Counts = rateCounts()
	if d.Account != nil {
		tests, err := s.Flow.AccountTests(c.UserContext(), w.member.Merchant)
		if err != nil {
			return err
		}
		if t, ok := tests[d.Account.ID]; ok {
			d.Account.Test, d.Account.Answer = &t, s.testAnswer(w.lang, t)
		}
	}
	return s.show(c, w, status, "settings_acquirer", d)
}

func (s *Surface) createAcquirer(c *fiber.Ctx, w *who) error {
	k := s.kind(posted(c, "kind"))
	if len(k.Modes) == 0 {
		return notFound()
	}
	f := readForm(c, "acquirers", acquirerFields(k)...)
	a := checkout.Account{Kind: k.Kind}
	s.fillAccount(w.lang, f, k, &a)
	if f.OK() {
		_, err := s.Flow.CreateAccount(c.UserContext(), w.by(c), w.member.Merchant, a, true, nil)
		if err == nil {
			return saved(c, "/panel/settings/acquirers", "created")
		}
		if err := s.acquirerRefused(f, w.lang, err, a); err != nil {
			return err
		}
	}
	return s.showAcquirer(c, w, fiber.StatusUnprocessableEntity, acquirerData{Form: f, Kind: k})
}

// fillAccount writes what was typed over an account, and notes what cannot be read. Secrets that were left empty
// stay as they are.
func (s *Surface) fillAccount(lang string, f *Form, k checkout.KindInfo, a *checkout.Account) {
	shown := s.Banks.Shown(k.Kind)
	a.MoveTo(f.Get("base_url"), shown)
	a.Name, a.Mode, a.Pricing = nfc(f.Get("name")), f.Get("mode"), checkout.Pricing(f.Get("pricing"))
	a.HalfSecure, a.Enabled = f.On("half_secure"), f.On("enabled")
	a.Programs, a.Issuers = words(f.Get("programmes")), words(f.Get("issuers"))
	secrets := checkout.Secrets{}
	for _, cred := range k.Credentials {
		value := f.Get("cred_" + cred.Name)
		if value == "" && (cred.Secret || cred.Fixed) && (cred.Of == "" || f.Get("cred_"+cred.Of) != "") {
			value = a.Credentials[cred.Name]
		}
		if value != "" {
			secrets[cred.Name] = value
		}
	}
	a.Credentials, a.Currencies = secrets, nil
	for _, cur := range k.Currencies {
		if f.On("cur_" + string(cur)) {
			a.Currencies = append(a.Currencies, cur)
		}
	}
	s.fillNumbers(lang, f, a)
}

func (s *Surface) fillNumbers(lang string, f *Form, a *checkout.Account) {
	a.Rates, a.Priority = nil, 0
	for _, n := range rateCounts() {
		if rate := s.rate(lang, f, "rate_"+strconv.Itoa(n)); rate != nil {
			a.Rates = append(a.Rates, checkout.RateRow{Count: n, Rate: *rate})
		}
	}
	s.fillPayout(lang, f, &a.Payout)
	a.MinPerMonth = s.amount(f, lang, "min_monthly", checkout.TRY, false)
	if typed := f.Get("priority"); typed != "" {
		n, err := strconv.Atoi(typed)
		if err != nil || n < 0 || n > 1000 {
			s.wrong(f, lang, "priority", "out_of_range", nil)
		}
		a.Priority = n
	}
}

// rate reads a percentage as people write it; nil where none was typed.
func (s *Surface) rate(lang string, f *Form, name string) *checkout.Rate {
	typed := strings.TrimSuffix(strings.ReplaceAll(strings.TrimPrefix(f.Get(name), "%"), ",", "."), "%")
	if typed == "" {
		return nil
	}
	rate, err := checkout.ParseRate(strings.TrimSpace(typed))
	if err != nil {
		s.wrong(f, lang, name, "rate_format", nil)
	}
	return &rate
}

// fillPayout reads what was agreed with the bank about payouts; what was left empty is not known.
func (s *Surface) fillPayout(lang string, f *Form, to *checkout.PayoutTerms) {
	*to = checkout.PayoutTerms{Commission: s.rate(lang, f, "commission"), Spread: checkout.Spread(f.Get("payout")), IBAN: checkout.PlainIBAN(f.Get("iban"))}
	if typed := f.Get("payout_days"); typed != "" {
		n, err := strconv.Atoi(typed)
		if err != nil {
			s.wrong(f, lang, "payout_days", "out_of_range", nil)
		}
		to.Days = &n
	}
}

// PayoutChoice is how instalment sales are paid out, or that it is not known.
func (p *Page) PayoutChoice(f *Form) *Input {
	return p.Select(f, "payout", "acquirers.payout", append([]string{""}, wordsOf(checkout.Spreads)...))
}

// words are what stands between commas or spaces.
func words(text string) []string {
	all := []string{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		if word = strings.TrimSpace(word); word != "" && !slices.Contains(all, word) {
			all = append(all, word)
		}
	}
	return all
}

// acquirerRefused puts what is wrong with an account at the fields of its form.
func (s *Surface) acquirerRefused(f *Form, lang string, err error, a checkout.Account) error {
	names := map[string]string{}
	for name := range f.Values {
		if cred, ok := strings.CutPrefix(name, "cred_"); ok {
			names["credentials."+cred] = name
		}
	}
	for i, r := range a.Rates {
		for _, part := range []string{"count", "rate"} {
			names["instalments."+strconv.Itoa(i)+"."+part] = "rate_" + strconv.Itoa(r.Count)
		}
	}
	return s.refused(f, lang, err, names)
}

// account finds the account of the address.
func (s *Surface) account(c *fiber.Ctx, w *who) (checkout.Account, error) {
	return s.Flow.Account(c.UserContext(), w.member.Merchant, checkout.AccountID(c.Params("account")))
}

func (s *Surface) acquirerPage(c *fiber.Ctx, w *who) error {
	a, err := s.account(c, w)
	if err != nil {
		return err
	}
	k := s.kind(a.Kind)
	return s.showAcquirer(c, w, fiber.StatusOK, acquirerData{
		Form: s.acquirerForm(w.lang, k, a), Kind: k, Account: &acquirerRow{Account: a, KindName: k.Name}, Saved: c.Query("saved"),
	})
}

func (s *Surface) editAcquirer(c *fiber.Ctx, w *who) error {
	was, err := s.account(c, w)
	if err != nil {
		return err
	}
	k := s.kind(was.Kind)
	f := readForm(c, "acquirers", acquirerFields(k)...)
	typed := was
	s.fillAccount(w.lang, f, k, &typed)
	if f.OK() {
		_, err = s.Flow.EditAccount(c.UserContext(), w.by(c), was.Merchant, was.ID, true, func(a *checkout.Account) error {
			if f.On("version") && f.Get("version") != strconv.FormatInt(a.Version, 10) {
				return checkout.ErrStale // what somebody else saved since then would be put back, rates too
			}
			s.fillAccount(w.lang, f, k, a)
			return nil
		})
		if err == nil {
			return saved(c, "/panel/settings/acquirers", "changed")
		}
		if isCode(err, checkout.ErrStale) {
			return s.savedMeanwhile(c, w, f, k)
		}
		if err := s.acquirerRefused(f, w.lang, err, typed); err != nil {
			return err
		}
	}
	return s.showAcquirer(c, w, fiber.StatusUnprocessableEntity, acquirerData{Form: f, Kind: k, Account: &acquirerRow{Account: was, KindName: k.Name}})
}

// savedMeanwhile shows the form again of an account that somebody else changed since it was filled, as editedMeanwhile does
// of a link. Secrets that were not typed stay as they are stored, and are shown to nobody.
func (s *Surface) savedMeanwhile(c *fiber.Ctx, w *who, f *Form, k checkout.KindInfo) error {
	now, err := s.account(c, w)
	if err != nil {
		return err
	}
	typed := now
	s.fillAccount(w.lang, f, k, &typed)
	stored, mine := s.acquirerForm(w.lang, k, now), s.acquirerForm(w.lang, k, typed)
	d := acquirerData{Form: f, Kind: k, Account: &acquirerRow{Account: now, KindName: k.Name}}
	for _, name := range acquirerFields(k) {
		if stored.Get(name) != mine.Get(name) {
			d.Other = append(d.Other, s.accountField(w.lang, name, stored.Get(name)))
		}
	}
	f.Values["version"], f.Error = strconv.FormatInt(now.Version, 10), s.sentence(w.lang, "branding_stale", nil)
	return s.showAcquirer(c, w, fiber.StatusConflict, d)
}

// accountField is a field of an account's form and its value, in words.
func (s *Surface) accountField(lang, name, value string) Choice {
	l := s.pages.locale(lang)
	label, tick := "acquirers."+name, map[bool]string{true: "frame.yes", false: "frame.no"}
	switch kind, rest, _ := strings.Cut(name, "_"); {
	case kind == "rate":
		return Choice{Label: l.Text("acquirers.count", "n", rest), Value: cmp.Or(value, "–")}
	case kind == "cur":
		return Choice{Label: l.CurrencyName(rest), Value: l.Raw(tick[value == "on"])}
	case kind == "cred":
		label = "acquirers.cred." + rest
	case name == "enabled" || name == "half_secure":
		value = l.Raw(tick[value == "on"])
	case value != "" && l.Has(label+"."+value):
		value = l.Raw(label + "." + value)
	}
	if l.Has(label) {
		name = l.Raw(label)
	}
	return Choice{Label: name, Value: cmp.Or(value, "–")}
}

// switchAcquirer opens or closes an account for new payments, with one press.
func (s *Surface) switchAcquirer(c *fiber.Ctx, w *who) error {
	on := posted(c, "enabled") != ""
	_, err := s.Flow.EditAccount(c.UserContext(), w.by(c), w.member.Merchant, checkout.AccountID(c.Params("account")), false, func(a *checkout.Account) error {
		a.Enabled = on
		return nil
	})
	if err != nil {
		return err
	}
	return saved(c, "/panel/settings/acquirers", map[bool]string{true: "on", false: "off"}[on])
}

// testAcquirer asks the bank now; the page shows what it said.
func (s *Surface) testAcquirer(c *fiber.Ctx, w *who) error {
	id := checkout.AccountID(c.Params("account"))
	t, err := s.Flow.TestAccount(c.UserContext(), w.by(c), w.member.Merchant, id)
	if err != nil {
		return err
	}
	what := "tested"
	if t.Code != "" {
		what = "refused"
	}
	return saved(c, "/panel/settings/acquirers/"+string(id), what)
}

func (s *Surface) deleteAcquirer(c *fiber.Ctx, w *who) error {
	if err := s.Flow.DeleteAccount(c.UserContext(), w.by(c), w.member.Merchant, checkout.AccountID(c.Params("account"))); err != nil {
		return err
	}
	return saved(c, "/panel/settings/acquirers", "deleted")
}
