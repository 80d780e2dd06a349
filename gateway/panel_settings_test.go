//go:build !race

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"html"
	"image"
	"image/png"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/offline"
	"github.com/odelink/odelink/threeds/banksim"
)

// shows says whether a page says all of these.
func (w *worker) shows(page string, wants ...string) {
	w.r.t.Helper()
	text := plainText(page)
	for _, want := range wants {
		if !strings.Contains(text, want) {
			w.r.t.Fatalf("the page does not say %q:\n%s", want, text)
		}
	}
}

// trailed is the types of the newest events of the demo merchant's chain, newest first.
func (r *rig) trailed(n int) (types []string) {
	r.t.Helper()
	found, _, err := r.app.ledger.Trail(context.Background(), checkout.TrailQuery{Merchant: demoMerchant, Limit: n})
	r.must("read the trail", err, nil)
	for _, e := range found {
		r.must("who did it", e.Actor, "user:"+string(demoUser))
		types = append(types, e.Type)
	}
	return types
}

var (
	invitationShown = regexp.MustCompile(`id="invitation">http://[^/]+(/panel/invitation/[^<]+)<`)
	versionShown    = regexp.MustCompile(`name="version" value="(\d+)"`)
)

const usersPath = "/panel/settings/users"

func TestPanelSettingsUsers(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	ctx, w := context.Background(), r.signedIn()
	w.shows(w.open(usersPath, http.StatusOK), "Deniz Demir", "Firma yöneticisi")
	w.shows(w.post(usersPath, http.StatusUnprocessableEntity, "email", "x", "role", "boss"), "Geçerli bir e-posta adresi yazın", "Listeden bir değer seçin")
	w.shows(w.post(usersPath, http.StatusUnprocessableEntity, "email", demoEmail, "role", "viewer"), "zaten bu firmada")
	page := w.post(usersPath, http.StatusOK, "email", "Ayse@shop.example", "name", "Ayşe Işık", "role", "finance", "own", "on")
	w.shows(page, "ayse@shop.example davet edildi", "E-posta ile de gönderildi", "Davet bekliyor", "Yalnızca kendi linkleri")
	first := invitationShown.FindStringSubmatch(page)[1]
	sent := r.app.mailbox.kept[len(r.app.mailbox.kept)-1]
	r.must("the mail", []any{sent.To, sent.Letter.URL}, []any{"ayse@shop.example", r.base + first})
	u, err := r.app.ledger.UserByEmail(ctx, "ayse@shop.example")
	r.must("find the user", err, nil)
	one := usersPath + "/" + string(u.ID)
	w.open(one, http.StatusOK)
	again := invitationShown.FindStringSubmatch(w.post(one+"/invite", http.StatusOK))[1]
	r.atDoor().open(first, http.StatusGone)

	const password = "mavi bisiklet dört teker"
	hers := r.atDoor()
	hers.open(again, http.StatusOK)
	hers.post(again, http.StatusSeeOther, "name", "Ayşe Işık", "password", password)
	hers = r.signedInAs("ayse@shop.example", password)
	hers.open("/panel", http.StatusOK)

	t.Run("A49 another role counts at once and ends visits", func(t *testing.T) {
		w.post(one, http.StatusUnprocessableEntity, "role", "boss")
		w.post(one, http.StatusSeeOther, "role", "viewer")
		hers.open("/panel", http.StatusSeeOther)
		w.open("/panel", http.StatusOK)
	})
	t.Run("a lost phone is forgotten, by no one himself", func(t *testing.T) {
		u, err := r.app.ledger.UserByID(ctx, u.ID)
		r.must("read the user", err, nil)
		u.Second, u.Spare, u.Version = checkout.Hidden("01234567890123456789"), [][]byte{[]byte("x")}, u.Version+1
		r.must("give a phone", r.app.ledger.SaveUser(ctx, u), nil)
		w.shows(w.open(usersPath, http.StatusOK), "İki adımlı giriş")
		w.post(one+"/phone", http.StatusSeeOther)
		u, err = r.app.ledger.UserByID(ctx, u.ID)
		r.must("read the user", err, nil)
		r.must("her phone", len(u.Second), 0)
		for _, step := range []string{"/phone", "/invite"} {
			w.shows(w.post(usersPath+"/"+string(demoUser)+step, http.StatusUnprocessableEntity), "buradan değiştirilemez")
		}
	})
	t.Run("the last owner stays", func(t *testing.T) {
		me := usersPath + "/" + string(demoUser)
		w.shows(w.post(me, http.StatusUnprocessableEntity, "role", "viewer"), "en az bir yöneticisi")
		w.shows(w.post(me+"/remove", http.StatusUnprocessableEntity), "en az bir yöneticisi")
	})
	t.Run("whoever works elsewhere is not let in or out by this owner", func(t *testing.T) {
		_, m := r.shop(shopSecrets{merchant: "990000000000001", user: "ODELINK_API", pass: "12345678"}, "Demo-Pass-1")
		_, err := r.app.flow.AddColleague(ctx, checkout.By{Actor: "operator"}, m, checkout.NewColleague{Email: "elsewhere@shop.example", Role: checkout.RoleOwner})
		r.must("add elsewhere", err, nil)
		w.shows(w.post(usersPath, http.StatusOK, "email", "elsewhere@shop.example", "role", "viewer"), "daveti kabul edince bu listede görünür")
		w.misses(w.open(usersPath, http.StatusOK), "elsewhere@shop.example")
		both := checkout.Member{Merchant: m, User: u.ID, Role: checkout.RoleOwner, CreatedAt: r.clock.Now()}
		r.must("hire her elsewhere too", r.app.ledger.SaveMember(ctx, both, operatorEvent(m, string(m), "member.saved", r.clock.Now())), nil)
		w.shows(w.post(one+"/invite", http.StatusUnprocessableEntity), "başka bir firmada da çalışıyor")
		w.shows(w.post(one+"/phone", http.StatusUnprocessableEntity), "başka bir firmada da çalışıyor")
		r.must("let her go there", r.app.ledger.RemoveMember(ctx, m, u.ID, operatorEvent(m, string(m), "member.removed", r.clock.Now())), nil)
	})
	t.Run("who was removed comes back with nothing of what he had", func(t *testing.T) {
		w.post(one+"/remove", http.StatusSeeOther)
		w.open(one, http.StatusNotFound)
		w.post(usersPath, http.StatusOK, "email", "ayse@shop.example", "role", "support")
		back, err := r.app.ledger.UserByEmail(ctx, "ayse@shop.example")
		r.must("find the user", err, nil)
		r.must("the same user", back.ID, u.ID)
		r.must("her former password", len(back.Password), 0)
		hers := r.atDoor()
		hers.open("/panel/signin", http.StatusOK)
		hers.post("/panel/signin", http.StatusUnprocessableEntity, "email", "ayse@shop.example", "password", password)
	})
	r.must("the trail", r.trailed(7), []string{"member.added", "member.removed", "member.invited", "member.phone_forgotten", "member.changed", "member.invited", "member.added"})
	r.trailWhole()
}

