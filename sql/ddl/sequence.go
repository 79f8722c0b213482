package ddl

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// minCache is the least CACHE of a sequence beside 1.
const minCache = 65536

func hasCache(opts []ast.SeqOpt) bool {
	return slices.ContainsFunc(opts, func(o ast.SeqOpt) bool { return o.Name == "cache" })
}

// createSequence runs CREATE SEQUENCE.
func (s *statement) createSequence(st *ast.CreateSequence) error {
	if st.Temp {
		return unsupported("TEMPORARY or TEMP sequence not supported for CREATE SEQUENCE")
	}
	schema, err := s.creationSchema(st.Name)
	if err != nil {
		return err
	}
	taken := s.nameTaken(schema.OID, st.Name.Name)
	if taken && st.IfNotExists {
		s.notice(pgerr.DuplicateTable, "relation \"%s\" already exists, skipping", st.Name.Name)
		return nil
	}
	if !hasCache(st.Opts) && !s.lifts("cache") {
		return unsupported("CREATE SEQUENCE is not supported without an explicit cache size. please define CACHE greater than or equal to %d or equal to 1", minCache)
	}
	if max := s.env.Limits.Sequences; max > 0 && len(s.snap().Sequences()) >= max {
		return pgerr.New(pgerr.ProgramLimitExceeded, "creating more than %d sequences is not allowed", max)
	}
	q := &catalog.Sequence{}
	q.Name, q.Schema, q.Owner = st.Name.Name, schema.OID, s.env.Role
	q.ACL = s.defaultACL(catalog.OnSequence, schema.OID)
	if err := s.sequenceOptions(q, st.Opts, true); err != nil {
		return err
	}
	if taken {
		return duplicate(st.Name.Name)
	}
	if q.OID, err = s.ed.NewOID(); err != nil {
		return err
	}
	s.shareOwner(q.Owner)
	s.ed.Put(q)
	return nil
}

