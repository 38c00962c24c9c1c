"""Lots and holds, why a figure is what it is, and what was posted together."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Response

from shelfwise.access import sessions
from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Forbidden, NotFound, Refused, Unauthenticated
from shelfwise.core.quantities import plain
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock.model import Status
from shelfwise.web import pages
from shelfwise.web.floor import chosen_site
from shelfwise.web.listing_rows import find
from shelfwise.web.lists.stock import LOTS
from shelfwise.web.visits import Visit, Visitor, caller_of
from shelfwise.web.writing import read_typed
from shelfwise.work import objections

router = APIRouter(include_in_schema=False)
HELD: tuple[Status, ...] = ("hold", "quarantine", "damaged")
Code = Annotated[str, Form(max_length=200)]


@router.get("/lots")
def lots(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return pages.render(visit, ctx, "lots.html", found=find(ctx, LOTS, visit.request.query_params))


@router.get("/lot")
def lot(visit: Visitor, item: int, code: str) -> Response:
    """A lot forward and back. Its code may hold anything, so it stands in the query."""
    with visit.context() as ctx:
        return pages.render(visit, ctx, "lot.html", trace=stock.trace(ctx, item, code, 2000))


@router.get("/explain")
def explain(visit: Visitor, item: int, site: str | None = None) -> Response:
    with visit.context() as ctx:
        found = records.item(ctx, item)
        here = chosen_site(ctx, site)
        if here is None:
            raise NotFound("site", site)
        return pages.render(
            visit, ctx, "explain.html", at_site=here.site_id, item=found, here=here,
            why=stock.explain(ctx, item, here.site_id),
            objection=objections.newest(ctx, f"stock:{item}:site:{here.site_id}", here.site_id),
        )  # fmt: skip


@router.post("/stock/hold")
def hold(
    visit: Visitor,
    item: Annotated[int, Form()],
    reason: Annotated[str, Form(max_length=500)],
    status: Annotated[Status, Form()] = "hold",
    lot: Code = "",
    site: Code = "",
    place: Code = "",
    amount: Annotated[str, Form(max_length=40)] = "",
    exact: Annotated[str, Form(max_length=3)] = "",
    after: Annotated[str, Form(alias="next", max_length=1000)] = "",
) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.HOLD_STOCK)
        site_id, place_id = _where(ctx, site, place)
        done = stock.hold(
            ctx, item_id=item, reason=reason, status=status, lot=_lot(lot, exact), site_id=site_id,
            place_id=place_id, quantity=_amount(amount),
        )  # fmt: skip
        address = pages.local_address(after) if after else _address(ctx, item, lot.strip())
    much = plain(done.quantity) if done.quantity else "what still comes of it"
    return pages.go(address, f"Held: {much}. It is not picked and not promised until somebody releases it.")


@router.post("/stock/release")
def release(
    visit: Visitor,
    item: Annotated[int, Form()],
    reason: Annotated[str, Form(max_length=500)],
    password: Annotated[str, Form(max_length=1000)],
    status: Annotated[str, Form(max_length=12)] = "",
    lot: Code = "",
    site: Code = "",
    place: Code = "",
    amount: Annotated[str, Form(max_length=40)] = "",
    exact: Annotated[str, Form(max_length=3)] = "",
    after: Annotated[str, Form(alias="next", max_length=1000)] = "",
) -> Response:
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RELEASE_STOCK)
    _signed(visit, password)
    with visit.context() as ctx:
        site_id, place_id = _where(ctx, site, place)
        stock.release(
            ctx, item_id=item, reason=reason, lot=_lot(lot, exact), site_id=site_id,
            place_id=place_id, quantity=_amount(amount), from_status=next((one for one in HELD if one == status), None),
        )  # fmt: skip
        address = pages.local_address(after) if after else _address(ctx, item, lot.strip())
    return pages.go(address, "Released: it can be picked and promised again. Your name and reason are kept with it.")


def _signed(visit: Visit, password: str) -> None:
    """A release is signed: the password shows that it is the person who signed in, and not whoever walked past.

    Raises:
        Forbidden: a key, or somebody with badge and PIN.
        Refused: the password is wrong.
    """
    if visit.session is None:
        raise Forbidden("A release needs a person's signature. Sign in with your password.")
    try:
        sessions.prove(visit.office, visit.session, password, caller_of(visit.request))
    except Unauthenticated as error:
        # A wrong password here is not the end of the session.
        raise Refused(str(error)) from error


@router.get("/batches/{batch_id}")
def batch(visit: Visitor, batch_id: int) -> Response:
    with visit.context() as ctx:
        steps = stock.batch_steps(ctx, batch_id)
        if not steps:
            raise NotFound("batch of movements", batch_id)
        return pages.render(
            visit, ctx, "batch.html", batch_id=batch_id, steps=steps, shipment=stock.shipment_of_batch(ctx, batch_id)
        )


@router.post("/batches/{batch_id}/reverse")
def reverse(visit: Visitor, batch_id: int, reason: Annotated[str, Form(max_length=500)]) -> Response:
    with visit.context() as ctx:
        done = stock.reverse_batch(ctx, batch_id, reason)
    return pages.go(f"/batches/{batch_id}", f"Taken back: {len(done)} opposite movements were posted.")


def _where(ctx: Context, site: str, place: str) -> tuple[int | None, int | None]:
    if not site.strip():
        return None, None
    here = records.site(ctx, site.strip())
    return here.site_id, records.place_by_code(ctx, here.site_id, place.strip()).place_id if place.strip() else None


def _lot(told: str, exact: str) -> str | None:
    """None: any lot; of one row of stock, '' is what has none."""
    return told.strip() if exact == "yes" else told.strip() or None


def _amount(text: str) -> Decimal | None:
    return read_typed(text) if text.strip() else None


def _address(ctx: Context, item_id: int, lot: str) -> str:
    if lot:
        return f"/lot?item={item_id}&code={pages.segment(lot)}"
    return f"/items/{pages.segment(records.item(ctx, item_id).sku)}"
