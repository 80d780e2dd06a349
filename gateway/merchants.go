package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/caps"
)

// merchantCommand makes, changes and lists merchants.
func merchantCommand(ctx context.Context, args []string, out io.Writer) error {
	word, rest, err := subcommand("merchant", args, "add", "change", "list")
	if err != nil {
		return err
	}
	switch word {
	case "change":
		return changeMerchant(ctx, rest, out)
	case "list":
		return listMerchants(ctx, rest, out)
	}
	return addMerchant(ctx, rest, out)
}

// permissions are what an operator grants a merchant, and no merchant itself. They are written as flags; a flag that is
// left out leaves what there is.
type permissions struct {
	currencies, category, origins string
	maxCount                      int
	support                       checkout.SupportLine
}

func (p *permissions) flags(f *flag.FlagSet) {
	f.StringVar(&p.currencies, "currencies", "", "currencies that the merchant may collect in, separated by commas; foreign ones once the bank has granted them")
	f.StringVar(&p.category, "category", "", "sector, for the legal instalment caps; empty: unknown")
	f.IntVar(&p.maxCount, "max-installments", 0, "most instalments of any link; 0: what law and accounts allow")
	f.StringVar(&p.origins, "return-origins", "", "https origins that return addresses may name, separated by commas; empty: any")
	supportFlags(f, &p.support)
}

// supportFlags are whom the merchant's staff call or write to about their virtual POS: the panel shows it.
func supportFlags(f *flag.FlagSet, l *checkout.SupportLine) {
	f.StringVar(&l.Phone, "support-phone", "", "phone that the merchant's staff call for help; the panel shows it, payers never see it")
	f.StringVar(&l.Email, "support-email", "", "e-mail that they write to")
	f.StringVar(&l.Hours, "support-hours", "", "when somebody answers, in words")
}

// changeMerchant changes what an operator decides of a merchant; links that were made before keep their terms.
func changeMerchant(ctx context.Context, args []string, out io.Writer) error {
	var p permissions
	flags := flag.NewFlagSet("merchant change", flag.ContinueOnError)
	flags.SetOutput(out)
	id := flags.String("merchant", "", "the merchant's id (required)")
	p.flags(flags)
	if err := parseAll(flags, args); err != nil {
		return err
	}
	var given []string
	flags.Visit(func(f *flag.Flag) { given = append(given, f.Name) })
	edit, err := p.edit(given)
	if err != nil {
		return err
	}
	return withApp(ctx, nil, out, func(a *app) error {
		was, err := a.ledger.Merchant(ctx, checkout.MerchantID(*id))
		if err != nil {
			return errNoMerchant(checkout.MerchantID(*id), err)
		}
		m, err := a.flow.ChangeMerchant(ctx, checkout.By{Actor: "operator"}, was.ID, was.Version, edit)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, merchantLine(m))
		return nil
	})
}

// edit reads the flags that were given, and finds every mistake before anything is stored.
func (p permissions) edit(given []string) (func(*checkout.Merchant), error) {
	var m checkout.Merchant
	var errs mistakes
	for _, name := range given {
		switch name {
		case "currencies":
			m.Currencies = errs.currencies(p.currencies)
		case "category":
			if m.Category = p.category; p.category != "" && !caps.New().Known(p.category) {
				errs.add("--category: %q is unknown; known are %s", p.category, strings.Join(caps.New().Categories(), ", "))
			}
		case "max-installments":
			if m.MaxCount = p.maxCount; p.maxCount < 0 || p.maxCount > checkout.MaxInstallments {
				errs.add("--max-installments: %d is not from 0 to %d", p.maxCount, checkout.MaxInstallments)
			}
		case "return-origins":
			m.ReturnOrigins = errs.origins(p.origins)
		case "support-phone", "support-email", "support-hours":
			m.Support = p.support
		}
	}
	errs.support(m.Support)
	return func(to *checkout.Merchant) {
		for _, name := range given {
			switch name {
			case "currencies":
				to.Currencies = m.Currencies
			case "category":
				to.Category = m.Category
			case "max-installments":
				to.MaxCount = m.MaxCount
			case "return-origins":
				to.ReturnOrigins = m.ReturnOrigins
			case "support-phone":
				to.Support.Phone = m.Support.Phone
			case "support-email":
				to.Support.Email = m.Support.Email
			case "support-hours":
				to.Support.Hours = m.Support.Hours
			}
		}
	}, errs.joined()
}

// currencies reads a list that a person wrote.
func (e *mistakes) currencies(text string) (all []checkout.Currency) {
	for _, one := range strings.Split(text, ",") {
		cur := checkout.Currency(strings.TrimSpace(one))
		if !cur.Known() {
			e.add("--currencies: %q: %s", one, sentence("currency_unknown", nil))
		}
		if !slices.Contains(all, cur) {
			all = append(all, cur)
		}
	}
	return all
}

// support finds what is wrong with a line that a person wrote.
func (e *mistakes) support(l checkout.SupportLine) {
	for _, f := range checkout.CheckSupport(l) {
		e.add("--%s: %s", strings.ReplaceAll(f.Field, "_", "-"), sentence(f.Code, f.Args))
	}
}

func (e *mistakes) origins(text string) (all []string) {
	if text == "" {
		return nil
	}
	for _, one := range strings.Split(text, ",") {
		one = strings.TrimSpace(one)
		if u, err := url.Parse(one); err != nil || u.Scheme != "https" || u.Host == "" || one != "https://"+u.Host {
			e.add("--return-origins: %q is no origin like https://shop.example", one)
		}
		all = append(all, one)
	}
	return all
}

// listMerchants prints every merchant of the ledger, a line each.
func listMerchants(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("merchant list", flag.ContinueOnError)
	flags.SetOutput(out)
	if err := parseAll(flags, args); err != nil {
		return err
	}
	return withApp(ctx, nil, out, func(a *app) error {
		names, err := a.ledger.MerchantNames(ctx)
		if err != nil {
			return err
		}
		ids := make([]checkout.MerchantID, 0, len(names))
		for id := range names {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for _, id := range ids {
			m, err := a.ledger.Merchant(ctx, id)
			if err != nil {
				return err
			}
			fmt.Fprintln(out, merchantLine(m))
		}
		return nil
	})
}

// merchantLine is a merchant's id, currencies and name.
func merchantLine(m checkout.Merchant) string {
	currencies := make([]string, len(m.Currencies))
	for i, c := range m.Currencies {
		currencies[i] = string(c)
	}
	if len(currencies) == 0 {
		currencies = []string{string(checkout.TRY)}
	}
	return fmt.Sprintf("%s  %s  %s", m.ID, strings.Join(currencies, ","), m.Name)
}
