"""Master data: what may be added, by whom, and what comes with it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.records import service
from shelfwise.records.model import NewItem, NewPlace
from shelfwise.records.supply import Terms
from shelfwise.store.database import values
from tests.conftest import NOON


def add_site(ctx: Context, code: str = "MAIN") -> int:
    return service.add_site(ctx, code=code, name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)


def test_a_site_comes_with_its_virtual_places_and_a_dock(ctx: Context) -> None:
    site_id = add_site(ctx)
    kinds = {place.code: (place.kind, place.real) for place in service.places(ctx, site_id)}
    assert kinds == {
        "ADJUSTMENT": ("adjustment", False),
        "CONVERSION": ("conversion", False),
        "CUSTOMER": ("customer", False),
        "DOCK": ("dock", True),
        "OPENING": ("opening", False),
        "PACKING": ("packing", True),
        "SCRAP": ("scrap", False),
        "SUPPLIER": ("supplier", False),
        "TRANSIT": ("transit", False),
        "UNACCOUNTED": ("unaccounted", False),
    }
    assert service.site(ctx, "MAIN").zone_info.key == "Europe/Berlin"
    assert [site.site_id for site in service.sites(ctx)] == [site_id]


def test_an_item_is_found_by_its_sku_and_by_a_part_of_its_text(ctx: Context) -> None:
    service.add_item(ctx, sku="85048", description="100% wool_blanket", quantum=Decimal("0.5"), unit_weight_g=950.0)
    service.add_item(ctx, sku="79323P", description="Pink cherry lights")
    assert service.item_by_sku(ctx, "85048").quantum == Decimal("0.5")
    assert [item.sku for item in service.items(ctx, "CHERRY")] == ["79323P"]
    assert [item.sku for item in service.items(ctx, "0% w")] == ["85048"]
    assert [item.sku for item in service.items(ctx, "%")] == ["85048"]
    assert [item.sku for item in service.items(ctx, limit=1, offset=1)] == ["85048"]
    with pytest.raises(NotFound, match="no item 'nothing'"):
        service.item_by_sku(ctx, "nothing")


def test_a_code_is_taken_once(ctx: Context) -> None:
    site_id = add_site(ctx)
    service.add_item(ctx, sku="A")
    with pytest.raises(Refused, match="item 'A' already exists"):
        service.add_item(ctx, sku="A")
    with pytest.raises(Refused, match="site 'MAIN' already"):
        add_site(ctx)
    with pytest.raises(Refused, match="place 'DOCK'"):
        service.add_place(ctx, site_id=site_id, code="DOCK")
    service.add_supplier(ctx, code="S", name="Supplier")
    with pytest.raises(Refused, match="supplier 'S'"):
        service.add_supplier(ctx, code="S", name="Other")


def test_adding_many_keeps_what_is_there_and_gives_every_id(ctx: Context) -> None:
    first = service.add_item(ctx, sku="A", description="kept")
    ids = service.add_items(ctx, [NewItem(sku, "new") for sku in ("A", "B", "B", "C")])
    assert sorted(ids) == ["A", "B", "C"]
    assert ids["A"] == first
    assert service.item_by_sku(ctx, "A").description == "kept"
    site_id = add_site(ctx)
    places = service.add_places(ctx, site_id, [NewPlace("A-1", item_id=first, capacity=Decimal(40)), NewPlace("DOCK")])
    assert sorted(places) == ["A-1", "DOCK"]
    assert service.place_by_code(ctx, site_id, "A-1").capacity == 40


def test_one_bad_row_refuses_all_and_every_fault_is_named(ctx: Context) -> None:
    with pytest.raises(Invalid) as caught:
        service.add_items(
            ctx, [NewItem("good"), NewItem("", quantum=Decimal("NaN")), NewItem("x\x00y", unit_weight_g=-1)]
        )
    assert [fault.where for fault in caught.value.faults] == [
        "row 2, sku", "row 2, quantum", "row 3, sku", "row 3, unit_weight_g",
    ]  # fmt: skip
    assert service.items(ctx) == []


def test_a_zone_keeps_its_limits_and_delay(ctx: Context) -> None:
    site_id = add_site(ctx)
    service.add_zone(
        ctx, site_id=site_id, code="COLD", name="Cold room 1", kind="chilled", x_m=0, y_m=0, width_m=10, depth_m=8,
        low_degc=2, high_degc=8, delay=timedelta(minutes=5),
    )  # fmt: skip
    (zone,) = service.zones(ctx, site_id)
    assert (zone.low_degc, zone.high_degc, zone.delay) == (2, 8, timedelta(minutes=5))
    with pytest.raises(Invalid, match="below high_degc"):
        service.add_zone(
            ctx, site_id=site_id, code="Z", name="Z", kind="chilled", x_m=0, y_m=0, width_m=1, depth_m=1,
            low_degc=8, high_degc=2,
        )  # fmt: skip


def test_what_a_new_row_points_to_must_exist(ctx: Context) -> None:
    site_id = add_site(ctx)
    other = add_site(ctx, "OTHER")
    zone_id = service.add_zone(
        ctx, site_id=other, code="Z", name="Z", kind="ambient", x_m=0, y_m=0, width_m=1, depth_m=1
    )
    with pytest.raises(NotFound, match="zone of this site"):
        service.add_place(ctx, site_id=site_id, code="A", zone_id=zone_id)
    with pytest.raises(NotFound, match="item 99"):
        service.add_place(ctx, site_id=site_id, code="A", item_id=99)
    with pytest.raises(NotFound, match="site 99"):
        service.add_place(ctx, site_id=99, code="A")
    item_id = service.add_item(ctx, sku="A")
    with pytest.raises(NotFound, match="supplier"):
        service.add_terms(ctx, supplier_id=99, item_id=item_id, unit_cost=Decimal(1), currency="EUR", lead_time_days=3)


def test_new_terms_replace_the_old_ones(ctx: Context) -> None:
    item_id = service.add_item(ctx, sku="A")
    supplier_id = service.add_supplier(ctx, code="S", name="Supplier", order_url="http://127.0.0.1:9/orders")
    for cost in ("1.10", "1.20"):
        service.add_terms(
            ctx, supplier_id=supplier_id, item_id=item_id, unit_cost=Decimal(cost), currency="EUR", lead_time_days=7,
            pack_size=Decimal(12), minimum_order=Decimal(24),
        )  # fmt: skip
    assert service.terms_for(ctx, [item_id]) == [
        Terms(supplier_id, item_id, Decimal("1.20"), "EUR", 7.0, Decimal(12), Decimal(24), "entered")
    ]
    with pytest.raises(Invalid, match="three capital letters"):
        service.add_terms(
            ctx,
            supplier_id=supplier_id,
            item_id=item_id,
            unit_cost=Decimal(1),
            currency="eur",
            lead_time_days=7,
        )


def test_bad_places_and_addresses_are_refused(ctx: Context) -> None:
    site_id = add_site(ctx)
    with pytest.raises(Invalid, match="all of x_m, y_m"):
        service.add_place(ctx, site_id=site_id, code="A", x_m=1.0)
    with pytest.raises(Invalid, match="'bin', 'dock' or 'packing'"):
        service.add_places(ctx, site_id, [NewPlace("A", kind="unaccounted")])
    with pytest.raises(Invalid, match="http or https"):
        service.add_supplier(ctx, code="S", name="S", order_url="file:///etc/passwd")
    with pytest.raises(Invalid, match="IANA"):
        service.add_site(ctx, code="X", name="X", time_zone="Mars/Olympus", width_m=1, depth_m=1)


def test_go_live_is_undecided_until_it_is_set(ctx: Context) -> None:
    assert service.go_live(ctx) is None
    service.set_go_live(ctx, NOON)
    assert service.go_live(ctx) == NOON
    with pytest.raises(Invalid, match="time zone"):
        service.set_go_live(ctx, NOON.replace(tzinfo=None))


def test_operators_and_viewers_look_but_do_not_add(office: Office) -> None:
    for role in (Role.OPERATOR, Role.VIEWER):
        with office.context(person("otto", role)) as ctx:
            assert service.sites(ctx) == []
            with pytest.raises(Forbidden):
                service.add_item(ctx, sku="A")
            with pytest.raises(Forbidden):
                service.set_go_live(ctx, NOON)


def test_what_people_add_is_in_the_audit_log(ctx: Context) -> None:
    item_id = service.add_item(ctx, sku="A")
    assert values(ctx.tx, "select actor_name, action, subject, detail from audit_entry") == [
        ("mara", "item.added", f"item:{item_id}", {"sku": "A"})
    ]


def test_odd_spaces_in_texts_are_taken_and_control_characters_are_not(ctx: Context) -> None:
    service.add_item(ctx, sku="A", description="Caf\u00e9 mug\u00a0 12\u2009cm ")
    for description in ("a\x00b", "a\nb", "\ud800"):
        with pytest.raises(Invalid, match="description"):
            service.add_item(ctx, sku="B", description=description)


def test_a_code_with_a_zero_byte_is_simply_not_there(ctx: Context) -> None:
    site_id = add_site(ctx)
    service.add_item(ctx, sku="A")
    for look in (
        lambda: service.item_by_sku(ctx, "A\x00"),
        lambda: service.site(ctx, "MAIN\x00"),
        lambda: service.place_by_code(ctx, site_id, "DOCK\x00"),
    ):
        with pytest.raises(NotFound):
            look()
    assert service.item_ids(ctx, ["A", "A\x00"]).keys() == {"A"}
    assert [item.sku for item in service.items(ctx, "\x00A")] == ["A"]


def test_numbers_too_large_or_too_fine_to_be_exact_are_refused(ctx: Context) -> None:
    item_id = service.add_item(ctx, sku="A")
    supplier_id = service.add_supplier(ctx, code="S", name="Supplier")
    for cost in ("1e15", "1e99999", "1e-13", "NaN", "-1"):
        with pytest.raises(Invalid, match="unit_cost"):
            service.add_terms(
                ctx,
                supplier_id=supplier_id,
                item_id=item_id,
                unit_cost=Decimal(cost),
                currency="EUR",
                lead_time_days=7,
            )
    for quantum in ("1e15", "1e-10", "1e99999"):
        with pytest.raises(Invalid, match="quantum"):
            service.add_item(ctx, sku="B", quantum=Decimal(quantum))


def test_what_is_not_there_is_said_by_name(ctx: Context) -> None:
    for look in (
        lambda: service.item(ctx, 99),
        lambda: service.site_by_id(ctx, 99),
        lambda: service.supplier(ctx, 99),
    ):
        with pytest.raises(NotFound, match="99"):
            look()
