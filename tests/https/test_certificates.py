"""Certificates: devices believe the house's own for the house alone, and they are renewed while the port stays open."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from shelfwise.core.errors import Refused
from shelfwise.https import authority
from shelfwise.https.authority import Authority
from shelfwise.https.keeper import GivenCertificate, Keeper, OwnCertificates
from shelfwise.https.model import Facts, host_of, names_in
from shelfwise.https.network import names_here
from tests.https.shaking import Line, shows

# Devices compare with their own clock, so certificates of tests are made by the real one.
TODAY = datetime.now(UTC).replace(microsecond=0)
HOUSE = ("192.168.1.20", "stock", "stock.local")


class House:
    """An installation whose addresses and clock a test sets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: tuple[str, ...] = HOUSE
        self.now = TODAY

    def start(self, *given: str) -> Keeper:
        source = OwnCertificates(self.folder / "secrets", given, self.now, lambda: self.names)
        return Keeper(source, lambda: self.now)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def trusted(keeper: Keeper) -> Authority:
    assert keeper.authority is not None
    return keeper.authority


@pytest.mark.parametrize("host", HOUSE)
def test_a_device_that_trusts_the_authority_believes_each_name_and_address(house: House, host: str) -> None:
    keeper = house.start()
    assert Line(keeper.context, trusted(keeper), host).says(b"hello") == b"hello"


def test_it_believes_no_other_name(house: House) -> None:
    keeper = house.start()
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        Line(keeper.context, trusted(keeper), "other.local")


@pytest.mark.parametrize("host", ["bank.example", "8.8.8.8", "2001:4860::8888"])
def test_a_thief_of_the_authority_cannot_speak_for_others(
    house: House, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, forged = house.start(), house.folder / "forged.pem"
    monkeypatch.setattr(Authority, "permits", lambda _self, _name: True)
    forged.write_bytes(trusted(keeper).issue([host], TODAY))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        Line(shows(forged), trusted(keeper), host)


def test_a_new_start_shows_the_same_certificate_of_the_same_authority(house: House) -> None:
    first, second = house.start(), house.start()
    assert (first.facts, trusted(first).facts) == (second.facts, trusted(second).facts)


def test_keys_are_readable_by_their_owner_alone(house: House) -> None:
    house.start()
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in (house.folder / "secrets").iterdir()}
    assert modes == {"authority.pem": "0o600", "https.pem": "0o600"}


def test_it_is_renewed_before_its_end_and_open_connections_go_on(house: House) -> None:
    house.now = TODAY - timedelta(days=60)
    keeper = house.start()
    before, line = keeper.facts, Line(keeper.context, trusted(keeper), "stock.local")
    keeper.refresh()
    assert keeper.facts == before
    house.now = TODAY + timedelta(hours=12)
    keeper.refresh()
    assert keeper.facts.ends > before.ends
    assert line.says(b"still here") == b"still here"
    new = Line(keeper.context, trusted(keeper), "stock.local")
    shown = new.device.getpeercert()
    assert shown is not None
    assert ssl.cert_time_to_seconds(str(shown["notAfter"])) == keeper.facts.ends.timestamp()


def test_a_new_address_is_in_the_certificate_and_one_that_went_makes_no_new_one(house: House) -> None:
    keeper = house.start()
    house.names = ("192.168.7.7", "stock")
    keeper.refresh()
    assert Line(keeper.context, trusted(keeper), "192.168.7.7").says(b"hello") == b"hello"
    before = keeper.facts
    house.names = ("stock",)
    keeper.refresh()
    assert keeper.facts == before


def test_no_certificate_outlives_its_authority(house: House) -> None:
    made = authority.make(HOUSE, TODAY - authority.AUTHORITY_LASTS + timedelta(days=40))
    certificate = x509.load_pem_x509_certificate(made.issue(HOUSE, TODAY))
    assert authority.facts_of(certificate).ends == made.facts.ends


def test_a_name_that_the_authority_was_not_made_for_is_refused_with_what_to_do(house: House) -> None:
    house.start()
    with pytest.raises(Refused, match=r"not made for stock\.example\.com.*delete secrets/authority\.pem"):
        house.start("stock.example.com")


