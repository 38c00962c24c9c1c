"""Promotions are planned, changed and called off by people; files bring them by the thousand (`promotions`)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Fault, NotFound, Refused
from shelfwise.records.changes import differences
from shelfwise.records.model import refuse
from shelfwise.records.promoting_model import (
    SHARED,
    Event,
    NewEvent,
    StoredPromotion,
    event_faults,
    gather,
    move_faults,
    overlapping,
)
from shelfwise.store.database import rows, run, value

_FIELDS = "promotion_id, code, site_id, item_id, " + ", ".join(SHARED)


def today_at(ctx: Context, site_id: int | None) -> date:
    """The day it is at a site; None: at the first one, as where something is told of all."""
    if site_id is None:
        ctx.require_somewhere(Right.VIEW)
    else:
        ctx.require(Right.VIEW, site_id)
    zone = value(
        ctx.tx,
        "select time_zone from site where tenant_id = %s and site_id = coalesce(%s::bigint, site_id) "
        "order by site_id limit 1",
        (ctx.tenant, site_id),
    )
    return local_day(ctx.now, ZoneInfo(zone or "UTC"))


def events(
    ctx: Context, since: date = date.min, until: date = date.max, item_ids: Collection[int] | None = None
) -> list[Event]:
    """Promotions with a day from `since` to `until` at the sites one may see, by their first day.

    Args:
        item_ids: only those with one of these items, and of their items only these.
    """
    ctx.require_somewhere(Right.VIEW)
    return gather(
        rows(
            ctx.tx,
            StoredPromotion,
            f"""select {_FIELDS} from promotion
                where tenant_id = %s and starts_on <= %s and ends_on >= %s
                  and (%s::bigint[] is null or item_id = any(%s::bigint[]))
                  and (%s::bigint[] is null or site_id is null or site_id = any(%s::bigint[]))""",
            (
                ctx.tenant, until, since, *[None if item_ids is None else list(item_ids)] * 2,
                *[ctx.sites(Right.VIEW)] * 2,
            ),
        )
    )  # fmt: skip


def event(ctx: Context, promotion_id: int) -> Event:
    """
    Raises:
        NotFound: there is no such promotion.
        Forbidden: it is of a site one may not see.
    """
    ctx.require_somewhere(Right.VIEW)
    found = gather(
        rows(
            ctx.tx,
            StoredPromotion,
            f"""select {_FIELDS} from promotion where tenant_id = %s and (code, coalesce(site_id, 0)) = (
                    select code, coalesce(site_id, 0) from promotion where tenant_id = %s and promotion_id = %s)""",
            (ctx.tenant, ctx.tenant, promotion_id),
        )
    )
    if not found:
        raise NotFound("promotion", promotion_id)
    # What is promoted at every site is seen at each.
    if found[0].site_id is not None:
        ctx.require(Right.VIEW, found[0].site_id)
    return found[0]


def promoted_days(ctx: Context, site_id: int, item_ids: Collection[int]) -> dict[int, list[tuple[int, date, date]]]:
    """All promotions of items at a site as (promotion, first day, last day), but those called off."""
    ctx.require(Right.VIEW, site_id)
    found: dict[int, list[tuple[int, date, date]]] = {}
    for item_id, promotion_id, first, last in ctx.tx.execute(
        """select item_id, promotion_id, starts_on, ends_on from promotion
           where tenant_id = %s and item_id = any(%s) and coalesce(site_id, %s) = %s and not called_off""",
        (ctx.tenant, list(item_ids), site_id, site_id),
    ):
        found.setdefault(item_id, []).append((promotion_id, first, last))
    return found


def overlaps(ctx: Context, of: NewEvent | Event) -> list[Event]:
    """Other promotions of one of its items, at one of its sites, on one of its days. That is allowed, and is said."""
    if of.site_id is not None:
        ctx.require(Right.VIEW, of.site_id)
    return overlapping(of, events(ctx, of.starts_on, of.ends_on, of.item_ids))


def plan_event(ctx: Context, new: NewEvent) -> int:
    """Plan a promotion, or note one that has been; returns the id it is known by.

    Raises:
        Invalid: a field cannot be right, or the name is another one's there.
    """
    ctx.require(Right.RUN_PLANNING, new.site_id)
    refuse([*event_faults(new), *_taken(ctx, new, but=())])
    made = min(_insert(ctx, new, new.item_ids))
    ctx.audit(
        "promotion.planned", f"promotion:{made}", code=new.code, starts_on=new.starts_on.isoformat(),
        ends_on=new.ends_on.isoformat(), items=len(new.item_ids),
    )  # fmt: skip
    return made


def change_event(ctx: Context, promotion_id: int, to: NewEvent) -> Event:
    """Change a promotion. What was told of each item by itself, and is left as it was shown, stays so.

    Raises:
        Invalid: a field cannot be right, the name is another one's there, or what is over would be yet to come.
        Refused: it is called off.
        NotFound: there is no such promotion.
    """
    before = require_change(ctx, promotion_id)
    ctx.require(Right.RUN_PLANNING, to.site_id)
    if before.called_off:
        raise Refused("It is called off. Put it back first, then change it.")
    refuse(
        [
            *event_faults(to),
            *_taken(ctx, to, but=(before.code, before.site_id)),
            *move_faults(before.ends_on, to.ends_on, today_at(ctx, before.site_id)),
        ]
    )
    told = _told(to)
    changed = differences(_told(before), told)
    gone = set(before.item_ids) - set(to.item_ids)
    new = set(to.item_ids) - set(before.item_ids)
    if not (changed or gone or new):
        return before
    stays = sorted(set(before.item_ids) - gone)
    own: dict[str, Any] = {"tenant": ctx.tenant, "code": before.code, "site": before.site_id}
    these = "tenant_id = %(tenant)s and code = %(code)s and site_id is not distinct from %(site)s::bigint"
    run(ctx.tx, f"delete from promotion where {these} and item_id = any(%(gone)s)", own | {"gone": list(gone)})
    if changed and stays:
        columns = ", ".join(f"{name} = %(to_{name})s" for name in changed.after)
        to_ = {f"to_{name}": told[name] for name in changed.after}
        # What was measured was measured on other days, or elsewhere: it is measured anew.
        run(
            ctx.tx,
            f"""delete from promotion_lift where tenant_id = %(tenant)s and promotion_id in (
                    select promotion_id from promotion where {these})""",
            own,
        )
        run(ctx.tx, f"update promotion set {columns} where {these}", own | to_)
    ids = _insert(ctx, to, tuple(sorted(new)))
    kept = value(
        ctx.tx,
        """select min(promotion_id) from promotion
           where tenant_id = %s and code = %s and site_id is not distinct from %s::bigint""",
        (ctx.tenant, to.code, to.site_id),
    )
    ctx.audit(
        "promotion.changed", f"promotion:{kept}", code=to.code, before=_plain(changed.before),
        after=_plain(changed.after), items_added=len(ids), items_removed=len(gone),
    )  # fmt: skip
    return event(ctx, kept)


def call_off(ctx: Context, promotion_id: int, reason: str) -> Event:
    """It will not take place, or never did. It stays, and can be put back.

    Raises:
        Refused: it is running: its last day says when it ends.
        NotFound: there is no such promotion.
    """
    before = require_change(ctx, promotion_id)
    if before.state(today_at(ctx, before.site_id)) == "running":
        raise Refused("It is running. Change its last day to end it, or its items to end it for some of them.")
    if not before.called_off:
        _set_called_off(ctx, before, called_off=True)
        ctx.audit("promotion.called_off", f"promotion:{promotion_id}", code=before.code, reason=reason[:500])
    return event(ctx, promotion_id)


def put_back(ctx: Context, promotion_id: int) -> Event:
    """It takes place after all.

    Raises:
        NotFound: there is no such promotion.
    """
    before = require_change(ctx, promotion_id)
    if before.called_off:
        _set_called_off(ctx, before, called_off=False)
        ctx.audit("promotion.put_back", f"promotion:{promotion_id}", code=before.code)
    return event(ctx, promotion_id)


def require_change(ctx: Context, promotion_id: int) -> Event:
    """A promotion that the actor may change.

    Raises:
        NotFound: there is no such promotion.
        Forbidden: without the right to plan at its site, or at all where it is of all.
    """
    ctx.require_somewhere(Right.RUN_PLANNING)
    found = event(ctx, promotion_id)
    ctx.require(Right.RUN_PLANNING, found.site_id)
    return found


def _set_called_off(ctx: Context, one: Event, *, called_off: bool) -> None:
    run(
        ctx.tx,
        """update promotion set called_off = %s
           where tenant_id = %s and code = %s and site_id is not distinct from %s::bigint""",
        (called_off, ctx.tenant, one.code, one.site_id),
    )


def _taken(ctx: Context, new: NewEvent, but: tuple[str, int | None] | tuple[()]) -> list[Fault]:
    if (new.code, new.site_id) == but or not value(
        ctx.tx,
        """select exists (select from promotion
               where tenant_id = %s and code = %s and site_id is not distinct from %s::bigint)""",
        (ctx.tenant, new.code, new.site_id),
    ):
        return []
    return [Fault("promotion", "a name of its own", repr(new.code), "Another promotion has it there: choose another.")]


def _insert(ctx: Context, new: NewEvent, item_ids: tuple[int, ...]) -> list[int]:
    if not item_ids:
        return []
    with ctx.tx.cursor() as cursor:
        cursor.execute(
            """insert into promotion (tenant_id, code, site_id, starts_on, ends_on, kind, price, discount_percent, note,
                   item_id)
               select %s, %s, %s::bigint, %s, %s, %s, %s::numeric, %s::numeric, %s, unnest(%s::bigint[])
               returning promotion_id""",
            (
                ctx.tenant, new.code, new.site_id, new.starts_on, new.ends_on, new.kind, new.price,
                new.discount_percent, new.note, list(item_ids),
            ),
        )  # fmt: skip
        return [int(promotion_id) for (promotion_id,) in cursor.fetchall()]


def _told(one: NewEvent | Event) -> dict[str, Any]:
    """All but its items."""
    names = ("code", "site_id", *(name for name in SHARED if name != "called_off"))
    whole = asdict(one)
    return {name: whole[name] for name in names}


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    return {name: one.isoformat() if isinstance(one, date) else one for name, one in told.items()}
