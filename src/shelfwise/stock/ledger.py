"""How the ledger is written: lock the levels, settle, append, then let balances, promises and facts follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.core.errors import NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.records.books import books
from shelfwise.stock import lots, serials, tables, writing
from shelfwise.stock.model import SHORT, TOLD_BY_ERP, Batch, Entry, Spot, StockLevel, stockout_change
from shelfwise.stock.settling import BalanceKey, LotFacts, Lying, Settled, place_changes, settle
from shelfwise.stock.tables import Fact, Key


@dataclass(frozen=True)
class Map:
    """The places that entries may name.

    Attributes:
        virtual: by (site, kind) the places each site has one of; where it has several for packing, the first.
    """

    spots: Mapping[int, Spot]
    virtual: Mapping[tuple[int, str], int]

    def unaccounted(self) -> dict[int, int]:
        return {site_id: place_id for (site_id, kind), place_id in self.virtual.items() if kind == "unaccounted"}


def read_map(ctx: Context, place_ids: Collection[int], site_ids: Collection[int] = ()) -> Map:
    """The named places and the virtual ones of their sites and of `site_ids`.

    Raises:
        NotFound: a place does not exist.
    """
    wanted = set(place_ids)
    found = tables.spots_and_standing(ctx.tx, ctx.tenant, wanted, set(site_ids))
    spots = {spot.place_id: spot for spot in found}
    if missing := wanted - spots.keys():
        raise NotFound("place", min(missing))
    virtual: dict[tuple[int, str], int] = {}
    for spot in sorted(found, key=lambda one: one.place_id):
        if spot.kind not in ("bin", "dock"):
            virtual.setdefault((spot.site_id, spot.kind), spot.place_id)
    return Map(spots, virtual)


def lock(ctx: Context, keys: Collection[Key]) -> dict[Key, StockLevel]:
    """Lock the levels of (item, site) in key order, making those that are missing: the first step of every writer."""
    return tables.lock_levels(ctx.tx, ctx.tenant, keys)


def lock_to_promise(ctx: Context, keys: Collection[Key]) -> dict[Key, StockLevel]:
    """As `lock`, for who is about to promise: what is past its last day is blocked before the night took it out."""
    levels = lock(ctx, keys)
    for key, much in lots.expired(ctx.tx, ctx.tenant, keys, ctx.now).items():
        levels[key] = levels[key].changed(ZERO, ZERO, much)
    return levels


def open_batch(ctx: Context, batch: Batch) -> int:
    """Begin a batch that several calls write into; entries name it as their batch_id."""
    return writing.new_batch(ctx.tx, ctx.tenant, batch, str(ctx.actor), ctx.now)[0]


def write(
    ctx: Context,
    levels: Mapping[Key, StockLevel],
    entries: Sequence[Entry],
    places: Map,
    released: Mapping[Key, Decimal] | None = None,
    batch: Batch | None = None,
) -> list[int]:
    """Append entries to the ledger and let all that follows from them follow; returns the id of each entry.

    An entry that names no lot becomes several lines where several lots are taken; the id is that of its first line.
    Promises never exceed what is left: the youngest are given back.

    Args:
        levels: the locked levels of every (item, site) the entries touch, as they are now.
        released: what becomes free of reservations along with it.
        batch: what the entries are called together, where they name no batch; None: after the first one's reason.

    Raises:
        Refused: a source or a reversal among them was written in the meantime, or an ERP keeps the books and did not
            tell this.
    """
    if (batch is None or batch.kind != TOLD_BY_ERP) and books(ctx).elsewhere:
        raise Refused(
            "The ERP keeps the books here, so stock is booked there: its next file brings it. Who keeps them is said "
            "on the page ERP."
        )
    settled, known = _settled(ctx, entries, places)
    written = _numbered(ctx, settled, batch or Batch(entries[0].reason))
    changed = place_changes(written.lines)
    changes = _level_changes(changed, places, released or {})
    after, taken_back = give_back(ctx, levels, {key: levels[key].changed(*change) for key, change in changes.items()})
    for key, much in taken_back.items():
        on_hand, reserved, blocked = changes[key]
        changes[key] = (on_hand, reserved - much, blocked)
    facts = _facts(ctx, settled, written, places, known)
    lines = writing.write(
        ctx.tx, ctx.tenant, written.ids, written.lines, written.parts, changed, changes, facts, ctx.now, str(ctx.actor)
    )
    if lines < len(written.ids):
        raise Refused("The same fact was recorded by somebody else just now. Look at the movements, then try again.")
    at: dict[Key, datetime] = {}
    for line in written.lines:
        key = (line.item_id, places.spots[line.to_place_id].site_id)
        at[key] = max(line.occurred_at, at.get(key, line.occurred_at))
    # Where something is available before and after, no stockout begins or ends.
    turned = {key: one for key, one in after.items() if one.available <= 0 or levels[key].available <= 0}
    if turned:
        follow_stockouts(ctx, turned, at)
    expired = {key for key, facts in known.items() if facts.expired}
    if again := expired & {(one.item_id, one.lot or "") for one in written.lines if _for_sale(one, places)}:
        lots.expire_again(ctx.tx, ctx.tenant, again)
    serials.follow(ctx, written.lines, written.ids, places.spots)
    return written.own


def _for_sale(line: Entry, places: Map) -> bool:
    return line.to_status == "available" and places.spots[line.to_place_id].real


@dataclass(frozen=True)
class _Written:
    """Lines with their ids and the first line each belongs to; and the ids of the entries' first lines."""

    lines: list[Entry]
    ids: list[int]
    parts: list[int | None]
    own: list[int]


