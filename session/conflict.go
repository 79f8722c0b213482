package session

import (
	"container/list"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/catalog"
	"zorya/sql/pgcatalog"
	"zorya/txn"
)

// The codes in the text of a conflict's error.
const (
	dataConflict   = "OC000"
	schemaConflict = "OC001"
)

// conflictMemory is how many keys a conflictLog remembers.
const conflictMemory = 1000

// A conflictLog remembers the keys at which commits of a cluster have lost, those of
// the last conflicts. It is safe for concurrent use; the zero value is empty.
type conflictLog struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	order list.List // of *pgcatalog.Conflict, the latest in front
}

// note adds a conflict at a key.
func (l *conflictLog) note(key kv.Key, code string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byKey == nil {
		l.byKey = map[string]*list.Element{}
	}
	id := code + string(key)
	if e := l.byKey[id]; e != nil {
		c := e.Value.(*pgcatalog.Conflict)
		c.Count, c.Last = c.Count+1, now
		l.order.MoveToFront(e)
		return
	}
	if l.order.Len() == conflictMemory {
		old := l.order.Remove(l.order.Back()).(*pgcatalog.Conflict)
		delete(l.byKey, old.Code+string(old.Key))
	}
	l.byKey[id] = l.order.PushFront(&pgcatalog.Conflict{Key: slices.Clone(key), Code: code, Count: 1, Last: now})
}

// all returns copies of what is remembered, the latest first.
func (l *conflictLog) all() []pgcatalog.Conflict {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []pgcatalog.Conflict
	for e := l.order.Front(); e != nil; e = e.Next() {
		out = append(out, *e.Value.(*pgcatalog.Conflict))
	}
	return out
}

// conflicted remembers why a commit lost, and tells the client if its settings ask
// for that. snap is the catalog of the transaction that lost. Any other error is
// returned as it is.
func (s *Session) conflicted(err error, snap *catalog.Snapshot) error {
	var c *txn.Conflict
	if !errors.As(err, &c) || c.Key == nil || snap == nil {
		return err
	}
	told, code := pgerr.As(err), dataConflict
	if strings.Contains(told.Message, schemaConflict) {
		code = schemaConflict
	}
	s.shared.conflicts.note(c.Key, code, time.Now())
	if s.settings.value(conflictDetail) != "on" {
		return err
	}
	told = told.WithHint("The transaction might succeed if retried.")
	const rival = "a transaction that committed after this one had begun"
	p, ok := pgcatalog.Locate(snap, c.Key, s.settings.format)
	switch {
	case !ok && code == schemaConflict: // Two create something at once: the snapshot has neither.
		return told.WithDetail("The schema was changed by %s.", rival)
	case !ok || !p.MayRead(snap, s.roleOID):
		return told
	}
	if p.Table != nil {
		told.Schema, told.Table = snap.SchemaName(p.Table.Schema), p.Table.Name
	}
	switch {
	case p.Index == nil:
		return told.WithDetail("The %s was changed or created by %s.", p.Object, rival)
	case p.Index.Hidden:
		return told.WithDetail("A row of %s, which has no primary key, was changed or claimed by %s.", p.Relation(snap), rival)
	}
	told.Constraint = p.Index.Name
	return told.WithDetail("Key %s=%s of %s (%s) was changed or claimed by %s.", p.Columns, p.Values, p.Relation(snap), p.IndexWords(), rival)
}
