create table dm_t(x int primary key, y int);
insert into dm_t select i, i % 7 from generate_series(1, 3000) i;
create sequence dm_s cache 1;
create sequence dm_u cache 1;

-- What is computed for rows that nobody wants is not computed.
select 1/(x-5) from generate_series(1, 100) x limit 3;
select 1/(x-5) from generate_series(1, 100) x limit 4;
select 1/(x-5) from generate_series(1, 100) x limit 5;
select 1/(x-5) from generate_series(6, 100) x offset 90 limit 3;
select 10/(x-500) as q from dm_t order by x limit 3;
select nextval('dm_s') from generate_series(1, 1000) limit 3;
select currval('dm_s');
select nextval('dm_s') from generate_series(1, 1000) offset 2 limit 3;
select currval('dm_s');
select x, nextval('dm_s') from dm_t order by x limit 2;
select currval('dm_s');
select x, nextval('dm_s') from dm_t order by y, x limit 2;
select currval('dm_s');
select * from (select nextval('dm_s') as n from generate_series(1, 1000)) q limit 3;
select currval('dm_s');
select * from (select nextval('dm_s') as n from generate_series(1, 1000) offset 0) q where n % 2 = 0 limit 3;
select currval('dm_s');
select x from generate_series(1, 1000) x where nextval('dm_s') % 5 = 0 limit 2;
select currval('dm_s');

-- UNION ALL, nested limits, EXISTS, scalar subqueries, ARRAY, IN, CTEs.
select nextval('dm_s') from generate_series(1, 2) union all select nextval('dm_s') from generate_series(1, 1000) limit 4;
select currval('dm_s');
select * from (select nextval('dm_s') from generate_series(1, 1000) limit 10) q limit 2;
select currval('dm_s');
select exists (select nextval('dm_s') from generate_series(1, 1000));
select currval('dm_s');
select exists (select 1 from generate_series(1, 1000) x where 1/(x-5) = 0 or true);
select exists (select 1 from generate_series(1, 1000) x where 12/(x-5) < -3);
select (select 1/(x-5) from generate_series(1, 1000) x limit 1);
select (select nextval('dm_s') from generate_series(1, 1000));
select currval('dm_s');
select -1 = any (select 4/(x-5) from generate_series(1, 1000) x limit 1);
select array(select 12/(x-5) from generate_series(1, 1000) x limit 4);
with c as (select nextval('dm_s') as n from generate_series(1, 1000)) select n > 0 from c limit 3;
select currval('dm_s');
with c as materialized (select 12/(x-5) as n from generate_series(1, 1000) x) select n from c limit 4;
with recursive r(n, q) as (select 1, 12 union all select n+1, 12/(n-7) from r) select * from r limit 6;
select v from (values (1/1), (1/1)) a(v) limit 1;

-- Set-returning functions in the target list.
-- (PostgreSQL calls a volatile function beside a set once more when the set ends; Zorya does not.)
select generate_series(1, 3), nextval('dm_u') from generate_series(1, 1000) limit 3;
select currval('dm_u');
select generate_series(1, 12/(x-3)) from generate_series(4, 100) x limit 3;
select generate_series(1, 3), 6/(x-3) from generate_series(4, 100) x offset 2 limit 3;
select generate_series(1, x), 6/(x-3) from generate_series(1, 100) x limit 3;
select unnest(array[1,2,3]) from (select nextval('dm_u') from generate_series(1, 1000)) q limit 4;
select currval('dm_u');

select x, generate_series(1, 2) as g, nextval('dm_u') from dm_t order by y desc, x limit 2;
select x, (select 1/(o.x-12) from dm_t i where i.x = o.x) from dm_t o order by y desc, x limit 1;
select x, nextval('dm_u') as n from dm_t where x < 4 order by n desc;
select nextval('dm_u') % 2 as n, count(*) from dm_t where x < 5 group by 1 order by 1;
select x + 1 as y, nextval('dm_u') from dm_t where x < 4 order by x desc, 1;

-- Joins, DISTINCT, FETCH WITH TIES.
select a.x, l.q from generate_series(1, 1000) a(x), lateral (select 12/(a.x-4) as q) l limit 3;
select distinct on (x) x, 6/(x-5) from generate_series(1, 100) x order by x limit 4;
select 12/(x-8) as q from dm_t order by x fetch first 3 rows with ties;

-- An outer reference's condition is checked before what it guards is read.
select x from dm_t o where x < 4 and (select count(*) from dm_t a join dm_t b on 1/(a.x-1) = b.y where o.x = 100) = 0 order by x;
select o.x, (select max(1/(a.x-1)) from dm_t a where o.x > 5) from dm_t o where o.x < 4 order by 1;
select o.x, (select max(a.x) from dm_t a where o.x > 1 and a.x / (o.x - 1) > 10 and a.x < 40) from dm_t o where o.x < 4 order by 1;
select o.x, l.* from dm_t o left join lateral (select 1/(a.x-1) as q from dm_t a where o.x > 10) l on true where o.x < 3 order by 1;
select count(*) from dm_t a join dm_t b on 1/(a.x-1) = b.y where (select false);
select count(*) from dm_t where false and 1/(x-1) > 0;
select count(*) from dm_t where 1/(x-1) > 0 and null;
select count(*) from dm_t where 1/(x-1) > 0 and 1 = 2;
select count(*) from (select 1/(x-1) from dm_t offset 0) q where false;
select sum(1/(x-1)) from dm_t having false;
select count(*) from dm_t a, (select * from dm_t where false) b where 1/(a.x-1) > 0;
select a.x, b.x from dm_t a left join dm_t b on false and 1/(b.x-1) > 0 where a.x < 3 order by 1;
select x from dm_t where false union all select x from dm_t where x = 1 and true;
update dm_t set y = 1/(x-1) where false;
delete from dm_t where 1/(x-1) > 0 and false;
select count(*) from dm_t where now() is null and 1/(x-1) > 0;

drop table dm_t;
drop sequence dm_s;
drop sequence dm_u;