// acquirer is the form of the demo's account, as its page sends it.
func acquirer(change ...string) []string {
	form := []string{
		"kind", "payfor", "name", "QNB yedek", "mode", "3dmodel", "cred_merchant_id", "990000000000001", "cred_user_code", "ODELINK_API", "cred_user_pass", demoSecrets["user_pass"],
		"cred_merchant_pass", demoSecrets["merchant_pass"], "cred_mbr_id", "5", "cur_TRY", "on", "cur_USD", "on", "programmes", "CardFinans, Advantage", "issuers", "0111",
		"pricing", "markup", "rate_2", "2,5", "rate_3", "%3.60", "priority", "7", "enabled", "on", "min_monthly", "1.250,50",
		"commission", "1,79", "payout", "monthly", "payout_days", "40", "iban", "tr33 0006 1005 1978 6457 8413 26",
	}
	for i := 0; i+1 < len(change); i += 2 {
		found := false
		for j := 0; j < len(form); j += 2 {
			if form[j] == change[i] {
				form[j+1], found = change[i+1], true
			}
		}
		if !found {
			form = append(form, change[i], change[i+1])
		}
	}
	return form
}

func TestPanelSettingsAcquirers(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true, config: func(c *Config) { c.OutgoingIP = "203.0.113.7" }})
	ctx, w := context.Background(), r.signedIn()
	const list = "/panel/settings/acquirers"
	w.shows(w.open(list, http.StatusOK), "QNB (simülasyon)", "Henüz denenmedi", "203.0.113.7", "Banka bu adresten gelen istekleri görür", "3-D Secure")
	page := w.open(list+"/new", http.StatusOK)
	w.shows(page, "Üye iş yeri numarası", "3D anahtarı (store key)", "Kurum kodu (isteğe bağlı)")
	w.open(list+"/new?kind=nobody", http.StatusNotFound)
	w.open(list+"/new", http.StatusOK)
	bank := r.bankS.URL + "/payfor/Gateway/"
	t.Run("every mistake stands at its field, and nothing is saved", func(t *testing.T) {
		page := w.post(list+"/new", http.StatusUnprocessableEntity, acquirer("cred_user_pass", "", "rate_2", "a", "priority", "x", "min_monthly", "1,2,3", "commission", "yok", "payout_days", "bir")...)
		w.shows(page, "Yeni sanal POS")
		if n := strings.Count(page, `class="err"`); n != 5 {
			t.Errorf("%d mistakes: %s", n, plainText(page))
		}
		page = w.post(list+"/new", http.StatusUnprocessableEntity, acquirer("base_url", bank, "cred_user_pass", "", "cur_TRY", "", "cur_USD", "", "iban", "TR34 0006 1005 1978 6457 8413 26", "payout", "daily", "payout_days", "121")...)
		if n := strings.Count(page, `class="err"`); n != 5 {
			t.Errorf("%d mistakes: %s", n, plainText(page))
		}
		w.shows(w.post(list+"/new", http.StatusUnprocessableEntity, acquirer("base_url", bank, "cred_user_pass", "wrong")...), "Banka")
		all, err := r.app.flow.AccountsOf(ctx, demoMerchant)
		r.must("read accounts", err, nil)
		r.must("accounts", len(all), 1)
	})
	w.post(list+"/new", http.StatusSeeOther, acquirer("base_url", bank)...)
	all, err := r.app.flow.AccountsOf(ctx, demoMerchant)
	r.must("read accounts", err, nil)
	a := all[1]
	r.must("the account", []any{a.Name, a.Mode, a.Currencies, a.Programs, a.Issuers, a.Rates, a.Pricing, a.MinPerMonth, a.Priority, a.Enabled, a.HalfSecure},
		[]any{"QNB yedek", "3dmodel", []checkout.Currency{"TRY", "USD"}, []string{"CardFinans", "Advantage"}, []string{"0111"},
			[]checkout.RateRow{{Count: 2, Rate: 25_000}, {Count: 3, Rate: 36_000}}, checkout.PricingMarkup, int64(125_050), 7, true, false})
	r.must("what the bank pays", []any{a.Payout.Commission.String(), a.Payout.Spread, *a.Payout.Days, a.Payout.IBAN}, []any{"1.79", checkout.SpreadMonthly, 40, "TR330006100519786457841326"})
	one := list + "/" + string(a.ID)
	t.Run("what is not known of payouts is left empty", func(t *testing.T) {
		page := w.open(one, http.StatusOK)
		for _, want := range []string{`value="1,79"`, `value="40"`, `value="TR330006100519786457841326"`, `<option value="monthly" selected>`} {
			if !strings.Contains(page, want) {
				t.Errorf("the form does not hold %s", want)
			}
		}
		w.post(one, http.StatusSeeOther, acquirer("base_url", bank, "commission", "", "payout", "", "payout_days", "", "iban", "")...)
		a, err := r.app.flow.Account(ctx, demoMerchant, a.ID)
		r.must("read the account", err, nil)
		r.must("its terms", a.Payout, checkout.PayoutTerms{})
	})
	t.Run("secrets are shown to nobody and stay when they are left empty", func(t *testing.T) {
		page := w.open(one, http.StatusOK)
		for _, secret := range demoSecrets {
			if strings.Contains(page, secret) {
				t.Fatalf("the page holds %q", secret)
			}
		}
		w.post(one, http.StatusSeeOther, acquirer("base_url", bank, "cred_user_pass", "", "cred_merchant_pass", "", "name", "QNB asıl", "half_secure", "on")...)
		a, err := r.app.flow.Account(ctx, demoMerchant, a.ID)
		r.must("read the account", err, nil)
		r.must("its name and secret", a.Name+" "+a.Credentials["user_pass"], "QNB asıl "+demoSecrets["user_pass"])
		r.must("half secure", a.HalfSecure, true)
		moved := strings.Replace(bank, "Gateway", "Elsewhere", 1)
		w.shows(w.post(one, http.StatusUnprocessableEntity, acquirer("base_url", moved, "cred_user_pass", "", "cred_merchant_pass", "")...), "QNB asıl")
	})
	t.Run("an older form does not put back what somebody else has saved", func(t *testing.T) {
		page := w.open(one, http.StatusOK)
		_, rest, _ := strings.Cut(page, `name="version" value="`)
		version, _, _ := strings.Cut(rest, `"`)
		w.post(one, http.StatusSeeOther, acquirer("base_url", bank, "name", "QNB asıl", "rate_3", "5,00", "half_secure", "on", "version", version)...)
		late := acquirer("base_url", bank, "name", "QNB başka")
		page = w.post(one, http.StatusConflict, append(late, "version", version)...)
		r.has("what is stored", page, "siz yazarken başka biri kaydetti", "<dt>Tanım adı</dt><dd>QNB asıl</dd>", "<dt>3 taksit, %</dt><dd>5,00</dd>", "<dd>Evet</dd>", `value="QNB başka"`)
		r.must("fields that differ", strings.Count(page, "<dt>"), 3)
		a, err := r.app.flow.Account(ctx, demoMerchant, a.ID)
		r.must("read the account", err, nil)
		r.must("its name and rate", []any{a.Name, a.Rates[1].Rate}, []any{"QNB asıl", checkout.Rate(50_000)})
		_, rest, _ = strings.Cut(page, `name="version" value="`)
		version, _, _ = strings.Cut(rest, `"`)
		w.post(one, http.StatusSeeOther, append(late, "version", version)...)
		a, err = r.app.flow.Account(ctx, demoMerchant, a.ID)
		r.must("read the account again", err, nil)
		r.must("who has seen it may", []any{a.Name, a.Rates[1].Rate}, []any{"QNB başka", checkout.Rate(36_000)})
		w.post(one, http.StatusSeeOther, acquirer("base_url", bank, "name", "QNB asıl")...)
	})
	t.Run("a trial link is one lira to this account's name", func(t *testing.T) {
		w.shows(w.open(one, http.StatusOK), "Deneme linki")
		page := w.open("/panel/links/new?trial="+string(a.ID), http.StatusOK)
		w.shows(page, "QNB asıl için deneme linki")
		for _, want := range []string{`value="1,00"`, "Deneme: QNB asıl"} {
			if !strings.Contains(page, want) {
				t.Errorf("the form lacks %s", want)
			}
		}
		w.open("/panel/links/new?trial=acc_0000000000000000000000", http.StatusNotFound)
	})
	t.Run("another user's password is kept and goes with him", func(t *testing.T) {
		has := func() string {
			a, err := r.app.flow.Account(ctx, demoMerchant, a.ID)
			r.must("read the account", err, nil)
			return a.Credentials["refund_user_code"] + " " + a.Credentials["refund_user_pass"]
		}
		w.shows(w.open(one, http.StatusOK), "İptal/iade kullanıcı kodu (isteğe bağlı)", "Raporlama kullanıcı kodu (isteğe bağlı)")
		w.shows(w.post(one, http.StatusUnprocessableEntity, acquirer("base_url", bank, "cred_refund_user_code", "ODELINK_API")...), "İptal/iade kullanıcı parolası")
		w.post(one, http.StatusSeeOther, acquirer("base_url", bank, "cred_refund_user_code", "ODELINK_API", "cred_refund_user_pass", demoSecrets["user_pass"])...)
		r.must("kept", has(), "ODELINK_API "+demoSecrets["user_pass"])
		w.post(one, http.StatusSeeOther, acquirer("base_url", bank, "cred_refund_user_code", "ODELINK_API", "cred_refund_user_pass", "")...)
		r.must("left empty", has(), "ODELINK_API "+demoSecrets["user_pass"])
		w.post(one, http.StatusSeeOther, acquirer("base_url", bank, "cred_refund_user_code", "", "cred_refund_user_pass", "")...)
		r.must("without the user", has(), " ")
		w.shows(w.post(one, http.StatusUnprocessableEntity, acquirer("base_url", bank, "cred_refund_user_pass", "typed")...), "İptal/iade kullanıcı kodu")
	})
	t.Run("the bank is asked now, and its answer stays", func(t *testing.T) {
		w.open(one, http.StatusOK)
		w.post(one+"/test", http.StatusSeeOther)
		w.shows(w.open(one, http.StatusOK), "Banka bu bilgileri kabul ediyor")
		acc, err := r.app.flow.Account(ctx, demoMerchant, a.ID)
		r.must("read the account", err, nil)
		acc.Credentials["user_pass"], acc.Version = "gone", acc.Version+1
		r.must("spoil it", r.app.ledger.SaveAccount(ctx, acc, operatorEvent(demoMerchant, string(acc.ID), "account.saved", r.clock.Now())), nil)
		w.post(one+"/test", http.StatusSeeOther)
		w.shows(w.open(one, http.StatusOK), "Banka kabul etmedi", "parolasını kabul etmiyor")
		w.shows(w.open(list, http.StatusOK), "Banka kabul etmedi")
	})
	t.Run("one press closes it, another opens it, and deletion ends it", func(t *testing.T) {
		w.post(one+"/switch", http.StatusSeeOther)
		acc, err := r.app.flow.Account(ctx, demoMerchant, a.ID)
		r.must("read the account", err, nil)
		r.must("open", acc.Enabled, false)
		w.post(one+"/switch", http.StatusSeeOther, "enabled", "on")
		w.post(one+"/delete", http.StatusSeeOther)
		w.open(one, http.StatusNotFound)
	})
	r.trailWhole()
}

