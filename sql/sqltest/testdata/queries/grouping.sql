-- GROUPING, direct arguments and equal targets under grouping sets.
CREATE TABLE gr (a int, b int, v int);
INSERT INTO gr VALUES (1, 1, 10), (1, 2, 20), (2, 1, 30), (2, 3, NULL), (NULL, 3, 50);
SELECT a, (SELECT grouping(a, b)), (SELECT (SELECT grouping(b))) FROM gr GROUP BY ROLLUP (a, b) order by 1, 2, 3;
SELECT (SELECT (SELECT grouping(e, f) FROM (VALUES (1)) x(c)) FROM (VALUES (1, 2)) y(a, b) GROUP BY (a, b)) FROM (VALUES (6, 7)) z(e, f) GROUP BY ROLLUP (e, f) order by 1;
SELECT a FROM gr GROUP BY CUBE (a, b) HAVING (SELECT grouping(a, b)) = 2 order by 1;
SELECT a, rank(a) WITHIN GROUP (ORDER BY b NULLS LAST), percentile_disc(0.5) WITHIN GROUP (ORDER BY v) FROM gr GROUP BY ROLLUP (a) order by 1, 2;
SELECT grouping(a), rank(grouping(a)) WITHIN GROUP (ORDER BY b) FROM gr GROUP BY ROLLUP (a) order by 1, 2;
SELECT rank(b) WITHIN GROUP (ORDER BY b) FROM gr;
SELECT a, rank(b) WITHIN GROUP (ORDER BY b) FROM gr GROUP BY a;
SELECT a, rank(a + 1) WITHIN GROUP (ORDER BY b) FROM gr GROUP BY a order by 1;
SELECT rank(sum(a)) WITHIN GROUP (ORDER BY b) FROM gr;
SELECT ARRAY(SELECT percentile_disc(p) WITHIN GROUP (ORDER BY g) FROM (VALUES (0.3), (0.7)) w(p) GROUP BY p) FROM generate_series(1, 5) g;
SELECT (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY g)) FROM generate_series(1, 5) g;
SELECT a AS x, a AS y, count(*) FROM gr GROUP BY x, ROLLUP (y) order by 1, 2, 3;
SELECT a AS x, a AS y, count(*) FROM gr GROUP BY GROUPING SETS (x, y);
-- Without groups and aggregates HAVING decides about one row, whatever FROM yields.
SELECT 1 FROM gr WHERE 1 / a = 9 HAVING 1 < 2;
SELECT 2 FROM gr HAVING 1 > 2;
SELECT 3 FROM gr WHERE false GROUP BY GROUPING SETS ((), ()) HAVING true;
SELECT a FROM gr HAVING true;
-- Subqueries that are written alike are one expression to ORDER BY, DISTINCT ON and GROUP BY.
SELECT DISTINCT ON ((SELECT count(*) FROM gr x WHERE x.a = gr.a)) a FROM gr ORDER BY (SELECT count(*) FROM gr x WHERE x.a = gr.a), a;
SELECT DISTINCT (SELECT max(v) FROM gr x WHERE x.a = gr.a) FROM gr ORDER BY (SELECT max(v) FROM gr x WHERE x.a = gr.a) DESC;
SELECT DISTINCT (SELECT max(v) FROM gr x WHERE x.a = gr.a AND v > 10) FROM gr ORDER BY (SELECT max(v) FROM gr x WHERE x.a = gr.a AND v > 20) DESC;
SELECT (SELECT max(v) FROM gr x WHERE x.a = gr.a), count(*) FROM gr GROUP BY (SELECT max(v) FROM gr x WHERE x.a = gr.a) order by 1;
