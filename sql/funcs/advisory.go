package funcs

import (
	"strings"

	"zorya/sql/types"
)

// An AdvisoryKey is what an advisory lock is on: a bigint, or two integers, which
// are another space.
type AdvisoryKey struct {
	High, Low int64
	Pair      bool
}

// An AdvisoryCall is a call of pg_advisory_lock or one of its like.
type AdvisoryCall struct {
	Func   string // its name
	Key    AdvisoryKey
	Shared bool
	Txn    bool // of the transaction, not of the session
	Try    bool // do not wait
	Unlock bool
	All    bool // pg_advisory_unlock_all
}

// advisoryKernels are the functions of advisory locks, which the session has. Their
// names say what they do.
func advisoryKernels() kernels {
	out := kernels{"pg_advisory_unlock_all": advisory("pg_advisory_unlock_all")}
	for _, name := range []string{
		"pg_advisory_lock", "pg_try_advisory_lock", "pg_advisory_xact_lock", "pg_try_advisory_xact_lock", "pg_advisory_unlock",
	} {
		for _, n := range []string{name, name + "_shared"} {
			out[n+"_int8"], out[n+"_int4"] = advisory(n), advisory(n)
		}
	}
	return out
}

func advisory(name string) kernel {
	call := AdvisoryCall{
		Func: name, Shared: strings.HasSuffix(name, "_shared"), Txn: strings.Contains(name, "_xact_"), Try: strings.HasPrefix(name, "pg_try"),
		Unlock: strings.Contains(name, "_unlock"), All: strings.HasSuffix(name, "_all"),
	}
	return ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
		env, err := c.env()
		if err != nil {
			return types.Null, err
		}
		call := call
		switch len(a) {
		case 1:
			call.Key = AdvisoryKey{Low: a[0].I}
		case 2:
			call.Key = AdvisoryKey{High: a[0].I, Low: a[1].I, Pair: true}
		}
		done, err := env.Advisory(c, call)
		if err == nil && (call.Try || call.Unlock && !call.All) {
			return types.NewBool(done), nil
		}
		return types.NewText(""), err // void
	})
}
