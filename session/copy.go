package session

import (
	"context"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/exec"
	"zorya/sql/expr"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/types"
)

// copy runs COPY FROM STDIN and COPY TO STDOUT.
func (s *Session) copy(ctx context.Context, t *ast.Copy, w Results) (output, error) {
	if t.Program || t.File != nil {
		return output{}, pgerr.New(pgerr.InsufficientPrivilege, "permission denied to COPY to or from a file").
			WithHint("Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.")
	}
	var n int64
	var err error
	if t.From {
		n, err = s.copyFrom(ctx, t, w)
	} else {
		n, err = s.copyTo(ctx, t, w)
	}
	if err != nil {
		return output{}, err
	}
	return output{tag: selectTag("COPY", n)}, nil
}

// copyTarget resolves COPY's table and its list of columns (indexes in Columns).
func (s *Session) copyTarget(t *ast.Copy) (*catalog.Table, []int, error) {
	r := s.txn.snap.Relation(s.searchPath(), t.Table.Schema, t.Table.Name)
	if r == nil {
		return nil, nil, pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", qualified(t.Table))
	}
	table, ok := r.(*catalog.Table)
	if ok && table.Kind == catalog.RelView {
		return nil, nil, pgerr.New(pgerr.WrongObjectType, "cannot copy %s view \"%s\"", pickWord(t.From, "to", "from"), table.Name).
			WithHint("%s", pickWord(t.From, "To enable copying to a view, provide an INSTEAD OF INSERT trigger.", "Try the COPY (SELECT ...) TO variant."))
	}
	if _, seq := r.(*catalog.Sequence); seq {
		return nil, nil, pgerr.New(pgerr.WrongObjectType, "cannot copy %s sequence \"%s\"", pickWord(t.From, "to", "from"), t.Table.Name)
	}
	if !ok || table.Kind != catalog.RelTable {
		return nil, nil, pgerr.New(pgerr.WrongObjectType, "cannot copy %s non-table relation \"%s\"", pickWord(t.From, "to", "from"), t.Table.Name)
	}
	var cols []int
	if len(t.Columns) == 0 {
		for _, c := range table.Live() {
			if table.Columns[c].Generated == "" {
				cols = append(cols, c)
			}
		}
		return table, cols, nil
	}
	for _, name := range t.Columns {
		c := table.Column(name)
		switch {
		case c < 0:
			return nil, nil, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, table.Name)
		case table.Columns[c].Generated != "":
			return nil, nil, pgerr.New(pgerr.InvalidColumnReference, "column \"%s\" is a generated column", name).
				WithDetail("Generated columns cannot be used in COPY.")
		}
		for _, have := range cols {
			if have == c {
				return nil, nil, pgerr.New(pgerr.DuplicateColumn, "column \"%s\" specified more than once", name)
			}
		}
		cols = append(cols, c)
	}
	return table, cols, nil
}

func pickWord(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// copyFrom loads rows. All of them are one statement: an error loads none.
func (s *Session) copyFrom(ctx context.Context, t *ast.Copy, w Results) (int64, error) {
	table, cols, err := s.copyTarget(t)
	if err != nil {
		return 0, err
	}
	where, err := s.copyWhere(ctx, t.Where, table)
	if err != nil {
		return 0, err
	}
	if err := s.txn.snap.Check(s.roleOID, []catalog.PrivCheck{{OID: table.OID, Kind: catalog.OnTable, Priv: 'a', Cols: cols}}); err != nil {
		return 0, err
	}
	if s.txn.tx.ReadOnly() {
		return 0, pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute COPY FROM in a read-only transaction")
	}
	o, err := copyOptions(t)
	if err != nil {
		return 0, err
	}
	s.txn.tx.Reference(catalog.KeyOf(table))
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = table.Columns[c].Name
	}
	if err := o.resolveColumns(names, table); err != nil {
		return 0, err
	}
	if o.freeze && !s.prof.MixDDLAndDML { // where they do not mix, no table is new in the transaction
		return 0, pgerr.New(pgerr.ObjectNotInPrerequisite, "cannot perform COPY FREEZE because the table was not created or truncated in the current subtransaction")
	}
	bound, err := bind.BindTableExprs(s.bindEnv(ctx), table)
	if err != nil {
		return 0, err
	}
	env := &expr.Env{Ctx: s.funcCtx(ctx), Domain: s.checkDomain}
	lim := s.prof.Limits
	loader, err := exec.NewLoader(&exec.Context{Ctx: ctx, Env: env, Tx: s.txn.tx, Snap: s.txn.snap, Role: s.roleOID,
		Bound: s.tableExprs(ctx), Default: s.columnDefault(ctx), Limits: StatementLimits(lim), Deferred: &s.txn.deferred}, table, bound)
	if err != nil {
		return 0, err
	}
	defer loader.Close()
	defaults, err := s.copyDefaults(ctx, table, cols)
	if err != nil {
		return 0, err
	}
	in, err := w.CopyIn(len(cols), o.format == "binary")
	if err != nil {
		return 0, err
	}
	l := &copyLoad{s: s, env: env, table: table, cols: cols, defaults: defaults, loader: loader, where: where}
	rows := newCopyReader(in, o, len(cols), names, table.Name)
	for {
		fields, err := rows.next()
		if err != nil {
			return 0, rows.at(err)
		}
		if fields == nil {
			break
		}
		if err := l.row(fields, o.format == "binary", rows); err != nil {
			if pgerr.Code(err) == pgerr.UniqueViolation {
				rows.text = nil // PostgreSQL finds it when it writes many rows at once
			}
			return 0, rows.at(err)
		}
	}
	return l.count, loader.Finish()
}

