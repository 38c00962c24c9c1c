"""Who is told of what, when it goes on to somebody else, and what comes first. Pure rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shelfwise.access.model import RIGHTS, Actor, Role

# How long an alert that nobody has taken stays with one role before the next one is told. Business time.
PATIENCE = {"danger": timedelta(minutes=15), "attention": timedelta(hours=24)}
# How long a task that nobody took by its time stays with each further role. Business time.
TASK_PATIENCE = timedelta(hours=24)
# How long somebody may not want to hear of it. What is dangerous is never silent for long.
LONGEST_SNOOZE = {"danger": timedelta(hours=4), "attention": timedelta(days=7)}
LONGEST_TASK_SNOOZE = timedelta(days=31)

_LAST = Role.ADMIN
# Roles that get by an alert or task at a site what is meant for another: whoever is asked first stands first.
_AFTER = {
    Role.VIEWER: (Role.MANAGER,),
    Role.OPERATOR: (Role.MANAGER,),
    Role.QUALITY: (Role.MANAGER,),
    Role.PLANNER: (Role.MANAGER,),
    Role.MANAGER: (),
    Role.ADMIN: (),
}


# Tasks that are closed by what they ask for and not by saying so: what to do instead.
SETTLED_BY: dict[str, str] = {
    "approve_order": "Approve the order on its page, or take the first approval back there: then this is done.",
    "portal": "Book or reject on its page what passed the door: then this is done.",
    "tell_supplier": "Say on the page of the order that you have told the supplier: then this is done.",
}


@dataclass(frozen=True)
class Rule:
    """What follows from one kind of alert.

    Attributes:
        ladder: who is told first, and who next when nobody takes it.
        why: why it is their business, in words.
        by_hand: nobody watches the cause, so a person says when it is settled.
        answers: whoever answers when somebody says that the alert is wrong.
    """

    ladder: tuple[Role, ...]
    why: str
    by_hand: bool = False
    answers: Role = Role.MANAGER


RULES: dict[str, Rule] = {
    "temperature": Rule(
        (Role.OPERATOR, Role.QUALITY, Role.MANAGER, Role.ADMIN),
        "Goods spoil while a zone is outside its limit; whoever is on the floor can look at the door first.",
        answers=Role.QUALITY,
    ),
    "temperature_past": Rule(
        (Role.QUALITY, Role.MANAGER, Role.ADMIN),
        "The goods that lay there then may be spoiled; nothing can be done at the door any more.",
        by_hand=True,
        answers=Role.QUALITY,
    ),
    "count": Rule(
        (Role.OPERATOR, Role.MANAGER),
        "The books and the shelf differ, and only somebody who stands before it can count.",
        by_hand=True,
    ),
    "expired": Rule(
        (Role.QUALITY, Role.MANAGER, Role.ADMIN),
        "It fills a place and serves nobody until somebody decides what becomes of it.",
        by_hand=True,
    ),
    "hold": Rule(
        (Role.QUALITY, Role.MANAGER, Role.ADMIN),
        "Somebody put it on hold for a reason, and it may be on its way to a customer.",
        by_hand=True,
        answers=Role.QUALITY,
    ),
    "serial": Rule(
        (Role.OPERATOR, Role.QUALITY, Role.MANAGER),
        "Only somebody who holds the piece can read its number.",
        by_hand=True,
    ),
    "books": Rule(
        (Role.MANAGER, Role.ADMIN),
        "Every figure rests on the books, and they contradict themselves.",
        answers=Role.ADMIN,
    ),
    "connection": Rule(
        (Role.OPERATOR, Role.MANAGER, Role.ADMIN),
        "What its devices see does not arrive until it is back; whoever is on the floor can look at plug and cable.",
        answers=Role.ADMIN,
    ),
    "nightly": Rule(
        (Role.PLANNER, Role.MANAGER, Role.ADMIN),
        "There are no new forecasts and proposals until it succeeds.",
        answers=Role.ADMIN,
    ),
    "forecast_bias": Rule(
        (Role.PLANNER, Role.MANAGER),
        "Orders follow a forecast that errs on one side; somebody may know why before it has learnt.",
        answers=Role.PLANNER,
    ),
    "incoming": Rule(
        (Role.PLANNER, Role.MANAGER, Role.ADMIN),
        "What other systems tell does not arrive until somebody mends it.",
        answers=Role.ADMIN,
    ),
    "silent_source": Rule(
        (Role.PLANNER, Role.MANAGER, Role.ADMIN),
        "Forecasts and stock rest on what this system tells, and it tells nothing.",
        answers=Role.ADMIN,
    ),
    "outside_silent": Rule(
        (Role.PLANNER, Role.MANAGER, Role.ADMIN),
        "Forecasts that have learnt from this series do without it, until somebody mends where it comes from.",
        answers=Role.ADMIN,
    ),
    "message": Rule(
        (Role.PLANNER, Role.MANAGER),
        "Somebody outside waits for this message, or has it twice if it is sent again blindly.",
    ),
    "device_silent": Rule(
        (Role.OPERATOR, Role.MANAGER, Role.ADMIN),
        "What a silent device watches is not watched; whoever is near can look at its power first.",
    ),
    "device_doubt": Rule(
        (Role.OPERATOR, Role.QUALITY, Role.MANAGER),
        "Decisions rest on what it says; somebody who stands before it can compare.",
        answers=Role.QUALITY,
    ),
    "upkeep": Rule(
        (Role.ADMIN,),
        "Whoever runs the installation can put it right, and nobody else.",
        answers=Role.ADMIN,
    ),
    "unclaimed": Rule(
        (Role.MANAGER, Role.ADMIN),
        "What unknown devices say is kept nowhere any more, and one of them may be ours.",
        by_hand=True,
    ),
    "subscription": Rule(
        (Role.ADMIN,),
        "Another system relies on being told and is not.",
        answers=Role.ADMIN,
    ),
}
_ANY = Rule((Role.OPERATOR, Role.MANAGER, Role.ADMIN), "Something needs to be looked at.", by_hand=True)


def rule(kind: str) -> Rule:
    """The rule of a kind of alert; one for all kinds that have none of their own."""
    return RULES.get(kind, _ANY)


def addressed(ladder: Sequence[Role], level: int, held: Collection[Role]) -> Role:
    """Who is to act: the role at this level of the ladder, or the next one that somebody holds there.

    Args:
        ladder: roles in the order in which they are told.
        level: how far up it has come; beyond the end it stays with the last.
        held: roles that active people hold at the site.
    """
    for wanted in ladder[min(level, len(ladder) - 1) :]:
        if wanted in held:
            return wanted
    return next((one for one in (Role.MANAGER, _LAST) if one in held), _LAST)


def task_ladder(first: Role) -> tuple[Role, ...]:
    """Whom a task for a role falls to where nobody has that role."""
    return (first, *_AFTER[first], _LAST) if first is not _LAST else (_LAST,)


def roles_of(actor: Actor) -> tuple[Role | None, dict[int, Role]]:
    """What a person is: everywhere, and at single sites."""
    known = {rights: role for role, rights in RIGHTS.items()}
    return actor.role, {site: known[rights] for site, rights in actor.at_sites if rights in known}


def is_mine(actor: Actor, role: Role, site_id: int | None) -> bool:
    """Whether a person has this role there."""
    everywhere, at = roles_of(actor)
    return role is everywhere or (site_id is not None and at.get(site_id) is role)


def escalates(severity: str, level: int, since: datetime, ladder: Sequence[Role], now: datetime) -> bool:
    """Whether an alert that nobody has taken goes on to the next role.

    Args:
        since: when the present role was told, or its snooze ended.
        now: business time.
    """
    return level + 1 < len(ladder) and now - since >= PATIENCE[severity]


def task_goes_on(
    level: int,
    due_at: datetime | None,
    escalated_at: datetime | None,
    snoozed_until: datetime | None,
    ladder: Sequence[Role],
    now: datetime,
) -> bool:
    """Whether a task that nobody has taken goes on to the next role: when it is due, and a day later again.

    Args:
        level: how often it has gone on; escalated_at: when it last did.
        now: business time.
    """
    if due_at is None or level + 1 >= len(ladder) or (snoozed_until is not None and snoozed_until > now):
        return False
    return now >= due_at and (escalated_at is None or now - escalated_at >= TASK_PATIENCE)


def urgency(*, severity: str | None, priority: str | None, taken: bool, due_at: datetime | None, now: datetime) -> int:
    """Where something stands in the inbox: 0 comes first.

    Args:
        severity: of an alert, 'danger' or 'attention'.
        priority: of a task, 'high', 'normal' or 'low'.
        taken: somebody has it already.
        due_at: when a task is due.
    """
    if severity == "danger":
        return 3 if taken else 0
    if severity is not None:
        return 5 if taken else 2
    if due_at is not None and due_at <= now:
        return 1
    if priority == "high" or (due_at is not None and due_at <= now + timedelta(hours=4)):
        return 2
    return 6 if priority == "low" else 4
