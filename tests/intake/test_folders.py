"""Files that other systems put into a folder: each taken in once, whole or not at all, whenever we are killed."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shelfwise.access.context import Office, stand_still
from shelfwise.access.model import Role, person, system
from shelfwise.intake import folders, importing, incoming, silence, undoing
from shelfwise.intake.folders import Folders
from shelfwise.intake.found import Choice
from shelfwise.records import service as records
from shelfwise.records import sources
from shelfwise.records.sources import NewSource
from shelfwise.store.database import values
from tests.conftest import NOON

MARA = person("mara", Role.ADMIN)
GOOD = "day,sku,quantity\n2026-02-27,MUG,3\n2026-02-28,MUG,4\n"


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def watched(office: Office, tmp_path: Path) -> Folders:
    """The folder of a till that sells mugs in London."""
    with office.context(MARA) as ctx:
        records.add_site(ctx, code="LON", name="London", time_zone="Europe/London", width_m=20, depth_m=10)
        records.add_item(ctx, sku="MUG", description="Mug")
        sources.put_source(ctx, NewSource("till", "Till", "daily_sales", every_days=1))
    found = Folders(office, tmp_path)
    found.look()
    return found


@pytest.fixture
def folder(watched: Folders, tmp_path: Path) -> Path:
    return tmp_path / "till"


def twice(watched: Folders) -> int:
    """A file is complete when two looks found it the same."""
    return watched.look() + watched.look()


def told(office: Office, sql: str) -> list[tuple[Any, ...]]:
    with office.database.transaction() as tx:
        return values(tx, sql)


def names(folder: Path, of: str) -> list[str]:
    return sorted(one.name for one in (folder / of).iterdir())


def test_a_complete_file_is_taken_in_and_put_away_with_what_came_of_it(watched: Folders, folder: Path) -> None:
    (folder / "monday.csv").write_text(GOOD)
    assert watched.look() == 0
    assert watched.look() == 1
    assert told(watched.office, "select sum(quantity) from sales_day") == [(Decimal(7),)]
    assert names(folder, "done") == ["monday.csv", "monday.csv.result.txt"]
    assert "2 rows, 2 new" in (folder / "done" / "monday.csv.result.txt").read_text()
    assert not list(folder.glob("*.csv"))
    assert told(watched.office, "select state, sent_by, file_name from incoming") == [
        ("done", "system:source till", "monday.csv")
    ]


def test_a_file_that_is_still_written_or_only_linked_is_left_alone(watched: Folders, folder: Path) -> None:
    secret = folder.parent / "secret.csv"
    secret.write_text(GOOD)
    (folder / "link.csv").symlink_to(secret)
    (folder / "upload.csv.part").write_text(GOOD)
    growing = folder / "growing.csv"
    growing.write_text("day,sku,quantity\n")
    assert watched.look() == 0
    growing.write_text(GOOD)
    assert watched.look() == 0
    os.mkfifo(folder / "pipe.csv")
    assert watched.look() == 1
    assert names(folder, "done") == ["growing.csv", "growing.csv.result.txt"]


def test_a_bad_file_is_refused_with_row_and_field_and_a_person_is_asked(watched: Folders, folder: Path) -> None:
    (folder / "bad.csv").write_text(GOOD + "2026-02-29,MUG,5\n")
    assert twice(watched) == 1
    assert told(watched.office, "select count(*) from sales_day") == [(0,)]
    assert names(folder, "refused") == ["bad.csv", "bad.csv.why.txt"]
    why = (folder / "refused" / "bad.csv.why.txt").read_text()
    assert "row 4, column day: expected a day" in why
    assert "got '2026-02-29'" in why
    assert told(watched.office, "select kind, state from alert") == [("incoming", "open")]
    assert told(watched.office, "select kind, role, state from task") == [("incoming_refused", "planner", "open")]
    (folder / "mended.csv").write_text(GOOD)
    assert twice(watched) == 1
    assert told(watched.office, "select state from alert") == [("cleared",)]
    assert told(watched.office, "select state from task") == [("open",)]


def test_the_same_content_again_changes_nothing_even_after_a_correction(watched: Folders, folder: Path) -> None:
    for name, text in (("one", GOOD), ("correction", GOOD.replace("MUG,4", "MUG,6")), ("one again", GOOD)):
        (folder / f"{name}.csv").write_text(text)
        assert twice(watched) == 1
    assert told(watched.office, "select sum(quantity) from sales_day") == [(Decimal(9),)]
    assert told(watched.office, "select state from incoming order by incoming_id") == [("done",), ("done",), ("same",)]
    assert "nothing was done" in (folder / "done" / "one again.csv.result.txt").read_text()


def test_what_was_taken_back_may_come_again(watched: Folders, folder: Path) -> None:
    (folder / "one.csv").write_text(GOOD)
    twice(watched)
    with watched.office.context(MARA) as ctx:
        undoing.undo(ctx, 1)
    (folder / "one.csv").write_text(GOOD)
    assert twice(watched) == 1
    assert told(watched.office, "select sum(quantity) from sales_day") == [(Decimal(7),)]
    assert names(folder, "done") == ["one 2.csv", "one 2.csv.result.txt", "one.csv", "one.csv.result.txt"]


Kill = Callable[[pytest.MonkeyPatch], None]


def _before_importing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(importing, "run", _killed)


def _after_importing(patch: pytest.MonkeyPatch) -> None:
    run = importing.run

    def done_and_killed(*told: Any, **named: Any) -> None:
        run(*told, **named)
        raise Killed

    patch.setattr(importing, "run", done_and_killed)


def _before_moving(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(folders, "put_away", _killed)


def _between_text_and_file(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Path, "rename", _killed)


def _killed(*told: Any, **named: Any) -> None:
    raise Killed


@pytest.mark.parametrize("kill", [_before_importing, _after_importing, _before_moving, _between_text_and_file])
def test_killed_anywhere_the_file_is_taken_in_once(
    watched: Folders, folder: Path, monkeypatch: pytest.MonkeyPatch, kill: Kill
) -> None:
    (folder / "monday.csv").write_text(GOOD)
    watched.look()
    with monkeypatch.context() as patch:
        kill(patch)
        with pytest.raises(Killed):
            watched.look()
    assert (folder / "monday.csv").exists()
    again = Folders(watched.office, folder.parent)
    assert twice(again) == 1
    assert names(folder, "done") == ["monday.csv", "monday.csv.result.txt"]
    assert "2 new" in (folder / "done" / "monday.csv.result.txt").read_text()
    assert told(watched.office, "select sum(quantity) from sales_day") == [(Decimal(7),)]
    assert told(watched.office, "select count(*) from import_batch") == [(1,)]
    assert told(watched.office, "select state from incoming") == [("done",)]


def test_a_writer_who_goes_on_writing_loses_nothing(
    watched: Folders, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "monday.csv"
    path.write_text(GOOD)
    take = incoming.take

    def meanwhile(*told: Any) -> Any:
        done = take(*told)
        path.write_text(GOOD + "2026-03-01,MUG,5\n")
        return done

    watched.look()
    with monkeypatch.context() as patch:
        patch.setattr(incoming, "take", meanwhile)
        watched.look()
    assert path.exists()
    assert twice(watched) == 1
    assert told(watched.office, "select sum(quantity) from sales_day") == [(Decimal(12),)]


def test_a_file_that_fails_on_our_side_is_tried_again_and_then_refused(
    watched: Folders, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*told: Any, **named: Any) -> None:
        raise RuntimeError("a disk has died")

    (folder / "monday.csv").write_text(GOOD)
    watched.look()
    with monkeypatch.context() as patch:
        patch.setattr(importing, "run", broken)
        assert [watched.look() for _ in range(3)] == [0, 0, 1]
    assert "Something failed on our side" in (folder / "refused" / "monday.csv.why.txt").read_text()


def test_a_source_that_came_every_day_and_is_silent_is_told_once_and_clears_when_it_comes(
    watched: Folders, folder: Path
) -> None:
    office = watched.office
    for days, silent in ((2, 0), (3, 1), (4, 1)):
        with office.context(MARA) as ctx:
            stand_still(ctx.tx, 1, NOON + timedelta(days=days))
        with office.context(system("calendar")) as ctx:
            assert silence.tell_silent(ctx) == silent
    assert told(office, "select kind, state from alert") == [("silent_source", "open")]
    (folder / "monday.csv").write_text(GOOD)
    assert twice(watched) == 1
    assert told(office, "select state from alert") == [("cleared",)]


def test_a_file_is_read_as_files_with_its_headings_were_the_last_time(watched: Folders, folder: Path) -> None:
    path = folder.parent / "by hand.csv"
    text = "Tag,Ware,Stück\n03/02/2026,MUG,3\n"
    path.write_text(text, "utf-8")
    columns = {"day": "Tag", "sku": "Ware", "quantity": "Stück"}
    said = {importing.EVERY_TABLE: Choice("daily_sales", columns, dates="dmy")}
    importing.run(watched.office, MARA, path, said)
    (folder / "next.csv").write_text(text.replace("03/02", "04/02"), "utf-8")
    assert twice(watched) == 1
    assert [day.isoformat() for (day,) in told(watched.office, "select day from sales_day order by day")] == [
        "2026-02-03", "2026-02-04",
    ]  # fmt: skip
