"""What a device of each family is told: where to report, in its own words, by TLS where that door is open."""

from __future__ import annotations

import json

import pytest

from shelfwise.edge.formats import FORMATS
from shelfwise.web.families import FAMILIES, Address, code, family_of, snippets

PLAIN = Address("10.0.0.2", 1883, 8081)
SAFE = Address("stock.lan", 1883, 8081, 8883, 8444)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_but_a_bare_gateway_is_told_something_with_its_secret(family: object) -> None:
    one = next(known for known in FAMILIES if known is family)
    told = snippets(one, PLAIN, "dev-1", "s3cret")
    assert (not told) is (one.name == "gateway")
    assert not told or any("s3cret" in snippet.text for snippet in told)
    assert one.format is None or one.format in FORMATS


def test_where_the_doors_are_open_by_tls_these_are_told() -> None:
    assert "-p 8883 --tls-use-os-certs" in snippets(family_of("scale"), SAFE, "scale-7", "s")[0].text
    assert "https://stock.lan:8444/v1/readings" in snippets(family_of("scale"), SAFE, "scale-7", "s")[1].text
    assert json.loads(snippets(family_of("impinj"), SAFE, "r", "s")[0].text)["brokerPort"] == 8883
    assert snippets(family_of("tracker"), SAFE, "t", "s")[0].text == "https://t:s@stock.lan:8444/v1/osmand"


def test_the_code_for_cameras_holds_all_that_is_needed() -> None:
    assert json.loads(code(SAFE, "d", "s")) == {
        "host": "stock.lan", "mqtt": 1883, "http": 8081, "device": "d", "secret": "s", "mqtts": 8883, "https": 8444,
    }  # fmt: skip
