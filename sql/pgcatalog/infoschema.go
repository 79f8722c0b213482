package pgcatalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zorya/sql/catalog"
	"zorya/sql/types"
)

// database is the only one: the catalog_name of the SQL standard's views.
const database = "postgres"

var infoSources = map[string]*source{
	"information_schema.information_schema_catalog_name": {columns: "catalog_name", rows: func(q *query) { q.add(database) }},
	"information_schema.schemata": {columns: "catalog_name schema_name schema_owner", rows: func(q *query) {
		for _, n := range q.Snap.Schemas() {
			if q.Snap.HasPrivsOf(q.Role, n.Owner) && !q.skipsName("schema_name", n.Name) {
				q.add(database, n.Name, q.Snap.RoleName(n.Owner))
			}
		}
	}},
	"information_schema.tables": {columns: "table_catalog table_schema table_name table_type is_insertable_into is_typed", rows: func(q *query) {
		q.infoTables("table_schema", "table_name", func(c class) {
			kind := "BASE TABLE"
			if c.kind == 'v' {
				kind = "VIEW"
			}
			q.add(database, q.schemaName(c.head.Schema), c.head.Name, kind, q.writable(c.table), false)
		})
	}},
	"information_schema.views": {columns: "table_catalog table_schema table_name view_definition check_option is_updatable is_insertable_into " +
		"is_trigger_updatable is_trigger_deletable is_trigger_insertable_into", rows: func(q *query) {
		q.infoTables("table_schema", "table_name", func(c class) {
			if c.kind == 'v' {
				check := "NONE"
				if c.table.ViewCheck != "" {
					check = strings.ToUpper(c.table.ViewCheck)
				}
				var def any
				if q.Snap.HasPrivsOf(q.Role, c.head.Owner) {
					def = text(q.viewDef(c.table, ViewStyle{}))
				}
				q.add(database, q.schemaName(c.head.Schema), c.head.Name, def, check, q.writable(c.table), q.writable(c.table), false, false, false)
			}
		})
	}},
	"information_schema.columns": {columns: "table_catalog table_schema table_name column_name ordinal_position column_default is_nullable " +
		typeColumns + " domain_catalog domain_schema domain_name is_self_referencing is_identity identity_generation identity_start identity_increment " +
		"identity_maximum identity_minimum identity_cycle is_generated generation_expression is_updatable", rows: columnRows},
	"information_schema.table_constraints": {columns: "constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name " +
		"constraint_type is_deferrable initially_deferred enforced nulls_distinct", rows: tableConstraintRows},
	"information_schema.key_column_usage": {columns: "constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name " +
		"column_name ordinal_position position_in_unique_constraint", rows: keyColumnRows},
	"information_schema.referential_constraints": {columns: "constraint_catalog constraint_schema constraint_name unique_constraint_catalog " +
		"unique_constraint_schema unique_constraint_name match_option update_rule delete_rule", rows: func(q *query) {
		q.infoConstraints(func(t *catalog.Table, c constraint) {
			if c.fk == nil {
				return
			}
			match := "NONE"
			if c.fk.MatchFull {
				match = "FULL"
			}
			schema, name := q.uniqueConstraint(c.fk)
			q.add(database, q.schemaName(t.Schema), c.name, database, schema, name, match, ruleWord(c.fk.OnUpdate), ruleWord(c.fk.OnDelete))
		})
	}},
	"information_schema.constraint_column_usage": {columns: "table_catalog table_schema table_name column_name constraint_catalog constraint_schema constraint_name",
		rows: func(q *query) {
			q.infoConstraints(func(t *catalog.Table, c constraint) {
				of, cols := t, []int(nil)
				switch {
				case c.fk != nil:
					of, cols = q.Snap.Table(c.fk.RefTable), c.fk.RefCols
				case c.check != nil:
					cols = c.check.Cols
				default:
					for _, k := range c.index.Keys {
						cols = append(cols, k.Col)
					}
				}
				for _, col := range cols {
					q.add(database, q.schemaName(of.Schema), of.Name, of.Columns[col].Name, database, q.schemaName(t.Schema), c.name)
				}
			})
		}},
	"information_schema.constraint_table_usage": {columns: "table_catalog table_schema table_name constraint_catalog constraint_schema constraint_name",
		rows: func(q *query) {
			q.infoConstraints(func(t *catalog.Table, c constraint) {
				of := t
				if c.fk != nil {
					of = q.Snap.Table(c.fk.RefTable)
				} else if c.check != nil {
					return
				}
				q.add(database, q.schemaName(of.Schema), of.Name, database, q.schemaName(t.Schema), c.name)
			})
		}},
	"information_schema.check_constraints": {columns: "constraint_catalog constraint_schema constraint_name check_clause", rows: func(q *query) {
		q.infoConstraints(func(t *catalog.Table, c constraint) {
			if c.check != nil {
				q.add(database, q.schemaName(t.Schema), c.name, wrapped(c.check.Expr))
			}
		})
		q.notNulls(func(t *catalog.Table, col int, name string) {
			q.add(database, q.schemaName(t.Schema), name, t.Columns[col].Name+" IS NOT NULL")
		})
	}},
	"information_schema.sequences": {columns: "sequence_catalog sequence_schema sequence_name data_type numeric_precision numeric_precision_radix " +
		"numeric_scale start_value minimum_value maximum_value increment cycle_option", rows: func(q *query) {
		for _, s := range q.Snap.Sequences() {
			if s.OwnedTable != 0 && q.isIdentity(s) || !q.someSequencePriv(s) {
				continue
			}
			q.add(database, q.schemaName(s.Schema), s.Name, "bigint", 64, 2, 0, fmt.Sprint(s.Start), fmt.Sprint(s.Min), fmt.Sprint(s.Max), fmt.Sprint(s.Increment), s.Cycle)
		}
	}},
	"information_schema.domains": {columns: "domain_catalog domain_schema domain_name " + typeColumns + " domain_default", rows: func(q *query) {
		for _, d := range q.Snap.Domains() {
			values := append([]any{database, q.schemaName(d.Schema), d.Name}, q.describeType(d.Base)...)
			q.add(append(values, text(d.Default))...)
		}
	}},
	"information_schema.routines": {columns: "specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name routine_type " +
		"data_type type_udt_catalog type_udt_schema type_udt_name routine_body routine_definition external_language is_deterministic is_null_call security_type",
		rows: routineRows},
	"information_schema.parameters": {columns: "specific_catalog specific_schema specific_name ordinal_position parameter_mode is_result as_locator " +
		"parameter_name data_type udt_catalog udt_schema udt_name dtd_identifier parameter_default", rows: parameterRows},
	"information_schema.enabled_roles": {columns: "role_name", rows: func(q *query) {
		for _, r := range q.Snap.Roles() {
			if q.Snap.HasPrivsOf(q.Role, r.OID) {
				q.add(r.Name)
			}
		}
	}},
	"information_schema.applicable_roles": {columns: "grantee role_name is_grantable", rows: func(q *query) {
		for _, r := range q.Snap.Roles() {
			for _, m := range r.MemberOf {
				if q.Snap.HasPrivsOf(q.Role, r.OID) {
					q.add(r.Name, q.Snap.RoleName(m.Role), m.Admin)
				}
			}
		}
	}},
	"information_schema.view_table_usage": {columns: "view_catalog view_schema view_name table_catalog table_schema table_name", rows: func(q *query) {
		for _, v := range q.Snap.Tables() {
			for _, ref := range v.ViewRefs {
				if t := q.Snap.Table(ref); t != nil && q.Snap.HasPrivsOf(q.Role, t.Owner) {
					q.add(database, q.schemaName(v.Schema), v.Name, database, q.schemaName(t.Schema), t.Name)
				}
			}
		}
	}},
}

