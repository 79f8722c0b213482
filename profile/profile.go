// Package profile says what a dialect accepts: which statements are refused and
// how, which parameters may be set, how much a transaction may do. A profile is
// dated data (design D8), taken from what a real cluster answered at that time
// (reference, §3 to §7); nothing else in Zorya knows dialects. Profiles are
// immutable.
package profile

import (
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/sql/ast"
)

// Names of profiles.
const (
	Default  = "dsql-2026-10" // Aurora DSQL as of October 2026; also called dsql
	Extended = "extended"     // what Zorya can serve well beyond it
)

// Limits bound what statements, transactions and sessions may do. 0 means no limit.
type Limits struct {
	// Of a transaction.
	RowsPerTxn int
	TxnBytes   int
	TxnAge     time.Duration
	// Of a session and its messages.
	SessionAge     time.Duration
	MessageBytes   int
	MaxConnections int // to a cluster
	// Of a statement, a row, a value, in bytes.
	QueryMemory int
	KeyBytes    int
	RowBytes    int
	ColumnBytes int
	// Of the catalog.
	Tables       int
	Columns      int // of a table
	Indexes      int // of a table, its primary key included
	IndexColumns int
	Sequences    int
	Views        int
	ViewBytes    int // of a view's text
	Schemas      int // beside public and sys
	Statistics   int // extended ones of a table
	// StatisticsTarget is the largest target of statistics.
	StatisticsTarget int
}

// A Profile is a dialect.
type Profile struct {
	Name   string
	Limits Limits
	// MultipleDDL allows several DDL statements in a transaction, MixDDLAndDML DDL
	// and DML in one.
	MultipleDDL  bool
	MixDDLAndDML bool
	// ConflictDetail is whether the error of a conflict names the key, unless the
	// session says otherwise (zorya.conflict_detail). The original's has neither
	// DETAIL nor HINT.
	ConflictDetail bool

	lifted map[string]bool // refusals (by name) that do not hold; see Lifts
	params map[string]bool // parameters that may be set, lower case
}

// dsql's limits are those of the reference, §3 and §7, its parameters those of §1;
// enable_hashagg and enable_sort are there by analogy, those of zorya are ours.
var dsql = Profile{
	Name: Default,
	Limits: Limits{
		RowsPerTxn: 3000, TxnBytes: 10 << 20, TxnAge: 300 * time.Second,
		SessionAge: time.Hour, MessageBytes: 10 << 20, MaxConnections: 10000,
		QueryMemory: 128 << 20, KeyBytes: 1981, RowBytes: 2 << 20, ColumnBytes: 1 << 20,
		Tables: 1000, Columns: 255, Indexes: 24, IndexColumns: 8, Sequences: 5000, Views: 5000, ViewBytes: 2 << 20, Schemas: 10, Statistics: 5,
		StatisticsTarget: 100,
	},
	params: words(`application_name client_encoding datestyle extra_float_digits intervalstyle timezone search_path role
		enable_bitmapscan enable_hashagg enable_hashjoin enable_indexonlyscan enable_indexscan enable_material enable_mergejoin enable_nestloop
		enable_seqscan enable_sort dsql.enable_batched_nestloop disable_sync_create_index
		zorya.conflict_detail zorya.inject_conflicts`),
}

