"""The dock door with a reader: one supplier's goods are tagged, and what it proposes the dock's clerk confirms."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import structlog

from shelfwise.twin.platform import Platform, PlatformClock, Rejected, listed
from shelfwise.twin.world import READER, SITE, TAGGED, Item

log = structlog.get_logger()

# Somebody who looks at the demonstration may confirm it before the clerk does.
PATIENCE_S = 40.0
MOST_TAGS = 150
_TAGS_A_MESSAGE = 50
_COMPANY = "0614141"
# Seconds after a tag comes near at which the outer antenna (1) and the inner one (2) hear it.
_HEARD = ((1, 0.0), (1, 0.3), (1, 0.6), (2, 0.9), (2, 1.2), (2, 1.5))


class Sender(Protocol):
    """What carries messages to the door for devices."""

    def send(self, topic: str, payload: bytes) -> None: ...


def gtin(number: int) -> str:
    """The GTIN-13 of the tagged supplier's item so numbered."""
    digits = f"{_COMPANY}{number:05d}"
    odd, even = (sum(int(one) for one in digits[start::2]) for start in (0, 1))
    return f"{digits}{-(odd + 3 * even) % 10}"


def gtins(items: Sequence[Item]) -> dict[str, str]:
    """By SKU, of the items that come tagged."""
    tagged = [item for item in items if item.supplier == TAGGED and item.shelf_life_days is None]
    return {item.sku: gtin(number) for number, item in enumerate(tagged, 1)}


def sgtin(code: str, serial: int) -> str:
    """The memory of a tag on a piece: GS1's SGTIN-96, for a company prefix of seven digits."""
    number = 0x30 << 6 | 1 << 3 | 5
    number = (number << 24 | int(code[:7])) << 20 | int(code[7:12])
    return f"{number << 38 | serial:024X}"


def heard(epcs: Sequence[str], at: datetime) -> bytes:
    """What an Impinj reader tells of tags that pass it one after the other, the last of them at an instant."""
    begins = at - timedelta(seconds=0.1 * len(epcs) + _HEARD[-1][1])
    return msgspec.json.encode(
        [
            {"eventType": "tagInventory", "timestamp": at.isoformat(), "hostname": READER,
             "tagInventoryEvent": {
                 "epcHex": epc, "antennaPort": antenna, "peakRssiCdbm": -5200 - 10 * (number % 40),
                 "lastSeenTime": (begins + timedelta(seconds=0.1 * number + after)).isoformat()}}
            for number, epc in enumerate(epcs)
            for antenna, after in _HEARD
        ]
    )  # fmt: skip


@dataclass
class Gate:
    """Tagged goods pass the door before they are received; whoever confirms it first, they are put away after that.

    Attributes:
        codes: GTINs of what comes tagged, by SKU.
        patience_s: how long the clerk leaves a proposal to others.
    """

    platform: Platform
    clock: PlatformClock
    reader: Sender
    codes: Mapping[str, str]
    patience_s: float = PATIENCE_S
    _passed: dict[str, float] = field(default_factory=dict)

    @property
    def waiting(self) -> bool:
        """Whether anything has passed the door and is not put away yet."""
        return bool(self._passed)

    def brought(self, source: str) -> bool:
        """Whether this delivery has."""
        return source in self._passed

    async def waits(self, order: str, sku: str, pieces: int, source: str) -> bool:
        """Whether a delivery is the door's matter still: it passes when first asked for, and is confirmed later."""
        if sku not in self.codes or not 0 < pieces <= MOST_TAGS:
            return False
        if source not in self._passed:
            self._passed[source] = time.monotonic()
            first = int.from_bytes(hashlib.sha256(source.encode()).digest()[:4])
            epcs = [sgtin(self.codes[sku], (first << 5) + piece) for piece in range(pieces)]
            for begin in range(0, pieces, _TAGS_A_MESSAGE):
                some = epcs[begin : begin + _TAGS_A_MESSAGE]
                self.reader.send(f"impinj/{READER}/events", heard(some, self.clock.now()))
            log.info("tagged goods passed the door", order=order, sku=sku, pieces=pieces)
            return True
        if time.monotonic() - self._passed[source] < self.patience_s:
            return True
        if await self._confirm(order):
            return True
        # The reader or the door was off: it is received by hand.
        del self._passed[source]
        return False

    async def _confirm(self, order: str) -> bool:
        """Confirm what waits and is this order; False: nothing is."""
        for load in listed(await self.platform.get("/portals/loads"), "loads"):
            if load["state"] != "open" or load["way"] != "in":
                continue
            seen = await self.platform.get(f"/portals/loads/{load['load_id']}")
            best = next((one for one in seen["matches"] if one["number"] == order), None)
            if best is None:
                continue
            try:
                await self.platform.post(f"/portals/loads/{load['load_id']}/book", {"document": best["document"]})
            except Rejected as refusal:
                log.warning("load refused", order=order, refusal=str(refusal))
                return False
            return True
        return False

    async def put_away(self, item: Item, pieces: int, source: str) -> None:
        """Carry what was received at the door to its bin."""
        told: dict[str, Any] = {
            "sku": item.sku, "from_place": "DOCK", "to_place": item.bin_code, "quantity": str(pieces),
            "reason": "move", "source": f"put-away-{source}", "occurred_at": self.clock.now().isoformat(),
        }  # fmt: skip
        await self.platform.post("/movements", {"site": SITE, "movements": [told]})
        del self._passed[source]