// infoTables calls f for the tables and views that the role may see, narrowed by
// equalities on two columns.
func (q *query) infoTables(schemaColumn, nameColumn string, f func(class)) {
	for _, c := range q.classes() {
		if c.kind != 'r' && c.kind != 'v' || q.skipsName(nameColumn, c.head.Name) || q.skipsName(schemaColumn, q.schemaName(c.head.Schema)) {
			continue
		}
		if q.somePriv(c.table) {
			f(c)
		}
	}
}

// somePriv reports whether the role owns a table or has any privilege on it.
func (q *query) somePriv(t *catalog.Table) bool {
	if t.Kind != catalog.RelVirtual && q.Snap.HasPrivsOf(q.Role, t.Owner) {
		return true
	}
	for _, l := range []byte(catalog.AllPrivileges(catalog.OnTable)) {
		if q.Snap.MayDo(q.Role, catalog.PrivCheck{OID: t.OID, Kind: catalog.OnTable, Priv: l, Cols: []int{}}) {
			return true
		}
	}
	return false
}

func (q *query) someSequencePriv(s *catalog.Sequence) bool {
	return slices.ContainsFunc([]byte("rwU"), func(l byte) bool {
		return q.Snap.MayDo(q.Role, catalog.PrivCheck{OID: s.OID, Kind: catalog.OnSequence, Priv: l})
	})
}

