"""What benchmarks share: a database of their own, the machine's description, and the form of a result."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from shelfwise.store import embedded
from shelfwise.store.migrate import migrate


@dataclass(frozen=True)
class Result:
    """One number of a benchmark.

    Attributes:
        target: what it should reach; None: it is only observed.
        met: whether it does; None without a target.
        baseline: what it is compared with, measured in the same run as `baseline_value`, in the same unit.
    """

    metric: str
    value: float
    unit: str
    target: float | None = None
    met: bool | None = None
    baseline: str | None = None
    baseline_value: float | None = None


def report(name: str, seed: int, results: Sequence[Result]) -> None:
    """Write the results as the last line of standard output."""
    rows = [asdict(result) | {"value": _rounded(result.value)} for result in results]
    text = json.dumps({"name": name, "commit": commit(), "seed": seed, "machine": machine(), "results": rows})
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def progress(text: str) -> None:
    """Tell whoever waits what is going on."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def machine() -> str:
    """The machine in a few words: what figures depend on most."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores ({_cpu_name()}), "
        f"Python {platform.python_version()}"
    )


def commit() -> str:
    """The commit that is measured, marked when files were changed since; 'unknown' outside a checkout."""
    root = Path(__file__).resolve().parent.parent
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


@contextmanager
def own_postgres(*options: str) -> Iterator[str]:
    """The URL of a migrated database in an embedded Postgres of its own, fsync on; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="shelfwise-bench-") as folder:
        home = Path(folder)
        cluster = embedded.find(home)
        embedded.initialise(cluster)
        server = embedded.start(cluster, home / "postgres.log", *options)
        try:
            migrate(cluster.url)
            yield cluster.url
        finally:
            embedded.stop(server)
            embedded.remove(cluster)


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
