package pgcatalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// A catalogFunc computes a function that reads the catalog. Arguments are not NULL
// unless the function takes NULLs.
type catalogFunc func(e *Env, a []types.Datum) (any, error)

// catalogFuncs are those functions by name. The kind of a Datum tells an object's
// OID from its name where a function takes both. Filled by init, since some of them
// look names up.
var catalogFuncs map[string]catalogFunc

// CatalogFunc calls a function that reads the catalog (funcs.Env.CatalogFunc). NULL
// arguments give NULL.
func CatalogFunc(env *Env, name string, args []types.Datum) (types.Datum, error) {
	f := catalogFuncs[name]
	if f == nil {
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "function %s is not supported", name)
	}
	for _, a := range args {
		if a.IsNull() {
			return types.Null, nil
		}
	}
	v, err := f(env, args)
	if err != nil {
		return types.Null, err
	}
	if text, ok := v.(string); ok {
		v = types.Unmark(text, namesOf{env})
	}
	if b, ok := v.(bool); ok {
		return types.NewBool(b), nil
	}
	return datum(types.AclItemArrayOID, v), nil // the only array that one of them gives
}

// processStart is when the server started, near enough.
var processStart = time.Now()

func oidArg(d types.Datum) types.OID { return types.OID(uint32(d.I)) }

