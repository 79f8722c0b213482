package ddl

import (
	"fmt"
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

// createView runs CREATE [OR REPLACE] VIEW.
func (s *statement) createView(st *ast.CreateView) error {
	if st.Temp {
		return unsupported("TEMPORARY or TEMP view not supported for CREATE VIEW")
	}
	if st.Query.Into != nil {
		return unsupported("views must not contain SELECT INTO")
	}
	b, err := s.env.Bind.BindView(s.snap(), st.Query, viewText(st))
	if err != nil {
		return err
	}
	cols, err := viewColumns(st, b.Cols)
	if err != nil {
		return err
	}
	schema, err := s.creationSchema(st.Name)
	if err != nil {
		return err
	}
	old, err := s.replacedView(st, schema)
	if err != nil {
		return err
	}
	if max := s.env.Limits.Views; old == nil && max > 0 && s.countViews() >= max {
		return pgerr.New(pgerr.ProgramLimitExceeded, "creating more than %d views not allowed", max)
	}
	if max := s.env.Limits.ViewBytes; max > 0 && len(b.Text) > max {
		return pgerr.New(pgerr.ProgramLimitExceeded, "view definition too large")
	}
	v := &catalog.Table{Kind: catalog.RelView, ViewText: b.Text, ViewWidths: b.Widths, ViewPath: s.env.SearchPath, ViewRefs: b.Refs, ViewCols: b.Uses, ViewCheck: st.CheckOption}
	for _, o := range st.Options {
		if err := setViewOption(v, o, false); err != nil {
			return err
		}
	}
	if v.ViewCheck != "" && b.NotUpdatable != "" {
		return checkOptionRefused(b.NotUpdatable)
	}
	v.Columns = cols
	if old != nil {
		if err := mayReplace(old, v); err != nil {
			return err
		}
		v.Header, v.Type = old.Header, old.Type
		for i := range old.Columns {
			v.Columns[i].Comment, v.Columns[i].ACL = old.Columns[i].Comment, old.Columns[i].ACL
		}
	} else {
		if err := s.noType(schema.OID, st.Name.Name); err != nil {
			return err
		}
		v.Name, v.Schema, v.Owner = st.Name.Name, schema.OID, s.env.Role
		v.ACL = s.defaultACL(catalog.OnTable, schema.OID)
		if v.OID, err = s.ed.NewOID(); err != nil {
			return err
		}
		if v.Type, err = s.ed.NewOID(); err != nil {
			return err
		}
		s.shareOwner(v.Owner)
	}
	s.ed.Put(v)
	return s.shareRefs(b.Refs)
}

func checkOptionRefused(why string) error {
	return pgerr.New(pgerr.FeatureNotSupported, "WITH CHECK OPTION is supported only on automatically updatable views").WithHint("%s", why)
}

// alterViewOptions runs ALTER VIEW … SET (…) and RESET (…).
func (s *statement) alterViewOptions(v *catalog.Table, a *ast.AlterAction) error {
	for _, o := range a.Options {
		if err := setViewOption(v, o, a.Words == "RESET"); err != nil {
			return err
		}
	}
	if v.ViewCheck != "" {
		if why := s.env.Bind.NotUpdatable(s.snap(), v); why != "" {
			return checkOptionRefused(why)
		}
	}
	s.ed.Put(v)
	return nil
}

// setViewOption sets a parameter of a view, or takes it away.
func setViewOption(v *catalog.Table, o ast.RelOption, reset bool) error {
	v.ViewOptions = slices.DeleteFunc(slices.Clone(v.ViewOptions), func(name string) bool { return name == o.Name })
	if !reset {
		v.ViewOptions = append(v.ViewOptions, o.Name)
	}
	value := strings.ToLower(o.Value)
	if !o.HasValue {
		value = "true"
	}
	on := value == "true" || value == "on" || value == "yes" || value == "1"
	isBool := on || value == "false" || value == "off" || value == "no" || value == "0"
	switch {
	case o.Name == "check_option" && reset:
		v.ViewCheck = ""
	case o.Name == "check_option" && (value == "local" || value == "cascaded"):
		v.ViewCheck = value
	case o.Name == "check_option":
		return pgerr.New(pgerr.InvalidParameterValue, "invalid value for enum option \"check_option\": %s", value).
			WithDetail("Valid values are \"local\" and \"cascaded\".")
	case o.Name != "security_barrier" && o.Name != "security_invoker":
		return pgerr.New(pgerr.InvalidParameterValue, "unrecognized parameter \"%s\"", o.Name)
	case !isBool && !reset:
		return pgerr.New(pgerr.InvalidParameterValue, "invalid value for boolean option \"%s\": %s", o.Name, value)
	default:
		var given *bool
		if !reset {
			given = &on
		}
		if o.Name == "security_barrier" {
			v.ViewBarrier = given
		} else {
			v.ViewInvoker = given
		}
	}
	return nil
}

// viewText is the query's text; of a recursive view, with the WITH that it stands for.
func viewText(st *ast.CreateView) string {
	if !st.Recursive {
		return st.Text
	}
	cols := make([]string, len(st.Columns))
	for i, c := range st.Columns {
		cols[i] = quoted(c)
	}
	list := strings.Join(cols, ", ")
	return fmt.Sprintf("WITH RECURSIVE %s(%s) AS (%s) SELECT %s FROM %s", quoted(st.Name.Name), list, st.Text, list, quoted(st.Name.Name))
}

func (s *statement) countViews() int {
	n := 0
	for _, t := range s.snap().Tables() {
		if t.Kind == catalog.RelView {
			n++
		}
	}
	return n
}

// replacedView is the view that OR REPLACE replaces, or nil if the name is free.
func (s *statement) replacedView(st *ast.CreateView, schema *catalog.Schema) (*catalog.Table, error) {
	r := s.snap().RelationIn(schema.OID, st.Name.Name)
	if r == nil {
		return nil, nil
	}
	if !st.Replace {
		return nil, duplicate(st.Name.Name)
	}
	old, ok := r.(*catalog.Table)
	if !ok || old.Kind != catalog.RelView {
		return nil, pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a view", st.Name.Name)
	}
	return old, s.owns(old)
}

// viewColumns names a view's columns.
func viewColumns(st *ast.CreateView, cols []catalog.Col) ([]catalog.Col, error) {
	if len(st.Columns) > len(cols) {
		return nil, pgerr.New(pgerr.SyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	seen := map[string]bool{}
	for i := range cols {
		if i < len(st.Columns) {
			cols[i].Name = st.Columns[i]
		}
		if seen[cols[i].Name] {
			return nil, pgerr.New(pgerr.DuplicateColumn, "column \"%s\" specified more than once", cols[i].Name)
		}
		seen[cols[i].Name] = true
		if cols[i].T.OID == types.UnknownOID {
			cols[i].T = types.Of(types.TextOID)
		}
	}
	return cols, nil
}

// mayReplace checks that the new columns begin with the old ones.
func mayReplace(old, v *catalog.Table) error {
	if len(v.Columns) < len(old.Columns) {
		return pgerr.New(pgerr.InvalidTableDefinition, "cannot drop columns from view")
	}
	for i := range old.Columns {
		o, n := &old.Columns[i], &v.Columns[i]
		if o.Name != n.Name {
			return pgerr.New(pgerr.InvalidTableDefinition, "cannot change name of view column \"%s\" to \"%s\"", o.Name, n.Name).
				WithHint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.")
		}
		if o.T != n.T {
			return pgerr.New(pgerr.InvalidTableDefinition, "cannot change data type of view column \"%s\" from %s to %s",
				o.Name, types.FormatType(o.T), types.FormatType(n.T))
		}
	}
	return nil
}
