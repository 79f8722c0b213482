-- What catalogs say of built-in functions, operators, aggregates and types fits together.
select count(*) from pg_proc where prorettype <> 0 and not exists (select from pg_type t where t.oid = prorettype);
select count(*) from (select unnest(proargtypes) as a from pg_proc) x where not exists (select from pg_type t where t.oid = a);
select count(*) from pg_proc where (pronargdefaults <> 0) <> (proargdefaults is not null) or procost <= 0 or proretset <> (prorows > 0);
select count(*) from pg_proc where (proargmodes is not null and 'v' = any (proargmodes)) <> (provariadic <> 0);
select count(*) from pg_type t where typinput = 0 or typoutput = 0 or not exists (select from pg_proc p where p.oid = typinput) or not exists (select from pg_proc p where p.oid = typoutput);
select count(*) from pg_type t where typreceive <> 0 and not exists (select from pg_proc p where p.oid = typreceive) or typsend <> 0 and not exists (select from pg_proc p where p.oid = typsend)
  or typmodin <> 0 and not exists (select from pg_proc p where p.oid = typmodin) or typanalyze <> 0 and not exists (select from pg_proc p where p.oid = typanalyze)
  or typsubscript <> 0 and not exists (select from pg_proc p where p.oid = typsubscript) or typarray <> 0 and not exists (select from pg_type a where a.oid = t.typarray);
select count(*) from pg_operator where oprcode = 0 or oprrest <> 0 and not exists (select from pg_proc p where p.oid = oprrest) or oprjoin <> 0 and not exists (select from pg_proc p where p.oid = oprjoin);
select count(*) from pg_aggregate where aggtransfn <> 0 and not exists (select from pg_proc p where p.oid = aggtransfn) or aggfinalfn <> 0 and not exists (select from pg_proc p where p.oid = aggfinalfn)
  or aggsortop <> 0 and not exists (select from pg_operator o where o.oid = aggsortop) or aggtranstype <> 0 and not exists (select from pg_type t where t.oid = aggtranstype);
select distinct proname, oprname from pg_operator o, pg_aggregate a, pg_proc p where a.aggfnoid = p.oid and a.aggsortop = o.oid order by 1, 2;
select relname, attname from pg_class c, pg_attribute a where c.oid = attrelid and c.oid < 16384 and c.relkind = 'r' and attcollation <> 0 and attcollation <> 950 order by 1, 2;
select aggfnoid, aggkind, aggtransfn, aggfinalfn, aggsortop, aggtranstype::regtype, agginitval, aggnumdirectargs from pg_aggregate where aggfnoid::oid in (2100, 2108, 2116, 2803, 3545, 3972) order by aggfnoid::oid;
select oid, proname, prosrc, proleakproof, proparallel, procost, proargmodes, pg_get_expr(proargdefaults, 0) from pg_proc where oid in (31, 65, 438, 1268, 1299, 3464) order by 1;
select oid::regprocedure, oid::regproc from pg_proc where oid in (31, 42, 65, 101, 105) order by pg_proc.oid;
select 'int4in'::regproc::oid, 'eqsel'::regproc::oid, 'int4_sum'::regproc::oid;
select '5'::xid8::xid, '4294967297'::xid8::xid;
