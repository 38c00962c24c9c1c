"""SQL of lots: what is known of them, what has expired, what goes first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal

from shelfwise.stock.model import Lot
from shelfwise.stock.settling import LotFacts
from shelfwise.stock.tables import REAL, Key
from shelfwise.store.database import Tx, first, run, values

_LOT = """select item_id, code, expires_on, made_on, supplier_id, status, status_note, first_received_at, expired_at
    from lot"""


def lot(tx: Tx, tenant: int, item_id: int, code: str) -> Lot | None:
    return first(tx, Lot, f"{_LOT} where tenant_id = %s and item_id = %s and code = %s", (tenant, item_id, code))


def know(
    tx: Tx, tenant: int, arriving: Mapping[tuple[int, str], int], now: datetime
) -> dict[tuple[int, str], LotFacts]:
    """What is known of lots (item, code) at the site where each arrives; new ones are noted."""
    ordered = sorted(arriving)
    arguments = ([item for item, _ in ordered], [code for _, code in ordered])
    run(
        tx,
        """insert into lot (tenant_id, item_id, code, first_received_at)
           select %s, u.item_id, u.code, %s from unnest(%s::bigint[], %s::text[]) u (item_id, code)
           on conflict (tenant_id, item_id, code) do update set first_received_at = excluded.first_received_at
           where lot.first_received_at is null""",
        (tenant, now, *arguments),
    )
    found = values(
        tx,
        """select l.item_id, l.code, l.expires_on, l.first_received_at,
                  coalesce(l.expires_on < (%s at time zone s.time_zone)::date, false), l.status
           from unnest(%s::bigint[], %s::text[], %s::bigint[]) u (item_id, code, site_id)
           join lot l on l.tenant_id = %s and l.item_id = u.item_id and l.code = u.code
           join site s on s.tenant_id = l.tenant_id and s.site_id = u.site_id""",
        (now, *arguments, [arriving[key] for key in ordered], tenant),
    )
    return {(item_id, code): LotFacts(*facts) for item_id, code, *facts in found}


def put(
    tx: Tx, tenant: int, item_id: int, code: str, expires_on: date | None, made_on: date | None, supplier_id: int | None
) -> None:
    """Note a lot; what is known of it already stays where nothing is given."""
    run(
        tx,
        """insert into lot as l (tenant_id, item_id, code, expires_on, made_on, supplier_id)
           values (%s, %s, %s, %s, %s, %s)
           on conflict (tenant_id, item_id, code) do update set
               expires_on = coalesce(excluded.expires_on, l.expires_on),
               made_on = coalesce(excluded.made_on, l.made_on),
               supplier_id = coalesce(l.supplier_id, excluded.supplier_id)""",
        (tenant, item_id, code, expires_on, made_on, supplier_id),
    )


def expired(tx: Tx, tenant: int, keys: Collection[Key], now: datetime) -> dict[Key, Decimal]:
    """How much at (item, site) is past its last day and not yet taken out of what can be sold."""
    return {
        (item_id, site_id): quantity
        for item_id, site_id, quantity in values(
            tx,
            f"""select u.item_id, u.site_id, sum(b.on_hand)
                from unnest(%s::bigint[], %s::bigint[]) u (item_id, site_id)
                join site s on s.tenant_id = %s and s.site_id = u.site_id
                join lot l on l.tenant_id = s.tenant_id and l.item_id = u.item_id and l.expired_at is null
                  and l.expires_on < (%s at time zone s.time_zone)::date
                join balance b on b.tenant_id = l.tenant_id and b.item_id = l.item_id and b.lot = l.code
                  and b.status = 'available' and b.on_hand > 0
                join place p on p.tenant_id = b.tenant_id and p.place_id = b.place_id and p.site_id = s.site_id
                where p.kind in {REAL} group by u.item_id, u.site_id""",
            ([item for item, _ in keys], [site for _, site in keys], tenant, now),
        )
    }


def supplier_of(tx: Tx, tenant: int, purchase_order_id: int) -> int | None:
    found = values(
        tx,
        "select supplier_id from purchase_order where tenant_id = %s and purchase_order_id = %s",
        (tenant, purchase_order_id),
    )
    return found[0][0] if found else None
