"""What pages ask and say where goods come in, go out on hold, or were told by mistake."""

from __future__ import annotations

from decimal import Decimal

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine
from shelfwise.orders.shipments_model import Box
from shelfwise.records import service as records
from shelfwise.stock import service as stock
from shelfwise.stock import shipping
from shelfwise.store.database import run, values
from tests.conftest import NOON
from tests.web.conftest import Client
from tests.web.world import World

ROOT = person("root", Role.ADMIN)


def ordered(office: Office, world: World, sku: str, **wants: object) -> int:
    """An order of 3 of an item that wants to be told something."""
    with office.context(ROOT) as ctx:
        for name, value in wants.items():
            run(ctx.tx, f"update item set {name} = %s where sku = %s", (value, sku))
        return orders.place_purchase_order(
            ctx, decision_key="d", supplier_id=world.supplier_id, site_id=world.site_id, currency="EUR",
            lines=[(world.items[sku], Decimal(3), Decimal(2))], expected_at=NOON,
        ).purchase_order_id  # fmt: skip


def test_the_form_asks_for_each_serial_and_the_weight(client: Client, office: Office, world: World) -> None:
    order = ordered(office, world, "21001", tracking="serial", catch_weight=True)
    omar = client("omar")
    page = omar.get(f"/orders/{order}").text
    assert "Serial numbers, one a line" in page
    assert "Weight of all, kg" in page
    told = {"line": "1", "amount": "3", "place": "DOCK", "source": "s1"}
    assert omar.post(f"/orders/{order}/receive", data=told).status_code == 422
    two = omar.post(f"/orders/{order}/receive", data={**told, "serials": "S1\nS2", "weight": "1.5"})
    assert two.status_code == 422
    assert "3 different ones" in two.text
    done = omar.post(f"/orders/{order}/receive", data={**told, "serials": "S1\nS2 S3", "weight": "1.5"})
    assert done.status_code == 303
    with office.database.transaction() as tx:
        assert values(tx, "select serial, catch_weight_g from movement where serial is not null order by serial") == [
            ("S1", 500), ("S2", 500), ("S3", 500),
        ]  # fmt: skip
    assert "1.5 kg" in omar.get("/items/21001").text


def test_a_lot_is_demanded_where_the_item_is_tracked_by_lots(client: Client, office: Office, world: World) -> None:
    order = ordered(office, world, "21001", tracking="lot", needs_expiry=True, shelf_life_days=30)
    omar = client("omar")
    told = {"line": "1", "amount": "3", "place": "DOCK", "source": "s1"}
    refused = omar.post(f"/orders/{order}/receive", data=told)
    assert refused.status_code == 422
    assert "the lot of 21001" in refused.text
    assert omar.post(f"/orders/{order}/receive", data={**told, "lot": "L1"}).status_code == 303


def test_the_page_of_a_shipment_says_what_in_it_is_held_and_who_may_says_that_it_has_left(
    client: Client, office: Office, world: World
) -> None:
    item = world.items["21000"]
    with office.context(ROOT) as ctx:
        records.set_go_live(ctx, NOON.replace(day=1))
        stock.opening_stock(ctx, [(item, world.bins["A-001"], Decimal(500))])
        orders.take_sales_lines(ctx, [NewSalesLine("H-1", 1, world.site_id, item, NOON, Decimal(2), Decimal(5))])
        stock.reserve_open(ctx, world.site_id, [item])
        begun = shipping.begin_shipment(ctx, world.site_id, "H-1")
        for stop in begun.to_pick:
            shipping.pick(ctx, begun.shipment_id, stop.stop, stop.quantity, f"p{stop.stop}")
        shipping.pack(ctx, begun.shipment_id, [Box(0, 1)])
        stock.hold(ctx, item_id=item, place_id=begun.packing_place_id, reason="recall")
    omar, mara = client("omar"), client("mara")
    address = f"/shipments/{begun.shipment_id}"
    page = omar.get(address).text
    assert "Do not send it." in page
    assert "It has already left" not in page
    assert "must not leave" in omar.post(f"{address}/ship", data={"carrier": "DHL"}).text
    assert omar.post(f"{address}/ship", data={"left_anyway": "it is gone"}).status_code == 403
    assert "It has already left" in mara.get(address).text
    assert mara.post(f"{address}/ship", data={"left_anyway": "the truck is gone"}).status_code == 303
    assert "has left" in mara.get(address).text


def test_a_picker_is_warned_before_they_take_what_is_past_its_last_day(
    client: Client, office: Office, world: World
) -> None:
    item = world.items["21000"]
    with office.context(ROOT) as ctx:
        records.set_go_live(ctx, NOON.replace(day=1))
        stock.opening_stock(ctx, [(item, world.bins["A-001"], Decimal(500))])
        orders.take_sales_lines(ctx, [NewSalesLine("H-1", 1, world.site_id, item, NOON, Decimal(2), Decimal(5))])
        stock.reserve_open(ctx, world.site_id, [item])
        begun = shipping.begin_shipment(ctx, world.site_id, "H-1")
    omar = client("omar")
    address = f"/shipments/{begun.shipment_id}/pick"
    assert "should not go to a customer" not in omar.get(address).text
    with office.context(ROOT) as ctx:
        run(ctx.tx, "update shipment_stop set lot = 'OLD'")
        run(
            ctx.tx,
            "insert into lot (tenant_id, item_id, code, expires_on) values (1, %s, 'OLD', '2026-01-01')",
            (item,),
        )
    assert "is expired: it should not go to a customer" in omar.get(address).text


def test_an_operator_sees_a_button_to_take_back_their_own_receipt_and_none_for_others(
    client: Client, office: Office, world: World
) -> None:
    order = ordered(office, world, "21001")
    omar, olaf = client("omar"), client("vera")
    told = {"line": "1", "amount": "3", "place": "DOCK", "source": "s1"}
    assert omar.post(f"/orders/{order}/receive", data=told).status_code == 303
    with office.database.transaction() as tx:
        ((movement,),) = values(tx, "select movement_id from movement where reason = 'receive'")
    button = f'action="/movements/{movement}/reverse"'
    assert button in omar.get("/items/21001").text
    assert button not in olaf.get("/items/21001").text
    done = omar.post(f"/movements/{movement}/reverse", data={"reason": "another order", "sku": "21001"})
    assert done.status_code == 303
