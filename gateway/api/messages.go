package api

import "strings"

// sentence is what a code means, in the languages that merchants' programs are written by.
type sentence struct{ en, tr string }

// in is the sentence in "tr" or "en"; any other language reads English.
func (s sentence) in(lang string) string {
	if lang == "tr" {
		return s.tr
	}
	return s.en
}

// Message says what a code of an answer means, in "en" or "tr" (any other language reads English).
// {name} in a sentence is filled from args, {name|words} with the words where args has no name; what else
// is missing there leaves the sentence without it, and without the [part] that it stands in. An argument that is the name of a phrase is said in the language.
// It answers "" for a code that it does not know. It is made to be web.Config.Message.
func Message(lang, code string, args map[string]string) string {
	s, known := problems[code]
	if !known {
		if s, known = mistakes[code]; !known {
			return ""
		}
	}
	values := make([]string, 0, 2*len(args))
	for name, value := range args {
		if phrase, ok := phrases[value]; ok {
			value = phrase.in(lang)
		}
		values = append(values, "{"+name+"}", value)
	}
	text := withoutBlanks(withoutParts(withWords(s.in(lang), args), args), args)
	return strings.NewReplacer(values...).Replace(text)
}

// withWords makes each {name|words} the {name} that args fill, or else its words.
func withWords(text string, args map[string]string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "|")
		open := strings.LastIndexByte(before, '{')
		if !found || open < 0 {
			out.WriteString(text)
			return out.String()
		}
		name := before[open+1:]
		words, after, _ := strings.Cut(rest, "}")
		if _, filled := args[name]; filled {
			words = "{" + name + "}"
		}
		out.WriteString(before[:open] + words)
		text = after
	}
}

// withoutParts takes out the [parts] that nothing fills, and the brackets of the others.
func withoutParts(text string, args map[string]string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "[")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		var part string
		part, text, _ = strings.Cut(rest, "]")
		if _, missing := blank(part, args); missing == "" {
			out.WriteString(part)
		}
	}
}

// withoutBlanks takes out what nobody fills, with the space before it.
func withoutBlanks(text string, args map[string]string) string {
	for {
		from, name := blank(text, args)
		if name == "" {
			return text
		}
		text = strings.TrimSuffix(text[:from], " ") + text[from+len(name):]
	}
}

// blank is the first {name} in a text that has no value, and where it stands; "" when there is none.
func blank(text string, args map[string]string) (from int, name string) {
	for at := 0; ; {
		open := strings.IndexByte(text[at:], '{')
		if open < 0 {
			return 0, ""
		}
		from = at + open
		shut := strings.IndexByte(text[from:], '}')
		if shut < 0 {
			return 0, ""
		}
		name = text[from : from+shut+1]
		if _, filled := args[name[1:len(name)-1]]; !filled {
			return from, name
		}
		at = from + shut
	}
}

