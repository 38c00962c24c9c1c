"""People: who may sign in, what each may do where, and how each gets in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role
from shelfwise.access.passwords import digest, hasher, new_code, new_pin, password_faults
from shelfwise.access.sessions import end_all
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused, shorten
from shelfwise.store.database import first, rows, run, value, values

CODE_LASTS = timedelta(hours=24)
LONGEST_LOGIN, LONGEST_NAME = 64, 120


@dataclass(frozen=True)
class User:
    """A person.

    Attributes:
        role: what they are at every site; None: nothing but what `at_sites` gives.
        at_sites: site id to role.
        has_password: False until the person has chosen one.
        last_seen_at: in any open session; wall time.
    """

    user_id: int
    login: str
    name: str
    role: Role | None
    at_sites: dict[int, Role]
    active: bool
    has_password: bool
    must_change: bool
    badge: str | None
    has_pin: bool
    added_at: datetime | None
    added_by: str | None
    last_seen_at: datetime | None


@dataclass(frozen=True)
class _Row:
    user_id: int
    login: str
    name: str
    role: str | None
    at_sites: dict[str, str]
    active: bool
    has_password: bool
    must_change: bool
    badge: str | None
    has_pin: bool
    added_at: datetime | None
    added_by: str | None
    last_seen_at: datetime | None

    def user(self) -> User:
        role = None if self.role is None else Role(self.role)
        return User(
            **{**vars(self), "role": role, "at_sites": {int(at): Role(one) for at, one in self.at_sites.items()}}
        )


_SELECT = """select u.user_id, u.login, u.name, u.role, u.active, u.password_hash is not null as has_password,
        u.must_change, u.badge, u.pin_hash is not null as has_pin, u.added_at, u.added_by,
        (select coalesce(jsonb_object_agg(r.site_id, r.role), '{}') from user_site_role r
         where r.tenant_id = u.tenant_id and r.user_id = u.user_id) as at_sites,
        (select max(s.last_seen_at) from session s
         where s.tenant_id = u.tenant_id and s.user_id = u.user_id) as last_seen_at
    from app_user u where u.tenant_id = %s"""


def users(ctx: Context) -> list[User]:
    """Everybody, active or not, by login.

    Raises:
        Forbidden: without the right to manage people.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    return [row.user() for row in rows(ctx.tx, _Row, f"{_SELECT} order by u.login", (ctx.tenant,))]


def user(ctx: Context, user_id: int) -> User:
    """
    Raises:
        Forbidden: without the right to manage people.
        NotFound: there is no such person.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    return _user(ctx, user_id)


def _user(ctx: Context, user_id: int) -> User:
    found = first(ctx.tx, _Row, f"{_SELECT} and u.user_id = %s", (ctx.tenant, user_id))
    if found is None:
        raise NotFound("person", user_id)
    return found.user()


def add_user(
    ctx: Context,
    login: str,
    name: str,
    password: str | None,
    role: Role | None,
    at_sites: Mapping[int, Role] | None = None,
    *,
    must_change: bool = False,
) -> int:
    """Add a person; returns the id.

    Args:
        password: None: the person chooses one with a code, see `password_code`.
        role: at every site.
        at_sites: site id to role there.
        must_change: whoever gave the password is not its person, who has to choose another at the first sign-in.

    Raises:
        Forbidden: without the right to manage people.
        Invalid: a login that is empty or has spaces or colons, or a password that is short or common.
        Refused: the login is taken.
        NotFound: there is no such site.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    faults = []
    if not login or len(login) > LONGEST_LOGIN or not login.isprintable() or set(login) & set(" :/\u00a0"):
        faults.append(Fault("login", "a short name without spaces and colons", shorten(login), "Choose another login."))
    faults += name_faults(name)
    if password is not None:
        faults += password_faults(password, login)
    if faults:
        raise Invalid(*faults)
    user_id: int | None = value(
        ctx.tx,
        """insert into app_user (tenant_id, login, name, password_hash, role, must_change, added_at, added_by)
           values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning user_id""",
        (
            ctx.tenant, login, name, None if password is None else hasher().hash(password),
            None if role is None else role.value, must_change, ctx.wall.now(), ctx.actor.by,
        ),
    )  # fmt: skip
    if user_id is None:
        raise Refused(f"The login {login!r} is taken. Choose another.")
    _put_sites(ctx, user_id, at_sites or {})
    ctx.audit(
        "user.added",
        f"user:{login}",
        role=None if role is None else role.value,
        at_sites=_sites_said(at_sites or {}, _site_codes(ctx)),
    )
    return user_id


