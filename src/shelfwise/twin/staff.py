"""People of the simulated warehouse: the shop that takes orders, the floor that picks, the dock that receives."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from shelfwise.twin.desk import OrderDesk
from shelfwise.twin.gate import Gate
from shelfwise.twin.platform import Platform, PlatformClock, Rejected, listed
from shelfwise.twin.sales import ROUND, OrderLine
from shelfwise.twin.world import SITE, TIME_ZONE, Item, Supplier, deliveries

log = structlog.get_logger()

ZONE = ZoneInfo(TIME_ZONE)
LOOK_BACK = timedelta(days=1)
ORDERS_A_POST = 200
PICKERS = 4
PAGE = 1000
DOCK_OPENS, DOCK_CLOSES = time(6), time(20)


class Floor:
    """What really lies in the bins, in pieces; whoever changes it, the scales follow."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = {item.sku: item for item in items}
        self._pieces = {item.sku: 0 for item in items}
        self._watchers: dict[str, Callable[[int], None]] = {}

    def watch(self, sku: str, tell: Callable[[int], None]) -> None:
        self._watchers[sku] = tell
        tell(self._pieces[sku])

    def put(self, sku: str, pieces: int) -> None:
        """Add pieces (negative: take away); the bin never holds less than nothing."""
        self._pieces[sku] = max(0, self._pieces[sku] + pieces)
        if sku in self._watchers:
            self._watchers[sku](self._pieces[sku])

    def pieces(self, sku: str) -> int:
        return self._pieces[sku]

    async def begin(self, platform: Platform) -> None:
        """Begin with what the books say: the simulation's own memory does not outlive its process."""
        by_bin = {item.bin_code: item.sku for item in self.items.values()}
        for place in listed(await platform.get("/places", site=SITE), "places"):
            if (sku := by_bin.get(place["code"])) is not None:
                self.put(sku, int(Decimal(place["on_hand"])) - self._pieces[sku])


@dataclass
class Shop:
    """Sends the real orders, shifted, each at its business time."""

    platform: Platform
    clock: PlatformClock
    lines: Sequence[OrderLine]
    shift_days: int

    async def run(self) -> None:
        due = self.upcoming(self.clock.now() - LOOK_BACK)
        at, waiting = next(due)
        while True:
            batch: list[dict[str, Any]] = []
            while at <= self.clock.now() and len(batch) < ORDERS_A_POST:
                batch.append(waiting)
                at, waiting = next(due)
            if batch:
                await self._send(batch)
            else:
                await asyncio.sleep(min(2.0, max(0.3, self.clock.wall_seconds(at - self.clock.now()))))

    def upcoming(self, since: datetime) -> Iterator[tuple[datetime, dict[str, Any]]]:
        """(instant, line as the interface takes it) from an instant on, in order, round after round for ever."""
        shift = timedelta(days=self.shift_days)
        number = 0
        while True:
            for line in self.lines:
                at = (line.at + shift + number * ROUND).replace(tzinfo=ZONE)
                if at >= since:
                    yield at, self._as_told(line, at, number)
            number += 1

    def _as_told(self, line: OrderLine, at: datetime, number: int) -> dict[str, Any]:
        return {
            "order_number": line.order_number if number == 0 else f"{line.order_number}-{number + 1}",
            "line": line.line,
            "sku": line.sku,
            "ordered_at": at.isoformat(),
            "quantity": str(line.quantity),
            "unit_price": line.unit_price,
            "customer": line.customer,
            "country": line.country,
        }

    async def _send(self, batch: list[dict[str, Any]]) -> None:
        try:
            await self.platform.post("/sales-lines", batch, site=SITE)
        except Rejected as refusal:
            if len(batch) == 1:
                log.warning("order line refused", line=batch[0], refusal=str(refusal))
                return
            for line in batch:
                await self._send([line])


@dataclass
class FloorWorkers:
    """Pick what is reserved, some business hours after it was ordered, and tell of it."""

    platform: Platform
    clock: PlatformClock
    floor: Floor
    seed: int
    _known: set[int] = field(default_factory=set)
    _due: list[tuple[datetime, int, dict[str, Any]]] = field(default_factory=list)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            for _ in range(PICKERS):
                group.create_task(self._pick())

    async def _watch(self) -> None:
        while True:
            after, reserved = 0, set()
            while True:
                answer = await self.platform.get("/sales-lines", site=SITE, state="reserved", after=after, limit=PAGE)
                page = listed(answer, "lines")
                for line in page:
                    reserved.add(line["sales_line_id"])
                    self._plan(line)
                if len(page) < PAGE:
                    break
                after = page[-1]["sales_line_id"]
            # What is no longer reserved was issued or cancelled; should it be reserved again, it is new to us.
            self._known &= reserved
            await asyncio.sleep(1.0)

    def _plan(self, line: dict[str, Any]) -> None:
        key = line["sales_line_id"]
        if key in self._known or line["sku"] not in self.floor.items:
            return
        self._known.add(key)
        hours = random.Random(self.seed * 1_000_003 + key).uniform(0.5, 4.0)  # noqa: S311  # a simulation
        due = max(datetime.fromisoformat(line["ordered_at"]), self.clock.now() - LOOK_BACK) + timedelta(hours=hours)
        heapq.heappush(self._due, (due, key, line))

    async def _pick(self) -> None:
        while True:
            if not self._due or self._due[0][0] > self.clock.now():
                await asyncio.sleep(0.2)
                continue
            _, key, line = heapq.heappop(self._due)
            item = self.floor.items[line["sku"]]
            pieces = int(Decimal(line["quantity"]) - Decimal(line["issued"]))
            told = {
                "picks": [{"place": item.bin_code, "quantity": str(pieces)}],
                "source": f"pick-{key}-{line['issued']}",
                "occurred_at": self.clock.now().isoformat(),
            }
            try:
                answer = await self.platform.post(f"/sales-lines/{key}/issue", told)
            except Rejected as refusal:
                log.warning("pick refused", sales_line=key, refusal=str(refusal))
                continue
            if answer["new"]:
                self.floor.put(item.sku, -pieces)


