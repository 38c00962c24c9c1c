"""The invented warehouse: floor, bins, devices, suppliers, opening stock. Pure: the same seed, the same world."""

from __future__ import annotations

import hashlib
import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from shelfwise.twin.sales import Seller

SITE = "LEI"
SITE_NAME = "Leicester warehouse"
TIME_ZONE = "Europe/London"
WIDTH_M, DEPTH_M = 64.0, 42.0
CURRENCY = "GBP"
SCALES = 120
NEAR_REORDER = 12
# Of what lies in the chilled room.
SHELF_LIFE_DAYS = 180
LORA_GATEWAY = "lorawan-gateway"
# At the dock door; one supplier's goods are tagged.
READER, TAGGED = "reader-dock", "MIDLAND"
BIN_WIDTH_M, BIN_DEPTH_M = 1.1, 0.95
# Wax and chocolate do not bear a hot summer.
_COOL_GOODS = re.compile(r"CANDLE|CHOC|WAX|T-LIGHT|TEALIGHT|SOAP", re.IGNORECASE)


@dataclass(frozen=True)
class Box:
    """A rectangle of the floor in m, from the upper left corner of the site."""

    x: float
    y: float
    width: float
    depth: float

    def holds(self, other: Box) -> bool:
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.x + other.width <= self.x + self.width
            and other.y + other.depth <= self.y + self.depth
        )

    def overlaps(self, other: Box) -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.depth
            and other.y < self.y + self.depth
        )


@dataclass(frozen=True)
class Zone:
    """A part of the floor; `usual_degc` is its temperature while all is well."""

    code: str
    name: str
    kind: Literal["ambient", "chilled", "frozen", "dock"]
    box: Box
    usual_degc: float
    low_degc: float | None = None
    high_degc: float | None = None
    delay: timedelta = timedelta(minutes=30)


@dataclass(frozen=True)
class Supplier:
    """A supplier; what it says of its lead time (days), and what is true: by how much it is late, and how unsteady."""

    code: str
    name: str
    stated_days: float
    late_by: float
    spread: float
    in_parts: float


@dataclass(frozen=True)
class Item:
    """An item that is stocked, with its bin and the terms on which it is bought.

    Attributes:
        bin_code, zone, box: where it lies.
        scale: the device under its bin; None: none.
        capacity, opening: in pieces.
        unit_cost: in GBP, as text with its decimals.
        shelf_life_days: kept by lots with a last day; None: it keeps for ever.
    """

    sku: str
    description: str
    unit_weight_g: float
    bin_code: str
    zone: str
    box: Box
    scale: str | None
    capacity: int
    opening: int
    supplier: str
    unit_cost: str
    pack_size: int
    minimum_order: int
    shelf_life_days: int | None = None

    def lots(self, opening: date) -> list[tuple[str, int, date, date]]:
        """What the opening stock consists of, on that day: (lot, pieces, made on, last day); nothing without lots."""
        if self.shelf_life_days is None:
            return []
        older = self.opening // 3
        found = []
        for pieces, days_left in ((older, 14 + self.opening % 60), (self.opening - older, self.shelf_life_days - 40)):
            made = opening + timedelta(days=days_left - self.shelf_life_days)
            if pieces:
                found.append((f"{made:%y%m%d}-{self.supplier[:3]}", pieces, made, opening + timedelta(days=days_left)))
        return found


@dataclass(frozen=True)
class Thermometer:
    """A thermometer; by LoRaWAN its name is its devEui, and the gateway speaks for it."""

    device: str
    name: str
    zone: str
    lorawan: bool


@dataclass(frozen=True)
class World:
    """All that the demonstration invents; `dock` is where the dock is drawn."""

    zones: tuple[Zone, ...]
    dock: Box
    suppliers: tuple[Supplier, ...]
    items: tuple[Item, ...]
    thermometers: tuple[Thermometer, ...]


