package ddl

import (
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/catalog"
	"zorya/sql/types"
)

var paramModes = map[string]byte{"": 'i', "in": 'i', "out": 'o', "inout": 'b', "variadic": 'v', "table": 't'}

// createFunction runs CREATE FUNCTION … LANGUAGE sql.
func (s *statement) createFunction(st *ast.CreateFunction) error {
	switch {
	case st.Procedure:
		return unsupported("PROCEDURE is not supported")
	case !strings.EqualFold(st.Language, "sql") && (st.Language != "" || st.SQLBody == nil):
		if st.Language == "" {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "no language specified")
		}
		return unsupported("CREATE FUNCTION with language %s not supported", st.Language)
	case st.SecurityDefiner:
		return unsupported("SECURITY DEFINER is not supported for CREATE FUNCTION")
	}
	schema, err := s.creationSchema(st.Name)
	if err != nil {
		return err
	}
	f := &catalog.Function{Body: st.Body, Strict: st.Strict, Volatility: 'v', Path: s.env.SearchPath}
	if st.Volatility != "" {
		f.Volatility = st.Volatility[0]
	}
	if st.SQLBody != nil {
		f.Body, f.SQLBody = st.SQLBodyText, true
	}
	f.Name, f.Schema, f.Owner = st.Name.Name, schema.OID, s.env.Role
	f.ACL = s.defaultACL(catalog.OnFunction, schema.OID)
	if err := s.signature(f, st); err != nil {
		return err
	}
	for _, o := range s.snap().ResolveFunctions(nil, schema.Name, f.Name) {
		if slices.Equal(inputArgs(o), inputArgs(f)) {
			if err := s.mayReplaceFunction(o, f, st.Replace); err != nil {
				return err
			}
			f.Header = o.Header
		}
	}
	if s.env.Bind.CheckFunction != nil {
		refs, err := s.env.Bind.CheckFunction(s.snap(), f)
		if err != nil {
			return err
		}
		if f.SQLBody {
			f.Refs = append(f.Refs, refs...)
		}
		if err := s.shareRefs(f.Refs); err != nil {
			return err
		}
	}
	if f.OID == 0 {
		if f.OID, err = s.ed.NewOID(); err != nil {
			return err
		}
	}
	s.shareOwner(f.Owner)
	s.ed.Put(f)
	return nil
}

func (s *statement) mayReplaceFunction(old, f *catalog.Function, replace bool) error {
	if !replace {
		return pgerr.New(pgerr.DuplicateFunction, "function \"%s\" already exists with same argument types", f.Name)
	}
	if old.Result != f.Result || old.Set != f.Set {
		return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot change return type of existing function").
			WithHint("Use DROP FUNCTION %s first.", s.signatureText(old))
	}
	drop := func(format string, args ...any) error {
		return pgerr.New(pgerr.InvalidFunctionDefinition, format, args...).WithHint("Use DROP FUNCTION %s first.", s.signatureText(old))
	}
	for i, name := range old.ArgNames {
		input := i >= len(old.ArgModes) || old.ArgModes[i] != 'o' && old.ArgModes[i] != 't'
		if input && name != "" && (i >= len(f.ArgNames) || f.ArgNames[i] != name) {
			return drop("cannot change name of input parameter \"%s\"", name)
		}
	}
	if len(f.ArgDefaults) < len(old.ArgDefaults) {
		return drop("cannot remove parameter defaults from existing function")
	}
	return s.ownsObject(&old.Header, "function")
}

// signature resolves parameters and result.
func (s *statement) signature(f *catalog.Function, st *ast.CreateFunction) error {
	modes, named := make([]byte, 0, len(st.Params)), false
	var outs []types.OID
	for i, p := range st.Params {
		t, err := s.signatureType(f, p.Type)
		if err != nil {
			return err
		}
		mode := paramModes[p.Mode]
		if err := s.checkParam(st, i, mode); err != nil {
			return err
		}
		if err := s.paramDefault(f, p, t, mode); err != nil {
			return err
		}
		modes = append(modes, mode)
		f.Args, f.ArgNames = append(f.Args, t.OID), append(f.ArgNames, p.Name)
		named = named || p.Name != ""
		if mode == 'o' || mode == 'b' || mode == 't' {
			outs = append(outs, t.OID)
		}
		f.Set = f.Set || mode == 't'
	}
	f.ArgModes = string(modes)
	if !named {
		f.ArgNames = nil
	}
	switch {
	case st.Returns != nil:
		t, err := s.signatureType(f, *st.Returns)
		if err != nil {
			return err
		}
		f.Result, f.Set = t.OID, f.Set || st.Returns.SetOf
	case len(outs) == 1:
		f.Result = outs[0]
	case len(outs) > 1:
		f.Result = types.RecordOID
	default:
		return pgerr.New(pgerr.InvalidFunctionDefinition, "function result type must be specified")
	}
	return nil
}

