"""A purchase order as a letter and on paper, from the message that carries it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from shelfwise.core.quantities import plain

_TITLES = {
    "order": "Purchase order",
    "change": "Changed purchase order",
    "cancel": "Cancellation of purchase order",
}
# How numbers are written for whom: between thousands, and before decimals.
NUMBERS = {"en": (",", "."), "de": (".", ","), "fr": ("\u202f", ",")}
_TEMPLATE = Path(__file__).with_name("order.typ")


@dataclass(frozen=True)
class Paper:
    """What the supplier gets to read."""

    subject: str
    text: str
    file_name: str
    pdf: bytes


def paper(body: dict[str, Any], copy: bool = False) -> Paper:
    """Set an order as `outgoing.send` writes it into its message.

    Args:
        copy: it may have arrived before, and says so.
    """
    what = str(body.get("what", "order"))
    subject = f"{_TITLES[what]} {body['number']}"
    if buyer := str(body.get("buyer", "")):
        subject += f" from {buyer}"
    if copy:
        subject = f"Copy: {subject}"
    return Paper(subject, _text(body, what, copy), f"{body['number']}.pdf", pdf(body, copy))


def pdf(body: dict[str, Any], copy: bool = False) -> bytes:
    """The order as a PDF. What is not in the fonts at hand (Latin, Greek, Cyrillic) shows as an empty box."""
    import typst  # 34 MB of machine code: only whoever sets a paper loads it

    style = str(body.get("numbers", "en"))
    shown = {
        "what": body.get("what", "order"),
        "number": body["number"],
        "revision": str(body.get("revision", 1)),
        "buyer": body.get("buyer", ""),
        "buyer_address": _block(body, "buyer_address", "buyer_contact"),
        "tax_number": body.get("buyer_tax_number", ""),
        "supplier": body.get("supplier", ""),
        "supplier_address": _block(body, "supplier_address"),
        "account": body.get("account") or "",
        "site": body.get("deliver_to") or body.get("site", ""),
        "site_address": _block(body, "deliver_to_address"),
        "expected": _day(body),
        "note": body.get("note", ""),
        "currency": body["currency"],
        "total": _money(Decimal(body["total"]), style),
        "copy": copy,
        "lines": [
            {
                "line": str(line["line"]),
                "sku": line["sku"],
                "description": line.get("description", ""),
                "quantity": _quantity(line, style),
                "unit_cost": _money(Decimal(line["unit_cost"]), style),
                "total": _money(Decimal(line["quantity"]) * Decimal(line["unit_cost"]), style),
            }
            for line in body["lines"]
        ],
    }
    made = typst.compile(_template(), sys_inputs={"order": json.dumps(shown)})
    if not isinstance(made, bytes):
        raise TypeError(f"one PDF was expected, {type(made).__name__} came")
    return made


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


def _text(body: dict[str, Any], what: str, copy: bool) -> str:
    opening = {
        "order": "please deliver what this order lists.",
        "change": f"please change what we sent before under its number to this, version {body.get('revision')} of our "
        "order, and tell us whether you do.",
        "cancel": "we no longer need this order. Please confirm that you will not deliver it.",
    }[what]
    style = str(body.get("numbers", "en"))
    lines = [
        f"{line['line']:>3}  {_quantity(line, style)} of {line['sku']} {line.get('description', '')}, "
        f"{_money(Decimal(line['unit_cost']), style)} each"
        if Decimal(line["quantity"])
        else f"{line['line']:>3}  no longer wanted: {line['sku']} {line.get('description', '')}"
        for line in body["lines"]
    ]
    ends = [
        ("Our number with you", body.get("account") or ""),
        ("Deliver to", ", ".join([str(body.get("deliver_to", "")), *_block(body, "deliver_to_address")]).strip(", ")),
    ]
    return "\n".join(
        [
            "Good day,",
            "",
            *(["This is a copy. If you have this order already, please do not deliver it twice.", ""] if copy else []),
            opening[0].upper() + opening[1:],
            "",
            f"Order {body['number']}, expected {_day(body)}",
            *(f"{name}: {said}" for name, said in ends if said),
            "",
            *lines,
            "",
            f"Total {_money(Decimal(body['total']), style)} {body['currency']}",
            *(["", body["note"]] if body.get("note") else []),
            "",
            "The order is attached as a PDF.",
            str(body.get("buyer", "")),
            *_block(body, "buyer_address", "buyer_contact", "buyer_tax_number"),
        ]
    )


def _day(body: dict[str, Any]) -> str:
    """The day that goods are expected on, at the site; messages of earlier versions know the instant alone."""
    return f"{datetime.fromisoformat(body.get('expected_on') or body['expected_at']):%-d %B %Y}"


def _block(body: dict[str, Any], *names: str) -> list[str]:
    """Lines of an address, without empty ones."""
    return [line.strip() for name in names for line in str(body.get(name) or "").splitlines() if line.strip()]


def _quantity(line: dict[str, Any], style: str) -> str:
    amount = Decimal(line["quantity"])
    return f"{_number(plain(amount), style)} {line.get('unit', '')}".strip() if amount else "no longer wanted"


def _money(amount: Decimal, style: str = "en") -> str:
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    return _number(f"{amount:,.{min(places, 6)}f}", style)


def _number(text: str, style: str) -> str:
    """A number as its readers write it: 1,234.50, or 1.234,50, or 1 234,50."""
    thousands, point = NUMBERS.get(style, NUMBERS["en"])
    return "".join({",": thousands, ".": point}.get(one, one) for one in text)
