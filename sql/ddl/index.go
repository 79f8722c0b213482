package ddl

import (
	"slices"
	"strconv"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// indexable fails for relations that have no indexes.
func (s *statement) indexable(n ast.Name) error {
	r, err := s.mustRelation(n)
	if err != nil || r.RelKind() == catalog.RelTable || r.RelKind() == catalog.RelVirtual {
		return err
	}
	return pgerr.New(pgerr.WrongObjectType, "cannot create index on relation \"%s\"", r.Head().Name).
		WithDetail("%s", notSupportedFor(r))
}

// createIndex runs CREATE INDEX ASYNC: the index is there at once in state
// BUILDING, and a job builds it. Without ASYNC the session waits for the job, or
// builds the index itself if the transaction has other statements.
func (s *statement) createIndex(st *ast.CreateIndex) error {
	if err := s.checkIndexForm(st); err != nil {
		return err
	}
	s.res.Columns = []string{"job_id"}
	if err := s.indexable(st.Table); err != nil {
		return err
	}
	t, err := s.ownedTable(st.Table)
	if err != nil {
		return err
	}
	schema := s.snap().Schema(t.Schema)
	if err := s.mayCreateIn(schema, st.Name); err != nil {
		return err
	}
	job := catalog.NewJobID()
	if st.Name != "" && s.nameTaken(t.Schema, st.Name) {
		if !st.IfNotExists {
			return duplicate(st.Name)
		}
		// The original answers with an id here too, of no job.
		s.notice(pgerr.DuplicateTable, "relation \"%s\" already exists, skipping", st.Name)
		if st.Async {
			s.res.Rows = [][]types.Datum{{types.NewText(job)}}
		}
		return nil
	}
	t = t.Clone()
	x := &catalog.Index{Table: t.OID, Unique: st.Unique, NullsNotDistinct: st.NullsNotDistinct, State: catalog.IndexBuilding}
	x.Schema, x.Owner = t.Schema, t.Owner
	names, err := s.indexColumns(t, x, st)
	if err != nil {
		return err
	}
	if x.Name = st.Name; x.Name == "" {
		x.Name = freeName(t.Name, columnsLabel(names), "idx", func(n string) bool { return s.nameTaken(t.Schema, n) })
	}
	if err := s.checkIndex(t, x); err != nil {
		return err
	}
	if x.OID, err = s.ed.NewOID(); err != nil {
		return err
	}
	t.Indexes = append(t.Indexes, x)
	s.ed.Share(schema)
	s.ed.Put(t)
	if !st.Async && s.env.InBlock {
		x.State = catalog.IndexPublic // The statement's work builds it.
		return nil
	}
	s.res.Rows = [][]types.Datum{{types.NewText(job)}}
	return catalog.PutJob(s.env.Tx, &catalog.Job{ID: job, Status: catalog.JobSubmitted, Type: catalog.JobIndexBuild,
		ClassID: catalog.ClassRelation, ObjectID: x.OID, ObjectName: schema.Name + "." + x.Name, Start: s.now, Update: s.now})
}

// checkIndexForm refuses the forms of CREATE INDEX that no profile has.
func (s *statement) checkIndexForm(st *ast.CreateIndex) error {
	sync := s.lifts("create index") && !st.Async
	switch {
	case st.Concurrently && sync && s.env.InBlock:
		return pgerr.New(pgerr.ActiveSQLTransaction, "CREATE INDEX CONCURRENTLY cannot run inside a transaction block")
	case sync:
	case st.Concurrently:
		return unsupported("CONCURRENTLY not supported for CREATE INDEX")
	case !st.Async:
		return unsupported("unsupported mode. please use CREATE INDEX ASYNC.")
	}
	switch {
	case st.Using != "" && !(st.Using == "btree" && s.lifts("index method")):
		return unsupported("USING not supported for CREATE INDEX")
	case st.With && !s.lifts("storage parameters"):
		return unsupported("WITH not supported for CREATE INDEX")
	case st.Tablespace != "":
		return unsupported("TABLESPACE not supported for CREATE INDEX")
	case st.Schema != "":
		return pgerr.New(pgerr.SyntaxError, "syntax error at or near \".\"").At(st.Pos)
	}
	for _, e := range st.Elems {
		switch {
		case e.Order != "" && !s.lifts("sort order"):
			return unsupported("specifying sort order not supported for index keys")
		case len(e.Opclass) > 0 && !s.lifts("opclass"):
			return unsupported("opclass not supported for index keys")
		case len(e.Collation) > 0:
			return unsupported("COLLATE clause not supported")
		}
	}
	return nil
}

// indexColumns fills in an index's keys, INCLUDE and predicate. It returns the
// names of its columns, for its own.
func (s *statement) indexColumns(t *catalog.Table, x *catalog.Index, st *ast.CreateIndex) ([]string, error) {
	var names []string
	for i := range st.Elems {
		e := &st.Elems[i]
		// Keys are stored in ascending order; one that is read backwards descends.
		k := catalog.IndexKey{Col: -1, Desc: e.Order == "desc"}
		if k.NullsFirst = e.Nulls == ast.NullsFirst; k.Desc {
			k.NullsFirst = e.Nulls == ast.NullsLast
		}
		name := "expr"
		if e.Column != "" {
			if k.Col = t.Column(e.Column); k.Col < 0 {
				return nil, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" does not exist", e.Column)
			}
			k.T, name = t.Columns[k.Col].T, e.Column
		} else {
			b, err := s.indexExpr(t, x, e.X, e.Text, false)
			if err != nil {
				return nil, err
			}
			k.Expr, k.T = b.Text, b.T
			if n := expressionName(e.X); n != "" {
				name = n
			}
		}
		var err error
		if k.Opclass, err = opclass(e.Opclass, k.T.OID); err != nil {
			return nil, err
		}
		x.Keys = append(x.Keys, k)
		names = append(names, uniqueAmong(names, name))
	}
	for _, e := range st.Include {
		if e.Column == "" {
			return nil, unsupported("expressions are not supported in included columns")
		}
		if err := plainIncluded(&e); err != nil {
			return nil, err
		}
		col := t.Column(e.Column)
		if col < 0 {
			return nil, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" does not exist", e.Column)
		}
		x.Include = append(x.Include, col)
		names = append(names, uniqueAmong(names, e.Column))
	}
	if st.Where != nil {
		b, err := s.indexExpr(t, x, st.Where, st.WhereText, true)
		if err != nil {
			return nil, err
		}
		x.Where = b.Text
	}
	return names, nil
}

