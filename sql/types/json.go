package types

// jsonOps are the functions of json and jsonb.
func jsonOps() map[string]*ops { return nil }
