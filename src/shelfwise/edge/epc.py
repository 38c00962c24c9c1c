"""EPC memory of RFID tags and what it means: GS1's Tag Data Standard 1.13, by tables.

The doors store what a reader sent, in hexadecimal; what it means is found when somebody asks. A header that is not in
the table stays unknown: the memory still tells one tag from another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote

from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.edge import gs1

# By partition 0 to 6: bits and digits of the company prefix, which all schemes share.
_COMPANY = ((40, 12), (37, 11), (34, 10), (30, 9), (27, 8), (24, 7), (20, 6))


@dataclass(frozen=True)
class Scheme:
    """How one kind of EPC is laid out: header, filter (3 bits), partition (3), company prefix, reference, serial.

    Attributes:
        header: the first 8 bits.
        reference_bits, reference_digits: by partition.
        serial_bits: 0 where the reference is all there is.
        text: whether the serial is text of 7-bit characters and not a number.
    """

    name: str
    header: int
    bits: int
    reference_bits: tuple[int, ...]
    reference_digits: tuple[int, ...]
    serial_bits: int
    text: bool = False


_ITEM_BITS, _ITEM_DIGITS = (4, 7, 10, 14, 17, 20, 24), (1, 2, 3, 4, 5, 6, 7)
SCHEMES: Mapping[int, Scheme] = MappingProxyType(
    {
        scheme.header: scheme
        for scheme in (
            Scheme("sgtin", 0x30, 96, _ITEM_BITS, _ITEM_DIGITS, 38),
            Scheme("sscc", 0x31, 96, (18, 21, 24, 28, 31, 34, 38), (5, 6, 7, 8, 9, 10, 11), 0),
            Scheme("sgln", 0x32, 96, (1, 4, 7, 11, 14, 17, 21), (0, 1, 2, 3, 4, 5, 6), 41),
            Scheme("grai", 0x33, 96, _ITEM_BITS, (0, 1, 2, 3, 4, 5, 6), 38),
            # A giai may have fewer digits than there is room for: it is a number without leading zeros.
            Scheme("giai", 0x34, 96, (42, 45, 48, 52, 55, 58, 62), (13, 14, 15, 16, 17, 18, 19), 0),
            Scheme("sgtin", 0x36, 198, _ITEM_BITS, _ITEM_DIGITS, 140, text=True),
        )
    }
)
_BY_NAME: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {scheme.name: scheme.reference_digits for scheme in SCHEMES.values()}
)

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){2,62}")
_URN = re.compile(r"urn:epc:id:(?P<scheme>[a-z]+):(?P<company>\d{6,12})\.(?P<reference>\d*)(?:\.(?P<serial>\S+))?")
# The characters of GS1 serials, and how a URI writes those that mean something in one.
_SERIAL = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}")
_ESCAPED = str.maketrans({char: f"%{ord(char):02X}" for char in '"%&/<>?'})


@dataclass(frozen=True)
class Epc:
    """What an EPC means.

    Attributes:
        scheme: 'sgtin', 'sscc', 'sgln', 'grai' or 'giai'.
        uri: the pure identity.
        filter: what kind of thing carries it, by GS1's table of the scheme; None in a URI, which does not say.
        company: the company prefix.
        gtin: 14 digits, of an sgtin.
        sscc: 18 digits, of an sscc.
        serial: as text; None where the scheme has none.
    """

    scheme: str
    uri: str
    filter: int | None
    company: str
    gtin: str | None
    sscc: str | None
    serial: str | None


@lru_cache(maxsize=16_384)
def decode(memory: str) -> Epc | None:
    """What EPC memory means; None: not by a scheme of the table, or not laid out as one must be.

    Args:
        memory: in hexadecimal digits.
    """
    if not _HEX.fullmatch(memory):
        return None
    scheme = SCHEMES.get(int(memory[:2], 16))
    width = len(memory) * 4
    if scheme is None or width < scheme.bits:
        return None
    # What comes behind is padding up to whole words.
    number, padding = divmod(int(memory, 16), 1 << (width - scheme.bits))
    partition = number >> (scheme.bits - 14) & 7
    if padding or partition > 6:
        return None
    company_bits, company_digits = _COMPANY[partition]
    left = scheme.bits - 14 - company_bits
    company = number >> left & (1 << company_bits) - 1
    left -= scheme.reference_bits[partition]
    reference = number >> left & (1 << scheme.reference_bits[partition]) - 1
    reference_digits = scheme.reference_digits[partition]
    serial = _serial(scheme, number & (1 << left) - 1, left)
    if company >= 10**company_digits or reference >= 10**reference_digits or serial is None:
        return None
    told = str(reference) if scheme.name == "giai" else f"{reference:0{reference_digits}d}" if reference_digits else ""
    return _epc(scheme.name, number >> (scheme.bits - 11) & 7, f"{company:0{company_digits}d}", told, serial or None)


def _serial(scheme: Scheme, rest: int, bits: int) -> str | None:
    """The serial; '' where the scheme has none, None where it cannot be right."""
    if not scheme.serial_bits:
        # An sscc ends with 24 bits that are reserved.
        return "" if rest == 0 or scheme.name == "giai" else None
    if not scheme.text:
        return str(rest)
    characters = bytes(rest >> shift & 0x7F for shift in range(bits - 7, -1, -7)).decode("ascii")
    told = characters.rstrip("\0")
    return told if _SERIAL.fullmatch(told) else None


def _epc(scheme: str, told: int | None, company: str, reference: str, serial: str | None) -> Epc:
    gtin = sscc = None
    if scheme in ("sgtin", "sscc"):
        digits = reference[0] + company + reference[1:]
        full = digits + gs1.check_digit(digits)
        gtin, sscc = (full, None) if scheme == "sgtin" else (None, full)
    ending = "" if serial is None else f".{serial.translate(_ESCAPED)}"
    return Epc(scheme, f"urn:epc:id:{scheme}:{company}.{reference}{ending}", told, company, gtin, sscc, serial)


def of_uri(uri: str) -> Epc | None:
    """What a pure identity URI means; None: it is not one of a scheme of the table."""
    found = _URN.fullmatch(uri)
    if found is None or found["scheme"] not in _BY_NAME:
        return None
    scheme, company, reference, serial = found["scheme"], found["company"], found["reference"], found["serial"]
    if scheme != "giai" and len(reference) != _BY_NAME[scheme][12 - len(company)]:
        return None
    if (serial is None) != (scheme in ("sscc", "giai")) or (scheme == "giai" and not reference):
        return None
    plain = None if serial is None else unquote(serial)
    if plain is not None and not _SERIAL.fullmatch(plain):
        return None
    return _epc(scheme, None, company, reference, plain)


def identity(told: str) -> str:
    """One name for one thing, however it was told: EPC memory, a pure identity URI or a Digital Link.

    Two readings are of one tag exactly where their identities are the same. What is not understood is its own identity.
    """
    known = of_uri(told) if told.startswith("urn:") else decode(told)
    if known is not None:
        if known.gtin is not None:
            return f"(01){known.gtin}(21){known.serial}"
        return f"(00){known.sscc}" if known.sscc is not None else known.uri
    try:
        label = gs1.read(told) if told.startswith(("http://", "https://")) else None
    except Invalid:
        return told
    if label is not None and label.gtin is not None and label.serial is not None:
        return f"(01){label.gtin}(21){label.serial}"
    return told if label is None or label.sscc is None else f"(00){label.sscc}"


def sgtin_96(gtin: str, serial: int, company_digits: int, kind: int = 1) -> str:
    """EPC memory for a tag on an item, in 24 hexadecimal digits.

    Args:
        gtin: 14 digits.
        company_digits: how long the company prefix within it is, as GS1 gave it: 6 to 12.
        kind: the filter; 1 is what is sold at a till, 2 a full case.

    Raises:
        Invalid: a number that has no place in it.
    """
    _require(gtin, 14, "gtin")
    _require_fits(company_digits, 6, 12, "company_digits")
    _require_fits(serial, 0, 2**38 - 1, "serial")
    company, reference = gtin[1 : 1 + company_digits], gtin[0] + gtin[1 + company_digits : 13]
    return _encode(SCHEMES[0x30], kind, company, reference, serial)


def sscc_96(sscc: str, company_digits: int, kind: int = 0) -> str:
    """EPC memory for a tag on a pallet or parcel, in 24 hexadecimal digits; see `sgtin_96`."""
    _require(sscc, 18, "sscc")
    _require_fits(company_digits, 6, 12, "company_digits")
    company, reference = sscc[1 : 1 + company_digits], sscc[0] + sscc[1 + company_digits : 17]
    return _encode(SCHEMES[0x31], kind, company, reference, 0)


def _encode(scheme: Scheme, kind: int, company: str, reference: str, serial: int) -> str:
    _require_fits(kind, 0, 7, "kind")
    partition = 12 - len(company)
    number = (scheme.header << 3 | kind) << 3 | partition
    number = number << _COMPANY[partition][0] | int(company)
    number = number << scheme.reference_bits[partition] | int(reference)
    left = scheme.bits - 14 - _COMPANY[partition][0] - scheme.reference_bits[partition]
    return f"{number << left | serial:0{scheme.bits // 4}X}"


def _require(digits: str, length: int, where: str) -> None:
    if not (len(digits) == length and digits.isascii() and digits.isdecimal() and gs1.has_check_digit(digits)):
        raise Invalid(
            Fault(where, f"{length} digits, the last one its check digit", shorten(digits), "Correct the number.")
        )


def _require_fits(told: int, low: int, high: int, where: str) -> None:
    if not low <= told <= high:
        raise Invalid(Fault(where, f"a number from {low} to {high}", shorten(told), "Choose another one."))
