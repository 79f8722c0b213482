package funcs

import (
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// textSearch are functions whose first argument is, or defaults to, a text search
// configuration. None exists.
var textSearch = nameSet(`to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery json_to_tsvector jsonb_to_tsvector
	ts_headline ts_debug get_current_ts_config`)

// NeedsTextSearch reports whether a function works by a text search configuration.
func NeedsTextSearch(name string) bool { return textSearch[name] }

// overForeign are functions over types that the dialect does not have, by that type.
var overForeign = map[string]map[string]bool{
	"tsvector":    nameSet("array_to_tsvector setweight strip ts_delete ts_filter ts_rank ts_rank_cd tsvector_to_array"),
	"tsquery":     nameSet("numnode querytree tsquery_phrase ts_rewrite"),
	"point":       nameSet("center slope diagonal"),
	"path":        nameSet("pclose popen isclosed isopen"),
	"polygon":     nameSet("npoints"),
	"circle":      nameSet("radius diameter"),
	"box":         nameSet("bound_box area height"),
	"xml":         nameSet("xmlcomment xmlagg xmlexists xpath xpath_exists xml_is_well_formed table_to_xml query_to_xml"),
	"macaddr8":    nameSet("macaddr8_set7bit"),
	"pg_snapshot": nameSet("pg_current_snapshot txid_current_snapshot"),
	"pg_lsn":      nameSet("pg_current_wal_lsn pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_wal_lsn_diff"),
}

func nameSet(list string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		m[w] = true
	}
	return m
}

// foreignCall is the refusal of a call that PostgreSQL would resolve but the dialect
// cannot, for want of a type; nil for other names. A type's name may be called like a
// function, as in circle('<(0,0),1>').
func foreignCall(name string) error {
	name = strings.TrimPrefix(name, "pg_catalog.")
	if textSearch[name] {
		return pgerr.New(pgerr.UndefinedObject, "text search configuration \"english\" does not exist")
	}
	shown, foreign := types.ForeignName(name)
	for t, list := range overForeign {
		if list[name] {
			shown, foreign = t, true
		}
	}
	if !foreign {
		return nil
	}
	return pgerr.New(pgerr.FeatureNotSupported, "datatype %s not supported", shown)
}
