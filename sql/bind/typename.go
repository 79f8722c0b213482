package bind

import (
	"strconv"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// ResolveType finds the type that a name means, with its modifier, and the domain
// if it names one (then the type is the domain's base type).
func ResolveType(env *Env, n ast.TypeName) (t types.T, domain types.OID, err error) {
	defer catch(&err)
	t, domain = newBinder(env).resolveType(n)
	return t, domain, nil
}

func (b *binder) resolveType(n ast.TypeName) (types.T, types.OID) {
	b.checkSchema(n.Schema, n.Pos)
	full := n.Name
	if n.Schema != "" {
		full = n.Schema + "." + n.Name
	}
	if n.PctType {
		b.fail(n.Pos, pgerr.FeatureNotSupported, "%%TYPE is not supported")
	}
	if shown, ok := types.ForeignName(n.Name); ok && (n.Schema == "" || n.Schema == "pg_catalog") {
		if n.Array > 0 {
			shown += "[]"
		}
		b.fail(n.Pos, pgerr.FeatureNotSupported, "datatype %s not supported", shown)
	}
	var base types.T
	var domain types.OID
	if oid, ok := types.MarkedType(n.Name); ok {
		base = types.Of(oid)
		b.refObject(oid, "type")
	} else if ty := b.builtinType(n); ty != nil {
		base = types.T{OID: ty.OID, Typmod: b.typmod(ty, n)}
	} else if d := b.findDomain(n.Schema, n.Name); d != nil {
		if len(n.Mods) > 0 {
			b.fail(n.Pos, pgerr.SyntaxError, "type modifier is not allowed for type \"%s\"", n.Name)
		}
		if base = d.Base; !d.IsEnum() {
			domain = d.OID
		}
		b.refObject(d.OID, "type")
	} else {
		if n.Array > 0 {
			full += "[]"
		}
		b.fail(n.Pos, pgerr.UndefinedObject, "type \"%s\" does not exist", full)
	}
	if n.Array > 0 && elemOf(base.OID) == 0 {
		arr := arrayOf(base.OID)
		if arr == 0 {
			b.fail(n.Pos, pgerr.UndefinedObject, "could not find array type for data type %s", typeName(base))
		}
		return types.T{OID: arr, Typmod: base.Typmod}, 0
	}
	return base, domain
}

// noTextSearch refuses a call that names a text search configuration: there is none.
func (b *binder) noTextSearch(c *callSite) {
	x := c.x
	if x.Schema != "" && x.Schema != "pg_catalog" || !funcs.NeedsTextSearch(x.Name) || len(x.Args) < 2 {
		return
	}
	if k, ok := x.Args[0].(*ast.Const); ok && k.Kind == ast.StringConst {
		b.fail(x.At, pgerr.UndefinedObject, "text search configuration \"%s\" does not exist", k.Text)
	}
}

// textSearchObjects are the types of references to what text search has, of which there
// is nothing.
var textSearchObjects = map[string]string{"regconfig": "text search configuration", "regdictionary": "text search dictionary"}

// castToTextSearch refuses a constant that names what text search does not have.
func (b *binder) castToTextSearch(x *ast.Cast) {
	what := textSearchObjects[x.Type.Name]
	if k, ok := x.X.(*ast.Const); ok && k.Kind == ast.StringConst && what != "" && x.Type.Array == 0 {
		b.fail(k.At, pgerr.UndefinedObject, "%s \"%s\" does not exist", what, k.Text)
	}
}

// builtinType finds a type of pg_catalog by its internal name.
func (b *binder) builtinType(n ast.TypeName) *types.Type {
	if n.Schema != "" && n.Schema != "pg_catalog" {
		return nil
	}
	return types.ByName(n.Name)
}

// typmod computes the modifier from what is in parentheses, as the type's typmodin.
func (b *binder) typmod(ty *types.Type, n ast.TypeName) int32 {
	if len(n.Mods) == 0 {
		return -1
	}
	oid := ty.OID
	if e := elemOf(oid); e != 0 {
		oid = e
	}
	switch oid {
	case types.VarcharOID, types.BpcharOID:
		return b.lengthMod(oid, b.mods(n), n.Pos)
	case types.NumericOID:
		return b.numericMod(b.mods(n), n.Pos)
	case types.TimestampOID, types.TimestampTZOID, types.TimeOID, types.TimeTZOID:
		return b.precisionMod(oid, b.mods(n), n.Pos)
	case types.IntervalOID:
		return b.intervalMod(b.mods(n), n.Pos)
	}
	b.fail(n.Pos, pgerr.SyntaxError, "type modifier is not allowed for type \"%s\"", n.Name)
	return -1
}

// modText is a modifier as written: a constant or an identifier.
func (b *binder) modText(x ast.Expr, pos int) string {
	switch x := x.(type) {
	case *ast.Const:
		if x.Kind != ast.NullConst {
			b.useSlot(x.Slot)
			return x.Text
		}
	case *ast.ColumnRef:
		if len(x.Parts) == 1 && !x.Star {
			return x.Parts[0]
		}
	}
	b.fail(pos, pgerr.SyntaxError, "type modifiers must be simple constants or identifiers")
	return ""
}

// mods are the modifiers as integers.
func (b *binder) mods(n ast.TypeName) []int {
	texts := make([]string, len(n.Mods))
	for i, m := range n.Mods {
		texts[i] = b.modText(m, n.Pos)
	}
	list := make([]int, len(n.Mods))
	for i, text := range texts {
		v, err := strconv.Atoi(text)
		if err != nil {
			b.fail(n.Pos, pgerr.InvalidTextRepresentation, "invalid input syntax for type integer: \"%s\"", text)
		}
		list[i] = v
	}
	return list
}

// maxLength is the longest declared varchar or char.
const maxLength = 10485760

func (b *binder) lengthMod(oid types.OID, mods []int, pos int) int32 {
	name := "varchar"
	if oid == types.BpcharOID {
		name = "char"
	}
	switch {
	case len(mods) != 1:
		b.fail(pos, pgerr.InvalidParameterValue, "invalid type modifier")
	case mods[0] < 1:
		b.fail(pos, pgerr.InvalidParameterValue, "length for type %s must be at least 1", name)
	case mods[0] > maxLength:
		b.fail(pos, pgerr.InvalidParameterValue, "length for type %s cannot exceed %d", name, maxLength)
	}
	return int32(mods[0] + 4)
}

func (b *binder) numericMod(mods []int, pos int) int32 {
	scale := 0
	if len(mods) > 2 {
		b.fail(pos, pgerr.InvalidParameterValue, "invalid NUMERIC type modifier")
	}
	if mods[0] < 1 || mods[0] > 1000 {
		b.fail(pos, pgerr.InvalidParameterValue, "NUMERIC precision %d must be between 1 and 1000", mods[0])
	}
	if len(mods) == 2 {
		scale = mods[1]
		if scale < -1000 || scale > 1000 {
			b.fail(pos, pgerr.InvalidParameterValue, "NUMERIC scale %d must be between -1000 and 1000", scale)
		}
	}
	return int32(mods[0]<<16|scale&0x7ff) + 4
}

// maxPrecision is the number of fractional digits of seconds that are kept.
const maxPrecision = 6

func (b *binder) precisionMod(oid types.OID, mods []int, pos int) int32 {
	if len(mods) != 1 {
		b.fail(pos, pgerr.InvalidParameterValue, "invalid type modifier")
	}
	if mods[0] < 0 {
		name, zone := "TIMESTAMP", ""
		if oid == types.TimeOID || oid == types.TimeTZOID {
			name = "TIME"
		}
		if oid == types.TimestampTZOID || oid == types.TimeTZOID {
			zone = " WITH TIME ZONE"
		}
		b.fail(pos, pgerr.InvalidParameterValue, "%s(%d)%s precision must not be negative", name, mods[0], zone)
	}
	return int32(min(mods[0], maxPrecision))
}

// intervalMod packs the mask of fields and the precision.
func (b *binder) intervalMod(mods []int, pos int) int32 {
	const fullRange, fullPrecision = 0x7fff, 0xffff
	switch len(mods) {
	case 1:
		if mods[0] == fullRange {
			return -1
		}
		return int32(mods[0]&fullRange)<<16 | fullPrecision
	case 2:
		if mods[1] < 0 {
			b.fail(pos, pgerr.InvalidParameterValue, "INTERVAL(%d) precision must not be negative", mods[1])
		}
		return int32(mods[0]&fullRange)<<16 | int32(min(mods[1], maxPrecision))
	}
	b.fail(pos, pgerr.InvalidParameterValue, "invalid INTERVAL type modifier")
	return -1
}
