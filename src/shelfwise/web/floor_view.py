"""What the floor map says about each bin and zone: pure rules from book, scale and thermometer to a state in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shelfwise.web.words import ago, number, temperature

# Below this share of what fits, a bin is low.
LOW_SHARE = 0.2
# A scale is believed to agree with the book within this many units, or this share of what fits, whichever is more:
# a load cell's noise of .7 units makes 2 units a rare event.
TOLERANCE_UNITS = 2.0
TOLERANCE_SHARE = 0.05
# A device that said nothing for longer is stale: business time, and never less than this much wall time.
STALE_AFTER = timedelta(minutes=30)
STALE_AFTER_WALL = timedelta(minutes=1)


@dataclass(frozen=True)
class Box:
    """A rectangle on the floor, in metres from the site's north-west corner."""

    x: float
    y: float
    width: float
    depth: float

    @property
    def drawn(self) -> bool:
        """Whether it stands anywhere: a bin of which nobody said where has no size."""
        return self.width > 0 and self.depth > 0


@dataclass(frozen=True)
class BinFacts:
    """What is known of a bin.

    Attributes:
        book: what the ledger says lies here, in the item's unit.
        capacity: how much fits; None where nobody said.
        elsewhere: what the ledger says lies in the site's other places.
        has_scale: whether a device stands under it.
        weighed: what its newest weight means in units; None where unknown, which is not zero.
        weighed_at: when that was observed.
        weighed_to: by how many units it may be off; None where nobody said how exact the scale is.
        aisle, bay, level, position: where it is in a rack; None where it stands alone.
    """

    place_id: int
    code: str
    box: Box
    zone_id: int | None = None
    sku: str | None = None
    description: str = ""
    unit: str = "each"
    book: Decimal = Decimal(0)
    capacity: Decimal | None = None
    elsewhere: Decimal = Decimal(0)
    has_scale: bool = False
    weighed: float | None = None
    weighed_at: datetime | None = None
    weighed_to: float | None = None
    scale_doubt: str = ""
    item_id: int | None = None
    aisle: str | None = None
    bay: int | None = None
    level: int | None = None
    position: int | None = None


@dataclass(frozen=True)
class ZoneFacts:
    """What is known of a zone; limits in degC, None where it is not watched.

    Attributes:
        sensors: how many thermometers its temperature is the middle of.
        doubts: what is in doubt of its thermometers, in words; `only_doubted`: no other is left.
    """

    zone_id: int
    code: str
    name: str
    kind: str
    box: Box
    low_degc: float | None = None
    high_degc: float | None = None
    degc: float | None = None
    observed_at: datetime | None = None
    excursion_since: datetime | None = None
    excursion_confirmed: bool = False
    sensors: int = 0
    doubts: tuple[str, ...] = ()
    only_doubted: bool = False


@dataclass(frozen=True)
class BinView:
    """A bin as drawn.

    Attributes:
        state: 'well', 'low', 'empty' (none in the whole site) or 'free' (nothing here, nothing missing).
        level: the share filled, 0 to 1.
        doubt: why the quantity is doubted, in words; empty where it is not.
        weighed: what lies there by its scale, where that is fresh and believed; None: unknown, which is not zero.
        label: the whole in one sentence, for hover and for screen readers.
    """

    facts: BinFacts
    state: str
    level: float
    doubt: str
    weighed: float | None
    label: str


@dataclass(frozen=True)
class ZoneView:
    """A zone as drawn: `state` is 'well', 'attention', 'danger', 'unknown', or 'plain' where none is watched.

    `reading` says of a temperature that is not fresh that it was.
    """

    facts: ZoneFacts
    state: str
    reading: str
    label: str
    fresh: bool = True


@dataclass(frozen=True)
class FloorView:
    """A site's floor at one instant; sizes in metres."""

    site_code: str
    site_name: str
    width: float
    depth: float
    zones: tuple[ZoneView, ...]
    bins: tuple[BinView, ...]


def stale_after(rate: float) -> timedelta:
    """How old a reading may be in business time; where that runs fast, a minute of the wall clock is always allowed."""
    return max(STALE_AFTER, STALE_AFTER_WALL * max(rate, 1.0))


def see_bin(facts: BinFacts, now: datetime, stale: timedelta) -> BinView:
    """How a bin is drawn: filled by the scale where a fresh one can be read, else by the book."""
    weighed = facts.weighed
    recent = facts.weighed_at is not None and now - facts.weighed_at <= stale
    # A scale in doubt moves nothing: the book stands until somebody has counted. Nothing weighs less than nothing.
    less_than_nothing = weighed is not None and weighed < -_tolerance(facts)
    believed = weighed if recent and not facts.scale_doubt and not less_than_nothing else None
    doubt = f"its scale {facts.scale_doubt}" if facts.scale_doubt else _doubt(facts, recent, now)
    shown = float(facts.book) if believed is None else max(0.0, believed)
    # Less than half a unit on a scale is noise on an empty shelf.
    empty = shown <= 0 if believed is None else shown < 0.5
    if facts.capacity:
        level = min(1.0, shown / float(facts.capacity))
    else:
        level = 0.0 if empty else 1.0
    if empty:
        level = 0.0
        state = "free" if facts.sku is None or facts.elsewhere > 0 else "empty"
    else:
        state = "low" if facts.capacity and level < LOW_SHARE else "well"
    return BinView(facts, state, round(level, 3), doubt, believed, _bin_label(facts, state, believed, doubt))


