package report

// said is a code in people's words, of a family where there is one; one that has none is shown as it is.
func said(family, code, lang string) string {
	if w, ok := spoken[family+"."+code]; ok {
		return w.In(lang)
	}
	if w, ok := spoken[code]; ok {
		return w.In(lang)
	}
	return code
}

// spoken has words for every code that stands in a report for people. JSON and RFC 4180 keep the codes.
var spoken = map[string]Words{
	"challenged": {"Bankada", "At the bank"}, "authorizing": {"Onaylanıyor", "Being authorised"}, "pending": {"Sonucu bekleniyor", "Pending"},
	"paid": {"Ödendi", "Paid"}, "declined": {"Reddedildi", "Declined"}, "failed": {"Başarısız", "Failed"}, "abandoned": {"Yarıda bırakıldı", "Abandoned"},
	"voided": {"İptal edildi", "Voided"}, "partially_refunded": {"Kısmen iade edildi", "Partially refunded"}, "refunded": {"İade edildi", "Refunded"},
	"refused":   {"Kabul edilmedi", "Refused"},
	"scheduled": {"Henüz başlamadı", "Not active yet"}, "active": {"Açık", "Open"}, "expired": {"Süresi doldu", "Expired"}, "deleted": {"Silindi", "Deleted"},
	"open": {"Ödeyen girer", "Open"}, "fixed": {"Sabit", "Fixed"}, "single": {"Tek kullanımlık", "Single use"}, "multi": {"Çok kullanımlık", "Multi-use"},
	"yes": {"Evet", "Yes"}, "no": {"Hayır", "No"},
	"matched": {"Tutuyor", "Matched"}, "amount_differs": {"Tutar farklı", "Amount differs"}, "state_differs": {"Durum farklı", "State differs"}, "only_ours": {"Yalnız bizde", "Only ours"},
	"only_bank": {"Yalnız bankada", "Only at the bank"}, "refund_without_sale": {"Satışı olmayan iade", "Refund without a sale"}, "duplicate": {"Mükerrer", "Duplicate"},
	"repaired": {"Bankaya soruldu, düzeldi", "Repaired"}, "given_back": {"Geri verildi", "Given back"}, "manual": {"Elle girildi", "Manual"}, "accepted": {"Kabul edildi", "Accepted"}, "done": {"Yapıldı", "Done"},
	"sale": {"Satış", "Sale"}, "void": {"İptal", "Void"}, "refund": {"İade", "Refund"}, "chargeback": {"Harcama itirazı", "Chargeback"},
	"chargeback.open": {"Yanıt bekliyor", "Waits for an answer"}, "chargeback.contested": {"Belgeler gönderildi", "Documents sent"},
	"chargeback.won": {"Kazanıldı", "Won"}, "chargeback.lost": {"Kaybedildi", "Lost"}, "chargeback.withdrawn": {"Geri çekildi", "Withdrawn"},
	"full": {"Kartı veren banka (tam doğrulama)", "The issuer (fully authenticated)"}, "attempted": {"Kartı veren banka (yarım doğrulama)", "The issuer (attempted)"},
	"credit": {"Kredi kartı", "Credit"}, "debit": {"Banka kartı", "Debit"}, "prepaid": {"Ön ödemeli", "Prepaid"},

	"insufficient_funds": {"Bakiye yetersiz", "Insufficient funds"}, "closed_to_online": {"Kart internet alışverişine kapalı", "Card closed to online payments"},
	"do_not_honour": {"Banka onaylamadı", "Do not honour"}, "card_not_usable": {"Kart kullanılamaz", "Card not usable"},
	"expired_card": {"Kartın süresi dolmuş", "Expired card"}, "invalid_card": {"Geçersiz kart", "Invalid card"}, "wrong_cvv": {"Güvenlik kodu hatalı", "Wrong security code"},
	"limit_exceeded": {"Limit aşıldı", "Limit exceeded"}, "count_exceeded": {"İşlem adedi aşıldı", "Count exceeded"}, "pin_tries": {"Şifre deneme sayısı aşıldı", "PIN tries exceeded"},
	"issuer_unavailable": {"Kart bankasına ulaşılamadı", "Issuer unavailable"}, "authentication_failed": {"3D doğrulaması başarısız", "3-D Secure failed"},
	"half_secure_refused": {"Yarım 3D kabul edilmiyor", "Half-secure refused"}, "installment_not_allowed": {"Taksit yapılamıyor", "Instalments not allowed"},
	"merchant_setup": {"Üye iş yeri tanımı hatalı", "Merchant set-up"}, "amount_not_accepted": {"Tutar kabul edilmedi", "Amount not accepted"},
	"security": {"Güvenlik nedeniyle reddedildi", "Security"}, "refer_to_issuer": {"Kart bankası aranmalı", "Refer to issuer"}, "try_again": {"Tekrar denenmeli", "Try again"},
	"generic": {"Diğer", "Other"}, "not_charged": {"Tahsil edilmedi", "Not charged"}, "bank_unreachable": {"Bankaya ulaşılamadı", "Bank unreachable"},
	"link_used": {"Link başka ödemeyle kullanıldı", "Link used by another payment"}, "superseded": {"Ödeyen yeniden başladı", "Superseded"},
	"refund_too_early": {"İade için erken, iptal edin", "Too early to refund"}, "void_too_late": {"İptal için geç, iade edin", "Too late to void"}, "not_done": {"Yapılmadı", "Not done"},

	basisTerms:   {"Banka ile anlaşılan ödeme koşulları", "The terms agreed with the bank"},
	basisTable:   {"Hesabın oran tablosu", "The account's rates"},
	basisMonthly: {"Aylık ödeme varsayımı (hesapta oran yok)", "Monthly payouts assumed (no rate on the account)"},
	basisDate:    {"Komisyon bilinmiyor (hesapta oran yok)", "Commission unknown (no rate on the account)"},
	basisVoided:  {"Gün içinde iptal: ekstreye girmez", "Voided before day end: never on the statement"},
	basisRefund:  {"Komisyon iadesi bilinmiyor", "Return of commission unknown"},
	basisDispute: {"Kartın bankası geri alır ya da alabilir", "The card's bank takes it back, or may"},
}
