package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"zorya/workload"
)

func workloadCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "workload", Short: "Put load on a database"}
	cmd.AddCommand(bankCmd(), historyCmd(), checkHistoryCmd())
	return cmd
}

// bankOptions are the flags that all commands of the bank share.
type bankOptions struct {
	targetOptions
	accounts       int
	journal        string
	retries        string
	json           bool
	balance, batch int
	drop           bool
	connections    int
	warmup         time.Duration
	duration       time.Duration
	calls          int
}

func bankCmd() *cobra.Command {
	o := &bankOptions{}
	cmd := &cobra.Command{
		Use:   "bank",
		Short: "Transfers between the accounts of a bank, as in the talk",
		Long:  "Bank runs against the local server unless told otherwise:\n\n" + targetHelp,
	}
	o.flags(cmd)
	f := cmd.PersistentFlags()
	f.IntVar(&o.accounts, "accounts", 1000, "number of accounts")
	f.BoolVar(&o.json, "json", false, "print the result as JSON")
	cmd.AddCommand(bankSetup(o), bankBurst(o), bankDrive(o), bankSustain(o), bankCheck(o))
	return cmd
}

// load is the load that the flags describe; close ends its journal.
func (o *bankOptions) load() (l *workload.Load, close func() error, err error) {
	l = &workload.Load{Accounts: o.accounts, Retry: o.retries == "on"}
	if o.retries != "on" && o.retries != "off" {
		return nil, nil, fmt.Errorf("--retries is on or off, not %q", o.retries)
	}
	if l.Target, err = o.target(); err != nil {
		return nil, nil, err
	}
	close = func() error { return nil }
	if o.journal != "" {
		if l.Journal, err = workload.OpenJournal(o.journal); err != nil {
			return nil, nil, err
		}
		close = l.Journal.Close
	}
	return l, close, nil
}

// loadFlags adds the flags of commands that transfer.
func (o *bankOptions) loadFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.retries, "retries", "on", "on: conflicts are retried until they succeed; off: they fail")
	cmd.Flags().StringVar(&o.journal, "journal", "", "file that every acknowledged transfer is appended to")
}

// finish prints a report; failures other than conflicts make the command fail.
func (o *bankOptions) finish(cmd *cobra.Command, r workload.Report, err error) error {
	if err != nil {
		return hint(err)
	}
	if o.json {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(r)
	} else {
		r.Print(cmd.OutOrStdout())
	}
	if err == nil && !r.OnlyConflicts() {
		return fmt.Errorf("%d calls failed", r.Failed)
	}
	return err
}

// hint adds what to do about an error that has a common cause.
func hint(err error) error {
	if workload.IsMissing(err) {
		return fmt.Errorf("%w; run zorya workload bank setup first", err)
	}
	return err
}

// progress shows a bar on a terminal; step is safe for concurrent use.
func progress(cmd *cobra.Command, quiet bool, max int, unit string) (step func(int), done func()) {
	if quiet || !isTerminal(os.Stderr) {
		return func(int) {}, func() {}
	}
	bar := progressbar.NewOptions(max, progressbar.OptionSetWriter(cmd.ErrOrStderr()), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetItsString(unit), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish())
	return func(n int) { bar.Add(n) }, func() { bar.Finish() }
}

