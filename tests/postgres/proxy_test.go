package postgres_test

import (
	"bytes"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy stands between a store and its server and loses connections at will.
type proxy struct {
	url string
	// lose decides about a piece of what the client sends: whether the
	// connection goes, and whether the server still gets the piece.
	lose atomic.Pointer[func(piece []byte) (cut, deliver bool)]

	mu   sync.Mutex // guards open
	open []net.Conn
}

// newProxy returns a proxy in front of the database at the URL, which names a
// socket.
func newProxy(t *testing.T, location string) *proxy {
	t.Helper()
	parsed, err := url.Parse(location)
	require.NoError(t, err)
	query := parsed.Query()
	target := filepath.Join(query.Get("host"), ".s.PGSQL."+query.Get("port"))
	dir := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	require.NoError(t, err)
	p := &proxy{url: withParameter(t, withParameter(t, location, "host", dir), "port", "5432")}
	var pipes sync.WaitGroup
	pipes.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", target)
			if err != nil {
				client.Close()
				continue
			}
			p.mu.Lock()
			p.open = append(p.open, client, server)
			p.mu.Unlock()
			var mute atomic.Bool // the client hears nothing more
			pipes.Go(func() { p.toServer(client, server, &mute) })
			pipes.Go(func() { p.toClient(server, client, &mute) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		p.cutAll()
		pipes.Wait()
	})
	return p
}

// toServer passes on what the client says, until it is to be lost.
func (p *proxy) toServer(client, server net.Conn, mute *atomic.Bool) {
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		cut, deliver := false, true
		if lose := p.lose.Load(); lose != nil && err == nil {
			cut, deliver = (*lose)(buffer[:n])
		}
		if cut && deliver {
			mute.Store(true) // and the other direction ends both when the server has answered
			_, _ = server.Write(buffer[:n])
			return
		}
		if err == nil && !cut {
			_, err = server.Write(buffer[:n])
		}
		if err != nil || cut {
			client.Close()
			server.Close()
			return
		}
	}
}

// toClient passes on what the server says.
func (p *proxy) toClient(server, client net.Conn, mute *atomic.Bool) {
	defer server.Close()
	defer client.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := server.Read(buffer)
		if err != nil || mute.Load() {
			return
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// cutAll ends every connection.
func (p *proxy) cutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.open {
		_ = conn.Close()
	}
	p.open = nil
}

// loseCommit lets the next commit's connection go.
func (p *proxy) loseCommit(deliver bool) {
	var once atomic.Bool
	lose := func(piece []byte) (bool, bool) {
		return isCommit(piece) && once.CompareAndSwap(false, true), deliver
	}
	p.lose.Store(&lose)
}

// isCommit tells the word of its own from the isolation level.
func isCommit(piece []byte) bool { return bytes.Contains(piece, []byte("COMMIT\x00")) }
