-- What pg_dump asks with: a name is an array of 64 bytes for who subscripts it.
select ('abc'::name)[0], ('abc'::name)[2], ('abc'::name)[5] = '', ('abc'::name)[64] is null, ('abc'::name)[-1] is null, pg_typeof(('abc'::name)[0]);
select ('abc'::name)[0][1] is null;
select ('abc'::name)[0:1];
select typname from pg_type where typname[0] = '_' and typelem = 23 and typname = '_int4';
select 'abc'::text[0];
select * from pg_options_to_table(array['a=b', 'c', 'd=', 'e=f=g']);
select * from pg_options_to_table(null);
