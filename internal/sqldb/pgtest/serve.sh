#!/bin/sh
# Runs one PostgreSQL in the folder $2 with the programs in $1, until standard input closes. As root
# it runs the programs as the user $3, because PostgreSQL refuses root.
#
# The test process holds the other end of standard input, so the server and its folder go away
# when that process ends in any way, a kill included. Output and log go to standard output.
set -eu
bin=$1 dir=$2 as=
if [ -n "$3" ]; then as="setpriv --reuid=$3 --regid=$3 --clear-groups --"; fi
exec 3<&0 </dev/null
trap 'rm -rf "$dir"' EXIT
trap '' INT HUP

$as "$bin/initdb" --pgdata="$dir/data" --username=postgres --auth=trust --encoding=UTF8 \
	--locale=C.UTF-8 --no-sync --no-instructions 3<&-

$as "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c unix_socket_permissions=0700 \
	-c fsync=on -c shared_buffers=32MB -c max_wal_size=256MB -c wal_level=minimal -c max_wal_senders=0 \
	-c max_connections=200 -c jit=off -c autovacuum_max_workers=1 -c log_min_messages=warning 3<&- &
server=$!
{
	cat <&3 >/dev/null
	# A test may have frozen the server, and died before it thawed it.
	kill -CONT "$server" && pkill -CONT -P "$server" || :
	# A fast shutdown: sessions are cut off, data is not. A server that has not begun yet ignores the
	# signal, so it is sent until it is gone, for a minute at most.
	tries=0
	while [ $tries -lt 300 ] && kill -INT "$server"; do
		tries=$((tries + 1))
		sleep 0.2
	done 2>/dev/null
} &
exec 3<&-
wait "$server"