// isIdentity reports whether a sequence belongs to an identity column.
func (q *query) isIdentity(s *catalog.Sequence) bool {
	t := q.Snap.Table(s.OwnedTable)
	return t != nil && s.OwnedCol < len(t.Columns) && t.Columns[s.OwnedCol].Sequence == s.OID
}

// typeColumns are the columns by which the standard describes a type.
const typeColumns = "data_type character_maximum_length character_octet_length numeric_precision numeric_precision_radix numeric_scale " +
	"datetime_precision udt_catalog udt_schema udt_name dtd_identifier"

// numericDigits are precision, radix and scale of the numbers of fixed size.
var numericDigits = map[types.OID][3]any{
	types.Int2OID: {16, 2, 0}, types.Int4OID: {32, 2, 0}, types.Int8OID: {64, 2, 0},
	types.Float4OID: {24, 2, nil}, types.Float8OID: {53, 2, nil},
}

// describeType gives the values of typeColumns but for the last.
func (q *query) describeType(t types.T) []any {
	name, _ := q.typeName(types.Of(t.OID))
	var length, octets, precision, radix, scale, fraction any
	switch t.OID {
	case types.VarcharOID, types.BpcharOID:
		octets = 1 << 30
		if t.Typmod > 4 {
			length, octets = int(t.Typmod-4), int(t.Typmod-4)*4
		}
	case types.TextOID:
		octets = 1 << 30
	case types.NumericOID:
		radix = 10
		if t.Typmod >= 4 {
			precision, scale = int((t.Typmod-4)>>16&0xffff), int((t.Typmod-4)&0x7ff^1024)-1024
		}
	case types.DateOID:
		fraction = 0
	case types.TimeOID, types.TimeTZOID, types.TimestampOID, types.TimestampTZOID:
		if fraction = 6; t.Typmod >= 0 {
			fraction = int(t.Typmod)
		}
	case types.IntervalOID:
		fraction = 6
	default:
		if d, ok := numericDigits[t.OID]; ok {
			precision, radix, scale = d[0], d[1], d[2]
		}
	}
	udt := name
	if f := typeFact(t.OID); f != nil {
		udt = f.name
		if f.category == 'A' {
			name = "ARRAY"
		}
	}
	schema := "pg_catalog"
	if t.OID>>30 == 1 {
		udt = q.userTypeName(t.OID)
		if d := q.Snap.Domain(t.OID); d != nil {
			name, schema = "USER-DEFINED", q.schemaName(d.Schema)
		} else if d := q.Snap.Domain(types.Get(t.OID).Elem); d != nil {
			schema = q.schemaName(d.Schema)
		}
	}
	return []any{name, length, octets, precision, radix, scale, fraction, database, schema, udt, "1"}
}

