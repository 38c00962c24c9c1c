"""What is given out comes back: into empty books, and from there out again as the same files."""

from __future__ import annotations

import csv
import re
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shelfwise.access.context import Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.intake.importing import check, run
from shelfwise.intake.kinds import KINDS
from shelfwise.records.exchange import guarded, written
from shelfwise.store.database import run as execute
from tests.conftest import NOON

MARA = person("mara", Role.ADMIN)
UTC = ZoneInfo("UTC")
Files = dict[str, list[list[str]]]

# An apostrophe before a digit is a spreadsheet's mark for text, and taken for damage; so are short numbers beside some
# that begin with zeros.
codes = st.text("ABCxyz0123456789-=+'", min_size=1, max_size=8).filter(lambda code: not re.match(r"'\d|0\d+$", code))
texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=20)
numbers = st.decimals(min_value="0.001", max_value="9999", places=3).map(lambda number: f"{number.normalize():f}")
wholes = st.integers(1, 500).map(str)
maybe = st.booleans()
levels = st.text("abcÄ-= 1", min_size=1, max_size=9).map(str.strip).filter(bool)
categories = st.lists(levels, max_size=3).map(" / ".join)


@st.composite
def books(draw: st.DrawFn) -> Files:
    """Records of every kind but sales, as files tell of them."""
    skus = draw(st.lists(codes, min_size=1, max_size=4, unique=True))
    sites = draw(st.lists(codes, min_size=1, max_size=2, unique=True))
    bins = draw(
        st.lists(codes.filter(lambda code: code not in ("DOCK", "PACKING")), min_size=1, max_size=3, unique=True)
    )
    suppliers = draw(st.lists(codes, min_size=1, max_size=2, unique=True))
    barcodes = iter(range(1000))
    tracked = {sku: draw(st.sampled_from(("none", "lot"))) for sku in skus}
    return {
        "sites": [["site", "name", "time_zone", "width_m"]]
        + [[guarded(site), guarded(draw(texts)) or "x", "Europe/Rome", draw(numbers)] for site in sites],
        "zones": [["site", "zone", "kind", "low_degc", "delay_minutes"]]
        + [[guarded(site), "Z", "chilled", draw(numbers), draw(wholes)] for site in sites],
        "items": [
            ["sku", "description", "tracking", "shelf_life_days", "unit_weight_g", "barcode", "case_quantity",
             "pallet_barcode", "category", "sold_until", "replaces", "replaces_from", "replaces_factor"],
            *(
                [guarded(sku), guarded(draw(texts)), tracked[sku], draw(wholes), draw(numbers),
                 f"00{next(barcodes)}", draw(wholes), f"P{next(barcodes)}", guarded(draw(categories)), "2027-03-31",
                 *((guarded(before), "2026-05-01", draw(numbers)) if before is not None else ("", "", "1"))]
                for before, sku in zip([None, *skus], skus, strict=False)
            ),
        ],
        "barcodes": [["barcode", "sku", "pack"]] + [[f"B{next(barcodes)}", guarded(sku), "case"] for sku in skus],
        "places": [
            ["site", "place", "zone", "sku", "capacity", "aisle", "bay", "level", "position", "height_m", "load_kg"]
        ]
        + [
            [guarded(site), guarded(one), "Z", guarded(draw(st.sampled_from(skus))), draw(numbers),
             *((guarded(draw(codes)), *(draw(wholes) for _ in range(3))) if draw(maybe) else ("", "", "", "")),
             draw(numbers), draw(numbers)]
            for site in sites
            for one in bins
        ],
        "suppliers": [["supplier", "name", "account_number"]]
        + [[guarded(one), guarded(draw(texts.filter(str.strip))), guarded(draw(texts))] for one in suppliers],
        "terms": [["supplier", "sku", "supplier_sku", "from_quantity", "unit_cost", "currency", "lead_time_days"]]
        + [
            [guarded(one), guarded(sku), guarded(theirs), start, draw(numbers), "EUR", days]
            for one in suppliers
            for sku in skus
            for theirs, days in [(draw(codes), draw(wholes))]
            for start in ("0", "12.5", "100")
        ],
        "stock": [["site", "place", "sku", "lot", "expires_on", "status", "quantity"]]
        + [
            [guarded(site), guarded(bins[0]), guarded(sku),
             *(("L1", "2027-01-31") if tracked[sku] == "lot" else ("", "")),
             draw(st.sampled_from(("available", "hold", "damaged"))), draw(wholes)]
            for site in sites
            for sku in skus
        ],
        "purchase_orders": [["number", "line", "supplier", "site", "sku", "quantity", "received", "unit_cost",
                             "ordered_at", "expected_at", "note"]]
        + [
            ["PO-000007", str(line), guarded(suppliers[0]), guarded(sites[0]), guarded(sku), draw(wholes), "0",
             draw(numbers), "2026-02-20T09:00:00+01:00", "2026-03-20T09:00:00+01:00", "Ring the bell"]
            for line, sku in enumerate(skus, 1)
        ],
    }  # fmt: skip


def write(folder: Path, files: Files) -> Path:
    folder.mkdir()
    for name, rows in files.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    return folder


def given_out(office: Office) -> Files:
    """All records but sales, as an export writes them."""
    with office.context(MARA) as ctx:
        return {
            kind.name: [
                list(kind.sheet.headings),
                *(
                    [
                        guarded(value) if isinstance(value := record.get(name), str) else written(value, UTC)
                        for name in kind.sheet.headings
                    ]
                    for record in kind.known(ctx, None).values()
                ),
            ]
            for kind in KINDS
            if kind.name != "sales"
        }


def cells(rows: list[list[str]], *columns: str) -> list[list[str]]:
    """These columns of a file's rows, in the order of the rows' text."""
    head, *others = rows
    return sorted([row[head.index(name)] for name in columns] for row in others)


tenants = count(2)


def empty(office: Office) -> Office:
    """Books of somebody else in the same database, with nothing in them."""
    new = Office(office.database, next(tenants))
    with office.database.transaction() as tx:
        execute(tx, "insert into tenant values (%s, 'Other', 'EUR')", (new.tenant,))
        stand_still(tx, new.tenant, NOON)
    return new


@given(files=books())
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_everything_given_out_and_taken_in_again_is_given_out_the_same(
    office: Office, tmp_path_factory: pytest.TempPathFactory, files: Files
) -> None:
    folder = tmp_path_factory.mktemp("loop")
    first, second = empty(office), empty(office)
    run(first, MARA, write(folder / "told", files))
    out = given_out(first)
    assert all(len(out[name]) >= len(rows) for name, rows in files.items())
    told = ("sku", "category", "sold_until", "replaces", "replaces_from", "replaces_factor")
    assert cells(out["items"], *told) == cells(files["items"], *told)
    assert cells(out["terms"], *files["terms"][0]) == cells(files["terms"], *files["terms"][0])
    back = write(folder / "out", out)
    run(second, MARA, back)
    assert given_out(second) == out
    again = check(first, MARA, back)
    assert [(one.name, one.created, one.changed, one.fault_count) for one in again.wanted if not one.same_file] == [
        (one.name, 0, 0, 0) for one in again.wanted if not one.same_file
    ]
