package sqlstore

import (
	"context"
	"fmt"

	"github.com/odelink/odelink/checkout"
)

var (
	endpoints = newTable("webhook_endpoints", `id:t merchant:t url:t topics:t description:t enabled:n reason:t
		version:n created_at:n updated_at:n deleted_at:n old_until:n secrets:b`)
	endpointBound = endpoints.from("secrets")
	endpointAll   = newUpdate(endpoints, "merchant", endpoints.names("url", "version", "updated_at", "deleted_at", "old_until", "secrets")...)
)

// endpointOwner is whose a sealed value of endpoints is.
const endpointOwner = "endpoint "

// endpointSecrets are what is sealed of an endpoint.
func endpointSecrets(e checkout.Endpoint) checkout.Secrets {
	all := checkout.Secrets{"new": string(e.Secret)}
	if len(e.OldSecret) > 0 {
		all["old"] = string(e.OldSecret)
	}
	return all
}

func (s *Store) endpointValues(e checkout.Endpoint) ([]any, error) {
	topics, err := encodeJSON(e.Topics)
	if err != nil {
		return nil, err
	}
	return []any{
		string(e.ID), string(e.Merchant), e.URL, topics, e.Description, num(e.Enabled), e.Reason, e.Version, micros(e.CreatedAt),
		micros(e.UpdatedAt), micros(e.DeletedAt), micros(e.OldUntil), s.boxes.seal(endpointOwner+string(e.ID), encodePairs(endpointSecrets(e))),
	}, nil
}

func (s *Store) scanEndpoint(r row) (checkout.Endpoint, error) {
	var e checkout.Endpoint
	e.ID, e.Merchant, e.URL = checkout.EndpointID(r.text()), checkout.MerchantID(r.text()), r.text()
	err := decodeJSON(r.text(), &e.Topics)
	e.Description, e.Enabled, e.Reason, e.Version = r.text(), r.num() != 0, r.text(), r.num()
	e.CreatedAt, e.UpdatedAt, e.DeletedAt, e.OldUntil = fromMicros(r.num()), fromMicros(r.num()), fromMicros(r.num()), fromMicros(r.num())
	sealed := r.blob()
	if err != nil {
		return e, fmt.Errorf("topics of endpoint %s: %w", e.ID, err)
	}
	plain, err := s.boxes.open(endpointOwner+string(e.ID), sealed)
	if err != nil {
		return e, err
	}
	secrets, err := decodePairs(plain)
	e.Secret = []byte(secrets["new"])
	if old := secrets["old"]; old != "" {
		e.OldSecret = []byte(old)
	}
	return e, err
}

// endpointsWhere reads endpoints by the words behind FROM webhook_endpoints.
func (s *Store) endpointsWhere(ctx context.Context, q querier, where string, args ...any) ([]checkout.Endpoint, error) {
	var out []checkout.Endpoint
	err := q.query(ctx, "SELECT "+endpoints.list+" FROM webhook_endpoints "+where, func(r row) error {
		e, err := s.scanEndpoint(r)
		out = append(out, e)
		return err
	}, args...)
	return out, err
}

// Endpoints answers those of a merchant that are not deleted, oldest first.
func (s *Store) Endpoints(ctx context.Context, m checkout.MerchantID) (found []checkout.Endpoint, err error) {
	err = s.read(ctx, func(q querier) error {
		found, err = s.endpointsWhere(ctx, q, "WHERE merchant = $1 AND deleted_at = 0 ORDER BY created_at, id", string(m))
		return err
	})
	return found, err
}

// EndpointOf is for the merchant.
func (s *Store) EndpointOf(ctx context.Context, m checkout.MerchantID, id checkout.EndpointID) (checkout.Endpoint, error) {
	var found []checkout.Endpoint
	err := s.read(ctx, func(q querier) (err error) {
		found, err = s.endpointsWhere(ctx, q, "WHERE id = $1 AND merchant = $2 AND deleted_at = 0", string(id), string(m))
		return err
	})
	if err == nil && len(found) == 0 {
		err = checkout.ErrNoEndpoint
	}
	if err != nil {
		return checkout.Endpoint{}, err
	}
	return found[0], nil
}

// SaveEndpoint makes an endpoint or replaces the version before.
func (s *Store) SaveEndpoint(ctx context.Context, e checkout.Endpoint, ev checkout.Event, idem checkout.Idempotency) error {
	return s.changeMerchant(ctx, e.Merchant, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		if err := c.keepAnswer(ctx, idem); err != nil {
			return err
		}
		have, err := s.endpointsWhere(ctx, c.tx, "WHERE merchant = $1 AND deleted_at = 0 ORDER BY created_at, id", string(e.Merchant))
		if err != nil {
			return err
		}
		if err := mayReplace(have, &e); err != nil {
			return err
		}
		_, err = c.saveEndpoint(ctx, e, ev)
		return err
	})
}

// mayReplace holds a saved endpoint against those that the merchant has.
func mayReplace(have []checkout.Endpoint, e *checkout.Endpoint) error {
	for _, old := range have {
		if old.ID != e.ID {
			continue
		}
		if old.Version != e.Version-1 {
			return checkout.ErrStale
		}
		e.CreatedAt = old.CreatedAt
		return nil
	}
	switch {
	case e.Version != 1:
		return checkout.ErrNoEndpoint
	case len(have) >= checkout.MaxEndpoints:
		return checkout.ErrTooManyEndpoints
	}
	return nil
}

// saveEndpoint writes the row and the line that vouches for it, which it answers.
func (c *change) saveEndpoint(ctx context.Context, e checkout.Endpoint, ev checkout.Event) (line, error) {
	values, err := c.store.endpointValues(e)
	if err != nil {
		return line{}, err
	}
	if err := c.tx.apply(ctx, []write{saving(endpoints, endpointAll, e.Version > 1, values)}); err != nil {
		return line{}, err
	}
	return c.extend(ctx, ev, string(e.ID), c.keys.endpointDigest(values, endpointSecrets(e)))
}

// endpointDigest binds the endpoint and its secrets in clear, as accountDigest does.
func (k *lasting) endpointDigest(values []any, secrets checkout.Secrets) []byte {
	bound := append([]any{}, values[:endpointBound]...)
	return k.digest(endpoints.name, append(bound, encodePairs(secrets)))
}

// KeepAnswer keeps the answer to a request that made no object.
func (s *Store) KeepAnswer(ctx context.Context, i checkout.Idempotency) error {
	return s.do(ctx, i.Key, &unit{needs: needs{idem: []pair{idemPair(i)}}, run: func(w *work) error {
		if err := w.keyFree(i, nil); err != nil {
			return err
		}
		w.answer(i)
		return nil
	}})
}
