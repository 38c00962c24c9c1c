"""Doubts in words: what is odd about a device, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shelfwise.edge.deviation import Deviation

_UNITS = {"temperature": "°C", "humidity": "%RH", "weight": "g"}


def what(cause: str, kind: str, size: float, evidence: Mapping[str, Any]) -> str:
    """What is odd, such as 'reads 1.2 °C above its three neighbours'; since when is told beside it."""
    match cause:
        case "silent":
            usual = evidence.get("usual_s")
            about = "has said nothing" if not kind else f"says no {kind} any more"
            return f"{about}; it usually reports every {span(usual)}" if usual else about
        case "battery":
            days = evidence.get("days_left")
            left = "" if days is None else f", which lasts about {max(round(days), 0)} days as it goes"
            return f"battery at {size:.0f} %{left}"
        case "clock":
            way = "behind" if size > 0 else "ahead"
            if evidence.get("steady"):
                return f"clock is {span(abs(size))} {way}; the times it claims are corrected by that"
            return f"clock is {span(abs(size))} {way} at the moment and does not stand still: its times are not safe"
        case "stuck":
            value = evidence.get("value")
            shown = "the same" if value is None else f"exactly {value:g} {_UNITS.get(kind, '')}".rstrip()
            others = ", while its neighbours moved" if evidence.get("neighbours") else ""
            return f"has said {shown} for {size:.0f} hours{others}"
        case "spikes":
            return f"{size:.0f} single values far off within a day"
        case "noisy":
            return f"changes from one reading to the next {size:.0f} times as much as it used to"
        case "drift":
            way = "above" if size > 0 else "below"
            against = evidence.get("against") or []
            by = f"{abs(size):.1f} {_UNITS.get(kind, '')}".rstrip()
            if evidence.get("alone"):
                return f"reads {by} {way} what {against[0]} lets expect; one of the two has moved"
            one = "lets" if len(against) == 1 else "let"
            return f"reads {by} {way} what {_neighbours(against)} {one} expect"
        case "scale":
            way = "more" if size > 0 else "less"
            return f"shows {abs(size):.1f} % {way} than lay on it, by {evidence.get('weighings', 0)} weighings"
        case "calibration":
            if size < 0:
                return f"calibration is {-size:.0f} days overdue"
            return f"calibration is due in {size:.0f} days"
    return cause


def off(kind: str, by: Deviation) -> str:
    """By how much a device is off, such as 'reads 0.4 °C high' or 'shows 2.0 % too much'."""
    told = []
    if by.span != 1.0:
        told.append(f"shows {abs(by.span - 1) * 100:.1f} % too {'much' if by.span > 1 else 'little'}")
    if by.zero != 0.0:
        size = f"{abs(by.zero):.2f}".rstrip("0").rstrip(".")
        told.append(f"reads {size} {_UNITS.get(kind, '')}".rstrip() + (" high" if by.zero > 0 else " low"))
    return " and ".join(told) or "is exact"


def to_do(cause: str) -> str:
    """What a person can do about it."""
    return {
        "silent": "Look whether it has power, and whether the gateway and the network near it are up.",
        "battery": "Change its battery; that it is another one is recognised by itself.",
        "clock": "Set its clock and its time zone, or have it leave the time out: then the time of arrival counts.",
        "stuck": "Warm it with a hand: if its value stays, restart or replace it.",
        "spikes": "Look at its cable and its plug, or replace it.",
        "noisy": "Look whether it still hangs where it did, at its cable, and for what may disturb it.",
        "drift": "Hold a thermometer that is known to be right beside it. Then say below who was right.",
        "scale": "Put a reference weight on it and say what it shows; level it, clear what touches it, calibrate it.",
        "calibration": "Have it calibrated, then record the certificate.",
    }.get(cause, "Look at it.")


def span(seconds: float | None) -> str:
    """A length of time, in the unit that says it best."""
    if seconds is None:
        return "an unknown time"
    for size, unit in ((86_400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _neighbours(names: Sequence[str]) -> str:
    many = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven"}
    return names[0] if len(names) == 1 else f"its {many.get(len(names), str(len(names)))} neighbours"
