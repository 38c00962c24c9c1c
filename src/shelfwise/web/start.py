"""The first hour: what is there, what is missing and why it matters, and a look at what has to be ordered, now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.agents import runs
from shelfwise.core.errors import Refused
from shelfwise.intake import starting
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)


@router.get("/start")
def show(visit: Visitor, request: Request) -> Response:
    with visit.context() as ctx:
        steps = starting.starting(ctx, mail=bool(request.app.state.mail), https=request.url.scheme == "https")
        names = {site.site_id: site.name for site in records.sites(ctx)}
        looks = [(one, names[one.site_id]) for one in runs.latest_runs(ctx)]
        return pages.render(
            visit, ctx, "start.html", open=[one for one in steps if not one.settled],
            settled=[one for one in steps if one.settled], looks=looks, several=len(names) > 1, sites=len(names),
            under_way=any(one.under_way for one, _ in looks), hidden=starting.PAGE in starting.put_aside(ctx),
        )  # fmt: skip


@router.post("/start/look")
def look(visit: Visitor) -> Response:
    """Have every site looked at now, and follow how far that is."""
    with visit.context() as ctx:
        ask_for_looks(ctx)
    return pages.go("/start")


def ask_for_looks(ctx: Context) -> list[str]:
    """Ask for a look at each site where the actor may; returns their names.

    Raises:
        Refused: there is no site.
    """
    allowed = ctx.sites(Right.RUN_PLANNING)
    sites = [site for site in records.sites(ctx) if allowed is None or site.site_id in allowed]
    if not sites:
        raise Refused("There is no site to plan for yet.")
    for site in sites:
        runs.ask(ctx, site.site_id)
    ctx.audit("planning.requested", "sites", sites=[site.code for site in sites])
    return [site.name for site in sites]


@router.post("/start/steps/{step}")
def put_aside(visit: Visitor, step: str, aside: Annotated[bool, Form()] = True) -> Response:
    with visit.context() as ctx:
        starting.put_step_aside(ctx, step, aside)
    return pages.go("/start", "Put aside; it stands below, and can be taken up again." if aside else "")
