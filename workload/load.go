package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Load puts transfers on a bank that Setup has made.
type Load struct {
	Target   *Target
	Accounts int  // transfers are between accounts 1 to Accounts; at least 2
	Retry    bool // retry conflicts until they succeed
	Journal  *Journal
	// Done is called after each call, if it is set, by many goroutines.
	Done func()
}

func (l *Load) validate(connections int) error {
	if l.Accounts < 2 {
		return errors.New("a transfer needs at least two accounts")
	}
	if connections < 1 {
		return errors.New("at least one connection is needed")
	}
	return nil
}

// Burst makes calls, parallel of them at a time, each worker on a connection of its
// own. If ctx ends it reports the calls made so far.
func (l *Load) Burst(ctx context.Context, calls, parallel int) (Report, error) {
	parallel = min(parallel, calls)
	var left atomic.Int64
	left.Store(int64(calls))
	return l.closedLoop(ctx, parallel, 0, func() bool { return left.Add(-1) >= 0 })
}

// Drive makes calls on each of so many connections without pause, for d after a
// warm-up that is not counted.
func (l *Load) Drive(ctx context.Context, connections int, warmup, d time.Duration) (Report, error) {
	var end atomic.Pointer[time.Time]
	return l.closedLoop(ctx, connections, warmup, func() bool {
		if end.Load() == nil {
			t := time.Now().Add(warmup + d)
			end.CompareAndSwap(nil, &t)
		}
		return time.Now().Before(*end.Load())
	})
}

// closedLoop runs workers that each call until more says no.
func (l *Load) closedLoop(ctx context.Context, connections int, warmup time.Duration, more func() bool) (Report, error) {
	if err := l.validate(connections); err != nil {
		return Report{}, err
	}
	began := time.Now()
	conns, err := l.Target.connectAll(ctx, connections)
	if err != nil {
		return Report{}, err
	}
	connected := time.Since(began)
	var stats Stats
	var started atomic.Int64
	start := time.Now()
	var warm *time.Timer
	if warmup > 0 {
		warm = time.AfterFunc(warmup, func() {
			stats.report(0, true)
			started.Store(int64(warmup))
		})
	}
	var wg sync.WaitGroup
	for _, conn := range conns {
		w := &worker{load: l, conn: conn}
		wg.Go(func() {
			defer w.close()
			for ctx.Err() == nil && more() {
				if o := w.call(ctx, randomTransfer(l.Accounts)); ctx.Err() == nil || o.err == nil {
					stats.add(o)
				}
				if l.Done != nil {
					l.Done()
				}
			}
		})
	}
	wg.Wait()
	if warm != nil {
		warm.Stop()
	}
	r := stats.report(time.Since(start)-time.Duration(started.Load()), false)
	r.Connections, r.ConnectSeconds = connections, connected.Seconds()
	return r, nil
}

// A worker makes calls, one at a time, on a connection that it replaces when it
// breaks.
type worker struct {
	load *Load
	conn *pgx.Conn
}

func (w *worker) close() {
	if w.conn != nil {
		closeAll([]*pgx.Conn{w.conn})
	}
}

// reconnectWait is the pause after a failed connection attempt.
const reconnectWait = 100 * time.Millisecond

// call runs t, and runs it again after each conflict if the load retries.
func (w *worker) call(ctx context.Context, t Transfer) outcome {
	return retried(ctx, w.load.Retry, func() error { return w.try(ctx, t) })
}

// retried counts what try needs to succeed; without retry it is tried once.
func retried(ctx context.Context, retry bool, try func() error) outcome {
	start := time.Now()
	var o outcome
	for {
		o.err = try()
		if errorClass(o.err) == "40001" {
			o.conflicts++
		}
		if o.err == nil || !retry || !retryable(o.err) || !sleep(ctx, backoff(o.retries)) {
			break
		}
		o.retries++
	}
	o.elapsed = time.Since(start)
	return o
}

// try runs t once, on a new connection if the old one is gone, and notes it in the
// journal when it is acknowledged.
func (w *worker) try(ctx context.Context, t Transfer) error {
	if w.conn == nil || w.conn.IsClosed() {
		conn, err := w.load.Target.Connect(ctx)
		if err != nil {
			sleep(ctx, reconnectWait)
			return err
		}
		w.conn = conn
	}
	id, err := t.run(ctx, w.conn, w.load.Target.begin())
	if err != nil {
		return err
	}
	return w.load.Journal.acknowledged(id, t)
}

