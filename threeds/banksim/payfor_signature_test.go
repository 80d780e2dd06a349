package banksim

import "testing"

// The pairs of input and signature were computed with other PayFor implementations; the names are those of the published vectors.

func TestOpeningSignatureIsThePublishedOne(t *testing.T) {
	for _, c := range []struct {
		name string
		pass string
		form params
		want string
	}{
		{"R1 3DModel sale, TRY, two decimals, single payment", "k7Rp29Xw",
			params{"mbrid": "5", "orderid": "LNK-7F3A9C2E41", "purchamount": "250.00", "okurl": "https://pay.example.com/3ds/return", "failurl": "https://pay.example.com/3ds/return", "txntype": "Auth", "installmentcount": "0", "rnd": "a1f09c3b77de42b0a65d"},
			"l+ERxtRoe/41BGojFewbj0Z25jA="},
		{"R2 same as R1 but the amount is written without decimals: the hash differs", "k7Rp29Xw",
			params{"mbrid": "5", "orderid": "LNK-7F3A9C2E41", "purchamount": "250", "okurl": "https://pay.example.com/3ds/return", "failurl": "https://pay.example.com/3ds/return", "txntype": "Auth", "installmentcount": "0", "rnd": "a1f09c3b77de42b0a65d"},
			"HGO7bmJJuYjUsFabspMUDaxyks8="},
		{"R3 3DPay sale, 6 instalments, distinct Ok and Fail addresses with a query string and a port", "00451276",
			params{"mbrid": "5", "orderid": "b2c7d1e0-5a44-4d0f-9d53-0b1f6f0a8c11", "purchamount": "12500.00", "okurl": "https://pay.example.com:8443/cb?o=1&r=ok", "failurl": "https://pay.example.com:8443/cb?o=1&r=fail", "txntype": "Auth", "installmentcount": "6", "rnd": "638991234567890123"},
			"9y8N/FVZD0lHWbvB5rUzBcp34i4="},
		{"R4 3DHost pre-authorisation in USD", "00451276",
			params{"mbrid": "5", "orderid": "HOST20261122X07", "purchamount": "35.05", "okurl": "https://shop.example.org/ok", "failurl": "https://shop.example.org/fail", "txntype": "PreAuth", "installmentcount": "0", "rnd": "0.43625700 1763801234"},
			"HWosb9Q3WmdlPEOGqm3V6ud6IG4="},
		{"R5 Ziraat Katilim member id (12), 3DModel, smallest amount", "Zz-9_!q.T4",
			params{"mbrid": "12", "orderid": "ZK_00000000000000000000000000000000000000000000050", "purchamount": "0.01", "okurl": "https://pay.example.com/zk", "failurl": "https://pay.example.com/zk", "txntype": "Auth", "installmentcount": "0", "rnd": "r"},
			"NSjHulu0cKZSKRwuVii76UEGvs4="},
		{"R6 3DModel sale in EUR with 12 instalments and base64-like characters in Rnd", "Zz-9_!q.T4",
			params{"mbrid": "12", "orderid": "EUR.2026.0009", "purchamount": "199999.99", "okurl": "https://pay.example.com/r/%C3%B6deme", "failurl": "https://pay.example.com/r/%C3%B6deme", "txntype": "Auth", "installmentcount": "12", "rnd": "Qm9yYS+/aw=="},
			"2qxDvDOEp5G7OeCVP2Q/BqNzu34="},
		{"N2 genuine twin of a boundary shift has the same signature", "k7Rp29Xw",
			params{"mbrid": "5", "orderid": "LNK1001", "purchamount": "2500.00", "okurl": "https://pay.example.com/r", "failurl": "https://pay.example.com/r", "txntype": "Auth", "installmentcount": "0", "rnd": "a77"},
			"3EkKqTE6VUiPI1oEUEB4JGAOiYU="},
		{"N2 forged twin of a boundary shift has the same signature", "k7Rp29Xw",
			params{"mbrid": "5", "orderid": "LNK10012", "purchamount": "500.00", "okurl": "https://pay.example.com/r", "failurl": "https://pay.example.com/r", "txntype": "Auth", "installmentcount": "0", "rnd": "a77"},
			"3EkKqTE6VUiPI1oEUEB4JGAOiYU="},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := requestHash(c.form, Merchant{MerchantPass: c.pass}); got != c.want {
				t.Errorf("signature is %s, want %s", got, c.want)
			}
			for name := range c.form {
				spoiled := params{}
				for n, v := range c.form {
					spoiled[n] = v
				}
				spoiled[name] += "x"
				if requestHash(spoiled, Merchant{MerchantPass: c.pass}) == c.want {
					t.Errorf("the signature does not cover %s", name)
				}
			}
		})
	}
}

