"""How numbers, money and times are written for people, as the one who asks writes them (see `writing`).

Pure but for that: the same input gives the same words.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from shelfwise.core.quantities import plain
from shelfwise.web.writing import signed, written_day

_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}


def number(value: Decimal | float | int | None, places: int | None = None) -> str:
    """A number with grouped thousands: 1,234.5; an en dash for what is unknown (unknown is not zero).

    Args:
        value: the number.
        places: decimals to round to; None keeps a Decimal exact and rounds a float to one at most.
    """
    if value is None:
        return "–"
    if places is not None:
        text = f"{value:.{places}f}"
    elif isinstance(value, float):
        text = f"{value:.1f}".removesuffix(".0")
    else:
        text = plain(Decimal(value))
    return signed(text)


def money(amount: Decimal | float | None, currency: str = "") -> str:
    """An amount with two decimals and its currency: £1,234.50 or 1,234.50 SEK."""
    if amount is None:
        return "–"
    text = number(Decimal(str(amount)).copy_abs(), 2)
    sign = "−" if amount < 0 else ""
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{text}" if symbol else f"{sign}{text} {currency}".rstrip()


def temperature(value: float | None) -> str:
    """Degrees Celsius with one decimal."""
    return f"{number(value, 1)} °C" if value is not None else "no reading"


def percent(share: float | None) -> str:
    """A share of one as whole percents; what is above 0 and below 1 % says so, and what is above 99 % and not sure."""
    if share is None:
        return "–"
    if 0 < share < 0.01:
        return "< 1 %"
    if 0.99 < share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def span(length: timedelta) -> str:
    """A length of time in its largest unit: 40 s, 4 min, 3 h, 2 days, 5 weeks."""
    seconds = abs(length.total_seconds())
    units: tuple[tuple[int, str, int], ...] = ((60, "s", 1), (3600, "min", 60), (48 * 3600, "h", 3600))
    for limit, unit, size in units:
        if seconds < limit:
            return f"{int(seconds // size)} {unit}"
    days = int(seconds // 86400)
    return f"{days} days" if days < 21 else f"{days // 7} weeks" if days < 120 else f"{days // 30} months"


def ago(instant: datetime | None, now: datetime) -> str:
    """An instant relative to now: just now, 4 min ago, in 3 days; never, where there is none."""
    if instant is None:
        return "never"
    gone = now - instant
    if abs(gone) < timedelta(seconds=10):
        return "just now"
    return f"{span(gone)} ago" if gone > timedelta(0) else f"in {span(gone)}"


def exact(instant: datetime, zone: ZoneInfo) -> str:
    """An instant in full, at a site: Mon 2 Mar 2026, 12:00:05 (Europe/London)."""
    local = instant.astimezone(zone)
    return f"{written_day(local.date(), weekday=True)}, {local:%H:%M:%S} ({zone.key})"


def short_day(instant: datetime, zone: ZoneInfo) -> str:
    """The day of an instant at a site: Mon 2 Mar."""
    local = instant.astimezone(zone)
    return written_day(local.date(), weekday=True, year=False)


def machine(instant: datetime) -> str:
    """For the datetime attribute and for scripts: RFC 3339 in UTC."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def readable(payload: bytes, limit: int = 4096) -> tuple[str, str]:
    """Bytes for showing: as text with what cannot be shown escaped, and as a hex dump; both cut at `limit` bytes."""
    head = payload[:limit]
    text = "".join(
        ch if ch.isprintable() or ch in "\n\t" else f"\\x{ord(ch):02x}"
        for ch in head.decode("utf-8", "backslashreplace")
    )
    lines = []
    for start in range(0, len(head), 16):
        row = head[start : start + 16]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start:06x}  {row.hex(' '):<47}  {shown}")
    return text, "\n".join(lines)
