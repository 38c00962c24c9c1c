"""Devices: the list and the page of one."""

from __future__ import annotations

from datetime import timedelta

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.edge import devices
from tests.web.conftest import Client
from tests.web.world import World, say

ROOT = person("root", Role.ADMIN)


def test_the_page_of_a_device_says_where_it_stands_and_what_it_said_last_of_each_kind(
    client: Client, office: Office, world: World
) -> None:
    with office.context(ROOT) as ctx:
        say(ctx, "thermo-c", "battery", 83.0, age=timedelta(minutes=4))
    mara = client("mara")
    assert 'href="/devices/thermo-c"' in mara.get("/devices?q=thermo-c").text
    page = mara.get("/devices/thermo-c").text
    assert f'<a href="/zones/{world.zones["C"]}">Chilled</a>' in page
    assert "4.6 °C" in page
    assert "83 %" in page
    assert "reporting" in page


def test_a_device_that_never_spoke_says_so_and_one_that_is_not_there_is_not_found(
    client: Client, office: Office, world: World
) -> None:
    with office.context(ROOT) as ctx:
        devices.add_device(ctx, "scale-new", place_id=world.bins["A-001"])
    mara = client("mara")
    assert "has not said anything yet" in mara.get("/devices/scale-new").text
    assert mara.get("/devices/scale-none").status_code == 404