// branding is the form of the demo's branding with changes.
func branding(version string, change map[string]string) []string {
	form := map[string]string{
		"version": version, "name": "Ahşap Atölyesi", "legal_name": "Ahşap Atölyesi Mobilya Ltd. Şti.", "phone": "+90 212 555 01 23", "email": "destek@ahsap.example",
		"website": "https://ahsap.example", "accent": "#0b6b5e", "brand_visa": "on", "brand_mastercard": "on", "brand_troy": "on", "brand_amex": "on",
	}
	for name, value := range change {
		form[name] = value
	}
	var out []string
	for name, value := range form {
		out = append(out, name, value)
	}
	return out
}

func TestPanelSettingsBranding(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	ctx, w := context.Background(), r.signedIn()
	const path = "/panel/settings/branding"
	payer := func() string { return r.browser().get(r.link(nil)["url"].(string)).body }
	page := w.open(path, http.StatusOK)
	version := versionShown.FindStringSubmatch(page)[1]
	w.shows(page, "Beyaz üstünde karşıtlık 6,4:1")
	t.Run("A36 names that deceive and other mistakes are refused", func(t *testing.T) {
		r.shop(shopSecrets{merchant: "990000000000001", user: "ODELINK_API", pass: "12345678"}, "Demo-Pass-1") // Öteki Dükkân
		for field, bad := range map[string]string{
			"name": "Аhşap", "phone": "yok", "email": "x", "website": "http://ahsap.example", "accent": "red", "notice_url": "javascript:alert(1)",
		} {
			page := w.post(path, http.StatusUnprocessableEntity, branding(version, map[string]string{field: bad})...)
			if !strings.Contains(page, `class="err"`) {
				t.Errorf("%s=%q: %s", field, bad, plainText(page))
			}
		}
		w.shows(w.post(path, http.StatusUnprocessableEntity, branding(version, map[string]string{"name": "0teki Dükkân"})...), "başka bir firmanın adına çok benziyor")
		w.shows(w.post(path, http.StatusUnprocessableEntity, branding(version, map[string]string{"brand_visa": "", "brand_mastercard": "", "brand_troy": "", "brand_amex": ""})...), "Bu alan gerekli")
		m, err := r.app.ledger.Merchant(ctx, demoMerchant)
		r.must("read the merchant", err, nil)
		r.must("the name", m.Name, "Ahşap Atölyesi")
	})
	t.Run("a preview is the payer's page, and saves nothing", func(t *testing.T) {
		page := w.post(path+"/preview", http.StatusOK, branding(version, map[string]string{"name": "Meşe & Ceviz", "accent": "#7a1f5c"})...)
		w.shows(page, "Meşe & Ceviz", "1.234,56 TL", "Kapora")
		if !strings.Contains(page, "/t/7a1f5c-") || strings.Contains(payer(), "Meşe") {
			t.Error("the preview has no colour of its own, or payers see it")
		}
		w.open(path, http.StatusOK)
	})
	t.Run("what is saved is seen at once", func(t *testing.T) {
		before := payer()
		w.post(path, http.StatusSeeOther, branding(version, map[string]string{"name": "Meşe Atölyesi", "accent": "#7A1F5C", "brand_amex": "", "notice_url": "https://ahsap.example/kvkk", "count_1": "on", "count_3": "on"})...)
		after := payer()
		if !strings.Contains(before, "Ahşap Atölyesi") || !strings.Contains(after, "Meşe Atölyesi") || !strings.Contains(after, "/t/7a1f5c-") || !strings.Contains(after, "https://ahsap.example/kvkk") {
			t.Error(plainText(after))
		}
		m, err := r.app.ledger.Merchant(ctx, demoMerchant)
		r.must("read the merchant", err, nil)
		r.must("brands and counts", []any{m.Brands, m.Installments}, []any{[]checkout.Brand{"visa", "mastercard", "troy", "maestro"}, []int{1, 3}})
		late := w.post(path, http.StatusConflict, branding(version, map[string]string{"name": "Geç Kalan"})...)
		w.shows(late, "siz yazarken başka biri kaydetti", "Görünen ad Meşe Atölyesi", "Renk #7a1f5c", "Linkte belirtilmezse sunulan taksitler 1, 3")
		r.must("what was typed stays", strings.Contains(late, `value="Geç Kalan"`), true)
		m, err = r.app.ledger.Merchant(ctx, demoMerchant)
		r.must("nothing was lost", []any{m.Name, err}, []any{"Meşe Atölyesi", nil})
	})
	t.Run("a colour is measured while it is typed", func(t *testing.T) {
		r.must("contrast", w.open(path+"/contrast?text=%23ffcc00", http.StatusOK), "Beyaz üstünde karşıtlık 1,5:1, yeterli değil (en az 4,5:1). Sayfalarda #8f7200 olarak gösterilir.")
	})
	t.Run("a logo is what its bytes say, and small", func(t *testing.T) {
		var picture bytes.Buffer
		r.must("draw", png.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 64))), nil)
		w.open(path, http.StatusOK)
		w.shows(w.upload(path+"/logo", http.StatusUnprocessableEntity, "logo", "x.png", []byte("<svg onload=alert(1)>")), "64 KB")
		w.shows(w.upload(path+"/logo", http.StatusUnprocessableEntity, "logo", "x.png", append(picture.Bytes(), make([]byte, checkout.MaxLogo)...)), "64 KB")
		for name, bad := range falsePictures(t) {
			if page := plainText(w.upload(path+"/logo", http.StatusUnprocessableEntity, "logo", name, bad)); !strings.Contains(page, "64 KB") {
				t.Errorf("%s: %s", name, page)
			}
		}
		w.shows(w.upload(path+"/logo", http.StatusUnprocessableEntity, "other", "x.png", nil), "Bu alan gerekli")
		w.upload(path+"/logo", http.StatusSeeOther, "logo", "x.jpg", picture.Bytes())
		l, err := r.app.ledger.Logo(ctx, demoMerchant)
		r.must("read the logo", err, nil)
		r.must("its type", l.Type, "image/png")
		if !strings.Contains(payer(), "/m/"+string(demoMerchant)+"/logo?v=") {
			t.Error("payers do not see the logo")
		}
		w.upload(path+"/logo", http.StatusSeeOther, "logo", "", nil, "remove", "1")
		_, err = r.app.ledger.Logo(ctx, demoMerchant)
		r.must("the logo", err, checkout.ErrNoMerchant)
		big := append(picture.Bytes(), make([]byte, 6<<20)...) // what a telephone's camera makes
		w.shows(w.upload(path+"/logo", http.StatusUnprocessableEntity, "logo", "x.png", big), "64 KB")
	})
	r.trailWhole()
}

