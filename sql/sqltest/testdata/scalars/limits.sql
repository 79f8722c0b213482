-- Statements that once took for ever or all memory.
select repeat('a', 40) like '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b', repeat('ab', 30) like '%a%b%a%b%a%b%_', 'abc' like '%c', 'abc' like '%_c%', 'abc' like 'a%\';
select 'abc' like '%b\', 'ab' like 'ab\', 'äbc' like '_b%', 'äbc' like '%ä_c', '' like '%%', '' like '_', 'a%b' like 'a\%b', 'axb' like '%\x%';
select 'abc' like 'abc\';
select (select (select (select (select (select (select (select (select (select (select (select (select (select (select (select (select (select (select (select (select (select (select (select (select (select (select 1))))))))))))))))))))))))));
select format('%2147483647s', 1);
select format('%-*s|', 2147483647, 'a');
select format('%*s', -2147483648, 'a');
select format('%2147483648s', 1);
select format('%*s', 3000000000, 'a');
select format('%12345678901$s', 1);
select array[array[array[array[array[array[array[1]]]]]]];
select ('{1}'::int[])[1][1][1][1][1][1][1];
select (row(row(row(row(row(row(row(1, 'a"b')))))))) is null;
