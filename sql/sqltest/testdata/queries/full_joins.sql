-- Full joins need an equality between the two sides.
CREATE TABLE fj (a int, b int);
INSERT INTO fj VALUES (1, 1), (2, 3), (NULL, 4), (5, NULL);
SELECT * FROM fj x FULL JOIN fj y ON x.a = y.b order by 1, 2, 3, 4;
SELECT * FROM fj x FULL JOIN fj y ON x.a + 1 = y.b - 1 AND x.a < y.a order by 1, 2, 3, 4;
SELECT count(*) FROM fj x FULL JOIN fj y ON true;
SELECT count(*) FROM fj x FULL JOIN fj y ON false;
SELECT count(*) FROM fj x FULL JOIN fj y ON 1 = 2 OR x.a = y.b;
SELECT * FROM fj x FULL JOIN fj y ON x.a < y.b;
SELECT * FROM fj x FULL JOIN fj y ON x.a = 1;
SELECT * FROM fj x FULL JOIN fj y ON x.a = y.b OR x.b = y.a;
SELECT * FROM fj x FULL JOIN fj y ON x.a + y.a = y.b;
SELECT x.a, y.b FROM fj x FULL JOIN fj y ON x.a < y.b WHERE x.a = 1 order by 1, 2;
