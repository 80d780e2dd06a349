package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/bins"
	"github.com/odelink/odelink/checkout/caps"
	"github.com/odelink/odelink/gateway/panel"
	"github.com/odelink/odelink/gateway/sqlstore"
)

// withApp loads the settings of serve, opens the gateway without serving, runs f and closes again. args
// are settings as flags; commands with flags of their own have none.
func withApp(ctx context.Context, args []string, out io.Writer, f func(*app) error) error {
	cfg, err := loadConfig(args, os.Environ(), false, out)
	if err != nil {
		return err
	}
	a, err := open(ctx, cfg, seams{})
	if err != nil {
		return err
	}
	return errors.Join(f(a), a.close())
}

// migrate brings the tables up to date. Who deploys may do so without the master key, which serve alone has to
// know; where it is given, it is tried on the ledger.
func migrate(ctx context.Context, args []string, out io.Writer) error {
	cfg := Config{keyless: true}
	if err := cfg.load(args, os.Environ(), out); err != nil {
		return err
	}
	if len(cfg.MasterKeys) == 0 {
		if err := sqlstore.Tables(ctx, sqlstore.Config{URL: cfg.DatabaseURL}); err != nil {
			return fmt.Errorf("ODELINK_DATABASE_URL: %w", err)
		}
	} else {
		a, err := open(ctx, cfg, seams{}) // opening migrates
		if err != nil {
			return err
		}
		if err := a.close(); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "the ledger's tables are up to date")
	return nil
}

// rewrap encrypts what is stored under the newest master key.
func rewrap(ctx context.Context, args []string, out io.Writer) error {
	return withApp(ctx, args, out, func(a *app) error {
		if err := a.ledger.Rewrap(ctx); err != nil {
			return err
		}
		fmt.Fprintln(out, "all stored secrets are encrypted under the newest master key; older keys may leave the settings")
		return nil
	})
}

// subcommand picks the word behind a command.
func subcommand(command string, args []string, want ...string) (string, []string, error) {
	given := ""
	if len(args) > 0 {
		given = args[0]
		for _, w := range want {
			if given == w {
				return w, args[1:], nil
			}
		}
	}
	ways := make([]string, len(want))
	for i, w := range want {
		ways[i] = fmt.Sprintf("'%s %s'", command, w)
	}
	if given == "" {
		return "", nil, fmt.Errorf("%s alone does nothing: say %s", command, strings.Join(ways, " or "))
	}
	return "", nil, fmt.Errorf("%s does not know %q: say %s", command, given, strings.Join(ways, " or "))
}

// binsCommand imports an operator's table: it reports what differs, and keeps a checked copy where
// ODELINK_BINS_FILE finds it.
func binsCommand(_ context.Context, args []string, out io.Writer) error {
	_, rest, err := subcommand("bins", args, "import")
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet("bins import", flag.ContinueOnError)
	flags.SetOutput(out)
	to := flags.String("to", os.Getenv("ODELINK_BINS_FILE"), "where the checked table is kept (ODELINK_BINS_FILE)")
	if err := flags.Parse(rest); err != nil {
		return err
	}
	name := flags.Arg(0)
	if flags.NArg() > 1 { // flags may stand behind the file, too
		if err := parseAll(flags, flags.Args()[1:]); err != nil {
			return err
		}
	}
	if name == "" {
		return errors.New("bins import needs the name of one CSV file")
	}
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return err
	}
	defer f.Close()
	rows, report, err := bins.Import(f, filepath.Base(name))
	if err != nil {
		return err
	}
	fmt.Fprint(out, report.String())
	if *to == "" {
		fmt.Fprintln(out, "nothing was kept: name a file with --to or ODELINK_BINS_FILE")
		return nil
	}
	if err := writeWhole(*to, rows.Encode); err != nil {
		return fmt.Errorf("keep the table: %w", err)
	}
	fmt.Fprintf(out, "kept in %s; serve reads it when ODELINK_BINS_FILE names it\n", *to)
	return nil
}

