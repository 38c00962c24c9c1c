#!/usr/bin/env bash
# The same tests where things differ: in a folder whose name has a space, as an ordinary user (when run by root),
# and on a separate Postgres 15 by URL (when its binaries are there, or root can install them).
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=$PWD
place=$(mktemp -d "${TMPDIR:-/tmp}/shelf wise XXXXXX")
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"

as_user() { bash -c "$1"; }
if [ "$(id -u)" = 0 ]; then
    user=shelfwise-check
    id "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"
    as_user() { su "$user" -c "$1"; }
fi

# A Python that this user may run, with what a virtual environment needs.
python=$(command -v python3)
as_user "'$python' -c 'import ensurepip'" 2>/dev/null || python=/usr/bin/python3
if ! as_user "'$python' -c 'import ensurepip'" 2>/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
fi

echo "== an ordinary user, a fresh clone, a path with a space: $place"
git clone --quiet "$checkout" "$place/clone"
if [ "$(id -u)" = 0 ]; then chown -R "$user" "$place"; fi
as_user "cd '$place/clone' && make test PYTHON='$python'"

echo "== a separate Postgres 15 by URL"
binaries=/usr/lib/postgresql/15/bin
if [ ! -x "$binaries/initdb" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql-15 >/dev/null
fi
if [ ! -x "$binaries/initdb" ]; then
    echo "*** There is no Postgres 15 in $binaries: this check was NOT made. Install postgresql-15. ***" >&2
    exit 1
fi
data="$place/postgres 15"
as_user "'$binaries/initdb' -D '$data' -U shelfwise --auth trust --encoding UTF8 --locale C >/dev/null"
as_user "'$binaries/pg_ctl' -D '$data' -w -l '$place/postgres.log' start -o '-c listen_addresses= -c unix_socket_directories=/tmp -c port=54315 -c max_connections=200'"
stop() { as_user "'$binaries/pg_ctl' -D '$data' -m fast stop >/dev/null"; rm -rf "$place"; }
trap stop EXIT
# The database is reached through a socket, so any user may run the tests.
SHELFWISE_TEST_DATABASE_URL="postgresql://shelfwise@/postgres?host=/tmp&port=54315" \
    CHROMIUM="$(.venv/bin/python -m scripts.chromium)" .venv/bin/python -m pytest -q -m "not slow"
