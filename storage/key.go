package storage

import (
	"bytes"
	"encoding/binary"

	"zorya/kv"
)

// The parts of the Pebble key space; "Storage" in docs/formats.md.
const (
	currentTree byte = 'c' // key → the newest version
	currentEnd  byte = 'd'
	deletedTree byte = 'd' // bucket, key → time of a tombstone in the current tree
	deletedEnd  byte = 'e'
	historyTree byte = 'h' // bucket, key, time → a superseded version
	historyEnd  byte = 'i'
)

// stateKey holds the State; see state.go.
var stateKey = []byte{'s'}

// A bucket is a minute of the cluster's time line: the one in which the versions
// that it holds were superseded.
type bucket uint64

// minute is a bucket's length in units of kv.Timestamp.
const minute = 60_000_000_000

// bucketOf returns the bucket of versions superseded at t.
func bucketOf(t kv.Timestamp) bucket { return bucket(t / minute) }

// passed reports whether no read at the horizon or later can need the bucket.
func (b bucket) passed(horizon kv.Timestamp) bool {
	return (kv.Timestamp(b)+1)*minute <= horizon
}

// currentKey appends the key's place in the current tree.
func currentKey(dst []byte, key []byte) []byte {
	return append(append(dst, currentTree), key...)
}

// currentBounds returns the span's bounds in the current tree.
func currentBounds(s kv.Span) (lower, upper []byte) {
	if s.End == nil {
		return currentKey(nil, s.Start), []byte{currentEnd}
	}
	return currentKey(nil, s.Start), currentKey(nil, s.End)
}

// bucketKey appends where a bucket begins in a tree.
func bucketKey(dst []byte, tree byte, b bucket) []byte {
	return binary.BigEndian.AppendUint64(append(dst, tree), uint64(b))
}

// historyPrefix appends the place of all versions of a key in a bucket.
func historyPrefix(dst []byte, b bucket, key []byte) []byte {
	return appendEscaped(bucketKey(dst, historyTree, b), key)
}

// historyKey appends the place of one version. Newer versions come first.
func historyKey(dst []byte, b bucket, key []byte, version kv.Timestamp) []byte {
	return binary.BigEndian.AppendUint64(historyPrefix(dst, b, key), ^uint64(version))
}

// appendEscaped appends a form of key that orders the same way, and is never a
// prefix of another key's.
func appendEscaped(dst []byte, key []byte) []byte {
	for {
		i := bytes.IndexByte(key, 0)
		if i < 0 {
			return append(append(dst, key...), 0, 1)
		}
		dst = append(append(dst, key[:i]...), 0, 0xff)
		key = key[i+1:]
	}
}

// A version is what a key held from a time on.
type version struct {
	time    kv.Timestamp
	deleted bool
	value   []byte
}

// currentHeader is the length of what stands before the value.
const currentHeader = 9

// appendCurrent appends the value of an entry of the current tree.
func appendCurrent(dst []byte, v version) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(v.time))
	if v.deleted {
		return append(dst, 0)
	}
	return append(append(dst, 1), v.value...)
}

// decodeCurrent decodes what appendCurrent wrote; the value aliases b.
func decodeCurrent(b []byte) (version, error) {
	if len(b) < currentHeader || b[8] > 1 {
		return version{}, corrupt("entry of the current tree")
	}
	return version{time: kv.Timestamp(binary.BigEndian.Uint64(b)), deleted: b[8] == 0, value: b[currentHeader:]}, nil
}

// appendHistory appends the value of an entry of the history.
func appendHistory(dst []byte, until kv.Timestamp, value []byte) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(until)), value...)
}

// decodeHistory returns when a version was superseded, and its value.
func decodeHistory(b []byte) (until kv.Timestamp, value []byte, err error) {
	if len(b) < 8 {
		return 0, nil, corrupt("entry of the history")
	}
	return kv.Timestamp(binary.BigEndian.Uint64(b)), b[8:], nil
}

// versionTime returns the time at the end of a key of the history.
func versionTime(key []byte) kv.Timestamp {
	return kv.Timestamp(^binary.BigEndian.Uint64(key[len(key)-8:]))
}
