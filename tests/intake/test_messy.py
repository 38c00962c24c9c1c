"""Eight messy lists of other businesses: every damage is named, and every accepted repair gives what is true."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.intake.found import Choice
from shelfwise.intake.importing import EVERY_TABLE, check, run
from shelfwise.intake.kinds import kind_of
from shelfwise.intake.repairs.model import ALL
from shelfwise.records import service as records
from tests.intake.messy import ALL_LISTS, Messy

MARA = person("mara", Role.ADMIN)


@pytest.mark.parametrize("messy", ALL_LISTS, ids=lambda one: one.name)
def test_every_damage_is_named_and_its_repair_gives_the_truth(messy: Messy, office: Office, tmp_path: Path) -> None:
    path = messy.write(tmp_path)
    with office.context(MARA) as ctx:
        records.add_site(ctx, code="HQ", name="Shop", time_zone="Europe/Berlin", width_m=20, depth_m=10)
    said = {EVERY_TABLE: Choice(repairs={ALL: True})}
    found = check(office, MARA, path, said)
    named = {repair.name for one in found.tables for repair in one.repairs}
    assert messy.damage <= named
    assert [fault for one in found.tables for fault in one.problems] == []
    assert sum(one.skipped for one in found.wanted) == messy.bad
    run(office, MARA, path, said, skip_bad=bool(messy.bad))
    with office.context(MARA) as ctx:
        items = kind_of("items").known(ctx, None).values()
        stock = list(kind_of("stock").known(ctx, None).values())
        terms = kind_of("terms").known(ctx, None).values()
    assert {one["sku"]: one["description"] for one in items} == messy.items
    assert {one["sku"]: one["barcode"] for one in items if one["barcode"]} == messy.barcodes
    if messy.stock:
        assert {(one["place"], one["sku"]): one["quantity"] for one in stock} == messy.stock
    assert {(one["supplier"], one["sku"]): one["unit_cost"] for one in terms} == messy.costs
    for one in stock:
        assert one["sku"] not in messy.expiries or one["expires_on"] == messy.expiries[str(one["sku"])]
        assert isinstance(one["quantity"], Decimal)
