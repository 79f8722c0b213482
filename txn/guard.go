package txn

import "zorya/kv"

// References to a descriptor are not remembered, so a change of the schema learns
// nothing of writers that commit while it is under way. One that has looked at the
// rows must: it guards the descriptor. On a guarded DB each writer leaves a share
// claim beside each descriptor that it relied on; the guard is an exclusive claim
// there. So of a guard and a writer that overlap one fails, with OC001.

// GuardWriters makes writers leave the claims that guards need, from now on. A
// transaction may guard only if it began after the first call.
func (db *DB) GuardWriters() {
	db.gate.RLock()
	guarded := db.guarded
	db.gate.RUnlock()
	if guarded {
		return
	}
	db.gate.Lock() // Commits on their way, which have left no claims, end first.
	db.guarded = true
	db.gate.Unlock()
}

// Guard makes the transaction fail if anyone who relied on the descriptor commits
// writes between its snapshot and its own commit, and turns away those after it.
func (t *Txn) Guard(descriptor kv.Key) error {
	return t.Lock(guardKey(descriptor), kv.Exclusive)
}

// guardKey is no name's: names have a letter there.
func guardKey(descriptor kv.Key) kv.Key {
	return append(kv.Key{kv.Names, '!'}, descriptor...)
}
