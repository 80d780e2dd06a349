package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/odelink/odelink/gateway/testenv"
)

// webKit are the programs behind one page: what takes the commands, the browser that it starts, and the screen
// that the browser draws on, since WebKit does not run without one.
type webKit struct{ driver, browser, screen string }

// webKitPrograms finds them. Debian keeps the browser in a folder by the version of its library.
func webKitPrograms() (webKit, error) {
	driver, noDriver := testenv.Installed("webkit2gtk-driver", "WebKitWebDriver")
	screen, noScreen := testenv.Installed("xvfb", "Xvfb")
	for _, folder := range []string{"webkit2gtk-4.*", "webkitgtk-6.*"} {
		if found, err := filepath.Glob("/usr/lib/*/" + folder + "/MiniBrowser"); err == nil && len(found) > 0 {
			return webKit{driver, found[0], screen}, errors.Join(noDriver, noScreen)
		}
	}
	return webKit{}, errors.Join(noDriver, noScreen, errors.New("WebKit's MiniBrowser is not installed"))
}

func startWebKit(t testing.TB) (session, error) {
	w, err := webKitPrograms()
	if err != nil {
		return nil, err
	}
	display, err := w.display(t)
	if err != nil {
		return nil, err
	}
	p, err := testenv.StartProgram("webkit", 1, func(dir string, addrs []string) testenv.Command {
		_, port, _ := strings.Cut(addrs[0], ":")
		return testenv.Command{
			Argv: []string{w.driver, "--port=" + port},
			Env:  append(os.Environ(), "DISPLAY="+display, "GDK_BACKEND=x11", "HOME="+dir, "DBUS_SESSION_BUS_ADDRESS=disabled:"),
			Up:   func() error { _, err := ask(http.MethodGet, "http://"+addrs[0]+"/status", nil); return err },
		}
	})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { p.Remove(t) })
	s := &overHTTP{"http://" + p.Addrs[0] + "/session"}
	value, err := s.do(newSession, params{"capabilities": params{"alwaysMatch": params{
		"webkitgtk:browserOptions": params{"binary": w.browser, "args": []string{"--automation"}}}}})
	if err != nil {
		return nil, err
	}
	var made struct{ SessionID string }
	err = json.Unmarshal(value, &made)
	s.at += "/" + made.SessionID
	return s, err
}

// display starts a screen that nobody sees, and answers the name by which programs draw on it. The server takes the
// first number that is free and writes it where it is told to; what is drawn there ends with it.
func (w webKit) display(t testing.TB) (name string, err error) {
	p, err := testenv.StartProgram("xvfb", 0, func(dir string, _ []string) testenv.Command {
		return testenv.Command{
			Argv: []string{"/bin/sh", "-c", `exec "$0" -displayfd 3 -screen 0 1280x1024x24 -nolisten tcp 3>number`, w.screen},
			Up: func() error {
				number, err := os.ReadFile(filepath.Join(dir, "number"))
				if err == nil && !bytes.HasSuffix(number, []byte("\n")) {
					err = errors.New("it has not told its number")
				}
				name = ":" + strings.TrimSpace(string(number))
				return err
			},
		}
	})
	if err != nil {
		return "", err
	}
	t.Cleanup(func() { p.Stop(t); p.Remove(t) }) // in order, so that it takes its lock along
	return name, nil
}

// overHTTP is WebDriver as the standard has it: at is the address of its session.
type overHTTP struct{ at string }

func (s *overHTTP) do(c command, p params) (json.RawMessage, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	id, _ := p["id"].(string)
	return ask(http.MethodPost, s.at+strings.Replace(c.path, "{id}", id, 1), body)
}

// ask makes one request and reads its answer.
func ask(method, address string, body []byte) (json.RawMessage, error) {
	request, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	client := http.Client{Timeout: patience}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var said struct{ Value json.RawMessage }
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return nil, fmt.Errorf("%s: %w", answer.Status, err)
	}
	if answer.StatusCode != http.StatusOK {
		refused := new(refusal)
		return nil, errors.Join(json.Unmarshal(said.Value, refused), refused)
	}
	return said.Value, nil
}