// isTerminal tells whether somebody watches f, or it is a device that takes
// anything.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func bankSetup(o *bankOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Make the tables and the accounts",
		Long: `Setup makes the tables and fills accounts in batches, each a transaction. What is
there already stays: run it again to finish what was interrupted.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := o.target()
			if err != nil {
				return err
			}
			start := time.Now()
			step, done := progress(cmd, o.json, o.accounts, "accounts")
			s := workload.Setup{Accounts: o.accounts, Balance: o.balance, Connections: o.connections, Batch: o.batch, Drop: o.drop, Done: step}
			if err := s.Run(cmd.Context(), t); err != nil {
				return err
			}
			done()
			seconds := time.Since(start).Seconds()
			if o.json {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"accounts": o.accounts, "seconds": seconds})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d accounts of %d each in %.2f s\n", o.accounts, o.balance, seconds)
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.balance, "balance", 100, "balance of each account")
	f.IntVar(&o.connections, "connections", 4, "connections that insert")
	f.IntVar(&o.batch, "batch", 2500, "rows in a transaction; DSQL takes at most 3,000")
	f.BoolVar(&o.drop, "drop", false, "drop the tables first")
	return cmd
}

func bankBurst(o *bankOptions) *cobra.Command {
	var parallel int
	cmd := &cobra.Command{
		Use:   "burst",
		Short: "Make a number of transfers, many at a time",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, closeJournal, err := o.load()
			if err != nil {
				return err
			}
			defer closeJournal()
			step, done := progress(cmd, o.json, o.calls, "calls")
			l.Done = func() { step(1) }
			r, err := l.Burst(cmd.Context(), o.calls, parallel)
			done()
			return o.finish(cmd, r, err)
		},
	}
	cmd.Flags().IntVar(&o.calls, "calls", 10000, "transfers to make")
	cmd.Flags().IntVar(&parallel, "parallel", 1000, "transfers under way at a time, each on a connection of its own")
	o.loadFlags(cmd)
	return cmd
}

func bankDrive(o *bankOptions) *cobra.Command {
	var connections int
	cmd := &cobra.Command{
		Use:   "drive",
		Short: "Transfer without pause for some time, as fast as the database answers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, closeJournal, err := o.load()
			if err != nil {
				return err
			}
			defer closeJournal()
			r, err := l.Drive(cmd.Context(), connections, o.warmup, o.duration)
			return o.finish(cmd, r, err)
		},
	}
	cmd.Flags().IntVar(&connections, "connections", 8, "connections, each with one transfer at a time")
	cmd.Flags().DurationVar(&o.duration, "duration", 10*time.Second, "how long")
	cmd.Flags().DurationVar(&o.warmup, "warmup", 0, "time before it that is not counted")
	o.loadFlags(cmd)
	return cmd
}

func bankSustain(o *bankOptions) *cobra.Command {
	var s workload.Sustain
	cmd := &cobra.Command{
		Use:   "sustain",
		Short: "Transfer at a steady rate, with as many connections as that takes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, closeJournal, err := o.load()
			if err != nil {
				return err
			}
			defer closeJournal()
			s.Live, s.Rewrite = cmd.ErrOrStderr(), isTerminal(os.Stderr)
			r, err := l.Sustain(cmd.Context(), s)
			if s.Rewrite {
				fmt.Fprintln(cmd.ErrOrStderr())
			}
			return o.finish(cmd, r, err)
		},
	}
	cmd.Flags().IntVar(&s.PerSecond, "tps", 1000, "transfers to start each second")
	cmd.Flags().DurationVar(&s.Duration, "duration", 0, "how long (0: until Ctrl-C)")
	cmd.Flags().IntVar(&s.MaxConnections, "max-connections", 1000, "connections to open at most")
	o.loadFlags(cmd)
	return cmd
}

func bankCheck(o *bankOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Verify that no money was made or lost and every acknowledged transfer is there",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := o.target()
			if err != nil {
				return err
			}
			acknowledged, err := readJournal(o.journal)
			if err != nil {
				return err
			}
			v, err := workload.Check(cmd.Context(), t, o.balance, acknowledged)
			if err != nil {
				return hint(err)
			}
			if o.json {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(v)
			} else {
				v.Print(cmd.OutOrStdout())
			}
			if err == nil && v.Wrong > 0 {
				err = errors.New("the bank is not in order")
			}
			return err
		},
	}
	cmd.Flags().IntVar(&o.balance, "balance", 100, "balance that each account began with")
	cmd.Flags().StringVar(&o.journal, "journal", "", "file of acknowledged transfers that must be there")
	return cmd
}

// readJournal reads a file of acknowledged transfers; nothing if none is named.
func readJournal(path string) (map[uuid.UUID]workload.Transfer, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return workload.ReadJournal(f)
}
