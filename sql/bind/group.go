package bind

import (
	"zorya/pgerr"
	"zorya/sql/ast"
)

// A groupSet is a bound GROUP BY: its expressions, and with grouping sets, which
// of them count in each.
type groupSet struct {
	targets []*target
	sets    [][]int // nil: one set of all
}

// Limits of PostgreSQL's grouping sets.
const (
	maxCube         = 12
	maxGroupingSets = 4096
)

// groupBy binds GROUP BY; nil if there is none.
func (b *binder) groupBy(q *selection) *groupSet {
	if len(q.sel.GroupBy) == 0 {
		return nil
	}
	g := &groupSet{}
	sets := [][]int{{}}
	special := false
	for _, it := range q.sel.GroupBy {
		special = special || it.Kind != ast.GroupExpr && it.Kind != ast.GroupList
		sets = cross(sets, b.groupItem(q, g, it))
		if len(sets) > maxGroupingSets {
			b.fail(it.Pos, pgerr.StatementTooComplex, "too many grouping sets present (maximum 4096)")
		}
	}
	if special {
		g.sets = sets
		if q.sel.GroupDistinct {
			g.sets = distinctSets(sets)
		}
	}
	return g
}

// groupItem binds an item and returns the sets that it stands for.
func (b *binder) groupItem(q *selection, g *groupSet, it ast.GroupItem) [][]int {
	switch it.Kind {
	case ast.GroupEmpty:
		return [][]int{{}}
	case ast.GroupExpr:
		return [][]int{b.groupExprs(q, g, it.X)}
	case ast.GroupList:
		return [][]int{b.groupList(q, g, it.Items)}
	case ast.GroupSets:
		var sets [][]int
		for _, sub := range it.Items {
			sets = append(sets, b.groupItem(q, g, sub)...)
		}
		return sets
	}
	parts := make([][]int, len(it.Items))
	for i, sub := range it.Items {
		parts[i] = b.groupList(q, g, []ast.GroupItem{sub})
	}
	if it.Kind == ast.GroupRollup {
		var sets [][]int
		for n := len(parts); n >= 0; n-- {
			sets = append(sets, join(parts[:n]))
		}
		return sets
	}
	if len(parts) > maxCube {
		b.fail(it.Pos, pgerr.TooManyColumns, "CUBE is limited to 12 elements")
	}
	return cube(parts)
}

func (b *binder) groupList(q *selection, g *groupSet, items []ast.GroupItem) []int {
	var set []int
	for _, it := range items {
		if it.Kind == ast.GroupList {
			set = append(set, b.groupList(q, g, it.Items)...)
		} else if it.X != nil {
			set = append(set, b.groupExprs(q, g, it.X)...)
		}
	}
	return set
}

// groupExprs adds an expression, or those of a row, and returns their places.
func (b *binder) groupExprs(q *selection, g *groupSet, x ast.Expr) []int {
	if row, ok := x.(*ast.Row); ok && !row.Explicit {
		var set []int
		for _, a := range row.Args {
			set = append(set, b.groupExprs(q, g, a)...)
		}
		return set
	}
	t := b.findTarget92(q, x, kindGroupBy)
	for i, old := range g.targets {
		if old == t {
			return []int{i}
		}
	}
	b.groupable(t.x, startOf(x))
	g.targets = append(g.targets, t)
	return []int{len(g.targets) - 1}
}

func cross(a, c [][]int) [][]int {
	var out [][]int
	for _, x := range a {
		for _, y := range c {
			out = append(out, append(x[:len(x):len(x)], y...))
		}
	}
	return out
}

func join(parts [][]int) []int {
	set := []int{}
	for _, p := range parts {
		set = append(set, p...)
	}
	return set
}

// cube lists all subsets, the larger first.
func cube(parts [][]int) [][]int {
	var sets [][]int
	for size := len(parts); size >= 0; size-- {
		for mask := (1 << len(parts)) - 1; mask >= 0; mask-- {
			var chosen [][]int
			for i, p := range parts {
				if mask&(1<<(len(parts)-1-i)) != 0 {
					chosen = append(chosen, p)
				}
			}
			if len(chosen) == size {
				sets = append(sets, join(chosen))
			}
		}
	}
	return sets
}

func distinctSets(sets [][]int) [][]int {
	var out [][]int
	seen := map[string]bool{}
	for _, s := range sets {
		var key [256]byte
		k := ""
		for _, i := range s {
			if i < len(key) {
				key[i] = 1
			}
		}
		if k = string(key[:]); !seen[k] {
			out = append(out, s)
		}
		seen[k] = true
	}
	return out
}
