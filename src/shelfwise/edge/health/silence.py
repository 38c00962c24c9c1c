"""Who is silent against their own rhythm, and who of them for one common reason. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# So many devices, and at least this share of those that share a way here, are late together for one reason only.
_TOGETHER, _SHARE = 3, 0.5
# A device is late after this share of the time from which on it is silent: about twice its longest usual gap.
_LATE = 0.6


@dataclass(frozen=True)
class Heard:
    """When a device was last heard with one kind of reading, and from when on its silence is unusual.

    Attributes:
        through: the gateway that it reports through; None: by itself, or not known.
        lost_at: since when its connection is gone without a word; None: it is not, or it keeps none.
    """

    device: str
    kind: str
    site_id: int | None
    through: str | None
    heard_at: datetime
    silent_after_s: float | None
    lost_at: datetime | None = None

    def silent(self, now: datetime, least: timedelta) -> bool:
        if self.lost_at is not None and self.lost_at >= self.heard_at:
            return True
        if self.silent_after_s is None:
            return False
        return now - self.heard_at > max(timedelta(seconds=self.silent_after_s), least)

    def late(self, now: datetime) -> bool:
        if self.lost_at is not None and self.lost_at >= self.heard_at:
            return True
        return self.silent_after_s is not None and (now - self.heard_at).total_seconds() > _LATE * self.silent_after_s


@dataclass(frozen=True)
class Quiet:
    """A device that is silent, with all it sends or with some kinds of it.

    Attributes:
        kinds: what is missing; `others`: what it still says.
        lost: its connection ended without a word.
    """

    device: str
    site_id: int | None
    since: datetime
    kinds: tuple[str, ...]
    others: tuple[str, ...]
    usual_s: float | None
    lost: bool


@dataclass(frozen=True)
class Outage:
    """Devices that fell silent for one reason: behind `through`, at `site_id`, or, where both are None, everywhere."""

    through: str | None
    site_id: int | None
    devices: tuple[str, ...]
    known: int
    since: datetime

    @property
    def subject(self) -> str:
        if self.through is not None:
            return f"gateway:{self.through}"
        return "devices:all" if self.site_id is None else f"devices:site:{self.site_id}"


def quiet(heard: Sequence[Heard], now: datetime, least: timedelta) -> dict[str, Quiet]:
    """The silent devices by name."""
    found: dict[str, Quiet] = {}
    for device, kinds in _by_device(heard).items():
        silent = [one for one in kinds if one.silent(now, least)]
        if silent:
            found[device] = Quiet(
                device, silent[0].site_id, max(one.heard_at for one in silent),
                tuple(one.kind for one in silent), tuple(one.kind for one in kinds if one not in silent),
                min((one.silent_after_s / 3 for one in silent if one.silent_after_s is not None), default=None),
                any(one.lost_at is not None for one in silent),
            )  # fmt: skip
    return found


def outages(heard: Sequence[Heard], silent: Mapping[str, Quiet], now: datetime) -> list[Outage]:
    """What silent devices have in common: all of them, a gateway, a site; each device is in one outage at most.

    Devices are looked at when the first of them is silent, and the rest of a lost gateway's are late by then.
    """
    late: set[str] = set()
    ways: dict[tuple[str | None, int | None], set[str]] = defaultdict(set)
    for device, kinds in _by_device(heard).items():
        if all(one.late(now) for one in kinds):
            late.add(device)
        ways[None, None].add(device)
        ways[None, kinds[0].site_id].add(device)
        if kinds[0].through is not None:
            ways[kinds[0].through, kinds[0].site_id].add(device)
    found: list[Outage] = []
    told: set[str] = set()
    several_sites = len({site for through, site in ways if through is None and site is not None}) > 1
    for (through, site_id), devices in sorted(ways.items(), key=lambda way: _order(*way[0])):
        if through is None and site_id is None and not several_sites:
            continue
        affected = (devices & late) - told
        share = 1.0 if through is None and site_id is None else _SHARE
        if len(affected) >= _TOGETHER and len(affected) >= share * len(devices) and affected & silent.keys():
            told |= affected
            since = max(silent[one].since for one in affected if one in silent)
            found.append(Outage(through, site_id, tuple(sorted(affected)), len(devices), since))
    return found


def _order(through: str | None, site_id: int | None) -> tuple[int, str, int]:
    """Everything at once first, then gateways, then sites."""
    return (1 if through is not None else 0 if site_id is None else 2, through or "", site_id or 0)


def _by_device(heard: Sequence[Heard]) -> dict[str, list[Heard]]:
    found: dict[str, list[Heard]] = defaultdict(list)
    for one in heard:
        found[one.device].append(one)
    return found
