package bind

import (
	"sort"
	"strings"

	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A scope is one query level: what its FROM makes visible, and what its
// expressions ask of it (aggregates, windows). outer is the enclosing query's
// scope, whose names are visible too.
type scope struct {
	outer *scope
	items []*item // the namespace as it stands now
	all   []*item // every FROM item of the level, for hints
	// lateralActive: a LATERAL item is being bound, so items to its left count.
	lateralActive bool
	kind          exprKind
	ctes          []*cteEntry
	locks         []*rowLock
	aggs          []*aggregate
	windows       []*window
	windowCalls   []*windowCall
	grouping      []*groupingCall
	hasSets       bool
	lateralRefs   int  // references to items of the FROM list that is being bound
	top           bool // the statement's own level, where WITH may modify data
	locking       []*lockReq
	setop         string    // the set operation that the level is a side of
	step          *cteEntry // the recursive term that the level is
	outerJoin     int       // > 0 while the nullable side of an outer join is bound
	presences     []*presence
	links         []boundLink
}

// An item is a FROM entry, or a join that merges columns of others.
type item struct {
	name        string
	schema      string // of a table named without an alias; "" otherwise
	cols        []*nsCol
	relVisible  bool
	colVisible  bool
	lateralOnly bool
	lateralOK   bool
	aliased     bool
	table       *catalog.Table // a stored or virtual table or view
	tableoid    bool           // the system column tableoid exists
	scan        *scanUse
	priv        *privUse
	rowType     types.OID // of a function that yields rows of a table
	scalarRow   bool      // a function that yields one scalar column: its whole row is that column
	subquery    bool
	cte         bool
	join        bool
	function    bool
	target      bool // the relation that UPDATE or DELETE names
	level       *scope
	slot        *rel.Node // where its node hangs if its row may be missing; see presence
	here        *presence
}

// An nsCol is a column as the namespace shows it.
type nsCol struct {
	name   string
	id     rel.ColID
	t      types.T
	merged rel.Expr // of JOIN USING: computed from others; then id is 0
	origin types.OID
	attr   int16
	touch  []touch
}

// A touch is a column of a table that reading an nsCol reads.
type touch struct {
	scan *scanUse
	priv *privUse
	attr int // index in Table.Columns
}

// A scanUse is a scan whose columns are added as the statement mentions them.
type scanUse struct {
	scan    *rel.Scan
	virtual *rel.Virtual
	table   *catalog.Table
	cols    []rel.Column // one per Table.Columns entry
	used    map[int]bool
}

func (s *scanUse) use(attr int) {
	if s.used[attr] {
		return
	}
	s.used[attr] = true
	if s.scan != nil {
		s.scan.Cols = append(s.scan.Cols, s.cols[attr])
		s.scan.Attrs = append(s.scan.Attrs, attr)
		return
	}
	s.virtual.Cols = append(s.virtual.Cols, s.cols[attr])
	s.virtual.Attrs = append(s.virtual.Attrs, attr)
}

// sort puts the scan's columns in the table's order.
func (s *scanUse) sort() {
	attrs := make([]int, 0, len(s.used))
	for a := range s.used {
		attrs = append(attrs, a)
	}
	sort.Ints(attrs)
	cols := make([]rel.Column, len(attrs))
	for i, a := range attrs {
		cols[i] = s.cols[a]
	}
	if s.scan != nil {
		s.scan.Cols, s.scan.Attrs = cols, attrs
		return
	}
	s.virtual.Cols, s.virtual.Attrs = cols, attrs
}

// read returns a reference to column c, standing at pos, and marks what it reads.
func (b *binder) read(c *nsCol, pos int) rel.Expr {
	for _, t := range c.touch {
		if t.scan != nil {
			t.scan.use(t.attr)
		}
		if t.priv != nil {
			t.priv.cols[t.attr] = true
		}
	}
	if c.merged != nil {
		return c.merged
	}
	x := &rel.Col{T: c.t, ID: c.id}
	b.places[x] = pos
	return x
}

func (it *item) find(b *binder, name string, pos int) *nsCol {
	var found *nsCol
	for _, c := range it.cols {
		if c.name != name {
			continue
		}
		if found != nil {
			b.fail(pos, pgerr.AmbiguousColumn, "column reference \"%s\" is ambiguous", name)
		}
		found = c
	}
	return found
}

// visible reports whether the item counts in the scope's present state.
func (s *scope) visible(it *item) bool { return !it.lateralOnly || s.lateralActive }

// findColumn resolves an unqualified name, innermost query first; nil if none.
func (b *binder) findColumn(s *scope, name string, pos int) rel.Expr {
	for ; s != nil; s = s.outer {
		var found *nsCol
		var system rel.Expr
		for _, it := range s.items {
			if !it.colVisible || !s.visible(it) {
				continue
			}
			c := it.find(b, name, pos)
			sys := b.systemColumn(it, name, c, pos)
			if c == nil && sys == nil {
				continue
			}
			if found != nil || system != nil {
				b.fail(pos, pgerr.AmbiguousColumn, "column reference \"%s\" is ambiguous", name)
			}
			b.checkLateral(s, it, pos)
			found, system = c, sys
		}
		if found != nil {
			return b.read(found, pos)
		}
		if system != nil {
			return system
		}
	}
	return nil
}

// systemColumn returns the value of a system column that Zorya has, or nil.
func (b *binder) systemColumn(it *item, name string, c *nsCol, pos int) rel.Expr {
	if c != nil || name != "tableoid" || !it.tableoid {
		return nil
	}
	oid := &rel.Const{T: types.Of(types.OidOID), D: types.NewInt(int64(it.table.OID)), Pos: pos}
	here := b.present(it, pos)
	if here == nil {
		return oid
	}
	return &rel.Case{T: oid.T, Whens: []rel.When{{Cond: here, Result: oid}}}
}

// checkLateral refuses a lateral reference across a RIGHT or FULL join.
func (b *binder) checkLateral(s *scope, it *item, pos int) {
	if !it.lateralOnly {
		return
	}
	s.lateralRefs++
	if it.lateralOK {
		return
	}
	e := pgerr.New(pgerr.InvalidColumnReference, "invalid reference to FROM-clause entry for table \"%s\"", it.name)
	if it.target {
		b.throw(pos, e.WithDetail("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.", it.name))
	}
	b.throw(pos, e.WithDetail("The combining JOIN type must be INNER or LEFT for a LATERAL reference."))
}

// findItem resolves a relation name or alias; nil if none is visible.
func (b *binder) findItem(s *scope, schema, name string, pos int) *item {
	for ; s != nil; s = s.outer {
		var found *item
		for _, it := range s.items {
			if !it.relVisible || !s.visible(it) || it.name != name || schema != "" && it.schema != schema {
				continue
			}
			if found != nil {
				b.fail(pos, pgerr.AmbiguousAlias, "table reference \"%s\" is ambiguous", name)
			}
			b.checkLateral(s, it, pos)
			found = it
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// columnRef binds a, t.a, s.t.a, or a relation's name as its whole row.
func (b *binder) columnRef(s *scope, parts []string, star bool, pos int) rel.Expr {
	if star {
		if len(parts) == 0 {
			b.fail(pos, pgerr.SyntaxError, "invalid use of *")
		}
		if x := b.argRow(s, parts, pos); x != nil {
			return x
		}
		return b.wholeRow(b.relationOf(s, parts, strings.Join(parts, ".")+".*", pos), pos)
	}
	if len(parts) == 1 {
		if x := b.findColumn(s, parts[0], pos); x != nil {
			return x
		}
		if it := b.findItem(s, "", parts[0], pos); it != nil {
			return b.wholeRow(it, pos)
		}
		b.missingColumn(s, "", parts[0], pos)
	}
	name := parts[len(parts)-1]
	if x := b.argField(s, parts, pos); x != nil {
		return x
	}
	it := b.relationOf(s, parts[:len(parts)-1], strings.Join(parts, "."), pos)
	c := it.find(b, name, pos)
	if x := b.systemColumn(it, name, c, pos); x != nil {
		return x
	}
	if c == nil {
		if it.table != nil {
			if x := b.method(b.wholeRow(it, pos), name, pos); x != nil {
				return x
			}
		}
		b.missingColumn(s, it.name, name, pos)
	}
	return b.read(c, pos)
}

// relationOf finds the FROM entry that a qualifier names; full is all that is written.
func (b *binder) relationOf(s *scope, parts []string, full string, pos int) *item {
	schema, name := "", parts[len(parts)-1]
	switch {
	case len(parts) == 2:
		schema = parts[0]
	case len(parts) == 3:
		schema = parts[1]
		b.checkDatabase(parts[0], full, pos)
	case len(parts) > 3:
		b.fail(pos, pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", full)
	}
	it := b.findItem(s, schema, name, pos)
	if it == nil {
		b.missingItem(s, schema, name, pos)
	}
	return it
}

// checkDatabase refuses names of other databases.
func (b *binder) checkDatabase(db, full string, pos int) {
	here := ""
	if b.env.FuncCtx != nil && b.env.FuncCtx.Env != nil {
		here = b.env.FuncCtx.Env.CurrentDatabase()
	}
	if db != "" && db != here {
		b.fail(pos, pgerr.FeatureNotSupported, "cross-database references are not implemented: %s", full)
	}
}

// wholeRow makes the record of all columns of a FROM entry.
func (b *binder) wholeRow(it *item, pos int) rel.Expr {
	if it.scalarRow {
		return b.read(it.cols[0], pos)
	}
	if it.table != nil && isSequence(it.table) {
		b.fail(0, pgerr.WrongObjectType, "relation \"%s\" does not have a composite type", it.table.Name)
	}
	row := &rel.RowExpr{T: types.Of(types.RecordOID), Args: []rel.Expr{}, Present: b.present(it, pos)}
	switch {
	case it.table != nil && it.table.Type != 0:
		row.T = types.Of(it.table.Type)
	case it.rowType != 0:
		row.T = types.Of(it.rowType)
	}
	b.wholeRows[row] = it.name
	for _, c := range it.cols {
		row.Args = append(row.Args, b.read(c, pos))
		row.Names = append(row.Names, c.name)
	}
	// A table's row has the table's names, whatever aliases say.
	if t := b.tableOf(row.T.OID); t != nil {
		for i, c := range tableFields(t) {
			if i < len(row.Names) {
				row.Names[i] = c.Name
			}
		}
	}
	return row
}
