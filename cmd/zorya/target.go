package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"zorya/workload"
)

// targetOptions are the flags that name a database to put load on.
type targetOptions struct {
	token        tokenOptions
	dsn, address string
	ca           string
	tokenCommand string
	isolation    string
}

// targetHelp tells of the flags.
const targetHelp = `  --address HOST[:PORT]   another server of zorya, or Aurora DSQL; for a host in on.aws
                          tokens come from AWS_ACCESS_KEY_ID and its like
  --dsn DSN               anything that speaks PostgreSQL's protocol; PostgreSQL needs
                          --isolation "repeatable read" to mean the same`

// flags adds the flags to a command and those below it.
func (o *targetOptions) flags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.StringVar(&o.dsn, "dsn", "", "connection string or URL")
	f.StringVar(&o.address, "address", "localhost:5432", "host and port of the server")
	f.StringVar(&o.ca, "ca", "", "certificate authority of the server (default: ca.pem of the data directory)")
	f.StringVar(&o.tokenCommand, "token-command", "", "command that prints the password of new connections")
	f.StringVar(&o.isolation, "isolation", "", "isolation level to ask for in BEGIN")
	f.StringVar(&o.token.dir, "data", defaultDir, "data directory of the local server")
	f.StringVar(&o.token.region, "region", os.Getenv("AWS_REGION"), "region of the cluster (default: as in the host name, or us-east-1)")
	f.StringVar(&o.token.role, "role", "admin", "database role to connect as")
}

// target is the database that the flags name.
func (o *targetOptions) target() (*workload.Target, error) {
	t := &workload.Target{Isolation: strings.ReplaceAll(o.isolation, "-", " ")}
	dsn := o.dsn
	if dsn == "" {
		host, port, err := net.SplitHostPort(o.address)
		if err != nil {
			host, port = o.address, "5432"
		}
		aws := strings.HasSuffix(host, ".on.aws")
		if o.ca == "" && !aws {
			o.ca = filepath.Join(o.token.dir, "ca.pem")
			if _, err := os.Stat(o.ca); err != nil {
				return nil, fmt.Errorf("%s is not a data directory of zorya: start zorya serve, or say --data, --address or --dsn", o.token.dir)
			}
		}
		dsn = fmt.Sprintf("host=%s port=%s user=%s dbname=postgres sslmode=verify-full", host, port, o.token.role)
		if o.ca != "" {
			dsn += " sslrootcert=" + o.ca
		}
		if t.Password, err = o.password(host, aws); err != nil {
			return nil, err
		}
	}
	if o.tokenCommand != "" {
		t.Password = workload.CommandToken(o.tokenCommand)
	}
	var err error
	t.Config, err = pgx.ParseConfig(dsn)
	return t, err
}

// password makes tokens for a host: with the key in the environment on AWS, with
// the data directory's elsewhere.
func (o *targetOptions) password(host string, aws bool) (workload.Password, error) {
	labels := strings.Split(host, ".")
	if o.token.region == "" && aws && len(labels) > 3 {
		o.token.region = labels[len(labels)-3]
	}
	if o.token.region == "" {
		o.token.region = "us-east-1"
	}
	if aws {
		return workload.SDKToken(host, o.token.region, o.token.role)
	}
	o.token.host, o.token.expires = host, 900
	return func(context.Context) (string, error) { return o.token.sign() }, nil
}
