"""A person's own rule for an item at a site: reorder at, order up to. Planning goes by it where it has no forecast."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault
from shelfwise.core.quantities import plain
from shelfwise.records.model import Rule, exact, refuse
from shelfwise.records.sites import require_items, site_by_id
from shelfwise.store.database import rows, run

_FIELDS = "item_id, site_id, reorder_point, order_up_to, provenance"


def rules_of_site(ctx: Context, site_id: int) -> list[Rule]:
    """The rules at a site, by item."""
    ctx.require(Right.VIEW, site_id)
    return rows(
        ctx.tx,
        Rule,
        f"select {_FIELDS} from item_rule where tenant_id = %s and site_id = %s order by item_id",
        (ctx.tenant, site_id),
    )


def rules_of_item(ctx: Context, item_id: int) -> list[Rule]:
    """The rules for an item at the sites that the actor may see, by site."""
    return rows(
        ctx.tx,
        Rule,
        f"""select {_FIELDS} from item_rule where tenant_id = %(tenant)s and item_id = %(item)s
            and (%(sites)s::bigint[] is null or site_id = any(%(sites)s)) order by site_id""",
        {"tenant": ctx.tenant, "item": item_id, "sites": ctx.sites(Right.VIEW)},
    )


def set_rule(ctx: Context, item_id: int, site_id: int, reorder_point: Decimal, order_up_to: Decimal | None) -> None:
    """Say when an item shall be ordered at a site, and up to how much; an earlier rule is replaced.

    Raises:
        Invalid: the two cannot be right together.
        NotFound: the item or the site does not exist.
    """
    ctx.require(Right.EDIT_RECORDS, site_id)
    site_by_id(ctx, site_id)
    new = Rule(item_id, site_id, reorder_point, order_up_to)
    refuse(rule_faults(new))
    before = next((one for one in rules_of_item(ctx, item_id) if one.site_id == site_id), None)
    if before is None or (before.reorder_point, before.order_up_to) != (reorder_point, order_up_to):
        _put(ctx, [new])
        ctx.audit("rule.set", f"item:{item_id}", site_id=site_id, before=_said(before), after=_said(new))


def set_many_rules(ctx: Context, rules: Sequence[Rule]) -> None:
    """Say thousands of rules at once; earlier ones for the same item and site are replaced.

    Raises:
        Invalid: one cannot be right; nothing was changed.
        NotFound: an item does not exist.
    """
    for site_id in {one.site_id for one in rules}:
        ctx.require(Right.IMPORT_DATA, site_id)
    ctx.require_somewhere(Right.IMPORT_DATA)
    refuse(fault for row, one in enumerate(rules, 1) for fault in rule_faults(one, f"row {row}, "))
    _put(ctx, rules)
    if rules:
        ctx.audit("rules.set", "items", count=len(rules))


def remove_rule(ctx: Context, item_id: int, site_id: int) -> None:
    """Forget the rule for an item at a site."""
    ctx.require(Right.EDIT_RECORDS, site_id)
    _forget(ctx, site_id, [item_id])


def forget_rules(ctx: Context, site_id: int, item_ids: Collection[int]) -> None:
    """Forget the rules for thousands of items at a site."""
    ctx.require(Right.IMPORT_DATA, site_id)
    _forget(ctx, site_id, item_ids)


def _forget(ctx: Context, site_id: int, item_ids: Collection[int]) -> None:
    gone = run(
        ctx.tx,
        "delete from item_rule where tenant_id = %s and site_id = %s and item_id = any(%s::bigint[])",
        (ctx.tenant, site_id, list(item_ids)),
    )
    if gone:
        subject = f"item:{next(iter(item_ids))}" if len(item_ids) == 1 else "items"
        ctx.audit("rule.removed", subject, site_id=site_id, count=gone)


def rule_faults(rule: Rule, row: str = "") -> Iterator[Fault]:
    """What is wrong with a rule; `row` is put before the names of fields."""
    if not exact(rule.reorder_point) or rule.reorder_point < 0:
        yield Fault(f"{row}reorder_point", "0 or more units", str(rule.reorder_point), "Correct the reorder level.")
    up_to = rule.order_up_to
    if up_to is not None and not (exact(up_to) and up_to > 0 and up_to >= rule.reorder_point):
        wanted = f"more than 0, and at least the reorder level {plain(rule.reorder_point)}"
        yield Fault(f"{row}order_up_to", wanted, str(up_to), "Correct one of the two, or leave this one empty.")


def _put(ctx: Context, rules: Sequence[Rule]) -> None:
    require_items(ctx, {one.item_id for one in rules})
    run(
        ctx.tx,
        """insert into item_rule (tenant_id, item_id, site_id, reorder_point, order_up_to, provenance)
           select %s, u.* from unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[], %s::text[]) u
           on conflict (tenant_id, item_id, site_id) do update set reorder_point = excluded.reorder_point,
               order_up_to = excluded.order_up_to, provenance = excluded.provenance""",
        (
            ctx.tenant,
            [one.item_id for one in rules],
            [one.site_id for one in rules],
            [one.reorder_point for one in rules],
            [one.order_up_to for one in rules],
            [one.provenance for one in rules],
        ),
    )


def _said(rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"reorder_point": None, "order_up_to": None}
    return {
        "reorder_point": plain(rule.reorder_point),
        "order_up_to": None if rule.order_up_to is None else plain(rule.order_up_to),
    }