// problems has a sentence for every code of a whole answer that a program can meet. What a merchant has
// to do about it stands in the sentence.
var problems = map[string]sentence{
	"internal":    {"Something went wrong on our side. Quote the instance when you ask for help.", "Bizim tarafımızda bir şey ters gitti. Yardım isterken instance değerini bildirin."},
	"bad_request": {"The request could not be read.", "İstek okunamadı."},
	"not_found":   {"There is nothing at this address.", "Bu adreste bir şey yok."},
	"method_not_allowed": {"This address does not take this method; the Allow header lists those it takes.",
		"Bu adres bu yöntemi kabul etmiyor; kabul ettikleri Allow başlığında."},
	"request_timeout":   {"The request took too long to arrive.", "İsteğin gelmesi çok uzun sürdü."},
	"request_too_large": {"The body is larger than the 64 KiB that are taken; of an e-invoice, a bank's file or a link batch, 5 MiB.", "Gövde, kabul edilen 64 KiB'den (e-faturada, banka dosyasında ve toplu linkte 5 MiB'den) büyük."},
	"head_too_large":    {"The request line and headers are larger than this server takes.", "İstek satırı ve başlıklar bu sunucunun kabul ettiğinden büyük."},
	"unsupported_media_type": {"This address does not take a body of this media type: the API takes application/json in UTF-8 and e-invoices as application/xml, pages take form fields (application/x-www-form-urlencoded).",
		"Bu adres bu türde bir gövde kabul etmiyor: API UTF-8 kodlu application/json ve e-faturaları application/xml olarak, sayfalar form alanları (application/x-www-form-urlencoded) kabul eder."},
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
	"product_not_found":   {"No such product.", "Böyle bir ürün yok."},
	"product_code_taken":  {"Another product has this code.", "Bu kod başka bir üründe kullanılıyor."},
	"products_too_many":   {"There are 10,000 products already. Delete those that are not sold any more.", "Zaten 10.000 ürün var. Artık satılmayanları silin."},
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
	"order_id_repeated":  {"This order number stands in the list already[: in row {row}].", "Bu sipariş numarası listede zaten var[: {row}. satırda]."},
	"einvoice_too_large": {"The invoice is larger than 5 MiB, or has more than 200,000 elements.", "Fatura 5 MiB'den büyük veya 200.000'den fazla öğesi var."},
	"einvoice_too_deep":  {"The invoice's elements nest deeper than 20.", "Faturanın öğeleri 20 düzeyden derin iç içe geçmiş."},
	"einvoice_encoding":  {"The invoice is not in UTF-8, the only encoding that is taken.", "Fatura UTF-8 kodlu değil; yalnızca UTF-8 kabul edilir."},
	"einvoice_dtd":       {"The invoice has a document type declaration (DTD). None is taken, and no entity is read.", "Faturada bir belge türü bildirimi (DTD) var. DTD kabul edilmez, hiçbir varlık (entity) okunmaz."},
	"einvoice_malformed": {"This is not well-formed XML, or a value that may stand once stands twice.", "Bu, düzgün biçimli bir XML değil veya bir kez bulunabilen bir değer iki kez geçiyor."},
	"einvoice_not_invoice": {"This is no UBL invoice, nor an envelope with one.",
		"Bu bir UBL faturası veya içinde fatura olan bir zarf değil."},
	"einvoice_namespace": {"The invoice or its elements are not in the namespaces of UBL 2 (…:xsd:Invoice-2, …:xsd:CommonBasicComponents-2).",
		"Fatura veya öğeleri UBL 2 ad alanlarında değil (…:xsd:Invoice-2, …:xsd:CommonBasicComponents-2)."},
	"einvoice_version": {"Only UBL 2.1 in the Turkish customisation TR1.2 is taken; see UBLVersionID and CustomizationID.",
		"Yalnızca UBL 2.1 ve TR1.2 özelleştirmesi kabul edilir; UBLVersionID ve CustomizationID alanlarına bakın."},
	"einvoice_several": {"There are several invoices. Send each by itself.", "Birden çok fatura var. Her birini ayrı gönderin."},
	"einvoice_signed": {"The invoice is signed, and any change would break its signature. Send it before it is signed, and sign what comes back.",
		"Fatura imzalı; herhangi bir değişiklik imzayı bozar. İmzalanmadan önce gönderin, dönen belgeyi imzalayın."},
	"einvoice_return":            {"A return invoice collects nothing, so it gets no link.", "İade faturasıyla tahsilat yapılmaz; bu faturaya link eklenmez."},
	"einvoice_copy":              {"This is a copy (CopyIndicator); the link belongs into the invoice itself.", "Bu bir suret (CopyIndicator); link faturanın aslına eklenir."},
	"einvoice_incomplete":        {"Values of the invoice are missing or cannot be read; see errors.", "Faturadaki bazı değerler eksik veya okunamıyor; errors listesine bakın."},
	"einvoice_amount":            {"PayableAmount is zero, negative, too large, or no amount of its currency.", "PayableAmount sıfır, negatif, çok büyük veya para birimine uygun bir tutar değil."},
	"einvoice_currency":          {"The invoice's currency is none that is taken.", "Faturanın para birimi kabul edilen para birimlerinden değil."},
	"einvoice_currency_mismatch": {"The currencies of PayableAmount, the document and the payment are not the same.", "PayableAmount, belge ve ödeme para birimleri aynı değil."},
	"einvoice_supplier":          {"The invoice is of another supplier than the one that is registered.", "Fatura, kayıtlı olandan başka bir satıcıya ait."},
	"einvoice_known":             {"The invoice has a link already.", "Bu faturanın zaten bir linki var."},
	"einvoice_changed": {"An invoice with this UUID has a link already, and its number, supplier or sum was another. Give the new invoice a UUID of its own.",
		"Bu UUID'ye sahip bir faturanın zaten bir linki var; numarası, satıcısı veya tutarı farklıydı. Yeni faturaya kendi UUID'sini verin."},
	"einvoice_not_registered": {"No intermediary is registered for e-invoices. Register one at /v1/einvoice_registrations; invoices get links from then on.",
		"E-faturalar için kayıtlı bir aracı kurum yok. /v1/einvoice_registrations adresinden kaydedin; faturalara ondan sonra link eklenir."},
	"einvoice_not_found":              {"No such e-invoice.", "Böyle bir e-fatura yok."},
	"einvoice_registration_not_found": {"No such registration.", "Böyle bir kayıt yok."},
	"einvoice_registration_exists":    {"There is a registration with this intermediary. End it before you make another.", "Bu aracı kurumla zaten bir kayıt var. Yenisini oluşturmadan önce onu sonlandırın."},
	"session_not_found":               {"No such checkout session.", "Böyle bir ödeme oturumu yok."},
	"report_not_found":                {"There is no report of this name; GET /v1/reports lists them.", "Bu adda bir rapor yok; GET /v1/reports hepsini listeler."},
	"report_format_not_found":         {"Reports come as json, csv or xlsx.", "Raporlar json, csv veya xlsx olarak verilir."},
	"refund_not_found":                {"No such void or refund.", "Böyle bir iptal veya iade yok."},
	"payment_not_refundable": {"No money of this payment can go back in this way: only a paid one of which nothing went back is voided, and only paid money is refunded. Read its status.",
		"Bu ödemenin parası bu yolla geri verilemez: yalnızca hiç iade yapılmamış ödenmiş bir işlem iptal edilir, yalnızca ödenmiş para iade edilir. status alanına bakın."},
	"chargeback_not_found": {"No such chargeback.", "Böyle bir harcama itirazı yok."},
	"payment_disputed": {"The card holder disputes this payment: the card's bank already takes this money back, so it does not go back as well. Read disputed_amount.",
		"Kart sahibi bu ödemeye itiraz etti: kartın bankası bu tutarı zaten geri alıyor, ikinci kez geri verilemez. disputed_amount alanına bakın."},
	"payment_not_disputable": {"The payment was never collected, so there is nothing to dispute. Read its status.",
		"Bu ödeme hiç tahsil edilmedi; itiraz edilecek bir tutar yok. status alanına bakın."},
	"chargeback_over_total": {"More would be in dispute than the payment's total: total less disputed_amount is left.",
		"İtiraz edilen tutar ödemenin toplamını aşıyor: kalan, total eksi disputed_amount."},
	"chargeback_state": {"This status does not follow the one that the chargeback has. What was won can be opened again, what was lost only withdrawn; what was withdrawn is over.",
		"Bu durum, itirazın şimdiki durumunun ardından gelemez. Kazanılan itiraz yeniden açılabilir, kaybedilen yalnızca geri çekilebilir; geri çekilen kapanmıştır."},
	"refund_over_total": {"This is more than is left of the payment: total less refunded_amount.",
		"Bu tutar ödemeden kalan tutarı aşıyor: total eksi refunded_amount."},
	"refund_running": {"Another void or refund of this payment still waits for the bank's word. See its refunds.",
		"Bu ödemenin başka bir iptali veya iadesi hâlâ banka yanıtını bekliyor. refunds alanına bakın."},
	"legal_text_not_found": {"There is no such text on this page.", "Bu sayfada böyle bir metin yok."},
	"refund_too_early": {"The bank's day has not ended, so the sale cannot be refunded yet. Void it instead, or refund after the day end.",
		"Banka günü henüz kapanmadı; satış henüz iade edilemez. Bunun yerine iptal edin veya gün sonundan sonra iade edin."},
	"void_too_late": {"The bank's day has ended, so the sale can no longer be voided. Refund it instead.",
		"Banka günü kapandı; satış artık iptal edilemez. Bunun yerine iade edin."},
	"refund_refused": {"The bank refused; nothing went back. Its own reason stands in the refund that the Location header leads to.",
		"Banka reddetti; para geri verilmedi. Bankanın gerekçesi, Location başlığının gösterdiği iade kaydında."},
	"webhook_endpoint_not_found": {"There is no such webhook endpoint.", "Böyle bir webhook adresi yok."},
	"event_not_found":            {"There is no such event.", "Böyle bir olay yok."},
	"too_many_webhook_endpoints": {"A merchant has at most 16 webhook endpoints. Delete one first.", "Bir üye iş yerinin en çok 16 webhook adresi olabilir. Önce birini silin."},
	"webhook_target_refused": {"Webhooks go to https addresses on the public Internet only: port 443 or one from 1024 on, no user name, no address of an inner network.",
		"İnternetten erişilen, https ile başlayan bir adres yazın. Port 443 ya da 1024 ve üzeri olmalı; kullanıcı adı içeren adresler ve iç ağ adresleri kabul edilmez."},
	"message_not_found":    {"No such message.", "Böyle bir mesaj yok."},
	"suppressed_recipient": {"Nothing is sent to this address: it is on the list of suppressed addresses.", "Bu adrese gönderim yapılmıyor: adres gönderim yapılmayacaklar listesinde."},
	"link_message_limit":   {"This link was sent five times within a day. Try again later, or copy the link.", "Bu link bir gün içinde beş kez gönderildi. Daha sonra yeniden deneyin veya linki kopyalayın."},
	"recipient_limit":      {"This person was sent three messages within an hour. Try again later, or copy the link.", "Bu kişiye bir saat içinde üç mesaj gönderildi. Daha sonra yeniden deneyin veya linki kopyalayın."},
	"message_repeated":     {"The SMS provider refuses the same text to the same number. Change the text, or copy the link.", "SMS sağlayıcısı aynı metni aynı numaraya yeniden göndermiyor. Metni değiştirin veya linki kopyalayın."},
	"stale":                {"The object changed since it was read; read it again.", "Nesne okunduktan sonra değişti; yeniden okuyun."},
	"state_does_not_allow": {"The object's state does not allow this step.", "Nesnenin durumu bu işleme izin vermiyor."},
	"currency_not_permitted": {"The merchant has no permission to collect in this currency. Ask your bank's branch for the foreign-currency POS permission.",
		"Üye iş yerinin bu para birimiyle tahsilat yetkisi yok. Döviz POS yetkisi için banka şubenizle iletişime geçin."},
	"bank_unreachable": {"The bank could not be reached. No money moved.", "Bankaya ulaşılamadı. Para hareketi olmadı."},
	"bank_answer_lost": {"The bank's answer was lost on the way. Whether it charged is being found out; do not pay again before the payment's state is known.",
		"Bankanın yanıtı yolda kayboldu. Tahsilat yapılıp yapılmadığı araştırılıyor; ödemenin durumu belli olmadan yeniden ödemeyin."},
	"offline_key_not_found":        {"There is no such offline key.", "Böyle bir çevrimdışı anahtar yok."},
	"offline_keys_too_many":        {"There are 50 good keys already; revoke one that is not used any more.", "Zaten 50 geçerli anahtar var; artık kullanılmayan birini iptal edin."},
	"offline_number_taken":         {"Another key has this number.", "Bu numara başka bir anahtarın."},
	"reconciliation_not_found":     {"There is no such reconciliation.", "Böyle bir mutabakat yok."},
	"reconciliation_row_not_found": {"There is no such row in this reconciliation.", "Bu mutabakatta böyle bir satır yok."},
	"day_closed":                   {"This account's day is closed; nothing of its reconciliation changes any more.", "Bu hesabın günü kapatıldı; mutabakatında artık hiçbir şey değişmez."},
	"day_not_over":                 {"This day has not ended in Istanbul, or had not when the list was compared: payments still come in. Compare its list when it has ended.", "Bu gün İstanbul saatiyle henüz bitmedi ya da liste karşılaştırıldığında bitmemişti: ödeme gelmeye devam ediyor. Listeyi gün bittikten sonra karşılaştırın."},
	"row_resolved":                 {"The row matches, or was dealt with already.", "Satır zaten tutuyor veya daha önce sonuçlandırıldı."},
	"not_for_this_row": {"This cannot be done about this row: there is no payment to ask about, no line of the bank to write down, or nothing that the bank holds.",
		"Bu işlem bu satır için yapılamaz: sorulacak bir ödeme, elle yazılacak bir banka satırı veya bankada tutulan bir para yok."},
	"rows_open": {"Rows of this day still differ. Deal with them, or say in a note why the day is closed all the same.", "Bu günün bazı satırları hâlâ farklı. Onları sonuçlandırın veya günün neden yine de kapatıldığını notta yazın."},
	"list_incomplete": {"The list has no row of this day, rows that could not be read, or rows of another day. Compare the whole list, or say in a note why the day is closed all the same.",
		"Listede bu günün hiç satırı yok, okunamayan satırlar var ya da başka günlerin satırları var. Tam listeyi karşılaştırın veya günün neden yine de kapatıldığını notta yazın."},
	"acquirer_cannot_list":    {"This bank's interface hands out no list of a day, or not to this account. Upload the bank's file.", "Bu bankanın arayüzü gün listesi vermiyor. Bankanın dosyasını yükleyin."},
	"file_empty":              {"The file is empty.", "Dosya boş."},
	"file_too_large":          {"The file holds more than can be read: at most 5 MB, 100,000 rows and 32 MB unpacked.", "Dosya okunabilecek olandan büyük: en çok 5 MB, 100.000 satır ve açılmış hâlde 32 MB."},
	"file_not_a_table":        {"This is neither CSV nor XLSX.", "Bu dosya CSV veya XLSX değil."},
	"file_old_excel":          {"This is Excel's form before 2007. Save it as XLSX or CSV.", "Bu, Excel'in 2007 öncesi biçimi. XLSX veya CSV olarak kaydedin."},
	"file_damaged":            {"The workbook is damaged.", "Excel dosyası bozuk."},
	"bank_file_columns":       {"No heading was found for what a bank's list needs. Name the columns of this account's bank.", "Banka listesinde gereken sütun başlıkları bulunamadı. Bu hesabın bankasının sütunlarını tanımlayın."},
	"file_too_many_rows":      {"The table has more than 10,000 rows. Send it in parts.", "Tabloda 10.000'den fazla satır var. Parçalara bölüp gönderin."},
	"bank_file_no_lines":      {"Not one row of the file could be read.", "Dosyanın hiçbir satırı okunamadı."},
	"bank_file_too_long":      {"The list has more than 20,000 rows.", "Listede 20.000'den fazla satır var."},
	"no_acquirer":             {"No acquirer account takes this payment.", "Bu ödemeyi alabilecek bir sanal POS hesabı yok."},
	"temporarily_unavailable": {"A store did not answer; nothing was done. Try again later.", "Bir veri deposu yanıt vermedi; hiçbir işlem yapılmadı. Daha sonra yeniden deneyin."},
	"hot_state_away":          {"A store did not answer; nothing was done. Try again later.", "Bir veri deposu yanıt vermedi; hiçbir işlem yapılmadı. Daha sonra yeniden deneyin."},
	"callback_rejected": {"The callback is not what the bank would have sent for this payment. Nothing changed.",
		"Geri dönüş, bankanın bu ödeme için göndereceği bildirim değil. Hiçbir şey değişmedi."},

	// What the panel alone can be answered; the words are for whoever looks a code up.
	"too_many_api_keys":   {"There are too many keys. Revoke unused ones first.", "Çok fazla anahtar var. Önce kullanılmayanları iptal edin."},
	"user_not_found":      {"No such user.", "Böyle bir kullanıcı yok."},
	"signed_out":          {"Your session has ended; your last request was not carried out. Sign in again.", "Oturumunuz sona ermiş; son isteğiniz yapılmadı. Yeniden giriş yapın."},
	"email_taken":         {"Another user has this e-mail address.", "Bu e-posta adresi başka bir kullanıcıda kayıtlı."},
	"last_owner":          {"A company keeps at least one administrator.", "Firmanın en az bir yöneticisi kalmalı."},
	"role_does_not_allow": {"Your role does not allow this. Ask your company administrator.", "Rolünüz bu işleme izin vermiyor. Firma yöneticinize danışın."},
	"payment_not_pending": {"The bank owes no outcome for this payment any more.", "Bankanın bu ödeme için bildireceği bir sonuç kalmadı."},
	"batch_not_found":     {"There are no such links made together.", "Böyle bir toplu işlem yok."},
	"batch_sent":          {"This form was sent already and its links were made.", "Bu form zaten gönderildi ve linkleri oluşturuldu."},
	"user_elsewhere":      {"This person works for another company too, or is yourself; the sign-in cannot be changed here.", "Bu kişi başka bir firmada da çalışıyor ya da bu sizsiniz; girişi buradan değiştirilemez."},
	"invitation_over":     {"This invitation is no longer good. Ask your company administrator for a new one.", "Bu davet bağlantısı artık geçerli değil. Firma yöneticinizden yenisini isteyin."},
	"already_colleague":   {"This person is in this company already.", "Bu kişi zaten bu firmada."},
	"works_elsewhere":     {"This person works for another company already.", "Bu kişi zaten başka bir firmada çalışıyor."},
	"payment_being_asked": {"The bank was asked a moment ago.", "Banka az önce soruldu."},
}

