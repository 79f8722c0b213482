select nope from accounts
select accounts.nope from accounts
select a.nope from accounts a
select accounts.id from accounts a
select nobody.id from accounts
select * from nowhere
select * from public.nowhere
select * from noschema.t
select idd from accounts
select blance from accounts
select id from accounts, transfers
select * from accounts, accounts
select * from accounts a, transfers a
select *
select nope.* from accounts
select foo(1)
select foo(1, 'x', null)
select length(1, 2)
select lower(1)
select 1 + 'x'::text
select 1 || 2
select 'a' + 'b'
select - 'a'::text
select true + 1
select id = name from accounts
select id from accounts where name
select id from accounts where balance
select id from accounts where id
select id from accounts having 1
select id from accounts where sum(id) > 1
select id from accounts where row_number() over () = 1
select id from accounts where generate_series(1, 2) = 1
select sum(sum(id)) from accounts
select sum(row_number() over ()) from accounts
select row_number() over (order by row_number() over ()) from accounts
select sum(row_number() over (), 1) from accounts
select name, count(*) from accounts
select name, count(*) from accounts group by id + 1
select id + 2 from accounts group by id + 1
select t.amount, count(*) from transfers t
select a, c from pairs group by a
select id from accounts group by count(*)
select count(*) from accounts group by 1
select id from accounts group by 2
select id from accounts order by 2
select id from accounts order by 0
select id from accounts order by 'x'
select id from accounts order by 1.5
select id from accounts order by nope
select id as x, name as x from accounts order by x
select distinct id from accounts order by name
select distinct on (name) id from accounts order by id
select distinct j from plain
select j from plain order by j
select j, count(*) from plain group by j
select j from plain union select j from plain
select 1 union select 1, 2
select 1, 2 union select 1
select 1 union select 'x'
select 1 union select 'x'::text
select id from accounts union select name from accounts
select id from accounts union select id from accounts order by id + 1
select id from accounts union select id from accounts order by name
select id from accounts union select id from accounts order by nope
values (1, 2), (3)
values (1), ('x'::text)
values (default)
select case when id then 1 end from accounts
select case when true then 1 else 'x' end
select case when true then 1 else 'x'::text end
select coalesce(1, 'x')
select coalesce(id, name) from accounts
select greatest(id, name) from accounts
select nullif(id, name) from accounts
select id in ('x', 'y') from accounts
select id in (1, 'y') from accounts
select id in (name) from accounts
select id in (select name from accounts) from accounts
select id in (select id, name from accounts) from accounts
select (id, name) in (select id from accounts) from accounts
select (id, name) = (1) from accounts
select (id, name) = (1, 2, 3) from accounts
select (select id, name from accounts)
select array(select id, name from accounts)
select id = any(1) from accounts
select id = any(array['x'::text]) from accounts
select array[1, 'x']
select array[1, 'x'::text]
select array[]
select 'x'::int
select 'x'::uuid
select 'nope'::boolean
select '2024-13-45'::date
select 'x'::timestamptz
select 'x'::numeric
select cast('1' as nope)
select '1'::nope
select '1'::public.nope
select 1::uuid
select true::date
select 1::timestamptz
select '1'::numeric(0)
select '1'::numeric(1001)
select '1'::numeric(5, 2000)
select '1'::varchar(0)
select id::jsonb::int::uuid from accounts
select id[1] from accounts
select (id).x from accounts
select (accounts).nope from accounts
select id from accounts limit id
select id from accounts limit 'x'
select id from accounts offset true
select id from accounts limit sum(1)
select count(distinct id, name) from accounts
select lower(distinct name) from accounts
select lower(*) from accounts
select count() from accounts
select lower(name order by id) from accounts
select lower(name) filter (where true) from accounts
select lower(name) over () from accounts
select row_number() from accounts
select sum(id) over w from accounts
select sum(distinct id) over () from accounts
select count(*) filter (where 1) from accounts
select count(*) filter (where count(*) > 1) from accounts
select sum(id) over (rows name preceding) from accounts
select sum(id) over (rows 'x' preceding) from accounts
select sum(id) over (groups 1 preceding) from accounts
select sum(id) over (range 1 preceding) from accounts
select sum(id) over (w order by id) from accounts window w as (order by name)
select string_agg(distinct name, ',' order by id) from accounts
select percentile_cont(0.5) from accounts
select sum(id) within group (order by id) from accounts
select * from accounts join transfers on accounts.id
select * from accounts join transfers using (nope)
select * from accounts join transfers using (name)
select * from accounts a join transfers b on c.id = 1
select * from accounts a join transfers b using (id) join pairs p using (id)
select * from accounts a, (select a.id) s
select * from accounts a right join lateral (select a.id) s on true
select * from (select id from accounts) s where s.name = 'x'
select * from (select 1, 2) s(a, b, c)
select * from accounts a(x) where id = 1
select * from accounts a(a1,a2,a3,a4,a5,a6,a7,a8,a9,a10,a11,a12)
select * from generate_series(1, 2) g where g = 'x'
select * from unnest(1)
select generate_series(1, 2) from accounts where id = 1 limit generate_series(1,2)
select case when true then generate_series(1, 2) end
select coalesce(generate_series(1, 2), 1)
select sum(generate_series(1, 2))
with x as (select 1), x as (select 2) select * from x
with x(a, b) as (select 1) select * from x
with x as (select 1 as a) select b from x
with recursive x as (select 1) select * from y
with recursive x(n) as (select 1 union all select n + 1.5 from x) select * from x
with recursive x(n) as (select n from x union all select 1) select * from x
with recursive x(n) as (select n from x) select * from x
with recursive x(n) as (select 1 union all select count(*)::int from x) select * from x
with recursive x(n) as (select 1 union all select a.n from x a, x b) select * from x
with recursive x(n) as (select 1 union all select n + 1 from x order by 1) select * from x
with recursive x(n) as (select 1 union all select n + 1 from x limit 1) select * from x
with recursive x(n) as (select 1 union all select 2 where exists (select 1 from x)) select * from x
with recursive x(n) as (select 1 union all select pairs.a from pairs left join x on true) select * from x
with recursive a as (select * from b), b as (select * from a) select * from a
with x as (delete from pairs) select * from x
select * from (with x as (delete from pairs returning a) select * from x) s
insert into nowhere values (1)
insert into accounts values (1, 'a', 2, now(), null, 1, 2, true, null, 'x', 1, 2)
insert into accounts (id, nope) values (1, 2)
insert into accounts (id, id) values (1, 2)
insert into accounts (id, name) values (1)
insert into accounts (id) values (1, 2)
insert into accounts (id, name) select 1
insert into accounts (id) select 1, 2
insert into accounts (id) values ('x')
insert into accounts (id) values (true)
insert into accounts (created) values (1)
insert into accounts (id, name) values (1, 'a'), (2)
insert into accounts (id) values (name)
insert into accounts (id) values (sum(1))
insert into accounts (u) values (1)
insert into accounts (id, u) select 1, 2
insert into transfers (id, amount) values (1, 2)
insert into transfers (amount, twice) values (1, 2)
insert into transfers (id, amount) select 1, 2
insert into accounts (id) values (1) returning nope
insert into accounts (id) values (1) returning sum(id)
insert into accounts (id) values (1) on conflict (nope) do nothing
insert into accounts (id) values (1) on conflict (balance) do nothing
insert into accounts (id) values (1) on conflict (id, name) do nothing
insert into accounts (id) values (1) on conflict on constraint nope do nothing
insert into accounts (id) values (1) on conflict do update set name = 'x'
insert into accounts (id) values (1) on conflict (id) do update set nope = 'x'
insert into accounts (id) values (1) on conflict (id) do update set name = name
insert into accounts (id) values (1) on conflict (id) do update set name = excluded.nope
insert into accounts (id) values (1) on conflict (id) do update set balance = 'x'
update nowhere set a = 1
update accounts set nope = 1
update accounts set accounts.id = 1
update accounts set id = 'x'
update accounts set id = name
update accounts set id = true where id = 1
update accounts set id = 1, id = 2
update accounts set (id, name) = (1)
update accounts set (id, name) = (1, 'a', 2)
update accounts set (id, name) = (select 1)
update accounts set id = sum(id)
update accounts set id = 1 where count(*) > 1
update accounts set id = 1 where nope = 1
update accounts set id = 1 where name
update accounts set id = 1 from accounts
update accounts set id = 1 returning nope
update transfers set id = 5
update transfers set twice = 5
delete from nowhere
delete from accounts where nope = 1
delete from accounts where id = 'x'
delete from accounts using accounts where id = 1
delete from accounts where name
delete from accounts returning nope
select $1
select $1 + $2
select $1 = $1
select id from accounts where id = $1 and name = $1
select id from accounts where $2 = id
select count(*) from accounts for update
select id from accounts group by id for update
select distinct id from accounts for update
select id from accounts having true for update
select id from accounts union select id from accounts for update
values (1) for update
select row_number() over () from accounts for update
select generate_series(1, 2) from accounts for update
select id from accounts for update of nope
select id from accounts a for update of accounts
select id from accounts for update of public.accounts
select a.id from accounts a left join transfers t on true for update
select * from generate_series(1, 2) g for update of g
with x as (select 1) select * from x for update of x
select * from accounts a join transfers t on true for update of b
select id from accounts a where exists (select 1 from transfers group by a.id having sum(a.id) > nope)
select (select sum(a.id) from transfers) + id from accounts a
select (select a.name from transfers limit 1) from accounts a group by id + 1
select grouping(id) from accounts
select grouping(name) from accounts group by id
select id from accounts where (select sum(accounts.id)) > 1
select name collate "nope" from accounts
select id collate "C" from accounts
select now() at time zone 1
select extract(year from 1)
select format(1)
select to_char('x')
select * from rich where created is null
select rich.nope from rich
select exists (select nope from accounts)
select row(1, 2) = row(1, 'x')
select row(1, 2) < row(1, 'x')
select 1 = row(1)
select interval '1 parsec'
select '{1,x}'::int[]
select default
select '{"a"'::jsonb
select sum(name) from accounts
select max(data) from accounts
select avg(flag) from accounts
select date_trunc(1, now())
select name like 1 from accounts
select id between 'x' and 2 from accounts
select id is true from accounts
select not id from accounts
select true and 1
select accounts from accounts group by id + 1
select id, (select name from accounts b where b.id = a.balance) from accounts a group by id + 1
