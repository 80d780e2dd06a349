package observe

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// flushEvery is how long a line may wait to be written.
	flushEvery = 50 * time.Millisecond
	// flushSize is how much is collected before it is written without waiting.
	flushSize = 64 << 10
	// maxPending is how much may wait behind a reader that does not read. What comes then is dropped
	// and counted: no payment waits for a log.
	maxPending = 1 << 20
)

// buffered collects lines and writes them from a goroutine of its own, so that a caller never waits
// for whoever reads the log.
type buffered struct {
	mu      sync.Mutex
	pending []byte
	due     bool // a flush is on its way
	closed  bool
	dropped uint64

	writing sync.Mutex
	w       io.Writer
	spare   []byte // the writer's, to swap with pending

	lost   atomic.Uint64
	notice func(dropped uint64) []byte       // a line that says so
	after  func(d time.Duration, run func()) // time.AfterFunc
}

func newBuffered(w io.Writer, notice func(uint64) []byte) *buffered {
	return &buffered{w: w, notice: notice, after: func(d time.Duration, run func()) { time.AfterFunc(d, run) }}
}

// Write takes one line. It never fails: a handler could do nothing about it.
func (b *buffered) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pending)+len(line) > maxPending {
		b.dropped++
		b.lost.Add(1)
		return len(line), nil
	}
	before := len(b.pending)
	b.pending = append(b.pending, line...)
	b.armed(before)
	return len(line), nil
}

// armed sees to it that what was just added is written; before is how much was pending without it.
func (b *buffered) armed(before int) {
	switch {
	case b.closed || before < flushSize && len(b.pending) >= flushSize:
		b.later(0)
	case !b.due:
		b.due = true
		b.later(flushEvery)
	}
}

// Line takes what add appends as one line. It spares the caller a buffer of its own: add is short,
// and must not log.
func (b *buffered) Line(add func(dst []byte) []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := len(b.pending)
	b.pending = add(b.pending)
	if len(b.pending) > maxPending {
		b.pending = b.pending[:before]
		b.dropped++
		b.lost.Add(1)
		return
	}
	b.armed(before)
}

// Hurry writes what is pending soon, without waiting for it.
func (b *buffered) Hurry() { b.later(0) }

func (b *buffered) later(d time.Duration) {
	b.after(d, func() { _ = b.Flush() }) // a log that cannot be written cannot be complained about in the log
}

// Flush writes what is pending and waits until it is written.
func (b *buffered) Flush() error {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.Lock()
	out, dropped := b.pending, b.dropped
	b.pending, b.dropped, b.due = b.spare[:0], 0, false
	b.mu.Unlock()
	if dropped > 0 {
		out = append(out, b.notice(dropped)...)
	}
	b.spare = out
	if len(out) == 0 {
		return nil
	}
	_, err := b.w.Write(out)
	return err
}

// Close writes what is pending. Later lines are not collected any more.
func (b *buffered) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	return b.Flush()
}
