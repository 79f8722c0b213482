-- setup 0
drop table if exists acc; drop table if exists wide; drop table if exists two;
create table acc(id bigint primary key, owner text not null, balance bigint not null, branch int not null, note text);
insert into acc select g, 'owner '||g, (g::bigint*7919)%1000000, g%100, 'note for account number '||g from generate_series(1,300000) g;
create table wide(id int primary key, a int, b int, c int, d text, e text, f text, g bigint, h bigint, i double precision, j numeric(12,2), k date, l timestamp, m boolean, n text, o text);
insert into wide select g, g%10, g%1000, (g*31)%100000, 'd'||g, 'e text '||(g%50), md5(g::text), g*1000, g%7, g*1.5, (g%10000)/100.0, date '2020-01-01'+(g%1000), timestamp '2020-01-01'+ g*interval '1 minute', g%3=0, 'nnn'||(g%20), 'some longer text that is here to fill the row '||g from generate_series(1,200000) g;
create table two(id int primary key, a int, b text, c int, pad text);
insert into two select g, (g*7919)%200000, 'b'||(g*31)%5000, g%1000, 'padding padding padding '||g from generate_series(1,200000) g;
create index two_a on two(a);
create index two_b on two(b);
analyze;
-- scan_count 4
--
select count(*) from acc;
-- scan_lit_int 4
--
select count(*) from acc where balance = 777;
-- scan_lit_rng 4
--
select count(*) from acc where balance between 1000 and 500000;
-- scan_lit_text 4
--
select count(*) from acc where owner = 'owner 777';
-- scan_lit_like 3
--
select count(*) from acc where note like '%777%';
-- scan_sum 4
--
select sum(balance) from acc;
-- scan_group 4
--
select branch, count(*), sum(balance) from acc group by branch;
-- wide_first 4
--
select count(*) from wide where a = 3;
-- wide_last 4
--
select count(*) from wide where n = 'nnn7';
-- wide_three 4
--
select count(*) from wide where a = 3 and h = 2 and m;
-- wide_date 4
--
select count(*) from wide where k > date '2022-01-01';
-- wide_num 4
--
select count(*) from wide where j > 50.5;
-- wide_out 2
--
select * from wide where a = 3;
-- wide_all 1
--
select * from wide;
-- acc_all 1
--
select * from acc;
-- idx_lookup1k 10
--
select sum(c) from two where a between 1000 and 2000;
-- idx_lookup20k 4
--
select sum(c) from two where a between 1000 and 21000;
-- idx_text 50
--
select sum(c) from two where b = 'b77';
-- idx_only 20
--
select count(*) from two where a between 1000 and 21000;
-- pk_range 20
--
select sum(balance) from acc where id between 1000 and 11000;
-- in_list 30
--
select sum(c) from two where a in (1,500,900,1300,17,2,5,8,1234,7777,100001,150000,99999,42,43,44,45,46,47,48);
-- nlj_join 4
--
select count(*), sum(acc.balance) from two join acc on acc.id = two.a where two.c = 7;
-- nlj_join2 2
--
select sum(acc.balance) from two join acc on acc.id = two.a where two.id < 10000;
-- orderlim 20
--
select * from two order by a limit 1000;
-- copy_100k 1
drop table if exists load;
create table load(id bigint primary key, owner text not null, balance bigint not null, branch int not null, note text);
\! seq 100000 | awk '{ printf "%d\towner %d\t%d\t%d\tnote for account number %d\n", $1, $1, $1*7919%1000000, $1%100, $1 }' > /tmp/rows.tsv
--
\copy load from /tmp/rows.tsv
-- copy_50k_2_indexes 1
drop table if exists load;
create table load(id int primary key, a int, b text, c int, pad text);
create index on load(a);
create index on load(b);
\! seq 50000 | awk '{ printf "%d\t%d\tb%d\t%d\tpadding padding padding %d\n", $1, $1*7919%200000, $1*31%5000, $1%1000, $1 }' > /tmp/rows.tsv
--
\copy load from /tmp/rows.tsv
-- insert_50x1000 1
drop table if exists load;
create table load(id bigint primary key, owner text not null, balance bigint not null, branch int not null, note text);
\! seq 50000 | awk '{ printf "%s(%d, \047owner %d\047, %d, %d, \047note for account number %d\047)%s\n", ($1%1000 == 1) ? "insert into load values " : "", $1, $1, $1*7919%1000000, $1%100, $1, ($1%1000) ? "," : ";" }' > /tmp/rows.sql
--
\i /tmp/rows.sql
-- insert_select_100k 1
drop table if exists load;
create table load(id bigint primary key, owner text not null, balance bigint not null, branch int not null, note text);
--
insert into load select g, 'owner '||g, (g::bigint*7919)%1000000, g%100, 'note for account number '||g from generate_series(1,100000) g;
-- update_20k_2_indexes 1
drop table if exists load;
create table load(id int primary key, a int, b text, c int, pad text);
create index on load(a);
create index on load(b);
\! seq 20000 | awk '{ printf "%d\t%d\tb%d\t%d\tpadding padding padding %d\n", $1, $1*7919%200000, $1*31%5000, $1%1000, $1 }' > /tmp/rows.tsv
\copy load from /tmp/rows.tsv
--
update load set a = a + 1;
-- delete_20k_2_indexes 1
drop table if exists load;
create table load(id int primary key, a int, b text, c int, pad text);
create index on load(a);
create index on load(b);
\! seq 20000 | awk '{ printf "%d\t%d\tb%d\t%d\tpadding padding padding %d\n", $1, $1*7919%200000, $1*31%5000, $1%1000, $1 }' > /tmp/rows.tsv
\copy load from /tmp/rows.tsv
--
delete from load;
