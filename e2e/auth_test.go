package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zorya/iam"
)

const denied = "unable to accept connection, access denied"

// app makes a role app that the IAM user alice may connect as, and her login.
func app(t *testing.T, s *server, admin *pgx.Conn) login {
	t.Helper()
	arn, err := s.ids.Create("user", "alice", false)
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.ids.CreateKey("alice")
	if err != nil {
		t.Fatal(err)
	}
	exec(t, admin, "CREATE ROLE app WITH LOGIN", "AWS IAM GRANT app TO '"+arn+"'")
	return login{user: "app", key: key, host: "localhost", region: region}
}

// dial tries to connect and returns what the server answered.
func (s *server) dial(t *testing.T, user, password string) error {
	t.Helper()
	c, err := pgx.ConnectConfig(t.Context(), s.config(t, user, password))
	if err != nil {
		return err
	}
	defer c.Close(t.Context())
	return c.Ping(t.Context())
}

// refused checks the code, text and hint with which a login is refused.
func (s *server) refused(t *testing.T, name, user, password, hint string) {
	t.Helper()
	err := s.dial(t, user, password)
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		t.Errorf("%s: %v, want a refusal", name, err)
		return
	}
	if e.Severity != "FATAL" || e.Code != "28000" || e.Message != denied || !strings.HasPrefix(e.Hint, hint) || hint == "" && e.Hint != "" {
		t.Errorf("%s: %s %s %q hint %q, want FATAL 28000 %q hint %q", name, e.Severity, e.Code, e.Message, e.Hint, denied, hint)
	}
}

func TestTokensLetIn(t *testing.T) {
	s := start(t)
	admin := s.connect(t)
	alice := app(t, s, admin)
	if err := s.dial(t, "app", alice.token(t)); err != nil {
		t.Errorf("app at localhost: %v", err)
	}
	// The endpoint's own name, in SNI and in the token.
	alice.host = s.Endpoint()
	cfg := s.config(t, "app", alice.token(t))
	cfg.TLSConfig.ServerName = s.Endpoint()
	c, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatalf("app at the endpoint: %v", err)
	}
	defer c.Close(t.Context())
	want(t, c, "SELECT current_user", "app")
	want(t, admin, "SELECT pg_role_name || ' ' || iam_role_or_user_arn FROM (SELECT pg_role_name, arn AS iam_role_or_user_arn FROM sys.iam_pg_role_mappings) m",
		"app "+iam.ARN(s.ids.Account(), &iam.Principal{Kind: "user", Name: "alice"}))
}

func TestTokensRefused(t *testing.T) {
	s := start(t)
	admin := s.connect(t)
	alice := app(t, s, admin)
	with := func(change func(*login)) string {
		l := alice
		change(&l)
		return l.token(t)
	}
	good := alice.token(t)
	if err := s.dial(t, "app", good); err != nil {
		t.Fatal(err)
	}

	expired := with(func(l *login) { l.expiry = time.Second })
	time.Sleep(2100 * time.Millisecond)
	s.refused(t, "expired", "app", expired, "Signature expired")

	at := strings.LastIndex(good, "X-Amz-Signature=") + len("X-Amz-Signature=")
	flip := byte('0')
	if good[at] == '0' {
		flip = '1'
	}
	s.refused(t, "tampered signature", "app", good[:at]+string(flip)+good[at+1:], "")
	s.refused(t, "tampered parameter", "app", strings.Replace(good, "X-Amz-Expires=", "X-Amz-Expires=9", 1), "")
	s.refused(t, "wrong host", "app", with(func(l *login) { l.host = "example.com" }), "")
	s.refused(t, "wrong region", "app", with(func(l *login) { l.region = "eu-west-1" }), "")
	s.refused(t, "wrong action", "app", with(func(l *login) { l.admin = true }), "Wrong user to action mapping. user: app, action: DbConnectAdmin")
	adminLogin := s.admin()
	adminLogin.admin = false
	s.refused(t, "admin with DbConnect", "admin", adminLogin.token(t), "Wrong user to action mapping. user: admin, action: DbConnect")
	s.refused(t, "unknown key", "app", with(func(l *login) { l.key.ID = "AKIAXXXXXXXXXXXXXXXX" }), "")
	s.refused(t, "wrong secret", "app", with(func(l *login) { l.key.Secret += "x" }), "")
	s.refused(t, "unknown role", "ghost", good, "")
	s.refused(t, "no token", "app", "secret", "")

	exec(t, admin, "CREATE ROLE other WITH LOGIN")
	s.refused(t, "unmapped role", "other", good, "")

	arn := iam.ARN(s.ids.Account(), &iam.Principal{Kind: "user", Name: "alice"})
	exec(t, admin, "AWS IAM REVOKE app FROM '"+arn+"'")
	s.refused(t, "revoked mapping", "app", good, "")
	exec(t, admin, "AWS IAM GRANT app TO '"+arn+"'")
	if err := s.dial(t, "app", good); err != nil {
		t.Errorf("mapping granted again: %v", err)
	}
	exec(t, admin, "AWS IAM REVOKE app FROM '"+arn+"'")
	exec(t, admin, "DROP ROLE app")
	s.refused(t, "dropped role", "app", good, "")
	if err := s.ids.DeleteKey(alice.key.ID); err != nil {
		t.Fatal(err)
	}
	exec(t, admin, "AWS IAM GRANT other TO '"+arn+"'")
	s.refused(t, "deleted key", "other", good, "")
}
