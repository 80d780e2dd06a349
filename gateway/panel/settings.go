package panel

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
)

// SettingsFlow is what the settings need of checkout.Service.
type SettingsFlow interface {
	Colleagues(ctx context.Context, m checkout.MerchantID) ([]checkout.Colleague, error)
	Colleague(ctx context.Context, m checkout.MerchantID, id checkout.UserID) (checkout.Colleague, error)
	AddColleague(ctx context.Context, by checkout.By, m checkout.MerchantID, n checkout.NewColleague) (checkout.User, error)
	InviteToJoin(ctx context.Context, by checkout.By, m checkout.MerchantID, n checkout.NewColleague, hash []byte) (checkout.User, error)
	Join(ctx context.Context, by checkout.By, j checkout.Joining) error
	ChangeColleague(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.UserID, role checkout.Role, own bool, keep []byte) error
	RemoveColleague(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.UserID) error
	Reinvite(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.UserID) (checkout.User, error)
	ForgetPhone(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.UserID) error

	AccountsOf(ctx context.Context, m checkout.MerchantID) ([]checkout.Account, error)
	Account(ctx context.Context, m checkout.MerchantID, id checkout.AccountID) (checkout.Account, error)
	CreateAccount(ctx context.Context, by checkout.By, m checkout.MerchantID, a checkout.Account, verify bool, idem func(checkout.Account) (checkout.Idempotency, error)) (checkout.Account, error)
	EditAccount(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.AccountID, verify bool, edit func(*checkout.Account) error) (checkout.Account, error)
	DeleteAccount(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.AccountID) error
	TestAccount(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.AccountID) (checkout.AccountTest, error)
	AccountTests(ctx context.Context, m checkout.MerchantID) (map[checkout.AccountID]checkout.AccountTest, error)

	ChangeMerchant(ctx context.Context, by checkout.By, m checkout.MerchantID, version int64, edit func(*checkout.Merchant)) (checkout.Merchant, error)
	SetLogo(ctx context.Context, by checkout.By, m checkout.MerchantID, l checkout.Logo) error
	Details(ctx context.Context, id checkout.MerchantID) (checkout.Merchant, checkout.Seller, []string, error)
	SetSeller(ctx context.Context, by checkout.By, m checkout.MerchantID, version int64, edit func(*checkout.Seller)) (checkout.Seller, error)
	LegalTexts(ctx context.Context, m checkout.MerchantID) (inForce, own []checkout.LegalText, err error)
	SaveLegalText(ctx context.Context, by checkout.By, m checkout.MerchantID, k checkout.ConsentKind, lang, words string) (checkout.LegalText, error)
	PageWords(ctx context.Context, m checkout.MerchantID) (checkout.PageWords, error)
	SetNoticeURL(ctx context.Context, by checkout.By, m checkout.MerchantID, address string) error
	SetDecline(ctx context.Context, by checkout.By, m checkout.MerchantID, lang string, r checkout.Reason, text string) error

	Keys(ctx context.Context, m checkout.MerchantID) ([]checkout.APIKey, error)
	CreateKey(ctx context.Context, by checkout.By, m checkout.MerchantID, name string, hash func(string) []byte) (checkout.APIKey, string, error)
	RevokeKey(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.KeyID) error
	OfflineKeysOf(ctx context.Context, m checkout.MerchantID) ([]checkout.OfflineKey, error)
	CreateOfflineKey(ctx context.Context, by checkout.By, m checkout.MerchantID, name string, idem func(checkout.OfflineKey) (checkout.Idempotency, error)) (checkout.OfflineKey, error)
	RevokeOfflineKey(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.OfflineKeyID) error
	RevokeOffline(ctx context.Context, by checkout.By, m checkout.MerchantID, reference checkout.OrderNumber) (checkout.LinkID, error)

	MessageSettings(ctx context.Context, m checkout.MerchantID) (checkout.MessageSettings, error)
	ChangeMessageSettings(ctx context.Context, by checkout.By, m checkout.MerchantID, version int64, edit func(*checkout.MessageSettings) error) (checkout.MessageSettings, error)
	Wordings(ctx context.Context, m checkout.MerchantID) ([]checkout.Wording, int64, error)
	SaveWording(ctx context.Context, by checkout.By, m checkout.MerchantID, version int64, w checkout.Wording) (checkout.Wording, int64, error)
	PreviewWording(ctx context.Context, m checkout.MerchantID, w checkout.Wording) (checkout.WordingPreview, error)
}

