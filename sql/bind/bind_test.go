package bind

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/parser"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// fixture is the schema of testdata/schema.sql.
func fixture() *catalog.Snapshot {
	col := func(name string, t types.OID, notNull bool) catalog.Col {
		return catalog.Col{Name: name, T: types.Of(t), NotNull: notNull}
	}
	head := func(oid types.OID, name string) catalog.Header {
		return catalog.Header{OID: oid, Name: name, Schema: catalog.PublicSchema, Owner: catalog.AdminRole}
	}
	index := func(t *catalog.Table, oid types.OID, primary bool, cols ...int) *catalog.Index {
		x := &catalog.Index{Header: head(oid, fmt.Sprintf("%s_idx%d", t.Name, oid)), Table: t.OID, Unique: true, Primary: primary}
		for _, c := range cols {
			x.Keys = append(x.Keys, catalog.IndexKey{Col: c, T: t.Columns[c].T})
		}
		return x
	}
	accounts := &catalog.Table{Header: head(20000, "accounts"), Kind: catalog.RelTable, Columns: []catalog.Col{
		col("id", types.Int4OID, true), col("name", types.TextOID, true), col("balance", types.NumericOID, false),
		col("created", types.TimestampTZOID, false), col("data", types.JSONBOID, false), col("small", types.Int2OID, false),
		col("big", types.Int8OID, false), col("flag", types.BoolOID, false), col("u", types.UUIDOID, false),
		col("v", types.VarcharOID, false), col("d", types.Float8OID, false),
	}}
	accounts.Columns[2].T.Typmod, accounts.Columns[2].Default = (12<<16|2)+4, "0"
	accounts.Columns[3].Default, accounts.Columns[8].Default = "now()", "gen_random_uuid()"
	accounts.Columns[9].T.Typmod = 14
	accounts.Primary = index(accounts, 20001, true, 0)
	accounts.Indexes = []*catalog.Index{index(accounts, 20002, false, 1)}

	sequence := &catalog.Sequence{Header: head(20011, "transfers_id_seq"), Start: 1, Increment: 1}
	transfers := &catalog.Table{Header: head(20010, "transfers"), Kind: catalog.RelTable, Columns: []catalog.Col{
		col("id", types.Int8OID, true), col("payer", types.Int4OID, false), col("payee", types.Int4OID, false),
		col("amount", types.NumericOID, true), col("note", types.TextOID, false), col("twice", types.NumericOID, false),
	}}
	transfers.Columns[0].Identity, transfers.Columns[0].Sequence = 'a', 20011
	transfers.Columns[5].Generated = "amount * 2"
	transfers.Primary = index(transfers, 20012, true, 0)

	pairs := &catalog.Table{Header: head(20020, "pairs"), Kind: catalog.RelTable, Columns: []catalog.Col{
		col("a", types.Int4OID, true), col("b", types.Int4OID, true), col("c", types.TextOID, false),
	}}
	pairs.Columns[2].Default = "'x'"
	pairs.Primary = index(pairs, 20021, true, 0, 1)

	plain := &catalog.Table{Header: head(20030, "plain"), Kind: catalog.RelTable, Columns: []catalog.Col{
		col("a", types.Int4OID, false), col("j", types.JSONOID, false),
	}}
	plain.Primary = &catalog.Index{Header: head(20031, "plain_pkey"), Table: 20030, Primary: true, Unique: true, Hidden: true}

	rich := &catalog.Table{Header: head(20040, "rich"), Kind: catalog.RelView, Columns: []catalog.Col{
		col("id", types.Int4OID, false), col("name", types.TextOID, false), col("balance", types.NumericOID, false),
	}, ViewText: "select id, name, balance from accounts where balance > 1000", ViewPath: []string{"public"}}
	rich.Columns[2].T = accounts.Columns[2].T
	double := &catalog.Function{Header: head(20050, "double"), Args: []types.OID{types.Int4OID}, ArgNames: []string{"n"},
		Result: types.Int4OID, Body: "select n * 2", Volatility: 'i'}
	return catalog.NewSnapshot(1, nil, accounts, sequence, transfers, pairs, plain, rich, double)
}

func testEnv() *Env {
	return &Env{
		Snap: fixture(), SearchPath: []string{"public"}, Role: catalog.AdminRole,
		ParseExpr: parser.ParseExpr, ParseBody: parser.ParseBody,
		ParseSelect: func(text string) (*ast.Select, error) {
			list, err := parser.Parse(text)
			if err != nil {
				return nil, err
			}
			return list[0].Stmt.(*ast.Select), nil
		},
	}
}

