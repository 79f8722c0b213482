package main

import (
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"zorya/check"
)

// errDamaged makes the exit code of a check that has found something.
var errDamaged = errors.New("damage was found")

func checkCmd() *cobra.Command {
	var o check.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Verify a data directory that no server is using",
		Long: `Check reads everything in a data directory (or in that of one cluster) and changes
nothing: every frame of the journal, every block of storage, every descriptor, row
and index entry. It prints what it has read and what is damaged, with file and
offset, and fails if anything is.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := defaultDir
			if len(args) > 0 {
				dir = args[0]
			}
			r, err := check.Directory(cmd.Context(), dir, o)
			if err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				err = e.Encode(r)
			} else {
				r.Print(cmd.OutOrStdout())
			}
			if err == nil && !r.Sound() {
				err = errDamaged
			}
			return err
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.Quick, "quick", false, "files only: checksums and continuity, no rows")
	f.BoolVar(&o.SkipForeignKeys, "skip-foreign-keys", false, "do not look for each row's parent")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
