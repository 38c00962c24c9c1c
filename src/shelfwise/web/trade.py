"""Who buys from us, and on which days nobody works."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.access.model import Right
from shelfwise.records import customers
from shelfwise.records.customers import NewCustomer
from shelfwise.web import pages
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.trade import CLOSED_DAYS, CUSTOMERS
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
Short = Annotated[str, Form(max_length=200)]
Long = Annotated[str, Form(max_length=500)]


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
