"""What was done to orders, shipments and transfers, in words; and reading the forms that their pages share."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.core.errors import Fault, Invalid, NotFound
from shelfwise.records import service as records

_DONE = {
    "sales.entered": "taken by hand",
    "sales.noted": "a note was written",
    "sales.put_first": "put first",
    "sales.held_back": "promise taken back",
    "sales.let_wait": "waits its turn again",
    "sales.allowed_part": "may go in parts",
    "sales.issued": "left the house",
    "sales.cancelled": "cancelled",
    "sales.returned": "came back",
    "shipment.begun": "shipment begun",
    "shipment.picked": "picked",
    "shipment.packed": "packed",
    "shipment.shipped": "shipped",
    "shipment.cancelled": "shipment cancelled, goods put back",
    "shipment.reopened": "shipment reopened",
    "transfer.drafted": "drafted",
    "transfer.edited": "changed",
    "transfer.approved": "approved, and promised at the source",
    "transfer.shipped": "left",
    "transfer.received": "arrived",
    "transfer.came_back": "back at the source",
    "transfer.over": "more came than had left",
    "transfer.written_off": "written off",
    "transfer.closed": "closed",
    "transfer.cancelled": "cancelled",
    "document.file_added": "file kept",
}
_ABOUT = ("number", "sku", "quantity", "asked", "place", "carrier", "tracking", "source", "was", "reason", "file")


def done(action: str, detail: dict[str, Any]) -> str:
    """What was done, in one line."""
    words = _DONE.get(action, action.replace(".", " ").replace("_", " "))
    if action == "sales.allowed_part" and not detail.get("allow"):
        words = "goes whole or not at all"
    if isinstance(detail.get("lines"), dict):
        words += ": " + ", ".join(f"{much} of line {line}" for line, much in sorted(detail["lines"].items()))
    about = [f"{name} {detail[name]}" if name in ("asked", "was") else str(detail[name]) for name in _ABOUT
             if detail.get(name)]  # fmt: skip
    return f"{words} ({', '.join(about)})" if about else words


def new_source() -> str:
    """One for each showing of a form, so that sending it twice does it once."""
    return f"page:{secrets.token_hex(8)}"


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=2000)


Sent = Annotated[FormData, Depends(_sent)]


def text(sent: FormData, name: str, limit: int = 500) -> str:
    """A field of a form, without blanks around it.

    Raises:
        Invalid: it is too long.
    """
    value = str(sent.get(name, "")).strip()
    if len(value) > limit:
        raise Invalid(Fault(name, f"at most {limit} characters", f"{len(value)}", "Shorten it."))
    return value


def item_of(ctx: Context, sku: str, row: int) -> int:
    """
    Raises:
        Invalid: there is no such item.
    """
    try:
        return records.item_named(ctx, sku).item_id
    except NotFound as error:
        raise Invalid(
            Fault(f"line {row}, item", "an item that exists", repr(sku[:60]), "Correct the SKU, or add the item.")
        ) from error
