"""The pages of readers and brokers that we call."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator

import pytest
from llrpkit.emulator import LLRPEmulator

from shelfwise.access.context import Office
from shelfwise.access.model import Role, person
from shelfwise.edge import connections, trying
from tests.web.conftest import Client
from tests.web.world import World

ROOT = person("root", Role.ADMIN)


@pytest.fixture
def reader() -> Iterator[int]:
    """A reader on the network; its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    emulated = LLRPEmulator(model_number=2_001_002, firmware="5.14")
    asyncio.run_coroutine_threadsafe(emulated.start(), loop).result(10)
    yield emulated.port
    asyncio.run_coroutine_threadsafe(emulated.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_reader_is_added_tried_out_changed_switched_off_and_removed(
    client: Client, office: Office, world: World, reader: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "_LOOK_S", 0.3)
    mara = client("mara")
    assert "No connection yet" in mara.get("/devices/connections").text
    told = {
        "kind": "llrp", "device": "portal-1", "host": "127.0.0.1", "port": str(reader), "antennas": "1, 2",
        "stands": f"place:{world.bins['A-001']}",
    }  # fmt: skip
    page = mara.post("/devices/connections", data=told, follow_redirects=True)
    here = page.url.path
    assert re.fullmatch(r"/devices/connections/\d+", here)
    assert "No gateway has called it yet" in page.text
    tried = mara.post(f"{here}/try").text
    assert re.search(r"Impinj Speedway R420, firmware 5\.14, 4 antennas; [1-9]\d* tags seen in 0\.3 s\.", tried)
    changed = mara.post(here, data={"host": "127.0.0.1", "port": "1", "antennas": "3"}, follow_redirects=True).text
    assert 'value="3"' in changed
    assert "The reader cannot be reached" in mara.post(f"{here}/try").text
    assert "switched off" in mara.post(f"{here}/active", data={"active": "false"}, follow_redirects=True).text
    assert "portal-1" in mara.get("/devices/connections").text
    mara.post(f"{here}/remove")
    assert mara.get(here).status_code == 404
    assert mara.get("/devices/portal-1").status_code == 200


def test_a_reader_that_has_said_nothing_of_itself_yet_is_shown_as_it_fares(
    client: Client, office: Office, world: World
) -> None:
    told = {"kind": "llrp", "device": "portal-1", "host": "127.0.0.1", "port": "5084"}
    here = client("mara").post("/devices/connections", data=told, follow_redirects=True).url.path
    with office.database.transaction() as tx:
        tx.execute(
            """insert into connection_lease (tenant_id, connection_id, slot, state, held_by, held_until)
               select 1, connection_id, 1, 'connecting', 'gateway-1', clock_timestamp() + interval '1 hour'
               from connection"""
        )
    assert "connecting" in client("mara").get(here).text
    assert "we call it" in client("mara").get("/devices/portal-1").text
    with office.database.transaction() as tx:
        tx.execute("update connection_lease set state = 'connected'")
    assert "portal-1" in client("mara").get("/devices?link=connected").text
    assert "portal-1" not in client("mara").get("/devices?link=none").text


def test_a_broker_s_password_is_kept_and_shown_nowhere(client: Client, office: Office, world: World) -> None:
    mara = client("mara")
    told = {
        "kind": "mqtt", "device": "plant-broker", "host": "broker.test", "user": "us", "password": "hush-hush",
        "topics": "shelfwise/#\nplant/+/temp generic 2\n",
    }  # fmt: skip
    here = mara.post("/devices/connections", data=told, follow_redirects=True).url.path
    mara.post(here, data=told | {"host": "other.test", "password": ""})
    assert "hush-hush" not in mara.get(here).text
    assert "plant/+/temp generic 2" in mara.get(here).text
    with office.context(ROOT) as ctx:
        (one,) = connections.connections(ctx)
        assert connections.secrets_of(ctx, one.connection.connection_id).password == "hush-hush"
        assert one.connection.host == "other.test"
        assert one.connection.settings["topics"][1] == {
            "filter": "plant/+/temp", "format": "generic", "device_level": 2,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"host": "mqtt://here"}, "Leave out mqtt://"), ({"topics": "a/#/b"}, "# comes last"),
        ({"port": "x"}, "a number"),
        ({"topics": "a zebra-7"}, "a format of the list"), ({"topics": ""}, "topics"),
        ({"device": "a/b"}, "without / +"),
        ({"slots": "99"}, "1 to 32"), ({"port": "1e12"}, "1 to 65535"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_said_and_nothing_is_kept(
    client: Client, office: Office, world: World, wrong: dict[str, str], said: str
) -> None:
    told = {"kind": "mqtt", "device": "plant-broker", "host": "broker.test", "topics": "a"} | wrong
    answer = client("mara").post("/devices/connections", data=told)
    assert answer.status_code == 422
    assert said in answer.text
    with office.context(ROOT) as ctx:
        assert connections.connections(ctx) == []
