package types

// timeOps are the functions of the time types.
func timeOps() map[string]*ops {
	return map[string]*ops{
		"date":        dateOps(),
		"timestamp":   timestampOps(false),
		"timestamptz": timestampOps(true),
	}
}
