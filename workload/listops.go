package workload

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"zorya/history"
)

// The two homes of a list.
var listTables = []string{"history_a", "history_b"}

// randomRead reads one list or several.
func (x *listTxn) randomRead(ctx context.Context) error {
	rng, l := x.c.rng, x.c.load
	switch rng.IntN(5) {
	case 4:
		return x.readRange(ctx, l.pick(rng))
	case 0:
		shard := shardOf(l.pick(rng))
		if err := x.readShard(ctx, shard); err != nil || rng.IntN(2) == 0 {
			return err
		}
		return x.readKeys(ctx, shardMembers(shard)) // the index and the table agree
	case 1:
		var keys []int
		for range 3 {
			if key := l.pick(rng); !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
		return x.readKeys(ctx, keys)
	}
	_, _, err := x.read(ctx, l.pick(rng))
	return err
}

// randomOp reads, appends, locks, or writes an equal value.
func (x *listTxn) randomOp(ctx context.Context) error {
	rng, l := x.c.rng, x.c.load
	switch n := rng.IntN(20); {
	case n < 6:
		return x.randomRead(ctx)
	case n < 8:
		return x.claim(ctx, history.Touch, "UPDATE %s SET v = v WHERE k = $1 RETURNING v", l.pick(rng))
	case n < 9:
		return x.claim(ctx, history.Lock, "SELECT v FROM %s WHERE k = $1 FOR UPDATE", l.pick(rng))
	case n < 10:
		return x.claim(ctx, history.Share, "SELECT v FROM %s WHERE k = $1 FOR KEY SHARE", l.pick(rng))
	}
	key, value := l.pickToAppend(rng)
	if !moves(key) && rng.IntN(3) == 0 {
		return x.upsert(ctx, key, value)
	}
	switch n := rng.IntN(10); {
	case n < 2:
		return x.readModifyWrite(ctx, key, value)
	case n < 4 && moves(key):
		if err := x.move(ctx, key, value); err != nil || rng.IntN(2) == 0 {
			return err
		}
		return x.readRange(ctx, key) // past the row that it has just deleted
	case n < 5:
		return x.appendWithin(ctx, key, value)
	}
	return x.append(ctx, key, value)
}

// list runs a statement for one list that returns at most its row.
func (x *listTxn) list(ctx context.Context, sql string, key int, args ...any) (list []int, found bool, err error) {
	rows, err := x.query(ctx, sql, append([]any{key}, args...)...)
	if err != nil {
		return nil, false, err
	}
	list, err = onlyList(rows)
	return list, len(rows) > 0, err
}

// simpleOneIn is how many statements there are for one by the simple protocol.
const simpleOneIn = 5

// query runs a statement and returns its rows as text.
func (x *listTxn) query(ctx context.Context, sql string, args ...any) ([][]string, error) {
	if x.c.rng.IntN(simpleOneIn) == 0 {
		args = append([]any{pgx.QueryExecModeSimpleProtocol}, args...)
	}
	rows, err := x.c.conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	result, err := texts(rows)
	if err == nil && x.Snapshot == 0 {
		x.Snapshot = x.c.load.now()
	}
	return result, err
}

// texts reads all rows.
func texts(rows pgx.Rows) ([][]string, error) {
	defer rows.Close()
	var result [][]string
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return nil, err
		}
		row := make([]string, len(values))
		for i, v := range values {
			row[i] = fmt.Sprint(v)
		}
		result = append(result, row)
	}
	return result, rows.Err()
}

// parseList reads the values of a list.
func parseList(text string) ([]int, error) {
	fields := strings.Split(text, ",")
	list := make([]int, len(fields))
	for i, f := range fields {
		n, err := strconv.Atoi(f)
		if err != nil {
			return nil, fmt.Errorf("%q is no list", text)
		}
		list[i] = n
	}
	return list, nil
}

// joinList is the text of a list.
func joinList(list []int) string {
	var b strings.Builder
	for i, v := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(v))
	}
	return b.String()
}

