"""Duplicates: pairs of records that may be one thing, what merging them would do, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Response

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.core.quantities import plain
from shelfwise.intake.joining import merging, queue
from shelfwise.intake.joining.merging import Outlook
from shelfwise.intake.joining.pair_tables import Pair
from shelfwise.orders.approval import our_currency
from shelfwise.records.joined import Kind
from shelfwise.web import pages
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Query(ge=0, le=2**63 - 1)]
Show = Literal["waiting", "decided"]


@dataclass(frozen=True)
class Card:
    """A pair as it is shown.

    Attributes:
        keep: whose record stays, while somebody looks at what a merge would do.
        outlook: what the merge would do; None: nobody asked yet.
        stays: what undoing could not put back.
    """

    pair: Pair
    keep: int = 0
    factor: Decimal = merging.ONE
    outlook: Outlook | None = None
    stays: Sequence[str] = ()

    @property
    def address(self) -> str:
        return f"/data/duplicates/{self.pair.kind}/{self.pair.one_id}/{self.pair.other_id}"

    @property
    def speaks_for(self) -> list[tuple[str, float]]:
        return [(words, bits) for words, bits in self.pair.evidence if bits > 0]

    @property
    def speaks_against(self) -> list[tuple[str, float]]:
        return [(words, bits) for words, bits in self.pair.evidence if bits < 0]


@router.get("/data/duplicates")
def listed(visit: Visitor, show: Show = "waiting") -> Response:
    """Which records are one thing? What is most at stake first; or what was decided, the latest first."""
    with visit.context() as ctx:
        found = queue.waiting(ctx) if show == "waiting" else queue.decided(ctx)
        return pages.render(
            visit, ctx, "duplicates.html", cards=[Card(one) for one in found], show=show, count=queue.count(ctx),
            search=queue.search(ctx), currency=our_currency(ctx),
        )  # fmt: skip


@router.post("/data/duplicates/search")
def search(visit: Visitor) -> Response:
    with visit.context() as ctx:
        queue.ask(ctx)
    return pages.go("/data/duplicates", "The records are being compared. What is found stands here.")


@router.get("/data/duplicates/{kind}/{one}/{other}")
def look(visit: Visitor, kind: Kind, one: int, other: int, keep: Id = 0, factor: str = "1") -> Response:
    """A pair, and what merging it would do."""
    with visit.context() as ctx:
        pair = queue.pair(ctx, kind, one, other)
        card = Card(pair)
        if pair.state == "waiting" and keep:
            card = _looked_at(ctx, pair, keep, _factor(factor))
        return _card(visit, ctx, card)


@router.post("/data/duplicates/{kind}/{one}/{other}")
def decide(
    visit: Visitor, kind: Kind, one: int, other: int,
    verdict: Annotated[Literal["merge", "apart", "undo"], Form()],
    keep: Annotated[int, Form(ge=0, le=2**63 - 1)] = 0,
    factor: Annotated[str, Form(max_length=20)] = "1",
) -> Response:  # fmt: skip
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS)
        stays: list[str] = []
        if verdict == "merge":
            _one_of(keep, one, other)
            queue.merge_pair(ctx, kind, keep, other if keep == one else one, _factor(factor))
        elif verdict == "apart":
            queue.differ(ctx, kind, one, other)
        else:
            stays = queue.take_back(ctx, kind, one, other)
        card = Card(queue.pair(ctx, kind, one, other), stays=stays)
        if "hx-request" in visit.request.headers:
            return _card(visit, ctx, card)
    said = {"merge": "They are one now.", "apart": "They stay two.", "undo": "They are two again, and wait."}[verdict]
    return pages.go("/data/duplicates", " ".join([said, *stays]))


def _looked_at(ctx: Context, pair: Pair, keep: int, factor: Decimal) -> Card:
    _one_of(keep, pair.one_id, pair.other_id)
    gone = pair.other_id if keep == pair.one_id else pair.one_id
    return Card(pair, keep, factor, merging.outlook(ctx, pair.kind, keep, gone, factor))


def _card(visit: Visit, ctx: Context, card: Card) -> Response:
    alone = "hx-request" not in visit.request.headers
    return pages.render(visit, ctx, "duplicate.html", card=card, alone=alone, currency=our_currency(ctx))


def _one_of(keep: int, one: int, other: int) -> None:
    if keep not in (one, other):
        raise Invalid(Fault("keep", f"{one} or {other}", str(keep), "Say which of the two records stays."))


def _factor(text: str) -> Decimal:
    try:
        number = Decimal(text.strip().replace(",", "."))
    except ArithmeticError:
        number = Decimal(0)
    if not (number.is_finite() and 0 < number < 10**6):
        raise Invalid(Fault("factor", "a number above 0", shorten(text), "Say how many of the one are in the other."))
    return Decimal(plain(number))
