package check

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"zorya/iam"
)

// ErrRunning means that a server has the data directory open.
var ErrRunning = errors.New("a zorya process is using it: stop it first")

// lock keeps servers out of a data directory.
func lock(dir string) (unlock func(), err error) {
	f, err := os.Open(filepath.Join(dir, "LOCK"))
	if errors.Is(err, os.ErrNotExist) {
		return func() {}, nil // No server has been here since the file was lost.
	}
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", dir, ErrRunning)
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return func() { f.Close() }, nil
}

// fromBackup is the way out where a file cannot be made again.
const fromBackup = "restore it from a backup"

// shared checks the files that clusters share, and returns the clusters.
func (r *Report) shared(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, "clusters"))
	if err != nil {
		return nil, err
	}
	var ids, clusters []string
	for _, e := range entries {
		if e.IsDir() {
			ids = append(ids, e.Name())
			clusters = append(clusters, filepath.Join(dir, "clusters", e.Name()))
		}
	}
	r.defaultID(dir, ids)
	if err := iam.Verify(dir); err != nil {
		r.file(dir, "identities.json", err, fromBackup+", or remove credentials too: new identities will be made")
	}
	if _, err := tls.LoadX509KeyPair(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem")); err != nil {
		r.file(dir, "ca.pem", err, fromBackup+", or remove ca.pem and ca-key.pem: a new authority will be made, and clients need its ca.pem")
	}
	return clusters, nil
}

// file notes damage of one of the shared files.
func (r *Report) file(dir, name string, err error, wayOut string) {
	r.Findings = append(r.Findings, Finding{File: filepath.Join(dir, name), Problem: err.Error(), WayOut: wayOut})
}

// defaultID checks that the default cluster is one that exists.
func (r *Report) defaultID(dir string, ids []string) {
	const name = "default"
	wayOut := "write the id of the default cluster into it, one of: " + strings.Join(ids, ", ")
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		r.file(dir, name, err, wayOut)
		return
	}
	id, fresh := strings.CutSuffix(strings.TrimSuffix(string(data), "\n"), " new")
	if !fresh && !slices.Contains(ids, id) {
		r.file(dir, name, fmt.Errorf("it names cluster %q, which is not in %s/clusters", id, dir), wayOut)
	}
}