// Features 4.20: what a payer reads about a refusal is the merchant's to say, in each language by itself.
// falsePictures are files that say of themselves that they are pictures, by name.
func falsePictures(t *testing.T) map[string][]byte {
	t.Helper()
	draw := func(width, height int) []byte {
		var out bytes.Buffer
		if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	const magic = "\x89PNG\r\n\x1a\n"
	whole := draw(64, 64)
	huge := append([]byte(magic), "\x00\x00\x00\x0dIHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x00\x00\x00\x00"...) // 60000 by 60000, grey
	huge = binary.BigEndian.AppendUint32(huge, crc32.ChecksumIEEE(huge[12:]))
	return map[string][]byte{
		"script.png": []byte(magic + "<script>alert(1)</script>"), "huge.png": huge, "wide.png": draw(2001, 1), "high.png": draw(1, 2001),
		"cut.png": whole[:len(whole)-20], "head.webp": []byte("RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00<script>alert(1)</script>"), "head.jpg": []byte("\xff\xd8\xff\xe0<script>"),
	}
}

func TestPanelSettingsDeclines(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	w := r.signedIn()
	const path = "/panel/settings/declines"
	refusal := func(lang string) string {
		b := r.browser()
		b.lang = lang
		return plainText(b.pay(r.link(nil)["url"].(string), banksim.CardNumber("415565", "051")).finish("123456").body)
	}
	w.shows(w.open(path, http.StatusOK), "Bankanız limit veya bakiyenin yetmediğini bildirdi")
	usual := refusal("tr")
	const own = `Yetersiz bakiye! <b>"Bizi" arayın & sorun`
	w.post(path, http.StatusSeeOther, "texts", "tr", "reason", "insufficient_funds", "text", own)
	said := refusal("tr")
	if !strings.Contains(said, own) || strings.Contains(said, "Bankanız limit veya bakiyenin") || !strings.Contains(said, "para çekilmedi") && !strings.Contains(said, "Kartınızdan") {
		t.Error(said)
	}
	if text := refusal("en"); strings.Contains(text, "Yetersiz") {
		t.Error(text)
	}
	for name, form := range map[string][]string{
		"a card number": {"texts", "tr", "reason", "generic", "text", banksim.CardNumber("415565", "000")}, "a long text": {"texts", "tr", "reason", "generic", "text", strings.Repeat("ü", 201)},
		"a mark that nobody sees": {"texts", "tr", "reason", "generic", "text", "a\u202eb"}, "no reason": {"texts", "tr", "reason", "superseded", "text", "x"},
	} {
		t.Log(name)
		w.open(path, http.StatusOK)
		w.post(path, http.StatusUnprocessableEntity, form...)
	}
	w.open(path, http.StatusOK)
	w.post(path, http.StatusSeeOther, "texts", "tr", "reason", "insufficient_funds", "text", own, "reset", "1")
	number := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z-]+|ODL[0-9A-Z]+|\d{2}:\d{2}`)
	r.must("the page as it was", number.ReplaceAllString(refusal("tr"), "") != "" && strings.Contains(refusal("tr"), "Bankanız limit veya bakiyenin") && strings.Contains(usual, "Bankanız limit veya bakiyenin"), true)
	r.must("the trail", r.trailed(2), []string{"merchant.decline_words", "merchant.decline_words"})
	r.trailWhole()
}

var keyShown = regexp.MustCompile(`id="secret">(sk_live_[0-9A-Za-z]+)<`)

func TestPanelSettingsKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	const path = "/panel/settings/keys"
	w.open(path, http.StatusOK)
	w.post(path, http.StatusUnprocessableEntity, "name", "")
	page := w.post(path, http.StatusOK, "name", "ERP")
	secret := keyShown.FindStringSubmatch(page)[1]
	call := func(want int) {
		t.Helper()
		req, _ := http.NewRequest("GET", r.base+"/v1/links", nil)
		req.Header.Set("Authorization", "Bearer "+secret)
		resp, err := http.DefaultClient.Do(req)
		r.must("call", err, nil)
		resp.Body.Close()
		r.must("the key", resp.StatusCode, want)
	}
	call(http.StatusOK)
	page = w.open(path, http.StatusOK)
	if strings.Contains(page, secret) {
		t.Error("the secret is shown again")
	}
	w.shows(page, secret[:12]+"…", "ERP")
	keys, err := r.app.flow.Keys(context.Background(), demoMerchant)
	r.must("read keys", err, nil)
	id := string(keys[len(keys)-1].ID)
	w.post(path+"/"+id+"/revoke", http.StatusSeeOther)
	call(http.StatusUnauthorized)
	w.open(path, http.StatusOK)
	w.post(path+"/"+id+"/revoke", http.StatusSeeOther) // once more changes nothing
	r.must("the trail", r.trailed(2), []string{"key.revoked", "key.created"})
	r.trailWhole()
}

// Keys that sign links by themselves are made, shown once and revoked in the panel, and one number is withdrawn.
func TestPanelSettingsOffline(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	const path = "/panel/settings/offline"
	w.sees(w.open(path, http.StatusOK), "Henüz anahtar yok.")
	w.post(path, http.StatusUnprocessableEntity, "name", "")
	page := w.post(path, http.StatusOK, "name", "ERP")
	key, err := offline.ParseKey(offlineKeyShown.FindStringSubmatch(page)[1])
	r.must("the key", err, nil)
	page = w.open(path, http.StatusOK)
	w.misses(page, key.String())
	w.shows(page, key.String()[:10]+"…", "ERP")
	opened := func(reference string, want int) string {
		t.Helper()
		blob, err := offline.Mint(key, offline.Terms{Minor: 125050, Currency: "TRY", Reference: reference, ExpiresAt: r.clock.Now().Add(72 * time.Hour)})
		r.must("sign", err, nil)
		status, to, _ := r.opens(r.base + "/o/" + blob)
		r.must("opening "+reference, status, want)
		return to
	}
	opened("FT-1", http.StatusSeeOther)
	for range 2 { // again changes nothing
		w.post(path+"/withdraw", http.StatusSeeOther, "order_id", "FT-1")
	}
	w.sees(w.open(path+"?saved=withdrawn", http.StatusOK), "Bu numaranın linki artık ödenemez.")
	w.post(path+"/withdraw", http.StatusSeeOther, "order_id", "FT-2")
	opened("FT-2", http.StatusGone)
	w.post(path+"/withdraw", http.StatusUnprocessableEntity, "order_id", "a b")
	token := opened("FT-3", http.StatusSeeOther)
	r.paidBy(map[string]any{"url": r.base + token}, "000")
	w.sees(w.post(path+"/withdraw", http.StatusUnprocessableEntity, "order_id", "FT-3"), "Link ödendi.")
	keys, err := r.app.flow.OfflineKeysOf(context.Background(), demoMerchant)
	r.must("read keys", err, nil)
	w.open(path, http.StatusOK)
	for range 2 {
		w.post(path+"/"+string(keys[0].ID)+"/revoke", http.StatusSeeOther)
	}
	opened("FT-4", http.StatusGone)
	w.sees(w.open(path, http.StatusOK), "Henüz anahtar yok.", "1 iptal edilmiş anahtar")
	r.trailWhole()
}

var offlineKeyShown = regexp.MustCompile(`<code class="secret" id="secret">(ofk_[^<]+)</code>`)

// What programs asked is read in the panel, by key and by how it ended.
func TestPanelRequestLog(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	const path = "/panel/settings/keys/requests"
	w.sees(w.open(path, http.StatusOK), "Bu ölçütlere uyan istek yok.")
	_, secret, err := r.app.flow.CreateKey(context.Background(), checkout.By{Actor: "test"}, demoMerchant, "ERP", r.app.ledger.HashKey)
	r.must("make a key", err, nil)
	ask := func(key, target string) {
		t.Helper()
		req, _ := http.NewRequest("GET", r.base+target, nil)
		req.Header.Set("Authorization", "Bearer "+key)
		resp, err := http.DefaultClient.Do(req)
		r.must("ask", err, nil)
		resp.Body.Close()
	}
	ask(secret, "/v1/payments?q=geheim")
	ask(demoAPIKey, "/v1/bins/415565")
	ask(secret, "/v1/refunds/rfd_x")
	r.clock.advance(time.Second)
	for range 50 {
		ask(demoAPIKey, "/v1/bins/415565")
	}
	r.must("kept", r.app.journal.Keep(context.Background()), nil)
	keys, err := r.app.flow.Keys(context.Background(), demoMerchant)
	r.must("read keys", err, nil)
	erp := string(keys[len(keys)-1].ID)
	r.has("the page of the keys", w.open("/panel/settings/keys", http.StatusOK), path+`"`, path+"?key="+erp)
	of := w.open(path+"?key="+erp, http.StatusOK)
	r.has("the calls of a key", of, "GET /v1/refunds/rfd_x", `href="/docs/errors/refund_not_found"`, "GET /v1/payments", ">ERP<", "req_")
	w.misses(of, "/v1/bins", "geheim")
	failed := w.open(path+"?key="+erp+"&failed=on", http.StatusOK)
	w.sees(failed, "/v1/refunds/rfd_x", "validation_failed")
	first := w.open(path, http.StatusOK)
	next := pagerNext.FindStringSubmatch(first)
	if next == nil {
		t.Fatal("53 calls on one page")
	}
	w.sees(w.open(path+html.UnescapeString(next[1]), http.StatusOK), "/v1/payments")
	w.sees(w.open(path+"?from=2030-01-01&to=2030-01-02", http.StatusOK), "Bu ölçütlere uyan istek yok.")
	w.open(path+"?cursor=x", http.StatusSeeOther)
	other := r.signedInAs(r.neighbour())
	other.misses(other.open(path+"?key="+erp, http.StatusOK), "/v1/payments")
}

