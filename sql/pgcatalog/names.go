package pgcatalog

import (
	"strings"

	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// splitName reads a possibly qualified and quoted name, as input of a reg* type:
// unquoted parts are folded to lower case.
func splitName(s string) (parts []string, ok bool) {
	s = strings.TrimSpace(s)
	for {
		var part string
		if strings.HasPrefix(s, `"`) {
			i := 1
			for ; i < len(s); i++ {
				if s[i] == '"' {
					if i+1 < len(s) && s[i+1] == '"' {
						i++
					} else {
						break
					}
				}
			}
			if i >= len(s) {
				return nil, false
			}
			part, s = strings.ReplaceAll(s[1:i], `""`, `"`), s[i+1:]
		} else {
			i := strings.IndexAny(s, ". \t\n\r\f\v")
			if i < 0 {
				i = len(s)
			}
			part, s = strings.ToLower(strings.TrimSpace(s[:i])), s[i:]
		}
		if part == "" {
			return nil, false
		}
		parts = append(parts, types.CutName(part))
		if s = strings.TrimSpace(s); s == "" {
			return parts, true
		}
		if s[0] != '.' {
			return nil, false
		}
		s = s[1:]
	}
}

// qualified is splitName for schema.name; the schema must exist.
func (e *Env) qualified(s string) (schema, name string, err error) {
	parts, ok := splitName(s)
	switch {
	case !ok:
		return "", "", pgerr.New(pgerr.InvalidName, "invalid name syntax")
	case len(parts) > 3:
		return "", "", pgerr.New(pgerr.SyntaxError, "improper relation name (too many dotted names): %s", strings.Join(parts, "."))
	case len(parts) == 1:
		return "", parts[0], nil
	case e.Snap.SchemaByName(parts[len(parts)-2]) == nil:
		return "", "", pgerr.New(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", parts[len(parts)-2])
	}
	return parts[len(parts)-2], parts[len(parts)-1], nil
}

// ResolveName finds the object that a name means, for the input of reg* types: kind
// is "class", "type", "proc", "oper", "namespace", "role" or "collation".
func ResolveName(env *Env, kind, name string) (types.OID, error) {
	switch kind {
	case "namespace":
		parts, ok := splitName(name)
		if !ok || len(parts) != 1 {
			return 0, pgerr.New(pgerr.InvalidName, "invalid name syntax")
		}
		if n := env.Snap.SchemaByName(parts[0]); n != nil {
			return n.OID, nil
		}
		return 0, pgerr.New(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", parts[0])
	case "role":
		parts, ok := splitName(name)
		if !ok || len(parts) != 1 {
			return 0, pgerr.New(pgerr.InvalidName, "invalid name syntax")
		}
		if r := env.Snap.RoleByName(parts[0]); r != nil {
			return r.OID, nil
		}
		return 0, pgerr.New(pgerr.UndefinedObject, "role \"%s\" does not exist", parts[0])
	case "type":
		return env.resolveType(name)
	case "proc":
		return env.resolveProc(name)
	case "procedure":
		return env.resolveProcedure(name)
	case "oper":
		return env.resolveOper(name)
	case "operator":
		return env.resolveOperator(name)
	case "collation":
		_, n, err := env.qualified(name)
		switch {
		case err != nil:
			return 0, err
		case n == "default":
			return defaultCollation, nil
		case n == "C":
			return cCollation, nil
		case n == "POSIX":
			return posixCollation, nil
		}
		return 0, pgerr.New(pgerr.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", n)
	}
	schema, n, err := env.qualified(name)
	if err != nil {
		return 0, err
	}
	if r := env.Snap.Relation(env.SearchPath, schema, n); r != nil {
		return r.ID(), nil
	}
	if schema != "" {
		n = schema + "." + n
	}
	return 0, pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", n)
}

// typeSynonyms are the SQL names of types that are not their internal ones.
var typeSynonyms = map[string]string{
	"integer": "int4", "int": "int4", "bigint": "int8", "smallint": "int2", "boolean": "bool", "real": "float4", "double precision": "float8",
	"float": "float8", "decimal": "numeric", "character varying": "varchar", "character": "bpchar", "char": "bpchar",
	"timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz",
	"time without time zone": "time", "time with time zone": "timetz", `"char"`: "char",
}

func (e *Env) resolveType(name string) (types.OID, error) {
	undefined := pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", name)
	base, isArray := strings.CutSuffix(strings.TrimSpace(name), "[]")
	if i := strings.IndexByte(base, '('); i > 0 {
		base = strings.TrimSpace(base[:i]) + strings.TrimLeft(base[strings.IndexByte(base+")", ')'):], ")")
	}
	schema, n := "", strings.ToLower(strings.TrimSpace(base))
	if s, ok := typeSynonyms[n]; ok {
		n = s
	} else {
		var err error
		if schema, n, err = e.qualified(base); err != nil {
			return 0, err
		}
	}
	var oid types.OID
	if schema == "" || schema == "pg_catalog" {
		for i := range typeRows {
			if typeRows[i].name == n && types.Get(typeRows[i].oid) != nil {
				oid = typeRows[i].oid
			}
		}
	}
	if oid == 0 {
		if d := e.Snap.ResolveDomain(e.SearchPath, schema, n); d != nil {
			oid = d.OID
		} else if elem, ok := strings.CutPrefix(n, "_"); ok && e.Snap.ResolveDomain(e.SearchPath, schema, elem) != nil {
			oid = e.Snap.ResolveDomain(e.SearchPath, schema, elem).Array
		} else if t, ok := e.Snap.Relation(e.SearchPath, schema, n).(*catalog.Table); ok && t.Type != 0 {
			oid = t.Type
		}
	}
	if oid != 0 && isArray {
		f := typeFact(oid)
		if f == nil || f.arr == 0 {
			return 0, undefined
		}
		oid = f.arr
	}
	if oid == 0 {
		return 0, undefined
	}
	return oid, nil
}

// ObjectName is what the output of a reg* type prints for an object: qualified
// unless the search path finds it. false if there is no such object.
func ObjectName(env *Env, kind string, oid types.OID) (string, bool) {
	switch kind {
	case "class":
		c, ok := env.class(oid)
		if !ok {
			return "", false
		}
		r := env.Snap.RelationByOID(oid)
		return env.name(c.head, env.Snap.Visible(env.SearchPath, r)), true
	case "namespace":
		n := env.Snap.Schema(oid)
		if n == nil {
			return "", false
		}
		return funcs.QuoteIdent(n.Name), true
	case "role":
		r := env.Snap.Role(oid)
		if r == nil {
			return "", false
		}
		return funcs.QuoteIdent(r.Name), true
	case "type":
		return env.typeName(types.Of(oid))
	case "proc", "procedure":
		return env.procName(oid, kind == "procedure")
	case "oper", "operator":
		return env.operatorName(oid, kind == "operator")
	case "collation":
		switch oid {
		case defaultCollation:
			return `"default"`, true
		case cCollation:
			return `"C"`, true
		case posixCollation:
			return `"POSIX"`, true
		}
	}
	return "", false
}

// name is an object's name, qualified unless visible.
func (e *Env) name(h *catalog.Header, visible bool) string {
	if visible {
		return funcs.QuoteIdent(h.Name)
	}
	return funcs.QuoteIdent(e.schemaName(h.Schema)) + "." + funcs.QuoteIdent(h.Name)
}

// schemaName is a schema's name, also of the fixed ones when a snapshot lacks them.
func (e *Env) schemaName(oid types.OID) string {
	if n := e.Snap.SchemaName(oid); n != "" {
		return n
	}
	return schemaNames[oid]
}

// typeName is format_type's name of any type.
func (e *Env) typeName(t types.T) (string, bool) {
	switch ty := types.Get(t.OID); {
	case ty == nil:
	case ty.Name != "":
		return types.FormatType(t), true
	case ty.Elem != 0:
		name, ok := e.typeName(types.Of(ty.Elem))
		return name + "[]", ok
	}
	if d := e.Snap.Domain(t.OID); d != nil {
		found := e.Snap.ResolveDomain(e.SearchPath, "", d.Name)
		return e.name(&d.Header, found != nil && found.OID == d.OID), true
	}
	if tab := e.Snap.TableOfType(t.OID); tab != nil {
		return e.name(&tab.Header, e.Snap.Visible(e.SearchPath, tab)), true
	}
	if f := typeFact(t.OID); f != nil {
		return f.name, true
	}
	return "", false
}
