package api_test

import (
	"context"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/caps"
)

// A mistake is told in a sentence that fits it, in the caller's language, and nothing is stored.
func TestEveryMistakeIsToldInASentenceThatFits(t *testing.T) {
	h := open(t)
	known := strings.Join(caps.New().Categories(), ", ")
	for name, c := range map[string]struct{ body, code, en, tr string }{
		"an order number as a number": {
			`{"amount":1,"currency":"TRY","order_id":2041}`, "order_id: wrong_type",
			"The value has the wrong type. Write text in quotes.", "Değerin türü yanlış. Tırnak içinde metin yazın.",
		},
		"a customer as text": {
			`{"amount":1,"currency":"TRY","customer":"Ayşe Yılmaz"}`, "customer: wrong_type",
			"The value has the wrong type. Write an object of named fields.", "Değerin türü yanlış. Adlandırılmış alanlardan oluşan bir nesne yazın.",
		},
		"an amount as text": {
			`{"amount":"250","currency":"TRY"}`, "amount: wrong_type",
			"The value has the wrong type. Write a whole number, without quotes, point or exponent.", "Değerin türü yanlış. Tırnaksız, noktasız ve üssüz bir tam sayı yazın.",
		},
		"a switch as text": {
			`{"amount":1,"currency":"TRY","payer_note":"yes"}`, "payer_note: wrong_type",
			"The value has the wrong type. Write true or false, without quotes.", "Değerin türü yanlış. Tırnaksız olarak true veya false yazın.",
		},
		"a time as a number": {
			`{"amount":1,"currency":"TRY","expires_at":1795000000}`, "expires_at: wrong_type",
			"The value has the wrong type. Write a time in quotes, like 2026-11-22T09:00:00Z.", "Değerin türü yanlış. Tırnak içinde bir zaman yazın, örneğin 2026-11-22T09:00:00Z.",
		},
		"counts as texts": {
			`{"amount":1,"currency":"TRY","installments":["3"]}`, "installments: wrong_type",
			"The value has the wrong type. Write a list of whole numbers, without quotes, point or exponent.", "Değerin türü yanlış. Tırnaksız, noktasız ve üssüz tam sayılardan oluşan bir liste yazın.",
		},
		"a channel alone": {
			`{"amount":1,"currency":"TRY","deliver":"sms"}`, "deliver: wrong_type",
			"The value has the wrong type. Write a list of texts in quotes.", "Değerin türü yanlış. Tırnak içinde metinlerden oluşan bir liste yazın.",
		},
		"a note that is no text": {
			`{"amount":1,"currency":"TRY","metadata":{"a":1}}`, "metadata: wrong_type",
			"The value has the wrong type. Write an object whose values are texts in quotes.", "Değerin türü yanlış. Değerleri tırnak içinde metin olan bir nesne yazın.",
		},
		"a largest amount below the smallest": {
			`{"amount_mode":"open","min_amount":500,"max_amount":499,"currency":"TRY"}`, "max_amount: max_below_min",
			"The largest amount is smaller than the smallest, 500.", "En büyük tutar en küçük tutardan (500) küçük.",
		},
		"a category that nobody knows": {
			`{"amount":1,"currency":"TRY","category":"elektronik"}`, "category: category_unknown",
			"This category is not known; those that are: " + known + ".", "Bu kategori bilinmiyor; bilinenler: " + known + ".",
		},
		"a start in another year": {
			`{"amount":1,"currency":"TRY","active_from":"2025-11-22T09:00:00Z"}`, "active_from: starts_too_early",
			"The start lies too far in the past, more than 31 days. Leave the field out for a link that is active at once.",
			"Başlangıç çok geçmişte, 31 günden fazla. Link hemen aktif olacaksa bu alanı göndermeyin.",
		},
		"a start behind the end": {
			`{"amount":1,"currency":"TRY","active_from":"2026-12-02T00:00:00Z","expires_at":"2026-12-01T00:00:00Z"}`, "expires_at: ends_before_start",
			"The end must be after the start, 2026-12-02T00:00:00Z.", "Bitiş, başlangıçtan (2026-12-02T00:00:00Z) sonra olmalıdır.",
		},
		"an end that is over": {
			`{"amount":1,"currency":"TRY","expires_at":"2026-11-22T08:00:00Z"}`, "expires_at: ends_before_start",
			"The end must be after the start, 2026-11-22T09:00:00Z.", "Bitiş, başlangıçtan (2026-11-22T09:00:00Z) sonra olmalıdır.",
		},
		"more than a card message holds": {
			`{"amount":1000000000000,"currency":"TRY"}`, "amount: amount_range",
			"The amount is too small or too large: it has to be from 1 to 999999999999, in the currency's smallest unit.",
			"Tutar çok küçük veya çok büyük; para biriminin en küçük birimiyle 1 ile 999999999999 arasında olmalıdır.",
		},
		"nothing": {
			`{"amount":0,"currency":"TRY"}`, "amount: amount_range",
			"The amount is too small or too large: it has to be from 1 to 999999999999, in the currency's smallest unit.",
			"Tutar çok küçük veya çok büyük; para biriminin en küçük birimiyle 1 ile 999999999999 arasında olmalıdır.",
		},
		"a description of spaces": {
			`{"amount":1,"currency":"TRY","description":" \u00a0\n "}`, "description: blank",
			"The text is blank; leave the field out instead.", "Metin boş; bunun yerine alanı hiç göndermeyin.",
		},
		"a description of what nobody sees": {
			`{"amount":1,"currency":"TRY","description":"\u00ad \u200d"}`, "description: blank",
			"The text is blank; leave the field out instead.", "Metin boş; bunun yerine alanı hiç göndermeyin.",
		},
		"a control character": {
			`{"amount":1,"currency":"TRY","description":"Masa\u0007"}`, "description: control",
			"The text has control, direction or invisible characters.", "Metinde kontrol, yön veya görünmez karakterler var.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for lang, want := range map[string]string{"en": c.en, "tr": c.tr} {
				a := h.ask("POST", "/v1/links", c.body, header("Accept-Language", lang))
				h.mistakes(a, c.code)
				if p := a.problem(t); len(p.Errors) == 1 && p.Errors[0].Message != want {
					t.Errorf("%s: %q, want %q", lang, p.Errors[0].Message, want)
				}
			}
		})
	}
	// What is wrong by itself is told together.
	h.mistakes(h.ask("POST", "/v1/links", `{"amount":1000000000000,"currency":"TRY","order_id":5,"customer":"x"}`), "customer: wrong_type, order_id: wrong_type, amount: amount_range")
	stored, _, err := h.ledger.SearchLinks(context.Background(), checkout.LinkQuery{Merchant: shop})
	if err != nil || len(stored) != 0 {
		t.Errorf("%d links were stored, %v", len(stored), err)
	}
}

