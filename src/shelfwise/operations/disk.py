"""A disk that fills up, as every page shows it: seen by the process of the pages itself, without the database.

An alert is a row. Where no row can be written any more, the pages still have to say why nothing works.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shelfwise.operations import machine
from shelfwise.operations.model import Finding, disk_finding
from shelfwise.settings import Settings

# With less room Postgres soon cannot write down a transaction: a few segments of its log.
FULL_BYTES = 64 * 2**20
_LOOK_S = 10.0


@dataclass(frozen=True)
class Shortage:
    """Too little room where the data lies; `full`: nothing can be stored any more."""

    finding: Finding
    full: bool


class Disk:
    """Looks at the disk of the data, no more often than every few seconds.

    Args:
        room: how many bytes are free where a path lies.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        settings: Settings,
        room: Callable[[Path], int] = machine.room,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._room = room
        self._clock = clock
        self._looked: float | None = None
        self._found: Shortage | None = None

    def shortage(self) -> Shortage | None:
        """None: there is room."""
        now = self._clock()
        if self._looked is None or now - self._looked >= _LOOK_S:
            self._looked = now
            place = machine.place_of_data(self._settings)
            free = self._room(place)
            found = disk_finding("disk", str(place), free, self._settings.disk_low_gb)
            self._found = None if found.state == "well" else Shortage(found, free < FULL_BYTES)
        return self._found
