package web_test

import (
	"bufio"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/gateway/web"
)

func pageHeaders(t *testing.T, h web.PageHeaders) map[string]string {
	t.Helper()
	app := web.NewApp(web.Config{})
	app.Get("/x", func(c *fiber.Ctx) error { h.Apply(c); return c.SendString("ok") })
	a := ask(t, app, "GET", "/x", nil, "")
	out := map[string]string{}
	for k, v := range a.header {
		if len(v) != 1 {
			t.Errorf("%s is there %d times", k, len(v))
		}
		out[k] = v[0]
	}
	return out
}

func directives(policy string) map[string]string {
	out := map[string]string{}
	for _, d := range strings.Split(policy, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), " ")
		out[name] = value
	}
	return out
}

func TestA37_A39_A42_PageHeaders(t *testing.T) {
	h := pageHeaders(t, web.NewPageHeaders("https://pay.example"))
	for name, want := range map[string]string{
		"Cache-Control":                "no-store",
		"Referrer-Policy":              "no-referrer",
		"X-Robots-Tag":                 "noindex",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Strict-Transport-Security":    "max-age=31536000",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		if h[name] != want {
			t.Errorf("%s: %q, want %q", name, h[name], want)
		}
	}
	if h["Permissions-Policy"] == "" {
		t.Error("no Permissions-Policy")
	}
	csp := h["Content-Security-Policy"]
	for _, never := range []string{"unsafe", "*", "data:", "http:", "https:", "blob:"} {
		if strings.Contains(csp, never) {
			t.Errorf("%q in the policy %q", never, csp)
		}
	}
	d := directives(csp)
	for name, want := range map[string]string{
		"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'", "connect-src": "'self'",
		"form-action": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'",
	} {
		if d[name] != want {
			t.Errorf("%s %q, want %q", name, d[name], want)
		}
	}
}

func TestHSTSIsPromisedOnlyOnHTTPS(t *testing.T) {
	for _, h := range []web.PageHeaders{
		web.NewPageHeaders("http://127.0.0.1:8080"), web.NewAPIHeaders("http://127.0.0.1:8080"), web.NewAssetHeaders("http://localhost"),
	} {
		if v := pageHeaders(t, h)["Strict-Transport-Security"]; v != "" {
			t.Errorf("promised on http: %q", v)
		}
	}
}

func TestA38_TheHandOverPageShowsTheBankOurOriginOnly(t *testing.T) {
	page := web.NewPageHeaders("https://pay.example")
	h := pageHeaders(t, page.WithFormAction("https://vpos.bank.example/fim/est3Dgate?x=1", "https://ACS.example:8443", "https://vpos.bank.example/other"))
	if h["Referrer-Policy"] != "strict-origin" {
		t.Errorf("Referrer-Policy %q", h["Referrer-Policy"])
	}
	if got := directives(h["Content-Security-Policy"])["form-action"]; got != "'self' https://vpos.bank.example https://acs.example:8443" {
		t.Errorf("form-action %q", got)
	}
	plain := pageHeaders(t, page)
	if plain["Referrer-Policy"] != "no-referrer" || strings.Contains(plain["Content-Security-Policy"], "bank") {
		t.Error("the page headers themselves were changed")
	}
}

func TestA42_NothingButAnOriginEntersThePolicy(t *testing.T) {
	for _, bad := range []string{
		"", "*", "javascript:alert(1)", "data:text/html,x", "//bank.example", "bank.example", "https://", "https://user@bank.example",
		"https://a b", "https://bank.example; script-src *", "https://x;script-src%20*", "https://*.example", "ftp://bank.example", "https://bänk.example",
	} {
		h := pageHeaders(t, web.NewPageHeaders("https://pay.example").WithFormAction(bad))
		if got := directives(h["Content-Security-Policy"])["form-action"]; got != "'self'" {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

func TestLanguage(t *testing.T) {
	cases := []struct{ name, query, accept, want string }{
		{"nothing said is Turkish", "", "", "tr"},
		{"English is asked for", "", "en-US,en;q=0.9", "en"},
		{"Turkish is asked for", "", "tr-TR,tr;q=0.9,en;q=0.8", "tr"},
		{"the heavier one wins whatever the order", "", "tr;q=0.3, en;q=0.7", "en"},
		{"of equals the first wins", "", "en,tr", "en"},
		{"weight zero is a no", "", "en;q=0", "tr"},
		{"other languages do not count", "", "de-DE,de;q=0.9,en;q=0.1", "en"},
		{"only other languages is Turkish", "", "de,fr", "tr"},
		{"a star is Turkish", "", "*", "tr"},
		{"a longer word is no language", "", "enx,eng;q=0.9", "tr"},
		{"letter case does not count", "", "EN-gb", "en"},
		{"an unreadable weight is none", "", "en;q=high,tr;q=0.1", "tr"},
		{"the address wins", "?lang=en", "tr", "en"},
		{"the address wins the other way", "?x=1&lang=tr", "en", "tr"},
		{"an unknown language in the address does not count", "?lang=de", "en", "en"},
		{"another site in the address does not count", "?lang=//evil.example", "", "tr"},
		{"a long header ends", "", strings.Repeat("de,", 40) + "en", "tr"},
	}
	app := web.NewApp(web.Config{})
	app.Get("/x", func(c *fiber.Ctx) error { return c.SendString(web.Language(c)) })
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if a := ask(t, app, "GET", "/x"+tc.query, map[string]string{"Accept-Language": tc.accept}, ""); a.body != tc.want {
				t.Errorf("got %q, want %q", a.body, tc.want)
			}
		})
	}
}