def _settled(
    ctx: Context, entries: Sequence[Entry], places: Map
) -> tuple[list[Settled], dict[tuple[int, str], LotFacts]]:
    spots = places.spots
    taken_from = {(one.item_id, one.from_place_id) for one in entries if spots[one.from_place_id].real}
    lying: list[Lying] = []
    known: dict[tuple[int, str], LotFacts] = {}
    if taken_from:
        lying, known = tables.lying(ctx.tx, ctx.tenant, taken_from, ctx.now)
    arriving = {
        (one.item_id, one.lot): spots[one.to_place_id].site_id
        for one in entries
        if one.lot and (one.item_id, one.lot) not in known
    }
    if arriving:
        known |= lots.know(ctx.tx, ctx.tenant, arriving, ctx.now)
    return settle(entries, lying, spots, places.unaccounted(), known), known


def _numbered(ctx: Context, settled: Sequence[Settled], batch: Batch) -> _Written:
    """All lines with their ids, each correction before its entry."""
    count = sum(len(one.lines) + (one.correction is not None) for one in settled)
    batch_id: int | None = None
    if any(one.told.batch_id is None for one in settled):
        batch_id, found = writing.new_batch(ctx.tx, ctx.tenant, batch, str(ctx.actor), ctx.now, count)
    else:
        found = writing.new_movement_ids(ctx.tx, count)
    numbers = iter(found)
    written = _Written([], [], [], [])
    for one in settled:
        number = next(numbers)
        if one.correction is not None:
            first = next(numbers)
            source = f"{SHORT}{first}"
            written.lines.append(replace(one.correction, source=source, batch_id=one.told.batch_id or batch_id))
            written.ids.append(number)
            written.parts.append(None)
            number = first
        written.own.append(number)
        for position, line in enumerate(one.lines):
            written.lines.append(line if line.batch_id is not None else replace(line, batch_id=batch_id))
            written.ids.append(number if position == 0 else next(numbers))
            written.parts.append(None if position == 0 else written.own[-1])
    return written


def _level_changes(
    changed: Mapping[BalanceKey, tuple[Decimal, Decimal]], places: Map, released: Mapping[Key, Decimal]
) -> dict[Key, tuple[Decimal, Decimal, Decimal]]:
    """By how much on hand, reserved and blocked of each (item, site) change, in key order."""
    sums = {key: (ZERO, -much, ZERO) for key, much in released.items()}
    for (item_id, place_id, _, status), (much, _) in changed.items():
        spot = places.spots[place_id]
        if spot.real:
            key = (item_id, spot.site_id)
            on_hand, reserved, blocked = sums.get(key, (ZERO, ZERO, ZERO))
            sums[key] = (on_hand + much, reserved, blocked + (ZERO if status == "available" else much))
    return dict(sorted(sums.items()))


