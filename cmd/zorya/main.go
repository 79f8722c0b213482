// Command zorya is the database: its server and the tools around it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "zorya:", err)
		os.Exit(1)
	}
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "zorya",
		Short: "An open Amazon Aurora DSQL: distributed SQL without locks",
		Long: `Zorya speaks PostgreSQL's wire protocol, takes no locks and decides conflicts at
COMMIT, as Amazon Aurora DSQL does.

  zorya serve    run a database on a local directory
  zorya psql     open psql on it
  zorya token    print a token for another client`,
		SilenceUsage: true, SilenceErrors: true,
	}
	cmd.AddCommand(serveCmd(), tokenCmd(), psqlCmd(), iamCmd(), checkCmd(), backupCmd(), restoreCmd(), workloadCmd())
	return cmd
}
