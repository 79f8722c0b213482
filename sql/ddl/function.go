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
	case len(st.Options) > 0: // SET, TRANSFORM, SUPPORT: without them the function would be another.
		return unsupported("%s clause not supported for CREATE FUNCTION", strings.ToUpper(st.Options[0]))
	}
	schema, err := s.creationSchema(st.Name)
	if err != nil {
		return err
	}
	f := &catalog.Function{Body: st.Body, Strict: st.Strict, Volatility: 'v', Path: s.env.SearchPath}
	if st.Volatility != "" {
		f.Volatility = st.Volatility[0]
	}
	if err := s.functionOptions(f, st); err != nil {
		return err
	}
	if err := s.checkBody(st); err != nil {
		return err
	}
	if st.SQLBody != nil {
		f.Body, f.SQLBody, f.Shown = st.SQLBodyText, true, st.SQLBodyShown
	}
	f.Name, f.Schema, f.Owner = st.Name.Name, schema.OID, s.env.Role
	f.ACL = s.defaultACL(catalog.OnFunction, schema.OID)
	if err := s.signature(f, st); err != nil {
		return err
	}
	if st.Rows != nil && !f.Set {
		return pgerr.New(pgerr.InvalidParameterValue, "ROWS is not applicable when function does not return a set")
	}
	for _, o := range s.snap().ResolveFunctions(nil, schema.Name, f.Name) {
		if slices.Equal(inputArgs(o), inputArgs(f)) {
			if st.Replace && st.Window {
				return pgerr.New(pgerr.WrongObjectType, "cannot change routine kind").WithDetail("\"%s\" is a function.", f.Name)
			}
			if err := s.mayReplaceFunction(o, f, st.Replace); err != nil {
				return err
			}
			f.Header = o.Header
		}
	}
	if f.OID == 0 {
		if f.OID, err = s.ed.NewOID(); err != nil {
			return err
		}
	}
	s.shareOwner(f.Owner)
	s.ed.Put(f)
	if s.env.Bind.CheckFunction != nil {
		refs, err := s.env.Bind.CheckFunction(s.snap(), f) // It may call itself.
		if err != nil {
			return err
		}
		if f.SQLBody { // A body that is a string finds its names when it runs.
			f.Refs = append(f.Refs, slices.DeleteFunc(refs, func(o types.OID) bool { return o == f.OID })...)
		}
		s.ed.Put(f)
	}
	return s.shareRefs(f.Refs)
}

// functionOptions takes over what is told of a function's costs and safety. It is shown
// and dumped, and changes no plan.
func (s *statement) functionOptions(f *catalog.Function, st *ast.CreateFunction) error {
	if st.Parallel != "" {
		i := slices.Index([]string{"safe", "restricted", "unsafe"}, st.Parallel)
		if i < 0 {
			return pgerr.New(pgerr.SyntaxError, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE")
		}
		f.Parallel = "sru"[i]
	}
	if st.Cost != nil {
		if f.Cost = float32(*st.Cost); f.Cost <= 0 {
			return pgerr.New(pgerr.InvalidParameterValue, "COST must be positive")
		}
	}
	if st.Rows != nil {
		if f.Rows = float32(*st.Rows); f.Rows <= 0 {
			return pgerr.New(pgerr.InvalidParameterValue, "ROWS must be positive")
		}
	}
	if f.Leakproof = st.Leakproof; f.Leakproof && s.env.Role != catalog.AdminRole {
		return pgerr.New(pgerr.InsufficientPrivilege, "only superuser can define a leakproof function")
	}
	return nil
}

// checkBody wants one body. One that is not a string is bound for good and cannot wait
// for the types of a call.
func (s *statement) checkBody(st *ast.CreateFunction) error {
	switch {
	case st.SQLBody != nil && st.HasBody:
		return pgerr.New(pgerr.InvalidFunctionDefinition, "duplicate function body specified")
	case st.SQLBody == nil && !st.HasBody:
		return pgerr.New(pgerr.InvalidFunctionDefinition, "no function body specified")
	case st.BodyItems > 1:
		return pgerr.New(pgerr.InvalidFunctionDefinition, "only one AS item needed for language \"sql\"")
	}
	if st.SQLBody == nil {
		return nil
	}
	for _, p := range st.Params {
		t, err := s.valueType(p.Type)
		if err == nil && p.Mode != "out" && p.Mode != "table" && isOpen(t.OID) {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "SQL function with unquoted function body cannot have polymorphic arguments")
		}
	}
	return nil
}

// isPseudo tells whether no value is of a type, which is not an open one either.
func isPseudo(t types.OID) bool {
	ty := types.Get(t)
	return ty != nil && ty.Category == 'P' && !isOpen(t)
}

func isOpen(t types.OID) bool {
	return slices.Contains(openFamilies[0].results, t) || slices.Contains(openFamilies[1].results, t)
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
		t, err := s.signatureType(f, p.Type, i)
		if e := pgerr.As(err); e != nil && e.Code == pgerr.UndefinedObject { // so worded for arguments
			return pgerr.New(e.Code, "type %s does not exist", written(ast.Name{Schema: p.Type.Schema, Name: p.Type.Name}))
		}
		if err != nil {
			return err
		}
		if p.Mode != "out" && p.Mode != "table" && isPseudo(t.OID) {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "SQL functions cannot have arguments of type %s", s.typeText(t.OID))
		}
		mode := paramModes[p.Mode]
		if ty := types.Get(t.OID); mode == 'v' && (ty == nil || ty.Elem == 0) && t.OID != types.AnyArrayOID && t.OID != types.AnyCompatibleArrayOID {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "VARIADIC parameter must be an array")
		}
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
	if err := s.resultType(f, st, outs); err != nil {
		return err
	}
	if isPseudo(f.Result) && f.Result != types.RecordOID && f.Result != types.VoidOID {
		return pgerr.New(pgerr.InvalidFunctionDefinition, "SQL functions cannot return type %s", s.typeText(f.Result))
	}
	return s.openResult(f)
}

