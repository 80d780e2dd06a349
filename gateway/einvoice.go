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

// linkFile writes the invoice of a file with its link, or an envelope with those of its invoices. What is wrong with
// some of an envelope stops no other: these stay in it as they are, and are told.
func (a *app) linkFile(ctx context.Context, m checkout.MerchantID, name, to string, out io.Writer) error {
	document, err := readInvoice(name)
	if err != nil {
		return err
	}
	envelope, err := einvoice.Open(document)
	if err != nil {
		return err
	}
	docs := envelope.Invoices()
	notes, links, errs := make([][]byte, len(docs)), []checkout.LinkedInvoice(nil), []error(nil)
	for n, doc := range docs {
		invoice, i, err := a.linkInvoice(ctx, m, doc)
		if err != nil {
			errs = append(errs, ofEnvelope(n, len(docs), err))
			continue
		}
		notes[n], links = invoice.WithNote(a.flow.InvoiceNote(i.Of), a.flow.OwnNote()), append(links, i)
	}
	if len(links) == 0 {
		return errors.Join(errs...)
	}
	linked := linkedName(name, to)
	err = writeWhole(linked, func(w io.Writer) error {
		_, err := w.Write(envelope.With(notes))
		return err
	})
	if err != nil {
		return fmt.Errorf("write the invoice with its link: %w", err)
	}
	for _, i := range links {
		fmt.Fprintf(out, "%s  %s  %s  %s\n", linked, i.Number, i.Amount, a.flow.LinkURL(i.Of.Token))
	}
	return errors.Join(errs...)
}

func (a *app) linkInvoice(ctx context.Context, m checkout.MerchantID, doc []byte) (*einvoice.Invoice, checkout.LinkedInvoice, error) {
	invoice, err := einvoice.Parse(doc)
	if err != nil {
		return nil, checkout.LinkedInvoice{}, err
	}
	i, _, err := a.flow.LinkEInvoice(ctx, checkout.By{Actor: "operator"}, m, invoice.InvoiceFacts, invoice.WithNote, nil)
	return invoice, i, err
}

// ofEnvelope says which invoice of a file a mistake is of, where there are several.
func ofEnvelope(n, of int, err error) error {
	if of == 1 {
		return err
	}
	return fmt.Errorf("invoice %d of %d: %w", n+1, of, err)
}

// readInvoice reads a file, and of one that is too large not more than tells that.
func readInvoice(name string) ([]byte, error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, einvoice.MaxEnvelope+1))
}

// linkedName is where the invoice of a file is written: never over the file.
func linkedName(name, to string) string {
	base := filepath.Base(name)
	if to == "" {
		to = filepath.Dir(name)
	}
	return filepath.Join(to, strings.TrimSuffix(base, filepath.Ext(base))+".odelink.xml")
}