var extended = Profile{
	Name: Extended,
	Limits: Limits{
		RowsPerTxn: 1_000_000, TxnBytes: 256 << 20, TxnAge: 300 * time.Second,
		MessageBytes: 64 << 20, MaxConnections: 10000,
		QueryMemory: 1 << 30, KeyBytes: 1981, RowBytes: 16 << 20, ColumnBytes: 16 << 20,
		IndexColumns: 32, Columns: 1600,
	},
	MultipleDDL: true, MixDDLAndDML: true, ConflictDetail: true,
	lifted: names(`isolation, set transaction, and chain, analyze in block, savepoint, parameters, run-time types, truncate, create table as, select into, vacuum`,
		// What the statements' own packages refuse.
		`add column constraint, add constraint, set not null, set data type, validate constraint, drop primary key, set statistics, storage parameters,
		create index, index method, sort order, cache, sequence type, serial, array column, enum, catalog of indexes, numeric, locking, compression,
		advisory locks, close all, opclass, lock access share`),
	params: words(`bytea_output client_min_messages default_transaction_isolation default_transaction_read_only idle_in_transaction_session_timeout
		lock_timeout row_security standard_conforming_strings statement_timeout
		array_nulls backslash_quote check_function_bodies constraint_exclusion cpu_tuple_cost cursor_tuple_fraction default_statistics_target
		default_table_access_method default_tablespace default_text_search_config default_toast_compression default_transaction_deferrable
		effective_cache_size effective_io_concurrency enable_async_append enable_gathermerge enable_incremental_sort enable_memoize
		enable_parallel_append enable_parallel_hash enable_partition_pruning enable_partitionwise_aggregate enable_partitionwise_join enable_tidscan
		escape_string_warning from_collapse_limit geqo idle_session_timeout jit join_collapse_limit lc_messages lc_monetary lc_numeric lc_time
		maintenance_work_mem max_parallel_workers max_parallel_workers_per_gather parallel_leader_participation plan_cache_mode
		quote_all_identifiers random_page_cost seq_page_cost session_replication_role statement_mem synchronize_seqscans synchronous_commit
		temp_buffers temp_tablespaces transaction_timeout transform_null_equals work_mem xmlbinary xmloption`),
}

var byName = map[string]*Profile{Default: &dsql, "dsql": &dsql, Extended: &extended}

func init() {
	for name := range dsql.params {
		extended.params[name] = true
	}
}

func words(list string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		m[w] = true
	}
	return m
}

// names reads lists of names with blanks in them.
func names(lists ...string) map[string]bool {
	m := map[string]bool{}
	for _, list := range lists {
		for w := range strings.SplitSeq(list, ",") {
			m[strings.TrimSpace(w)] = true
		}
	}
	return m
}

// Lifts reports whether a refusal of the original does not hold. Check knows the
// refusals of whole statements; those of a clause, or that need the catalog, are
// asked for where they would be raised.
func (p *Profile) Lifts(refusal string) bool { return p.lifted[refusal] }

// Lookup finds a profile by its name; "dsql" is the newest of the original.
func Lookup(name string) (*Profile, bool) {
	p, ok := byName[name]
	return p, ok
}

// SettableParam reports whether SET, set_config and start-up packets may change a
// parameter.
func (p *Profile) SettableParam(name string) bool { return p.params[strings.ToLower(name)] }

// Check refuses a statement, or one inside it, that the dialect does not have. What
// depends on the catalog is refused where it is known. Errors are as the original's.
func (p *Profile) Check(stmt ast.Stmt) error {
	for i := range refusals {
		r := &refusals[i]
		if p.lifted[r.name] {
			continue
		}
		if text := r.refuse(stmt); text != "" {
			return pgerr.New(pgerr.FeatureNotSupported, "%s", text)
		}
	}
	return nil
}

// IsDDL reports whether a statement changes the catalog: at most one may be in a
// transaction, and none beside DML. GRANT and REVOKE count.
func IsDDL(stmt ast.Stmt) bool {
	switch stmt.(type) {
	case *ast.CreateTable, *ast.CreateTableAs, *ast.Truncate, *ast.AlterTable, *ast.Rename, *ast.SetSchema, *ast.AlterOwner, *ast.CreateIndex, *ast.CreateView,
		*ast.CreateSequence, *ast.AlterSequence, *ast.CreateSchema, *ast.CreateDomain, *ast.AlterDomain, *ast.CreateEnum, *ast.AlterEnum, *ast.CreateFunction, *ast.Drop,
		*ast.Comment, *ast.CreateStatistics, *ast.AlterStatistics, *ast.CreateRole, *ast.AlterRole, *ast.AlterRoleSet, *ast.DropRole, *ast.GrantRole, *ast.Grant,
		*ast.AlterDefaultPrivileges, *ast.IAMGrant:
		return true
	}
	return false
}

// IsDML reports whether a statement modifies rows.
func IsDML(stmt ast.Stmt) bool {
	switch t := stmt.(type) {
	case *ast.Insert, *ast.Update, *ast.Delete:
		return true
	case *ast.Copy:
		return t.From
	case *ast.Select:
		if t.With != nil {
			for _, c := range t.With.CTEs {
				if IsDML(c.Query) {
					return true
				}
			}
		}
	}
	return false
}
