package ddl

import (
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// columnTypes are the types that a stored column may have (reference §4.2).
var columnTypes = map[types.OID]bool{
	types.BoolOID: true, types.Int2OID: true, types.Int4OID: true, types.Int8OID: true,
	types.Float4OID: true, types.Float8OID: true, types.NumericOID: true,
	types.TextOID: true, types.VarcharOID: true, types.BpcharOID: true, types.ByteaOID: true, types.UUIDOID: true,
	types.DateOID: true, types.TimeOID: true, types.TimeTZOID: true, types.TimestampOID: true,
	types.TimestampTZOID: true, types.IntervalOID: true, types.JSONOID: true, types.JSONBOID: true,
}

// Byte limits of declared lengths (reference §4.2).
const (
	maxCharBytes    = 4096
	maxVarcharBytes = 65535
	varHeader       = 4 // a typmod is a length plus this
)

// defaultNumeric is the typmod of numeric(18,6): what numeric means in a column.
const defaultNumeric = 18<<16 | 6 + varHeader

// columnType resolves the type of a stored column.
func (s *statement) columnType(n ast.TypeName) (types.T, types.OID, error) {
	if name, ok := types.ForeignName(n.Name); ok && (n.Schema == "" || n.Schema == "pg_catalog") {
		return types.T{}, 0, unsupported("datatype %s%s not supported", name, strings.Repeat("[]", min(n.Array, 1)))
	}
	t, domain, err := s.env.Bind.ResolveType(s.snap(), n)
	if err != nil {
		return t, domain, err
	}
	if n.SetOf {
		return t, 0, pgerr.New(pgerr.InvalidTableDefinition, "column cannot be declared SETOF").At(n.Pos)
	}
	if !columnTypes[t.OID] && !(s.lifts("array column") && widerColumn(t.OID)) {
		return t, 0, unsupported("datatype %s not supported", types.FormatType(types.Of(t.OID)))
	}
	switch {
	case t.OID == types.NumericOID && t.Typmod < 0 && domain == 0 && !s.lifts("numeric"):
		t.Typmod = defaultNumeric
	case t.OID == types.BpcharOID && t.Typmod-varHeader > maxCharBytes:
		return t, 0, lengthError(maxCharBytes, "char")
	case t.OID == types.VarcharOID && t.Typmod-varHeader > maxVarcharBytes:
		return t, 0, lengthError(maxVarcharBytes, "varchar")
	}
	return t, domain, nil
}

// pseudoType is the name of a type that no stored value has, "" for others. The original
// refuses such a type as any that it does not have.
func (s *statement) pseudoType(n ast.TypeName) string {
	if !s.lifts("array column") {
		return ""
	}
	t, _, err := s.env.Bind.ResolveType(s.snap(), n)
	if ty := types.Get(t.OID); err != nil || ty == nil || ty.Category != 'P' && t.OID != types.UnknownOID {
		return ""
	}
	return types.FormatType(types.Of(t.OID))
}

func lengthError(limit int, name string) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "Datatype limit greater than %d bytes not supported for %s", limit, name)
}

// widerColumn reports whether a column may have a type that the original knows at run
// time only.
func widerColumn(oid types.OID) bool {
	ty := types.Get(oid)
	if ty != nil && ty.Elem != 0 {
		return columnTypes[ty.Elem] || types.IsEnum(ty.Elem)
	}
	return types.IsEnum(oid) || oid == types.NameOID || oid == types.OidOID
}

// serialTypes are the words that make a column with a sequence of its own.
var serialTypes = map[string]string{"serial": "int4", "serial4": "int4", "bigserial": "int8", "serial8": "int8", "smallserial": "int2", "serial2": "int2"}

// storageLetters are the values of pg_attribute.attstorage by the word of STORAGE.
var storageLetters = map[string]byte{"plain": 'p', "external": 'e', "extended": 'x', "main": 'm', "default": 0}

