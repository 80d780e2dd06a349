package panel

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// spareCodes is how many codes stand in for a lost second factor.
const spareCodes = 8

// secondBytes is the length of a second factor's secret (RFC 4226, section 4, R6).
const secondBytes = 20

// accountRoutes are a user's own settings: they are his whatever his role.
func (s *Surface) accountRoutes() []route {
	look := checkout.PowerLook
	return []route{
		{"GET", "/panel/account", look, (*Surface).accountPage},
		{"POST", "/panel/account", look, (*Surface).saveAccount},
		{"POST", "/panel/account/password", look, (*Surface).changePassword},
		{"POST", "/panel/account/visits", look, (*Surface).endVisits},
		{"GET", "/panel/account/second", look, (*Surface).secondPage},
		{"POST", "/panel/account/second", look, (*Surface).setSecond},
		{"POST", "/panel/merchant", look, (*Surface).switchMerchant},
	}
}

// visitRow is one visit as its user sees it.
type visitRow struct {
	checkout.Visit
	Handle string
	Here   bool
}

type accountData struct {
	Profile, Password *Form
	Visits            []visitRow
	SignIns           []checkout.SignIn
	Saved             string
}

func (s *Surface) accountPage(c *fiber.Ctx, w *who) error {
	return s.showAccount(c, w, fiber.StatusOK, accountData{Saved: c.Query("saved")})
}

func (s *Surface) showAccount(c *fiber.Ctx, w *who, status int, d accountData) error {
	all, err := s.Ledger.Visits(c.UserContext(), w.user.ID, s.now())
	if err != nil {
		return err
	}
	for _, v := range all {
		d.Visits = append(d.Visits, visitRow{v, hex.EncodeToString(v.Hash), string(v.Hash) == string(w.visit.Hash)})
	}
	if d.SignIns, err = s.Ledger.SignIns(c.UserContext(), w.user.ID, 20); err != nil {
		return err
	}
	if d.Profile == nil {
		d.Profile = NewForm("account", "name", w.user.Name, "lang", w.user.Lang)
	}
	if d.Password == nil {
		d.Password = NewForm("account", "current", "", "password", "")
	}
	return s.show(c, w, status, "account", d)
}

// saved leads back to a page that says what was saved.
func saved(c *fiber.Ctx, path, what string) error {
	return c.Redirect(path+"?saved="+what, fiber.StatusSeeOther)
}

func (s *Surface) saveAccount(c *fiber.Ctx, w *who) error {
	f := readForm(c, "account", "name", "lang")
	if code := checkout.CheckName(f.Get("name")); code != "" {
		s.wrong(f, w.lang, "name", code, nil)
	}
	if l := f.Get("lang"); l != "" && !slices.Contains(s.pages.codes, l) {
		s.wrong(f, w.lang, "lang", "unknown_value", nil)
	}
	if !f.OK() {
		return s.showAccount(c, w, fiber.StatusUnprocessableEntity, accountData{Profile: f})
	}
	w.user.Name, w.user.Lang = f.Get("name"), f.Get("lang")
	if err := s.saveUser(c, w); err != nil {
		return err
	}
	return saved(c, "/panel/account", "profile")
}

func (s *Surface) saveUser(c *fiber.Ctx, w *who) error {
	w.user.Version, w.user.UpdatedAt = w.user.Version+1, s.now()
	return s.Ledger.SaveUser(c.UserContext(), w.user)
}

// changePassword asks for the present one, tried as often as at the door, and ends all other visits (A49).
func (s *Surface) changePassword(c *fiber.Ctx, w *who) error {
	f, ctx := NewForm("account", "current", "", "password", ""), c.UserContext()
	current, password := posted(c, "current"), posted(c, "password")
	if err := s.present(c, w, f, current); err != nil {
		return err
	}
	if code := checkout.CheckPassword(password, w.user.Email, w.user.Name); code != "" {
		s.wrong(f, w.lang, "password", code, nil)
	}
	if s.Demo && f.OK() {
		f.Error = s.sentence(w.lang, "demo_user_stays", nil)
	}
	if !f.OK() {
		return s.showAccount(c, w, fiber.StatusUnprocessableEntity, accountData{Password: f})
	}
	w.user.Password = checkout.Hidden(HashPassword(password))
	if err := s.saveUser(c, w); err != nil {
		return err
	}
	if err := s.Ledger.EndVisits(ctx, w.user.ID, nil, w.visit.Hash); err != nil {
		return err
	}
	return saved(c, "/panel/account", "password")
}

// present holds a typed password against the user's and notes the mistake in the field "current".
func (s *Surface) present(c *fiber.Ctx, w *who, f *Form, typed string) error {
	key := s.Hash("password of " + string(w.user.ID))
	until, err := s.Ledger.CountTry(c.UserContext(), key, s.now(), triesOfUser)
	if err != nil {
		return err
	}
	switch {
	case !until.IsZero():
		s.wrong(f, w.lang, "current", "signin_locked", nil)
		return nil
	case !s.compare(typed, string(w.user.Password)):
		s.wrong(f, w.lang, "current", "password_wrong", nil)
		return nil
	}
	return s.Ledger.ClearTries(c.UserContext(), key)
}

// endVisits ends one visit, or all others.
func (s *Surface) endVisits(c *fiber.Ctx, w *who) error {
	hash, err := hex.DecodeString(posted(c, "visit"))
	if err != nil {
		return &checkout.Error{Kind: checkout.KindInvalid, Code: "bad_request"}
	}
	if len(hash) == 0 {
		hash = nil
	}
	if err := s.Ledger.EndVisits(c.UserContext(), w.user.ID, hash, w.visit.Hash); err != nil {
		return err
	}
	return saved(c, "/panel/account", "visits")
}

