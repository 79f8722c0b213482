#!/bin/sh
# Records what PostgreSQL makes of the inputs in moments.in (group, tab, input as a
# JSON string) for the types and settings of each group: text and binary output, or
# the error. Usage: moments.sh DATABASE-URL
cd "$(dirname "$0")" || exit 1
psql -q -v ON_ERROR_STOP=1 "$1" <<'SQL'
create function pg_temp.try(typ text, input text, style text, zone text, istyle text) returns text language plpgsql as $$
declare out text; bin text; state text; msg text; det text; hint text;
begin
  perform set_config('datestyle', style, true), set_config('timezone', zone, true), set_config('intervalstyle', istyle, true);
  execute format('select x::text, encode(%s(x), ''hex'') from (select cast(%L as %s) x) y',
    case split_part(translate(typ, '(', ' '), ' ', 1) when 'date' then 'date_send' when 'time' then 'time_send' when 'timetz' then 'timetz_send'
      when 'timestamp' then 'timestamp_send' when 'timestamptz' then 'timestamptz_send' else 'interval_send' end, input, typ) into out, bin;
  return to_json(out)::text || E'\t' || bin;
exception when others then
  get stacked diagnostics state = returned_sqlstate, msg = message_text, det = pg_exception_detail, hint = pg_exception_hint;
  return 'ERROR ' || state || E'\t' || to_json(msg || case when det <> '' then E'\n' || det else '' end || case when hint <> '' then E'\n' || hint else '' end)::text;
end $$;
create temp table inputs (id serial, grp text, input text);
\copy inputs (grp, input) from 'moments.in' (format csv, delimiter E'\t', quote E'\x01')
create temp table settings (n serial, grp text, typ text, style text, zone text, istyle text);
insert into settings (grp, typ, style, zone, istyle)
  values ('moment', 'date', 'ISO, MDY', 'UTC', 'postgres'), ('moment', 'timestamp', 'ISO, MDY', 'UTC', 'postgres'),
    ('moment', 'timestamptz', 'ISO, MDY', 'UTC', 'postgres'), ('moment', 'timestamptz', 'ISO, DMY', 'America/New_York', 'postgres'),
    ('moment', 'timestamptz', 'ISO, YMD', 'Europe/Moscow', 'postgres'),
    ('clock', 'time', 'ISO, MDY', 'UTC', 'postgres'), ('clock', 'timetz', 'ISO, DMY', '<-08>+08', 'postgres'),
    ('round', 'timestamp(0)', 'ISO, MDY', 'UTC', 'postgres'), ('round', 'timestamp(3)', 'ISO, MDY', 'UTC', 'postgres'),
    ('round', 'timestamptz(5)', 'ISO, MDY', 'UTC', 'postgres'), ('round', 'time(2)', 'ISO, MDY', 'UTC', 'postgres'),
    ('round', 'timetz(4)', 'ISO, MDY', 'UTC', 'postgres');
insert into settings (grp, typ, style, zone, istyle)
  select 'output', typ, style || ', ' || ord, zone, 'postgres' from unnest('{date,timestamp,timestamptz}'::text[]) typ,
    unnest('{ISO,SQL,Postgres,German}'::text[]) style, unnest('{MDY,DMY,YMD}'::text[]) ord, unnest('{UTC,America/New_York,Asia/Kathmandu,<-03:30>+03:30}'::text[]) zone
  where zone = 'UTC' or typ = 'timestamptz' and ord <> 'YMD';
insert into settings (grp, typ, style, zone, istyle)
  select 'interval', 'interval', 'ISO, MDY', 'UTC', s from unnest('{postgres,postgres_verbose,sql_standard,iso_8601}'::text[]) s;
insert into settings (grp, typ, style, zone, istyle)
  select 'masked', 'interval ' || m, 'ISO, MDY', 'UTC', 'postgres' from unnest(array['year', 'month', 'day', 'hour', 'minute', 'second', 'year to month',
    'day to hour', 'day to minute', 'day to second', 'hour to minute', 'hour to second', 'minute to second', 'second(2)', 'day to second(0)', '(3)']) m;
\copy (select typ, style, zone, istyle, input, r[1], r[2] from (select id, n, typ, style, zone, istyle, input, string_to_array(pg_temp.try(typ, input::jsonb #>> '{}', style, zone, istyle), E'\t') r from inputs join settings using (grp)) x order by id, n) to 'moments.tsv' (format csv, delimiter E'\t', quote E'\x01')
SQL
