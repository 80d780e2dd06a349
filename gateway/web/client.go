package web

import (
	"bytes"
	"net"
	"net/netip"

	"github.com/gofiber/fiber/v2"
)

// maxHops is how many entries of X-Forwarded-For are read: more trusted proxies than that stand in
// a row nowhere.
const maxHops = 32

// ClientIP is the address of whoever sent the request, as text: the peer's, unless the peer is a
// trusted proxy; then X-Forwarded-For is read from right to left, joined over repeated headers, up
// to the first address that is not a trusted proxy. An entry that is no address ends the reading,
// and the last trusted address counts. Forwarded, X-Real-IP and X-Forwarded-Proto are never read
// (A61); the scheme is that of the public URL. A peer without an address, as in tests, is "".
func ClientIP(c *fiber.Ctx) string {
	if a := ClientAddr(c); a.IsValid() {
		return a.String()
	}
	return ""
}

// ClientAddr is ClientIP as a value; the zero Addr when the peer has none.
func ClientAddr(c *fiber.Ctx) netip.Addr {
	peer := addrOf(c.Context().RemoteAddr())
	trusted := edgeOf(c).TrustedProxies
	if len(trusted) == 0 || !within(trusted, peer) {
		return peer
	}
	return forwarded(c.Request().Header.PeekAll(fiber.HeaderXForwardedFor), trusted, peer)
}

// client is ClientAddr of a request that has one X-Forwarded-For at most.
func (e *edge) client(peer netip.Addr, header []byte) netip.Addr {
	if len(e.TrustedProxies) == 0 || header == nil || !within(e.TrustedProxies, peer) {
		return peer
	}
	headers := [1][]byte{header}
	return forwarded(headers[:], e.TrustedProxies, peer)
}

// forwarded walks the headers from the last entry of the last one to the left.
func forwarded(headers [][]byte, trusted []netip.Prefix, peer netip.Addr) netip.Addr {
	client, hops := peer, 0
	for i := len(headers) - 1; i >= 0; i-- {
		for rest := headers[i]; rest != nil; {
			if hops++; hops > maxHops {
				return client
			}
			entry := rest
			if cut := bytes.LastIndexByte(rest, ','); cut >= 0 {
				entry, rest = rest[cut+1:], rest[:cut]
			} else {
				rest = nil
			}
			addr, ok := parseHop(bytes.TrimSpace(entry))
			if !ok {
				return client
			}
			client = addr
			if !within(trusted, addr) {
				return client
			}
		}
	}
	return client
}

// parseHop reads an address with or without a port, IPv6 with or without brackets. Zones are
// refused: they mean nothing on another machine.
func parseHop(entry []byte) (netip.Addr, bool) {
	if len(entry) == 0 || len(entry) > 64 {
		return netip.Addr{}, false
	}
	text := string(entry)
	if text[0] == '[' && text[len(text)-1] == ']' {
		text = text[1 : len(text)-1]
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = withPort.Addr()
	}
	return addr.Unmap(), addr.Zone() == ""
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// addrOf is the address of a TCP peer; the zero Addr for anything else.
func addrOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
