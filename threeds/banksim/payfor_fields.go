package banksim

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// payforNames are the fields of a callback in their recorded order (section 4.1), without the last one or two, which depend on the
// generation of the message.
var payforNames = []string{"RequestGuid", "TransactionDate", "MbrId", "MerchantID", "OrderId", "RequestIp", "RequestStat", "SecureType",
	"PurchAmount", "Exponent", "Currency", "Description", "OkUrl", "FailUrl", "PayerTxnId", "PayerAuthenticationCode", "Eci", "MD", "Hash",
	"TerminalID", "TxnType", "OrgOrderId", "SubMerchantCode", "recur_frequency", "recur_expiry", "CardType", "Lang", "BonusAmount",
	"InstallmentCount", "Rnd", "AlphaCode", "Ecommerce", "MrcCountryCode", "MrcName", "MerchantHomeUrl", "CardHolderName", "IrcDet",
	"IrcCode", "Version", "TxnStatus", "CavvAlg", "ParesVerified", "ParesSyntaxOk", "ErrMsg", "VendorDet", "D3Stat", "3DStatus",
	"TxnResult", "AuthCode", "HostRefNum", "ProcReturnCode", "ReturnUrl", "ErrorData", "BatchNo", "VoidDate", "CardMask", "ReqId",
	"UsedPoint", "SrcType", "RefundedAmount", "RefundedPoint", "ReqDate", "SysDate", "F11", "F37", "RRN", "IsRepeatTxn", "CavvResult",
	"VposElapsedTime", "BankingElapsedTime", "SocketElapsedTime", "HsmElapsedTime", "MpiElapsedTime", "hasOrderId", "TemplateType",
	"HasAddressCount", "IsPaymentFacilitator", "MerchantCountryCode", "OrgTxnType", "F11_ORG", "F12_ORG", "F13_ORG", "F22_ORG", "F25_ORG",
	"MTI_ORG", "DsBrand", "IntervalType", "IntervalDuration", "RepeatCount", "CustomerCode", "RequestMerchantDomain", "RequestClientIp",
	"ResponseRnd", "ResponseHash", "BankInternalResponseCode", "BankInternalResponseMessage", "BankInternalResponseSubcode",
	"BankInternalResponseSubmessage", "BayiKodu", "VoidTime", "VoidUserCode", "PaymentLinkId", "ClientId", "IsQRValid", "IsFastValid",
	"IsQR", "IsFast", "QRRefNo", "FASTGonderenKatilimciKodu", "FASTAlanKatilimciKodu", "FASTReferansNo", "FastGonderenIBAN",
	"FASTGonderenAdi", "MobileECI", "HubConnId", "WalletData", "Tds2dsTransId", "Is3DHost"}

// payforConstants are the values that do not depend on the order (section 4.1, typical constants).
var payforConstants = map[string]string{"Exponent": "2", "Ecommerce": "1", "MrcCountryCode": "792", "SrcType": "VPO", "Version": "1.0.2",
	"CavvAlg": "2", "ParesVerified": "True", "ParesSyntaxOk": "True", "BonusAmount": "0", "ReqId": "0", "UsedPoint": "0", "RefundedAmount": "0",
	"RefundedPoint": "0", "VoidDate": "0", "VoidTime": "0", "F11": "0", "VposElapsedTime": "0", "BankingElapsedTime": "0",
	"SocketElapsedTime": "0", "HsmElapsedTime": "0", "MpiElapsedTime": "0", "TemplateType": "0", "HasAddressCount": "0",
	"MerchantCountryCode": "792", "F11_ORG": "0", "F12_ORG": "0", "F13_ORG": "0", "F22_ORG": "0", "F25_ORG": "0", "MTI_ORG": "0",
	"IntervalType": "0", "IntervalDuration": "0", "RepeatCount": "0", "PaymentLinkId": "0", "ClientId": "0", "hasOrderId": "False",
	"IsRepeatTxn": "False", "IsPaymentFacilitator": "False", "IsQRValid": "False", "IsFastValid": "False", "IsQR": "False",
	"IsFast": "False", "Is3DHost": "0"}

// payforFields is a message under construction: names in order, each once.
type payforFields struct{ list fieldList }

