package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/einvoice"
)

// einvoiceCommand makes the links of invoices that lie in files, and writes each invoice with its note beside
// the file, or into another folder. Files are done one by one; what is wrong with some stops no other.
func einvoiceCommand(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("einvoice", flag.ContinueOnError)
	flags.SetOutput(out)
	merchant := flags.String("merchant", "", "the merchant's id (required)")
	to := flags.String("to", "", "folder for the invoices with their links; the default is beside each file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("einvoice needs the names of one or more invoices: einvoice --merchant mer_… FILE…")
	}
	for _, name := range flags.Args() {
		if strings.HasPrefix(name, "-") {
			return fmt.Errorf("einvoice takes its flags before the files: %s came after them", name)
		}
	}
	return withApp(ctx, nil, out, func(a *app) error {
		id := checkout.MerchantID(*merchant)
		if _, err := a.ledger.Merchant(ctx, id); err != nil {
			return errNoMerchant(id, err)
		}
		var errs []error
		for _, name := range flags.Args() {
			if err := a.linkFile(ctx, id, name, *to, out); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
		return errors.Join(errs...)
	})
}

// linkFile writes the invoice of a file with its link.
func (a *app) linkFile(ctx context.Context, m checkout.MerchantID, name, to string, out io.Writer) error {
	document, err := readInvoice(name)
	if err != nil {
		return err
	}
	invoice, err := einvoice.Parse(document)
	if err != nil {
		return err
	}
	i, _, err := a.flow.LinkEInvoice(ctx, checkout.By{Actor: "operator"}, m, invoice.InvoiceFacts, invoice.WithNote, nil)
	if err != nil {
		return err
	}
	linked := linkedName(name, to)
	err = writeWhole(linked, func(w io.Writer) error {
		_, err := w.Write(invoice.WithNote(a.flow.InvoiceNote(i.Of), a.flow.OwnNote()))
		return err
	})
	if err != nil {
		return fmt.Errorf("write the invoice with its link: %w", err)
	}
	fmt.Fprintf(out, "%s  %s  %s  %s\n", linked, i.Number, i.Amount, a.flow.LinkURL(i.Of.Token))
	return nil
}

// readInvoice reads a file, and of one that is too large not more than tells that.
func readInvoice(name string) ([]byte, error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, einvoice.MaxBytes+1))
}

// linkedName is where the invoice of a file is written: never over the file.
func linkedName(name, to string) string {
	base := filepath.Base(name)
	if to == "" {
		to = filepath.Dir(name)
	}
	return filepath.Join(to, strings.TrimSuffix(base, filepath.Ext(base))+".odelink.xml")
}
