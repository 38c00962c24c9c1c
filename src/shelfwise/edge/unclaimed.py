"""Devices that nobody registered: who they are, whose they become, and which of them are not wanted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Invalid, NotFound, Refused
from shelfwise.edge import devices, waiting
from shelfwise.edge.devices import SITE_OF_DEVICE
from shelfwise.edge.scopes import forget_refusals
from shelfwise.store.database import first, notify, rows, run, value
from shelfwise.work import alerts

# The site of a row `u` of unclaimed devices: that of the site key it came with, or of the gateway it came behind.
SITE_OF_UNCLAIMED = f"""coalesce(
    (select k.site_id from site_key k
     where k.tenant_id = u.tenant_id and u.behind = 'key:' || k.site_key_id),
    (select g.site_id from gateway_scope g where g.tenant_id = u.tenant_id and g.gateway = u.behind),
    (select {SITE_OF_DEVICE} from device d where d.tenant_id = u.tenant_id and d.device = u.behind))"""


@dataclass(frozen=True)
class Unclaimed:
    """A device that nobody registered, with the newest it said.

    Attributes:
        behind: the gateway it was heard behind, or 'key:3' for the site key of that number.
        behind_words: the same for people.
        state: 'waiting' or 'ignored'.
        kept: how many of its readings wait.
        passed_over: how many were kept nowhere: it was ignored, or too much waited already.
    """

    device: str
    behind: str
    behind_words: str
    state: str
    first_at: datetime
    last_at: datetime
    kinds: list[str]
    kept: int
    passed_over: int
    kind: str | None
    value: float | None
    detail: dict[str, Any] | None
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True)
class Refusal:
    """What was kept nowhere, because too much waits behind a gateway or site key."""

    behind: str
    readings: int
    first_at: datetime
    last_at: datetime
    reason: str


_SELECT = """select u.device, u.behind, u.state, u.first_at, u.last_at, u.kinds, u.kept, u.passed_over,
        l.kind, l.value, l.detail, u.decided_by, u.decided_at,
        coalesce((select 'site key ' || k.name from site_key k
                  where k.tenant_id = u.tenant_id and u.behind = 'key:' || k.site_key_id), u.behind) as behind_words
    from unclaimed_device u left join lateral (
        select r.kind, r.value, r.detail from unclaimed_reading r
        where r.tenant_id = u.tenant_id and r.device = u.device
        order by r.observed_at desc, r.kind = 'battery', r.kind = 'humidity', r.seq desc limit 1) l
        on true"""


def unclaimed(ctx: Context) -> list[Unclaimed]:
    """Those that the actor may see, the newest first: behind gateways and with keys of the sites they may see."""
    sites = ctx.sites(Right.VIEW)
    return rows(
        ctx.tx,
        Unclaimed,
        f"""{_SELECT} where u.tenant_id = %s and (%s::bigint[] is null or {SITE_OF_UNCLAIMED} = any(%s))
            order by u.last_at desc, u.device""",
        (ctx.tenant, sites, sites),
    )


def one_unclaimed(ctx: Context, unclaimed_device: str) -> Unclaimed:
    """
    Raises:
        NotFound: nobody of that name waits.
    """
    ctx.require_somewhere(Right.VIEW)
    ctx.require(Right.VIEW, _site_of(ctx, unclaimed_device))
    found = first(
        ctx.tx, Unclaimed, f"{_SELECT} where u.tenant_id = %s and u.device = %s", (ctx.tenant, unclaimed_device)
    )
    if found is None:
        raise NotFound("unclaimed device", unclaimed_device)
    return found


def refusals(ctx: Context) -> list[Refusal]:
    """Behind whom too much waits, for those who may see what waits there."""
    sites = ctx.sites(Right.VIEW)
    return rows(
        ctx.tx,
        Refusal,
        f"""select u.behind, u.readings, u.first_at, u.last_at, u.reason from unclaimed_refusal u
            where u.tenant_id = %s and (%s::bigint[] is null or {SITE_OF_UNCLAIMED} = any(%s))
            order by u.last_at desc""",
        (ctx.tenant, sites, sites),
    )


def claim(
    ctx: Context,
    unclaimed_device: str,
    *,
    name: str = "",
    family: str = "",
    zone_id: int | None = None,
    place_id: int | None = None,
) -> int:
    """Register a device that waits; what it said becomes readings at once, in order. Returns how many were new.

    They keep the time at which they came, so that whoever reads them takes them for what they are: late.

    Raises:
        NotFound: nobody of that name waits.
        Invalid: it stands nowhere, and the actor manages the devices of single sites.
    """
    waiting.lock(ctx.tx, ctx.tenant)
    found = _managed(ctx, unclaimed_device)
    if zone_id is None and place_id is None and ctx.sites(Right.MANAGE_DEVICES) is not None:
        raise Invalid(
            Fault("where it is", "a bin or a zone of a site whose devices you manage", "nowhere", "Choose one.")
        )
    devices.add_device(
        ctx, unclaimed_device, name=name, family=family, zone_id=zone_id, place_id=place_id, provenance="entered"
    )
    forget_refusals(ctx, found.behind)
    notify(ctx.tx, "live", "unclaimed")
    return found.kept


def ignore(ctx: Context, unclaimed_device: str) -> None:
    """Keep nothing of a device that is not ours, nor of what it says from now on; that is counted.

    Raises:
        NotFound: nobody of that name waits.
        Refused: it is ignored already.
    """
    waiting.lock(ctx.tx, ctx.tenant)
    found = _managed(ctx, unclaimed_device)
    if found.state == "ignored":
        raise Refused(f"{unclaimed_device!r} is ignored already.")
    run(
        ctx.tx,
        "delete from unclaimed_reading where tenant_id = %s and device = %s",
        (ctx.tenant, unclaimed_device),
    )
    _decide(ctx, unclaimed_device, "ignored")
    forget_refusals(ctx, found.behind)
    ctx.audit("unclaimed.ignore", f"device:{unclaimed_device}", behind=found.behind, thrown_away=found.kept)


def listen_again(ctx: Context, unclaimed_device: str) -> None:
    """Take back that a device is ignored: what it says from now on waits again.

    Raises:
        NotFound: nobody of that name waits.
        Refused: it is not ignored.
    """
    waiting.lock(ctx.tx, ctx.tenant)
    found = _managed(ctx, unclaimed_device)
    if found.state != "ignored":
        raise Refused(f"{unclaimed_device!r} is not ignored.")
    _decide(ctx, unclaimed_device, "waiting")
    ctx.audit("unclaimed.listen", f"device:{unclaimed_device}", behind=found.behind)


def tell_of_refusal(ctx: Context, refused: dict[str, Any]) -> None:
    """Where more is heard of unknown devices than may wait, a person has to look; `refused`: what the door told."""
    behind = refused["behind"]
    words = f"a site key ({behind.removeprefix('key:')})" if behind.startswith("key:") else behind
    site_id = value(
        ctx.tx,
        f"select {SITE_OF_UNCLAIMED} from (select %s::int as tenant_id, %s::text as behind) u",
        (ctx.tenant, behind),
    )
    alerts.raise_alert(
        ctx, "unclaimed", f"behind:{behind}", "attention",
        f"More unknown devices speak behind {words} than may wait",
        f"{refused['reason']} It was refused {refused['readings']} readings so far.",
        "/devices/unclaimed", refused, site_id=site_id,
    )  # fmt: skip


def _decide(ctx: Context, device: str, state: str) -> None:
    run(
        ctx.tx,
        """update unclaimed_device set state = %s, kept = 0, bytes = 0, decided_by = %s, decided_at = %s
           where tenant_id = %s and device = %s""",
        (state, ctx.actor.by, ctx.now, ctx.tenant, device),
    )
    notify(ctx.tx, "live", "unclaimed")


def _managed(ctx: Context, device: str) -> Unclaimed:
    ctx.require_somewhere(Right.MANAGE_DEVICES)
    ctx.require(Right.MANAGE_DEVICES, _site_of(ctx, device))
    return one_unclaimed(ctx, device)


def _site_of(ctx: Context, device: str) -> int | None:
    found: int | None = value(
        ctx.tx,
        f"select {SITE_OF_UNCLAIMED} from unclaimed_device u where u.tenant_id = %s and u.device = %s",
        (ctx.tenant, device),
    )
    return found
