"""The first hour of an installation: its first admin says who they are, and takes it over from the printed password."""

from __future__ import annotations

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.access.passwords import password_faults
from shelfwise.access.people import name_faults
from shelfwise.access.sessions import IDLE, Caller, Session, open_session, set_password
from shelfwise.core.errors import Invalid, Refused
from shelfwise.store.database import run, value


def setup_due(ctx: Context) -> bool:
    """Whether the first admin has still to say who the company is."""
    ctx.require_somewhere(Right.VIEW)
    return bool(value(ctx.tx, "select setup_due from tenant where tenant_id = %s", (ctx.tenant,)))


def take_over(ctx: Context, session: Session, name: str, password: str, caller: Caller) -> str:
    """End the first run: the admin has a name and a password of their own, and nobody can do this again.

    Whoever saw the printed password is out: all sessions end. Returns the token of the one that replaces them.

    Raises:
        Invalid: the name or the password will not do.
        Refused: it was done already.
    """
    ctx.require(Right.MANAGE_PEOPLE)
    ctx.require(Right.MANAGE_SETTINGS)
    user_id = session.actor.user_id
    if user_id is None or not run(
        ctx.tx, "update tenant set setup_due = false where tenant_id = %s and setup_due", (ctx.tenant,)
    ):
        raise Refused("This installation is set up already. Change what is wrong on the pages Settings and Account.")
    if faults := [*name_faults(name), *password_faults(password, session.actor.name)]:
        raise Invalid(*faults)
    run(ctx.tx, "update app_user set name = %s where tenant_id = %s and user_id = %s", (name, ctx.tenant, user_id))
    set_password(ctx, user_id, password)
    ctx.audit("company.set_up", "company", name=name)
    return open_session(ctx, user_id, caller, IDLE)
