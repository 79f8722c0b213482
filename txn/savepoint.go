package txn

import "zorya/kv"

// A Savepoint is a point of a transaction to which it can go back.
type Savepoint struct {
	statement int // Its writes, and those of later ones, come after it.
	raised    int
	rows      int
	refs      int
}

// raised is what a claim was before it was made stronger.
type raised struct {
	entry int32
	old   kv.Strength
}

// Save makes a savepoint. Writes before and after it are those of different
// statements.
func (t *Txn) Save() Savepoint {
	t.Step()
	t.buffer.saved = true
	return Savepoint{statement: t.statement, raised: len(t.buffer.raised), rows: t.rows, refs: len(t.refs)}
}

// RollbackTo undoes all writes and claims since p. No scan may be open; later
// savepoints are of no use any more.
func (t *Txn) RollbackTo(p Savepoint) {
	t.buffer.rollbackTo(p)
	t.rows = p.rows
	t.refs = t.refs[:p.refs]
	t.Step()
}

func (b *buffer) rollbackTo(p Savepoint) {
	for i := range b.entries {
		e := &b.entries[i]
		had := e.newest != none
		for e.newest != none && b.writes[e.newest].statement >= p.statement {
			e.newest = b.writes[e.newest].older
		}
		if had && e.newest == none {
			b.keys--
		}
	}
	for i := len(b.raised) - 1; i >= p.raised; i-- {
		b.entries[b.raised[i].entry].strength = b.raised[i].old
	}
	b.raised = b.raised[:p.raised]
}
