package types

// inetOps are the functions of inet.
func inetOps() map[string]*ops { return nil }
