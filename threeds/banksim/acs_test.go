package banksim

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestPasswordPageShowsThePaymentAndNeverTheCard(t *testing.T) {
	s := newShop(t, Options{})
	v := s.opening(model3D, "000")
	v.Set("PurchAmount", "12345.60")
	v.Set("InstallmentCount", "3")
	p := s.press(s.open(v), nil)
	for _, want := range []string{"Ahşap Atölyesi", "12.345,60 TL", "4155 65•• •••• 0007", "23.11.2026 10:09", "<dd>3</dd>", v.Get("OrderId"),
		"TEST BANKASI", `<html lang="tr">`, `name="otp"`, `value="cancel"`, `class="band"`} {
		if !strings.Contains(p.body, want) {
			t.Errorf("%q is missing", want)
		}
	}
	english := s.get(p.at.String() + "?lang=en")
	for _, want := range []string{"TRY 12,345.60", "TEST BANK", `<html lang="en">`, "One-time password", `action="?lang=en"`} {
		if !strings.Contains(english.body, want) {
			t.Errorf("%q is missing in English", want)
		}
	}
	v = s.opening(model3D, "000")
	v.Set("Lang", "EN")
	if p := s.press(s.open(v), nil); !strings.Contains(p.body, `<html lang="en">`) {
		t.Error("the order's language does not count")
	}
	if n := len(regexp.MustCompile(`<input [^>]*type="text"`).FindAllString(p.body, -1)); n != 1 {
		t.Errorf("%d text fields", n)
	}
}

func TestPasswordPageEndings(t *testing.T) {
	for _, c := range []struct {
		name   string
		typed  []string
		cancel bool
		back   string
	}{
		{"right at once", []string{passwordRight}, false, okURL},
		{"right with blanks", []string{" " + passwordRight + " "}, false, okURL},
		{"right at the third try", []string{"1", "", passwordRight}, false, okURL},
		{"wrong three times", []string{"1", "2", "3"}, false, failURL},
		{"the failing one", []string{passwordFails}, false, failURL},
		{"cancelled", nil, true, failURL},
		{"cancelled with the right one typed", []string{passwordRight}, true, failURL},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, Options{})
			page := s.press(s.open(s.opening(model3D, "000")), nil)
			p := page
			if c.cancel {
				p = s.press(page, map[string]string{"otp": strings.Join(c.typed, ""), "action": "cancel"})
			} else {
				for i, otp := range c.typed {
					p = s.press(page, map[string]string{"otp": otp, "action": "submit"})
					if i < len(c.typed)-1 && (p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, "Kalan deneme hakkı: "+decimalDigits(2-i))) {
						t.Fatalf("try %d: %d\n%s", i+1, p.status, p.body)
					}
				}
			}
			back := s.callback(p, c.back)
			if c.back == failURL {
				s.want(back, "ProcReturnCode", "V034", "3DStatus", "-1", "D3Stat", "N", "RequestStat", "1,4,5", "IrcCode", "MR15")
				s.want(s.finish(back), "ProcReturnCode", "V036")
				s.want(s.call("OrderInquiry", back["OrderId"]), "ProcReturnCode", "V034")
			}
			// Whatever is typed afterwards, the answer stands and is the same to the letter.
			late := s.callback(s.press(page, map[string]string{"otp": passwordRight}), c.back)
			reload := s.callback(s.get(page.at.String()), c.back)
			for _, again := range []map[string]string{late, reload} {
				s.want(again, "ResponseHash", back["ResponseHash"], "ResponseRnd", back["ResponseRnd"], "ProcReturnCode", back["ProcReturnCode"])
			}
		})
	}
}

func TestPasswordPageRunsOut(t *testing.T) {
	now := testNow
	s := newShop(t, Options{Now: func() time.Time { return now }})
	page := s.press(s.open(s.opening(model3D, "000")), nil)
	now = now.Add(sessionLife + time.Second)
	s.want(s.callback(s.press(page, map[string]string{"otp": passwordRight}), failURL), "ProcReturnCode", "V034")
}

func TestCallbackRepeatsAfterTheCompletion(t *testing.T) {
	s := newShop(t, Options{})
	page := s.press(s.open(s.opening(model3D, "000")), nil)
	back := s.callback(s.press(page, map[string]string{"otp": passwordRight}), okURL)
	s.finish(back)
	again := s.callback(s.get(page.at.String()), okURL)
	s.want(again, "ProcReturnCode", "V033", "AuthCode", "", "ResponseHash", back["ResponseHash"])
}

func TestUnknownSessionsAndPages(t *testing.T) {
	s := newShop(t, Options{})
	for _, c := range []struct{ method, path string }{
		{"GET", challengePath + "/00000000000000000000000000000000"}, {"GET", challengePath + "/"}, {"GET", challengePath}, {"GET", cardPath},
		{"POST", challengePath}, {"POST", cardPath}, {"GET", "/acs/other/1"}, {"GET", "/acs/"}, {"GET", staticPath + "other.js"},
		{"GET", staticPath + "../pages.html"}, {"GET", "/elsewhere"}, {"GET", "/_bank/elsewhere"}, {"DELETE", "/_bank/charges"},
	} {
		if p := s.must(s.do(c.method, s.srv.URL+c.path, "", "")); p.status != http.StatusNotFound {
			t.Errorf("%s %s answers %d", c.method, c.path, p.status)
		}
	}
	page := s.press(s.open(s.opening(model3D, "000")), nil)
	if p := s.must(s.do("PUT", page.at.String(), "", "")); p.status != http.StatusNotFound {
		t.Errorf("PUT answers %d", p.status)
	}
	if p := s.get(strings.Replace(page.at.String(), "/challenge/", "/card/", 1)); p.fields["otp"] != "" || p.action == "" {
		t.Error("the card page of a session past it does not lead to the password page")
	}
}