// read reads a list by its key from both tables.
func (x *listTxn) read(ctx context.Context, key int) (list []int, found bool, err error) {
	list, found, err = x.list(ctx, "SELECT v FROM history_a WHERE k = $1 UNION ALL SELECT v FROM history_b WHERE k = $1", key)
	if err == nil {
		x.add(history.Op{Kind: history.Read, Key: key, List: list})
	}
	return list, found, err
}

// readShard reads the lists of a shard through the index.
func (x *listTxn) readShard(ctx context.Context, shard int) error {
	rows, err := x.query(ctx, "SELECT k, v FROM history_a WHERE shard = $1 UNION ALL SELECT k, v FROM history_b WHERE shard = $1", shard)
	if err != nil {
		return err
	}
	return x.addRows(shardMembers(shard), rows)
}

// readSpan reads the lists under the keys from first up to last by the index and by key.
func (x *listTxn) readSpan(ctx context.Context, first, last int) error {
	for shard := shardOf(first); shard <= shardOf(last-1); shard++ {
		if err := x.readShard(ctx, shard); err != nil {
			return err
		}
	}
	keys := make([]int, 0, last-first)
	for key := first; key < last; key++ {
		keys = append(keys, key)
	}
	return x.readKeys(ctx, keys)
}

// shardMembers are the keys of a shard.
func shardMembers(shard int) []int {
	keys := make([]int, shardKeys)
	for i := range keys {
		keys[i] = shard*shardKeys + i
	}
	return keys
}

// readKeys reads several lists with one statement.
func (x *listTxn) readKeys(ctx context.Context, keys []int) error {
	args, among := make([]any, len(keys)), make([]string, len(keys))
	for i, key := range keys {
		args[i], among[i] = key, fmt.Sprintf("$%d", i+1)
	}
	in := " WHERE k IN (" + strings.Join(among, ", ") + ")"
	rows, err := x.query(ctx, "SELECT k, v FROM history_a"+in+" UNION ALL SELECT k, v FROM history_b"+in, args...)
	if err != nil {
		return err
	}
	return x.addRows(keys, rows)
}

// rangeRows is how many rows of each table one read by range takes.
const rangeRows = 3

// readRange reads the lists from a key on by the order of keys, a few rows of each
// table: of the keys up to where one of the two breaks off, all is known.
func (x *listTxn) readRange(ctx context.Context, from int) error {
	var parts []string
	for _, table := range listTables {
		parts = append(parts, fmt.Sprintf("SELECT * FROM (SELECT k, v, '%s' AS home FROM %s WHERE k >= $1 ORDER BY k LIMIT %d) AS %s", table, table, rangeRows, table))
	}
	rows, err := x.query(ctx, strings.Join(parts, " UNION ALL "), from)
	if err != nil {
		return err
	}
	last, taken := map[string]int{}, map[string]int{}
	for _, row := range rows {
		key, err := strconv.Atoi(row[0])
		if err != nil {
			return err
		}
		last[row[2]] = max(last[row[2]], key)
		taken[row[2]]++
	}
	end := from + rangeRows
	for home, n := range taken {
		if n == rangeRows {
			end = min(end, last[home])
		}
	}
	var keys []int
	for key := from; key <= end; key++ {
		keys = append(keys, key)
	}
	return x.addRows(keys, slices.DeleteFunc(rows, func(row []string) bool { n, _ := strconv.Atoi(row[0]); return n > end }))
}

// addRows records a read of each of the keys.
func (x *listTxn) addRows(keys []int, rows [][]string) error {
	lists := map[int][]int{}
	for _, row := range rows {
		key, err := strconv.Atoi(row[0])
		if err != nil {
			return err
		}
		list, err := parseList(row[1])
		if err != nil {
			return err
		}
		lists[key] = append(lists[key], list...)
	}
	for _, key := range keys {
		x.add(history.Op{Kind: history.Read, Key: key, List: lists[key]})
	}
	return nil
}

// claim locks a list or writes it back, in whichever table it is.
func (x *listTxn) claim(ctx context.Context, kind history.Kind, sql string, key int) error {
	for _, table := range listTables {
		list, found, err := x.list(ctx, fmt.Sprintf(sql, table), key)
		if err != nil {
			return err
		}
		if found {
			x.add(history.Op{Kind: kind, Key: key, List: list})
			return nil
		}
	}
	x.add(history.Op{Kind: history.Read, Key: key})
	return nil
}