def test_a_name_that_was_given_at_the_first_start_is_vouched_for(house: House) -> None:
    keeper = house.start("stock.example.com")
    assert keeper.facts.names[0] == "stock.example.com"
    assert Line(keeper.context, trusted(keeper), "stock.example.com").says(b"hello") == b"hello"


def test_a_machine_that_nobody_can_reach_is_told_so(house: House) -> None:
    house.names = ()
    with pytest.raises(Refused, match="SHELFWISE_NAMES"):
        house.start()


def test_a_new_authority_makes_a_new_certificate(house: House) -> None:
    before = house.start().facts
    (house.folder / "secrets" / "authority.pem").unlink()
    keeper = house.start()
    assert keeper.facts != before
    assert Line(keeper.context, trusted(keeper), "stock").says(b"hello") == b"hello"


Given = Callable[[Authority, datetime], None]


@pytest.fixture
def write(tmp_path: Path) -> Given:
    """Puts a certificate and its key where somebody else's program would."""

    def put(made: Authority, now: datetime) -> None:
        text = made.issue(HOUSE, now)
        at = text.index(b"-----BEGIN CERTIFICATE")
        (tmp_path / "key.pem").write_bytes(text[:at])
        (tmp_path / "key.pem").chmod(0o600)
        (tmp_path / "cert.pem").write_bytes(text[at:])

    return put


def given(folder: Path, now: Callable[[], datetime] = lambda: TODAY) -> Keeper:
    return Keeper(GivenCertificate(folder / "cert.pem", folder / "key.pem"), now)


def test_a_given_certificate_is_shown_and_read_again_when_it_changes(tmp_path: Path, write: Given) -> None:
    made = authority.make(HOUSE, TODAY)
    write(made, TODAY)
    keeper = given(tmp_path)
    before = keeper.facts
    write(made, TODAY)
    keeper.refresh()
    assert keeper.facts != before
    assert Line(keeper.context, made, "stock").says(b"hello") == b"hello"


def test_half_of_a_new_pair_leaves_the_old_one_in_use_and_is_told(tmp_path: Path, write: Given) -> None:
    made = authority.make(HOUSE, TODAY)
    write(made, TODAY)
    keeper = given(tmp_path)
    old_key = (tmp_path / "key.pem").read_bytes()
    write(made, TODAY)
    (tmp_path / "key.pem").write_bytes(old_key)
    keeper.refresh()
    assert keeper.trouble is not None
    assert "cannot be used together" in keeper.trouble
    assert Line(keeper.context, made, "stock").says(b"hello") == b"hello"


def test_the_end_of_a_given_certificate_is_told_a_month_before(tmp_path: Path, write: Given) -> None:
    write(authority.make(HOUSE, TODAY), TODAY)
    now = TODAY
    keeper = given(tmp_path, lambda: now)
    keeper.refresh()
    assert keeper.trouble is None
    now = TODAY + timedelta(days=61)
    keeper.refresh()
    assert keeper.trouble is not None
    assert "Put a new one in its place" in keeper.trouble


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, write: Given) -> None:
    write(authority.make(HOUSE, TODAY), TODAY)
    (tmp_path / "key.pem").chmod(0o640)
    with pytest.raises(Refused, match="chmod 600"):
        given(tmp_path)


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"key\.pem cannot be read: No such file"):
        given(tmp_path)


@pytest.mark.parametrize(
    ("host", "ours"),
    [("shop.example", True), ("till.shop.example", True), ("a.till.shop.example", False), ("192.168.1.20", True),
     ("192.168.1.21", False), ("SHOP.example.", True), ("", False)],
)  # fmt: skip
def test_names_of_a_certificate_are_compared_as_browsers_do(host: str, ours: bool) -> None:
    facts = Facts(("shop.example", "*.shop.example", "192.168.1.20"), TODAY, TODAY, "")
    assert facts.is_for(host) is ours


@pytest.mark.parametrize(
    ("header", "host"),
    [("stock.lan:8443", "stock.lan"), ("Stock", "stock"), ("[fe80::1]:8443", "fe80::1"), ("", "")],
)
def test_the_host_of_a_header_has_no_port(header: str, host: str) -> None:
    assert host_of(header) == host


def test_names_of_a_setting_are_taken_once_in_their_order() -> None:
    assert names_in("b.lan, A.lan,b.lan,") == ("b.lan", "a.lan")


def test_this_machine_has_a_name() -> None:
    assert any(name.endswith(".local") for name in names_here())