// writeWhole writes a file beside its place and renames it, so that nobody ever reads half of it.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".odelink-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name()) // the first error is the one to tell
		}
	}()
	if err = errors.Join(write(tmp), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// addMerchant makes a merchant.
func addMerchant(ctx context.Context, args []string, out io.Writer) error {
	var m checkout.Merchant
	var currencies, logo string
	flags := flag.NewFlagSet("merchant add", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&m.Name, "name", "", "display name (required)")
	flags.StringVar(&m.LegalName, "legal-name", "", "trade title")
	flags.StringVar(&m.Phone, "phone", "", "phone that payers may call")
	flags.StringVar(&m.Email, "email", "", "e-mail that payers may write to")
	flags.StringVar(&m.Website, "website", "", "web site")
	flags.StringVar(&m.Accent, "accent", "", "colour like #0b6b5e")
	flags.StringVar(&m.Category, "category", "", "sector, for the legal instalment caps")
	flags.StringVar(&currencies, "currencies", "TRY", "currencies the merchant may collect in, separated by commas")
	supportFlags(flags, &m.Support)
	flags.StringVar(&logo, "logo", "", "PNG, JPEG or WebP file, square, at most 64 KiB")
	if err := parseAll(flags, args); err != nil {
		return err
	}
	picture, err := checkMerchant(&m, currencies, logo)
	if err != nil {
		return err
	}
	return withApp(ctx, nil, out, func(a *app) error {
		now := a.seams.clock.Now()
		m.ID, m.Version, m.CreatedAt, m.UpdatedAt = a.ids.Merchant(), 1, now, now
		if err := a.ledger.SaveMerchant(ctx, m, operatorEvent(m.ID, string(m.ID), "merchant.created", now)); err != nil {
			return err
		}
		if picture.Type != "" {
			if err := a.ledger.SaveLogo(ctx, m.ID, picture, operatorEvent(m.ID, string(m.ID), "merchant.logo", now)); err != nil {
				return err
			}
		}
		fmt.Fprintln(out, m.ID)
		return nil
	})
}

// parseAll parses flags and refuses words behind them.
func parseAll(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return nil
}

var accentShape = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// checkMerchant finds every mistake before anything is stored.
func checkMerchant(m *checkout.Merchant, currencies, logo string) (picture checkout.Logo, err error) {
	var errs mistakes
	add := errs.add
	if code := checkout.CheckName(m.Name); code != "" {
		add("--name: %s", sentence(code, nil))
	}
	if code := checkout.CheckName(m.LegalName); m.LegalName != "" && code != "" {
		add("--legal-name: %s", sentence(code, nil))
	}
	m.Currencies = errs.currencies(currencies)
	if m.Accent != "" && !accentShape.MatchString(m.Accent) {
		add("--accent: %q is no colour like #0b6b5e", m.Accent)
	}
	if _, err := mail.ParseAddress(m.Email); m.Email != "" && err != nil {
		add("--email: %q is no address", m.Email)
	}
	if u, err := url.Parse(m.Website); m.Website != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		add("--website: %q is no https address", m.Website)
	}
	if m.Category != "" && !caps.New().Known(m.Category) {
		add("--category: %q is unknown; known are %s", m.Category, strings.Join(caps.New().Categories(), ", "))
	}
	errs.support(m.Support)
	if logo != "" {
		if picture, err = readLogo(logo); err != nil {
			add("--logo: %w", err)
		}
	}
	return picture, errs.joined()
}

// mistakes are all that is wrong with a command.
type mistakes []error

func (e *mistakes) add(format string, a ...any) { *e = append(*e, fmt.Errorf(format, a...)) }
func (e mistakes) joined() error                { return errors.Join(e...) }

func readLogo(path string) (checkout.Logo, error) {
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return checkout.Logo{}, err
	}
	picture, err := panel.ReadLogo(data)
	if err != nil {
		return picture, errors.New(sentence("logo_format", nil))
	}
	return picture, nil
}

func operatorEvent(m checkout.MerchantID, subject, typ string, at time.Time) checkout.Event {
	return checkout.Event{Merchant: m, Subject: subject, Type: typ, Actor: "operator", At: at}
}

