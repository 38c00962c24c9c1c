"""Files of carriers' prices: bad cells are named, what was given out comes in again, and it can be taken back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Invalid
from shelfwise.intake.found import Outcome
from shelfwise.intake.giving_out import give_out
from shelfwise.intake.importing import check, run
from shelfwise.intake.undoing import undo
from shelfwise.planning.carriers import service
from shelfwise.planning.carriers.model import RateCard
from shelfwise.records.exchange import written

MARA = person("mara", Role.ADMIN)
HEAD = "carrier,carrier_name,service_code,valid_from,currency,fuel,zone,areas,transit_days,up_to_kg,price,per_kg\n"
PRICES = HEAD + (
    "FOX,Fox Parcels,STD,2026-01-01,EUR,18.5,near,DE,1,5,6.90,\n"
    "FOX,Fox Parcels,STD,2026-01-01,EUR,18.5,near,DE,1,30,14.90,\n"
    "FOX,Fox Parcels,STD,2026-01-01,EUR,18.5,far,AT; CH 8,3,,19.50,1.10\n"
)


def write(folder: Path, text: str, name: str = "rate_cards.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def cards(office: Office) -> list[RateCard]:
    with office.context(MARA) as ctx:
        return [stored.card for stored in service.cards(ctx)]


def wrong(outcome: Outcome) -> set[tuple[int, str]]:
    (found,) = outcome.tables
    return {(fault.row, fault.column) for fault in found.faults}


def test_a_file_makes_carriers_and_cards_and_the_same_file_changes_nothing_again(
    office: Office, tmp_path: Path
) -> None:
    path = write(tmp_path, PRICES)
    (found,) = run(office, MARA, path).tables
    assert found.kind is not None and (found.kind.name, found.created) == ("rate_cards", 3)
    (one,) = cards(office)
    assert [(zone.label, zone.transit_days, len(zone.breaks)) for zone in one.zones] == [("near", 1, 2), ("far", 3, 1)]
    with office.context(MARA) as ctx:
        assert [(one.code, one.name) for one in service.carriers(ctx)] == [("FOX", "Fox Parcels")]
    (again,) = run(office, MARA, path).tables
    assert (again.created, again.changed, again.unchanged) == (0, 0, 3)
    other_words = PRICES.replace("AT; CH 8", "at;ch 8").replace("18.5", "18.50%")
    (spelt,) = run(office, MARA, write(tmp_path, other_words, "other.csv")).tables
    assert (spelt.created, spelt.changed, spelt.unchanged) == (0, 0, 3)


def test_what_is_given_out_comes_in_again(office: Office, tmp_path: Path) -> None:
    run(office, MARA, write(tmp_path, PRICES))
    before = cards(office)
    with office.context(MARA) as ctx:
        (given,) = give_out(ctx, ["rate_cards"])
        rows = [
            ",".join(f'"{written(record[name], ZoneInfo("UTC"))}"' for name in given.sheet.headings)
            for record in given.records
        ]
    text = ",".join(given.sheet.headings) + "\n" + "\n".join(rows) + "\n"
    (again,) = run(office, MARA, write(tmp_path, text, "again.csv")).tables
    assert (again.created, again.changed, again.unchanged) == (0, 0, 3)
    assert cards(office) == before


def test_a_row_changes_its_price_and_what_it_says_of_the_card_holds_for_all_of_it(
    office: Office, tmp_path: Path
) -> None:
    run(office, MARA, write(tmp_path, PRICES))
    more = HEAD + "FOX,Fox Parcels,STD,2026-01-01,EUR,20,near,DE; LU,2,5,7.20,\n"
    run(office, MARA, write(tmp_path, more, "more.csv"))
    (one,) = cards(office)
    near = next(zone for zone in one.zones if zone.label == "near")
    assert one.fuel == ((date.min, Decimal(20)),)
    assert (near.transit_days, [each.price for each in near.breaks]) == (2, [Decimal("7.20"), Decimal("14.90")])


def test_bad_cells_are_named_by_row_and_column_and_nothing_is_imported(office: Office, tmp_path: Path) -> None:
    rows = (
        "FOX,,STD,2026-01-01,EUR,much,near,DE,1,5,6.90,\n"  # 2: no percentage
        "FOX,,STD,2026-01-01,EUR,,far,Austria,3,5,9,\n"  # 3: no area
        "OWL,,STD,2026-01-01,EUR,,near,DE,1,5,6.90,\n"
        "OWL,,STD,2026-01-01,EUR,,near,DE,2,10,9.90,\n"  # 5: other days for the same zone
        "OWL,,STD,2026-01-01,USD,,near,DE,1,20,9.90,\n"  # 6: another currency for the same card
        "BEE,,STD,2026-01-01,EUR,,one,DE,1,5,6.90,\n"
        "BEE,,STD,2026-01-01,EUR,,two,DE,1,5,-1,\n"  # 8: the same area, a price below 0
    )
    found = check(office, MARA, write(tmp_path, HEAD + rows))
    assert wrong(found) == {
        (2, "fuel"), (3, "areas"), (5, "transit_days"), (6, "currency"), (8, "areas"), (8, "price"),
    }  # fmt: skip
    with pytest.raises(Invalid, match="6 bad cells"):
        run(office, MARA, write(tmp_path, HEAD + rows))
    assert cards(office) == []


def test_a_site_that_is_not_there_is_named(office: Office, tmp_path: Path) -> None:
    text = HEAD.replace("service_code", "site,service_code") + "FOX,,NOWHERE,STD,2026-01-01,EUR,,near,DE,1,5,6.90,\n"
    assert wrong(check(office, MARA, write(tmp_path, text))) == {(2, "site")}


def test_an_import_is_taken_back(office: Office, tmp_path: Path) -> None:
    run(office, MARA, write(tmp_path, PRICES))
    before = cards(office)
    more = PRICES + "FOX,Fox Parcels,STD,2026-01-01,EUR,18.5,isle,GB,5,5,30,\n"
    more += "OWL,,STD,2026-01-01,EUR,,near,DE,1,5,6.90,\n"
    done = run(office, MARA, write(tmp_path, more.replace("14.90", "15.90"), "more.csv"))
    assert len(cards(office)) == 2
    with office.context(MARA) as ctx:
        undone = undo(ctx, done.file_id or 0)
    assert (undone.restored, undone.left) == (3, ())
    assert cards(office) == before
