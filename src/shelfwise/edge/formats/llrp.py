"""What our own door to LLRP readers notes of a reader's reports: a list of tags, each seen at an antenna for a while.

``[{"epc": "E280...", "at": "2026-03-02T12:00:01Z", "antenna": 2, "rssi": -52.5, "count": 41, "since": "..."}]``

Nobody else writes it. It is a format like the others so that what cannot be stored waits in quarantine like the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import msgspec

from shelfwise.edge.formats.tags import as_list, each, epc, tag
from shelfwise.edge.formats.wording import decoded
from shelfwise.edge.model import Moment, Origin, Reading, believable

EXAMPLE = (
    b'[{"epc": "300833B2DDD9014000000000", "at": "2026-03-02T12:00:00.800Z", "antenna": 2, "rssi": -52.5, "count": 41, '
    b'"since": "2026-03-02T12:00:00Z"}]'
)
_Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Noted(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One tag at one antenna: last read `at`, first read `since`, `count` times; `rssi` in dBm is the strongest."""

    epc: str
    at: _Time
    antenna: int | None = None
    rssi: float | None = None
    count: int | None = None
    since: _Time | None = None


_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_noted = msgspec.json.Decoder(Noted).decode


def decode(payload: bytes, origin: Origin, when: Moment) -> list[Reading]:
    """
    Raises:
        Invalid: not what the door writes.
        Partly: a reader that told of tags, signals or antennas that cannot be, among others.
    """

    def read(part: msgspec.Raw) -> Iterator[Reading]:
        noted = decoded(_noted, bytes(part))
        yield tag(
            origin.subject, epc(noted.epc, "epc"), when, believable(noted.at, when), antenna=noted.antenna,
            rssi=noted.rssi, count=noted.count, since=None if noted.since is None else noted.since.isoformat(),
        )  # fmt: skip

    return each("tag", decoded(_list, payload), read, as_list)
