"""Series are fetched once a day; what goes wrong is told on their pages, and after some days by an alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from shelfwise.access.context import Office
from shelfwise.access.model import Actor, system
from shelfwise.connectors.fetching import fetch
from shelfwise.connectors.guarded import Network
from shelfwise.core.errors import Invalid, Refused, ShelfwiseError, Unavailable
from shelfwise.demand.outside import feeds
from shelfwise.demand.outside.answers import read_answer
from shelfwise.demand.outside.feeds import Feed
from shelfwise.demand.outside.service import ALERT, Taken, one_series, tell
from shelfwise.store.database import run, value
from shelfwise.work import alerts

EVERY = timedelta(days=1)
RETRY = timedelta(hours=1)
SILENT = timedelta(days=3)
_LONGEST = 500
_SYSTEM = system("outside")

log = structlog.get_logger(__name__)


def refresh_due(office: Office, allowed: Sequence[Network] = ()) -> int:
    """Fetch every series that is due, one after the other; returns how many brought something new."""
    brought = 0
    while (series_id := _claim(office)) is not None:
        try:
            taken = refresh(office, _SYSTEM, series_id, allowed)
        except ShelfwiseError as error:
            log.warning("a series could not be fetched", series_id=series_id, error=str(error))
        else:
            brought += bool(taken.new + taken.revised)
    return brought


def _claim(office: Office) -> int | None:
    """The series that is due for longest; put off at once, so that whatever becomes of it, it is tried again later."""
    with office.context(_SYSTEM) as ctx:
        now = ctx.wall.now()
        due: int | None = value(
            ctx.tx,
            """update outside_feed f set next_at = %s where tenant_id = %s and series_id = (
                   select f.series_id from outside_feed f join outside_series s using (tenant_id, series_id)
                   where f.tenant_id = %s and f.next_at <= %s and s.active
                   order by f.next_at limit 1 for update of f skip locked) returning series_id""",
            (now + RETRY, ctx.tenant, ctx.tenant, now),
        )
        return due


def refresh(office: Office, actor: Actor, series_id: int, allowed: Sequence[Network] = ()) -> Taken:
    """Fetch a series now, and take in what is new or revised: all of the answer or nothing.

    No transaction is held while the source answers.

    Args:
        allowed: networks that may be reached although they are not out on the internet.

    Raises:
        NotFound: there is no such series.
        Forbidden: the actor may not import at its site.
        Refused: it is stopped, or not fetched from anywhere.
        Unavailable: the source did not answer as it should.
        Invalid: the answer is not as it was said, or holds what cannot be right.
    """
    with office.context(actor) as ctx:
        found = feeds.to_fetch(ctx, series_id)
        one = one_series(ctx, series_id)
    if found is None:
        raise Refused(f"{one.name} is not fetched from anywhere. Say where it comes from first.")
    if not one.active:
        raise Refused(f"{one.name} is stopped. Let it go on first.")
    feed, headers = found
    try:
        told = read_answer(fetch(feed.url, headers, allowed), feed.format, feed.date_at, feed.value_at)
        with office.context(actor) as ctx:
            taken = tell(ctx, series_id, told)
    except (Unavailable, Invalid) as error:
        _note(office, feed, str(error)[:_LONGEST])
        raise
    _note(office, feed, None)
    return taken


def _note(office: Office, feed: Feed, trouble: str | None) -> None:
    """Write down how an attempt went, and tell people of a source that has been silent for days."""
    with office.context(_SYSTEM) as ctx:
        one, at = one_series(ctx, feed.series_id), ctx.wall.now()
        run(
            ctx.tx,
            """update outside_feed set tried_at = %s, trouble = %s, next_at = %s,
                   succeeded_at = case when %s::text is null then %s else succeeded_at end
               where tenant_id = %s and series_id = %s""",
            (
                at, trouble, at + (EVERY if trouble is None else RETRY), trouble, at,
                ctx.tenant, feed.series_id,
            ),
        )  # fmt: skip
        subject = f"outside:{feed.series_id}"
        since = feed.succeeded_at or feed.added_at
        if trouble is None:
            alerts.clear_alert(ctx, ALERT, subject)
        elif at - since >= SILENT:
            alerts.raise_alert(
                ctx, ALERT, subject, "attention", f"{one.name} has not come for {(at - since).days} days",
                f"{feed.host} does not tell it: {trouble} Forecasts do without it, and use what was "
                "known last for a while. It is tried again every hour. Correct where it comes from, or stop it.",
                f"/outside/{feed.series_id}", {"series": one.name, "since": since.isoformat()}, site_id=one.site_id,
            )  # fmt: skip
