"""People, keys, sessions, handhelds and the audit log: what other rooms and pages ask of them."""

from __future__ import annotations

from shelfwise.access.audit import AuditEntry, AuditFilter, audit_actions, audit_actors, audit_log
from shelfwise.access.context import Office, set_business_time
from shelfwise.access.handhelds import (
    Handheld,
    add_handheld,
    enrol,
    handheld_code,
    handheld_of,
    handhelds,
    revoke_handheld,
    sign_in_with_badge,
)
from shelfwise.access.keys import Key, actor_of_key, add_key, keys, revoke_key
from shelfwise.access.model import Actor, Right, Role
from shelfwise.access.passwords import SHORTEST_PASSWORD
from shelfwise.access.people import (
    User,
    add_user,
    change_user,
    password_code,
    reset_pin,
    set_active,
    set_badge,
    user,
    users,
)
from shelfwise.access.sessions import (
    DEVICE_KNOWN_FOR,
    SESSION_LENGTH,
    Caller,
    Session,
    SessionLine,
    actor_of_session,
    change_password,
    end_own_session,
    end_own_sessions,
    end_session,
    end_sessions,
    own_id,
    own_sessions,
    session_of,
    sessions,
    set_pin,
    sign_in,
    sign_out,
    use_password_code,
)
from shelfwise.core.clocks import BusinessTime
from shelfwise.store.database import Database, run

__all__ = [
    "DEVICE_KNOWN_FOR",
    "SESSION_LENGTH",
    "SHORTEST_PASSWORD",
    "AuditEntry",
    "AuditFilter",
    "Caller",
    "Handheld",
    "Key",
    "Session",
    "SessionLine",
    "User",
    "actor_of_key",
    "actor_of_session",
    "add_handheld",
    "add_key",
    "add_user",
    "audit_actions",
    "audit_actors",
    "audit_log",
    "change_password",
    "change_user",
    "end_own_session",
    "end_own_sessions",
    "end_session",
    "end_sessions",
    "enrol",
    "handheld_code",
    "handheld_of",
    "handhelds",
    "keys",
    "own_id",
    "own_sessions",
    "password_code",
    "reset_pin",
    "revoke_handheld",
    "revoke_key",
    "session_of",
    "sessions",
    "set_active",
    "set_badge",
    "set_pin",
    "set_up_tenant",
    "sign_in",
    "sign_in_with_badge",
    "sign_out",
    "use_password_code",
    "user",
    "users",
]


def set_up_tenant(
    database: Database, name: str, currency: str, login: str, password: str, *, setup_due: bool = False
) -> bool:
    """In an empty database make tenant 1 with a live clock and its first admin; False if it is not empty.

    Args:
        setup_due: the first admin is asked who the company is; name and currency stand until then.
    """
    with database.transaction() as tx:
        made = run(
            tx,
            """insert into tenant (tenant_id, name, currency, setup_due) values (1, %s, %s, %s)
               on conflict do nothing""",
            (name, currency, setup_due),
        )
        if not made:
            return False
        office = Office(database)
        now = office.wall.now()
        set_business_time(tx, office.tenant, BusinessTime(now, now))
        founder = Actor("system", "set-up", frozenset({Right.MANAGE_PEOPLE}))
        add_user(office.within(tx, founder), login, "First admin", password, Role.ADMIN)
    return True
