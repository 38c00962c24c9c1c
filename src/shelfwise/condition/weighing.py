"""Excursions of thermometers in doubt: to be checked where another says that all is well, otherwise a danger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.condition import tables
from shelfwise.condition.model import Limit
from shelfwise.store.events import Event
from shelfwise.work.alerts import open_alerts, raise_alert

TO_CHECK = "To check: "


def only_doubted(ctx: Context, zone_id: int, limit: Limit) -> str:
    """Why an excursion is to be checked before it is a danger, in words; empty where it is a danger.

    Only where all that are outside are in doubt, and another that is not says at the same time that all is well. A
    doubted thermometer that nobody contradicts may be right, and goods are not risked on it.
    """
    ctx.require_somewhere(Right.VIEW)
    ctx.require(Right.VIEW, tables.site_of_zone(ctx.tx, ctx.tenant, zone_id))
    outside = tables.confirmed_devices(ctx.tx, ctx.tenant, zone_id)
    here = tables.thermometers(ctx.tx, ctx.tenant, zone_id, ctx.now)
    doubted = {one.device for one in here if one.doubted}
    well = [
        one.device
        for one in here
        if not one.doubted and ctx.now - one.observed_at <= tables.FRESH and limit.excess(one.degc) == 0
    ]
    if not outside or not outside <= doubted or not well:
        return ""
    names = ", ".join(sorted(outside))
    return f"{names} is in doubt, and {', '.join(sorted(well))} beside it says that all is well."


def weigh_again(ctx: Context, facts: Sequence[Event]) -> None:
    """What was to be checked becomes a danger when its doubt is gone, or when nobody is left who says otherwise.

    The other way round nothing is made less: what was told as a danger stays one until the zone is back.
    """
    ctx.require(Right.HANDLE_ALERTS)
    if not any(fact.kind == "device.doubted" for fact in facts):
        return
    for alert in open_alerts(ctx):
        if alert.kind != "temperature" or alert.severity == "danger":
            continue
        limit = Limit(alert.evidence["low_degc"], alert.evidence["high_degc"], timedelta(0))
        if not only_doubted(ctx, int(alert.evidence["zone_id"]), limit):
            raise_alert(
                ctx, "temperature", alert.subject, "danger", alert.title.removeprefix(TO_CHECK),
                f"{alert.detail} This was to be checked, and nothing speaks against it any more.", alert.link,
                alert.evidence, site_id=alert.site_id,
            )  # fmt: skip
