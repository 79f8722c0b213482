package session

import (
	"context"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/bind"
	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/parser"
	"zorya/sql/pgcatalog"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// A domainSet holds the compiled constraints of domains, for one version of the
// catalog.
type domainSet struct {
	version kv.Timestamp
	byOID   map[types.OID]*domain
}

// A domain is a domain ready to check values.
type domain struct {
	d      *catalog.Domain
	checks []*expr.Compiled
}

// checkDomain checks a value against a domain's constraints: 23502 or 23514.
func (s *Session) checkDomain(oid types.OID, v types.Datum) error {
	d, err := s.domain(oid)
	if err != nil || d == nil {
		return err
	}
	if v.IsNull() && d.d.NotNull {
		return s.ofDomain(pgerr.New(pgerr.NotNullViolation, "domain %s does not allow null values", d.d.Name), d.d)
	}
	env := &expr.Env{Ctx: s.funcCtx(context.Background()), Domain: s.checkDomain}
	for i, c := range d.checks {
		ok, err := c.Row(env, []types.Datum{v})
		if err != nil {
			return err
		}
		if !ok.IsNull() && !ok.Bool() {
			e := s.ofDomain(pgerr.New(pgerr.CheckViolation, "value for domain %s violates check constraint \"%s\"", d.d.Name, d.d.Checks[i].Name), d.d)
			e.Constraint = d.d.Checks[i].Name
			return e
		}
	}
	return nil
}

// ofDomain is an error that names the domain it is about.
func (s *Session) ofDomain(e *pgerr.Error, d *catalog.Domain) *pgerr.Error {
	e.Schema, e.DataType = s.txn.snap.SchemaName(d.Schema), d.Name
	return e
}

func (s *Session) domain(oid types.OID) (*domain, error) {
	if s.domains.version != s.txn.snap.Version || s.domains.byOID == nil {
		s.domains = domainSet{s.txn.snap.Version, map[types.OID]*domain{}}
	}
	if d, ok := s.domains.byOID[oid]; ok {
		return d, nil
	}
	def := s.txn.snap.Domain(oid)
	if def == nil {
		return nil, nil
	}
	d := &domain{d: def}
	for _, c := range def.Checks {
		x, err := parser.ParseExpr(c.Expr)
		if err != nil {
			return nil, err
		}
		sc, err := bind.BindDomainCheck(s.bindEnv(context.Background()), x, def.Base)
		if err != nil {
			return nil, err
		}
		compiled, err := expr.Compile(sc.X, sc.Cols, nil)
		if err != nil {
			return nil, err
		}
		d.checks = append(d.checks, compiled)
	}
	s.domains.byOID[oid] = d
	return d, nil
}

// tableExprs binds a table's own expressions, for the cascades of foreign keys.
func (s *Session) tableExprs(ctx context.Context) func(*catalog.Table) (*rel.TableExprs, error) {
	return func(t *catalog.Table) (*rel.TableExprs, error) { return bind.BindTableExprs(s.bindEnv(ctx), t) }
}

// columnDefault computes the default of a column.
func (s *Session) columnDefault(ctx context.Context) func(*catalog.Table, int) (types.Datum, error) {
	return func(t *catalog.Table, i int) (types.Datum, error) {
		c, err := s.compiledDefault(ctx, t, i)
		if err != nil {
			return types.Null, err
		}
		return c.Row(&expr.Env{Ctx: s.funcCtx(ctx), Domain: s.checkDomain}, nil)
	}
}

func (s *Session) compiledDefault(ctx context.Context, t *catalog.Table, i int) (*expr.Compiled, error) {
	x, err := bind.ColumnDefault(s.bindEnv(ctx), t, i)
	if err != nil {
		return nil, err
	}
	return expr.Compile(x, nil, nil)
}

// virtualRows computes a virtual table.
func (s *Session) virtualRows(t *catalog.Table, eq map[int]types.Datum) ([][]types.Datum, error) {
	return pgcatalog.Rows(s.catalogEnv(), t, eq)
}

// analyze runs ANALYZE: of the tables named, or of all that the role owns.
func (s *Session) analyze(ctx context.Context, t *ast.Analyze) (output, error) {
	snap := s.txn.snap
	var list []types.OID
	for i, n := range t.Tables {
		r := snap.Relation(s.searchPath(), n.Schema, n.Name)
		table, ok := r.(*catalog.Table)
		if r == nil {
			return output{}, pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", qualified(n))
		}
		if !ok || table.Kind != catalog.RelTable {
			return output{}, pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a table", n.Name)
		}
		if err := snap.CheckOwner(s.roleOID, table.Head(), "table"); err != nil {
			return output{}, err
		}
		for _, name := range t.Columns[i] {
			if table.Column(name) < 0 {
				return output{}, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, table.Name)
			}
		}
		list = append(list, table.OID)
	}
	if len(t.Tables) == 0 {
		for _, table := range snap.Tables() {
			if table.Kind == catalog.RelTable && snap.HasPrivsOf(s.roleOID, table.Owner) {
				list = append(list, table.OID)
			}
		}
	}
	if t.Vacuum && !t.Analyze {
		list = nil // Old versions go by themselves.
	}
	for _, oid := range list {
		if err := s.shared.Jobs.Analyze(ctx, oid); err != nil {
			return output{}, err
		}
	}
	if t.Vacuum {
		return output{tag: "VACUUM"}, nil
	}
	return output{tag: "ANALYZE"}, nil
}

func qualified(n ast.Name) string {
	if n.Schema != "" {
		return n.Schema + "." + n.Name
	}
	return n.Name
}