func TestCallbackSignatureIsThePublishedOne(t *testing.T) {
	for _, c := range []struct {
		name, merchantID, pass, user     string
		orderID, auth, code, threeD, rnd string
		long                             bool
		want                             string
	}{
		{"C1 3DModel step one passed (provision not made yet): empty AuthCode", "900000000000117", "k7Rp29Xw", "LINKGATE_API_A",
			"LNK-7F3A9C2E41", "", "V033", "1", "PF639140000000000001", false,
			"PnIJNoqG0XbXeAbEmgpmfgDdqKc="},
		{"C2 3DPay approved", "000123456700042", "00451276", "deneme.kullanici",
			"b2c7d1e0-5a44-4d0f-9d53-0b1f6f0a8c11", "S40917", "00", "1", "PF639140000000777777", false,
			"RdPWtmtJylkClkM9i6EBJAPtJj8="},
		{"C3 3DModel, card holder failed authentication", "900000000000117", "k7Rp29Xw", "LINKGATE_API_A",
			"LNK-7F3A9C2E42", "", "V034", "-1", "PF639140000123456789", false,
			"Ee0zlnUMht2pB/4/cFMnoT697/0="},
		{"C4 3DHost, ACS error", "000123456700042", "00451276", "deneme.kullanici",
			"HOST20261122X07", "", "MR15", "-1", "PF639140011223344556", false,
			"oK5H3s/1U3OEd0/16Yx8ivZfbrk="},
		{"C5 3DPay authenticated but declined for insufficient funds", "000123456700042", "00451276", "deneme.kullanici",
			"HOST20261122X08", "", "51", "1", "PF639140099887766554", false,
			"1/SUdx9gNFqScAMkCatooVJ39JY="},
		{"C6 Ziraat Katilim member id: MbrId takes no part in the callback hash", "7700315", "Zz-9_!q.T4", "apiKatilimDeneme",
			"ZK_00000000000000000000000000000000000000000000050", "", "V033", "1", "PF639140055555555555", false,
			"PcnHYg1en7Otrx0mbrVNkJo12gk="},
		{"C256-1 order number already used: refused before the merchant record is loaded, no HashType field in the message", "900000000000117", "k7Rp29Xw", "LINKGATE_API_A",
			"LNK-7F3A9C2E41", "", "101310", "-1", "PF639140000000000009", true,
			"lwS3vfQXm0e46reWBw+vtk2+GvB33OJIcVFh7blVcEw="},
		{"C256-2 step one passed, merchant configured for SHA-256 (hypothetical case)", "7700315", "Zz-9_!q.T4", "apiKatilimDeneme",
			"ZK-256-1", "", "V033", "1", "PF639140088888888888", true,
			"hy3hYt8RMCm1UCkMCpKMCL32IiGDHFAPcXD+SoZhvRQ="},
		{"N1 genuine twin of a boundary shift has the same signature", "000123456700042", "00451276", "deneme.kullanici",
			"HOST20261122X08", "", "51", "1", "PF639140700110203040", false,
			"1HTlMF8pBNIdQQFCU6ucaOfJQaE="},
		{"N1 forged twin of a boundary shift has the same signature", "000123456700042", "00451276", "deneme.kullanici",
			"HOST20261122X08", "511PF6391407", "00", "1", "10203040", false,
			"1HTlMF8pBNIdQQFCU6ucaOfJQaE="},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := callbackHash(c.merchantID, c.pass, c.orderID, c.auth, c.code, c.threeD, c.rnd, c.user, c.long)
			if got != c.want {
				t.Errorf("signature is %s, want %s", got, c.want)
			}
			if callbackHash(c.merchantID, c.pass, c.orderID, c.auth, c.code, c.threeD, c.rnd+"0", c.user, c.long) == c.want {
				t.Error("the signature does not cover its freshness value")
			}
		})
	}
}
