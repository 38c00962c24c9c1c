"""How a client of MQTT is let in: its device is known, its secret right, and its session found or begun."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from shelfwise.edge.devices import Device
from shelfwise.edge.mqtt.codes import BAD_CREDENTIALS, NOT_AUTHORISED, QUOTA_EXCEEDED, RATE_EXCEEDED, SERVER_UNAVAILABLE
from shelfwise.edge.mqtt.requests import Connect, Refusal
from shelfwise.edge.mqtt.session import Session

if TYPE_CHECKING:
    from shelfwise.edge.mqtt.door import MqttDoor


@dataclass(frozen=True)
class Admitted:
    """A client that is let in. `assigned`: the client id it was given, where it had none."""

    device: Device
    session: Session
    present: bool
    assigned: str | None


async def admit(door: MqttDoor, wish: Connect, address: str) -> Admitted:
    """
    Args:
        address: from where it connects.

    Raises:
        Refusal: it is not let in.
    """
    if not wish.username or wish.password is None:
        raise Refusal(wish.level, BAD_CREDENTIALS, "sign in with the device's name and its secret")
    if wait := door.brake.wait(address, wish.username, time.monotonic()):
        raise Refusal(wish.level, RATE_EXCEEDED, f"too many sign-ins have failed; connect again in {wait:.0f} s")
    try:
        device = await door.directory.sign_in(wish.username, wish.password, address)
        if device is None:
            door.brake.failed(address, wish.username, time.monotonic())
            raise Refusal(
                wish.level, NOT_AUTHORISED,
                f"the device {wish.username[:64]!r} is not known, is shut out, or has another secret",
            )  # fmt: skip
        assigned = None if wish.client_id else f"unnamed-{secrets.token_hex(8)}"
        key = (device.device, assigned or wish.client_id)
        most = door.limits.connections_of_device
        if door.presence.connections_of(device.device) >= most and not door.sessions.is_connected(key):
            raise Refusal(wish.level, QUOTA_EXCEEDED, f"this device has {most} connections already")
        # What signed in with a site key may be nobody's device yet, and keeps nothing between two connections.
        passing = device.by != "secret"
        session, present = await door.sessions.open(
            (device.device, assigned or wish.client_id), wish.clean or passing, 0 if passing else wish.expiry
        )
    except psycopg.Error as error:
        raise Refusal(wish.level, SERVER_UNAVAILABLE, "sign-ins cannot be checked now; connect again") from error
    return Admitted(device, session, present, assigned)
