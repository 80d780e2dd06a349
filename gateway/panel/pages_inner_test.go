package panel

import "testing"

func TestAFormsAddressLeadsToItsPage(t *testing.T) {
	for path, want := range map[string]string{
		"/panel/account/password": "/panel/account", "/panel/account": "/panel/account", "/panel/signin": "/panel/signin",
		"/panel/payments/pay_222222222222222222AAAA/back": "/panel/payments/pay_222222222222222222AAAA",
		"/panel/links/lnk_222222222222222222AAAA/delete":  "/panel/links/lnk_222222222222222222AAAA",
		"/panel/links/lnk_222222222222222222AAAA/send":    "/panel/links/lnk_222222222222222222AAAA",
		"/panel/settings/branding/logo":                   "/panel/settings/branding",
		"/panel/merchant":                                 "/panel",
	} {
		if got := pageOf(path); got != want {
			t.Errorf("%s leads to %s, want %s", path, got, want)
		}
		if !takesForms(path) && path != "/panel/signin" {
			t.Errorf("%s takes no forms", path)
		}
	}
	if takesForms("/panel/nothing") {
		t.Error("an address that is none takes forms")
	}
}
