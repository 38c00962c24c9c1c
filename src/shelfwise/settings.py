"""Settings of one installation: from the environment, each documented in docs/reference/settings.md."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from shelfwise.computing import BESIDE, HERE, is_where
from shelfwise.connectors.mail import mail_server
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.https.model import as_address, is_name, names_in


def _setting(default: Any, variable: str, meaning: str) -> Any:
    return field(default=default, metadata={"variable": variable, "meaning": meaning})


# Addresses and networks, with commas between.
Networks = str
# Host names and addresses, with commas between.
Names = str
# How pages are reached from the local network.
Https = str
HTTPS = ("off", "own", "files")
# A time of day, or "off".
Hour = str
# A whole number above 0.
Count = int
# Where to compute.
Compute = str


@dataclass(frozen=True)
class Settings:
    """Everything a process of Shelfwise must be told; what each field means stands beside it."""

    home: Path = _setting(
        Path(".shelfwise"),
        "SHELFWISE_HOME",
        "The folder with secrets, logs and, for an ordinary user, the data of the embedded Postgres.",
    )
    database_url: str | None = _setting(
        None,
        "SHELFWISE_DATABASE_URL",
        "A Postgres 15 or newer to use instead of the embedded one, as a libpq URL. "
        "No transaction pooler in between: it breaks LISTEN.",
    )
    host: str = _setting("127.0.0.1", "SHELFWISE_HOST", "The address that pages and doors listen on.")
    web_port: int = _setting(8080, "SHELFWISE_WEB_PORT", "The port of the pages and the REST API.")
    mqtt_port: int = _setting(1883, "SHELFWISE_MQTT_PORT", "The port of the MQTT door.")
    door_port: int = _setting(8081, "SHELFWISE_DOOR_PORT", "The port of the HTTP door for devices.")
    device_messages: Count = _setting(
        5_000,
        "SHELFWISE_DEVICE_MESSAGES",
        "How many messages of up to a kilobyte a device may send each second in the long run; twenty times as many at "
        "once after a silence. Who sends more is made to wait (MQTT) or told when to send again (HTTP, 429).",
    )
    mqtt_keep_alive_s: Count = _setting(
        60,
        "SHELFWISE_MQTT_KEEP_ALIVE_S",
        "The longest keep-alive in seconds that a client of MQTT 5 gets; whoever is silent for one and a half times as "
        "long is taken for lost. Clients of MQTT 3.1.1 get what they ask for.",
    )
    secure_cookies: bool = _setting(
        False,
        "SHELFWISE_SECURE_COOKIES",
        "Set to true where people reach the pages over HTTPS: cookies are then never sent in the clear.",
    )

    https: Https = _setting(
        "off",
        "SHELFWISE_HTTPS",
        "How phones and other computers on the local network reach the pages. off: not by Shelfwise itself. own: "
        "by HTTPS, with a certificate of this installation's own authority, which each phone is told once to trust. "
        "files: by HTTPS, with the certificate that SHELFWISE_TLS_CERTIFICATE names. With own and files the pages "
        "listen on all addresses, or on SHELFWISE_HOST where that is not this computer alone.",
    )
    https_port: int = _setting(8443, "SHELFWISE_HTTPS_PORT", "The port of the pages by HTTPS.")
    mqtt_tls_port: int = _setting(
        8883,
        "SHELFWISE_MQTT_TLS_PORT",
        "With SHELFWISE_HTTPS=own or files: the port of the MQTT door by TLS, open to the local network as the pages "
        "are.",
    )
    door_tls_port: int = _setting(
        8444,
        "SHELFWISE_DOOR_TLS_PORT",
        "With SHELFWISE_HTTPS=own or files: the port of the HTTP door for devices by HTTPS, open to the local network "
        "as the pages are.",
    )
    names: Names = _setting(
        "",
        "SHELFWISE_NAMES",
        "Host names and addresses that people reach this computer by, with commas between, such as stock.lan. Its own "
        "name and its private IPv4 addresses are known without.",
    )
    tls_certificate: Path | None = _setting(
        None,
        "SHELFWISE_TLS_CERTIFICATE",
        "With SHELFWISE_HTTPS=files: the certificate in PEM form, followed by those between it and its authority. It "
        "is read again when it changes.",
    )
    tls_key: Path | None = _setting(
        None,
        "SHELFWISE_TLS_KEY",
        "With SHELFWISE_HTTPS=files: the certificate's key in PEM form, which only its owner may read.",
    )

    trusted_proxies: Networks = _setting(
        "",
        "SHELFWISE_TRUSTED_PROXIES",
        "The addresses or networks of your own reverse proxies, with commas between, such as 10.0.0.5,10.1.0.0/16. "
        "What they say in X-Forwarded-For is believed; what anybody else says there is not.",
    )

    smtp_url: str | None = _setting(
        None,
        "SHELFWISE_SMTP_URL",
        "The mail server that takes orders for suppliers: smtp://user@mail.example.com:587 (STARTTLS), "
        "smtps://user@mail.example.com:465 (TLS) or smtp+plain://127.0.0.1:25 (neither). Unset: no mail is sent.",
    )
    smtp_password_file: Path | None = _setting(
        None,
        "SHELFWISE_SMTP_PASSWORD_FILE",
        "A file with the mail server's password alone, which only its owner may read.",
    )
    webhook_networks: Networks = _setting(
        "",
        "SHELFWISE_WEBHOOK_NETWORKS",
        "Networks of your own that webhooks and feeds of figures may reach, with commas between, such as 10.1.0.0/16. "
        "Others that are not out on the internet are refused, and only in these may an address begin with http://.",
    )
    mail_from: str = _setting(
        "",
        "SHELFWISE_MAIL_FROM",
        "The address that mail comes from, and answers go to. Needed where SHELFWISE_SMTP_URL is set.",
    )

    backup_folder: Path | None = _setting(
        None,
        "SHELFWISE_BACKUP_FOLDER",
        "Where backups are written; best on another disk. Unset: the folder backups in the home folder.",
    )

    backup_at: Hour = _setting(
        "02:30",
        "SHELFWISE_BACKUP_AT",
        "When a backup is made and tried out each day, by the clock of this computer; off: never by itself.",
    )
    backup_days: Count = _setting(7, "SHELFWISE_BACKUP_DAYS", "Of how many days the daily backup is kept.")
    backup_weeks: Count = _setting(
        4, "SHELFWISE_BACKUP_WEEKS", "Of how many weeks the last daily backup is kept besides."
    )
    disk_low_gb: Count = _setting(
        5,
        "SHELFWISE_DISK_LOW_GB",
        "With less room than this on a disk, people are told; with a fifth of it, as a danger.",
    )
    queue_minutes: Count = _setting(
        30, "SHELFWISE_QUEUE_MINUTES", "When work has waited in the queue for so many minutes, people are told."
    )
    heartbeat_url: str | None = _setting(
        None,
        "SHELFWISE_HEARTBEAT_URL",
        "An address of a service that misses us when we are silent. It is called as long as all is well.",
    )
    heartbeat_s: Count = _setting(60, "SHELFWISE_HEARTBEAT_S", "Seconds between two calls of that address.")
    incoming_folder: Path | None = _setting(
        None,
        "SHELFWISE_INCOMING_FOLDER",
        "Where other systems put files that are to be taken in, each source into a folder by its code. Unset: the "
        "folder incoming in the home folder.",
    )

    outgoing_folder: Path | None = _setting(
        None,
        "SHELFWISE_OUTGOING_FOLDER",
        "Where an ERP that keeps the books finds approved proposals. Unset: the folder outgoing in the home folder.",
    )

    history_folder: Path | None = _setting(
        None,
        "SHELFWISE_HISTORY_FOLDER",
        "Where the readings of archived days are kept as files. The worker writes them and the pages read them. Unset: "
        "the folder history in the home folder.",
    )

    compute: Compute = _setting(
        HERE,
        "SHELFWISE_COMPUTE",
        "Where forecasts of whole sites are computed. here: in the worker. processes: in a process beside it, which "
        "gives its memory back. tcp://host:8786 or tls://host:8786: on the Dask cluster of that scheduler, with the "
        "extra cluster.",
    )

    @property
    def history(self) -> Path:
        return self.history_folder or self.home / "history"

    @property
    def outgoing(self) -> Path:
        return self.outgoing_folder or self.home / "outgoing"

    @property
    def incoming(self) -> Path:
        return self.incoming_folder or self.home / "incoming"

    @property
    def backups(self) -> Path:
        return self.backup_folder or self.home / "backups"

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
        read = cls(**given)  # type: ignore[arg-type]
        if read.smtp_url is not None:
            try:
                mail_server(read.smtp_url, read.mail_from, read.smtp_password_file)
            except Invalid as error:
                faults += error.faults
        if read.https == "files":
            faults += [
                Fault(variable, "a file, with SHELFWISE_HTTPS=files", "nothing", "Name the file.")
                for variable, path in (
                    ("SHELFWISE_TLS_CERTIFICATE", read.tls_certificate),
                    ("SHELFWISE_TLS_KEY", read.tls_key),
                )
                if path is None
            ]
        if faults:
            raise Invalid(*faults)
        return read

    def changed(self) -> list[str]:
        """The variables whose values are not the defaults."""
        return sorted(
            entry.metadata["variable"] for entry in fields(self) if getattr(self, entry.name) != entry.default
        )

    @property
    def pages_host(self) -> str:
        """The address that the pages listen on: the local network's too, where they have HTTPS for it."""
        here_alone = self.host == "localhost" or (
            (address := as_address(self.host)) is not None and address.is_loopback
        )
        return "0.0.0.0" if self.https != "off" and here_alone else self.host  # noqa: S104 (that is what HTTPS is for)

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for a child process."""
        return {
            entry.metadata["variable"]: str(value)
            for entry in fields(self)
            if (value := getattr(self, entry.name)) is not None
        }


def _parse(kind: object, text: str) -> object:
    if kind in ("Path", "Path | None"):
        return Path(text)
    if kind == "int":
        if not text.isdecimal() or not 0 < int(text) < 65536:
            raise ValueError("a port number from 1 to 65535")
        return int(text)
    if kind == "Count":
        if not text.isdecimal() or not 0 < int(text) < 1_000_000:
            raise ValueError("a whole number above 0")
        return int(text)
    if kind == "Hour":
        if text != "off":
            try:
                time.fromisoformat(text)
            except ValueError as error:
                raise ValueError("a time of day such as 02:30, or off") from error
        return text
    if kind == "Networks":
        for part in text.split(","):
            try:
                ip_network(part.strip())
            except ValueError as error:
                raise ValueError("addresses or networks such as 10.0.0.5,10.1.0.0/16") from error
        return text
    if kind == "Compute":
        if not is_where(text):
            raise ValueError(f"{HERE}, {BESIDE}, or a Dask scheduler such as tcp://10.1.0.7:8786")
        return text
    if kind == "Https":
        if text.lower() not in HTTPS:
            raise ValueError(f"{', '.join(HTTPS[:-1])} or {HTTPS[-1]}")
        return text.lower()
    if kind == "Names":
        if wrong := [one for one in names_in(text) if not is_name(one)]:
            raise ValueError(f"host names or addresses such as stock.lan,192.168.1.20, and not {shorten(wrong[0])}")
        return text
    if kind == "bool":
        if text.lower() not in {"true", "false", "1", "0", "yes", "no"}:
            raise ValueError("true or false")
        return text.lower() in {"true", "1", "yes"}
    return text
