"""REST: one search for everything that has a name, a number or a code."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Shown
from shelfwise.web.searching import search
from shelfwise.web.visits import Visitor

router = APIRouter()


class HitOut(Shown):
    """Something that was found; `link` is its page, `exact`: the text is all of its name, number or code."""

    kind: str
    title: str
    detail: str
    link: str
    exact: bool


@router.get("/search", tags=["search"], responses=errors())
def find(
    visit: Visitor,
    q: Annotated[str, Query(max_length=500, description="A name, number or code, or how it begins")] = "",
    each: Annotated[int, Query(ge=1, le=100, description="The most of each kind")] = 8,
) -> list[HitOut]:
    """What is called so or begins so, what is called exactly so first; only what the key may see."""
    with visit.context() as ctx:
        return [HitOut.model_validate(one) for one in search(ctx, q, each)]
