package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"zorya/iam"
	"zorya/pgwire"
	"zorya/profile"
)

// A Node is a running process: doors, clusters, identities.
type Node struct {
	cfg        Config
	log        *slog.Logger
	dir        *directory
	identities *iam.Store
	clusters   *clusters
	pg         *pgwire.Server
	pgAddr     net.Addr
	http       *http.Server
	httpAddr   net.Addr
	control    *http.Server
	stop       context.CancelFunc
	done       chan error
}

// Start opens the data directory, makes what is missing in it (default cluster,
// certificate authority, root identity) and serves. It returns once clients can
// connect.
func Start(ctx context.Context, cfg Config) (*Node, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	dir, err := openDirectory(cfg.Dir)
	if err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, log: cfg.Log, dir: dir, done: make(chan error, 2)}
	if err := n.start(ctx); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

func (n *Node) start(ctx context.Context) error {
	if _, fresh, err := n.dir.defaultCluster(); err == nil && !fresh {
		if err := n.dir.checkFiles(); err != nil {
			return err
		}
	}
	var err error
	if n.identities, err = iam.Open(n.dir.path); err != nil {
		return err
	}
	if err := n.identities.WriteCredentials(filepath.Join(n.dir.path, "credentials"), n.cfg.Region); err != nil {
		return fmt.Errorf("write credentials: %w", err)
	}
	prof, _ := profile.Lookup(n.cfg.Profile)
	if n.clusters, err = openClusters(n.dir, prof, n.cfg); err != nil {
		return err
	}
	// The default cluster is opened now: what is wrong with it should be heard at
	// the start.
	_, release, err := n.clusters.use(ctx, n.clusters.def)
	if err != nil {
		return fmt.Errorf("open cluster %s: %w", n.clusters.def, err)
	}
	release()
	authority, err := openAuthority(n.dir.path, n.serves)
	if err != nil {
		return err
	}
	if err := n.clusters.established(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", n.cfg.PgAddr)
	if err != nil {
		return err
	}
	n.pgAddr = listener.Addr()
	n.pg = &pgwire.Server{
		TLS: authority.config(), Plaintext: n.cfg.Plaintext, MaxMessage: prof.Limits.MessageBytes,
		MaxSession: prof.Limits.SessionAge, Log: n.log,
	}
	n.pg.Door = &door{n: n, limit: prof.Limits.MaxConnections,
		rate: bucket{rate: float64(n.cfg.ConnectionRate), burst: 10 * float64(n.cfg.ConnectionRate)}}
	if err := n.startHTTP(); err != nil {
		listener.Close()
		return err
	}
	n.startControl()
	bg, stop := context.WithCancel(context.Background())
	n.stop = stop
	go n.housekeeping(bg)
	go func() { n.done <- n.pg.Serve(listener) }()
	return nil
}

// housekeeping closes idle clusters.
func (n *Node) housekeeping(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			n.clusters.closeIdle(now)
		}
	}
}

// startHTTP serves /healthz and /metrics.
func (n *Node) startHTTP() error {
	if n.cfg.HTTPAddr == "" {
		return nil
	}
	listener, err := net.Listen("tcp", n.cfg.HTTPAddr)
	if err != nil {
		return err
	}
	n.httpAddr = listener.Addr()
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(n.newRegistry(), promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]string{"status": "ok", "cluster": n.clusters.def})
	})
	n.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := n.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			n.done <- err
		}
	}()
	return nil
}

// Done receives an error when a door fails by itself.
func (n *Node) Done() <-chan error { return n.done }

// Close lets running statements end for a short while, then closes everything.
func (n *Node) Close(ctx context.Context) error {
	if n.pg != nil {
		n.pg.Shutdown(ctx)
	}
	if n.http != nil {
		n.http.Close()
	}
	n.stopControl()
	return n.close()
}

func (n *Node) close() error {
	if n.stop != nil {
		n.stop()
	}
	var err error
	if n.clusters != nil {
		err = n.clusters.close()
	}
	n.dir.close()
	return err
}

// ClusterID is the id of the default cluster.
func (n *Node) ClusterID() string { return n.clusters.def }

// PgAddr is the address at which the PostgreSQL door listens.
func (n *Node) PgAddr() *net.TCPAddr { return n.pgAddr.(*net.TCPAddr) }

// HTTPAddr is the address of the HTTP door, nil if there is none.
func (n *Node) HTTPAddr() net.Addr { return n.httpAddr }

// Endpoint is the host name of the default cluster.
func (n *Node) Endpoint() string { return n.endpoint(n.clusters.def) }

func (n *Node) endpoint(id string) string { return id + ".dsql." + n.cfg.Region + ".on.aws" }

func (n *Node) clusterARN(id string) string {
	return "arn:aws:dsql:" + n.cfg.Region + ":" + n.identities.Account() + ":cluster/" + id
}

// serves reports whether a host name reaches one of the clusters.
func (n *Node) serves(host string) bool {
	if host == "localhost" {
		return true
	}
	for i := 0; i < len(host); i++ {
		if host[i] == '.' {
			return n.clusters.exists(host[:i])
		}
	}
	return n.clusters.exists(host)
}
