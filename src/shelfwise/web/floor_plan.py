"""Drawing a floor: a plain warehouse from a few numbers, and the editor for all else."""

from __future__ import annotations

from dataclasses import asdict, replace

from fastapi import APIRouter, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Invalid, ShelfwiseError
from shelfwise.records import service as records
from shelfwise.records.drawing import Floor
from shelfwise.records.floor_model import Draft, Footprint, footprint
from shelfwise.records.model import ZONE_KINDS
from shelfwise.records.racks import PATTERNS, Layout, PlainFloor, bins, lay_out
from shelfwise.web import pages
from shelfwise.web.fulfilment_words import Sent
from shelfwise.web.plan_svg import draw_plan
from shelfwise.web.record_forms import SHOWN_AGAIN, Answers, shown_again
from shelfwise.web.visits import Visit, Visitor

router = APIRouter(include_in_schema=False)


@router.get("/records/sites/{site_id}/draw")
def editor(visit: Visitor, site_id: int) -> Response:
    """The floor to draw on; what is on it comes by the REST interface, where the draft goes too."""
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS, site_id)
        site = records.site_by_id(ctx, site_id)
        return pages.render(
            visit, ctx, "floor_draw.html", at_site=site_id, site=site, kinds=ZONE_KINDS, patterns=PATTERNS
        )


@router.get("/records/sites/{site_id}/lay-out")
def plain_floor(visit: Visitor, site_id: int) -> Response:
    """A few numbers, and what they would make: a form that was filled in so far is drawn, and nothing is done."""
    with visit.context() as ctx:
        asked = visit.request.query_params
        sent = FormData(dict(asked)) if asked else None
        return _page(visit, ctx, site_id, sent)


def _page(
    visit: Visit, ctx: Context, site_id: int, sent: FormData | None, error: ShelfwiseError | None = None
) -> Response:
    ctx.require(Right.EDIT_RECORDS, site_id)
    site = records.site_by_id(ctx, site_id)
    layout: Layout | None = None
    try:
        layout = lay_out(PlainFloor() if sent is None else _told(sent))
    except Invalid as wrong:
        error = error or wrong
    made = [] if layout is None else [one.code for rack in layout.racks for one in bins(rack)]
    shown = shown_again(asdict(PlainFloor()), sent, error)
    if visit.request.method == "GET":
        shown["status"] = 200
    return pages.render(
        visit, ctx, "floor_lay_out.html", at_site=site_id, site=site, patterns=PATTERNS, layout=layout, codes=made,
        picture="" if layout is None else draw_plan(layout), **shown,
    )  # fmt: skip


@router.post("/records/sites/{site_id}/lay-out")
def make_plain_floor(visit: Visitor, site_id: int, sent: Sent) -> Response:
    try:
        with visit.context() as ctx:
            ctx.require(Right.EDIT_RECORDS, site_id)
            layout = lay_out(_told(sent))
            floor = records.floor_of(ctx, site_id)
            done = records.draw_floor(ctx, site_id, _draft(floor, layout))
    except SHOWN_AGAIN as error:
        with visit.context() as ctx:
            return _page(visit, ctx, site_id, sent, error)
    said = f"Done: {done.words} Next, print the labels: Records, Sites and zones."
    return pages.go(f"/floor?site={pages.segment(floor.site.code)}", said)


def _told(sent: FormData) -> PlainFloor:
    answers, usual = Answers(sent), PlainFloor()
    told = PlainFloor(
        **{name: answers.whole(name, words) or 0 for name, words in _WHOLE.items()},
        first=answers.text("first"), pattern=answers.text("pattern") or usual.pattern,
        bay_width_m=float(answers.needed("bay_width_m", "A bay is wide")),
        depth_m=float(answers.needed("depth_m", "A rack is deep")),
        gangway_m=float(answers.needed("gangway_m", "A gangway is wide")),
        height_m=answers.real("height_m", "A level is high"), load_kg=answers.real("load_kg", "A bin carries"),
        quarantine=answers.ticked("quarantine"), backward=answers.ticked("backward"),
    )  # fmt: skip
    answers.check()
    return told


_WHOLE = {
    "aisles": "Aisles", "bays": "Bays in an aisle", "levels": "Levels", "positions": "Bins side by side in a bay",
    "docks": "Docks",
}  # fmt: skip


def _draft(floor: Floor, layout: Layout) -> Draft:
    """The layout over what is there: the dock and the bench that every site has get their place."""
    there = {one.code: one.place_id for one in floor.places}
    drawn = any(footprint(one) is not None for one in floor.places)
    size = (layout.width_m, layout.depth_m)
    if drawn:
        size = (max(size[0], floor.site.width_m), max(size[1], floor.site.depth_m))
    at = {one.code: footprint(one) for one in layout.places}
    moved: dict[int, Footprint] = {there[code]: spot for code, spot in at.items() if code in there and spot is not None}
    return Draft(
        seen=floor.seen, size=size, zones=[replace(zone, site_id=floor.site.site_id) for zone in layout.zones],
        racks=layout.racks, places=[one for one in layout.places if one.code not in there], moved=moved,
    )  # fmt: skip
