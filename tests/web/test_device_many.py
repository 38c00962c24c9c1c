"""Many devices at once: what a list is understood as, what is wrong in which row, all or none, secrets and labels."""

from __future__ import annotations

import csv
import io
from html import unescape
from urllib.parse import unquote

import pytest

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Invalid
from shelfwise.edge import devices
from shelfwise.store.database import run
from shelfwise.web.device_list import read_list
from tests.web.conftest import Client
from tests.web.world import World

ROOT = person("root", Role.ADMIN)


@pytest.mark.parametrize(
    "text",
    [
        "scale-7,Scale at the door,scale,A-001,LON",
        "scale-7\tScale at the door\tscale\tA-001\tLON\n",
        "\n\ufeffscale-7;Scale at the door;a scale;A-001;LON".replace("\n\ufeff", "\ufeff"),
        "Site,Where,Type,Device ID,Name,Bought\r\nLON,A-001,Weight,scale-7,Scale at the  door,2024\r\n\r\n",
        'device,name,kind,where,site\nscale-7,"Scale at\nthe door",scale,A-001,LON',
    ],
    ids=["commas", "tabs", "semicolons", "headings in another order", "quoted"],
)
def test_a_list_is_understood_by_its_headings_or_in_order(text: str) -> None:
    (one,), faults = read_list(text)
    assert (one.device, one.name, one.family, one.where, one.site) == (
        "scale-7", "Scale at the door", "scale", "A-001", "LON",
    )  # fmt: skip
    assert faults == []


def test_a_list_that_cannot_be_right_says_in_which_row() -> None:
    _, faults = read_list("device,kind\nt1,toaster\nt2,scale,what,else\nt3")
    assert [str(one).split(".")[0] for one in faults][1] == "row 3: expected 2 cells: device, kind, got 'what, else'"
    assert faults[0].where == "row 2, kind" and "thermometer" in faults[0].expected
    for empty in ("", " \n , \n", "device,name\n"):
        with pytest.raises(Invalid, match="a row for each device"):
            read_list(empty)
    with pytest.raises(Invalid, match="at most 500"):
        read_list("\n".join(f"t{number}" for number in range(501)))


def test_rows_are_looked_at_before_anything_is_added_and_one_that_is_wrong_stops_all(
    client: Client, office: Office, world: World
) -> None:
    mara = client("mara")
    told = (
        "device,name,kind,where,site\nscale-0,taken,scale,A-001\nnew-1,Fine,scale,A-002\nnew-2,,thermometer,Nowhere\n"
        "a b,,scale\nnew-3,,scale,A-003,MARS\nnew-4\nnew-4"
    )
    for add in ("", "yes"):
        page = mara.post("/devices/many", data={"told": told, "add": add})
        assert page.status_code == 422
        assert "6 of 7 rows cannot be right" in page.text
        for said in (
            "row 2, device: expected a name that is free, got scale-0, one that is in use",
            "row 4, where: expected the code of a bin or dock, or a zone's code or name, got 'Nowhere'",
            "row 5, device: expected 1 to 128 printable characters",
            "row 6, site: expected the code of a site, such as LON, got 'MARS'",
            "row 7, device: expected each device once, got new-4 2 times",
        ):
            assert said in unescape(page.text), said
        assert mara.get("/devices/new-1").status_code == 404


def test_all_of_a_list_are_added_with_secrets_that_are_shown_once_and_are_a_file(
    client: Client, office: Office, world: World
) -> None:
    with office.context(ROOT) as ctx:
        run(
            ctx.tx,
            """insert into unclaimed_device (tenant_id, device, behind, first_at, last_at, kinds, kept)
               values (1, 'new-2', 'gw', now(), now(), '{temperature}', 0)""",
        )
    mara = client("mara")
    told = "new-1\tScale under A-002\tscale\tA-002\nnew-2\tCold\tthermometer\tChilled\nnew-3"
    looked = mara.post("/devices/many", data={"told": told})
    assert looked.status_code == 200
    assert "Add all 3" in looked.text and "the zone Chilled at LON" in looked.text
    added = mara.post("/devices/many", data={"told": told, "add": "yes"})
    assert added.headers["cache-control"] == "no-store"
    written = unquote(added.text.split('href="data:text/csv;charset=utf-8,')[1].split('"')[0])
    rows = list(csv.DictReader(io.StringIO(written)))
    assert [(one["device"], one["name"], one["stands"]) for one in rows] == [
        ("new-1", "Scale under A-002", "A-002 at LON"), ("new-2", "Cold", "the zone Chilled at LON"), ("new-3", "", ""),
    ]  # fmt: skip
    with office.context(ROOT) as ctx:
        for one in rows:
            found = devices.device(ctx, one["device"])
            assert found is not None and found.proves(one["secret"].encode())
    assert rows[0]["secret"] not in mara.get("/devices/new-1").text
    assert "one that is in use" in mara.post("/devices/many", data={"told": told, "add": "yes"}).text
    assert "new-2, Cold" in mara.get("/devices/labels?search=chilled").text
    assert mara.get("/devices/labels.pdf?pick=new-1&pick=new-2&sheet=62x29").content.startswith(b"%PDF")
    assert mara.get("/devices/labels.pdf?pick=nobody").status_code == 422
