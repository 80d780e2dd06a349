package sqlstore

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/odelink/odelink/checkout"
)

var (
	consents   = newTable("consents", "id:t payment:t merchant:t advertising:n said:t texts:b created_at:n")
	legalTexts = newTable("legal_texts", "merchant:t kind:t lang:t version:n words:t created_at:n digest:b")
	legalBound = legalTexts.from("digest")
)

// errLegalChanged: the row is not what this program wrote (A67).
var errLegalChanged = errors.New("a merchant's legal text was changed")

// consentPrefix begins the id of a payment's consents, behind which stands what the payment's has behind its own.
const consentPrefix = "con_"

// said is an entry of the column said.
type said struct {
	Kind     checkout.ConsentKind `json:"kind"`
	Given    bool                 `json:"given"`
	Version  int64                `json:"version"`
	Own      bool                 `json:"own"`
	Lang     string               `json:"lang"`
	Template string               `json:"template"`
	Hash     string               `json:"hash"`
}

// agree keeps what the payer of a new payment was asked, with the line that vouches for it.
func (w *work) agree(p *paymentState, all []checkout.Consent, e checkout.Event) error {
	entries, texts, advertising := make([]said, len(all)), make([]string, len(all)), false
	for i, c := range all {
		entries[i] = said{c.Kind, c.Given, c.Version, c.Own, c.Lang, c.Template, c.Hash}
		texts[i] = c.Text
		advertising = advertising || c.Kind == checkout.ConsentAdvertising && c.Given
	}
	text, err := encodeJSON(entries)
	if err != nil {
		return err
	}
	packed, err := packTexts(texts)
	if err != nil {
		return err
	}
	id := consentPrefix + strings.TrimPrefix(string(p.ID), "pay_")
	values := []any{id, string(p.ID), string(p.Merchant), num(advertising), text, packed, micros(p.CreatedAt)}
	w.newConsents = append(w.newConsents, values)
	_, err = w.vouch(p, checkout.ConsentEvent(p.Payment, all, e), id, w.keys.digest(consents.name, values))
	return err
}

// Consents answers what the payer of a payment was asked, and holds each text against its hash.
func (s *Store) Consents(ctx context.Context, p checkout.PaymentID) (all []checkout.Consent, err error) {
	err = s.read(ctx, func(q querier) error {
		all = nil
		return q.query(ctx, "SELECT said, texts, created_at FROM consents WHERE payment = $1", func(r row) error {
			text, packed, at := r.text(), r.blob(), fromMicros(r.num())
			var entries []said
			if err := decodeJSON(text, &entries); err != nil {
				return fmt.Errorf("consents of payment %s: %w", p, err)
			}
			texts, err := unpackTexts(packed)
			if err == nil && len(texts) != len(entries) {
				err = errors.New("another number of texts")
			}
			if err != nil {
				return fmt.Errorf("texts of payment %s: %w", p, err)
			}
			for i, e := range entries {
				c := checkout.Consent{Kind: e.Kind, Given: e.Given, Version: e.Version, Own: e.Own, Lang: e.Lang, Template: e.Template, Hash: e.Hash, Text: texts[i], At: at}
				if err := c.Sound(); err != nil {
					return fmt.Errorf("payment %s, %s: %w", p, c.Kind, err)
				}
				all = append(all, c)
			}
			return nil
		}, string(p))
	})
	return all, err
}

// maxTexts bounds what is unpacked of a payment's texts: three of the longest, with the longest values as often as
// a wording may name them, are half of it.
const maxTexts = 4 << 20

// packTexts compresses texts: they are filled from the same values and share most of their sentences with all others.
func packTexts(texts []string) ([]byte, error) {
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(z).Encode(texts); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func unpackTexts(packed []byte) (texts []string, err error) {
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxTexts))
	if err != nil {
		return nil, err
	}
	return texts, json.Unmarshal(raw, &texts)
}

// LegalTexts answers a merchant's own wordings, newest first.
func (s *Store) LegalTexts(ctx context.Context, m checkout.MerchantID, last bool) (all []checkout.LegalText, err error) {
	keys := s.keys.Load()
	if keys == nil {
		return nil, errNoKeys
	}
	where := ""
	if last {
		where = " AND version = (SELECT MAX(version) FROM legal_texts n WHERE n.merchant = legal_texts.merchant AND n.kind = legal_texts.kind AND n.lang = legal_texts.lang)"
	}
	err = s.read(ctx, func(q querier) error {
		all = nil
		return q.query(ctx, "SELECT "+legalTexts.list+" FROM legal_texts WHERE merchant = $1"+where+" ORDER BY created_at DESC, version DESC, kind, lang", func(r row) error {
			values := legalTexts.raw(r)
			digest, _ := values[legalBound].([]byte)
			if !hmac.Equal(digest, keys.digest(legalTexts.name, values[:legalBound])) {
				return fmt.Errorf("merchant %s: %w", m, errLegalChanged)
			}
			all = append(all, scanLegalText(&written{values: values}))
			return nil
		}, string(m))
	})
	return all, err
}

func scanLegalText(r row) checkout.LegalText {
	_ = r.text() // whose it is
	t := checkout.LegalText{Kind: checkout.ConsentKind(r.text()), Lang: r.text(), Own: true}
	t.Version, t.Words, t.SavedAt = r.num(), r.text(), fromMicros(r.num())
	return t
}

// SaveLegalText keeps a wording under its next version, and notes in the merchant's words that it is in force.
func (s *Store) SaveLegalText(ctx context.Context, m checkout.MerchantID, t checkout.LegalText, e checkout.Event) (checkout.LegalText, error) {
	err := s.changeMerchant(ctx, m, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		t.Version = 0
		if t.Words != "" {
			if err := c.addLegalText(ctx, m, &t); err != nil {
				return err
			}
		}
		w, err := readPageWords(ctx, c.tx, c.keys, m)
		if err != nil {
			return err
		}
		if w.Legal == nil {
			w.Legal = map[string]map[checkout.ConsentKind]int64{}
		}
		if w.Legal[t.Lang] == nil {
			w.Legal[t.Lang] = map[checkout.ConsentKind]int64{}
		}
		if w.Legal[t.Lang][t.Kind] = t.Version; t.Version == 0 {
			delete(w.Legal[t.Lang], t.Kind)
		}
		return c.savePageWords(ctx, w, e)
	})
	return t, err
}

// addLegalText writes the next version; the merchant's row is locked.
func (c *change) addLegalText(ctx context.Context, m checkout.MerchantID, t *checkout.LegalText) error {
	err := c.tx.query(ctx, "SELECT version FROM legal_texts WHERE merchant = $1 AND kind = $2 AND lang = $3 ORDER BY version DESC LIMIT 1", func(r row) error {
		t.Version = r.num()
		return nil
	}, string(m), string(t.Kind), t.Lang)
	if err != nil {
		return err
	}
	t.Version, t.Words, t.SavedAt = t.Version+1, plain(t.Words), fromMicros(micros(t.SavedAt))
	values := []any{string(m), string(t.Kind), t.Lang, t.Version, t.Words, micros(t.SavedAt)}
	return c.tx.apply(ctx, []write{{table: legalTexts, rows: [][]any{append(values, c.keys.digest(legalTexts.name, values))}}})
}
