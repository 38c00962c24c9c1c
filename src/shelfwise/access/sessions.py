"""Sessions: signing in and out with a password, who is behind a token, and what a person sees and ends."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shelfwise.access import throttle
from shelfwise.access.context import Context, Office
from shelfwise.access.model import Actor, Right, Role, on_handheld, person, system
from shelfwise.access.passwords import (
    LONGEST_PASSWORD,
    VERIFYING,
    digest,
    hasher,
    password_faults,
    pin_faults,
    tidy_code,
    verify,
)
from shelfwise.access.throttle import Attempt, network_of
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused, Unauthenticated
from shelfwise.store.database import Tx, first, rows, run, value

SESSION_LENGTH = timedelta(hours=12)
# A desk that nobody sat at for so long is signed out.
IDLE = timedelta(hours=2)
DEVICE_KNOWN_FOR = timedelta(days=180)
_TOUCHED_EVERY = timedelta(minutes=1)
WRONG = "Login and password do not match. Check both, or ask an admin."


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in.

    Attributes:
        must_change: the password was set by somebody else; nothing else is possible before it is changed.
        numbers, days: how this person writes them, else the company; see `records.habits`.
    """

    session_id: int
    actor: Actor
    must_change: bool = False
    numbers: str = "en"
    days: str = "name"


@dataclass(frozen=True)
class SessionLine:
    """A session as its person or an admin sees it; wall times. `agent` is what the browser calls itself."""

    session_id: int
    login: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    handheld: str | None


@dataclass(frozen=True)
class Caller:
    """What is known of whoever knocks before they are known.

    Attributes:
        address: where from.
        agent: what the browser calls itself.
        device: the browser's own token; it becomes known with the first sign-in.
        replaces: the token of a session that the new one takes the place of.
    """

    address: str = ""
    agent: str = ""
    device: str | None = None
    replaces: str | None = None


@dataclass(frozen=True)
class _User:
    user_id: int
    login: str
    password_hash: str | None


def sign_in(office: Office, login: str, password: str, caller: Caller = Caller()) -> str:
    """Open a session; returns its token, which is kept nowhere in the clear.

    Raises:
        Unauthenticated: unknown login or wrong password (which of the two is not said), or too many failures lately.
    """
    attempt = _attempt(office, login, caller)
    _check_pause(office, attempt)
    with VERIFYING:
        # Asked again: while this waited for its turn, others may have failed.
        _check_pause(office, attempt)
        with office.database.transaction() as tx:
            user = first(
                tx,
                _User,
                "select user_id, login, password_hash from app_user where tenant_id = %s and login = %s and active",
                (office.tenant, login),
            )
        right = verify(user.password_hash if user else None, password) and user is not None
        if not right or user is None:
            with _failed(office, attempt) as ctx:
                ctx.audit("sign_in.failed", f"user:{login[:200]}", address=caller.address)
            raise Unauthenticated(WRONG)
    with office.context(Actor("person", user.login, user_id=user.user_id)) as ctx:
        throttle.forgive(ctx.tx, ctx.tenant, attempt)
        _rehash(ctx, user, password)
        token = open_session(ctx, user.user_id, caller, IDLE)
        _know_device(ctx, user.user_id, caller)
        ctx.audit("sign_in", f"user:{login}", address=caller.address)
    return token