// identitySequence makes the sequence of an identity column.
func (s *statement) identitySequence(t *catalog.Table, col int, opts []ast.SeqOpt) (*catalog.Sequence, error) {
	name := freeName(t.Name, t.Columns[col].Name, "seq", func(n string) bool {
		return s.nameTaken(t.Schema, n) || n == t.Name || slices.ContainsFunc(t.AllIndexes(), func(x *catalog.Index) bool { return x.Name == n })
	})
	for _, o := range opts {
		if o.Name != "sequence_name" {
			continue
		}
		name = o.Owned[len(o.Owned)-1]
		if schema := o.Owned[0]; len(o.Owned) > 1 && schema != s.schemaName(t.Schema) {
			if s.snap().SchemaByName(schema) == nil {
				return nil, pgerr.New(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", schema)
			}
			// As in PostgreSQL, which looks for the table where the sequence is to be.
			return nil, pgerr.New(pgerr.UndefinedTable, "relation \"%s.%s\" does not exist", schema, t.Name)
		}
	}
	q := &catalog.Sequence{OwnedTable: t.OID, OwnedCol: col}
	q.Name, q.Schema, q.Owner = name, t.Schema, t.Owner
	if err := s.sequenceOptions(q, opts, true); err != nil {
		return nil, err
	}
	var err error
	if q.OID, err = s.ed.NewOID(); err != nil {
		return nil, err
	}
	s.ed.Put(q)
	return q, nil
}

// alterSequence runs ALTER SEQUENCE.
func (s *statement) alterSequence(st *ast.AlterSequence) error {
	r, err := s.relation(st.Name, st.IfExists)
	if err != nil {
		return err
	}
	if r == nil {
		if st.IfExists {
			s.skip("relation \"%s\" does not exist", st.Name.Name)
			return nil
		}
		return pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", written(st.Name))
	}
	q, ok := r.(*catalog.Sequence)
	if !ok {
		return pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a sequence", r.Head().Name)
	}
	if err := s.owns(q); err != nil {
		return err
	}
	return s.changeSequence(q, st.Opts)
}

// changeSequence applies options, RESTART and OWNED BY included, to a sequence.
func (s *statement) changeSequence(q *catalog.Sequence, opts []ast.SeqOpt) error {
	c := *q
	if err := s.sequenceOptions(&c, opts, false); err != nil {
		return err
	}
	s.ed.Put(&c)
	for _, o := range opts {
		if o.Name != "restart" {
			continue
		}
		v := c.Start
		if o.Value != "" {
			var err error
			if v, err = sequenceNumber(o.Value); err != nil {
				return err
			}
		}
		if v < c.Min {
			return invalidSequence("RESTART value (%d) cannot be less than MINVALUE (%d)", v, c.Min)
		}
		if v > c.Max {
			return invalidSequence("RESTART value (%d) cannot be greater than MAXVALUE (%d)", v, c.Max)
		}
		if err := s.env.SetSequence(s.ctx, &c, v, false); err != nil {
			return err
		}
	}
	return nil
}

func invalidSequence(format string, args ...any) error {
	return pgerr.New(pgerr.InvalidParameterValue, format, args...)
}

func sequenceNumber(text string) (int64, error) {
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, pgerr.New(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type bigint", text)
	}
	return v, nil
}

// sequenceOptions applies the options of CREATE or ALTER SEQUENCE.
func (s *statement) sequenceOptions(q *catalog.Sequence, opts []ast.SeqOpt, create bool) error {
	given := map[string]*ast.SeqOpt{}
	for i := range opts {
		o := &opts[i]
		if given[o.Name] != nil {
			return pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(o.Pos)
		}
		given[o.Name] = o
	}
	if o := given["as"]; o != nil && o.Type != nil {
		if err := s.sequenceType(q, *o.Type, given, create); err != nil {
			return err
		}
	}
	if err := sequenceNumbers(q, given, create, s.lifts("cache")); err != nil {
		return err
	}
	if o := given["cycle"]; o != nil {
		q.Cycle = !o.No && o.Value != "false"
	} else if create {
		q.Cycle = false
	}
	if o := given["owned_by"]; o != nil {
		return s.ownedBy(q, o.Owned)
	}
	return nil
}

// sequenceAs are the options of a sequence for a column of an integer type.
func sequenceAs(oid types.OID) []ast.SeqOpt {
	return []ast.SeqOpt{{Name: "as", Type: &ast.TypeName{Name: types.Get(oid).Name}}}
}

// sequenceType runs AS type. Bounds that are those of the old type become those of
// the new one.
func (s *statement) sequenceType(q *catalog.Sequence, n ast.TypeName, given map[string]*ast.SeqOpt, create bool) error {
	t, _, err := s.env.Bind.ResolveType(s.snap(), n)
	if err != nil {
		return err
	}
	if t.OID != types.Int8OID && !s.lifts("sequence type") {
		return unsupported("datatype %s not supported, sequence type must be bigint", types.FormatType(t))
	}
	if t.OID != types.Int8OID && t.OID != types.Int4OID && t.OID != types.Int2OID {
		return invalidSequence("sequence type must be smallint, integer, or bigint")
	}
	low, high := integerBounds(q.Type)
	if q.Type = t.OID; create {
		return nil
	}
	if q.Max == high && given["maxvalue"] == nil {
		given["maxvalue"] = &ast.SeqOpt{Name: "maxvalue", No: true}
	}
	if q.Min == low && given["minvalue"] == nil {
		given["minvalue"] = &ast.SeqOpt{Name: "minvalue", No: true}
	}
	return nil
}

// integerBounds are the least and the greatest value of an integer type.
func integerBounds(oid types.OID) (low, high int64) {
	switch oid {
	case types.Int2OID:
		return math.MinInt16, math.MaxInt16
	case types.Int4OID:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// sequenceNumbers sets and checks increment, bounds, start and cache.
func sequenceNumbers(q *catalog.Sequence, given map[string]*ast.SeqOpt, create, anyCache bool) error {
	number := func(name string, to *int64, dflt int64) error {
		o := given[name]
		if o == nil || o.No || o.Value == "" {
			if create || o != nil {
				*to = dflt
			}
			return nil
		}
		v, err := sequenceNumber(o.Value)
		*to = v
		return err
	}
	if err := number("increment", &q.Increment, 1); err != nil {
		return err
	}
	if q.Increment == 0 {
		return invalidSequence("INCREMENT must not be zero")
	}
	least, most := integerBounds(q.Type)
	low, high := int64(1), most
	if q.Increment < 0 {
		low, high = least, -1
	}
	if err := number("maxvalue", &q.Max, high); err != nil {
		return err
	}
	if err := number("minvalue", &q.Min, low); err != nil {
		return err
	}
	typeName := types.FormatType(types.Of(q.TypeOID()))
	switch {
	case q.Max < least || q.Max > most:
		return invalidSequence("MAXVALUE (%d) is out of range for sequence data type %s", q.Max, typeName)
	case q.Min < least || q.Min > most:
		return invalidSequence("MINVALUE (%d) is out of range for sequence data type %s", q.Min, typeName)
	}
	if q.Min >= q.Max {
		return invalidSequence("MINVALUE (%d) must be less than MAXVALUE (%d)", q.Min, q.Max)
	}
	start := q.Min
	if q.Increment < 0 {
		start = q.Max
	}
	if err := number("start", &q.Start, start); err != nil {
		return err
	}
	switch {
	case q.Start < q.Min:
		return invalidSequence("START value (%d) cannot be less than MINVALUE (%d)", q.Start, q.Min)
	case q.Start > q.Max:
		return invalidSequence("START value (%d) cannot be greater than MAXVALUE (%d)", q.Start, q.Max)
	}
	if err := number("cache", &q.Cache, 1); err != nil {
		return err
	}
	if q.Cache <= 0 {
		return invalidSequence("CACHE (%d) must be greater than zero", q.Cache)
	}
	if given["cache"] != nil && !anyCache && q.Cache != 1 && q.Cache < minCache {
		return unsupported("please define CACHE greater than or equal to %d or equal to 1", minCache)
	}
	return nil
}

// ownedBy runs OWNED BY.
func (s *statement) ownedBy(q *catalog.Sequence, path []string) error {
	if t := s.snap().Table(q.OwnedTable); t != nil && q.OwnedCol < len(t.Columns) && t.Columns[q.OwnedCol].Sequence == q.OID {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot change ownership of identity sequence").
			WithDetail("Sequence \"%s\" is linked to table \"%s\".", q.Name, t.Name)
	}
	if len(path) == 1 && strings.EqualFold(path[0], "none") {
		q.OwnedTable, q.OwnedCol = 0, 0
		return nil
	}
	if len(path) < 2 {
		return pgerr.New(pgerr.SyntaxError, "invalid OWNED BY option").WithHint("Specify OWNED BY table.column or OWNED BY NONE.")
	}
	n := ast.Name{Name: path[len(path)-2]}
	if len(path) > 2 {
		n.Schema = path[len(path)-3]
	}
	t, err := s.ownedTable(n)
	if err != nil {
		return err
	}
	col := t.Column(path[len(path)-1])
	if col < 0 {
		return noColumn(path[len(path)-1], t.Name)
	}
	s.ed.Share(t)
	q.OwnedTable, q.OwnedCol = t.OID, col
	return nil
}
