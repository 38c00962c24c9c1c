"""How good the data of each source is: what is missing, what cannot be right, how old it is, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Level = Literal["well", "attention", "danger", "unknown"]

STALE_AFTER = {"sales": timedelta(days=8), "daily sales": timedelta(days=8), "stock": timedelta(days=93)}
"""How old the last file of a kind may be; other kinds have no age: a list of suppliers holds until it changes."""

SILENT_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Lack:
    """Something an item should have.

    Attributes:
        key: also the name of the filter of the list of items that shows those without it.
        name: as pages call it.
        advice: what to do about those that lack it.
        fault: not missing but wrong.
    """

    key: str
    name: str
    advice: str
    fault: bool = False


LACKS = (
    Lack("terms", "A supplier's terms", "Nobody can order them by rule: import terms, or enter them at the supplier."),
    Lack("lead_time", "A lead time", "The usual one is assumed: ask the supplier, or wait for three deliveries."),
    Lack("barcode", "A barcode", "They cannot be scanned: import barcodes, or scan them on the item's page."),
    Lack("pack", "A pack", "Cases cannot be told by the case: say on the item's page what one holds."),
    Lack("weight", "A weight", "A scale cannot count them: weigh ten, and enter a tenth."),
    Lack("place", "A place of their own", "Pickers have to be told each time: keep a bin for what sells most."),
    Lack("wrong_gtin", "A right check digit", "A digit was mistyped: scan the goods themselves.", fault=True),
)


@dataclass(frozen=True)
class Measure:
    """How many of a source's records have something.

    Attributes:
        have, of: so many of so many.
        address: the list of those that do not.
    """

    lack: Lack
    have: int
    of: int
    level: Level
    address: str

    @property
    def share(self) -> float:
        return self.have / self.of if self.of else 1.0


@dataclass(frozen=True)
class ItemSource:
    """Where items came from: by hand, from files, or made up for the demo."""

    source: str
    items: int
    measures: tuple[Measure, ...]


def measures(source: str, items: int, lacking: Mapping[str, int]) -> ItemSource:
    """Judge the items of one source.

    Args:
        lacking: by the key of what they should have, how many do not.
    """
    return ItemSource(source, items, tuple(_measured(source, items, lacking)))


def _measured(source: str, items: int, lacking: Mapping[str, int]) -> Iterator[Measure]:
    for lack in LACKS:
        missing = lacking.get(lack.key, 0)
        level: Level = "unknown" if not items else "well" if not missing else "danger" if lack.fault else "attention"
        yield Measure(lack, items - missing, items, level, f"/items?lacks={lack.key}&source={source}")


@dataclass(frozen=True)
class Files:
    """What files of one kind brought, as the last one of it was taken in.

    Attributes:
        rows, left_out: of the last file.
        file_id: the page of the last import.
    """

    kind: str
    last_at: datetime
    rows: int
    left_out: int
    file_id: int


@dataclass(frozen=True)
class Feed:
    """What devices measure of one kind.

    Attributes:
        silent: devices that said nothing of it for a day.
    """

    kind: str
    devices: int
    silent: int
    last_at: datetime


@dataclass(frozen=True)
class Verdict:
    """What to say of a source besides its figures."""

    level: Level
    words: str


def of_files(one: Files, now: datetime) -> Verdict:
    """Rows left out come before age: they are lost until somebody looks."""
    if one.left_out:
        return Verdict("attention", f"{one.left_out} of {one.rows} rows were left out: correct them, and import again.")
    oldest = STALE_AFTER.get(one.kind)
    if oldest is not None and now - one.last_at > oldest:
        return Verdict("attention", f"The last file is older than {oldest.days} days: bring a newer one in.")
    return Verdict("well", "All of its rows were taken.")


def of_feed(one: Feed) -> Verdict:
    if one.silent:
        return Verdict("attention", f"{one.silent} of {one.devices} are silent for a day: look at power and network.")
    return Verdict("well", "All of them spoke within a day.")
