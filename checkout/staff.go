package checkout

import (
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// User is a person who signs in to the panel. He may work for several merchants.
type User struct {
	ID       UserID
	Email    string // what he signs in with, in lower case
	Name     string
	Lang     string // of the panel; "" = as the browser asks
	Password Hidden // PHC string of Argon2id; empty until his invitation was used
	// Second is the secret of the second factor (RFC 6238), sealed at rest; empty = none was set up.
	Second Hidden
	// Spare are keyed hashes of the codes that stand in for a lost second factor, each good once.
	Spare     [][]byte
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Hidden is a secret in memory that prints as its length only.
type Hidden []byte

func (h Hidden) String() string             { return fmt.Sprintf("hidden(%d)", len(h)) }
func (h Hidden) GoString() string           { return h.String() }
func (h Hidden) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.String()) } // fmt.State cannot answer an error

// Role is what a user is at a merchant.
type Role string

// The roles.
const (
	RoleOwner   Role = "owner"   // everything, users and bank accounts included
	RoleFinance Role = "finance" // links, money back, reports, the closed day
	RoleSupport Role = "support" // links and what became of them
	RoleViewer  Role = "viewer"  // looks
)

// Roles lists them, most powerful first.
var Roles = []Role{RoleOwner, RoleFinance, RoleSupport, RoleViewer}

// Power is a kind of step in the panel.
type Power string

// The powers. Each route of the panel names the one it needs.
const (
	PowerLook     Power = "look"     // see links, payments, events
	PowerLinks    Power = "links"    // make, edit, delete and send links
	PowerMoney    Power = "money"    // void, refund, ask the bank, reconcile, close a day
	PowerReports  Power = "reports"  // exports
	PowerSettings Power = "settings" // acquirers, texts, branding, webhooks, keys
	PowerUsers    Power = "users"    // who may what, and what was done
)

var powersOf = map[Role][]Power{
	RoleOwner:   {PowerLook, PowerLinks, PowerMoney, PowerReports, PowerSettings, PowerUsers},
	RoleFinance: {PowerLook, PowerLinks, PowerMoney, PowerReports},
	RoleSupport: {PowerLook, PowerLinks},
	RoleViewer:  {PowerLook},
}

// May says whether the role has a power.
func (r Role) May(p Power) bool { return slices.Contains(powersOf[r], p) }

// Known says whether there is such a role.
func (r Role) Known() bool { return slices.Contains(Roles, r) }

// Member is what a user is at one merchant.
type Member struct {
	Merchant  MerchantID
	User      UserID
	Role      Role
	OwnLinks  bool // sees only links that he made, and their payments; owners see all
	CreatedAt time.Time
}

// Membership is a member from the user's side, Colleague from the merchant's.
type Membership struct {
	Member
	Name string // of the merchant
}

// Colleague is a member with who he is.
type Colleague struct {
	Member
	Email   string
	Name    string
	Pending bool // invited, and not here yet
	Second  bool // has a second factor
}

// Visit is one session of the panel. Its cookie is known to the browser only; here is a keyed hash of it.
type Visit struct {
	Hash     []byte
	User     UserID
	Merchant MerchantID // at which he works now; "" until he chose
	// Stage says what the visit may do: a password alone leads to the second factor and nowhere else.
	Stage     VisitStage
	IP        string
	Agent     string
	CreatedAt time.Time
	SeenAt    time.Time
	EndsAt    time.Time // whatever happens
}

// VisitStage is how far signing in has come.
type VisitStage string

// The stages.
const (
	StageCode  VisitStage = "code"  // the second factor is asked for
	StageSetUp VisitStage = "setup" // a second factor must be set up first
	StageIn    VisitStage = "in"
)

// Ages of a visit: it ends when nobody used it for VisitIdle, and after VisitMost in any case.
const (
	VisitIdle = 2 * time.Hour
	VisitMost = 12 * time.Hour
	// VisitCode is how long the second factor may take.
	VisitCode = 10 * time.Minute
)

// Invitation lets its reader choose a password, once: a new user, or one who forgot his.
type Invitation struct {
	Hash      []byte // keyed, of what stands in the address
	User      UserID
	By        string // actor
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Joining invites who works for another merchant already to work for this one as well. It opens no door: its reader comes
// in as he always does, and then accepts, once.
type Joining struct {
	Hash      []byte // keyed, of what stands in the address
	User      UserID
	Merchant  MerchantID
	Role      Role
	OwnLinks  bool
	By        string // actor
	CreatedAt time.Time
	ExpiresAt time.Time
}

// InvitationLife is how long an invitation is good.
const InvitationLife = 72 * time.Hour

// TryRule is how many tries are allowed in a time, and how long nobody is let in after more (A50).
type TryRule struct {
	Most  int
	Per   time.Duration
	Locks time.Duration
}

// SignIn is how one try to sign in ended.
type SignIn struct {
	User  UserID // "" = nobody has this address
	Key   []byte // keyed hash of the address that was tried
	How   SignInHow
	IP    string
	Agent string
	At    time.Time
}

// SignInHow says how it ended.
type SignInHow string

// The ways.
const (
	SignInDone     SignInHow = "signed_in"
	SignInPassword SignInHow = "wrong_password"
	SignInCode     SignInHow = "wrong_code"
	SignInLocked   SignInHow = "locked"
	SignInSpare    SignInHow = "spare_code"
	SignInInvited  SignInHow = "invitation"
	SignInOut      SignInHow = "signed_out"
)

// CheckEmail answers an address as it is compared and stored, or a field error code: "required", "too_long",
// "email_malformed", "looks_like_card". Only the plain form without a display name is one.
func CheckEmail(sent string) (email, code string) {
	sent = strings.TrimSpace(sent)
	switch {
	case sent == "":
		return "", "required"
	case len(sent) > maxEmail:
		return "", "too_long"
	}
	a, err := mail.ParseAddress(sent)
	if err != nil || a.Name != "" || a.Address != sent || strings.ContainsFunc(sent, func(r rune) bool { return r > 126 || r <= 32 }) {
		return "", "email_malformed"
	}
	if HoldsCard(sent) {
		return "", "looks_like_card"
	}
	return strings.ToLower(sent), ""
}

// CheckPassword holds a new password against what NIST SP 800-63B (5.1.1.2) asks for: twelve characters, not
// the owner's own name or address, and nothing that everybody tries. It answers "" or a field error code.
func CheckPassword(password, email, name string) (code string) {
	if n := len([]rune(password)); n < 12 {
		return "password_short"
	} else if n > 200 {
		return "too_long"
	}
	low := strings.ToLower(password)
	user, _, _ := strings.Cut(email, "@")
	for _, known := range []string{user, strings.ToLower(name), "odelink", "password", "parola", "sifre", "123456", "qwerty"} {
		if known == "" {
			continue
		}
		if rest := strings.ReplaceAll(low, known, ""); len([]rune(rest)) < 6 {
			return "password_common"
		}
	}
	if distinct := len(runeSet(password)); distinct < 5 {
		return "password_common"
	}
	return ""
}

func runeSet(s string) map[rune]bool {
	set := map[rune]bool{}
	for _, r := range s {
		set[r] = true
	}
	return set
}
