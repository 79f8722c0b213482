package bind

import (
	"strconv"
	"strings"

	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// typeName is a type's name in messages.
func typeName(t types.T) string {
	if t.OID != 0 && types.Get(t.OID) == nil {
		return funcs.Marked(t.OID)
	}
	return types.FormatType(types.Of(t.OID))
}

func oidOf(x rel.Expr) types.OID { return x.Type().OID }

// isUnknown reports whether x is a literal or parameter without a type yet.
func isUnknown(x rel.Expr) bool { return oidOf(x) == types.UnknownOID }

// isPseudo reports whether a declared argument type accepts any value as it is.
func isPseudo(t types.OID) bool {
	switch t {
	case types.AnyOID, types.AnyElementOID, types.AnyArrayOID, types.AnyNonArrayOID, types.AnyEnumOID,
		types.AnyCompatibleOID, types.AnyCompatibleArrayOID, types.AnyCompatibleNonArrayOID:
		return true
	}
	return false
}

// tryCoerce converts x to t in the given context; ok is false if there is no way.
// explicit says that the user wrote the cast, which makes length coercion truncate.
func (b *binder) tryCoerce(x rel.Expr, t types.T, ctx funcs.CastContext, pos int) (rel.Expr, bool) {
	y, ok := b.coerceType(x, t, ctx, pos)
	if !ok {
		return nil, false
	}
	return b.coerceTypmod(y, t, ctx == funcs.Explicit), true
}

// coerceTypmod applies t's modifier unless x has it already.
func (b *binder) coerceTypmod(x rel.Expr, t types.T, explicit bool) rel.Expr {
	if t.Typmod < 0 || x.Type() == t {
		return x
	}
	if c, ok := x.(*rel.Const); ok && c.D.IsNull() {
		return &rel.Const{T: t, D: types.Null, Pos: c.Pos}
	}
	return &rel.Typmod{T: t, X: x, Explicit: explicit}
}

// coerceType converts x to t's type, leaving the modifier aside.
func (b *binder) coerceType(x rel.Expr, t types.T, ctx funcs.CastContext, pos int) (rel.Expr, bool) {
	from := oidOf(x)
	if from == t.OID || isPseudo(t.OID) {
		return x, true
	}
	if table := b.tableOf(t.OID); table != nil {
		_, literal := x.(*rel.Const)
		if from == types.UnknownOID && literal || isRecord(from) {
			return b.castToRow(x, table, pos), true
		}
	}
	if from == types.UnknownOID {
		return b.coerceUnknown(x, t, pos), true
	}
	if t.OID == types.RecordOID && isRecord(from) || t.OID == types.RecordArrayOID && from == types.RecordArrayOID {
		return x, true
	}
	entry, found := funcs.FindCast(from, t.OID, ctx)
	if found && (entry.Method != funcs.ByInOut || !bothArrays(from, t.OID)) {
		return &rel.Cast{
			T: types.Of(t.OID), X: x, Method: entry.Method, Fn: entry.Func,
			Explicit: ctx == funcs.Explicit, Pos: pos,
		}, true
	}
	return b.coerceArray(x, t, ctx, pos)
}

func bothArrays(a, b types.OID) bool { return elemOf(a) != 0 && elemOf(b) != 0 }

// coerceArray converts an array element by element.
func (b *binder) coerceArray(x rel.Expr, t types.T, ctx funcs.CastContext, pos int) (rel.Expr, bool) {
	fromElem, toElem := elemOf(oidOf(x)), elemOf(t.OID)
	if fromElem == 0 || toElem == 0 {
		return nil, false
	}
	col := &rel.Col{T: types.Of(fromElem), ID: -1}
	elem, ok := b.coerceType(col, types.Of(toElem), ctx, pos)
	if !ok {
		return nil, false
	}
	c := &rel.Cast{T: types.Of(t.OID), X: x, Method: funcs.ByFunc, Explicit: ctx == funcs.Explicit, ElemCast: elem, Pos: pos}
	if e, isCast := elem.(*rel.Cast); elem == rel.Expr(col) || isCast && e.Method == funcs.Binary {
		c.Method, c.ElemCast = funcs.Binary, nil
	}
	return c, true
}

// elemOf is the element type of a true array type, 0 for any other type.
func elemOf(t types.OID) types.OID {
	ty := types.Get(t)
	if ty == nil || ty.Elem == 0 || ty.Category != 'A' {
		return 0
	}
	return ty.Elem
}

// arrayOf is the array type over t, 0 if there is none.
func arrayOf(t types.OID) types.OID {
	if ty := types.Get(t); ty != nil {
		return ty.Array
	}
	return types.RecordArrayOID // row types have no array types of their own
}

func isRecord(t types.OID) bool { return t == types.RecordOID }

// coerceUnknown gives a literal or parameter its type.
func (b *binder) coerceUnknown(x rel.Expr, t types.T, pos int) rel.Expr {
	switch x := x.(type) {
	case *rel.Const:
		return b.literal(x, t)
	case *rel.Param:
		return b.coerceParam(x, t.OID, pos)
	}
	return &rel.Cast{T: types.Of(t.OID), X: x, Method: funcs.ByInOut, Pos: pos}
}

func (b *binder) format() *types.Format {
	if b.env.FuncCtx != nil && b.env.FuncCtx.Format != nil {
		return b.env.FuncCtx.Format
	}
	return types.DefaultFormat
}

// literal runs the input function of t's type on an untyped literal.
func (b *binder) literal(c *rel.Const, t types.T) rel.Expr {
	if t.OID != types.IntervalOID {
		t.Typmod = -1
	}
	if c.D.IsNull() {
		return &rel.Const{T: t, D: types.Null, Slot: c.Slot, Pos: c.Pos}
	}
	if kind := types.RegKind(t.OID); kind != "" {
		return b.regLiteral(c, t, kind)
	}
	if t.OID == types.RecordOID {
		b.fail(c.Pos, pgerr.FeatureNotSupported, "input of anonymous composite types is not implemented")
	}
	d, err := types.Parse(t, c.D.S, b.format())
	if err != nil {
		b.throw(c.Pos, err)
	}
	if dependsOnClock(t.OID, c.D.S) {
		b.uncacheable = true
	}
	return &rel.Const{T: t, D: d, Slot: c.Slot, Pos: c.Pos}
}

// regLiteral resolves 'name'::regclass and its like; the plan depends on the name
// and on what it stands for.
func (b *binder) regLiteral(c *rel.Const, t types.T, kind string) rel.Expr {
	b.useSlot(c.Slot)
	text := c.D.S
	if text == "-" {
		text = "0"
	}
	if _, oid, ok := types.MarkedObject(text); ok {
		return &rel.Const{T: t, D: types.NewInt(int64(oid)), Pos: c.Pos}
	}
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return &rel.Const{T: t, D: types.NewInt(int64(n)), Pos: c.Pos}
	}
	if b.env.FuncCtx == nil || b.env.FuncCtx.Env == nil {
		b.fail(c.Pos, pgerr.FeatureNotSupported, "names of type %s cannot be resolved here", typeName(t))
	}
	oid, err := b.env.FuncCtx.Env.ResolveName(kind, text)
	if err != nil {
		b.throw(c.Pos, err)
	}
	if oid >= catalog.FirstUserOID {
		b.refObject(oid, kind)
	}
	return &rel.Const{T: t, D: types.NewInt(int64(oid)), Pos: c.Pos}
}

