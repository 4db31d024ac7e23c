package postgres

import (
	"context"
	"net"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Sockets is told of every socket of a store, by its descriptor. A child that
// inherits one must close it: while it is open there, the server does not see
// that the parent has died, and keeps its transaction with all locks.
//
// Hold and Release come in pairs, microseconds apart; no connecting, reading or
// writing lies between. A socket is added inside such a pair before it connects
// to anything and removed inside the one in which it is closed, so every child
// inherits either a known socket or none. All methods may be called concurrently.
type Sockets interface {
	// Hold keeps the process from being forked until Release. Several may hold at
	// once, and Release may come from another thread.
	Hold()
	// Release ends one Hold.
	Release()
	// Add notes an open socket.
	Add(descriptor int)
	// Remove forgets a socket. Of a connection that could not be made the runtime
	// has closed it a moment before, so that the number may be another file's
	// already: whoever closes what was inherited must compare the inode with that
	// at Add.
	Remove(descriptor int)
}

// tellSockets has the connections of a configuration dialled under the eyes of
// sockets: those of the pool, the listener's, and the ones that carry the wish to
// cancel.
func tellSockets(config *pgx.ConnConfig, sockets Sockets) {
	if sockets == nil {
		return
	}
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		return dial(ctx, sockets, network, address)
	}
}

// dial connects to one address, which is a path or a number: the driver has
// looked up names before, and a look-up would be a wait inside Hold.
func dial(ctx context.Context, sockets Sockets, network, address string) (net.Conn, error) {
	d := dialling{sockets: sockets, descriptor: -1}
	dialer := net.Dialer{Control: d.made}
	sockets.Hold()
	d.held = true
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		d.failed()
		return nil, err
	}
	return &socket{Conn: conn, sockets: sockets, descriptor: d.descriptor}, nil
}

// dialling is one attempt to connect. It belongs to the goroutine that dials.
type dialling struct {
	sockets    Sockets
	held       bool // Release is owed
	descriptor int  // that was added, -1: none
}

// made is called by the runtime between making and connecting a socket. When a
// connection was made to itself or from a port just taken, the runtime tries
// again with another socket.
func (d *dialling) made(_, _ string, raw syscall.RawConn) error {
	if !d.held {
		d.sockets.Hold()
		d.held = true
	}
	d.forget()
	err := raw.Control(func(descriptor uintptr) { d.descriptor = int(descriptor) })
	if d.descriptor >= 0 {
		d.sockets.Add(d.descriptor)
	}
	d.release()
	return err
}

// failed gives back what is left of an attempt.
func (d *dialling) failed() {
	if d.descriptor >= 0 && !d.held {
		d.sockets.Hold()
		d.held = true
	}
	d.forget()
	if d.held {
		d.release()
	}
}

// forget removes a socket that the runtime has closed. It is held.
func (d *dialling) forget() {
	if d.descriptor >= 0 {
		d.sockets.Remove(d.descriptor)
		d.descriptor = -1
	}
}

func (d *dialling) release() {
	d.held = false
	d.sockets.Release()
}

// socket is a connection that takes itself off the list when it is closed. It may
// be used as any net.Conn.
type socket struct {
	net.Conn
	sockets    Sockets
	descriptor int
	once       sync.Once
}

// Close closes the connection. Closing twice is legal, and the second call
// answers net.ErrClosed.
func (s *socket) Close() error {
	err := net.ErrClosed
	s.once.Do(func() {
		s.sockets.Hold()
		defer s.sockets.Release()
		s.sockets.Remove(s.descriptor)
		err = s.Conn.Close()
	})
	return err
}

// SyscallConn gives access to the descriptor, for whoever asks for it.
func (s *socket) SyscallConn() (syscall.RawConn, error) {
	inner, ok := s.Conn.(syscall.Conn)
	if !ok {
		return nil, syscall.EINVAL
	}
	return inner.SyscallConn()
}
