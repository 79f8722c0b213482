package main

import (
	"encoding/json"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"zorya/backup"
	"zorya/check"
)

// errDamaged makes the exit code of a check that has found something.
var errDamaged = errors.New("damage was found")

func checkCmd() *cobra.Command {
	var o check.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check [DIR | BACKUP]",
		Short: "Verify a data directory that no server is using, or a backup",
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
			if info, err := os.Stat(dir); err == nil && info.Mode().IsRegular() {
				return checkBackup(cmd, dir, asJSON)
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

// checkBackup reads a backup to its end.
func checkBackup(cmd *cobra.Command, name string, asJSON bool) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := backup.Verify(f)
	if err != nil {
		return err
	}
	return saidBackup(cmd.OutOrStdout(), asJSON, name, b)
}
