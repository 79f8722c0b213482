package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"zorya/backup"
	"zorya/cluster"
)

// The control socket, DIR/control.sock, is how commands on this machine reach a
// server that runs. Whoever may write into the socket's file may use it: the owner
// of the data directory. It speaks HTTP:
//
//	GET /backup?cluster=ID   a backup of a cluster; "" is the default one
const controlName = "control.sock"

// maxSocketPath is how long the path of a socket may be, on any system.
const maxSocketPath = 100

// controlPath is the path of the control socket of a data directory. One that is too
// long for a socket is reached through the directory's descriptor, until close is
// called.
func controlPath(dir string) (path string, close func(), err error) {
	path = filepath.Join(dir, controlName)
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", d.Fd(), controlName), func() { d.Close() }, nil
}

// startControl serves the control socket. Its lack is no reason not to serve clients.
func (n *Node) startControl() {
	path, closePath, err := controlPath(n.dir.path)
	if err != nil {
		n.log.Warn("no control socket", "err", err)
		return
	}
	defer closePath()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // Left by a crash: the directory is locked.
		n.log.Warn("no control socket", "err", err)
		return
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err == nil {
		listener.SetUnlinkOnClose(false)
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		n.log.Warn("no control socket", "err", err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /backup", n.serveBackup)
	n.control = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go n.control.Serve(listener)
}

// stopControl ends what the control socket serves.
func (n *Node) stopControl() {
	if n.control != nil {
		n.control.Close()
		_ = os.Remove(filepath.Join(n.dir.path, controlName))
	}
}

// serveBackup streams a backup. A backup that fails half way has no end, and so its
// reader sees that it is none.
func (n *Node) serveBackup(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("cluster")
	if id == "" {
		id = n.clusters.def
	}
	if !n.clusters.exists(id) {
		http.Error(w, fmt.Sprintf("cluster %q is not here", id), http.StatusNotFound)
		return
	}
	c, release, err := n.clusters.use(r.Context(), id)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer release()
	if err := backup.Write(w, n.dir.path, id, c.c); err != nil {
		n.log.Error("backup failed", "cluster", id, "err", err)
		panic(http.ErrAbortHandler)
	}
	n.log.Info("backup written", "cluster", id)
}

// Backup writes a backup of a cluster of the data directory dir ("": the default
// one): through the server if one runs, else from the closed files, which stay as
// they are.
func Backup(ctx context.Context, w io.Writer, dir, id string) error {
	if _, err := os.Stat(filepath.Join(dir, "clusters")); err != nil {
		return fmt.Errorf("%s is not a data directory of zorya: %w", dir, err)
	}
	d, err := openDirectory(dir)
	if errors.Is(err, ErrLocked) {
		return fetchBackup(ctx, w, dir, id)
	}
	if err != nil {
		return err
	}
	defer d.close()
	if id == "" {
		if id, _, err = d.defaultCluster(); err != nil {
			return err
		}
	}
	if !validClusterID.MatchString(id) {
		return fmt.Errorf("%q is no cluster of %s", id, dir)
	}
	c, err := cluster.Open(d.cluster(id), cluster.Options{ReadOnly: true, Existing: true, MinFree: -1})
	if err != nil {
		return err
	}
	return errors.Join(backup.Write(w, dir, id, c), c.Close())
}

// fetchBackup asks the server that runs on the data directory.
func fetchBackup(ctx context.Context, w io.Writer, dir, id string) error {
	path, closePath, err := controlPath(dir)
	if err != nil {
		return err
	}
	defer closePath()
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://zorya/backup?cluster="+url.QueryEscape(id), nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the server that runs on %s: %w", dir, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		return fmt.Errorf("the server that runs on %s: %s", dir, text)
	}
	if _, err := io.Copy(w, res.Body); err != nil {
		return fmt.Errorf("the server that runs on %s ended the backup: %w", dir, err)
	}
	return nil
}