var pagerNext = regexp.MustCompile(`<a class="button" href="(\?[^"]*cursor=[^"]+)"`)

func TestPanelSettingsWebhooks(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	ctx, w := context.Background(), r.signedIn()
	told := make(chan string, 100)
	answer := http.StatusOK
	there := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, q *http.Request) {
		told <- q.Header.Get("webhook-id")
		out.WriteHeader(answer)
	}))
	t.Cleanup(there.Close)
	const path = "/panel/settings/webhooks"
	w.open(path, http.StatusOK)
	w.open(path+"/new", http.StatusOK)
	w.post(path+"/new", http.StatusUnprocessableEntity, "url", "", "enabled", "on")
	w.post(path+"/new", http.StatusUnprocessableEntity, "url", "https://10.0.0.1/hook", "enabled", "on") // A51
	page := w.post(path+"/new", http.StatusOK, "url", there.URL+"/hook", "description", "ERP", "enabled", "on", "topic_link.created", "on")
	w.shows(page, "whsec_", "Adres yanıt verdi", "HTTP 200")
	<-told
	all, err := r.app.ledger.Endpoints(ctx, demoMerchant)
	r.must("read endpoints", err, nil)
	e := all[0]
	r.must("its topics", e.Topics, []string{"link.created"})
	one := path + "/" + string(e.ID)
	if page = w.open(one, http.StatusOK); strings.Contains(page, "whsec_") {
		t.Error("the secret is shown again")
	}
	link := r.link(nil)
	r.app.deliver(t)
	first := <-told
	w.shows(w.open(one, http.StatusOK), "Link oluşturuldu", "Teslim edildi")
	d, _, err := r.app.ledger.SearchDeliveries(ctx, checkout.DeliveryQuery{Merchant: demoMerchant, Endpoint: e.ID, Limit: 10})
	r.must("read deliveries", err, nil)
	page = w.open(one+"/"+string(d[0].ID), http.StatusOK)
	w.shows(page, `"type": "link.created"`, link["id"].(string), "HTTP 200", string(d[0].Event))
	t.Run("one event, or those of some days, are sent again", func(t *testing.T) {
		w.shows(w.post(one+"/redeliver", http.StatusOK, "event", string(d[0].Event)), "1 olay yeniden")
		w.shows(w.post(one+"/redeliver", http.StatusOK, "from", "2026-11-22", "to", "2026-11-22"), "1 olay yeniden")
		w.shows(w.post(one+"/redeliver", http.StatusOK, "from", "2026-11-20", "to", "2026-11-21"), "0 olay yeniden")
		w.shows(w.post(one+"/redeliver", http.StatusUnprocessableEntity, "from", "x"), "İki günü de seçin")
		w.post(one+"/redeliver", http.StatusNotFound, "event", "evt_0000000000000000000000")
		w.open(one, http.StatusOK)
		r.app.deliver(t)
		r.must("the same event", <-told, first)
		r.must("the same event", <-told, first)
	})
	t.Run("filters are of the address", func(t *testing.T) {
		w.shows(w.open(one+"?status=failed", http.StatusOK), "Bu filtreye uyan teslim yok")
		w.shows(w.open(one+"?from=2026-11-23", http.StatusOK), "Bu filtreye uyan teslim yok")
		w.shows(w.open(one+"?status=delivered&from=2026-11-22&to=2026-11-22", http.StatusOK), "yeniden gönderim")
	})
	t.Run("it is asked, changed, given another secret and ended", func(t *testing.T) {
		answer = http.StatusInternalServerError
		w.shows(w.post(one+"/ping", http.StatusOK), "Adres yanıt vermedi", "HTTP 500")
		w.shows(w.post(one+"/rotate", http.StatusOK), "whsec_", "Eski anahtar 24 saat daha")
		w.post(one, http.StatusUnprocessableEntity, "url", "http://10.0.0.1/", "enabled", "on")
		w.open(one, http.StatusOK)
		w.post(one, http.StatusSeeOther, "url", there.URL+"/other", "description", "")
		e, err := r.app.ledger.EndpointOf(ctx, demoMerchant, e.ID)
		r.must("read the endpoint", err, nil)
		r.must("the endpoint", []any{e.URL, e.Description, e.Enabled, len(e.Topics), len(e.OldSecret) > 0}, []any{there.URL + "/other", "", false, 0, true})
		w.post(one+"/delete", http.StatusSeeOther)
		w.open(one, http.StatusNotFound)
	})
	r.must("the trail", r.trailed(4), []string{"webhook_endpoint.deleted", "webhook_endpoint.edited", "webhook_endpoint.rotated", "webhook_endpoint.created"})
	r.trailWhole()
}

