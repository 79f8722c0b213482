-- What aggregates are made of can be called by itself.
SELECT float8_accum('{4,140,2900}', 100), float8_accum('{0,0,0}', 7), float8_accum(NULL, 1);
SELECT float8_regr_accum('{4,140,2900,1290,83075,15050}', 200, 100);
SELECT float8_combine('{3,60,200}', '{0,0,0}'), float8_combine('{0,0,0}', '{2,180,200}'), float8_combine('{3,60,200}', '{2,180,200}');
SELECT float8_regr_combine('{3,60,200,750,20000,2000}', '{0,0,0,0,0,0}'), float8_regr_combine('{3,60,200,750,20000,2000}', '{2,180,200,740,57800,-3400}');
SELECT booland_statefunc(true, NULL), booland_statefunc(true, true), booland_statefunc(true, false), boolor_statefunc(false, true), boolor_statefunc(false, false);
