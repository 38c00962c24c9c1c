"""The SQL of what people set in a forecast's place."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from shelfwise.demand.overrides.model import Override
from shelfwise.store.database import Tx, first, rows, run, value

_FIELDS = """select o.override_id, o.item_id, i.sku, o.site_id, o.first_day, o.last_day, o.quantity, o.change, o.reason,
    o.set_by, o.set_at, o.taken_back_by, o.taken_back_at, o.scored_days, o.came, o.model_absolute, o.person_absolute
    from forecast_override o join item i using (tenant_id, item_id)"""


def insert(
    tx: Tx, tenant: int, item_id: int, site_id: int, first_day: date, last_day: date, quantity: Decimal | None,
    change: Decimal | None, reason: str, by: str, at: datetime,
) -> int:  # fmt: skip
    made: int = value(
        tx,
        """insert into forecast_override (tenant_id, item_id, site_id, first_day, last_day, quantity, change, reason,
                                          set_by, set_at)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning override_id""",
        (tenant, item_id, site_id, first_day, last_day, quantity, change, reason, by, at),
    )
    return made


def by_id(tx: Tx, tenant: int, override_id: int) -> Override | None:
    return first(tx, Override, f"{_FIELDS} where o.tenant_id = %s and o.override_id = %s", (tenant, override_id))


def of_site(tx: Tx, tenant: int, site_id: int, item_id: int | None, limit: int) -> list[Override]:
    """Of a site, or of one item there, the newest first."""
    return rows(
        tx,
        Override,
        f"""{_FIELDS} where o.tenant_id = %s and o.site_id = %s and (%s::bigint is null or o.item_id = %s)
            order by o.override_id desc limit %s""",
        (tenant, site_id, item_id, item_id, limit),
    )


def standing(tx: Tx, tenant: int, site_id: int, since: date, items: Collection[int] | None) -> list[Override]:
    """Those that nobody took back and that reach to `since` or further, oldest first."""
    named = None if items is None else list(items)
    return rows(
        tx,
        Override,
        f"""{_FIELDS} where o.tenant_id = %s and o.site_id = %s and o.taken_back_at is null and o.last_day >= %s
            and (%s::bigint[] is null or o.item_id = any(%s)) order by o.override_id""",
        (tenant, site_id, since, named, named),
    )


def take_back(tx: Tx, tenant: int, override_id: int, by: str, at: datetime) -> None:
    run(
        tx,
        "update forecast_override set taken_back_by = %s, taken_back_at = %s where tenant_id = %s and override_id = %s",
        (by, at, tenant, override_id),
    )


def forecast_before(tx: Tx, tenant: int, item_id: int, site_id: int, day: date) -> int | None:
    """The newest forecast whose days begin by `day`, made within the week before it."""
    found: int | None = value(
        tx,
        """select forecast_id from forecast where tenant_id = %s and item_id = %s and site_id = %s
             and origin between %s::date - 7 and %s::date - 1 order by origin desc, attempt desc limit 1""",
        (tenant, item_id, site_id, day, day),
    )
    return found


def set_score(tx: Tx, tenant: int, override_id: int, days: int, came: float, model: float, person: float) -> None:
    run(
        tx,
        """update forecast_override set scored_days = %s, came = %s, model_absolute = %s, person_absolute = %s
           where tenant_id = %s and override_id = %s""",
        (days, came, model, person, tenant, override_id),
    )
