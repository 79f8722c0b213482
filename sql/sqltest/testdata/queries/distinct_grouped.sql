-- What GROUP BY needs and the list does not show has no part in DISTINCT.
CREATE TABLE dg (a int, b int, c text);
INSERT INTO dg VALUES (1, 2, 'x'), (2, 2, 'x'), (3, 2, 'y'), (3, 5, NULL);
SELECT DISTINCT -count(*) FROM dg GROUP BY a ORDER BY 1;
SELECT DISTINCT b FROM dg GROUP BY a, b ORDER BY b;
SELECT DISTINCT c, count(*) FROM dg GROUP BY a, c ORDER BY c, count(*);
SELECT DISTINCT b FROM dg GROUP BY ROLLUP (a, b) ORDER BY b NULLS FIRST;
SELECT DISTINCT sum(b) OVER (PARTITION BY c) FROM dg ORDER BY 1;
SELECT DISTINCT count(*) OVER () FROM dg GROUP BY a;
SELECT DISTINCT ON (c) c FROM dg GROUP BY a, c ORDER BY c, a DESC;
SELECT DISTINCT 'k' FROM dg GROUP BY a;
SELECT count(*) FROM (SELECT DISTINCT b FROM dg GROUP BY a, b, c) q;
SELECT DISTINCT b FROM dg GROUP BY a, b HAVING max(a) > 0 UNION ALL SELECT 9 ORDER BY 1;
-- Constants fail when the statement is planned, whether or not a row comes.
SELECT sum(33 / 0) FROM dg WHERE a < 0;
SELECT count(*) FILTER (WHERE 1 / 0 > 1) FROM dg WHERE a < 0;
SELECT DISTINCT max(1), sum(1 / 0) FROM dg WHERE a < 0;
SELECT sum(1) - count(*) / count(*) FROM dg WHERE a < 0;
SELECT a FROM dg WHERE 1 / 0 > 1 AND false;
SELECT a FROM dg WHERE false AND 1 / 0 > 1;
-- NULL makes a strict operator NULL before anything is computed.
SELECT a FROM dg WHERE NULL::int + 1 BETWEEN a / (a - a) AND 3;
SELECT NULL::int + a / (a - a) FROM dg;
SELECT NULL::int + 1 / 0;
SELECT CASE WHEN a = 1 THEN 2 ELSE CAST(19 AS real) END FROM dg WHERE a = 1;
DROP TABLE dg;
