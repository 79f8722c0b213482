package session

import "strings"

// shownDefaults are further parameters of PostgreSQL 16 with their defaults: the original
// shows what PostgreSQL has (SHOW max_connections works, lc_collate, which 16 has not,
// is 42704; recorded), and lets nobody set them. Files, addresses and logs are left out.
const shownDefaults = `
autovacuum=on
backend_flush_after=0
block_size=8192
client_connection_check_interval=0
compute_query_id=auto
cpu_index_tuple_cost=0.005
cpu_operator_cost=0.0025
createrole_self_grant=
data_checksums=off
deadlock_timeout=1s
debug_parallel_query=off
enable_presorted_aggregate=on
fsync=on
full_page_writes=on
geqo_effort=5
geqo_generations=0
geqo_pool_size=0
geqo_seed=0
geqo_selection_bias=2
geqo_threshold=12
gin_fuzzy_search_limit=0
gin_pending_list_limit=4MB
hash_mem_multiplier=2
hot_standby=on
jit_above_cost=100000
jit_inline_above_cost=500000
jit_optimize_above_cost=500000
lo_compat_privileges=off
log_min_duration_statement=-1
log_statement=none
logical_decoding_work_mem=64MB
maintenance_io_concurrency=10
max_function_args=100
max_locks_per_transaction=64
max_parallel_maintenance_workers=2
max_prepared_transactions=0
max_replication_slots=10
max_stack_depth=2MB
max_wal_senders=10
max_worker_processes=8
min_parallel_index_scan_size=512kB
min_parallel_table_scan_size=8MB
parallel_setup_cost=1000
parallel_tuple_cost=0.1
password_encryption=scram-sha-256
port=5432
recursive_worktable_factor=10
reserved_connections=0
scram_iterations=4096
segment_size=1GB
shared_buffers=128MB
ssl=on
stats_fetch_consistency=cache
superuser_reserved_connections=3
tcp_keepalives_count=0
tcp_keepalives_idle=0
tcp_keepalives_interval=0
tcp_user_timeout=0
temp_file_limit=-1
track_activities=on
track_counts=on
track_functions=none
track_io_timing=off
transaction_deferrable=off
update_process_title=on
vacuum_buffer_usage_limit=256kB
wal_block_size=8192
wal_compression=off
wal_level=replica
wal_segment_size=16MB
zero_damaged_pages=off`

func shownSettings() []setting {
	var list []setting
	for line := range strings.FieldsSeq(shownDefaults) {
		name, def, _ := strings.Cut(line, "=")
		list = append(list, setting{name: name, def: def, readOnly: true, inert: true})
	}
	return list
}
