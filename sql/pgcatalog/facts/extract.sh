#!/bin/sh
# Writes the tables of facts of this directory from a running PostgreSQL (libpq
# environment variables say which): the columns of its catalogs and views, its
# types, the default operator classes of btree, and what pg_proc, pg_aggregate and
# pg_operator say of functions that the engine knows or that catalogs refer to (which
# need not exist otherwise). Columns that PostgreSQL 16 has
# and 15 has not are added by hand in facts.go.
set -e
cd "$(dirname "$0")"
psql -XqAt -F "$(printf '\t')" > columns.tsv <<SQL
select case n.nspname when 'information_schema' then 'i' else 'c' end, c.relkind, case when c.oid < 12000 then c.oid else 0 end, c.relname,
  string_agg(a.attname || ':' || case when t.typtype = 'd' then t.typbasetype else t.oid end || case when t.typtypmod > 0 then '/' || t.typtypmod else '' end || case when a.attnotnull then '!' else '' end, ' ' order by a.attnum)
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
  join pg_type t on t.oid = a.atttypid
where n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v')
  and c.relname not like '\_pg%' and c.relname !~ '^pg_hba|^pg_ident_file'
group by 1, 2, 3, 4 order by 1, 4;
SQL
psql -XqAt -F "$(printf '\t')" > types.tsv <<SQL
select oid, typname, typlen, typbyval, typtype, typcategory, typispreferred, typisdefined, typdelim, typrelid, typsubscript::oid, typelem, typarray,
  typinput::oid, typoutput::oid, typreceive::oid, typsend::oid, typmodin::oid, typmodout::oid, typanalyze::oid, typalign, typstorage, typcollation,
  typinput, typoutput, typreceive, typsend, typsubscript, typmodin, typmodout
from pg_type where oid < 10000 and typtype in ('b', 'p') and typrelid = 0 order by oid;
SQL
psql -XqAt -F "$(printf '\t')" > opclasses.tsv <<SQL
select c.oid, c.opcname, c.opcfamily, f.opfname, c.opcintype, c.opckeytype
from pg_opclass c join pg_opfamily f on f.oid = c.opcfamily
where c.opcmethod = 403 and c.opcdefault and c.oid < 12000 or c.opcmethod = 403 and c.opcdefault and c.opcintype < 5000 order by c.oid;
SQL
psql -XqAt > zones.tsv <<SQL
select name from pg_timezone_names where name !~ '^posix|localtime|posixrules' order by 1;
SQL
known=$(cut -f1 ../../funcs/facts/funcs.tsv | paste -sd,)
types=$(cut -f1 types.tsv | paste -sd,)
psql -XqAt -F "$(printf '\t')" > aggregates.tsv <<SQL
select aggfnoid::oid, aggtransfn::oid, aggfinalfn::oid, aggcombinefn::oid, aggserialfn::oid, aggdeserialfn::oid, aggmtransfn::oid, aggminvtransfn::oid,
  aggmfinalfn::oid, aggfinalextra, aggmfinalextra, aggfinalmodify, aggmfinalmodify, aggsortop, aggtranstype, aggtransspace, aggmtranstype, aggmtransspace,
  coalesce(agginitval, '-'), coalesce(aggminitval, '-'), aggnumdirectargs
from pg_aggregate where aggfnoid::oid in ($known) order by 1;
SQL
psql -XqAt -F "$(printf '\t')" > estimators.tsv <<SQL
select oid, oprrest::oid, oprjoin::oid from pg_operator where oid in ($(cut -f1 ../../funcs/facts/operators.tsv | paste -sd,)) and oprrest <> 0 order by oid;
SQL
psql -XqAt -F "$(printf '\t')" > procs.tsv <<SQL
with referred as (
  select unnest(array[typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript]::oid[]) as oid from pg_type where oid in ($types)
  union select unnest(array[oprrest, oprjoin]::oid[]) from pg_operator where oid in ($(cut -f1 ../../funcs/facts/operators.tsv | paste -sd,))
  union select unnest(array[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[])
    from pg_aggregate where aggfnoid::oid in ($known))
select p.oid, proname, prorettype, array_to_string(proargtypes::oid[], ' '),
  (case when proisstrict then 's' else '-' end) || provolatile::text || prokind::text || (case when proretset then 'r' else '-' end) ||
  (case when proleakproof then 'l' else '-' end) || proparallel::text || (case when p.oid in (select oid from referred) then 'r' else '-' end),
  procost, case when prolang = 12 then prosrc else proname || '(' || array_to_string(proargtypes::oid[], ',') || ')' end,
  case when provariadic <> 0 then array_to_string(proargmodes, '') else '' end, coalesce(pg_get_expr(proargdefaults, 0), '')
from pg_proc p where p.oid < 10000 and (p.oid in ($known) or p.oid in (select oid from referred)) order by p.oid;
SQL
