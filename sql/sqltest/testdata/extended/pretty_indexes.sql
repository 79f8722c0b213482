-- Indexes without needless parentheses and schemas.
create table ipt (a int, b varchar(10), c numeric);
create index ipt_i on ipt ((a + 1), lower(b), (b || 'x'), (a * (a + 2))) where a > 5 and c < 3;
select pg_get_indexdef('ipt_i'::regclass, 0, true), pg_get_indexdef('ipt_i'::regclass);
select pg_get_indexdef('ipt_i'::regclass, i, true) from generate_series(1, 4) i;
select pg_get_expr(indpred, indrelid, true), pg_get_expr(indpred, indrelid) from pg_index where indexrelid = 'ipt_i'::regclass;
