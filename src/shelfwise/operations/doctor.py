"""`shelfwise doctor`: everything that can be looked at, whether Shelfwise runs or not."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import psycopg

from shelfwise.access.context import Office
from shelfwise.access.model import system
from shelfwise.connectors.http import answers
from shelfwise.core.errors import ShelfwiseError
from shelfwise.operations import inside, machine
from shelfwise.operations.model import Finding
from shelfwise.settings import Settings
from shelfwise.store.database import Database, value
from shelfwise.store.home import is_installed, serving
from shelfwise.store.migrate import schema

MOST_SKEW_S = 2.0
# What only makes sense while it runs.
OF_THE_RUNNING = ("worker", "heartbeat")


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; changes nothing. Postgres is started for as long as it takes where it does not run."""
    found = machine.look(settings)
    if not is_installed(settings.home, settings.database_url):
        return [
            *found,
            Finding("installation", "Installation", "attention", f"There is none in {settings.home}", "shelfwise up"),
            *_ports(settings),
        ]
    running = answers(f"http://{settings.host}:{settings.web_port}/livez")
    try:
        with serving(settings.home, settings.database_url, "A doctor looks at everything") as url:
            found += _database(url, settings, running)
    except (ShelfwiseError, psycopg.Error) as error:
        found.append(
            Finding("postgres", "Postgres", "danger", f"It cannot be used: {error}", "Look into logs/postgres.log.")
        )
    return found + (_doors(settings) if running else _ports(settings))


def _database(url: str, settings: Settings, running: bool) -> list[Finding]:
    try:
        if schema(url).pending:
            return [
                Finding(
                    "schema", "Tables", "attention", "Of an older version",
                    "The next start backs them up and changes them; or: shelfwise upgrade",
                )
            ]  # fmt: skip
    except ShelfwiseError as error:
        return [Finding("schema", "Tables", "danger", str(error), "See Operations, Upgrade.")]
    database = Database(url, size=2).open()
    try:
        with Office(database).context(system("doctor")) as ctx:
            found = inside.look(ctx, settings)
            theirs: datetime = value(ctx.tx, "select clock_timestamp()")
        skew = abs((datetime.now(UTC) - theirs).total_seconds())
    finally:
        database.close()
    if skew < MOST_SKEW_S:
        found.append(Finding("clock", "Clock", "well", "Postgres and this computer agree"))
    else:
        words = f"Postgres and this computer differ by {skew:,.0f} s"
        found.append(Finding("clock", "Clock", "danger", words, "Let both set their clocks by NTP."))
    return [one for one in found if running or one.part not in OF_THE_RUNNING]


def _doors(settings: Settings) -> list[Finding]:
    return [
        Finding(part, what, "well", "Answers")
        if answers(f"http://{settings.host}:{port}/readyz")
        else Finding(part, what, "danger", f"Does not answer on port {port}", f"Look into logs/{log}.log.")
        for part, what, port, log in (
            ("web", "Pages", settings.web_port, "web"),
            ("gateway", "Device door", settings.door_port, "gateway"),
        )
    ]


def _ports(settings: Settings) -> list[Finding]:
    """Nothing of ours runs: are the ports free?"""
    found = [Finding("running", "Shelfwise", "attention", "It does not run", "shelfwise up, or start its service.")]
    for what, port, variable in (
        ("pages", settings.web_port, "SHELFWISE_WEB_PORT"),
        ("MQTT", settings.mqtt_port, "SHELFWISE_MQTT_PORT"),
        ("devices", settings.door_port, "SHELFWISE_DOOR_PORT"),
    ):
        if not is_free(settings.host, port):
            found.append(
                Finding(
                    f"port-{port}", "Port", "danger", f"Port {port} for {what} is used by something else",
                    f"Stop that, or name another port in {variable}.",
                )
            )  # fmt: skip
    return found


def is_free(host: str, port: int) -> bool:
    """Could somebody listen there?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
