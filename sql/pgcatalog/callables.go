package pgcatalog

import (
	"cmp"
	"slices"
	"strings"

	"zorya/pgerr"
	"zorya/sql/funcs"
	"zorya/sql/types"
)

// nameAndArgs reads name(type, type), as input of regprocedure and regoperator. NONE
// stands for a missing operand where noneToo says so.
func (e *Env) nameAndArgs(s string, noneToo bool) (name string, args []types.OID, err error) {
	name, list, ok := strings.Cut(s, "(")
	if !ok {
		return "", nil, pgerr.New(pgerr.InvalidTextRepresentation, "expected a left parenthesis")
	}
	list = strings.TrimSpace(list)
	if list, ok = strings.CutSuffix(list, ")"); !ok {
		return "", nil, pgerr.New(pgerr.InvalidTextRepresentation, "expected a right parenthesis")
	}
	if strings.TrimSpace(list) == "" {
		return name, nil, nil
	}
	for _, a := range splitTypes(list) {
		if a = strings.TrimSpace(a); a == "" {
			return "", nil, pgerr.New(pgerr.InvalidTextRepresentation, "expected a type name")
		}
		var oid types.OID
		if !noneToo || !strings.EqualFold(a, "none") {
			if oid, err = e.resolveType(a); err != nil {
				return "", nil, err
			}
		}
		args = append(args, oid)
	}
	return name, args, nil
}

// splitTypes cuts at commas that stand neither in parentheses nor in quotes.
func splitTypes(s string) (parts []string) {
	depth, quoted, start := 0, false, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == ',' && depth == 0:
			parts, start = append(parts, s[start:i]), i+1
		}
	}
	return append(parts, s[start:])
}

// candidates are the functions that a name may mean, with their arguments.
func (e *Env) candidates(schema, name string) map[types.OID][]types.OID {
	found := map[types.OID][]types.OID{}
	for _, f := range e.Snap.ResolveFunctions(e.SearchPath, schema, name) {
		found[f.OID], _, _ = splitArgs(f)
	}
	for _, f := range funcs.Lookup(schema, name) {
		found[f.OID] = f.Args
	}
	if oid := ioFuncOID[name]; len(found) == 0 && oid != 0 {
		found[oid] = nil
	}
	return found
}

func (e *Env) resolveProc(name string) (types.OID, error) {
	schema, n, err := e.qualified(name)
	if err != nil {
		return 0, err
	}
	found := e.candidates(schema, n)
	switch len(found) {
	case 0:
		return 0, pgerr.New(pgerr.UndefinedFunction, "function \"%s\" does not exist", name)
	case 1:
		for oid := range found {
			return oid, nil
		}
	}
	return 0, pgerr.New(pgerr.AmbiguousFunction, "more than one function named \"%s\"", name)
}

func (e *Env) resolveProcedure(s string) (types.OID, error) {
	name, args, err := e.nameAndArgs(s, false)
	if err != nil {
		return 0, err
	}
	schema, n, err := e.qualified(name)
	if err != nil {
		return 0, err
	}
	for oid, in := range e.candidates(schema, n) {
		if slices.Equal(in, args) {
			return oid, nil
		}
	}
	return 0, pgerr.New(pgerr.UndefinedFunction, "function \"%s\" does not exist", s)
}

// operators are those that a name may mean; all are in pg_catalog.
func (e *Env) operators(name string) ([]*funcs.Operator, error) {
	schema, sym, err := e.qualified(name)
	if err != nil || schema != "" && schema != "pg_catalog" {
		return nil, err
	}
	return operatorsNamed(sym), nil
}

func operatorsNamed(sym string) (found []*funcs.Operator) {
	for _, o := range funcs.Operators() {
		if o.Name == sym {
			found = append(found, o)
		}
	}
	return found
}

func (e *Env) resolveOper(name string) (types.OID, error) {
	found, err := e.operators(name)
	if err != nil {
		return 0, err
	}
	switch len(found) {
	case 0:
		return 0, pgerr.New(pgerr.UndefinedFunction, "operator does not exist: %s", name)
	case 1:
		return found[0].OID, nil
	}
	return 0, pgerr.New(pgerr.AmbiguousFunction, "more than one operator named %s", name)
}

func (e *Env) resolveOperator(s string) (types.OID, error) {
	name, args, err := e.nameAndArgs(s, true)
	switch {
	case err != nil:
		return 0, err
	case len(args) == 1:
		return 0, pgerr.New(pgerr.UndefinedParameter, "missing argument").
			WithHint("Use NONE to denote the missing argument of a unary operator.")
	case len(args) != 2:
		return 0, pgerr.New(pgerr.TooManyArguments, "too many arguments").
			WithHint("Provide two argument types for operator.")
	}
	found, err := e.operators(name)
	if err != nil {
		return 0, err
	}
	for _, o := range found {
		if o.Left == args[0] && o.Right == args[1] {
			return o.OID, nil
		}
	}
	return 0, pgerr.New(pgerr.UndefinedFunction, "operator does not exist: %s", s)
}

// procName is a function's name as regproc shows it: qualified unless the bare name
// means it and no other; or, with args, as regprocedure does.
func (e *Env) procName(oid types.OID, args bool) (string, bool) {
	schema, name, in := "pg_catalog", "", []types.OID(nil)
	if f := e.Snap.Function(oid); f != nil {
		in, _, _ = splitArgs(f)
		schema, name = e.schemaName(f.Schema), f.Name
	} else if f := funcs.ByOID(oid); f != nil {
		schema, name, in = cmp.Or(f.Schema, schema), f.Name, f.Args
	} else if p := procByOID[oid]; p != nil {
		name, in = p.name, p.args
	} else if n, ok := ioFuncs[oid]; ok {
		name = n
	} else {
		return "", false
	}
	visible := e.candidates("", name)
	_, found := visible[oid]
	shown := funcs.QuoteIdent(name)
	if !found || !args && len(visible) > 1 {
		shown = funcs.QuoteIdent(schema) + "." + shown
	}
	if args {
		shown += "(" + e.typeNames(in) + ")"
	}
	return shown, true
}

func (e *Env) typeNames(ts []types.OID) string {
	list := make([]string, len(ts))
	for i, t := range ts {
		list[i] = "NONE"
		if t != 0 {
			list[i], _ = e.typeName(types.Of(t))
		}
	}
	return strings.Join(list, ",")
}

// operatorName is an operator as regoper or, with args, regoperator shows it.
func (e *Env) operatorName(oid types.OID, args bool) (string, bool) {
	for _, o := range funcs.Operators() {
		switch {
		case o.OID != oid:
			continue
		case args:
			return o.Name + "(" + e.typeNames([]types.OID{o.Left, o.Right}) + ")", true
		case len(operatorsNamed(o.Name)) > 1:
			return "pg_catalog." + o.Name, true
		}
		return o.Name, true
	}
	return "", false
}
