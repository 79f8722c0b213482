// Package e2e tests a whole node from outside: through its PostgreSQL door, with
// tokens of the AWS SDK and unmodified clients.
package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dsql/auth"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/iam"
	"zorya/node"
)

const region = "us-east-1"

// A server is a node under test and what a client needs to reach it.
type server struct {
	*node.Node
	dir string
	ids *iam.Store
	key iam.AccessKey // root's
}

// start runs a node on a new directory until the test ends.
func start(t testing.TB, change ...func(*node.Config)) *server {
	t.Helper()
	return startIn(t, t.TempDir(), change...)
}

func startIn(t testing.TB, dir string, change ...func(*node.Config)) *server {
	t.Helper()
	cfg := node.Config{Dir: dir, PgAddr: "127.0.0.1:0", Region: region, Log: slog.New(slog.DiscardHandler)}
	if os.Getenv("ZORYA_TEST_LOG") != "" {
		cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	for _, f := range change {
		f(&cfg)
	}
	n, err := node.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Node: n, dir: dir}
	t.Cleanup(func() { s.stop(t) })
	if s.ids, err = iam.Open(dir); err != nil {
		t.Fatal(err)
	}
	if s.key, err = s.ids.RootKey(); err != nil {
		t.Fatal(err)
	}
	return s
}

// stop closes the node. Stopping again does nothing.
func (s *server) stop(t testing.TB) {
	t.Helper()
	if s.Node == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
	s.Node = nil
}

// A login is who connects and with what.
type login struct {
	user   string
	key    iam.AccessKey
	host   string // that the token is signed for
	region string
	admin  bool // sign DbConnectAdmin
	expiry time.Duration
}

func (s *server) admin() login {
	return login{user: "admin", key: s.key, host: "localhost", region: region, admin: true}
}

// token signs as the AWS SDK does.
func (l login) token(t testing.TB) string {
	t.Helper()
	creds := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: l.key.ID, SecretAccessKey: l.key.Secret, SessionToken: l.key.Token}, nil
	})
	sign := auth.GenerateDbConnectAuthToken
	if l.admin {
		sign = auth.GenerateDBConnectAdminAuthToken
	}
	token, err := sign(context.Background(), l.host, l.region, creds, func(o *auth.TokenOptions) { o.ExpiresIn = l.expiry })
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// config is pgx's configuration for a connection with verify-full.
func (s *server) config(t testing.TB, user, password string) *pgx.ConnConfig {
	t.Helper()
	ca, err := os.ReadFile(filepath.Join(s.dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	cfg, err := pgx.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=postgres sslmode=require", s.PgAddr().Port, user))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Password = password
	cfg.TLSConfig = &tls.Config{RootCAs: pool, ServerName: "localhost"}
	return cfg
}

// connect opens a connection as admin, closed when the test ends.
func (s *server) connect(t testing.TB) *pgx.Conn {
	t.Helper()
	c, err := pgx.ConnectConfig(t.Context(), s.config(t, "admin", s.admin().token(t)))
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

// exec runs statements that must succeed, with the simple protocol.
func exec(t testing.TB, c *pgx.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := c.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// fails runs a statement that must fail with a SQLSTATE, and returns the error.
func fails(t testing.TB, c *pgx.Conn, code, sql string) *pgconn.PgError {
	t.Helper()
	_, err := c.PgConn().Exec(t.Context(), sql).ReadAll()
	return wantCode(t, err, code, sql)
}

func wantCode(t testing.TB, err error, code, what string) *pgconn.PgError {
	t.Helper()
	e, ok := err.(*pgconn.PgError)
	if !ok || e.Code != code {
		t.Fatalf("%s: error %v, want SQLSTATE %s", what, err, code)
	}
	return e
}

// one returns the single value of a query, as text.
func one(t testing.TB, c *pgx.Conn, sql string) string {
	t.Helper()
	res, err := c.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	last := res[len(res)-1]
	if len(last.Rows) != 1 || len(last.Rows[0]) != 1 {
		t.Fatalf("%s: %d rows, want one value", sql, len(last.Rows))
	}
	return string(last.Rows[0][0])
}

// explain returns the lines of a statement's plan.
func explain(t testing.TB, c *pgx.Conn, sql string) string {
	t.Helper()
	res, err := c.PgConn().Exec(t.Context(), "EXPLAIN "+sql).ReadAll()
	if err != nil {
		t.Fatalf("EXPLAIN %s: %v", sql, err)
	}
	var lines []byte
	for _, row := range res[0].Rows {
		lines = append(append(lines, row[0]...), '\n')
	}
	return string(lines)
}
