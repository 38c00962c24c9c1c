"""Settings of the company: who we are on paper, where goods are delivered, and whether mail leaves the house."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Form, Request, Response

from shelfwise.access.model import Right
from shelfwise.records import company as companies
from shelfwise.records import habits as habit
from shelfwise.records.company import Company
from shelfwise.records.currencies import CURRENCIES
from shelfwise.records.habits import DAYS, NUMBERS, Habits
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent
from shelfwise.web.record_forms import Answers
from shelfwise.web.setting_up import DAYS_SHOWN, NUMBERS_SHOWN
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=500)]


@router.get("/settings")
def settings(visit: Visitor, request: Request) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.MANAGE_SETTINGS)
        return pages.render(
            visit, ctx, "settings.html", company=companies.company(ctx), open=companies.currency_is_open(ctx),
            habits=habit.habits(ctx), numbers=NUMBERS_SHOWN, days=DAYS_SHOWN, time_zones=sorted(available_timezones()),
            currencies=CURRENCIES, addresses=companies.delivery_addresses(ctx), mail=request.app.state.mail,
        )  # fmt: skip


@router.post("/settings")
def change(
    visit: Visitor, name: Text, address: Text = "", tax_number: Text = "", contact: Text = "", currency: Text = ""
) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.MANAGE_SETTINGS)
        before = companies.company(ctx)
        to = Company(
            name.strip(), _block(address), tax_number.strip(), contact.strip(),
            currency.strip().upper() or before.currency,
        )  # fmt: skip
        companies.change_company(ctx, to)
    return pages.go("/settings", "Kept. The next order says so.")


@router.post("/settings/habits")
def change_habits(visit: Visitor, sent: Sent) -> Response:
    """How we write, and what holds where nobody said."""
    with visit.context() as ctx:
        ctx.require(Right.MANAGE_SETTINGS)
        answers = Answers(sent)
        told = Habits(
            answers.text("time_zone"), answers.chosen("numbers", NUMBERS, "Numbers"),
            answers.chosen("days", DAYS, "Days"), float(answers.needed("usual_lead_days", "Usual lead time")),
            answers.whole("answer_days", "Days for an answer") or 0,
            answers.whole("take_back_minutes", "Minutes to take back") or 0,
            float(answers.needed("usual_lane_days", "Days to another site")),
            float(answers.needed("usual_lane_cost", "Cost of a shipment to another site")),
        )  # fmt: skip
        answers.check()
        habit.change_habits(ctx, told)
    return pages.go("/settings", "Kept. The next page and the next planning run go by it.")


@router.post("/settings/sites/{site_id}/address")
def deliver_to(visit: Visitor, site_id: int, address: Text = "") -> Response:
    with visit.context() as ctx:
        companies.set_delivery_address(ctx, site_id, _block(address))
    return pages.go("/settings" if visit.everywhere("manage_settings") else "/", "Kept. The next order says so.")


@router.post("/settings/test-mail")
def test_mail(visit: Visitor, to: Annotated[str, Form(max_length=200)]) -> Response:
    with visit.context() as ctx:
        companies.send_test_mail(ctx, to.strip())
    return pages.go("/settings", f"A letter is on its way to {to.strip()}. If it cannot be sent, your inbox says why.")


def _block(text: str) -> str:
    """Lines of an address, without empty ones."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
