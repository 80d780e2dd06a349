package web_test

import (
	"testing"

	"github.com/odelink/odelink/gateway/web"
)

// A42: a host may hold marks that an address allows and that end a directive or a list in a policy.
func TestA42_MarksOfAPolicyAreInNoOrigin(t *testing.T) {
	for _, bad := range []string{
		"https://x;sandbox", "https://x;script-src", "https://x,y.example", "https://x'self'", "https://x$y", "https://x!y", "https://x(y)",
		"https://bank.example;report-uri:8443", "https://*", "https://x_y", "https://x~y", "https://x=y", "https://x&y", "https://x+y",
	} {
		if got := web.Origin(bad); got != "" {
			t.Errorf("%s became %q", bad, got)
		}
	}
	for address, want := range map[string]string{
		"https://Bank.Example/acs?x=1": "https://bank.example", "https://bank.example:8443/": "https://bank.example:8443",
		"http://127.0.0.1:8081/acs": "http://127.0.0.1:8081", "https://[2001:db8::1]:8443/": "https://[2001:db8::1]:8443",
	} {
		if got := web.Origin(address); got != want {
			t.Errorf("%s became %q, want %q", address, got, want)
		}
	}
}
