package pgcatalog

import (
	"fmt"

	"zorya/sql/funcs"
	"zorya/sql/types"
)

// describedAs are the words and the kind of name (see ObjectName) of objects that
// pg_describe_object shows by a word and a name.
var describedAs = map[types.OID][2]string{
	classType: {"type", "type"}, classProc: {"function", "procedure"}, classNamespace: {"schema", "namespace"}, classAuthid: {"role", "role"},
}

// describeObject is pg_describe_object(class, object, sub).
func (e *Env) describeObject(a []types.Datum) (any, error) {
	class, oid := oidArg(a[0]), oidArg(a[1])
	switch class {
	case classRelation:
		return e.describeRelation(oid, int(a[2].I)), nil
	case classConstraint:
		return e.describeConstraint(oid), nil
	}
	d := describedAs[class]
	if name, ok := ObjectName(e, d[1], oid); ok && d[0] != "" {
		return d[0] + " " + name, nil
	}
	return nil, nil
}

func (e *Env) describeRelation(oid types.OID, sub int) any {
	c, ok := e.class(oid)
	if !ok {
		return nil
	}
	word := map[byte]string{'r': "table", 'v': "view", 'i': "index", 'S': "sequence"}[c.kind]
	name, _ := ObjectName(e, "class", oid)
	if sub > 0 && c.table != nil && sub <= len(c.table.Columns) {
		return fmt.Sprintf("column %s of %s %s", funcs.QuoteIdent(c.table.Columns[sub-1].Name), word, name)
	}
	return word + " " + name
}

func (e *Env) describeConstraint(oid types.OID) any {
	c, ok := e.constraint(oid)
	switch {
	case !ok:
		return nil
	case c.domain != nil:
		name, _ := ObjectName(e, "type", c.domain.OID)
		return fmt.Sprintf("constraint %s on type %s", funcs.QuoteIdent(c.name), name)
	}
	return fmt.Sprintf("constraint %s on %s", funcs.QuoteIdent(c.name), e.describeRelation(c.table.OID, 0))
}
