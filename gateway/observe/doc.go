// Package observe is how the gateway is watched: logs that mask whatever is logged, metrics, health,
// and wrappers that measure a port from outside.
//
// It deliberately decides nothing and stores nothing: no payment waits for it, and a log that cannot
// be written is counted, not waited for. The audit trail is the ledger's, not this package's.
//
//	NewLogger     *slog.Logger; card numbers, keys, tokens and passwords are covered    (log.go)
//	Metrics       counters and histograms of everything below                            (metrics.go)
//	Banks, Ledger the ports, measured; optional powers stay what they are                (ports.go, powers.go)
//	Callbacks     rejected callbacks, and the alarm when they pile up                    (callbacks.go)
//	Admin         /livez /readyz /metrics, for the admin address only                    (admin.go)
package observe
