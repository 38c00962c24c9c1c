"""A broker that speaks TLS and asks for our certificate: who is trusted, who is let in, and what is said if not."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shelfwise.edge import keeper, trying
from shelfwise.edge.broker import encryption
from shelfwise.edge.connection_model import BrokerPlan, Secrets, TopicRule
from shelfwise.edge.reaching import Ours
from shelfwise.https import authority
from tests.edge.brokers import Publisher, connect, connected, free_port, mosquitto, nats, process, state, trouble
from tests.edge.conftest import Running
from tests.waiting import until

MESSAGE = b'{"kind": "weight", "value": 3, "id": "a", "at": "2026-03-02T11:00:00Z"}'


@dataclass(frozen=True)
class House:
    """Whoever signs the certificates of a broker and of those that it lets in."""

    signs: authority.Authority
    now: datetime

    @property
    def pem(self) -> str:
        return self.signs.certificate.public_bytes(Encoding.PEM).decode()

    def client(self, name: str) -> Secrets:
        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self.signs.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(hours=1))
            .not_valid_after(self.now + timedelta(days=1))
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(self.signs.key, hashes.SHA256())
        )
        written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Secrets(None, made.public_bytes(Encoding.PEM).decode(), written.decode())

    def write(self, folder: Path) -> tuple[Path, Path]:
        """The files of a broker: its certificate with the key, and who signs those of its clients."""
        own, others = folder / "broker.pem", folder / "authority.pem"
        own.write_bytes(self.signs.issue(["127.0.0.1"], self.now))
        others.write_text(self.pem)
        return own, others

    def trusted(self, client: Secrets) -> ssl.SSLContext:
        return encryption(BrokerPlan((TopicRule("#"),), authority=self.pem), client)


def house() -> House:
    now = datetime.now(UTC)
    return House(authority.make(["127.0.0.1"], now), now)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "_RENEW_S", 0.05)
    monkeypatch.setattr(keeper, "_FIRST_PAUSE_S", 0.05)


@pytest.fixture(scope="module")
def ours() -> House:
    return house()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, ours: House) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("nats")
    own, others = ours.write(folder)
    with nats(folder, f', tls {{ cert_file: "{own}", key_file: "{own}", ca_file: "{others}", verify: true }}') as port:
        yield port


def test_a_broker_that_asks_for_our_certificate_is_listened_to(
    running: Running, broker: int, ours: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = connect(running.office, broker, tls=True, authority=ours.pem, secrets=ours.client("us"))
    connected(running.office, bridge)
    publisher = Publisher(broker, tls=ours.trusted(ours.client("a scale")))
    publisher.publish("shelfwise/scale-7/weight", MESSAGE)
    until(lambda: running.sql("select value from reading where device = 'scale-7'") == [(3.0,)])
    publisher.close()
    monkeypatch.setattr(trying, "_LOOK_S", 0.1)
    well, words = trying.try_out(state(running.office, bridge).connection, ours.client("us"), Ours())
    assert (well, words) == (True, "The broker answers by MQTT 3.1.1; nothing came in 0.1 s.")


# The library leaves its socket to the garbage collector where the other side is not trusted.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_is_wrong_with_certificates_is_said(running: Running, broker: int, ours: House) -> None:
    stranger = house()
    wrong: dict[str, dict[str, Any]] = {
        "unable to get local issuer certificate": {"authority": stranger.pem, "secrets": ours.client("us")},
        "it may want another certificate of ours": {"authority": ours.pem, "secrets": stranger.client("us")},
        "it may want a certificate of ours": {"authority": ours.pem},
        "The certificates or the key cannot be read": {
            "authority": ours.pem,
            "secrets": Secrets(None, "no certificate", "no key"),
        },
    }
    for number, (words, how) in enumerate(wrong.items()):
        bridge = connect(running.office, broker, device=f"broker-{number}", tls=True, **how)
        trouble(running.office, bridge, words)
    plain = connect(running.office, broker, device="broker-plain")
    trouble(running.office, plain, "The broker closed the connection")


@pytest.mark.slow
def test_mosquitto_with_certificates_is_listened_to(running: Running, tmp_path: Path, ours: House) -> None:
    program = mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed here; `make check-all` says how")
    own, others = ours.write(tmp_path)
    port = free_port()
    written = tmp_path / "mosquitto.conf"
    written.write_text(
        f"listener {port} 127.0.0.1\ncertfile {own}\nkeyfile {own}\ncafile {others}\nrequire_certificate true\n"
        "use_identity_as_username true\nuser root\n"
    )
    with process([program, "-c", written], port):
        bridge = connect(running.office, port, tls=True, authority=ours.pem, secrets=ours.client("us"))
        connected(running.office, bridge)
        assert state(running.office, bridge).held[0].facts["said"] == "MQTT 5 broker"
        nobody = connect(running.office, port, device="nobody", tls=True, authority=ours.pem)
        trouble(running.office, nobody, "it may want a certificate of ours")
