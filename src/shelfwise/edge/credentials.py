"""Who used which credential last, and who tried to and failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.edge.devices import SITE_OF_DEVICE, require_at
from shelfwise.store.database import first, rows


@dataclass(frozen=True)
class SignIn:
    """The sign-ins of one device; times by the wall clock.

    Attributes:
        at, address: of the last one that succeeded; None and '' while there was none.
        by_what: 'secret', 'secret before', or 'key:3' for the site key of this number.
        failed: how many were refused since the device was registered.
    """

    device: str
    at: datetime | None
    address: str
    by_what: str
    failed: int
    failed_at: datetime | None
    failed_address: str


_SELECT = """select d.device, i.at, coalesce(i.address, '') as address, coalesce(i.by_what, '') as by_what,
        coalesce(i.failed, 0) as failed, i.failed_at, coalesce(i.failed_address, '') as failed_address
    from device d left join device_sign_in i using (tenant_id, device)"""


def sign_ins(ctx: Context) -> list[SignIn]:
    """The sign-ins of the devices that the actor manages, those in use; who failed last stands first."""
    sites = ctx.sites(Right.MANAGE_DEVICES)
    return rows(
        ctx.tx,
        SignIn,
        f"""{_SELECT} where d.tenant_id = %s and d.retired_at is null
            and (%s::bigint[] is null or {SITE_OF_DEVICE} = any(%s))
            order by i.failed_at desc nulls last, i.at desc nulls last, d.device""",
        (ctx.tenant, sites, sites),
    )


def sign_in_of(ctx: Context, device: str) -> SignIn | None:
    """The sign-ins of one device; None where there is no such device."""
    require_at(ctx, Right.VIEW, device)
    return first(ctx.tx, SignIn, f"{_SELECT} where d.tenant_id = %s and d.device = %s", (ctx.tenant, device))
