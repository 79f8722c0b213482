-- Rows with equal keys come in the order in which PostgreSQL's quicksort leaves them.
select string_agg(i::text, ',') from (select i from (select i, i * 7 % 3 as k from generate_series(1, 6) i) s order by k offset 0) t;
select string_agg(i::text, ',') from (select i from (select i, i * 7 % 3 as k from generate_series(1, 7) i) s order by k offset 0) t;
select string_agg(i::text, ',') from (select i from (select i, i * 7 % 3 as k from generate_series(1, 8) i) s order by k desc offset 0) t;
select string_agg(i::text, ',') from (select i from (select i, nullif(i * 7 % 5, 2) as k from generate_series(1, 39) i) s order by k offset 0) t;
select string_agg(i::text, ',') from (select i from (select i, nullif(i * 7 % 5, 2) as k from generate_series(1, 41) i) s order by k nulls first offset 0) t;
select string_agg(i::text, ',') from (select i from (select i, i * 7 % 5 as k from generate_series(1, 64) i) s order by k % 2, k offset 0) t;
select md5(string_agg(i::text, ',')) from (select i from (select i, (i * 7919 + i / 3) % 11 as k from generate_series(1, 5000) i) s order by k::text offset 0) t;
select md5(string_agg(i::text, ',')) from (select i from (select i, (i * 7919 + i / 3) % 11 as k from generate_series(1, 5000) i) s order by k::numeric desc offset 0) t;
-- What is in order stays as it is.
select string_agg(i::text, ',') from (select i from (select i, i / 9 as k from generate_series(1, 60) i) s order by k offset 0) t;
-- The first of them only: a heap.
select string_agg(i::text, ',') from (select i from (select i, (i * 7919 + i / 3) % 7 as k from generate_series(1, 3000) i) s order by k limit 10) t;
select string_agg(i::text, ',') from (select i from (select i, (i * 7919 + i / 3) % 7 as k from generate_series(1, 9000) i) s order by k desc limit 12 offset 20) t;
select string_agg(i::text, ',') from (select i from (select i, i % 3 as k from generate_series(1, 9) i) s order by k limit 5) t;
select string_agg(i::text, ',') from (select i from (select i, i % 3 as k from generate_series(1, 15) i) s order by k limit 1) t;
-- Windows, ordered aggregates and DISTINCT ON sort likewise.
select i, k, row_number() over (partition by k % 2 order by k) from (select i, i * 5 % 4 as k from generate_series(1, 20) i) s;
select k, sum(i) over (order by k rows 1 preceding) from (select i, i * 5 % 4 as k from generate_series(1, 20) i) s;
select array_agg(i order by i * 5 % 4) from generate_series(1, 25) i;
select array_agg(i order by i % 2 desc, i * 5 % 4) from generate_series(1, 50) i;
select distinct on (k) k, i from (select i, i * 5 % 4 as k from generate_series(1, 30) i) s order by k;
-- The window computed last leaves its order: that of the columns which the query names first.
create table tie (a int, b int, c text);
insert into tie select i * 7 % 5, i * 11 % 3, chr(97 + i * 5 % 4) from generate_series(1, 20) i;
select string_agg(a || ' ' || b || c, ', ') from (select a, b, c, rank() over (order by a), rank() over (order by b) from tie) t;
select string_agg(a || ' ' || b || c, ', ') from (select a, b, c, rank() over (order by b), rank() over (order by a), rank() over (order by a, b) from tie) t;
select string_agg(a || ' ' || b || c, ', ') from (select a, b, c, rank() over (), rank() over (partition by c), rank() over (partition by a order by b) from tie) t;
select string_agg(a || ' ' || b || c, ', ') from (select a, b, c, rank() over (order by a), rank() over (order by a desc) from tie) t;
select string_agg(a || ' ' || b || c, ', ') from (select a, b, c, rank() over (order by a nulls first), rank() over (order by a) from tie) t;
select string_agg(a || ' ' || b || c, ', ') from (select a, b, c, rank() over y, rank() over (order by b), rank() over x from tie window x as (order by a), y as (order by c)) t;
select string_agg(a || ' ' || b || c, ', ') from (select a, b, c, rank() over (order by c), rank() over (order by a) from tie order by c desc, b) t;
