package sim

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"time"
)

// A fiber is a goroutine that runs only while the scheduler lets it, until it
// waits. Its methods are called by itself.
type fiber struct {
	name   string
	s      *scheduler
	resume chan bool // false: the fiber is killed.
	until  func() bool
	wake   time.Duration // Not before this moment.
	limit  time.Duration // At this moment even if until does not hold; 0: never.
	ended  bool
}

// A scheduler lets one fiber run at a time, as its random numbers say, on a clock
// of its own: time passes only while every fiber waits, and a little with each step.
type scheduler struct {
	rng     *rand.Rand
	fibers  []*fiber
	now     time.Duration
	yielded chan struct{}
	current *fiber
	steps   int
	failure error
}

func newScheduler(rng *rand.Rand) *scheduler {
	return &scheduler{rng: rng, yielded: make(chan struct{})}
}

// spawn makes a fiber that will run body.
func (s *scheduler) spawn(name string, body func(*fiber)) *fiber {
	f := &fiber{name: name, s: s, resume: make(chan bool)}
	s.fibers = append(s.fibers, f)
	go func() {
		defer func() {
			if r := recover(); r != nil && s.failure == nil {
				s.failure = fmt.Errorf("panic in %s: %v\n%s", name, r, debug.Stack())
			}
			f.ended = true
			s.yielded <- struct{}{}
		}()
		if <-f.resume {
			body(f)
		}
	}()
	return f
}

// await parks the fiber until cond holds, and the clock has come to wake. A killed
// fiber does not return from it: its deferred functions run, and nothing else.
func (f *fiber) await(cond func() bool, wake time.Duration) { f.park(cond, wake, 0) }

// awaitUntil parks the fiber until cond holds or the clock has come to limit.
func (f *fiber) awaitUntil(cond func() bool, limit time.Duration) { f.park(cond, 0, limit) }

func (f *fiber) park(cond func() bool, wake, limit time.Duration) {
	f.until, f.wake, f.limit = cond, wake, limit
	f.s.yielded <- struct{}{}
	if !<-f.resume {
		runtime.Goexit()
	}
	f.until, f.wake, f.limit = nil, 0, 0
}

// yield lets others run.
func (f *fiber) yield() { f.await(nil, 0) }

// sleep lets d pass.
func (f *fiber) sleep(d time.Duration) { f.await(nil, f.s.now+d) }

// kill ends a fiber where it waits.
func (s *scheduler) kill(f *fiber) {
	if f.ended {
		return
	}
	f.resume <- false
	<-s.yielded
}

// forget removes fibers that have ended.
func (s *scheduler) forget() {
	alive := s.fibers[:0]
	for _, f := range s.fibers {
		if !f.ended {
			alive = append(alive, f)
		}
	}
	s.fibers = alive
}

// step lets one fiber run until it waits. It reports false if none can ever run
// again.
func (s *scheduler) step() bool {
	s.forget()
	var ready []*fiber
	next := time.Duration(-1)
	for _, f := range s.fibers {
		at := f.wake
		if f.until != nil && !f.until() {
			if at = f.limit; at == 0 {
				continue
			}
		}
		if at <= s.now {
			ready = append(ready, f)
		} else if next < 0 || at < next {
			next = at
		}
	}
	if len(ready) == 0 {
		if next < 0 {
			return false
		}
		s.now = next
		return true
	}
	f := ready[s.rng.IntN(len(ready))]
	s.steps++
	s.now += time.Duration(1 + s.rng.IntN(200_000))
	s.current = f
	f.resume <- true
	<-s.yielded
	s.current = nil
	return true
}
