package wire

import (
	"net"
	"net/url"
	"strings"
)

// Loopback says whether a host is this machine by its name or number.
func Loopback(host string) bool {
	name := strings.TrimSuffix(FoldASCII(host), ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// BaseURL reads the address that replaces a bank's own. code is "" or why it is refused: "url", "https_required",
// "loopback_refused". The answer's path ends in a slash.
func BaseURL(text string, allowLoopback bool) (u *url.URL, code string) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || !IsASCII(text) {
		return nil, "url"
	}
	switch local := Loopback(u.Hostname()); {
	case local && !allowLoopback:
		return nil, "loopback_refused"
	case u.Scheme != "https" && (u.Scheme != "http" || !local):
		return nil, "https_required"
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	return u, ""
}

// Browsable says whether a payer's browser may be sent to u: https, or plain http to this machine where that is
// allowed; no user name, a host, nothing else.
func Browsable(u *url.URL, allowLoopback bool) bool {
	if u.Host == "" || u.User != nil || u.Opaque != "" {
		return false
	}
	return u.Scheme == "https" || (u.Scheme == "http" && allowLoopback && Loopback(u.Hostname()))
}

// Origin is scheme and host of an address, as a content security policy writes it.
func Origin(u *url.URL) string { return u.Scheme + "://" + u.Host }