def change_user(ctx: Context, user_id: int, name: str, role: Role | None, at_sites: Mapping[int, Role]) -> User:
    """Change a person's name and roles, with effect from the next thing they do.

    Raises:
        Forbidden: without the right to manage people.
        NotFound: there is no such person or site.
        Refused: nobody who may manage people would be left.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    if faults := name_faults(name):
        raise Invalid(*faults)
    _lock_admins(ctx)
    before = _user(ctx, user_id)
    if before.role is Role.ADMIN and role is not Role.ADMIN:
        _leave_an_admin(ctx, user_id)
    run(
        ctx.tx,
        "update app_user set name = %s, role = %s where tenant_id = %s and user_id = %s",
        (name, None if role is None else role.value, ctx.tenant, user_id),
    )
    run(ctx.tx, "delete from user_site_role where tenant_id = %s and user_id = %s", (ctx.tenant, user_id))
    _put_sites(ctx, user_id, at_sites)
    after = _user(ctx, user_id)
    codes = _site_codes(ctx)
    said = [_told(before, codes), _told(after, codes)]
    changed = [field for field in said[0] if said[0][field] != said[1][field]]
    if changed:
        ctx.audit(
            "user.changed",
            f"user:{before.login}",
            before={field: said[0][field] for field in changed},
            after={field: said[1][field] for field in changed},
        )
    return after


def set_active(ctx: Context, user_id: int, active: bool) -> None:
    """Shut a person out, at once, or let them in again.

    Raises:
        Forbidden: without the right to manage people.
        NotFound: there is no such person.
        Refused: nobody who may manage people would be left.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    _lock_admins(ctx)
    found = _user(ctx, user_id)
    if found.active == active:
        return
    if not active:
        _leave_an_admin(ctx, user_id)
        end_all(ctx, user_id)
        run(ctx.tx, "delete from one_time_code where tenant_id = %s and user_id = %s", (ctx.tenant, user_id))
        run(ctx.tx, "delete from known_device where tenant_id = %s and user_id = %s", (ctx.tenant, user_id))
    run(
        ctx.tx,
        "update app_user set active = %s where tenant_id = %s and user_id = %s",
        (active, ctx.tenant, user_id),
    )
    ctx.audit("user.reactivated" if active else "user.deactivated", f"user:{found.login}")


def password_code(ctx: Context, user_id: int) -> str:
    """A code with which a person chooses a password, once, within a day; codes made before end. It is shown this once.

    The password there is keeps working until the code is used.

    Raises:
        Forbidden: without the right to manage people.
        NotFound: there is no such person.
        Refused: the person is shut out.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    found = _active(ctx, user_id)
    run(
        ctx.tx,
        "delete from one_time_code where tenant_id = %s and (user_id = %s or expires_at <= %s)",
        (ctx.tenant, user_id, ctx.wall.now()),
    )
    code = new_code()
    run(
        ctx.tx,
        "insert into one_time_code (tenant_id, code_hash, user_id, expires_at) values (%s, %s, %s, %s)",
        (ctx.tenant, digest(code), user_id, ctx.wall.now() + CODE_LASTS),
    )
    ctx.audit("user.password_code_made", f"user:{found.login}")
    return code


def set_badge(ctx: Context, user_id: int, badge: str) -> None:
    """Say which badge a person scans on a handheld; empty: none. Taking a badge away ends sessions on handhelds.

    Raises:
        Forbidden: without the right to manage people.
        NotFound: there is no such person.
        Invalid: not 4 to 64 letters, digits and signs.
        Refused: somebody else has it.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    found = _user(ctx, user_id)
    wanted = tidy_badge(badge) or None
    if wanted is not None and not (4 <= len(wanted) <= 64 and wanted.isprintable()):
        raise Invalid(Fault("badge", "4 to 64 characters", shorten(badge), "Scan the badge, or type its number."))
    if wanted == found.badge:
        return
    taken = value(
        ctx.tx,
        "select login from app_user where tenant_id = %s and badge = %s and user_id <> %s",
        (ctx.tenant, wanted, user_id),
    )
    if taken is not None:
        raise Refused(f"{taken} has this badge. Take it from there first.")
    run(ctx.tx, "update app_user set badge = %s where tenant_id = %s and user_id = %s", (wanted, ctx.tenant, user_id))
    _end_on_handhelds(ctx, user_id)
    ctx.audit("user.badge_set", f"user:{found.login}", before={"badge": found.badge}, after={"badge": wanted})


