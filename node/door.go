package node

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"zorya/iam"
	"zorya/pgerr"
	"zorya/pgwire"
	"zorya/session"
)

// door lets clients in: it finds their cluster and checks their token.
type door struct {
	n     *Node
	rate  bucket
	limit int // connections to a cluster
}

// clusterOption names a cluster where there is no SNI.
const clusterOption = "amzn-cluster-id"

// localHosts are the names under which a client on this machine reaches the
// default cluster.
var localHosts = []string{"localhost", "127.0.0.1", "::1"}

// Check refuses what needs no password to be refused.
func (d *door) Check(_ context.Context, st *pgwire.Startup) error {
	if !d.rate.take(time.Now()) {
		return pgerr.New(pgerr.ConfigurationLimitExceeded, "Unable to accept connection, rate exceeded.").Fatal()
	}
	if d.n.pg.Sessions() >= d.limit {
		return pgerr.New(pgerr.TooManyConnections, "Unable to accept connection, too many open connections.").Fatal()
	}
	if _, _, err := d.route(st); err != nil {
		return d.refuse(st, err)
	}
	if st.Database != "postgres" {
		return pgerr.New(pgerr.InvalidCatalogName, "database \"%s\" does not exist", st.Database).Fatal()
	}
	return nil
}

// route finds the cluster that a client wants and the host names that its token
// may be signed for.
func (d *door) route(st *pgwire.Startup) (id string, hosts []string, err error) {
	label, _, _ := strings.Cut(st.SNI, ".")
	if d.n.clusters.exists(label) {
		hosts = append(hosts, st.SNI)
		id = label
	}
	if option := st.Params[clusterOption]; option != "" {
		if id != "" && option != id || !d.n.clusters.exists(option) {
			return "", nil, iam.Denied("cluster %q is not here", option)
		}
		id = option
		hosts = append(hosts, d.n.endpoint(id))
	}
	switch {
	case id == "" && (st.SNI == "" || st.SNI == "localhost"):
		id = d.n.clusters.def
		hosts = append(append(hosts, localHosts...), d.n.endpoint(id))
	case id == "":
		return "", nil, iam.Denied("host %q reaches no cluster", st.SNI)
	case st.SNI == "" || st.SNI == "localhost":
		hosts = append(hosts, localHosts...)
	}
	return id, hosts, nil
}

// Open verifies the token and the mapping to a role, and opens the session.
func (d *door) Open(ctx context.Context, st *pgwire.Startup) (pgwire.Session, error) {
	id, hosts, err := d.route(st)
	if err != nil {
		return nil, d.refuse(st, err)
	}
	arn, err := d.n.identities.Verify(st.Password, iam.Request{User: st.User, Hosts: hosts, Region: d.n.cfg.Region,
		Cluster: d.n.clusterARN(id), Now: time.Now()})
	if err != nil {
		return nil, d.refuse(st, err)
	}
	c, release, err := d.n.clusters.use(ctx, id)
	if err != nil {
		d.n.log.Error("cluster does not open", "cluster", id, "err", err)
		return nil, pgerr.New(pgerr.CannotConnectNow, "unable to accept connection, the cluster cannot be opened").Fatal()
	}
	if st.User != "admin" {
		if err := c.mapped(ctx, arn, st.User); err != nil {
			release()
			return nil, d.refuse(st, err)
		}
	}
	params := map[string]string{}
	for k, v := range st.Params {
		if k != clusterOption {
			params[k] = v
		}
	}
	s, err := session.Open(ctx, &c.shared, session.Options{User: st.User, Params: params, RemoteAddr: st.RemoteAddr, PID: st.BackendPID})
	if err != nil {
		release()
		return nil, err
	}
	return &held{Session: s, release: release}, nil
}

// refuse logs why a client is refused and returns what it is told.
func (d *door) refuse(st *pgwire.Startup, err error) error {
	var denial *iam.Denial
	if errors.As(err, &denial) {
		d.n.log.Info("connection refused", "user", st.User, "addr", st.RemoteAddr.String(), "reason", denial.Reason)
		return denial.Client
	}
	return err
}

// held is a session that keeps its cluster open.
type held struct {
	*session.Session
	release func()
}

func (h *held) Close() {
	h.Session.Close()
	h.release()
}

// A bucket limits new connections: rate a second after a burst, as DSQL's 100
// after 1,000. One without a burst lets everything through. Safe for concurrent use.
type bucket struct {
	mu     sync.Mutex
	rate   float64
	burst  float64
	tokens float64
	last   time.Time
}

func (b *bucket) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.burst <= 0 {
		return true
	}
	if b.last.IsZero() {
		b.tokens = b.burst
	} else {
		b.tokens = min(b.burst, b.tokens+now.Sub(b.last).Seconds()*b.rate)
	}
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
