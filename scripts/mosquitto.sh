#!/usr/bin/env bash
# Mosquitto, a broker that bridges are tested against: installed where it is missing and we may, else it is said how.
set -euo pipefail
found() { PATH="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin:$PATH" command -v mosquitto >/dev/null; }

if ! found && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mosquitto >/dev/null
    # The tests start their own; the one of the system would take the port of the MQTT door.
    if command -v systemctl >/dev/null; then systemctl disable --now mosquitto >/dev/null 2>&1 || true; fi
fi
if ! found; then
    echo "*** There is no Mosquitto, so bridges cannot be tested against it. Install it:" >&2
    echo "***   apt install mosquitto, dnf install mosquitto or brew install mosquitto" >&2
    exit 1
fi