def _tolerance(facts: BinFacts) -> float:
    """By how many units a scale may differ from the book without a doubt."""
    return max(TOLERANCE_UNITS, TOLERANCE_SHARE * float(facts.capacity or 0), facts.weighed_to or 0.0)


def _doubt(facts: BinFacts, fresh: bool, now: datetime) -> str:
    weighed = facts.weighed
    if not facts.has_scale:
        return ""
    if facts.weighed_at is None:
        return "its scale has not reported yet"
    if not fresh:
        return f"its scale last reported {ago(facts.weighed_at, now)}"
    if weighed is None:
        return ""
    tolerance = _tolerance(facts)
    if weighed < -tolerance:
        return "its scale shows less than its empty weight; weigh it empty again"
    off = weighed - float(facts.book)
    if abs(off) <= tolerance:
        return ""
    return f"the scale sees about {abs(off):.0f} {'more' if off > 0 else 'fewer'} than the book"


def _bin_label(facts: BinFacts, state: str, weighed: float | None, doubt: str) -> str:
    if facts.sku is None:
        return f"Bin {facts.code}: not in use" if state == "free" else f"Bin {facts.code}"
    name = f"{facts.sku} {facts.description}".strip()
    amount = f"{number(facts.book)} {facts.unit} by the book"
    if facts.capacity:
        amount += f" of {number(facts.capacity)} that fit"
    if weighed is not None:
        amount += f", {max(0.0, weighed):.0f} by the scale"
    words = {"well": "", "low": "Low. ", "empty": "Empty, and none elsewhere. ", "free": "Empty here; more elsewhere. "}
    return f"Bin {facts.code}: {name}. {words[state]}{amount}." + (f" In doubt: {doubt}." if doubt else "")


def how_sure(weighed: float, weighed_to: float | None) -> str:
    """How far a count by weight can be believed, in words."""
    if weighed_to is not None:
        return f"may be off by {number(round(weighed_to, 1))}"
    # Pieces are whole: what is left over is the weight of something else, or of pieces that differ.
    left_over = abs(weighed - round(weighed))
    return "" if left_over < 0.2 else f"{left_over:.1f} of a unit off a whole number"


def see_zone(facts: ZoneFacts, now: datetime, stale: timedelta) -> ZoneView:
    """How a zone is drawn: danger for a confirmed excursion, attention outside the limit, unknown when silent."""
    watched = facts.low_degc is not None or facts.high_degc is not None
    if facts.degc is None and not watched:
        return ZoneView(facts, "plain", "", f"Zone {facts.name}")
    fresh = facts.observed_at is not None and now - facts.observed_at <= stale
    limits = limit_words(facts.low_degc, facts.high_degc)
    outside = facts.degc is not None and (
        (facts.low_degc is not None and facts.degc < facts.low_degc)
        or (facts.high_degc is not None and facts.degc > facts.high_degc)
    )
    if facts.excursion_confirmed and facts.excursion_since is not None:
        state, words = "danger", f"outside its limit for {ago(facts.excursion_since, now).removesuffix(' ago')}"
    elif not fresh:
        state, words = (
            "unknown",
            f"no reading since {ago(facts.observed_at, now)}" if facts.observed_at else "no reading",
        )
    elif facts.only_doubted:
        state, words = "unknown", "but its thermometer is in doubt"
    elif not watched:
        state, words = "plain", "not watched"
    elif outside:
        state, words = "attention", "outside its limit, not long enough to be an alert"
    else:
        state, words = "well", "within its limit"
    if facts.doubts and not facts.only_doubted:
        words += f"; in doubt: {'; '.join(facts.doubts)}"
    reading = temperature(facts.degc)
    if facts.degc is not None and not fresh:
        reading = f"was {reading}"
    label = f"Zone {facts.name}: {reading}, {words}{f' ({limits})' if limits else ''}"
    return ZoneView(facts, state, reading, label, fresh)


def limit_words(low: float | None, high: float | None) -> str:
    """A zone's limit in words: 2 to 8 °C; at most −18 °C; empty where there is none."""
    if low is not None and high is not None:
        return f"{number(low)} to {number(high)} °C"
    if high is not None:
        return f"at most {number(high)} °C"
    return f"at least {number(low)} °C" if low is not None else ""
