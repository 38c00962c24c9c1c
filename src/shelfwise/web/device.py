"""One device: what it is, where it stands, what it said last, and what the other parts know of it."""

from __future__ import annotations

from fastapi import APIRouter, Response

from shelfwise.access.context import business_time
from shelfwise.edge import devices
from shelfwise.web import device_health, device_history, device_standing, pages
from shelfwise.web.device_words import how_it_is, importance, last_heard, said, standings
from shelfwise.web.floor_view import stale_after
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)


@router.get("/devices/{device}")
def device_page(visit: Visitor, device: str) -> Response:
    with visit.context() as ctx:
        states = devices.states_of_device(ctx, device)
        one = states[0]
        stale = stale_after(business_time(ctx.tx, ctx.tenant).rate)
        site_id = devices.site_of_device(ctx, device)
        return pages.render(
            visit, ctx, "device.html", at_site=site_id, one=one, site_id=site_id,
            heard=last_heard(states), state=how_it_is(one, last_heard(states), ctx.now, stale),
            stands=standings(ctx).of(one),
            last=[(state, said(state)) for state in sorted(states, key=importance) if state.kind is not None],
            standing=device_standing.parts(ctx, device), health=device_health.parts(ctx, device),
            history=device_history.parts(ctx, device),
        )  # fmt: skip
