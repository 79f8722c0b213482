package types

// scalarOps are the functions of the scalar types.
func scalarOps() map[string]*ops { return nil }
