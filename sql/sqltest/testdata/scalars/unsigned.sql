-- Types that order as unsigned numbers, and those that are equal or not, no more.
select x from (values ('-1'::xid8), ('1'), ('0'), ('0xffffffff')) t(x) order by x;
select x from (values ('-1'::xid8), ('1'), ('0'), ('0xffffffff')) t(x) order by x desc limit 2;
select min(x), max(x), count(distinct x) from (values ('-1'::xid8), ('1'), ('0'), ('0xffffffff')) t(x);
select a.x < b.x, a.x >= b.x, xid8cmp(a.x, b.x), xid8_larger(a.x, b.x) from (values ('-1'::xid8), ('1')) a(x), (values ('-1'::xid8), ('1')) b(x);
select x from (values ('a'::"char"), ('\377'), ('\200'), ('Z'), ('')) t(x) order by x;
select x from (values ('a'::"char"), ('\377'), ('\200'), ('Z'), ('')) t(x) order by x desc limit 2;
select '\101'::text::"char", 'xyz'::text::"char", '\7'::text::"char";
select '5'::xid = '5'::xid, '5'::xid <> '6'::xid, '5'::xid = 5, '1'::cid = '1'::cid, '1'::xid in ('1', '2');
select '5'::xid < '6'::xid;
select n, pg_size_pretty(n), pg_size_pretty(-n) from (values (10239::bigint), (10240), (10485247), (10485248), (10736893951), (1000000000000), (11258449312612351), (9223372036854775807)) t(n);
select n, pg_size_pretty(n), pg_size_pretty(-n) from (values (10.5), (10239.99), (1000000.5), (10485247.9), (11528652096115048447), (1e30), (0)) t(n);
select pg_size_pretty('-9223372036854775808'::bigint), pg_size_pretty('NaN'::numeric);
select array_dims(null);
select cardinality(null);
select array_to_string(null, ',');
select to_regclass('1'), to_regproc('5'), to_regclass('-');
select '((1,2)'::tid;
