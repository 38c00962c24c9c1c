"""Files that belong to a document: an offer, a delivery note, a carrier's label, a photograph of what came broken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound
from shelfwise.orders import sales_orders, shipments, transfers
from shelfwise.orders.purchases import order_of
from shelfwise.store.database import first, notify, rows, value

LARGEST = 10_000_000
LONGEST_NAME = 200
# Whoever has to do with goods or orders may keep a file with a document.
_MAY_KEEP = (
    Right.RECEIVE_GOODS, Right.ISSUE_GOODS, Right.DECIDE_PROPOSALS, Right.TAKE_ORDERS, Right.TRANSFER_GOODS,
)  # fmt: skip


@dataclass(frozen=True)
class Attachment:
    """A file of a document, without its content; `size` in bytes."""

    attachment_id: int
    file_name: str
    size: int
    added_by: str
    added_at: datetime


@dataclass(frozen=True)
class Document:
    """What files belong to.

    Attributes:
        about: its kind and key, such as 'transfer:2'.
        number: as people call it.
        sites: where it belongs; who has a right at one of them has it on the document.
        rights: one of these is needed to keep a file with it.
    """

    about: str
    number: str
    sites: frozenset[int]
    rights: tuple[Right, ...]


@dataclass(frozen=True)
class _Content:
    about: str
    file_name: str
    content: bytes


def _purchase(ctx: Context, key: str) -> Document:
    found = order_of(ctx, _id(key))
    return Document("", found.number, frozenset({found.site_id}), (Right.DECIDE_PROPOSALS, Right.RECEIVE_GOODS))


def _sale(ctx: Context, key: str) -> Document:
    found = sales_orders.sales_order(ctx, key)
    sites = frozenset(line.site_id for line in found.lines)
    return Document("", found.order_number, sites, (Right.TAKE_ORDERS, Right.ISSUE_GOODS, Right.RECEIVE_GOODS))


def _shipment(ctx: Context, key: str) -> Document:
    found = shipments.shipment(ctx, _id(key))
    return Document("", found.number, frozenset({found.site_id}), (Right.ISSUE_GOODS,))


def _transfer(ctx: Context, key: str) -> Document:
    found = transfers.transfer(ctx, _id(key))
    ends = frozenset({found.from_site_id, found.to_site_id})
    return Document("", found.number, ends, (Right.TRANSFER_GOODS, Right.ISSUE_GOODS, Right.RECEIVE_GOODS))


_KINDS: dict[str, Callable[[Context, str], Document]] = {
    "purchase_order": _purchase,
    "sales_order": _sale,
    "shipment": _shipment,
    "transfer": _transfer,
}


def document(ctx: Context, about: str) -> Document:
    """What this names, for somebody who may see it.

    Raises:
        NotFound: there is no such document.
        Forbidden: it is at sites that the actor may not see.
    """
    ctx.require_somewhere(Right.VIEW)
    kind, _, key = about.partition(":")
    if kind not in _KINDS:
        raise NotFound("document", about)
    found = _KINDS[kind](ctx, key)
    _require_one(ctx, (Right.VIEW,), found.sites)
    return Document(about, found.number, found.sites, found.rights)


def require_attaching(ctx: Context, about: str) -> Document:
    """The document, for somebody who may keep a file with it.

    Raises:
        Forbidden: the actor has nothing to do with it.
        NotFound: there is no such document.
    """
    if not any(ctx.actor.may_somewhere(right) for right in _MAY_KEEP):
        ctx.require_somewhere(_MAY_KEEP[0])
    found = document(ctx, about)
    _require_one(ctx, found.rights, found.sites)
    return found


def add_attachment(ctx: Context, about: str, file_name: str, content: bytes) -> int:
    """Keep a file with a document; returns its id.

    Raises:
        Forbidden: the actor has nothing to do with it.
        Invalid: it is empty or larger than 10 MB, or its name cannot be right.
        NotFound: there is no such document.
    """
    found = require_attaching(ctx, about)
    name = file_name.replace("\\", "/").rpartition("/")[2].strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid(Fault("file", f"a name of 1 to {LONGEST_NAME} characters", repr(name[:40]), "Rename the file."))
    if not 0 < len(content) <= LARGEST:
        raise Invalid(Fault("file", "1 byte to 10 MB", f"{len(content):,} bytes", "Choose a smaller file."))
    attachment_id: int = value(
        ctx.tx,
        """insert into attachment (tenant_id, about, file_name, content, added_by, added_at)
           values (%s, %s, %s, %s, %s, %s) returning attachment_id""",
        (ctx.tenant, about, name, content, ctx.actor.by, ctx.now),
    )
    ctx.audit("document.file_added", about, number=found.number, file=name)
    notify(ctx.tx, "live", "orders")
    return attachment_id


def attachments(ctx: Context, about: str) -> list[Attachment]:
    """The files of a document, oldest first.

    Raises:
        NotFound: there is no such document.
        Forbidden: it is at sites that the actor may not see.
    """
    document(ctx, about)
    return rows(
        ctx.tx,
        Attachment,
        """select attachment_id, file_name, length(content) as size, added_by, added_at from attachment
           where tenant_id = %s and about = %s order by attachment_id""",
        (ctx.tenant, about),
    )


def attachment(ctx: Context, attachment_id: int) -> tuple[str, bytes]:
    """Name and content of a file.

    Raises:
        NotFound: there is no such file.
        Forbidden: its document is at sites that the actor may not see.
    """
    ctx.require_somewhere(Right.VIEW)
    found = first(
        ctx.tx,
        _Content,
        "select about, file_name, content from attachment where tenant_id = %s and attachment_id = %s",
        (ctx.tenant, attachment_id),
    )
    if found is None:
        raise NotFound("file", attachment_id)
    document(ctx, found.about)
    return found.file_name, found.content


def _id(key: str) -> int:
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        raise NotFound("document", key)
    return int(key)


def _require_one(ctx: Context, rights: Sequence[Right], sites: Collection[int]) -> None:
    """One of the rights at one of the sites."""
    if not any(ctx.actor.may(right, site_id) for right in rights for site_id in sites):
        ctx.require(rights[0], min(sites))