// What a link has already is not held against the clock again, and a new start is told beside the old end.
func TestTimesAreHeldWhereTheyChange(t *testing.T) {
	h := open(t)
	l := h.make(`{"amount":1,"currency":"TRY","active_from":"2026-10-23T09:00:00Z","expires_at":"2027-03-01T00:00:00Z"}`)
	h.clock.Advance(60 * 24 * 3600e9)
	h.ask("PATCH", "/v1/links/"+l.ID, `{"active_from":"2026-10-23T09:00:00Z","description":"Masa"}`)
	if got := h.get(l.ID); got.Description != "Masa" {
		t.Errorf("an old link cannot be edited: %+v", got)
	}
	h.mistakes(h.ask("PATCH", "/v1/links/"+l.ID, `{"active_from":"2026-10-23T08:59:59Z"}`), "active_from: starts_too_early")
	a := h.ask("PATCH", "/v1/links/"+l.ID, `{"active_from":"2027-03-01T00:00:00Z"}`)
	h.mistakes(a, "active_from: starts_after_end")
	if m := a.problem(t).Errors[0].Message; m != "The start must be before the link's end, 2027-03-01T00:00:00Z." {
		t.Errorf("%q", m)
	}
	h.mistakes(h.ask("PATCH", "/v1/links/"+l.ID, `{"active_from":"2027-03-03T00:00:00Z","expires_at":"2027-03-02T00:00:00Z"}`), "expires_at: ends_before_start")
}
