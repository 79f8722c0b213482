package cluster

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/txn"
)

var ctx = context.Background()

func open(t testing.TB, dir string, o Options) *Cluster {
	t.Helper()
	c, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// begin starts a transaction; without an end of its context it can't fail.
func begin(c *Cluster, o txn.Options) *txn.Txn {
	tx, err := c.DB().Begin(ctx, o)
	if err != nil {
		panic(err)
	}
	return tx
}

func commit(tx *txn.Txn) error {
	_, err := tx.Commit(ctx)
	return err
}

// account is the key of a bank account.
func account(i int) kv.Key {
	return binary.BigEndian.AppendUint32([]byte{kv.Data, 0, 0, 0, 1}, uint32(i))
}

func balance(v txn.Value) int64 { return int64(binary.BigEndian.Uint64(v.Bytes)) }

func amount(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// fund makes accounts with 100 each.
func fund(t testing.TB, c *Cluster, accounts int) {
	t.Helper()
	for at := 0; at < accounts; at += 1000 {
		tx := begin(c, txn.Options{})
		for i := at; i < min(at+1000, accounts); i++ {
			_ = tx.Put(account(i), amount(100), kv.Exclusive)
		}
		if err := commit(tx); err != nil {
			t.Fatal(err)
		}
	}
}

// transfer moves one unit, and returns the error of its commit.
func transfer(c *Cluster, from, to int) error {
	tx := begin(c, txn.Options{})
	a, _, err := tx.Get(ctx, account(from))
	if err != nil {
		return err
	}
	b, _, err := tx.Get(ctx, account(to))
	if err != nil {
		return err
	}
	_ = tx.Put(account(from), amount(balance(a)-1), kv.Update)
	_ = tx.Put(account(to), amount(balance(b)+1), kv.Update)
	return commit(tx)
}

// total is the sum of all balances, and how many accounts there are.
func total(t testing.TB, c *Cluster) (sum int64, n int) {
	t.Helper()
	tx := begin(c, txn.Options{ReadOnly: true})
	it := tx.Scan(ctx, kv.PrefixSpan(kv.Key{kv.Data, 0, 0, 0, 1}), txn.ScanOptions{})
	defer it.Close()
	for it.Next() {
		sum += int64(binary.BigEndian.Uint64(it.Value()))
		n++
	}
	if it.Err() != nil {
		t.Fatal(it.Err())
	}
	return sum, n
}

func TestBankSumIsConstant(t *testing.T) {
	const accounts, workers, each = 20, 16, 60
	dir := t.TempDir()
	c := open(t, dir, Options{Limits: txn.DSQLLimits})
	fund(t, c, accounts)
	var wg sync.WaitGroup
	var mu sync.Mutex
	committed, conflicts := 0, 0
	for w := range workers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 1))
			for range each {
				from := rng.IntN(accounts)
				err := transfer(c, from, (from+1+rng.IntN(accounts-1))%accounts)
				mu.Lock()
				switch pgerr.Code(err) {
				case "":
					committed++
				case pgerr.SerializationFailure:
					conflicts++
				default:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	for range 50 {
		if sum, n := total(t, c); sum != 100*accounts || n != accounts {
			t.Fatalf("during: %d in %d accounts", sum, n)
		}
	}
	wg.Wait()
	if committed == 0 || conflicts == 0 {
		t.Fatalf("%d committed, %d conflicts: tests nothing", committed, conflicts)
	}
	seq := c.ReadPoint().Position
	if seq != uint64(committed)+1 {
		t.Fatalf("%d records for %d commits", seq, committed+1)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, dir, Options{})
	defer c.Close()
	if sum, n := total(t, c); sum != 100*accounts || n != accounts || c.ReadPoint().Position != seq {
		t.Fatalf("after reopening: %d in %d accounts at %d, was %d", sum, n, c.ReadPoint().Position, seq)
	}
}

// BenchmarkTransfer measures transfers between 100,000 accounts: two reads, two
// writes, one commit each.
func BenchmarkTransfer(b *testing.B) {
	for _, workers := range []int{1, 8, 32, 200} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			c := open(b, b.TempDir(), Options{Limits: txn.DSQLLimits})
			defer c.Close()
			const accounts = 100_000
			fund(b, c, accounts)
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(uint64(w), 2))
					for range b.N/workers + 1 {
						from := rng.IntN(accounts)
						err := transfer(c, from, (from+1+rng.IntN(accounts-1))%accounts)
						if err != nil && pgerr.Code(err) != pgerr.SerializationFailure {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}
