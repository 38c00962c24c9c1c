"""What formats of tag readers share: one tag as a reading, times as readers write them, lists with an odd one in them.

A reader reports hundreds of tags at once, and one that was read badly must not cost the others: what cannot be right is
left aside with its reason (`Partly`), and the rest counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge.model import (
    Moment,
    Partly,
    Reading,
    believable,
    key_by_chance,
    key_by_content,
    key_by_id,
)

# The EPC memory of a Gen2 tag holds at most 496 bits.
LONGEST_EPC = 124
# Beyond any radio: weaker than noise, stronger than a transmitter at the antenna.
_RSSI = (-150.0, 50.0)
_MOST_ANTENNAS = 65_535
_MOST_FAULTS = 3
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")

Time = str | int | float | None


def epc(told: object, where: str) -> str:
    """The EPC memory of a tag in upper-case hexadecimal digits.

    Raises:
        Invalid: it is none.
    """
    if isinstance(told, str) and len(told) <= LONGEST_EPC and _HEX.fullmatch(told):
        return told.upper()
    raise Invalid(
        Fault(where, f"2 to {LONGEST_EPC} hexadecimal digits, in pairs", shorten(told), "Have the reader send the EPC.")
    )


def instant(told: Time, when: Moment, where: str) -> datetime | None:
    """The time a reader claims: ISO 8601 with a zone (``+0000`` as well), or seconds or milliseconds since 1970.

    Raises:
        Invalid: another text, or a time that cannot be believed.
    """
    if told is None or told == "":
        return None
    if not isinstance(told, str):
        return believable(told, when, where)
    if told.isascii() and told.isdecimal():
        return believable(int(told[:20]), when, where)
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid(Fault(where, "a time such as 2026-03-02T12:00:00Z", shorten(told), "Send ISO 8601 with a zone."))
    return believable(at, when, where)


def count(told: int | None) -> int | None:
    """How often a tag was read; what cannot be is as good as not told."""
    return told if told is not None and 0 <= told < 2**31 else None


def tag(
    device: str, code: str, when: Moment, at: datetime | None, own_id: str | None = None, *, antenna: int | None = None,
    rssi: float | None = None, **others: Any,
) -> Reading:  # fmt: skip
    """A tag that was read.

    Args:
        at: the time claimed; None: the time of arrival counts.
        own_id: the reader's number of this read; used with `at` alone, because readers count from 1 after a restart.
        antenna: its port.
        rssi: dBm.
        others: what else the reader told; what is None is left out.

    Raises:
        Invalid: an antenna or a signal that cannot be.
    """
    detail: dict[str, Any] = {"epc": code}
    if antenna is not None:
        if not 0 <= antenna <= _MOST_ANTENNAS:
            raise Invalid(Fault("antenna", "the number of a port", shorten(antenna), "Correct it, or leave it out."))
        detail["antenna"] = antenna
    if rssi is not None:
        if not _RSSI[0] <= rssi <= _RSSI[1]:
            raise Invalid(
                Fault("rssi", f"{_RSSI[0]:g} to {_RSSI[1]:g} dBm", f"{rssi:g} dBm", "Correct it, or leave it out.")
            )
        detail["rssi"] = float(rssi)
    detail |= {name: value for name, value in others.items() if value is not None}
    return keyed(device, "tag", f"{code}@{antenna}", detail, when, at, own_id)


def keyed(
    device: str, kind: str, content: str, detail: dict[str, Any], when: Moment, at: datetime | None, own_id: str | None
) -> Reading:
    """A reading of a kind without a value, under the best key that there is; see `tag`."""
    if at is None:
        detail["at_least_once"] = True
        return Reading(key_by_chance(), device, kind, None, detail, when.received_at, when.received_at)
    if own_id is not None:
        key = key_by_id(device, kind, f"{own_id} {content}", at)
    else:
        key = key_by_content(device, kind, at, content)
    return Reading(key, device, kind, None, detail, at, when.received_at)


def each(
    what: str,
    parts: Sequence[msgspec.Raw],
    read: Callable[[msgspec.Raw], Iterable[Reading]],
    message_of: Callable[[list[msgspec.Raw]], bytes],
) -> list[Reading]:
    """The readings of every part of a list.

    Args:
        what: what a part is called in a reason.
        message_of: a message of the same format that holds only these parts.

    Raises:
        Partly: some parts cannot be right.
        Invalid: none can.
    """
    readings: list[Reading] = []
    odd: list[msgspec.Raw] = []
    faults: list[Fault] = []
    for number, part in enumerate(parts, 1):
        try:
            readings += read(part)
        except Invalid as error:
            odd.append(part)
            if len(faults) < _MOST_FAULTS:
                fault = error.faults[0]
                where = fault.where if len(parts) == 1 else f"{what} {number} of {len(parts)}, {fault.where}"
                faults.append(Fault(where, fault.expected, fault.got, fault.remedy))
    if not odd:
        return readings
    if len(odd) == len(parts):
        raise Invalid(*faults)
    raise Partly(readings, message_of(odd), *faults)


def as_list(parts: list[msgspec.Raw]) -> bytes:
    """A message that is a JSON list."""
    return b"[" + b",".join(bytes(part) for part in parts) + b"]"
