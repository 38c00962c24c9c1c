"""Sign-in of people, keys of other systems, and the audit log."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shelfwise.access.context import Context, Office, set_business_time
from shelfwise.access.model import PERSONS_ALONE, Actor, Right, Role, person, system
from shelfwise.core.clocks import BusinessTime
from shelfwise.core.errors import Fault, Invalid, Refused, Unauthenticated, shorten
from shelfwise.store.database import Database, first, rows, run, value

SESSION_LENGTH = timedelta(hours=12)
FAILURES_ALLOWED = 8
FAILURE_WINDOW = timedelta(minutes=10)
SHORTEST_PASSWORD = 12
# Each takes 64 MB for as long as it lasts, and anybody can ask for one: more than these wait for their turn.
_VERIFYING = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class _User:
    user_id: int
    login: str
    password_hash: str
    role: str


@dataclass(frozen=True)
class AuditEntry:
    """Who did what, when by both clocks."""

    audit_id: int
    wall_at: datetime
    business_at: datetime
    actor_kind: str
    actor_name: str
    action: str
    subject: str
    detail: dict[str, Any]


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    # Verified where the login is unknown, so that the time an answer takes does not tell which logins exist.
    return _hasher().hash(secrets.token_urlsafe())


def _digest(secret: str) -> bytes:
    # Tokens and keys are 256 random bits: nothing to guess, so a plain hash keeps them out of the database.
    return hashlib.sha256(secret.encode()).digest()


def add_user(ctx: Context, login: str, name: str, password: str, role: Role) -> int:
    """Add a person; returns the id.

    Raises:
        Forbidden: without the right to manage people.
        Invalid: a login that is empty or has spaces, or a password shorter than 12 characters.
        Refused: the login is taken.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    faults = []
    if not login or login != login.strip() or " " in login or not login.isprintable():
        faults.append(Fault("login", "a short name without spaces", shorten(login), "Choose another login."))
    if len(password) < SHORTEST_PASSWORD:
        faults.append(
            Fault(
                "password",
                f"at least {SHORTEST_PASSWORD} characters",
                f"{len(password)}",
                "Three random words do well.",
            )
        )
    if faults:
        raise Invalid(*faults)
    user_id: int | None = value(
        ctx.tx,
        """insert into app_user (tenant_id, login, name, password_hash, role) values (%s, %s, %s, %s, %s)
           on conflict do nothing returning user_id""",
        (ctx.tenant, login, name, _hasher().hash(password), role.value),
    )
    if user_id is None:
        raise Refused(f"The login {login!r} is taken. Choose another.")
    ctx.audit("user.added", f"user:{login}", role=role.value)
    return user_id


def set_up_tenant(database: Database, name: str, currency: str, login: str, password: str) -> bool:
    """In an empty database make tenant 1 with a live clock and its first manager; False if it is not empty."""
    with database.transaction() as tx:
        made = run(tx, "insert into tenant values (1, %s, %s) on conflict do nothing", (name, currency))
        if not made:
            return False
        office = Office(database)
        now = office.wall.now()
        set_business_time(tx, office.tenant, BusinessTime(now, now))
        founder = Actor("system", "set-up", frozenset({Right.MANAGE_PEOPLE}))
        add_user(office.within(tx, founder), login, "First admin", password, Role.ADMIN)
    return True


def sign_in(office: Office, login: str, password: str) -> str:
    """Open a session; returns its token, which is kept nowhere in the clear.

    Raises:
        Unauthenticated: unknown login or wrong password (which of the two is not said), or too many failures lately.
    """
    with office.context(system("sign-in")) as ctx:
        now = ctx.wall.now()
        failures: int = value(
            ctx.tx,
            "select count(*) from sign_in_failure where tenant_id = %s and login = %s and failed_at > %s",
            (ctx.tenant, login, now - FAILURE_WINDOW),
        )
        user = first(
            ctx.tx,
            _User,
            "select user_id, login, password_hash, role from app_user where tenant_id = %s and login = %s and active",
            (ctx.tenant, login),
        )
    if failures >= FAILURES_ALLOWED:
        raise Unauthenticated("Too many failed sign-ins for this login. Wait ten minutes and try again.")
    right = _verify(user.password_hash if user else _nobodys_hash(), password) and user is not None
    with office.context(system("sign-in")) as ctx:
        if not right or user is None:
            run(
                ctx.tx,
                "insert into sign_in_failure (tenant_id, login, failed_at) values (%s, %s, %s)",
                (ctx.tenant, login[:200], now),
            )
            run(
                ctx.tx,
                "delete from sign_in_failure where tenant_id = %s and failed_at <= %s",
                (ctx.tenant, now - FAILURE_WINDOW),
            )
            ctx.audit("sign_in.failed", f"user:{login[:200]}")
        else:
            token = secrets.token_urlsafe(32)
            run(
                ctx.tx,
                """insert into session (tenant_id, token_hash, user_id, created_at, expires_at)
                   values (%s, %s, %s, %s, %s)""",
                (ctx.tenant, _digest(token), user.user_id, now, now + SESSION_LENGTH),
            )
            run(ctx.tx, "delete from session where tenant_id = %s and expires_at <= %s", (ctx.tenant, now))
            ctx.audit("sign_in", f"user:{login}")
            return token
    raise Unauthenticated("Login and password do not match. Check both, or ask a manager.")


