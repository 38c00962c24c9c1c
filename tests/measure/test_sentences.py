"""The sentences of a day: numbers in words, the most urgent first, nothing where there is nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from shelfwise.measure.sentences import Changes, Risks, Waiting, Work, at_risk, since, to_decide, to_do

MONDAY = date(2026, 3, 2)
THURSDAY = MONDAY + timedelta(days=3)
SOON = (("MUG", MONDAY), ("VASE", THURSDAY), ("CUP", THURSDAY))


def test_a_day_without_anything_has_no_sentence() -> None:
    assert (
        to_decide(Waiting(), "EUR") == to_do(Work()) == at_risk(Risks(), MONDAY, "EUR") == since(Changes(), "EUR") == []
    )


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        (Waiting(1, 1, Decimal("12.4")), "1 order line proposed for 12 EUR, from 1 supplier"),
        (Waiting(3, 2, None), "3 order lines proposed, from 2 suppliers"),
        (Waiting(3, 2, Decimal(1234), 1), "3 order lines proposed for 1,234 EUR, from 2 suppliers; 1 lapses tonight"),
        (Waiting(second_approvals=1, second_worth=Decimal(900)), "1 order waits for a second approval, 900 EUR"),
        (Waiting(counts=2), "2 counts found differences that somebody has to accept"),
        (Waiting(held=1), "1 lot is held until somebody decides"),
    ],
)
def test_what_waits_for_a_decision_is_said_with_its_worth(waiting: Waiting, words: str) -> None:
    assert [line.words for line in to_decide(waiting, "EUR")] == [words]


@pytest.mark.parametrize(
    ("risks", "words"),
    [
        (Risks(SOON, (2, 0), 3), "3 items will probably run out by Thursday; 2 proposed orders fix it"),
        (Risks(SOON, (1, 0), 1), "3 items will probably run out by Thursday; 1 proposed order fixes 1 of them"),
        (
            Risks(SOON, (1, 1), 3),
            "3 items will probably run out by Thursday; 1 proposed order and 1 proposed transfer fix it",
        ),
        (Risks(SOON[:1]), "MUG will probably run out by tonight; nothing is proposed against it"),
        (Risks(out=1, waiting_lines=4), "1 item ran out, and 4 order lines wait for it"),
        (Risks(out=2, waiting_lines=1), "2 items ran out, and 1 order line waits for them"),
        (Risks(cold_rooms=("Frozen",)), "Frozen is outside the limit"),
        (Risks(cold_rooms=("A", "B", "C", "D")), "A, B, C and 1 more are outside the limit"),
        (Risks(expiring=3, expiring_worth=Decimal(410)), "3 lots can be sold for 7 more days at most, 410 EUR at cost"),
        (Risks(late_orders=1), "1 order from suppliers should have come by now"),
        (Risks(late_shipments=2), "2 shipments were begun over a day ago and did not leave"),
        (Risks(doubtful=1), "The books are in doubt for 1 item"),
    ],
)
def test_what_is_at_risk_is_said_in_one_sentence(risks: Risks, words: str) -> None:
    assert [line.words for line in at_risk(risks, MONDAY, "EUR")] == [words]


def test_danger_comes_first_and_every_sentence_leads_somewhere() -> None:
    lines = at_risk(Risks(SOON, (1, 0), 1, 1, 2, ("Frozen",), 1, 1, 1, Decimal(1), 1), MONDAY, "EUR")
    assert [line.level for line in lines] == ["danger"] * 2 + ["attention"] * 5
    work = to_do(Work(5, 2, 4, 2, 1, 7, 1, 1, 1))
    assert work[0].words == "5 tasks for you, 2 overdue"
    assert all(line.link.startswith("/") for line in [*lines, *work])
    assert all(line.deed for line in work)


def test_what_changed_names_the_decisions_of_others_and_the_files() -> None:
    told = since(Changes(12, Decimal(300), 2, 1, (3, 1), 4, ("items.csv", "sales.csv")), "EUR")
    assert [line.words for line in told] == [
        "1 new alert",
        "12 order lines taken, 300 EUR",
        "2 receipts from suppliers",
        "3 proposals approved and 1 proposal rejected by others",
        "Prices of suppliers changed 4 times",
        "Imported: items.csv, sales.csv",
    ]
