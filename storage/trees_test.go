package storage

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"zorya/journal"
	"zorya/kv"
)

// TestCheckTrees: what Apply, Expire and Replay make is in order; entries that cannot
// be are found, with the key that they are of.
func TestCheckTrees(t *testing.T) {
	s, err := Open("/s", Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := rand.New(rand.NewPCG(1, 1))
	for seq := uint64(1); seq <= 400; seq++ {
		at := kv.Timestamp(seq) * minute / 7
		rec := journal.Record{Seq: seq, Time: at, Horizon: max(at, 20*minute) - 20*minute, Kind: journal.Ordinary}
		for range 3 {
			key := kv.Key{kv.Data, 0, byte(r.IntN(5)), 0, byte(r.IntN(40))}
			rec.Mutations = append(rec.Mutations, kv.Mutation{Key: key, Value: []byte{byte(seq)}, Delete: r.IntN(3) == 0})
		}
		apply := s.Apply
		if seq > 300 && seq < 320 {
			apply = s.Replay
		}
		if err := apply([]journal.Record{rec}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Expire(5); err != nil {
			t.Fatal(err)
		}
	}
	versions, err := s.CheckTrees(func(key []byte, problem string) { t.Errorf("%x: %s", key, problem) })
	if err != nil || versions < 20 {
		t.Fatalf("%d versions, %v", versions, err)
	}
	now := s.Applied().Time
	key := []byte("\x10key\x00x")
	for _, x := range []struct {
		key, value []byte
		want       string
	}{
		{currentKey(nil, key), []byte{1}, "malformed entry of the current tree"},
		{currentKey(nil, key), appendCurrent(nil, version{time: now + 1}), "after the last record"},
		{currentKey(nil, key), appendCurrent(nil, version{time: now - 1, deleted: true}), "is not listed"},
		{append(bucketKey(nil, deletedTree, bucketOf(now)), key...), []byte{1}, "malformed entry of the list of tombstones"},
		{historyKey(nil, bucketOf(now), key, now), appendHistory(nil, now, nil), "a version from"},
		{historyKey(nil, bucketOf(now)+1, key, 5), appendHistory(nil, now, nil), "in bucket"},
		{append(historyKey(nil, bucketOf(now), key, 5), 0), appendHistory(nil, now, nil), "malformed key of the history"},
		{[]byte("x"), nil, "malformed key"},
	} {
		if err := s.db.Set(x.key, x.value, pebble.NoSync); err != nil {
			t.Fatal(err)
		}
		var all []string
		if _, err := s.CheckTrees(func(of []byte, problem string) {
			if !bytes.Equal(of, key) && !strings.Contains(problem, "malformed") {
				problem = "of another key: " + problem
			}
			all = append(all, problem)
		}); err != nil {
			t.Fatal(err)
		}
		if len(all) != 1 || !strings.Contains(all[0], x.want) || strings.Contains(all[0], "another") {
			t.Errorf("%x: %q, want %q", x.key, all, x.want)
		}
		if err := s.db.Delete(x.key, pebble.NoSync); err != nil {
			t.Fatal(err)
		}
	}
}
