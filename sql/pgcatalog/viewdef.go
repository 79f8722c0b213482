package pgcatalog

import (
	"fmt"
	"strings"

	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// A ViewStyle says how a view's query is printed: without needless parentheses if Pretty
// is set, in lines of at most Wrap characters where they can be broken.
type ViewStyle struct {
	Pretty bool
	Wrap   int
}

// viewDef is a view's query as PostgreSQL prints it, with a semicolon; as it was
// written where it cannot be read any more.
func (e *Env) viewDef(t *catalog.Table, style ViewStyle) string {
	if t == nil || t.ViewText == "" {
		return ""
	}
	if e.ViewQuery != nil {
		if text, err := e.ViewQuery(t, style); err == nil {
			return text + ";"
		}
	}
	return " " + strings.TrimRight(t.ViewText, "; \n") + ";"
}

// RelationName is a relation's name, qualified where the search path does not find it.
func (e *Env) RelationName(t *catalog.Table) string {
	return e.name(&t.Header, e.Snap.Visible(e.SearchPath, t))
}

// TypeName is a type's name, qualified where the search path does not find it.
func (e *Env) TypeName(oid types.OID) string {
	name, _ := e.typeName(types.Of(oid))
	return name
}

// regKinds are the types whose values are OIDs that show as names, with the kind that
// ObjectName takes.
var regKinds = map[types.OID]string{
	types.RegclassOID: "class", types.RegtypeOID: "type", types.RegprocOID: "proc", types.RegprocedureOID: "procedure",
	types.RegnamespaceOID: "namespace", types.RegroleOID: "role",
}

// RegName is the name that a value of a reg* type shows; false for other types.
func (e *Env) RegName(t, oid types.OID) (string, bool) {
	if kind := regKinds[t]; kind != "" {
		return ObjectName(e, kind, oid)
	}
	return "", false
}

// getViewdef is pg_get_viewdef: of a name or an OID, pretty or not, or pretty with lines
// of some length.
func (e *Env) getViewdef(a []types.Datum) (any, error) {
	oid := oidArg(a[0])
	if a[0].Kind == types.KindBytes {
		var err error
		if oid, err = ResolveName(e, "class", a[0].S); err != nil {
			return nil, err
		}
	}
	style := ViewStyle{}
	if len(a) > 1 {
		if style.Pretty = true; a[1].Kind == types.KindBool {
			style.Pretty = a[1].Bool()
		} else {
			style.Wrap = int(a[1].I)
		}
	}
	if t := e.Snap.Table(oid); t != nil && t.Kind == catalog.RelView {
		return e.viewDef(t, style), nil
	}
	return nil, nil
}

// getRuledef is pg_get_ruledef: the rules are those of views.
func (e *Env) getRuledef(a []types.Datum) (any, error) {
	style := ViewStyle{Pretty: len(a) > 1 && a[1].Bool()}
	for _, t := range e.Snap.Tables() {
		if t.Kind == catalog.RelView && ruleOID(t) == oidArg(a[0]) {
			name := funcs.QuoteIdent(e.schemaName(t.Schema)) + "." + funcs.QuoteIdent(t.Name)
			if style.Pretty {
				name = e.RelationName(t)
			}
			return fmt.Sprintf("CREATE RULE \"_RETURN\" AS\n    ON SELECT TO %s DO INSTEAD %s", name, e.viewDef(t, style)), nil
		}
	}
	return nil, nil
}
