"""The two ports of the pages, for real: plain on this computer, encrypted beside it, one app behind both."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from shelfwise.access.context import Office
from shelfwise.https.keeper import Keeper, OwnCertificates
from shelfwise.web.app import create_app
from shelfwise.web.lan import Lan
from shelfwise.web.serving import PageServer


class Serving:
    """The pages on two free ports of this machine."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.now = datetime.now(UTC) - timedelta(days=61)
        keeper = Keeper(OwnCertificates(folder / "secrets", (), self.now, lambda: ("127.0.0.1",)), lambda: self.now)
        self.lan = Lan(keeper, 0, 0)
        self.server = PageServer(create_app(office, lan=self.lan), "127.0.0.1", 0, self.lan)
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        asyncio.run(self.server.serve())

    def start(self) -> None:
        self.thread.start()
        while self.server.beside is None or not self.server.beside.started:
            assert self.thread.is_alive(), "the server did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(15)
        assert not self.thread.is_alive()

    @property
    def https(self) -> str:
        assert self.server.beside is not None
        return f"https://127.0.0.1:{_port(self.server.beside.servers[0])}"

    @property
    def plain(self) -> str:
        return f"http://127.0.0.1:{_port(self.server.servers[0])}"

    def device(self) -> httpx.Client:
        """A device that trusts the authority and nobody else."""
        assert self.lan.keeper.authority is not None
        pem = self.lan.keeper.authority.certificate.public_bytes(Encoding.PEM).decode()
        return httpx.Client(base_url=self.https, verify=ssl.create_default_context(cadata=pem))


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


@pytest.fixture
def serving(office: Office, tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(office, tmp_path)
    serving.start()
    yield serving
    serving.stop()


def test_one_app_answers_on_both_ports_and_a_renewal_interrupts_nobody(serving: Serving) -> None:
    with serving.device() as before:
        assert before.get("/readyz").json() == {"ready": True}
        assert httpx.get(f"{serving.plain}/readyz").json() == {"ready": True}
        ends = serving.lan.keeper.facts.ends
        serving.now = datetime.now(UTC)
        serving.lan.keeper.refresh()
        assert serving.lan.keeper.facts.ends > ends
        # The connection of before goes on, and a new one is shown the new certificate.
        assert before.get("/livez").text == "alive\n"
        with serving.device() as after:
            assert after.get("/livez").text == "alive\n"


def test_a_device_that_does_not_trust_the_house_does_not_get_in(serving: Serving) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{serving.https}/livez")
