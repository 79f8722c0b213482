package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zorya/iam"
)

func iamCmd() *cobra.Command {
	var dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "iam",
		Short: "Create users, roles and access keys",
		Long: `Iam changes the data directory's identities; a running server follows at once. A
principal connects as a database role once AWS IAM GRANT has mapped it.`,
	}
	cmd.PersistentFlags().StringVar(&dir, "data", defaultDir, "data directory")
	cmd.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	store := func() (*iam.Store, error) {
		if _, err := os.Stat(filepath.Join(dir, "identities.json")); err != nil {
			return nil, fmt.Errorf("%s is not a data directory of zorya: %w", dir, err)
		}
		return iam.Open(dir)
	}
	cmd.AddCommand(
		createPrincipal(store, "user", &asJSON), createPrincipal(store, "role", &asJSON),
		deletePrincipal(store, "user"), deletePrincipal(store, "role"),
		createKey(store, &asJSON), deleteKey(store), assumeRole(store, &asJSON), listPrincipals(store, &asJSON))
	return cmd
}

type openStore func() (*iam.Store, error)

// emit prints fields in order, or as JSON.
func emit(out io.Writer, asJSON bool, fields ...[2]string) error {
	if asJSON {
		m := map[string]string{}
		for _, f := range fields {
			m[f[0]] = f[1]
		}
		return json.NewEncoder(out).Encode(m)
	}
	for _, f := range fields {
		fmt.Fprintf(out, "%-16s %s\n", f[0], f[1])
	}
	return nil
}

func createPrincipal(store openStore, kind string, asJSON *bool) *cobra.Command {
	var admin bool
	cmd := &cobra.Command{
		Use:   "create-" + kind + " NAME",
		Short: "Create a " + kind + " that may dsql:DbConnect",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := store()
			if err != nil {
				return err
			}
			arn, err := s.Create(kind, args[0], admin)
			if err != nil {
				return err
			}
			return emit(cmd.OutOrStdout(), *asJSON, [2]string{"Arn", arn})
		},
	}
	cmd.Flags().BoolVar(&admin, "admin", false, "may dsql:DbConnectAdmin too")
	return cmd
}

func deletePrincipal(store openStore, kind string) *cobra.Command {
	return &cobra.Command{
		Use:   "delete-" + kind + " NAME",
		Short: "Delete a " + kind + " and its access keys",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := store()
			if err != nil {
				return err
			}
			return s.Delete(kind, args[0])
		},
	}
}

func createKey(store openStore, asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use:   "create-access-key USER",
		Short: "Create an access key; its secret is shown this once",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := store()
			if err != nil {
				return err
			}
			k, err := s.CreateKey(args[0])
			if err != nil {
				return err
			}
			return emit(cmd.OutOrStdout(), *asJSON, [2]string{"AccessKeyId", k.ID}, [2]string{"SecretAccessKey", k.Secret})
		},
	}
}

func deleteKey(store openStore) *cobra.Command {
	return &cobra.Command{
		Use:   "delete-access-key ID",
		Short: "Delete an access key",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := store()
			if err != nil {
				return err
			}
			return s.DeleteKey(args[0])
		},
	}
}

func assumeRole(store openStore, asJSON *bool) *cobra.Command {
	var d time.Duration
	cmd := &cobra.Command{
		Use:   "assume-role ROLE",
		Short: "Make temporary credentials of a role",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := store()
			if err != nil {
				return err
			}
			k, err := s.AssumeRole(args[0], d)
			if err != nil {
				return err
			}
			return emit(cmd.OutOrStdout(), *asJSON, [2]string{"AccessKeyId", k.ID}, [2]string{"SecretAccessKey", k.Secret},
				[2]string{"SessionToken", k.Token}, [2]string{"Expiration", k.Expires.Format(time.RFC3339)})
		},
	}
	cmd.Flags().DurationVar(&d, "duration", time.Hour, "how long they are good for")
	return cmd
}

func listPrincipals(store openStore, asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List users and roles with the ids of their access keys",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := store()
			if err != nil {
				return err
			}
			entries, err := s.List()
			if err != nil {
				return err
			}
			if *asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(entries)
			}
			for _, e := range entries {
				fmt.Fprintf(cmd.OutOrStdout(), "%-5s %-20s %-50s %s\n", e.Kind, e.Name, e.ARN, strings.Join(e.Keys, " "))
			}
			return nil
		},
	}
}
