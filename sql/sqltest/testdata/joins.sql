create table l (id int primary key, a int, t text);
create table r (id int primary key, a int, n numeric(8,2));
insert into l values (1, 1, 'a'), (2, null, null), (3, 3, 'b');
insert into r values (1, 1, 1.5), (2, 1, null), (3, 7, 2), (4, null, 3), (5, 8, 4), (6, 9, null), (7, 10, 1);
select l.id, r.id, coalesce(l.t, case when r.n > 1.5 then 'x' else l.t end), coalesce(r.n, case when l.t < 'b' then r.n else r.n end) from l full join r on l.a = r.a;
select coalesce(l.a, r.a) from l full join r on l.a = r.a where (l.t is null or r.n is null) and coalesce(l.t, 'z') > 'a';
select lead(null) over (order by id) from l;
select max(x.t) from (select coalesce(l.t, r.n::text) as t from l right join r on l.a = r.a and l.t is not null) x
;
select 1 from (select true as x) p natural join (select 1 as x) q;
select id from l where (select max(r.a) from r where r.id = l.id) in (select 7 from r where n > 1)
