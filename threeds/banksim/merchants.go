package banksim

import (
	"fmt"
	"slices"
	"sort"
)

// Merchant is a merchant's terminal at the bank, in any dialect. The strictnesses of 2026 are on unless their Loose switch is set.
type Merchant struct {
	Dialect      string `json:"dialect"`          // payfor …
	MbrID        string `json:"mbr_id,omitempty"` // the member bank where the dialect serves several
	MerchantID   string `json:"merchant_id"`
	Name         string `json:"name"`
	TerminalID   string `json:"terminal_id,omitempty"`
	UserCode     string `json:"user_code,omitempty"`
	UserPass     string `json:"user_pass,omitempty"`     // for server calls
	RefundUser   User   `json:"refund_user,omitzero"`    // who alone may void and refund; none = the one above
	ReportUser   User   `json:"report_user,omitzero"`    // who alone may ask about orders and days; none = the one above
	MerchantPass string `json:"merchant_pass,omitempty"` // what messages are signed with

	Models     []string `json:"models,omitempty"`     // secure types allowed; none = all
	Currencies []string `json:"currencies,omitempty"` // ISO letters; none = all six

	SHA256     bool `json:"sha256,omitempty"`      // callbacks are signed with SHA-256
	ServerOnly bool `json:"server_only,omitempty"` // an opening from a browser is refused (M047)
	HalfSecure bool `json:"half_secure,omitempty"` // the bank itself charges half-secure cards in the one-step models

	LooseAmount       bool `json:"loose_amount,omitempty"`       // 1, 1.5 and 100 are amounts too
	LooseInstallments bool `json:"loose_installments,omitempty"` // 1 and nothing mean a single payment
	LooseLang         bool `json:"loose_lang,omitempty"`         // tr and en in any case, or missing
	LooseMOTO         bool `json:"loose_moto,omitempty"`         // MOTO may be missing
}

type merchantKey struct{ dialect, mbrID, merchantID string }

func (m Merchant) key() merchantKey { return merchantKey{m.Dialect, m.MbrID, m.MerchantID} }

func (m Merchant) allowsModel(model string) bool {
	return len(m.Models) == 0 || slices.Contains(m.Models, model)
}

func (m Merchant) allowsCurrency(code string) bool {
	return len(m.Currencies) == 0 || slices.Contains(m.Currencies, code)
}

// DemoMerchants are the merchants a bank has when nobody brings others: the three that QNB publishes for testing (payfor sheet,
// section 8), one of our own at QNB, one at Ziraat Katılım, and one at QNB whose users may each do a part. All their
// credentials are public.
func DemoMerchants() []Merchant {
	qnb := func(id, name, user, pass string) Merchant {
		return Merchant{Dialect: dialectPayFor, MbrID: "5", MerchantID: id, Name: name, TerminalID: "VS" + id[len(id)-6:],
			UserCode: user, UserPass: pass, MerchantPass: "12345678"}
	}
	return []Merchant{
		qnb("085300000009597", "QNB Deneme 3DModel", "QNB_API_KULLANICI", "FwCX2"),
		qnb("085300000009704", "QNB Deneme 3DPay", "QNB_API_KULLANICI_3DPAY", "UcBN0"),
		qnb("085300000009746", "QNB Deneme 3DHost", "QNB_API_KULLANICI_HOST", "Rxs42"),
		qnb("990000000000001", "Ahşap Atölyesi", "ODELINK_API", "Demo-Pass-1"),
		{Dialect: dialectPayFor, MbrID: "12", MerchantID: "7700315", Name: "Katılım Deneme Mağazası", TerminalID: "ZK700315",
			UserCode: "apiKatilimDeneme", UserPass: "Katilim-Pass-1", MerchantPass: "Zz-9_!q.T4", SHA256: true},
		{Dialect: dialectPayFor, MbrID: "5", MerchantID: "990000000000002", Name: "Üç Kullanıcılı Mağaza", TerminalID: "VS000002",
			UserCode: "UC_SATIS", UserPass: "Satis-Pass-1", MerchantPass: "12345678",
			RefundUser: User{"UC_IADE", "Iade-Pass-1"}, ReportUser: User{"UC_RAPOR", "Rapor-Pass-1"}},
	}
}

// User is another user of a merchant.
type User struct {
	Code string `json:"code"`
	Pass string `json:"pass,omitempty"`
}

// userFor is who may make a server call of a kind.
func (m Merchant) userFor(txn string) User {
	switch {
	case m.RefundUser.Code != "" && (txn == "Void" || txn == "Refund"):
		return m.RefundUser
	case m.ReportUser.Code != "" && (txn == "OrderInquiry" || txn == "TxnHistory"):
		return m.ReportUser
	}
	return User{m.UserCode, m.UserPass}
}

// passOf is the password of a user of the merchant's, "" where there is none such.
func (m Merchant) passOf(code string) string {
	for _, u := range []User{{m.UserCode, m.UserPass}, m.RefundUser, m.ReportUser} {
		if u.Code == code {
			return u.Pass
		}
	}
	return ""
}

// admit adds or replaces a merchant.
func (b *Bank) admit(m Merchant) error {
	switch {
	case m.Dialect == "" || m.MerchantID == "":
		return fmt.Errorf("merchant %q: dialect and merchant_id are required", m.MerchantID)
	case m.MerchantPass == "":
		return fmt.Errorf("merchant %s: merchant_pass is empty, anybody could sign for it", m.MerchantID)
	}
	b.mu.Lock()
	b.merchants[m.key()] = m
	b.mu.Unlock()
	return nil
}

func (b *Bank) merchant(dialect, mbrID, merchantID string) (Merchant, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, ok := b.merchants[merchantKey{dialect, mbrID, merchantID}]
	return m, ok
}

// merchantOf is the merchant of a stored order. It can be gone when books are opened with other merchants.
func (b *Bank) merchantOf(o Order) (Merchant, bool) {
	return b.merchant(o.Dialect, o.MbrID, o.MerchantID)
}

// merchantList is every merchant without its secrets, in a stable order.
func (b *Bank) merchantList() []Merchant {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Merchant, 0, len(b.merchants))
	for _, m := range b.merchants {
		m.UserPass, m.MerchantPass, m.RefundUser.Pass, m.ReportUser.Pass = "", "", "", ""
		list = append(list, m)
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Dialect != list[j].Dialect {
			return list[i].Dialect < list[j].Dialect
		}
		return list[i].MerchantID < list[j].MerchantID
	})
	return list
}
