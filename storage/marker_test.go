package storage

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"zorya/kv"
)

// TestPowerLossAtEachSync: whichever sync a power loss comes before, and whichever of
// the names and blocks that were not synced it keeps, the store opens again, with what
// a flush had made durable.
func TestPowerLossAtEachSync(t *testing.T) {
	type image struct {
		fs      *vfs.MemFS
		durable uint64
		text    string
	}
	var (
		mem     = vfs.NewCrashableMem()
		rng     = rand.New(rand.NewPCG(1, 0))
		mu      sync.Mutex // Pebble syncs in goroutines of its own.
		images  []image
		durable uint64
	)
	fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
			mu.Lock()
			defer mu.Unlock()
			for range 8 {
				clone := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rng})
				images = append(images, image{clone, durable, fmt.Sprintf("before sync of %s (image %d)", op.Path, len(images))})
			}
		}
		return nil
	}))
	seq := 0
	for range 3 {
		s, err := Open("/s", Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			apply(t, s, epoch+kv.Timestamp(seq), put("\x10a", fmt.Sprint(seq)))
			seq++
			for d := uint64(0); d < uint64(seq); {
				d, err = s.Flush()
				if err != nil {
					t.Fatal(err)
				}
			}
			mu.Lock()
			durable = uint64(seq)
			mu.Unlock()
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range images {
		o := Options{FS: i.fs}
		st, _, err := Peek("/s", o)
		if err != nil {
			t.Fatalf("%s: peek: %v", i.text, err)
		}
		if st.Seq < i.durable {
			t.Fatalf("%s: records up to %d are durable, there are %d", i.text, i.durable, st.Seq)
		}
		s, err := Open("/s", o)
		if err != nil {
			t.Fatalf("%s: open: %v", i.text, err)
		}
		_ = s.Close()
	}
	t.Logf("%d images", len(images))
}
