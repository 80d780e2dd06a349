package web

import "strings"

// PanelCookie is the cookie of a visit to the panel, under the name that CookieName gives it.
const PanelCookie = "odelink_panel"

// CookieName is how a cookie of ours is called: over https its name says to browsers that no sibling domain may have
// planted it (A41).
func CookieName(publicURL, name string) string {
	if strings.HasPrefix(publicURL, "https://") {
		return "__Host-" + name
	}
	return name
}
