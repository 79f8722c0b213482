package plan_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/plan"
	"zorya/sql/types"
)

// TestPlans compares plans, printed without costs, with testdata/plans. Directives:
// "plan" plans its input; arguments name settings that are off.
func TestPlans(t *testing.T) {
	snap := bank()
	datadriven.Walk(t, "testdata/plans", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			set := plan.DefaultSettings
			for _, arg := range d.CmdArgs {
				switch arg.Key {
				case "noseqscan":
					set.SeqScan = false
				case "nohashjoin":
					set.HashJoin = false
				case "nonestloop":
					set.NestLoop = false
				default:
					t.Fatalf("no setting %s", arg.Key)
				}
			}
			return explain(snap, set, d.Input)
		})
	})
}

func explain(snap *catalog.Snapshot, set plan.Settings, sql string) string {
	list, err := parser.Parse(sql)
	if err != nil {
		return err.Error()
	}
	fold := &funcs.Ctx{Format: types.DefaultFormat}
	q, err := bind.Bind(&bind.Env{
		Snap: snap, SearchPath: []string{"public"}, Role: catalog.AdminRole, FuncCtx: fold,
		ParseExpr: parser.ParseExpr, ParseSelect: parser.ParseSelect, ParseBody: parser.ParseBody, Extended: true,
	}, list[0].Stmt, nil)
	if err != nil {
		return err.Error()
	}
	p, err := plan.Build(&plan.Env{Snap: snap, Fold: fold, Settings: set}, q)
	if err != nil {
		return err.Error()
	}
	text := strings.Join(plan.Explain(p, plan.ExplainOptions{}, nil), "\n")
	if p.Point {
		text += "\npoint"
	}
	return text + "\n"
}

// bank is three tables with statistics: 10 branches, 1000 accounts, 100000 transfers.
func bank() *catalog.Snapshot {
	oid := types.OID(catalog.FirstUserOID)
	next := func() types.OID { oid++; return oid }
	head := func(name string) catalog.Header {
		return catalog.Header{OID: next(), Name: name, Schema: catalog.PublicSchema, Owner: catalog.AdminRole}
	}
	index := func(t *catalog.Table, name string, unique bool, keys []int, include ...int) *catalog.Index {
		x := &catalog.Index{Header: head(name), Table: t.OID, Unique: unique, Include: include}
		for _, c := range keys {
			x.Keys = append(x.Keys, catalog.IndexKey{Col: c, T: t.Columns[c].T})
		}
		return x
	}
	table := func(name string, cols ...catalog.Col) *catalog.Table {
		cols[0].NotNull = true
		t := &catalog.Table{Header: head(name), Kind: catalog.RelTable, Columns: cols}
		t.Primary = index(t, name+"_pkey", true, []int{0})
		t.Primary.Primary = true
		return t
	}
	col := func(name string, t types.OID) catalog.Col { return catalog.Col{Name: name, T: types.Of(t)} }
	branch := table("branch", col("no", types.Int4OID), col("city", types.TextOID))
	account := table("account", col("id", types.Int4OID), col("owner", types.TextOID), col("balance", types.NumericOID), col("branch", types.Int4OID))
	account.Indexes = []*catalog.Index{index(account, "account_owner", true, []int{1}), index(account, "account_branch", false, []int{3}, 2)}
	transfer := table("transfer", col("id", types.Int8OID), col("payer", types.Int4OID), col("amount", types.NumericOID), col("at", types.TimestampTZOID))
	transfer.Indexes = []*catalog.Index{index(transfer, "transfer_payer", false, []int{1, 3})}
	snap := catalog.NewSnapshot(1, nil, branch, account, transfer)
	stats := func(t *catalog.Table, rows float64, distinct ...float64) {
		st := &catalog.TableStats{Rows: rows, Analyzed: 1, Columns: map[int]catalog.ColStats{}}
		for i, n := range distinct {
			st.Columns[i] = catalog.ColStats{Distinct: n}
		}
		snap.SetStats(t.OID, st)
	}
	stats(branch, 10, 10, 10)
	stats(account, 1000, 1000, 1000, 500, 10)
	stats(transfer, 100000, 100000, 1000, 5000, 100000)
	return snap
}
