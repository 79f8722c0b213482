-- Expressions of tables without needless parentheses.
create table pt (a int check (a > 0 and (a < 10 or a = 20)), b varchar(10) check (b <> 'x' and length(b) > 2), c numeric default 0 check (c >= 0), d date default current_date, e int generated always as ((a + 1) * 2) stored , constraint mixed check ((a + 1) * 2 > c - 1 and not (b = 'q' or b is null)));
select conname, pg_get_constraintdef(oid, true), pg_get_constraintdef(oid) from pg_constraint where conrelid = 'pt'::regclass order by 1;
select pg_get_expr(adbin, adrelid, true), pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = 'pt'::regclass order by adnum;
