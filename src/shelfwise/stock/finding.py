"""Finding a lot by how its code begins; reached through service.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.records.tables import contains
from shelfwise.stock.model import Status
from shelfwise.stock.tables import REAL
from shelfwise.store.database import rows


@dataclass(frozen=True)
class FoundLot:
    """A lot, and how much of it is on hand at the sites that the actor may see."""

    item_id: int
    sku: str
    code: str
    expires_on: date | None
    status: Status
    on_hand: Decimal


def find_lots(ctx: Context, search: str, limit: int = 50) -> list[FoundLot]:
    """Lots whose code begins with the text, in whichever case, that are or were at a site the actor may see."""
    return rows(
        ctx.tx,
        FoundLot,
        f"""select l.item_id, i.sku, l.code, l.expires_on, l.status,
                   coalesce(sum(b.on_hand) filter (where p.kind in {REAL}), 0) as on_hand
            from lot l
            join item i on i.tenant_id = l.tenant_id and i.item_id = l.item_id
            left join balance b on b.tenant_id = l.tenant_id and b.item_id = l.item_id and b.lot = l.code
            left join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id
            where l.tenant_id = %(tenant)s and l.code ilike %(like)s
              and (%(sites)s::bigint[] is null or p.site_id = any(%(sites)s))
            group by l.item_id, i.sku, l.code, l.expires_on, l.status
            order by lower(l.code) <> lower(%(search)s), l.code, i.sku limit %(limit)s""",
        {
            "tenant": ctx.tenant, "sites": ctx.sites(Right.VIEW), "like": contains(search)[1:],
            "search": search.replace("\x00", ""), "limit": limit,
        },
    )  # fmt: skip
