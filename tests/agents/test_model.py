"""What may become of a proposal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import get_args

import pytest

from shelfwise.agents.model import TRANSITIONS, Proposal, State, Verb, differs, next_state, purchase_key
from shelfwise.core.errors import Refused
from tests.conftest import NOON

OPEN = Proposal(
    proposal_id=5,
    action="purchase",
    site_id=1,
    site="B",
    item_id=11,
    sku="TEA",
    description="Tea",
    unit="each",
    supplier_id=3,
    supplier="Harbour Supplies",
    arguments={
        "quantity": "48",
        "unit_cost": "2.50",
        "currency": "EUR",
        "pack_size": "12",
        "minimum_order": "24",
        "expected_days": 5.0,
    },
    reason="",
    evidence={},
    alternative={},
    expected_value={},
    how_to_undo="",
    idempotency_key=purchase_key(1, 11, date(2026, 3, 2)),
    forecast_id=None,
    proposed_at=NOON,
    expires_at=NOON + timedelta(days=2),
    state="proposed",
    decided_by=None,
    decided_at=None,
    decision_note=None,
    edited=None,
)


@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("verb", get_args(Verb))
def test_whatever_the_table_does_not_name_is_refused_with_what_to_do(state: State, verb: Verb) -> None:
    one = replace(OPEN, state=state, decided_by="mara")
    if (state, verb) in TRANSITIONS:
        assert next_state(one, verb, NOON) == TRANSITIONS[state, verb]
    else:
        with pytest.raises(Refused, match=f"Proposal 5 for TEA is {state} by mara"):
            next_state(one, verb, NOON)


def test_from_its_expiry_on_a_proposal_can_only_expire() -> None:
    late = OPEN.expires_at
    verbs: tuple[Verb, ...] = ("approve", "reject")
    for verb in verbs:
        with pytest.raises(Refused, match=r"expired at 2026-03-04 12:00 UTC.*Run planning again"):
            next_state(OPEN, verb, late)
    assert next_state(OPEN, "expire", late) == "expired"
    assert next_state(OPEN, "approve", late - timedelta(seconds=1)) == "executed"


@pytest.mark.parametrize(
    ("supplier", "quantity", "pack", "different"),
    [
        (3, "48", "12", False),
        (3, "60", "12", False),
        (3, "36", "12", False),
        (3, "72", "12", True),
        (4, "48", "12", True),
        (3, "48", "24", True),
    ],
)
def test_one_pack_or_a_fifth_more_or_less_says_nothing_new(
    supplier: int, quantity: str, pack: str, different: bool
) -> None:
    assert differs(OPEN, supplier, Decimal(quantity), Decimal(pack)) is different


def test_an_edit_counts_and_money_stays_exact() -> None:
    edited = replace(OPEN, edited={"quantity": "36"})
    assert [str(one) for one in (OPEN.quantity, edited.quantity, edited.proposed_quantity)] == ["48", "36", "48"]
    assert edited.total == Decimal("90.00")
    assert edited.decision_key == "proposal:5"
