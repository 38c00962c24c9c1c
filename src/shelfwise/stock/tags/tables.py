"""SQL of tags."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from shelfwise.stock.tags.model import Content, Tag
from shelfwise.store.database import Tx, rows, run, value, values

_TAG = """select t.tag_id, t.epc, t.line, t.item_id, i.sku, i.unit, t.lot, t.serial, t.quantity, t.sscc, t.site_id,
        t.purchase_order_id, t.purchase_line, o.number, t.bound_at, t.bound_by, t.ended_at, t.ended_by, t.ended,
        t.replaced_by, t.note
    from tag t join item i on i.tenant_id = t.tenant_id and i.item_id = t.item_id
    left join purchase_order o on o.tenant_id = t.tenant_id and o.purchase_order_id = t.purchase_order_id"""


def lock(tx: Tx, tenant: int) -> None:
    """Whoever binds tags does so alone: two people who read the same pallet do not both bind it."""
    run(tx, "select pg_advisory_xact_lock(hashtextextended('tag', %s))", (tenant,))


def bound(tx: Tx, tenant: int, epcs: Collection[str]) -> dict[str, list[Tag]]:
    """What is on now, by EPC."""
    found: dict[str, list[Tag]] = {}
    for one in rows(
        tx,
        Tag,
        f"{_TAG} where t.tenant_id = %s and t.epc = any(%s::text[]) and t.ended is null order by t.epc, t.line",
        (tenant, list(epcs)),
    ):
        found.setdefault(one.epc, []).append(one)
    return found


def history(tx: Tx, tenant: int, epc: str) -> list[Tag]:
    return rows(tx, Tag, f"{_TAG} where t.tenant_id = %s and t.epc = %s order by t.tag_id desc", (tenant, epc))


def newest(
    tx: Tx,
    tenant: int,
    sites: list[int] | None,
    search: str,
    item_id: int | None,
    purchase_order_id: int | None,
    limit: int,
) -> list[Tag]:
    return rows(
        tx,
        Tag,
        f"""{_TAG} where t.tenant_id = %(tenant)s and (%(sites)s::bigint[] is null or t.site_id = any(%(sites)s))
            and (%(item)s::bigint is null or t.item_id = %(item)s)
            and (%(order)s::bigint is null or t.purchase_order_id = %(order)s)
            and (starts_with(t.epc, upper(%(search)s)) or i.sku ilike %(search)s || '%%' or t.lot = %(search)s)
            order by t.tag_id desc limit %(limit)s""",
        {"tenant": tenant, "sites": sites, "search": search, "item": item_id, "order": purchase_order_id,
         "limit": limit},
    )  # fmt: skip


def insert(
    tx: Tx,
    tenant: int,
    tags: Sequence[tuple[str, int, Content, str | None]],
    *,
    site_id: int,
    order: tuple[int | None, int | None],
    at: datetime,
    by: str,
) -> None:
    """Args: tags: (epc, line, what is under it, sscc)."""
    with tx.cursor() as cursor:
        cursor.executemany(
            """insert into tag (tenant_id, epc, line, item_id, lot, serial, quantity, sscc, site_id, purchase_order_id,
                                purchase_line, bound_at, bound_by)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            [
                (tenant, epc, line, one.item_id, one.lot, one.serial, one.quantity, sscc, site_id, *order, at, by)
                for epc, line, one, sscc in tags
            ],
        )


def end(
    tx: Tx, tenant: int, epcs: Collection[str], how: str, at: datetime, by: str, note: str, replaced_by: str | None
) -> int:
    return run(
        tx,
        """update tag set ended = %s, ended_at = %s, ended_by = %s, note = %s, replaced_by = %s
           where tenant_id = %s and epc = any(%s::text[]) and ended is null""",
        (how, at, by, note, replaced_by, tenant, list(epcs)),
    )


def was_killed(tx: Tx, tenant: int, epcs: Collection[str]) -> list[str]:
    sql = "select distinct epc from tag where tenant_id = %s and epc = any(%s::text[]) and ended = 'killed'"
    return sorted(epc for (epc,) in values(tx, sql, (tenant, list(epcs))))


def next_serials(tx: Tx, tenant: int, gtin: str, count: int) -> int:
    """Take so many serial numbers of a GTIN; returns the first."""
    last: int = value(
        tx,
        """insert into tag_serial as s (tenant_id, gtin, last) values (%s, %s, %s)
           on conflict (tenant_id, gtin) do update set last = s.last + excluded.last returning last""",
        (tenant, gtin, count),
    )
    return last - count + 1


def company_digits(tx: Tx, tenant: int) -> int | None:
    found = value(tx, "select value from setting where tenant_id = %s and name = 'gs1_company_digits'", (tenant,))
    return None if found is None else int(found)


def set_company_digits(tx: Tx, tenant: int, digits: int) -> None:
    run(
        tx,
        """insert into setting (tenant_id, name, value) values (%s, 'gs1_company_digits', to_jsonb(%s::int))
           on conflict (tenant_id, name) do update set value = excluded.value""",
        (tenant, digits),
    )


def read_lately(tx: Tx, tenant: int, device: str, since: datetime, limit: int) -> list[str]:
    """The EPCs that a device has read since an instant, the first read first."""
    found = values(
        tx,
        """select detail->>'epc' from reading where tenant_id = %s and device = %s and kind = 'tag'
             and observed_at >= %s group by 1 order by min(observed_at), 1 limit %s""",
        (tenant, device, since, limit),
    )
    return [epc for (epc,) in found if epc]
