package expr

import (
	"cmp"
	"fmt"
	"slices"

	"zorya/sql/rel"
)

// The names under which a printed query refers to the columns of its FROM entries. They
// are mostly the columns' own, but the query must mean the same when it is read again:
// a name in USING must name one column on each side, also after columns have been added
// to the tables below, and a merged column, which has no entry to stand before its
// name, must be unlike all others (ruleutils.c, "set_using_names" and what follows it).

// columnNames are the names of an entry's columns.
type columnNames struct {
	names []string    // by Cols of the entry; "" while none has been chosen
	all   []nameInAll // of all columns that the entry has today
	taken []string    // names of USING around it
	using []string    // joins: those of its own USING
	// Joins: by column, its place in each side, -1 if it does not come from there.
	left, right []int
	print       bool // as a list behind the alias
}

// nameInAll is a column's name; added: the query is older than the column.
type nameInAll struct {
	name  string
	added bool
}

// namer chooses the names of a query's columns.
type namer struct {
	cols   map[*rel.ShapeFrom]*columnNames
	unique bool     // names in USING are unlike all other names
	using  []string // those so far
}

// nameColumns chooses the names of all columns of the level's entries.
func (l *level) nameColumns() {
	n := &namer{cols: l.cols}
	for _, f := range l.shape.From {
		n.enter(f)
	}
	for _, f := range l.shape.From {
		n.chooseUsing(f, nil)
	}
	for _, f := range l.shape.From {
		n.choose(f)
	}
}

// enter makes the entries, and finds out whether a merged column is computed.
func (n *namer) enter(f *rel.ShapeFrom) {
	c := &columnNames{names: make([]string, len(f.Cols))}
	n.cols[f] = c
	j := f.Join
	if j == nil {
		return
	}
	n.enter(j.L)
	n.enter(j.R)
	c.origins(f)
	for i := range j.Using {
		id := f.Cols[i].ID
		if f.Alias == "" && id != j.L.Cols[c.left[i]].ID && id != j.R.Cols[c.right[i]].ID {
			n.unique = true
		}
	}
}

// origins finds where a join's columns come from: those of USING, then the others of
// the left side, then those of the right.
func (c *columnNames) origins(f *rel.ShapeFrom) {
	add := func(l, r int) { c.left, c.right = append(c.left, l), append(c.right, r) }
	place := func(side *rel.ShapeFrom, name string) int {
		return slices.IndexFunc(side.Cols, func(s rel.ShapeCol) bool { return s.Name == name })
	}
	for _, name := range f.Join.Using {
		add(place(f.Join.L, name), place(f.Join.R, name))
	}
	for i, s := range f.Join.L.Cols {
		if !slices.Contains(f.Join.Using, s.Name) {
			add(i, -1)
		}
	}
	for i, s := range f.Join.R.Cols {
		if !slices.Contains(f.Join.Using, s.Name) {
			add(-1, i)
		}
	}
}

// chooseUsing chooses the names in USING from the top down, and hands them to the
// columns below; around are those of the joins around f.
func (n *namer) chooseUsing(f *rel.ShapeFrom, around []string) {
	c := n.cols[f]
	c.taken = around
	if f.Join == nil {
		return
	}
	if f.Alias == "" { // whose columns have the names of those below
		for i, name := range c.names {
			n.push(f, i, name)
		}
	}
	for i := range f.Join.Using {
		if c.names[i] == "" {
			c.names[i] = n.unlike(c, f.Cols[i].Name)
			if n.unique {
				n.using = append(n.using, c.names[i])
			}
		}
		c.using = append(c.using, c.names[i])
		n.push(f, i, c.names[i])
	}
	around = append(around[:len(around):len(around)], c.using...)
	n.chooseUsing(f.Join.L, around)
	n.chooseUsing(f.Join.R, around)
}

// push names the columns below a join's column.
func (n *namer) push(f *rel.ShapeFrom, i int, name string) {
	c := n.cols[f]
	if name == "" {
		return
	}
	if at := c.left[i]; at >= 0 {
		n.cols[f.Join.L].names[at] = name
	}
	if at := c.right[i]; at >= 0 {
		n.cols[f.Join.R].names[at] = name
	}
}

// unlike makes a name unlike those that it must not meet.
func (n *namer) unlike(c *columnNames, base string) string {
	name := base
	for i := 1; n.meets(c, name); i++ {
		name = numbered(base, i)
	}
	return name
}

func (n *namer) meets(c *columnNames, name string) bool {
	return slices.Contains(c.names, name) || slices.Contains(n.using, name) || slices.Contains(c.taken, name) ||
		slices.ContainsFunc(c.all, func(x nameInAll) bool { return x.name == name })
}

// numbered is the i-th name made of base, of a name's length.
func numbered(base string, i int) string {
	suffix := fmt.Sprintf("_%d", i)
	return base[:min(len(base), 63-len(suffix))] + suffix
}

// choose chooses the names that are left, from the bottom up.
func (n *namer) choose(f *rel.ShapeFrom) {
	if f.Join != nil {
		n.choose(f.Join.L)
		n.choose(f.Join.R)
		n.chooseOfJoin(f)
		return
	}
	c, changed := n.cols[f], false
	real := realNames(f)
	for i, name := range real {
		had := name
		if i < len(f.Cols) {
			if c.names[i] == "" {
				c.names[i] = n.unlike(c, cmp.Or(f.Cols[i].Real, f.Cols[i].Name))
			}
			name = c.names[i]
		} else {
			name = n.unlike(c, name)
		}
		c.all = append(c.all, nameInAll{name, i >= len(f.Cols)})
		changed = changed || name != had
	}
	c.print = changed || f.Table == nil && f.Renamed
}

// realNames are the names that an entry's columns have without this query; there may
// be more than it knows.
func realNames(f *rel.ShapeFrom) (names []string) {
	if f.Table == nil {
		for _, c := range f.Cols {
			names = append(names, c.Name)
		}
		return names
	}
	for _, c := range f.Table.Columns {
		if !c.Dropped {
			names = append(names, c.Name)
		}
	}
	return names
}

func (n *namer) chooseOfJoin(f *rel.ShapeFrom) {
	c := n.cols[f]
	l, r := n.cols[f.Join.L], n.cols[f.Join.R]
	changed := false
	for i := len(f.Join.Using); i < len(f.Cols); i++ {
		below := ""
		if at := c.left[i]; at >= 0 {
			below = l.names[at]
		} else {
			below = r.names[c.right[i]]
		}
		switch {
		case f.Alias == "":
			c.names[i] = below
			continue
		case c.names[i] != "":
		case f.Renamed:
			c.names[i] = n.unlike(c, f.Cols[i].Name)
		default:
			c.names[i] = n.unlike(c, below)
		}
		changed = changed || c.names[i] != below
	}
	next := len(f.Join.Using)
	for _, name := range c.names[:next] {
		c.all = append(c.all, nameInAll{name, false})
	}
	for _, side := range []struct {
		of    *columnNames
		place []int
	}{{l, c.left}, {r, c.right}} {
		old := 0
		for _, x := range side.of.all {
			name := x.name
			switch {
			case !x.added:
				at := old
				old++
				if slices.Contains(side.place[:len(f.Join.Using)], at) {
					continue
				}
				name = c.names[next]
				next++
			case f.Alias != "":
				name = n.unlike(c, name)
				changed = changed || name != x.name
			}
			c.all = append(c.all, nameInAll{name, x.added})
		}
	}
	c.print = changed && f.Alias != ""
}