// mistakes has a sentence for every code of a single field, the card form's included, since a page's form
// can be posted by a program.
var mistakes = map[string]sentence{
	"required":      {"This field is required.", "Bu alan zorunludur."},
	"unknown_field": {"There is no field of this name.", "Bu adda bir alan yok."},
	"read_only":     {"This field cannot be set here.", "Bu alan burada değiştirilemez."},
	"wrong_type":    {"The value has the wrong type.[ {type}]", "Değerin türü yanlış.[ {type}]"},
	"repeated":      {"The same thing stands here twice.", "Aynı değer burada iki kez geçiyor."},
	"names_the_merchant": {"This names the merchant at the bank, where payments of this account are asked for. Make another account, and disable this one.",
		"Bu alan bankadaki üye iş yerini gösterir; bu hesabın ödemeleri orada sorgulanır. Yeni bir hesap açıp bunu kapatın."},
	"bank_host_unknown": {"Cards are sent to this address, so it has to be the bank's own or one that the operator named in ODELINK_BANK_HOSTS.",
		"Kartlar bu adrese gönderilir; adres bankanın kendisinin veya işletenin ODELINK_BANK_HOSTS ile belirttiği bir adres olmalıdır."},
	"iban":        {"The IBAN is not right. Check its length and digits.", "IBAN doğru değil. Uzunluğunu ve rakamlarını kontrol edin."},
	"demo_only":   {"This is possible in the demo only.", "Bu yalnızca demoda mümkündür."},
	"rate_format": {"Write the rate in percent with a point, like \"3.60\".", "Oranı noktalı yüzde olarak yazın, örneğin \"3.60\"."},
	"field_key_format": {"The key names the answer to your programs: lower-case letters, digits and _, at most 40, a letter first.",
		"Anahtar, yanıtı programlarınıza tanıtır: küçük harf, rakam ve _, en çok 40 karakter, önce harf."},
	"items_too_large":    {"The lines together are too large. Shorten names and codes.", "Satırlar birlikte çok büyük. Adları ve kodları kısaltın."},
	"items_on_open_link": {"A link whose payer types the amount has no lines.", "Tutarı ödeyenin girdiği linkte ürün satırı olmaz."},
	"amount_not_sum":     {"The amount is not the sum of the lines[, {sum} in the currency's smallest unit]; leave it out.", "Tutar, satırların toplamı[ (en küçük birimle {sum})] değil; tutarı yazmayabilirsiniz."},
	"quantity_range":     {"The quantity has to be from 1[ to {max}].", "Adet 1[ ile {max} arasında] olmalıdır."},
	"product_unknown":    {"There is no such product, or it was deleted.", "Böyle bir ürün yok veya silinmiş."},
	"product_inactive":   {"The product is not sold now.", "Ürün şu anda satışta değil."},
	"product_currency":   {"The product's price is in another currency[, {currency}].", "Ürünün fiyatı başka bir para biriminde[: {currency}]."},
	"product_differs":    {"The product says otherwise now. Leave this out, and the product's own is taken.", "Ürün kaydında bu değer farklı. Bu alanı göndermeyin; ürünün kendi değeri alınır."},
	"fields_too_large":   {"The fields together are too large. Shorten labels and options.", "Alanlar birlikte çok büyük. Etiketleri ve seçenekleri kısaltın."},
	"asks_for_card":      {"Do not ask the payer for a security code or password of the card: that belongs into the card form only.", "Ödeyenden kartın güvenlik kodunu veya şifresini istemeyin: bunlar yalnızca kart formuna yazılır."},
	"only_for_text":      {"Only fields of type text and multiline have a length.", "Uzunluk yalnızca text ve multiline türündeki alanlarda vardır."},
	"only_for_choice":    {"Only fields of type choice have options.", "Seçenekler yalnızca choice türündeki alanlarda vardır."},
	"number_format":      {"Write a number of at most 11 digits, with one comma or point at most.", "En çok 11 rakamlı, en çok bir virgüllü veya noktalı bir sayı yazın."},
	"tckn_check":         {"This is no identity number (TCKN): it has 11 digits, and its check digits are right.", "Bu bir T.C. kimlik numarası değil: 11 rakamdır ve sağlama rakamları tutar."},
	"vkn_check":          {"This is no tax number (VKN): it has 10 digits, and its check digit is right.", "Bu bir vergi kimlik numarası değil: 10 rakamdır ve sağlama rakamı tutar."},
	"not_a_choice":       {"The value is none of those allowed.", "Değer, izin verilenlerden biri değil."},
	"out_of_range":       {"The number is too small or too large.", "Sayı çok küçük veya çok büyük."},
	"invalid":            {"The value cannot be read.", "Değer okunamadı."},
	"time_format":        {"Write the time as RFC 3339, like 2026-11-22T09:00:00Z.", "Zamanı RFC 3339 biçiminde yazın, örneğin 2026-11-22T09:00:00Z."},
	"time_range":         {"The year must be between 2000 and 2100.", "Yıl 2000 ile 2100 arasında olmalıdır."},
	"empty_list":         {"The list is empty; leave the field out instead.", "Liste boş; bunun yerine alanı hiç göndermeyin."},
	"too_many":           {"There are too many of them.", "Çok fazla öğe var."},
	"key_format":         {"A name has 1 to 40 characters, no marks that cannot be seen, and is no card number.", "Bir ad 1–40 karakterdir, görünmeyen işaret ve kart numarası içermez."},
	"length":             {"The text is too long.", "Metin çok uzun."},
	"control":            {"The text has control, direction or invisible characters.", "Metinde kontrol, yön veya görünmez karakterler var."},
	"looks_like_card":    {"This looks like a card number. Card numbers belong into the card form only; nothing was stored.", "Bu bir kart numarasına benziyor. Kart numarası yalnızca kart formuna yazılır; hiçbir şey saklanmadı."},
	"mixed_scripts":      {"A word mixes letters of different alphabets.", "Bir sözcükte farklı alfabelerin harfleri karışmış."},
	"blank":              {"The text is blank; leave the field out instead.", "Metin boş; bunun yerine alanı hiç göndermeyin."},
	"amount_range": {"The amount is too small or too large[: it has to be from {min} to {max}, in the currency's smallest unit].",
		"Tutar çok küçük veya çok büyük[; para biriminin en küçük birimiyle {min} ile {max} arasında olmalıdır]."},
	"max_below_min": {"The largest amount is smaller than the smallest[, {min}].", "En büyük tutar en küçük tutardan[ ({min})] küçük."},
	"amount_format": {"This is no amount.", "Bu bir tutar değil."},
	"amount_on_open_link": {"The payer types the amount of an open link; give min_amount and max_amount instead.",
		"Açık tutarlı linkte tutarı ödeyen yazar; bunun yerine min_amount ve max_amount verin."},
	"only_for_open":    {"Only links with amount_mode open have this field.", "Bu alan yalnızca amount_mode değeri open olan linklerde vardır."},
	"only_for_multi":   {"Only links with usage multi can be paid more than once.", "Yalnızca usage değeri multi olan linkler birden çok kez ödenebilir."},
	"below_paid_count": {"The link was paid more often than that already.", "Link zaten bundan daha çok kez ödendi."},
	"currency_unknown": {"The currency is none of TRY, USD, EUR, GBP, JPY and RUB.", "Para birimi TRY, USD, EUR, GBP, JPY veya RUB değil."},
	"order_id_format":  {"An order number has 1 to 64 of A–Z, a–z, 0–9 and . _ / # -, and begins with a letter or digit.", "Sipariş numarası A–Z, a–z, 0–9 ve . _ / # - karakterlerinden 1–64 tanedir, harf veya rakamla başlar."},
	"usage_unknown":    {"The usage is single or multi.", "Kullanım tipi single veya multi olmalıdır."},
	"sale_unknown":     {"A sale is collection or consumer.", "Satış türü collection veya consumer olmalıdır."},
	"seller_legal_name_missing": {"A consumer sale names the seller's legal name; set it in the panel, under the look of the payment page.",
		"Tüketici satışında satıcının unvanı yazılır; panelde ödeme sayfası görünümünden girin."},
	"seller_phone_missing": {"A consumer sale names the seller's phone; set it in the panel, under the look of the payment page.",
		"Tüketici satışında satıcının telefonu yazılır; panelde ödeme sayfası görünümünden girin."},
	"seller_email_missing": {"A consumer sale names the seller's e-mail address; set it in the panel, under the look of the payment page.",
		"Tüketici satışında satıcının e-posta adresi yazılır; panelde ödeme sayfası görünümünden girin."},
	"seller_address_missing": {"A consumer sale names the seller's address (address of /v1/merchant).",
		"Tüketici satışında satıcının adresi yazılır; satıcı bilgilerine adresi girin."},
	"seller_tax_number_missing": {"A consumer sale names the seller's tax or MERSIS number (tax_number or mersis of /v1/merchant).",
		"Tüketici satışında satıcının vergi veya MERSİS numarası yazılır; satıcı bilgilerine birini girin."},
	"seller_delivery_missing": {"A consumer sale says how it is delivered (delivery of /v1/merchant).",
		"Tüketici satışında teslimat koşulları yazılır; satıcı bilgilerine teslimatı girin."},
	"seller_exceptions_missing": {"A consumer sale says when there is no right of withdrawal (exceptions of /v1/merchant).",
		"Tüketici satışında cayma hakkının istisnaları yazılır; satıcı bilgilerine istisnaları girin."},
	"mersis_format":        {"A MERSIS number has 16 digits and begins with 0.", "MERSİS numarası 16 rakamdır ve 0 ile başlar."},
	"placeholder_repeated": {"A text has a name at most {max} times; {name} stands there more often.", "Bir ad metinde en çok {max} kez yer alabilir; {name} daha çok geçiyor."},
	"placeholder_missing":  {"The law asks for what these names stand for, and the text lacks them: {missing}.", "Yasanın istediği şu adlar metinde yok: {missing}."},
	"installment_count":    {"A count is between 1 and 12.", "Taksit sayısı 1 ile 12 arasındadır."},
	"ends_before_start":    {"The end must be after the start[, {start}].", "Bitiş, başlangıçtan[ ({start})] sonra olmalıdır."},
	"starts_after_end":     {"The start must be before the link's end[, {end}].", "Başlangıç, linkin bitişinden[ ({end})] önce olmalıdır."},
	"starts_too_early": {"The start lies too far in the past[, more than {days} days]. Leave the field out for a link that is active at once.",
		"Başlangıç çok geçmişte[, {days} günden fazla]. Link hemen aktif olacaksa bu alanı göndermeyin."},
	"url_not_allowed":   {"Give an https address without a user name, of one of the merchant's origins.", "Üye iş yerinin izinli alan adlarından birinde, kullanıcı adı içermeyen bir https adresi verin."},
	"category_unknown":  {"This category is not known[; those that are: {known}].", "Bu kategori bilinmiyor[; bilinenler: {known}]."},
	"programme_unknown": {"No card has this instalment programme[; known are: {known}].", "Bu taksit programında kart yok[; bilinenler: {known}]."},
	"issuer_unknown":    {"No card has an issuer with this code[; known are: {known}].", "Bu kodda bir bankanın kartı yok[; bilinenler: {known}]."},
	"category_format":   {"A category has 1 to 40 small letters, digits and underscores, and begins with a letter.", "Kategori 1–40 küçük harf, rakam ve alt çizgiden oluşur, harfle başlar."},
	"email_format":      {"This is no e-mail address.", "Bu bir e-posta adresi değil."},
	"phone_format":      {"This is no phone number; write it like 0532 123 45 67 or 0212 555 11 22, or with + and the country.", "Bu bir telefon numarası değil; 0532 123 45 67 veya 0212 555 11 22 gibi ya da + ve ülke koduyla yazın."},
	"bin_format":        {"Give the first six to eight digits of the card, never more.", "Kartın ilk altı ila sekiz rakamını verin, asla daha fazlasını değil."},
	"reference_format": {"A reference is the ten letters and digits that the payer's page shows; capital and small letters differ.",
		"Referans, ödeyenin sayfasında görünen on harf ve rakamdır; büyük ve küçük harf farklıdır."},
	"webhook_target_refused": {"Give an https address on the public Internet, with port 443 or one from 1024 on, and without a user name.",
		"Genel internette, portu 443 veya 1024 ve üzeri olan, kullanıcı adı içermeyen bir https adresi verin."},
	"refund_over_total": {"Not more than the rest of the total can be given back.", "Toplamın kalanından fazlası iade edilemez."},
	"sms_needs_turkish_mobile": {"This is no mobile number registered in Türkiye, and text messages go to no other. Copy the link and send it yourself.",
		"Bu, Türkiye'de kayıtlı bir cep telefonu değil; SMS yalnızca onlara gider. Linki kopyalayıp kendiniz gönderin."},
	"placeholder_unknown": {"Braces stand around one of these names only: {known}.", "Süslü parantez içinde yalnızca şu adlar kullanılabilir: {known}."},
	"address_in_text": {"The text names an address. Messages lead to the link's own address only; take it out.",
		"Metinde bir adres var. Mesajlar yalnızca linkin kendi adresine götürür; adresi çıkarın."},
	"link_once":          {"A text message holds the link's placeholder exactly once.", "SMS metninde link yer tutucusu tam bir kez bulunmalıdır."},
	"link_has_its_place": {"In a mail the address stands under its button; take the link's placeholder out of the words.", "E-postada adres düğmenin altında durur; link yer tutucusunu metinden çıkarın."},
	"sms_too_long":       {"With usual values in it the text takes more than {parts} SMS.", "Metin, olağan değerlerle {parts} SMS'ten uzun."},
	"channel_not_configured": {"No delivery by {channel} is set up here. Copy the link, or show its QR code.",
		"Burada {channel} ile gönderim kurulu değil. Linki kopyalayın veya QR kodunu gösterin."},
	"currency_not_taken": {"No virtual POS that is switched on takes {currency}: whoever gets the link could not pay it. Switch one on before it is sent.",
		"{currency} alan açık bir sanal POS yok: linki alan ödeyemez. Göndermeden önce bir sanal POS açın."},

	"no_good_row":            {"There is no row that a link can be made of.", "Link oluşturulabilecek satır yok."},
	"group_total_needed":     {"Some rows have no amount; give the total that they share.", "Bazı satırların tutarı yok; paylaşılacak toplamı verin."},
	"group_total_differs":    {"The total does not fit the amounts of the rows.", "Toplam, satırların tutarlarıyla uyuşmuyor."},
	"group_currency_differs": {"All shares of a group are in one currency.", "Bir grubun bütün payları aynı para birimindedir."},
	"only_of_group":          {"Only a group has a total.", "Toplam yalnızca grupta olur."},

	"column_missing":  {"No column of the file is this one[; the file heads: {known}].", "Dosyada bu sütun bulunamadı[; dosyadaki başlıklar: {known}]."},
	"day_format":      {"Write the day like 2026-11-22.", "Günü 2026-11-22 gibi yazın."},
	"day_of_many":     {"The file has rows of several days; say which one is meant.", "Dosyada birden çok günün satırı var; hangi günün istendiğini belirtin."},
	"date_format":     {"This is no day.", "Bu bir gün değil."},
	"day_in_future":   {"This day has not come yet.", "Bu gün henüz gelmedi."},
	"before_payment":  {"The bank's letter cannot be older than the payment.", "Bankanın bildirimi ödemeden eski olamaz."},
	"before_received": {"The last day for an answer is not before the day of the bank's letter.", "Son yanıt günü, bankanın bildirim gününden önce olamaz."},
	"reason_code_format": {"A reason code has at most 20 letters, digits, points, dashes and slashes, like 10.4 or 4837.",
		"Neden kodu en çok 20 harf, rakam, nokta, tire ve eğik çizgiden oluşur; 10.4 veya 4837 gibi."},
	"kind_unknown":      {"It is not clear whether this is a sale, a void or a refund.", "Bunun satış mı, iptal mi, iade mi olduğu anlaşılmıyor."},
	"sale_below_zero":   {"The row says sale, and its amount is negative: it is not clear which of the two is meant.", "Satır satış diyor, tutarı ise eksi: hangisinin doğru olduğu anlaşılmıyor."},
	"status_unknown":    {"It is not clear what became of this row.", "Bu satırın sonucunun ne olduğu anlaşılmıyor."},
	"row_too_wide":      {"The row has more than 200 cells.", "Satırda 200'den fazla hücre var."},
	"row_text_too_long": {"A cell of the row is too long.", "Satırın bir hücresi çok uzun."},
	"row_quote_open":    {"A quote in the row is not closed.", "Satırdaki tırnak işareti kapatılmamış."},

	"customer_id_format": {"This is no customer id of this intermediary. One of odelink is OD and ten digits.", "Bu, bu aracı kuruma ait bir müşteri ID değil. odelink müşteri ID'si OD ve on rakamdır."},
	"customer_id_check":  {"The check digits of this customer id are wrong: a digit is mistyped.", "Müşteri ID'nin kontrol rakamları yanlış: bir rakam hatalı yazılmış."},
	"tax_number_format":  {"This is no VKN of ten digits and no TCKN of eleven, or its check digits are wrong.", "Geçerli bir vergi numarası (10 hane) veya T.C. kimlik numarası (11 hane) yazın."},

	"unknown_value":          {"The value is none that is known[; those that are: {known}].", "Değer bilinenlerden biri değil[; bilinenler: {known}]."},
	"currency_not_supported": {"The bank's interface takes no payments in this currency[ ({currency})].", "Bankanın arayüzü bu para biriminde[ ({currency})] ödeme almıyor."},
	"amount_not_positive":    {"The amount must be larger than zero.", "Tutar sıfırdan büyük olmalıdır."},
	"url":                    {"Give a whole address like https://bank.example/path/, without user name, query and fragment.", "https://banka.example/yol/ gibi tam bir adres verin; kullanıcı adı, sorgu ve parça içermesin."},
	"https_required":         {"The address must begin with https://.", "Adres https:// ile başlamalıdır."},
	"loopback_refused": {"The address is this machine, where only a simulated bank can be. demo takes it, and serve with ODELINK_ALLOW_SIMULATED_BANK=yes.",
		"Adres bu makine; burada yalnızca banka simülatörü olabilir. demo bunu kabul eder, serve ise ODELINK_ALLOW_SIMULATED_BANK=yes ile."},
	"credentials_refused": {"The bank refuses these credentials. Compare them with its letter.[ Its code: {bank_code}.][ Its words: {bank_text}.]",
		"Banka bu bilgileri kabul etmiyor. Bankanın gönderdikleriyle karşılaştırın.[ Kodu: {bank_code}.][ Açıklaması: {bank_text}.]"},
	"merchant_unknown": {"The bank does not know this merchant number.[ Its code: {bank_code}.][ Its words: {bank_text}.]",
		"Banka bu üye iş yeri numarasını tanımıyor.[ Kodu: {bank_code}.][ Açıklaması: {bank_text}.]"},
	"user_refused": {"The bank does not know this API user, or has locked it.[ Its code: {bank_code}.][ Its words: {bank_text}.]",
		"Banka bu API kullanıcısını tanımıyor veya kilitlemiş.[ Kodu: {bank_code}.][ Açıklaması: {bank_text}.]"},
	"password_refused": {"The bank refuses the API user's password.[ Its code: {bank_code}.][ Its words: {bank_text}.]",
		"Banka API kullanıcısının parolasını kabul etmiyor.[ Kodu: {bank_code}.][ Açıklaması: {bank_text}.]"},
	"hash_refused": {"The bank finds another signature: this is not the 3-D key that it has.[ Its code: {bank_code}.][ Its words: {bank_text}.]",
		"Banka farklı bir imza buluyor: bu, bankadaki 3D anahtarı değil.[ Kodu: {bank_code}.][ Açıklaması: {bank_text}.]"},
	"address_not_registered": {"The bank does not answer this server. Have its outgoing IP address registered there.[ Its code: {bank_code}.][ Its words: {bank_text}.]",
		"Banka bu sunucuya yanıt vermiyor. Sunucunun çıkış IP adresini bankaya tanımlatın.[ Kodu: {bank_code}.][ Açıklaması: {bank_text}.]"},
	"mode_not_allowed": {"The bank has not set the account up for this mode.[ Its code: {bank_code}.][ Its words: {bank_text}.]",
		"Banka bu hesabı bu mod için açmamış.[ Kodu: {bank_code}.][ Açıklaması: {bank_text}.]"},
	"operation_not_allowed": {"The bank does not let this API user do that. Ask it for sale, void, refund and inquiry.[ Its code: {bank_code}.][ Its words: {bank_text}.]",
		"Banka bu API kullanıcısına bu işlem için izin vermiyor. Satış, iptal, iade ve sorgu yetkisi isteyin.[ Kodu: {bank_code}.][ Açıklaması: {bank_text}.]"},

	"card_number length":       {"The card number is not the right length. Check the digits on the card.", "Kart numarasının uzunluğu doğru değil. Karttaki rakamları kontrol edin."},
	"luhn":                     {"The card number is not right.", "Kart numarası doğru değil."},
	"expiry_format":            {"Write the expiry as month and year, like 07/30.", "Son kullanma tarihini ay ve yıl olarak yazın, örneğin 07/30."},
	"expiry_past":              {"The card has expired.", "Kartın süresi dolmuş."},
	"expiry_far":               {"The expiry is too far away.", "Son kullanma tarihi çok ileride."},
	"cvc_length":               {"The security code has {n|3 or 4} digits.", "Güvenlik kodu {n|3 veya 4} rakam olmalı."},
	"consent_required":         {"The payer has not agreed to this text.", "Ödeyen bu metni onaylamadı."},
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

	"report_schedule_not_found": {"There is no such scheduled report.", "Böyle bir planlanmış rapor yok."},
	"report_schedules_too_many": {"There are 20 scheduled reports already; delete one that nobody reads.", "Zaten 20 planlanmış rapor var; okunmayan birini silin."},
	"email_not_configured":      {"E-mail is not set up here, so no report can be sent.", "Bu kurulumda e-posta ayarlı değil; rapor gönderilemez."},

	// As above.
	"logo_format":       {"It has to be a PNG, JPEG or WebP of at most 64 KB.", "PNG, JPEG ya da WebP olmalı ve 64 KB'ı aşmamalı."},
	"password_short":    {"The password needs at least 12 characters.", "Parola en az 12 karakter olmalı."},
	"password_common":   {"This password is easily guessed. Choose another one.", "Bu parola kolay tahmin edilir. Başka bir parola seçin."},
	"email_malformed":   {"Type a valid e-mail address.", "Geçerli bir e-posta adresi yazın."},
	"name_like_another": {"This name looks like another company's.", "Bu ad başka bir firmanın adına çok benziyor."},
	"phone_malformed":   {"Write a valid phone number.", "Geçerli bir telefon numarası yazın."},
	"too_long":          {"This text is too long.", "Bu metin çok uzun."},
	"color_malformed":   {"Write the colour like #1d4ed8.", "Rengi #1d4ed8 gibi yazın."},
}

