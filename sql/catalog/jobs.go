package catalog

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/types"
	"zorya/txn"
)

// A JobType is sys.jobs.job_type.
type JobType string

// The types of jobs.
const (
	JobIndexBuild JobType = "INDEX_BUILD"
	JobValidate   JobType = "VALIDATE_CONSTRAINT"
	JobAnalyze    JobType = "ANALYZE"
	JobDrop       JobType = "DROP"
)

// A JobStatus is sys.jobs.status.
type JobStatus string

// The states of a job; the last two are final.
const (
	JobSubmitted  JobStatus = "submitted"
	JobProcessing JobStatus = "processing"
	JobCompleted  JobStatus = "completed"
	JobFailed     JobStatus = "failed"
)

// A Job is a row of sys.jobs: a system row, outside the catalog version.
type Job struct {
	ID         string // 26 characters: lower-case base32 of a UUID
	Status     JobStatus
	Type       JobType
	Details    string
	ClassID    types.OID // 1259, pg_class
	ObjectID   types.OID // the index of INDEX_BUILD, the table of the others
	ObjectName string    // schema.name; "" once dropped
	Constraint types.OID // VALIDATE_CONSTRAINT: which
	Start      time.Time
	Update     time.Time
}

// Done reports whether the job has come to its end.
func (j *Job) Done() bool { return j.Status == JobCompleted || j.Status == JobFailed }

// ClassRelation is the OID of pg_class: what Job.ClassID holds.
const ClassRelation types.OID = 1259

var jobEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewJobID returns a new job id.
func NewJobID() string {
	id := uuid.New()
	return jobEncoding.EncodeToString(id[:])
}

// CheckJobID refuses, with the original's text, what cannot be the id of a job.
func CheckJobID(id string) error {
	if b, err := jobEncoding.DecodeString(id); err != nil || len(b) != 16 {
		return pgerr.New(pgerr.InvalidTextRepresentation, "Unable to convert text to UUID")
	}
	return nil
}

func jobKey(id string) kv.Key { return append(kv.Key{kv.System, jobRow}, id...) }

// PutJob writes a job's row, with Update as the caller set it.
func PutJob(tx txn.Tx, j *Job) error {
	value, err := json.Marshal(j)
	if err != nil {
		return err
	}
	return tx.Put(jobKey(j.ID), value, kv.Exclusive)
}

// DeleteJob removes a job's row.
func DeleteJob(tx txn.Tx, id string) error { return tx.Delete(jobKey(id), kv.Exclusive) }

// GetJob returns a job, or nil if there is none of that id.
func GetJob(ctx context.Context, tx txn.Tx, id string) (*Job, error) {
	v, ok, err := tx.Get(ctx, jobKey(id))
	if err != nil || !ok {
		return nil, err
	}
	return decodeJob(v.Bytes)
}

func decodeJob(value []byte) (*Job, error) {
	j := &Job{}
	if err := json.Unmarshal(value, j); err != nil {
		return nil, pgerr.New(pgerr.DataCorrupted, "job row: %v", err)
	}
	return j, nil
}

// Jobs returns all jobs, oldest first.
func Jobs(ctx context.Context, tx txn.Tx) ([]*Job, error) {
	it := tx.Scan(ctx, kv.PrefixSpan(kv.Key{kv.System, jobRow}), txn.ScanOptions{})
	defer it.Close()
	var list []*Job
	for it.Next() {
		j, err := decodeJob(it.Value())
		if err != nil {
			return nil, err
		}
		list = append(list, j)
	}
	slices.SortStableFunc(list, func(a, b *Job) int { return a.Start.Compare(b.Start) })
	return list, it.Err()
}

// A Purge asks for the physical deletion of everything under some indexes' ids.
// The job runner takes it up once the horizon has passed the drop, and deletes the
// row. Index ids are never used again.
type Purge struct {
	ID      types.OID   // the first of Indexes: the row's key
	Indexes []types.OID // OIDs of primary and secondary indexes
	Job     string      // the DROP job
	// Time is the commit time of the drop; set by Purges, not stored.
	Time kv.Timestamp `json:"-"`
}

// PutPurge writes a purge request.
func PutPurge(tx txn.Tx, p *Purge) error {
	value, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return tx.Put(systemKey(purgeRow, p.ID), value, kv.Exclusive)
}

// DeletePurge removes a purge request that has been carried out.
func DeletePurge(tx txn.Tx, id types.OID) error {
	return tx.Delete(systemKey(purgeRow, id), kv.Exclusive)
}

// Purges returns the purge requests, by ID.
func Purges(ctx context.Context, tx txn.Tx) ([]*Purge, error) {
	it := tx.Scan(ctx, kv.PrefixSpan(kv.Key{kv.System, purgeRow}), txn.ScanOptions{})
	defer it.Close()
	var list []*Purge
	for it.Next() {
		p := &Purge{}
		if err := json.Unmarshal(it.Value(), p); err != nil {
			return nil, pgerr.New(pgerr.DataCorrupted, "purge row: %v", err)
		}
		p.Time = it.Time()
		list = append(list, p)
	}
	return list, it.Err()
}

// IndexOfKey returns the index id that a data key begins with (kv.Data, OID big
// endian), for those who must tell whose rows a key belongs to.
func IndexOfKey(k kv.Key) (types.OID, bool) {
	if len(k) < 5 || k[0] != kv.Data {
		return 0, false
	}
	return types.OID(binary.BigEndian.Uint32(k[1:])), true
}
