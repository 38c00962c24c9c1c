"""Transfers between sites as documents: drafting, looking up, what is on the road. stock.transfers moves the goods."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Forbidden, NotFound, Refused
from shelfwise.orders import purchase_tables
from shelfwise.orders import transfers_tables as tables
from shelfwise.orders.model import CLOCK_TOLERANCE, amount_faults
from shelfwise.orders.sales_orders import Changed
from shelfwise.orders.sales_tables import entered_before
from shelfwise.orders.transfers_model import Transfer, TransferState
from shelfwise.records import tables as records_tables
from shelfwise.records.model import refuse, text_faults
from shelfwise.store.database import notify, rows

COUNTER = "transfer"
MOST_LINES = 500


def draft_transfer(
    ctx: Context,
    from_site_id: int,
    to_site_id: int,
    lines: Sequence[tuple[int, Decimal]],
    expected_at: datetime,
    note: str = "",
    source: str | None = None,
    line_keys: Sequence[str] = (),
) -> Transfer:
    """Plan to move goods from one site to another: (item, quantity). Nothing is promised yet.

    Args:
        source: the stable key of this telling: told twice, it is one draft. None: each is one of its own.
        line_keys: of the decision behind each line, see `transfers_of_decisions`.

    Raises:
        Forbidden: the actor may not transfer goods from the source.
        Invalid: a field cannot be right.
        NotFound: the destination does not exist.
    """
    ctx.require(Right.TRANSFER_GOODS, from_site_id)
    if to_site_id not in {site.site_id for site in records_tables.sites(ctx.tx, ctx.tenant)}:
        raise NotFound("site", to_site_id)
    faults = [*_faults(ctx, lines, expected_at, note)]
    if from_site_id == to_site_id:
        faults.append(Fault("to_site", "another site", "the same", "Move goods within a site by putting them away."))
    refuse(faults)
    purchase_tables.lock_counter(ctx.tx, ctx.tenant, COUNTER)
    if source is not None and (known := entered_before(ctx.tx, ctx.tenant, "transfer.drafted", source)):
        return transfer(ctx, int(known.removeprefix("transfer:")))
    number = f"TR-{purchase_tables.next_number(ctx.tx, ctx.tenant, COUNTER):06d}"
    transfer_id = tables.insert_transfer(
        ctx.tx, ctx.tenant, number, from_site_id, to_site_id, expected_at, note, ctx.actor.by, ctx.now
    )
    tables.set_lines(ctx.tx, ctx.tenant, transfer_id, lines, line_keys)
    ctx.audit("transfer.drafted", f"transfer:{transfer_id}", number=number, count=len(lines), key=source)
    notify(ctx.tx, "live", "orders")
    return transfer(ctx, transfer_id)


def edit_transfer(
    ctx: Context, transfer_id: int, lines: Sequence[tuple[int, Decimal]], expected_at: datetime, note: str = ""
) -> Transfer:
    """Change a draft.

    Raises:
        Forbidden, Invalid: as `draft_transfer`.
        NotFound: there is no such transfer.
        Refused: it is no draft any more.
    """
    found = to_change(ctx, transfer_id, Right.TRANSFER_GOODS)
    refuse(_faults(ctx, lines, expected_at, note))
    if found.state != "draft":
        raise Refused(f"{found.number} is {words(found.state)} and cannot be edited. Cancel it and draft another one.")
    tables.set_lines(ctx.tx, ctx.tenant, transfer_id, lines)
    tables.set_head(ctx.tx, ctx.tenant, transfer_id, expected_at, note)
    ctx.audit("transfer.edited", f"transfer:{transfer_id}", lines=len(lines))
    notify(ctx.tx, "live", "orders")
    return transfer(ctx, transfer_id)


def _faults(ctx: Context, lines: Sequence[tuple[int, Decimal]], expected_at: datetime, note: str) -> list[Fault]:
    quanta = records_tables.quanta(ctx.tx, ctx.tenant, {item_id for item_id, _ in lines})
    faults = [
        fault
        for row, (item_id, quantity) in enumerate(lines, 1)
        for fault in amount_faults(quantity, item_id, quanta, f"line {row}, quantity")
    ]
    if not 0 < len(lines) <= MOST_LINES:
        faults.append(Fault("lines", f"1 to {MOST_LINES} lines", str(len(lines)), "Say what is to go."))
    if len({item_id for item_id, _ in lines}) < len(lines):
        faults.append(Fault("lines", "each item once", "an item twice", "Add the quantities up."))
    if expected_at.utcoffset() is None or expected_at < ctx.now - CLOCK_TOLERANCE:
        faults.append(Fault("expected_at", "a time to come, with its zone", expected_at.isoformat(), "Correct it."))
    return [*faults, *text_faults(note, "note")]


def to_change(ctx: Context, transfer_id: int, right: Right, at_destination: bool = False) -> Transfer:
    """The transfer, locked, if the actor has the right at its source, or at its destination.

    Raises:
        Forbidden: the actor lacks the right there.
        NotFound: there is no such transfer.
    """
    ctx.require_somewhere(right)
    found = tables.transfers(ctx.tx, ctx.tenant, transfer_id=transfer_id)
    if not found:
        raise NotFound("transfer", transfer_id)
    ctx.require(right, found[0].to_site_id if at_destination else found[0].from_site_id)
    tables.lock_transfer(ctx.tx, ctx.tenant, transfer_id)
    return tables.transfers(ctx.tx, ctx.tenant, transfer_id=transfer_id)[0]


def transfer(ctx: Context, transfer_id: int) -> Transfer:
    """
    Raises:
        Forbidden: the actor may look at neither of its sites.
        NotFound: there is no such transfer.
    """
    ctx.require_somewhere(Right.VIEW)
    found = tables.transfers(ctx.tx, ctx.tenant, transfer_id=transfer_id)
    if not found:
        raise NotFound("transfer", transfer_id)
    if not any(ctx.actor.may(Right.VIEW, site) for site in (found[0].from_site_id, found[0].to_site_id)):
        raise Forbidden(f"{ctx.actor} may look at neither site of this transfer. Ask a manager to change your role.")
    return found[0]


def transfers(ctx: Context, states: Collection[TransferState] | None = None, limit: int = 200) -> list[Transfer]:
    """Transfers in some states or all, newest first, from or to sites that the actor may see."""
    return tables.transfers(ctx.tx, ctx.tenant, states=states, sites=ctx.sites(Right.VIEW), limit=limit)


def in_transit(ctx: Context, site_id: int) -> dict[int, list[tuple[Decimal, datetime]]]:
    """What is on the road to a site: for each item (quantity, expected at), soonest first. See `on_order`."""
    ctx.require(Right.VIEW, site_id)
    coming: dict[int, list[tuple[Decimal, datetime]]] = {}
    for item_id, quantity, expected_at in tables.in_transit(ctx.tx, ctx.tenant, site_id):
        coming.setdefault(item_id, []).append((quantity, expected_at))
    return coming


def coming(ctx: Context, site_id: int) -> dict[int, list[tuple[Decimal, datetime]]]:
    """What is on the road to a site or promised to it: for each item (quantity, expected at), soonest first."""
    ctx.require(Right.VIEW, site_id)
    found: dict[int, list[tuple[Decimal, datetime]]] = {}
    for item_id, quantity, expected_at in tables.in_transit(ctx.tx, ctx.tenant, site_id, promised=True):
        found.setdefault(item_id, []).append((quantity, expected_at))
    return found


def being_moved(ctx: Context) -> set[tuple[int, int, int]]:
    """(item, from, to) of what somebody plans to move, has promised or has sent, and that is not all there yet."""
    return tables.being_moved(ctx.tx, ctx.tenant, ctx.sites(Right.VIEW))


def transfers_of_decisions(ctx: Context, keys: Collection[str]) -> dict[str, int]:
    """The transfer that was made for each of these decisions; those without one are left out."""
    ctx.require_somewhere(Right.VIEW)
    return tables.transfers_of_decisions(ctx.tx, ctx.tenant, keys)


def decisions_of(ctx: Context, transfer_id: int) -> list[str]:
    """The keys of the decisions that a transfer was made for.

    Raises:
        Forbidden, NotFound: as `transfer`.
    """
    transfer(ctx, transfer_id)
    return tables.decisions_of(ctx.tx, ctx.tenant, transfer_id)


def forget_decisions(ctx: Context, transfer_id: int) -> None:
    """A cancelled transfer stands for no decision any more, so that they can be taken anew."""
    found = to_change(ctx, transfer_id, Right.TRANSFER_GOODS)
    if found.state != "cancelled":
        raise Refused(f"{found.number} is {words(found.state)}: what was decided for it stands. Cancel it first.")
    tables.forget_decisions(ctx.tx, ctx.tenant, transfer_id)
    ctx.audit("transfer.forgotten", f"transfer:{transfer_id}", number=found.number)


def history_of(ctx: Context, transfer_id: int) -> list[Changed]:
    """What was done to a transfer, newest first.

    Raises:
        Forbidden, NotFound: as `transfer`.
    """
    transfer(ctx, transfer_id)
    return rows(
        ctx.tx,
        Changed,
        """select business_at, actor_name, action, null::int as line, detail from audit_entry
           where tenant_id = %s and subject = %s order by audit_id desc limit 200""",
        (ctx.tenant, f"transfer:{transfer_id}"),
    )


def words(state: TransferState) -> str:
    """A state as people say it."""
    return {
        "draft": "a draft",
        "approved": "approved",
        "in_transit": "on the road",
        "part_received": "received in part",
        "received": "received",
        "closed": "closed",
        "cancelled": "cancelled",
    }[state]
