package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/redisstore"
	"github.com/odelink/odelink/gateway/web"
)

type watch struct{ log *slog.Logger }

func (w watch) Moved(m checkout.Move) {}
func (w watch) Rejected(p checkout.Payment, reason string) {
	w.log.Warn("callback rejected", "payment", p.ID, "reason", reason)
}
func (w watch) Fault(where string, err error)         { w.log.Warn("fault", "where", where, "err", err) }
func (w watch) Blocked(string)                        {}
func (w watch) LinkRests(checkout.Attempt)            {}
func (w watch) Guessing(int64)                        {}
func (w watch) UnknownBIN(string)                     {}
func (w watch) Redis() redisstore.Observer            { return redisstore.Observer{} }
func (w watch) Served(web.Served)                     {}
func (w watch) Listener(func() web.Stats)             {}
func (w watch) Banks(b checkout.Banks) checkout.Banks { return b }

type adminChecks struct {
	Required, Optional map[string]func(context.Context) error
}

func serveAdmin(addr string) *http.Server {
	s := &http.Server{Addr: addr}
	go s.ListenAndServe()
	return s
}
