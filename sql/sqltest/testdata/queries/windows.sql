-- Window frames: offsets that are infinite, NaN beside them.
create table measures (id int primary key, f float8, n numeric);
insert into measures values (1, '-inf', '-inf'), (2, -1, -1), (3, 4.5, 4.5), (4, 'inf', 'inf'), (5, 'nan', 'nan');
select id, count(*) over w, first_value(id) over w, last_value(id) over w from measures
  window w as (order by f range between 'inf' preceding and 'inf' following) order by id;
select id, count(*) over w, first_value(id) over w, last_value(id) over w from measures
  window w as (order by f range between 'inf' preceding and 'inf' preceding) order by id;
select id, count(*) over w, first_value(id) over w, last_value(id) over w from measures
  window w as (order by f desc range between 'inf' following and 'inf' following) order by id;
select id, count(*) over w, first_value(id) over w, last_value(id) over w from measures
  window w as (order by n range between 'inf' preceding and 'inf' following) order by id;
select id, count(*) over w, first_value(id) over w, last_value(id) over w from measures
  window w as (order by n desc range between 'inf' preceding and 1 preceding) order by id;
select id, count(*) over w from measures window w as (order by n::float4 range 'nan' preceding) order by id;
drop table measures;
