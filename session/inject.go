package session

import (
	"strconv"
	"strings"
	"sync"

	"zorya/pgerr"
	"zorya/sql/types"
	"zorya/txn"
)

// Parameters of Zorya's own.
const (
	conflictDetail  = "zorya.conflict_detail"
	injectConflicts = "zorya.inject_conflicts"
)

// maxInjected bounds how many conflicts a list can order.
const maxInjected = 1_000_000

// An order is a number of conflicts of one kind that are still to be made.
type order struct {
	schema bool // OC001, else OC000
	left   int
}

// parseInjections reads a list as in "OC000:3, OC001"; none for an empty one.
func parseInjections(list string) ([]order, error) {
	var orders []order
	for item := range strings.SplitSeq(list, ",") {
		code, count, counted := strings.Cut(strings.TrimSpace(item), ":")
		if code == "" && !counted && strings.TrimSpace(list) == "" {
			return nil, nil
		}
		n, err := 1, error(nil)
		if counted {
			n, err = strconv.Atoi(strings.TrimSpace(count))
		}
		code = strings.ToUpper(strings.TrimSpace(code))
		if err != nil || n < 0 || n > maxInjected || code != dataConflict && code != schemaConflict {
			e := invalidValue(injectConflicts, list)
			return nil, pgerr.As(e).WithHint("Give codes and how many commits are to fail with each, as in \"OC000:3, OC001:1\".")
		}
		if n > 0 {
			orders = append(orders, order{code == schemaConflict, n})
		}
	}
	return orders, nil
}

// formatInjections is the list that parseInjections reads.
func formatInjections(orders []order) string {
	var items []string
	for _, o := range orders {
		code := dataConflict
		if o.schema {
			code = schemaConflict
		}
		items = append(items, code+":"+strconv.Itoa(o.left))
	}
	return strings.Join(items, ", ")
}

func canonInjections(_ *settings, v string) (string, error) {
	orders, err := parseInjections(v)
	return formatInjections(orders), err
}

// take removes one conflict from the front of a list.
func take(list string) (rest string, schema, ok bool) {
	orders, err := parseInjections(list)
	if err != nil || len(orders) == 0 {
		return list, false, false
	}
	schema = orders[0].schema
	if orders[0].left--; orders[0].left == 0 {
		orders = orders[1:]
	}
	return formatInjections(orders), schema, true
}

// roleInjections are the conflicts still to be made for roles, whatever connection
// commits: those that ALTER ROLE … SET has ordered. Safe for concurrent use.
type roleInjections struct {
	mu    sync.Mutex
	roles map[types.OID]*roleInjection
}

type roleInjection struct{ ordered, left string }

// order says what the catalog orders for a role, "" if nothing. A new order replaces
// what is left of an old one; the same one is not carried out again.
func (r *roleInjections) order(role types.OID, list string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if list == "" {
		delete(r.roles, role)
		return
	}
	if r.roles == nil {
		r.roles = map[types.OID]*roleInjection{}
	}
	if old := r.roles[role]; old == nil || old.ordered != list {
		r.roles[role] = &roleInjection{ordered: list, left: list}
	}
}

// take removes one conflict of a role.
func (r *roleInjections) take(role types.OID) (schema, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := r.roles[role]
	if i == nil {
		return false, false
	}
	i.left, schema, ok = take(i.left)
	return schema, ok
}

// injected returns the error with which the commit of the open transaction is made
// to fail, nil if it is not. Only transactions that have something to commit count.
func (s *Session) injected() error {
	if !s.txn.tx.HasWrites() {
		return nil
	}
	rest, schema, ok := take(s.settings.value(injectConflicts))
	if ok {
		s.settings.put(settingIndex[injectConflicts], rest)
	} else if schema, ok = s.shared.injections.take(s.userOID); !ok {
		return nil
	}
	return txn.Injected(schema)
}