func TestPanelSettingsAudit(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	ctx, w := context.Background(), r.signedIn()
	const path = "/panel/settings/audit"
	w.open("/panel/settings/keys", http.StatusOK)
	w.post("/panel/settings/keys", http.StatusOK, "name", "=1+1")
	for range 60 {
		r.must("write an event", r.app.flow.SetLogo(ctx, checkout.By{Actor: "operator", IP: "192.0.2.1"}, demoMerchant, checkout.Logo{}), nil)
	}
	page := w.open(path+"?check=1", http.StatusOK)
	w.shows(page, "Zincir eksiksiz", "Logo değişti", "Odelink işletmecisi", "192.0.2.1")
	next := regexp.MustCompile(`href="(\?before=\d+)"`).FindStringSubmatch(page)[1]
	w.shows(w.open(path+next, http.StatusOK), "API anahtarı oluşturuldu", "Deniz Demir", "Firma açıldı")
	w.shows(w.open(path+"?actor=user%3A"+string(demoUser), http.StatusOK), "API anahtarı oluşturuldu")
	if text := plainText(w.open(path+"?about=key&from=2026-11-22&to=2026-11-22", http.StatusOK)); strings.Contains(text, "Logo değişti") || !strings.Contains(text, "API anahtarı oluşturuldu") {
		t.Error(text)
	}
	w.shows(w.open(path+"?to=2026-11-21", http.StatusOK), "Kayıt yok")
	file := w.open(path+"/export?format=csv&about=key&actor=user%3A"+string(demoUser), http.StatusOK)
	if lines := strings.Split(strings.TrimSpace(file), "\n"); len(lines) != 2 || !strings.HasPrefix(file, "\ufeff") || !strings.Contains(lines[1], "Deniz Demir;API anahtarı oluşturuldu;") || !strings.Contains(lines[0], "Zaman (UTC);Zaman (İstanbul);") || !strings.Contains(lines[1], "2026-11-22T09:00:00Z;22.11.2026 12:00:00;") || !strings.Contains(lines[1], "ad: =1+1") {
		t.Errorf("%q", file)
	}
	w.open(path+"/export?format=exe", http.StatusNotFound)
	w.open(path+"/export", http.StatusNotFound)
	t.Run("the page's own addresses keep its filters", func(t *testing.T) {
		page := w.open(path+"?about=key&from=2026-11-22&to=2026-11-22", http.StatusOK)
		found := regexp.MustCompile(`href="(`+path+`(?:/export)?\?[^"]*about[^"]*)"`).FindAllStringSubmatch(page, -1)
		r.must("addresses with filters", len(found), 3)
		for _, m := range found {
			text := plainText(w.open(html.UnescapeString(m[1]), http.StatusOK))
			if strings.Contains(text, "192.0.2.1") || !strings.Contains(text, "Deniz Demir") {
				t.Errorf("%s: %.300s", m[1], text)
			}
		}
	})
	var rows []map[string]any
	r.must("read the file", json.Unmarshal([]byte(w.open(path+"/export?format=json", http.StatusOK)), &rows), nil)
	r.must("its rows", len(rows) > 60, true)
}

func TestPanelSettingsMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	ctx, w := context.Background(), r.signedIn()
	const one = "/panel/settings/messages/link/sms/tr"
	w.shows(w.open("/panel/settings/messages", http.StatusOK), "Ödeme linki · SMS", "Hazır metin", "Hatırlatma · E-posta")
	w.shows(w.open(one, http.StatusOK), "1 SMS", "1.234,56 TL")
	w.open("/panel/settings/messages/link/fax/tr", http.StatusNotFound)
	w.open(one, http.StatusOK)
	w.shows(w.post(one, http.StatusOK, "text", "Kapora için {link}", "do", "preview"), "Kapora için http://")
	w.post(one, http.StatusUnprocessableEntity, "text", "")
	w.post(one, http.StatusUnprocessableEntity, "text", "https://evil.example {link}")
	if text := w.open(one+"/size?text=%7Blink%7D+%C5%9F", http.StatusOK); !strings.Contains(text, "1 SMS") {
		t.Error(text)
	}
	if text := w.open(one+"/size?text=x", http.StatusOK); strings.Contains(text, "SMS;") {
		t.Error(text)
	}
	w.open(one, http.StatusOK)
	w.post(one, http.StatusSeeOther, "text", "Kapora için {link}")
	w.shows(w.open("/panel/settings/messages", http.StatusOK), "Kapora için {link}", "Sizin metniniz")
	w.post(one, http.StatusSeeOther, "do", "reset")

	const notices = "/panel/settings/notices"
	page := w.open(notices, http.StatusOK)
	w.shows(page, "1. alıcı")
	w.post(notices, http.StatusUnprocessableEntity, "channel_0", "email", "to_0", "x", "topic_0_payment.paid", "on")
	w.post(notices, http.StatusUnprocessableEntity, "reminder_hours", "99")
	w.open(notices, http.StatusOK)
	w.post(notices, http.StatusSeeOther, "channel_0", "email", "to_0", "muhasebe@ahsap.example", "topic_0_payment.paid", "on", "reminder_hours", "6", "lang", "en")
	set, err := r.app.flow.MessageSettings(ctx, demoMerchant)
	r.must("read the settings", err, nil)
	r.must("the settings", []any{set.Recipients, set.ReminderHours, set.Lang}, []any{[]checkout.NoticeRecipient{{Channel: "email", To: "muhasebe@ahsap.example", Topics: []string{"payment.paid"}}}, 6, "en"})
	w.shows(w.open(notices, http.StatusOK), "2. alıcı")
	w.post(notices, http.StatusSeeOther, "channel_0", "email", "to_0", "", "reminder_hours", "")
	set, err = r.app.flow.MessageSettings(ctx, demoMerchant)
	r.must("read the settings", err, nil)
	r.must("recipients", len(set.Recipients), 0)
	r.trailWhole()
}

