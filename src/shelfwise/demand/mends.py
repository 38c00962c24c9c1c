"""History mended by rules that can be seen: found, applied or waiting for a person, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Fault, Invalid, NotFound
from shelfwise.demand import mend_tables, tables
from shelfwise.demand.mend_tables import NewMend, StoredMend
from shelfwise.demand.mending import Lines, Rule, gaps, mends
from shelfwise.records.model import Site
from shelfwise.records.service import site_by_id

GAP = "gap"
RULES = (*(rule.value for rule in Rule), GAP)
STATES = ("applied", "waiting", "refused")
PAGE = 100
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class RuleState:
    """A rule, and what it does to the history now.

    Attributes:
        on: what it found is applied.
        before, after: what the lines of its applied mends say, and what they count for.
    """

    rule: str
    on: bool
    applied: int
    waiting: int
    refused: int
    before: Decimal
    after: Decimal


def refresh(ctx: Context, site_id: int) -> date | None:
    """Look at all lines of a site with all rules. What people decided stays, and so does what is found again.

    The daily sums are not changed by it: `demand.service.rebuild_history` reads the mends.

    Returns:
        The first day for which something changed; None: nothing did.

    Raises:
        NotFound: there is no such site.
    """
    ctx.require(Right.RUN_PLANNING, site_id)
    site = site_by_id(ctx, site_id)
    tables.lock_site(ctx.tx, ctx.tenant, site_id)
    lines = mend_tables.lines(ctx.tx, ctx.tenant, site_id)
    found = {one.key: one for one in (*_of_lines(lines, site), *_of_days(ctx, site))}
    known = mend_tables.known(ctx.tx, ctx.tenant, site_id)
    gone = [one for one in known if not one.decided and (one.key not in found or one.differs(found[one.key]))]
    staying = {one.key for one in known} - {one.key for one in gone}
    new = [one for key, one in found.items() if key not in staying]
    mend_tables.forget(ctx.tx, ctx.tenant, [one.mend_id for one in gone])
    mend_tables.insert(ctx.tx, ctx.tenant, site_id, ctx.now, new)
    return min([*(one.day for one in gone), *(one.day for one in new)], default=None)


def decide(ctx: Context, mend_id: int, *, apply: bool) -> StoredMend:
    """Apply a mend, or leave the line as it was told; either can be taken back by the other. Returns how it stands now.

    Raises:
        NotFound: there is no such mend at a site the actor may plan.
    """
    ctx.require_somewhere(Right.RUN_PLANNING)
    found = mend_tables.mend(ctx.tx, ctx.tenant, mend_id, lock=True)
    if found is None or not ctx.actor.may(Right.VIEW, found.site_id):
        raise NotFound("mend", mend_id)
    ctx.require(Right.RUN_PLANNING, found.site_id)
    state = "applied" if apply else "refused"
    mend_tables.decide(ctx.tx, ctx.tenant, mend_id, state, ctx.actor.by, ctx.now)
    if found.sales_line_id is not None:
        site = site_by_id(ctx, found.site_id)
        tables.lock_site(ctx.tx, ctx.tenant, found.site_id)
        whose = tables.whose(ctx.tx, ctx.tenant, found.sales_line_id)
        tables.rebuild_items(ctx.tx, ctx.tenant, found.site_id, site.time_zone, [whose], found.day)
    ctx.audit(
        "mend.applied" if apply else "mend.refused", f"mend:{mend_id}", rule=found.rule, day=found.day.isoformat(),
        was=found.state, **({"sku": found.sku} if found.sku else {}),
    )  # fmt: skip
    now = mend_tables.mend(ctx.tx, ctx.tenant, mend_id)
    assert now is not None  # noqa: S101
    return now


def decide_waiting(ctx: Context, rule: str, *, apply: bool) -> int:
    """Decide all that waits of a rule, at the sites the actor may plan. Returns how many there were.

    The sums follow within a minute, by the queue.

    Raises:
        Invalid: there is no such rule.
    """
    sites = ctx.sites(Right.RUN_PLANNING)
    _require_rule(rule)
    state = "applied" if apply else "refused"
    done = mend_tables.decide_waiting(ctx.tx, ctx.tenant, sites, rule, state, ctx.actor.by, ctx.now)
    if done:
        ctx.audit(f"mends.{state}", f"mend_rule:{rule}", mends=done)
        ctx.publish("history.mended", f"mend_rule:{rule}", rule=rule, mends=done)
    return done


def switch(ctx: Context, rule: str, *, on: bool) -> None:
    """Switch a rule on or off at all sites: off, what it found is shown and changes nothing.

    The sums follow within a minute, by the queue.

    Raises:
        Invalid: there is no such rule.
    """
    ctx.require(Right.RUN_PLANNING)
    _require_rule(rule)
    if mend_tables.switch(ctx.tx, ctx.tenant, rule, on, ctx.actor.by, ctx.now):
        ctx.audit("mend_rule.switched", f"mend_rule:{rule}", on=on)
        ctx.publish("history.mended", f"mend_rule:{rule}", rule=rule, on=on)


def rules(ctx: Context) -> list[RuleState]:
    """Every rule, and what it does at the sites the actor may see."""
    ctx.require_somewhere(Right.VIEW)
    off = mend_tables.rules_off(ctx.tx, ctx.tenant)
    counted = {one.rule: one for one in mend_tables.counts(ctx.tx, ctx.tenant, ctx.sites(Right.VIEW))}
    nothing = mend_tables.RuleCount("", 0, 0, 0, Decimal(0), Decimal(0))
    result = []
    for rule in RULES:
        one = counted.get(rule, nothing)
        result.append(RuleState(rule, rule not in off, one.applied, one.waiting, one.refused, one.before, one.after))
    return result


def stored(ctx: Context, rule: str | None = None, state: str | None = None, after: int = 0) -> list[StoredMend]:
    """Mends at the sites the actor may see, in the order found: one more than a page where there are more."""
    ctx.require_somewhere(Right.VIEW)
    return mend_tables.mends(ctx.tx, ctx.tenant, ctx.sites(Right.VIEW), rule, state, after, PAGE + 1)


def _require_rule(rule: str) -> None:
    if rule not in RULES:
        raise Invalid(Fault("rule", f"one of {', '.join(RULES)}", repr(rule), "Choose one of the page's rules."))


def _of_lines(lines: Lines, site: Site) -> Iterator[NewMend]:
    place = {line: number for number, line in enumerate(lines.line.tolist())}
    for one in mends(lines):
        at = place[one.line]
        day = local_day(datetime.fromtimestamp(int(lines.at[at]), UTC), site.zone_info)
        yield NewMend(
            one.rule.value, day, int(lines.item[at]), one.line, one.other, _exact(one.before), _exact(one.after),
            one.why, "applied" if one.certain else "waiting",
        )  # fmt: skip


def _of_days(ctx: Context, site: Site) -> Iterator[NewMend]:
    known = mend_tables.orders(ctx.tx, ctx.tenant, site.site_id, site.time_zone)
    for gap in gaps([(day - _EPOCH).days for day, _ in known], [number for _, number in known]):
        if gap.missing is not False:
            day, state = _EPOCH + timedelta(days=gap.day), "applied" if gap.missing else "waiting"
            yield NewMend(GAP, day, None, None, None, None, None, {"skipped": gap.skipped}, state)


def _exact(quantity: float) -> Decimal:
    return Decimal(str(np.round(quantity, 6)))
