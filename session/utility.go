package session

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/types"
)

var errResultChanged = pgerr.New(pgerr.FeatureNotSupported, "cached plan must not change result type")

// argument evaluates the n-th argument of a statement as a value of type t.
func (s *Session) argument(ctx context.Context, x ast.Expr, t types.T, n int) (types.Datum, error) {
	e, err := bind.BindArgument(s.bindEnv(ctx), x, t, n)
	if err != nil {
		return types.Null, err
	}
	c, err := expr.Compile(e, nil, nil)
	if err != nil {
		return types.Null, err
	}
	return c.Row(&expr.Env{Ctx: s.funcCtx(ctx), Domain: s.checkDomain}, nil)
}

func (s *Session) showFields(name string) ([]Field, error) {
	if name == "all" {
		f := textField("name")
		return append(append(f, textField("setting")...), textField("description")...), nil
	}
	_, spelled, err := s.settingValue(name)
	return textField(spelled), err
}

// show runs SHOW.
func (s *Session) show(name string) (output, error) {
	if name == "all" {
		var rows [][]types.Datum
		for i, st := range settingList {
			if !s.settings.knows(i) {
				continue
			}
			rows = append(rows, []types.Datum{types.NewText(st.name), types.NewText(s.settings.values[i]), types.NewText("")})
		}
		return output{tag: "SHOW", rows: rows}, nil
	}
	v, _, err := s.settingValue(name)
	return output{tag: "SHOW", rows: textRows([]string{v})}, err
}

// set runs SET and RESET.
func (s *Session) set(t *ast.Set) (output, error) {
	tag := "SET"
	if t.Reset && !t.Default {
		tag = "RESET"
	}
	if t.Txn != nil {
		return output{tag: tag}, s.setTransaction(t)
	}
	name := strings.ToLower(t.Name)
	if t.Reset && resettable[name] {
		return output{tag: tag}, s.resetAlways(name)
	}
	if name != "all" && !s.prof.SettableParam(name) {
		return output{}, unsettable(t.Name)
	}
	if t.Reset {
		if err := s.settings.reset(name, true); err != nil {
			return output{}, err
		}
		s.followRole()
		return output{tag: tag}, nil
	}
	value, err := s.newValue(t)
	if err != nil {
		return output{}, err
	}
	out := output{tag: tag}
	if t.Local && s.status == idle {
		n := pgerr.New(pgerr.NoActiveSQLTransaction, "SET LOCAL can only be used in transaction blocks")
		n.Severity = "WARNING"
		out.notices = append(out.notices, n)
	}
	return out, s.setParam(name, value, t.Local)
}

// resettable are parameters that may be reset but not set: both are as they were when
// the session began.
var resettable = map[string]bool{"session_authorization": true, "transaction_isolation": true}

// resetAlways runs SET SESSION AUTHORIZATION DEFAULT, which ends SET ROLE too, and
// RESET TRANSACTION ISOLATION LEVEL.
func (s *Session) resetAlways(name string) error {
	if name == "transaction_isolation" {
		return nil
	}
	return s.setParam("role", "none", false)
}

// setParam changes a parameter inside the open transaction.
func (s *Session) setParam(name, value string, local bool) error {
	if strings.EqualFold(name, "role") {
		return s.setRole(value, local)
	}
	return s.settings.set(name, value, local, true)
}

// newValue is the value that SET gives.
func (s *Session) newValue(t *ast.Set) (string, error) {
	if t.Current {
		value, _, err := s.settingValue(t.Name)
		return value, err
	}
	return s.setValue(strings.ToLower(t.Name), t.Values)
}

// setValue joins the values of SET as PostgreSQL does: a list is an identifier list.
func (s *Session) setValue(name string, values []ast.Expr) (string, error) {
	if len(values) > 1 && !listSettings[name] {
		return "", pgerr.New(pgerr.InvalidParameterValue, "SET %s takes only one argument", name)
	}
	words := make([]string, len(values))
	for i, v := range values {
		word, err := s.setWord(v)
		if err != nil {
			return "", err
		}
		if name == "search_path" {
			word = quoteIdentifier(word)
		}
		words[i] = word
	}
	return strings.Join(words, ", "), nil
}

// listSettings are the parameters whose value is a list.
var listSettings = map[string]bool{"search_path": true, "datestyle": true, "temp_tablespaces": true}

func (s *Session) setWord(x ast.Expr) (string, error) {
	switch v := x.(type) {
	case *ast.Const:
		return v.Text, nil
	case *ast.Unary:
		if c, ok := v.X.(*ast.Const); ok && v.Op == "-" {
			return "-" + c.Text, nil
		}
	case *ast.ColumnRef:
		return strings.Join(v.Parts, "."), nil
	case *ast.Cast:
		word, err := s.setWord(v.X)
		if err != nil || v.Type.Name != "interval" {
			return word, err
		}
		return s.intervalWord(word, v.Type.Mods)
	}
	return "", pgerr.New(pgerr.SyntaxError, "SET takes constants only").At(x.Position())
}

// intervalWord is an interval as SET TIME ZONE takes it; mods are the fields that it
// is made of, as a mask, and the precision.
func (s *Session) intervalWord(text string, mods []ast.Expr) (string, error) {
	t := types.Of(types.IntervalOID)
	if len(mods) > 0 {
		mask, precision := 0, 0xffff
		if c, ok := mods[0].(*ast.Const); ok {
			mask, _ = strconv.Atoi(c.Text)
		}
		if len(mods) > 1 {
			if c, ok := mods[1].(*ast.Const); ok {
				precision, _ = strconv.Atoi(c.Text)
			}
		}
		t.Typmod = int32(mask<<16 | precision)
	}
	d, err := types.Parse(t, text, s.settings.format)
	if err != nil {
		return "", err
	}
	return "INTERVAL '" + string(types.AppendText(nil, types.IntervalOID, d, s.settings.format)) + "'", nil
}

