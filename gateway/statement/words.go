package statement

// The fields of a list. A list needs a day, an amount, and one of the first three.
const (
	FieldRRN        = "rrn"
	FieldOrder      = "order_id"
	FieldAuth       = "auth_code"
	FieldAmount     = "amount"
	FieldCurrency   = "currency"
	FieldDate       = "date"
	FieldTime       = "time"
	FieldKind       = "kind"
	FieldStatus     = "status"
	FieldCommission = "commission"
	FieldNet        = "net"
	FieldValueDate  = "value_date"
	FieldCard       = "card"
)

// Fields lists them in the order in which columns are given away.
var Fields = []string{
	FieldRRN, FieldOrder, FieldAuth, FieldCommission, FieldNet, FieldAmount, FieldCurrency, FieldValueDate, FieldDate, FieldTime, FieldKind, FieldStatus, FieldCard,
}

// headings are what banks and providers call the columns (domain.md 5.3), folded, the surer ones first.
var headings = map[string][]string{
	FieldRRN: {"rrn", "referans no rrn", "host referans no", "banka referans no", "hostrefnum", "host ref num", "retrieval reference number",
		"referans no", "referans numarasi", "islem referans no", "reference number", "reference no", "bank reference", "referans", "reference"},
	FieldOrder: {"banka siparis no", "siparis no", "siparis numarasi", "siparis id", "order id", "orderid", "order no", "order number", "bank order id", "merchant order id", "uye isyeri siparis no", "siparis", "order", "oid"},
	FieldAuth: {"provizyon no", "provizyon numarasi", "provizyon kodu", "onay kodu", "onay no", "otorizasyon kodu", "otorizasyon no", "auth code", "authcode", "authorization code",
		"authorisation code", "approval code", "provizyon"},
	FieldCommission: {"komisyon tutari", "komisyon", "komisyon kesintisi", "commission amount", "commission", "fee"},
	FieldNet:        {"net tutar", "net", "net amount", "odenecek tutar", "hesaba gecen tutar", "net odenecek tutar"},
	FieldAmount:     {"islem tutari", "brut tutar", "satis tutari", "tutar", "toplam tutar", "transaction amount", "gross amount", "amount", "gross", "purchamount", "tutari"},
	FieldCurrency:   {"para birimi", "doviz cinsi", "doviz kodu", "currency", "currency code", "doviz", "pb"},
	FieldValueDate:  {"valor tarihi", "valor", "value date", "hesaba gecis tarihi", "odeme tarihi", "payout date"},
	FieldDate:       {"islem tarihi", "islem tarihi saati", "islem tarih saat", "islem zamani", "satis tarihi", "tarih", "transaction date", "transaction time", "date", "date time", "trxdate", "at"},
	FieldTime:       {"islem saati", "saat", "time"},
	FieldKind:       {"islem tipi", "islem turu", "islem cinsi", "transaction type", "txntype", "txn type", "type", "kind", "tip", "tur"},
	FieldStatus:     {"islem durumu", "durum", "islem sonucu", "sonuc", "status", "state", "result"},
	FieldCard:       {"kart no", "kart numarasi", "kart ilk 6 son 4", "card number", "card no", "masked pan", "pan", "kart", "card"},
}

// noValue are words of headings whose columns are not what they begin with: rates, counts and kinds.
var noValue = map[string]bool{"orani": true, "oran": true, "rate": true, "adedi": true, "adet": true, "sayisi": true, "count": true, "tipi": true, "turu": true, "type": true,
	"bankasi": true, "bank": true, "programi": true, "markasi": true, "brand": true}

// kinds and states are words within a value that say what a row is; the first that occurs counts, so that
// "iptal edilen satış" is a void.
var (
	kinds = []word{
		{"iade iptal", ""}, {"refund void", ""}, {"void refund", ""}, // a refund that was taken back is nothing that we know
		{"iptal", "void"}, {"void", "void"}, {"reversal", "void"}, {"cancel", "void"}, {"ters islem", "void"},
		{"iade", "refund"}, {"refund", "refund"}, {"credit", "refund"},
		{"satis", "sale"}, {"sale", "sale"}, {"auth", "sale"}, {"pesin", "sale"}, {"taksit", "sale"}, {"odeme", "sale"}, {"payment", "sale"}, {"purchase", "sale"},
		{"tahsilat", "sale"}, {"provizyon", "sale"}, {"debit", "sale"}, {"capture", "sale"},
	}
	states = []word{
		{"basarisiz", "failed"}, {"red", "failed"}, {"onaylanmadi", "failed"}, {"declined", "failed"}, {"fail", "failed"}, {"hata", "failed"}, {"error", "failed"}, {"unsuccess", "failed"}, {"not approved", "failed"},
		{"iptal", "voided"}, {"void", "voided"}, {"cancel", "voided"}, {"revers", "voided"},
		{"kismi iade", "refunded"}, {"iade", "refunded"}, {"refund", "refunded"},
		{"basarili", "done"}, {"onay", "done"}, {"odendi", "done"}, {"tamam", "done"}, {"approv", "done"}, {"success", "done"}, {"paid", "done"}, {"complete", "done"},
		{"settled", "done"}, {"captured", "done"}, {"gun sonu", "done"}, {"kapandi", "done"}, {"authorized", "done"}, {"satis", "done"}, {"aktif", "done"}, {"active", "done"}, {"ok", "done"}, {"00", "done"},
	}
)

type word struct{ in, means string }

// totals begin a row of sums, which is no payment.
var totals = []string{"toplam", "genel toplam", "ara toplam", "total", "grand total", "sub total", "subtotal"}

// months by their Turkish and English names, three letters of each.
var months = map[string]int{
	"oca": 1, "sub": 2, "mar": 3, "nis": 4, "may": 5, "haz": 6, "tem": 7, "agu": 8, "eyl": 9, "eki": 10, "kas": 11, "ara": 12,
	"jan": 1, "feb": 2, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}
