-- COPY: its options, how data is cut into rows, and what errors say of where they are.
create table cp (a int default 7, b text not null default 'none', c text, d text);
copy cp (nothing) from stdin;
copy cp from stdin (format csv, format csv);
copy cp from stdin (delimiter ',', null 'x', delimiter ',');
copy cp from stdin (nonsense 1);
copy cp from stdin (nonsense);
copy cp from stdin (format);
copy cp from stdin (format 'xml');
copy cp from stdin (freeze 3);
copy cp from stdin (header 2);
copy cp from stdin (header maybe);
copy cp to stdout (header match);
copy cp from stdin (delimiter 'ab');
copy cp from stdin (delimiter '');
copy cp from stdin (delimiter 'a');
copy cp from stdin (delimiter E'\r');
copy cp from stdin (null E'a\nb');
copy cp from stdin (null E'a\tb');
copy cp from stdin (quote '"');
copy cp from stdin (escape '"');
copy cp from stdin (format csv, quote '');
copy cp from stdin (format csv, escape 'ab');
copy cp from stdin (format csv, delimiter '|', quote '|');
copy cp from stdin (format csv, null 'a"b');
copy cp from stdin (format csv, force_quote (a));
copy cp from stdin (force_null (a));
copy cp to stdout (format csv, force_null (a));
copy cp to stdout (format csv, force_not_null (a));
copy cp from stdin (format csv, force_null b);
copy cp from stdin (format csv, force_null *);
copy cp (a, b) from stdin (format csv, force_null (c));
copy cp (a, b) from stdin (format csv, force_null (zz));
copy (select 1 as x) to stdout (format csv, force_quote (y));
copy cp from stdin (format binary, delimiter ',');
copy cp from stdin (format binary, null 'x');
copy cp from stdin (format binary, header);
copy cp from stdin (encoding 'klingon');
copy cp from stdin (encoding);
copy cp (a, a) from stdin;
copy cp to stdout where a = 1;
copy cp from stdin where zz = 1;
copy cp from stdin where a = (select 1);
copy cp from stdin where max(a) > 1;
copy cp from stdin where a;
-- Rows.
copy cp from stdin
>1	x	\N	\\N
>2	y\	z	b\101\b\q	e
>3	w	\	\.;
copy cp from stdin
>;
copy cp from stdin
>4	x;
copy cp from stdin
>4	x	y	z	too much;
copy cp from stdin
>5	x	y	z
>x5	x	y	z;
copy cp (a, c) from stdin
>99999999999	x;
copy cp from stdin
>6	\N	y	z;
copy cp (b, c) from stdin (delimiter ',', null 'nil')
>nil,x;
copy cp (b, c) from stdin (delimiter ',', null 'nil')
>"q",nil
>\nil,a\,b;
copy cp (a, b) from stdin where a > 10
>9	no
>11	yes
>\N	no;
copy cp (b) from stdin csv
>"two
>lines"
>three""quotes
>"in "middle" of"
>\.
>after the end;
copy cp (b) from stdin csv
>"open;
copy cp (b, c) from stdin (format csv, quote '''', escape '\')
>'it\'s','a\\b\c';
copy cp (a, b, c, d) from stdin (format csv, force_not_null (b, c), force_null (c, d))
>20,,"",""
>21,x,,;
copy cp (a, b) from stdin csv
>22,;
copy cp (a, b) from stdin (header)
>this is no	row	at all
>30	x;
copy cp (a, b) from stdin (header match)
>a	b
>31	x;
copy cp (a, b) from stdin (header match)
>a	c
>32	x;
copy cp (a, b) from stdin (header match)
>a	\N
>32	x;
copy cp (a, b) from stdin (header match)
>a
>32	x;
copy cp (a, b) from stdin (header match, format csv)
>a,b,c
>32,x;
copy cp (a, b) from stdin
>40	unix
>41	dos\x0d;
copy cp (a, b) from stdin csv
>40,unix
>41,dos\x0d;
copy cp (a, b) from stdin
>40	dos\x0d
>41	unix;
copy cp (a, b) from stdin
>40	dos\x0d
>41	dos\x0d
>\.\x0d;
copy cp (a, b) from stdin
>42	x
>\.x;
copy cp (a, b) from stdin
>42	end\.
>43	never;
copy cp (b) from stdin
>aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb	x;
-- Encodings.
copy cp (a, b) from stdin (encoding 'latin1')
>50	caf\xe9;
copy cp (a, b) from stdin
>51	caf\xe9;
copy cp (a, b) from stdin (encoding 'sql_ascii')
>52	caf\xc3\xa9;
copy cp (a, b) from stdin (encoding 'sjis')
>53	\x83\x5c;
copy cp (a, b) from stdin (encoding 'win1252')
>54	\x80\x81;
copy cp (a, b) from stdin
>55	a\x00b;
insert into cp values (56, 'euro €');
copy (select b from cp where a between 50 and 59 order by a) to stdout;
copy (select b from cp where a between 50 and 52 order by a) to stdout (encoding 'latin1');
copy (select b from cp where a between 50 and 59 order by a) to stdout (encoding 'latin1');
copy (select b from cp where a between 50 and 59 order by a) to stdout (encoding 'utf-8', format csv, force_quote *);
-- What went in, and out again.
select * from cp order by a, b;
copy (select a, b, c from cp where a < 10 order by a, b) to stdout (format csv, header, delimiter ';', null 'NIL');
copy (select b, c from cp where a between 7 and 22 order by a, b) to stdout;
copy cp (zz) to stdout;
copy (insert into cp values (60, 'r') returning a) to stdout;
copy (update cp set b = 'u' where a = 60 returning a, b) to stdout;
copy (delete from cp where a = 60 returning b) to stdout csv;
copy (delete from cp where a = 60) to stdout;
copy (with q as (delete from cp where a = 60) select 1) to stdout;
copy (values (1, null), (2, '')) to stdout csv;
create view cpv as select a, b from cp;
copy cpv to stdout;
copy cpv from stdin;
create sequence cps cache 1;
copy cps to stdout;
create table cpk (a int primary key check (a > 0), b varchar(3));
copy cpk from stdin
>1	abc
>2	abcd;
copy cpk from stdin
>1	abc
>0	abc;
copy cpk from stdin
>1	abc
>1	abc;
copy cpk from stdin
>\N	abc;
select count(*) from cpk;
