"""REST: a site's floor as a whole. The editor on the page speaks to it, and so may a program that draws plans."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from shelfwise.access.model import Right
from shelfwise.records import service as records
from shelfwise.records.drawing import Floor
from shelfwise.records.floor_model import Draft, Drawn, Footprint
from shelfwise.records.model import LARGEST_NUMBER, NewPlace, PlaceKind, Zone
from shelfwise.records.racks import MOST_BINS, USUAL_PATTERN, Rack
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Id, Shown, Told
from shelfwise.web.api_records import Which, with_delay
from shelfwise.web.api_records_model import Code, Metres, Number, Size, ZoneIn, ZoneOut
from shelfwise.web.visits import Visitor

router = APIRouter()
_MOST_ZONES = 500


class PlaceAtOut(Shown):
    """Where a place stands, seen from above, and where it is in a rack."""

    place_id: int
    code: str
    kind: PlaceKind
    x_m: float | None
    y_m: float | None
    width_m: float | None
    depth_m: float | None
    aisle: str | None
    bay: int | None
    level: int | None
    position: int | None


class FloorOut(Shown):
    """A floor as it is now. `seen` stands for this look at it: send it along with what you draw over it."""

    site_id: int
    seen: str
    width_m: float
    depth_m: float
    zones: list[ZoneOut]
    places: list[PlaceAtOut]

    @staticmethod
    def of(floor: Floor) -> FloorOut:
        return FloorOut(
            site_id=floor.site.site_id, seen=floor.seen, width_m=floor.site.width_m, depth_m=floor.site.depth_m,
            zones=[ZoneOut.of(one) for one in floor.zones],
            places=[PlaceAtOut.model_validate(one) for one in floor.places],
        )  # fmt: skip


class ZoneAtIn(ZoneIn):
    """A zone as it shall be; without an id it is a new one."""

    zone_id: Id | None = None


class RackIn(Told):
    """A new aisle: `bays` side by side, each with `levels` of `positions` bins, from its upper left corner on."""

    aisle: Code
    x_m: Metres
    y_m: Metres
    bays: Number
    levels: Number
    positions: Annotated[int, Field(ge=1, le=LARGEST_NUMBER)] = 1
    bay_width_m: Size = 2.7
    depth_m: Size = 1.1
    upright: bool = False
    backward: bool = False
    pattern: Annotated[str, Field(max_length=100)] = USUAL_PATTERN
    height_m: Size | None = None
    load_kg: Size | None = None


class StandIn(Told):
    """A place that stands alone, to be made."""

    code: Code
    kind: PlaceKind = "bin"
    x_m: Metres
    y_m: Metres
    width_m: Size
    depth_m: Size


class MoveIn(Told):
    """Where a place stands from now on."""

    place_id: Id
    x_m: Metres
    y_m: Metres
    width_m: Size
    depth_m: Size


class DrawIn(Told):
    """What is drawn: all of it is done or, where something cannot be, nothing.

    `seen` is of the floor that it was drawn over; if somebody else changed the floor since, the answer is 409. With
    `only_say` nothing is done, and the answer says what would be.
    """

    seen: Annotated[str, Field(max_length=64)] = ""
    only_say: bool = False
    width_m: Size | None = None
    depth_m: Size | None = None
    zones: Annotated[list[ZoneAtIn], Field(max_length=_MOST_ZONES)] = Field(default=[])
    zones_gone: Annotated[list[Id], Field(max_length=_MOST_ZONES)] = Field(default=[])
    racks: Annotated[list[RackIn], Field(max_length=_MOST_ZONES)] = Field(default=[])
    places: Annotated[list[StandIn], Field(max_length=MOST_BINS)] = Field(default=[])
    moved: Annotated[list[MoveIn], Field(max_length=2 * MOST_BINS)] = Field(default=[])
    gone: Annotated[list[Id], Field(max_length=2 * MOST_BINS)] = Field(default=[])


class DrawnOut(Shown):
    """What was done, or would be, in numbers and in words."""

    bins_made: int
    places_moved: int
    places_gone: int
    zones_made: int
    zones_changed: int
    zones_gone: int
    resized: bool
    words: str

    @staticmethod
    def of(done: Drawn) -> DrawnOut:
        return DrawnOut.model_validate(done)


@router.get("/sites/{site_id}/floor", tags=["records"], responses=errors(404))
def floor(visit: Visitor, site_id: Which) -> FloorOut:
    """All that stands on a site's floor, for drawing over it."""
    with visit.context() as ctx:
        return FloorOut.of(records.floor_of(ctx, site_id))


@router.post("/sites/{site_id}/floor", tags=["records"], responses=errors(404, 409))
def draw(visit: Visitor, site_id: Which, told: DrawIn) -> DrawnOut:
    """Change a site's floor in one go: zones, racks and places made, moved and taken away."""
    with visit.context() as ctx:
        ctx.require(Right.EDIT_RECORDS, site_id)
        site = records.site_by_id(ctx, site_id)
        size = (told.width_m or site.width_m, told.depth_m or site.depth_m)
        draft = Draft(
            seen=told.seen,
            size=size,
            zones=[_zone(one, site_id) for one in told.zones],
            zones_gone=set(told.zones_gone),
            racks=[Rack(**one.model_dump()) for one in told.racks],
            places=[NewPlace(**one.model_dump()) for one in told.places],
            moved={one.place_id: Footprint(one.x_m, one.y_m, one.width_m, one.depth_m) for one in told.moved},
            gone=set(told.gone),
        )
        return DrawnOut.of(records.draw_floor(ctx, site_id, draft, only_say=told.only_say))


def _zone(told: ZoneAtIn, site_id: int) -> Zone:
    fields = with_delay(told.model_dump())
    return Zone(**fields | {"zone_id": told.zone_id or 0, "site_id": site_id})
