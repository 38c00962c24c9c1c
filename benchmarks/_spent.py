"""Processor time of processes, from /proc; the seconds a benchmark's own clients take are told apart from the rest."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(*roots: int) -> float:
    """User and system time that processes have used so far, with all their children that live or were waited for."""
    stats = dict(_stats())
    wanted, known = list(roots), set(roots)
    while wanted:
        parent = wanted.pop()
        for pid, fields in stats.items():
            if int(fields[1]) == parent and pid not in known:
                known.add(pid)
                wanted.append(pid)
    return sum(sum(map(int, stats[pid][11:15])) for pid in known if pid in stats) / _TICKS


def parent_of(pid: int) -> int:
    return next(int(fields[1]) for found, fields in _stats() if found == pid)


def memory_mib(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def _stats() -> list[tuple[int, list[str]]]:
    """(pid, the fields of /proc/pid/stat from the state on) of every process."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                found.append((int(folder.name), (folder / "stat").read_text().rpartition(")")[2].split()))
            except OSError:  # it has ended meanwhile
                continue
    return found