type fieldList []field

// put sets a field, at its place when it is there, else at the end.
func (p *payforFields) put(name, value string) {
	for i := range p.list {
		if p.list[i].name == name {
			p.list[i].value = value
			return
		}
	}
	p.list = append(p.list, field{name, value})
}

func (p *payforFields) drop(name string) {
	p.list = slices.DeleteFunc(p.list, func(f field) bool { return f.name == name })
}

// rename changes a field's name and keeps its place.
func (p *payforFields) rename(name, to string) {
	for i := range p.list {
		if p.list[i].name == name {
			p.list[i].name = to
		}
	}
}

// recordFields is everything the bank says about one attempt, without a signature.
func (p *payfor) recordFields(o Order, r Record, m Merchant) *payforFields {
	v := map[string]string{}
	for name, value := range payforConstants {
		v[name] = value
	}
	for name, value := range o.Echo {
		v[name] = value
	}
	delete(v, "UserCode")
	p.requestValues(v, o, r)
	p.outcomeValues(v, o, r)
	if o.Seq != 0 {
		p.registeredValues(v, o, r, m)
	}
	list := make(fieldList, len(payforNames))
	for i, name := range payforNames {
		list[i] = field{name, v[name]}
	}
	return &payforFields{list}
}

// requestValues are those that the merchant sent.
func (p *payfor) requestValues(v map[string]string, o Order, r Record) {
	v["RequestGuid"] = payforGuid(o.Seq)
	v["TransactionDate"] = "1.01.0001 00:00:00"
	v["MbrId"], v["MerchantID"], v["OrderId"] = o.MbrID, o.MerchantID, o.OrderID
	v["SecureType"], v["TxnType"], v["Lang"] = o.Model, r.TxnType, o.Lang
	v["RequestClientIp"] = o.Echo["RequestIp"]
	if r.Amount != 0 && r.Amount != o.Amount || v["PurchAmount"] == "" {
		v["PurchAmount"] = currencyByCode(o.Currency).decimal(r.Amount)
	}
	if r.TxnType != o.TxnType {
		v["OrgOrderId"] = o.OrderID
	}
}

// outcomeValues are those of section 4.2.
func (p *payfor) outcomeValues(v map[string]string, o Order, r Record) {
	v["RequestStat"], v["TxnStatus"], v["TxnResult"] = r.Trail, r.Status, r.Result
	v["ProcReturnCode"], v["AuthCode"], v["HostRefNum"] = r.Code, r.AuthCode, r.RRN
	v["RRN"], v["F37"] = r.RRN, r.RRN
	v["ErrMsg"] = payforText(r.Code, o.Lang)
	v["IrcCode"] = r.Detail
	if r.Detail != "" || r.Code == "V033" || r.Code == "V034" {
		v["IrcDet"] = payforText(r.Code, o.Lang)
	}
	v["3DStatus"] = o.ThreeD
	switch o.ThreeD {
	case "1":
		v["D3Stat"] = "Y"
	case "2", "3", "4":
		v["D3Stat"] = "A"
	case "":
	default:
		v["D3Stat"] = "N"
	}
	v["ResponseRnd"] = r.Rnd
	if r.Stan != 0 {
		v["F11"] = strconv.Itoa(r.Stan)
	}
	if !r.VoidedAt.IsZero() {
		at := r.VoidedAt.In(turkey)
		v["TxnStatus"], v["VoidUserCode"] = "V", r.VoidedBy
		v["VoidDate"], v["VoidTime"] = at.Format("20060102"), unpadded(at.Format("150405"))
	}
}

