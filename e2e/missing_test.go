package e2e

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zorya/node"
)

// TestWhatIsLostIsNotMadeAnew: a data directory of which something is missing or
// damaged is refused, with the name of the file; what can be made again is.
func TestWhatIsLostIsNotMadeAnew(t *testing.T) {
	s := start(t)
	exec(t, s.connect(t), "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	dir, id := s.dir, s.ClusterID()
	s.stop(t)
	edit := func(name, from, to string) func(string) error {
		return func(dir string) error {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			changed := strings.Replace(string(data), from, to, 1)
			if changed == string(data) {
				t.Fatalf("%s has no %q", name, from)
			}
			return os.WriteFile(filepath.Join(dir, name), []byte(changed), 0o600)
		}
	}
	remove := func(names ...string) func(string) error {
		return func(dir string) (err error) {
			for _, name := range names {
				err = os.RemoveAll(filepath.Join(dir, name))
			}
			return err
		}
	}
	for _, x := range []struct {
		name   string
		damage func(dir string) error
		says   string // "": it starts
	}{
		{"no default", remove("default"), "default is missing"},
		{"another id", edit("default", id[:4], "aaaa"), "its files are missing"},
		{"no id", edit("default", id, "x"), "is no cluster id"},
		{"no cluster", remove("clusters/" + id), "its files are missing"},
		{"an empty cluster", remove("clusters/"+id+"/journal", "clusters/"+id+"/storage"), "files are missing"},
		{"no journal", remove("clusters/" + id + "/journal"), "files are missing"},
		{"no storage", remove("clusters/" + id + "/storage"), "files are missing"},
		{"no identities", remove("identities.json"), "identities.json is missing"},
		{"an identity changed", edit("identities.json", `"root"`, `"rood"`), "identities.json is damaged"},
		{"a field of identities changed", edit("identities.json", `"checksum"`, `"checksun"`), "identities.json is damaged"},
		{"no key of the authority", remove("ca-key.pem"), "ca-key.pem is missing"},
		{"no certificate of the authority", remove("ca.pem"), "ca.pem is missing"},
		{"a damaged certificate", edit("ca.pem", "MII", "MIJ"), "certificate authority"},
		{"no credentials", remove("credentials"), ""},
		{"damaged credentials", edit("credentials", "aws_secret_access_key = ", "aws_secret_access_key = x"), ""},
		{"new identities", remove("identities.json", "credentials"), ""},
		{"a new authority", remove("ca.pem", "ca-key.pem"), ""},
		{"no locks", remove("LOCK", "clusters/"+id+"/LOCK"), ""},
	} {
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := x.damage(copied); err != nil {
			t.Fatal(err)
		}
		if x.says == "" {
			s := startIn(t, copied)
			want(t, s.connect(t), "SELECT count(*) FROM t", "1")
			s.stop(t)
			continue
		}
		n, err := node.Start(t.Context(), node.Config{Dir: copied, PgAddr: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			_ = n.Close(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %v, want %q", x.name, err, x.says)
		}
	}
}
