-- Interval types with fields and precision.
select interval '1' year, interval '2' month, interval '3' day, interval '4' hour, interval '5' minute, interval '6' second;
select interval '1-2' year to month, interval '1 2' day to hour, interval '1 2:03' day to minute, interval '1 2:03:04' day to second, interval '2:03' hour to minute, interval '5:06' minute to second;
select '1 day 2:03:04.567'::interval hour, interval '1 day 2:03:04.567' day to second(1), interval(2) '1.2345 s', interval '1.5678' second(1);
create table span (id int, a interval year to month, b interval(3), c interval day to second(2));
select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'span'::regclass and attnum > 0 order by attnum;
insert into span values (1, '1 year 2 months 3 days', '1.23456 s', '1 day 2.3456 s') returning *;
select pg_typeof(a), a + interval '1' month from span;
