package sim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zorya/cluster"
)

// TestSeeds runs the world a little; `make sim` runs it longer.
func TestSeeds(t *testing.T) {
	cache := cluster.NewCache()
	defer cache.Close()
	seeds := uint64(60)
	if testing.Short() {
		seeds = 10
	}
	counts := map[string]int{}
	for seed := uint64(1); seed <= seeds; seed++ {
		r := Run(seed, Options{Cache: cache})
		if r.Err != nil {
			t.Fatalf("seed %d: %v", seed, r.Err)
		}
		for what, n := range r.Counts {
			counts[what] += n
		}
	}
	for _, what := range []string{"commits", "conflicts", "kill", "power"} {
		if counts[what] == 0 {
			t.Errorf("no %s in %d seeds: the world is too quiet", what, seeds)
		}
	}
}

// TestRegressions runs the seeds that have found a bug of the product. As the world
// grows they go other ways; the tests of the packages concerned keep the bugs away.
func TestRegressions(t *testing.T) {
	cache := cluster.NewCache()
	defer cache.Close()
	for _, r := range []struct {
		seed      uint64
		workloads []string
		found     string
	}{
		{1, nil, "a store that does not open on a full disk leaves a compaction at work"},
		{153, nil, "the deletion of a dropped table is given up after a conflict"},
		{210, nil, "a gap between storage and journal hides the damage behind it"},
		{260, []string{"enforce"}, "an index build fails because the disk is full for a moment"},
		{287, []string{"build"}, "an index build fails because the machine sleeps while uniqueness is checked"},
		{484, nil, "what was given up is answered as refused by the disk"},
	} {
		if got := Run(r.seed, Options{Cache: cache, Workloads: r.workloads}); got.Err != nil {
			t.Errorf("seed %d (%s): %v", r.seed, r.found, got.Err)
		}
	}
}

// TestSameTrace: a seed's trace is the same each time.
func TestSameTrace(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		a, b := Run(seed, Options{}), Run(seed, Options{})
		if a.Trace != b.Trace || a.Steps != b.Steps {
			t.Errorf("seed %d: traces %x and %x", seed, a.Trace, b.Trace)
		}
	}
}

// TestBugsAreDistinct keeps the list of bugs in order: names tell them apart, and what
// they change is there.
func TestBugsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range Bugs {
		if seen[b.Name] || len(b.Edits) == 0 {
			t.Errorf("bug %q", b.Name)
		}
		for _, e := range b.Edits {
			text, err := os.ReadFile(filepath.Join("..", e.File))
			if n := strings.Count(string(text), e.Old); err != nil || n != 1 {
				t.Errorf("bug %q: the text to change is %d times in %s: %v", b.Name, n, e.File, err)
			}
		}
		seen[b.Name] = true
	}
}
