-- A constant that cannot be computed is found when the statement is planned, not when it is described.
prepare fa as select 1 / 0 as x;
execute fa;
prepare fb as select 'x'::text || (1 / 0) from generate_series(1, 0);
execute fb;
explain select 1 / 0;
select 1 / 0 where false;
