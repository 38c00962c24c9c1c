"""A gateway process that ends itself, or its Postgres, with kill -9 at a named point.

Reads {"database_url", "victim": "gateway" | <pid of the postmaster> | null, "point", "pass"} from standard input and
writes its MQTT port to standard output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from shelfwise.edge.gateway import GatewayConfig, run


def kill_postgres(postmaster: int) -> None:
    """Kill the postmaster and every backend, so that none of them can finish anything."""
    children = [
        int(entry.name)
        for entry in Path("/proc").glob("[0-9]*")
        if (parts := _stat(entry)) and int(parts[1]) == postmaster
    ]
    for process in (postmaster, *children):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _stat(entry: Path) -> list[str]:
    try:
        return (entry / "stat").read_text("utf-8", "replace").rpartition(") ")[2].split()
    except OSError:
        return []


def main() -> None:
    wish = json.loads(sys.stdin.readline())
    passes = 0

    def crash_point(point: str) -> None:
        nonlocal passes
        if point != wish["point"]:
            return
        passes += 1
        if passes != wish["pass"]:
            return
        if wish["victim"] == "gateway":
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            kill_postgres(wish["victim"])

    def ready(mqtt_port: int, http_port: int) -> None:
        sys.stdout.write(f"{mqtt_port}\n")
        sys.stdout.flush()

    run(
        GatewayConfig(
            wish["database_url"], mqtt_port=wish["port"], http_port=0, on_ready=ready, crash_point=crash_point
        )
    )


if __name__ == "__main__":
    main()
