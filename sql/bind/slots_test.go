package bind

import (
	"fmt"
	"reflect"
	"sort"
	"testing"

	"zorya/sql/ast"
	"zorya/sql/parser"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// number gives the literals of a statement slots in order of appearance.
func number(stmt ast.Stmt) {
	var list []*ast.Const
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Interface, reflect.Pointer:
			if v.IsNil() {
				return
			}
			if c, ok := v.Interface().(*ast.Const); ok {
				if c.Kind == ast.IntConst || c.Kind == ast.FloatConst || c.Kind == ast.StringConst {
					list = append(list, c)
				}
				return
			}
			walk(v.Elem())
		case reflect.Slice:
			for i := 0; i < v.Len(); i++ {
				walk(v.Index(i))
			}
		case reflect.Struct:
			for i := 0; i < v.NumField(); i++ {
				walk(v.Field(i))
			}
		}
	}
	walk(reflect.ValueOf(stmt))
	sort.Slice(list, func(i, j int) bool { return list[i].At < list[j].At })
	for i, c := range list {
		c.Slot = i + 1
	}
}

// TestSlots checks which literals a plan depends on: those in UsedSlots may not
// change, all others stand in the tree with their slot.
func TestSlots(t *testing.T) {
	cases := map[string]string{
		"select id from accounts where id = 5 and name = 'x'":             "used [] free [1 2]",
		"select id, name from accounts order by 2":                        "used [1] free []",
		"select name, 'a' from accounts group by 1":                       "used [2] free [1]",
		"select id + 1 from accounts group by id + 1":                     "used [1 2] free [1]",
		"select id from accounts order by id limit 10":                    "used [] free [1]",
		"select '5'::numeric(10, 2)":                                      "used [2 3] free [1]",
		"insert into accounts (id, name, balance) values (1, 'x', '5')":   "used [] free [1 2 3]",
		"update accounts set balance = balance - 5 where id = 3":          "used [] free [1 2]",
		"select id from rich where id = 7":                                "used [] free [1]",
		"select sum(id + 1), sum(id + 1) from accounts having sum(2) > 1": "used [1 2] free [1 3 4]",
	}
	for sql, want := range cases {
		list, err := parser.Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		number(list[0].Stmt)
		q, err := Bind(testEnv(), list[0].Stmt, nil)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		free := map[int]bool{}
		rel.WalkNode(q.Root, func(e rel.Expr) bool {
			if c, ok := e.(*rel.Const); ok && c.Slot > 0 {
				free[c.Slot] = true
			}
			return true
		})
		if got := fmt.Sprintf("used %v free %v", append([]int{}, q.UsedSlots...), sortedKeys(free)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", sql, got, want)
		}
	}
}

// TestDeclaredParams checks declared types of parameters against inferred ones.
func TestDeclaredParams(t *testing.T) {
	list, err := parser.Parse("select id from accounts where id = $1 and name = $2")
	if err != nil {
		t.Fatal(err)
	}
	q, err := Bind(testEnv(), list[0].Stmt, []types.T{types.Of(types.Int8OID), types.Of(0)})
	if err != nil {
		t.Fatal(err)
	}
	if q.Params[0].OID != types.Int8OID || q.Params[1].OID != types.TextOID {
		t.Errorf("got %v", q.Params)
	}
	env := testEnv()
	env.NoParams = true
	if _, err := Bind(env, list[0].Stmt, nil); brief(err) != "42P02 there is no parameter $1" {
		t.Errorf("without parameters: %v", err)
	}
}
