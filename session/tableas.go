package session

import (
	"context"
	"strconv"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/funcs"
	"zorya/sql/parser"
	"zorya/sql/types"
)

// tableOfSelect makes CREATE TABLE AS of SELECT INTO.
func tableOfSelect(q *ast.Select, text string) *ast.CreateTableAs {
	query := *q
	query.Into = nil
	return &ast.CreateTableAs{Name: *q.Into, Query: &query, QueryText: text}
}

// createTableAs runs CREATE TABLE AS and SELECT INTO: CREATE TABLE with the columns of
// the query, and INSERT of its rows.
func (s *Session) createTableAs(ctx context.Context, t *ast.CreateTableAs) (output, error) {
	if t.OnlyForm || t.Persistence != "" {
		_, err := s.executeDDL(ctx, s.ddlEnv(ctx), &ast.CreateTable{Name: t.Name, Persistence: t.Persistence, OnCommit: "refused"})
		return output{}, err
	}
	query, ok := t.Query.(*ast.Select)
	if !ok {
		return output{}, pgerr.New(pgerr.FeatureNotSupported, "unsupported statement: CreateTableAs")
	}
	p, err := s.makePlan(ctx, query, nil)
	if err != nil {
		return output{}, err
	}
	sql, err := columnsOf(t, p.fields)
	if err != nil {
		return output{}, err
	}
	list, err := parser.Parse(sql)
	if err != nil {
		return output{}, err
	}
	create := list[0].Stmt.(*ast.CreateTable)
	create.Name, create.IfNotExists = t.Name, t.IfNotExists
	res, err := s.executeDDL(ctx, s.ddlEnv(ctx), create)
	if err != nil {
		return output{}, err
	}
	before := s.txn.snap
	s.txn.snap = res.Snap
	made := newestTable(before, res.Snap)
	if made == nil || t.NoData {
		return output{tag: "CREATE TABLE AS", notices: res.Notices}, nil
	}
	if err := s.txn.snap.Check(s.roleOID, p.query.Privs); err != nil {
		return output{}, err
	}
	insert := &ast.Insert{Table: ast.Name{Schema: res.Snap.SchemaName(made.Schema), Name: made.Name}, Source: query}
	if _, err := s.internalTree(ctx, res.Snap, insert); err != nil {
		return output{}, err
	}
	return output{tag: "SELECT " + strconv.FormatInt(s.affected, 10), notices: res.Notices}, nil
}

// columnsOf is CREATE TABLE for the columns of a query.
func columnsOf(t *ast.CreateTableAs, fields []Field) (string, error) {
	if len(t.Columns) > len(fields) {
		return "", pgerr.New(pgerr.SyntaxError, "too many column names were specified")
	}
	cols := make([]string, len(fields))
	for i, f := range fields {
		name := f.Name
		if i < len(t.Columns) {
			name = t.Columns[i]
		}
		switch f.Type {
		case types.UnknownOID:
			f.Type = types.TextOID
		case types.RecordOID:
			return "", pgerr.New(pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type record", name)
		}
		cols[i] = funcs.QuoteIdent(name) + " " + types.FormatType(types.T{OID: f.Type, Typmod: f.Typmod})
	}
	return "CREATE TABLE t (" + strings.Join(cols, ", ") + ")", nil
}

// newestTable is the table that one catalog has more than another.
func newestTable(before, after *catalog.Snapshot) *catalog.Table {
	for _, t := range after.Tables() {
		if t.Kind == catalog.RelTable && before.Table(t.OID) == nil {
			return t
		}
	}
	return nil
}
