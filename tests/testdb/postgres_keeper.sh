# Starts the private PostgreSQL server and pooler of the tests and stops both
# when no test binary has been alive for a while; see postgres_server.go.
#
# $1 directory of the locks, $2 of this server, $3 binaries, $4 pooler or empty.
base=$1 dir=$2 bin=$3 pooler=$4
idle_max=20

"$bin/postgres" -D "$dir/data" >"$dir/postgres.log" 2>&1 </dev/null &
server=$!
if [ -n "$pooler" ]; then
    "$pooler" -q "$dir/pgbouncer.ini" >"$dir/pgbouncer.log" 2>&1 </dev/null &
    bouncer=$!
fi

idle=0
while kill -0 "$server" 2>/dev/null; do
    sleep 1
    if [ -e "$base/users.lock" ] && flock -n -x "$base/users.lock" true; then
        idle=$((idle + 1))
    else
        idle=0
    fi
    [ "$idle" -ge "$idle_max" ] || continue
    # Nobody may start to use it from here on.
    exec 9<"$base/start.lock"
    if flock -n 9 && flock -n -x "$base/users.lock" true; then
        break
    fi
    exec 9<&-
    idle=0
done

if [ -n "$pooler" ]; then
    kill -INT "$bouncer" 2>/dev/null
fi
kill -INT "$server" 2>/dev/null
wait
cd / && rm -rf "$dir"/*
