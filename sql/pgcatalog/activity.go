package pgcatalog

import (
	"strings"
	"time"

	"zorya/sql/catalog"
)

// An activityView is a view of PostgreSQL's counters per relation, in its three forms: of all
// relations, the users' and the system's. It has a row for each relation, since tools list
// relations with it; but nothing is counted, so that the counters are 0, as in Aurora DSQL.
type activityView struct {
	name    string // with % for all, user or sys
	kind    byte   // of the relations: r, i or S
	zero    string // counters of every relation
	indexed string // counters that are NULL in a table without indexes
}

var activityViews = []activityView{
	{"pg_stat_%_tables", 'r', "seq_scan seq_tup_read n_tup_ins n_tup_upd n_tup_del n_tup_hot_upd n_tup_newpage_upd n_dead_tup n_mod_since_analyze " +
		"n_ins_since_vacuum vacuum_count autovacuum_count analyze_count autoanalyze_count", "idx_scan idx_tup_fetch"},
	{"pg_stat_xact_%_tables", 'r', "seq_scan seq_tup_read n_tup_ins n_tup_upd n_tup_del n_tup_hot_upd n_tup_newpage_upd", "idx_scan idx_tup_fetch"},
	{"pg_statio_%_tables", 'r', "heap_blks_read heap_blks_hit", "idx_blks_read idx_blks_hit"},
	{"pg_stat_%_indexes", 'i', "idx_scan idx_tup_read idx_tup_fetch", ""},
	{"pg_statio_%_indexes", 'i', "idx_blks_read idx_blks_hit", ""},
	{"pg_statio_%_sequences", 'S', "blks_read blks_hit", ""},
}

// activityHead are the columns before the counters, by the kind of the relations.
var activityHead = map[byte]string{'r': "relid schemaname relname ", 'i': "relid schemaname relname indexrelid indexrelname ", 'S': "relid schemaname relname "}

var activitySources = func() map[string]*source {
	list := map[string]*source{}
	for _, v := range activityViews {
		for _, scope := range []string{"all", "user", "sys"} {
			columns := activityHead[v.kind] + v.zero + " " + v.indexed
			if v.name == "pg_stat_%_tables" {
				columns += " n_live_tup last_analyze"
			}
			list[strings.Replace(v.name, "%", scope, 1)] = &source{columns: columns, rows: func(q *query) { v.rows(q, scope) }}
		}
	}
	return list
}()

func (v activityView) rows(q *query, scope string) {
	for _, c := range q.classes() {
		system := c.head.Schema == catalog.PgCatalog || c.head.Schema == catalog.InfoSchema
		if c.kind != v.kind || scope == "user" && system || scope == "sys" && !system {
			continue
		}
		row := v.head(q, c)
		if row == nil {
			continue
		}
		for range strings.Fields(v.zero) {
			row = append(row, 0)
		}
		for range strings.Fields(v.indexed) {
			if c.hasIndex() {
				row = append(row, 0)
			} else {
				row = append(row, nil)
			}
		}
		if v.name == "pg_stat_%_tables" {
			s := q.Snap.Stats(c.head.OID)
			row = append(row, int64(s.Rows), analyzedAt(s))
		}
		q.add(row...)
	}
}

// head is what names the relation, nil if an equality rules it out.
func (v activityView) head(q *query, c class) []any {
	of := c.head
	if v.kind == 'i' {
		of = &c.table.Header
	}
	schema := q.Snap.SchemaName(of.Schema)
	if q.skips("relid", of.OID) || q.skipsName("relname", of.Name) || q.skipsName("schemaname", schema) {
		return nil
	}
	if v.kind == 'i' {
		if q.skips("indexrelid", c.head.OID) {
			return nil
		}
		return []any{of.OID, schema, of.Name, c.head.OID, c.head.Name}
	}
	return []any{of.OID, schema, of.Name}
}

// analyzedAt is when a table's statistics were computed, NULL if never.
func analyzedAt(s *catalog.TableStats) any {
	if s.Analyzed == 0 {
		return nil
	}
	return time.Unix(0, s.Analyzed)
}