// accountFile is an acquirer account as section 6 of the contract writes it.
type accountFile struct {
	Kind        string              `json:"kind"`
	Name        string              `json:"name"`
	Mode        string              `json:"mode"`
	BaseURL     string              `json:"base_url"`
	Credentials map[string]string   `json:"credentials"`
	Currencies  []checkout.Currency `json:"currencies"`
	Programmes  []string            `json:"programmes"`
	Instalments []struct {
		Count int    `json:"count"`
		Rate  string `json:"rate"`
	} `json:"instalments"`
	Pricing    checkout.Pricing `json:"pricing"`
	Enabled    *bool            `json:"enabled"` // absent = true
	Verify     *bool            `json:"verify"`  // absent = what --verify says
	HalfSecure bool             `json:"half_secure"`
	Priority   int              `json:"priority"`
}

// accountCommand gives a merchant a virtual POS. The credentials come from a file or standard
// input, never from the command line, which other users of the machine can read.
func accountCommand(ctx context.Context, args []string, out io.Writer) error {
	_, rest, err := subcommand("account", args, "add")
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet("account add", flag.ContinueOnError)
	flags.SetOutput(out)
	merchant := flags.String("merchant", "", "the merchant's id (required)")
	file := flags.String("file", "-", "JSON file with kind, mode, credentials, currencies, instalments; - = standard input")
	verify := flags.Bool("verify", true, "ask the bank whether the credentials work")
	if err := parseAll(flags, rest); err != nil {
		return err
	}
	in := io.Reader(os.Stdin)
	if *file != "-" {
		f, err := os.Open(filepath.Clean(*file))
		if err != nil {
			return fmt.Errorf("--file: %w", err)
		}
		defer f.Close()
		in = f
	}
	acc, wish, err := readAccount(in)
	if err != nil {
		return err
	}
	if wish != nil {
		*verify = *wish
	}
	return withApp(ctx, nil, out, func(a *app) error {
		now := a.seams.clock.Now()
		acc.ID, acc.Merchant, acc.Version, acc.CreatedAt, acc.UpdatedAt = a.ids.Account(), checkout.MerchantID(*merchant), 1, now, now
		acc = a.banks.Complete(acc)
		if _, err := a.ledger.Merchant(ctx, acc.Merchant); err != nil {
			return errNoMerchant(acc.Merchant, err)
		}
		if err := a.checkAccount(ctx, acc, *verify); err != nil {
			return err
		}
		if err := a.ledger.SaveAccount(ctx, acc, operatorEvent(acc.Merchant, string(acc.ID), "account.saved", now)); err != nil {
			return err
		}
		fmt.Fprintln(out, acc.ID)
		return nil
	})
}

