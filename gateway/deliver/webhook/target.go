package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
)

// refused is an address where nothing is sent; what is refused stays out of answers and logs.
type refused struct{ why string }

func (r refused) Error() string { return "webhook target refused: " + r.why }

// networks are those of IPv4 that are nobody's public host (RFC 6890 and its registry).
var networks = prefixes(
	"0.0.0.0/8",        // this network
	"10.0.0.0/8",       // private
	"100.64.0.0/10",    // carrier-grade NAT; holds Alibaba's metadata host
	"127.0.0.0/8",      // loopback
	"168.63.129.16/32", // Azure's host agent, on a public address
	"169.254.0.0/16",   // link-local; holds the metadata hosts of AWS, Azure, Google and Oracle
	"172.16.0.0/12",    // private
	"192.0.0.0/24",     // protocol assignments; holds Oracle's other metadata host
	"192.0.2.0/24",     // documentation
	"192.88.99.0/24",   // 6to4 relays
	"192.168.0.0/16",   // private
	"198.18.0.0/15",    // benchmarks
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/3",      // multicast, reserved, broadcast
)

// globalIPv6 is all of IPv6 that is given out to hosts. Outside of it are loopback, unique-local,
// link-local and multicast addresses, and IPv4 in disguise: mapped, NAT64 (64:ff9b::/96, 64:ff9b:1::/48).
var globalIPv6 = netip.MustParsePrefix("2000::/3")

// networks6 are those within globalIPv6 that are nobody's public host.
var networks6 = prefixes(
	"2001::/23",     // protocol assignments; Teredo
	"2001:db8::/32", // documentation
	"2002::/16",     // 6to4
	"3fff::/20",     // documentation
)

func prefixes(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, text := range all {
		out[i] = netip.MustParsePrefix(text)
	}
	return out
}

// public says whether an address may be a merchant's host.
func public(a netip.Addr) bool {
	of := networks
	if a.Is6() {
		if a.Zone() != "" || !globalIPv6.Contains(a) {
			return false
		}
		of = networks6
	}
	for _, p := range of {
		if p.Contains(a) {
			return false
		}
	}
	return a.IsValid()
}

// may says whether something may be sent to an address; in demo also to this machine.
func (s *Sender) may(a netip.Addr) bool {
	return public(a) || s.loopback && a.IsLoopback()
}

// target reads a URL and holds its text against the rules: https, port 443 or one from 1024 on, no user
// name. Below 1024 are the services that others run beside their web server; from 1024 on are the ports
// that development servers use. In demo, http and every port of this machine are good, too.
func (s *Sender) target(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return nil, refused{"no address"}
	case u.User != nil:
		return nil, refused{"a user name"}
	case u.Fragment != "":
		return nil, refused{"a fragment"}
	}
	literal, err := netip.ParseAddr(u.Hostname())
	switch {
	case err == nil && !s.may(literal):
		return nil, refused{"its address"} // before it is unmapped: who writes a mapped one means to hide it
	case err != nil && endsInNumber(u.Hostname()):
		return nil, refused{"a number for an address"}
	}
	here := s.loopback && (literal.IsLoopback() || u.Hostname() == "localhost")
	if u.Scheme != "https" && !(here && u.Scheme == "http") {
		return nil, refused{"not https"}
	}
	if port, ok := portOf(u); !ok || port != 443 && port < 1024 && !here {
		return nil, refused{"its port"}
	}
	return u, nil
}

// endsInNumber says whether a host is read as an IPv4 address by those who also take it with fewer than four parts,
// octal or hexadecimal ones (WHATWG URL, "ends in a number"): 127.1, 0x7f.1, 2130706433, 0177.0.0.1. What is no
// address in its usual form and would be one all the same is hidden on purpose.
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	hex, is := strings.CutPrefix(last, "0x")
	return last != "" && strings.Trim(last, "0123456789") == "" || is && strings.Trim(hex, "0123456789abcdef") == ""
}

// inner are the names that no public host has: they are answered by a network of its own for itself (RFC 6761, 6762,
// 8375, and the root's reservation of internal).
var inner = []string{"localhost", "local", "internal", "home.arpa"}

// name holds a host's name, which is no literal address, against what a public host can be called. It is asked where
// an address is saved; each send asks where it leads.
func (s *Sender) name(host string) error {
	if _, err := netip.ParseAddr(host); err == nil || s.loopback && host == "localhost" {
		return nil
	}
	plain := strings.ToLower(host)
	if strings.HasSuffix(plain, ".") || !strings.Contains(plain, ".") || strings.Contains(plain, "。") || norm.NFKC.String(plain) != plain {
		return refused{"its name"} // １２７.0.0.1 and 127.0.0。1 become addresses where names are made ASCII
	}
	for _, suffix := range inner {
		if strings.HasSuffix(plain, "."+suffix) {
			return refused{"the name of an inner network"}
		}
	}
	return nil
}

func portOf(u *url.URL) (int, bool) {
	text := u.Port()
	if text == "" {
		return map[string]int{"https": 443, "http": 80}[u.Scheme], !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n > 0 && n < 1<<16
}

// Allowed says whether an endpoint may have this address: ErrTarget with what is wrong as its cause. A host
// that has no address right now is not refused: each send asks again.
func (s *Sender) Allowed(ctx context.Context, address string) error {
	u, err := s.target(address)
	if err == nil {
		err = s.name(u.Hostname())
	}
	if err != nil {
		return checkout.ErrTarget.Because(err)
	}
	ctx, cancel := context.WithTimeout(ctx, nameTime)
	defer cancel()
	if _, err := s.addresses(ctx, u.Hostname(), u.Scheme); errors.As(err, &refused{}) {
		return checkout.ErrTarget.Because(err)
	}
	return nil
}

// addresses looks a host up and refuses it when any of its addresses is refused: one that is good beside it
// would only be the bait.
func (s *Sender) addresses(ctx context.Context, host, scheme string) ([]netip.Addr, error) {
	found := []netip.Addr{}
	if literal, err := netip.ParseAddr(host); err == nil {
		found = append(found, literal)
	} else if found, err = s.lookup(ctx, "ip", host); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	for i, a := range found {
		found[i] = a.Unmap() // how resolvers write IPv4
		if !s.may(found[i]) || scheme == "http" && !found[i].IsLoopback() {
			return nil, refused{"one of its addresses"}
		}
	}
	return found, nil
}

// dial connects to a host's addresses, one after the other.
func (s *Sender) dial(scheme string) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Control: s.control}
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		all, err := s.addresses(ctx, host, scheme)
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			var conn net.Conn
			if conn, err = d.DialContext(ctx, "tcp", net.JoinHostPort(a.String(), port)); err == nil {
				return conn, nil
			}
		}
		return nil, err
	}
}

// control has the last word on every address that a socket connects to.
func (s *Sender) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: %w", address, err)
	}
	if !s.may(to.Addr()) {
		return refused{"the address that was dialled"}
	}
	return nil
}
