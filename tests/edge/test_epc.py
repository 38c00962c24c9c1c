"""EPC memory, compared with another implementation over every partition of every scheme."""

from __future__ import annotations

import random
from typing import Any

import pytest
from epcpy.epc_schemes.giai import GIAI, GIAIFilterValue
from epcpy.epc_schemes.grai import GRAI, GRAIFilterValue
from epcpy.epc_schemes.sgln import SGLN, SGLNFilterValue
from epcpy.epc_schemes.sgtin import SGTIN, SGTINFilterValue
from epcpy.epc_schemes.sscc import SSCC, SSCCFilterValue
from hypothesis import given
from hypothesis import strategies as st

from shelfwise.core.errors import Invalid
from shelfwise.edge import epc, gs1

SAMPLES = 40
_PLAIN = "!'()*+,-.0123456789:;=ABCXYZ_abcxyz"
_ESCAPED = {char: f"%{ord(char):02X}" for char in '"%&/<>?'}


def digits(chance: random.Random, length: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(length))


def written(scheme: Any, uri: str, coding: str, filter_value: int, filters: Any) -> str:
    """The memory of a tag, as the other implementation writes it."""
    told = scheme(uri).hex(
        binary_coding_scheme=scheme.BinaryCodingScheme(coding),
        filter_value=next(one for one in filters if int(one.value) == filter_value),
    )
    return str(told)


def sample(scheme: str, company: int, chance: random.Random) -> tuple[str, str]:
    """A pure identity URI with a company prefix of so many digits, and its memory."""
    prefix, room, kind = digits(chance, company), 13 - company, chance.randrange(8)
    if scheme == "sgtin-96":
        uri = f"urn:epc:id:sgtin:{prefix}.{digits(chance, room)}.{chance.randrange(2**38)}"
        return uri, written(SGTIN, uri, scheme, kind, SGTINFilterValue)
    if scheme == "sgtin-198":
        # The other one stumbles over two escaped characters in one serial.
        serial = "".join(chance.sample(_PLAIN, chance.randint(1, 19))) + chance.choice([*_ESCAPED.values(), "z"])
        uri = f"urn:epc:id:sgtin:{prefix}.{digits(chance, room)}.{serial}"
        return uri, written(SGTIN, uri, scheme, kind, SGTINFilterValue)
    if scheme == "sscc-96":
        uri = f"urn:epc:id:sscc:{prefix}.{digits(chance, 17 - company)}"
        return uri, written(SSCC, uri, scheme, kind, SSCCFilterValue)
    if scheme == "sgln-96":
        uri = f"urn:epc:id:sgln:{prefix}.{digits(chance, 12 - company)}.{chance.randrange(2**41)}"
        return uri, written(SGLN, uri, scheme, kind, SGLNFilterValue)
    if scheme == "grai-96":
        uri = f"urn:epc:id:grai:{prefix}.{digits(chance, 12 - company)}.{chance.randrange(2**38)}"
        return uri, written(GRAI, uri, scheme, kind, GRAIFilterValue)
    uri = f"urn:epc:id:giai:{prefix}.{chance.randrange(10**12)}"
    return uri, written(GIAI, uri, scheme, kind, GIAIFilterValue)


@pytest.mark.parametrize("company", range(6, 13))
@pytest.mark.parametrize("scheme", ["sgtin-96", "sgtin-198", "sscc-96", "sgln-96", "grai-96", "giai-96"])
def test_memory_means_what_another_implementation_wrote_into_it(scheme: str, company: int) -> None:
    chance = random.Random(f"{scheme} {company}")
    for _ in range(SAMPLES):
        uri, memory = sample(scheme, company, chance)
        found = epc.decode(memory)
        assert found is not None, (uri, memory)
        assert found.uri == uri
        assert found.scheme == scheme.split("-")[0]
        assert len(found.company) == company
        told = epc.of_uri(uri)
        assert told is not None
        assert (told.uri, told.gtin, told.sscc, told.serial) == (uri, found.gtin, found.sscc, found.serial)
        assert epc.identity(memory) == epc.identity(uri) == epc.identity(memory.lower())


@pytest.mark.parametrize("company", range(6, 13))
def test_a_tag_for_an_item_is_written_as_another_implementation_writes_it(company: int) -> None:
    chance = random.Random(company)
    for _ in range(SAMPLES):
        number = digits(chance, 13)
        gtin, serial = number + gs1.check_digit(number), chance.randrange(2**38)
        memory = epc.sgtin_96(gtin, serial, company)
        uri = f"urn:epc:id:sgtin:{gtin[1 : 1 + company]}.{gtin[0]}{gtin[1 + company : 13]}.{serial}"
        assert memory == written(SGTIN, uri, "sgtin-96", 1, SGTINFilterValue)
        found = epc.decode(memory)
        assert found is not None
        assert (found.gtin, found.serial, found.filter) == (gtin, str(serial), 1)