func readAccount(in io.Reader) (acc checkout.Account, verify *bool, err error) {
	f := accountFile{Pricing: checkout.PricingAbsorb}
	d := json.NewDecoder(io.LimitReader(in, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return acc, nil, accountMistake(err)
	}
	acc = checkout.Account{
		Kind: f.Kind, Name: f.Name, Mode: f.Mode, BaseURL: f.BaseURL, Credentials: f.Credentials, Currencies: f.Currencies,
		Programs: f.Programmes, Pricing: f.Pricing, HalfSecure: f.HalfSecure, Priority: f.Priority, Enabled: f.Enabled == nil || *f.Enabled,
	}
	var errs []error
	if !slices.Contains([]checkout.Pricing{checkout.PricingAbsorb, checkout.PricingMarkup, checkout.PricingGrossUp}, f.Pricing) {
		errs = append(errs, fmt.Errorf("pricing: %q is not absorb, markup or grossup", f.Pricing))
	}
	if len(f.Currencies) == 0 {
		errs = append(errs, errors.New(`currencies: name at least one, like ["TRY"], or the account takes no payment`))
	}
	seen := map[int]bool{}
	for _, row := range f.Instalments {
		rate, err := checkout.ParseRate(row.Rate)
		if err != nil || row.Count < 2 || row.Count > checkout.MaxInstallments || seen[row.Count] {
			errs = append(errs, fmt.Errorf("instalments: count %d with rate %q: each count from 2 to %d stands once, with a rate in percent like \"3.60\"", row.Count, row.Rate, checkout.MaxInstallments))
		}
		seen[row.Count] = true
		acc.Rates = append(acc.Rates, checkout.RateRow{Count: row.Count, Rate: rate})
	}
	return acc, f.Verify, errors.Join(errs...)
}

// checkAccount finds every mistake of an account and asks the bank about its credentials.
func (a *app) checkAccount(ctx context.Context, acc checkout.Account, verify bool) error {
	if err := a.banks.Check(acc); err != nil {
		return fmt.Errorf("the account's settings have mistakes:\n%w", err)
	}
	acq, err := a.banks.Open(acc)
	if err != nil {
		return err
	}
	v, ok := checkout.Able[checkout.Verifier](acq)
	if !ok || !verify {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := v.Verify(ctx); err != nil {
		return fmt.Errorf("the bank did not confirm the account:\n%w", err)
	}
	return nil
}

// keyCommand makes and revokes API keys. A key is shown once and stored as a keyed hash.
func keyCommand(ctx context.Context, args []string, out io.Writer) error {
	word, rest, err := subcommand("key", args, "add", "revoke")
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet("key "+word, flag.ContinueOnError)
	flags.SetOutput(out)
	merchant := flags.String("merchant", "", "the merchant's id (add)")
	name := flags.String("name", "", "what the key is for (add)")
	if err := parseAll(flags, rest); err != nil {
		return err
	}
	return withApp(ctx, nil, out, func(a *app) error {
		if word == "revoke" {
			return a.revokeKey(ctx, out)
		}
		if _, err := a.ledger.Merchant(ctx, checkout.MerchantID(*merchant)); err != nil {
			return errNoMerchant(checkout.MerchantID(*merchant), err)
		}
		now := a.seams.clock.Now()
		secret := "sk_live_" + a.ids.Secret(40)
		k := checkout.APIKey{ID: a.ids.Key(), Merchant: checkout.MerchantID(*merchant), Name: *name, Shown: secret[:12], Hash: a.ledger.HashKey(secret), CreatedAt: now}
		if err := a.ledger.SaveKey(ctx, k, operatorEvent(k.Merchant, string(k.ID), "key.created", now)); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n%s\n(the key is shown this once)\n", k.ID, secret)
		return nil
	})
}

// revokeKey reads the key itself from standard input, so that it stands in no process list.
func (a *app) revokeKey(ctx context.Context, out io.Writer) error {
	text, err := io.ReadAll(io.LimitReader(os.Stdin, 200))
	if err != nil {
		return err
	}
	k, err := a.ledger.KeyByHash(ctx, a.ledger.HashKey(strings.TrimSpace(string(text))))
	if errors.Is(err, checkout.ErrNoKey) {
		return errors.New("this is no live key of this ledger: write the key itself, sk_live_…, to standard input, not its id; a revoked one needs nothing more")
	}
	if err != nil {
		return err
	}
	k.RevokedAt = a.seams.clock.Now()
	if err := a.ledger.SaveKey(ctx, k, operatorEvent(k.Merchant, string(k.ID), "key.revoked", k.RevokedAt)); err != nil {
		return err
	}
	fmt.Fprintln(out, "revoked", k.ID)
	return nil
}

// health asks a running gateway; a container without a shell has nothing else to ask with.
func health(ctx context.Context, args []string, out io.Writer) error {
	addr := os.Getenv("ODELINK_ADMIN_ADDR")
	if addr == "" {
		addr = "127.0.0.1:9090"
	}
	if len(args) > 0 {
		addr = args[0]
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+publicHost(addr)+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("no gateway answers at %s, where ODELINK_ADMIN_ADDR or the word behind 'health' leads: %w", addr, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the gateway answers and is not ready (status %d): its log says why, and http://%s/readyz", resp.StatusCode, publicHost(addr))
	}
	fmt.Fprintln(out, "ready")
	return nil
}
