package profile_test

import (
	"testing"

	"zorya/pgerr"
	"zorya/profile"
	"zorya/sql/parser"
)

func named(t *testing.T, name string) *profile.Profile {
	t.Helper()
	p, ok := profile.Lookup(name)
	if !ok {
		t.Fatalf("no profile %s", name)
	}
	return p
}

// refused is the text of the refusal of a statement, "" if it is accepted.
func refused(t *testing.T, p *profile.Profile, sql string) string {
	t.Helper()
	list, err := parser.Parse(sql)
	if err != nil || len(list) != 1 {
		t.Fatalf("%s: %d statements, %v", sql, len(list), err)
	}
	err = p.Check(list[0].Stmt)
	if err == nil {
		return ""
	}
	if code := pgerr.Code(err); code != "0A000" {
		t.Errorf("%s: SQLSTATE %s", sql, code)
	}
	return pgerr.As(err).Message
}

// Texts are those of the reference (§3, §4.1) and of recorded answers; tags without
// a recording follow its general rule.
func TestRefusals(t *testing.T) {
	p := named(t, profile.Default)
	for _, x := range []struct{ sql, text string }{
		{"select 1", ""},
		{"select * from t for update", ""},
		{"select * from t for key share", ""},
		{"begin isolation level repeatable read read only", ""},
		{"analyze t", ""},
		{"explain analyze select 1", ""},
		{"truncate t", "unsupported statement: Truncate"},
		{"create table a as select 1", "unsupported statement: CreateTableAs"},
		{"create materialized view a as select 1", "unsupported statement: CreateTableAs"},
		{"refresh materialized view a", "unsupported statement: RefreshMatView"},
		{"vacuum", "unsupported VACUUM statement"},
		{"vacuum analyze t", "unsupported VACUUM statement"},
		{"merge into a using b on true when matched then delete", "unsupported statement type: MERGE"},
		{"listen x", "unsupported statement: Listen"},
		{"notify x", "unsupported statement: Notify"},
		{"unlisten x", "unsupported statement: Unlisten"},
		{"lock t", "unsupported statement: Lock"},
		{"declare c cursor for select 1", "unsupported statement: DeclareCursor"},
		{"create extension x", "unsupported statement: CreateExtension"},
		{"create database x", "unsupported statement: Createdb"},
		{"create tablespace x location ''", "unsupported statement: CreateTableSpace"},
		{"create foreign table f (a int) server s", "unsupported statement: CreateForeignTable"},
		{"create policy p on t", "unsupported statement: CreatePolicy"},
		{"alter system set a = 1", "unsupported statement: AlterSystem"},
		{"create type c as (a int)", "unsupported statement: CompositeType"},
		{"create type r as range (subtype = int4)", "unsupported statement: CreateRange"},
		{"create type e as enum ()", "CREATE TYPE not supported"},
		{"alter type e add value 'a'", "ALTER TYPE not supported"},
		{"create trigger g before insert on t for each row execute function f()", "CREATE TRIGGER not supported"},
		{"do 'x'", "unsupported statement: Do"},
		{"reindex table t", "unsupported statement: Reindex"},
		{"savepoint a", "unsupported transaction statement: SAVEPOINT"},
		{"release savepoint a", "unsupported transaction statement: RELEASE"},
		{"rollback to savepoint a", "unsupported transaction statement: ROLLBACK TO"},
		{"prepare transaction 'a'", "unsupported transaction statement: PREPARE TRANSACTION"},
		{"begin isolation level serializable", "Unsupported isolation level: SERIALIZABLE"},
		{"start transaction isolation level read uncommitted", "Unsupported isolation level: READ UNCOMMITTED"},
		{"set transaction read only", `setting configuration parameter "TRANSACTION" not supported`},
		{"set transaction isolation level repeatable read", `setting configuration parameter "TRANSACTION" not supported`},
		{"set transaction isolation level serializable", "Unsupported isolation level: SERIALIZABLE"},
		{"select 1 into a", "unsupported statement: CreateTableAs"},
		{"select * from t for share", "locking clauses other than FOR UPDATE/FOR KEY SHARE are not supported"},
		{"select * from t for no key update", "locking clauses other than FOR UPDATE/FOR KEY SHARE are not supported"},
		{"select * from a join b tablesample system (1) on true", "TABLESAMPLE clause not supported"},
		{"with x as (select * from t for share) select * from x", "locking clauses other than FOR UPDATE/FOR KEY SHARE are not supported"},
		{"select 1 union all (select id from t tablesample system (1))", "TABLESAMPLE clause not supported"},
		{"insert into t select * from u tablesample system (1)", "TABLESAMPLE clause not supported"},
	} {
		if got := refused(t, p, x.sql); got != x.text {
			t.Errorf("%s\n got  %q\n want %q", x.sql, got, x.text)
		}
	}
}

func TestExtendedLifts(t *testing.T) {
	p := named(t, profile.Extended)
	for _, sql := range []string{
		"begin isolation level serializable", "set transaction read only", "savepoint a", "release a", "rollback to a", "truncate t",
		"create table a as select 1", "select 1 into a", "select * from t for share", "vacuum",
	} {
		if got := refused(t, p, sql); got != "" {
			t.Errorf("extended refuses %s: %s", sql, got)
		}
	}
	for _, sql := range []string{"create materialized view a as select 1", "prepare transaction 'a'", "listen x", "select * from t tablesample system (1)"} {
		if refused(t, p, sql) == "" {
			t.Errorf("extended accepts %s", sql)
		}
	}
	if !p.SettableParam("statement_timeout") || !p.SettableParam("search_path") || p.SettableParam("fsync") {
		t.Error("parameters of extended")
	}
	if d := named(t, profile.Default); d.Lifts("savepoint") || d.Lifts("serial") || !p.Lifts("serial") {
		t.Error("lifted refusals")
	}
}

func TestSettableParameters(t *testing.T) {
	p := named(t, "dsql")
	for _, name := range []string{"TimeZone", "DateStyle", "search_path", "role", "application_name", "enable_seqscan", "dsql.enable_batched_nestloop"} {
		if !p.SettableParam(name) {
			t.Errorf("%s may not be set", name)
		}
	}
	for _, name := range []string{
		"statement_timeout", "lock_timeout", "row_security", "standard_conforming_strings", "default_transaction_read_only",
		"default_transaction_isolation", "session_authorization", "seed", "bytea_output", "",
	} {
		if p.SettableParam(name) {
			t.Errorf("%s may be set", name)
		}
	}
}

func TestKinds(t *testing.T) {
	for _, x := range []struct {
		sql      string
		ddl, dml bool
	}{
		{"select 1", false, false},
		{"insert into t values (1)", false, true},
		{"with x as (delete from t returning id) select * from x", false, true},
		{"copy t from stdin", false, true},
		{"copy t to stdout", false, false},
		{"grant select on t to r", true, false},
		{"grant a to b", true, false},
		{"comment on table t is 'x'", true, false},
		{"create index async on t (id)", true, false},
		{"drop view v", true, false},
		{"alter role r login", true, false},
		{"aws iam grant r to 'arn:aws:iam::012345678912:role/x'", true, false},
		{"set timezone = 'UTC'", false, false},
		{"begin", false, false},
	} {
		list, err := parser.Parse(x.sql)
		if err != nil {
			t.Fatal(err)
		}
		if got := profile.IsDDL(list[0].Stmt); got != x.ddl {
			t.Errorf("%s: DDL %v", x.sql, got)
		}
		if got := profile.IsDML(list[0].Stmt); got != x.dml {
			t.Errorf("%s: DML %v", x.sql, got)
		}
	}
}
