-- SEARCH and CYCLE of recursive queries.
create table hop (src int, dst int, cost numeric);
insert into hop values (1, 2, 1.5), (2, 3, 1), (3, 1, 2), (2, 5, 0.5), (5, 6, 4);
with recursive way (src, dst) as (select src, dst from hop where src = 1 union all select h.src, h.dst from way w join hop h on h.src = w.dst where h.dst <> 1) search depth first by src, dst set seq select * from way order by seq;
with recursive way (src, dst) as (select src, dst from hop where src = 1 union all select h.src, h.dst from way w join hop h on h.src = w.dst where h.dst <> 1) search breadth first by dst set seq select * from way order by seq;
with recursive way as (select src, dst, cost from hop where src = 1 union all select h.src, h.dst, way.cost + h.cost from way, hop h where h.src = way.dst) cycle dst set again using path select * from way order by path;
with recursive way as (select src, dst from hop where src = 1 union select h.src, h.dst from way, hop h where h.src = way.dst) search breadth first by src, dst set seq cycle src, dst set again to 1 default 0 using path select src, dst, seq, again, path from way order by seq, path;
with recursive way (a) as (select 1 union all select 2 from way) search depth first by b set seq select 1;
with recursive way (a) as (select 1 union all select 2 from way) search depth first by a, a set seq select 1;
with recursive way (a) as (select 1 union all select 2 from way) search depth first by a set a select 1;
with recursive way (a) as (select 1 union all select 2 from way) cycle a set c to 1 default 'x' using p select 1;
with recursive way (a) as (select 1 union all select 2 from way) cycle a set c using c select 1;
with way (a) as (select 1) search depth first by a set seq select 1;
with recursive way (a) as (select 1 union all select * from (select a + 1 from way) x) search depth first by a set seq select 1;
-- Recursive references where none may be.
with recursive x (n) as (with y as (select n from x) select 0 union select n from y) select * from x;
with recursive x (n) as (select 1 union all select n + 1 from x where n in (select n from x)) select * from x;
-- Arrays of records.
select array[row(1, 2), row(2, 3)], row(1, 2) = any (array[row(1, 2)]), array[row(1)] || row(2);
select array[row(1)] || array[row(3)], array_agg(r) from (values (row(1, 2)), (row(0, 3))) v(r);