// Sustain describes a steady load.
type Sustain struct {
	PerSecond      int           // transfers a second to reach
	Duration       time.Duration // 0: until the context ends
	MaxConnections int           // never more
	Live           io.Writer     // gets a line a second; nil for none
	Rewrite        bool          // write the line over the last one, for terminals
}

// Sustain starts transfers at a steady rate and opens connections until the
// database keeps up with it. It reports when the duration is over or ctx ends.
func (l *Load) Sustain(ctx context.Context, s Sustain) (Report, error) {
	if err := l.validate(s.MaxConnections); err != nil {
		return Report{}, err
	}
	if s.PerSecond < 1 {
		return Report{}, errors.New("the rate must be at least one a second")
	}
	parent := ctx
	if s.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.Duration)
		defer cancel()
	}
	r := &rate{load: l, want: s, due: make(chan struct{}, s.PerSecond), calls: context.WithoutCancel(parent)}
	if err := r.grow(ctx, min(s.MaxConnections, 4)); err != nil {
		return Report{}, err
	}
	start := time.Now()
	r.run(ctx)
	close(r.due)
	r.workers.Wait()
	report := r.total.report(time.Since(start), false)
	report.Connections = r.connections
	return report, nil
}

// rate is a Sustain under way.
type rate struct {
	load        *Load
	want        Sustain
	due         chan struct{} // calls that should have started; holds a second's worth
	calls       context.Context
	workers     sync.WaitGroup
	connections int
	inFlight    atomic.Int64
	total       Stats
	window      Stats // since the last live line
}

// grow adds n connections with a worker each.
func (r *rate) grow(ctx context.Context, n int) error {
	conns, err := r.load.Target.connectAll(ctx, n)
	if err != nil {
		return err
	}
	r.connections += n
	for _, conn := range conns {
		w := &worker{load: r.load, conn: conn}
		r.workers.Go(func() {
			defer w.close()
			for range r.due {
				r.inFlight.Add(1)
				o := w.call(r.calls, randomTransfer(r.load.Accounts))
				r.inFlight.Add(-1)
				r.total.add(o)
				r.window.add(o)
			}
		})
	}
	return nil
}

const (
	tick      = 5 * time.Millisecond
	growEvery = 200 * time.Millisecond
	liveEvery = time.Second
)

// run starts calls as they become due, and adds a quarter more connections
// whenever calls wait for one, until ctx is done.
func (r *rate) run(ctx context.Context) {
	start := time.Now()
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	started, grown, live := 0, start, start
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		now := time.Now()
		for owed := int(now.Sub(start).Seconds() * float64(r.want.PerSecond)); started < owed; started++ {
			select {
			case r.due <- struct{}{}:
			default: // more than a second behind: these calls are not made up for
			}
		}
		if now.Sub(grown) >= growEvery && r.connections < r.want.MaxConnections && r.behind() {
			if err := r.grow(ctx, min(max(1, r.connections/4), r.want.MaxConnections-r.connections)); err != nil {
				r.want.MaxConnections = r.connections // the server takes no more
			}
			grown = time.Now()
		}
		if d := now.Sub(live); d >= liveEvery {
			r.line(now.Sub(start), r.window.report(d, true))
			live = now
		}
	}
}

// behind tells whether more calls wait than come due in 20 ms.
func (r *rate) behind() bool { return len(r.due) > 1+r.want.PerSecond/50 }

func (r *rate) line(at time.Duration, w Report) {
	if r.want.Live == nil {
		return
	}
	before, after := "", "\n"
	if r.want.Rewrite {
		before, after = "\r\x1b[K", ""
	}
	fmt.Fprintf(r.want.Live, "%s%4.0fs  achieved %s/s  p50 %.1f ms  p99 %.1f ms  errors %d  OCC %d  in flight %d of %d  target %s/s%s",
		before, at.Seconds(), grouped(int(w.PerSecond+0.5)), w.Latency.P50, w.Latency.P99, w.Failed, w.Conflicts,
		r.inFlight.Load(), r.connections, grouped(r.want.PerSecond), after)
}
