"""What a device said over time: a chart on its page, the figures behind it, and its readings one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from shelfwise.access.context import Context
from shelfwise.condition import service as condition
from shelfwise.condition.alarms import KIND
from shelfwise.condition.tables import Excursion
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge import devices
from shelfwise.edge.health import service as health
from shelfwise.edge.health import words
from shelfwise.edge.health.tables import Doubt
from shelfwise.edge.history import service as history
from shelfwise.edge.history.model import History, Point
from shelfwise.edge.model import KINDS
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.device_words import told
from shelfwise.web.listing_files import CSV, Head, Table, as_csv, sent
from shelfwise.web.listing_rows import zone_of
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Query(max_length=100)]
PAGE = 100
POINTS = 400
# A silence that is so many times as long as usual is a gap in the line.
_GAP = 2.5


@dataclass(frozen=True)
class Over:
    """A length of time that a chart can show, up to now."""

    name: str
    words: str
    length: timedelta


OVERS = (
    Over("day", "24 hours", timedelta(days=1)),
    Over("week", "7 days", timedelta(days=7)),
    Over("month", "31 days", timedelta(days=31)),
    Over("year", "12 months", timedelta(days=366)),
)
Stretch = tuple[datetime, datetime]
UNITS = {"degC": "°", "%RH": "%", "%": "%", "g": " g"}


def parts(ctx: Context, device: str, kind: str = "", over: str = "") -> dict[str, Any]:
    """What the template device_history.html shows of a device; empty while it has said nothing."""
    kinds = history.kinds_of(ctx, device)
    if not kinds:
        return {}
    shown = kind if kind in kinds else kinds[0]
    length = next((one for one in OVERS if one.name == over), OVERS[0])
    # What is told of this very moment is part of it.
    until = ctx.now + timedelta(microseconds=1)
    found = history.readings(ctx, device, shown, ctx.now - length.length, until, POINTS)
    limits, outside = _limits(ctx, device, shown, found)
    doubts = health.doubts_between(ctx, device, shown, found.since, ctx.now)
    return {"kinds": kinds, "overs": OVERS} | drawn(ctx, found, limits, outside, doubts, length)


def drawn(
    ctx: Context,
    found: History,
    limits: tuple[float | None, float | None],
    outside: Sequence[Excursion],
    doubts: Sequence[Doubt] = (),
    over: Over = OVERS[0],
) -> dict[str, Any]:
    """What the picture of a history shows, of a device or of a zone."""
    # Of what reports by events, silence says nothing.
    quiet = silences(found, ctx.now) if KINDS[found.kind].measured else []
    return {
        "device": found.device, "kind": found.kind, "over": over, "found": found, "unit": KINDS[found.kind].unit,
        "outside": outside, "silent": quiet,
        "doubts": [(one, words.what(one.cause, one.kind, one.size, one.evidence)) for one in doubts],
        "chart": chart(
            found, limits, [(one.started_at, one.ended_at or ctx.now) for one in outside],
            [(one.since, one.ended_at or ctx.now) for one in doubts], quiet,
        ),
    }  # fmt: skip


def _limits(
    ctx: Context, device: str, kind: str, found: History
) -> tuple[tuple[float | None, float | None], Sequence[Excursion]]:
    """The limits of the zone it stands in, and when it was outside of them."""
    zone_id = devices.states_of_device(ctx, device)[0].zone_id
    if kind != KIND or zone_id is None:
        return (None, None), ()
    zone = records.zone(ctx, zone_id)
    outside = [one for one in condition.excursions(ctx, zone_id, found.since) if one.device == device]
    return (zone.low_degc, zone.high_degc), outside


def chart(
    found: History,
    limits: tuple[float | None, float | None],
    outside: Sequence[Stretch],
    doubted: Sequence[Stretch],
    silent: Sequence[Stretch],
) -> dict[str, Any]:
    """A history as data for the page's script; a silence longer than usual is a gap, of which nothing is known."""
    points = with_gaps(found)
    measured = KINDS[found.kind].measured
    return {
        "kind": "history",
        "since": found.since.timestamp(),
        "until": found.until.timestamp(),
        "step": found.step.total_seconds(),
        "unit": UNITS.get(KINDS[found.kind].unit, ""),
        "at": [at.timestamp() for at, _ in points],
        "count": None if measured else [None if one is None else one.readings for _, one in points],
        "mean": [_shown(one.mean if one else None) for _, one in points],
        "low": [_shown(one.low if one else None) for _, one in points],
        "high": [_shown(one.high if one else None) for _, one in points],
        "limits": list(limits),
        "outside": _seconds(outside, found),
        "doubted": _seconds(doubted, found),
        "silent": _seconds(silent, found),
    }


