package sqlstore

import (
	"context"
	"errors"
)

func openPostgres(context.Context, string, int) (engine, error) { return nil, errors.New("x") }
func isConnection(error) bool                                   { return false }