def _verify(password_hash: str, password: str) -> bool:
    try:
        with _VERIFYING:
            return _hasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def actor_of_session(office: Office, token: str) -> Actor:
    """The person behind a session token.

    Raises:
        Unauthenticated: unknown, expired or signed out, or the person is no longer active.
    """
    with office.database.transaction() as tx:
        user = first(
            tx,
            _User,
            """select user_id, login, password_hash, role from session join app_user using (tenant_id, user_id)
               where tenant_id = %s and token_hash = %s and expires_at > %s and active""",
            (office.tenant, _digest(token), office.wall.now()),
        )
    if user is None:
        raise Unauthenticated("You are not signed in, or your session has ended. Sign in again.")
    return person(user.login, Role(user.role), user_id=user.user_id)


def sign_out(office: Office, token: str) -> None:
    """End a session; ending an unknown one is no error."""
    with office.database.transaction() as tx:
        run(
            tx,
            "delete from session where tenant_id = %s and token_hash = %s",
            (office.tenant, _digest(token)),
        )


def add_key(ctx: Context, name: str, scopes: Iterable[Right]) -> str:
    """Make a key for another system; returns the secret, which is shown this once.

    Raises:
        Forbidden: without the right to manage people.
        Refused: the name is taken, or a scope exceeds what may be given to a key.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    wanted = sorted(set(scopes))
    if alone := sorted(PERSONS_ALONE & set(wanted)):
        raise Refused(f"A key cannot be given {', '.join(alone)}: that takes a person. Leave it out.")
    secret = f"sw_{secrets.token_urlsafe(32)}"
    key_id = value(
        ctx.tx,
        """insert into api_key (tenant_id, name, key_hash, scopes) values (%s, %s, %s, %s)
           on conflict do nothing returning key_id""",
        (ctx.tenant, name, _digest(secret), [scope.value for scope in wanted]),
    )
    if key_id is None:
        raise Refused(f"There is a key named {name!r} already. Choose another name.")
    ctx.audit("key.added", f"key:{name}", scopes=[scope.value for scope in wanted])
    return secret


@dataclass(frozen=True)
class _Key:
    name: str
    scopes: list[str]


def actor_of_key(office: Office, secret: str) -> Actor:
    """The system behind an API key.

    Raises:
        Unauthenticated: unknown or revoked.
    """
    with office.database.transaction() as tx:
        key = first(
            tx,
            _Key,
            "select name, scopes from api_key where tenant_id = %s and key_hash = %s and not revoked",
            (office.tenant, _digest(secret)),
        )
    if key is None:
        raise Unauthenticated("This API key is unknown or revoked. Ask a manager for a new one.")
    return Actor("key", key.name, frozenset(Right(scope) for scope in key.scopes))


def audit_log(ctx: Context, limit: int = 200, before: int | None = None) -> list[AuditEntry]:
    """The newest entries, or those before an id.

    Raises:
        Forbidden: without the right to view the audit log.
    """
    ctx.require(Right.VIEW_AUDIT)
    return rows(
        ctx.tx,
        AuditEntry,
        """select audit_id, wall_at, business_at, actor_kind, actor_name, action, subject, detail from audit_entry
           where tenant_id = %s and (%s::bigint is null or audit_id < %s) order by audit_id desc limit %s""",
        (ctx.tenant, before, before, limit),
    )
