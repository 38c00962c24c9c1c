"""Ten minutes at half speed: whether the gateway's memory grows, and whether acknowledgements get slower by the end."""

from __future__ import annotations

import statistics
import sys

import psycopg

from benchmarks._doors import SECRET, gateway, set_up
from benchmarks._publishers import Load
from benchmarks._spent import memory_mib
from benchmarks.harness import Result, own_postgres, progress, report
from shelfwise.store.database import value

SEED = 1
CONNECTIONS = 200
WINDOW = 10
ROUNDS = 10


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    seconds = 4.0 if quick else 60.0
    with own_postgres() as url:
        devices = set_up(url, CONNECTIONS)
        with gateway(url) as door:
            full = door.measure(Load(door.port, devices, SECRET, 5.0, 2.0, None, WINDOW, "full"))
            pace = full.rate / 2
            rounds, memory = [], []
            for number in range(ROUNDS):
                progress(f"{pace:,.0f} readings/s, round {number + 1} of {ROUNDS}")
                # Each round connects anew: what a connection leaves behind would be seen.
                load = Load(door.port, devices, SECRET, seconds, 1.0, pace, 0, f"round-{number}")
                rounds.append(door.measure(load))
                memory.append(memory_mib(door.process))
        with psycopg.connect(url) as tx:
            stored = value(tx, "select count(*) from reading")
    sent = full.heard.sent + sum(one.heard.sent for one in rounds)
    growth = 100 * (memory[-1] / memory[0] - 1)
    early, late = (statistics.median(one.p50 for one in some) for some in (rounds[:3], rounds[-3:]))
    report(
        "soak",
        SEED,
        [
            Result("pace", pace, "readings/s"),
            Result("length", ROUNDS * seconds, "s"),
            Result("memory of the gateway after the first round", memory[0], "MiB"),
            Result("its growth from then to the end", growth, "%", 5.0, growth < 5),
            Result("acknowledgement, p50, first three rounds", early, "ms"),
            Result("acknowledgement, p50, last three rounds", late, "ms", None, None, "the first three rounds", early),
            Result("acknowledgement, p99, worst round", max(one.p99 for one in rounds), "ms"),
            Result("readings lost or stored twice", abs(sent - stored), "", 0.0, sent == stored),
        ],
    )


if __name__ == "__main__":
    main()
