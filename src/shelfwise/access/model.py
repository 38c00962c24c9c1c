"""Roles, rights and actors. Deny is the default: a role may do what its row names, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Right(StrEnum):
    """Something that can be allowed. Named after what a person would say they do."""

    VIEW = "view"
    RECEIVE_GOODS = "receive_goods"
    ISSUE_GOODS = "issue_goods"
    ADJUST_STOCK = "adjust_stock"
    HANDLE_ALERTS = "handle_alerts"
    REPLAY_QUARANTINE = "replay_quarantine"
    IMPORT_DATA = "import_data"
    TAKE_ORDERS = "take_orders"
    DECIDE_PROPOSALS = "decide_proposals"
    RUN_PLANNING = "run_planning"
    MANAGE_DEVICES = "manage_devices"
    MANAGE_PEOPLE = "manage_people"
    VIEW_AUDIT = "view_audit"
    SEND_READINGS = "send_readings"


class Role(StrEnum):
    """What a person is here to do."""

    MANAGER = "manager"
    OPERATOR = "operator"
    VIEWER = "viewer"


_VIEWER = frozenset({Right.VIEW})
_OPERATOR = _VIEWER | {
    Right.RECEIVE_GOODS,
    Right.ISSUE_GOODS,
    Right.HANDLE_ALERTS,
}

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.MANAGER: frozenset(Right) - {Right.SEND_READINGS},
}


@dataclass(frozen=True)
class Actor:
    """Whoever asks.

    Attributes:
        kind: 'person', 'key' (another system), 'device' or 'system' (Shelfwise itself).
        name: the login, the key's name, the device, or the part of Shelfwise.
        rights: what it may do.
        role: set for people.
    """

    kind: str
    name: str
    rights: frozenset[Right] = field(default_factory=frozenset)
    role: Role | None = None

    def may(self, right: Right) -> bool:
        return right in self.rights

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def person(login: str, role: Role) -> Actor:
    """A signed-in user."""
    return Actor("person", login, RIGHTS[role], role)


def system(part: str) -> Actor:
    """A part of Shelfwise acting by itself: it may do all but what needs a person's decision."""
    return Actor("system", part, frozenset(Right) - {Right.DECIDE_PROPOSALS, Right.MANAGE_PEOPLE})