def reset_pin(ctx: Context, user_id: int) -> str:
    """Give a person a new random PIN, which is returned this once; failures with the old one are forgotten.

    Raises:
        Forbidden: without the right to manage people.
        NotFound: there is no such person.
        Refused: the person is shut out.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    found = _active(ctx, user_id)
    pin = new_pin()
    run(
        ctx.tx,
        "update app_user set pin_hash = %s where tenant_id = %s and user_id = %s",
        (hasher().hash(pin), ctx.tenant, user_id),
    )
    run(
        ctx.tx,
        "delete from sign_in_failure where tenant_id = %s and door = 'pin' and login = %s",
        (ctx.tenant, found.badge),
    )
    _end_on_handhelds(ctx, user_id)
    ctx.audit("user.pin_reset", f"user:{found.login}")
    return pin


def tidy_badge(text: str) -> str:
    """A badge's number as it is kept: without spaces around, in capitals."""
    return text.strip().upper()


def _end_on_handhelds(ctx: Context, user_id: int) -> None:
    run(
        ctx.tx,
        "delete from session where tenant_id = %s and user_id = %s and handheld_id is not null",
        (ctx.tenant, user_id),
    )


def _active(ctx: Context, user_id: int) -> User:
    found = _user(ctx, user_id)
    if not found.active:
        raise Refused(f"{found.login} is shut out. Let them in again first.")
    return found


def name_faults(name: str) -> list[Fault]:
    if len(name) <= LONGEST_NAME and name.isprintable():
        return []
    return [Fault("name", f"at most {LONGEST_NAME} characters", shorten(name), "Shorten the name.")]


def _lock_admins(ctx: Context) -> None:
    """Two admins that remove each other at the same moment would both leave one behind."""
    values(
        ctx.tx,
        "select 1 from app_user where tenant_id = %s and role = 'admin' order by user_id for no key update",
        (ctx.tenant,),
    )


def _leave_an_admin(ctx: Context, without: int) -> None:
    left = value(
        ctx.tx,
        """select count(*) from app_user where tenant_id = %s and role = 'admin' and active
           and password_hash is not null and user_id <> %s""",
        (ctx.tenant, without),
    )
    is_one = value(
        ctx.tx,
        "select role = 'admin' and active from app_user where tenant_id = %s and user_id = %s",
        (ctx.tenant, without),
    )
    if is_one and not left:
        raise Refused(
            "This is the last admin who can sign in: nobody could manage people any more. Make somebody else admin, "
            "and have them choose a password, first."
        )


def _put_sites(ctx: Context, user_id: int, at_sites: Mapping[int, Role]) -> None:
    for site_id, role in sorted(at_sites.items()):
        if role is Role.ADMIN:
            raise Invalid(
                Fault(
                    "role", "manager or less at a single site", "admin", "An admin is one at every site: choose it so."
                )
            )
        if not run(
            ctx.tx,
            """insert into user_site_role (tenant_id, user_id, site_id, role)
               select tenant_id, %s, site_id, %s from site where tenant_id = %s and site_id = %s""",
            (user_id, role.value, ctx.tenant, site_id),
        ):
            raise NotFound("site", site_id)


def _site_codes(ctx: Context) -> dict[int, str]:
    return dict(values(ctx.tx, "select site_id, code from site where tenant_id = %s", (ctx.tenant,)))


def _sites_said(at_sites: Mapping[int, Role], codes: Mapping[int, str]) -> dict[str, str]:
    return {codes[site_id]: role.value for site_id, role in sorted(at_sites.items())}


def _told(user: User, codes: Mapping[int, str]) -> dict[str, object]:
    return {
        "name": user.name,
        "role": None if user.role is None else user.role.value,
        "at_sites": _sites_said(user.at_sites, codes),
    }
