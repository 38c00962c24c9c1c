"""Everything given out at once: just what an import takes for what is there, and only to who may see it all."""

from __future__ import annotations

import csv
import html
import io
from decimal import Decimal
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid
from shelfwise.intake.giving_out import give_out
from shelfwise.intake.kinds import KINDS
from shelfwise.records import service as records
from shelfwise.records.exchange import SHEETS, read, written
from shelfwise.records.model import NewItem
from shelfwise.store.database import values
from tests.access.two_sites import at_near_site, build
from tests.web.conftest import Client
from tests.web.world import World

EVERYTHING = [sheet.name for sheet in SHEETS]


def test_what_is_given_out_is_read_back_as_what_is_there(client: Client, office: Office, world: World) -> None:
    odd = NewItem("007", "=HYPERLINK(\"x\"), 'q'", unit="kg", quantum=Decimal("0.001"))
    with office.context(person("root", Role.ADMIN)) as ctx:
        records.add_items(ctx, [odd])
    mara = client("mara")
    answer = mara.post("/export", data={"sheet": EVERYTHING, "form": "zip"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with ZipFile(io.BytesIO(answer.content)) as archive, office.context(person("root", Role.ADMIN)) as ctx:
        assert archive.namelist() == [f"{name}.csv" for name in EVERYTHING]
        for kind in KINDS:
            text = archive.read(f"{kind.name}.csv").decode()
            told = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
            expected = list(kind.known(ctx, None).values())
            assert len(told) == len(expected) or kind.name == "sales"
            for row, record in zip(told, expected, strict=False):
                for column in kind.sheet.columns:
                    value = read(row[column.name], column)
                    assert value == record.get(column.name) or (value is None and record.get(column.name) == "")
        assert "007,\"'=HYPERLINK" in archive.read("items.csv").decode()
    with office.context(person("root", Role.ADMIN)) as ctx:
        assert values(
            ctx.tx, "select actor_name, detail->'sheets'->>0 from audit_entry where action = 'data.exported'"
        ) == [("mara", "sites")]


def test_sales_lines_are_given_out_with_their_time_and_place(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    line = {
        "order_number": "0001", "line": 1, "sku": "21001", "ordered_at": "2026-03-02T10:00:00Z", "quantity": 2,
        "unit_price": "2.50", "customer": "-Ltd",
    }  # fmt: skip
    assert mara.post("/api/v1/sales-lines", json=[line]).status_code == 200
    answer = mara.post("/export", data={"sheet": ["sales"], "form": "zip"})
    with ZipFile(io.BytesIO(answer.content)) as archive:
        (row,) = csv.DictReader(io.StringIO(archive.read("sales.csv").decode(), newline=""))
    assert (row["order_number"], row["quantity"], row["unit_price"], row["customer"]) == ("0001", "2", "2.5", "'-Ltd")
    assert (row["site"], row["ordered_at"]) == ("LON", "2026-03-02T10:00:00+00:00")


def test_a_workbook_has_a_sheet_for_each_kind(client: Client, world: World) -> None:
    answer = client("mara").post("/export", data={"sheet": ["items", "places"], "form": "xlsx"})
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["items", "places"]
    assert book.get_sheet_by_name("items").to_python()[1][0] == "21000"


def test_only_who_may_import_at_every_site_takes_everything_along(client: Client, office: Office, world: World) -> None:
    for login in ("omar", "vera"):
        assert client(login).get("/export").status_code == 403
        assert client(login).post("/export", data={"sheet": "items"}).status_code == 403
    page = html.unescape(client("mara").get("/export").text)
    assert all(sheet.title in page for sheet in SHEETS)


def test_a_manager_of_one_site_takes_nothing_of_all_sites(office: Office) -> None:
    with office.context(person("root", Role.ADMIN)) as ctx:
        sites = build(ctx)
        with pytest.raises(Forbidden):
            give_out(at_near_site(ctx, sites, Role.MANAGER), ["items"])
        for names in ([], ["secrets"]):
            with pytest.raises(Invalid, match="sheets: expected some of"):
                give_out(ctx, names)


def test_a_sheet_that_is_documented_is_given_out() -> None:
    assert [kind.sheet for kind in KINDS] == list(SHEETS)
    assert written(True, ZoneInfo("UTC")) == "yes"
