"""What the simulated warehouse must be told: addresses, secrets, and the world it plays."""

from __future__ import annotations

from pathlib import Path

import msgspec


class TwinConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The configuration file, as JSON.

    Attributes:
        web_url: where the REST interface is, without /api/v1.
        api_key: its key.
        mqtt_host, mqtt_port: the MQTT door.
        door_url: the HTTP door for devices.
        desk_host, desk_port, desk_path: where the suppliers' order desk takes orders.
        devices: secret by device.
        shift_days: by how many days the real dates move.
        seed: of all chance.
    """

    web_url: str
    api_key: str
    mqtt_host: str
    mqtt_port: int
    door_url: str
    desk_host: str
    desk_port: int
    desk_path: str
    devices: dict[str, str]
    shift_days: int
    seed: int


def read(path: Path) -> TwinConfig:
    """
    Raises:
        msgspec.ValidationError: a field is missing, unknown or of another type.
    """
    return msgspec.json.decode(path.read_bytes(), type=TwinConfig)


def write(path: Path, config: TwinConfig) -> None:
    """Write the file so that only its owner can read it; it appears whole or not at all."""
    half = path.with_name(path.name + ".new")
    half.touch(mode=0o600)
    half.chmod(0o600)
    half.write_bytes(msgspec.json.format(msgspec.json.encode(config), indent=2))
    half.replace(path)
