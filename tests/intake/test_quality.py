"""What a source told is judged by what is missing, what cannot be right, and how old it is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.intake import quality, quality_tables
from shelfwise.intake.quality import Feed, Files, Level, measures, of_feed, of_files
from shelfwise.records import service as records
from shelfwise.records.model import NewItem
from tests.conftest import NOON

FILES: list[tuple[str, int, int, Level, str]] = [
    ("sales", 1, 0, "well", "All of its rows"),
    ("sales", 9, 0, "attention", "older than 8 days"),
    ("sales", 9, 3, "attention", "3 of 50 rows were left out"),
    ("stock", 90, 0, "well", "All of its rows"),
    ("stock", 94, 0, "attention", "older than 93 days"),
    ("suppliers", 2000, 0, "well", "All of its rows"),
]


@pytest.mark.parametrize(("kind", "days", "left_out", "level", "words"), FILES)
def test_files_are_judged_by_rows_left_out_and_by_age(
    kind: str, days: int, left_out: int, level: Level, words: str
) -> None:
    said = of_files(Files(kind, NOON - timedelta(days=days), 50, left_out, 1), NOON)
    assert said.level == level and words in said.words


@pytest.mark.parametrize(("silent", "level"), [(0, "well"), (2, "attention")])
def test_devices_are_judged_by_silence(silent: int, level: Level) -> None:
    assert of_feed(Feed("temperature", 5, silent, NOON)).level == level


MEASURES: list[tuple[str, int, int, float, Level]] = [
    ("terms", 0, 0, 1.0, "unknown"),
    ("terms", 10, 0, 1.0, "well"),
    ("terms", 10, 4, 0.6, "attention"),
    ("wrong_gtin", 10, 1, 0.9, "danger"),
]


@pytest.mark.parametrize(("key", "items", "missing", "share", "level"), MEASURES)
def test_items_are_judged_by_what_they_lack(key: str, items: int, missing: int, share: float, level: Level) -> None:
    told = measures("imported", items, {key: missing})
    (one,) = [each for each in told.measures if each.lack.key == key]
    assert (one.share, one.level, one.address) == (share, level, f"/items?lacks={key}&source=imported")


def test_each_source_of_items_is_counted_by_itself(ctx: Context) -> None:
    records.add_items(ctx, [NewItem("A", provenance="imported"), NewItem("B", provenance="imported")])
    mug = records.add_item(ctx, sku="MUG", unit_weight_g=350.0)
    for barcode in ("4006381333931", "INTERNAL-7"):
        records.add_barcode(ctx, mug, barcode)
    wrong = records.item_by_sku(ctx, "A").item_id
    records.add_barcode(ctx, wrong, "4006381333932")
    supplier = records.add_supplier(ctx, code="POT", name="Potter")
    records.add_terms(ctx, supplier_id=supplier, item_id=wrong, unit_cost=Decimal(1), currency="EUR")
    lacking = {
        one.source: {each.lack.key: each.of - each.have for each in one.measures if each.have < each.of}
        for one in quality_tables.item_sources(ctx)
    }
    assert lacking == {
        "imported": {"terms": 1, "lead_time": 1, "barcode": 1, "pack": 2, "weight": 2, "place": 2, "wrong_gtin": 1},
        "entered": {"terms": 1, "pack": 1, "place": 1},
    }


def test_every_lack_has_its_condition() -> None:
    assert [one.key for one in quality.LACKS] == list(quality_tables.LACKING)