// resultType is what the OUT arguments make, or what RETURNS says, which must be that.
func (s *statement) resultType(f *catalog.Function, st *ast.CreateFunction, outs []types.OID) error {
	switch {
	case len(outs) == 1:
		f.Result = outs[0]
	case len(outs) > 1:
		f.Result = types.RecordOID
	}
	if st.Returns == nil {
		if f.Result == 0 {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "function result type must be specified")
		}
		return nil
	}
	t, err := s.signatureType(f, *st.Returns, -1)
	if err != nil {
		return pgerr.Nowhere(err)
	}
	table := slices.ContainsFunc(st.Params, func(p ast.FuncParam) bool { return p.Mode == "table" })
	if f.Result != 0 && f.Result != t.OID && !table {
		return pgerr.New(pgerr.InvalidFunctionDefinition, "function result type must be %s because of OUT parameters", s.typeText(f.Result))
	}
	if !table {
		f.Result = t.OID
	}
	f.Set = f.Set || st.Returns.SetOf
	return nil
}

// openFamilies are the open types, and the arguments that decide them.
var openFamilies = []struct {
	results []types.OID
	inputs  string
}{
	{[]types.OID{types.AnyElementOID, types.AnyArrayOID, types.AnyNonArrayOID, types.AnyEnumOID},
		"anyelement, anyarray, anynonarray, anyenum, anyrange, or anymultirange"},
	{[]types.OID{types.AnyCompatibleOID, types.AnyCompatibleArrayOID, types.AnyCompatibleNonArrayOID},
		"anycompatible, anycompatiblearray, anycompatiblenonarray, anycompatiblerange, or anycompatiblemultirange"},
}

// openResult refuses results of open types that no argument decides.
func (s *statement) openResult(f *catalog.Function) error {
	in := inputArgs(f)
	results := []types.OID{f.Result}
	for i, t := range f.Args {
		if i < len(f.ArgModes) && (f.ArgModes[i] == 'o' || f.ArgModes[i] == 't') {
			results = append(results, t)
		}
	}
	for _, t := range results {
		for _, family := range openFamilies {
			if slices.Contains(family.results, t) && !slices.ContainsFunc(in, func(a types.OID) bool { return slices.Contains(family.results, a) }) {
				return pgerr.New(pgerr.InvalidFunctionDefinition, "cannot determine result data type").
					WithDetail("A result of type %s requires at least one input of type %s.", types.FormatType(types.Of(t)), family.inputs)
			}
		}
	}
	return nil
}

// signatureType is valueType of a type in f's signature, which then depends on it; at
// is the argument's index, -1 for the result.
func (s *statement) signatureType(f *catalog.Function, n ast.TypeName, at int) (types.T, error) {
	if d := s.snap().ResolveDomain(s.env.SearchPath, n.Schema, n.Name); d != nil {
		_, domain, err := s.env.Bind.ResolveType(s.snap(), n)
		if err == nil && domain == d.OID {
			if f.Domains == nil {
				f.Domains = map[int]types.OID{}
			}
			f.Domains[at] = domain
		}
		if err == nil && (domain == d.OID || d.IsEnum()) && !slices.Contains(f.Refs, d.OID) {
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
		// An input and an output may share a name.
		if p := st.Params[i]; p.Name != "" && q.Name == p.Name && !(inputMode(mode) && outputMode(before) || outputMode(mode) && inputMode(before)) {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "parameter name \"%s\" used more than once", p.Name)
		}
	}
	return nil
}

func inputMode(mode byte) bool  { return mode == 'i' || mode == 'v' }
func outputMode(mode byte) bool { return mode == 'o' || mode == 't' }

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
	f.ArgDefaults, f.Refs = append(f.ArgDefaults, d.Text), append(f.Refs, d.Refs...)
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

// typeText is a type's name, that of a row type too.
func (s *statement) typeText(t types.OID) string {
	if table := s.snap().TableOfType(t); table != nil && types.Get(t) == nil {
		return s.shown(table)
	}
	return types.FormatType(types.Of(t))
}

// signatureText is name(type, …) as messages have it.
func (s *statement) signatureText(f *catalog.Function) string {
	var args []string
	for _, i := range f.Inputs() {
		name := s.typeText(f.Args[i])
		if d := f.Domains[i]; d != 0 {
			name = s.describe(item{itemDomain, d, 0})[len("type "):]
		}
		args = append(args, name)
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
			return nil, pgerr.Nowhere(err)
		}
		want[i], shown[i] = t.OID, s.typeText(t.OID)
	}
	for _, f := range cands {
		if slices.Equal(inputArgs(f), want) {
			return f, nil
		}
	}
	return nil, pgerr.New(pgerr.UndefinedFunction, "function %s(%s) does not exist", written(n), strings.Join(shown, ", "))
}
