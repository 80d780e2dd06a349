package main

import (
	"bufio"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/odelink/odelink/gateway/deliver/email"
	"github.com/odelink/odelink/gateway/deliver/sms"
	"github.com/odelink/odelink/gateway/redisstore"
	"github.com/odelink/odelink/gateway/sqlstore"
)

// Config is every setting of the gateway. Each is an environment variable, a flag and a key of the
// optional file named by ODELINK_CONFIG; a flag wins over the environment, the environment over
// the file. The zero value of a field means its default.
type Config struct {
	Addr           string
	PublicURL      string
	AdminAddr      string
	DatabaseURL    string
	RedisURL       string
	MasterKeys     [][]byte // newest first
	keyGiven       bool     // a key was given, right or wrong
	keyless        bool     // migrate only: no key is needed, though one that is given has to be right
	TrustedProxies []netip.Prefix
	LogFormat      string
	LogLevel       string
	SMTPURL        string
	SMSURL         string
	OutgoingIP     string // what banks see; "" = nobody says
	BinsFile       string
	BankHosts      []string // where merchants may say that their bank is, beside the banks' own hosts
	SimulatedBank  bool     // serve only: accounts may point at a simulated bank
	Pprof          bool

	// Demo only.
	Demo     bool
	BankAddr string
	DemoData string
	// demoTemporary: nobody named a folder, so DemoData goes when the demo ends.
	demoTemporary bool
	LimitsOff     bool
}

// setting is one line of the table that flags, file and environment are read by.
type setting struct {
	name  string // environment variable
	def   string
	demo  bool // known to demo only
	help  string
	apply func(*Config, string) error
}

// flagName turns ODELINK_PUBLIC_URL into public-url.
func (s setting) flagName() string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(s.name, "ODELINK_"), "_", "-"))
}

// settings is the whole table, in the order in which help prints it.
var settings = []setting{
	{"ODELINK_ADDR", "127.0.0.1:8080", false, "where pages and API listen", func(c *Config, v string) error { c.Addr = v; return checkAddr(v) }},
	{"ODELINK_PUBLIC_URL", "", false, "what short links and bank return addresses start with (https unless loopback); empty = http:// and the address", func(c *Config, v string) error { c.PublicURL = strings.TrimSuffix(v, "/"); return nil }},
	{"ODELINK_ADMIN_ADDR", "127.0.0.1:9090", false, "where /livez, /readyz and /metrics listen", func(c *Config, v string) error { c.AdminAddr = v; return checkAddr(v) }},
	{"ODELINK_DATABASE_URL", "sqlite:odelink.db", false, "the ledger: sqlite:FILE or postgres://…", func(c *Config, v string) error {
		c.DatabaseURL = v
		return sqlstore.CheckURL(v)
	}},
	{"ODELINK_REDIS_URL", "", false, "hot state: redis://, rediss://, redis+cluster://, redis+sentinel://; empty = in this process", func(c *Config, v string) error {
		c.RedisURL = v
		return redisstore.CheckURL(v)
	}},
	{"ODELINK_MASTER_KEY", "", false, "32 bytes in base64, several separated by commas (newest first): encrypts credentials at rest", func(c *Config, v string) error { return c.addKeys(v) }},
	{"ODELINK_MASTER_KEY_FILE", "", false, "a file that holds ODELINK_MASTER_KEY", func(c *Config, v string) error { return c.addKeyFile(v) }},
	{"ODELINK_TRUSTED_PROXIES", "", false, "networks (CIDR, separated by commas) whose X-Forwarded-For counts", func(c *Config, v string) error { return c.addProxies(v) }},
	{"ODELINK_OUTGOING_IP", "", false, "the address that banks see, to be registered with them; shown to merchants in the panel", func(c *Config, v string) error {
		c.OutgoingIP = v
		_, err := netip.ParseAddr(v)
		return err
	}},
	{"ODELINK_LOG_FORMAT", "text", false, "text or json", func(c *Config, v string) error { c.LogFormat = v; return oneOf(v, "text", "json") }},
	{"ODELINK_LOG_LEVEL", "info", false, "debug, info, warn or error", func(c *Config, v string) error { c.LogLevel = v; return oneOf(v, "debug", "info", "warn", "error") }},
	{"ODELINK_SMTP_URL", "", false, "mail server for links and notices: smtp://USER:PASSWORD@host/?from=odeme@shop.example or smtps://…; empty = none", func(c *Config, v string) error { c.SMTPURL = v; return email.CheckURL(v) }},
	{"ODELINK_SMS_URL", "", false, "SMS provider: netgsm://USER:PASSWORD@host/?header=SHOP, iletimerkezi://KEY:SECRET@host/?header=SHOP or https+json://…; empty = none", func(c *Config, v string) error { c.SMSURL = v; return sms.CheckURL(v) }},
	{"ODELINK_BINS_FILE", "", false, "an imported BIN table (written by 'bins import') that overrides the embedded one", func(c *Config, v string) error { c.BinsFile = v; _, err := os.Stat(v); return err }},
	{"ODELINK_ALLOW_SIMULATED_BANK", "no", false, "yes = serve may use acquirer accounts at a simulated bank", func(c *Config, v string) error { return yesNo(&c.SimulatedBank, v) }},
	{"ODELINK_BANK_HOSTS", "", false, "hosts (separated by commas) that base_url of an account may name, beside the banks' own: cards are sent there", func(c *Config, v string) error { return c.addBankHosts(v) }},
	{"ODELINK_PPROF", "no", false, "yes = profiling on the admin address", func(c *Config, v string) error { return yesNo(&c.Pprof, v) }},

	{"ODELINK_BANK_ADDR", "127.0.0.1:8081", true, "where the simulated bank listens", func(c *Config, v string) error { c.BankAddr = v; return checkAddr(v) }},
	{"ODELINK_DEMO_DATA", "", true, "a folder that keeps the demo's ledger and the bank's books; empty = a fresh temporary one", func(c *Config, v string) error { c.DemoData = v; return nil }},
	{"ODELINK_LIMITS", "on", true, "off = no rate limits, for load and race tests", func(c *Config, v string) error { c.LimitsOff = v == "off"; return oneOf(v, "on", "off") }},
}

