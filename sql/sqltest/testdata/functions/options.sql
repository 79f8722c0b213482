-- What CREATE FUNCTION says of costs and safety is shown.
create function fo1(int) returns int language sql leakproof parallel safe cost 5 as 'select $1';
create function fo2(int) returns setof int language sql stable strict rows 7 parallel restricted as 'select $1';
create function fo3(int) returns setof int language sql immutable parallel unsafe cost 100 rows 1000 as 'select $1';
create function fo4(int) returns int language sql return $1 + 1;
select proname, procost, prorows, proleakproof, proparallel from pg_proc where proname like 'fo_' order by 1;
select pg_get_functiondef(oid) from pg_proc where proname like 'fo_' order by 1;
create or replace function fo1(int) returns int language sql as 'select $1';
select procost, proleakproof, proparallel from pg_proc where proname = 'fo1';
create or replace function fo1(int) returns int language sql window as 'select $1';
create function fo5(int) returns int language sql cost 0 as 'select $1';
create function fo5(int) returns int language sql rows -1 as 'select $1';
create function fo5(int) returns int language sql rows 5 as 'select $1';
create function fo5(int) returns int language sql parallel maybe as 'select $1';
