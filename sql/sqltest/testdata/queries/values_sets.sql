create table vs_t(a int, x text);
-- One row of VALUES may call sets, several may not.
insert into vs_t(a, x) values (generate_series(1, 3), 'x');
insert into vs_t(a, x) values (generate_series(1, 2), 'y'), (5, 'z');
insert into vs_t values (unnest(array[7, 8]));
insert into vs_t values (generate_series(1, 2), 'x', 3);
insert into vs_t(a) values (generate_series(1, 2) + 10);
select * from vs_t order by a, x;
drop table vs_t;
