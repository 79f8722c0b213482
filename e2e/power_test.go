package e2e

import (
	"context"
	"flag"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"zorya/node"
)

var (
	cuts     = flag.Int("cuts", 3, "power losses to go through")
	cutsSeed = flag.Uint64("cuts-seed", 1, "seed of when they come and what they take")
)

// A cable carries bytes between clients and a server that comes and goes. Cutting it
// is what clients see of a power loss: from one moment on nothing that the server
// says arrives.
type cable struct {
	listener net.Listener

	mu     sync.Mutex // held while bytes are handed to a client
	cut    bool
	server string // address; "" while there is none
	conns  map[net.Conn]bool
}

func newCable(t *testing.T) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &cable{listener: l, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { l.Close(); w.drop() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(client)
		}
	}()
	return w
}

func (w *cable) port() uint16 { return uint16(w.listener.Addr().(*net.TCPAddr).Port) }

// carry joins a client to the server until one of them leaves or the cable is cut.
func (w *cable) carry(client net.Conn) {
	defer client.Close()
	w.mu.Lock()
	address := w.server
	w.mu.Unlock()
	if address == "" {
		return
	}
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	w.mu.Lock()
	if w.cut || w.server != address {
		w.mu.Unlock()
		return
	}
	w.conns[client], w.conns[server] = true, true
	w.mu.Unlock()
	go func() {
		defer client.Close()
		buf := make([]byte, 32<<10)
		for {
			n, err := server.Read(buf)
			if err != nil || !w.deliver(client, buf[:n]) {
				return
			}
		}
	}()
	buf := make([]byte, 32<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			break
		}
		if _, err := server.Write(buf[:n]); err != nil {
			break
		}
	}
	w.mu.Lock()
	delete(w.conns, client)
	delete(w.conns, server)
	w.mu.Unlock()
}

// deliver hands bytes to a client; false once the cable is cut.
func (w *cable) deliver(client net.Conn, data []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		return false
	}
	client.SetWriteDeadline(time.Now().Add(time.Second))
	_, err := client.Write(data)
	return err == nil
}

// freeze makes this the last moment that clients see of the server.
func (w *cable) freeze() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut, w.server = true, ""
}

// drop breaks all connections.
func (w *cable) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
	}
	clear(w.conns)
}

// mend joins new connections to a server.
func (w *cable) mend(s *server) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut, w.server = false, s.PgAddr().String()
}

// TestPowerLoss cuts the power under a bank and a list-append load, again and again:
// clients hear nothing any more, and the disk keeps what was synced and a random part
// of the rest. What was acknowledged must be there, and the history must be one of
// strong snapshot isolation.
//
//	go test ./e2e -run TestPowerLoss -v -args -cuts 50
func TestPowerLoss(t *testing.T) {
	rng := rand.New(rand.NewPCG(*cutsSeed, 0))
	fs, dir := vfs.NewCrashableMem(), t.TempDir()
	run := func(fs *vfs.MemFS) *server {
		return startIn(t, dir, func(c *node.Config) {
			c.FS = slowSyncs(fs)
			c.ReplayBytes = 64 << 10 << rng.IntN(8) // also those that flush and trim all the time
		})
	}
	s := run(fs)
	w := newCable(t)
	w.mend(s)
	l := newLoads(t, s, w.port())
	l.start()
	var recoveries []time.Duration
	for n := range *cuts {
		time.Sleep(time.Duration(rng.IntN(900)) * time.Millisecond)
		w.freeze()
		fs = crash(fs, rng)
		w.drop()
		s.abandon(t)
		if rng.IntN(3) == 0 { // The power goes again while the server comes up.
			fs = crashStarting(t, run, fs, rng)
		}
		began := time.Now()
		s = run(fs)
		recoveries = append(recoveries, time.Since(began))
		w.mend(s)
		t.Logf("cut %d: up again after %v", n+1, recoveries[n].Round(time.Millisecond))
		l.checkBank()
	}
	l.finish()
	slices.Sort(recoveries)
	t.Logf("%d cuts; recovery p50 %v, max %v", *cuts, recoveries[len(recoveries)/2].Round(time.Millisecond), recoveries[len(recoveries)-1].Round(time.Millisecond))
}

// slowSyncs lets each sync take up to a millisecond, as on a disk: there is something
// to lose in that time.
func slowSyncs(fs vfs.FS) vfs.FS {
	return errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData {
			time.Sleep(rand.N(time.Millisecond))
		}
		return nil
	}))
}

// crash is what a disk holds after a power loss now.
func crash(fs *vfs.MemFS, rng *rand.Rand) *vfs.MemFS {
	return fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 20, 50, 80, 100}[rng.IntN(5)], RNG: rng})
}

// crashStarting starts a server and returns what the disk holds after a power loss
// meanwhile.
func crashStarting(t *testing.T, run func(*vfs.MemFS) *server, fs *vfs.MemFS, rng *rand.Rand) *vfs.MemFS {
	t.Helper()
	image := make(chan *vfs.MemFS)
	wait := time.Duration(rng.IntN(15_000)) * time.Microsecond
	own := rand.New(rand.NewPCG(rng.Uint64(), 0))
	time.AfterFunc(wait, func() { image <- crash(fs, own) })
	s := run(fs)
	after := <-image
	s.abandon(t)
	return after
}

// abandon closes a server whose disk and clients are gone.
func (s *server) abandon(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
	s.Node = nil
}
