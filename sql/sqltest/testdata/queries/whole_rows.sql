-- A row that an outer join did not find is NULL, not a row of NULLs.
CREATE TABLE wr_a (id int PRIMARY KEY, n int);
CREATE TABLE wr_b (a int, v text);
INSERT INTO wr_a VALUES (1, 10), (2, 20), (3, NULL);
INSERT INTO wr_b VALUES (1, 'x'), (1, NULL), (3, NULL), (9, 'z');
SELECT x.id, y FROM wr_a x LEFT JOIN wr_b y ON y.a = x.id order by x.id, y;
SELECT x, y FROM wr_a x FULL JOIN wr_b y ON y.a = x.id order by x, y;
SELECT count(y), count(DISTINCT y), count(*) FROM wr_a x LEFT JOIN wr_b y ON y.a = x.id;
SELECT x.id, row_to_json(y), y::text, y IS NULL, y IS NOT NULL, y IS DISTINCT FROM NULL FROM wr_a x LEFT JOIN wr_b y ON y.a = x.id order by 1, 3;
SELECT x.id, json_agg(y ORDER BY y) FROM wr_a x LEFT JOIN wr_b y ON y.a = x.id GROUP BY x.id order by 1;
SELECT x.id, s, (s).k FROM wr_a x LEFT JOIN LATERAL (SELECT x.n AS k, 2 AS l WHERE x.n > 10) s ON true order by 1;
SELECT x.id, j FROM wr_a x LEFT JOIN (wr_b p JOIN wr_b q USING (a)) j ON j.a = x.id + 1 order by 1, 2;
SELECT y, count(*) FROM wr_a x LEFT JOIN wr_b y ON y.a = x.id GROUP BY y order by y;
SELECT x.id, (SELECT y) FROM wr_a x LEFT JOIN wr_b y ON y.a = x.id order by 1, 2;
SELECT x.id, y.tableoid IS NULL FROM wr_a x LEFT JOIN wr_b y ON y.a = x.id order by 1, 2;
SELECT y.id, x FROM wr_b x RIGHT JOIN wr_a y ON x.a = y.id WHERE x IS DISTINCT FROM NULL order by 1, 2;
SELECT x.id, x FROM wr_a x GROUP BY x.id order by 1;
SELECT b.id, max(a.v), b FROM wr_b a LEFT JOIN wr_a b ON a.a = b.id GROUP BY b.id order by 1;
SELECT wr_b FROM wr_b GROUP BY a, v;
-- Rows of a table have its row type: functions take them, and the other way round.
CREATE FUNCTION wr_sum(wr_a) RETURNS int LANGUAGE sql AS 'SELECT $1.id + coalesce($1.n, 0)';
SELECT wr_sum(x), wr_sum(x.*), x.wr_sum FROM wr_a x order by 1;
SELECT wr_sum(row(3, 4)), wr_sum('(5,6)'), wr_sum(NULL);
SELECT wr_sum(row(3, 4, 5));
SELECT wr_sum(x) FROM wr_b x;
SELECT x.wr_sum FROM wr_b x;
SELECT pg_typeof(x), pg_typeof(coalesce(x, NULL)), pg_typeof(row(x.*)) FROM wr_a x LIMIT 1;
SELECT coalesce(x, row(1, 2)) FROM wr_a x;
SELECT x = row(1, 10), x IN (row(1, 10), row(2, 20)) FROM wr_a x order by x.id;
SELECT wr_sum(x) AS s, count(*) FROM wr_a x GROUP BY wr_sum(x) HAVING wr_sum(x) > 3 order by wr_sum(x);
SELECT wr_sum(x), n FROM wr_a x GROUP BY wr_sum(x);
UPDATE wr_a SET n = n + 1 FROM wr_b p LEFT JOIN wr_b q ON q.a = p.a + 1 WHERE wr_a.id = p.a AND p.v = 'x' RETURNING wr_a, p, q;
DELETE FROM wr_b USING wr_a p FULL JOIN wr_a q ON q.id = p.id + 5 WHERE wr_b.a = 9 AND p.id = 1 RETURNING wr_b, p, q;
SELECT x.id, y.*, NULL IS DISTINCT FROM y FROM wr_a x LEFT JOIN wr_b y ON y.a = x.id order by x.id, y;
SELECT array(SELECT x FROM wr_a x ORDER BY id), array_agg(y ORDER BY id), ARRAY[max(y.id)] FROM wr_a y;
-- In VALUES t.* stands for the columns, as in ROW.
select v.* from (values (1, 2), (3, 4)) t (a, b), lateral (values (t.*, 5), (t.b, t.*)) v order by 1, 2, 3;
select v.* from (values (1, 2)) t (a, b), lateral (values (t, 1), (t.*, 2)) v;
select v.* from (values (1, 2)) t (a, b), lateral (values (t), (t)) v;
