package banksim

import "testing"

func TestThreeDModelIsPaidInTwoSteps(t *testing.T) {
	for _, hostile := range []bool{false, true} {
		s := newShop(t, Options{Hostile: hostile})
		for range 6 { // hostile habits come and go by order
			v := s.opening(model3D, "000")
			back := s.callback(s.pass(s.open(v), passwordRight), okURL)
			s.want(back, "ProcReturnCode", "V033", "3DStatus", "1", "TxnResult", "Failed", "TxnStatus", "N", "RequestStat", "1,3,5",
				"OrderId", v.Get("OrderId"), "PurchAmount", "250.00", "Currency", "949", "AuthCode", "", "CardMask", "415565******0007",
				"MerchantID", s.m.MerchantID, "Rnd", "a1b2c3", "Hash", v.Get("Hash"), "D3Stat", "Y", "ErrMsg", "3D Kullanıcı Doğrulama Adımı Başarılı")
			if _, charged := s.charge(v.Get("OrderId")); charged {
				t.Fatal("money moved before the completion call")
			}
			s.want(s.call("OrderInquiry", v.Get("OrderId")), "ProcReturnCode", "V000", "TxnResult", "Failed", "TxnStatus", "N")
			done := s.finish(back)
			s.want(done, "ProcReturnCode", "00", "TransId", v.Get("OrderId"), "ErrMsg", "Onaylandı", "CardHolderName", "AYŞE YILMAZ")
			ch, ok := s.charge(v.Get("OrderId"))
			if !ok || ch.Amount != 25000 || ch.Currency != "TRY" || ch.Status != "authorized" || ch.AuthCode != done["AuthCode"] || ch.Installments != 1 ||
				ch.RRN != done["HostRefNum"] {
				t.Errorf("charge is %+v", ch)
			}
			asked := s.call("OrderInquiry", v.Get("OrderId"))
			s.want(asked, "ProcReturnCode", "00", "TxnType", "Auth", "PurchAmount", "250.00", "HostRefNum", "", "F37", ch.RRN, "RequestStat", "1,3,5,1,6,10",
				"D3Status", "1", "TxnResult", "Success", "TxnStatus", "Y", "OrgOrderId", "")
		}
	}
}
