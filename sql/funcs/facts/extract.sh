#!/bin/sh
# Writes the tables of facts of this directory from a running PostgreSQL (libpq
# environment variables say which): signatures, operators and casts between types
# that the engine knows. Run it again to move to another version.
set -e
cd "$(dirname "$0")"
types="3500,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,114,194,700,701,705,1033,1042,1043,1082,1083,1114,1184,1186,1266,1700,2202,2203,2204,2205,2206,2249,2276,2277,2278,2283,2776,2950,3802,4072,4089,4096,4191,650,869,1041,5069,5077,5078,5079,1000,1001,1002,1003,1016,1005,1007,1009,1028,1021,1022,1014,1015,1034,1182,1183,1115,1185,1187,1231,1270,2287,2951,199,3807,2210,2211"
known="string_to_array('$types', ',')::oid[]"
psql -XqAt -F "$(printf '\t')" > funcs.tsv <<SQL
select p.oid, proname, array_to_string(proargtypes::oid[], ' '), prorettype,
  case when proisstrict then 's' else '-' end || provolatile::text || prokind::text ||
  case when proretset then 'r' else '-' end || case when provariadic <> 0 then 'v' else '-' end || coalesce(aggkind::text, '-'),
  pronargdefaults,
  coalesce((select string_agg(proargnames[i], ' ' order by i) from generate_series(1, pronargs) i where proargnames is not null), ''),
  coalesce((select string_agg(proallargtypes[i]::text, ' ' order by i) from generate_series(1, array_length(proallargtypes, 1)) i where proargmodes[i] in ('o','t')), ''),
  coalesce((select string_agg(proargnames[i], ' ' order by i) from generate_series(1, array_length(proallargtypes, 1)) i where proargmodes[i] in ('o','t')), ''),
  case when prolang = 12 and prokind <> 'a' then prosrc else proname || '(' || array_to_string(proargtypes::oid[], ',') || ')' end
from pg_proc p left join pg_aggregate a on a.aggfnoid = p.oid
where p.oid < 10000 and proargtypes::oid[] <@ $known and prorettype = any($known) order by p.oid;
SQL
psql -XqAt -F "$(printf '\t')" > operators.tsv <<SQL
select o.oid, o.oprname, o.oprleft, o.oprright, o.oprresult, o.oprcode::oid, coalesce(c.oprname, ''), coalesce(n.oprname, ''),
  case when o.oprcanhash then 'h' else '-' end,
  coalesce((select max(amopstrategy) from pg_amop where amopopr = o.oid and amopmethod = 403 and amoppurpose = 's'
            and amopfamily not in (select oid from pg_opfamily where opfname like '%pattern%')), 0),
  case o.oprrest::text when 'eqsel' then 'eq' when 'neqsel' then 'neq' when '-' then '' else
    case when o.oprrest::text like 'scalar%' then 'ineq' when o.oprrest::text ~ 'contsel|contjoin' then 'contain'
         when o.oprrest::text ~ 'like|regex|prefix' then 'like' else '' end end
from pg_operator o left join pg_operator c on c.oid = o.oprcom left join pg_operator n on n.oid = o.oprnegate
where o.oid < 10000 and (o.oprleft = 0 or o.oprleft = any($known)) and o.oprright = any($known) order by o.oid;
SQL
psql -XqAt -F "$(printf '\t')" > casts.tsv <<SQL
select oid, castsource, casttarget, castfunc, castcontext, castmethod from pg_cast
where castsource = any($known) and casttarget = any($known) order by castsource, casttarget;
SQL
psql -XqAt -F "$(printf '\t')" > keywords.tsv <<SQL
select word, catcode, case when barelabel then 't' else 'f' end from pg_get_keywords() order by word;
SQL