func columnRows(q *query) {
	q.infoTables("table_schema", "table_name", func(c class) {
		writable := q.updatable(c.table)
		for _, i := range c.table.Live() {
			if col := &c.table.Columns[i]; !q.skipsName("column_name", col.Name) {
				q.addColumn(c, col, i, i < len(writable) && writable[i])
			}
		}
	})
}

func (q *query) addColumn(c class, col *catalog.Col, i int, writable bool) {
	values := append([]any{database, q.schemaName(c.head.Schema), c.head.Name, col.Name, i + 1, text(col.Default), !col.NotNull}, q.describeType(col.T)...)
	values[len(values)-1] = fmt.Sprint(i + 1)
	if d := q.Snap.Domain(col.Domain); d != nil {
		values = append(values, database, q.schemaName(d.Schema), d.Name)
	} else {
		values = append(values, nil, nil, nil)
	}
	values = append(values, false)
	if s := q.Snap.Sequence(col.Sequence); s != nil && col.Identity != 0 {
		how := "BY DEFAULT"
		if col.Identity == 'a' {
			how = "ALWAYS"
		}
		values = append(values, true, how, fmt.Sprint(s.Start), fmt.Sprint(s.Increment), fmt.Sprint(s.Max), fmt.Sprint(s.Min), s.Cycle)
	} else {
		values = append(values, false, nil, nil, nil, nil, nil, false)
	}
	generated := "NEVER"
	if col.Generated != "" {
		generated = "ALWAYS"
	}
	q.add(append(values, generated, text(col.Generated), writable)...)
}

// infoConstraints calls f for the constraints of tables that the role may see.
func (q *query) infoConstraints(f func(*catalog.Table, constraint)) {
	for _, t := range q.Snap.Tables() {
		if q.skipsName("constraint_schema", q.schemaName(t.Schema)) || !q.somePriv(t) {
			continue
		}
		for _, c := range constraintsOf(t) {
			if !q.skipsName("constraint_name", c.name) {
				f(t, c)
			}
		}
	}
}

// notNulls calls f for the NOT NULL columns, with the name that PostgreSQL makes up
// for the constraint.
func (q *query) notNulls(f func(t *catalog.Table, col int, name string)) {
	for _, t := range q.Snap.Tables() {
		if t.Kind != catalog.RelTable || !q.somePriv(t) {
			continue
		}
		for i := range t.Columns {
			if c := &t.Columns[i]; c.NotNull && !c.Dropped {
				f(t, i, fmt.Sprintf("%d_%d_%d_not_null", t.Schema, t.OID, i+1))
			}
		}
	}
}

var constraintWords = map[byte]string{'p': "PRIMARY KEY", 'u': "UNIQUE", 'c': "CHECK", 'f': "FOREIGN KEY"}

func tableConstraintRows(q *query) {
	q.infoConstraints(func(t *catalog.Table, c constraint) {
		if q.skipsName("table_name", t.Name) || q.skipsName("table_schema", q.schemaName(t.Schema)) {
			return
		}
		var distinct any
		if c.kind == 'u' {
			distinct = !c.index.NullsNotDistinct
		}
		q.add(database, q.schemaName(t.Schema), c.name, database, q.schemaName(t.Schema), t.Name, constraintWords[c.kind],
			c.fk != nil && c.fk.Deferrable, c.fk != nil && c.fk.Deferred, true, distinct)
	})
	q.notNulls(func(t *catalog.Table, _ int, name string) {
		schema := q.schemaName(t.Schema)
		q.add(database, schema, name, database, schema, t.Name, "CHECK", false, false, true, nil)
	})
}

