"""How a risk is drawn and said, and where what can be done about too much is done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from shelfwise.web.words import number, percent

HEIGHT, STEP = 22.0, 6.0
UNSEEN, LIKELY = 0.02, 0.5


@dataclass(frozen=True)
class Bar:
    """A day: where it is drawn, how high for how likely, and the words on hover."""

    x: float
    y: float
    height: float
    kind: str
    words: str


@dataclass(frozen=True)
class Strip:
    """The probability of having run out, day by day; `words` says it without a picture."""

    bars: list[Bar]
    width: float
    words: str


def strip(out_by: Sequence[float] | None, first_day: date) -> Strip | None:
    """Higher for likelier, so that no colour has to be told apart; None where nobody knows."""
    if not out_by:
        return None
    bars = []
    for place, chance in enumerate(out_by):
        height = max(HEIGHT * chance, 1.0)
        kind = "none" if chance < UNSEEN else "likely" if chance > LIKELY else "possible"
        day = first_day + timedelta(days=place)
        words = f"by {day:%A} {day.day} {day:%B}: {percent(chance)}"
        bars.append(Bar(place * STEP, HEIGHT - height, height, kind, words))
    ends = [at for at in (7, 14, 28) if at <= len(out_by)]
    words = ", ".join(f"{percent(out_by[at - 1])} in {at} days" for at in ends)
    return Strip(bars, len(out_by) * STEP, f"Risk of having run out: {words}")


def advice(one: Mapping[str, Any], sku: str, item_id: int) -> tuple[str, str]:
    """(what to do, where it is done)."""
    quantity, about = number(float(one["quantity"])), str(one["about"])
    named = quote(sku, safe="")
    match one["deed"]:
        case "order_less":
            return f"Take {quantity} off {about}", f"/orders/{one['subject_id']}"
        case "move":
            return f"Move {quantity} to {about}, which will lack them", "/transfers/new"
        case "mark_down":
            lot = f" of lot {about}" if about else ""
            return f"Mark down {quantity}{lot}", f"/promotions/new?sku={named}"
        case "give_back":
            return f"Ask {about} to take {quantity} back", f"/orders?show=all&search={named}"
        case _:
            return f"Write {quantity} off", f"/lies?item={item_id}"
