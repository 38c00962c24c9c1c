"""What the answer of a source says: its dates and values, found where somebody said they lie. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.demand.outside.model import Told

Format = Literal["json", "csv"]
MOST_VALUES = 20_000
_EACH = ["*"]
# How sources write that they have no value.
_NOTHING = frozenset({"", ".", "-", "null", "none", "nan", "n/a", "na"})


def read_answer(body: bytes, form: Format, date_at: str, value_at: str) -> list[Told]:
    """The values in an answer; days without one are left out.

    Args:
        date_at, value_at: of JSON a path such as `daily.time`, through objects by their names and through lists to
            each of their elements, or to one by its number (`rows.*.0`: the first of each); of CSV the heading of a
            column.

    Raises:
        Invalid: it is not what was said, or anything in it is no date or no number: then nothing of it is taken.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(Fault("the answer", "text in UTF-8", shorten(body[:40]), "Ask the source for it.")) from error
    dates, values = _json(text, date_at, value_at) if form == "json" else _csv(text, date_at, value_at)
    if len(dates) != len(values):
        raise Invalid(
            Fault(
                value_at, f"as many values as {date_at} has dates, {len(dates)}", str(len(values)),
                "Give the paths of a date and a value that belong together.",
            )
        )  # fmt: skip
    if len(dates) > MOST_VALUES:
        raise Invalid(Fault(date_at, f"at most {MOST_VALUES} values", str(len(dates)), "Ask for fewer days."))
    found = [
        Told(_day(day, f"{date_at}, number {number}"), value)
        for number, (day, told) in enumerate(zip(dates, values, strict=True), 1)
        if (value := _number(told, f"{value_at}, number {number}")) is not None
    ]
    if not found:
        raise Invalid(Fault(value_at, "a value at least", "none", "Look at what the source answers."))
    return found


def _json(text: str, date_at: str, value_at: str) -> tuple[list[Any], list[Any]]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(Fault("the answer", "JSON", shorten(text), "Ask the source for JSON, or choose CSV.")) from error
    # Of a list of objects each has a date and a value, and may lack one of them: they are walked together.
    steps, others = date_at.split("."), value_at.split(".")
    shared = 0
    while shared < min(len(steps), len(others)) - 1 and steps[shared] == others[shared]:
        shared += 1
    # Numbers of elements count within the list itself.
    into_lists = {steps[shared], others[shared]}.isdisjoint(_EACH) and not steps[shared].isdecimal()
    found = list(_walk(whole, steps[:shared], into_lists))
    pairs = [(list(_walk(one, steps[shared:])), list(_walk(one, others[shared:]))) for one in found]
    if not any(dates for dates, _ in pairs):
        raise _nowhere(date_at, whole, text)
    if not any(values for _, values in pairs):
        raise _nowhere(value_at, whole, text)
    single = [(dates, values or [None]) for dates, values in pairs if dates] if len(pairs) > 1 else pairs
    return [day for dates, _ in single for day in dates], [value for _, values in single for value in values]


def _walk(whole: Any, steps: Sequence[str], into_lists: bool = True) -> Iterator[Any]:
    """What lies at a path; at its end, unless a list is wanted as it is, each of its elements."""
    if isinstance(whole, list) and (steps or into_lists):
        if steps and steps[0].isdecimal():
            number = int(steps[0][:9])
            yield from _walk(whole[number], steps[1:], into_lists) if number < len(whole) else ()
        else:
            for one in whole:
                yield from _walk(one, steps[1:] if steps[:1] == _EACH else steps, into_lists)
    elif not steps:
        yield whole
    elif isinstance(whole, dict) and steps[0] in whole:
        yield from _walk(whole[steps[0]], steps[1:], into_lists)


def _nowhere(path: str, whole: Any, text: str) -> Invalid:
    first = whole[0] if isinstance(whole, list) and whole else whole
    got = f"only {', '.join(list(first)[:12])}" if isinstance(first, dict) and first else shorten(text)
    return Invalid(
        Fault(path, "a path that the answer has", got, "Correct the path: names with dots between, as daily.time.")
    )


def _csv(text: str, date_at: str, value_at: str) -> tuple[list[Any], list[Any]]:
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise Invalid(Fault("the answer", "CSV", str(error), "Look at what the source answers.")) from error
    headings = [one.strip() for one in rows[0]] if rows else []
    for wanted in (date_at, value_at):
        if headings.count(wanted) != 1:
            got = ", ".join(map(shorten, headings[:12])) or "nothing"
            raise Invalid(Fault(wanted, "the heading of one column", got, "Give a heading as it stands there."))
    places = headings.index(date_at), headings.index(value_at)
    # A semicolon between the cells is how a comma is kept free for decimals.
    decimal = "," if delimiter == ";" else "."
    told = [tuple(row[at].strip() if at < len(row) else "" for at in places) for row in rows[1:]]
    return [day for day, _ in told], [value.replace(decimal, ".") for _, value in told]


def _day(told: Any, where: str) -> date:
    """A day, the day of a time, or the first of a month."""
    text = told.strip() if isinstance(told, str) else ""
    try:
        if len(text) == 7 and text[4] == "-" and text[5] != "W":
            return date.fromisoformat(f"{text}-01")
        return datetime.fromisoformat(text).date()
    except ValueError as error:
        raise Invalid(
            Fault(where, "a day such as 2026-03-31, or a month such as 2026-03", shorten(told), "Give where it lies.")
        ) from error


def _number(told: Any, where: str) -> float | None:
    if told is None or (isinstance(told, str) and told.strip().lower() in _NOTHING):
        return None
    try:
        if isinstance(told, bool) or not isinstance(told, int | float | str):
            raise ValueError
        return float(told)
    except (ValueError, OverflowError) as error:
        raise Invalid(Fault(where, "a number", shorten(told), "Give where the values lie.")) from error
