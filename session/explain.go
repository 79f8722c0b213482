package session

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/sql/ast"
	"zorya/sql/plan"
	"zorya/sql/types"
)

// explain runs EXPLAIN.
func (s *Session) explain(ctx context.Context, po *portal, t *ast.Explain) (output, error) {
	opts, err := explainOptions(t)
	if err != nil {
		return output{}, err
	}
	tree := t.Query
	if e, ok := tree.(*ast.Execute); ok { // what it executes is explained
		if po, err = s.executed(ctx, e); err != nil {
			return output{}, err
		}
		tree = po.stmt.tree
	}
	if !isQuery(tree) {
		return output{tag: "EXPLAIN", rows: textRows([]string{"Utility statements have no plan structure"})}, nil
	}
	began := time.Now()
	oids := make([]types.OID, len(po.stmt.params))
	for i, p := range po.stmt.params {
		oids[i] = p.OID
	}
	pl, err := s.makePlan(ctx, tree, oids) // not one of the cache: its time is shown
	if err == nil {
		err = pl.plan.Fault
	}
	if err != nil {
		return output{}, err
	}
	if err := s.txn.snap.Check(s.roleOID, pl.query.Privs); err != nil {
		return output{}, err
	}
	planning := time.Since(began)
	var actual map[plan.Node]*plan.Actual
	var running time.Duration
	if opts.Analyze {
		began = time.Now()
		if actual, err = s.measure(ctx, pl, po.params); err != nil {
			return output{}, err
		}
		running = time.Since(began)
	}
	opts.Planning, opts.Execution = planning, running
	lines := plan.Explain(pl.plan, opts, actual)
	if opts.Format == "" || opts.Format == "text" {
		if opts.Analyze && opts.Verbose {
			lines = append(lines, "Query Identifier: "+queryIdentifier(po.stmt.st.Text))
		}
		if opts.Summary {
			lines = append(lines, fmt.Sprintf("Planning Time: %.3f ms", ms(planning)))
		}
		if opts.Analyze && opts.Summary {
			lines = append(lines, fmt.Sprintf("Execution Time: %.3f ms", ms(running)))
		}
	}
	for i := range lines {
		lines[i] = types.Unmark(lines[i], env{s})
	}
	return output{tag: "EXPLAIN", rows: textRows(lines)}, nil
}

func ms(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// queryIdentifier names a statement in 13 base32 characters, as DSQL does.
func queryIdentifier(text string) string {
	sum := sha256.Sum256([]byte(text))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:8]))
}

// measure runs a plan to its end and returns what its nodes did.
func (s *Session) measure(ctx context.Context, pl *planned, params []types.Datum) (map[plan.Node]*plan.Actual, error) {
	cur, err := s.start(ctx, pl, params, true)
	if err != nil {
		return nil, err
	}
	defer cur.Close()
	for {
		b, err := cur.Next()
		if err != nil {
			return nil, err
		}
		if b == nil {
			cur.Close() // so that scans report what they read
			return cur.Actuals(), nil
		}
	}
}

// explainOptions reads EXPLAIN's list of options.
func explainOptions(t *ast.Explain) (plan.ExplainOptions, error) {
	o := plan.ExplainOptions{Costs: true}
	var wal, generic bool
	said := map[string]bool{}
	switches := map[string]*bool{"analyze": &o.Analyze, "verbose": &o.Verbose, "costs": &o.Costs, "timing": &o.Timing, "summary": &o.Summary,
		"buffers": new(bool), "settings": new(bool), "wal": &wal, "generic_plan": &generic}
	for _, opt := range t.Options {
		said[opt.Name] = true
		if opt.Name == "format" {
			switch o.Format = opt.Value; o.Format {
			case "text", "json", "yaml", "xml":
				continue
			}
			return o, pgerr.New(pgerr.InvalidParameterValue, "unrecognized value for EXPLAIN option \"format\": \"%s\"", opt.Value).At(opt.Pos)
		}
		set := switches[opt.Name]
		if set == nil {
			return o, pgerr.New(pgerr.SyntaxError, "unrecognized EXPLAIN option \"%s\"", opt.Name).At(opt.Pos)
		}
		on, ok := optionBool(opt.Value)
		if !ok {
			return o, pgerr.New(pgerr.SyntaxError, "%s requires a Boolean value", opt.Name)
		}
		*set = on
	}
	needs := func(name string) error {
		return pgerr.New(pgerr.InvalidParameterValue, "EXPLAIN option %s requires ANALYZE", name)
	}
	switch {
	case wal && !o.Analyze:
		return o, needs("WAL")
	case said["timing"] && o.Timing && !o.Analyze:
		return o, needs("TIMING")
	case generic && o.Analyze:
		return o, pgerr.New(pgerr.InvalidParameterValue, "EXPLAIN options ANALYZE and GENERIC_PLAN cannot be used together")
	}
	o.Timing = o.Timing || !said["timing"] && o.Analyze
	o.Summary = o.Summary || !said["summary"] && o.Analyze
	return o, nil
}

// optionBool reads the value of a switch; none is on.
func optionBool(value string) (on, ok bool) {
	switch strings.ToLower(value) {
	case "", "on", "true", "1":
		return true, true
	case "off", "false", "0":
		return false, true
	}
	return false, false
}

// explainFields are the columns of EXPLAIN's answer.
func explainFields(t *ast.Explain) []Field {
	f := textField("QUERY PLAN")
	for _, opt := range t.Options {
		if oid := map[string]types.OID{"json": types.JSONOID, "xml": types.XMLOID}[opt.Value]; opt.Name == "format" && oid != 0 {
			f[0].Type = oid
		}
	}
	return f
}

func textRows(lines []string) [][]types.Datum {
	rows := make([][]types.Datum, len(lines))
	for i, l := range lines {
		rows[i] = []types.Datum{types.NewText(l)}
	}
	return rows
}