// loadConfig reads file, environment and flags and answers every mistake at once.
func loadConfig(args []string, environ []string, demo bool, out io.Writer) (Config, error) {
	c := Config{Demo: demo}
	err := c.load(args, environ, out)
	return c, err
}

// load is loadConfig for a configuration that already says whose it is.
func (c *Config) load(args []string, environ []string, out io.Writer) error {
	demo := c.Demo
	values, errs := fromEnviron(environ, demo)
	flags := flag.NewFlagSet("odelink", flag.ContinueOnError)
	flags.SetOutput(out)
	given := map[string]*string{}
	for _, s := range settings {
		if !s.demo || demo {
			given[s.name] = flags.String(s.flagName(), "", s.help)
		}
	}
	file := flags.String("config", values["ODELINK_CONFIG"], "a file of NAME=value lines")
	ferrs, help := parseFlags(flags, args)
	if help {
		return flag.ErrHelp
	}
	errs = append(errs, ferrs...)
	fromFile, ferrs := readFile(*file, demo)
	errs = append(errs, ferrs...)
	flags.Visit(func(f *flag.Flag) {
		for name, v := range given {
			if f.Value.String() == *v && "ODELINK_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")) == name {
				values[name] = *v
			}
		}
	})
	errs = append(errs, c.fill(values, fromFile)...)
	errs = append(errs, c.check()...)
	return errors.Join(errs...)
}

// parseFlags answers every mistake, where the flag package would stop at the first. help is true when that
// was asked for, and printed.
func parseFlags(flags *flag.FlagSet, args []string) (errs []error, help bool) {
	out := flags.Output()
	flags.SetOutput(io.Discard)
	for len(args) > 0 {
		err := flags.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			flags.SetOutput(out)
			flags.Usage()
			return nil, true
		case err != nil:
			errs = append(errs, err)
			args = flags.Args()
			if strings.HasPrefix(err.Error(), "bad flag syntax") { // the one that is left standing
				args = args[1:]
			}
		case flags.NArg() > 0:
			errs = append(errs, fmt.Errorf("unexpected argument %q", flags.Arg(0)))
			args = flags.Args()[1:]
		default:
			return errs, false
		}
	}
	return errs, false
}

// fill applies the table; values wins over file.
func (c *Config) fill(values, file map[string]string) (errs []error) {
	for _, s := range settings {
		if s.demo && !c.Demo {
			continue
		}
		v, ok := values[s.name]
		if !ok {
			v, ok = file[s.name]
		}
		if !ok || v == "" {
			v = s.def
		}
		if v == "" {
			continue
		}
		if err := s.apply(c, v); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	return errs
}

// check holds settings against each other.
func (c *Config) check() (errs []error) {
	add := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	if c.PublicURL == "" {
		c.PublicURL = "http://" + publicHost(c.Addr)
	}
	u, err := url.Parse(c.PublicURL)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.Path != "" || u.RawQuery != "" || u.User != nil:
		add("ODELINK_PUBLIC_URL: must be https://host without a path")
	case u.Scheme == "http" && !loopbackHost(u.Hostname()):
		add("ODELINK_PUBLIC_URL: must be https unless it is loopback")
	}
	if c.Addr != "" && c.Addr == c.AdminAddr {
		add("ODELINK_ADMIN_ADDR: must differ from ODELINK_ADDR")
	}
	if c.Demo {
		for name, addr := range map[string]string{"ODELINK_ADDR": c.Addr, "ODELINK_BANK_ADDR": c.BankAddr, "ODELINK_ADMIN_ADDR": c.AdminAddr} {
			if host, _, err := net.SplitHostPort(addr); err == nil && !loopbackHost(host) {
				add("%s: demo listens on loopback only, because its credentials are public", name)
			}
		}
		if u != nil && !loopbackHost(u.Hostname()) {
			add("ODELINK_PUBLIC_URL: demo runs on loopback only, because its credentials are public")
		}
		return errs
	}
	if len(c.MasterKeys) == 0 && !c.keyGiven && !c.keyless {
		add("ODELINK_MASTER_KEY: required (make one with: head -c 32 /dev/urandom | base64)")
	}
	for _, k := range c.MasterKeys {
		if slices.Equal(k, demoMasterKey) || allSame(k) {
			add("ODELINK_MASTER_KEY: a demo or empty key is refused")
		}
	}
	return errs
}

