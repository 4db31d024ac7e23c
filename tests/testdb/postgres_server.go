package testdb

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// The private server. The first test binary that needs one starts it, in the
// background and as an ordinary user, on a socket below the directory of
// temporary files, without TCP. Every binary holds a shared lock on a file for
// as long as it lives, whatever ends it; a keeper, which started the server,
// stops it by its process id when nobody has held that lock for a while, and
// removes its files. Starting and stopping exclude each other by another lock.

// postgresServer is a server that tests may use.
type postgresServer struct {
	direct        string // URL of its maintenance database
	pooler        string
	poolerMissing error // why there is no pooler
}

// What the private server is called.
const (
	serverRole  = "tasker"
	serverPort  = "5432" // part of the name of the socket
	poolerPort  = "6432"
	startupMax  = time.Minute
	debianHint  = "apt-get install postgresql"
	poolerHint  = "apt-get install pgbouncer"
	socketMax   = 80 // bytes of its directory; the system allows 107 for the whole path
	currentFile = "current"
)

//go:embed postgres_keeper.sh
var keeper string

// server returns the server of this run, started if need be.
var server = sync.OnceValues(func() (*postgresServer, error) {
	if direct := os.Getenv(ServerVariable); direct != "" {
		s := &postgresServer{direct: direct, pooler: os.Getenv(PoolerVariable)}
		if s.pooler == "" {
			s.poolerMissing = fmt.Errorf("%s is set, so %s must name a pooler in front of it", ServerVariable, PoolerVariable)
		}
		return s, nil
	}
	base := filepath.Join(os.TempDir(), "tasker-core-test-"+strconv.Itoa(os.Getuid()))
	if len(base) > socketMax {
		base = filepath.Join("/tmp", filepath.Base(base))
	}
	if err := os.MkdirAll(base, 0o755); err != nil {
		return nil, err
	}
	unlock, err := lockFile(filepath.Join(base, "start.lock"), syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer unlock()
	dir, err := runningServer(base)
	if err != nil {
		return nil, err
	}
	// Never unlocked: the end of the process does it.
	if _, err := lockFile(filepath.Join(base, "users.lock"), syscall.LOCK_SH); err != nil {
		return nil, err
	}
	s := &postgresServer{direct: socketURL(dir, serverPort), pooler: socketURL(dir, poolerPort)}
	if poolerBinary() == "" {
		s.poolerMissing = errors.New("pgbouncer is not installed: " + poolerHint)
	}
	return s, nil
})

func socketURL(dir, port string) string {
	query := url.Values{"host": {dir}, "port": {port}, "user": {serverRole}}
	return (&url.URL{Scheme: "postgres", Path: "/postgres", RawQuery: query.Encode()}).String()
}

// lockFile locks a file that anybody on this machine may lock.
func lockFile(path string, how int) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	_ = file.Chmod(0o666) // against the umask; only the owner may
	for {
		err = syscall.Flock(int(file.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	locked.Store(path, file) // a file that is collected is closed, which unlocks it
	return func() { locked.Delete(path); _ = file.Close() }, err
}

// locked holds the files whose locks this process has.
var locked sync.Map

// runningServer returns the directory of a server that answers, starting one if
// there is none.
func runningServer(base string) (string, error) {
	current, err := os.ReadFile(filepath.Join(base, currentFile))
	if err == nil && answers(string(current)) {
		return string(current), nil
	}
	bin, err := serverBinaries()
	if err != nil {
		return "", err
	}
	old, _ := filepath.Glob(filepath.Join(base, "server-*")) // the pattern is valid
	for _, dir := range old {
		_ = os.Remove(dir) // only what a keeper has emptied can go
	}
	dir, err := os.MkdirTemp(base, "server-")
	if err != nil {
		return "", err
	}
	if err := startServer(base, dir, bin); err != nil {
		return "", fmt.Errorf("%w; see %s", err, dir)
	}
	return dir, os.WriteFile(filepath.Join(base, currentFile), []byte(dir), 0o644)
}

func answers(dir string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, socketURL(dir, serverPort))
	if err != nil {
		return false
	}
	defer conn.Close(ctx)
	return conn.Ping(ctx) == nil
}

// serverBinaries finds the newest installed server.
func serverBinaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is valid
	slices.SortFunc(found, func(a, b string) int { return majorVersion(a) - majorVersion(b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errors.New("PostgreSQL is not installed: " + debianHint + ", or set " + ServerVariable)
}

func majorVersion(path string) int {
	version, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return version
}

func poolerBinary() string {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// ordinaryUser is whom the server runs as: it refuses to run as root.
func ordinaryUser() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			uid, _ := strconv.ParseUint(found.Uid, 10, 32)
			gid, _ := strconv.ParseUint(found.Gid, 10, 32)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("the server cannot run as root, and there is no user postgres or nobody")
}

// settings make the server small and quick; nothing needs to be durable.
func settings(dir string) string {
	return strings.Join([]string{
		"listen_addresses = ''", "unix_socket_directories = '" + dir + "'", "port = " + serverPort,
		"fsync = off", "synchronous_commit = off", "full_page_writes = off", "wal_level = minimal", "max_wal_senders = 0",
		"shared_buffers = 64MB", "max_connections = 200", "autovacuum = off", "deadlock_timeout = 100ms",
		"log_min_messages = fatal", "log_min_error_statement = panic", "",
	}, "\n")
}

func poolerSettings(dir string) string {
	return strings.Join([]string{
		"[databases]", "* = host=" + dir + " port=" + serverPort,
		"[pgbouncer]", "listen_addr =", "listen_port = " + poolerPort, "unix_socket_dir = " + dir,
		"auth_type = trust", "auth_file = " + dir + "/users.txt", "pool_mode = transaction", "max_client_conn = 1000",
		"default_pool_size = 10", "server_idle_timeout = 5", "log_connections = 0", "log_disconnections = 0",
		"pidfile = " + dir + "/pgbouncer.pid", "",
	}, "\n")
}

// initialise gives dir to the server's user and makes a cluster in it.
func initialise(dir, bin string, as *syscall.Credential) error {
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return err
		}
	}
	command := exec.Command(filepath.Join(bin, "initdb"), "--pgdata", filepath.Join(dir, "data"), "--username", serverRole,
		"--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	command.Dir, command.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, output)
	}
	return nil
}

// startServer makes a cluster in dir, starts its keeper and waits for it.
func startServer(base, dir, bin string) error {
	as, err := ordinaryUser()
	if err != nil {
		return err
	}
	if err := initialise(dir, bin, as); err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	for path, content := range map[string]string{
		filepath.Join(data, "postgresql.auto.conf"): settings(dir),
		filepath.Join(dir, "pgbouncer.ini"):         poolerSettings(dir),
		filepath.Join(dir, "users.txt"):             `"` + serverRole + `" ""` + "\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	keep := exec.Command("sh", "-c", keeper, "keeper", base, dir, bin, poolerBinary())
	// A session of its own: neither the end nor the interruption of a test run
	// is to reach it, and it must not hold the run's output open.
	keep.Dir, keep.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as, Setsid: true}
	if err := keep.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(startupMax); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if answers(dir) {
			return keep.Process.Release()
		}
	}
	return errors.New("the server did not start in time")
}
