"""Handhelds: devices that people share at one site; a badge and a short PIN are enough for the work of the floor."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shelfwise.access import throttle
from shelfwise.access.context import Context, Office
from shelfwise.access.model import Actor, Right, Role, on_handheld, person, system
from shelfwise.access.passwords import VERIFYING, digest, new_code, tidy_code, verify
from shelfwise.access.people import tidy_badge
from shelfwise.access.sessions import Caller, open_session
from shelfwise.access.throttle import Attempt, network_of
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, Unauthenticated, shorten
from shelfwise.store.database import first, rows, run, value

CODE_LASTS = timedelta(hours=1)
LONGEST_NAME = 60
SHORTEST_IDLE, LONGEST_IDLE = timedelta(minutes=1), timedelta(hours=2)
WRONG = "Badge and PIN do not match. Try again, or ask an admin for a new PIN."


@dataclass(frozen=True)
class Handheld:
    """A shared device. Wall times.

    Attributes:
        enrolled: whether the code was typed in on it.
        idle: after so long without a touch the person is signed out.
    """

    handheld_id: int
    site_id: int
    site: str
    name: str
    enrolled: bool
    idle: timedelta
    added_at: datetime
    added_by: str
    last_seen_at: datetime | None
    revoked_at: datetime | None


_SELECT = """select h.handheld_id, h.site_id, s.name as site, h.name, h.token_hash is not null as enrolled, h.idle,
        h.added_at, h.added_by, h.last_seen_at, h.revoked_at
    from handheld h join site s on s.tenant_id = h.tenant_id and s.site_id = h.site_id where h.tenant_id = %s"""


def handhelds(ctx: Context) -> list[Handheld]:
    """Every handheld there is or was, those that work first, by site and name.

    Raises:
        Forbidden: without the right to manage people.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    return rows(ctx.tx, Handheld, f"{_SELECT} order by h.revoked_at is not null, s.name, h.name", (ctx.tenant,))


def add_handheld(ctx: Context, site_id: int, name: str, idle: timedelta = timedelta(minutes=10)) -> tuple[int, str]:
    """Make room for a handheld at a site; returns its id and the code that is typed in on it, within the hour.

    Raises:
        Forbidden: without the right to manage people.
        NotFound: there is no such site.
        Invalid: no name, or an idle time out of range.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    faults = []
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        faults.append(
            Fault("name", f"1 to {LONGEST_NAME} characters", shorten(name), "Write what stands on the device.")
        )
    if not SHORTEST_IDLE <= idle <= LONGEST_IDLE:
        faults.append(Fault("idle", "1 to 120 minutes", str(idle), "Ten minutes do well."))
    if faults:
        raise Invalid(*faults)
    handheld_id: int | None = value(
        ctx.tx,
        """insert into handheld (tenant_id, site_id, name, idle, added_at, added_by)
           select tenant_id, site_id, %s, %s, %s, %s from site where tenant_id = %s and site_id = %s
           returning handheld_id""",
        (name.strip(), idle, ctx.wall.now(), ctx.actor.by, ctx.tenant, site_id),
    )
    if handheld_id is None:
        raise NotFound("site", site_id)
    ctx.audit("handheld.added", f"handheld:{handheld_id}", name=name, site=site_id)
    return handheld_id, _code(ctx, handheld_id)


def handheld_code(ctx: Context, handheld_id: int) -> str:
    """A new code for a handheld, as after its cookie was lost; once it is typed in, the old device is one no more.

    Raises:
        Forbidden: without the right to manage people.
        NotFound: there is no such handheld.
        Refused: it was revoked.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    found = _get(ctx, handheld_id)
    if found.revoked_at is not None:
        raise Refused(f"{found.name} was revoked. Add it anew.")
    ctx.audit("handheld.code_made", f"handheld:{handheld_id}", name=found.name)
    return _code(ctx, handheld_id)


