package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"zorya/node"
)

// defaultDir is where data goes when no directory is given.
const defaultDir = "zorya-data"

// shutdownGrace is how long running statements may go on after SIGTERM.
const shutdownGrace = 5 * time.Second

func serveCmd() *cobra.Command {
	var cfg node.Config
	var verbose, asJSON bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a database on a local directory",
		Long: `Serve runs a whole cluster in this process, on a local directory that is made if it
is missing. SIGTERM or Ctrl-C ends it cleanly; kill -9 loses nothing that was
acknowledged.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			level := slog.LevelInfo
			if verbose {
				level = slog.LevelDebug
			}
			cfg.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
			return serve(cmd.Context(), cfg, asJSON, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&cfg.Dir, "data", defaultDir, "data directory")
	f.StringVar(&cfg.PgAddr, "pg-addr", node.DefaultPgAddr, "address for PostgreSQL clients")
	f.StringVar(&cfg.HTTPAddr, "http-addr", node.DefaultHTTPAddr, "address of /healthz and /metrics; empty for none")
	f.StringVar(&cfg.Region, "region", node.DefaultRegion, "region that tokens are signed for")
	f.StringVar(&cfg.Profile, "profile", "dsql", "dialect: dsql (as Aurora DSQL, limits included) or extended")
	f.BoolVar(&cfg.Plaintext, "allow-plaintext", false, "let clients on this machine in without TLS")
	f.IntVar(&cfg.ConnectionRate, "connection-rate", 0, "new connections per second, after a burst of ten times as many (DSQL: 100; 0: no limit)")
	f.BoolVar(&verbose, "verbose", false, "log more")
	f.BoolVar(&asJSON, "json", false, "print addresses as JSON")
	return cmd
}

// gcPercent is GOGC unless the environment says otherwise. Statements leave garbage
// and little else, so that a heap three times as large as what lives is small still,
// and saves a tenth of the processor's time (docs/benchmarks.md).
const gcPercent = 300

// serve runs a node until ctx is done.
func serve(ctx context.Context, cfg node.Config, asJSON bool, out, errOut io.Writer) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return err
	}
	announce(n, cfg, asJSON, out)
	fmt.Fprintln(errOut, "ready")
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-n.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), shutdownGrace)
	defer cancel()
	if err := n.Close(grace); err != nil && failed == nil {
		failed = err
	}
	return failed
}

// announce tells how to connect.
func announce(n *node.Node, cfg node.Config, asJSON bool, out io.Writer) {
	addr := n.PgAddr()
	host := "localhost"
	if !addr.IP.IsLoopback() && !addr.IP.IsUnspecified() {
		host = addr.IP.String()
	}
	ca := filepath.Join(cfg.Dir, "ca.pem")
	token := fmt.Sprintf("%s token --data %s", self(), cfg.Dir)
	if cfg.Region != node.DefaultRegion {
		token += " --region " + cfg.Region
	}
	psql := fmt.Sprintf(`PGPASSWORD="$(%s)" psql "host=%s port=%d user=admin dbname=postgres sslmode=verify-full sslrootcert=%s"`, token, host, addr.Port, ca)
	if asJSON {
		info := map[string]any{"cluster": n.ClusterID(), "endpoint": n.Endpoint(), "host": host, "port": addr.Port, "region": cfg.Region,
			"ca": ca, "token": token, "psql": psql}
		if a := n.HTTPAddr(); a != nil {
			info["http"] = "http://" + a.String()
		}
		json.NewEncoder(out).Encode(info)
		return
	}
	fmt.Fprintf(out, "Cluster   %s\n", n.ClusterID())
	fmt.Fprintf(out, "Endpoint  %s:%d  (also %s)\n", host, addr.Port, n.Endpoint())
	fmt.Fprintf(out, "Token     %s\n", token)
	fmt.Fprintf(out, "psql      %s\n", psql)
	if a := n.HTTPAddr(); a != nil {
		fmt.Fprintf(out, "HTTP      http://%s  (/healthz, /metrics)\n", a)
	}
}

// self is how this program was called.
func self() string {
	if len(os.Args) > 0 && os.Args[0] != "" {
		return os.Args[0]
	}
	return "zorya"
}