ZONES = (
    Zone("A", "Racks A", "ambient", Box(2, 2, 20.5, 28), 19.0, 5.0, 32.0, timedelta(hours=2)),
    Zone("B", "Racks B", "ambient", Box(23.5, 2, 20.5, 28), 19.5, 5.0, 32.0, timedelta(hours=2)),
    Zone("C", "Chilled room", "chilled", Box(45.5, 2, 16.5, 14), 4.5, 2.0, 8.0, timedelta(minutes=45)),
    Zone("F", "Frozen store", "frozen", Box(45.5, 17, 16.5, 13), -20.0, -26.0, -16.0, timedelta(minutes=30)),
    Zone("D", "Dock", "dock", Box(2, 33, 60, 7), 14.0),
)
DOCK = Box(24, 35.2, 16, 3)

SUPPLIERS = (
    Supplier("HARBOUR", "Harbour Glass and China", 3, 0.6, 0.25, 0.25),
    Supplier("LANTERN", "Lantern and Wick", 2, 0.2, 0.15, 0.15),
    Supplier("MIDLAND", "Midland Paper Goods", 1, 0.1, 0.10, 0.05),
    Supplier("TINWORKS", "Northern Tinworks", 3, 0.8, 0.30, 0.30),
    Supplier("BLUEBIRD", "Bluebird Textiles", 4, 0.4, 0.20, 0.20),
    Supplier("ORCHARD", "Orchard Toys and Crafts", 2, 0.3, 0.20, 0.10),
)
_TRADES = (
    ("LANTERN", r"CANDLE|LIGHT|LANTERN|INCENSE|WAX"),
    ("MIDLAND", r"PAPER|CARD|WRAP|NAPKIN|CASES|BUNTING|TISSUE|STICKER|NOTEBOOK|TAPE"),
    ("TINWORKS", r"TIN|METAL|CLOCK|SIGN|HOOK|WIRE|ZINC|ENAMEL"),
    ("BLUEBIRD", r"BAG|CUSHION|APRON|TOWEL|CLOTH|SCARF|HOT WATER|FELT|KNIT"),
    ("HARBOUR", r"GLASS|MUG|CUP|CERAMIC|PLATE|BOWL|JAR|CHINA|TEA|JUG|TRINKET"),
)

THERMOMETERS = (
    Thermometer("thermo-a", "Racks A", "A", lorawan=False),
    Thermometer("thermo-b", "Racks B", "B", lorawan=False),
    Thermometer("thermo-dock", "Dock", "D", lorawan=False),
    Thermometer("24e124535b316056", "Chilled room", "C", lorawan=True),
    Thermometer("24e124535b316103", "Frozen store", "F", lorawan=True),
)


def build(sellers: Sequence[Seller], seed: int = 7) -> World:
    """The world in which these items are stocked, the best sellers nearest to the dock.

    Raises:
        ValueError: there are more items than bins.
    """
    cool = [seller for seller in sellers if _COOL_GOODS.search(seller.description)]
    spots = {zone.code: _spots(zone) for zone in ZONES if zone.kind in ("ambient", "chilled")}
    chilled = {seller.sku for seller in cool[: len(spots["C"])]}
    ambient = iter(sorted(spots["A"] + spots["B"], key=_way_to_dock))
    cold = iter(sorted(spots["C"], key=_way_to_dock))
    placed = []
    for rank, seller in enumerate(sellers):
        spot = next(cold if seller.sku in chilled else ambient, None)
        if spot is None:
            raise ValueError(f"{len(sellers)} items do not fit into the bins of this floor")
        placed.append(_item(seller, rank, len(sellers), spot, seed))
    return World(ZONES, DOCK, SUPPLIERS, tuple(placed), THERMOMETERS)


def true_lead_days(supplier: Supplier, order_number: str, seed: int) -> float:
    """How long an order really takes, in days; the same for the same order, whenever it is asked."""
    chance = _chance(seed, "lead", supplier.code, order_number)
    return max(0.5, (supplier.stated_days + supplier.late_by) * math.exp(chance.gauss(0, supplier.spread)))


