package plan

import "time"

// Actual is what a node did in one execution, for EXPLAIN ANALYZE.
type Actual struct {
	Startup, Total time.Duration // until the first row, and the last; over all loops
	Rows           int64         // over all loops
	Loops          int64
	// Of a TableScan: rows that storage read and dropped, looked up and dropped, and
	// that the query processor dropped.
	Read, Filtered, Lookups, LookupFiltered, Removed int64
}
