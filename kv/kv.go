// Package kv is the vocabulary that the SQL layers and the commit path share:
// keys, spans, times, mutations and claims. It does nothing.
package kv

import "bytes"

// A Key is a byte string that orders as its bytes do. Callers do not change a
// Key after they have handed it over.
type Key []byte

// Namespaces: the first byte of every key. Descriptors are the catalog (their
// changes make a new catalog version); System holds rows outside the catalog
// version (statistics, jobs, sequences, counters); Data holds rows and index entries.
const (
	Descriptors byte = 0x01
	System      byte = 0x02
	Data        byte = 0x10
	Names       byte = 0x20 // Keys claimed, never stored: names that DDL creates.
)

// A Timestamp is a commit time: nanoseconds since 1970 on the cluster's own time
// line, strictly increasing from commit to commit. Zero is before everything.
type Timestamp uint64

// MaxTimestamp is after every commit.
const MaxTimestamp = ^Timestamp(0)

// A Span is the keys in [Start, End). A nil End means no upper bound.
type Span struct {
	Start, End Key
}

// Contains reports whether k is in the span.
func (s Span) Contains(k Key) bool {
	return bytes.Compare(k, s.Start) >= 0 && (s.End == nil || bytes.Compare(k, s.End) < 0)
}

// PrefixSpan is the span of the keys that start with p.
func PrefixSpan(p Key) Span { return Span{Start: p, End: PrefixEnd(p)} }

// PrefixEnd is the first key after all keys that start with p; nil if there is none.
func PrefixEnd(p Key) Key {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] != 0xff {
			end := bytes.Clone(p[:i+1])
			end[i]++
			return end
		}
	}
	return nil
}

// A Strength says how a transaction claims a key (design §3). The values are a
// total order: a key is claimed with the greatest strength asked for.
//
//	            exclusive  update  share
//	exclusive   conflict   conflict conflict
//	update      conflict   conflict -
//	share       conflict   -        -
type Strength uint8

// The strengths. None marks a blind write: a secondary index entry.
const (
	None Strength = iota
	Share
	Update
	Exclusive
)

// Conflicts reports whether two concurrent claims of these strengths conflict.
func (s Strength) Conflicts(o Strength) bool {
	return s != None && o != None && (s == Exclusive || o == Exclusive || s == Update && o == Update)
}

// A Claim is a key and how strongly it is claimed.
type Claim struct {
	Key      Key
	Strength Strength
}

// A Mutation sets a key to a value, or deletes it: a post-image.
type Mutation struct {
	Key    Key
	Value  []byte // nil when Delete.
	Delete bool   // A tombstone.
	// Fresh says that the key held nothing until then, so that storage need not look
	// up what ends. It is known to the transaction that claimed the key, and not kept
	// in the journal.
	Fresh bool
}

// A ReadPoint names the state that a transaction reads and plans with. It is
// taken as one value and opaque to SQL except for Catalog, which says whether
// two read points have the same catalog.
type ReadPoint struct {
	Time     Timestamp // Every record with a commit time <= Time is visible.
	Position uint64    // Journal sequence of the last record applied.
	Catalog  Timestamp // Commit time of the last change of a descriptor.
}