// signatureType is valueType of a type in f's signature, which then depends on it.
func (s *statement) signatureType(f *catalog.Function, n ast.TypeName) (types.T, error) {
	if d := s.snap().ResolveDomain(s.env.SearchPath, n.Schema, n.Name); d != nil && !slices.Contains(f.Refs, d.OID) {
		if _, domain, err := s.env.Bind.ResolveType(s.snap(), n); err == nil && domain == d.OID {
			f.Refs = append(f.Refs, d.OID)
		}
	}
	return s.valueType(n)
}

// valueType resolves a type of a function's signature, which may be a table's row type.
func (s *statement) valueType(n ast.TypeName) (types.T, error) {
	if types.ByName(n.Name) == nil && n.Array == 0 && len(n.Mods) == 0 && !n.PctType {
		if t, ok := s.snap().Relation(s.env.SearchPath, n.Schema, n.Name).(*catalog.Table); ok && t.Type != 0 &&
			s.snap().ResolveDomain(s.env.SearchPath, n.Schema, n.Name) == nil {
			return types.Of(t.Type), nil
		}
	}
	t, _, err := s.env.Bind.ResolveType(s.snap(), n)
	return t, err
}

// checkParam refuses what a parameter may not be after those before it.
func (s *statement) checkParam(st *ast.CreateFunction, i int, mode byte) error {
	for _, q := range st.Params[:i] {
		before := paramModes[q.Mode]
		if before == 'v' && mode != 'o' && mode != 't' {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "VARIADIC parameter must be the last input parameter")
		}
		// Inputs and outputs may share a name with RETURNS TABLE only.
		if p := st.Params[i]; p.Name != "" && q.Name == p.Name && !(inputMode(mode) && before == 't' || mode == 't' && inputMode(before)) {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "parameter name \"%s\" used more than once", p.Name)
		}
	}
	return nil
}

func inputMode(mode byte) bool { return mode == 'i' || mode == 'v' }

// paramDefault binds a parameter's default; after the first default all inputs need one.
func (s *statement) paramDefault(f *catalog.Function, p ast.FuncParam, t types.T, mode byte) error {
	input := mode == 'i' || mode == 'b' || mode == 'v'
	switch {
	case p.Default == nil && input && len(f.ArgDefaults) > 0:
		return pgerr.New(pgerr.InvalidFunctionDefinition, "input parameters after one with a default value must also have defaults")
	case p.Default == nil:
		return nil
	case !input:
		return pgerr.New(pgerr.InvalidFunctionDefinition, "only input parameters can have default values")
	}
	d, err := s.env.Bind.BindDefault(s.snap(), p.Default, p.DefaultText, &catalog.Col{Name: p.Name, T: t})
	if err != nil {
		return err
	}
	f.ArgDefaults = append(f.ArgDefaults, d.Text)
	return nil
}

// inputArgs are the types by which a function is told from others of its name.
func inputArgs(f *catalog.Function) []types.OID {
	var in []types.OID
	for i, t := range f.Args {
		if i >= len(f.ArgModes) || strings.IndexByte("ibv", f.ArgModes[i]) >= 0 {
			in = append(in, t)
		}
	}
	return in
}

// signatureText is name(type, …) as messages have it.
func (s *statement) signatureText(f *catalog.Function) string {
	var args []string
	for _, t := range inputArgs(f) {
		args = append(args, types.FormatType(types.Of(t)))
	}
	return quoted(f.Name) + "(" + strings.Join(args, ", ") + ")"
}

// function finds a function by name and, if given, argument types.
func (s *statement) function(n ast.Name, args []ast.TypeName, hasArgs bool) (*catalog.Function, error) {
	if n.Schema != "" && s.snap().SchemaByName(n.Schema) == nil {
		return nil, noSchema(n.Schema)
	}
	cands := s.snap().ResolveFunctions(s.env.SearchPath, n.Schema, n.Name)
	if !hasArgs {
		switch len(cands) {
		case 1:
			return cands[0], nil
		case 0:
			return nil, pgerr.New(pgerr.UndefinedFunction, "could not find a function named \"%s\"", written(n))
		}
		return nil, pgerr.New(pgerr.AmbiguousFunction, "function name \"%s\" is not unique", written(n)).
			WithHint("Specify the argument list to select the function unambiguously.")
	}
	want := make([]types.OID, len(args))
	shown := make([]string, len(args))
	for i, a := range args {
		t, err := s.valueType(a)
		if err != nil {
			return nil, err
		}
		want[i], shown[i] = t.OID, types.FormatType(types.Of(t.OID))
	}
	for _, f := range cands {
		if slices.Equal(inputArgs(f), want) {
			return f, nil
		}
	}
	return nil, pgerr.New(pgerr.UndefinedFunction, "function %s(%s) does not exist", written(n), strings.Join(shown, ", "))
}
