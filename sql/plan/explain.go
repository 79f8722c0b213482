package plan

// ExplainOptions say what EXPLAIN prints.
type ExplainOptions struct {
	Analyze, Verbose, Costs, Timing, Summary bool
	Format                                   string // "", "text" or "json"
}

// Explain prints a plan.
func Explain(p *Plan, o ExplainOptions, actual map[Node]*Actual) []string { return []string{"?"} }
