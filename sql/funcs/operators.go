package funcs

import (
	"fmt"
	"sync"

	"zorya/pgerr"
	"zorya/sql/types"
)

// ResolveOperator chooses the operator for operands of the given types (left 0:
// a prefix operator), by the manual, section 10.2. UnknownOID is a literal of no
// known type. The Match says to which types the operands are to be cast.
func ResolveOperator(name string, left, right types.OID) (*Operator, Match, error) {
	key := operKey{name, left, right}
	if r, ok := resolved.Load(key); ok {
		return r.(*resolution).o, r.(*resolution).m, nil
	}
	o, m, err := resolveOperator(name, left, right)
	if err == nil && left < firstUserOID && right < firstUserOID {
		resolved.Store(key, &resolution{o, m})
	}
	return o, m, err
}

// resolved remembers what ResolveOperator chose for types of the system, which never
// changes: a *resolution by operKey. Nobody changes a Match.
var resolved sync.Map

type resolution struct {
	o *Operator
	m Match
}

// firstUserOID is the first that a catalog gives to types of its own.
const firstUserOID types.OID = 16384

func resolveOperator(name string, left, right types.OID) (*Operator, Match, error) {
	o, args, err := chooseOperator(name, left, right)
	if err != nil {
		return nil, Match{}, err
	}
	c := candidate{fn: o.Func, args: operands(o)}
	m, err := c.match(args)
	if err != nil {
		return nil, Match{}, err
	}
	if !isPolymorphic(o.Func.Result) {
		m.Result = types.Of(o.Result)
	}
	return o, m, nil
}

func operands(o *Operator) []types.OID {
	if o.Left == 0 {
		return []types.OID{o.Right}
	}
	return []types.OID{o.Left, o.Right}
}

func chooseOperator(name string, left, right types.OID) (*Operator, []types.OID, error) {
	args := []types.OID{left, right}
	if left == 0 {
		args = args[1:]
	}
	if o := exactOperator(name, left, right); o != nil {
		return o, args, nil
	}
	byFunc := map[*Func]*Operator{}
	var list []candidate
	for _, o := range registry.operNames[name] {
		if (o.Left == 0) == (left == 0) {
			list = append(list, candidate{fn: o.Func, args: operands(o)})
			byFunc[o.Func] = o
		}
	}
	list = coercible(list, args)
	if len(list) > 1 {
		list = selectCandidates(list, args)
	}
	switch len(list) {
	case 0:
		return nil, nil, noOperator(name, left, right)
	case 1:
		for _, o := range registry.operNames[name] {
			if o.Func == list[0].fn && sameTypes(operands(o), list[0].args) {
				return o, args, nil
			}
		}
		return byFunc[list[0].fn], args, nil
	}
	return nil, nil, pgerr.New(pgerr.AmbiguousFunction, "operator is not unique: %s", operatorText(name, left, right)).
		WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.")
}

// exactOperator finds the operator for just these types; an unknown operand
// counts as the type of the other.
func exactOperator(name string, left, right types.OID) *Operator {
	if left == types.UnknownOID {
		left = right
	} else if right == types.UnknownOID && left != 0 {
		right = left
	}
	if left == types.UnknownOID || right == types.UnknownOID {
		return nil
	}
	return registry.operKeys[operKey{name, left, right}]
}

func operatorText(name string, left, right types.OID) string {
	if left == 0 {
		return fmt.Sprintf("%s %s", name, typeName(right))
	}
	return fmt.Sprintf("%s %s %s", typeName(left), name, typeName(right))
}

func noOperator(name string, left, right types.OID) error {
	hint := "No operator matches the given name and argument types. You might need to add explicit type casts."
	if left == 0 {
		hint = "No operator matches the given name and argument type. You might need to add an explicit type cast."
	}
	return pgerr.New(pgerr.UndefinedFunction, "operator does not exist: %s", operatorText(name, left, right)).WithHint("%s", hint)
}
