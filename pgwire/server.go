package pgwire

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A Server accepts connections on listeners and serves each on a goroutine of
// its own. Set its fields before Serve; they do not change afterwards.
type Server struct {
	Door Door
	TLS  *tls.Config
	// Plaintext lets clients in without TLS, from loopback addresses only.
	Plaintext bool
	// MaxMessage is the longest message body in bytes; longer ones end the connection
	// with 08P01.
	MaxMessage int
	// MaxSession ends connections of that age once they are outside a transaction; 0: never.
	MaxSession time.Duration
	Log        *slog.Logger

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	conns     map[uint32]*conn
	closing   bool
	lastPID   uint32
	wg        sync.WaitGroup
	open      atomic.Int64
}

// Timeouts of a connection.
const (
	// startupTimeout bounds everything before the session (PostgreSQL's
	// authentication_timeout).
	startupTimeout = 60 * time.Second
	// writeTimeout ends a connection whose client has stopped reading: no
	// transaction may outlive it anyway.
	writeTimeout = 5 * time.Minute
)

// Serve accepts connections until the listener is closed or Shutdown is called,
// and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return nil
	}
	if s.listeners == nil {
		s.listeners = map[net.Listener]struct{}{}
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	var delay time.Duration
	for {
		nc, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			// Out of file descriptors, most likely: wait for connections to end.
			delay = min(max(2*delay, 5*time.Millisecond), time.Second)
			s.Log.Warn("accept failed", "err", err)
			time.Sleep(delay)
			continue
		}
		delay = 0
		c := s.register(nc)
		if c == nil {
			nc.Close()
			return nil
		}
		go c.serve()
	}
}

// register makes a connection with a process id and a cancel key of its own; nil
// when the server is shutting down.
func (s *Server) register(nc net.Conn) *conn {
	if tc, ok := nc.(*net.TCPConn); ok {
		tc.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 20 * time.Second, Count: 4})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	if s.conns == nil {
		s.conns = map[uint32]*conn{}
	}
	for {
		s.lastPID = (s.lastPID + 1) & 0x7fffffff
		if _, taken := s.conns[s.lastPID]; !taken && s.lastPID != 0 {
			break
		}
	}
	c := &conn{server: s, nc: nc, pid: s.lastPID, log: s.Log.With("pid", s.lastPID)}
	rand.Read(c.key[:])
	s.conns[c.pid] = c
	s.wg.Add(1)
	return c
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	delete(s.conns, c.pid)
	s.mu.Unlock()
	s.wg.Done()
}

// cancel interrupts what the connection with the process id runs, if the key is its.
func (s *Server) cancel(pid uint32, key []byte) {
	s.mu.Lock()
	c := s.conns[pid]
	s.mu.Unlock()
	if c == nil || len(key) == 0 || subtle.ConstantTimeCompare(c.cancelKey(), key) != 1 {
		return
	}
	c.interrupt(nil)
}

// Sessions is the number of connections that have passed authentication.
func (s *Server) Sessions() int { return int(s.open.Load()) }

// Shutdown stops accepting, tells every client that the server goes down (57P01)
// and waits until all have left or ctx is done; then it cuts the rest off.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	s.closing = true
	for l := range s.listeners {
		l.Close()
	}
	conns := make([]*conn, 0, len(s.conns))
	for _, c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	for _, c := range conns {
		c.shutdown()
	}
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		for _, c := range conns {
			c.nc.Close()
		}
		<-done
	}
}
