-- What array literals may be, and arrays of vectors, which are no second dimension.
select '{{},{}}'::text[];
select '{{{}}}'::int[];
select '{}'::int[], '[5:5]={1}'::int[];
select '[2147483646:2147483647]={1,2}'::int[];
select '[2147483646:2147483646]={1}'::int[];
select array['1 2'::int2vector, '3'], pg_typeof(array['1 2'::int2vector]);
select array(select '7 8'::oidvector from generate_series(1, 2)), pg_typeof(array(select '7 8'::oidvector));
select x, pg_typeof(x) from unnest(array['1 2'::int2vector, '3']) x;
select array[array['1 2'::int2vector], array['3'::int2vector]];
select array(select array['1 2'::int2vector] from generate_series(1, 2));
