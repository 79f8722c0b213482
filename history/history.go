package history

import (
	"encoding/json"
	"fmt"
)

// An Outcome is what a client knows of a transaction's end.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"      // acknowledged
	Failed  Outcome = "fail"    // it certainly did not happen
	Unknown Outcome = "unknown" // it may have happened
)

// A Kind says what an operation does.
type Kind string

// The kinds of operations.
const (
	Append  Kind = "append"  // puts Value at the end of the list
	Replace Kind = "replace" // appends as well, by a new row in place of the list's
	Read    Kind = "read"    // sees List
	Touch   Kind = "touch"   // sees List and writes it back unchanged
	Lock    Kind = "lock"    // sees List and locks it, as SELECT FOR UPDATE does
	Share   Kind = "share"   // sees List and keeps its row, as SELECT FOR KEY SHARE does
)

// appends tells whether an operation has a Value rather than a List.
func (k Kind) appends() bool { return k == Append || k == Replace }

// An Op is an operation on the list under a key.
type Op struct {
	Kind  Kind
	Key   int
	Value int   // of Append and Replace; no other append to the key has it
	List  []int // of all others
}

// A Txn is a transaction as its client saw it. Times are of one monotonic clock, in
// nanoseconds; the meaning of each is in the package's comment.
type Txn struct {
	ID       int     `json:"id"` // unique
	Client   int     `json:"client"`
	Begin    int64   `json:"begin"`
	Snapshot int64   `json:"snapshot,omitempty"` // 0: no statement was answered
	Commit   int64   `json:"commit,omitempty"`   // 0: COMMIT was not sent
	End      int64   `json:"end"`
	Outcome  Outcome `json:"outcome"`
	Error    string  `json:"error,omitempty"` // for people
	Ops      []Op    `json:"ops"`             // those that were answered, in order; appends also if not
}

// MarshalJSON makes ["append",key,value] or ["read",key,[…]].
func (o Op) MarshalJSON() ([]byte, error) {
	if o.Kind.appends() {
		return json.Marshal([]any{o.Kind, o.Key, o.Value})
	}
	list := o.List
	if list == nil {
		list = []int{}
	}
	return json.Marshal([]any{o.Kind, o.Key, list})
}

// UnmarshalJSON reads what MarshalJSON makes.
func (o *Op) UnmarshalJSON(data []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	if len(parts) != 3 {
		return fmt.Errorf("an operation has 3 parts, not %d", len(parts))
	}
	*o = Op{}
	if err := json.Unmarshal(parts[0], &o.Kind); err != nil {
		return err
	}
	if err := json.Unmarshal(parts[1], &o.Key); err != nil {
		return err
	}
	switch o.Kind {
	case Append, Replace:
		return json.Unmarshal(parts[2], &o.Value)
	case Read, Touch, Lock, Share:
		return json.Unmarshal(parts[2], &o.List)
	}
	return fmt.Errorf("unknown operation %q", o.Kind)
}

// Options say what the database under test promises beside snapshot isolation.
type Options struct {
	// LocksWait: a Lock or Share makes writers wait, as in PostgreSQL. Otherwise it
	// conflicts with concurrent writes as a write does, as in Aurora DSQL: a Lock with
	// all and with Share, a Share with Replace.
	LocksWait bool
}

// A Violation is something that strong snapshot isolation forbids.
type Violation struct {
	Name  string `json:"name"`
	Text  string `json:"text"`
	Txns  []int  `json:"txns"`            // ids of the transactions that show it
	Cycle []Step `json:"cycle,omitempty"` // the smallest one found
}

// A Step is an edge of a cycle: From came before To, since Because.
type Step struct {
	From    int    `json:"from"`
	To      int    `json:"to"`
	Edge    string `json:"edge"` // ww, wr, rw, rt …
	Because string `json:"because"`
}

// A Report is what Check found.
type Report struct {
	Transactions int            `json:"transactions"`
	OK           int            `json:"ok"`
	Failed       int            `json:"failed"`
	Unknown      int            `json:"unknown"`
	Observed     int            `json:"observed"` // of the unknown ones: they did happen
	Keys         int            `json:"keys"`
	Appends      int            `json:"appends"` // of transactions that happened
	Reads        int            `json:"reads"`
	WriteSkews   int            `json:"write_skews"` // pairs of transactions; allowed
	Found        map[string]int `json:"found"`       // violations by name
	Violations   []Violation    `json:"violations"`  // at most maxExamples of each name
}

// maxExamples bounds the violations of a name that are told.
const maxExamples = 10

// Valid tells whether nothing was found.
func (r *Report) Valid() bool { return len(r.Found) == 0 }

// add notes a violation. The text is made only if it will be told.
func (r *Report) add(name string, v func() Violation) {
	r.Found[name]++
	if r.Found[name] <= maxExamples {
		violation := v()
		violation.Name = name
		r.Violations = append(r.Violations, violation)
	}
}

// Check judges a history. The error is for a list of transactions that is no history:
// a value appended twice to a key, an id used twice, times that run backwards.
func Check(txns []Txn, o Options) (*Report, error) {
	c := &checker{txns: txns, options: o, report: &Report{Transactions: len(txns), Found: map[string]int{}, Violations: []Violation{}},
		writes: map[version]write{}, keys: map[int]*key{}}
	if err := c.index(); err != nil {
		return nil, err
	}
	for i := range txns {
		c.external(i)
	}
	for _, k := range c.sorted {
		c.order(k)
	}
	c.count()
	c.build()
	c.cycles()
	return c.report, nil
}