func TestLanguageAllocatesNothing(t *testing.T) {
	app := fiber.New()
	var req fasthttp.RequestCtx
	req.Request.Header.Set("Accept-Language", "de;q=0.9,en-US;q=0.8,tr;q=0.1")
	req.Request.SetRequestURI("/p/x?lang=en")
	c := app.AcquireCtx(&req)
	if n := testing.AllocsPerRun(100, func() { web.Language(c) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// rawAsk sends bytes as they are from a peer of our choice and gives the body of the answer.
func rawAsk(t *testing.T, app *fiber.App, peer, raw string) string {
	t.Helper()
	app.Handler() // builds the route tree
	client, server := net.Pipe()
	defer client.Close()
	go app.Server().ServeConn(peerConn{server, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(peer))}) //nolint:errcheck // the answer is what counts
	if err := client.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go client.Write([]byte(raw)) //nolint:errcheck // a refused request may not be read to its end
	var res fasthttp.Response
	if err := res.Read(bufio.NewReader(client)); err != nil {
		t.Fatalf("answer: %v", err)
	}
	return string(res.Body())
}

type peerConn struct {
	net.Conn
	peer net.Addr
}

func (p peerConn) RemoteAddr() net.Addr { return p.peer }

func TestA61_TheClientsAddress(t *testing.T) {
	const proxy, other = "10.0.0.1:999", "198.51.100.7:999"
	hops := func(n int, hop string) string {
		return "X-Forwarded-For: " + strings.Repeat(hop+",", n-1) + hop + "\r\n"
	}
	cases := []struct{ name, peer, head, want string }{
		{"no header", other, "", "198.51.100.7"},
		{"an untrusted peer says nothing about others", other, "X-Forwarded-For: 203.0.113.9\r\n", "198.51.100.7"},
		{"a trusted proxy is believed", proxy, "X-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"},
		{"what stands left of the client's own address is his invention", proxy, "X-Forwarded-For: 1.1.1.1, 127.0.0.1, 203.0.113.9\r\n", "203.0.113.9"},
		{"several proxies in a row", proxy, "X-Forwarded-For: 1.1.1.1, 203.0.113.9, 10.0.0.9, 10.0.0.8\r\n", "203.0.113.9"},
		{"a doubled header is one list", proxy, "X-Forwarded-For: 1.1.1.1, 203.0.113.9\r\nX-Forwarded-For: 10.0.0.9\r\n", "203.0.113.9"},
		{"a doubled header with a forged first one", proxy, "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"},
		{"an entry that is no address ends the reading", proxy, "X-Forwarded-For: 203.0.113.9, unknown, 10.0.0.9\r\n", "10.0.0.9"},
		{"an empty entry ends the reading", proxy, "X-Forwarded-For: 203.0.113.9,\r\n", "10.0.0.1"},
		{"a port is dropped", proxy, "X-Forwarded-For: 203.0.113.9:4711\r\n", "203.0.113.9"},
		{"IPv6", proxy, "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"},
		{"IPv6 with a port", proxy, "X-Forwarded-For: [2001:db8::1]:4711\r\n", "2001:db8::1"},
		{"IPv6 in brackets", proxy, "X-Forwarded-For: [2001:db8::1]\r\n", "2001:db8::1"},
		{"a mapped address is the address", proxy, "X-Forwarded-For: ::ffff:203.0.113.9\r\n", "203.0.113.9"},
		{"a mapped proxy is still a proxy", "[::ffff:10.0.0.1]:999", "X-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"},
		{"a zone means nothing here", proxy, "X-Forwarded-For: fe80::1%eth0\r\n", "10.0.0.1"},
		{"Forwarded is not read", proxy, "Forwarded: for=203.0.113.9\r\n", "10.0.0.1"},
		{"X-Real-IP is not read", proxy, "X-Real-Ip: 203.0.113.9\r\n", "10.0.0.1"},
		{"only proxies all the way", proxy, "X-Forwarded-For: 10.0.0.7, 10.0.0.8\r\n", "10.0.0.7"},
		{"1,000 hops end early", proxy, hops(1000, "1.1.1.1"), "1.1.1.1"},
		{"1,000 trusted hops end early", proxy, "X-Forwarded-For: 203.0.113.9" + "," + strings.Repeat("10.0.0.9,", 700) + "10.0.0.8\r\n", "10.0.0.9"},
	}
	app := web.NewApp(web.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	app.Get("/x", func(c *fiber.Ctx) error { return c.SendString(web.ClientIP(c)) })
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got := rawAsk(t, app, tc.peer, "GET /x HTTP/1.1\r\nHost: pay.example\r\n"+tc.head+"\r\n")
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestA61_ForwardedHostAndSchemeAreNotBelieved(t *testing.T) {
	app := web.NewApp(web.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	app.Get("/x", func(c *fiber.Ctx) error { return c.SendString(c.BaseURL() + " " + c.Hostname() + " " + c.Protocol()) })
	got := rawAsk(t, app, "10.0.0.1:999", "GET /x HTTP/1.1\r\nHost: pay.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n"+
		"X-Forwarded-Protocol: https\r\nX-Forwarded-Ssl: on\r\nX-Url-Scheme: https\r\n\r\n")
	if want := "http://pay.example pay.example http"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func BenchmarkPageHeaders(b *testing.B) {
	h := web.NewPageHeaders("https://pay.example")
	app := fiber.New()
	var req fasthttp.RequestCtx
	c := app.AcquireCtx(&req)
	b.ReportAllocs()
	for b.Loop() {
		c.Response().Reset()
		h.Apply(c)
	}
}