def revoke_handheld(ctx: Context, handheld_id: int) -> Handheld:
    """Make a handheld an ordinary device again: no badge opens it, and who is signed in on it is out at once.

    Raises:
        Forbidden: without the right to manage people.
        NotFound: there is no such handheld.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    found = _get(ctx, handheld_id)
    if found.revoked_at is None:
        run(
            ctx.tx,
            "update handheld set revoked_at = %s, token_hash = null where tenant_id = %s and handheld_id = %s",
            (ctx.wall.now(), ctx.tenant, handheld_id),
        )
        run(ctx.tx, "delete from session where tenant_id = %s and handheld_id = %s", (ctx.tenant, handheld_id))
        run(ctx.tx, "delete from one_time_code where tenant_id = %s and handheld_id = %s", (ctx.tenant, handheld_id))
        ctx.audit("handheld.revoked", f"handheld:{handheld_id}", name=found.name)
    return _get(ctx, handheld_id)


def _get(ctx: Context, handheld_id: int) -> Handheld:
    found = first(ctx.tx, Handheld, f"{_SELECT} and h.handheld_id = %s", (ctx.tenant, handheld_id))
    if found is None:
        raise NotFound("handheld", handheld_id)
    return found


def _code(ctx: Context, handheld_id: int) -> str:
    now, code = ctx.wall.now(), new_code()
    run(
        ctx.tx,
        "delete from one_time_code where tenant_id = %s and (handheld_id = %s or expires_at <= %s)",
        (ctx.tenant, handheld_id, now),
    )
    run(
        ctx.tx,
        "insert into one_time_code (tenant_id, code_hash, handheld_id, expires_at) values (%s, %s, %s, %s)",
        (ctx.tenant, digest(code), handheld_id, now + CODE_LASTS),
    )
    return code


def enrol(office: Office, code: str, caller: Caller) -> str:
    """Make the device that sends this a handheld; returns the token that it keeps.

    Raises:
        Unauthenticated: the code is unknown, used or too old, or too many were tried.
    """
    attempt = Attempt("code", "", network_of(caller.address))
    _check_pause(office, attempt)
    with office.context(system("sign-in")) as ctx:
        handheld_id = value(
            ctx.tx,
            """delete from one_time_code where tenant_id = %s and code_hash = %s and expires_at > %s
               and handheld_id is not null returning handheld_id""",
            (ctx.tenant, digest(tidy_code(code)), ctx.wall.now()),
        )
        if handheld_id is not None:
            token = secrets.token_urlsafe(32)
            run(
                ctx.tx,
                "update handheld set token_hash = %s, last_seen_at = %s where tenant_id = %s and handheld_id = %s",
                (digest(token), ctx.wall.now(), ctx.tenant, handheld_id),
            )
            run(ctx.tx, "delete from session where tenant_id = %s and handheld_id = %s", (ctx.tenant, handheld_id))
            ctx.audit("handheld.enrolled", f"handheld:{handheld_id}", address=caller.address)
            return token
    with office.context(system("sign-in")) as ctx:
        throttle.remember_failure(ctx.tx, ctx.tenant, attempt, ctx.wall.now())
        ctx.audit("code.failed", "code:handheld", address=caller.address)
    raise Unauthenticated("This code is unknown, was used already, or is older than an hour. Ask for a new one.")


def handheld_of(office: Office, token: str | None) -> Handheld | None:
    """The handheld that keeps this token; None: the device is none, or no more."""
    if not token:
        return None
    with office.database.transaction() as tx:
        return first(
            tx,
            Handheld,
            f"{_SELECT} and h.token_hash = %s and h.revoked_at is null",
            (office.tenant, digest(token)),
        )


@dataclass(frozen=True)
class _User:
    user_id: int
    login: str
    role: str | None
    here: str | None
    pin_hash: str | None


def sign_in_with_badge(office: Office, token: str | None, badge: str, pin: str, caller: Caller) -> str:
    """Open a session on a handheld; returns its token.

    Raises:
        Unauthenticated: the device is no handheld, badge and PIN do not match, or too many failures lately.
    """
    here = handheld_of(office, token)
    if here is None:
        raise Unauthenticated("This device is not a handheld, or no longer. Ask an admin for a code.")
    scanned = tidy_badge(badge)[:100]
    attempt = Attempt("pin", scanned, f"handheld:{here.handheld_id}")
    with VERIFYING:
        _check_pause(office, attempt)
        with office.database.transaction() as tx:
            user = first(
                tx,
                _User,
                """select u.user_id, u.login, u.role, u.pin_hash, r.role as here from app_user u
                   left join user_site_role r on r.tenant_id = u.tenant_id and r.user_id = u.user_id and r.site_id = %s
                   where u.tenant_id = %s and u.badge = %s and u.active""",
                (here.site_id, office.tenant, scanned),
            )
        who = None if user is None else _floor_actor(user, here)
        # Somebody without a role at this site has no business here; the answer is the same.
        right = verify(user.pin_hash if user else None, pin) and who is not None and bool(who.at_sites[0][1])
        if not right or user is None or who is None:
            with office.context(system("sign-in")) as ctx:
                throttle.remember_failure(ctx.tx, ctx.tenant, attempt, ctx.wall.now())
                ctx.audit("sign_in.failed", f"handheld:{here.handheld_id}", badge=scanned)
            raise Unauthenticated(WRONG)
    with office.context(who) as ctx:
        throttle.forgive(ctx.tx, ctx.tenant, attempt)
        opened = open_session(ctx, user.user_id, replace(caller, device=None), here.idle, here.handheld_id)
        run(
            ctx.tx,
            "update handheld set last_seen_at = %s where tenant_id = %s and handheld_id = %s",
            (ctx.wall.now(), ctx.tenant, here.handheld_id),
        )
        ctx.audit("sign_in", f"user:{user.login}", address=caller.address)
    return opened


def _floor_actor(user: _User, here: Handheld) -> Actor:
    role = None if user.role is None else Role(user.role)
    at_site = {} if user.here is None else {here.site_id: Role(user.here)}
    return on_handheld(person(user.login, role, at_site, user.user_id), here.site_id, here.handheld_id)


def _check_pause(office: Office, attempt: Attempt) -> None:
    now = office.wall.now()
    with office.database.transaction() as tx:
        until = throttle.refused_until(tx, office.tenant, attempt, now)
    if until is not None:
        raise Unauthenticated(f"Too many failed attempts. Wait {throttle.wait_words(until, now)} and try again.")
