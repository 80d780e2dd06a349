//go:build !unix

package run

import "time"

// ownCPU is 0: the system is not asked.
func ownCPU() time.Duration { return 0 }