// The trail says which virtual POS changed by its name, what of it, and of secrets only that they did.
func TestPanelAuditTellsWhatChangedOfAVirtualPOS(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	ctx, w := context.Background(), r.signedIn()
	bank := r.bankS.URL + "/payfor/Gateway/"
	w.open("/panel/settings/acquirers/new", http.StatusOK)
	w.post("/panel/settings/acquirers/new", http.StatusSeeOther, acquirer("base_url", bank)...)
	all, err := r.app.flow.AccountsOf(ctx, demoMerchant)
	r.must("read the accounts", err, nil)
	a := all[slices.IndexFunc(all, func(a checkout.Account) bool { return a.Name == "QNB yedek" })]
	_, err = r.app.flow.EditAccount(ctx, checkout.By{Actor: "operator"}, demoMerchant, a.ID, false, func(a *checkout.Account) error {
		a.Name, a.Priority, a.Enabled, a.Currencies = "QNB asıl", 9, false, []checkout.Currency{checkout.TRY}
		a.Rates = []checkout.RateRow{{Count: 3, Rate: 200_000}, {Count: 2, Rate: 25_000}, {Count: 6, Rate: 72_000}}
		a.HalfSecure = true
		secrets := maps.Clone(a.Credentials)
		secrets["user_pass"] = "another-secret"
		a.Credentials = secrets
		return nil
	})
	r.must("change", err, nil)
	page := w.open("/panel/settings/audit?about=acquirer", http.StatusOK)
	r.has("the trail", page, "sanal POS: QNB asıl", "önceki adı: QNB yedek", "öncelik: 7 → 9", "yeni ödemelere açık: Evet → Hayır", "para birimleri: TRY, USD → TRY",
		"taksit oranları (%): 3: 3,60 → 20,00; 6: – → 7,20", "değişen alanlar: Yarım doğrulamayı kabul et (mdStatus 2, 3, 4), ", "sanal POS: QNB yedek")
	r.hasNot("the trail", page, string(a.ID), "another-secret", demoSecrets["user_pass"], "cred.user_pass", "Taksit programları")
	r.has("in English", w.open("/panel/settings/audit?about=acquirer&lang=en", http.StatusOK), "former name: QNB yedek", "instalment rates (%): 3: 3.60 → 20.00; 6: – → 7.20")
	r.trailWhole()
}

// A programme that no card has is refused at its field with those that there are, however they are written.
func TestPanelRefusesAProgrammeNobodyHas(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	w := r.signedIn()
	const at = "/panel/settings/acquirers/new"
	w.open(at, http.StatusOK)
	r.has("one that is none", w.post(at, http.StatusUnprocessableEntity, acquirer("programmes", "CardFinans, Uydurma")...), `id="d-programmes">Bu taksit programında kart yok; bilinenler: Advantage, `)
	r.has("a bank that is none", w.post(at, http.StatusUnprocessableEntity, acquirer("issuers", "0111, 9999")...), `id="d-issuers">Bu kodda bir bankanın kartı yok; bilinenler: 0010 Ziraat Bankası, `, `value="0111, 9999"`)
	w.post(at, http.StatusSeeOther, acquirer("programmes", "cardfinans, bonus", "base_url", r.bankS.URL+"/payfor/Gateway/")...)
}
