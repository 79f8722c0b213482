create table tq (id int primary key, v int);
insert into tq values (1, 10), (2, 20), (3, 30);
-- a correlated subquery on the left of ANY and ALL over an uncorrelated one
select r1.id from tq r1 where (select min(x.v) from tq x where x.id > r1.id) < any (select 25 from tq r2) order by 1;
select r1.id, (select min(x.v) from tq x where x.id > r1.id) < all (select 25 from tq r2) from tq r1 order by 1;
select r1.id, (select min(x.v) from tq x where x.id > r1.id) = any (select r2.v from tq r2 where r2.id >= r1.id) from tq r1 order by 1;
-- a CTE that reads a column from outside of it
select (with c as (select t.id v) select (select v from c)) from tq t order by 1;
select t.id in (with c as materialized (select t.id v) select v from c) from tq t order by 1;
-- A hash join inside of a subquery whose keys an outer row decides.
create table hj (id int primary key, n int, d int);
insert into hj values (1, 1, 1), (2, 2, 2), (3, 3, 1), (4, 4, 2);
select o.id, o.n in (select b.n from hj a join hj b on a.n < b.n where case when b.d < o.d then o.id else b.d end = a.d) from hj o order by 1;
