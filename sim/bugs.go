package sim

// A Bug is one that can be planted in the source, to show that the world finds it:
// each edit replaces a text that stands in its file exactly once.
type Bug struct {
	Name  string
	Edits []Edit
	// Within is how many seeds may pass before the world has found it.
	Within int
	// Workload is the only one to run, for a bug that few can meet; "": as the seed says.
	Workload string
}

// An Edit changes one file, named from the repository's root.
type Edit struct{ File, Old, New string }

// Bugs are those that the commit path must never have (issue: the commit path,
// proven). `zorya-sim -plant all` builds the world with each and runs seeds.
var Bugs = []Bug{
	{"a write is not remembered by the adjudicator", []Edit{{"adjudicator/core.go",
		"if claim.Strength == kv.None {", "if claim.Strength == kv.None || claim.Hash%16 == 0 {"}}, 100, ""},
	{"a pending batch is not judged", []Edit{{"adjudicator/pipeline.go",
		"	j := p.core.Judge(q, now, elapsed)\n",
		"	j := p.core.Judge(q, now, elapsed)\n	if j.Outcome == Conflicted && p.batchOf(j.Time) != nil {\n		free := *q\n		free.Claims = nil\n		j = p.core.Judge(&free, now, elapsed)\n	}\n"}}, 100, ""},
	{"share claims are ignored", []Edit{{"adjudicator/table.go",
		"		return slot.exclusive\n", "		return 0\n"}}, 100, ""},
	{"the floor is not raised on eviction", []Edit{{"adjudicator/core.go",
		"c.floor = max(c.floor, c.evict())", "c.evict()"}}, 400, ""},
	{"a snapshot is taken before the watermark is published", []Edit{{"cluster/cluster.go",
		"	c.publish()\n	select {", "	if c.store.Applied().Seq%16 != 0 {\n		c.publish()\n	}\n	select {"}}, 20, ""},
	{"a commit is acknowledged before fsync", []Edit{{"journal/file.go",
		"	if err := j.active.SyncData(); err != nil {", "	if err := error(nil); err != nil {"}}, 20, ""},
	{"a torn tail is accepted", []Edit{{"journal/recover.go",
		"	if !h.matches(payload) {\n		return 0, 0, errTorn\n	}\n", "",
	}, {"journal/frame.go", "	if !h.matches(payload) {", "	if len(payload) == 0 {"}}, 200, ""},
	{"a plan is made with a catalog older than the read point", []Edit{{"sql/catalog/cache.go",
		"		if e.version == version {", "		if e.version == version || e.version < version && version%4 == 0 {"}}, 200, ""},
	{"DDL fences one end of a foreign key only", []Edit{{"sql/ddl/constraint.go",
		"	if parent != t {\n		s.ed.Put(parent)", "	if parent != t {\n		s.ed.PutQuietly(parent)"}}, 600, "validate"},
	{"uniqueness is checked before the fence", []Edit{{"sql/jobs/build.go",
		"			t.Fence++\n			ed.Put(t)", "			ed.PutQuietly(t)"}}, 200, ""},
	{"a late backfill entry revives a deleted row", []Edit{{"storage/apply.go",
		"		if old.time >= at {\n", "		if old.time >= at && !old.deleted {\n"}}, 400, ""},
	{"history is filed under the wrong minute", []Edit{{"storage/apply.go",
		"	b := bucketOf(at)\n", "	b := bucketOf(old.time)\n"}}, 200, ""},
	{"tombstones and history are removed early", []Edit{{"storage/key.go",
		"	return (kv.Timestamp(b)+1)*minute <= horizon", "	return kv.Timestamp(b)*minute <= horizon"}}, 400, ""},
	{"the horizon is checked before the read", []Edit{{"storage/scan.go",
		"			i.err = i.s.checkHorizon(i.past.at)\n			return i.err == nil\n", "			return true\n"},
		{"storage/scan.go", "	if i.err == nil {\n		i.err = i.s.checkHorizon(i.past.at)\n	}\n", ""}}, 3000, ""},
	{"a record is applied twice", []Edit{{"storage/apply.go",
		"		if r.Seq <= a.state.Seq {\n			continue\n		}\n", ""},
		{"cluster/cluster.go", "c.journal.Read(applied + 1)", "c.journal.Read(max(applied, 1))"}}, 50, ""},
	{"a limit is pushed under a transaction's own deletes", []Edit{{"txn/txn.go",
		"	stored.Limit = 0 // Rows may be missing after the overlay.\n", ""}}, 100, ""},
	{"a statement sees its own writes", []Edit{{"txn/buffer.go",
		"		if b.writes[i].statement < statement {", "		if b.writes[i].statement <= statement {"}}, 200, ""},
	{"FOR UPDATE alone is committed without a record", []Edit{{"txn/txn.go",
		"	if len(r.Mutations) == 0 && len(r.Claims) == 0 {", "	if len(r.Mutations) == 0 {"}}, 100, ""},
	{"a commit is retried under a new id", []Edit{{"sim/machine.go",
		"			again, _, err := m.c.Judge(r)\n", "			r.ID[0]++\n			again, _, err := m.c.Judge(r)\n"}}, 20, ""},
	{"ids of commits are not remembered", []Edit{{"adjudicator/core.go",
		"	c.ids[q.ID] = c.lastCommit\n", ""}}, 20, ""},
	{"half a record is applied after a crash", []Edit{{"storage/apply.go",
		"		return s.mutate(r.Mutations, r.Time)\n", "		if a.replay {\n			return s.mutate(r.Mutations[:(len(r.Mutations)+1)/2], r.Time)\n		}\n		return s.mutate(r.Mutations, r.Time)\n"}}, 20, ""},
	{"the journal is trimmed before storage is durable", []Edit{{"cluster/chores.go",
		"	seq, err := c.store.Flush()\n", "	seq, err := c.store.Applied().Seq, error(nil)\n"}}, 50, ""},
	{"a loser is answered before its winner is visible", []Edit{{"adjudicator/pipeline.go",
		"	return j, p.batchOf(j.Time), nil\n", "	if j.Outcome == Conflicted {\n		return j, nil, nil\n	}\n	return j, p.batchOf(j.Time), nil\n"}}, 50, ""},
}