func storageLetter(word string, t types.T) (byte, error) {
	if word == "" {
		return 0, nil
	}
	letter, ok := storageLetters[strings.ToLower(word)]
	if !ok {
		return 0, pgerr.New(pgerr.InvalidParameterValue, "invalid storage type \"%s\"", word)
	}
	if ty := types.Get(t.OID); ty != nil && ty.Len > 0 && letter != 'p' && letter != 0 {
		return 0, unsupported("column data type %s can only have storage PLAIN", types.FormatType(types.Of(t.OID)))
	}
	return letter, nil
}

// newColumn makes a column of its definition, without its constraints.
func (s *statement) newColumn(def *ast.ColumnDef) (catalog.Col, error) {
	if name := s.pseudoType(def.Type); name != "" {
		return catalog.Col{}, pgerr.New(pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", def.Name, name)
	}
	t, domain, err := s.columnType(def.Type)
	if err != nil {
		return catalog.Col{}, err
	}
	if len(def.Collation) > 0 {
		return catalog.Col{}, unsupported("COLLATE clause not supported")
	}
	if err := s.checkCompression(def, t); err != nil {
		return catalog.Col{}, err
	}
	storage, err := storageLetter(def.Storage, t)
	if err != nil {
		return catalog.Col{}, err
	}
	if domain != 0 {
		d := s.snap().Domain(domain)
		s.ed.Share(d)
	}
	return catalog.Col{Name: def.Name, T: t, Domain: domain, Storage: storage}, nil
}

// checkCompression refuses COMPRESSION, or a method that there is not; storage compresses
// by itself. (The grammar that a live cluster accepted lacks the clause; the text is not
// recorded.)
func (s *statement) checkCompression(def *ast.ColumnDef, t types.T) error {
	method := def.Compression
	switch {
	case method == "":
		return nil
	case !s.lifts("compression"):
		return unsupported("COMPRESSION clause not supported")
	case method != "pglz" && method != "lz4" && method != "default":
		return pgerr.New(pgerr.InvalidParameterValue, "invalid compression method \"%s\"", method)
	}
	if ty := types.Get(t.OID); ty != nil && ty.Len > 0 && method != "default" {
		return unsupported("column data type %s does not support compression", types.FormatType(types.Of(t.OID)))
	}
	return nil
}

// systemColumns are names that no column may have.
var systemColumns = map[string]bool{"tableoid": true, "xmin": true, "cmin": true, "xmax": true, "cmax": true, "ctid": true}

func checkColumnName(name string) error {
	if systemColumns[name] {
		return pgerr.New(pgerr.DuplicateColumn, "column name \"%s\" conflicts with a system column name", name)
	}
	return nil
}

// setDefault binds a DEFAULT and stores it in the column.
func (s *statement) setDefault(c *catalog.Col, x ast.Expr, text string) error {
	b, err := s.env.Bind.BindDefault(s.snap(), x, text, c)
	if err != nil {
		return err
	}
	c.Default, c.Refs, c.UsesCols = b.Text, b.Refs, nil
	return s.shareRefs(b.Refs)
}

// shareRefs makes the statement depend on what a stored expression uses.
func (s *statement) shareRefs(refs []types.OID) error {
	for _, oid := range refs {
		o := s.snap().Object(oid)
		if x := s.snap().Index(oid); o == nil && x != nil {
			o = s.snap().Table(x.Table)
		}
		if o != nil && s.env.Snap.Object(o.ID()) != nil {
			s.ed.Share(o)
		}
	}
	return nil
}

// defaultOIDs gives the columns that have a default, and none yet, an OID for it.
func (s *statement) defaultOIDs(t *catalog.Table) error {
	for i := range t.Columns {
		c := &t.Columns[i]
		has := c.Default != "" || c.Generated != ""
		if !has {
			c.DefaultOID = 0
		} else if c.DefaultOID == 0 {
			oid, err := s.ed.NewOID()
			if err != nil {
				return err
			}
			c.DefaultOID = oid
		}
	}
	return nil
}

func noColumn(column, table string) *pgerr.Error {
	return pgerr.New(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", column, table)
}
