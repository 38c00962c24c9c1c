"""Tags: bound at receiving, replaced, taken off, killed; what they stand for, and numbers that are given once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.edge import devices, epc
from shelfwise.edge.tables import StoredReading, day_number, ensure_partitions
from shelfwise.records import service as records
from shelfwise.stock.tags import service as tags
from shelfwise.stock.tags.model import Content, Meaning, one_piece, read_epcs, zpl
from shelfwise.store.database import run
from tests.conftest import NOON
from tests.stock.house import OPERATOR, VIEWER, House, build_house

GTIN = "04006381333931"
ONE, TWO = "E2801160AAAA", "E2801160BBBB"


@pytest.fixture
def house(ctx: Context) -> House:
    return build_house(ctx)


def state(ctx: Context, tag: str) -> list[tuple[str, str | None, str | None]]:
    return [(one.sku, one.ended, one.replaced_by) for one in tags.tag_history(ctx, tag)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("e2801160aaaa\nE2801160AAAA\r\n E2801160BBBB", [ONE, TWO]),
        ("0xE2801160AAAA, E2801160BBBB;", [ONE, TWO]),
    ],
)
def test_epcs_are_read_as_handhelds_type_them_each_once(text: str, found: list[str]) -> None:
    assert read_epcs(text) == found


@pytest.mark.parametrize("text", ["", "hello", "E28", "E2801160AAA"])
def test_what_is_no_epc_is_refused_with_its_row(text: str) -> None:
    with pytest.raises(Invalid, match="EPC"):
        read_epcs(text)


def test_forty_tags_are_bound_at_once_and_told_again_nothing_changes(ctx: Context, house: House) -> None:
    order = house.buy(ctx, "key", "40")
    epcs = [f"E280116000{number:02d}" for number in range(40)]
    otto = replace(ctx, actor=OPERATOR)
    for new in (40, 0):
        many = tags.bind_tags(
            otto, house.site_id, epcs, one_piece(house.mug, lot="L7"), purchase_order_id=order.purchase_order_id,
            purchase_line=1,
        )  # fmt: skip
        assert many == new
    found = tags.tags(ctx, purchase_order_id=order.purchase_order_id)
    assert {(one.number, one.lot, one.bound_by) for one in found} == {(order.number, "L7", "otto")}
    assert len(found) == 40
    with pytest.raises(Forbidden):
        tags.bind_tags(replace(ctx, actor=VIEWER), house.site_id, [ONE], one_piece(house.mug))


def test_a_tag_is_on_one_thing_at_a_time_and_one_that_was_switched_off_on_nothing_again(
    ctx: Context, house: House
) -> None:
    tags.bind_tags(ctx, house.site_id, [ONE], one_piece(house.mug))
    with pytest.raises(Refused, match="is on MUG already"):
        tags.bind_tags(ctx, house.site_id, [TWO, ONE], one_piece(house.rope))
    assert tags.meanings(ctx, [TWO]) == {}
    tags.take_off(ctx, ONE, "torn")
    tags.bind_tags(ctx, house.site_id, [ONE], one_piece(house.rope))
    assert state(ctx, ONE) == [("ROPE", None, None), ("MUG", "unbound", None)]
    tags.take_off(ctx, ONE, "sold", killed=True)
    with pytest.raises(Refused, match="switched off for good"):
        tags.bind_tags(ctx, house.site_id, [ONE], one_piece(house.mug))
    with pytest.raises(NotFound):
        tags.take_off(ctx, ONE, "again")


def test_another_tag_takes_the_place_of_a_torn_one_and_the_old_one_keeps_its_history(
    ctx: Context, house: House
) -> None:
    under = [Content(house.mug, Decimal(12), "L1"), Content(house.rope, Decimal("2.5"))]
    tags.bind_tags(ctx, house.site_id, [ONE], under)
    with pytest.raises(Invalid, match="why"):
        tags.replace_tag(ctx, ONE, TWO, " ")
    tags.replace_tag(ctx, ONE, TWO, "torn")
    assert tags.meanings(ctx, [ONE, TWO]) == {TWO: Meaning(tuple(under), bound=True)}
    assert state(ctx, ONE) == [("ROPE", "replaced", TWO), ("MUG", "replaced", TWO)]
    with pytest.raises(Invalid, match=r"a multiple of 0\.5"):
        tags.bind_tags(ctx, house.site_id, [ONE], one_piece(house.rope, Decimal("0.3")))


def test_a_tag_whose_gtin_is_known_needs_no_binding_and_a_case_counts_as_what_it_holds(
    ctx: Context, house: House
) -> None:
    records.add_barcode(ctx, house.mug, "4006381333931")
    records.add_barcode(ctx, house.mug, "14006381333938", "case")
    records.set_pack(ctx, house.mug, "case", Decimal(12), NOON.date())
    piece, case = epc.sgtin_96(GTIN, 1, 7), epc.sgtin_96("14006381333938", 1, 7, 2)
    stranger = epc.sgtin_96("09506000134352", 1, 7)
    assert tags.meanings(ctx, [piece, case, stranger, ONE]) == {
        piece: Meaning((Content(house.mug, Decimal(1)),), bound=False),
        case: Meaning((Content(house.mug, Decimal(12)),), bound=False),
    }


def test_numbers_of_new_tags_are_given_once_and_say_the_item_and_the_length_of_the_prefix_is_kept(
    ctx: Context, house: House
) -> None:
    with pytest.raises(NotFound):
        tags.new_epcs(ctx, house.mug, GTIN, 3, 7)
    records.add_barcode(ctx, house.mug, "4006381333931")
    made = [*tags.new_epcs(ctx, house.mug, GTIN, 3, 8), *tags.new_epcs(ctx, house.mug, GTIN, 2, 8)]
    read = [epc.decode(one) for one in made]
    assert [(one.gtin, one.serial, one.company) for one in read if one] == [
        (GTIN, str(serial), "40063813") for serial in range(1, 6)
    ]
    assert tags.company_digits(ctx) == 8
    with pytest.raises(Invalid, match="6 to 12 digits"):
        tags.new_epcs(ctx, house.mug, GTIN, 1, 5)
    label = zpl(made[:1], "MUG ^XZ White")
    assert f"^RFW,H^FD{made[0]}^FS" in label
    assert label.count("^XZ") == 1


def test_what_a_reader_at_the_table_has_just_read_can_be_taken(ctx: Context, house: House) -> None:
    devices.add_device(ctx, "table", place_id=house.place["DOCK"])
    devices.remember_latest(ctx, [StoredReading(1, 1, "table", "tag", None, {"epc": ONE}, NOON, NOON)])
    assert tags.readers(ctx, house.site_id) == ["table"]
    ensure_partitions(ctx.tx, [day_number(NOON)])
    for minutes, told in ((-9, "E280116099"), (-3, TWO), (-2, ONE), (-1, TWO)):
        at = NOON + timedelta(minutes=minutes)
        run(
            ctx.tx,
            """insert into reading (tenant_id, source_key, observed_at, received_at, device, kind, detail)
               values (1, gen_random_uuid(), %s, %s, 'table', 'tag', jsonb_build_object('epc', %s::text))""",
            (at, at, told),
        )
    assert tags.read_lately(ctx, "table") == [TWO, ONE]
