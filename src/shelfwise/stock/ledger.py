"""How the ledger is written: lock the levels, settle, append, then let balances, promises and facts follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.core.errors import NotFound, Refused
from shelfwise.core.quantities import ZERO, plain
from shelfwise.stock import tables
from shelfwise.stock.model import SHORT, Entry, Settled, Spot, StockLevel, place_changes, settle, stockout_change
from shelfwise.stock.tables import Key
from shelfwise.store.database import notify


@dataclass(frozen=True)
class Map:
    """The places that entries may name."""

    spots: Mapping[int, Spot]
    virtual: Mapping[tuple[int, str], int]

    def unaccounted(self) -> dict[int, int]:
        return {site_id: place_id for (site_id, kind), place_id in self.virtual.items() if kind == "unaccounted"}


def read_map(ctx: Context, place_ids: Collection[int], site_ids: Collection[int] = ()) -> Map:
    """The named places and the virtual ones of their sites and of `site_ids`.

    Raises:
        NotFound: a place does not exist.
    """
    named = tables.spots(ctx.tx, ctx.tenant, set(place_ids))
    if missing := set(place_ids) - named.keys():
        raise NotFound("place", min(missing))
    sites = {spot.site_id for spot in named.values()} | set(site_ids)
    virtual = tables.virtual_spots(ctx.tx, ctx.tenant, sites)
    return Map(
        named | {spot.place_id: spot for spot in virtual},
        {(spot.site_id, spot.kind): spot.place_id for spot in virtual},
    )


def write(
    ctx: Context,
    levels: Mapping[Key, StockLevel],
    entries: Sequence[Entry],
    places: Map,
    released: Mapping[Key, Decimal] | None = None,
) -> list[int]:
    """Append entries to the ledger and let all that follows from them follow; returns the id of each entry.

    Args:
        levels: the locked levels of every (item, site) the entries touch, as they are now.
        released: what becomes free of reservations along with it.

    Raises:
        Refused: a source or a reversal among them was written in the meantime.
    """
    held = tables.balances(ctx.tx, ctx.tenant, {(e.item_id, e.from_place_id) for e in entries})
    settled = settle(entries, held, places.spots, places.unaccounted())
    lines, ids, own = _numbered(ctx, settled)
    if tables.insert_movements(ctx.tx, ctx.tenant, ids, lines, ctx.now, str(ctx.actor)) < len(lines):
        raise Refused("The same fact was recorded by somebody else just now. Look at the movements, then try again.")
    tables.change_balances(ctx.tx, ctx.tenant, place_changes(lines))
    changes = _level_changes(lines, places, released or {})
    tables.change_levels(ctx.tx, ctx.tenant, ((key, *change) for key, change in changes.items()))
    after = {key: levels[key].changed(*change) for key, change in changes.items()}
    at: dict[Key, datetime] = {}
    for line in lines:
        key = (line.item_id, places.spots[line.to_place_id].site_id)
        at[key] = max(line.occurred_at, at.get(key, line.occurred_at))
    follow_stockouts(ctx, after, at)
    _publish(ctx, settled, lines, ids, own, places, levels, after)
    notify(ctx.tx, "live", "floor")
    return own


def _numbered(ctx: Context, settled: Sequence[Settled]) -> tuple[list[Entry], list[int], list[int]]:
    """All lines with their ids, each correction before its entry; and the ids of the entries alone."""
    numbers = iter(tables.new_movement_ids(ctx.tx, sum(1 if one.correction is None else 2 for one in settled)))
    lines, ids, own = [], [], []
    for one in settled:
        number = next(numbers)
        if one.correction is not None:
            entry_number = next(numbers)
            lines.append(replace(one.correction, source=f"{SHORT}{entry_number}"))
            ids.append(number)
            number = entry_number
        lines.append(one.entry)
        ids.append(number)
        own.append(number)
    return lines, ids, own


def _level_changes(
    lines: Sequence[Entry], places: Map, released: Mapping[Key, Decimal]
) -> dict[Key, tuple[Decimal, Decimal]]:
    on_hand: dict[Key, Decimal] = dict.fromkeys(released, ZERO)
    for (item_id, place_id), change in place_changes(lines).items():
        spot = places.spots[place_id]
        key = (item_id, spot.site_id)
        on_hand[key] = on_hand.get(key, ZERO) + (change if spot.real else ZERO)
    return {key: (change, -released.get(key, ZERO)) for key, change in sorted(on_hand.items())}


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


def _publish(
    ctx: Context,
    settled: Sequence[Settled],
    lines: Sequence[Entry],
    ids: Sequence[int],
    own: Sequence[int],
    places: Map,
    before: Mapping[Key, StockLevel],
    after: Mapping[Key, StockLevel],
) -> None:
    facts: list[tuple[str, str, dict[str, object], datetime]] = [
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
            },
            line.occurred_at,
        )
        for movement_id, line in zip(ids, lines, strict=True)
    ]
    skus = tables.skus(ctx.tx, ctx.tenant, {one.entry.item_id for one in settled if one.correction is not None})
    for movement_id, one in zip(own, settled, strict=True):
        if one.correction is not None:
            spot = places.spots[one.entry.from_place_id]
            facts.append(
                (
                    "stock.short",
                    f"item:{one.entry.item_id}",
                    {
                        "movement_id": movement_id,
                        "item_id": one.entry.item_id,
                        "sku": skus[one.entry.item_id],
                        "site_id": spot.site_id,
                        "place_id": spot.place_id,
                        "place": spot.code,
                        "taken": plain(one.entry.quantity),
                        "quantity": plain(one.missing),
                    },
                    one.entry.occurred_at,
                )
            )
    facts += [
        (
            "stock.overpromised",
            f"item:{level.item_id}",
            {
                "item_id": level.item_id,
                "site_id": level.site_id,
                "on_hand": plain(level.on_hand),
                "reserved": plain(level.reserved),
            },
            ctx.now,
        )
        for key, level in after.items()
        if level.overpromised > before[key].overpromised
    ]
    tables.publish_all(ctx.tx, ctx.tenant, facts, ctx.now)
