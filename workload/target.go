package workload

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dsql/auth"
	"github.com/jackc/pgx/v5"
)

// A Password gives the password of a new connection: a token, as a rule. It must
// be safe for concurrent use.
type Password func(context.Context) (string, error)

// A Target is a database to put load on. It may be used concurrently.
type Target struct {
	Config *pgx.ConnConfig
	// Password is asked for every new connection; nil leaves Config's password.
	Password Password
	// Isolation is put into BEGIN, for servers whose default is not repeatable read;
	// "" for none.
	Isolation string
}

// begin is the statement that opens a transaction on t.
func (t *Target) begin() string {
	if t.Isolation == "" {
		return "BEGIN"
	}
	return "BEGIN ISOLATION LEVEL " + t.Isolation
}

// Connect opens a connection with a fresh password.
func (t *Target) Connect(ctx context.Context) (*pgx.Conn, error) {
	cfg := t.Config.Copy()
	if t.Password != nil {
		password, err := t.Password(ctx)
		if err != nil {
			return nil, fmt.Errorf("get a token: %w", err)
		}
		cfg.Password = password
	}
	return pgx.ConnectConfig(ctx, cfg)
}

// connectAtOnce bounds the handshakes under way, so that many connections open
// quickly without timing one another out.
const connectAtOnce = 32

// connectAll opens n connections, or none.
func (t *Target) connectAll(ctx context.Context, n int) ([]*pgx.Conn, error) {
	conns := make([]*pgx.Conn, n)
	var failed error
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, connectAtOnce)
	for i := range conns {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			conn, err := t.Connect(ctx)
			mu.Lock()
			defer mu.Unlock()
			conns[i] = conn
			if err != nil && failed == nil {
				failed = err
			}
		})
	}
	wg.Wait()
	if failed != nil {
		closeAll(conns)
		return nil, failed
	}
	return conns, nil
}

// closeAll says goodbye on every connection that is open.
func closeAll(conns []*pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, c := range conns {
		if c != nil {
			c.Close(ctx)
		}
	}
}

// SDKToken makes tokens with the AWS SDK for Go and the access key in
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
func SDKToken(host, region, user string) (Password, error) {
	creds := aws.Credentials{
		AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
	}
	if creds.AccessKeyID == "" || creds.SecretAccessKey == "" {
		return nil, fmt.Errorf("no access key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil })
	generate := auth.GenerateDbConnectAuthToken
	if user == "admin" {
		generate = auth.GenerateDBConnectAdminAuthToken
	}
	return func(ctx context.Context) (string, error) { return generate(ctx, host, region, provider) }, nil
}

// commandTokenLife is how long a command's token is used for new connections: a
// process for each of a thousand connections would take longer than the load.
const commandTokenLife = time.Minute

// CommandToken makes tokens by running a command in the shell; its output is the
// token.
func CommandToken(command string) Password {
	var mu sync.Mutex
	var token string
	var made time.Time
	return func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if token != "" && time.Since(made) < commandTokenLife {
			return token, nil
		}
		out, err := exec.CommandContext(ctx, "sh", "-c", command).Output()
		if err != nil {
			return "", fmt.Errorf("%s: %w", command, err)
		}
		token, made = strings.TrimSpace(string(out)), time.Now()
		return token, nil
	}
}