// Banks says what can be defined.
type Banks interface {
	Kinds() []checkout.KindInfo
	Shown(kind string) []string
}

// Hooks is what the panel needs of webhooks beside what the ledger keeps.
type Hooks interface {
	// Allowed says whether an endpoint may have this address. checkout.ErrTarget.
	Allowed(ctx context.Context, address string) error
	// Check sends a signed event of type ping that nobody keeps, and says how the endpoint answered.
	Check(ctx context.Context, e checkout.Endpoint) checkout.Send
	ShowSecret(secret []byte) string
	NewSecret() []byte
	NewEndpoint() checkout.EndpointID
	// Place gives everything that was committed its place in the feed.
	Place(ctx context.Context) error
}

// Settings are the parts that only the settings need.
type Settings struct {
	Banks Banks
	Hooks Hooks
	// EventBody renders an event whose body was never kept, as it would be sent now.
	EventBody func(ctx context.Context, n checkout.Notice) ([]byte, error)
	// Preview writes the payer's page of a merchant with values that are not saved, in a language.
	Preview func(lang string, m checkout.Merchant, noticeURL string) ([]byte, error)
	// Contrast answers an accent's contrast with the light page, as it was asked for and as the pages correct it.
	Contrast func(accent string) (asked float64, shown string, adjusted bool)
	// Mail hands a mail over now, once; nil where none is sent.
	Mail func(ctx context.Context, m checkout.Message) checkout.MessageSend
	// OutgoingIP is the address that banks see, as the operator says; "" = he says nothing.
	OutgoingIP string
}

// settingsRoutes are everything that an owner sets.
func (s *Surface) settingsRoutes() []route {
	all := []route{{"GET", "/panel/settings", checkout.PowerSettings, (*Surface).settingsPage}}
	for _, area := range [][]route{userRoutes(), acquirerRoutes(), brandingRoutes(), sellerRoutes(), declineRoutes(), messageRoutes(), keyRoutes(), requestRoutes(), offlineRoutes(), webhookRoutes(), auditRoutes()} {
		all = append(all, area...)
	}
	return all
}

// settingsTabs are the parts of the settings in their order, by the last part of their address.
var settingsTabs = []struct {
	name  string
	power checkout.Power
}{
	{"acquirers", checkout.PowerSettings}, {"branding", checkout.PowerSettings}, {"seller", checkout.PowerSettings}, {"messages", checkout.PowerSettings}, {"declines", checkout.PowerSettings},
	{"notices", checkout.PowerSettings}, {"users", checkout.PowerUsers}, {"keys", checkout.PowerSettings}, {"offline", checkout.PowerSettings}, {"webhooks", checkout.PowerSettings}, {"audit", checkout.PowerUsers},
}

// Tabs are the parts of the settings; here is the one that is open.
func (p *Page) Tabs(here string) (all []Section) {
	for _, t := range settingsTabs {
		if p.Who.may(t.power) {
			all = append(all, Section{Name: t.name, Path: "/panel/settings/" + t.name, Here: t.name == here})
		}
	}
	return all
}

// settingsPage lists the parts, each with what it is for.
func (s *Surface) settingsPage(c *fiber.Ctx, w *who) error {
	return s.show(c, w, fiber.StatusOK, "settings", nil)
}

// Box is one of several boxes that can be ticked.
type Box struct {
	Name, Label string
	On          bool
}

// notFound is what an address answers whose object is not there, or somebody else's.
func notFound() error { return &checkout.Error{Kind: checkout.KindNotFound, Code: "not_found"} }

// dayOf reads a day of a filter in Istanbul's time; zero when none was chosen.
func dayOf(c *fiber.Ctx, name string) time.Time {
	day, err := time.ParseInLocation(time.DateOnly, c.Query(name), checkout.Istanbul())
	if err != nil {
		return time.Time{}
	}
	return day
}

// nfc is a typed text in the one spelling that is stored (A36).
func nfc(text string) string { return norm.NFC.String(text) }

// ticked is the value of a box.
func ticked(on bool) string {
	if on {
		return "on"
	}
	return ""
}

// tabs is what the part "tabs" draws.
type tabs struct {
	P    *Page
	Here string
}

// Here are the tabs of the settings, one of them open.
func (p *Page) Here(name string) tabs { return tabs{p, name} }
