"""What becomes of a device: other words for it, the end of its use, and its return."""

from __future__ import annotations

import psycopg

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import NotFound, Refused
from shelfwise.edge.devices import DeviceFacts, device_facts, require_at, require_texts
from shelfwise.store.database import run, value

# What came in the last moment, or was claimed then, is a reading before the reader of readings has heard of it.
_SPOKE = """with heard as (select tx, seq from consumer where tenant_id = %(tenant)s and consumer = 'latest')
    select exists (select from device_latest where tenant_id = %(tenant)s and device = %(device)s)
        or exists (select from reading where tenant_id = %(tenant)s and device = %(device)s and (tx, seq) >
                   (coalesce((select tx from heard), '0'::xid8), coalesce((select seq from heard), 0)))"""


def change_device(ctx: Context, device: str, *, name: str, description: str, family: str) -> None:
    """Give a device other words; the name it signs in with stays, for its readings go by it.

    Raises:
        Invalid: words that are too long.
        NotFound: there is no such device.
    """
    before = _managed(ctx, device)
    name, description = name.strip(), description.strip()
    require_texts(name, description)
    run(
        ctx.tx,
        "update device set name = %s, description = %s, family = %s where tenant_id = %s and device = %s",
        (name, description, family, ctx.tenant, device),
    )
    ctx.audit(
        "device.change", f"device:{device}",
        before={"name": before.name, "description": before.description, "family": before.family},
        after={"name": name, "description": description, "family": family},
    )  # fmt: skip


def assign(ctx: Context, device: str, behind: str | None) -> None:
    """Say behind which gateway a device reports; None: behind none.

    Raises:
        NotFound: there is no such device, or no such gateway.
        Refused: what it shall be behind is no gateway.
    """
    before = _managed(ctx, device)
    if behind is not None:
        speaks_for = value(
            ctx.tx, "select speaks_for from device where tenant_id = %s and device = %s", (ctx.tenant, behind)
        )
        if speaks_for is None:
            raise NotFound("gateway", behind)
        if speaks_for != "gateway":
            raise Refused(f"{behind!r} is no gateway. Choose one that speaks for others.")
    run(ctx.tx, "update device set behind = %s where tenant_id = %s and device = %s", (behind, ctx.tenant, device))
    ctx.audit("device.assign", f"device:{device}", before={"behind": before.behind}, after={"behind": behind})


def retire(ctx: Context, device: str) -> None:
    """Take a device out of use: it is shut out at once, what it said stays, and its name is not given again.

    Raises:
        NotFound: there is no such device.
        Refused: it is retired already.
    """
    if _managed(ctx, device).retired_at is not None:
        raise Refused(f"{device!r} is retired already.")
    run(
        ctx.tx,
        """update device set active = false, retired_at = %s, secret_before = null, secret_before_until = null
           where tenant_id = %s and device = %s""",
        (ctx.now, ctx.tenant, device),
    )
    ctx.audit("device.retire", f"device:{device}")


def delete(ctx: Context, device: str) -> None:
    """Forget a device that never said anything, such as one with a mistyped name.

    Raises:
        NotFound: there is no such device.
        Refused: it has said something, or something else names it; retire it instead.
    """
    _managed(ctx, device)
    spoke = value(ctx.tx, _SPOKE, {"tenant": ctx.tenant, "device": device})
    instead = f"What {device!r} said stays with its name, so it cannot be deleted. Retire it instead."
    if spoke:
        raise Refused(instead)
    try:
        with ctx.tx.transaction():
            run(ctx.tx, "delete from device where tenant_id = %s and device = %s", (ctx.tenant, device))
    except psycopg.errors.ForeignKeyViolation as error:
        raise Refused(instead) from error
    ctx.audit("device.delete", f"device:{device}")


def _managed(ctx: Context, device: str) -> DeviceFacts:
    """A device that the actor may manage, locked."""
    require_at(ctx, Right.MANAGE_DEVICES, device)
    locked = value(ctx.tx, "select 1 from device where tenant_id = %s and device = %s for update", (ctx.tenant, device))
    if locked is None:
        raise NotFound("device", device)
    return device_facts(ctx, device)
