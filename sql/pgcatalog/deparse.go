package pgcatalog

import (
	"fmt"
	"strings"

	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// wrapped puts parentheses around an expression unless it stands in a pair already.
func wrapped(expr string) string {
	if strings.HasPrefix(expr, "(") {
		depth, quoted := 0, false
		for i := range len(expr) {
			switch c := expr[i]; {
			case c == '\'':
				quoted = !quoted
			case quoted:
			case c == '(':
				depth++
			case c == ')':
				if depth--; depth == 0 {
					if i == len(expr)-1 {
						return expr
					}
					return "(" + expr + ")"
				}
			}
		}
	}
	return "(" + expr + ")"
}

// shown is a stored expression of a table as pg_get_expr shows it: without needless
// parentheses if it is to look pretty.
func (e *Env) shown(t *catalog.Table, expr string, pretty bool) string {
	if !pretty {
		return expr
	}
	if e.PrettyExpr != nil && t != nil {
		if text, err := e.PrettyExpr(t, expr); err == nil {
			return text
		}
	}
	if strings.HasPrefix(expr, "(") && wrapped(expr) == expr {
		return expr[1 : len(expr)-1]
	}
	return expr
}

// isPretty reads the optional last argument of pg_get_…def.
func isPretty(a []types.Datum) bool {
	return len(a) > 0 && a[len(a)-1].Kind == types.KindBool && a[len(a)-1].Bool()
}

// columnList is a list of columns by name.
func columnList(t *catalog.Table, cols []int) string {
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = funcs.QuoteIdent(t.Columns[c].Name)
	}
	return strings.Join(names, ", ")
}

// indexKey prints a key column or expression, without its ordering.
func (e *Env) indexKey(t *catalog.Table, k catalog.IndexKey, pretty bool) string {
	if k.Col >= 0 {
		return funcs.QuoteIdent(t.Columns[k.Col].Name)
	}
	text := e.shown(t, k.Expr, pretty)
	if i := strings.IndexByte(text, '('); i > 0 && isName(text[:i]) && wrapped(text[i:]) == text[i:] {
		return text // a function call needs no parentheses
	}
	return "(" + text + ")"
}

func isName(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return !(r == '_' || r == '.' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	}) < 0
}

// indexDef is pg_get_indexdef: the statement that makes the index.
func (e *Env) indexDef(t *catalog.Table, x *catalog.Index, pretty bool) string {
	var b strings.Builder
	b.WriteString("CREATE ")
	if x.Unique {
		b.WriteString("UNIQUE ")
	}
	keys := make([]string, len(x.Keys))
	for i, k := range x.Keys {
		keys[i] = e.indexKey(t, k, pretty)
		if k.Opclass != "" {
			keys[i] += " " + k.Opclass
		}
		switch {
		case k.Desc && k.NullsFirst:
			keys[i] += " DESC NULLS LAST"
		case k.Desc:
			keys[i] += " DESC"
		case k.NullsFirst:
			keys[i] += " NULLS FIRST"
		}
	}
	table := funcs.QuoteIdent(e.schemaName(t.Schema)) + "." + funcs.QuoteIdent(t.Name)
	if pretty {
		table = e.RelationName(t)
	}
	fmt.Fprintf(&b, "INDEX %s ON %s USING %s (%s)", funcs.QuoteIdent(x.Name), table, e.indexMethodName(), strings.Join(keys, ", "))
	if inc := e.includedColumns(t, x); len(inc) > 0 {
		fmt.Fprintf(&b, " INCLUDE (%s)", columnList(t, inc))
	}
	if x.NullsNotDistinct {
		b.WriteString(" NULLS NOT DISTINCT")
	}
	if x.Where != "" {
		b.WriteString(" WHERE " + e.shown(t, wrapped(x.Where), pretty))
	}
	return b.String()
}

// actionWords are the words for foreign key actions; 'a' is not written.
var actionWords = map[byte]string{'r': "RESTRICT", 'c': "CASCADE", 'n': "SET NULL", 'd': "SET DEFAULT"}

// constraintDef is pg_get_constraintdef.
func (e *Env) constraintDef(c constraint, pretty bool) string {
	var b strings.Builder
	switch c.kind {
	case 'p', 'u':
		b.WriteString(map[byte]string{'p': "PRIMARY KEY", 'u': "UNIQUE"}[c.kind])
		if c.index.NullsNotDistinct {
			b.WriteString(" NULLS NOT DISTINCT")
		}
		cols := make([]int, len(c.index.Keys))
		for i, k := range c.index.Keys {
			cols[i] = k.Col
		}
		fmt.Fprintf(&b, " (%s)", columnList(c.table, cols))
		if inc := e.includedColumns(c.table, c.index); len(inc) > 0 {
			fmt.Fprintf(&b, " INCLUDE (%s)", columnList(c.table, inc))
		}
	case 'c':
		fmt.Fprintf(&b, "CHECK (%s)", e.shown(c.table, wrapped(c.check.Expr), pretty))
		if c.check.NoInherit {
			b.WriteString(" NO INHERIT")
		}
		if !c.check.Valid {
			b.WriteString(" NOT VALID")
		}
	case 'f':
		e.foreignKeyDef(&b, c)
	}
	return b.String()
}

