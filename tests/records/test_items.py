"""Items: what may be changed of them, what it means for what is booked already, their packs and barcodes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.edge.gs1 import Label
from shelfwise.records import service
from shelfwise.records.changes import NeedsWord
from shelfwise.records.item_tables import Barcode, ItemPack
from shelfwise.records.model import NewItem
from shelfwise.stock import service as stock
from shelfwise.store.database import run, value
from tests.conftest import NOON

TODAY = NOON.date()


def last_audit(ctx: Context) -> tuple[str, dict[str, Any]]:
    found = ctx.tx.execute("select action, detail from audit_entry order by audit_id desc limit 1").fetchone()
    assert found is not None
    return found[0], found[1]


def stocked(ctx: Context, quantity: str = "12", **fields: Any) -> int:
    """An item of which some lies in A-001, without lot."""
    item_id = service.add_item(ctx, sku="MUG", **fields)
    site_id = service.add_site(ctx, code="MAIN", name="Main", time_zone="Europe/Berlin", width_m=40, depth_m=25)
    place_id = service.add_place(ctx, site_id=site_id, code="A-001")
    stock.opening_stock(ctx, [(item_id, place_id, Decimal(quantity))])
    return item_id


def test_all_that_is_known_of_an_item_is_kept(ctx: Context) -> None:
    told = NewItem(
        "CHEESE", "Cheese", "each", Decimal(1), 1040.0, "imported", "lot", True, 60, True, True, "Dairy / Cheese", TODAY
    )
    service.add_items(ctx, [told])
    assert service.item_by_sku(ctx, "CHEESE").as_new == told


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"tracking": "box"}, "tracking"),
        ({"tracking": "serial", "quantum": Decimal("0.5")}, "quantum"),
        ({"needs_expiry": True}, "needs_expiry"),
        ({"shelf_life_days": 0}, "shelf_life_days"),
        ({"shelf_life_days": 40_000}, "shelf_life_days"),
        ({"catch_weight": True, "quantum": Decimal("0.5")}, "catch_weight"),
        ({"category": "Dairy / "}, "category"),
        ({"category": "Dairy  /  Milk"}, "category"),
        ({"category": "/ Milk"}, "category"),
    ],
)
def test_what_does_not_go_together_is_refused(ctx: Context, fields: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as caught:
        service.add_items(ctx, [NewItem("GOOD"), NewItem("A", **fields)])
    assert [fault.where for fault in caught.value.faults] == [f"row 2, {where}"]


def test_a_change_keeps_what_was_before_and_after_in_the_audit_log(ctx: Context) -> None:
    item_id = service.add_item(ctx, sku="MUG", description="Red mug", provenance="imported")
    told = NewItem("MUG-RED", "Red mug", quantum=Decimal("0.5"), provenance="entered")
    changed = service.change_item(ctx, item_id, told)
    assert (changed.sku, changed.quantum, changed.provenance) == ("MUG-RED", Decimal("0.5"), "imported")
    assert last_audit(ctx) == (
        "item.changed",
        {"before": {"sku": "MUG", "quantum": "1"}, "after": {"sku": "MUG-RED", "quantum": "0.5"}},
    )
    entries = value(ctx.tx, "select count(*) from audit_entry")
    assert service.change_item(ctx, item_id, told) == changed
    assert value(ctx.tx, "select count(*) from audit_entry") == entries


def test_a_sku_is_not_taken_from_another_item(ctx: Context) -> None:
    item_id = service.add_item(ctx, sku="A")
    service.add_item(ctx, sku="B")
    with pytest.raises(Refused, match="item 'B' already exists"):
        service.change_item(ctx, item_id, NewItem("B"))
    assert service.item(ctx, item_id).sku == "A"


def test_the_unit_stays_as_soon_as_something_has_moved(ctx: Context) -> None:
    item_id = stocked(ctx)
    with pytest.raises(Refused, match="movements in each"):
        service.change_item(ctx, item_id, NewItem("MUG", unit="kg"))
    fresh = service.add_item(ctx, sku="NEW")
    assert service.change_item(ctx, fresh, NewItem("NEW", unit="kg", quantum=Decimal("0.1"))).unit == "kg"


def test_a_new_quantum_must_fit_what_lies_there_and_what_is_packed(ctx: Context) -> None:
    item_id = stocked(ctx)
    now = service.item(ctx, item_id).as_new
    with pytest.raises(Refused, match=r"12 each in A-001 \(MAIN\).* is no multiple of 5"):
        service.change_item(ctx, item_id, replace(now, quantum=Decimal(5)))
    service.set_pack(ctx, item_id, "case", Decimal(6), TODAY)
    with pytest.raises(Invalid, match="case, quantity"):
        service.change_item(ctx, item_id, replace(now, quantum=Decimal(4)))
    assert service.change_item(ctx, item_id, replace(now, quantum=Decimal("0.5"))).quantum == Decimal("0.5")


def test_tracking_is_tightened_only_with_a_word_about_what_lies_there_untracked(ctx: Context) -> None:
    item_id = stocked(ctx)
    now = service.item(ctx, item_id).as_new
    for tracking in ("lot", "serial"):
        with pytest.raises(NeedsWord, match=r"12 each in A-001 \(MAIN\) lies there without"):
            service.change_item(ctx, item_id, replace(now, tracking=tracking))
    assert service.item(ctx, item_id).tracking == "none"
    by_lot = service.change_item(ctx, item_id, replace(now, tracking="lot"), confirmed=True)
    assert by_lot.tracking == "lot"
    with pytest.raises(NeedsWord, match="no last day"):
        service.change_item(ctx, item_id, replace(by_lot.as_new, needs_expiry=True))
    assert service.change_item(ctx, item_id, now).tracking == "none"


def test_what_has_its_lot_or_serial_numbers_needs_no_word(ctx: Context) -> None:
    item_id = stocked(ctx, quantity="2")
    now = service.item(ctx, item_id).as_new
    run(ctx.tx, "update balance set lot = 'L1' where item_id = %s", (item_id,))
    assert service.change_item(ctx, item_id, replace(now, tracking="lot")).tracking == "lot"
    run(
        ctx.tx,
        """insert into serial (tenant_id, item_id, serial, place_id, movement_id, occurred_at)
           select tenant_id, item_id, 'S' || n, place_id, 1, %s from balance cross join generate_series(1, 2) n
           where item_id = %s and on_hand > 0""",
        (NOON, item_id),
    )
    assert service.change_item(ctx, item_id, replace(now, tracking="serial")).tracking == "serial"


def test_an_item_that_is_phased_out_is_found_on_wish_alone_and_comes_back(ctx: Context) -> None:
    item_id = stocked(ctx)
    assert service.archive_item(ctx, item_id).archived
    assert last_audit(ctx)[0] == "item.archived"
    assert service.items(ctx) == []
    assert [one.sku for one in service.items(ctx, archived=True)] == ["MUG"]
    assert service.item_by_sku(ctx, "MUG").archived
    service.restore_item(ctx, item_id)
    assert [one.sku for one in service.items(ctx)] == ["MUG"]


def test_a_pack_changes_from_a_day_on_and_what_was_told_before_stays(ctx: Context) -> None:
    item_id = service.add_item(ctx, sku="MUG")
    before, after = TODAY - timedelta(days=30), TODAY
    service.set_pack(ctx, item_id, "case", Decimal(12), before)
    service.set_pack(ctx, item_id, "case", Decimal(10), after)
    assert service.in_base(ctx, item_id, "2 cases", TODAY - timedelta(days=1)) == 24
    assert service.in_base(ctx, item_id, "2 cases + 1", TODAY) == 21
    with pytest.raises(Refused, match="Say from which later day on"):
        service.set_pack(ctx, item_id, "case", Decimal(11), before)
    # Of today, and of days to come, a slip of the pen is put right.
    service.set_pack(ctx, item_id, "case", Decimal(8), after)
    assert last_audit(ctx)[1] == {"level": "case", "quantity": "8", "valid_from": "2026-03-02", "replaced": "10"}
    service.set_pack(ctx, item_id, "case", None, TODAY + timedelta(days=1))
    assert service.packs_of(ctx, item_id, TODAY + timedelta(days=1)) == []
    assert [pack.quantity for pack in service.pack_history(ctx, item_id)] == [None, 8, 12]


def test_an_instant_is_of_the_day_that_it_is_where_it_is_told(ctx: Context) -> None:
    item_id = service.add_item(ctx, sku="MUG")
    service.set_pack(ctx, item_id, "case", Decimal(10), date(2026, 3, 3))
    late = datetime(2026, 3, 2, 20, 0, tzinfo=ZoneInfo("UTC"))
    with pytest.raises(Invalid, match="one of: each"):
        service.in_base(ctx, item_id, "1 case", late)
    assert service.in_base(ctx, item_id, "1 case", late.astimezone(ZoneInfo("Asia/Tokyo"))) == 10


def test_many_packs_are_set_together_or_none(ctx: Context) -> None:
    mug, cup = service.add_item(ctx, sku="MUG"), service.add_item(ctx, sku="CUP")
    good = ItemPack(mug, "case", Decimal(12), TODAY)
    with pytest.raises(Invalid, match="row 2, quantity"):
        service.set_packs(ctx, [good, ItemPack(cup, "case", Decimal("1.5"), TODAY)])
    with pytest.raises(Invalid, match="row 2, level: expected each level once for a day"):
        service.set_packs(ctx, [good, good])
    with pytest.raises(NotFound, match="99"):
        service.set_packs(ctx, [good, ItemPack(99, "case", Decimal(1), TODAY)])
    assert service.packs_of(ctx, mug, TODAY) == []
    service.set_packs(ctx, [good])
    service.set_packs(ctx, [good])
    assert service.packs_of(ctx, mug, TODAY) == [good.pack]


def test_a_barcode_leads_to_one_item_and_to_the_pack_it_is_on(ctx: Context) -> None:
    mug, cup = service.add_item(ctx, sku="MUG"), service.add_item(ctx, sku="CUP")
    service.add_barcode(ctx, mug, "4006381333931")
    service.add_barcode(ctx, mug, "CASE-1", "case")
    for scanned in ("4006381333931", "04006381333931"):
        assert service.by_barcode(ctx, scanned) == Barcode("4006381333931", mug)
    assert service.by_barcode(ctx, "CASE-1") == Barcode("CASE-1", mug, "case")
    assert service.by_barcode(ctx, "nothing\x00") is None
    for scanned in ("]E04006381333931", "010400638133393110AB", "https://id.gs1.org/01/04006381333931/10/AB?17=270131"):
        assert service.by_barcode(ctx, scanned) == Barcode("4006381333931", mug)
    assert service.item_named(ctx, "4006381333931").item_id == mug
    with pytest.raises(NotFound):
        service.item_named(ctx, "nothing")
    found = service.scanned(ctx, "010400638133393110AB\x1d17270131")
    assert found is not None
    assert (found.item.item_id, found.label.lot, found.label.last_day) == (mug, "AB", date(2027, 1, 31))
    assert service.scanned(ctx, "CASE-1") == service.Scan(found.item, "case", Label())
    with pytest.raises(Invalid, match="right last digit of the item number"):
        service.scanned(ctx, "(01)04006381333932")
    assert service.items(ctx, "33393")[0].sku == "MUG"
    with pytest.raises(Refused, match="on the item 'MUG' already"):
        service.add_barcode(ctx, cup, "CASE-1")
    with pytest.raises(Invalid, match="barcode"):
        service.add_barcode(ctx, cup, "")
    service.remove_barcode(ctx, mug, "CASE-1")
    service.add_barcodes(ctx, [Barcode("CASE-1", cup, "case"), Barcode("4006381333931", mug, "inner")])
    assert service.barcodes_of(ctx, mug) == [Barcode("4006381333931", mug, "inner")]
    with pytest.raises(NotFound, match="barcode of this item 'CASE-1'"):
        service.remove_barcode(ctx, mug, "CASE-1")


def test_who_may_not_edit_records_changes_nothing(office: Office) -> None:
    with office.context(person("mara", Role.ADMIN)) as ctx:
        item_id = service.add_item(ctx, sku="A")
    with office.context(person("otto", Role.OPERATOR)) as ctx:
        for change in (
            lambda: service.change_item(ctx, item_id, NewItem("B")),
            lambda: service.archive_item(ctx, item_id),
            lambda: service.set_pack(ctx, item_id, "case", Decimal(2), TODAY),
            lambda: service.add_barcode(ctx, item_id, "1"),
        ):
            with pytest.raises(Forbidden):
                change()