func bindText(sql string) (*rel.Query, error) {
	list, err := parser.Parse(sql)
	if err != nil {
		return nil, err
	}
	return Bind(testEnv(), list[0].Stmt, nil)
}

// TestErrors compares code, position and text of errors with PostgreSQL's
// (recorded by TestRecord).
func TestErrors(t *testing.T) {
	text := lines(t, "testdata/wrong.txt")
	for i := 0; i+1 < len(text); i += 2 {
		sql, want := text[i], strings.TrimSpace(text[i+1])
		t.Run(sql, func(t *testing.T) {
			if got := outcome(sql); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func outcome(sql string) string {
	_, err := bindText(sql)
	var e *pgerr.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &e):
		return describe(e.Code, e.Position, e.Message)
	}
	return err.Error()
}

// TestDescribe compares the columns and parameters of statements with PostgreSQL's.
func TestDescribe(t *testing.T) {
	text := lines(t, "testdata/right.txt")
	for i := 0; i+1 < len(text); i += 2 {
		sql, want := text[i], strings.TrimSpace(text[i+1])
		t.Run(sql, func(t *testing.T) {
			if got := shape(sql); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func shape(sql string) string {
	q, err := bindText(sql)
	if err != nil {
		return err.Error()
	}
	if problem := dangling(q.Root); problem != "" {
		return problem
	}
	var parts []string
	for i, p := range q.Params {
		parts = append(parts, fmt.Sprintf("$%d:%d", i+1, p.OID))
	}
	for _, c := range q.Out {
		parts = append(parts, field(c.Name, uint32(c.T.OID), c.T.Typmod, int(c.Attr)))
	}
	return strings.Join(parts, " ")
}

// dangling looks for references to columns that no node of the tree makes, and
// for expressions without a type.
func dangling(root rel.Node) string {
	made := map[rel.ColID]bool{-1: true}
	var declare func(n rel.Node)
	declare = func(n rel.Node) {
		for _, c := range n.Columns() {
			made[c.ID] = true
		}
		switch n := n.(type) {
		case *rel.Insert:
			declareCols(made, n.Ret)
			if n.OnConflict != nil {
				declareCols(made, n.OnConflict.Old)
				declareCols(made, n.OnConflict.Excluded)
			}
		case *rel.Update:
			declareCols(made, n.Ret)
		}
		for _, e := range rel.NodeExprs(n) {
			rel.WalkExpr(e, func(e rel.Expr) bool {
				if s, ok := e.(*rel.Subquery); ok {
					declare(s.Query)
				}
				return true
			})
		}
		for _, c := range rel.NodeInputs(n) {
			declare(c)
		}
	}
	declare(root)
	problem := ""
	rel.WalkNode(root, func(e rel.Expr) bool {
		if c, ok := e.(*rel.Col); ok && !made[c.ID] {
			problem = fmt.Sprintf("column @%d comes from nowhere", c.ID)
		}
		if e.Type().OID == 0 || e.Type().OID == types.UnknownOID {
			problem = "untyped: " + rel.PrintExpr(e)
		}
		return true
	})
	return problem
}

func brief(err error) string {
	var e *pgerr.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &e):
		return e.Code + " " + e.Message
	}
	return err.Error()
}

func privileges(list []catalog.PrivCheck) string {
	var parts []string
	for _, p := range list {
		s := fmt.Sprintf("%d %c", p.OID, p.Priv)
		if p.Cols != nil {
			s += fmt.Sprintf(" %v", p.Cols)
		}
		if p.As != 0 {
			s += fmt.Sprintf(" as %d", p.As)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "; ")
}

func declareCols(made map[rel.ColID]bool, cols []rel.Column) {
	for _, c := range cols {
		made[c.ID] = true
	}
}

// TestTrees prints bound trees.
func TestTrees(t *testing.T) {
	datadriven.Walk(t, "testdata/trees", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			q, err := bindText(d.Input)
			if err != nil {
				return "error: " + err.Error() + "\n"
			}
			return printQuery(q)
		})
	})
}

func printQuery(q *rel.Query) string {
	var b strings.Builder
	for _, c := range q.Out {
		fmt.Fprintf(&b, "%s %s", c.Name, types.FormatType(c.T))
		if c.Table != 0 {
			fmt.Fprintf(&b, " (%d.%d)", c.Table, c.Attr)
		}
		b.WriteString("; ")
	}
	b.WriteString("\n")
	for i, p := range q.Params {
		fmt.Fprintf(&b, "$%d %s\n", i+1, types.FormatType(p))
	}
	if len(q.UsedSlots) > 0 {
		fmt.Fprintf(&b, "slots %v\n", q.UsedSlots)
	}
	b.WriteString(rel.Print(q.Root))
	return b.String()
}
