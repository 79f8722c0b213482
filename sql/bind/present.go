package bind

import (
	"zorya/sql/ast"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A presence is a column that is NULL where an outer join has put NULLs in the place
// of a FROM entry's row. All other columns may be NULL in a row that is there, but
// t itself is NULL only where there is none.
type presence struct {
	slot *rel.Node // where the entry's node hangs in the tree
	col  rel.Column
}

// hang notes where the node of a join's side hangs, if it is one FROM entry whose row
// may be missing. The row of an aliased join is made of its columns and always there.
func hang(te ast.TableExpr, items []*item, slot *rel.Node, nullable bool) {
	if _, join := te.(*ast.Join); !join && nullable {
		items[0].slot = slot
	}
}

// present returns a reference to the presence of it; nil if its row is always there.
func (b *binder) present(it *item, pos int) rel.Expr {
	if it.slot == nil {
		return nil
	}
	if it.here == nil {
		c := b.newColumn(it.level, "present", types.Of(types.BoolOID))
		info := b.cols[c.ID]
		info.rel, info.name, info.item, info.presence = it.name, "*", it, true
		it.here = &presence{it.slot, c}
		it.level.presences = append(it.level.presences, it.here)
	}
	return b.placed(&rel.Col{T: it.here.col.T, ID: it.here.col.ID}, pos)
}

// addPresences computes the presences of a level where their entries hang: when its
// expressions are bound, and before its columns are counted.
func (s *scope) addPresences() {
	for _, p := range s.presences {
		yes := &rel.Const{T: p.col.T, D: types.NewBool(true)}
		*p.slot = pass(*p.slot, []rel.Column{p.col}, []rel.Expr{yes})
	}
	s.presences = nil
}