// plainIncluded refuses what only keys may have.
func plainIncluded(e *ast.IndexElem) error {
	what := ""
	switch {
	case len(e.Collation) > 0:
		what = "a collation"
	case len(e.Opclass) > 0:
		what = "an operator class"
	case e.Order != "":
		what = "ASC/DESC options"
	case e.Nulls != 0:
		what = "NULLS FIRST/LAST options"
	default:
		return nil
	}
	return pgerr.New(pgerr.InvalidObjectDefinition, "including column does not support %s", what)
}

// expressionName is the name that an expression suggests for its column; "" if none.
func expressionName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.ColumnRef:
		return x.Parts[len(x.Parts)-1]
	case *ast.Func:
		return x.Name
	case *ast.SpecialFunc:
		return x.Name
	case *ast.Collate:
		return expressionName(x.X)
	case *ast.Cast:
		if n := expressionName(x.X); n != "" {
			return n
		}
		return x.Type.Name
	case *ast.Case:
		if n := expressionName(x.Else); n != "" {
			return n
		}
		return "case"
	}
	return ""
}

// indexExpr binds an expression of an index and notes what it uses.
func (s *statement) indexExpr(t *catalog.Table, x *catalog.Index, e ast.Expr, text string, predicate bool) (Bound, error) {
	b, err := s.env.Bind.BindIndexExpr(s.snap(), t, e, text, predicate)
	if err != nil {
		return b, err
	}
	for _, c := range b.Cols {
		if !slices.Contains(x.UsesCols, c) {
			x.UsesCols = append(x.UsesCols, c)
		}
	}
	x.Refs = append(x.Refs, b.Refs...)
	return b, s.shareRefs(b.Refs)
}

// uniqueAmong is name, with a number if names has it.
func uniqueAmong(names []string, name string) string {
	for i, n := 1, name; ; i++ {
		if !slices.Contains(names, n) {
			return n
		}
		n = clip(name, maxName-len(strconv.Itoa(i))) + strconv.Itoa(i)
	}
}

// declaredBytes are the lengths of types of fixed size, for the limit on keys.
var declaredBytes = map[types.OID]int{
	types.BoolOID: 1, types.Int2OID: 2, types.Int4OID: 4, types.Int8OID: 8, types.Float4OID: 4, types.Float8OID: 8,
	types.UUIDOID: 16, types.DateOID: 4, types.TimeOID: 8, types.TimestampOID: 8, types.TimestampTZOID: 8,
}

// maxDeclaredKey is the limit on the sum of declared lengths of a key's columns.
const maxDeclaredKey = 2000

// notKeys are types that could be keys, and are none in the original (reference, §4.2).
var notKeys = map[types.OID]bool{types.IntervalOID: true, types.TimeTZOID: true}

func (s *statement) checkKeyTypes(x *catalog.Index) error {
	for _, k := range x.Keys {
		if !types.IsIndexable(k.T.OID) || notKeys[k.T.OID] {
			return unsupported("datatype %s is not supported in a key", types.FormatType(types.Of(k.T.OID)))
		}
	}
	return nil
}

// checkIndex enforces the limits on an index that is about to join t.
func (s *statement) checkIndex(t *catalog.Table, x *catalog.Index) error {
	lim := s.env.Limits
	if lim.IndexColumns > 0 && len(x.Keys) > lim.IndexColumns {
		return pgerr.New(pgerr.TooManyColumns, "more than %d column keys in an index are not supported", lim.IndexColumns)
	}
	if err := s.checkKeyTypes(x); err != nil {
		return err
	}
	size := 0
	for _, k := range x.Keys {
		size += declaredBytes[k.T.OID]
		if (k.T.OID == types.VarcharOID || k.T.OID == types.BpcharOID) && k.T.Typmod > varHeader {
			size += int(k.T.Typmod - varHeader)
		}
	}
	if size > maxDeclaredKey {
		return pgerr.New(pgerr.ProgramLimitExceeded, "key size greater than %d bytes not supported", maxDeclaredKey)
	}
	n := 1
	for _, o := range t.AllIndexes() {
		if !o.Hidden {
			n++
		}
	}
	if lim.Indexes > 0 && n > lim.Indexes {
		return pgerr.New(pgerr.ProgramLimitExceeded, "more than %d indexes per table are not allowed", lim.Indexes)
	}
	return nil
}
