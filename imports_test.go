package zorya_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layers are the packages from the bottom up. One imports only what stands in a
// line above its own: imports go down.
var layers = [][]string{
	{"history", "kv", "pgerr"},
	{"iam", "journal", "sql/ast", "sql/regex", "sql/types", "workload"},
	{"adjudicator", "profile", "sql/funcs", "sql/parser"},
	{"txn"},
	{"sql/catalog", "storage"},
	{"cluster", "sql/catalog/catalogtest", "sql/rel", "sql/tuple"},
	{"sql/bind", "sql/ddl", "sql/expr", "sql/pgcatalog"},
	{"sql/plan"},
	{"sql/exec"},
	{"sql/jobs", "session"},
	{"backup", "check", "pgwire", "sim"},
	{"node"},
	{"cmd/zorya", "cmd/zorya-sim"},
}

// never are imports that would go down and are wrong all the same: SQL knows no
// role of the commit path but txn, and the commit path knows no SQL.
var never = []struct{ from, to []string }{
	{[]string{"sql", "session", "pgwire", "iam"}, []string{"adjudicator", "journal", "storage", "cluster"}},
	{[]string{"kv", "journal", "adjudicator", "txn", "storage", "cluster"}, []string{"sql", "session", "profile", "iam"}},
	{[]string{"storage"}, []string{"adjudicator"}},
}

// homes are the only packages that may import a module from outside: what stands
// behind one door can be replaced.
var homes = map[string][]string{
	"github.com/pganalyze/pg_query_go":    {"sql/parser"},
	"github.com/cockroachdb/pebble":       {"journal", "storage", "cluster", "txn", "node", "sim"},
	"github.com/jackc/pgx":                {"pgwire", "workload", "cmd/zorya"},
	"github.com/spf13/cobra":              {"cmd/zorya"},
	"github.com/schollz/progressbar":      {"cmd/zorya"},
	"github.com/prometheus/client_golang": {"node"},
}

// vague are names that say nothing about what is inside.
var vague = []string{"util", "utils", "common", "helper", "helpers", "misc", "base"}

// within tells whether the package is, or lies in, one of dirs.
func within(pkg string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return pkg == d || strings.HasPrefix(pkg, d+"/") })
}

func TestImportsGoDown(t *testing.T) {
	rank := map[string]int{}
	for i, layer := range layers {
		for _, pkg := range layer {
			rank[pkg] = i + 1
		}
	}
	imports := readImports(t)
	for pkg, list := range imports {
		if rank[pkg] == 0 {
			t.Errorf("package %s is in no layer: put it where it belongs", pkg)
		}
		if slices.Contains(vague, path.Base(pkg)) {
			t.Errorf("package %s: the name says nothing", pkg)
		}
		for _, imported := range list {
			own, isOurs := strings.CutPrefix(imported, "zorya/")
			if isOurs && rank[own] >= rank[pkg] {
				t.Errorf("%s imports %s, which is not below it", pkg, own)
			}
			for _, n := range never {
				if isOurs && within(pkg, n.from) && within(own, n.to) {
					t.Errorf("%s must not know %s", pkg, own)
				}
			}
			for module, packages := range homes {
				if strings.HasPrefix(imported, module) && !slices.Contains(packages, pkg) {
					t.Errorf("%s imports %s, which belongs to %v", pkg, imported, packages)
				}
			}
		}
	}
	if len(imports) < 10 {
		t.Errorf("only %d packages found", len(imports))
	}
}

// readImports returns what the files of each package import, tests excepted.
func readImports(t *testing.T) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "node_modules", "testdata", "bin", "zorya-data"}, d.Name()) {
			return fs.SkipDir
		}
		dir := filepath.ToSlash(filepath.Dir(name))
		if dir == "." || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imports[dir] = append(imports[dir], strings.Trim(spec.Path.Value, `"`))
		}
		if imports[dir] == nil {
			imports[dir] = []string{}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}
