package session

import (
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/txn"
)

// inertSettings are parameters that PostgreSQL's clients and dumps set, and that the
// original shows and refuses to set. They are remembered and change nothing: there are
// no locks, no autovacuum and no parallel plans.
func inertSettings() []setting {
	var list []setting
	add := func(kind string, canon func(*settings, string) (string, error), pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, setting{name: pairs[i], def: pairs[i+1], inert: true, kind: kind, canon: canon})
		}
	}
	add("bool", canonBool, "check_function_bodies", "on", "default_transaction_deferrable", "off", "enable_async_append", "on", "enable_gathermerge", "on",
		"enable_incremental_sort", "on", "enable_memoize", "on", "enable_parallel_append", "on", "enable_parallel_hash", "on",
		"enable_partition_pruning", "on", "enable_partitionwise_aggregate", "off", "enable_partitionwise_join", "off", "enable_tidscan", "on",
		"escape_string_warning", "on", "geqo", "on", "jit", "on", "parallel_leader_participation", "on", "quote_all_identifiers", "off",
		"synchronize_seqscans", "on", "transform_null_equals", "off", "array_nulls", "on")
	add("", canonText, "default_table_access_method", "heap", "default_tablespace", "", "temp_tablespaces", "", "lc_messages", "C", "lc_monetary", "C",
		"lc_numeric", "C", "lc_time", "C", "xmloption", "content", "xmlbinary", "base64", "default_text_search_config", "pg_catalog.simple",
		"session_replication_role", "origin", "work_mem", "4MB", "maintenance_work_mem", "64MB", "temp_buffers", "8MB", "effective_cache_size", "4GB",
		"random_page_cost", "4", "seq_page_cost", "1", "cpu_tuple_cost", "0.01", "cursor_tuple_fraction", "0.1", "default_statistics_target", "100",
		"from_collapse_limit", "8", "join_collapse_limit", "8", "max_parallel_workers", "8", "max_parallel_workers_per_gather", "2",
		"effective_io_concurrency", "1", "statement_mem", "0")
	list[len(list)-1].extra = true // Greenplum's
	add("enum", oneOf("local", "remote_write", "remote_apply", "on", "off"), "synchronous_commit", "on")
	add("enum", oneOf("partition", "on", "off"), "constraint_exclusion", "partition")
	add("enum", oneOf("auto", "force_generic_plan", "force_custom_plan"), "plan_cache_mode", "auto")
	add("enum", oneOf("safe_encoding", "on", "off"), "backslash_quote", "safe_encoding")
	add("enum", oneOf("pglz", "lz4"), "default_toast_compression", "pglz")
	for _, name := range []string{"idle_session_timeout", "transaction_timeout"} {
		add("integer", canonDuration(name), name, "0")
	}
	list[len(list)-1].extra = true // PostgreSQL 17's
	return list
}

// messageLevels orders the severities of messages.
var messageLevels = map[string]int{"debug5": 1, "debug4": 2, "debug3": 3, "debug2": 4, "debug1": 5, "debug": 4, "log": 6, "info": 7, "notice": 8, "warning": 9, "error": 10}

// notify sends a NOTICE or WARNING, unless client_min_messages holds it back.
func (s *Session) notify(w Results, n *pgerr.Error) error {
	if messageLevels[strings.ToLower(n.Severity)] < messageLevels[s.settings.value("client_min_messages")] {
		return nil
	}
	return w.Notice(n)
}

// setTransaction runs SET TRANSACTION and SET SESSION CHARACTERISTICS. All isolation
// levels are the one that there is, which is at least as strong but for SERIALIZABLE.
func (s *Session) setTransaction(t *ast.Set) error {
	modes := t.Txn
	if t.Name != "transaction" {
		if modes.Isolation != "" {
			if err := s.settings.set("default_transaction_isolation", modes.Isolation, false, true); err != nil {
				return err
			}
		}
		if modes.ReadOnly == nil {
			return nil
		}
		return s.settings.set("default_transaction_read_only", map[bool]string{true: "on", false: "off"}[*modes.ReadOnly], false, true)
	}
	if modes.ReadOnly == nil || *modes.ReadOnly == s.txn.tx.ReadOnly() {
		return nil
	}
	switch {
	case *modes.ReadOnly:
	case len(s.txn.saves) > 0:
		return pgerr.New(pgerr.ActiveSQLTransaction, "cannot set transaction read-write mode inside a read-only transaction")
	case s.txn.queried:
		return pgerr.New(pgerr.ActiveSQLTransaction, "transaction read-write mode must be set before any query")
	}
	s.setReadOnly(*modes.ReadOnly)
	return nil
}

// setReadOnly makes the open transaction read only, or lets it write; the end of a
// savepoint brings back what was before.
func (s *Session) setReadOnly(readOnly bool) {
	s.txn.readOnly = readOnly
	s.txn.tx.SetReadOnly(readOnly)
}

// txnLimits are the limits of the session's transactions; nil if they are the cluster's.
func (s *Session) txnLimits() *txn.Limits {
	if s.prof == s.shared.Profile {
		return nil
	}
	lim := s.prof.Limits
	return &txn.Limits{Rows: lim.RowsPerTxn, Bytes: int64(lim.TxnBytes), Age: lim.TxnAge}
}
