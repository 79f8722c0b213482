#!/bin/sh
# Records what PostgreSQL makes of the inputs in scalars.in (type, tab, input as a
# JSON string): text and binary output, or the error. Usage: scalars.sh DATABASE-URL
cd "$(dirname "$0")" || exit 1
psql -q -v ON_ERROR_STOP=1 "$1" <<'SQL'
create function pg_temp.try(typ text, input text) returns text language plpgsql as $$
declare out text; bin text; send text; state text; msg text; det text; hint text;
begin
  execute format('create temp table probe (c %s)', typ);
  execute format('insert into probe values (%L)', input);
  select typsend::text into send from pg_attribute a join pg_type t on t.oid = atttypid where attrelid = 'probe'::regclass and attnum = 1;
  execute 'select format(''%s'', c) from probe' into out;
  if send <> '-' then execute format('select encode(%s(c), ''hex'') from probe', send) into bin; end if;
  drop table probe;
  return to_json(out)::text || E'\t' || coalesce(bin, '-');
exception when others then
  get stacked diagnostics state = returned_sqlstate, msg = message_text, det = pg_exception_detail, hint = pg_exception_hint;
  return 'ERROR ' || state || E'\t' || to_json(msg || case when det <> '' then E'\n' || det else '' end || case when hint <> '' then E'\n' || hint else '' end)::text;
end $$;
create temp table inputs (id serial, typ text, input text);
\copy inputs (typ, input) from 'scalars.in' (format csv, delimiter E'\t', quote E'\x01')
\copy (select typ, input, r[1], nullif(r[2], '') from (select id, typ, input, string_to_array(pg_temp.try(typ, input::jsonb #>> '{}'), E'\t') r from inputs) x order by id) to 'scalars.tsv' (format csv, delimiter E'\t', quote E'\x01')
SQL
