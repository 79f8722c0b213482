create table accounts (id int primary key, name text not null unique, balance numeric(12,2) default 0, created timestamptz default now(), data jsonb, small smallint, big bigint, flag boolean, u uuid default gen_random_uuid(), v varchar(10), d double precision);
create table transfers (id bigint generated always as identity primary key, payer int, payee int, amount numeric not null, note text, twice numeric generated always as (amount * 2) stored);
create table pairs (a int, b int, c text default 'x', primary key (a, b));
create table plain (a int, j json);
create view rich as select id, name, balance from accounts where balance > 1000;
create function double(n int) returns int language sql immutable as 'select n * 2';