// second is a second factor that is being set up. Its secret travels in the form, since nothing is stored
// before a code proves that an app has it; a copy of what the user's own browser shows helps nobody.
type second struct {
	*Form
	Secret string // base32 in groups, to be typed
	URI    string
	Spare  []string // the spare codes, once it is set up
	Forced bool     // at the door: nothing else can be done before
}

func (s *Surface) newSecond(u checkout.User) second {
	return s.secondOf(u, s.IDs.Bytes(secondBytes))
}

func (s *Surface) secondOf(u checkout.User, secret []byte) second {
	text := secretText(secret)
	var groups []string
	for i := 0; i < len(text); i += 4 {
		groups = append(groups, text[i:min(i+4, len(text))])
	}
	return second{
		Form: NewForm("second", "code", "", "secret", base64.RawURLEncoding.EncodeToString(secret), "current", ""), Secret: strings.Join(groups, " "),
		URI: "otpauth://totp/Odelink:" + urlEscape(u.Email) + "?secret=" + text + "&issuer=Odelink&algorithm=SHA1&digits=6&period=30",
	}
}

func urlEscape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "%", "%25"), " ", "%20")
}

// enrol takes the code that proves that an app has the secret, and makes it the user's second factor. ok is
// false when the form has to be shown again.
func (s *Surface) enrol(c *fiber.Ctx, u *checkout.User, lang string, d *second) (ok bool, err error) {
	secret, bad := base64.RawURLEncoding.DecodeString(posted(c, "secret"))
	if bad != nil || len(secret) != secondBytes {
		return false, &checkout.Error{Kind: checkout.KindInvalid, Code: "bad_request"}
	}
	forced := d.Forced
	*d = s.secondOf(*u, secret)
	d.Forced = forced
	step, right := codeStep(secret, strings.ReplaceAll(posted(c, "code"), " ", ""), s.now())
	if !right {
		s.wrong(d.Form, lang, "code", "code_wrong", nil)
		return false, nil
	}
	u.Second, u.Spare = secret, nil
	for range spareCodes {
		code := strings.ToUpper(s.IDs.Secret(10))
		d.Spare = append(d.Spare, code[:5]+"-"+code[5:])
		u.Spare = append(u.Spare, s.Hash("spare "+string(u.ID)+" "+code))
	}
	u.Version, u.UpdatedAt = u.Version+1, s.now()
	if err := s.Ledger.SaveUser(c.UserContext(), *u); err != nil {
		return false, err
	}
	_, err = s.Ledger.SpendStep(c.UserContext(), u.ID, step)
	return err == nil, err
}

// setUpPage and setUp make a user who came in by password alone set up his second factor.
func (s *Surface) setUpPage(c *fiber.Ctx, v checkout.Visit, u checkout.User) error {
	d := s.newSecond(u)
	d.Forced = true
	return s.outside(c, fiber.StatusOK, "second", string(v.Hash), d)
}

func (s *Surface) setUp(c *fiber.Ctx, v checkout.Visit, u checkout.User) error {
	if len(u.Second) > 0 {
		return checkout.ErrNoVisit // set up meanwhile, in another window: that one asks for a code
	}
	d := second{Forced: true}
	ok, err := s.enrol(c, &u, s.language(c, u), &d)
	if err != nil {
		return err
	}
	if !ok {
		return s.outside(c, fiber.StatusUnprocessableEntity, "second", string(v.Hash), d)
	}
	note := checkout.SignIn{User: u.ID, How: checkout.SignInDone, IP: web.ClientIP(c), Agent: agent(c), At: s.now()}
	if err := s.Ledger.SaveSignIn(c.UserContext(), note); err != nil {
		return err
	}
	if err := s.Ledger.EndVisits(c.UserContext(), u.ID, nil, nil); err != nil {
		return err
	}
	if err := s.openVisit(c, u, checkout.StageIn); err != nil {
		return err
	}
	return s.outside(c, fiber.StatusOK, "second", "", d)
}

func (s *Surface) secondPage(c *fiber.Ctx, w *who) error {
	return s.show(c, w, fiber.StatusOK, "second", s.newSecond(w.user))
}

// setSecond sets up or replaces the second factor; it takes the present password, and other visits end (A49).
func (s *Surface) setSecond(c *fiber.Ctx, w *who) error {
	if s.Demo {
		return &checkout.Error{Kind: checkout.KindConflict, Code: "demo_user_stays"}
	}
	d := s.newSecond(w.user)
	if err := s.present(c, w, d.Form, posted(c, "current")); err != nil {
		return err
	}
	if !d.OK() {
		return s.show(c, w, fiber.StatusUnprocessableEntity, "second", d)
	}
	ok, err := s.enrol(c, &w.user, w.lang, &d)
	if err != nil {
		return err
	}
	if !ok {
		return s.show(c, w, fiber.StatusUnprocessableEntity, "second", d)
	}
	if err := s.Ledger.EndVisits(c.UserContext(), w.user.ID, nil, w.visit.Hash); err != nil {
		return err
	}
	return s.show(c, w, fiber.StatusOK, "second", d)
}

// switchMerchant leads the visit to another of the user's merchants.
func (s *Surface) switchMerchant(c *fiber.Ctx, w *who) error {
	to := checkout.MerchantID(posted(c, "merchant"))
	for _, m := range w.others {
		if m.Merchant == to {
			if err := s.Ledger.MoveVisit(c.UserContext(), w.visit.Hash, to); err != nil {
				return err
			}
			return c.Redirect("/panel", fiber.StatusSeeOther)
		}
	}
	return checkout.ErrNoMerchant
}
