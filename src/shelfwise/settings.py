"""Settings of one installation: from the environment, each documented in docs/reference/settings.md."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from shelfwise.core.errors import Fault, Invalid, shorten


@dataclass(frozen=True)
class Settings:
    """Everything a process of Shelfwise must be told.

    Attributes:
        home: the folder with secrets, logs and (for an ordinary user) the embedded Postgres' data.
        database_url: a Postgres 15 or newer to use; None: the embedded one. No transaction pooler in between.
        host: the address all doors and pages listen on.
        web_port: of the pages and the REST API.
        mqtt_port: of the MQTT door.
        door_port: of the HTTP door for devices.
        secure_cookies: true where people reach the pages over HTTPS.
    """

    home: Path = field(default=Path(".shelfwise"), metadata={"variable": "SHELFWISE_HOME"})
    database_url: str | None = field(default=None, metadata={"variable": "SHELFWISE_DATABASE_URL"})
    host: str = field(default="127.0.0.1", metadata={"variable": "SHELFWISE_HOST"})
    web_port: int = field(default=8080, metadata={"variable": "SHELFWISE_WEB_PORT"})
    mqtt_port: int = field(default=1883, metadata={"variable": "SHELFWISE_MQTT_PORT"})
    door_port: int = field(default=8081, metadata={"variable": "SHELFWISE_DOOR_PORT"})
    secure_cookies: bool = field(default=False, metadata={"variable": "SHELFWISE_SECURE_COOKIES"})

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """
        Raises:
            Invalid: a variable has a value that cannot be right; every such variable is named.
        """
        given: dict[str, object] = {}
        faults = []
        for entry in fields(cls):
            variable = entry.metadata["variable"]
            if not (text := environment.get(variable, "").strip()):
                continue
            try:
                given[entry.name] = _parse(entry.type, text)
            except ValueError as error:
                faults.append(Fault(variable, str(error), shorten(text), "Correct the variable or unset it."))
        if faults:
            raise Invalid(*faults)
        return cls(**given)  # type: ignore[arg-type]

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for a child process."""
        return {
            entry.metadata["variable"]: str(value)
            for entry in fields(self)
            if (value := getattr(self, entry.name)) is not None
        }


def _parse(kind: object, text: str) -> object:
    if kind == "Path":
        return Path(text)
    if kind == "int":
        if not text.isdecimal() or not 0 < int(text) < 65536:
            raise ValueError("a port number from 1 to 65535")
        return int(text)
    if kind == "bool":
        if text.lower() not in {"true", "false", "1", "0", "yes", "no"}:
            raise ValueError("true or false")
        return text.lower() in {"true", "1", "yes"}
    return text
