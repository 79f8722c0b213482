create table ixs (id int primary key, a int, b text unique);
select pg_get_indexdef('ixs_pkey'::regclass), pg_get_indexdef('ixs_b_key'::regclass);
select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'ixs'::regclass order by 1;
select indkey, indnatts, indnkeyatts from pg_index where indexrelid = 'ixs_pkey'::regclass;