def _seconds(stretches: Sequence[Stretch], found: History) -> list[list[float]]:
    """Stretches as the script takes them, as far as they lie within the picture."""
    return [
        [max(since, found.since).timestamp(), min(until, found.until).timestamp()]
        for since, until in stretches
        if since < found.until and until > found.since
    ]


def with_gaps(found: History) -> list[tuple[datetime, Point | None]]:
    """The points of a history, with None where nothing was heard for longer than is usual for it."""
    longest = _longest_usual(found)
    shown: list[tuple[datetime, Point | None]] = []
    for one in found.points:
        if shown and one.at - shown[-1][0] > longest:
            shown.append((shown[-1][0] + found.step, None))
        shown.append((one.at, one))
    return shown


def silences(found: History, now: datetime) -> list[Stretch]:
    """When nothing was heard for longer than is usual, up to now: nothing is known of that time.

    Before the first point as well: whether the device was there yet, a picture cannot know.
    """
    longest = _longest_usual(found)
    ends = [found.since, *(one.at + found.step for one in found.points)]
    begins = [*(one.at for one in found.points), min(now, found.until)]
    # From one point to the next, a step counts for the time it stands for.
    return [(end, begin) for end, begin in zip(ends, begins, strict=True) if begin - end > longest - found.step]


def _longest_usual(found: History) -> timedelta:
    steps = [(later.at - one.at).total_seconds() for one, later in pairwise(found.points)]
    usual = timedelta(seconds=median(steps)) if steps else found.step
    return max(usual, found.step) * _GAP


def _shown(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


@router.get("/devices/{device}/history")
def history_page(visit: Visitor, device: str, kind: Text = "", over: Text = "") -> Response:
    with visit.context() as ctx:
        name = devices.states_of_device(ctx, device)[0].name or device
        return pages.render(
            visit, ctx, "history.html", at_site=devices.site_of_device(ctx, device), name=name, device=device,
            history=parts(ctx, device, kind, over),
        )  # fmt: skip


@router.get("/devices/{device}/history.csv")
def history_file(visit: Visitor, device: str, kind: Text = "", over: Text = "") -> Response:
    """The figures of the chart as a file."""
    with visit.context() as ctx:
        shown = parts(ctx, device, kind, over)
        points = shown["found"].points if shown else ()
        table = Table(
            "history",
            [Head("begins_at", "instant"), Head("readings", "whole"),
             *(Head(f"{name}_{_unit_name(shown)}", "number") for name in ("low", "mean", "high", "last"))],
            [(one.at, one.readings, one.low, one.mean, one.high, one.last) for one in points],
        )  # fmt: skip
        return sent(as_csv(table, zone_of(ctx)), CSV, f"{device}-{shown.get('kind', 'nothing')}.csv")


def _unit_name(shown: dict[str, Any]) -> str:
    return {"%RH": "percent_rh", "%": "percent"}.get(shown.get("unit", ""), shown.get("unit", "") or "none")


@router.get("/devices/{device}/readings")
def readings_page(visit: Visitor, device: str, kind: Text = "", before: Text = "", until: Text = "") -> Response:
    """Its readings one by one, newest first; from the last of a page on, `before` leads to those behind it."""
    with visit.context() as ctx:
        name = devices.states_of_device(ctx, device)[0].name or device
        kinds = history.kinds_of(ctx, device)
        shown = kind if kind in kinds else (kinds or [""])[0]
        end = _instant(until) if until else ctx.now + timedelta(days=1)
        found = (
            history.raw_readings(ctx, device, shown, ctx.now - timedelta(days=3660), end, _place(before), PAGE + 1)
            if shown
            else []
        )
        return pages.render(
            visit, ctx, "readings.html", at_site=devices.site_of_device(ctx, device), name=name, device=device,
            kinds=kinds, kind=shown, rows=[(one, told(shown, one.value, one.detail)) for one in found[:PAGE]],
            paged=bool(before), corrected=any(one.deviation for one in found),
            behind=f"{found[PAGE - 1].observed_at.isoformat()}/{found[PAGE - 1].key}" if len(found) > PAGE else "",
        )  # fmt: skip


def _place(text: str) -> tuple[datetime, int] | None:
    """
    Raises:
        Invalid: it is no place that a page led to.
    """
    if not text:
        return None
    at, _, key = text.partition("/")
    if not key.removeprefix("-").isdecimal() or len(key) > 20:
        raise Invalid(Fault("before", "a time and a number, as a page leads on", shorten(text), "Begin anew."))
    return _instant(at), int(key)


def _instant(text: str) -> datetime:
    """
    Raises:
        Invalid: it is no instant.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid(Fault("time", "such as 2026-03-02T12:00:00+00:00", shorten(text), "Correct the time."))
    return at
