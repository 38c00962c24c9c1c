"""Hand a letter to a mail server, and know what became of it: had, not had, refused for good, or nobody knows."""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from shelfwise.core.errors import Fault, Invalid, shorten

TIMEOUT_S = 30.0
_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


class Refused(Exception):
    """The mail server will not take the letter, now or later."""


class Busy(Exception):
    """The mail server certainly does not have the letter; it may be handed over again."""


class FateUnknown(Exception):
    """The connection ended while the letter was handed over: nobody knows whether the server has it."""


@dataclass(frozen=True)
class MailServer:
    """Where letters are handed over.

    Attributes:
        security: 'starttls' (nothing goes in the clear), 'tls' from the first byte, or 'plain' (only for a server on
            this machine or network that can do no better).
        sender: the address that letters come from.
    """

    host: str
    port: int
    security: str
    sender: str
    user: str | None = None
    password: str | None = None


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a letter."""

    name: str
    content: bytes
    kind: str = "application/pdf"


@dataclass(frozen=True)
class Letter:
    """What is sent to whom.

    Attributes:
        key: the same for every copy of one letter: many mail servers drop a second letter with the same Message-ID.
    """

    to: str
    subject: str
    text: str
    key: str
    attachments: tuple[Attachment, ...] = ()


def mail_server(url: str, sender: str, password_file: Path | None = None) -> MailServer:
    """Read the settings of a mail server.

    Args:
        url: smtp://user@host:587 (STARTTLS), smtps://user@host:465 (TLS) or smtp+plain://host:25 (neither).
        password_file: holds the password alone; nobody but its owner may read it.

    Raises:
        Invalid: a setting cannot be right.
    """
    parts = urlsplit(url)
    faults = []
    if parts.scheme not in _PORTS or not parts.hostname:
        faults.append(Fault("SHELFWISE_SMTP_URL", "smtp://user@host:587, smtps://… or smtp+plain://…",
                            shorten(url.split("@")[-1]), "Correct the address."))  # fmt: skip
    if parts.password:
        faults.append(Fault("SHELFWISE_SMTP_URL", "an address without a password", "one with a password",
                            "Put it into a file of its own: SHELFWISE_SMTP_PASSWORD_FILE."))  # fmt: skip
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", sender):
        faults.append(Fault("SHELFWISE_MAIL_FROM", "an address such as orders@example.com", shorten(sender),
                            "Say from which address letters come."))  # fmt: skip
    password = None
    if password_file is not None:
        try:
            if password_file.stat().st_mode & 0o077:
                faults.append(Fault("SHELFWISE_SMTP_PASSWORD_FILE", "a file that only its owner may read",
                                    "one that others may read", f"chmod 600 {password_file}"))  # fmt: skip
            password = password_file.read_text().strip()
        except OSError as error:
            faults.append(Fault("SHELFWISE_SMTP_PASSWORD_FILE", "a file that can be read", str(error.strerror),
                                "Correct the path."))  # fmt: skip
    if faults:
        raise Invalid(*faults)
    security = {"smtp": "starttls", "smtps": "tls", "smtp+plain": "plain"}[parts.scheme]
    user = unquote(parts.username) if parts.username else None
    return MailServer(parts.hostname or "", parts.port or _PORTS[parts.scheme], security, sender, user, password)


def send(server: MailServer, letter: Letter, now: datetime) -> None:
    """Hand a letter over; returns once the mail server has taken it on.

    Raises:
        Busy: it certainly does not have it.
        Refused: it certainly does not have it, and will not take it.
        FateUnknown: the letter was on its way when the connection ended.
    """
    content = _as_bytes(server, letter, now)
    try:
        smtp = _connect(server)
    except ssl.SSLCertVerificationError as error:
        raise Refused(
            f"{server.host} shows a certificate that is not trusted here ({error.verify_message}), so it was told "
            "nothing. Correct the address in SHELFWISE_SMTP_URL, or have this machine trust whoever signed it."
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Busy(f"{server.host}: {_said(error)}") from error
    # Not `with smtp`: its parting words may fail too, and would hide how the letter itself fared.
    try:
        _offer(smtp, server.sender, letter.to)
        _hand_over(smtp, content)
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
    finally:
        smtp.close()


def _offer(smtp: smtplib.SMTP, sender: str, to: str) -> None:
    """All that comes before the letter itself: if it fails, the letter has not been sent."""
    try:
        _expect(smtp.mail(sender), 250)
        _expect(smtp.rcpt(to), 250, 251)
        _expect(smtp.docmd("DATA"), 354)
    except (smtplib.SMTPException, OSError) as error:
        raise Busy(_said(error)) from error


def _hand_over(smtp: smtplib.SMTP, content: bytes) -> None:
    """From the first byte on, an end of the connection leaves open whether the letter was taken on."""
    try:
        smtp.send(content)
        answer = smtp.getreply()
    except (smtplib.SMTPException, OSError) as error:
        raise FateUnknown(f"the connection ended while the letter was handed over: {_said(error)}") from error
    _expect(answer, 250)


def _connect(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    try:
        if server.security == "starttls":
            smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()
        if server.user is not None:
            smtp.login(server.user, server.password or "")
    except smtplib.SMTPAuthenticationError as error:
        smtp.close()
        said = f"{server.host} {_answered(error.smtp_code, error.smtp_error)}"
        if 400 <= error.smtp_code < 500:
            raise Busy(f"{said} to our sign-in") from error
        raise Refused(
            f"{said} and does not let {server.user} in. Correct the user in SHELFWISE_SMTP_URL, or the password in "
            "the file that SHELFWISE_SMTP_PASSWORD_FILE names."
        ) from error
    except UnicodeError as error:  # whatever the protocol allows, smtplib signs in with ASCII alone
        smtp.close()
        raise Refused(
            f"The user or the password for {server.host} has letters beyond ASCII, which cannot be sent. Choose others."
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        smtp.close()
        raise Refused(f"{server.host} cannot do what the settings ask for: {_said(error)}") from error
    except BaseException:
        smtp.close()
        raise
    return smtp


def _expect(answer: tuple[int, bytes], *codes: int) -> None:
    code, words = answer
    if code in codes:
        return
    said = _answered(code, words)
    if 500 <= code < 600:
        raise Refused(said)
    raise Busy(said)


def _answered(code: int, words: bytes | str) -> str:
    text = words if isinstance(words, str) else words.decode("utf-8", "replace")
    return f"answered {code} {' '.join(text.split())}"[:300]


def _as_bytes(server: MailServer, letter: Letter, now: datetime) -> bytes:
    odd = [address for address in (letter.to, server.sender) if not address.isascii()]
    if odd:
        raise Refused(
            f"the letter cannot be addressed: {odd[0]} has letters beyond ASCII, which many mail servers do not take. "
            "Name another address; a domain has one that begins with xn--."
        )
    message = EmailMessage()
    domain = server.sender.rpartition("@")[2]
    try:
        message["From"] = server.sender
        message["To"] = letter.to
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:40]}@{domain}>"
    except ValueError as error:
        raise Refused(f"the letter cannot be addressed: {error}") from error
    message.set_content(letter.text)
    for one in letter.attachments:
        main, _, sub = one.kind.partition("/")
        message.add_attachment(one.content, maintype=main, subtype=sub, filename=one.name)
    # Eight bits to the byte need the server's consent; everybody takes seven.
    plain = message.as_bytes(policy=SMTP.clone(cte_type="7bit"))
    stuffed = re.sub(rb"(?m)^\.", b"..", plain)
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
