package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"zorya/backup"
	"zorya/check"
	"zorya/node"
)

func backupCmd() *cobra.Command {
	var dir, cluster string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy a cluster into a file, while its server runs or not",
		Long: `Backup writes one file with everything that has been committed when it begins, and
with the identities and the certificate authority of the data directory: keep it as
you keep those. The file appears once it is whole, and has been read back.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := writeBackup(cmd.Context(), args[0], dir, cluster)
			if err != nil {
				return err
			}
			return saidBackup(cmd.OutOrStdout(), asJSON, args[0], b)
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "data", defaultDir, "data directory")
	f.StringVar(&cluster, "cluster", "", "id of the cluster; the default one if not given")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// writeBackup makes the file. It replaces none.
func writeBackup(ctx context.Context, name, dir, cluster string) (b *backup.Reader, err error) {
	if _, err := os.Lstat(name); err == nil {
		return nil, fmt.Errorf("%s is there already", name)
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".tmp-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(tmp.Name())
	err = node.Backup(ctx, tmp, dir, cluster)
	if err == nil {
		err = tmp.Sync()
	}
	if err == nil {
		_, err = tmp.Seek(0, io.SeekStart)
	}
	if err == nil {
		b, err = backup.Verify(tmp)
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return nil, err
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return nil, err
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	return b, errors.Join(d.Sync(), d.Close())
}

// saidBackup tells what a backup holds.
func saidBackup(w io.Writer, asJSON bool, name string, b *backup.Reader) error {
	if asJSON {
		return json.NewEncoder(w).Encode(map[string]any{"file": name, "about": b.About, "keys": b.Keys})
	}
	_, err := fmt.Fprintf(w, "%s: %s, %d keys\n", name, &b.About, b.Keys)
	return err
}

func restoreCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "restore FILE DIR",
		Short: "Make a data directory of a backup",
		Long: `Restore makes a data directory that must not be there yet, or be empty. It appears
once it is whole and has been checked as by zorya check. Cluster, identities and
certificate authority are those of the backup.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			b, err := backup.Restore(f, args[1], func(dir string) error {
				r, err := check.Directory(cmd.Context(), dir, check.Options{})
				if err != nil {
					return err
				}
				if !r.Sound() {
					r.Print(cmd.ErrOrStderr())
					return errDamaged
				}
				return nil
			})
			if err != nil {
				return err
			}
			return saidBackup(cmd.OutOrStdout(), asJSON, args[1], b)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
