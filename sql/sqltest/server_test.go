// Package sqltest compares the whole way of a statement, from the wire to storage,
// with PostgreSQL: random statements while a PostgreSQL server is at hand
// (ZORYA_TEST_PG), recorded scripts always.
package sqltest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dsql/auth"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/iam"
	"zorya/node"
	"zorya/pgerr"
	"zorya/profile"
	"zorya/sql/types"
)

const region = "us-east-1"

// startNode runs a node until the test ends and returns a connection to it.
func startNode(t testing.TB) *pgconn.PgConn {
	t.Helper()
	dir := t.TempDir()
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("ZORYA_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	n, err := node.Start(t.Context(), node.Config{Dir: dir, PgAddr: "127.0.0.1:0", Region: region, Profile: profile.Extended, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err := n.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	cfg, err := pgx.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=admin dbname=postgres sslmode=require", n.PgAddr().Port))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	cfg.TLSConfig = &tls.Config{RootCAs: pool, ServerName: "localhost"}
	cfg.Password = adminToken(t, dir)
	return connect(t, &cfg.Config)
}

func adminToken(t testing.TB, dir string) string {
	ids, err := iam.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ids.RootKey()
	if err != nil {
		t.Fatal(err)
	}
	creds := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret, SessionToken: key.Token}, nil
	})
	token, err := auth.GenerateDBConnectAdminAuthToken(t.Context(), "localhost", region, creds)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func connect(t testing.TB, cfg *pgconn.Config) *pgconn.PgConn {
	t.Helper()
	c, err := pgconn.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		c.Close(ctx)
	})
	return c
}

var databases atomic.Int32 // that this process has made

// connectPostgres connects to a new database of the oracle, in which text compares by
// bytes as Zorya's does. It goes with the test.
func connectPostgres(t testing.TB) *pgconn.PgConn {
	t.Helper()
	url := os.Getenv("ZORYA_TEST_PG")
	if url == "" {
		t.Skip("ZORYA_TEST_PG names no PostgreSQL server")
	}
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	first := connect(t, cfg)
	own := *cfg
	own.Database = fmt.Sprintf("zorya_sqltest_%d_%d", os.Getpid(), databases.Add(1))
	must(t, first, "drop database if exists "+own.Database, "create database "+own.Database+" template template0 lc_collate 'C' lc_ctype 'C.UTF-8'")
	t.Cleanup(func() {
		if _, err := first.Exec(context.Background(), "drop database "+own.Database+" with (force)").ReadAll(); err != nil {
			t.Error(err)
		}
	})
	c := connect(t, &own)
	must(t, c, "set timezone = 'UTC'", "set jit = off", "set statement_timeout = '3s'")
	return c
}

// An answer is what a statement gave: rows as text, or an error.
type answer struct {
	rows    []string
	tag     string
	code    string // SQLSTATE; "" for success
	message string
	fault   *pgconn.PgError // the error with all of its fields
}

func (a answer) String() string {
	if a.code != "" {
		return "ERROR " + a.code + "\n"
	}
	return strings.Join(append(slices.Clone(a.rows), a.tag), "\n") + "\n"
}

// whole is the answer with what an error says beside its code, and where.
func (a answer) whole() string {
	e := a.fault
	if e == nil {
		return a.String()
	}
	text := "ERROR " + e.Code + ": " + e.Message + "\n"
	for _, part := range []struct{ name, value string }{{"DETAIL", e.Detail}, {"HINT", e.Hint}, {"CONTEXT", e.Where}} {
		if part.value != "" {
			text += part.name + ": " + part.value + "\n"
		}
	}
	if e.Position != 0 {
		text += fmt.Sprintf("POSITION: %d\n", e.Position)
	}
	return text
}

// unordered is the answer with its rows sorted.
func (a answer) unordered() answer {
	a.rows = slices.Sorted(slices.Values(a.rows))
	return a
}

// run runs one statement, again while it meets another transaction: those of the
// jobs that build indexes.
func run(t testing.TB, c *pgconn.PgConn, sql string, params ...string) answer {
	t.Helper()
	a := send(t, c, sql, params)
	for range 20 {
		if a.code != pgerr.SerializationFailure {
			break
		}
		time.Sleep(20 * time.Millisecond)
		a = send(t, c, sql, params)
	}
	return a
}

// send sends one statement, with parameters by the extended protocol.
func send(t testing.TB, c *pgconn.PgConn, sql string, params []string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var results []*pgconn.Result
	var err error
	if len(params) == 0 {
		results, err = c.Exec(ctx, sql).ReadAll()
	} else {
		values := make([][]byte, len(params))
		for i, p := range params {
			values[i] = []byte(p)
		}
		r := c.ExecParams(ctx, sql, values, nil, nil, nil).Read()
		results, err = []*pgconn.Result{r}, r.Err
	}
	if e, ok := err.(*pgconn.PgError); ok {
		return answer{code: e.Code, message: e.Message, fault: e}
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var a answer
	for _, r := range results {
		a.tag = r.CommandTag.String()
		for _, row := range r.Rows {
			a.rows = append(a.rows, printRow(row, r.FieldDescriptions))
		}
	}
	return a
}

// printRow leaves the trailing zeros of numerics out: which of two equal values of
// different scale stands for a group is not defined.
func printRow(row [][]byte, fields []pgconn.FieldDescription) string {
	out := make([]string, len(row))
	for i, v := range row {
		s := string(v)
		switch {
		case v == nil:
			s = "∅"
		case fields[i].DataTypeOID == uint32(types.NumericOID) && strings.Contains(s, "."):
			s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
		}
		out[i] = s
	}
	return strings.Join(out, "|")
}

func must(t testing.TB, c *pgconn.PgConn, list ...string) {
	t.Helper()
	for _, sql := range list {
		if a := run(t, c, sql); a.code != "" {
			t.Fatalf("%s: %s %s", sql, a.code, a.message)
		}
	}
}
