"""The twin's dock door: its encoder is understood, and a tagged delivery is proposed, confirmed and put away once."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Office, stand_still
from shelfwise.access.model import system
from shelfwise.edge import devices, epc, gs1
from shelfwise.edge.formats import FORMATS, origin_of_topic
from shelfwise.edge.model import moment
from shelfwise.edge.standing import Spot, move_device
from shelfwise.edge.tables import StoredReading
from shelfwise.orders import service as orders
from shelfwise.records import service as records
from shelfwise.stock.portals import service as portals
from shelfwise.store.database import value
from shelfwise.twin.desk import OrderDesk
from shelfwise.twin.gate import Gate, gtin, heard, sgtin
from shelfwise.twin.platform import Platform, PlatformClock
from shelfwise.twin.staff import Dock, Floor
from shelfwise.twin.world import READER, SITE, SUPPLIERS, World
from tests.conftest import NOON
from tests.twin import test_staff
from tests.twin.test_staff import MANAGER, on_hand, work

world = test_staff.world


@dataclass
class Straight:
    """A reader whose messages are in the books at once, as if the door had stored them and time had gone on."""

    office: Office
    sent: list[str] = field(default_factory=list)

    def send(self, topic: str, payload: bytes) -> None:
        self.sent.append(topic)
        origin = origin_of_topic(topic, READER, "self")
        with self.office.context(system("portals")) as ctx:
            told = FORMATS[origin.format].decode(payload, origin, moment(ctx.now))
            portals.watch(
                ctx,
                [
                    StoredReading(
                        1, number, one.device, one.kind, one.value, one.detail, one.observed_at, one.received_at
                    )
                    for number, one in enumerate(told)
                ],
            )
            portals.settle(replace(ctx, now=ctx.now + timedelta(minutes=5)))


@pytest.mark.parametrize("number", [1, 42, 99999])
def test_the_twins_tags_are_what_the_standard_says(number: int) -> None:
    code = gtin(number)
    assert gs1.has_check_digit(code)
    read = epc.decode(sgtin(code, 77))
    assert read is not None
    assert (read.gtin, read.serial, read.company) == (f"0{code}", "77", "0614141")
    origin = origin_of_topic(f"impinj/{READER}/events", READER, "self")
    told = FORMATS["impinj"].decode(heard([sgtin(code, 1), sgtin(code, 2)], NOON), origin, moment(NOON))
    assert len({one.key for one in told}) == len(told) == 12
    assert max(one.observed_at for one in told) < NOON


def test_a_tagged_delivery_passes_the_door_is_confirmed_and_put_away(office: Office, world: World) -> None:
    (item,) = world.items
    with office.context(MANAGER) as ctx:
        site = records.site(ctx, SITE)
        found = records.item_by_sku(ctx, item.sku)
        records.add_barcode(ctx, found.item_id, gtin(1))
        dock_id = records.place_by_code(ctx, site.site_id, "DOCK").place_id
        devices.add_device(ctx, READER, place_id=dock_id)
        for antenna, way in ((1, "outside"), (2, "inside")):
            move_device(ctx, READER, Spot(place_id=dock_id, way=way), antenna=antenna)  # type: ignore[arg-type]
        order = orders.place_purchase_order(
            ctx, decision_key="test", supplier_id=records.suppliers(ctx)[0].supplier_id, site_id=site.site_id,
            lines=[(found.item_id, Decimal(48), Decimal("1.20"))], currency="GBP",
            expected_at=NOON + timedelta(days=3),
        )  # fmt: skip
        orders.mark_sent(ctx, order.number)
    with office.database.transaction() as tx:
        stand_still(tx, 1, NOON + timedelta(days=20))
    floor, reader = Floor(world.items), Straight(office)

    def dock(platform: Platform, clock: PlatformClock) -> Awaitable[None]:
        gate = Gate(platform, clock, reader, {item.sku: gtin(1)}, patience_s=0.0)
        return Dock(platform, clock, floor, OrderDesk(clock.now, "/orders"), SUPPLIERS, 7, gate).run()

    in_bin = """select on_hand::int from balance b join place p using (tenant_id, place_id) where p.code = %s"""
    work(office, dock, lambda ctx: value(ctx.tx, in_bin, (item.bin_code,)) == 148)
    with office.context(MANAGER) as ctx:
        assert on_hand(ctx) == 148
        assert orders.purchase_order(ctx, order.purchase_order_id).state == "received"
        assert {one.state for one in portals.loads(ctx)} == {"booked"}
