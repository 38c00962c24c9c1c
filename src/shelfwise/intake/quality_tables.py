"""SQL of the quality of data: which items lack what, what files brought, and what devices said when."""

from __future__ import annotations

from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.intake.quality import SILENT_AFTER, Feed, Files, ItemSource, measures
from shelfwise.store.database import Tx, rows, value, values


def lacks(table: str, which: str = "") -> str:
    """That an item `i` has no row in a table."""
    return f"not exists (select from {table} k where k.tenant_id = i.tenant_id and k.item_id = i.item_id {which})"


# The digits of a retail number, filled up to 14, count three and one in turn, and add up to a multiple of ten.
_WRONG_GTIN = """and k.barcode ~ '^([0-9]{8}|[0-9]{12,14})$' and (
    select sum(substr(lpad(k.barcode, 14, '0'), n, 1)::int * (1 + 2 * mod(n, 2)))
    from generate_series(1, 14) n) %% 10 <> 0"""

LACKING = {
    "terms": lacks("supplier_item"),
    "lead_time": f"not {lacks('supplier_item', 'and k.lead_time_days is null')}",
    "barcode": lacks("item_barcode"),
    "pack": lacks("item_pack", "and k.quantity is not null"),
    "weight": "i.unit_weight_g is null",
    "place": lacks("place"),
    "wrong_gtin": f"not {lacks('item_barcode', _WRONG_GTIN)}",
}
"""By what an item lacks, the condition on an item `i` that it does."""


def item_sources(ctx: Context) -> list[ItemSource]:
    """The items in use by where they came from, and what they lack."""
    ctx.require_somewhere(Right.VIEW)
    counted = ", ".join(f"count(*) filter (where {sql})" for sql in LACKING.values())
    found = values(
        ctx.tx,
        f"""select i.provenance, count(*), {counted} from item i
            where i.tenant_id = %(tenant)s and not i.archived group by 1 order by 2 desc""",
        {"tenant": ctx.tenant},
    )
    return [measures(source, items, dict(zip(LACKING, missing, strict=True))) for source, items, *missing in found]


def files(ctx: Context) -> list[Files]:
    """The last import of each kind that was not taken back, the latest first."""
    ctx.require(Right.IMPORT_DATA)
    return rows(
        ctx.tx,
        Files,
        """select * from (
               select distinct on (kind) kind, imported_at as last_at, rows, skipped as left_out,
                      coalesce(file_id, import_id) as file_id
               from import_batch where tenant_id = %s and undone_at is null
               order by kind, imported_at desc, import_id desc) one order by last_at desc""",
        (ctx.tenant,),
    )


def feeds(ctx: Context) -> list[Feed]:
    """What devices that are in use measure, by kind."""
    ctx.require(Right.VIEW)
    return _feeds(ctx.tx, ctx.tenant, ctx.now - SILENT_AFTER)


def _feeds(tx: Tx, tenant: int, since: datetime) -> list[Feed]:
    return rows(
        tx,
        Feed,
        """select l.kind, count(*) as devices, count(*) filter (where l.received_at < %s) as silent,
                  max(l.received_at) as last_at
           from device_latest l join device d using (tenant_id, device)
           where l.tenant_id = %s and d.active group by 1 order by 1""",
        (since, tenant),
    )


def unaccounted(ctx: Context) -> int:
    """How many items have stock that the books cannot explain, at all sites."""
    ctx.require(Right.VIEW)
    return int(
        value(
            ctx.tx,
            """select count(distinct b.item_id) from balance b
               join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
               where b.tenant_id = %s and p.kind = 'unaccounted' and b.on_hand <> 0""",
            (ctx.tenant,),
        )
    )
