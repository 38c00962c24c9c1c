"""Who may sign in with what: site keys, secrets that overlap, revocation at once; and for whom gateways speak."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import httpx
import pytest

from shelfwise.access.context import Context
from shelfwise.core.errors import Invalid, Refused
from shelfwise.edge import device_life, scopes
from shelfwise.edge.devices import add_device, device, renew_secret, set_active
from shelfwise.records import service as records
from shelfwise.store.database import run, values
from tests.conftest import NOON
from tests.edge.conftest import MANAGER, SECRET, Running, Start
from tests.edge.history.telling import Said, add_probe, tell
from tests.edge.packets import BareClient, publish


def site(ctx: Context, code: str = "LON") -> tuple[int, int]:
    """A site and a zone in it."""
    site_id = records.add_site(ctx, code=code, name=code, time_zone="Europe/London", width_m=20, depth_m=12)
    zone_id = records.add_zone(
        ctx, site_id=site_id, code="C", name="Cold", kind="chilled", x_m=0, y_m=0, width_m=5, depth_m=5
    )
    return site_id, zone_id


def weigh(running: Running, name: str, secret: str, **others: object) -> httpx.Response:
    message = {"kind": "weight", "value": 5, "id": "w-1", "at": NOON.isoformat()} | others
    return httpx.post(
        running.url("/v1/readings"), content=json.dumps(message), headers={"authorization": f"Bearer {name}:{secret}"}
    )


def until(holds: Callable[[], bool]) -> None:
    """Wait for what a gateway takes over from the database by itself."""
    patience = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < patience
        time.sleep(0.02)


def test_many_small_senders_of_a_site_sign_in_with_its_key_and_wait_until_they_are_claimed(running: Running) -> None:
    with running.office.context(MANAGER) as ctx:
        site_id, zone_id = site(ctx)
        _, elsewhere = site(ctx, "LEE")
        key = scopes.add_site_key(ctx, site_id, "ESP boards")
        add_device(ctx, "probe-2", zone_id=zone_id)
        add_device(ctx, "probe-3", zone_id=elsewhere)
    until(lambda: weigh(running, "new-1", key).status_code == 202)
    assert weigh(running, "probe-2", key).status_code == 200
    # Another site's device, one that stands nowhere, a gateway, a name that cannot be registered, another key.
    for name in ("probe-3", "scale-7", "gate-1", "new"):
        assert weigh(running, name, key).status_code == 401
    assert weigh(running, "new-1", key + "x").status_code == 401
    answer = weigh(running, "new-1", key, device="probe-2")
    assert "expected 'new-1', the device that signed in" in answer.json()["quarantined"]
    assert running.sql("select device, behind from unclaimed_device") == [("new-1", "key:1")]
    with running.office.context(MANAGER) as ctx:
        add_device(ctx, "new-1", zone_id=zone_id)
    assert weigh(running, "new-1", key, id="w-2").status_code == 200
    assert running.sql("select device, count(*) from reading group by 1 order by 1") == [("new-1", 2), ("probe-2", 1)]


def test_a_key_that_is_revoked_closes_the_connections_made_with_it(running: Running) -> None:
    with running.office.context(MANAGER) as ctx:
        key = scopes.add_site_key(ctx, site(ctx)[0], "ESP boards")
    until(lambda: weigh(running, "new-1", key).status_code == 202)
    with BareClient(running.mqtt_port).sign_in("new-2", key) as bare:
        with running.office.context(MANAGER) as ctx:
            scopes.revoke_site_key(ctx, 1)
        assert bare.closed()
    assert weigh(running, "new-1", key).status_code == 401


def test_a_secret_is_good_beside_the_new_one_for_as_long_as_was_said(running: Running) -> None:
    with running.office.context(MANAGER) as ctx:
        new = renew_secret(ctx, "scale-7", timedelta(minutes=10))
    with BareClient(running.mqtt_port).sign_in("scale-7", SECRET) as bare:
        assert (weigh(running, "scale-7", new).status_code, weigh(running, "scale-7", SECRET).status_code) == (200, 200)
        with running.office.context(MANAGER) as ctx:
            run(ctx.tx, "update device set secret_before_until = now() where device = 'scale-7'")
        assert bare.closed()
    assert (weigh(running, "scale-7", new).status_code, weigh(running, "scale-7", SECRET).status_code) == (200, 401)


def test_a_secret_ends_at_once_where_nothing_else_was_said_and_overlaps_have_an_end(ctx: Context) -> None:
    old = add_device(ctx, "scale-7")
    renew_secret(ctx, "scale-7", timedelta(hours=1))
    renew_secret(ctx, "scale-7")
    found = device(ctx, "scale-7")
    assert found is not None
    assert not found.proves(old.encode())
    with pytest.raises(Invalid, match="overlap: expected 0 to 7 days"):
        renew_secret(ctx, "scale-7", timedelta(days=8))


def test_revoked_under_load_nothing_more_is_taken_and_what_was_acknowledged_is_there(start: Start) -> None:
    """Two gateways of ours, each with a connection of the device that never stops sending."""
    acknowledged: set[int] = set()

    def stream(running: Running, first: int, flowing: threading.Barrier) -> None:
        with BareClient(running.mqtt_port).sign_in("scale-7", SECRET) as bare:
            for number in count(first, 2):
                message = {"kind": "weight", "value": number, "id": number, "at": NOON.isoformat()}
                try:
                    bare.send(publish("shelfwise/scale-7/w", json.dumps(message).encode(), number))
                except OSError:
                    return
                if bare.acknowledged(1) != [number]:
                    return
                acknowledged.add(number)
                if number == first + 40:
                    flowing.wait()

    with start() as one, start() as other:
        flowing = threading.Barrier(3, timeout=30)
        threads = [
            threading.Thread(target=stream, args=(running, n, flowing)) for n, running in enumerate((one, other), 1)
        ]
        for thread in threads:
            thread.start()
        flowing.wait()
        with one.office.context(MANAGER) as ctx:
            set_active(ctx, "scale-7", False)
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
        assert acknowledged <= {int(number) for (number,) in one.sql("select value from reading")}
        assert [weigh(running, "scale-7", SECRET).status_code for running in (one, other)] == [401, 401]


def test_sign_ins_are_written_with_their_address_and_failed_ones_are_counted(running: Running) -> None:
    assert weigh(running, "scale-7", SECRET).status_code == 200
    for _ in range(3):
        assert weigh(running, "scale-7", "wrong").status_code == 401
    assert weigh(running, "ghost", "wrong").status_code == 401
    told = "select device, address, by_what, failed, failed_address from device_sign_in"
    until(lambda: running.sql(told) == [("scale-7", "127.0.0.1", "secret", 3, "127.0.0.1")])


def test_a_gateway_speaks_for_the_devices_of_its_site_or_those_assigned_to_it(ctx: Context) -> None:
    site_id, zone_id = site(ctx)
    for gateway in ("gate-1", "gate-2"):
        add_device(ctx, gateway, speaks_for="gateway")
    add_device(ctx, "probe-1", zone_id=zone_id)
    add_device(ctx, "probe-2")
    device_life.assign(ctx, "probe-2", "gate-2")
    scopes.limit_gateway(ctx, "gate-1", reach="site", site_id=site_id)
    scopes.limit_gateway(ctx, "gate-2", reach="assigned")
    assert scopes.known_devices(ctx).reach == {"gate-1": {"probe-1"}, "gate-2": {"probe-2"}}
    scopes.limit_gateway(ctx, "gate-1", reach="any")
    assert "gate-1" not in scopes.known_devices(ctx).reach
    with pytest.raises(Refused, match="speaks for itself alone"):
        scopes.limit_gateway(ctx, "probe-1", reach="assigned")
    with pytest.raises(Invalid, match="reach"):
        scopes.limit_gateway(ctx, "gate-1", reach="site")


def test_a_retired_devices_name_is_not_given_again_and_one_that_never_spoke_is_deleted(ctx: Context) -> None:
    add_device(ctx, "scale-7")
    device_life.delete(ctx, "scale-7")
    add_device(ctx, "scale-7")
    run(
        ctx.tx,
        """insert into device_latest values (1, 'scale-7', 'weight', 1, null, %s, %s)""",
        (NOON, NOON),
    )
    with pytest.raises(Refused, match="Retire it instead"):
        device_life.delete(ctx, "scale-7")
    device_life.retire(ctx, "scale-7")
    with pytest.raises(Refused, match="was a device that is retired"):
        add_device(ctx, "scale-7")
    set_active(ctx, "scale-7", True)
    assert values(ctx.tx, "select active, retired_at from device") == [(True, None)]


def test_a_device_whose_readings_nobody_has_read_yet_has_spoken_and_is_not_deleted(ctx: Context) -> None:
    add_probe(ctx)
    tell(ctx, [Said(NOON, 4.0)])
    with pytest.raises(Refused, match="Retire it instead"):
        device_life.delete(ctx, "probe-1")
