"""Duplicates are found in the books, sorted by what is at stake, and what somebody decided is never asked again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from shelfwise import jobs
from shelfwise.access.context import Context, Office
from shelfwise.access.model import Role, person
from shelfwise.core.errors import NotFound, Refused
from shelfwise.intake.joining import finding, queue
from shelfwise.intake.joining.suppliers import Firm, same_firms
from shelfwise.orders import service as orders
from shelfwise.orders.model import NewSalesLine
from shelfwise.records import service as records
from tests.conftest import NOON


@pytest.fixture
def names(ctx: Context) -> dict[str, int]:
    """Three pairs of names of which two mean one thing; the dear ones sell."""
    site = records.add_site(ctx, code="B", name="Berlin", time_zone="Europe/Berlin", width_m=40.0, depth_m=20.0)
    told = {
        "L1": "Enamel lantern with glass door", "L2": "LANTERN ENAMEL, GLASS DOOR", "P1": "Brass pepper grinder",
        "P2": "Pepper grinder brass", "R": "Red bucket 10 l", "B": "Blue bucket 10 l",
    }  # fmt: skip
    ids = {sku: records.add_item(ctx, sku=sku, description=words) for sku, words in told.items()}
    for number, sku in enumerate(("L1", "L2", "P1", "P2", "R", "B")):
        price = Decimal(50 if sku.startswith("L") else 5)
        for day in range(4):
            order = f"{'joint' if sku in 'RB' else number}-{day}"
            line = NewSalesLine(order, number + 1, site, ids[sku], NOON - timedelta(days=day + 1), Decimal(2), price)
            orders.take_sales_lines(ctx, [line])
    records.add_supplier(ctx, code="PO", name="Potter & Söhne GmbH")
    records.add_supplier(ctx, code="PO2", name="POTTER & SOHNE")
    return ids


def pairs(ctx: Context) -> list[tuple[str, str]]:
    return [(one.one_code, one.other_code) for one in queue.waiting(ctx)]


def test_likely_pairs_wait_what_is_most_at_stake_first(ctx: Context, names: dict[str, int]) -> None:
    assert finding.find(ctx) == {"item": 2, "supplier": 1}
    assert pairs(ctx) == [("L1", "L2"), ("P1", "P2"), ("PO", "PO2")]
    first = queue.waiting(ctx)[0]
    assert first.certainty > 0.5 and any("same words" in said for said, _ in first.evidence)
    finding.find(ctx)
    assert queue.count(ctx) == 3


def test_two_things_stay_two_and_are_never_proposed_again(ctx: Context, names: dict[str, int]) -> None:
    finding.find(ctx)
    queue.differ(ctx, "item", names["L2"], names["L1"])
    finding.find(ctx)
    assert ("L1", "L2") not in pairs(ctx)
    queue.take_back(ctx, "item", names["L1"], names["L2"])
    assert ("L1", "L2") in pairs(ctx)


def test_a_merged_pair_waits_again_once_it_is_undone(ctx: Context, names: dict[str, int]) -> None:
    finding.find(ctx)
    orders_open = queue.merge_pair(ctx, "item", names["L2"], names["L1"])
    finding.find(ctx)
    assert pairs(ctx) == [("P1", "P2"), ("PO", "PO2")]
    assert [one.merge_id for one in queue.decided(ctx)] == [orders_open]
    with pytest.raises(Refused, match="are merged"):
        queue.differ(ctx, "item", names["L1"], names["L2"])
    assert queue.take_back(ctx, "item", names["L1"], names["L2"]) == []
    assert pairs(ctx)[0] == ("L1", "L2")


def test_only_what_was_proposed_can_be_decided(ctx: Context, names: dict[str, int]) -> None:
    with pytest.raises(NotFound):
        queue.differ(ctx, "item", names["R"], names["B"])


def test_the_search_says_how_far_it_is(office: Office) -> None:
    with office.context(person("mara", Role.ADMIN)) as ctx:
        records.add_item(ctx, sku="A", description="Ash wood spoon")
        records.add_item(ctx, sku="B", description="Spoon, ash wood")
        queue.ask(ctx)
        assert queue.search(ctx).busy
    assert jobs.find_duplicates(office) == {"item": 1}
    with office.context(person("mara", Role.ADMIN)) as ctx:
        assert queue.search(ctx).state == "done"


@pytest.mark.parametrize(
    ("certainty", "money"), [(0.5, "100.00"), (0.9, "36.00"), (0.999, "5.00")], ids=["open", "likely", "clear"]
)
def test_what_is_at_stake_is_money_by_doubt(certainty: float, money: str) -> None:
    assert finding.stake(certainty, Decimal(100)) == Decimal(money)


FIRMS = [
    ("Potter Ltd", "POTTER LIMITED", {}, True),
    ("Müller & Söhne GmbH & Co. KG", "Muller Sohne", {}, True),
    ("Dupont S.A.R.L.", "Dupont SARL", {}, True),
    ("Van Dijk B.V.", "van Dyjk BV", {"address": "Kade 1, Delft"}, True),
    ("Acme Paper Inc.", "Acme Steel Inc.", {}, False),
    ("Northern Timber", "Timber North", {"email": "sales@northerntimber.example"}, True),
    ("Lind", "Berg", {"email": "info@gmail.com"}, False),
    ("Kiln Works", "Kiln Works Export", {"order_url": "https://kiln.example/orders"}, True),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "shared", "same"), FIRMS, ids=[each[0] for each in FIRMS])
def test_firms_are_known_by_name_mail_and_address(one: str, other: str, shared: dict[str, str], same: bool) -> None:
    others = [Firm(number, name) for number, name in enumerate(("Alder", "Birch", "Cedar", "Elm Paper", "Fir"), 10)]
    judged = same_firms([Firm(1, one, **shared), Firm(2, other, **shared), *others])  # type: ignore[arg-type]
    assert ((1, 2) in judged and judged[1, 2].certainty >= 0.5) is same