@dataclass
class Dock:
    """Puts away what suppliers bring, when it really comes, and tells of it; what is tagged passes the gate first."""

    platform: Platform
    clock: PlatformClock
    floor: Floor
    desk: OrderDesk
    suppliers: Sequence[Supplier]
    seed: int
    gate: Gate | None = None
    _done: set[str] = field(default_factory=set)

    async def run(self) -> None:
        by_name = {supplier.name: supplier for supplier in self.suppliers}
        while True:
            # What passed the gate may be booked as the last of its order, and is still to be put away.
            states = ["sent", "part_received", *(["received"] if self.gate is not None and self.gate.waiting else [])]
            orders = await self.platform.get("/purchase-orders", state=states)
            for order in listed(orders, "orders"):
                if (supplier := by_name.get(order["supplier"])) is not None:
                    await self._bring(order, supplier)
            await asyncio.sleep(1.0)

    async def _bring(self, order: dict[str, Any], supplier: Supplier) -> None:
        told = order["sent_at"] or order["approved_at"]
        taken = self.desk.taken.get(order["number"], datetime.fromisoformat(told))
        for line in order["lines"]:
            if line["sku"] not in self.floor.items:
                continue
            outstanding = int(Decimal(line["outstanding"]))
            came = int(Decimal(line["received"]))
            planned = deliveries(supplier, order["number"], line["line"], int(Decimal(line["quantity"])), self.seed)
            before = 0
            for part, (days, pieces) in enumerate(planned, 1):
                before += pieces
                source = f"delivery-{order['number']}-{line['line']}-{part}"
                due = dock_hours(taken + timedelta(days=days))
                if self.gate is not None and came >= before and self.gate.brought(source):
                    await self._put_away(self.gate, line["sku"], pieces, source)
                # What the books already count as received needs no second receipt, whoever told of it.
                if source in self._done or came >= before or due > self.clock.now():
                    continue
                brought = min(pieces, outstanding)
                if self.gate is not None and await self.gate.waits(order["number"], line["sku"], brought, source):
                    continue
                if brought > 0 and await self._receive(order, line, brought, source, due):
                    outstanding -= brought
                self._done.add(source)

    async def _put_away(self, gate: Gate, sku: str, pieces: int, source: str) -> None:
        item = self.floor.items[sku]
        try:
            await gate.put_away(item, pieces, source)
        except Rejected as refusal:
            log.warning("put-away refused", sku=sku, refusal=str(refusal))
            return
        self.floor.put(sku, pieces)
        self._done.add(source)

    async def _receive(
        self, order: dict[str, Any], line: dict[str, Any], pieces: int, source: str, at: datetime
    ) -> bool:
        item = self.floor.items[line["sku"]]
        told = {
            "line": line["line"],
            "quantity": str(pieces),
            "place": item.bin_code,
            "source": source,
            "occurred_at": at.isoformat(),
        }
        if item.shelf_life_days is not None:
            # Every delivery is a lot of its own, made a week before it came.
            told["lot"] = f"{order['number']}-{line['line']}"
            told["expires_on"] = (at.date() + timedelta(days=item.shelf_life_days - 7)).isoformat()
        try:
            answer = await self.platform.post(f"/purchase-orders/{order['purchase_order_id']}/receipts", told)
        except Rejected as refusal:
            log.warning("receipt refused", order=order["number"], refusal=str(refusal))
            return False
        if answer["new"]:
            self.floor.put(item.sku, pieces)
            log.info("goods received", order=order["number"], sku=item.sku, pieces=pieces, place=item.bin_code)
        return True


def dock_hours(at: datetime) -> datetime:
    """The instant itself, or when the dock opens next: nobody unloads at night."""
    local = at.astimezone(ZONE)
    if local.time() >= DOCK_CLOSES:
        local = datetime.combine(local.date() + timedelta(days=1), DOCK_OPENS, ZONE)
    if local.time() < DOCK_OPENS:
        local = datetime.combine(local.date(), DOCK_OPENS, ZONE)
    return local
