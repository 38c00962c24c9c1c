"""A letter is handed over once, and what became of it is known, or known to be unknown."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from shelfwise.connectors.mail import (
    Attachment,
    Busy,
    FateUnknown,
    Letter,
    MailServer,
    Refused,
    mail_server,
    send,
)
from shelfwise.core.errors import Invalid
from tests.conftest import NOON
from tests.connectors.mailbox import Mailbox, free_port

LETTER = Letter(
    "orders@potter.example", "Purchase order PO-000001", "Good day,\n.\nŻółć, Ελληνικά, 12 € for you.\n", "PO-000001@x",
    (Attachment("PO-000001.pdf", b"%PDF-1.7 \x00\xff"),),
)  # fmt: skip


def server(box: Mailbox) -> MailServer:
    return MailServer("127.0.0.1", box.port, "plain", "buying@shelf.example")


def test_a_letter_arrives_as_it_was_written() -> None:
    with Mailbox() as box:
        send(server(box), LETTER, NOON)
        send(server(box), LETTER, NOON)
    first, second = box.letters
    assert (first["From"], first["To"], first["Subject"]) == (
        "buying@shelf.example", "orders@potter.example", "Purchase order PO-000001",
    )  # fmt: skip
    body = first.get_body()
    assert body is not None
    assert body.get_content() == LETTER.text
    (attached,) = first.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("PO-000001.pdf", b"%PDF-1.7 \x00\xff")
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize("point", ["mail", "recipient", "begin of the letter", "end of the letter"])
@pytest.mark.parametrize(("answer", "fate"), [("451 later", Busy), ("550 never", Refused)])
def test_what_the_server_says_is_certain(point: str, answer: str, fate: type[Exception]) -> None:
    with Mailbox(lambda at: answer if at == point else None) as box:
        with pytest.raises(fate, match=answer[:3]):
            send(server(box), LETTER, NOON)
        assert box.letters == []


def test_a_server_that_is_not_there_certainly_has_nothing() -> None:
    with pytest.raises(Busy, match="ConnectionRefusedError"):
        send(MailServer("127.0.0.1", free_port(), "plain", "buying@shelf.example"), LETTER, NOON)


def test_a_server_that_cannot_do_starttls_gets_nothing_in_the_clear() -> None:
    with Mailbox() as box, pytest.raises(Refused, match="cannot do what the settings ask for"):
        send(MailServer("127.0.0.1", box.port, "starttls", "buying@shelf.example"), LETTER, NOON)
    assert box.letters == []


def test_a_server_that_falls_silent_after_the_letter_leaves_its_fate_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shelfwise.connectors.mail.TIMEOUT_S", 0.3)

    def silent(point: str) -> str | None:
        if point == "taken":
            time.sleep(1)
        return None

    with Mailbox(silent) as box, pytest.raises(FateUnknown, match="while the letter was handed over"):
        send(server(box), LETTER, NOON)
    assert len(box.letters) == 1


@pytest.mark.parametrize("to", ["a@b.example\r\nBcc: everybody@c.example", "a@b.example\nX: y"])
def test_an_address_cannot_smuggle_headers_in(to: str) -> None:
    with Mailbox() as box, pytest.raises(Refused, match="cannot be addressed"):
        send(server(box), Letter(to, "s", "t", "k"), NOON)
    assert box.letters == []


def test_settings_are_read_and_faults_are_named(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hush\n")
    secret.chmod(0o600)
    assert mail_server("smtp://buy%40er@mail.example:2525", "a@b.example", secret) == MailServer(
        "mail.example", 2525, "starttls", "a@b.example", "buy@er", "hush"
    )
    assert mail_server("smtps://mail.example", "a@b.example") == MailServer("mail.example", 465, "tls", "a@b.example")
    secret.chmod(0o644)
    with pytest.raises(Invalid) as caught:
        mail_server("http://u:topsecret@mail.example", "nobody", secret)
    assert [fault.where for fault in caught.value.faults] == [
        "SHELFWISE_SMTP_URL", "SHELFWISE_SMTP_URL", "SHELFWISE_MAIL_FROM", "SHELFWISE_SMTP_PASSWORD_FILE",
    ]  # fmt: skip
    assert "topsecret" not in str(caught.value)
