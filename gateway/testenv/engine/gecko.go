package engine

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/testenv"
)

// geckoPath finds Debian's Firefox. What is called firefox elsewhere may be a snap, which sees no profile of ours.
func geckoPath() (string, error) { return testenv.Installed("firefox-esr", "firefox-esr") }

// profile is what a fresh Firefox has to be told, with its port: that the pages are wanted in English, that a page
// needs no process prepared for it, and that there is no crash to tell anybody of.
const profile = `user_pref("marionette.port", %s);
user_pref("intl.accept_languages", "en-GB, en");
user_pref("dom.ipc.processPrelaunch.enabled", false);
user_pref("browser.newtabpage.enabled", false);
`

func startGecko(t testing.TB) (session, error) {
	path, err := geckoPath()
	if err != nil {
		return nil, err
	}
	s := &marionette{}
	p, err := testenv.StartProgram("gecko", 1, func(dir string, addrs []string) testenv.Command {
		_, port, _ := strings.Cut(addrs[0], ":")
		wish := os.WriteFile(filepath.Join(dir, "user.js"), fmt.Appendf(nil, profile, port), 0o600)
		return testenv.Command{
			Argv: []string{path, "--headless", "--marionette", "--profile", dir},
			Env:  append(os.Environ(), "HOME="+dir, "MOZ_CRASHREPORTER_DISABLE=1"),
			Up:   func() error { return errors.Join(wish, s.connect(addrs[0])) },
		}
	})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { p.Remove(t) })
	_, err = s.do(newSession, params{})
	return s, err
}

// marionette is Gecko's own way of WebDriver: messages as JSON behind their length and a colon, one answer to each
// command in turn (Firefox source docs, "Marionette", protocol 3). Firefox takes one connection at a time.
type marionette struct {
	conn net.Conn
	in   *bufio.Reader
	last int // number of the last command
}

// connect is for a Firefox that starts: it listens before it greets.
func (m *marionette) connect(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return err
	}
	m.conn, m.in = conn, bufio.NewReader(conn)
	_, err = m.receive()
	return err
}

func (m *marionette) do(c command, p params) (json.RawMessage, error) {
	m.last++
	text, err := json.Marshal([]any{0, m.last, c.name, p})
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(m.conn, "%d:%s", len(text), text); err != nil {
		return nil, err
	}
	if text, err = m.receive(); err != nil {
		return nil, err
	}
	var answer [4]json.RawMessage // kind, number, error, result
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	var refused *refusal
	if err := json.Unmarshal(answer[2], &refused); err != nil || refused != nil {
		return nil, errors.Join(err, refused)
	}
	var result struct{ Value json.RawMessage }
	return result.Value, json.Unmarshal(answer[3], &result)
}

// receive reads one message.
func (m *marionette) receive() ([]byte, error) {
	if err := m.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	length, err := m.in.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil {
		return nil, err
	}
	text := make([]byte, n)
	_, err = io.ReadFull(m.in, text)
	return text, err
}
