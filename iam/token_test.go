package iam

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dsql/auth"

	"zorya/pgerr"
)

const (
	testHost   = "abcdefghijklmnopqrstuvwxyz.dsql.us-east-1.on.aws"
	testRegion = "us-east-1"
)

func openStore(t *testing.T) (*Store, AccessKey) {
	t.Helper()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.RootKey()
	if err != nil {
		t.Fatal(err)
	}
	return s, key
}

func request(user string) Request {
	return Request{User: user, Hosts: []string{testHost}, Region: testRegion, Cluster: "arn:aws:dsql:us-east-1:000000000000:cluster/x", Now: time.Now()}
}

// sdkToken is a token of the AWS SDK's own signer: the oracle.
func sdkToken(t *testing.T, key AccessKey, host, region string, admin bool, expires time.Duration) string {
	t.Helper()
	creds := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret, SessionToken: key.Token}, nil
	})
	generate := auth.GenerateDbConnectAuthToken
	if admin {
		generate = auth.GenerateDBConnectAdminAuthToken
	}
	token, err := generate(t.Context(), host, region, creds, func(o *auth.TokenOptions) { o.ExpiresIn = expires })
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestVerifyTakesTokensOfTheSDK(t *testing.T) {
	s, root := openStore(t)
	if arn, err := s.Verify(sdkToken(t, root, testHost, testRegion, true, 0), request("admin")); err != nil || arn != "arn:aws:iam::000000000000:root" {
		t.Errorf("admin's token: %q, %v", arn, err)
	}
	arn, err := s.Create("user", "alice", false)
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.CreateKey("alice")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Verify(sdkToken(t, key, testHost, testRegion, false, time.Hour), request("app")); err != nil || got != arn {
		t.Errorf("user's token: %q, %v; want %q", got, err, arn)
	}
	if _, err := s.Create("role", "service", false); err != nil {
		t.Fatal(err)
	}
	temp, err := s.AssumeRole("service", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Verify(sdkToken(t, temp, testHost, testRegion, false, time.Hour), request("app")); err != nil || got != "arn:aws:iam::000000000000:role/service" {
		t.Errorf("role's token: %q, %v", got, err)
	}
}

func TestVerifyReadsParametersInAnyOrder(t *testing.T) {
	s, root := openStore(t)
	token := Sign(root, testHost, testRegion, ConnectAdmin, time.Hour, time.Now())
	host, query, _ := strings.Cut(token, "?")
	params := strings.Split(query, "&")
	for range params {
		params = append(params[1:], params[0])
		if _, err := s.Verify(host+"?"+strings.Join(params, "&"), request("admin")); err != nil {
			t.Fatalf("rotated: %v", err)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	s, root := openStore(t)
	if _, err := s.Create("user", "bob", false); err != nil {
		t.Fatal(err)
	}
	bob, err := s.CreateKey("bob")
	if err != nil {
		t.Fatal(err)
	}
	good := sdkToken(t, root, testHost, testRegion, true, time.Hour)
	stranger := root
	stranger.ID = "AKIAAAAAAAAAAAAAAAAA"
	temporary := root
	temporary.Token = "made up"
	tests := []struct {
		name, token, user string
		now               time.Duration
		reason, hint      string
	}{
		{"expired", good, "admin", 2 * time.Hour, "expired", "Signature expired: "},
		{"from the future", good, "admin", -time.Hour, "future", "Signature not yet current: "},
		{"tampered action", strings.Replace(good, "DbConnectAdmin", "DbConnect", 1), "app", 0, "signature", ""},
		{"tampered signature", good[:len(good)-1] + "x", "admin", 0, "signature", ""},
		{"tampered expiry", strings.Replace(good, "X-Amz-Expires=3600", "X-Amz-Expires=7200", 1), "admin", 0, "signature", ""},
		{"too long", strings.Replace(good, "X-Amz-Expires=3600", "X-Amz-Expires=604801", 1), "admin", 0, "expiry", ""},
		{"wrong host", sdkToken(t, root, "other.dsql.us-east-1.on.aws", testRegion, true, time.Hour), "admin", 0, "host", ""},
		{"wrong region", sdkToken(t, root, testHost, "eu-west-1", true, time.Hour), "admin", 0, "region", ""},
		{"admin with a plain token", sdkToken(t, root, testHost, testRegion, false, time.Hour), "admin", 0, "action", "Wrong user to action mapping. user: admin, action: DbConnect"},
		{"user with admin's token", good, "app", 0, "action", "Wrong user to action mapping. user: app, action: DbConnectAdmin"},
		{"unknown key", sdkToken(t, stranger, testHost, testRegion, true, time.Hour), "admin", 0, "unknown access key", ""},
		{"made-up session token", sdkToken(t, temporary, testHost, testRegion, true, time.Hour), "admin", 0, "session token", ""},
		{"no policy", sdkToken(t, bob, testHost, testRegion, true, time.Hour), "admin", 0, "policy", ""},
		{"password", "secret", "admin", 0, "malformed", ""},
		{"empty", "", "admin", 0, "malformed", ""},
		{"doubled parameter", good + "&Action=DbConnect", "admin", 0, "twice", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := request(tt.user)
			req.Now = req.Now.Add(tt.now)
			_, err := s.Verify(tt.token, req)
			if err == nil || !strings.Contains(err.Error(), tt.reason) {
				t.Fatalf("reason %v, want %q", err, tt.reason)
			}
			e := pgerr.As(err)
			if e == nil || e.Code != "28000" || e.Severity != "FATAL" || e.Message != "unable to accept connection, access denied" {
				t.Errorf("client is told %+v", e)
			}
			if !strings.HasPrefix(e.Hint, tt.hint) || (tt.hint == "") != (e.Hint == "") {
				t.Errorf("hint %q, want %q", e.Hint, tt.hint)
			}
			if strings.Contains(err.Error(), root.Secret) {
				t.Error("the reason shows a secret")
			}
		})
	}
}

func TestStoreIsSharedBetweenProcesses(t *testing.T) {
	dir := t.TempDir()
	server, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	command, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := command.Create("user", "carol", true); err != nil {
		t.Fatal(err)
	}
	key, err := command.CreateKey("carol")
	if err != nil {
		t.Fatal(err)
	}
	token := Sign(key, testHost, testRegion, ConnectAdmin, time.Hour, time.Now())
	if _, err := server.Verify(token, request("admin")); err != nil {
		t.Errorf("a key made by another process: %v", err)
	}
	if err := command.DeleteKey(key.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Verify(token, request("admin")); err == nil {
		t.Error("a deleted key still works")
	}
}
