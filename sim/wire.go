package sim

// A Load is what shows a planted bug on a real server, whose clients' history is judged
// (package history), beside the world that finds it by its own checks.
type Load struct {
	// History are the flags of `zorya workload history`; nil: this load cannot show it.
	History []string
	// Test is a test of package e2e, with its arguments, that runs such loads while power
	// or disks fail, or damages files, and judges what clients see; "": none.
	Test string
	// Extra are edits without which a load of some seconds would not get there.
	Extra []Edit
	// Else says why no history can show it.
	Else string
}

// Loads are the loads of Bugs, by name. `PLANTED=all scripts/sensitivity.sh` runs them.
var Loads = map[string]Load{
	"a write is not remembered by the adjudicator":                        {History: []string{"--duration=15s"}},
	"a pending batch is not judged":                                       {History: []string{"--duration=15s"}},
	"share claims are ignored":                                            {History: []string{"--duration=15s"}},
	"the floor is not raised on eviction":                                 {History: []string{"--duration=30s"}, Extra: []Edit{{"adjudicator/server.go", "const DefaultMaxClaims = 2 << 20", "const DefaultMaxClaims = 500"}}},
	"a snapshot is taken before the watermark is published":               {History: []string{"--duration=15s"}},
	"a commit is acknowledged before fsync":                               {Test: "TestPowerLoss -cuts 30"},
	"a torn tail is accepted":                                             {Test: "TestPowerLoss -cuts 200"},
	"a plan is made with a catalog older than the read point":             {Else: "the load does not come as far: statements fail on tables that are there"},
	"DDL fences one end of a foreign key only":                            {Else: "shows as rows without parents, not as an order of transactions"},
	"uniqueness is checked before the fence":                              {Else: "shows as a value twice under a unique index, not as an order of transactions"},
	"a late backfill entry revives a deleted row":                         {History: []string{"--duration=40s", "--rebuild"}},
	"history is filed under the wrong minute":                             {History: []string{"--duration=150s", "--hold=70s"}},
	"tombstones and history are removed early":                            {Else: "needs transactions of 4 to 5 minutes, and many of them"},
	"the horizon is checked before the read":                              {Else: "needs a read that runs at the moment when its snapshot becomes 5 minutes old"},
	"a record is applied twice":                                           {Test: "TestPowerLoss -cuts 30"},
	"a limit is pushed under a transaction's own deletes":                 {History: []string{"--duration=15s"}},
	"a statement sees its own writes":                                     {History: []string{"--duration=15s"}},
	"FOR UPDATE alone is committed without a record":                      {History: []string{"--duration=15s"}},
	"a commit is retried under a new id":                                  {Else: "in one process a commit is a call, and is not asked for again"},
	"ids of commits are not remembered":                                   {Else: "in one process a commit is a call, and is not asked for again"},
	"half a record is applied after a crash":                              {Test: "TestPowerLoss -cuts 10"},
	"the journal is trimmed before storage is durable":                    {Test: "TestPowerLoss -cuts 40"},
	"a loser is answered before its winner is visible":                    {Else: "snapshots stay right; only the retry loses again"},
	"an id is looked up after conflicts only":                             {Else: "in one process a commit is a call, and is not asked for again"},
	"an id older than the window is told not to have committed":           {Else: "in one process a commit is a call, and is not asked for again"},
	"ids are forgotten without raising the floor":                         {Else: "in one process a commit is a call, and is not asked for again"},
	"what was given up commits when it arrives late":                      {Else: "in one process a commit is a call, and is not asked for again"},
	"what was refused commits when it arrives again":                      {Else: "in one process a commit is a call, and is not asked for again"},
	"a later life judges what an earlier one was asked for":               {Else: "in one process a commit is a call, and is not asked for again"},
	"what was in the journal's hands when it failed is told as committed": {Else: "in one process a commit is a call, and is not asked for again"},
	"an answer to another commit is taken":                                {Else: "in one process a commit is a call, and is not asked for again"},
	"unknown is taken for no":                                             {Else: "in one process a commit is a call, and is not asked for again"},
	"a replica applies what comes though something before it is missing":  {Else: "one process has no replicas"},
	"a full disk is acknowledged":                                         {Test: "TestDiskFaults -faults 4"},
	"a sync that failed is tried again":                                   {Else: "what a real disk drops after a failed sync is not seen before the power fails as well"},
	"a flipped bit in the journal is accepted":                            {Test: "TestCorruptions -corruptions 60"},
	"a read error is taken for nothing found":                             {Test: "TestDiskFaults -faults 6"},
	"an error ends a scan like its end":                                   {Test: "TestDiskFaults -faults 6"},
}
