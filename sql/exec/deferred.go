package exec

import (
	"zorya/sql/catalog"
	"zorya/sql/expr"
	"zorya/sql/types"
)

// Deferred holds the checks of foreign keys that a transaction has put off, and what
// SET CONSTRAINTS has said in it. The zero value is that of a new transaction.
type Deferred struct {
	duties []duty
	all    *bool
	modes  map[types.OID]bool
}

// puts reports whether the checks of a foreign key are put off.
func (d *Deferred) puts(fk *catalog.ForeignKey) bool {
	if !fk.Deferrable {
		return false
	}
	if mode, ok := d.modes[fk.OID]; ok {
		return mode
	}
	if d.all != nil {
		return *d.all
	}
	return fk.Deferred
}

// Set runs SET CONSTRAINTS, of all constraints if oids is nil.
func (d *Deferred) Set(oids []types.OID, deferred bool) {
	if oids == nil {
		d.all, d.modes = &deferred, nil
		return
	}
	if d.modes == nil {
		d.modes = map[types.OID]bool{}
	}
	for _, oid := range oids {
		d.modes[oid] = deferred
	}
}

// Len is how many checks wait.
func (d *Deferred) Len() int { return len(d.duties) }

// Truncate forgets all checks but the first n.
func (d *Deferred) Truncate(n int) { d.duties = d.duties[:n] }

// Check does the checks that wait: at COMMIT all, else those that are not to be put
// off any more.
func (d *Deferred) Check(c *Context, commit bool) error {
	env := &expr.Env{}
	if c.Env != nil {
		env = c.Env
	}
	r := &run{Context: c, env: env, mem: account{limit: c.Limits.Memory}}
	defer r.release()
	var left []duty
	for i := range d.duties {
		x := &d.duties[i]
		if !commit && d.puts(x.fk) {
			left = append(left, *x)
			continue
		}
		if err := r.do(x); err != nil {
			return err
		}
	}
	d.duties = left
	return nil
}
