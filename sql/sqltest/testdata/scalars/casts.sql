-- Casts: what they do to modifiers, and numbers too small for their type.
create table casts (id int primary key, n numeric(10,2), v varchar(5), c char(4), t timestamp(3));
insert into casts values (1, 1.5, 'ab', 'cd', '2020-01-01 10:00:00.1234');
select n::numeric, v::varchar, c::bpchar, t::timestamp, n::numeric(10,2), v::varchar(5), c, v from casts;
select id from casts where n::numeric = 1.5 and v::varchar = 'ab' and c::bpchar = 'cd';
select 1e-60::float4;
select (-1e-400)::float8;
select 0::numeric::float4, 1e-40::float4, 1e-320::float8;
select typname, typmodin, typmodout from pg_type where typmodin <> 0 and typtype = 'b' and typname in ('numeric', 'varchar', 'bpchar', 'interval', 'timestamp', '_numeric') order by 1;
drop table casts;