func keyColumnRows(q *query) {
	q.infoConstraints(func(t *catalog.Table, c constraint) {
		var cols []int
		switch {
		case c.fk != nil:
			cols = c.fk.Cols
		case c.index != nil:
			for _, k := range c.index.Keys {
				cols = append(cols, k.Col)
			}
		}
		for i, col := range cols {
			var position any
			if c.fk != nil {
				position = q.positionInKey(c.fk, i)
			}
			q.add(database, q.schemaName(t.Schema), c.name, database, q.schemaName(t.Schema), t.Name, t.Columns[col].Name, i+1, position)
		}
	})
}

// positionInKey is where column i of a foreign key stands in the key referred to.
func (q *query) positionInKey(fk *catalog.ForeignKey, i int) any {
	if x := q.Snap.Index(fk.RefIndex); x != nil {
		for n, k := range x.Keys {
			if k.Col == fk.RefCols[i] {
				return n + 1
			}
		}
	}
	return nil
}

// uniqueConstraint is the constraint that a foreign key refers to.
func (q *query) uniqueConstraint(fk *catalog.ForeignKey) (schema, name any) {
	if x := q.Snap.Index(fk.RefIndex); x != nil && x.Constraint != "" {
		return q.schemaName(x.Schema), x.Constraint
	}
	return nil, nil
}

// ruleWord is a foreign key action in the standard's words.
func ruleWord(action byte) string {
	if w := actionWords[action]; w != "" {
		return w
	}
	return "NO ACTION"
}

func routineRows(q *query) {
	for _, f := range q.Snap.Functions() {
		schema := q.schemaName(f.Schema)
		result, _ := q.typeName(types.Of(f.Result))
		udt := result
		if t := typeFact(f.Result); t != nil {
			udt = t.name
		}
		var def any
		if q.Snap.HasPrivsOf(q.Role, f.Owner) {
			def = f.Body
		}
		q.add(database, schema, fmt.Sprintf("%s_%d", f.Name, f.OID), database, schema, f.Name, "FUNCTION", result, database, "pg_catalog", udt,
			"SQL", def, "SQL", f.Volatility == 'i', f.Strict, "INVOKER")
	}
}

// parameterModes are those of catalog.Function in the standard's words.
var parameterModes = map[byte]string{'i': "IN", 'o': "OUT", 'b': "INOUT", 'v': "IN", 't': "OUT"}

func parameterRows(q *query) {
	for _, f := range q.Snap.Functions() {
		inputs := 0
		for i := range f.ArgModes {
			if inputMode(f.ArgModes[i]) {
				inputs++
			}
		}
		seen := 0
		for i, t := range f.Args {
			mode := byte('i')
			if i < len(f.ArgModes) {
				mode = f.ArgModes[i]
			}
			var name, def any
			if i < len(f.ArgNames) && f.ArgNames[i] != "" {
				name = f.ArgNames[i]
			}
			if inputMode(mode) {
				seen++
				if at := seen - 1 - (inputs - len(f.ArgDefaults)); at >= 0 && q.Snap.HasPrivsOf(q.Role, f.Owner) {
					def = f.ArgDefaults[at]
				}
			}
			shown, _ := q.typeName(types.Of(t))
			udt := shown
			if fact := typeFact(t); fact != nil {
				if udt = fact.name; udt == "" {
					udt = q.userTypeName(t)
				}
				if fact.elem != 0 && udt[0] == '_' {
					shown = "ARRAY"
				}
			}
			q.add(database, q.schemaName(f.Schema), fmt.Sprintf("%s_%d", f.Name, f.OID), i+1, parameterModes[mode], "NO", "NO", name, shown, database,
				"pg_catalog", udt, strconv.Itoa(i+1), def)
		}
	}
}

func inputMode(mode byte) bool { return mode == 'i' || mode == 'b' || mode == 'v' }
