package api

// refWords are the words around the contract on its page; what the contract itself says stays in its English.
var refWords = map[string]sentence{
	"title":      {"API reference", "API başvurusu"},
	"lead":       {"Payment links, payments and everything around them, for the programs of merchants.", "Ödeme linkleri, ödemeler ve çevresindeki her şey; üye iş yerlerinin programları için."},
	"english":    {"", "Bu sayfanın çerçevesi Türkçedir; alanların ve adreslerin açıklamaları sözleşmedeki gibi İngilizcedir."},
	"skip":       {"Skip to the content", "İçeriğe geç"},
	"contents":   {"Contents", "İçindekiler"},
	"intro":      {"Introduction", "Giriş"},
	"contract":   {"The contract as a file (OpenAPI 3.1)", "Sözleşme dosyası (OpenAPI 3.1)"},
	"codes":      {"Error codes", "Hata kodları"},
	"operations": {"Operations", "İşlemler"},
	"objects":    {"Objects", "Nesneler"},
	"webhooks":   {"Webhooks and their signature", "Webhook'lar ve imzaları"},
	"events":     {"Events", "Olaylar"},
	"params":     {"Parameters", "Parametreler"},
	"body":       {"Body", "Gövde"},
	"answers":    {"Answers", "Yanıtlar"},
	"request":    {"Example of a request", "Örnek istek"},
	"answer":     {"Example of an answer", "Örnek yanıt"},
	"more":       {"Another body", "Başka bir gövde"},
	"required":   {"required", "zorunlu"},
	"optional":   {"optional", "isteğe bağlı"},
	"always":     {"always there", "her zaman var"},
	"headers":    {"Headers", "Başlıklar"},
	"path":       {"in the path", "adreste"},
	"query":      {"in the query", "sorguda"},
	"header":     {"header", "başlık"},
	"or":         {"or", "ya da"},
	"none":       {"No body.", "Gövde yok."},
	"top":        {"Back to the top", "Başa dön"},
}

// refIntro are the chapters in front of the operations.
var refIntro = []struct {
	id          string
	title, text sentence
}{
	{"authentication", sentence{"Authentication", "Kimlik doğrulama"}, sentence{
		"Every call carries a key of the merchant: `Authorization: Bearer sk_…`. Keep it on your server; whoever has it can take payments back. " +
			"A key in an address is refused with 400 `api_key_in_address`, since addresses end up in logs. What belongs to somebody else is not found, in the same words as what does not exist.",
		"Her çağrı, üye iş yerinin anahtarını taşır: `Authorization: Bearer sk_…`. Anahtarı sunucunuzda tutun; ona sahip olan ödemeleri geri alabilir. " +
			"Adreste duran anahtar 400 `api_key_in_address` ile reddedilir, çünkü adresler günlüklere yazılır. Başkasına ait olan, hiç var olmayanla aynı sözlerle bulunamaz.",
	}},
	{"idempotency", sentence{"Idempotency", "Yinelenen istekler"}, sentence{
		"Send an `Idempotency-Key` with every POST, a UUID for instance. When an answer is lost, send the same bytes with the same key again: you get the answer of the first time, with `Idempotent-Replayed: true`, and nothing happens twice. " +
			"The same key with another body is 422 `idempotency_key_reused`, while the first request still runs 409 `idempotency_key_known`. A refused request keeps nothing and may be corrected under its key.",
		"Her POST ile bir `Idempotency-Key` gönderin, örneğin bir UUID. Yanıt kaybolursa aynı baytları aynı anahtarla yeniden gönderin: ilk yanıtı `Idempotent-Replayed: true` ile alırsınız ve hiçbir şey iki kez olmaz. " +
			"Aynı anahtar başka bir gövdeyle 422 `idempotency_key_reused`, ilk istek hâlâ sürerken 409 `idempotency_key_known` yanıtını alır. Reddedilen istek iz bırakmaz; aynı anahtarla düzeltilebilir.",
	}},
	{"errors", sentence{"Errors", "Hatalar"}, sentence{
		"Errors are problem details (RFC 9457, `application/problem+json`). Go by `code`, which never changes its meaning; `title`, `detail` and `message` are for people, in Turkish or English as `Accept-Language` asks. " +
			"`errors` names every field that has a mistake. Quote `instance` when you ask for help.\n\n" +
			"Unknown fields and parameters, and repeated ones, are refused by name, so that no mistake is silently ignored. Bodies have at most 64 KiB.\n\n" +
			"After 429, 503 and a broken connection try again, after `Retry-After` seconds where it says so, and a POST under the same key.",
		"Hatalar problem details biçimindedir (RFC 9457, `application/problem+json`). Anlamı hiç değişmeyen `code` alanına bakın; `title`, `detail` ve `message` insanlar içindir ve `Accept-Language` başlığına göre Türkçe ya da İngilizcedir. " +
			"`errors`, hatalı her alanı adıyla söyler. Yardım isterken `instance` değerini bildirin.\n\n" +
			"Bilinmeyen ve yinelenen alanlar ile parametreler adlarıyla reddedilir; hiçbir hata sessizce yutulmaz. Gövde en çok 64 KiB olur.\n\n" +
			"429 ve 503 yanıtlarından ve kopan bağlantıdan sonra, varsa `Retry-After` saniyesi kadar bekleyip yeniden deneyin; POST için aynı anahtarla.",
	}},
	{"pagination", sentence{"Lists", "Listeler"}, sentence{
		"Lists are pages, newest first: `{\"data\":[…],\"next_cursor\":null}`. Give `next_cursor` as `cursor` to get the following page, with the other filters as they were; it is null on the last one. `limit` is up to 100. " +
			"What is made meanwhile does not move the pages that follow. The list of events is oldest first behind `after`, and goes on there.",
		"Listeler sayfa sayfadır, en yenisi başta: `{\"data\":[…],\"next_cursor\":null}`. Sonraki sayfa için `next_cursor` değerini, öbür süzgeçleri değiştirmeden, `cursor` olarak verin; son sayfada null olur. `limit` en çok 100'dür. " +
			"Bu arada oluşanlar sonraki sayfaları kaydırmaz. Olay listesi `after` verildiğinde o olaydan sonrakileri en eskiden başlayarak verir ve `after` ile sürer.",
	}},
	{"times", sentence{"Times", "Zamanlar"}, sentence{
		"Times are RFC 3339. Answers have them in UTC with milliseconds: `2026-11-22T09:00:00.000Z`. Days of reports and reconciliations are those of Europe/Istanbul.",
		"Zamanlar RFC 3339 biçimindedir. Yanıtlarda UTC ve milisaniyelidir: `2026-11-22T09:00:00.000Z`. Raporların ve mutabakatların günleri Europe/Istanbul günleridir.",
	}},
	{"amounts", sentence{"Amounts", "Tutarlar"}, sentence{
		"Amounts are whole numbers of the currency's smallest unit, beside their `currency`: 25000 with TRY is 250.00 lira. JPY has no smaller unit: 1200 is 1,200 yen. There are no decimal points anywhere in amounts.",
		"Tutarlar, para biriminin en küçük birimiyle tam sayıdır ve yanlarında `currency` durur: TRY ile 25000, 250,00 liradır. JPY'nin alt birimi yoktur: 1200, 1.200 yendir. Tutarlarda hiçbir yerde ondalık nokta yoktur.",
	}},
	{"rate-limits", sentence{"Rate limits", "Hız sınırları"}, sentence{
		"A key may make 1,000 calls in ten seconds, and an address without a good key 30 in a minute. Beyond that the answer is 429 `too_many_tries` with `Retry-After`.",
		"Bir anahtar on saniyede 1.000, geçerli anahtarı olmayan bir adres dakikada 30 çağrı yapabilir. Fazlası `Retry-After` ile 429 `too_many_tries` yanıtını alır.",
	}},
}

