"""Promotions, past and coming: what makes an item sell otherwise than by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault
from shelfwise.records.model import amount_of_money_faults, code_faults, refuse, text_faults
from shelfwise.store.database import rows, run

KINDS = ("price", "feature", "display", "other")
LONGEST_DAYS = 366


@dataclass(frozen=True)
class Promotion:
    """An item in a promotion.

    Attributes:
        site_id: where; None: at every site.
        price: what one unit sells for meanwhile; discount_percent: how much cheaper it is. None: not told.
        called_off: it will not take place, or never did.
    """

    code: str
    site_id: int | None
    item_id: int
    starts_on: date
    ends_on: date
    kind: str = "price"
    price: Decimal | None = None
    discount_percent: Decimal | None = None
    note: str | None = None
    called_off: bool = False


def promotion_faults(one: Promotion) -> Iterator[Fault]:
    """What is wrong with a promotion."""
    yield from code_faults(one.code, "promotion")
    if one.kind not in KINDS:
        yield Fault("kind", f"one of {', '.join(KINDS)}", repr(one.kind), "Choose one of them.")
    if not 0 <= (one.ends_on - one.starts_on).days < LONGEST_DAYS:
        wanted = f"{one.starts_on.isoformat()} or up to a year later"
        yield Fault("ends_on", wanted, one.ends_on.isoformat(), "Correct the days.")
    if one.price is not None:
        yield from amount_of_money_faults(one.price, "price")
    if one.discount_percent is not None and not 0 <= one.discount_percent <= 100:
        yield Fault("discount_percent", "0 to 100", f"{one.discount_percent:f}", "Correct the discount.")
    yield from text_faults(one.note or "", "note")


def put_promotions(ctx: Context, promotions: Sequence[Promotion]) -> None:
    """Add promotions, or change those of the same name, site and item.

    Raises:
        Invalid: a field cannot be right; nothing was changed.
    """
    ctx.require_somewhere(Right.IMPORT_DATA)
    refuse(fault for one in promotions for fault in promotion_faults(one))
    if not promotions:
        return
    _require(ctx, {one.site_id for one in promotions})
    columns = zip(
        *(
            (one.code, one.site_id, one.item_id, one.starts_on, one.ends_on, one.kind, one.price,
             one.discount_percent, one.note, one.called_off)
            for one in promotions
        ),
        strict=True,
    )  # fmt: skip
    run(
        ctx.tx,
        """insert into promotion (tenant_id, code, site_id, item_id, starts_on, ends_on, kind, price, discount_percent,
               note, called_off)
           select %s, u.* from unnest(%s::text[], %s::bigint[], %s::bigint[], %s::date[], %s::date[], %s::text[],
               %s::numeric[], %s::numeric[], %s::text[], %s::bool[]) u
           on conflict (tenant_id, code, site_id, item_id) do update set starts_on = excluded.starts_on,
               ends_on = excluded.ends_on, kind = excluded.kind, price = excluded.price,
               discount_percent = excluded.discount_percent, note = excluded.note, called_off = excluded.called_off""",
        (ctx.tenant, *map(list, columns)),
    )
    ctx.audit("promotions.imported", "promotions", count=len(promotions))


def remove_promotions(ctx: Context, keys: Sequence[tuple[str, int | None, int]]) -> None:
    """Take promotions out: (name, site, item)."""
    ctx.require_somewhere(Right.IMPORT_DATA)
    if not keys:
        return
    _require(ctx, {site_id for _, site_id, _ in keys})
    gone = run(
        ctx.tx,
        """delete from promotion p using unnest(%s::text[], %s::bigint[], %s::bigint[]) u (code, site_id, item_id)
           where p.tenant_id = %s and p.code = u.code and p.item_id = u.item_id
             and p.site_id is not distinct from u.site_id""",
        (*map(list, zip(*keys, strict=True)), ctx.tenant),
    )
    ctx.audit("promotions.removed", "promotions", count=gone)


def promotions_of(ctx: Context, site_id: int, item_id: int, since: date) -> list[Promotion]:
    """An item's promotions at a site that had not ended before a day, by their first day."""
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        Promotion,
        """select code, site_id, item_id, starts_on, ends_on, kind, price, discount_percent, note,
                  called_off
           from promotion
           where tenant_id = %s and item_id = %s and (site_id is null or site_id = %s) and ends_on >= %s
           order by starts_on, code""",
        (ctx.tenant, item_id, site_id, since),
    )


def _require(ctx: Context, site_ids: set[int | None]) -> None:
    for site_id in site_ids:
        ctx.require(Right.IMPORT_DATA, site_id)
