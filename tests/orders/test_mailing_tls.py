"""Orders go to mail servers behind TLS that we sign in at; one not to be trusted, or that keeps us out, is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from shelfwise.access.context import Office
from shelfwise.connectors.mail import MailServer
from shelfwise.store.database import run
from shelfwise.work import alerts
from shelfwise.worker import serve_outbox
from tests.connectors.certificates import certificate_for
from tests.connectors.mailbox import Mailbox
from tests.orders.mailing import MARA, Later, order_by_mail, subjects, told


@pytest.fixture(autouse=True)
def order(office: Office) -> None:
    with office.context(MARA) as ctx:
        order_by_mail(ctx)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_for(tmp_path_factory.mktemp("trusted"), "IP:127.0.0.1")


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


def secured(box: Mailbox, password: str = "hush") -> MailServer:
    return MailServer("127.0.0.1", box.port, box.security, "buying@shelf.example", "buyer", password)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_by_tls_we_sign_in_and_the_order_is_mailed(office: Office, trusted: Path, security: str) -> None:
    with Mailbox(security=security, certificate=trusted, password="hush") as box:
        serve_outbox(office, secured(box))
    assert (box.signed_in, subjects(box), told(office)) == (
        ["buyer"],
        ["Purchase order PO-000001"],
        ("sent", "delivered"),
    )


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_whose_certificate_is_not_trusted_is_told_nothing_and_a_person_learns_why(
    office: Office, certificate: Path, security: str
) -> None:
    with Mailbox(security=security, certificate=certificate, password="hush") as box:
        serve_outbox(office, secured(box))
    assert (box.signed_in, box.letters, told(office)) == ([], [], ("approved", "failed"))
    assert why_not(office) == (
        "127.0.0.1 shows a certificate that is not trusted here (self-signed certificate), so it was told nothing. "
        "Correct the address in SHELFWISE_SMTP_URL, or have this machine trust whoever signed it."
    )


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_trusted_certificate_of_somebody_else_is_not_enough(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    of_another = certificate_for(tmp_path, "DNS:mail.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(of_another))
    with Mailbox(security=security, certificate=of_another, password="hush") as box:
        serve_outbox(office, secured(box))
    assert (box.signed_in, box.letters, told(office)) == ([], [], ("approved", "failed"))
    assert "certificate is not valid for '127.0.0.1'" in why_not(office)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_password_that_is_not_accepted_is_said_and_not_tried_again(
    office: Office, trusted: Path, security: str
) -> None:
    with Mailbox(security=security, certificate=trusted, password="hush") as box:
        serve_outbox(office, secured(box, "hash"))
    assert (box.letters, told(office)) == ([], ("approved", "failed"))
    assert why_not(office) == (
        "127.0.0.1 answered 535 5.7.8 Authentication credentials invalid and does not let buyer in. Correct the user "
        "in SHELFWISE_SMTP_URL, or the password in the file that SHELFWISE_SMTP_PASSWORD_FILE names."
    )


def test_a_server_that_cannot_let_anybody_in_just_now_gets_the_order_later(office: Office, trusted: Path) -> None:
    answers = iter(["454 4.7.0 later"] * 2)  # one for each way to sign in
    with Mailbox(
        lambda at: next(answers, None) if at == "sign-in" else None, "starttls", trusted, password="hush"
    ) as box:
        serve_outbox(office, secured(box))
        assert told(office) == ("approved", "waiting")
        serve_outbox(Office(office.database, wall=Later()), secured(box))
    assert (subjects(box), told(office)) == (["Purchase order PO-000001"], ("sent", "delivered"))


@pytest.mark.parametrize(("password", "to"), [("höher", "a@potter.example"), ("hush", "jörg@potter.example")])
def test_what_cannot_be_said_to_a_server_is_refused_and_not_in_doubt(
    office: Office, trusted: Path, password: str, to: str
) -> None:
    with office.context(MARA) as ctx:
        run(ctx.tx, "update outbox set url = %s", (f"mailto:{to}",))
    with Mailbox(security="starttls", certificate=trusted, password="hush") as box:
        serve_outbox(office, secured(box, password))
    assert (box.letters, told(office)) == ([], ("approved", "failed"))
    assert "beyond ASCII" in why_not(office)


def why_not(office: Office) -> str:
    """What people are told of an order that could not be mailed."""
    with office.context(MARA) as ctx:
        (alert,) = alerts.open_alerts(ctx)
    assert alert.title.startswith("PO-000001 could not be delivered to ")
    return alert.detail
