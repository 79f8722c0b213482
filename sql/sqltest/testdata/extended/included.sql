create table ic_t (a int primary key, b text, c int);
create index ic_i on ic_t (a) include (b desc);
create index ic_i on ic_t (a) include (b nulls first);
create index ic_i on ic_t (a) include (b text_ops);
create index ic_i on ic_t (a) include ((c + 1));
create index ic_i on ic_t (a) include (b, c);