func init() {
	visible := func(kind string) catalogFunc {
		return func(e *Env, a []types.Datum) (any, error) { return e.isVisible(kind, oidArg(a[0])), nil }
	}
	constant := func(v any) catalogFunc { return func(*Env, []types.Datum) (any, error) { return v, nil } }
	catalogFuncs = map[string]catalogFunc{
		"pg_get_indexdef": (*Env).getIndexdef,
		"pg_get_constraintdef": func(e *Env, a []types.Datum) (any, error) {
			if c, ok := e.constraint(oidArg(a[0])); ok {
				return e.constraintDef(c, isPretty(a)), nil
			}
			return nil, nil
		},
		"pg_get_viewdef": (*Env).getViewdef,
		"pg_get_ruledef": (*Env).getRuledef,
		// Stored expressions are their text.
		"pg_get_expr": func(e *Env, a []types.Datum) (any, error) {
			return e.shown(e.Snap.Table(oidArg(a[1])), a[0].S, isPretty(a)), nil
		},
		"pg_get_userbyid": func(e *Env, a []types.Datum) (any, error) {
			if n := e.Snap.RoleName(oidArg(a[0])); n != "" {
				return n, nil
			}
			return fmt.Sprintf("unknown (OID=%d)", oidArg(a[0])), nil
		},
		"pg_get_serial_sequence":              (*Env).serialSequence,
		"pg_get_functiondef":                  (*Env).getFunctiondef,
		"pg_get_function_arguments":           functionText(func(e *Env, f *catalog.Function) any { return e.argList(f, false, false) }, func(e *Env, f *funcs.Func) any { return e.builtinArgs(f, false) }),
		"pg_get_function_identity_arguments":  functionText(func(e *Env, f *catalog.Function) any { return e.argList(f, true, false) }, func(e *Env, f *funcs.Func) any { return e.builtinArgs(f, true) }),
		"pg_get_function_result":              functionText(func(e *Env, f *catalog.Function) any { return e.resultText(f) }, func(e *Env, f *funcs.Func) any { return e.builtinResult(f) }),
		"pg_get_function_sqlbody":             functionText(sqlBody, func(*Env, *funcs.Func) any { return nil }),
		"pg_get_function_arg_default":         constant(nil),
		"pg_get_statisticsobjdef":             (*Env).statisticsDef,
		"pg_get_statisticsobjdef_columns":     (*Env).statisticsColumns,
		"pg_get_statisticsobjdef_expressions": constant(nil),
		"pg_get_partkeydef":                   constant(nil),
		"pg_get_partition_constraintdef":      constant(nil),
		"pg_get_triggerdef":                   constant(nil),

		"pg_table_is_visible":           visible("class"),
		"pg_type_is_visible":            visible("type"),
		"pg_function_is_visible":        visible("proc"),
		"pg_operator_is_visible":        visible(""),
		"pg_opclass_is_visible":         visible(""),
		"pg_opfamily_is_visible":        visible(""),
		"pg_conversion_is_visible":      visible(""),
		"pg_collation_is_visible":       visible(""),
		"pg_statistics_obj_is_visible":  visible("statistics"),
		"pg_ts_parser_is_visible":       visible(""),
		"pg_ts_dict_is_visible":         visible(""),
		"pg_ts_config_is_visible":       visible(""),
		"pg_ts_template_is_visible":     visible(""),
		"pg_relation_is_publishable":    constant(false),
		"pg_indexam_has_property":       constant(nil),
		"pg_index_has_property":         constant(nil),
		"pg_index_column_has_property":  constant(nil),
		"row_security_active":           constant(false),
		"pg_tablespace_location":        constant(""),
		"pg_relation_filepath":          constant(nil),
		"txid_current_if_assigned":      constant(nil),
		"pg_stat_get_numscans":          constant(0),
		"pg_stat_get_tuples_returned":   constant(0),
		"pg_stat_get_tuples_fetched":    constant(0),
		"pg_stat_get_tuples_inserted":   constant(0),
		"pg_stat_get_tuples_updated":    constant(0),
		"pg_stat_get_tuples_deleted":    constant(0),
		"pg_stat_get_dead_tuples":       constant(0),
		"pg_stat_get_mod_since_analyze": constant(0),
		"pg_stat_get_last_vacuum_time":  constant(nil), "pg_stat_get_last_autovacuum_time": constant(nil),
		"pg_stat_get_last_analyze_time": constant(nil), "pg_stat_get_last_autoanalyze_time": constant(nil),
		"pg_stat_get_live_tuples":  func(e *Env, a []types.Datum) (any, error) { return int64(e.Snap.Stats(oidArg(a[0])).Rows), nil },
		"pg_relation_filenode":     func(e *Env, a []types.Datum) (any, error) { return oidArg(a[0]), nil },
		"pg_sequence_last_value":   (*Env).sequenceLastValue,
		"pg_postmaster_start_time": constant(processStart), "pg_conf_load_time": constant(processStart),

		"obj_description":    (*Env).objDescription,
		"col_description":    (*Env).colDescription,
		"shobj_description":  (*Env).objDescription,
		"pg_describe_object": (*Env).describeObject,

		"pg_relation_size": relationSize, "pg_table_size": relationSize, "pg_total_relation_size": relationSize,
		"pg_indexes_size":    constant(int64(0)),
		"pg_database_size":   (*Env).databaseSize,
		"pg_tablespace_size": (*Env).databaseSize,

		"has_table_privilege":                privilege(catalog.OnTable, "class"),
		"has_sequence_privilege":             privilege(catalog.OnSequence, "class"),
		"has_schema_privilege":               privilege(catalog.OnSchema, "namespace"),
		"has_function_privilege":             privilege(catalog.OnFunction, "procedure"),
		"has_type_privilege":                 privilege(catalog.OnType, "type"),
		"has_any_column_privilege":           columnPrivilege(true),
		"has_column_privilege":               columnPrivilege(false),
		"has_database_privilege":             (*Env).databasePrivilege,
		"has_language_privilege":             fixedPrivilege("language", true, "USAGE", "internal", "c", "sql"),
		"has_tablespace_privilege":           fixedPrivilege("tablespace", false, "CREATE", "pg_default", "pg_global"),
		"has_foreign_data_wrapper_privilege": fixedPrivilege("foreign-data wrapper", false, "USAGE"),
		"has_server_privilege":               fixedPrivilege("server", false, "USAGE"),
		"has_parameter_privilege":            fixedPrivilege("", false, "SET,ALTER SYSTEM"),
		"pg_has_role":                        (*Env).hasRole,
		"pg_relation_is_updatable":           (*Env).isUpdatable,
		"pg_column_is_updatable": func(e *Env, a []types.Datum) (any, error) {
			cols, i := e.updatable(e.Snap.Table(oidArg(a[0]))), int(a[1].I)-1
			return i >= 0 && i < len(cols) && cols[i], nil
		},
		"acldefault": func(e *Env, a []types.Datum) (any, error) {
			kind := byte(a[0].I)
			if kind == 's' {
				kind = catalog.OnSequence
			}
			items := []string{}
			for _, item := range catalog.EffectiveACL(kind, oidArg(a[1]), nil) {
				items = append(items, e.Snap.FormatACLItem(item))
			}
			return items, nil
		},
	}
}