// phrases are arguments that differ by language: what a value of the wrong type should have been.
var phrases = map[string]sentence{
	"type text":   {"Write text in quotes.", "Tırnak içinde metin yazın."},
	"type number": {"Write a whole number, without quotes, point or exponent.", "Tırnaksız, noktasız ve üssüz bir tam sayı yazın."},
	"type switch": {"Write true or false, without quotes.", "Tırnaksız olarak true veya false yazın."},
	"type time":   {"Write a time in quotes, like 2026-11-22T09:00:00Z.", "Tırnak içinde bir zaman yazın, örneğin 2026-11-22T09:00:00Z."},
	"type object": {"Write an object of named fields.", "Adlandırılmış alanlardan oluşan bir nesne yazın."},
	"type notes":  {"Write an object whose values are texts in quotes.", "Değerleri tırnak içinde metin olan bir nesne yazın."},
	"type numbers": {"Write a list of whole numbers, without quotes, point or exponent.",
		"Tırnaksız, noktasız ve üssüz tam sayılardan oluşan bir liste yazın."},
	"type objects": {"Write a list of objects, with the fields that the document names and no others.",
		"Belgedeki alanlardan oluşan bir nesne listesi yazın; başka alan eklemeyin."},
	"type texts": {"Write a list of texts in quotes.", "Tırnak içinde metinlerden oluşan bir liste yazın."},
}