// refHooks is the chapter about webhooks.
var refHooks = []sentence{
	{
		"What happens is told to your endpoints as it happens, by the Standard Webhooks specification (standardwebhooks.com), at least once: the same event may come twice, with the same id. `data` is the object as the API shows it; `sequence` grows with each step of one object.",
		"Olan biten, Standard Webhooks belirtimine (standardwebhooks.com) göre, olduğu anda uç noktalarınıza bildirilir; en az bir kez: aynı olay, aynı kimlikle iki kez gelebilir. `data`, nesnenin API'deki hâlidir; `sequence` bir nesnenin her adımında büyür.",
	},
	{
		"Take the body's bytes as they came. The signature is the HMAC-SHA256 over `webhook-id`, a dot, `webhook-timestamp`, a dot and the body, keyed with the base64 text behind `whsec_`, decoded; it stands in base64 behind `v1,` in `webhook-signature`. There are two, with a space between them, while the secret rotates: one that is right is enough. Compare in constant time.",
		"Gövdenin baytlarını geldiği gibi alın. İmza; `webhook-id`, nokta, `webhook-timestamp`, nokta ve gövde üzerinden HMAC-SHA256'dır. Anahtarı, `whsec_` ardındaki base64 metnin çözülmüş hâlidir. İmza `webhook-signature` başlığında `v1,` ardında base64 olarak durur. Sır yenilenirken aralarında boşlukla iki imza vardır: birinin doğru olması yeter. Karşılaştırmayı sabit sürede yapın.",
	},
	{
		"Refuse a timestamp more than five minutes away. Answer 2xx within 15 seconds and do the work afterwards; anything else, a redirect included, counts as not delivered and is repeated for three days. 410 disables the endpoint.",
		"Beş dakikadan uzak bir zaman damgasını reddedin. 15 saniye içinde 2xx yanıtlayın, işi sonra yapın; yönlendirme dâhil başka her yanıt ulaşmamış sayılır ve üç gün boyunca yinelenir. 410 uç noktayı kapatır.",
	},
}

// refHookExample is a webhook as it is sent.
const refHookExample = `POST /hooks
webhook-id: evt_3kLm7nPq1Rs5TuV9wXy2Za
webhook-timestamp: 1795338881
webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=

{"id":"evt_3kLm7nPq1Rs5TuV9wXy2Za","type":"payment.paid","created_at":"2026-11-22T09:14:41.800Z","sequence":3,"data":{…}}`
