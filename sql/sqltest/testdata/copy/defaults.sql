create sequence cds cache 1;
create table cd (a int, b bigint default nextval('cds'), c bigint default nextval('cds'), d bigint default nextval('cds'));
copy cd (a) from stdin
>1
>2
>3;
select * from cd order by a;
select avg('-0'::float8), sum('-0'::float8), avg('-0'::float4) from (values (1), (2)) v;
