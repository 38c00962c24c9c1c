"""What may happen to a purchase order in which state. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from shelfwise.core.errors import Refused
from shelfwise.orders.model import PurchaseLine, PurchaseState

Verb = Literal[
    "edit", "approve", "take_back", "send", "confirm", "change", "answer", "close", "reopen", "cancel", "restore"
]

ALLOWED: dict[Verb, frozenset[PurchaseState]] = {
    "edit": frozenset({"draft"}),
    "approve": frozenset({"draft"}),
    "take_back": frozenset({"approved"}),
    "send": frozenset({"approved"}),
    "confirm": frozenset({"approved", "sent", "confirmed", "part_received"}),
    "change": frozenset({"sent", "confirmed", "part_received"}),
    "answer": frozenset({"sent", "confirmed", "part_received", "received", "closed", "cancelled"}),
    "close": frozenset({"approved", "sent", "confirmed", "part_received"}),
    "reopen": frozenset({"closed"}),
    "cancel": frozenset({"draft", "approved", "sent", "confirmed"}),
    "restore": frozenset({"cancelled"}),
}
"""All that may be done; whatever is not here may not. Receipts are observed: possible always, but to a draft."""

_WORDS: dict[Verb, str] = {
    "edit": "changed as a draft",
    "approve": "approved",
    "take_back": "taken back",
    "send": "sent",
    "confirm": "confirmed",
    "change": "changed",
    "answer": "answered",
    "close": "closed",
    "reopen": "reopened",
    "cancel": "cancelled",
    "restore": "restored",
}
_INSTEAD: dict[PurchaseState, str] = {
    "draft": "Approve it first.",
    "approved": "Take the approval back, or cancel it.",
    "sent": "Ask the supplier to change or to cancel it.",
    "confirmed": "Ask the supplier to change or to cancel it.",
    "part_received": "Close it, and what is missing is expected no more.",
    "received": "There is nothing left to close. If a receipt was a mistake, take it back.",
    "closed": "Reopen it first.",
    "cancelled": "Restore it first, or make a new order.",
}


def may(state: PurchaseState, verb: Verb) -> bool:
    """Whether this may be done to an order in that state."""
    return state in ALLOWED[verb]


def check(number: str, state: PurchaseState, verb: Verb) -> None:
    """
    Raises:
        Refused: this may not be done to it in its state; says what may.
    """
    if not may(state, verb):
        raise Refused(f"{number} is {state.replace('_', ' ')} and cannot be {_WORDS[verb]}. {_INSTEAD[state]}")


def state_by_receipts(state: PurchaseState, sent: bool, lines: Iterable[PurchaseLine]) -> PurchaseState:
    """The state of an order of these lines by what has come; a closed or cancelled one stays so whatever comes.

    Of what nothing has come nothing is received, though the supplier may send nothing of it.
    """
    known = list(lines)
    if state in ("closed", "cancelled", "draft"):
        return state
    if any(line.received > 0 for line in known):
        return "received" if all(line.outstanding == 0 for line in known) else "part_received"
    if any(line.confirmed_quantity is not None for line in known):
        return "confirmed"
    return "sent" if sent else "approved"
