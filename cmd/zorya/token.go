package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"zorya/iam"
	"zorya/node"
)

// tokenOptions say what a token is for.
type tokenOptions struct {
	dir, host, region, role string
	expires                 int
	keyID                   string
}

func (o *tokenOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.dir, "data", defaultDir, "data directory of the server")
	f.StringVar(&o.host, "hostname", "localhost", "host name that the client connects to")
	f.StringVar(&o.region, "region", node.DefaultRegion, "region of the cluster")
	f.StringVar(&o.role, "role", "admin", "database role to connect as")
	f.IntVar(&o.expires, "expires-in", 900, "seconds that the token is good for, up to a week")
	f.StringVar(&o.keyID, "access-key", "", "sign with this access key; the root key if not given")
}

// sign makes the token with the root identity's key.
func (o *tokenOptions) sign() (string, error) {
	if o.expires < 1 || o.expires > 604800 {
		return "", fmt.Errorf("--expires-in must be between 1 and 604800 seconds")
	}
	if _, err := os.Stat(filepath.Join(o.dir, "identities.json")); err != nil {
		return "", fmt.Errorf("%s is not a data directory of zorya: %w", o.dir, err)
	}
	store, err := iam.Open(o.dir)
	if err != nil {
		return "", err
	}
	key, err := store.RootKey()
	if o.keyID != "" {
		key, err = store.Key(o.keyID)
	}
	if err != nil {
		return "", err
	}
	action := iam.Connect
	if o.role == "admin" {
		action = iam.ConnectAdmin
	}
	return iam.Sign(key, o.host, o.region, action, time.Duration(o.expires)*time.Second, time.Now()), nil
}

func tokenCmd() *cobra.Command {
	var o tokenOptions
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print a token: the password of a connection",
		Long: `Token prints what clients give as password: admin's token, or with --role that of
another role. It is signed with the data directory's root key, locally: no server
need run.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			token, err := o.sign()
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), token)
			return nil
		},
	}
	o.flags(cmd)
	return cmd
}

func psqlCmd() *cobra.Command {
	var o tokenOptions
	var port int
	cmd := &cobra.Command{
		Use:   "psql [-- psql arguments]",
		Short: "Open psql on a running server",
		RunE: func(cmd *cobra.Command, args []string) error {
			token, err := o.sign()
			if err != nil {
				return err
			}
			conn := fmt.Sprintf("host=%s port=%d user=%s dbname=postgres sslmode=verify-full sslrootcert=%s",
				o.host, port, o.role, filepath.Join(o.dir, "ca.pem"))
			c := exec.CommandContext(cmd.Context(), "psql", append([]string{conn}, args...)...)
			c.Env = append(os.Environ(), "PGPASSWORD="+token)
			c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
			return c.Run()
		},
	}
	o.flags(cmd)
	cmd.Flags().IntVar(&port, "port", 5432, "port of the server")
	return cmd
}
