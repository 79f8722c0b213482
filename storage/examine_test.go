package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/sstable/block"
	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/journal"
	"zorya/kv"
)

// filled makes a closed store of one table whose blocks do not compress, and returns
// its file.
func filled(t *testing.T) (dir, table string) {
	t.Helper()
	dir = t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	rec := journal.Record{Seq: 1, Time: 1, Kind: journal.Ordinary}
	for i := range 3000 {
		value := make([]byte, 200)
		for k := range value {
			value[k] = byte(r.Uint32())
		}
		key := binary.BigEndian.AppendUint64(kv.Key{kv.Data}, r.Uint64()<<12|uint64(i))
		rec.Mutations = append(rec.Mutations, kv.Mutation{Key: key, Value: value})
	}
	if err := s.Apply([]journal.Record{rec}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(dir + "/*.sst")
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	return dir, names[0]
}

// blocksOf are the data blocks of a table.
func blocksOf(t *testing.T, name string) (list []block.Handle) {
	t.Helper()
	f, err := vfs.Default.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		t.Fatal(err)
	}
	r, err := sstable.NewReader(context.Background(), readable, pebbleOptions(Options{}).MakeReaderOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	l, err := r.Layout()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range l.Data {
		list = append(list, h.Handle)
	}
	return list
}

// TestExamineFindsExchangedBlocks: also where all checksums are right.
func TestExamineFindsExchangedBlocks(t *testing.T) {
	dir, name := filled(t)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	bySize := map[uint64][]block.Handle{}
	tried := 0
	for _, h := range blocksOf(t, name) {
		bySize[h.Length] = append(bySize[h.Length], h)
	}
	for size, list := range bySize {
		if len(list) < 2 {
			continue
		}
		a, b, n := list[0].Offset, list[len(list)-1].Offset, size+block.TrailerLen
		for what, first := range map[string][]byte{"exchanged": whole[b : b+n], "the second written over the first": whole[b : b+n], "the first over the second": whole[a : a+n]} {
			bad := bytes.Clone(whole)
			copy(bad[a:], first)
			if what != "the second written over the first" {
				copy(bad[b:], whole[a:a+n])
			}
			if err := os.WriteFile(name, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Examine(dir, Options{})
			if err != nil || len(s.Damage) != 1 || s.Damage[0].File != name || !strings.Contains(s.Damage[0].Reason, "stands behind") {
				t.Errorf("blocks of %d bytes at %d and %d %s: %+v, %v", size, a, b, what, s.Damage, err)
			}
			tried++
		}
	}
	if tried == 0 {
		t.Fatal("no two blocks of one size")
	}
}

// TestExamineNamesTheBlock: a flipped bit in any block is found, and the block's offset
// told; everything else is read.
func TestExamineNamesTheBlock(t *testing.T) {
	dir, name := filled(t)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	sound, err := Examine(dir, Options{})
	if err != nil || len(sound.Damage) > 0 || sound.Tables != 1 || sound.State.Seq != 1 {
		t.Fatalf("%+v, %v", sound, err)
	}
	for i, h := range blocksOf(t, name) {
		if i%17 > 0 {
			continue
		}
		bad := bytes.Clone(whole)
		bad[h.Offset+h.Length/2] ^= 4
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Examine(dir, Options{})
		if err != nil || len(s.Damage) != 1 || s.Damage[0].Offset != int64(h.Offset) || s.Blocks != sound.Blocks-1 {
			t.Errorf("%s", fmt.Sprint(h, s.Damage, err, s.Blocks, sound.Blocks))
		}
	}
}
