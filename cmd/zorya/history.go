package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"zorya/history"
	"zorya/workload"
)

// historyOptions are the flags of the list-append load.
type historyOptions struct {
	targetOptions
	load      workload.ListAppend
	recording workload.Recording
	duration  time.Duration
	out       string
	json      bool
}

func historyCmd() *cobra.Command {
	o := &historyOptions{}
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Append to lists and read them, and judge whether that was strong snapshot isolation",
		Long: `History runs transactions that append to lists, read and lock them, records what each
saw and when, and then looks for what strong snapshot isolation forbids: lost or
stale data, dirty reads, lost updates, read skew, long forks. It fails if there is
any. The server may be killed and started again meanwhile. It runs against the local
server unless told otherwise:

` + targetHelp + `
                          and --locks wait

The tables history_a, history_b and history_keys are dropped and made anew.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.DurationVar(&o.duration, "duration", 10*time.Second, "how long")
	f.IntVar(&o.load.Clients, "clients", 8, "connections, each with one transaction at a time")
	f.IntVar(&o.load.Keys, "keys", 12, "lists in use at a time: fewer mean more conflicts")
	f.IntVar(&o.load.PerKey, "appends", 64, "appends to a list before another takes its place")
	f.BoolVar(&o.load.Rebuild, "rebuild", false, "drop the indexes and build them anew all the time")
	f.DurationVar(&o.load.Hold, "hold", 2*time.Second, "how long one in two thousand transactions waits at most, its snapshot growing old")
	f.Uint64Var(&o.load.Seed, "seed", 0, "seed of the transactions' choices (default: random)")
	f.StringVar(&o.recording.Locks, "locks", "claim", "what FOR UPDATE does: claim, conflict with concurrent writes (DSQL); wait, make them wait (PostgreSQL)")
	f.StringVar(&o.out, "out", "", "file to record the history in, for zorya workload check")
	f.BoolVar(&o.json, "json", false, "print the result as JSON")
	return cmd
}

func (o *historyOptions) run(cmd *cobra.Command) error {
	if o.load.Seed == 0 {
		o.load.Seed = rand.Uint64()
	}
	options, err := o.recording.Options()
	if err != nil {
		return err
	}
	if o.load.Target, err = o.target(); err != nil {
		return err
	}
	closeFile, err := o.record()
	if err != nil {
		return err
	}
	if err := o.load.Setup(cmd.Context()); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "seed %d\n", o.load.Seed)
	done := clockBar(cmd, o.json, o.duration, func() string { return fmt.Sprintf("%d transactions", o.load.Begun()) })
	start := time.Now()
	txns, err := o.load.Run(cmd.Context(), o.duration)
	done()
	if err := errors.Join(err, closeFile()); err != nil {
		return err
	}
	r := &workload.ListAppendReport{Seconds: time.Since(start).Seconds(), Reconnects: int(o.load.Reconnects.Load()),
		Rebuilds: int(o.load.Rebuilds.Load()), Errors: o.load.Errors()}
	return judge(cmd, r, txns, options, o.json)
}

// record makes the load write to the file that is to be written, if any.
func (o *historyOptions) record() (close func() error, err error) {
	if o.out == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(o.out)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewWriterSize(f, 1<<20)
	o.recording.Isolation, o.recording.Seed = o.isolation, o.load.Seed
	if o.load.Recorded, err = workload.WriteRecording(buffered, o.recording); err != nil {
		return nil, err
	}
	return func() error { return errors.Join(buffered.Flush(), f.Close()) }, nil
}

// clockBar shows a bar on a terminal that fills in time d, and what has been done, until
// done is called.
func clockBar(cmd *cobra.Command, quiet bool, d time.Duration, what func() string) (done func()) {
	if quiet || !isTerminal(os.Stderr) {
		return func() {}
	}
	const tick = 100 * time.Millisecond
	steps := max(2, int(d/tick))
	bar := progressbar.NewOptions(steps, progressbar.OptionSetWriter(cmd.ErrOrStderr()), progressbar.OptionClearOnFinish())
	ticker, end, ended := time.NewTicker(tick), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := 1; ; n++ {
			select {
			case <-ticker.C:
				bar.Describe(what())
				bar.Set(min(n, steps-1)) // a full bar would end
			case <-end:
				ticker.Stop()
				bar.Finish()
				return
			}
		}
	}()
	return func() { close(end); <-ended }
}

// judge checks a history, prints the report, and fails if there is a violation.
func judge(cmd *cobra.Command, r *workload.ListAppendReport, txns []history.Txn, options history.Options, asJSON bool) error {
	start := time.Now()
	var err error
	if r.Report, err = history.Check(txns, options); err != nil {
		return err
	}
	r.CheckedIn = time.Since(start).Seconds()
	if asJSON {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(r)
	} else {
		r.Print(cmd.OutOrStdout())
	}
	switch {
	case err != nil:
		return err
	case !r.Valid():
		return errors.New("the history violates strong snapshot isolation")
	case r.OK == 0:
		return errors.New("no transaction succeeded: that says nothing")
	}
	return nil
}

func checkHistoryCmd() *cobra.Command {
	var locks string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Judge a history that was recorded by zorya workload history --out",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			recording, txns, err := workload.ReadRecording(f)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			recording.Locks = cmp.Or(locks, recording.Locks)
			options, err := recording.Options()
			if err != nil {
				return err
			}
			return judge(cmd, &workload.ListAppendReport{}, txns, options, asJSON)
		},
	}
	cmd.Flags().StringVar(&locks, "locks", "", "claim or wait (default: as recorded)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}