// setRole runs SET ROLE: the role must be one of which the session's user is a member.
func (s *Session) setRole(name string, local bool) error {
	if strings.EqualFold(name, "none") {
		if err := s.settings.set("role", "none", local, true); err != nil {
			return err
		}
		s.followRole()
		return nil
	}
	if err := s.memberRole(s.txn.snap, name); err != nil {
		return err
	}
	if err := s.settings.set("role", name, local, true); err != nil {
		return err
	}
	s.followRole()
	return nil
}

// memberRole looks a role up that the session may take on.
func (s *Session) memberRole(snap *catalog.Snapshot, name string) error {
	role := snap.RoleByName(name)
	if role == nil {
		return pgerr.New(pgerr.InvalidParameterValue, "role \"%s\" does not exist", name)
	}
	if !snap.MemberOf(s.userOID, role.OID) {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to set role \"%s\"", name)
	}
	if s.rolesSet == nil {
		s.rolesSet = map[string]types.OID{}
	}
	s.rolesSet[name] = role.OID
	return nil
}

// prepareSQL runs PREPARE.
func (s *Session) prepareSQL(ctx context.Context, t *ast.Prepare) error {
	if s.stmts[t.Name] != nil {
		return pgerr.New(pgerr.DuplicatePreparedStatement, "prepared statement \"%s\" already exists", t.Name)
	}
	oids := make([]types.OID, len(t.Types))
	for i, tn := range t.Types {
		typ, _, err := bind.ResolveType(s.bindEnv(ctx), tn)
		if err != nil {
			return err
		}
		oids[i] = typ.OID
	}
	p, err := s.prepare(ctx, &ast.Statement{Stmt: t.Query, Text: t.Text}, oids)
	if err != nil {
		return err
	}
	p.name, p.made = t.Name, origin{text: s.query, time: time.Now(), fromSQL: true}
	s.stmts[t.Name] = p
	return nil
}

func (s *Session) deallocate(name string) (output, error) {
	if name == "" {
		clear(s.stmts)
		return output{tag: "DEALLOCATE ALL"}, nil
	}
	if _, err := s.statement(name); err != nil {
		return output{}, err
	}
	delete(s.stmts, name)
	return output{tag: "DEALLOCATE"}, nil
}

// lock runs LOCK TABLE … IN ACCESS SHARE MODE, as pg_dump does: a transaction sees tables as
// they were when it began, whatever becomes of them, so that there is nothing to be done.
func (s *Session) lock(t *ast.Lock) (output, error) {
	if s.status == idle {
		return output{}, pgerr.New(pgerr.NoActiveSQLTransaction, "LOCK TABLE can only be used in transaction blocks")
	}
	for _, n := range t.Tables {
		r := s.txn.snap.Relation(s.searchPath(), n.Schema, n.Name)
		if r == nil {
			return output{}, pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", qualified(n))
		}
		if err := s.txn.snap.Check(s.roleOID, []catalog.PrivCheck{{OID: r.ID(), Kind: catalog.OnTable, Priv: 'r'}}); err != nil {
			return output{}, err
		}
	}
	return output{tag: "LOCK TABLE"}, nil
}

// discard runs DISCARD ALL and its parts.
func (s *Session) discard(what string) (output, error) {
	if what == "all" {
		if s.status != idle {
			return output{}, pgerr.New(pgerr.ActiveSQLTransaction, "DISCARD ALL cannot run inside a transaction block")
		}
		clear(s.stmts)
		if s.locked {
			s.shared.advisory.releaseAll(s)
		}
		if err := s.settings.reset("all", true); err != nil {
			return output{}, err
		}
		s.followRole()
	}
	if what == "all" || what == "sequences" {
		clear(s.currval)
		s.lastSeq = 0
	}
	return output{tag: "DISCARD " + strings.ToUpper(what)}, nil
}

// call runs CALL. sys.wait_for_job is the only procedure. It waits outside of any
// snapshot: job rows are read as of now.
func (s *Session) call(ctx context.Context, t *ast.Call) (output, error) {
	name := t.Func.Name
	if t.Func.Schema != "" {
		name = t.Func.Schema + "." + name
	}
	for _, a := range t.Func.Args {
		if _, ok := a.(*ast.Sublink); ok {
			return output{}, pgerr.New(pgerr.FeatureNotSupported, "cannot use subquery in CALL argument")
		}
	}
	if name != "sys.wait_for_job" || len(t.Func.Args) != 1 {
		return output{}, s.noProcedure(ctx, t.Func)
	}
	id, err := s.argument(ctx, t.Func.Args[0], types.Of(types.TextOID), 1)
	if err != nil {
		return output{}, err
	}
	ok, err := s.shared.Jobs.Wait(ctx, id.S)
	if err != nil {
		return output{}, err
	}
	return output{tag: "CALL", rows: [][]types.Datum{{types.NewBool(ok)}}}, nil
}

// noProcedure is the error of calling what is no procedure: a function, or nothing. That
// there is no function has nearly the same text.
func (s *Session) noProcedure(ctx context.Context, f *ast.Func) error {
	call := *f
	call.ByCall = true
	_, err := bind.Bind(s.bindEnv(ctx), &ast.Select{Targets: []ast.Target{{X: &call}}}, nil)
	var e *pgerr.Error
	if errors.As(err, &e) && e.Code == pgerr.UndefinedFunction {
		return pgerr.New(e.Code, "%s", strings.Replace(e.Message, "function ", "procedure ", 1)).
			WithHint("No procedure matches the given name and argument types. You might need to add explicit type casts.").At(f.At)
	}
	return err
}