@pytest.mark.parametrize("company", range(6, 13))
def test_a_tag_for_a_pallet_is_written_as_another_implementation_writes_it(company: int) -> None:
    chance = random.Random(company)
    for _ in range(SAMPLES):
        number = digits(chance, 17)
        sscc = number + gs1.check_digit(number)
        memory = epc.sscc_96(sscc, company)
        uri = f"urn:epc:id:sscc:{sscc[1 : 1 + company]}.{sscc[0]}{sscc[1 + company : 17]}"
        assert memory == written(SSCC, uri, "sscc-96", 0, SSCCFilterValue)
        found = epc.decode(memory)
        assert found is not None
        assert (found.sscc, found.filter) == (sscc, 0)


def test_an_example_by_hand() -> None:
    found = epc.decode("3074257BF7194E4000001A85")
    assert found == epc.Epc(
        "sgtin", "urn:epc:id:sgtin:0614141.812345.6789", 3, "0614141", "80614141123458", None, "6789"
    )


@pytest.mark.parametrize(
    "memory",
    [
        "", "30", "E28011606000020E8A58E4DB", "300833B2DDD9", "xyz", "3074257BF7194E4000001A8", "303F" + "F" * 20,
        "31" + "F" * 22, "FF" * 70,
    ],
)  # fmt: skip
def test_other_memory_is_unknown_and_still_tells_one_tag_from_another(memory: str) -> None:
    assert epc.decode(memory) is None
    assert epc.identity(memory) == memory


def test_padding_up_to_whole_words_changes_nothing_and_other_bits_behind_do() -> None:
    assert epc.decode("3074257BF7194E4000001A85" + "0000") == epc.decode("3074257BF7194E4000001A85")
    assert epc.decode("3074257BF7194E4000001A85" + "0001") is None


def test_one_thing_has_one_identity_however_it_is_told() -> None:
    told = {
        epc.identity(one)
        for one in (
            "3074257BF7194E4000001A85", "urn:epc:id:sgtin:0614141.812345.6789",
            "https://id.gs1.org/01/80614141123458/21/6789", "https://example.com/01/80614141123458/21/6789?17=261200",
        )
    }  # fmt: skip
    assert told == {"(01)80614141123458(21)6789"}
    assert epc.identity("https://id.gs1.org/00/106141412345678908") == epc.identity(
        "urn:epc:id:sscc:0614141.1234567890"
    )


@pytest.mark.parametrize(
    "uri",
    ["urn:epc:id:sgtin:0614141.81234.6789", "urn:epc:id:sgtin:0614141.812345", "urn:epc:id:sscc:0614141.123456789",
     "urn:epc:id:sscc:0614141.1234567890.1", "urn:epc:id:gdti:0614141.12345.1", "urn:epc:id:giai:0614141.",
     "urn:epc:id:sgtin:0614141.812345.a b", "urn:epc:idpat:sgtin:0614141.812345.*"],
)  # fmt: skip
def test_a_uri_that_cannot_be_right_means_nothing(uri: str) -> None:
    assert epc.of_uri(uri) is None
    assert epc.identity(uri) == uri


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda: epc.sgtin_96("80614141123457", 1, 7), "gtin: expected 14 digits, the last one its check digit"),
        (lambda: epc.sgtin_96("80614141123458", 2**38, 7), "serial: expected a number from 0"),
        (lambda: epc.sgtin_96("80614141123458", 1, 5), "company_digits: expected a number from 6 to 12"),
        (lambda: epc.sgtin_96("80614141123458", 1, 7, 8), "kind: expected a number from 0 to 7"),
        (lambda: epc.sscc_96("106141412345678900", 7), "sscc: expected 18 digits"),
    ],
)  # fmt: skip
def test_a_number_that_has_no_place_in_a_tag_is_refused(write: Any, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        write()


@given(st.text(max_size=130) | st.binary(max_size=62).map(bytes.hex))
def test_nothing_makes_it_fail(memory: str) -> None:
    found = epc.decode(memory)
    assert found is None or epc.of_uri(found.uri) is not None or found.scheme == "giai"
    assert isinstance(epc.identity(memory), str)
