package storage

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// compactions says when Pebble may compact: as many at a time as it wants to, but none
// before the store is open. The scheduler that Pebble makes by itself may start one
// while it opens; if opening then fails, because the disk is full, say, the compaction
// works on what has been torn down, and takes the process with it.
//
// Pebble calls TrySchedule and UpdateGetAllowedWithoutPermission with its own mutex
// held; mu is never held while Pebble is called.
type compactions struct {
	mu       sync.Mutex
	quiet    sync.Cond // granting has become 0.
	db       pebble.DBForCompaction
	open     bool
	running  int
	granting int // Goroutines that may call db.
}

var _ pebble.CompactionScheduler = (*compactions)(nil)

func newCompactions() *compactions {
	s := &compactions{}
	s.quiet.L = &s.mu
	return s
}

// Register implements pebble.CompactionScheduler.
func (s *compactions) Register(_ int, db pebble.DBForCompaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.db = db
}

// begin lets compactions run: the store is open.
func (s *compactions) begin() {
	s.mu.Lock()
	s.open = true
	s.mu.Unlock()
	s.grant()
}

// Unregister implements pebble.CompactionScheduler.
func (s *compactions) Unregister() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
	for s.granting > 0 {
		s.quiet.Wait()
	}
}

// TrySchedule implements pebble.CompactionScheduler.
func (s *compactions) TrySchedule() (bool, pebble.CompactionGrantHandle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.free() {
		return false, nil
	}
	s.running++
	return true, s
}

// free reports whether one more compaction may run.
func (s *compactions) free() bool {
	return s.open && s.running < s.db.GetAllowedWithoutPermission()
}

// UpdateGetAllowedWithoutPermission implements pebble.CompactionScheduler.
func (s *compactions) UpdateGetAllowedWithoutPermission() { go s.grant() }

// grant starts the compactions that wait, as long as there are any.
func (s *compactions) grant() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.granting++
	for s.free() {
		s.running++
		s.mu.Unlock()
		waiting, _ := s.db.GetWaitingCompaction()
		started := waiting && s.db.Schedule(s)
		s.mu.Lock()
		if !started {
			s.running--
			break
		}
	}
	if s.granting--; s.granting == 0 {
		s.quiet.Broadcast()
	}
}

// Done implements pebble.CompactionGrantHandle, as do the others.
func (s *compactions) Done() {
	s.mu.Lock()
	s.running--
	s.mu.Unlock()
	s.grant()
}

func (s *compactions) Started()                                          {}
func (s *compactions) MeasureCPU(pebble.CompactionGoroutineKind)         {}
func (s *compactions) CumulativeStats(pebble.CompactionGrantHandleStats) {}
