"""What a tag stands for, and EPCs as people and readers tell them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shelfwise.core.errors import Fault, Invalid, shorten

MOST_AT_ONCE = 2000
_HEX = re.compile(r"(?:[0-9A-F]{4}){1,31}")
_APART = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class Tag:
    """A row of what a tag is or was on; an EPC with several rows at a time is on a mixed pallet.

    Attributes:
        quantity: of the item under it, in its unit: 1 on a piece, what a case holds on a case.
        number: of the purchase order at whose receipt it was bound.
        ended: 'unbound', 'killed' or 'replaced'; None: it is on.
    """

    tag_id: int
    epc: str
    line: int
    item_id: int
    sku: str
    unit: str
    lot: str | None
    serial: str | None
    quantity: Decimal
    sscc: str | None
    site_id: int
    purchase_order_id: int | None
    purchase_line: int | None
    number: str | None
    bound_at: datetime
    bound_by: str
    ended_at: datetime | None
    ended_by: str | None
    ended: str | None
    replaced_by: str | None
    note: str


@dataclass(frozen=True)
class Content:
    """So much of an item, under a tag."""

    item_id: int
    quantity: Decimal
    lot: str | None = None
    serial: str | None = None


@dataclass(frozen=True)
class Meaning:
    """What an EPC stands for.

    Attributes:
        bound: somebody said so; else it follows from the GTIN in the tag.
    """

    content: tuple[Content, ...]
    bound: bool


def read_epcs(text: str) -> list[str]:
    """EPCs as a handheld types them or a person pastes them, each once, in the order told.

    Raises:
        Invalid: one is none, or there are too many or none.
    """
    told = [one.upper().removeprefix("0X") for one in _APART.split(text.strip()) if one]
    epcs = list(dict.fromkeys(told))
    faults = list(_faults(epcs))
    if not epcs:
        faults.append(Fault("tags", "at least one EPC", "none", "Read the tags, or type what is printed on them."))
    if len(epcs) > MOST_AT_ONCE:
        remedy = "Tell them in parts."
        faults.append(Fault("tags", f"at most {MOST_AT_ONCE} at once", str(len(epcs)), remedy))
    if faults:
        raise Invalid(*faults[:20])
    return epcs


def _faults(epcs: Sequence[str]) -> Iterator[Fault]:
    for row, epc in enumerate(epcs, 1):
        if not _HEX.fullmatch(epc):
            expected = "EPC memory: hexadecimal digits in groups of four, mostly 24 of them"
            yield Fault(f"tag {row}", expected, shorten(epc), "Read the tag again.")


def zpl(epcs: Sequence[str], name: str) -> str:
    """Labels for an RFID printer that speaks ZPL: each writes its EPC to the chip and prints it in words."""
    said = "".join(char for char in name if char.isalnum() or char in " .-")[:40]
    return "".join(
        f"^XA^RS8^RFW,H^FD{epc}^FS^FO40,40^A0N,40,40^FD{said}^FS^FO40,100^A0N,28,28^FD{epc}^FS^XZ\n" for epc in epcs
    )


def one_piece(item_id: int, quantity: Decimal = Decimal(1), lot: str | None = None) -> list[Content]:
    """What is under the tags of a page that asks for one item."""
    return [Content(item_id, quantity, lot or None)]
