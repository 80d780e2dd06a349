package api

import "strings"

// sentence is what a code means, in the languages that merchants' programs are written by.
type sentence struct{ en, tr string }

// Message says what a code of an answer means, in "en" or "tr" (any other language reads English).
// {name} in a sentence is filled from args; what is missing there leaves the sentence without it.
// It answers "" for a code that it does not know. It is made to be web.Config.Message.
func Message(lang, code string, args map[string]string) string {
	s, known := messages[code]
	if !known {
		return ""
	}
	text := s.en
	if lang == "tr" {
		text = s.tr
	}
	for name, value := range args {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return withoutBlanks(text)
}

// withoutBlanks takes out what nobody filled, with the space before it.
func withoutBlanks(text string) string {
	for {
		from := strings.IndexByte(text, '{')
		if from < 0 {
			return text
		}
		to := strings.IndexByte(text[from:], '}')
		if to < 0 {
			return text
		}
		text = strings.TrimSuffix(text[:from], " ") + text[from+to+1:]
	}
}

// messages has a sentence for every code that a program can meet: those of the whole answer first,
// then those of single fields, the card form's included, since a page's form can be posted by a
// program. What a merchant has to do about it stands in the sentence.
var messages = map[string]sentence{
	"internal":    {"Something went wrong on our side. Quote the instance when you ask for help.", "Bizim tarafımızda bir şey ters gitti. Yardım isterken instance değerini bildirin."},
	"bad_request": {"The request could not be read.", "İstek okunamadı."},
	"not_found":   {"There is nothing at this address.", "Bu adreste bir şey yok."},
	"method_not_allowed": {"This address does not take this method; the Allow header lists those it takes.",
		"Bu adres bu yöntemi kabul etmiyor; kabul ettikleri Allow başlığında."},
	"request_timeout":   {"The request took too long to arrive.", "İsteğin gelmesi çok uzun sürdü."},
	"request_too_large": {"The body is larger than the 64 KiB that are taken.", "Gövde, kabul edilen 64 KiB'den büyük."},
	"head_too_large":    {"The request line and headers are larger than this server takes.", "İstek satırı ve başlıklar bu sunucunun kabul ettiğinden büyük."},
	"unsupported_media_type": {"This address does not take a body of this media type: the API takes application/json in UTF-8, pages take form fields (application/x-www-form-urlencoded).",
		"Bu adres bu türde bir gövde kabul etmiyor: API UTF-8 kodlu application/json, sayfalar form alanları (application/x-www-form-urlencoded) kabul eder."},
	"content_encoding_not_supported": {"Send the body without a Content-Encoding.",
		"Gövdeyi Content-Encoding olmadan gönderin."},
	"length_required":            {"Send the body with a Content-Length, not in chunks.", "Gövdeyi parçalı değil, Content-Length ile gönderin."},
	"expectation_failed":         {"This server knows no other expectation than 100-continue.", "Bu sunucu 100-continue dışında bir Expect tanımıyor."},
	"method_unknown":             {"This server does not know the method.", "Bu sunucu bu yöntemi tanımıyor."},
	"http_version_not_supported": {"This server speaks HTTP/1.1.", "Bu sunucu HTTP/1.1 konuşur."},
	"wrong_host":                 {"This server does not answer for the host that the request names.", "Bu sunucu, istekte adı geçen alan adı için yanıt vermiyor."},
	"pan_in_wrong_place": {"A card number stands in the address or a header. Card numbers belong into the card form only; nothing was stored.",
		"Adreste veya bir başlıkta kart numarası var. Kart numarası yalnızca kart formuna yazılır; hiçbir şey saklanmadı."},
	"too_many_fields":   {"There are more fields than this address takes.", "Bu adresin kabul ettiğinden fazla alan var."},
	"form_malformed":    {"The fields of the address or form could not be read.", "Adresteki veya formdaki alanlar okunamadı."},
	"validation_failed": {"Some fields have mistakes; see errors.", "Bazı alanlarda hata var; errors listesine bakın."},
	"json_malformed":    {"The body is not one JSON object in UTF-8.", "Gövde, UTF-8 kodlu tek bir JSON nesnesi değil."},
	"json_repeated_name": {"A name stands twice in one object of the body; nobody could say which one counts.",
		"Gövdedeki bir nesnede aynı ad iki kez geçiyor; hangisinin geçerli olduğu bilinemez."},
	"json_too_deep": {"The body nests too deep.", "Gövde çok derin iç içe geçmiş."},
	"cursor_invalid": {"This cursor is not from a page of this list; take the next_cursor of the page before, as it is.",
		"Bu cursor bu listenin bir sayfasından değil; önceki sayfanın next_cursor değerini olduğu gibi kullanın."},
	"idempotency_key_format": {"Send one Idempotency-Key of 1 to 255 visible ASCII characters.",
		"1–255 görünür ASCII karakterden oluşan tek bir Idempotency-Key gönderin."},
	"idempotency_key_reused": {"This Idempotency-Key was used before with another request. Take a new one for another request.",
		"Bu Idempotency-Key daha önce başka bir istekle kullanıldı. Başka istek için yeni bir anahtar kullanın."},
	"idempotency_key_known": {"A request with this Idempotency-Key is still running. Send it again a little later to get its answer.",
		"Bu Idempotency-Key ile bir istek hâlâ işleniyor. Yanıtı almak için biraz sonra yeniden gönderin."},
	"api_key_in_address": {"An API key stands in the address, where logs keep it. Send it as Authorization: Bearer, and replace this key.",
		"Adreste bir API anahtarı var ve adresler kayıtlarda kalır. Anahtarı Authorization: Bearer ile gönderin ve bu anahtarı yenileyin."},
	"invalid_api_key": {"The API key is missing, unknown or revoked. Send Authorization: Bearer sk_…",
		"API anahtarı yok, tanınmıyor veya iptal edilmiş. Authorization: Bearer sk_… gönderin."},
	"link_not_found":      {"No such link.", "Böyle bir link yok."},
	"payment_not_found":   {"No such payment.", "Böyle bir ödeme yok."},
	"merchant_not_found":  {"No such merchant.", "Böyle bir üye iş yeri yok."},
	"acquirer_not_found":  {"No such acquirer account.", "Böyle bir sanal POS hesabı yok."},
	"link_not_active_yet": {"The link is not active yet.", "Link henüz aktif değil."},
	"link_expired":        {"The link has expired.", "Linkin süresi doldu."},
	"link_deleted":        {"The link was deleted.", "Link silindi."},
	"link_paid":           {"The link has been paid.", "Link ödendi."},
	"link_busy":           {"Another payment of this link is being authorised or confirmed.", "Bu linkin başka bir ödemesi şu anda onaylanıyor veya teyit ediliyor."},
	"link_resting": {"The link rests after too many refusals until its merchant wakes it by editing it.",
		"Link, çok sayıda ret nedeniyle bekletiliyor; üye iş yeri linki düzenleyerek yeniden açabilir."},
	"too_many_tries": {"Too many tries; the Retry-After header says when again.", "Çok fazla deneme; ne zaman yeniden denenebileceği Retry-After başlığında."},
	"terms_changed":  {"The link changed after its page was shown; show the new terms first.", "Link, sayfası gösterildikten sonra değişti; önce yeni koşulları gösterin."},
	"payment_begun":  {"This page's attempt is a payment already; the Location header leads to it. Nothing was begun.", "Bu sayfadaki deneme zaten bir ödeme oldu; adresi Location başlığında. Yeni bir işlem başlatılmadı."},
	"order_id_taken": {"This order_id was used before. Order numbers are never used twice, also not after a link is deleted or expired.",
		"Bu order_id daha önce kullanıldı. Sipariş numarası, link silinse veya süresi dolsa bile bir daha kullanılamaz."},
	"stale":                {"The object changed since it was read; read it again.", "Nesne okunduktan sonra değişti; yeniden okuyun."},
	"state_does_not_allow": {"The object's state does not allow this step.", "Nesnenin durumu bu işleme izin vermiyor."},
	"currency_not_permitted": {"The merchant has no permission to collect in this currency. Ask your bank's branch for the foreign-currency POS permission.",
		"Üye iş yerinin bu para birimiyle tahsilat yetkisi yok. Döviz POS yetkisi için banka şubenizle iletişime geçin."},
	"bank_unreachable":        {"The bank could not be reached. Nothing was charged.", "Bankaya ulaşılamadı. Karttan tahsilat yapılmadı."},
	"no_acquirer":             {"No acquirer account takes this payment.", "Bu ödemeyi alabilecek bir sanal POS hesabı yok."},
	"temporarily_unavailable": {"A store did not answer; nothing was done. Try again later.", "Bir veri deposu yanıt vermedi; hiçbir işlem yapılmadı. Daha sonra yeniden deneyin."},
	"hot_state_away":          {"A store did not answer; nothing was done. Try again later.", "Bir veri deposu yanıt vermedi; hiçbir işlem yapılmadı. Daha sonra yeniden deneyin."},
	"callback_rejected": {"The callback is not what the bank would have sent for this payment. Nothing changed.",
		"Geri dönüş, bankanın bu ödeme için göndereceği bildirim değil. Hiçbir şey değişmedi."},

	"required":        {"This field is required.", "Bu alan zorunludur."},
	"unknown_field":   {"There is no field of this name.", "Bu adda bir alan yok."},
	"read_only":       {"This field cannot be set here.", "Bu alan burada değiştirilemez."},
	"wrong_type":      {"The value has the wrong type. Amounts and counts are whole numbers, without quotes, point or exponent.", "Değerin türü yanlış. Tutar ve adetler tırnaksız, noktasız ve üssüz tam sayıdır."},
	"repeated":        {"The same thing stands here twice.", "Aynı değer burada iki kez geçiyor."},
	"not_a_choice":    {"The value is none of those allowed.", "Değer, izin verilenlerden biri değil."},
	"out_of_range":    {"The number is too small or too large.", "Sayı çok küçük veya çok büyük."},
	"invalid":         {"The value cannot be read.", "Değer okunamadı."},
	"time_format":     {"Write the time as RFC 3339, like 2026-11-22T09:00:00Z.", "Zamanı RFC 3339 biçiminde yazın, örneğin 2026-11-22T09:00:00Z."},
	"time_range":      {"The year must be between 2000 and 2100.", "Yıl 2000 ile 2100 arasında olmalıdır."},
	"empty_list":      {"The list is empty; leave the field out instead.", "Liste boş; bunun yerine alanı hiç göndermeyin."},
	"too_many":        {"There are too many of them.", "Çok fazla öğe var."},
	"key_format":      {"A name has 1 to 40 characters, no marks that cannot be seen, and is no card number.", "Bir ad 1–40 karakterdir, görünmeyen işaret ve kart numarası içermez."},
	"length":          {"The text is too long, or the number has the wrong length.", "Metin çok uzun veya numaranın uzunluğu yanlış."},
	"control":         {"The text has control, direction or invisible characters.", "Metinde kontrol, yön veya görünmez karakterler var."},
	"looks_like_card": {"This looks like a card number. Card numbers belong into the card form only; nothing was stored.", "Bu bir kart numarasına benziyor. Kart numarası yalnızca kart formuna yazılır; hiçbir şey saklanmadı."},
	"mixed_scripts":   {"A word mixes letters of different alphabets.", "Bir sözcükte farklı alfabelerin harfleri karışmış."},
	"amount_range":    {"The amount is too small or too large.", "Tutar çok küçük veya çok büyük."},
	"amount_format":   {"This is no amount.", "Bu bir tutar değil."},
	"amount_on_open_link": {"The payer types the amount of an open link; give min_amount and max_amount instead.",
		"Açık tutarlı linkte tutarı ödeyen yazar; bunun yerine min_amount ve max_amount verin."},
	"only_for_open":     {"Only links with amount_mode open have this field.", "Bu alan yalnızca amount_mode değeri open olan linklerde vardır."},
	"only_for_multi":    {"Only links with usage multi can be paid more than once.", "Yalnızca usage değeri multi olan linkler birden çok kez ödenebilir."},
	"below_paid_count":  {"The link was paid more often than that already.", "Link zaten bundan daha çok kez ödendi."},
	"currency_unknown":  {"The currency is none of TRY, USD, EUR, GBP, JPY and RUB.", "Para birimi TRY, USD, EUR, GBP, JPY veya RUB değil."},
	"order_id_format":   {"An order number has 1 to 64 of A–Z, a–z, 0–9 and . _ / # -, and begins with a letter or digit.", "Sipariş numarası A–Z, a–z, 0–9 ve . _ / # - karakterlerinden 1–64 tanedir, harf veya rakamla başlar."},
	"usage_unknown":     {"The usage is single or multi.", "Kullanım tipi single veya multi olmalıdır."},
	"installment_count": {"A count is between 1 and 12.", "Taksit sayısı 1 ile 12 arasındadır."},
	"ends_before_start": {"The end must be after the start.", "Bitiş, başlangıçtan sonra olmalıdır."},
	"url_not_allowed":   {"Give an https address without a user name, of one of the merchant's origins.", "Üye iş yerinin izinli alan adlarından birinde, kullanıcı adı içermeyen bir https adresi verin."},
	"category_unknown":  {"This category is not known; the documentation lists those that are.", "Bu kategori bilinmiyor; belgelerde bilinenler listelenir."},
	"category_format":   {"A category has 1 to 40 small letters, digits and underscores, and begins with a letter.", "Kategori 1–40 küçük harf, rakam ve alt çizgiden oluşur, harfle başlar."},
	"email_format":      {"This is no e-mail address.", "Bu bir e-posta adresi değil."},
	"phone_format":      {"This is no phone number; write it like 0532 123 45 67, or with + and the country.", "Bu bir telefon numarası değil; 0532 123 45 67 gibi veya + ve ülke koduyla yazın."},
	"bin_format":        {"Give the first six to eight digits of the card, never more.", "Kartın ilk altı ila sekiz rakamını verin, asla daha fazlasını değil."},
	"refund_over_total": {"Not more than the rest of the total can be given back.", "Toplamın kalanından fazlası iade edilemez."},
	"sms_needs_turkish_mobile": {"Text messages go to mobile numbers registered in Türkiye only. Copy the link and send it yourself.",
		"SMS yalnızca Türkiye'de kayıtlı cep telefonlarına gönderilir. Linki kopyalayıp kendiniz gönderin."},
	"channel_not_configured": {"No delivery by {channel} is set up here. Copy the link, or show its QR code.",
		"Burada {channel} ile gönderim kurulu değil. Linki kopyalayın veya QR kodunu gösterin."},

	"luhn":                     {"The card number is not right.", "Kart numarası doğru değil."},
	"expiry_format":            {"Write the expiry as month and year, like 07/30.", "Son kullanma tarihini ay ve yıl olarak yazın, örneğin 07/30."},
	"expiry_past":              {"The card has expired.", "Kartın süresi dolmuş."},
	"expiry_far":               {"The expiry is too far away.", "Son kullanma tarihi çok ileride."},
	"cvc_length":               {"The security code has {n} digits.", "Güvenlik kodu {n} rakamdır."},
	"brand_not_accepted":       {"The merchant does not take {brand} cards.", "Üye iş yeri {brand} kartlarını kabul etmiyor."},
	"installments_not_offered": {"This card is not offered {n} instalments for this amount.", "Bu karta bu tutar için {n} taksit sunulmuyor."},
	"name_length":              {"The name is too long.", "Ad çok uzun."},
	"name_control":             {"The name has characters that cannot be taken.", "Adda kabul edilmeyen karakterler var."},
	"name_looks_like_card":     {"This looks like a card number; write the name here.", "Bu bir kart numarasına benziyor; buraya adı yazın."},
	"note_length":              {"The note is too long.", "Not çok uzun."},
	"note_control":             {"The note has characters that cannot be taken.", "Notta kabul edilmeyen karakterler var."},
	"note_looks_like_card":     {"This looks like a card number. Do not write it into the note.", "Bu bir kart numarasına benziyor. Nota yazmayın."},
	"bin_malformed":            {"Give the first six to eight digits of the card, never more.", "Kartın ilk altı ila sekiz rakamını verin, asla daha fazlasını değil."},
	"field_repeated":           {"A field stands twice.", "Bir alan iki kez geçiyor."},
}
