"""The way into the first proposal: what is there and what is missing, and what somebody has said is not needed."""

from __future__ import annotations

from dataclasses import replace

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound, Refused
from shelfwise.intake.starting_model import DAYS_FOR_A_FORECAST, KEYS, Counts, Step, steps
from shelfwise.store.database import first, run, values

# Put aside, the page is no longer in the navigation.
PAGE = "page"


def starting(ctx: Context, *, mail: bool = False, https: bool = False) -> tuple[Step, ...]:
    """Every step, of all sites together: what is missing is the company's to tell.

    Args:
        mail, https: what only the running installation knows.
    """
    ctx.require(Right.VIEW)
    return steps(replace(_counts(ctx), mail=mail, https=https), put_aside(ctx))


def put_aside(ctx: Context) -> set[str]:
    """What somebody said is not needed."""
    ctx.require_somewhere(Right.VIEW)
    return {key for (key,) in values(ctx.tx, "select step from start_put_aside where tenant_id = %s", (ctx.tenant,))}


def put_step_aside(ctx: Context, step: str, aside: bool = True) -> None:
    """Say that a step, or the page of them, is not needed; or that it is after all.

    Raises:
        NotFound: there is no such step.
        Refused: nothing can be proposed without it.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    if step not in (*KEYS, PAGE):
        raise NotFound("step", step)
    if aside and any(one.key == step and one.needed for one in steps(_counts(ctx))):
        raise Refused("Nothing can be proposed without this, so it stays in the list.")
    done = (
        run(
            ctx.tx,
            "insert into start_put_aside values (%s, %s, %s, %s) on conflict do nothing",
            (ctx.tenant, step, ctx.actor.by, ctx.now),
        )
        if aside
        else run(ctx.tx, "delete from start_put_aside where tenant_id = %s and step = %s", (ctx.tenant, step))
    )
    if done:
        ctx.audit("start.put_aside" if aside else "start.taken_up", "company", step=step)


def _counts(ctx: Context) -> Counts:
    found = first(
        ctx.tx,
        Counts,
        """with used as (select item_id from item where tenant_id = %(tenant)s and not archived),
               site_bins as (select s.site_id, count(p.place_id) as bins from site s
                   left join place p on p.tenant_id = s.tenant_id and p.site_id = s.site_id and p.kind = 'bin'
                       and not p.archived
                   where s.tenant_id = %(tenant)s group by s.site_id),
               sold as (select item_id, min(ordered_at) as since from sales_line
                   where tenant_id = %(tenant)s and quantity > 0 and state <> 'cancelled' group by item_id)
           select t.setup_due, t.usual_lead_days,
               (select count(*) from site_bins) as sites,
               (select count(*) from site_bins where bins = 0) as sites_without_bins,
               (select coalesce(sum(bins), 0)::int from site_bins) as bins,
               (select count(*) from used) as items,
               (select count(*) from used u where not exists (select from item_barcode b
                   where b.tenant_id = t.tenant_id and b.item_id = u.item_id)) as items_without_barcode,
               (select count(*) from used u where not exists (select from supplier_item s
                   where s.tenant_id = t.tenant_id and s.item_id = u.item_id)) as items_without_terms,
               (select count(*) from used u where not exists (select from movement m
                   where m.tenant_id = t.tenant_id and m.item_id = u.item_id)) as items_without_stock,
               (select count(*) from used join sold using (item_id)
                   where since > %(now)s - make_interval(days => %(days)s)) as items_without_forecast,
               (select count(*) from item_rule r where r.tenant_id = t.tenant_id) as rules,
               (select count(*) from supplier s where s.tenant_id = t.tenant_id) as suppliers,
               (select count(*) from supplier s where s.tenant_id = t.tenant_id
                   and s.email is null and s.order_url is null) as suppliers_untold,
               (select count(*) from supplier_item s where s.tenant_id = t.tenant_id) as terms,
               (select count(*) from supplier_item s where s.tenant_id = t.tenant_id and s.lead_time_days is null)
                   as terms_without_lead_time,
               (select count(distinct ordered_at::date) from sales_line s where s.tenant_id = t.tenant_id) as sale_days,
               (select count(*) from used join sold using (item_id)) as sold_items,
               (select count(*) from purchase_order o where o.tenant_id = t.tenant_id
                   and o.state not in ('received', 'closed', 'cancelled')) as open_orders,
               (select count(*) from app_user u where u.tenant_id = t.tenant_id and u.active) as people,
               (select count(*) from handheld h where h.tenant_id = t.tenant_id and h.revoked_at is null) as handhelds,
               (select count(*) from device d where d.tenant_id = t.tenant_id and d.active) as devices,
               (select count(*) from device d where d.tenant_id = t.tenant_id and d.active
                   and not exists (select from device_latest l
                       where l.tenant_id = d.tenant_id and l.device = d.device)) as devices_never_heard,
               (g.value #>> '{}')::timestamptz as live_at,
               coalesce((g.value #>> '{}')::timestamptz <= %(now)s, false) as live
           from tenant t left join setting g on g.tenant_id = t.tenant_id and g.name = 'go_live'
           where t.tenant_id = %(tenant)s""",
        {"tenant": ctx.tenant, "now": ctx.now, "days": DAYS_FOR_A_FORECAST},
    )
    if found is None:
        raise NotFound("tenant", ctx.tenant)
    return found
