package bind

import (
	"strconv"

	"zorya/pgerr"
)

// missingItem fails for a relation name that no visible FROM entry has.
func (b *binder) missingItem(s *scope, schema, name string, pos int) {
	it, e := b.hiddenItem(s, name), pgerr.New(pgerr.UndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", name)
	switch {
	case it == nil:
		b.fail(pos, pgerr.UndefinedTable, "missing FROM-clause entry for table \"%s\"", name)
	case it.name != name && b.findItem(s, "", it.name, pos) == it:
		b.throw(pos, e.WithHint("Perhaps you meant to reference the table alias \"%s\".", it.name))
	}
	e = e.WithDetail("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.", it.name)
	if s.visibleIfLateral(it) {
		e = e.WithHint("To reference that table, you must mark this subquery with LATERAL.")
	}
	b.throw(pos, e)
}

// hiddenItem finds a FROM entry of that name, or of the table of that name, on any level.
func (b *binder) hiddenItem(s *scope, name string) *item {
	for l := s; l != nil; l = l.outer {
		for _, it := range l.all {
			if it.name == name || it.aliased && it.table != nil && it.table.Name == name {
				return it
			}
		}
	}
	return nil
}

// visibleIfLateral tells whether LATERAL is all that keeps it from being seen.
func (s *scope) visibleIfLateral(it *item) bool {
	return !s.lateralActive && s.inNamespace(it) && it.lateralOnly && it.lateralOK
}

func (s *scope) inNamespace(it *item) bool {
	for l := s; l != nil; l = l.outer {
		for _, x := range l.items {
			if x == it {
				return true
			}
		}
	}
	return false
}

// missingColumn fails for a column that does not exist; rname is the relation it
// was asked of, or "".
func (b *binder) missingColumn(s *scope, rname, name string, pos int) {
	e := pgerr.New(pgerr.UndefinedColumn, "column \"%s\" does not exist", name)
	if rname != "" {
		e = pgerr.New(pgerr.UndefinedColumn, "column %s.%s does not exist", rname, name)
	}
	b.throw(pos, s.columnHint(e, rname, name))
}

// columnHint adds PostgreSQL's guess at what was meant: a hidden column of that
// name, or up to two of the nearest spelling.
func (s *scope) columnHint(e *pgerr.Error, rname, name string) *pgerr.Error {
	near := nearest{name: name, distance: maxFuzzyDistance + 1}
	var hidden []*item
	for l := s; l != nil; l = l.outer {
		for _, it := range l.all {
			if it.join {
				continue
			}
			penalty := 0
			if rname != "" {
				penalty = editDistance(rname, it.name)
			}
			for _, c := range it.cols {
				if c.name == name && penalty == 0 {
					hidden = append(hidden, it)
				}
				near.offer(it.name+"."+c.name, c.name, penalty)
			}
		}
	}
	switch {
	case len(hidden) > 1:
		e = e.WithDetail("There are columns named \"%s\", but they are in tables that cannot be referenced from this part of the query.", name)
		if rname == "" {
			e = e.WithHint("Try using a table-qualified name.")
		}
		return e
	case len(hidden) == 1:
		return s.hiddenHint(e, hidden[0], rname, name)
	case near.second != "":
		return e.WithHint("Perhaps you meant to reference the column \"%s\" or the column \"%s\".", near.first, near.second)
	case near.first != "":
		return e.WithHint("Perhaps you meant to reference the column \"%s\".", near.first)
	}
	return e
}

func (s *scope) hiddenHint(e *pgerr.Error, it *item, rname, name string) *pgerr.Error {
	e = e.WithDetail("There is a column named \"%s\" in table \"%s\", but it cannot be referenced from this part of the query.", name, it.name)
	switch {
	case s.visibleIfLateral(it):
		return e.WithHint("To reference that column, you must mark this subquery with LATERAL.")
	case rname == "" && s.inNamespace(it) && it.relVisible && !it.colVisible:
		return e.WithHint("To reference that column, you must use a table-qualified name.")
	}
	return e
}

const maxFuzzyDistance = 3

// A nearest holds the one or two best guesses at a column's name.
type nearest struct {
	name          string
	distance      int
	first, second string
}

// offer considers a column; penalty is how far its relation's name is off.
func (n *nearest) offer(shown, column string, penalty int) {
	if penalty > n.distance {
		return
	}
	d := editDistance(n.name, column)
	if d > len(n.name)/2 {
		return
	}
	switch d += penalty; {
	case d < n.distance:
		n.distance, n.first, n.second = d, shown, ""
	case d > n.distance:
	case n.second != "": // too many
		n.first, n.second = "", ""
	case n.first != "":
		n.second = shown
	case d <= maxFuzzyDistance:
		n.first = shown
	}
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			d := diag
			if a[i-1] != b[j-1] {
				d++
			}
			diag = row[j]
			row[j] = min(d, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// A side of a set operation is shown to its ORDER BY only to be named in errors.
func sideItems(sides []*query) []*item {
	var list []*item
	for i, q := range sides {
		it := &item{name: "*SELECT* " + strconv.Itoa(i+1)}
		for _, c := range q.cols {
			it.cols = append(it.cols, &nsCol{name: c.Name, id: c.ID, t: c.T})
		}
		list = append(list, it)
	}
	return list
}
