package expr

import (
	"strconv"

	"zorya/pgerr"
	"zorya/sql/funcs"
	"zorya/sql/rel"
	"zorya/sql/types"
)

// assignment compiles the assignment of a value to a part of an array or a jsonb.
func (c *compiler) assignment(e *rel.Subscript) (*node, error) {
	x, err := c.node(e.X)
	if err != nil {
		return nil, err
	}
	value, err := c.node(e.Value)
	if err != nil {
		return nil, err
	}
	lo, hi, err := c.subscripts(e)
	if err != nil {
		return nil, err
	}
	store := arrayStore(e, lo, hi)
	if e.T.OID == types.JSONBOID {
		store = jsonStore(e, hi)
	}
	n := over(append(append([]*node{x, value}, lo...), hi...)...)
	n.safe = false
	n.row = func(env *Env, r []types.Datum) (types.Datum, error) {
		old, err := x.row(env, r)
		if err != nil {
			return types.Null, err
		}
		return store(env, r, old, func() (types.Datum, error) { return value.row(env, r) })
	}
	return n, nil
}

// A storer changes the part of a value.
type storer func(env *Env, r []types.Datum, old types.Datum, value func() (types.Datum, error)) (types.Datum, error)

func arrayStore(e *rel.Subscript, lo, hi []*node) storer {
	elem := types.Get(e.T.OID).Elem
	return func(env *Env, r []types.Datum, old types.Datum, value func() (types.Datum, error)) (types.Datum, error) {
		his, null1, err := bounds(env, hi, r)
		if err != nil {
			return types.Null, err
		}
		los, null2, err := bounds(env, lo, r)
		if err != nil {
			return types.Null, err
		}
		if null1 || null2 {
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "array subscript in assignment must not be null")
		}
		v, err := value()
		if err != nil {
			return types.Null, err
		}
		if e.Slice {
			return funcs.AssignSlice(old, elem, los, his, v)
		}
		return funcs.AssignElem(old, elem, positions(his), v)
	}
}

func jsonStore(e *rel.Subscript, keys []*node) storer {
	return func(env *Env, r []types.Datum, old types.Datum, value func() (types.Datum, error)) (types.Datum, error) {
		path := make([]string, len(keys))
		for i, k := range keys {
			d, err := k.row(env, r)
			if err != nil {
				return types.Null, err
			}
			if d.IsNull() {
				return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "jsonb subscript in assignment must not be null")
			}
			if path[i] = d.S; e.Hi[i].Type().OID == types.Int4OID {
				path[i] = strconv.FormatInt(d.I, 10)
			}
		}
		v, err := value()
		if err != nil {
			return types.Null, err
		}
		return funcs.AssignJSON(old, path, e.Hi[0].Type().OID == types.Int4OID, v)
	}
}
