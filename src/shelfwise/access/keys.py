"""Keys: how other systems get in, and what each may do where, and for how long."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shelfwise.access.context import Context, Office
from shelfwise.access.model import PERSONS_ALONE, Actor, Right, key_actor
from shelfwise.access.passwords import digest
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, Unauthenticated, shorten
from shelfwise.store.database import first, rows, run, value

_USE_NOTED_EVERY = timedelta(minutes=5)
LONGEST_NAME = 80


@dataclass(frozen=True)
class Key:
    """A key of another system; its secret is kept nowhere. Wall times.

    Attributes:
        sites: where it works; None: at every site.
        last_used_at: to within some minutes.
    """

    key_id: int
    name: str
    scopes: list[str]
    sites: list[int] | None
    added_at: datetime | None
    added_by: str | None
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked: bool
    revoked_at: datetime | None


_SELECT = """select k.key_id, k.name, k.scopes, k.added_at, k.added_by, k.expires_at, k.last_used_at, k.revoked,
        k.revoked_at, case when not k.everywhere then array(
            select s.site_id from api_key_site s where s.tenant_id = k.tenant_id and s.key_id = k.key_id
            order by s.site_id) end as sites
    from api_key k where k.tenant_id = %s"""


def add_key(
    ctx: Context,
    name: str,
    scopes: Iterable[Right],
    *,
    sites: Collection[int] | None = None,
    expires_at: datetime | None = None,
) -> str:
    """Make a key for another system; returns the secret, which is shown this once.

    Args:
        scopes: what it may do.
        sites: where; None: at every site.
        expires_at: from when on it is refused, by the wall clock; None: never.

    Raises:
        Forbidden: without the right to manage people.
        Invalid: the name is empty or too long, the end has passed, or sites are given and there is none.
        Refused: the name is taken, or a scope exceeds what may be given to a key.
        NotFound: there is no such site.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    wanted = sorted(set(scopes))
    faults = []
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        faults.append(Fault("name", f"1 to {LONGEST_NAME} characters", shorten(name), "Name it after its system."))
    if sites is not None and not sites:
        faults.append(Fault("sites", "at least one", "none", "Choose a site, or every site."))
    if expires_at is not None and expires_at <= ctx.wall.now():
        faults.append(Fault("expires_at", "a time to come", expires_at.isoformat(), "Choose a later day."))
    if faults:
        raise Invalid(*faults)
    if alone := sorted(PERSONS_ALONE & set(wanted)):
        raise Refused(f"A key cannot be given {', '.join(alone)}: that takes a person. Leave it out.")
    secret = f"sw_{secrets.token_urlsafe(32)}"
    key_id = value(
        ctx.tx,
        """insert into api_key (tenant_id, name, key_hash, scopes, everywhere, added_at, added_by, expires_at)
           values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning key_id""",
        (
            ctx.tenant, name, digest(secret), [scope.value for scope in wanted], sites is None, ctx.wall.now(),
            ctx.actor.by, expires_at,
        ),
    )  # fmt: skip
    if key_id is None:
        raise Refused(f"There is a key named {name!r} already. Revoke it, or choose another name.")
    for site_id in sorted(sites or ()):
        if not run(
            ctx.tx,
            """insert into api_key_site (tenant_id, key_id, site_id)
               select tenant_id, %s, site_id from site where tenant_id = %s and site_id = %s""",
            (key_id, ctx.tenant, site_id),
        ):
            raise NotFound("site", site_id)
    ctx.audit(
        "key.added",
        f"key:{name}",
        scopes=[scope.value for scope in wanted],
        sites=None if sites is None else sorted(sites),
        expires=None if expires_at is None else expires_at.isoformat(),
    )
    return secret


def keys(ctx: Context) -> list[Key]:
    """Every key there is or was, those that work first, by name.

    Raises:
        Forbidden: without the right to manage people.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    return rows(ctx.tx, Key, f"{_SELECT} order by k.revoked, k.name", (ctx.tenant,))


def revoke_key(ctx: Context, key_id: int) -> Key:
    """Refuse a key from now on. Revoked again, nothing changes.

    Raises:
        Forbidden: without the right to manage people.
        NotFound: there is no such key.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    changed = run(
        ctx.tx,
        """update api_key set revoked = true, revoked_at = %s
           where tenant_id = %s and key_id = %s and not revoked""",
        (ctx.wall.now(), ctx.tenant, key_id),
    )
    found = first(ctx.tx, Key, f"{_SELECT} and k.key_id = %s", (ctx.tenant, key_id))
    if found is None:
        raise NotFound("key", key_id)
    if changed:
        ctx.audit("key.revoked", f"key:{found.name}")
    return found


def actor_of_key(office: Office, secret: str) -> Actor:
    """The system behind an API key. That it was used is noted every few minutes at most.

    Raises:
        Unauthenticated: unknown, revoked or expired.
    """
    now = office.wall.now()
    with office.database.transaction() as tx:
        key = first(
            tx,
            Key,
            f"{_SELECT} and k.key_hash = %s and not k.revoked and (k.expires_at is null or k.expires_at > %s)",
            (office.tenant, digest(secret), now),
        )
        if key is not None and (key.last_used_at is None or now - key.last_used_at >= _USE_NOTED_EVERY):
            run(
                tx,
                "update api_key set last_used_at = greatest(last_used_at, %s) where tenant_id = %s and key_id = %s",
                (now, office.tenant, key.key_id),
            )
    if key is None:
        raise Unauthenticated("This API key is unknown, revoked or expired. Ask a manager for a new one.")
    return key_actor(key.name, frozenset(Right(scope) for scope in key.scopes), key.sites)