func (s *Session) copyWhere(ctx context.Context, x ast.Expr, table *catalog.Table) (*expr.Compiled, error) {
	if x == nil {
		return nil, nil
	}
	e, layout, err := bind.BindScalar(s.bindEnv(ctx), x, table, types.Of(types.BoolOID), bind.ForCopyWhere)
	if err != nil {
		return nil, err
	}
	return expr.Compile(e, layout, nil)
}

// A copyDefault is the default of a column.
type copyDefault struct {
	column int
	value  *expr.Compiled
}

// copyDefaults compiles the defaults of the columns that the data lacks, in their order.
func (s *Session) copyDefaults(ctx context.Context, table *catalog.Table, cols []int) ([]copyDefault, error) {
	given := map[int]bool{}
	for _, c := range cols {
		given[c] = true
	}
	var out []copyDefault
	for _, c := range table.Live() {
		col := &table.Columns[c]
		if given[c] || col.Generated != "" || col.Default == "" && col.Identity == 0 && col.Domain == 0 {
			continue
		}
		value, err := s.compiledDefault(ctx, table, c)
		if err != nil {
			return nil, err
		}
		out = append(out, copyDefault{c, value})
	}
	return out, nil
}

// A copyLoad inserts the rows of one COPY FROM.
type copyLoad struct {
	s        *Session
	env      *expr.Env
	table    *catalog.Table
	cols     []int
	defaults []copyDefault
	loader   *exec.Loader
	where    *expr.Compiled
	count    int64
}

// row converts the fields of a row (nil: NULL) and inserts it.
func (l *copyLoad) row(fields [][]byte, binary bool, r *copyReader) error {
	row := make([]types.Datum, len(l.table.Columns))
	f := l.s.format()
	for i, c := range l.cols {
		col := &l.table.Columns[c]
		r.column = i
		if i >= len(fields) {
			return r.missing(i)
		}
		if fields[i] != nil {
			var err error
			if binary {
				row[c], err = types.ParseBinary(col.T, fields[i], f)
			} else {
				row[c], err = expr.Input(l.env, col.T, string(fields[i]))
			}
			if err != nil {
				return err
			}
		}
		if col.Domain != 0 {
			if err := l.s.checkDomain(col.Domain, row[c]); err != nil {
				return err
			}
		}
	}
	r.column = -1
	for _, d := range l.defaults {
		var err error
		if row[d.column], err = d.value.Row(l.env, nil); err != nil {
			return err
		}
	}
	if l.where != nil {
		ok, err := l.where.Row(l.env, row)
		if err != nil || ok.IsNull() || !ok.Bool() {
			return err
		}
	}
	l.count++
	return l.loader.Insert(row)
}

// returnsNothing reports whether a statement modifies rows and does not show them.
func returnsNothing(tree ast.Stmt) bool {
	switch t := tree.(type) {
	case *ast.Insert:
		return len(t.Returning) == 0
	case *ast.Update:
		return len(t.Returning) == 0
	case *ast.Delete:
		return len(t.Returning) == 0
	}
	return false
}

// copyTo sends the rows of a table or a query.
func (s *Session) copyTo(ctx context.Context, t *ast.Copy, w Results) (int64, error) {
	tree, of, err := s.copySource(t)
	if err != nil {
		return 0, err
	}
	o, err := copyOptions(t)
	if err != nil {
		return 0, err
	}
	if err := s.prof.Check(tree); err != nil {
		return 0, err
	}
	if returnsNothing(tree) {
		return 0, pgerr.New(pgerr.FeatureNotSupported, "COPY query must have a RETURNING clause")
	}
	pl, err := s.makePlan(ctx, tree, nil)
	if err != nil {
		return 0, err
	}
	names := make([]string, len(pl.fields))
	for i, f := range pl.fields {
		names[i] = f.Name
	}
	if err := o.resolveColumns(names, of); err != nil {
		return 0, err
	}
	cur, err := s.start(ctx, pl, nil, false)
	if err != nil {
		return 0, err
	}
	defer cur.Close()
	out, err := w.CopyOut(len(pl.fields), o.format == "binary")
	if err != nil {
		return 0, err
	}
	cw := &copyWriter{o: o, fields: pl.fields, f: s.format(), env: &expr.Env{Ctx: s.funcCtx(ctx)}}
	return cw.send(cur, names, out)
}

// copySource is the query of COPY TO: of a table (of) or any.
func (s *Session) copySource(t *ast.Copy) (tree ast.Stmt, of *catalog.Table, err error) {
	if t.Query != nil {
		return t.Query, nil, nil
	}
	table, cols, err := s.copyTarget(t)
	if err != nil {
		return nil, nil, err
	}
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = funcs.QuoteIdent(table.Columns[c].Name)
	}
	list, err := parser.Parse("SELECT " + strings.Join(names, ", ") + " FROM " +
		funcs.QuoteIdent(s.txn.snap.SchemaName(table.Schema)) + "." + funcs.QuoteIdent(table.Name))
	if err != nil {
		return nil, nil, err
	}
	return list[0].Stmt, table, nil
}
