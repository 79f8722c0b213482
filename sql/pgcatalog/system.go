package pgcatalog

import (
	_ "embed" // the table of time zones
	"strings"
	"time"

	"zorya/sql/catalog"
	"zorya/sql/types"
)

//go:embed facts/zones.tsv
var factZones string

var systemSources = map[string]*source{
	"pg_database": {columns: "oid datname datdba encoding datlocprovider datistemplate datallowconn datconnlimit datfrozenxid datminmxid dattablespace " +
		"datcollate datctype datacl", rows: func(q *query) {
		q.add(catalog.DatabaseOID, "postgres", catalog.AdminRole, 6, byte('c'), false, true, -1, 0, 0, defaultTablespace, "C", "C", nil)
	}},
	"pg_tablespace": {columns: "oid spcname spcowner", rows: func(q *query) {
		q.add(defaultTablespace, "pg_default", catalog.AdminRole)
		q.add(defaultTablespace+1, "pg_global", catalog.AdminRole)
	}},
	"pg_extension": {columns: "oid extname extowner extnamespace extrelocatable extversion", rows: func(q *query) {
		q.add(langPlpgsql-1, "plpgsql", catalog.AdminRole, catalog.PgCatalog, false, "1.0")
	}},
	"pg_settings": {columns: "name setting unit category short_desc context vartype source boot_val reset_val pending_restart", rows: func(q *query) {
		if q.Settings == nil {
			return
		}
		for _, s := range q.Settings() {
			if !q.skipsName("name", s.Name) {
				context := "user"
				if s.ReadOnly {
					context = "internal"
				}
				q.add(s.Name, s.Value, text(s.Unit), "", "", context, s.Kind, "default", s.Default, s.Default, false)
			}
		}
	}},
	"pg_prepared_statements": {columns: "name statement prepare_time parameter_types result_types from_sql generic_plans custom_plans", rows: func(q *query) {
		if q.Prepared == nil {
			return
		}
		for _, p := range q.Prepared() {
			var results any
			if p.Results != nil {
				results = p.Results
			}
			q.add(p.Name, p.Text, p.Time, append([]types.OID{}, p.Params...), results, p.FromSQL, 0, 0)
		}
	}},
	"pg_rewrite": {columns: "oid rulename ev_class ev_type ev_enabled is_instead ev_qual ev_action", rows: func(q *query) {
		q.tables("ev_class", func(t *catalog.Table) {
			if t.Kind == catalog.RelView && !q.skips("oid", ruleOID(t)) {
				q.add(ruleOID(t), "_RETURN", t.OID, byte('1'), byte('O'), true, "<>", t.ViewText)
			}
		})
	}},
	"pg_stats": {columns: "schemaname tablename attname inherited null_frac avg_width n_distinct most_common_vals most_common_freqs histogram_bounds correlation",
		rows: statsRows},
	"pg_timezone_names": {columns: "name abbrev utc_offset is_dst", rows: func(q *query) {
		for name := range strings.Lines(factZones) {
			name = strings.TrimSuffix(name, "\n")
			loc, err := time.LoadLocation(name)
			if err != nil || q.skipsName("name", name) {
				continue
			}
			now := time.Now().In(loc)
			abbrev, offset := now.Zone()
			q.add(name, abbrev, types.Datum{Kind: types.KindInterval, X: types.Interval{Micros: int64(offset) * 1_000_000}}, now.IsDST())
		}
	}},
	"pg_timezone_abbrevs": {columns: "abbrev utc_offset is_dst", rows: func(q *query) {
		types.Abbreviations(time.Now(), func(abbrev string, east int, summer bool) {
			q.add(abbrev, types.Datum{Kind: types.KindInterval, X: types.Interval{Micros: int64(east) * 1_000_000}}, summer)
		})
	}},
	"sys.conflicts": {columns: columnNames(conflictColumns), rows: conflictRows},
	"sys.jobs": {columns: "job_id status details job_type class_id object_id object_name start_time update_time", rows: func(q *query) {
		if q.Tx == nil {
			return
		}
		jobs, err := catalog.Jobs(q.context(), q.Tx)
		for _, j := range jobs {
			if !q.skipsName("job_id", j.ID) {
				q.add(j.ID, string(j.Status), text(j.Details), string(j.Type), j.ClassID, j.ObjectID, text(j.ObjectName), j.Start, j.Update)
			}
		}
		q.err = err
	}},
}

// A Setting is a parameter of the session.
type Setting struct {
	Name, Value, Default string
	Kind, Unit           string // as pg_settings has them
	ReadOnly             bool
}

// A Prepared is a prepared statement of the session.
type Prepared struct {
	Name, Text      string
	Time            time.Time
	Params, Results []types.OID // Results is nil if no rows come back
	FromSQL         bool        // PREPARE, not the protocol's message
}

const defaultTablespace types.OID = 1663

func statsRows(q *query) {
	for _, t := range q.Snap.Tables() {
		s := q.Snap.Stats(t.OID)
		if s.Analyzed == 0 || q.skipsName("tablename", t.Name) || q.skipsName("schemaname", q.Snap.SchemaName(t.Schema)) {
			continue
		}
		for _, i := range t.Live() {
			c, ok := s.Columns[i]
			if !ok || q.skipsName("attname", t.Columns[i].Name) ||
				!q.Snap.MayDo(q.Role, catalog.PrivCheck{OID: t.OID, Kind: catalog.OnTable, Priv: 'r', Cols: []int{i}}) {
				continue
			}
			var mcv, mcf, histogram any
			if len(c.MCV) > 0 {
				mcv = c.MCV
				var elems []types.Datum
				for _, f := range c.MCF {
					elems = append(elems, types.NewFloat(f))
				}
				mcf = array(types.Float4ArrayOID, elems)
			}
			if len(c.Histogram) > 0 {
				histogram = c.Histogram
			}
			q.add(q.Snap.SchemaName(t.Schema), t.Name, t.Columns[i].Name, false, c.NullFrac, c.AvgWidth, c.Distinct, mcv, mcf, histogram, c.Correlation)
		}
	}
}
