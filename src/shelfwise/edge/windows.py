"""Many reads of one tag become one reading: a reader tells of a tag before it a hundred times a second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# So many tags at antennas at once are no warehouse any more; beyond it new ones are not taken, and counted.
MOST_OPEN = 100_000


@dataclass(frozen=True)
class TagRead:
    """One read, or several that the reader itself counted as one.

    Attributes:
        epc: upper-case hex.
        antenna: None: the reader does not say.
        rssi: dBm.
        first_us, last_us: by the reader's clock, in microseconds; None: it does not say.
        utc: whether that clock tells the time, or only how long the reader has been on.
    """

    epc: str
    antenna: int | None = None
    rssi: float | None = None
    count: int = 1
    first_us: int | None = None
    last_us: int | None = None
    utc: bool = True


@dataclass
class Seen:
    """One tag at one antenna within one window. Times in seconds since 1970 by our clock; `rssi` is the strongest."""

    epc: str
    antenna: int | None
    rssi: float | None
    count: int
    first: float
    last: float
    opened: float


class Windows:
    """The windows that are open. One opens with a tag's first read and is due `length_s` later, read or not.

    They close by being taken. Whoever cannot take them now leaves them open: nothing is lost but detail.
    """

    def __init__(self, length_s: float, most: int = MOST_OPEN) -> None:
        self._length_s = length_s
        self._most = most
        self._open: dict[tuple[str, int | None], Seen] = {}
        self.lost = 0

    def __len__(self) -> int:
        return len(self._open)

    def see(self, read: TagRead, first: float, last: float, now: float) -> None:
        """Take a read in; its times corrected to our clock."""
        key = (read.epc, read.antenna)
        seen = self._open.get(key)
        if seen is None:
            if len(self._open) >= self._most:
                self.lost += 1
                return
            self._open[key] = Seen(read.epc, read.antenna, read.rssi, read.count, first, last, now)
            return
        seen.count += read.count
        seen.first = min(seen.first, first)
        seen.last = max(seen.last, last)
        if read.rssi is not None and (seen.rssi is None or read.rssi > seen.rssi):
            seen.rssi = read.rssi

    def due(self, now: float) -> Iterator[Seen]:
        """Take the windows that have been open long enough, oldest first."""
        while self._open:
            key = next(iter(self._open))
            if now - self._open[key].opened < self._length_s:
                return
            yield self._open.pop(key)

    def rest(self) -> Iterator[Seen]:
        """Take all of them, for there will be no more reads."""
        while self._open:
            yield self._open.pop(next(iter(self._open)))


class ReaderClock:
    """What a reader's clock says against ours.

    A report is on its way for a moment, never less: the least of what lay between a read, by the reader's clock, and
    its arrival, by ours, is how far the clocks are apart. It is looked for anew each minute, as clocks drift.
    A reader whose clock is right to `TRUSTED_S` is believed as it is.
    """

    TRUSTED_S = 2.0
    _LOOK_S = 60.0
    _OLDEST_S = 86_400.0

    def __init__(self) -> None:
        self._apart: float | None = None
        self._least: float | None = None
        self._since = 0.0

    @property
    def ahead_s(self) -> float | None:
        """How far it is ahead of ours; None: not known yet."""
        return None if self._apart is None else -self._apart

    def ours(self, read: TagRead, now: float) -> tuple[float, float]:
        """First and last read by our clock, in seconds since 1970; `now` is when the report came."""
        if read.last_us is None:
            return now, now
        last = read.last_us / 1e6
        first = last if read.first_us is None else min(read.first_us / 1e6, last)
        shift = self._shift(now - last, now)
        if read.utc and abs(shift) <= self.TRUSTED_S:
            shift = 0.0
        # Whatever it claims, it was not read after it was told, nor days before.
        last = min(last + shift, now)
        first = min(first + shift, last)
        return (first, last) if first > now - self._OLDEST_S else (now, now)

    def _shift(self, apart: float, now: float) -> float:
        if self._apart is None:
            self._apart, self._since = apart, now
        if self._least is None or apart < self._least:
            self._least = apart
        if self._least < self._apart:
            self._apart = self._least
        elif now - self._since >= self._LOOK_S:
            self._apart, self._least, self._since = self._least, None, now
        return self._apart
