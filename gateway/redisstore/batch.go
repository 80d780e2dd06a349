package redisstore

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/odelink/odelink/checkout"
)

const (
	// maxBatch keys go into one MGET: at 256 connections a batch is rarely fuller (performance.md).
	maxBatch = 256
	// queueLength lookups may wait; more means that Redis is slower than the payers come, and the
	// ledger answers the rest.
	queueLength = 4096
	// workers are one whose MGET is away while the next batch gathers, and a spare one for when that answer is slow. With
	// both at work all the time batches would be half as large, and a view a fortieth dearer.
	workers = 2
	// joinRounds is how often callers who come meanwhile are let join at most.
	joinRounds = 4
	// slowAfter is when an answer is slow enough to wake the spare worker.
	slowAfter = 2 * time.Millisecond
)

var (
	errQueueFull = errors.New("too many look-ups wait")
	errOpen      = errors.New("breaker is open")
	errSlow      = errors.New("no answer in time")
	errClosed    = errors.New("store is closed")
)

// lookup is one caller's question. It is used again only after its true answer was taken: a caller who
// gives up, or is told that it takes too long, leaves it to the collector, so that a late answer cannot
// reach somebody else (A62).
type lookup struct {
	key    []byte
	answer chan answer // room for one, so that no worker ever waits for a caller
}

type answer struct {
	value string // "" = not there
	err   error
}

// MarshalBinary is how go-redis writes the key without a copy.
func (l *lookup) MarshalBinary() ([]byte, error) { return l.key, nil }

// batcher turns look-ups of many callers into few MGETs. It never waits for more to come: while one
// MGET is away, the next batch gathers.
type batcher struct {
	client  redis.UniversalClient
	cluster bool
	bound   time.Duration
	breaker *breaker
	seen    func(size int, took time.Duration, err error)
	in      chan *lookup
	spare   chan struct{} // wakes the spare worker
	stop    chan struct{}
	running sync.WaitGroup
	pool    sync.Pool
}

func (b *batcher) begin() {
	b.in, b.spare, b.stop = make(chan *lookup, queueLength), make(chan struct{}, 1), make(chan struct{})
	b.pool.New = func() any {
		return &lookup{key: make([]byte, 0, 32), answer: make(chan answer, 1)}
	}
	b.running.Go(b.work)
	b.running.Go(b.help)
}

func (b *batcher) end() {
	close(b.stop)
	b.running.Wait()
}

// ask puts a question into the queue. The key is copied before this returns: the caller's string may
// point into a buffer that the next request will overwrite.
func (b *batcher) ask(key string) (*lookup, error) {
	select {
	case <-b.stop:
		return nil, errClosed
	default:
	}
	if !b.breaker.ready() {
		return nil, errOpen
	}
	l := b.pool.Get().(*lookup)
	l.key = append(append(l.key[:0], prefix...), key...)
	select {
	case b.in <- l:
		return l, nil
	default:
		b.pool.Put(l)
		return nil, errQueueFull
	}
}

