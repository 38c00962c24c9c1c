"""Exact quantities: decimals that are whole multiples of an item's quantum."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

from shelfwise.core.errors import Fault, Invalid, shorten

ZERO = Decimal(0)


def quantity(text: object, where: str = "quantity") -> Decimal:
    """Read a finite decimal number.

    Raises:
        Invalid: not a number, or NaN or infinite.
    """
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise Invalid(Fault(where, "a finite decimal number such as 12 or 0.5", shorten(text), "Correct the number."))
    return value


def round_up(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of `step` that is at least `value`."""
    return (value / step).to_integral_value(rounding=ROUND_CEILING) * step


def round_down(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is at most `value`."""
    return (value / step).to_integral_value(rounding=ROUND_FLOOR) * step


def plain(value: Decimal) -> str:
    """The value without an exponent and without trailing zeros: 12, 0.5, 1200."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
