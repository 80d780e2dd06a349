//go:build !race

package main

import (
	"bytes"
	"context"
	"encoding/base32"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/panel"
)

// worker is somebody at the panel with a browser that has no scripts.
type worker struct {
	r      *rig
	client *http.Client
	token  string // of the last page
}

// atDoor is a browser that nobody signed in with.
func (r *rig) atDoor() *worker {
	r.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return &worker{r: r, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// signedIn is the demo's user, at work.
func (r *rig) signedIn() *worker {
	r.t.Helper()
	return r.signedInAs(demoEmail, demoPassword)
}

func (r *rig) signedInAs(email, password string) *worker {
	r.t.Helper()
	w := r.atDoor()
	w.open("/panel/signin", http.StatusOK)
	w.post("/panel/signin", http.StatusSeeOther, "email", email, "password", password)
	return w
}

var formToken = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// open reads a page and remembers the token of its forms.
func (w *worker) open(path string, want int) string {
	w.r.t.Helper()
	resp, err := w.client.Get(w.r.base + path)
	return w.read("GET "+path, resp, err, want)
}

// post sends a form with the last page's token, as name, value pairs.
func (w *worker) post(path string, want int, pairs ...string) string {
	w.r.t.Helper()
	form := url.Values{"csrf": {w.token}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	resp, err := w.client.PostForm(w.r.base+path, form)
	return w.read("POST "+path, resp, err, want)
}

// upload sends a form with a file.
func (w *worker) upload(path string, want int, field, name string, content []byte, pairs ...string) string {
	w.r.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for i := 0; i+1 < len(pairs); i += 2 {
		w.r.must("write a field", m.WriteField(pairs[i], pairs[i+1]), nil)
	}
	w.r.must("write a field", m.WriteField("csrf", w.token), nil)
	part, err := m.CreateFormFile(field, name)
	if err == nil {
		_, err = part.Write(content)
	}
	w.r.must("write a file", err, nil)
	w.r.must("end the form", m.Close(), nil)
	resp, err := w.client.Post(w.r.base+path, m.FormDataContentType(), &body)
	return w.read("POST "+path, resp, err, want)
}

func (w *worker) read(what string, resp *http.Response, err error, want int) string {
	w.r.t.Helper()
	if err != nil {
		w.r.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		w.r.t.Fatal(err)
	}
	text := string(raw)
	if resp.StatusCode != want {
		w.r.t.Fatalf("%s: %d, want %d (to %q)\n%s", what, resp.StatusCode, want, resp.Header.Get("Location"), plainText(text))
	}
	if m := formToken.FindStringSubmatch(text); m != nil {
		w.token = m[1]
	}
	if to := resp.Header.Get("Location"); to != "" && text == "" {
		return to
	}
	return text
}

// colleague makes a user with a role at the demo's merchant, and a password.
func (r *rig) colleague(role checkout.Role, own bool) (email, password string) {
	r.t.Helper()
	ctx, now := context.Background(), r.clock.Now()
	email, password = string(role)+"-"+strings.ToLower(r.app.ids.Secret(6))+"@shop.example", "a sentence to remember"
	u := checkout.User{ID: r.app.ids.User(), Email: email, Name: "Derya " + string(role), Password: checkout.Hidden(panel.HashPassword(password)), Version: 1, CreatedAt: now, UpdatedAt: now}
	r.must("save a user", r.app.ledger.SaveUser(ctx, u), nil)
	m := checkout.Member{Merchant: demoMerchant, User: u.ID, Role: role, OwnLinks: own, CreatedAt: now}
	r.must("save a member", r.app.ledger.SaveMember(ctx, m, operatorEvent(demoMerchant, string(demoMerchant), "member.saved", now)), nil)
	return email, password
}

func TestA48_A49_PanelDoor(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	t.Run("nobody is led to the door and back", func(t *testing.T) {
		w := r.atDoor()
		to := w.open("/panel/account", http.StatusSeeOther)
		r.must("the door", to, "/panel/signin?next=%2Fpanel%2Faccount")
		w.open(to, http.StatusOK)
		r.must("back", w.post("/panel/signin", http.StatusSeeOther, "email", demoEmail, "password", demoPassword, "next", "/panel/account"), "/panel/account")
		w.open("/panel/account", http.StatusOK)
	})
	t.Run("A40 the way back stays in the panel", func(t *testing.T) {
		for _, next := range []string{"https://evil.example", "//evil.example", "/panel//evil.example", `/panel/\evil`, "/v1/links", "javascript:alert(1)", "/panelx"} {
			w := r.atDoor()
			w.open("/panel/signin", http.StatusOK)
			r.must(next, w.post("/panel/signin", http.StatusSeeOther, "email", demoEmail, "password", demoPassword, "next", next), "/panel")
		}
	})
	t.Run("A49 signing in makes a new visit, signing out ends it for ever", func(t *testing.T) {
		w := r.signedIn()
		base, _ := url.Parse(r.base)
		old := w.client.Jar.Cookies(base)
		w.open("/panel/account", http.StatusOK)
		w.post("/panel/signout", http.StatusSeeOther)
		w.open("/panel", http.StatusSeeOther)
		w.client.Jar.SetCookies(base, old)
		w.open("/panel", http.StatusSeeOther)
	})
	t.Run("A48 what another site sends does nothing", func(t *testing.T) {
		w := r.signedIn()
		w.open("/panel/account", http.StatusOK)
		for _, head := range []map[string]string{
			{"Origin": "null"}, {"Origin": "https://evil.example"}, {"Origin": r.base + ".evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"csrf": ""}, {"csrf": "AAAA"},
		} {
			form := url.Values{"csrf": {w.token}, "name": {"Başka Biri"}, "lang": {""}}
			if token, other := head["csrf"]; other {
				form.Set("csrf", token)
				delete(head, "csrf")
			}
			req, _ := http.NewRequest("POST", r.base+"/panel/account", strings.NewReader(form.Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for k, v := range head {
				req.Header.Set(k, v)
			}
			resp, err := w.client.Do(req)
			w.read("POST with "+req.Header.Get("Origin")+req.Header.Get("Sec-Fetch-Site"), resp, err, http.StatusForbidden)
		}
		other := r.signedIn()
		other.open("/panel/account", http.StatusOK)
		other.token, w.token = w.token, other.token
		other.post("/panel/account", http.StatusForbidden, "name", "Başka Biri")
		u, err := r.app.ledger.UserByID(context.Background(), demoUser)
		r.must("read the user", err, nil)
		r.must("the name", u.Name, "Deniz Demir")
	})
	t.Run("a form without a visit is not done, and says so", func(t *testing.T) {
		w := r.atDoor()
		text := w.post("/panel/account", http.StatusUnauthorized, "name", "x")
		if !strings.Contains(plainText(text), "son isteğiniz yapılmadı") {
			t.Error(plainText(text))
		}
	})
}

// One user at two companies sees which one he is at, changes to the other, and finds there what is the other's only.
func TestPanelOfAUserWithTwoCompanies(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	email, password := r.neighbour()
	ctx, now := context.Background(), r.clock.Now()
	u, err := r.app.ledger.UserByEmail(ctx, email)
	r.must("read the user", err, nil)
	m := checkout.Member{Merchant: demoMerchant, User: u.ID, Role: checkout.RoleSupport, CreatedAt: now}
	r.must("save a member", r.app.ledger.SaveMember(ctx, m, operatorEvent(demoMerchant, string(demoMerchant), "member.saved", now)), nil)
	link := r.link(nil)["id"].(string)
	w := r.signedInAs(email, password)
	page := w.open("/panel/links", http.StatusOK)
	w.sees(page, "Komşu", "Ahşap Atölyesi")
	if n := strings.Count(page, `name="merchant"`); n != 2 {
		t.Fatalf("%d companies to choose from", n)
	}
	at := demoMerchant
	for range 2 {
		if at == demoMerchant {
			at = checkout.MerchantID(regexp.MustCompile(`name="merchant" value="(mer_\w+)"`).FindAllStringSubmatch(strings.ReplaceAll(page, string(demoMerchant), ""), -1)[0][1])
		} else {
			at = demoMerchant
		}
		w.post("/panel/merchant", http.StatusSeeOther, "merchant", string(at))
		page = w.open("/panel/links", http.StatusOK)
		r.must("where he is", strings.Contains(page, `value="`+string(at)+`" aria-current="true"`), true)
		r.must("the first company's link", strings.Contains(page, link), at == demoMerchant)
		w.open("/panel/links/"+link, map[bool]int{true: http.StatusOK, false: http.StatusNotFound}[at == demoMerchant])
	}
}

// A50: who works for one company is invited by another. The address alone opens nothing and changes nothing: he comes in by his
// own password and second factor, with the usual locks, and then works for both.
func TestA50_PanelInvitationToASecondCompany(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	email, password := r.neighbour()
	ctx := context.Background()
	before, err := r.app.ledger.UserByEmail(ctx, email)
	r.must("read the user", err, nil)
	companies := func() int {
		all, err := r.app.ledger.Memberships(ctx, before.ID)
		r.must("his companies", err, nil)
		return len(all)
	}
	owner := r.signedIn()
	invite := func() string {
		owner.open(usersPath, http.StatusOK)
		page := owner.post(usersPath, http.StatusOK, "email", email, "role", "finance")
		owner.sees(page, email+" davet edildi", "başka bir firmada hesabı var")
		return invitationShown.FindStringSubmatch(page)[1]
	}
	first := invite()
	path := invite()
	r.atDoor().open(first, http.StatusGone)
	r.must("invited is no colleague yet", companies(), 1)
	t.Run("the address alone", func(t *testing.T) {
		w := r.atDoor()
		page := w.open(path, http.StatusOK)
		w.sees(page, "Daveti kabul etmek için kendi parolanızla giriş yapın")
		w.misses(page, "new-password", "Komşu")
		w.post(path, http.StatusOK, "name", "Hırsız", "password", "yepyeni uzun bir parola")
		w.post(path, http.StatusOK)
		now, err := r.app.ledger.UserByEmail(ctx, email)
		r.must("the account", []any{string(now.Password) == string(before.Password), now.Name, now.Version, companies(), err}, []any{true, before.Name, before.Version, 1, nil})
	})
	t.Run("somebody else, the inviting owner among them", func(t *testing.T) {
		for _, w := range []*worker{owner, r.signedInAs(r.colleague(checkout.RoleFinance, false))} {
			w.sees(w.open(path, http.StatusOK), "Siz başka bir hesapla oturum açtınız")
			w.post(path, http.StatusForbidden)
		}
		r.must("companies", companies(), 1)
	})
	w := r.atDoor()
	w.open(path, http.StatusOK)
	t.Run("a wrong password, as at the door", func(t *testing.T) {
		for range 10 {
			w.post("/panel/signin", http.StatusUnprocessableEntity, "email", email, "password", "wrong", "next", path)
		}
		page := w.post("/panel/signin", http.StatusTooManyRequests, "email", email, "password", password, "next", path)
		w.sees(page, "Daveti kabul etmek için")
		r.must("companies", companies(), 1)
		r.clock.advance(31 * time.Minute)
	})
	secret := checkout.Hidden("12345678901234567890")
	before.Second, before.Version = secret, before.Version+1
	r.must("his phone", r.app.ledger.SaveUser(ctx, before), nil)
	r.must("after the password", w.post("/panel/signin", http.StatusSeeOther, "email", email, "password", password, "next", path), path)
	to := w.open(path, http.StatusSeeOther)
	r.must("comes the code", to, "/panel/code?next="+url.QueryEscape(path))
	w.open(to, http.StatusOK)
	w.post("/panel/code", http.StatusUnprocessableEntity, "code", "000000", "next", path)
	w.post(path, http.StatusSeeOther)
	r.must("companies", companies(), 1)
	code, err := totp.GenerateCode(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret), r.clock.Now())
	r.must("make a code", err, nil)
	w.open(to, http.StatusOK)
	r.must("and then the question", w.post("/panel/code", http.StatusSeeOther, "code", code, "next", path), path)
	w.sees(w.open(path, http.StatusOK), "Ahşap Atölyesi sizi paneline davet etti; rolünüz: Finans")
	r.must("companies before he says yes", companies(), 1)
	token := w.token
	w.token = "forged"
	w.post(path, http.StatusForbidden)
	w.token = token
	r.must("yes", w.post(path, http.StatusSeeOther), "/panel")
	page := w.open("/panel/links", http.StatusOK)
	w.sees(page, "Komşu", "Ahşap Atölyesi")
	r.must("companies to choose from", strings.Count(page, `name="merchant"`), 2)
	w.open(path, http.StatusGone)
	after, err := r.app.ledger.UserByEmail(ctx, email)
	r.must("his password", []any{string(after.Password) == string(before.Password), err}, []any{true, nil})
	trail, _, err := r.app.ledger.Trail(ctx, checkout.TrailQuery{Merchant: demoMerchant, Limit: 3})
	r.must("read the trail", err, nil)
	r.must("what it says", []any{trail[0].Type, trail[0].Actor, trail[2].Type, trail[2].Actor}, []any{"member.joined", "user:" + string(before.ID), "member.invited", "user:" + string(demoUser)})
	owner.open(usersPath, http.StatusOK)
	owner.sees(owner.post(usersPath, http.StatusUnprocessableEntity, "email", email, "role", "owner"), "zaten bu firmada")
}

// An operator asks who has an account elsewhere, too, and lets in again who forgot his password as before.
func TestUserInviteAsksWhoWorksElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	email, password := r.neighbour()
	address, err := r.app.invite(context.Background(), email, "x", demoMerchant, checkout.RoleSupport, false)
	r.must("invite", err, nil)
	path := strings.TrimPrefix(address, r.base)
	w := r.atDoor()
	w.sees(w.open(path, http.StatusOK), "kendi parolanızla giriş yapın")
	w.post("/panel/signin", http.StatusSeeOther, "email", email, "password", password, "next", path)
	w.open(path, http.StatusOK)
	w.post(path, http.StatusSeeOther)
	address, err = r.app.invite(context.Background(), email, "x", "", checkout.RoleSupport, false)
	r.must("a lost password", err, nil)
	w.sees(r.atDoor().open(strings.TrimPrefix(address, r.base), http.StatusOK), "için bir parola belirleyin")
}

// A50: ten tries, then half an hour for nobody, whether the address is somebody's or not, in the same words.
func TestA50_PanelGuessing(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	said := map[string][]string{}
	for _, email := range []string{demoEmail, "nobody@shop.example"} {
		w := r.atDoor()
		w.open("/panel/signin", http.StatusOK)
		for range 10 {
			said[email] = append(said[email], plainText(w.post("/panel/signin", http.StatusUnprocessableEntity, "email", email, "password", "wrong-wrong-wrong")))
		}
		said[email] = append(said[email], plainText(w.post("/panel/signin", http.StatusTooManyRequests, "email", email, "password", demoPassword)))
		for i := range said[email] {
			said[email][i] = strings.NewReplacer(demoEmail, "", "nobody@shop.example", "").Replace(said[email][i])
		}
	}
	for i := range said[demoEmail] {
		r.must("the answer to a try", said[demoEmail][i], said["nobody@shop.example"][i])
	}
	r.clock.advance(29 * time.Minute)
	w := r.atDoor()
	w.open("/panel/signin", http.StatusOK)
	w.post("/panel/signin", http.StatusTooManyRequests, "email", demoEmail, "password", demoPassword)
	r.clock.advance(2 * time.Minute)
	w.post("/panel/signin", http.StatusSeeOther, "email", demoEmail, "password", demoPassword)
	tries, err := r.app.ledger.SignIns(context.Background(), demoUser, 100)
	r.must("read the tries", err, nil)
	count := map[checkout.SignInHow]int{}
	for _, try := range tries {
		count[try.How]++
	}
	r.must("wrong ones in the trail", count[checkout.SignInPassword], 10)
	r.must("the good one", count[checkout.SignInDone], 1)
}

var secretShown = regexp.MustCompile(`<code class="secret">([A-Z2-7 ]+)</code>`)
var spareShown = regexp.MustCompile(`<li><code>([0-9A-Z-]+)</code></li>`)

// A new user by invitation, the second factor that he must set up where the panel is not the demo's, and the
// ways in afterwards.
func TestA50_PanelInvitationAndSecondFactor(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	r.app.panel.Demo = false
	ctx := context.Background()
	address, err := r.app.invite(ctx, "ayse@shop.example", "Ayşe", demoMerchant, checkout.RoleFinance, false)
	r.must("invite", err, nil)
	path := strings.TrimPrefix(address, r.base)
	w := r.atDoor()
	w.open(path, http.StatusOK)
	w.post(path, http.StatusUnprocessableEntity, "name", "Ayşe Işık", "password", "short")
	w.post(path, http.StatusUnprocessableEntity, "name", "Ayşe Işık", "password", "aaaaaaaaaaaaaaaa")
	const password = "mavi bisiklet dört teker"
	w.post(path, http.StatusSeeOther, "name", "Ayşe Işık", "password", password)
	w.open(path, http.StatusGone)

	w = r.signedInAs("ayse@shop.example", password)
	r.must("what comes first", w.open("/panel", http.StatusSeeOther), "/panel/setup")
	page := w.open("/panel/setup", http.StatusOK)
	secret := strings.ReplaceAll(secretShown.FindStringSubmatch(page)[1], " ", "")
	hidden := regexp.MustCompile(`name="secret" value="([^"]+)"`).FindStringSubmatch(page)[1]
	w.post("/panel/setup", http.StatusUnprocessableEntity, "secret", hidden, "code", "000000")
	code, err := totp.GenerateCode(secret, r.clock.Now())
	r.must("make a code", err, nil)
	page = w.post("/panel/setup", http.StatusOK, "secret", hidden, "code", code)
	spares := spareShown.FindAllStringSubmatch(page, -1)
	r.must("spare codes", len(spares), 8)
	w.open("/panel", http.StatusOK)

	w = r.signedInAs("ayse@shop.example", password)
	r.must("the code is asked for", w.open("/panel", http.StatusSeeOther), "/panel/code")
	w.open("/panel/code", http.StatusOK)
	w.post("/panel/code", http.StatusUnprocessableEntity, "code", code) // it was used to set up
	r.clock.advance(30 * time.Second)
	code, err = totp.GenerateCode(secret, r.clock.Now())
	r.must("make a code", err, nil)
	w.post("/panel/code", http.StatusSeeOther, "code", code)
	w.open("/panel", http.StatusOK)

	w = r.signedInAs("ayse@shop.example", password)
	w.open("/panel/code", http.StatusOK)
	w.post("/panel/code", http.StatusUnprocessableEntity, "code", code)
	w.post("/panel/code", http.StatusSeeOther, "code", strings.ToLower(spares[0][1]))
	w = r.signedInAs("ayse@shop.example", password)
	w.open("/panel/code", http.StatusOK)
	for range 10 {
		w.post("/panel/code", http.StatusUnprocessableEntity, "code", spares[0][1])
	}
	w.post("/panel/code", http.StatusTooManyRequests, "code", spares[1][1])
}

// A49: other visits end with the password, and a visit ends with its membership.
func TestA49_PanelVisitsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	email, password := r.colleague(checkout.RoleSupport, false)
	r.app.panel.Demo = true
	here, there := r.signedInAs(email, password), r.signedInAs(email, password)
	r.app.panel.Demo = false
	here.open("/panel/account", http.StatusOK)
	here.post("/panel/account/password", http.StatusUnprocessableEntity, "current", "wrong", "password", "yeni ve uzun bir parola")
	there.open("/panel", http.StatusOK)
	here.post("/panel/account/password", http.StatusSeeOther, "current", password, "password", "yeni ve uzun bir parola")
	there.open("/panel", http.StatusSeeOther)
	here.open("/panel", http.StatusOK)
	all, err := r.app.ledger.Colleagues(context.Background(), demoMerchant)
	r.must("read colleagues", err, nil)
	for _, c := range all {
		if c.Email == email {
			r.must("remove", r.app.ledger.RemoveMember(context.Background(), demoMerchant, c.User, operatorEvent(demoMerchant, string(demoMerchant), "member.removed", r.clock.Now())), nil)
		}
	}
	here.open("/panel", http.StatusSeeOther)
}

// One user's open pages do not keep the others' from being told: he has ten lines.
func TestPanelLinesAreEachUsersOwn(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	first, other := r.signedIn(), r.signedInAs(r.colleague(checkout.RoleSupport, false))
	line := func(w *worker) int {
		resp, err := w.client.Get(r.base + "/panel/events")
		if err != nil {
			return 0
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp.StatusCode
	}
	got := make([]int, 12)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() { got[i] = line(first) })
	}
	all.Wait()
	slices.Sort(got)
	r.must("ten of twelve", []int{got[0], got[9], got[10], got[11]}, []int{200, 200, 429, 429})
	r.must("another user's", line(other), http.StatusOK)
}
