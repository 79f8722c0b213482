package sim

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"time"

	"zorya/adjudicator"
	"zorya/pgerr"
	"zorya/session"
	"zorya/sql/types"
)

// A client runs transactions of the chosen workloads, one after the other. It
// outlives its connections.
type client struct {
	w    *World
	name string
	f    *fiber
	s    *session.Session
	m    *machine          // That the session is of.
	call *adjudicator.Call // The commit that is being asked for over the network, if any.
	work []*workload
	// pending is what the transaction under way would do if it committed; done and
	// unknown are those that did, and that may have.
	pending       *effect
	done, unknown []*effect
	serial        int
}

// An effect is what a committed transaction has added, for audits.
type effect struct {
	workload string
	key      int
	value    string
}

func (c *client) open() {
	s, err := session.Open(context.Background(), &c.w.m.shared, session.Options{User: "admin"})
	if err != nil {
		c.w.fail(fmt.Errorf("open a session: %w", err))
		return
	}
	c.s, c.m = s, c.w.m
}

// gone reports whether the server that the session was of is dead: the client has
// outlived it, waiting for the outcome of a commit.
func (c *client) gone() bool { return c.m != c.w.m }

// run is the life of a connection.
func (c *client) run(f *fiber) {
	c.f = f
	c.open()
	for !c.w.stopping && c.w.s.failure == nil {
		if c.gone() {
			c.open()
		}
		if c.rnd(3) == 0 {
			f.sleep(time.Duration(c.rnd(2000)) * time.Millisecond)
		}
		wl := c.work[c.rnd(len(c.work))]
		c.pending = nil
		err := wl.ops[c.rnd(len(wl.ops))](c)
		if _, rollback := c.sql("ROLLBACK"); rollback != nil && !c.gone() {
			c.w.fail(fmt.Errorf("%s: ROLLBACK: %w", c.name, rollback))
		}
		c.settle(wl, err)
	}
}

// settle notes what became of a transaction. Conflicts are the world's way; any
// other error is not.
func (c *client) settle(wl *workload, err error) {
	switch code := pgerr.Code(err); {
	case err == nil:
		if c.pending != nil {
			c.done = append(c.done, c.pending)
		}
	case code == pgerr.SerializationFailure:
	case code == "40003":
		if c.pending != nil {
			c.unknown = append(c.unknown, c.pending)
		}
	case code == "54000", code == "72000": // Too old.
	case code == "57014" && c.w.net.on: // Canceled.
	case code == pgerr.AdminShutdown && c.gone():
	case c.w.diskFails && (code == pgerr.DiskFull || code == pgerr.IOError):
	case wl.allowed[code]:
	default:
		c.w.fail(fmt.Errorf("%s: %s: %w", wl.name, c.name, err))
	}
	c.pending = nil
}

func (c *client) rnd(n int) int { return c.w.rng.IntN(n) }

// dawdle lets the transaction grow old, now and then by minutes.
func (c *client) dawdle() {
	switch c.rnd(12) {
	case 0:
		c.f.sleep(time.Duration(c.rnd(60)) * time.Second)
	case 1, 2, 3, 4:
		c.f.sleep(time.Duration(c.rnd(200)) * time.Millisecond)
	default:
		c.f.yield()
	}
}

// sql runs statements and returns the rows of the last one.
func (c *client) sql(format string, args ...any) ([][]string, error) {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	if c.gone() {
		return nil, pgerr.New(pgerr.AdminShutdown, "the server is gone")
	}
	var r rows
	err := c.s.Query(context.Background(), text, &r)
	if err != nil {
		c.s.Failed(err)
	}
	shown := r.rows
	if len(shown) == 1 && len(shown[0][0]) == jobID {
		shown = nil // The id of a job is not the seed's.
	}
	c.w.trace("%s: %s → %v %s", c.name, text, shown, pgerr.Code(err))
	if pgerr.Code(err) == "XX000" {
		c.w.fail(fmt.Errorf("%s: %w", text, err))
	}
	return r.rows, err
}

// number runs a query that returns one number.
func (c *client) number(format string, args ...any) (int, error) {
	r, err := c.sql(format, args...)
	if err != nil {
		return 0, err
	}
	if len(r) != 1 || r[0][0] == null {
		return 0, nil
	}
	return strconv.Atoi(r[0][0])
}

// tx runs f between BEGIN and COMMIT.
func (c *client) tx(f func() error) error {
	if _, err := c.sql("BEGIN"); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	_, err := c.sql("COMMIT")
	return err
}

// isConflict reports whether a transaction lost, or grew too old.
func isConflict(err error) bool {
	switch pgerr.Code(err) {
	case pgerr.SerializationFailure, "54000", "72000":
		return true
	}
	return false
}

// jobID is the length of a job's id.
const jobID = 26

const null = "NULL"

// rows is a session.Results that keeps the rows of the last statement.
type rows struct{ rows [][]string }

func (r *rows) Fields([]session.Field) error              { r.rows = nil; return nil }
func (r *rows) ParamTypes([]types.OID) error              { return nil }
func (r *rows) NoData() error                             { return nil }
func (r *rows) RowBuffer() []byte                         { return nil }
func (r *rows) Complete(string) error                     { return nil }
func (r *rows) Empty() error                              { return nil }
func (r *rows) Suspended() error                          { return nil }
func (r *rows) Notice(*pgerr.Error) error                 { return nil }
func (r *rows) ParameterStatus(_, _ string) error         { return nil }
func (r *rows) CopyIn(int, bool) (io.Reader, error)       { return nil, io.EOF }
func (r *rows) CopyOut(int, bool) (io.WriteCloser, error) { return nil, io.EOF }

// PutRows takes DataRow messages apart.
func (r *rows) PutRows(b []byte) error {
	for len(b) > 0 {
		size := int(binary.BigEndian.Uint32(b[1:]))
		fields := b[7 : 1+size]
		row := make([]string, binary.BigEndian.Uint16(b[5:]))
		for i := range row {
			n := int32(binary.BigEndian.Uint32(fields))
			fields = fields[4:]
			if n < 0 {
				row[i] = null
				continue
			}
			row[i], fields = string(fields[:n]), fields[n:]
		}
		r.rows = append(r.rows, row)
		b = b[1+size:]
	}
	return nil
}