def give_back(
    ctx: Context, before: Mapping[Key, StockLevel], after: Mapping[Key, StockLevel]
) -> tuple[dict[Key, StockLevel], dict[Key, Decimal]]:
    """Take promises back where they exceed what is there: the youngest first, and their lines wait again.

    Publishes 'stock.overpromised' for each level that lost promises. The caller writes the levels.

    Returns:
        by (item, site): the levels as they are then; and how much of `reserved` was taken back, where it was.
    """
    over = {key: level.overpromised for key, level in after.items() if level.overpromised > 0}
    if not over:
        return dict(after), {}
    gone: dict[Key, Decimal] = {}
    lines: dict[Key, list[int]] = {}
    transfers: dict[Key, list[int]] = {}
    for one in tables.give_back(ctx.tx, ctx.tenant, over):
        key = (one.item_id, one.site_id)
        gone[key] = gone.get(key, ZERO) + one.quantity
        if one.sales_line_id is not None:
            lines.setdefault(key, []).append(one.sales_line_id)
        if one.transfer_id is not None:
            transfers.setdefault(key, []).append(one.transfer_id)
    facts: list[Fact] = [
        (
            "stock.overpromised",
            f"item:{key[0]}",
            {
                "item_id": key[0],
                "site_id": key[1],
                "on_hand": plain(after[key].on_hand),
                "blocked": plain(after[key].blocked),
                "reserved": plain(after[key].reserved),
                "sales_line_ids": lines.get(key, []),
                "transfer_ids": transfers.get(key, []),
            },
            ctx.now,
        )
        for key in over
        if key in gone or after[key].overpromised > before[key].overpromised
    ]
    tables.publish_all(ctx.tx, ctx.tenant, facts, ctx.now, ["orders"])
    return {key: level.changed(ZERO, -gone.get(key, ZERO)) for key, level in after.items()}, gone


def follow_stockouts(ctx: Context, levels: Mapping[Key, StockLevel], at: Mapping[Key, datetime]) -> None:
    """Open or close the stockouts of levels that are as given since `at` (now, where a key is missing)."""
    known = tables.stockout_ends(ctx.tx, ctx.tenant, levels.keys())
    changes = {}
    for key, level in levels.items():
        open_since, last_until = known.get(key, (None, None))
        change = stockout_change(level.available, open_since, last_until, at.get(key, ctx.now))
        if change is not None:
            changes[key] = change
    if changes:
        tables.change_stockouts(ctx.tx, ctx.tenant, changes)


def _unfit(one: Settled, places: Map, known: Mapping[tuple[int, str], LotFacts]) -> tuple[Decimal, bool]:
    """How much left the house that was not fit to be taken, and whether to a customer.

    To customers nothing unfit may go, however it was told; elsewhere it is told where nobody meant what is held.
    """
    start, end = places.spots[one.told.from_place_id], places.spots[one.told.to_place_id]
    if not start.real or end.real:
        return ZERO, False
    if end.kind == "customer" and one.told.reason in ("pick", "ship"):
        return sum((
            line.quantity for line in one.lines
            if line.from_status != "available" or known.get((line.item_id, line.lot or ""), LotFacts()).expired
        ), ZERO), True  # fmt: skip
    return one.from_held, False


def _facts(
    ctx: Context,
    settled: Sequence[Settled],
    written: _Written,
    places: Map,
    known: Mapping[tuple[int, str], LotFacts],
) -> list[Fact]:
    facts: list[Fact] = [
        (
            "stock.moved",
            f"item:{line.item_id}",
            {
                "movement_id": movement_id,
                "item_id": line.item_id,
                "site_id": places.spots[line.to_place_id].site_id,
                "from_place_id": line.from_place_id,
                "to_place_id": line.to_place_id,
                "quantity": plain(line.quantity),
                "reason": line.reason,
                "lot": line.lot,
                "from_status": line.from_status,
                "to_status": line.to_status,
            },
            line.occurred_at,
        )
        for movement_id, line in zip(written.ids, written.lines, strict=True)
    ]
    unfit = [_unfit(one, places, known) for one in settled]
    odd = [one for one, (much, _) in zip(settled, unfit, strict=True) if one.correction is not None or much]
    skus = tables.skus(ctx.tx, ctx.tenant, {one.told.item_id for one in odd})
    for movement_id, one, (held, to_customer) in zip(written.own, settled, unfit, strict=True):
        spot = places.spots[one.told.from_place_id]
        told, sku = one.told, skus.get(one.told.item_id)
        if one.correction is not None:
            facts.append(
                (
                    "stock.short",
                    f"item:{told.item_id}",
                    {
                        "movement_id": movement_id,
                        "item_id": told.item_id,
                        "sku": sku,
                        "site_id": spot.site_id,
                        "place_id": spot.place_id,
                        "place": spot.code,
                        "taken": plain(told.quantity),
                        "quantity": plain(one.missing),
                    },
                    told.occurred_at,
                )
            )
        if held:
            facts.append(
                (
                    "stock.taken_from_hold",
                    f"item:{told.item_id}",
                    {
                        "movement_id": movement_id,
                        "item_id": told.item_id,
                        "sku": sku,
                        "site_id": spot.site_id,
                        "place_id": spot.place_id,
                        "place": spot.code,
                        "taken": plain(told.quantity),
                        "quantity": plain(held),
                        "lots": sorted({line.lot for line in one.lines if line.lot}),
                        "to_customer": to_customer,
                        "order_line": told.sales_line_id,
                        "reason": told.reason,
                    },
                    told.occurred_at,
                )
            )
    return facts
