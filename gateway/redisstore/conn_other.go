//go:build !(linux && (amd64 || arm64))

package redisstore

import (
	"context"
	"net"
)

type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

// prompt is of use on Linux only.
func prompt(dial dialer) dialer { return dial }
