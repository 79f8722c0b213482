select 1
select 1, 'a', null, true, 1.5, 3000000000, 12345678901234567890
select id, name as n, balance from accounts
select * from accounts
select a.*, t.amount from accounts a join transfers t on t.payer = a.id
select * from accounts join transfers using (id)
select * from accounts natural join transfers
select id from accounts a full join transfers b using (id)
select j.id, a.name from (accounts a join transfers b using (id)) j(id) , accounts a
select x.id from accounts a join transfers b using (id) as x
select * from pairs p left join plain on p.a = plain.a
select count(*), count(name), sum(id), sum(big), sum(balance), avg(id), min(name), max(created), sum(d) from accounts
select name, count(*) from accounts group by name having count(*) > 1 order by 2 desc, 1
select id, name from accounts group by id
select upper(name) as up, count(*) from accounts group by up
select id + 1, count(*) from accounts group by id + 1 order by id + 1
select id % 10 as bucket, sum(balance) from accounts group by 1
select name, flag, grouping(name, flag), count(*) from accounts group by rollup (name, flag)
select name, flag, count(*) from accounts group by grouping sets ((name), (flag), ())
select name, flag, count(*) from accounts group by cube (name, flag)
select count(distinct name) filter (where id > 1) from accounts
select string_agg(name, ',' order by id desc) from accounts
select array_agg(id) from accounts
select (select count(*) from transfers where payer = a.id) from accounts a
select (select max(a.id)) from accounts a
select exists (select 1 from transfers t where t.payer = a.id) from accounts a
select id in (select payer from transfers) from accounts
select (id, name) in (select payer, note from transfers) from accounts
select (1, 2) = (select a, b from pairs)
select id > all (select payer from transfers) from accounts
select array(select id from accounts)
select id from accounts where id = $1
select id from accounts where id = $1 and name = $2 limit $3
select $1::int + $2
select coalesce($1, id) from accounts
select id from accounts where id in ($1, $2, 3)
select id from accounts where name like $1 and created > $2
select id from accounts where id = any($1)
select id from accounts where balance > $1 and created < now() - $2::interval
select $1
select case when $1 then 'a' else 'b' end
select id from accounts where big = $1 and small = $2
select id from accounts where u = $1
select row_number() over (partition by name order by id), sum(id) over (order by id rows between 1 preceding and current row) from accounts
select rank() over w, lag(name) over w from accounts window w as (order by balance desc)
select sum(count(*)) over () from accounts group by name
select distinct name from accounts order by name
select distinct on (name) name, id from accounts order by name, id desc
select 1 as a union select 2.5
select id from accounts union all select big from accounts order by id limit 3
select 'a' union select 'b'
select null union select 1
select 1 intersect select 2 except select 3
values (1, 'a'), (2, null)
values (1), (2.5) order by 1
select * from (values (1, 'x'), (2, 'y')) v(a, b)
with x as (select id from accounts) select * from x where id > 1
with recursive fib(a, b) as (select 0, 1 union all select b, a + b from fib where b < 100) select a from fib
with recursive t(n) as (values (1) union select n + 1 from t where n < 10) select sum(n) from t
with recursive b as (select * from a), a as (select 1 as one) select * from b
with d as (delete from pairs where a = 1 returning a, c) select c from d
with i as (insert into pairs values (1, 2) returning *) select count(*) from i
select generate_series(1, 3), name from accounts
select generate_series(1, id) + 1 from accounts order by 1
select * from generate_series(1, 10)
select g from generate_series(1, 10) g
select g.n, i from generate_series(1, 10) with ordinality g(n, i)
select * from unnest(array[1, 2], array['a', 'b']) u(a, b)
select * from accounts a, lateral (select t.amount from transfers t where t.payer = a.id limit 1) s
select * from accounts a cross join lateral generate_series(1, a.id) g
select * from current_date
select * from rich
select r.id, r.name from rich r where balance < 5000
select accounts.id as i from accounts order by i desc nulls last limit 5 offset 2
select id as i from accounts order by -id
select case id when 1 then 'a' when 2 then 'b' end, case when flag then 1 else 2.5 end from accounts
select coalesce(balance, 0), greatest(1, 2.5), least(id, big), nullif(id, 0) from accounts
select id between 1 and 2, id in (1, 2), id not in (1, 2), id is null, flag is not true from accounts
select name like 'a%', name ilike 'b', name similar to 'c', name ~ 'd' from accounts
select array[1, 2, 3], array[1, 2.5], array[[1, 2], [3, 4]], array[]::int[], (array[1, 2])[1], (array[1, 2])[1:1]
select 'x'::text, '1'::int, cast('2024-01-01' as date), '5'::numeric(10, 2), 'abc'::varchar(2), 'a'::char(3), int '5'
select now(), current_timestamp, current_date, current_user, localtime, current_timestamp(2)
select extract(year from created), date_trunc('day', created), created::date, created at time zone 'UTC' from accounts
select data -> 'a', data ->> 'b', data #> '{a,b}', data @> '{}' from accounts
select id::text, name::varchar(5), balance::int, flag::text, u::text from accounts
select -id, +id, id * 2, id / 2, balance * 2, d * 2, big + 1, small + 1, 2 ^ 3 from accounts
select name || 'x', name || id, 'a' || 'b' from accounts
select length(name), upper(name), substring(name from 1 for 2), trim(name), position('a' in name), overlay(name placing 'x' from 1) from accounts
select row(1, 'a')
select (a).name from accounts a
select count(*) from accounts a where a.id = (select max(id) from accounts)
select double(id), double(3) from accounts
select int4('5'), text(5), float8(1)
select id from accounts for update
select a.id from accounts a join transfers t on t.payer = a.id where t.amount > 1 for update of a
select id from rich for update
select id from accounts order by id limit 3 for update
insert into accounts (id, name) values (1, 'a')
insert into accounts values (1, 'a', 5.5)
insert into accounts (id, name, balance) values ($1, $2, $3)
insert into accounts (id, name, balance) values ($1, $2, $3), ($4, default, $5) returning id, name, balance, created
insert into accounts default values
insert into accounts (id, name) select g, 'name' || g from generate_series(1, 10) g
insert into accounts (id, name, u) select payer, 'x', null from transfers
insert into accounts (id, name, balance) select 1, 'x', '5'
insert into accounts (id, name) select $1, $2
insert into accounts (id, v) values (1, name('x'))
insert into transfers (payer, payee, amount) values (1, 2, 3) returning id, twice
insert into transfers (id, amount) overriding system value values (1, 2)
insert into transfers (id, amount) overriding user value values (1, 2)
insert into transfers (id, amount, twice) values (default, 2, default)
insert into accounts (id, name) values (1, 'a') on conflict do nothing
insert into accounts (id, name) values (1, 'a') on conflict (id) do update set name = excluded.name, balance = accounts.balance + 1 where accounts.id > 1 returning *
insert into pairs (a, b) values (1, 2) on conflict (b, a) do update set c = 'y'
insert into accounts as x (id, name) values (1, 'a') on conflict (name) do update set id = x.id + 1
insert into pairs (a, b) (values (1, 2), (3, 4) order by 1)
with src as (select 1 as a, 2 as b) insert into pairs (a, b) select a, b from src returning a + b
update accounts set balance = balance - $1 where id = $2
update accounts set balance = balance + 1, name = default returning id, balance
update accounts a set balance = a.balance + t.amount from transfers t where t.payer = a.id returning a.id, t.amount
update accounts set (id, name) = (1, 'x')
update accounts set (id, name) = (select a, c from pairs limit 1) where id = 3
update accounts set name = (select note from transfers where payer = accounts.id)
update transfers set twice = default, id = default
with t as (select id from accounts limit 1) update accounts set flag = true from t where t.id = accounts.id
delete from accounts
delete from accounts where id = $1 returning *
delete from accounts a using transfers t where t.payer = a.id returning a.id, t.id
select count(t), count(t.*) from transfers t
select id, sum(sum(balance)) over (order by id) from accounts group by id
select max(id) filter (where flag), bool_and(flag), every(flag) from accounts
select percentile_cont(0.5) within group (order by balance) from accounts
select mode() within group (order by name) from accounts
select 1 where exists (select)
select a.id from accounts a left join (select payer, sum(amount) s from transfers group by payer) t on t.payer = a.id where s > 1
select * from accounts where (id, small) = (1, 2) and flag
select id from accounts order by name collate "C"
select sum(amount) from transfers where payer = $1 and id > $2 group by payer
select 5 = any('{1,2,5}'), 'a' = any(array['a', 'b'])
select make_interval(days => 10)
select pg_typeof(1)
select format('%s', name) from accounts
select concat(id, name, null) from accounts
select to_char(created, 'YYYY') from accounts
select id from accounts where created > '2024-01-01' and created < current_date + 1
select jsonb_build_object('a', id), to_jsonb(a), row_to_json(a) from accounts a
select k, v from jsonb_each('{"a": 1}') as e(k, v)
select * from jsonb_each_text('{"a": 1}')