def open_session(ctx: Context, user_id: int, caller: Caller, idle: timedelta, handheld_id: int | None = None) -> str:
    """Make a session in this transaction; for sign-ins, which have checked who it is. Returns the token."""
    token = secrets.token_urlsafe(32)
    now = ctx.wall.now()
    run(
        ctx.tx,
        """insert into session (tenant_id, token_hash, user_id, created_at, last_seen_at, expires_at, idle, address,
                                agent, handheld_id)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            ctx.tenant, digest(token), user_id, now, now, now + SESSION_LENGTH, idle, caller.address[:100],
            caller.agent[:300], handheld_id,
        ),
    )  # fmt: skip
    run(
        ctx.tx,
        "delete from session where tenant_id = %s and (expires_at <= %s or last_seen_at + idle <= %s)",
        (ctx.tenant, now, now),
    )
    if caller.replaces:
        run(
            ctx.tx,
            "delete from session where tenant_id = %s and token_hash = %s",
            (ctx.tenant, digest(caller.replaces)),
        )
    return token


def _attempt(office: Office, login: str, caller: Caller) -> Attempt:
    known = None
    if caller.device:
        with office.database.transaction() as tx:
            known = value(
                tx,
                """select k.token_hash from known_device k join app_user u using (tenant_id, user_id)
                   where tenant_id = %s and k.token_hash = %s and u.login = %s and k.last_seen_at > %s""",
                (office.tenant, digest(caller.device), login, office.wall.now() - DEVICE_KNOWN_FOR),
            )
    return Attempt("password", login[:200], network_of(caller.address), known)


def _check_pause(office: Office, attempt: Attempt) -> None:
    now = office.wall.now()
    with office.database.transaction() as tx:
        until = throttle.refused_until(tx, office.tenant, attempt, now)
    if until is not None:
        raise Unauthenticated(
            f"Too many failed attempts. Wait {throttle.wait_words(until, now)} and try again; nothing is locked."
        )


@contextmanager
def _failed(office: Office, attempt: Attempt) -> Iterator[Context]:
    """Count a failure; what stands inside is kept with it."""
    with office.context(system("sign-in")) as ctx:
        throttle.remember_failure(ctx.tx, ctx.tenant, attempt, ctx.wall.now())
        yield ctx


def _rehash(ctx: Context, user: _User, password: str) -> None:
    """Where hashes are made with more work than when this one was, make it anew: only now is the password at hand."""
    if user.password_hash is not None and hasher().check_needs_rehash(user.password_hash):
        run(
            ctx.tx,
            "update app_user set password_hash = %s where tenant_id = %s and user_id = %s and password_hash = %s",
            (hasher().hash(password), ctx.tenant, user.user_id, user.password_hash),
        )


def _know_device(ctx: Context, user_id: int, caller: Caller) -> None:
    if not caller.device:
        return
    now = ctx.wall.now()
    run(
        ctx.tx,
        """insert into known_device (tenant_id, token_hash, user_id, first_seen_at, last_seen_at)
           values (%s, %s, %s, %s, %s)
           on conflict (tenant_id, token_hash, user_id) do update set last_seen_at = excluded.last_seen_at""",
        (ctx.tenant, digest(caller.device), user_id, now, now),
    )
    run(
        ctx.tx,
        "delete from known_device where tenant_id = %s and last_seen_at <= %s",
        (ctx.tenant, now - DEVICE_KNOWN_FOR),
    )


@dataclass(frozen=True)
class _Found:
    session_id: int
    last_seen_at: datetime
    handheld_id: int | None
    handheld_site: int | None
    user_id: int
    login: str
    role: str | None
    must_change: bool
    at_sites: dict[str, str]
    numbers: str
    days: str


def session_of(office: Office, token: str, active: bool = True) -> Session:
    """The session behind a token.

    Args:
        active: a person did something; False for what a page asks by itself, which keeps no session alive.

    Raises:
        Unauthenticated: unknown, expired, idle for too long or signed out, or the person is no longer active.
    """
    now = office.wall.now()
    with office.database.transaction() as tx:
        found = first(
            tx,
            _Found,
            """select s.session_id, s.last_seen_at, s.handheld_id, h.site_id as handheld_site, u.user_id, u.login,
                      u.role, u.must_change and s.handheld_id is null as must_change,
                      coalesce(u.numbers, t.numbers) as numbers, coalesce(u.days, t.days) as days,
                      (select coalesce(jsonb_object_agg(r.site_id, r.role), '{}') from user_site_role r
                       where r.tenant_id = u.tenant_id and r.user_id = u.user_id) as at_sites
               from session s
               join app_user u on u.tenant_id = s.tenant_id and u.user_id = s.user_id
               join tenant t on t.tenant_id = s.tenant_id
               left join handheld h on h.tenant_id = s.tenant_id and h.handheld_id = s.handheld_id
               where s.tenant_id = %(tenant)s and s.token_hash = %(hash)s and s.expires_at > %(now)s
                 and s.last_seen_at + s.idle > %(now)s and u.active and h.revoked_at is null""",
            {"tenant": office.tenant, "hash": digest(token), "now": now},
        )
        if found is not None and active and now - found.last_seen_at >= _TOUCHED_EVERY:
            _touch(tx, office.tenant, found, now)
    if found is None:
        raise Unauthenticated("You are not signed in, or your session has ended. Sign in again.")
    role = None if found.role is None else Role(found.role)
    who = person(
        found.login, role, {int(site): Role(there) for site, there in found.at_sites.items()}, user_id=found.user_id
    )
    if found.handheld_id is not None and found.handheld_site is not None:
        who = on_handheld(who, found.handheld_site, found.handheld_id)
    return Session(found.session_id, who, found.must_change, found.numbers, found.days)


def _touch(tx: Tx, tenant: int, found: _Found, now: datetime) -> None:
    run(
        tx,
        "update session set last_seen_at = greatest(last_seen_at, %s) where tenant_id = %s and session_id = %s",
        (now, tenant, found.session_id),
    )
    if found.handheld_id is not None:
        run(
            tx,
            "update handheld set last_seen_at = %s where tenant_id = %s and handheld_id = %s",
            (now, tenant, found.handheld_id),
        )


def actor_of_session(office: Office, token: str) -> Actor:
    """The person behind a session token.

    Raises:
        Unauthenticated: see `session_of`.
    """
    return session_of(office, token).actor


def sign_out(office: Office, token: str) -> None:
    """End a session; ending an unknown one is no error."""
    with office.database.transaction() as tx:
        run(
            tx,
            "delete from session where tenant_id = %s and token_hash = %s",
            (office.tenant, digest(token)),
        )


def change_password(office: Office, session: Session, old: str, new: str, caller: Caller = Caller()) -> str:
    """Change one's own password; every session of the person ends. Returns the token of the one that replaces it.

    Raises:
        Forbidden: signed in with badge and PIN.
        Unauthenticated: the old password is wrong, or was too often lately.
        Invalid: the new one is too short or too common, or the old one again.
    """
    user = _proven(office, session, old, caller)
    faults = password_faults(new, user.login)
    if faults:
        raise Invalid(*faults)
    if new == old:
        raise Refused("The new password is the old one. Choose another.")
    with office.context(session.actor) as ctx:
        set_password(ctx, user.user_id, new)
        ctx.audit("user.password_changed", f"user:{user.login}")
        return open_session(ctx, user.user_id, caller, IDLE)


def set_password(ctx: Context, user_id: int, password: str) -> None:
    """Keep a password that its person chose; all sessions and unused codes of the person end."""
    run(
        ctx.tx,
        "update app_user set password_hash = %s, must_change = false where tenant_id = %s and user_id = %s",
        (hasher().hash(password), ctx.tenant, user_id),
    )
    end_all(ctx, user_id)
    run(ctx.tx, "delete from one_time_code where tenant_id = %s and user_id = %s", (ctx.tenant, user_id))


def set_pin(office: Office, session: Session, password: str, pin: str, caller: Caller = Caller()) -> None:
    """Choose one's own PIN for handhelds; the password proves who does.

    Raises:
        Forbidden: signed in with badge and PIN.
        Unauthenticated: the password is wrong.
        Invalid: too short, or a simple row.
    """
    user = _proven(office, session, password, caller)
    if faults := pin_faults(pin):
        raise Invalid(*faults)
    with office.context(session.actor) as ctx:
        run(
            ctx.tx,
            "update app_user set pin_hash = %s where tenant_id = %s and user_id = %s",
            (hasher().hash(pin), ctx.tenant, user.user_id),
        )
        ctx.audit("user.pin_changed", f"user:{user.login}")


def prove(office: Office, session: Session, password: str, caller: Caller = Caller()) -> None:
    """Whoever sits there is the person of the session: they have just given their password once more.

    Raises:
        Forbidden: signed in with badge and PIN, or no person.
        Unauthenticated: the password is wrong, or was too often lately.
    """
    _proven(office, session, password, caller)


def _proven(office: Office, session: Session, password: str, caller: Caller) -> _User:
    """The person of a session, who has just given their password once more."""
    actor = session.actor
    if actor.kind != "person" or actor.user_id is None or actor.handheld_id is not None:
        raise Forbidden("A badge and PIN do not open this. Sign in with your password, on a computer or phone.")
    attempt = Attempt("password", actor.name, f"session:{session.session_id}")
    with VERIFYING:
        _check_pause(office, attempt)
        with office.database.transaction() as tx:
            user = first(
                tx,
                _User,
                "select user_id, login, password_hash from app_user where tenant_id = %s and user_id = %s and active",
                (office.tenant, actor.user_id),
            )
        if user is None or not verify(user.password_hash, password[:LONGEST_PASSWORD]):
            with _failed(office, attempt) as ctx:
                ctx.audit("password.failed", f"user:{actor.name}", address=caller.address)
            raise Unauthenticated("That is not your password. Type the one you signed in with.")
    return user


def use_password_code(office: Office, code: str, password: str, caller: Caller = Caller()) -> str:
    """Choose a password with a code that an admin handed out; returns the token of a new session.

    Raises:
        Unauthenticated: the code is unknown, used or too old.
        Invalid: the password is too short or too common; the code still works.
    """
    attempt = Attempt("code", "", network_of(caller.address))
    _check_pause(office, attempt)
    hashed = digest(tidy_code(code))
    with office.context(system("sign-in")) as ctx:
        user = first(
            ctx.tx,
            _User,
            """select u.user_id, u.login, u.password_hash
               from one_time_code c join app_user u using (tenant_id, user_id)
               where tenant_id = %s and c.code_hash = %s and c.expires_at > %s and u.active for update of c""",
            (ctx.tenant, hashed, ctx.wall.now()),
        )
        if user is not None:
            if faults := password_faults(password, user.login):
                raise Invalid(*faults)
            ctx = replace(ctx, actor=Actor("person", user.login, user_id=user.user_id))
            set_password(ctx, user.user_id, password)
            throttle.forgive(ctx.tx, ctx.tenant, replace(attempt, door="password", login=user.login))
            ctx.audit("user.password_chosen", f"user:{user.login}", address=caller.address)
            token = open_session(ctx, user.user_id, caller, IDLE)
            _know_device(ctx, user.user_id, caller)
            return token
    with _failed(office, attempt) as ctx:
        ctx.audit("code.failed", "code:password", address=caller.address)
    raise Unauthenticated("This code is unknown, was used already, or is too old. Ask an admin for a new one.")


_LINES = """select s.session_id, u.login, s.created_at, s.last_seen_at, s.expires_at, s.address, s.agent,
        h.name as handheld
    from session s join app_user u on u.tenant_id = s.tenant_id and u.user_id = s.user_id
    left join handheld h on h.tenant_id = s.tenant_id and h.handheld_id = s.handheld_id
    where s.tenant_id = %(tenant)s and s.expires_at > %(now)s and s.last_seen_at + s.idle > %(now)s
      and u.active and h.revoked_at is null and (%(user)s::bigint is null or s.user_id = %(user)s)
    order by s.last_seen_at desc, s.session_id desc"""


def own_sessions(ctx: Context) -> list[SessionLine]:
    """One's own sessions, the last seen first.

    Raises:
        Forbidden: not a person, or signed in with badge and PIN.
    """
    return rows(ctx.tx, SessionLine, _LINES, {"tenant": ctx.tenant, "now": ctx.wall.now(), "user": own_id(ctx)})


def sessions(ctx: Context, user_id: int | None = None) -> list[SessionLine]:
    """Everybody's sessions, or one person's, the last seen first.

    Raises:
        Forbidden: without the right to manage people.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    return rows(ctx.tx, SessionLine, _LINES, {"tenant": ctx.tenant, "now": ctx.wall.now(), "user": user_id})


def end_own_session(ctx: Context, session_id: int) -> None:
    """End one of one's own sessions.

    Raises:
        Forbidden: not a person, or signed in with badge and PIN.
        NotFound: there is no such session of this person's.
    """
    _end(ctx, session_id, own_id(ctx))


def end_session(ctx: Context, session_id: int) -> None:
    """End anybody's session.

    Raises:
        Forbidden: without the right to manage people.
        NotFound: there is no such session.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    _end(ctx, session_id, None)


def end_own_sessions(ctx: Context, but: int) -> int:
    """End all of one's own sessions but one; returns how many.

    Raises:
        Forbidden: not a person, or signed in with badge and PIN.
    """
    ended = end_all(ctx, own_id(ctx), but)
    ctx.audit("sessions.ended", f"user:{ctx.actor.name}", ended=ended)
    return ended


def end_sessions(ctx: Context, user_id: int) -> int:
    """End all sessions of a person; returns how many.

    Raises:
        Forbidden: without the right to manage people.
        NotFound: there is no such person.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    login = value(ctx.tx, "select login from app_user where tenant_id = %s and user_id = %s", (ctx.tenant, user_id))
    if login is None:
        raise NotFound("person", user_id)
    ended = end_all(ctx, user_id)
    ctx.audit("sessions.ended", f"user:{login}", ended=ended)
    return ended


def end_all(ctx: Context, user_id: int, but: int | None = None) -> int:
    """End a person's sessions, for changes that call for it; the caller has checked rights and writes the audit."""
    return run(
        ctx.tx,
        "delete from session where tenant_id = %s and user_id = %s and session_id is distinct from %s",
        (ctx.tenant, user_id, but),
    )


def _end(ctx: Context, session_id: int, user_id: int | None) -> None:
    login = value(
        ctx.tx,
        """delete from session s using app_user u where s.tenant_id = %s and s.session_id = %s
           and (%s::bigint is null or s.user_id = %s) and u.tenant_id = s.tenant_id and u.user_id = s.user_id
           returning u.login""",
        (ctx.tenant, session_id, user_id, user_id),
    )
    if login is None:
        raise NotFound("session", session_id)
    ctx.audit("session.ended", f"user:{login}", session=session_id)


def own_id(ctx: Context) -> int:
    """The user behind the actor, for what everybody may do for themselves.

    Raises:
        Forbidden: not a person, or signed in with badge and PIN.
    """
    if ctx.actor.kind != "person" or ctx.actor.user_id is None or ctx.actor.handheld_id is not None:
        raise Forbidden("This is for people who signed in with their password. Sign in, or ask a manager.")
    return ctx.actor.user_id
