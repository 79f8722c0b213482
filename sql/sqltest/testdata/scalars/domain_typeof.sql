create domain dt_pos as int check (value > 0);
create domain dt_txt as text;
create table dt_t(a dt_pos, b dt_txt, c int);
insert into dt_t values (1, 'x', 2);
create view dt_v as select a, b from dt_t;

-- What tells types tells domains.
select pg_typeof(1::dt_pos), pg_typeof('a'::dt_txt), pg_typeof(1::dt_pos + 1), pg_typeof(null::dt_pos);
select pg_typeof(a), pg_typeof(b), pg_typeof(c), pg_typeof(a::int), pg_typeof(b || 'x') from dt_t;
select pg_typeof(a) from (select a from dt_t union all select a from dt_t) q;
select pg_typeof(a) from (select a from dt_t union all select c from dt_t) q;
select pg_typeof(coalesce(a, c)), pg_typeof(coalesce(a, a)), pg_typeof(case when true then a end), pg_typeof(case when true then a else a end), pg_typeof(row(a)) from dt_t;
select pg_typeof(max(a)), pg_typeof(min(b)), pg_typeof(count(a)) from dt_t;
select pg_typeof((select a from dt_t)), pg_typeof(nullif(a, a)), pg_typeof(greatest(a, a)) from dt_t;
select pg_typeof(dt_t), pg_typeof((dt_t).a), pg_typeof((dt_t).c) from dt_t;
select pg_typeof(lag(a) over ()), pg_typeof(first_value(b) over ()), pg_typeof(sum(a) over ()) from dt_t;
select pg_typeof(a), pg_typeof(b) from dt_v;
with q as (select a, c from dt_t) select pg_typeof(a), pg_typeof(c) from q;
with q as (insert into dt_t values (2, 'y', 3) returning a, a + 1 as c) select pg_typeof(a), pg_typeof(c) from q;
select a from dt_t where a::int = 1;

drop view dt_v;
drop table dt_t;
drop domain dt_pos;
drop domain dt_txt;