func (e *Env) foreignKeyDef(b *strings.Builder, c constraint) {
	fk, parent := c.fk, e.Snap.Table(c.fk.RefTable)
	if parent == nil {
		return
	}
	fmt.Fprintf(b, "FOREIGN KEY (%s) REFERENCES %s(%s)", columnList(c.table, fk.Cols),
		e.name(&parent.Header, e.Snap.Visible(e.SearchPath, parent)), columnList(parent, fk.RefCols))
	if fk.MatchFull {
		b.WriteString(" MATCH FULL")
	}
	if w := actionWords[fk.OnUpdate]; w != "" {
		b.WriteString(" ON UPDATE " + w)
	}
	if w := actionWords[fk.OnDelete]; w != "" {
		b.WriteString(" ON DELETE " + w)
		if len(fk.DeleteCols) > 0 {
			fmt.Fprintf(b, " (%s)", columnList(c.table, fk.DeleteCols))
		}
	}
	if fk.Deferrable {
		b.WriteString(" DEFERRABLE")
	}
	if fk.Deferred {
		b.WriteString(" INITIALLY DEFERRED")
	}
	if !fk.Valid {
		b.WriteString(" NOT VALID")
	}
}

// argList prints a user's function's arguments. identity leaves out what does not
// tell functions apart; table lists RETURNS TABLE's columns only.
func (e *Env) argList(f *catalog.Function, identity, table bool) string {
	var list []string
	in, _, _ := splitArgs(f)
	input := 0
	for i := range f.Args {
		mode := byte('i')
		if i < len(f.ArgModes) {
			mode = f.ArgModes[i]
		}
		if mode != 'o' && mode != 't' {
			input++
		}
		if (mode == 't') != table || identity && mode == 'o' {
			continue
		}
		arg, _ := e.typeName(types.Of(f.Declared(i)))
		if i < len(f.ArgNames) && f.ArgNames[i] != "" {
			arg = funcs.QuoteIdent(f.ArgNames[i]) + " " + arg
		}
		if word := map[byte]string{'o': "OUT ", 'b': "INOUT ", 'v': "VARIADIC "}[mode]; word != "" {
			arg = word + arg
		}
		if k := input - 1 - (len(in) - len(f.ArgDefaults)); k >= 0 && !identity && mode != 'o' && mode != 't' {
			arg += " DEFAULT " + f.ArgDefaults[k]
		}
		list = append(list, arg)
	}
	return strings.Join(list, ", ")
}

// resultText is pg_get_function_result of a user's function.
func (e *Env) resultText(f *catalog.Function) string {
	if strings.IndexByte(f.ArgModes, 't') >= 0 {
		return "TABLE(" + e.argList(f, false, true) + ")"
	}
	name, _ := e.typeName(types.Of(f.Declared(-1)))
	if f.Set {
		return "SETOF " + name
	}
	return name
}

// functionDef is pg_get_functiondef of a user's function.
func (e *Env) functionDef(f *catalog.Function) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE OR REPLACE FUNCTION %s.%s(%s)\n RETURNS %s\n LANGUAGE sql\n", funcs.QuoteIdent(e.schemaName(f.Schema)),
		funcs.QuoteIdent(f.Name), e.argList(f, false, false), e.resultText(f))
	var words []string
	if w := map[byte]string{'i': "IMMUTABLE", 's': "STABLE"}[f.Volatility]; w != "" {
		words = append(words, w)
	}
	if w := map[byte]string{'s': "PARALLEL SAFE", 'r': "PARALLEL RESTRICTED"}[f.Parallel]; w != "" {
		words = append(words, w)
	}
	if f.Strict {
		words = append(words, "STRICT")
	}
	if f.Leakproof {
		words = append(words, "LEAKPROOF")
	}
	if f.Cost != 0 && f.Cost != defaultCost {
		words = append(words, fmt.Sprintf("COST %g", f.Cost))
	}
	if f.Rows != 0 && f.Rows != defaultRows {
		words = append(words, fmt.Sprintf("ROWS %g", f.Rows))
	}
	if len(words) > 0 {
		b.WriteString(" " + strings.Join(words, " ") + "\n")
	}
	if f.SQLBody {
		b.WriteString(f.Shown + "\n")
	} else {
		b.WriteString("AS $function$" + f.Body + "$function$\n")
	}
	return b.String()
}

// builtinArgs prints the arguments of a built-in function.
func (e *Env) builtinArgs(f *funcs.Func, identity bool) string {
	var list []string
	for i, t := range f.Args {
		arg, _ := e.typeName(types.Of(t))
		if i < len(f.ArgNames) && f.ArgNames[i] != "" {
			arg = funcs.QuoteIdent(f.ArgNames[i]) + " " + arg
		}
		if f.Variadic && i == len(f.Args)-1 {
			arg = "VARIADIC " + arg
		}
		list = append(list, arg)
	}
	if !identity {
		for i, t := range f.OutTypes {
			name, _ := e.typeName(types.Of(t))
			list = append(list, "OUT "+funcs.QuoteIdent(f.OutNames[i])+" "+name)
		}
	}
	if f.OrderedSet != 0 {
		return "ORDER BY " + strings.Join(list, ", ")
	}
	return strings.Join(list, ", ")
}

func (e *Env) builtinResult(f *funcs.Func) string {
	name, _ := e.typeName(types.Of(f.Result))
	if f.Set {
		return "SETOF " + name
	}
	return name
}