// TestPagesLoadNothingFromElsewhere: no foreign host, no inline script or style, and a policy that says so.
func TestPagesLoadNothingFromElsewhere(t *testing.T) {
	s := newShop(t, Options{})
	opened := s.open(s.opening(model3D, "000"))
	page := s.press(opened, nil)
	pages := map[string]sheet{"opening": opened, "password": page, "callback": s.press(page, map[string]string{"otp": passwordRight}),
		"card": s.press(s.open(s.opening(model3DHost, "000")), nil), "index": s.get(s.srv.URL + "/"), "notice": s.get(s.srv.URL + challengePath + "/none")}
	for name, p := range pages {
		if csp := p.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy is %q", name, csp)
		}
		for _, m := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(p.body, -1) {
			if to, err := p.at.Parse(m[1]); err != nil || "http://"+to.Host != s.srv.URL {
				t.Errorf("%s: loads %s", name, m[1])
			}
		}
		if regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script>`).MatchString(p.body) {
			t.Errorf("%s: has inline script or style", name)
		}
		if !strings.Contains(p.body, `class="band"`) {
			t.Errorf("%s: has no TEST band", name)
		}
	}
	for name, kind := range map[string]string{"bank.css": "text/css; charset=utf-8", "auto.js": "text/javascript; charset=utf-8"} {
		if p := s.get(s.srv.URL + staticPath + name); p.status != http.StatusOK || p.header.Get("Content-Type") != kind {
			t.Errorf("%s: %d %s", name, p.status, p.header.Get("Content-Type"))
		}
	}
}

func TestTextsAreEscaped(t *testing.T) {
	m := DemoMerchants()[3]
	m.Name = `<script>alert("1")</script>`
	s := newShop(t, Options{Merchants: []Merchant{m}, Hostile: true})
	for range 8 {
		v := s.opening(model3D, "000")
		v.Set("CardHolderName", `"><script>'x'</script>`)
		opened := s.open(v)
		page := s.press(opened, nil)
		back := s.press(page, map[string]string{"otp": passwordRight})
		for _, p := range []sheet{opened, page, back} {
			if strings.Contains(p.body, "<script>") {
				t.Fatalf("unescaped:\n%s", p.body)
			}
		}
		if got := back.fields["CardHolderName"]; got != `"><script>'x'</script>` {
			t.Errorf("the holder came back as %q", got)
		}
	}
}

func TestAddressesInFormsFollowTheSettings(t *testing.T) {
	s := newShop(t, Options{PublicURL: "https://bank.example/"})
	if p := s.open(s.opening(model3D, "000")); p.action != "https://bank.example/acs/challenge" {
		t.Errorf("action is %s", p.action)
	}
	h := newShop(t, Options{Hostile: true})
	relative := 0
	for range 4 {
		p := h.open(h.opening(model3D, "000"))
		if strings.HasPrefix(p.action, "../") {
			relative++
		}
		h.pass(p, passwordRight)
	}
	if relative != 2 {
		t.Errorf("%d of 4 addresses are relative", relative)
	}
	for _, bad := range []string{"bank.example", "ftp://bank.example", "http://", "::"} {
		if _, err := New(Options{PublicURL: bad}); err == nil {
			t.Errorf("public address %q was taken", bad)
		}
	}
}

func TestHostileCallbacksKeepTheirFields(t *testing.T) {
	s := newShop(t, Options{Hostile: true})
	orders, spellings, hashTypes, twice := map[string]bool{}, map[string]bool{}, map[bool]bool{}, 0
	name := regexp.MustCompile(`(?i)name=["']([^"']+)`)
	for range 24 {
		p := s.pass(s.open(s.opening(model3D, "000")), passwordRight)
		var names []string
		for _, m := range name.FindAllStringSubmatch(p.body, -1) {
			names = append(names, m[1])
		}
		orders[strings.Join(names, " ")] = true
		for _, n := range names {
			if strings.EqualFold(n, "merchantid") {
				spellings[n] = true
			}
		}
		_, typed := p.fields["HashType"]
		hashTypes[typed] = true
		if p.twice {
			twice++
		}
		back := s.callback(p, okURL)
		s.want(back, "ResponseHash", s.signature(back, false), "3DStatus", "1")
	}
	if len(orders) < 20 || len(spellings) != 2 || len(hashTypes) != 2 || twice == 0 || twice == 24 {
		t.Errorf("%d orders of fields, spellings %v, HashType %v, %d sent twice", len(orders), spellings, hashTypes, twice)
	}
}
