"""How a site's orders are planned: what is promised by class of value, what an order costs, limits of a run."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.orders.approval import our_currency
from shelfwise.planning.model import Params
from shelfwise.planning.settings import params_of, set_params
from shelfwise.planning.standing import CLASSES, Aim, Target
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.floor import chosen_site
from shelfwise.web.visits import Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
AIMS = {
    Aim.CYCLES: "of deliveries pass without a stockout",
    Aim.FILL: "of what is wanted is there",
    Aim.COST: "whatever costs least, missed sales counted",
}
MEAN = ("the few that make up 80% of the value of what is wanted", "the next 15%", "all others")


async def told(request: Request) -> dict[str, str]:
    """The form's fields; each class has its own."""
    form = await request.form(max_fields=50)
    return {name: str(text)[:40].strip() for name, text in form.items()}


@router.get("/planning")
def page(visit: Visitor, site: str | None = None) -> Response:
    with visit.context() as ctx:
        here = chosen_site(ctx, site)
        if here is None:
            return pages.go("/start", "Set up a site first.")
        params = params_of(ctx, here.site_id)
        return pages.render(
            visit, ctx, "planning_ways.html", at_site=here.site_id, here=here, sites=records.sites(ctx), params=params,
            targets=[(group, mean, params.target_of(group)) for group, mean in zip(CLASSES, MEAN, strict=True)],
            aims=AIMS, currency=our_currency(ctx), may_set=visit.may("run_planning", here.site_id),
        )  # fmt: skip


@router.post("/planning/{site_id}")
def change(visit: Visitor, site_id: int, said: Annotated[dict[str, str], Depends(told)]) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.RUN_PLANNING, site_id)
        set_params(ctx, site_id, _read(said))
        code = records.site_by_id(ctx, site_id).code
    return pages.go(f"/planning?site={quote(code, safe='')}", "Set. The next run plans so.")


def _read(said: dict[str, str]) -> Params:
    """
    Raises:
        Invalid: a field is no number, or out of its range.
    """
    targets = tuple(_target(said, group) for group in CLASSES)
    usual = Params()
    return Params(
        targets=(targets[0], targets[1], targets[2]),
        ordering_cost=_number(said, "ordering_cost", usual.ordering_cost) or 0.0,
        longest_cover_days=round(_number(said, "longest_cover_days", usual.longest_cover_days) or 0.0),
        budget=_number(said, "budget", None),
        pallets=_number(said, "pallets", None),
    )


def _target(said: dict[str, str], group: str) -> Target:
    aim = said.get(f"aim-{group}", Aim.CYCLES)
    if aim not in list(Aim):
        raise Invalid(Fault(f"target of class {group}", f"one of {', '.join(Aim)}", shorten(aim), "Choose one."))
    text = said.get(f"level-{group}", "")
    # Divided as it was written: 99.9 in binary is a little more than 99.9.
    return Target(Aim(aim), float(read_typed(text, f"level of class {group}") / 100) if text else Target().level)


def _number(said: dict[str, str], name: str, otherwise: float | None) -> float | None:
    text = said.get(name, "")
    return float(read_typed(text, name.replace("_", " "))) if text else otherwise