def deliveries(supplier: Supplier, order_number: str, line: int, quantity: int, seed: int) -> list[tuple[float, int]]:
    """When a line of an order arrives: (days after the order, pieces), sometimes in two parts."""
    days = true_lead_days(supplier, order_number, seed)
    chance = _chance(seed, "parts", supplier.code, order_number, str(line))
    if quantity > 1 and chance.random() < supplier.in_parts:
        first = max(1, min(quantity - 1, round(quantity * chance.uniform(0.4, 0.8))))
        return [(days, first), (days + chance.uniform(0.5, 2.0), quantity - first)]
    return [(days, quantity)]


def _spots(zone: Zone) -> list[tuple[str, str, Box]]:
    """(bin code, zone, box) of every bin: pairs of rows back to back, an aisle between the pairs."""
    found = []
    bays = int((zone.box.width - 1.0) / (BIN_WIDTH_M + 0.1))
    pairs = int((zone.box.depth - 2.0) / 4.3)
    for row in range(2 * pairs):
        y = zone.box.y + 1.8 + row // 2 * 4.3 + row % 2 * BIN_DEPTH_M
        for bay in range(bays):
            box = Box(round(zone.box.x + 0.6 + bay * (BIN_WIDTH_M + 0.1), 2), round(y, 2), BIN_WIDTH_M, BIN_DEPTH_M)
            found.append((f"{zone.code}-{row + 1:02d}-{bay + 1:02d}", zone.code, box))
    return found


def _way_to_dock(spot: tuple[str, str, Box]) -> tuple[float, str]:
    """Sorts bins by how far one walks from them to the dock, along the aisles."""
    code, _, box = spot
    middle = DOCK.x + DOCK.width / 2
    return round(abs(box.x + box.width / 2 - middle) + (DOCK.y - box.y), 2), code


def _item(seller: Seller, rank: int, count: int, spot: tuple[str, str, Box], seed: int) -> Item:
    chance = _chance(seed, "item", seller.sku)
    code, zone, box = spot
    supplier = next((who for who, trade in _TRADES if re.search(trade, seller.description)), "ORCHARD")
    lead = next(one for one in SUPPLIERS if one.code == supplier)
    pack = next((size for size in (48, 24, 12, 6) if seller.daily * 7 >= size), 4)
    every = count // NEAR_REORDER or 1
    near = rank % every == every // 10 and rank // every < NEAR_REORDER
    needed = seller.busy[round(lead.stated_days) + 1]
    if near:
        opening = max(1, round(seller.busy[round(lead.stated_days)] * chance.uniform(0.3, 0.5)))
    else:
        # As in a warehouse that has run for long: anywhere between the reorder point and a full order above it.
        opening = math.ceil(needed * chance.uniform(1.3, 1.6) + seller.daily * chance.uniform(3, 45))
    fits = max(opening * 1.3, needed * 1.2 + seller.daily * 55, 2 * pack)
    return Item(
        sku=seller.sku,
        description=seller.description,
        unit_weight_g=round(min(4000.0, max(15.0, 90 * seller.price**0.75 * math.exp(chance.gauss(0, 0.35))))),
        bin_code=code,
        zone=zone,
        box=box,
        scale=f"scale-{code.lower()}"
        if rank % (max(1, count // SCALES)) == 0 and rank < count // SCALES * SCALES
        else None,
        capacity=math.ceil(fits / pack) * pack,
        opening=opening,
        supplier=supplier,
        unit_cost=f"{max(0.01, seller.price * chance.uniform(0.42, 0.6)):.2f}",
        pack_size=pack,
        minimum_order=pack * chance.choice((1, 1, 2, 3)),
        shelf_life_days=SHELF_LIFE_DAYS if zone == "C" else None,
    )


def _chance(seed: int, *names: str) -> random.Random:
    """A source of chance of its own for each thing, so that adding one changes no other."""
    digest = hashlib.sha256(f"{seed}/{'/'.join(names)}".encode()).digest()
    return random.Random(int.from_bytes(digest[:8]))  # noqa: S311  # a simulation, no secret
