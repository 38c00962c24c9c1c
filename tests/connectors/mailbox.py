"""A mail server on loopback that keeps what it takes, and does what a test asks at a point of the conversation."""

from __future__ import annotations

import email
import socket
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, syntax

POINTS = ("greeting", "mail", "recipient", "begin of the letter", "end of the letter", "taken")


class Mailbox:
    """A mail server; `at` is called with the name of each point, and what it returns, if anything, is the answer.

    Attributes:
        letters: what it took.
        signed_in: who signed in, each time.
    """

    def __init__(
        self,
        at: Callable[[str], str | None] = lambda point: None,
        security: str = "plain",
        certificate: Path | None = None,
        password: str | None = None,
    ) -> None:
        self.letters: list[EmailMessage] = []
        self.signed_in: list[str] = []
        self.at = at
        self.password = password
        self.security = security
        self.tls: ssl.SSLContext | None = None
        if certificate is not None:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self._controller = Controller(
            _Handler(self), hostname="127.0.0.1", port=free_port(), ssl_context=self.tls if security == "tls" else None
        )
        self._controller.factory = lambda: _Server(self._controller.handler, self)  # type: ignore[method-assign]

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def __enter__(self) -> Mailbox:
        self._controller.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._controller.stop()


class _Handler:
    def __init__(self, box: Mailbox) -> None:
        self.box = box

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.box.at("greeting")
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.box.at("mail")
        envelope.mail_from = address
        return answer or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.box.at("recipient")
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.box.at("end of the letter")
        if answer is not None:
            return answer
        content = envelope.original_content or b""
        self.box.letters.append(email.message_from_bytes(content, policy=default))
        return self.box.at("taken") or "250 OK"


class _Server(SMTP):
    def __init__(self, handler: Any, box: Mailbox) -> None:
        by_command = box.security == "starttls"
        # With TLS from the first byte the server itself sees none of it, and would ask for it still.
        super().__init__(
            handler, enable_SMTPUTF8=False, tls_context=box.tls if by_command else None, require_starttls=by_command,
            auth_require_tls=box.security != "tls", authenticator=self._sign_in,
        )  # fmt: skip
        self._box = box

    def _sign_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, who: LoginPassword
    ) -> AuthResult:
        answer = self._box.at("sign-in")
        if answer is not None or who.password.decode() != self._box.password:
            return AuthResult(success=False, handled=False, message=answer)
        self._box.signed_in.append(who.login.decode())
        return AuthResult(success=True)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        answer = self._box.at("begin of the letter")
        if answer is not None:
            await self.push(answer)
        else:
            await super().smtp_DATA(arg)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
