"""The context of a service call: which tenant, who asks, what time it is, and the transaction it happens in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from shelfwise.access.model import Actor, Right
from shelfwise.core.clocks import BusinessTime, Clock, WallClock
from shelfwise.core.errors import Forbidden, NotFound
from shelfwise.store import events
from shelfwise.store.database import Database, Tx, first, notify, run, stand_aside


@dataclass(frozen=True)
class Context:
    """What every service call takes first.

    Attributes:
        tenant: whose data.
        actor: who asks; rights are checked in services with `require`, not in pages.
        now: the business instant of this call; the same throughout it.
        wall: the wall clock, for sessions, leases and timeouts.
        tx: the transaction; committed by whoever opened the context.
    """

    tenant: int
    actor: Actor
    now: datetime
    wall: Clock
    tx: Tx

    def require(self, right: Right, site_id: int | None = None) -> None:
        """The actor must have the right at this site; without one, at every site.

        Raises:
            Forbidden: the actor lacks the right.
        """
        if not self.actor.may(right, site_id):
            raise _forbidden(self.actor, right)

    def require_somewhere(self, right: Right) -> None:
        """The actor must have the right at one site at least: for what all sites share, such as the list of items.

        Raises:
            Forbidden: the actor lacks the right everywhere.
        """
        if not self.actor.may_somewhere(right):
            raise _forbidden(self.actor, right)

    def sites(self, right: Right) -> list[int] | None:
        """The sites whose rows a list over several may show, for `site_id = any(...)`; None: all.

        Raises:
            Forbidden: the actor lacks the right everywhere.
        """
        self.require_somewhere(right)
        allowed = self.actor.sites(right)
        return None if allowed is None else sorted(allowed)

    def audit(self, action: str, subject: str, **detail: Any) -> None:
        """Write who did what to the audit log, in this transaction; `detail` must be fit for JSON.

        What was changed goes into `before` and `after`, each a dict by field with equal keys.
        """
        if self.actor.handheld_id is not None:
            detail["handheld"] = self.actor.handheld_id
        run(
            self.tx,
            """insert into audit_entry
                   (tenant_id, wall_at, business_at, actor_kind, actor_name, action, subject, detail)
               values (%s, %s, %s, %s, %s, %s, %s, %s)""",
            (
                self.tenant,
                self.wall.now(),
                self.now,
                self.actor.kind,
                self.actor.name,
                action,
                subject,
                Jsonb(detail),
            ),
        )

    def publish(self, kind: str, subject: str, occurred_at: datetime | None = None, **data: Any) -> None:
        """Record a fact for other rooms; `data` must be fit for JSON."""
        events.publish(self.tx, self.tenant, kind, subject, data, occurred_at or self.now, self.now)


def _forbidden(actor: Actor, right: Right) -> Forbidden:
    return Forbidden(
        f"{actor.by} may not {right.value.replace('_', ' ')} here. Ask a manager to do it or to change your role."
    )


@dataclass(frozen=True)
class Office:
    """Opens contexts for one tenant. Made once for each process, in app.py."""

    database: Database
    tenant: int = 1
    wall: Clock = field(default_factory=WallClock)

    @contextmanager
    def context(self, actor: Actor, *, aside: bool = False) -> Iterator[Context]:
        """A context in a transaction of its own: committed at the end, rolled back on any exception.

        Args:
            aside: it may take long and writes no reading, so that nobody who waits for readings waits for it.
        """
        with self.database.transaction() as tx:
            if aside:
                stand_aside(tx)
            yield self.within(tx, actor)

    def within(self, tx: Tx, actor: Actor) -> Context:
        """A context in a transaction that somebody else opened and will commit."""
        now = business_time(tx, self.tenant).at(self.wall.now())
        return Context(self.tenant, actor, now, self.wall, tx)


def business_time(tx: Tx, tenant: int) -> BusinessTime:
    """How business time runs now.

    Raises:
        NotFound: the tenant was never set up.
    """
    time = first(
        tx,
        BusinessTime,
        "select wall_anchor, business_anchor, rate from business_clock where tenant_id = %s",
        (tenant,),
    )
    if time is None:
        raise NotFound("tenant", tenant)
    return time


def set_business_time(tx: Tx, tenant: int, time: BusinessTime) -> None:
    """Set how business time runs, for every process at once. Setting it back is the caller's risk."""
    run(
        tx,
        """insert into business_clock (tenant_id, wall_anchor, business_anchor, rate) values (%s, %s, %s, %s)
           on conflict (tenant_id) do update
           set wall_anchor = excluded.wall_anchor, business_anchor = excluded.business_anchor, rate = excluded.rate""",
        (tenant, time.wall_anchor, time.business_anchor, time.rate),
    )
    notify(tx, "clock")


def stand_still(tx: Tx, tenant: int, instant: datetime) -> None:
    """Stop business time at an instant, as tests do."""
    set_business_time(tx, tenant, BusinessTime(instant, instant, 0.0))
