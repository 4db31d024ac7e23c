# Stops the server of a test's own and removes its files when the test has ended,
# however it did: the test process holds the other end of the standard input.
#
# $1 directory of the server, $2 binaries.
dir=$1 bin=$2

cat >/dev/null
"$bin/pg_ctl" --pgdata "$dir/data" --mode immediate stop >/dev/null 2>&1
cd / && rm -rf "$dir"
