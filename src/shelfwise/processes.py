"""The processes below the supervisor: each runs one part until it is told to stop or the supervisor is gone."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from shelfwise import logs
from shelfwise.core.errors import Refused
from shelfwise.settings import Settings

if TYPE_CHECKING:
    from shelfwise.https.keeper import Keeper
    from shelfwise.web.lan import Lan

# How long a process may take to stop by itself once its supervisor is gone.
LAST_PATIENCE_S = 15.0


def run(name: str, settings: Settings) -> None:
    """Be the process of that name.

    Raises:
        Refused: the settings name no database (the supervisor passes it on).
    """
    if settings.database_url is None:
        raise Refused("A single process needs SHELFWISE_DATABASE_URL. `shelfwise up` starts all of them by itself.")
    logs.configure(name)
    threading.Thread(target=_follow_supervisor, name="follow-supervisor", daemon=True).start()
    PROCESSES[name](settings, settings.database_url)


def _follow_supervisor() -> None:
    """The supervisor holds the other end of our standard input: when that closes, it is gone, and so are we."""
    # Not through sys.stdin: a thread that waits in there makes the interpreter abort at its end.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LAST_PATIENCE_S)
    os._exit(1)


def _gateway(settings: Settings, database_url: str) -> None:
    from shelfwise.edge.gateway import GatewayConfig, TlsDoors
    from shelfwise.edge.gateway import run as run_gateway
    from shelfwise.edge.mqtt.door import MqttLimits

    tls = None
    if (keeper := keeper_of(settings)) is not None:
        tls = TlsDoors(keeper, settings.pages_host, settings.mqtt_tls_port, settings.door_tls_port)
    run_gateway(
        GatewayConfig(
            database_url=database_url,
            tenant=1,
            host=settings.host,
            mqtt_port=settings.mqtt_port,
            http_port=settings.door_port,
            tls=tls,
            mqtt=MqttLimits(keep_alive_s=settings.mqtt_keep_alive_s),
            device_messages=settings.device_messages,
            own_ports=(settings.web_port, settings.https_port),
        )
    )


def _web(settings: Settings, database_url: str) -> None:
    from shelfwise.access.context import Office
    from shelfwise.access.throttle import networks
    from shelfwise.store.database import Database
    from shelfwise.web.app import create_app
    from shelfwise.web.devices import Doors
    from shelfwise.web.serving import PageServer

    lan = lan_of(settings)
    database = Database(database_url, size=16).open(timeout=60)
    try:
        app = create_app(
            Office(database),
            secure_cookies=settings.secure_cookies,
            trusted_proxies=networks(settings.trusted_proxies),
            mail=_mail_said(settings),
            settings=settings,
            doors=Doors(
                settings.host,
                settings.mqtt_port,
                settings.door_port,
                None if lan is None else settings.mqtt_tls_port,
                None if lan is None else settings.door_tls_port,
            ),
            lan=lan,
        )
        PageServer(app, settings.pages_host, settings.web_port, lan).run()
    finally:
        database.close()


def lan_of(settings: Settings) -> Lan | None:
    """How the local network reaches the pages; None: not by Shelfwise itself.

    Raises:
        Refused: there is no certificate to begin with.
    """
    from shelfwise.web.lan import Lan

    keeper = keeper_of(settings)
    return None if keeper is None else Lan(keeper, settings.web_port, settings.https_port)


def keeper_of(settings: Settings) -> Keeper | None:
    """The certificate that pages and doors show; None: they have none.

    Raises:
        Refused: there is none to begin with.
    """
    from shelfwise.core.clocks import WallClock
    from shelfwise.https.keeper import GivenCertificate, Keeper, OwnCertificates, Source
    from shelfwise.https.model import names_in

    if settings.https == "off":
        return None
    clock = WallClock().now
    source: Source
    if settings.https == "files" and settings.tls_certificate is not None and settings.tls_key is not None:
        source = GivenCertificate(settings.tls_certificate, settings.tls_key)
    else:
        source = OwnCertificates(settings.home / "secrets", names_in(settings.names), clock())
    return Keeper(source, clock)


def _mail_said(settings: Settings) -> str | None:
    from urllib.parse import urlsplit

    return settings.smtp_url and f"{urlsplit(settings.smtp_url).hostname}, from {settings.mail_from}"


def _worker(settings: Settings, database_url: str) -> None:
    from shelfwise import worker
    from shelfwise.access.throttle import networks
    from shelfwise.connectors.mail import mail_server

    mail = None
    if settings.smtp_url is not None:
        mail = mail_server(settings.smtp_url, settings.mail_from, settings.smtp_password_file)
    worker.run(database_url, mail=mail, webhook_networks=networks(settings.webhook_networks), settings=settings)


PROCESSES = {"gateway": _gateway, "web": _web, "worker": _worker}
