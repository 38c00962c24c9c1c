"""REST: tags and what they are on, and the loads that passed dock doors."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from shelfwise.access.model import Right
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.stock.portals import service as portals
from shelfwise.stock.portals.booking import book_load, reject_load
from shelfwise.stock.tags import service as tags
from shelfwise.stock.tags.model import MOST_AT_ONCE, Content
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Exact, Id, Shown, Told
from shelfwise.web.visits import Visitor

router = APIRouter()
Which = Annotated[Id, Path()]
Epc = Annotated[str, Path(max_length=124)]
Word = Annotated[str, Field(max_length=200)]


class TagOut(Shown):
    """What a tag is on, or was until `ended_at`; a tag on a mixed pallet is listed once for each item."""

    epc: str
    sku: str
    quantity: Exact
    lot: str | None
    serial: str | None
    sscc: str | None
    number: str | None
    bound_at: datetime
    bound_by: str
    ended_at: datetime | None
    ended: str | None
    replaced_by: str | None


class GoodsIn(Told):
    """So much of an item, or of a lot of it."""

    sku: Annotated[str, Field(max_length=64)]
    quantity: Exact
    lot: Annotated[str, Field(max_length=64)] | None = None


class BindIn(GoodsIn):
    """Tags that are all on the same: so much of an item is under each, and of others on a mixed pallet."""

    site: Annotated[str, Field(max_length=64)]
    epcs: Annotated[list[Annotated[str, Field(max_length=124)]], Field(min_length=1, max_length=MOST_AT_ONCE)]
    purchase_order: Annotated[str, Field(max_length=64)] | None = None
    line: Annotated[int, Field(ge=1, le=10**6)] | None = None
    also: Annotated[list[GoodsIn], Field(max_length=60)] = Field(default=[])


class BoundOut(Shown):
    bound: int


class OffIn(Told):
    reason: Word
    killed: bool = False


class LoadOut(Shown):
    """Tags that passed a dock door one after the other."""

    load_id: int
    site: str
    door: str
    way: str
    first_at: datetime
    last_at: datetime
    tags: int
    state: str
    decided_at: datetime | None
    decided_by: str | None


class LineOut(Shown):
    line: int
    sku: str
    expected: Exact
    came: Exact


class MatchOut(Shown):
    """What a load can be; `document` is what is sent to book it as this."""

    document: str
    number: str
    lines: list[LineOut]


class PictureOut(Shown):
    """A load with all its tags, those that nobody knows, and what it can be, the likeliest first."""

    load: LoadOut
    epcs: list[str]
    unknown: list[str]
    matches: list[MatchOut]


class AmountIn(Told):
    line: Annotated[int, Field(ge=1, le=10**6)]
    quantity: Exact


class BookIn(Told):
    """What the load is. `amounts`: how much it really was, of lines where the tags do not say it."""

    document: Annotated[str, Field(max_length=64, examples=["purchase_order:12"])]
    amounts: Annotated[list[AmountIn], Field(max_length=1000)] = Field(default=[])


class RejectIn(Told):
    reason: Word


@router.get("/tags", tags=["tags"], responses=errors())
def tag_list(
    visit: Visitor,
    search: Annotated[str, Query(max_length=124)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> list[TagOut]:
    """The newest tags, or those whose EPC or item begins with a text, or of a lot."""
    with visit.context() as ctx:
        return [TagOut.model_validate(one) for one in tags.tags(ctx, search, limit=limit)]


@router.post("/tags", tags=["tags"], responses=errors(404, 409))
def bind(visit: Visitor, told: BindIn) -> BoundOut:
    """Bind tags to what they are on. Told again, nothing changes."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.RECEIVE_GOODS)
        here = records.site(ctx, told.site)
        ctx.require(Right.RECEIVE_GOODS, here.site_id)
        content = [
            Content(records.item_by_sku(ctx, one.sku).item_id, one.quantity, one.lot or None)
            for one in [told, *told.also]
        ]
        order = None if told.purchase_order is None else orders.purchase_order_by_number(ctx, told.purchase_order)
        many = tags.bind_tags(
            ctx, here.site_id, told.epcs, content,
            purchase_order_id=None if order is None else order.purchase_order_id, purchase_line=told.line,
        )  # fmt: skip
        return BoundOut(bound=many)


@router.get("/tags/{tag_epc}", tags=["tags"], responses=errors(404))
def tag(visit: Visitor, tag_epc: Epc) -> list[TagOut]:
    """All that a tag is on and ever was, the newest first."""
    with visit.context() as ctx:
        return [TagOut.model_validate(one) for one in tags.tag_history(ctx, tag_epc)]


@router.post("/tags/{tag_epc}/off", tags=["tags"], responses=errors(404))
def off(visit: Visitor, tag_epc: Epc, told: OffIn) -> list[TagOut]:
    """A tag came off, or was switched off for good."""
    with visit.context() as ctx:
        tags.take_off(ctx, tag_epc, told.reason, told.killed)
        return [TagOut.model_validate(one) for one in tags.tag_history(ctx, tag_epc)]


@router.get("/portals/loads", tags=["portals"], responses=errors())
def load_list(visit: Visitor) -> list[LoadOut]:
    """What passed dock doors: what waits for a person first, then the newest."""
    with visit.context() as ctx:
        return [LoadOut.model_validate(one) for one in portals.loads(ctx)]


@router.get("/portals/loads/{load_id}", tags=["portals"], responses=errors(404))
def load(visit: Visitor, load_id: Which) -> PictureOut:
    """A load, its tags and what it can be."""
    with visit.context() as ctx:
        seen = portals.picture(ctx, load_id)
        return PictureOut(
            load=LoadOut.model_validate(seen.load),
            epcs=[one.epc for one in seen.seen],
            unknown=[one.epc for one in seen.seen if not one.content],
            matches=[
                MatchOut(
                    document=f"{one.expected.kind}:{one.expected.document_id}",
                    number=one.expected.number,
                    lines=[
                        LineOut(
                            line=line.expected.line, sku=line.expected.sku, expected=line.expected.quantity,
                            came=line.quantity,
                        )
                        for line in one.lines
                    ],
                )
                for one in seen.matches
            ],
        )  # fmt: skip


@router.post("/portals/loads/{load_id}/book", tags=["portals"], responses=errors(404, 409))
def book(visit: Visitor, load_id: Which, told: BookIn) -> LoadOut:
    """Confirm what a load is: it is received or has left. Confirmed again, nothing changes."""
    with visit.context() as ctx:
        book_load(ctx, load_id, told.document, {one.line: one.quantity for one in told.amounts})
        return LoadOut.model_validate(portals.picture(ctx, load_id).load)


@router.post("/portals/loads/{load_id}/reject", tags=["portals"], responses=errors(404, 409))
def reject(visit: Visitor, load_id: Which, told: RejectIn) -> LoadOut:
    """Nothing of a load is booked."""
    with visit.context() as ctx:
        reject_load(ctx, load_id, told.reason)
        return LoadOut.model_validate(portals.picture(ctx, load_id).load)
