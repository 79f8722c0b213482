package types

// nestedOps are the functions of the nested types.
func nestedOps() map[string]*ops { return nil }