// registeredValues are those that need the merchant's record and the order's card.
func (p *payfor) registeredValues(v map[string]string, o Order, r Record, m Merchant) {
	at := r.At.In(turkey)
	cur := currencyByCode(o.Currency)
	v["TransactionDate"] = at.Format("02.01.2006 15:04:05")
	v["ReqDate"], v["SysDate"] = at.Format("20060102"), at.Format("20060102")
	v["AlphaCode"] = cur.code
	if cur.code == "TRY" {
		v["AlphaCode"] = "TL"
	}
	v["MrcName"], v["TerminalID"] = m.Name, m.TerminalID
	v["CardMask"], v["CardHolderName"] = o.Card.Mask, o.Card.Holder
	brand := map[string]string{"visa": "V", "mastercard": "M", "troy": "T", "amex": "A"}[o.Card.Brand]
	v["CardType"], v["DsBrand"] = brand, brand
	v["BatchNo"] = strconv.Itoa(4320 + at.YearDay())
	v["hasOrderId"] = "True"
	if o.Model == model3DHost {
		v["Is3DHost"] = "1"
	}
	// 20 digits and 20 bytes that depend on nothing secret, so that a repeated message is the same to the letter.
	xid := o.OpenedAt.In(turkey).Format("20060102150405") + fmt.Sprintf("%06d", o.Seq%1_000_000)
	v["PayerTxnId"] = base64.StdEncoding.EncodeToString([]byte(xid))
	switch o.ThreeD {
	case "1", "2", "3", "4":
		v["Eci"] = payforEci(o.Card.Brand, o.ThreeD == "1")
		v["PayerAuthenticationCode"] = base64.StdEncoding.EncodeToString([]byte("CAVV" + xid[4:]))
	}
	if o.Hold != nil && o.Hold.Refunded > 0 {
		v["RefundedAmount"] = cur.decimal(o.Hold.Refunded)
	}
}

func payforEci(brand string, full bool) string {
	switch {
	case brand == "mastercard" && full:
		return "02"
	case brand == "mastercard":
		return "01"
	case full:
		return "05"
	}
	return "06"
}

// payforGuid is a RequestGuid: 16 digits, or 0 for what was never registered (section 2). It starts with 1, which no card number does.
func payforGuid(seq int64) string {
	if seq == 0 {
		return "0"
	}
	return strconv.FormatInt(1_000_000_090_000_000+seq, 10)
}

func payforSeq(guid string) int64 {
	n, err := strconv.ParseInt(guid, 10, 64)
	if err != nil || n <= 1_000_000_090_000_000 || len(guid) != 16 {
		return 0
	}
	return n - 1_000_000_090_000_000
}

// unpadded drops leading zeros as the bank does in VoidTime, F12 and F13: 11001 is 01:10:01 (section 2).
func unpadded(digits string) string {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return digits
	}
	return strconv.Itoa(n)
}

// payforTime is the form of times in history reports.
func payforTime(t time.Time) string { return t.In(turkey).Format("2006-01-02T15:04:05") }

