"""Roles, rights and actors. Deny is the default: a role may do what its row names, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Right(StrEnum):
    """Something that can be allowed. Named after what a person would say they do."""

    VIEW = "view"
    RECEIVE_GOODS = "receive_goods"
    ISSUE_GOODS = "issue_goods"
    CHOOSE_CARRIER = "choose_carrier"
    COUNT_STOCK = "count_stock"
    ADJUST_STOCK = "adjust_stock"
    HOLD_STOCK = "hold_stock"
    RELEASE_STOCK = "release_stock"
    TRANSFER_GOODS = "transfer_goods"
    HANDLE_ALERTS = "handle_alerts"
    REPLAY_QUARANTINE = "replay_quarantine"
    IMPORT_DATA = "import_data"
    EDIT_RECORDS = "edit_records"
    TAKE_ORDERS = "take_orders"
    DECIDE_PROPOSALS = "decide_proposals"
    APPROVE_PURCHASES = "approve_purchases"
    RUN_PLANNING = "run_planning"
    MANAGE_DEVICES = "manage_devices"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_SETTINGS = "manage_settings"
    VIEW_AUDIT = "view_audit"
    SEND_READINGS = "send_readings"


class Role(StrEnum):
    """What a person is here to do."""

    ADMIN = "admin"
    MANAGER = "manager"
    QUALITY = "quality"
    PLANNER = "planner"
    OPERATOR = "operator"
    VIEWER = "viewer"


_VIEWER = frozenset({Right.VIEW})
_OPERATOR = _VIEWER | {
    Right.RECEIVE_GOODS,
    Right.ISSUE_GOODS,
    Right.CHOOSE_CARRIER,
    Right.COUNT_STOCK,
    Right.HOLD_STOCK,
    Right.HANDLE_ALERTS,
}
_PLANNER = _VIEWER | {
    Right.HANDLE_ALERTS,
    Right.IMPORT_DATA,
    Right.EDIT_RECORDS,
    Right.TAKE_ORDERS,
    Right.CHOOSE_CARRIER,
    Right.TRANSFER_GOODS,
    Right.DECIDE_PROPOSALS,
    Right.RUN_PLANNING,
}
_QUALITY = _VIEWER | {
    Right.COUNT_STOCK,
    Right.HOLD_STOCK,
    Right.RELEASE_STOCK,
    Right.HANDLE_ALERTS,
    Right.VIEW_AUDIT,
}
_ADMIN = frozenset(Right) - {Right.SEND_READINGS}

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.PLANNER: _PLANNER,
    Role.QUALITY: _QUALITY,
    Role.MANAGER: _ADMIN - {Right.MANAGE_PEOPLE, Right.MANAGE_SETTINGS},
    Role.ADMIN: _ADMIN,
}

# What takes a person's name and judgement: neither Shelfwise itself nor another system's key may do it.
PERSONS_ALONE = frozenset({Right.RELEASE_STOCK, Right.APPROVE_PURCHASES, Right.MANAGE_PEOPLE, Right.MANAGE_SETTINGS})


# What a badge and a PIN are good for, on a handheld and nowhere else: the work of the floor.
ON_THE_FLOOR = frozenset(
    {
        Right.VIEW,
        Right.RECEIVE_GOODS,
        Right.ISSUE_GOODS,
        Right.COUNT_STOCK,
        Right.HOLD_STOCK,
        Right.HANDLE_ALERTS,
        Right.CHOOSE_CARRIER,
    }
)


@dataclass(frozen=True)
class Actor:
    """Whoever asks.

    Attributes:
        kind: 'person', 'key' (another system), 'device' or 'system' (Shelfwise itself).
        name: the login, the key's name, the device, or the part of Shelfwise.
        rights: what it may do at every site, and what belongs to none.
        role: set for people whose role is the same everywhere.
        at_sites: what it may do besides, as (site_id, rights).
        user_id: set for people.
        handheld_id: set for people who signed in on a handheld with badge and PIN.
    """

    kind: str
    name: str
    rights: frozenset[Right] = field(default_factory=frozenset)
    role: Role | None = None
    at_sites: tuple[tuple[int, frozenset[Right]], ...] = ()
    user_id: int | None = None
    handheld_id: int | None = None

    @property
    def by(self) -> str:
        """How it signs what it did or decided: a person by the login ('mara'), all else by kind and name ('key:shop').

        No login has a colon, so the two cannot be taken for each other.
        """
        return self.name if self.kind == "person" else f"{self.kind}:{self.name}"

    def may(self, right: Right, site_id: int | None = None) -> bool:
        """Whether it may do this at the site; without one: everywhere, as for what belongs to no site."""
        return right in self.rights or any(site == site_id and right in here for site, here in self.at_sites)

    def may_somewhere(self, right: Right) -> bool:
        """Whether there is a site, if only one, where it may do this."""
        return right in self.rights or any(right in here for _, here in self.at_sites)

    def sites(self, right: Right) -> frozenset[int] | None:
        """The sites where it may do this; None: all of them."""
        if right in self.rights:
            return None
        return frozenset(site for site, here in self.at_sites if right in here)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def person(
    login: str, role: Role | None, at_sites: Mapping[int, Role] | None = None, user_id: int | None = None
) -> Actor:
    """A signed-in user: with one role everywhere, roles at single sites, or both."""
    return Actor(
        "person",
        login,
        frozenset() if role is None else RIGHTS[role],
        role,
        tuple(sorted((site_id, RIGHTS[there]) for site_id, there in (at_sites or {}).items())),
        user_id,
    )


def on_handheld(who: Actor, site_id: int, handheld_id: int) -> Actor:
    """A person with badge and PIN: of what they may do at this one site, only the work of the floor."""
    there = frozenset(right for right in ON_THE_FLOOR if who.may(right, site_id))
    return Actor("person", who.name, frozenset(), None, ((site_id, there),), who.user_id, handheld_id)


def key_actor(name: str, scopes: frozenset[Right], sites: Sequence[int] | None = None) -> Actor:
    """Another system: with its scopes at these sites, or (None) at every one."""
    if sites is None:
        return Actor("key", name, scopes)
    return Actor("key", name, at_sites=tuple((site_id, scopes) for site_id in sorted(sites)))


def system(part: str) -> Actor:
    """A part of Shelfwise acting by itself: it may do all but what needs a person's decision."""
    return Actor("system", part, frozenset(Right) - PERSONS_ALONE - {Right.DECIDE_PROPOSALS})
