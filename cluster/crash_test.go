package cluster

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/txn"
)

// receipt is the key under which a transfer leaves a row of its own, so that the
// client's list can be compared.
func receipt(worker, n int) kv.Key {
	k := []byte{kv.Data, 0, 0, 0, 2}
	k = binary.BigEndian.AppendUint32(k, uint32(worker))
	return binary.BigEndian.AppendUint32(k, uint32(n))
}

// transferWithReceipt moves one unit and puts the receipt, in one transaction.
func transferWithReceipt(c *Cluster, from, to int, r kv.Key) error {
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
	_ = tx.Put(r, make([]byte, rand.IntN(300)), kv.Exclusive)
	return commit(tx)
}

// A ledger is what clients know: which transfers were acknowledged, and which have
// an unknown outcome.
type ledger struct {
	mu             sync.Mutex
	acked, unknown map[string]bool
	next           int
}

// run lets workers transfer until stop, and notes what they are told.
func (l *ledger) run(t *testing.T, c *Cluster, accounts int, stop *atomic.Bool, wg *sync.WaitGroup) {
	for range 6 {
		worker := l.next
		l.next++
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(worker), 5))
			for n := 0; !stop.Load(); n++ {
				from := rng.IntN(accounts)
				r := receipt(worker, n)
				err := transferWithReceipt(c, from, (from+1+rng.IntN(accounts-1))%accounts, r)
				l.mu.Lock()
				switch pgerr.Code(err) {
				case "":
					l.acked[string(r)] = true
				case pgerr.StatementCompletionUnknown:
					l.unknown[string(r)] = true
				case pgerr.SerializationFailure:
				default:
					if c.Err() == nil {
						t.Error(err)
					}
					l.mu.Unlock()
					return
				}
				l.mu.Unlock()
			}
		})
	}
}

// verify compares a reopened cluster with the ledger taken before the crash.
// maybe are receipts that may or may not be there.
func verify(t *testing.T, what string, c *Cluster, accounts int, acked, maybe map[string]bool) {
	t.Helper()
	if sum, n := total(t, c); sum != int64(100*accounts) || n != accounts {
		t.Fatalf("%s: %d in %d accounts", what, sum, n)
	}
	tx := begin(c, txn.Options{ReadOnly: true})
	it := tx.Scan(ctx, kv.PrefixSpan(kv.Key{kv.Data, 0, 0, 0, 2}), txn.ScanOptions{})
	defer it.Close()
	found := 0
	for it.Next() {
		key := string(it.Key())
		if acked[key] {
			found++
		} else if !maybe[key] {
			t.Fatalf("%s: %x is there, but nobody committed it", what, key)
		}
	}
	if it.Err() != nil || found != len(acked) {
		t.Fatalf("%s: %d of %d acknowledged transfers are there, %v", what, found, len(acked), it.Err())
	}
}

// TestMachineCrashKeepsAcknowledged loses everything that is not synced, or a
// random part of it, while clients commit; again and again on what is left.
func TestMachineCrashKeepsAcknowledged(t *testing.T) {
	const accounts = 12
	fs := vfs.NewCrashableMem()
	rng := rand.New(rand.NewPCG(1, 1))
	o := Options{ReplayBytes: 20 << 10} // Flush and trim often.
	o.FS = fs
	c := open(t, "/data/c", o)
	fund(t, c, accounts)
	before := map[string]bool{} // Acknowledged and found so far.
	total := 0
	for round := range 25 {
		l := &ledger{acked: map[string]bool{}, unknown: map[string]bool{}, next: round * 100}
		var stop atomic.Bool
		var wg sync.WaitGroup
		l.run(t, c, accounts, &stop, &wg)
		acked, image := crashWhenBusy(l, fs, rng, 40+rng.IntN(400))
		stop.Store(true)
		wg.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		for key := range before {
			acked[key] = true
		}
		// What was acknowledged while the image was taken may be in it.
		maybe := l.acked
		fs = image
		o.FS = fs
		c = open(t, "/data/c", o)
		verify(t, fmt.Sprintf("round %d", round), c, accounts, acked, maybe)
		before = present(t, c)
		total += len(acked)
	}
	if total == 0 {
		t.Fatal("no commits: tests nothing")
	}
	_ = c.Close()
}

// crashWhenBusy waits until some transfers are acknowledged, notes which, and
// takes an image of what the disk would hold after a crash at that moment.
func crashWhenBusy(l *ledger, fs *vfs.MemFS, rng *rand.Rand, commits int) (acked map[string]bool, image *vfs.MemFS) {
	for {
		l.mu.Lock()
		if len(l.acked) >= commits {
			acked = map[string]bool{}
			for key := range l.acked {
				acked[key] = true
			}
			l.mu.Unlock()
			return acked, fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(3) * 50, RNG: rng})
		}
		l.mu.Unlock()
	}
}

// present returns all receipts.
func present(t *testing.T, c *Cluster) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	it := c.DB().ScanLatest(ctx, kv.PrefixSpan(kv.Key{kv.Data, 0, 0, 0, 2}), txn.ScanOptions{})
	defer it.Close()
	for it.Next() {
		keys[string(it.Key())] = true
	}
	if it.Err() != nil {
		t.Fatal(it.Err())
	}
	return keys
}

// TestJournalFault: the n-th write or sync of the journal fails. What was
// acknowledged is there after opening again; what was waiting is unknown; the rest
// is refused with a clear error, and reads go on.
func TestJournalFault(t *testing.T) {
	const accounts = 12
	for _, fault := range []struct {
		err  error
		code string
	}{{syscall.EIO, pgerr.IOError}, {syscall.ENOSPC, pgerr.DiskFull}} {
		for _, kind := range []errorfs.OpKind{errorfs.OpFileWriteAt, errorfs.OpFileSyncData} {
			t.Run(fmt.Sprintf("%v in operation %d", fault.err, kind), func(t *testing.T) {
				mem := vfs.NewMem()
				var left atomic.Int64
				left.Store(1 << 40)
				fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
					if op.Kind == kind && strings.HasPrefix(op.Path, "/c/journal/") && left.Add(-1) < 0 {
						return fault.err
					}
					return nil
				}))
				c := open(t, "/c", Options{FS: fs})
				fund(t, c, accounts)
				l := &ledger{acked: map[string]bool{}, unknown: map[string]bool{}}
				left.Store(30)
				var stop atomic.Bool
				var wg sync.WaitGroup
				l.run(t, c, accounts, &stop, &wg)
				wg.Wait() // All workers end with the refusal.
				if c.Err() == nil || len(l.unknown) == 0 || len(l.acked) == 0 {
					t.Fatalf("Err %v, %d unknown, %d acknowledged", c.Err(), len(l.unknown), len(l.acked))
				}
				if err := transfer(c, 0, 1); pgerr.Code(err) != fault.code {
					t.Fatalf("after the fault: %v", err)
				}
				if sum, _ := total(t, c); sum != 100*accounts {
					t.Fatalf("after the fault: sum %d", sum)
				}
				_ = c.Close()
				c = open(t, "/c", Options{FS: mem})
				defer c.Close()
				verify(t, "opened again", c, accounts, l.acked, l.unknown)
			})
		}
	}
}
