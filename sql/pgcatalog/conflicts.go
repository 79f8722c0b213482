package pgcatalog

import (
	"strings"
	"time"

	"zorya/kv"
	"zorya/sql/types"
)

// A Conflict is a key at which commits have lost to others.
type Conflict struct {
	Key   kv.Key
	Code  string // OC000 or OC001
	Count int64
	Last  time.Time
}

// conflictRows are the conflicts at keys that the role may read.
func conflictRows(q *query) {
	if q.Conflicts == nil {
		return
	}
	for _, c := range q.Conflicts() {
		p, ok := Locate(q.Snap, c.Key, types.DefaultFormat)
		if !ok || !p.MayRead(q.Snap, q.Role) {
			continue
		}
		var schema, table, index, key any
		if p.Table != nil {
			schema, table = q.Snap.SchemaName(p.Table.Schema), p.Table.Name
		}
		switch {
		case p.Index == nil:
			key = text(p.Object)
		case !p.Index.Hidden:
			index, key = p.Index.Name, p.Columns+"="+p.Values
		}
		q.add(c.Code, schema, table, index, key, c.Count, c.Last)
	}
}

// conflictColumns are those of sys.conflicts.
const conflictColumns = "code:25 schema_name:25 table_name:25 index_name:25 key:25 conflicts:20 last_time:1184"

// columnNames are the names in a list of name:type.
func columnNames(list string) string {
	var names []string
	for c := range strings.FieldsSeq(list) {
		name, _, _ := strings.Cut(c, ":")
		names = append(names, name)
	}
	return strings.Join(names, " ")
}