// append appends without having read.
func (x *listTxn) append(ctx context.Context, key, value int) error {
	for _, table := range listTables {
		list, found, err := x.list(ctx, "UPDATE "+table+" SET v = v || ',' || $2::text WHERE k = $1 RETURNING v", key, strconv.Itoa(value))
		if err != nil {
			return err
		}
		if found {
			x.add(history.Op{Kind: history.Append, Key: key, Value: value})
			x.add(history.Op{Kind: history.Read, Key: key, List: list})
			return nil
		}
	}
	return x.first(ctx, key, value)
}

// appendWithin appends by a statement that also reads the list as it was before it.
func (x *listTxn) appendWithin(ctx context.Context, key, value int) error {
	for _, table := range listTables {
		rows, err := x.query(ctx, fmt.Sprintf("WITH w AS (UPDATE %s SET v = v || ',' || $2::text WHERE k = $1 RETURNING v) SELECT w.v, (SELECT v FROM %s WHERE k = $1) FROM w",
			table, table), key, strconv.Itoa(value))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			continue
		}
		var lists [2][]int
		for i := range lists {
			if lists[i], err = parseList(rows[0][i]); err != nil {
				return err
			}
		}
		x.add(history.Op{Kind: history.Read, Key: key, List: lists[1]})
		x.add(history.Op{Kind: history.Append, Key: key, Value: value})
		x.add(history.Op{Kind: history.Read, Key: key, List: lists[0]})
		return nil
	}
	return x.first(ctx, key, value)
}

// first makes the row of a list.
func (x *listTxn) first(ctx context.Context, key, value int) error {
	if moves(key) {
		if _, err := x.query(ctx, "INSERT INTO history_keys VALUES ($1)", key); err != nil {
			return err
		}
	}
	if _, err := x.query(ctx, "INSERT INTO history_a VALUES ($1, $2, $3)", key, shardOf(key), strconv.Itoa(value)); err != nil {
		return err
	}
	x.add(history.Op{Kind: history.Append, Key: key, Value: value})
	return nil
}

// upsert appends to a list that does not move, or makes it.
func (x *listTxn) upsert(ctx context.Context, key, value int) error {
	if _, err := x.query(ctx, "INSERT INTO history_a VALUES ($1, $2, $3) ON CONFLICT (k) DO UPDATE SET v = history_a.v || ',' || excluded.v",
		key, shardOf(key), strconv.Itoa(value)); err != nil {
		return err
	}
	x.add(history.Op{Kind: history.Append, Key: key, Value: value})
	return nil
}

// readModifyWrite reads a list and writes what the client makes of it.
func (x *listTxn) readModifyWrite(ctx context.Context, key, value int) error {
	list, found, err := x.read(ctx, key)
	if err != nil {
		return err
	}
	if !found {
		return x.first(ctx, key, value)
	}
	text := joinList(append(slices.Clone(list), value))
	for _, table := range listTables {
		_, found, err := x.list(ctx, "UPDATE "+table+" SET v = $2::text WHERE k = $1 RETURNING v", key, text)
		if err != nil {
			return err
		}
		if found {
			x.add(history.Op{Kind: history.Append, Key: key, Value: value})
			return nil
		}
	}
	return errVanished
}

// move deletes the row of a list and makes it anew, in any of the tables.
func (x *listTxn) move(ctx context.Context, key, value int) error {
	for _, table := range listTables {
		list, found, err := x.list(ctx, "DELETE FROM "+table+" WHERE k = $1 RETURNING v", key)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		x.add(history.Op{Kind: history.Read, Key: key, List: list})
		text := joinList(append(slices.Clone(list), value))
		into := listTables[x.c.rng.IntN(2)]
		if _, err := x.query(ctx, "INSERT INTO "+into+" VALUES ($1, $2, $3)", key, shardOf(key), text); err != nil {
			return err
		}
		x.add(history.Op{Kind: history.Replace, Key: key, Value: value})
		return nil
	}
	return x.first(ctx, key, value)
}
