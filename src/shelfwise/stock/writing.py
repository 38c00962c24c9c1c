"""SQL that appends to the ledger and lets balances and levels follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from shelfwise.stock.model import Batch, Entry
from shelfwise.stock.settling import BalanceKey
from shelfwise.stock.tables import Fact, Key, as_document
from shelfwise.store.database import Tx, value, values
from shelfwise.store.events import EVENTS


def new_batch(
    tx: Tx, tenant: int, batch: Batch, actor: str, recorded_at: datetime, movements: int = 0
) -> tuple[int, list[int]]:
    """Note a batch; returns its id, and ids to write that many movements under, ascending."""
    ((batch_id, ids),) = values(
        tx,
        """with batch as (
               insert into movement_batch (tenant_id, kind, note, signed_by, actor, occurred_at, recorded_at,
                                           reverses_batch_id)
               values (%s, %s, %s, %s, %s, %s, %s, %s) returning batch_id)
           select batch_id, array(select nextval('movement_movement_id_seq') from generate_series(1, %s)) from batch""",
        (
            tenant,
            batch.kind,
            batch.note,
            batch.signed_by,
            actor,
            batch.occurred_at or recorded_at,
            recorded_at,
            batch.reverses_batch_id,
            movements,
        ),
    )
    return batch_id, sorted(ids)


def new_movement_ids(tx: Tx, count: int) -> list[int]:
    """Ids to write movements under, ascending."""
    found = values(tx, "select nextval('movement_movement_id_seq') from generate_series(1, %s)", (count,))
    return sorted(movement_id for (movement_id,) in found)


def write(
    tx: Tx,
    tenant: int,
    ids: Sequence[int],
    entries: Sequence[Entry],
    parts: Sequence[int | None],
    balances: Mapping[BalanceKey, tuple[Decimal, Decimal]],
    levels: Mapping[Key, tuple[Decimal, Decimal, Decimal]],
    facts: Sequence[Fact],
    recorded_at: datetime,
    actor: str,
) -> int:
    """Append to the ledger, add to balances and locked levels and record the facts, in one statement.

    Returns how many lines were appended: fewer than were given where a source or a reversal is there already, and then
    nothing else was done.

    Args:
        parts: for each line, the first line of what was told at once; None: it is that line.
        balances: by how much each changes, and its weight, in key order.
        levels: by how much on_hand, reserved and blocked of each change.
    """
    return int(
        value(
            tx,
            """with line as (
                   insert into movement (
                       tenant_id, recorded_at, actor, movement_id, part_of, item_id, from_place_id, to_place_id,
                       quantity, occurred_at, reason, source, lot, serial, reverses, sales_line_id, from_status,
                       to_status, catch_weight_g, note, batch_id, purchase_order_id, purchase_line, transfer_id,
                       transfer_line, count_id, lot_chosen)
                   overriding system value
                   select %s, %s, %s, u.* from unnest(
                       %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[],
                       %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[],
                       %s::text[], %s::text[], %s::numeric[], %s::text[], %s::bigint[], %s::bigint[], %s::int[],
                       %s::bigint[], %s::int[], %s::bigint[], %s::bool[]) u
                   on conflict do nothing returning 1),
               whole as materialized (select count(*) as lines, count(*) = %s as good from line),
               balanced as (
                   insert into balance as b (tenant_id, item_id, place_id, lot, status, on_hand, catch_weight_g)
                   select %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::numeric[],
                       %s::numeric[]) u where (select good from whole)
                   on conflict (tenant_id, item_id, place_id, lot, status) do update
                   set on_hand = b.on_hand + excluded.on_hand,
                       catch_weight_g = b.catch_weight_g + excluded.catch_weight_g),
               levelled as (
                   update stock_level l set on_hand = l.on_hand + u.on_hand, reserved = l.reserved + u.reserved,
                                            blocked = l.blocked + u.blocked
                   from unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[])
                       u (item_id, site_id, on_hand, reserved, blocked)
                   where (select good from whole)
                     and l.tenant_id = %s and l.item_id = u.item_id and l.site_id = u.site_id),
               told as (
                   insert into event (tenant_id, recorded_at, kind, subject, data, occurred_at)
                   select %s, %s, u.* from jsonb_to_recordset(%s)
                       u (kind text, subject text, data jsonb, occurred_at timestamptz) where (select good from whole))
               select lines, pg_notify(%s, ''), pg_notify('live', 'floor') from whole""",
            (
                tenant,
                recorded_at,
                actor,
                list(ids),
                list(parts),
                *([getattr(entry, name) for entry in entries] for name in _WRITTEN),
                len(ids),
                tenant,
                [key[0] for key in balances],
                [key[1] for key in balances],
                [key[2] for key in balances],
                [key[3] for key in balances],
                [quantity for quantity, _ in balances.values()],
                [weight for _, weight in balances.values()],
                [key[0] for key in levels],
                [key[1] for key in levels],
                [one[0] for one in levels.values()],
                [one[1] for one in levels.values()],
                [one[2] for one in levels.values()],
                tenant,
                tenant,
                recorded_at,
                as_document(facts),
                EVENTS.channel,
            ),
        )
    )


# The fields of an entry in the order of the insert.
_WRITTEN = (
    "item_id", "from_place_id", "to_place_id", "quantity", "occurred_at", "reason", "source", "lot", "serial",
    "reverses", "sales_line_id", "from_status", "to_status", "catch_weight_g", "note", "batch_id",
    "purchase_order_id", "purchase_line", "transfer_id", "transfer_line", "count_id", "lot_chosen",
)  # fmt: skip
