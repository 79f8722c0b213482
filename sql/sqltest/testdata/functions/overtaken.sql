-- Rows that functions of the statement have made or changed meet ON CONFLICT, and
-- filters that fail at rows that nobody asks for.
create table fo(id int primary key, v int, w text);
insert into fo select i, i % 10, 'w' || i from generate_series(1, 200) i;
create function fo_raise(int) returns int language sql volatile as 'update fo set v = v + 100 where id = $1 returning v';
create function fo_add(int) returns int language sql volatile as 'insert into fo values ($1, 7, ''f'') returning id';
insert into fo values (fo_add(500), 2, 'r') on conflict (id) do update set v = fo.v + 1;
insert into fo values (1, fo_raise(1), 'r') on conflict (id) do update set v = fo.v + 1;
insert into fo values (1, 1, 'r') on conflict (id) do update set v = fo_raise(1);
insert into fo values (1, 1, 'r') on conflict (id) do update set v = fo_raise(2);
insert into fo values (1, fo_raise(1), 'r') on conflict (id) do nothing;
insert into fo values (fo_add(501), 2, 'r') on conflict (id) do nothing;
select * from fo where id < 3 or id >= 500 order by id;
select exists(select 1 from fo where 100 / (id - 25) > -2000);
begin;
insert into fo values (-1, 1, 'own');
select id from fo where 100 / (id - 25) > -2000 order by id limit 3;
select exists(select 1 from fo where 100 / (id - 25) > -2000);
select count(*) from fo where 100 / (id - 25) > -2000;
rollback;
