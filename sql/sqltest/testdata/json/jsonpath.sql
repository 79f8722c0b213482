-- input and output of paths
select '$.a[1, 2 to last].**{2 to last}.b ? (@ > -1 && !exists(@.c)).type()'::jsonpath;
select 'strict ($.a + 1).b like_regex "x" flag "mi"'::jsonpath;
select '1.type()'::jsonpath;
select '$ ? (last > 1)'::jsonpath;
select '@'::jsonpath;
select '"\ud83d\ude04\x41"'::jsonpath;
-- lax and strict
select jsonb_path_query('[{"a": [1, 2]}, {"a": 3}, 4]', '$[*].a[*]');
select jsonb_path_query('[{"a": [1, 2]}, {"a": 3}, 4]', 'strict $[*].a[*]');
select jsonb_path_query_array('[{"a": [1, 2]}, {"a": 3}, 4]', 'strict $[*].a', silent => true);
select jsonb_path_exists('{"a": 1}', '$.b'), jsonb_path_exists('{"a": 1}', 'strict $.b', silent => true);
-- operators, variables, unknown
select jsonb '{"a": [1, 2, 3]}' @? '$.a[*] ? (@ > 2)', jsonb '{"a": [1, 2, 3]}' @@ '$.a[*] > 3', jsonb '1' @@ '$';
select jsonb_path_query('[1, "x", null, 5]', '$[*] ? (@ >= $min)', '{"min": 2}');
select jsonb_path_query('[1]', '$[*] ? (@ >= $max)', '{"min": 2}');
select jsonb_path_query('[1, "x"]', '$[*] ? ((@ > 0) is unknown)');
select jsonb_path_match('[1]', '$[0]');
-- methods
select jsonb_path_query('[0, -1.5, "2.5", {}]', '$[*].type()');
select jsonb_path_query('[-1.5, 2.5]', '$[*].abs().floor()');
select jsonb_path_query('{"a": 1, "b": {"c": [2]}}', '$.**.keyvalue()');
select jsonb_path_query('["1e3", 7]', '$[*].double()');
select jsonb_path_query('"x"', '$.double()');
select jsonb_path_query('["2024-02-29", "12:30:00+02", "2024-02-29 12:30:00.5"]', '$[*].datetime()');
select jsonb_path_query('"29/02/24"', '$.datetime("DD/MM/YY")');
select jsonb_path_query('["2024-02-29"]', '$[*].datetime() ? (@ < "2024-03-01 00:00:00+01".datetime())');
select jsonb_path_query_tz('["2024-02-29"]', '$[*].datetime() ? (@ < "2024-03-01 00:00:00+01".datetime())');
select jsonb_path_query(j, '$.datetime()', silent => true) from (values ('"0000-01-02"'::jsonb), ('"23:59:60"'), ('"12:34:56 -3"'), ('"2020-01-02 03:04:05.6+07"'), ('"2020-1-2"')) v(j);
select jsonb_path_query('"inf"', '$.double()');
select '"\u{110000}"'::jsonpath;
select length((repeat('(', 3000) || '1' || repeat(')', 3000))::jsonpath::text);
