package ddl

import (
	"strconv"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
)

// like takes up LIKE source INCLUDING …: names, types and NOT NULL always, the rest
// as the options say. Foreign keys are never copied.
func (b *tableBuilder) like(l *ast.Like) error {
	r, err := b.mustRelation(l.Source)
	if err != nil {
		return err
	}
	src, ok := r.(*catalog.Table)
	if !ok {
		return pgerr.New(pgerr.WrongObjectType, "relation \"%s\" is invalid in LIKE clause", r.Head().Name).
			WithDetail("%s", notSupportedFor(r))
	}
	if err := b.snap().Check(b.env.Role, []catalog.PrivCheck{{OID: src.OID, Kind: catalog.OnTable, Priv: 'r'}}); err != nil {
		return err
	}
	place := map[int]int{} // columns of src → columns of the new table
	for i := range src.Columns {
		if src.Columns[i].Dropped {
			continue
		}
		place[i] = len(b.t.Columns)
		if err := b.likeColumn(l, &src.Columns[i]); err != nil {
			return err
		}
	}
	b.likeExpressions(l, src, place)
	if l.Options["constraints"] {
		for _, c := range src.Checks {
			if c.OID, err = b.ed.NewOID(); err != nil {
				return err
			}
			c.Cols, c.Valid = moved(c.Cols, place), true
			if !l.Options["comments"] {
				c.Comment = ""
			}
			b.t.Checks = append(b.t.Checks, c)
		}
	}
	if l.Options["indexes"] {
		return b.likeIndexes(l, src, place)
	}
	return nil
}

func (b *tableBuilder) likeColumn(l *ast.Like, from *catalog.Col) error {
	c := catalog.Col{Name: from.Name, T: from.T, NotNull: from.NotNull, Domain: from.Domain}
	if l.Options["storage"] {
		c.Storage = from.Storage
	}
	if l.Options["comments"] {
		c.Comment = from.Comment
	}
	if l.Options["defaults"] {
		c.Default, c.Refs = from.Default, from.Refs
	}
	b.t.Columns = append(b.t.Columns, c)
	if q := b.snap().Sequence(from.Sequence); l.Options["identity"] && from.Identity != 0 && q != nil {
		b.t.Columns[len(b.t.Columns)-1].Identity = from.Identity
		b.identities = append(b.identities, pendingIdentity{len(b.t.Columns) - 1, sequenceAsOptions(q)})
	}
	return nil
}

// likeExpressions copies generation expressions, once all columns are there.
func (b *tableBuilder) likeExpressions(l *ast.Like, src *catalog.Table, place map[int]int) {
	if !l.Options["generated"] {
		return
	}
	for i, to := range place {
		if from := &src.Columns[i]; from.Generated != "" {
			c := &b.t.Columns[to]
			c.Generated, c.Refs, c.UsesCols = from.Generated, from.Refs, moved(from.UsesCols, place)
		}
	}
}

func (b *tableBuilder) likeIndexes(l *ast.Like, src *catalog.Table, place map[int]int) error {
	for _, from := range src.AllIndexes() {
		if from.Hidden {
			continue
		}
		x := &catalog.Index{Table: b.t.OID, Unique: from.Unique, Primary: from.Primary, NullsNotDistinct: from.NullsNotDistinct,
			Where: from.Where, Include: moved(from.Include, place), UsesCols: moved(from.UsesCols, place), Refs: from.Refs}
		var names []string
		for _, k := range from.Keys {
			name := "expr"
			if k.Col >= 0 {
				k.Col = place[k.Col]
				name = b.t.Columns[k.Col].Name
			}
			names = append(names, uniqueAmong(names, name))
			x.Keys = append(x.Keys, k)
		}
		if l.Options["comments"] {
			x.Comment = from.Comment
		}
		if err := b.likeIndex(x, from, names); err != nil {
			return err
		}
	}
	return nil
}

// likeIndex adds a copied index. It is empty like its table: there is nothing to build.
func (b *tableBuilder) likeIndex(x, from *catalog.Index, names []string) error {
	if x.Primary && b.t.Primary != nil {
		return pgerr.New(pgerr.InvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed", b.t.Name)
	}
	if from.Constraint != "" {
		return b.installKey(x, "", names)
	}
	x.Name = freeName(b.t.Name, columnsLabel(names), "idx", func(n string) bool {
		return b.nameTaken(b.t.Schema, n) || b.t.Name == n || b.hasIndex(n)
	})
	x.Schema, x.Owner = b.t.Schema, b.t.Owner
	if err := b.checkIndex(b.t, x); err != nil {
		return err
	}
	if err := b.indexOIDs(x); err != nil {
		return err
	}
	b.t.Indexes = append(b.t.Indexes, x)
	return nil
}

func (b *tableBuilder) hasIndex(name string) bool {
	for _, x := range b.t.AllIndexes() {
		if x.Name == name {
			return true
		}
	}
	return false
}

// moved translates columns.
func moved(cols []int, place map[int]int) []int {
	out := make([]int, len(cols))
	for i, c := range cols {
		out[i] = place[c]
	}
	return out
}

// sequenceAsOptions are the options that make a sequence like q.
func sequenceAsOptions(q *catalog.Sequence) []ast.SeqOpt {
	number := func(v int64) string { return strconv.FormatInt(v, 10) }
	opts := []ast.SeqOpt{{Name: "increment", Value: number(q.Increment)}, {Name: "minvalue", Value: number(q.Min)},
		{Name: "maxvalue", Value: number(q.Max)}, {Name: "start", Value: number(q.Start)}, {Name: "cache", Value: number(q.Cache)}}
	if q.Cycle {
		opts = append(opts, ast.SeqOpt{Name: "cycle", Value: "true"})
	}
	return opts
}
