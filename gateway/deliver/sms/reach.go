package sms

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
)

// reach knows whether a request got as far as the provider: what was not written whole was not taken over.
type reach struct{ wrote atomic.Bool }

func (r *reach) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) {
		if i.Err == nil {
			r.wrote.Store(true)
		}
	}})
}
