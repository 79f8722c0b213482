// Command zorya-sim runs the simulated world over seeds (package sim). It ends with
// the first violation, and says how to see it again.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"zorya/cluster"
	"zorya/sim"
)

func main() {
	seed := flag.Uint64("seed", 1, "the first seed")
	seeds := flag.Int("seeds", 1, "how many seeds to run, one after the other")
	steps := flag.Int("steps", 0, "steps before the faults end; 0: the package's default")
	workers := flag.Int("workers", 2, "seeds that run at the same time")
	workloads := flag.String("workloads", "", "names of workloads, with commas; empty: as the seed says")
	verbose := flag.Bool("v", false, "print the trace")
	bugs := flag.String("plant", "", "plant the bugs whose names contain this text, or all, and show that they are found")
	runs := flag.Int("runs", 1, "with -plant: how many times each is looked for")
	program := flag.String("build", "", "with -plant: only build this package, into ./planted")
	loads := flag.Bool("loads", false, "list the bugs and what shows them on a real server")
	flag.Parse()
	if *loads {
		printLoads()
		return
	}
	if *bugs != "" {
		os.Exit(plant(*bugs, *runs, *program))
	}
	o := sim.Options{Steps: *steps, Cache: cluster.NewCache()}
	if *workloads != "" {
		o.Workloads = strings.Split(*workloads, ",")
	}
	if *verbose {
		o.Verbose, *workers = func(s string) { fmt.Println(s) }, 1
	}
	os.Exit(run(*seed, *seeds, *workers, o))
}

func run(first uint64, seeds, workers int, o sim.Options) int {
	began := time.Now()
	var next atomic.Uint64
	var mu sync.Mutex
	var failed []sim.Result
	total, steps := map[string]int{}, 0
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				n := next.Add(1) - 1
				mu.Lock()
				stop := len(failed) > 0
				mu.Unlock()
				if n >= uint64(seeds) || stop {
					return
				}
				r := sim.Run(first+n, o)
				mu.Lock()
				steps += r.Steps
				for k, v := range r.Counts {
					total[k] += v
				}
				if r.Err != nil {
					failed = append(failed, r)
				}
				if seeds == 1 {
					fmt.Printf("seed %d: %d steps, trace %016x\n", r.Seed, r.Steps, r.Trace)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	var counts []string
	for _, k := range slices.Sorted(maps.Keys(total)) {
		counts = append(counts, fmt.Sprintf("%d %s", total[k], k))
	}
	fmt.Printf("%d seeds from %d, %d steps in %v: %s\n", min(int(next.Load()), seeds), first, steps, time.Since(began).Round(time.Millisecond), strings.Join(counts, ", "))
	for _, r := range failed {
		fmt.Printf("FAILED seed %d at %v\n  see it again: make sim SEED=%d SEEDS=1 ARGS=-v\n", r.Seed, r.Err, r.Seed)
	}
	if len(failed) > 0 {
		return 1
	}
	return 0
}
