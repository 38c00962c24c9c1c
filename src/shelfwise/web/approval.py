"""Who may order how much alone: limits, monthly budgets, exchange rates. For admins."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.access import service as access
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.orders import approval
from shelfwise.records import service as records
from shelfwise.web import pages
from shelfwise.web.shell import shell
from shelfwise.web.visits import Visitor
from shelfwise.web.writing import read_typed

router = APIRouter(include_in_schema=False)
Amount = Annotated[str, Form(max_length=40)]


@router.get("/approval")
def page(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.MANAGE_SETTINGS)
        month = local_day(ctx.now, shell(ctx).zone).replace(day=1)
        sites = records.sites(ctx)
        return pages.render(
            visit, ctx, "approval.html", limits=approval.limits(ctx), budgets=approval.budgets(ctx, month),
            rates=approval.rates(ctx), month=month, sites=sites,
            people=[one for one in access.users(ctx) if one.active],
            site_names={site.site_id: site.name for site in sites}, currency=approval.our_currency(ctx),
        )  # fmt: skip


@router.post("/approval/limit")
def limit(visit: Visitor, actor: Annotated[str, Form(max_length=100)], amount: Amount = "") -> Response:
    with visit.context() as ctx:
        approval.set_limit(ctx, actor, _amount(amount))
    return pages.go("/approval", "The limit is set.")


@router.post("/approval/budget")
def budget(
    visit: Visitor, month: Annotated[str, Form(max_length=7)], site: str = Form(""), amount: Amount = ""
) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.MANAGE_SETTINGS)
        site_id = records.site(ctx, site).site_id if site else None
        approval.set_budget(ctx, approval.month_of(month), _amount(amount), site_id)
    return pages.go("/approval", "The budget is set.")


@router.post("/approval/rate")
def rate(
    visit: Visitor,
    currency: Annotated[str, Form(max_length=3)],
    valid_from: Annotated[str, Form(max_length=10)],
    rate: Annotated[str, Form(max_length=40)],
) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.MANAGE_SETTINGS)
        try:
            day = date.fromisoformat(valid_from)
        except ValueError as error:
            raise Invalid(Fault("from", "a day such as 2026-12-31", shorten(valid_from), "Correct the day.")) from error
        approval.set_rate(ctx, currency.strip().upper(), day, read_typed(rate, "rate"))
    return pages.go("/approval", "The rate is set.")


def _amount(text: str) -> Decimal | None:
    return read_typed(text, "amount") if text.strip() else None