// await takes the answer, no longer than the caller wants to wait. There is always one within twice the
// bound: the patience of a command is that of its callers and of whoever queues behind it. A timer of
// every caller's own would cost a seventh of the views.
func (b *batcher) await(ctx context.Context, l *lookup) (string, error) {
	if ctx.Done() == nil {
		return b.take(l, <-l.answer)
	}
	select {
	case a := <-l.answer:
		return b.take(l, a)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (b *batcher) take(l *lookup, a answer) (string, error) {
	if a.err != errSlow { // its worker has let go of it
		b.pool.Put(l)
	}
	return a.value, a.err
}

// patience is how long the callers of one command wait.
type patience struct {
	mu    sync.Mutex
	timer *time.Timer
	over  bool
	slow  bool // they were told that it takes too long
}

// patience begins with a command: while it is slow, the spare worker takes those who queue behind it. When the
// bound is over, its callers are told, and those who still queue, too, again and again until it ends.
func (b *batcher) patience(batch []*lookup) *patience {
	p := &patience{}
	p.mu.Lock()
	defer p.mu.Unlock()
	step, waited := min(slowAfter, b.bound), time.Duration(0)
	p.timer = time.AfterFunc(step, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.over {
			return
		}
		if waited += step; waited < b.bound {
			b.wake()
		} else {
			if !p.slow {
				p.slow = true
				answerAll(batch, errSlow)
			}
			b.refuseQueue(errSlow)
			waited = 0
		}
		p.timer.Reset(step)
	})
	return p
}

// wake has the spare worker look at the queue.
func (b *batcher) wake() {
	select {
	case b.spare <- struct{}{}:
	default:
	}
}

// end says whether the callers still wait for their answers. From here on nobody else answers them.
func (p *patience) end() bool {
	p.timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	return !p.slow
}

func (b *batcher) work() {
	batch, args := make([]*lookup, 0, maxBatch), make([]any, 0, maxBatch+1)
	for {
		select {
		case <-b.stop:
			b.refuseQueue(errClosed)
			return
		case l := <-b.in:
			batch = append(batch[:0], l)
		}
		b.letJoin()
		b.send(b.gather(batch), args)
	}
}

// letJoin lets runnable callers join, and goes on as long as that brings some: those who were let run made others
// runnable. Nobody is waited for who is not running already, and where nothing else runs this costs nothing.
func (b *batcher) letJoin() {
	for range joinRounds {
		had := len(b.in)
		if runtime.Gosched(); len(b.in) == had {
			return
		}
	}
}

// help is the spare worker: woken, it takes what queues behind a slow answer.
func (b *batcher) help() {
	batch, args := make([]*lookup, 0, maxBatch), make([]any, 0, maxBatch+1)
	for {
		select {
		case <-b.stop:
			b.refuseQueue(errClosed)
			return
		case <-b.spare:
		}
		if batch = b.gather(batch[:0]); len(batch) > 0 {
			b.send(batch, args)
		}
	}
}

// send has a batch answered, or refused where Redis is away.
func (b *batcher) send(batch []*lookup, args []any) {
	switch {
	case !b.breaker.ready():
		answerAll(batch, errOpen)
	case b.cluster:
		b.sendPipeline(batch)
	default:
		b.sendMGet(batch, args)
	}
	clear(batch)
}

func (b *batcher) gather(batch []*lookup) []*lookup {
	for len(batch) < maxBatch {
		select {
		case l := <-b.in:
			batch = append(batch, l)
		default:
			return batch
		}
	}
	return batch
}

// refuseQueue answers those who still queue.
func (b *batcher) refuseQueue(err error) {
	for {
		select {
		case l := <-b.in:
			l.answer <- answer{err: err}
		default:
			return
		}
	}
}

// refuseBehind answers those who queue behind a command that ran out of time: they have waited as long as
// it, and the next command would take as long again. The timer of patience does the same, where it is not
// the command's own that fires first.
func (b *batcher) refuseBehind(err error) {
	var limit net.Error
	if errors.As(err, &limit) && limit.Timeout() {
		b.refuseQueue(errSlow)
	}
}

func answerAll(batch []*lookup, err error) {
	for _, l := range batch {
		l.answer <- answer{err: err}
	}
}

// sendMGet answers a whole batch with one command. A key that holds another type reads as nothing.
func (b *batcher) sendMGet(batch []*lookup, args []any) {
	args = append(args[:0], "mget")
	for _, l := range batch {
		args = append(args, l)
	}
	ctx, cancel := context.WithTimeout(context.Background(), b.bound)
	defer cancel()
	p, start := b.patience(batch), time.Now()
	// A list of texts spares an interface value per key; nothing there reads as "".
	cmd := redis.NewStringSliceCmd(ctx, args...)
	err := b.client.Process(ctx, cmd)
	values := cmd.Val()
	if err == nil && len(values) != len(batch) {
		err = errors.New("MGET answered another number of values than keys")
	}
	b.breaker.saw(err)
	b.seen(len(batch), time.Since(start), err)
	b.refuseBehind(err)
	if !p.end() {
		return
	}
	if err != nil {
		answerAll(batch, err)
		return
	}
	for i, l := range batch {
		l.answer <- answer{value: values[i]}
	}
}

// sendPipeline is the same on a Redis Cluster, which refuses MGET across slots: one GET each, sent
// together to each node.
func (b *batcher) sendPipeline(batch []*lookup) {
	ctx, cancel := context.WithTimeout(context.Background(), b.bound)
	defer cancel()
	p, start := b.patience(batch), time.Now()
	pipe := b.client.Pipeline()
	cmds := make([]*redis.StringCmd, len(batch))
	for i, l := range batch {
		cmds[i] = pipe.Get(ctx, string(l.key))
	}
	_, _ = pipe.Exec(ctx) // its error is that of the first command that failed; each is looked at below
	waiting := p.end()
	var worst error
	for i, l := range batch {
		value, err := cmds[i].Result()
		a := answer{value: value} // nothing there, or another type: ""
		if isAway(err) {
			worst, a = err, answer{err: err}
		}
		if waiting {
			l.answer <- a
		}
	}
	b.breaker.saw(worst)
	b.seen(len(batch), time.Since(start), worst)
	b.refuseBehind(worst)
}

// get answers one value through the batcher.
func (b *batcher) get(ctx context.Context, key string) (string, error) {
	l, err := b.ask(key)
	if err != nil {
		return "", err
	}
	return b.await(ctx, l)
}

// away dresses a cause as what the port promises.
func away(cause error) error { return checkout.ErrHotAway.Because(cause) }
