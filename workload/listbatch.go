package workload

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"zorya/history"
)

// A batchItem is a statement of a batch and what it does to a list: it appends value,
// or reads if value is 0.
type batchItem struct {
	sql        string
	key, value int
}

// batch sends several statements at once, without BEGIN: they are one transaction,
// which is committed at their end. Appends are upserts, which always have a row.
func (c *listClient) batch(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	x := c.newTxn()
	var items []batchItem
	var used []int
	for range 2 + c.rng.IntN(3) {
		key, value := c.load.pickToAppend(c.rng)
		if slices.Contains(used, key) {
			continue
		}
		used = append(used, key)
		if moves(key) {
			items = append(items, batchItem{sql: fmt.Sprintf("SELECT v FROM history_a WHERE k = %d UNION ALL SELECT v FROM history_b WHERE k = %d", key, key), key: key})
			continue
		}
		items = append(items, batchItem{key: key, value: value, sql: fmt.Sprintf("INSERT INTO history_a VALUES (%d, %d, '%d') "+
			"ON CONFLICT (k) DO UPDATE SET v = history_a.v || ',' || excluded.v RETURNING v", key, shardOf(key), value)})
	}
	if c.rng.IntN(10) == 0 {
		items = append(items, batchItem{sql: aFailure})
	}
	send := c.pipelined
	if c.rng.IntN(2) == 0 {
		send = c.queryString
	}
	x.Commit = c.load.now()
	lists, err := send(ctx, items)
	for i, item := range items {
		if item.value > 0 {
			x.add(history.Op{Kind: history.Append, Key: item.key, Value: item.value})
		}
		if err == nil {
			x.add(history.Op{Kind: history.Read, Key: item.key, List: lists[i]})
		}
	}
	if err != nil {
		x.finish(afterCommit(err), err)
		return
	}
	x.Snapshot = c.load.now()
	x.finish(history.OK, nil)
}

// pipelined sends a batch by the extended protocol, with one Sync.
func (c *listClient) pipelined(ctx context.Context, items []batchItem) (lists [][]int, err error) {
	var b pgx.Batch
	for _, item := range items {
		b.Queue(item.sql)
	}
	results := c.conn.SendBatch(ctx, &b)
	for range items {
		rows, err := results.Query()
		if err != nil {
			results.Close()
			return nil, err
		}
		values, err := texts(rows)
		if err != nil {
			results.Close()
			return nil, err
		}
		list, err := onlyList(values)
		if err != nil {
			results.Close()
			return nil, err
		}
		lists = append(lists, list)
	}
	return lists, results.Close()
}

// queryString sends a batch as one string by the simple protocol.
func (c *listClient) queryString(ctx context.Context, items []batchItem) (lists [][]int, err error) {
	var text []string
	for _, item := range items {
		text = append(text, item.sql)
	}
	results, err := c.conn.PgConn().Exec(ctx, strings.Join(text, "; ")).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(results) != len(items) {
		return nil, fmt.Errorf("%d results for %d statements", len(results), len(items))
	}
	for _, r := range results {
		var values [][]string
		for _, row := range r.Rows {
			values = append(values, []string{string(row[0])})
		}
		list, err := onlyList(values)
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	return lists, nil
}

// onlyList joins the lists of a result: more than one row shows as a list that is none.
func onlyList(rows [][]string) (list []int, err error) {
	for _, row := range rows {
		part, err := parseList(row[0])
		if err != nil {
			return nil, err
		}
		list = append(list, part...)
	}
	return list, nil
}