// dependsOnClock reports whether a date or time literal means another value at
// another time, so that no plan may keep it.
func dependsOnClock(t types.OID, text string) bool {
	switch t {
	case types.DateOID, types.TimeOID, types.TimeTZOID, types.TimestampOID, types.TimestampTZOID:
	default:
		return false
	}
	text = strings.ToLower(text)
	for _, w := range []string{"now", "today", "tomorrow", "yesterday"} {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// cast converts as CAST does.
func (b *binder) cast(x rel.Expr, t types.T, pos int) rel.Expr {
	y, ok := b.tryCoerce(x, t, funcs.Explicit, pos)
	if !ok {
		b.fail(pos, pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(x.Type()), typeName(t))
	}
	if t.Typmod < 0 && y.Type().OID == t.OID && y.Type().Typmod >= 0 {
		// The modifier goes, the value stays.
		return &rel.Cast{T: t, X: y, Method: funcs.Binary, Explicit: true, Pos: pos}
	}
	return y
}

// implicit converts x where the caller knows that an implicit cast exists, as
// overload resolution has found.
func (b *binder) implicit(x rel.Expr, t types.T, pos int) rel.Expr {
	y, ok := b.tryCoerce(x, types.Of(t.OID), funcs.Implicit, pos)
	if !ok {
		b.fail(pos, pgerr.CannotCoerce, "cannot cast type %s to %s", typeName(x.Type()), typeName(t))
	}
	return y
}

// toType converts an argument of a clause to the one type that it must have.
func (b *binder) toType(x rel.Expr, oid types.OID, what string, pos int) rel.Expr {
	if oidOf(x) != oid {
		y, ok := b.tryCoerce(x, types.Of(oid), funcs.Assignment, pos)
		if !ok {
			b.fail(pos, pgerr.DatatypeMismatch, "argument of %s must be type %s, not type %s", what, typeName(types.Of(oid)), typeName(x.Type()))
		}
		x = y
	}
	if hasSet(x) {
		b.fail(pos, pgerr.DatatypeMismatch, "argument of %s must not return a set", what)
	}
	return x
}

// toBool is toType for conditions, which take implicit casts only.
func (b *binder) toBool(x rel.Expr, what string, pos int) rel.Expr {
	if oidOf(x) != types.BoolOID {
		y, ok := b.tryCoerce(x, types.Of(types.BoolOID), funcs.Assignment, pos)
		if !ok {
			b.fail(pos, pgerr.DatatypeMismatch, "argument of %s must be type boolean, not type %s", what, typeName(x.Type()))
		}
		x = y
	}
	if hasSet(x) {
		b.fail(pos, pgerr.DatatypeMismatch, "argument of %s must not return a set", what)
	}
	return x
}

// assign converts a value to the type of the column that it goes into.
func (b *binder) assign(x rel.Expr, col *catalog.Col, pos int) rel.Expr {
	y, ok := b.tryCoerce(x, col.T, funcs.Assignment, pos)
	if !ok {
		b.throw(pos, pgerr.New(pgerr.DatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s",
			col.Name, typeName(col.T), typeName(x.Type())).WithHint("You will need to rewrite or cast the expression."))
	}
	return b.toDomain(y, col.Domain, pos)
}

// toDomain adds the check of a domain's constraints; x has its base type already.
func (b *binder) toDomain(x rel.Expr, domain types.OID, pos int) rel.Expr {
	if domain == 0 {
		return x
	}
	return &rel.Cast{T: x.Type(), X: x, Method: funcs.Binary, Domain: domain, Pos: pos}
}

// settle gives an output column that is still an untyped literal the type text.
func (b *binder) settle(x rel.Expr, pos int) rel.Expr {
	if !isUnknown(x) {
		return x
	}
	return b.coerceUnknown(x, types.Of(types.TextOID), pos)
}

// An arg is a bound expression with the place where it starts.
type arg struct {
	x   rel.Expr
	pos int
}

// commonType finds the type that all of args can have (manual 10.5). what names
// the construct in errors.
func (b *binder) commonType(what string, args []arg) types.T {
	return b.typeFor(funcs.CommonType, what, args)
}

// typeFor finds the type with choose, and the place of what does not go with it.
func (b *binder) typeFor(choose func(string, []types.OID) (types.OID, error), what string, args []arg) types.T {
	oids := make([]types.OID, len(args))
	same := true
	for i, a := range args {
		oids[i] = oidOf(a.x)
		same = same && a.x.Type() == args[0].x.Type()
	}
	if same && oids[0] != types.UnknownOID {
		return args[0].x.Type()
	}
	t, err := choose(what, oids)
	if err != nil {
		pos := args[len(args)-1].pos
		for i := 2; i < len(args); i++ {
			if _, e := choose(what, oids[:i]); e != nil {
				pos, err = args[i-1].pos, e
				break
			}
		}
		b.throw(pos, err)
	}
	if t == types.UnknownOID {
		t = types.TextOID
	}
	return types.Of(t)
}

// toCommon converts one of the expressions to their common type.
func (b *binder) toCommon(what string, a arg, t types.T) rel.Expr {
	y, ok := b.tryCoerce(a.x, t, funcs.Implicit, a.pos)
	if !ok {
		b.fail(a.pos, pgerr.CannotCoerce, "%s could not convert type %s to %s", what, typeName(a.x.Type()), typeName(t))
	}
	return y
}

// unify converts all of args to their common type, which it returns too.
func (b *binder) unify(what string, args []arg) ([]rel.Expr, types.T) {
	t := b.typeFor(funcs.ChooseType, what, args)
	out := make([]rel.Expr, len(args))
	for i, a := range args {
		out[i] = b.toCommon(what, a, t)
	}
	return out, t
}

// hasSet reports whether x calls a set-returning function outside subqueries.
func hasSet(x rel.Expr) bool {
	found := false
	rel.MapExpr(x, func(e rel.Expr) (rel.Expr, bool) {
		if c, ok := e.(*rel.Call); ok && c.Fn.Set {
			found = true
		}
		return e, !found
	})
	return found
}
