"""An upgrade, a restore or a backup that kills itself at a named point: what `test_killed.py` starts.

`python -m tests.operations.killed ACTION URL HOME FILE POINT NUMBER`: dies when the function named by POINT is called
for the NUMBERth time.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from shelfwise.operations import backup, restore, upgrade
from shelfwise.settings import Settings


def die_at(point: str, number: int) -> None:
    module, _, name = point.rpartition(".")
    place = importlib.import_module(f"shelfwise.{module}")
    whole, calls = getattr(place, name), 0

    def deadly(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(*given, **named)

    setattr(place, name, deadly)


def main(action: str, url: str, home: str, file: str, point: str, number: str) -> None:
    settings = Settings(home=Path(home))
    die_at(point, int(number))
    if action == "upgrade":
        upgrade.upgrade(url, settings, print)
    elif action == "restore":
        restore.restore(url, settings, Path(file), over=True, say=print)
    else:
        backup.make(url, settings.home, settings.backups, "by-hand")


if __name__ == "__main__":
    main(*sys.argv[1:])