// payforTexts are ErrMsg in Turkish and English. The Turkish ones of section 10 are to the letter, the bank's slips included; all
// others are ours, since nobody may parse them.
var payforTexts = map[string][2]string{
	"00":     {"Onaylandı", "Approved"},
	"V033":   {"3D Kullanıcı Doğrulama Adımı Başarılı", "3D user verification step succeeded"},
	"V034":   {"3D Kullanıcı Doğrulama Adımı Başarısız", "3D user verification step failed"},
	"MR15":   {"3D Secure Authorize Error", "3D Secure Authorize Error"},
	"101310": {"Verilen sipariş no önceden kullanılmıştır.", "The order number was used before."},
	"V013":   {"Seçili İşlem Bulunamadı!", "Selected transaction not found!"},
	"V000":   {"İşlem tamamlanamadı /devam ediyor", "Transaction not completed / in progress"},
	"V014":   {"Bu işlem geri alınamaz, lüften asıl işlemi iptal edin.", "Cannot be refunded yet, void the original instead."},
	"M041":   {"Geçersiz kart numarası", "Invalid card number"},
	"V036":   {"Sistem hatası", "System error"},
	"05":     {"İşlem onaylanmadı", "Do not honour"},
	"41":     {"Kayıp kart", "Lost card"},
	"51":     {"Limit yetersiz", "Insufficient funds"},
	"54":     {"Kartın süresi dolmuş", "Expired card"},
	"57":     {"Karta bu işlem kapalı", "Not permitted to this card"},
	"61":     {"Tutar sınırı aşıldı", "Amount limit exceeded"},
	"62":     {"Kısıtlı kart", "Restricted card"},
	"65":     {"İşlem adedi sınırı aşıldı", "Count limit exceeded"},
	"75":     {"Şifre deneme hakkı doldu", "PIN tries exceeded"},
	"82":     {"Güvenlik kodu hatalı", "Security code wrong"},
	"91":     {"Kartın bankasına ulaşılamıyor", "Issuer not reachable"},
	"M002":   {"Para birimi geçersiz", "Invalid currency"},
	"M003":   {"Para birimi eksik", "Currency missing"},
	"M004":   {"Tutar biçimi hatalı", "Malformed amount"},
	"M005":   {"Güvenlik kodu eksik", "Security code missing"},
	"M006":   {"Son kullanma tarihi hatalı", "Invalid expiry"},
	"M007":   {"FailUrl eksik", "FailUrl missing"},
	"M008":   {"Kart numarası eksik", "Card number missing"},
	"M009":   {"Kullanıcı parolası hatalı", "Wrong user password"},
	"M010":   {"OkUrl hatalı", "Invalid OkUrl"},
	"M012":   {"Tutar eksik", "Amount missing"},
	"M013":   {"MbrId eksik", "MbrId missing"},
	"M014":   {"SecureType bilinmiyor", "Unknown SecureType"},
	"M015":   {"TxnType bilinmiyor", "Unknown TxnType"},
	"M016":   {"UserCode eksik", "UserCode missing"},
	"M017":   {"Kullanıcı parolası eksik", "User password missing"},
	"M019":   {"Tutar sınırların dışında", "Amount outside limits"},
	"M020":   {"Taksit sayısı hatalı", "Invalid instalment count"},
	"M021":   {"SecureType bu işyerine kapalı", "SecureType not allowed"},
	"M024":   {"İşyeri numarası eksik", "Merchant number missing"},
	"M025":   {"Alan uzunluğu hatalı", "Field too long"},
	"M028":   {"Sipariş numarası eksik", "Order number missing"},
	"M030":   {"Hash doğrulanamadı", "Hash mismatch"},
	"M038":   {"OkUrl 200 karakterden uzun", "OkUrl longer than 200 characters"},
	"M043":   {"Form boş", "Empty form"},
	"M047":   {"IP adresi yetkili değil", "IP address not allowed"},
	"M048":   {"Alan değeri hatalı", "Field value wrong"},
	"M050":   {"Tutarın ondalığı para birimine uymuyor", "Exponent does not fit the currency"},
	"V001":   {"İşyeri bulunamadı", "Merchant not found"},
	"V003":   {"Sistem kapalı", "System closed"},
	"V015":   {"İade tutarı satıştan büyük", "Refund above sale"},
	"V016":   {"Ön provizyon değil", "Not a pre-authorisation"},
	"V017":   {"İşlem zaten iptal edilmiş", "Already voided"},
	"V018":   {"İşlem iptal edilemez", "Cannot be voided"},
	"V019":   {"Kısmi iptal yapılamaz", "No partial void"},
	"V020":   {"Asıl işlem tamamlanmamış", "Original not finished"},
	"V021":   {"Asıl işlem eksik", "Original missing"},
	"V022":   {"Asıl işlem seçilemiyor", "Original not selectable"},
	"V024":   {"Taksit sayısına izin yok", "Instalment count not allowed"},
	"V025":   {"Ön provizyon zaten kapatılmış", "Already captured"},
	"V026":   {"Ön provizyonun süresi dolmuş", "Pre-authorisation expired"},
	"V027":   {"Kapama tutarı ±%15 dışında", "Capture beyond ±15 %"},
	"V030":   {"Para birimi tanımlı değil", "Currency not defined"},
	"V031":   {"İade tutarı eksik", "Refund amount missing"},
	"V035":   {"Kullanıcı yetkili değil", "User not authorised"},
	"V037":   {"İşlem zaten iade edilmiş", "Already refunded"},
	"V038":   {"Kullanıcı bu işlem tipini kullanamaz", "User may not use this TxnType"},
}

func payforText(code, lang string) string {
	texts, ok := payforTexts[code]
	switch {
	case !ok && lang == "EN":
		return "Transaction refused"
	case !ok:
		return "İşlem reddedildi"
	case lang == "EN":
		return texts[1]
	}
	return texts[0]
}
