"""A purchase order as a letter and on paper, from the message that carries it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

_TITLES = {
    "order": "Purchase order",
    "change": "Changed purchase order",
    "cancel": "Cancellation of purchase order",
}
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

    shown = {
        "what": body.get("what", "order"),
        "number": body["number"],
        "revision": str(body.get("revision", 1)),
        "buyer": body.get("buyer", ""),
        "supplier": body.get("supplier", ""),
        "account": body.get("account") or "",
        "site": body.get("deliver_to") or body.get("site", ""),
        "expected": _day(body["expected_at"]),
        "note": body.get("note", ""),
        "currency": body["currency"],
        "total": _money(Decimal(body["total"])),
        "copy": copy,
        "lines": [
            {
                "line": str(line["line"]),
                "sku": line["sku"],
                "description": line.get("description", ""),
                "unit": line.get("unit", ""),
                "quantity": line["quantity"],
                "unit_cost": _money(Decimal(line["unit_cost"])),
                "total": _money(Decimal(line["quantity"]) * Decimal(line["unit_cost"])),
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
        "change": f"this is version {body.get('revision')} of our order. It replaces what we sent before under its "
        "number; please confirm it.",
        "cancel": "we no longer need this order. Please confirm that you will not deliver it.",
    }[what]
    lines = [
        f"{line['line']:>3}  {line['quantity']} {line.get('unit', '')} of {line['sku']} {line.get('description', '')}"
        for line in body["lines"]
    ]
    return "\n".join(
        [
            "Good day,",
            "",
            *(["This is a copy. If you have this order already, please do not deliver it twice.", ""] if copy else []),
            opening[0].upper() + opening[1:],
            "",
            f"Order {body['number']}, expected {_day(body['expected_at'])}",
            *lines,
            "",
            f"Total {_money(Decimal(body['total']))} {body['currency']}",
            *(["", body["note"]] if body.get("note") else []),
            "",
            "The order is attached as a PDF.",
            str(body.get("buyer", "")),
        ]
    )


def _day(instant: str) -> str:
    return f"{datetime.fromisoformat(instant):%-d %B %Y}"


def _money(amount: Decimal) -> str:
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:,.{min(places, 6)}f}"
