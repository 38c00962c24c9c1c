"""Devices: registering, signing in, and the newest each said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.edge.devices import (
    add_device,
    device,
    device_states,
    remember_latest,
    renew_secret,
    set_active,
)
from shelfwise.edge.scopes import known_devices
from shelfwise.edge.tables import StoredReading
from shelfwise.store.database import values
from tests.conftest import NOON


def fact(seconds: int, value: float | None, kind: str = "weight", **detail: object) -> StoredReading:
    at = NOON + timedelta(seconds=seconds)
    return StoredReading(1, seconds, "scale-7", kind, value, detail or None, at, NOON + timedelta(minutes=1))


def test_a_secret_is_random_and_only_its_hash_is_kept(ctx: Context) -> None:
    secret, other = add_device(ctx, "scale-7"), add_device(ctx, "scale-8")
    assert len(secret) >= 43
    assert secret != other
    found = device(ctx, "scale-7")
    assert found is not None
    assert found.proves(secret.encode())
    assert not found.proves(other.encode())
    assert secret not in str(
        values(ctx.tx, "select device, secret_hash::text from device union select detail::text, '' from audit_entry")
    )


def test_a_new_secret_ends_the_old_one(ctx: Context) -> None:
    old = add_device(ctx, "scale-7")
    new = renew_secret(ctx, "scale-7")
    found = device(ctx, "scale-7")
    assert found is not None
    assert (found.proves(old.encode()), found.proves(new.encode())) == (False, True)


def test_a_device_that_is_shut_out_may_neither_speak_nor_be_spoken_for(ctx: Context) -> None:
    add_device(ctx, "scale-7")
    set_active(ctx, "scale-7", False)
    assert "scale-7" not in known_devices(ctx).active
    set_active(ctx, "scale-7", True)
    assert "scale-7" in known_devices(ctx).active


@pytest.mark.parametrize("name", ["", "a/b", "+", "#", "a:b", "two words", "new\nline", "x" * 129])
def test_a_name_must_fit_into_a_topic(ctx: Context, name: str) -> None:
    with pytest.raises(Invalid, match="device: expected 1 to 128 printable characters"):
        add_device(ctx, name)


def test_a_name_is_given_once(ctx: Context) -> None:
    add_device(ctx, "scale-7")
    with pytest.raises(Refused, match="There is a device 'scale-7' already"):
        add_device(ctx, "scale-7")


def test_a_device_that_does_not_exist_cannot_be_changed(ctx: Context) -> None:
    with pytest.raises(NotFound):
        renew_secret(ctx, "ghost")
    with pytest.raises(NotFound):
        set_active(ctx, "ghost", False)


def test_only_who_manages_devices_may_change_them(ctx: Context) -> None:
    viewer = replace(ctx, actor=person("vera", Role.VIEWER))
    for change in (
        lambda: add_device(viewer, "scale-7"),
        lambda: renew_secret(viewer, "scale-7"),
        lambda: set_active(viewer, "scale-7", False),
    ):
        with pytest.raises(Forbidden):
            change()


def test_a_device_that_said_nothing_is_listed_without_a_value(ctx: Context) -> None:
    add_device(ctx, "scale-7", name="Scale under A-01")
    (state,) = device_states(ctx)
    assert (state.device, state.name, state.kind, state.value, state.observed_at) == (
        "scale-7", "Scale under A-01", None, None, None,
    )  # fmt: skip


def test_the_newest_counts_whatever_the_order_of_arrival(ctx: Context) -> None:
    add_device(ctx, "scale-7")
    remember_latest(ctx, [fact(5, 500.0), fact(9, 900.0), fact(7, 700.0), fact(3, 0.0, "battery")])
    remember_latest(ctx, [fact(8, 800.0)])
    remember_latest(ctx, [fact(4, None, "scan", code="x")])
    assert [(s.kind, s.value, s.detail) for s in device_states(ctx)] == [
        ("battery", 0.0, None),
        ("scan", None, {"code": "x"}),
        ("weight", 900.0, None),
    ]


def test_a_time_from_the_future_counts_from_its_arrival(ctx: Context) -> None:
    add_device(ctx, "scale-7")
    ahead = fact(5, 500.0)
    remember_latest(ctx, [replace(ahead, observed_at=ahead.received_at + timedelta(hours=20))])
    assert [state.observed_at for state in device_states(ctx)] == [ahead.received_at]
    later = NOON + timedelta(minutes=2)
    remember_latest(ctx, [replace(fact(6, 600.0), observed_at=later, received_at=later)])
    assert [state.value for state in device_states(ctx)] == [600.0]


def test_a_change_of_devices_is_told_to_the_doors(office: Office) -> None:
    with office.database.listen_connection() as db:
        db.execute("listen device")
        with office.context(person("mara", Role.ADMIN)) as ctx:
            add_device(ctx, "scale-7")
        assert [notice.channel for notice in db.notifies(timeout=10, stop_after=1)] == ["device"]
