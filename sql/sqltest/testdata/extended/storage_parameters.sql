create table sp (a int) with (fillfactor = 70, autovacuum_enabled = off, oids = false);
create table sp2 (a int) with (nosuch = 1);
alter table sp set (fillfactor = 90, parallel_workers = 2);
alter table sp set (nosuch = 90);
alter table sp reset (fillfactor);
insert into sp values (1) returning a;
