package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/offline"
)

// mintKey is where the key stands for those who do not want it in a file.
const mintKey = "ODELINK_OFFLINE_KEY"

// mintCommand signs the address of a link without asking the gateway, as a merchant's program would. The key comes
// from a file or the environment: an argument could be read by everybody on the machine.
func mintCommand(_ context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mint", flag.ContinueOnError)
	flags.SetOutput(out)
	file := flags.String("key-file", "", "file with the key, as POST /v1/offline_keys told it; else "+mintKey)
	base := flags.String("url", "http://127.0.0.1:8080", "the gateway's public address")
	amount := flags.String("amount", "", "as 1250.50; in a currency without a minor unit as 1250")
	currency := flags.String("currency", "TRY", "TRY USD EUR GBP JPY RUB")
	reference := flags.String("reference", "", "the order number, used once for ever")
	expires := flags.String("expires", "", "as 2026-12-31T20:59:00Z; default 24 hours from now")
	text := flags.String("description", "", "what the payer reads, at most 80 bytes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("mint: unknown argument %q", flags.Arg(0))
	}
	key, err := offlineKey(*file)
	if err != nil {
		return err
	}
	m, err := checkout.ParseDecimal(*amount, checkout.Currency(*currency))
	if err != nil {
		return fmt.Errorf("mint: -amount: %w", err)
	}
	t := offline.Terms{Minor: m.Minor, Currency: *currency, Reference: *reference, Description: *text, ExpiresAt: time.Now().Add(24 * time.Hour)}
	if *expires != "" {
		if t.ExpiresAt, err = time.Parse(time.RFC3339, *expires); err != nil {
			return errors.New("mint: -expires: write it as 2026-12-31T20:59:00Z")
		}
	}
	blob, err := offline.Mint(key, t)
	if err != nil {
		return fmt.Errorf("mint: %w", err)
	}
	_, err = fmt.Fprintln(out, strings.TrimSuffix(*base, "/")+"/o/"+blob)
	return err
}

func offlineKey(file string) (offline.Key, error) {
	text := os.Getenv(mintKey)
	if file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return offline.Key{}, fmt.Errorf("mint: %w", err)
		}
		text = string(raw)
	}
	key, err := offline.ParseKey(text)
	if err != nil {
		return key, fmt.Errorf("mint: -key-file or %s: %w", mintKey, err)
	}
	return key, nil
}
