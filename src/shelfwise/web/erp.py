"""Beside an ERP: who keeps the books, what is on its way there, and what it told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Form, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.agents import handover
from shelfwise.agents.handing_files import as_csv
from shelfwise.core.errors import Fault, Invalid, NotFound, shorten
from shelfwise.orders import erp_orders
from shelfwise.records import service as records
from shelfwise.records.books import Books, Keeper, books, change_books
from shelfwise.records.changes import NeedsWord
from shelfwise.stock import told_by_erp
from shelfwise.web import pages
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)


@router.get("/erp")
def page(visit: Visitor) -> Response:
    with visit.context() as ctx:
        return _page(visit, ctx, books(ctx))


def _page(visit: Visit, ctx: Context, wanted: Books, concerns: Sequence[str] = ()) -> Response:
    return pages.render(
        visit, ctx, "erp.html", books=books(ctx), wanted=wanted, concerns=concerns,
        handovers=handover.handovers(ctx, limit=200), differences=told_by_erp.differences(ctx, 50),
        told=told_by_erp.told_as_of(ctx), on_order=erp_orders.on_order_there(ctx),
        sites={site.site_id: site for site in records.sites(ctx)},
        folder=visit.request.app.state.settings.outgoing.absolute(),
    )  # fmt: skip


@router.post("/erp")
def change(
    visit: Visitor, keeper: Annotated[str, Form(max_length=20)], by: Annotated[str, Form(max_length=20)] = "file",
    hours: Annotated[str, Form(max_length=4)] = "48", confirmed: Annotated[str, Form(max_length=4)] = "",
) -> Response:  # fmt: skip
    with visit.context() as ctx:
        ctx.require(Right.MANAGE_SETTINGS)
        if not hours.strip().isdecimal():
            raise Invalid(Fault("hours", "1 to 720", shorten(hours), "Correct the hours."))
        told = Books(cast(Keeper, keeper), by, int(hours))
        try:
            change_books(ctx, told, confirmed=bool(confirmed))
        except NeedsWord as error:
            return _page(visit, ctx, told, error.concerns)
    return pages.go("/erp", "The ERP keeps the books now." if told.elsewhere else "Shelfwise keeps the books.")


@router.get("/erp/runs/{run}")
def download(visit: Visitor, run: str) -> Response:
    """What was approved together, as the file that the ERP gets."""
    with visit.context() as ctx:
        found = [one for one in handover.handovers(ctx, limit=5000) if one.run == run]
        if not found:
            raise NotFound("approval", shorten(run))
        return Response(
            as_csv(found[::-1]), media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="proposals-{run}.csv"'},
        )  # fmt: skip


@router.post("/handover/{handover_key}")
def settle(
    visit: Visitor, handover_key: str, verdict: Annotated[str, Form(max_length=10)],
    number: Annotated[str, Form(max_length=64)] = "", reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """What a person found out in the ERP."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RUN_PLANNING)
        match cast(Literal["taken", "refused", "again"], verdict):
            case "taken":
                handover.taken(ctx, handover_key, number.strip())
            case "refused":
                handover.refused(ctx, handover_key, reason)
            case "again":
                handover.hand_over_again(ctx, handover_key)
            case _:
                raise Invalid(Fault("verdict", "taken, refused or again", shorten(verdict), "Choose one."))
    return pages.go("/erp", "Noted.")
