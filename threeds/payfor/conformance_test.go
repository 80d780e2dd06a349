package payfor

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/threedstest"
)

// Merchants that the simulated bank knows: at QNB, the last with users who may each do a part, and one at Ziraat Katılım,
// whose callbacks it signs with SHA-256.
var (
	demoShop = checkout.Secrets{"merchant_id": "990000000000001", "user_code": "ODELINK_API", "user_pass": "Demo-Pass-1", "merchant_pass": "12345678",
		"mbr_id": "5"}
	otherShop = checkout.Secrets{"merchant_id": "085300000009704", "user_code": "QNB_API_KULLANICI_3DPAY", "user_pass": "UcBN0", "merchant_pass": "12345678",
		"mbr_id": "5"}
	katilimShop = checkout.Secrets{"merchant_id": "7700315", "user_code": "apiKatilimDeneme", "user_pass": "Katilim-Pass-1", "merchant_pass": "Zz-9_!q.T4",
		"mbr_id": "12"}
	threeUsers = checkout.Secrets{"merchant_id": "990000000000002", "user_code": "UC_SATIS", "user_pass": "Satis-Pass-1", "merchant_pass": "12345678",
		"refund_user_code": "UC_IADE", "refund_user_pass": "Iade-Pass-1", "report_user_code": "UC_RAPOR", "report_user_pass": "Rapor-Pass-1", "mbr_id": "5"}
)

func TestConformance(t *testing.T) {
	pinned := []threedstest.Pinned{{Name: "OrderId", Wrong: "ODAAAAAAAAAAAAAAAAAA"}, {Name: "AuthCode", Wrong: "S00000"},
		{Name: "ProcReturnCode", Wrong: "05"}, {Name: "3DStatus", Wrong: "4"}, {Name: "ResponseRnd", Wrong: "PF000000000000000001"},
		{Name: "MerchantID", Wrong: "085300000009746"}, {Name: "MbrId", Wrong: "6"}, {Name: "PurchAmount", Wrong: "1.00"}, {Name: "Currency", Wrong: "978"},
		{Name: "InstallmentCount", Wrong: "12"}, {Name: "TxnType", Wrong: "PreAuth"}, {Name: "SecureType", Wrong: "NonSecure"},
		{Name: "Rnd", Wrong: "XAAAAAAAAAAAAAAAAAAA"}}
	for _, shop := range []struct {
		name        string
		mine, other checkout.Secrets
		long        bool
	}{{"QNB", demoShop, otherShop, false}, {"Katilim", katilimShop, demoShop, true}, {"three users", threeUsers, demoShop, false}} {
		for _, mode := range []string{Mode3DModel, Mode3DPay, Mode3DHost} {
			t.Run(shop.name+" "+mode, func(t *testing.T) {
				threedstest.Run(t, threedstest.Subject{
					Dialect: Dialect(), Mode: mode, Path: "/payfor/Gateway/", Credentials: shop.mine, Other: shop.other,
					Currencies: []checkout.Currency{checkout.TRY, checkout.USD, checkout.EUR, checkout.GBP, checkout.RUB},
					Hash:       "ResponseHash", Status: "3DStatus", Pinned: pinned,
					Money:  []checkout.Field{{Name: "PurchAmount", Value: "250.01"}, {Name: "Currency", Value: "392"}, {Name: "InstallmentCount", Value: "2"}},
					Resign: func(f url.Values) { resign(f, shop.mine, shop.long) },
				})
			})
		}
	}
}

// resign is the bank's signature as the sheet describes it, apart from the code under test.
func resign(f url.Values, s checkout.Secrets, long bool) {
	plain := []byte(s["merchant_id"] + s["merchant_pass"] + f.Get("OrderId") + f.Get("AuthCode") + f.Get("ProcReturnCode") + f.Get("3DStatus") +
		f.Get("ResponseRnd") + s["user_code"])
	if long {
		sum := sha256.Sum256(plain)
		f.Set("ResponseHash", base64.StdEncoding.EncodeToString(sum[:]))
		return
	}
	sum := sha1.Sum(plain)
	f.Set("ResponseHash", base64.StdEncoding.EncodeToString(sum[:]))
}
