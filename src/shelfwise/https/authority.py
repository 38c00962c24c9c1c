"""The house's own certificate authority: it vouches for this house's names and private addresses, and for no others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shelfwise.core.errors import Refused
from shelfwise.core.files import write_secret
from shelfwise.https.model import PRIVATE_ENDINGS, PRIVATE_NETWORKS, Facts, as_address, is_private

AUTHORITY_LASTS = timedelta(days=3650)
# Browsers refuse what is valid for longer than 398 days, and short lives are renewed before anybody forgot how.
CERTIFICATE_LASTS = timedelta(days=90)
# Clocks of phones go wrong.
_EARLIER = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """A certificate that phones are told to trust, and the key that must stay here."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def facts(self) -> Facts:
        return facts_of(self.certificate)

    @property
    def name(self) -> str:
        return _common_name(self.certificate)

    def permits(self, name: str) -> bool:
        """Whether the authority was made for this name; what it was not made for no device would believe."""
        constraints = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        subtrees = constraints.permitted_subtrees or ()
        if (address := as_address(name)) is not None:
            permitted = [ip_network(one.value) for one in subtrees if isinstance(one, x509.IPAddress)]
            return any(address in one for one in permitted)
        return any(
            isinstance(one, x509.DNSName) and (name == one.value or name.endswith(f".{one.value}")) for one in subtrees
        )

    def issue(self, names: Iterable[str], now: datetime) -> bytes:
        """A certificate for these names, with a new key before it, as PEM.

        Raises:
            Refused: the authority was not made for one of them.
        """
        names = tuple(names)
        if strangers := [one for one in names if not self.permits(one)]:
            raise Refused(
                f"The house's own certificate authority was not made for {', '.join(strangers)}. Take it out of "
                "SHELFWISE_NAMES, or make a new authority: stop Shelfwise, delete secrets/authority.pem in the home "
                "folder, start again, and install the new one on every phone."
            )
        key = ec.generate_private_key(ec.SECP256R1())
        ends = min(now + CERTIFICATE_LASTS, self.certificate.not_valid_after_utc)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Shelfwise pages")]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _EARLIER)
            .not_valid_after(ends)
            .add_extension(x509.SubjectAlternativeName([_general(one) for one in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return _pem(key) + made.public_bytes(Encoding.PEM)


def make(names: Iterable[str], now: datetime) -> Authority:
    """A new authority. A thief of its key could speak for private addresses and these names, and for no bank."""
    given = [_general(one) for one in names]
    permitted = [one for one in given if isinstance(one, x509.DNSName)]
    permitted_addresses = [ip_network(one.value) for one in given if isinstance(one, x509.IPAddress)]
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # Two houses, or an old authority and its successor, are told apart on a phone.
    called = f"Shelfwise {next(iter(names), 'house')} {identifier.digest.hex()[:6]}"[:64]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)])
    subtrees: list[x509.GeneralName] = [
        *permitted,
        *(x509.DNSName(one) for one in PRIVATE_ENDINGS),
        *(x509.IPAddress(one) for one in PRIVATE_NETWORKS),
        *(x509.IPAddress(one) for one in permitted_addresses if not is_private(one.network_address)),
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.NameConstraints(subtrees, None), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(made, key)


def find_or_make(secrets: Path, names: Iterable[str], now: datetime) -> Authority:
    """The authority of this installation; made when there is none, and readable by its owner alone."""
    file = secrets / "authority.pem"
    if not file.exists():
        made = make(tuple(names), now)
        write_secret(file, _pem(made.key) + made.certificate.public_bytes(Encoding.PEM))
        return made
    return read(file)


def read(file: Path) -> Authority:
    """
    Raises:
        Refused: the file holds no authority.
    """
    text = file.read_bytes()
    try:
        key, certificate = load_pem_private_key(text, None), x509.load_pem_x509_certificate(text)
    except (ValueError, TypeError) as error:
        raise Refused(f"{file} holds no certificate authority: {error}. Put the right file back.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Refused(f"{file} holds a key of another kind than Shelfwise makes. Put the right file back.")
    return Authority(certificate, key)


def facts_of(certificate: x509.Certificate) -> Facts:
    """What a certificate says."""
    try:
        said = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [str(one.value) for one in said if isinstance(one, x509.DNSName | x509.IPAddress)]
    except x509.ExtensionNotFound:
        names = []
    return Facts(
        tuple(one.lower() for one in names),
        certificate.not_valid_before_utc.astimezone(UTC),
        certificate.not_valid_after_utc.astimezone(UTC),
        certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
    )


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _general(name: str) -> x509.GeneralName:
    address = as_address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