// fromEnviron picks the ODELINK_ variables; a name that nobody knows is a mistake, since it is
// usually a misspelled one. ODELINK_TEST_ names belong to test runs.
func fromEnviron(environ []string, demo bool) (map[string]string, []error) {
	values := map[string]string{}
	var errs []error
	for _, line := range environ {
		name, v, ok := strings.Cut(line, "=")
		if !ok || !strings.HasPrefix(name, "ODELINK_") || strings.HasPrefix(name, "ODELINK_TEST_") {
			continue
		}
		if err := known(name, demo); err != nil {
			errs = append(errs, err)
			continue
		}
		values[name] = v
	}
	return values, errs
}

func known(name string, demo bool) error {
	if name == "ODELINK_CONFIG" {
		return nil
	}
	for _, s := range settings {
		if s.name == name {
			if s.demo && !demo {
				return fmt.Errorf("%s: is for demo only", name)
			}
			return nil
		}
	}
	return fmt.Errorf("%s: unknown setting", name)
}

// readFile reads NAME=value lines; # starts a comment line.
func readFile(path string, demo bool) (map[string]string, []error) {
	values := map[string]string{}
	if path == "" {
		return values, nil
	}
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return values, []error{fmt.Errorf("read settings: %w", err)}
	}
	defer f.Close()
	var errs []error
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, v, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok {
			errs = append(errs, fmt.Errorf("settings file, line %d: not NAME=value", n))
		} else if err := known(name, demo); err != nil {
			errs = append(errs, fmt.Errorf("settings file, line %d: %w", n, err))
		} else {
			values[name] = strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	if err := lines.Err(); err != nil {
		errs = append(errs, fmt.Errorf("read settings: %w", err))
	}
	return values, errs
}

func (c *Config) addKeys(text string) error {
	c.keyGiven = true
	for _, part := range strings.Split(text, ",") {
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part))
		if err != nil || len(key) != 32 {
			return errors.New("each key must be 32 bytes in base64")
		}
		c.MasterKeys = append(c.MasterKeys, key)
	}
	return nil
}

func (c *Config) addKeyFile(path string) error {
	c.keyGiven = true
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return err
	}
	return c.addKeys(strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", ","))
}

func (c *Config) addProxies(text string) error {
	for _, part := range strings.Split(text, ",") {
		p, err := netip.ParsePrefix(strings.TrimSpace(part))
		if err != nil {
			return fmt.Errorf("%q is no network like 10.0.0.0/8", strings.TrimSpace(part))
		}
		c.TrustedProxies = append(c.TrustedProxies, p)
	}
	return nil
}

func (c *Config) addBankHosts(text string) error {
	for _, part := range strings.Split(text, ",") {
		host := strings.TrimSpace(part)
		if u, err := url.Parse("https://" + host); err != nil || host == "" || u.Host != host {
			return fmt.Errorf("%q is no host like vpos.bank.example or vpos.bank.example:8443", host)
		}
		c.BankHosts = append(c.BankHosts, host)
	}
	return nil
}

func checkAddr(v string) error {
	_, port, err := net.SplitHostPort(v)
	if err != nil {
		return fmt.Errorf("%q is no host:port", v)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q is no port", port)
	}
	return nil
}

func oneOf(v string, words ...string) error {
	if !slices.Contains(words, v) {
		return fmt.Errorf("must be %s", strings.Join(words, " or "))
	}
	return nil
}

func yesNo(to *bool, v string) error {
	*to = v == "yes"
	return oneOf(v, "yes", "no")
}

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// publicHost is what a browser on this machine types for a listening address.
func publicHost(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// otherName is a loopback address under its other name: 127.0.0.1 beside localhost are two sites to
// a browser, as a shop and a bank are.
func otherName(addr, publicURL string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if strings.Contains(publicURL, "//localhost") {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return net.JoinHostPort("localhost", port)
}

func allSame(b []byte) bool {
	for _, c := range b {
		if c != b[0] {
			return false
		}
	}
	return true
}
