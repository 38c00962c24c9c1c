"""Who buys from us, on which days nobody works, and how goods get from one site to another."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response
from starlette.datastructures import FormData

from shelfwise.access.model import Right
from shelfwise.core.errors import Invalid
from shelfwise.records import customers, lanes
from shelfwise.records import service as records
from shelfwise.records.customers import NewCustomer
from shelfwise.records.lanes_model import WEEKDAYS, Lane
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.trade import CLOSED_DAYS, CUSTOMERS
from shelfwise.web.record_forms import Answers, shown_again
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
Short = Annotated[str, Form(max_length=200)]
Long = Annotated[str, Form(max_length=500)]
Code = Annotated[str, Query(max_length=64)]
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@router.get("/customers")
def list_customers(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(visit, ctx, "customers.html", found=find(ctx, CUSTOMERS, visit.request.query_params))


@router.get("/closed-days")
def list_closed_days(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(visit, ctx, "closed_days.html", found=find(ctx, CLOSED_DAYS, visit.request.query_params))


@router.get("/customers/new")
def new(visit: Visitor) -> Response:
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        return pages.render(
            visit, ctx, "customer.html", customer=None, values=NewCustomer("", ""), bought=[], orders=[]
        )


@router.get("/customers/{customer_id}")
def customer(visit: Visitor, customer_id: int) -> Response:
    with visit.context() as ctx:
        found = customers.customer(ctx, customer_id)
        return pages.render(
            visit, ctx, "customer.html", customer=found, values=found.as_new,
            bought=customers.bought(ctx, customer_id), orders=customers.orders_of(ctx, customer_id),
        )  # fmt: skip


@router.post("/customers/new")
def add(
    visit: Visitor, code: Short = "", name: Short = "", country: Short = "", address: Long = "",
    customer_group: Short = "", delivery_note: Long = "",
) -> Response:  # fmt: skip
    told = _customer(code, name, country, address, customer_group, delivery_note)
    with visit.context() as ctx:
        customer_id = customers.put_customer(ctx, told)
    return pages.go(f"/customers/{customer_id}", f"{told.name} is added.")


@router.post("/customers/{customer_id}")
def change(
    visit: Visitor, customer_id: int, code: Short = "", name: Short = "", country: Short = "", address: Long = "",
    customer_group: Short = "", delivery_note: Long = "",
) -> Response:  # fmt: skip
    told = _customer(code, name, country, address, customer_group, delivery_note)
    with visit.context() as ctx:
        customers.put_customer(ctx, told, customer_id)
    return pages.go(f"/customers/{customer_id}", f"{told.name} is changed.")


def _customer(code: str, name: str, country: str, address: str, group: str, note: str) -> NewCustomer:
    def lines(text: str) -> str:
        return "\n".join(line.strip() for line in text.splitlines() if line.strip())

    return NewCustomer(
        code.strip(), name.strip(), country.strip() or None, lines(address), group.strip() or None, lines(note) or None
    )


@router.get("/lanes")
def list_lanes(visit: Visitor, start: Code = "", end: Code = "") -> Response:
    return _lanes(visit, start, end)


@router.post("/lanes")
def put_lane(visit: Visitor, sent: Sent) -> Response:
    """Say how goods get from one site to another, or forget it."""
    answers = Answers(sent)
    start, end = answers.text("start")[:64], answers.text("end")[:64]
    try:
        with visit.context() as ctx:
            ctx.require_somewhere(Right.EDIT_RECORDS)
            ends = records.site(ctx, start), records.site(ctx, end)
            if answers.text("verb") == "forget":
                lanes.remove_lanes(ctx, [(ends[0].site_id, ends[1].site_id)])
                return pages.go("/lanes", "Forgotten: what is usual counts again.")
            told = Lane(
                ends[0].site_id, ends[1].site_id, answers.real("days", "Days") or 0.0,
                answers.number("cost_per_shipment", "Cost of a shipment") or Decimal(0),
                answers.number("cost_per_kg", "Cost of a kilogram") or Decimal(0),
                frozenset(number for number, day in enumerate(WEEKDAYS, 1) if answers.ticked(day)),
            )  # fmt: skip
            answers.check()
            lanes.put_lane(ctx, told)
    except Invalid as error:
        return _lanes(visit, start, end, sent, error)
    way = f"Nothing is sent from {start} to {end}." if not told.used else f"The way from {start} to {end} is kept."
    return pages.go("/lanes", way)


def _lanes(visit: Visit, start: str, end: str, sent: FormData | None = None, error: Invalid | None = None) -> Response:
    with visit.context() as ctx:
        sites = {site.site_id: site for site in records.sites(ctx)}
        every = lanes.lanes(ctx)
        chosen = next(
            (one for one in every if (sites[one.from_site_id].code, sites[one.to_site_id].code) == (start, end)), None
        )
        values: dict[str, object] = {"days": None, "cost_per_shipment": None, "cost_per_kg": None}
        if chosen is not None:
            values = {name: getattr(chosen, name) for name in values}
            values |= {day: number in chosen.weekdays for number, day in enumerate(WEEKDAYS, 1)}
        return pages.render(
            visit, ctx, "lanes.html", lanes=every, sites=sites, chosen=chosen, start=start, end=end,
            weekdays=dict(zip(WEEKDAYS, DAY_NAMES, strict=True)),
            **shown_again(values, sent, error),
        )  # fmt: skip
