package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
)

// DefaultGrace is how long open calls may go on after the stop was asked for: longer than the
// longest bank call.
const DefaultGrace = 90 * time.Second

// Server serves an app until it is told to stop (C24).
type Server struct {
	App *fiber.App
	// Lane answers the hottest routes before the app sees them; nil is none.
	Lane *Lane
	// Grace is how long open calls may take to end; 0 is DefaultGrace.
	Grace time.Duration
}

// Run serves on the listeners until ctx ends. Then it stops accepting, closes idle connections, and
// lets every request that has begun end within its own deadline: its answer says that the
// connection closes. It answers nil after a clean stop, an error when a listener broke or calls were
// still open after the grace.
func (s Server) Run(ctx context.Context, listeners ...*Listener) error {
	if len(listeners) == 0 {
		return errors.New("serve: no listener")
	}
	ended := make(chan error, len(listeners))
	sweeping, stopSweeping := context.WithCancel(ctx)
	defer stopSweeping()
	for _, ln := range listeners {
		ln.serve, ln.lane = s.App.Server().ServeConn, s.Lane
		go ln.sweepUntil(sweeping)
		go func() { ended <- s.App.Listener(ln) }()
	}
	var broken error
	select {
	case <-ctx.Done():
	case err := <-ended:
		if broken = errors.New("serve: a listener was closed by somebody else"); err != nil {
			broken = fmt.Errorf("serve: %w", err)
		}
	}
	if err := s.stop(listeners); err != nil {
		return errors.Join(broken, err)
	}
	return broken
}

func (s Server) stop(listeners []*Listener) error {
	grace := s.Grace
	if grace == 0 {
		grace = DefaultGrace
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	for _, ln := range listeners {
		_ = ln.Close() // Shutdown closes it again and reports
		ln.closeUnused()
	}
	if err := s.App.ShutdownWithContext(ctx); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("stop: %w", err)
	}
	for _, ln := range listeners {
		if err := ln.waitRevived(ctx); err != nil {
			return fmt.Errorf("stop: %w", err)
		}
	}
	return nil
}
