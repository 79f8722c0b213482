select * from (select 1 as a into it_x) y;
select (select 1 into it_x);
with q as (select 1 into it_x) select * from q;
select 1 union select 2 into it_x;
create view it_v as select 1 as a into it_x;