// fixedPrivilege answers for a kind of objects that nobody can make or grant. Without a
// word for the kind any name will do.
func fixedPrivilege(word string, has bool, privileges string, names ...string) func(*Env, []types.Datum) (any, error) {
	return func(_ *Env, a []types.Datum) (any, error) {
		object, privilege := a[len(a)-2], a[len(a)-1]
		if word != "" && object.Kind == types.KindBytes && !slices.Contains(names, object.S) {
			return nil, pgerr.New(pgerr.UndefinedObject, "%s \"%s\" does not exist", word, object.S)
		}
		for _, p := range strings.Split(privilege.S, ",") {
			p = strings.TrimSuffix(strings.ToUpper(strings.TrimSpace(p)), " WITH GRANT OPTION")
			if !slices.Contains(strings.Split(privileges, ","), p) {
				return nil, pgerr.New(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", strings.TrimSpace(privilege.S))
			}
		}
		return has, nil
	}
}

// isVisible reports whether an unqualified name finds the object.
func (e *Env) isVisible(kind string, oid types.OID) any {
	switch kind {
	case "class":
		if r := e.Snap.RelationByOID(oid); r != nil {
			return e.Snap.Visible(e.SearchPath, r)
		}
		return nil
	case "type":
		if d := e.Snap.Domain(oid); d != nil {
			found := e.Snap.ResolveDomain(e.SearchPath, "", d.Name)
			return found != nil && found.OID == oid
		}
		if t := e.Snap.TableOfType(oid); t != nil {
			return e.Snap.Visible(e.SearchPath, t)
		}
	case "proc":
		if f := e.Snap.Function(oid); f != nil {
			for _, c := range e.Snap.ResolveFunctions(e.SearchPath, "", f.Name) {
				if c.OID == oid {
					return true
				}
			}
			return false
		}
		if f := funcs.ByOID(oid); f != nil && f.Schema == "sys" {
			return false
		}
	case "statistics":
		if x, ok := e.Snap.Object(oid).(*catalog.ExtStatistics); ok {
			found := e.Snap.ResolveStatistics(e.SearchPath, "", x.Name)
			return found != nil && found.OID == oid
		}
	}
	return true
}

// getIndexdef is pg_get_indexdef(index [, column, pretty]).
func (e *Env) getIndexdef(a []types.Datum) (any, error) {
	c, ok := e.class(oidArg(a[0]))
	if !ok || c.index == nil {
		return nil, nil
	}
	if len(a) > 1 && a[1].I > 0 {
		cols := e.indexColumns(c.table, c.index)
		if int(a[1].I) > len(cols) {
			return "", nil
		}
		return e.indexKey(c.table, cols[a[1].I-1], isPretty(a)), nil
	}
	return e.indexDef(c.table, c.index, isPretty(a)), nil
}

func (e *Env) serialSequence(a []types.Datum) (any, error) {
	oid, err := ResolveName(e, "class", a[0].S)
	if err != nil {
		return nil, err
	}
	t := e.Snap.Table(oid)
	if t == nil || t.Column(a[1].S) < 0 {
		name := a[0].S
		if t != nil {
			name = t.Name
		}
		return nil, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", a[1].S, name)
	}
	for _, s := range e.Snap.Sequences() {
		if s.OwnedTable == oid && s.OwnedCol == t.Column(a[1].S) {
			return funcs.QuoteIdent(e.schemaName(s.Schema)) + "." + funcs.QuoteIdent(s.Name), nil
		}
	}
	return nil, nil
}

func (e *Env) getFunctiondef(a []types.Datum) (any, error) {
	if f := e.Snap.Function(oidArg(a[0])); f != nil {
		return e.functionDef(f), nil
	}
	if f := funcs.ByOID(oidArg(a[0])); f != nil && f.Kind == funcs.AggKind {
		return nil, pgerr.New(pgerr.WrongObjectType, "\"%s\" is an aggregate function", f.Name)
	}
	return nil, nil
}

func sqlBody(_ *Env, f *catalog.Function) any {
	if f.SQLBody {
		return f.Shown
	}
	return nil
}

// functionText is a function of a function's OID, for users' and built-in ones.
func functionText(user func(*Env, *catalog.Function) any, builtin func(*Env, *funcs.Func) any) catalogFunc {
	return func(e *Env, a []types.Datum) (any, error) {
		if f := e.Snap.Function(oidArg(a[0])); f != nil {
			return user(e, f), nil
		}
		if f := funcs.ByOID(oidArg(a[0])); f != nil {
			return builtin(e, f), nil
		}
		return nil, nil
	}
}

func (e *Env) statistics(oid types.OID) (*catalog.ExtStatistics, *catalog.Table) {
	x, ok := e.Snap.Object(oid).(*catalog.ExtStatistics)
	if !ok {
		return nil, nil
	}
	t := e.Snap.Table(x.Table)
	if t == nil {
		return nil, nil
	}
	return x, t
}

func (e *Env) statisticsColumns(a []types.Datum) (any, error) {
	if x, t := e.statistics(oidArg(a[0])); x != nil {
		return columnList(t, x.Cols), nil
	}
	return nil, nil
}

func (e *Env) statisticsDef(a []types.Datum) (any, error) {
	x, t := e.statistics(oidArg(a[0]))
	if x == nil {
		return nil, nil
	}
	kinds := ""
	if len(x.Kinds) < len(statisticsKinds) {
		kinds = " (" + strings.Join(x.Kinds, ", ") + ")"
	}
	return fmt.Sprintf("CREATE STATISTICS %s.%s%s ON %s FROM %s", funcs.QuoteIdent(e.schemaName(x.Schema)), funcs.QuoteIdent(x.Name), kinds,
		columnList(t, x.Cols), e.name(&t.Header, e.Snap.Visible(e.SearchPath, t))), nil
}

// commentClasses are the catalogs that obj_description names.
var commentClasses = map[string]types.OID{
	"pg_class": classRelation, "pg_namespace": classNamespace, "pg_constraint": classConstraint, "pg_type": classType,
	"pg_proc": classProc, "pg_statistic_ext": classStatistics, "pg_authid": classAuthid, "pg_roles": classAuthid,
}

// objDescription is obj_description(oid [, catalog]).
func (e *Env) objDescription(a []types.Datum) (any, error) {
	class, any1 := types.OID(0), len(a) < 2
	if !any1 {
		if class = commentClasses[a[1].S]; class == 0 {
			return nil, nil
		}
	}
	if class == classRelation {
		if c, ok := e.class(oidArg(a[0])); ok {
			return text(c.head.Comment), nil
		}
		return nil, nil
	}
	var found any
	e.comments(func(c, oid types.OID, sub int, comment string) {
		if oid == oidArg(a[0]) && sub == 0 && (any1 || c == class) && comment != "" {
			found = comment
		}
	})
	return found, nil
}

func (e *Env) colDescription(a []types.Datum) (any, error) {
	t := e.Snap.Table(oidArg(a[0]))
	if t == nil || a[1].I < 1 || int(a[1].I) > len(t.Columns) {
		return nil, nil
	}
	return text(t.Columns[a[1].I-1].Comment), nil
}

func (e *Env) sequenceLastValue(a []types.Datum) (any, error) {
	q := e.Snap.Sequence(oidArg(a[0]))
	if q == nil {
		return nil, pgerr.New(pgerr.UndefinedTable, "could not open relation with OID %d", oidArg(a[0]))
	}
	return e.lastValue(q), nil
}

// lastValue is the last value of a sequence that was handed out; nil: none was.
func (e *Env) lastValue(q *catalog.Sequence) any {
	if e.Sequence == nil {
		return nil
	}
	if v, called, err := e.Sequence(q); err == nil && called {
		return v
	}
	return nil
}

// relationSize is what ANALYZE found; 0 before.
func relationSize(e *Env, a []types.Datum) (any, error) {
	if _, ok := e.class(oidArg(a[0])); !ok {
		return nil, nil
	}
	return int64(e.Snap.Stats(oidArg(a[0])).Bytes), nil
}

func (e *Env) databaseSize([]types.Datum) (any, error) {
	var sum float64
	for _, t := range e.Snap.Tables() {
		sum += e.Snap.Stats(t.OID).Bytes
	}
	return int64(sum), nil
}

// updatable is pg_relation_is_updatable of a table: it takes INSERT, UPDATE, DELETE.
// deletable of one that takes only DELETE.
const (
	updatable = 28
	deletable = 16
)

func (e *Env) isUpdatable(a []types.Datum) (any, error) {
	cols := e.updatable(e.Snap.Table(oidArg(a[0])))
	switch {
	case cols == nil:
		return 0, nil
	case !slices.Contains(cols, true):
		return deletable, nil
	}
	return updatable, nil
}

// writable reports whether rows of a table or view can be inserted and updated.
func (e *Env) writable(t *catalog.Table) bool { return slices.Contains(e.updatable(t), true) }

// updatable tells which columns of a table or view can be written; nil: none.
func (e *Env) updatable(t *catalog.Table) []bool {
	switch {
	case t == nil || t.Kind == catalog.RelVirtual:
		return nil
	case t.Kind == catalog.RelView:
		if e.Updatable == nil {
			return nil
		}
		return e.Updatable(t)
	}
	all := make([]bool, len(t.Columns))
	for i := range all {
		all[i] = true
	}
	return all
}
