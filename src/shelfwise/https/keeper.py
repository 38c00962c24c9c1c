"""The certificate that the HTTPS port shows: from where it comes, and how it is renewed while the port stays open."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from shelfwise.core.errors import Refused
from shelfwise.core.files import locked, write_secret
from shelfwise.https import authority, network
from shelfwise.https.authority import Authority, facts_of
from shelfwise.https.model import Facts

LOOK_AGAIN_S = 60.0
_log = structlog.get_logger()


@dataclass(frozen=True)
class Chain:
    """Files that hold a certificate (with what stands between it and its authority) and its key."""

    certificate: Path
    key: Path
    facts: Facts


class Source(Protocol):
    """Where certificates come from."""

    @property
    def authority(self) -> Authority | None:
        """The house's own one, which devices have to be told to trust; None: somebody else's."""

    def current(self, now: datetime) -> Chain:
        """The certificate to show now.

        Raises:
            Refused: there is none that could be shown; says what to do.
        """


class OwnCertificates:
    """Certificates of the house's own authority, for the names and addresses that this machine has at the moment.

    Args:
        secrets: the folder that authority and certificate are kept in.
        given: names beyond those that the machine knows of itself; they come first.
        names_here: those the machine knows.
    """

    def __init__(
        self,
        secrets: Path,
        given: tuple[str, ...],
        now: datetime,
        names_here: Callable[[], tuple[str, ...]] = network.names_here,
    ) -> None:
        secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = secrets / "https.pem"
        # Pages and doors are processes of their own, and either may be the one to make or renew.
        self._secrets = secrets
        self._given = given
        self._names_here = names_here
        with locked(self._secrets):
            self._authority = authority.find_or_make(secrets, self._wanted(), now)

    @property
    def authority(self) -> Authority | None:
        return self._authority

    def _wanted(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self._given, *self._names_here()]))

    def current(self, now: datetime) -> Chain:
        # A host name that came later is left out; one that somebody asked for is refused.
        wanted = [one for one in self._wanted() if one in self._given or self._authority.permits(one)]
        if not wanted:
            raise Refused(
                "This machine has no name and no address that phones could reach. Name one in SHELFWISE_NAMES."
            )
        with locked(self._secrets):
            facts = self._kept()
            if facts is None or not facts.serves(wanted, now):
                write_secret(self._file, self._authority.issue(wanted, now))
                facts = facts_of(x509.load_pem_x509_certificate(self._file.read_bytes()))
        return Chain(self._file, self._file, facts)

    def _kept(self) -> Facts | None:
        """The certificate of an earlier time, unless it is of another authority."""
        if not self._file.exists():
            return None
        kept = x509.load_pem_x509_certificate(self._file.read_bytes())
        try:
            kept.verify_directly_issued_by(self._authority.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return None
        return facts_of(kept)


class GivenCertificate:
    """A certificate and key in files that somebody else renews, such as an ACME client."""

    authority: Authority | None = None

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate, self._key = certificate, key

    def current(self, now: datetime) -> Chain:
        try:
            if self._key.stat().st_mode & 0o077:
                raise Refused(f"Others than its owner can read {self._key}. Protect it: chmod 600 {self._key}")
            facts = facts_of(x509.load_pem_x509_certificate(self._certificate.read_bytes()))
        except OSError as error:
            raise Refused(
                f"{error.filename} cannot be read: {error.strerror}. Name the right file in SHELFWISE_TLS_CERTIFICATE "
                "and SHELFWISE_TLS_KEY."
            ) from error
        except ValueError as error:
            raise Refused(f"{self._certificate} holds no certificate in PEM form: {error}.") from error
        if not facts.names:
            raise Refused(f"{self._certificate} names no host (subjectAltName), so no browser would believe it.")
        return Chain(self._certificate, self._key, facts)


class Keeper:
    """Holds the TLS context of the HTTPS port and loads into it what the source gives; open connections go on.

    Args:
        clock: the wall clock.

    Raises:
        Refused: there is no certificate to begin with.
    """

    def __init__(self, source: Source, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._clock = clock
        self.context = _context()
        self.trouble: str | None = None
        self.facts = self._load(source.current(clock()))

    @property
    def authority(self) -> Authority | None:
        return self._source.authority

    def context_for_uvicorn(self, *_: object) -> ssl.SSLContext:
        """The context, as uvicorn asks for one."""
        return self.context

    def refresh(self) -> None:
        """Look whether there is a newer certificate; what cannot be used is told, and the one before stays."""
        try:
            chain = self._source.current(self._clock())
            if chain.facts != self.facts:
                self.facts = self._load(chain)
                _log.info("https.renewed", names=self.facts.names, ends=self.facts.ends.isoformat())
            trouble = None
            if self.facts.ends_soon(self._clock()):
                trouble = f"The certificate ends on {self.facts.ends:%d %b %Y}. Put a new one in its place."
        except Refused as error:
            trouble = str(error)
        if trouble is not None and trouble != self.trouble:
            _log.warning("https.trouble", trouble=trouble)
        self.trouble = trouble

    def _load(self, chain: Chain) -> Facts:
        try:
            # Half of a pair that is being replaced would leave the live context without any.
            _context().load_cert_chain(chain.certificate, chain.key)
            self.context.load_cert_chain(chain.certificate, chain.key)
        except (OSError, ssl.SSLError) as error:
            raise Refused(
                f"{chain.certificate} and {chain.key} cannot be used together: {error}. The key has to be that of the "
                "first certificate in the file, and without a passphrase."
            ) from error
        return chain.facts


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
