//go:build !linux

package sqlstore

import (
	"errors"
	"os"
)

// writeBack is Linux'.
func writeBack(*os.File, int64, int64) error { return errors.ErrUnsupported }
