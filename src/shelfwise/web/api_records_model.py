"""The shapes of master data in the REST interface."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from shelfwise.records.item_rules import LONGEST_SHELF_LIFE
from shelfwise.records.model import LARGEST_NUMBER, PlaceKind, Site, Tracking, Zone, ZoneKind
from shelfwise.records.packs import Level
from shelfwise.web.api_model import Exact, Id, ItemPlaceOut, MovementOut, Name, Shown, Text, Told

Code = Annotated[str, Field(min_length=1, max_length=64)]
Metres = Annotated[float, Field(ge=-1e6, le=1e6)]
Size = Annotated[float, Field(gt=0, le=1e6)]
Degrees = Annotated[float, Field(ge=-300, le=2000)]
Minutes = Annotated[float, Field(ge=0, le=100_000)]
Grams = Annotated[float, Field(gt=0, le=1e12)]
Number = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
Days = Annotated[int, Field(ge=1, le=LONGEST_SHELF_LIFE)]


class ItemRecordOut(Shown):
    """What is known of an item. `tracking` is what movements must name: none, lot or serial; `category` goes from wide
    to narrow: Dairy / Milk; `sold_until` is the last day it is sold."""

    item_id: int
    sku: str
    description: str
    unit: str
    quantum: Exact
    unit_weight_g: float | None
    provenance: str
    tracking: Tracking
    needs_expiry: bool
    shelf_life_days: int | None
    catch_weight: bool
    archived: bool
    category: str
    sold_until: date | None


class ItemOut(ItemRecordOut):
    """An item, where it lies and what moved lately."""

    places: list[ItemPlaceOut] = Field(default=[])
    movements: list[MovementOut] = Field(default=[])


class ItemIn(Told):
    """An item to be added."""

    sku: Code
    description: Text = ""
    unit: Code = "each"
    quantum: Exact = Decimal(1)
    unit_weight_g: Grams | None = None
    tracking: Tracking = "none"
    needs_expiry: bool = False
    shelf_life_days: Days | None = None
    catch_weight: bool = False
    category: Text = ""
    sold_until: date | None = None


class ItemChangeIn(Told):
    """What shall be otherwise; what is left out stays. `confirmed`: what it means for what is there was read."""

    sku: Code = ""
    description: Text = ""
    unit: Code = ""
    quantum: Exact = Decimal(1)
    unit_weight_g: Grams | None = None
    tracking: Tracking = "none"
    needs_expiry: bool = False
    shelf_life_days: Days | None = None
    catch_weight: bool = False
    category: Text = ""
    sold_until: date | None = None
    confirmed: bool = False


class ReplacesIn(Told):
    """Which item another takes the place of, by its SKU, from a day on; one of it is `factor` of the other's unit."""

    replaces: Code
    from_day: date
    factor: Exact = Decimal(1)


class ReplacesOut(Shown):
    replaces: str
    from_day: date
    factor: Exact


class PackIn(Told):
    """How much a pack holds from a day on, in the item's unit; no quantity: it is not packed so any more."""

    level: Level
    quantity: Exact | None
    valid_from: date


class PackOut(Shown):
    level: Level
    quantity: Exact | None
    valid_from: date


class BarcodeIn(Told):
    """What a scanner reads off one unit, or with a level off a pack."""

    barcode: Code
    level: Level | None = None


class BarcodeGoneIn(Told):
    barcode: Code


class BarcodeOut(Shown):
    barcode: str
    sku: str
    level: Level | None


class SiteIn(Told):
    """A site; its floor measures `width_m` by `depth_m`, its days are those of `time_zone`."""

    code: Code
    name: Name
    time_zone: Code
    width_m: Size
    depth_m: Size


class SiteChangeIn(Told):
    """What shall be otherwise; what is left out stays. `confirmed`: what other days mean was read."""

    code: Code = ""
    name: Name = ""
    time_zone: Code = ""
    width_m: Size = 1
    depth_m: Size = 1
    confirmed: bool = False


class SiteOut(Shown):
    site_id: int
    code: str
    name: str
    time_zone: str
    width_m: float
    depth_m: float
    provenance: str

    @staticmethod
    def of(site: Site) -> SiteOut:
        return SiteOut.model_validate(site)


class ZoneIn(Told):
    """A part of a site's floor, in m from its upper left corner. Without limits its temperature is not watched."""

    code: Code
    name: Name
    kind: ZoneKind
    x_m: Metres
    y_m: Metres
    width_m: Size
    depth_m: Size
    low_degc: Degrees | None = None
    high_degc: Degrees | None = None
    delay_min: Minutes = 10


class ZoneChangeIn(Told):
    """What shall be otherwise; what is left out stays."""

    code: Code = ""
    name: Name = ""
    kind: ZoneKind = "ambient"
    x_m: Metres = 0
    y_m: Metres = 0
    width_m: Size = 1
    depth_m: Size = 1
    low_degc: Degrees | None = None
    high_degc: Degrees | None = None
    delay_min: Minutes = 10


class ZoneOut(Shown):
    zone_id: int
    site_id: int
    code: str
    name: str
    kind: ZoneKind
    x_m: float
    y_m: float
    width_m: float
    depth_m: float
    low_degc: float | None
    high_degc: float | None
    delay_min: float

    @staticmethod
    def of(zone: Zone) -> ZoneOut:
        told = {name: getattr(zone, name) for name in ZoneOut.model_fields if name != "delay_min"}
        return ZoneOut(**told, delay_min=zone.delay / timedelta(minutes=1))


class PlaceIn(Told):
    """A bin, a dock or a packing bench; `sku`: the item that belongs there, `capacity` in its unit.

    `aisle`, `bay`, `level` and `position` say where it is in a rack; level 1 is the lowest.
    """

    code: Code
    kind: PlaceKind = "bin"
    zone_id: Id | None = None
    x_m: Metres | None = None
    y_m: Metres | None = None
    width_m: Size | None = None
    depth_m: Size | None = None
    sku: Code | None = None
    capacity: Exact | None = None
    aisle: Code | None = None
    bay: Number | None = None
    level: Number | None = None
    position: Number | None = None
    height_m: Size | None = None
    load_kg: Size | None = None


class PlaceChangeIn(PlaceIn):
    """What shall be otherwise; what is left out stays."""

    code: Code = ""


class PlaceRecordOut(Shown):
    place_id: int
    site_id: int
    zone_id: int | None
    code: str
    kind: PlaceKind
    x_m: float | None
    y_m: float | None
    width_m: float | None
    depth_m: float | None
    sku: str | None
    capacity: Exact | None
    aisle: str | None
    bay: int | None
    level: int | None
    position: int | None
    height_m: float | None
    load_kg: float | None
    archived: bool
