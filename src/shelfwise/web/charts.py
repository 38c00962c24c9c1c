"""What charts show, as plain data for the page's script. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from shelfwise.demand.race.joining import AND

DAYS_SHOWN = 120

METHODS = {
    "moving average": "Average of the last weeks",
    "seasonal naive": "Same weekday a week ago",
    "same-weekday mean": "Average of the same weekday",
    "last year by level": "Last year, at the level of now",
    "exponential smoothing": "Level that follows slowly",
    "Theta": "Level and half of the trend",
    "Croston-SBA": "Size and gaps of sales (Croston)",
    "TSB": "Size and chance of a sale (TSB)",
    "empirical quantile": "What the whole past held",
    "boosted trees": "Model of all items",
    "others alike": "What others alike sold",
    "closed": "Closed on all these days",
    "not enough evidence": "Not enough history",
}


def demand_chart(
    first_day: date,
    quantity: Sequence[float],
    masked: Sequence[bool],
    summary: Mapping[str, Any] | None,
    origin: date | None,
    promoted: Sequence[tuple[date, date]] = (),
) -> dict[str, Any]:
    """History as bars and the forecast as a band, on one run of days.

    Promotions are stretches of these days, told by their numbers.

    A forecast that begins later than the day after the history is moved to where it belongs by unknown days between.
    """
    shown = max(0, len(quantity) - DAYS_SHOWN)
    history: list[float | None] = [
        None if gone and not value else float(value)
        for value, gone in zip(quantity[shown:], masked[shown:], strict=True)
    ]
    empty = [int(gone) for gone in masked[shown:]]
    start = first_day + timedelta(days=shown)
    ahead: dict[str, list[float]] = {name: [] for name in ("q10", "q50", "q90")}
    if summary is not None and origin is not None and "q50" in summary:
        begins = origin + timedelta(days=1)
        while start + timedelta(days=len(history)) < begins:
            history.append(None)
            empty.append(0)
        late = (start + timedelta(days=len(history)) - begins).days
        ahead = {name: [float(value) for value in summary[name][late:]] for name in ahead}
    last = len(history) + len(ahead["q50"]) - 1
    numbered = (((first - start).days, (until - start).days) for first, until in promoted)
    return {
        "kind": "demand", "first_day": start.isoformat(), "history": history, "masked": empty, **ahead,
        "promoted": [(max(first, 0), min(until, last)) for first, until in numbered if first <= last and until >= 0],
    }  # fmt: skip


def race_table(summary: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The methods that raced, the best first; empty where there was no race."""
    race = (summary or {}).get("race")
    if not race:
        return []
    table = [
        {"method": method_words(name), "winner": name == race["winner"], **scores}
        for name, scores in race["scores"].items()
    ]
    return sorted(table, key=lambda row: (not row["winner"], row.get("loss", row["pinball"])))


def method_words(name: str) -> str:
    """A forecasting method's name in words; two that speak together are joined by `+`."""
    return " + ".join(METHODS.get(one, one) for one in name.split(AND))
