"""Where series are fetched from: set up by whoever manages settings, and how each fares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.connectors.guarded import well_formed
from shelfwise.core.errors import Fault, NotFound, shorten
from shelfwise.demand.outside.answers import Format
from shelfwise.demand.outside.service import ALERT, one_series
from shelfwise.records.changes import differences
from shelfwise.records.model import refuse
from shelfwise.store.database import first, run, value
from shelfwise.work import alerts

_LONGEST_PATH = 200
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
# What belongs to the request itself.
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "user-agent"})
_SECRET = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,1998}[\x21-\x7e])?")
_FIELDS = "series_id, url, format, date_at, value_at, header, added_at, next_at, tried_at, succeeded_at, trouble"


@dataclass(frozen=True)
class NewFeed:
    """Where a series is fetched from, and where in the answer it lies; see `answers.read_answer`.

    Attributes:
        header: the name of a header that the source wants to see; its content is kept apart.
    """

    url: str
    format: Format
    date_at: str
    value_at: str
    header: str | None = None


@dataclass(frozen=True)
class Feed:
    """A feed as it is kept; times are of the wall clock.

    Attributes:
        url: empty for those who may not change it, since it may hold a key.
        trouble: what went wrong at the last attempt; None: nothing did.
    """

    series_id: int
    url: str
    format: Format
    date_at: str
    value_at: str
    header: str | None
    added_at: datetime
    next_at: datetime
    tried_at: datetime | None
    succeeded_at: datetime | None
    trouble: str | None
    host: str = ""

    @property
    def as_new(self) -> NewFeed:
        return NewFeed(**{name: getattr(self, name) for name in NewFeed.__dataclass_fields__})


def feed_faults(one: NewFeed, secret: str | None) -> Iterator[Fault]:
    """What is wrong with a feed."""
    if well_formed(one.url) is None:
        yield Fault(
            "url", "an address such as https://weather.example.com/daily", shorten(_host(one.url)), "Correct it."
        )
    if one.format not in ("json", "csv"):
        yield Fault("format", "json or csv", shorten(one.format), "Choose one of them.")
    for name, path in (("date_at", one.date_at), ("value_at", one.value_at)):
        if not 0 < len(path) <= _LONGEST_PATH or not path.isprintable():
            expected = "a path such as daily.time, or the heading of a column"
            yield Fault(name, expected, shorten(path) if path else "nothing", "Say where it lies.")
    if one.header is not None and (not _HEADER.fullmatch(one.header) or one.header.lower() in _OURS):
        yield Fault("header", "the name of a header such as X-Api-Key", shorten(one.header), "Correct the name.")
    if secret is not None and not _SECRET.fullmatch(secret):
        yield Fault("secret", "printable ASCII, at most 2000 characters", "something else", "Copy it once more.")


def feed(ctx: Context, series_id: int) -> Feed | None:
    """Where a series is fetched from, and how that fares; None: it is not.

    Raises:
        NotFound: there is no such series.
    """
    one_series(ctx, series_id)
    found = _get(ctx, series_id)
    if found is None or ctx.actor.may(Right.MANAGE_SETTINGS):
        return found
    return replace(found, url="")


def _get(ctx: Context, series_id: int) -> Feed | None:
    found = first(
        ctx.tx,
        Feed,
        f"select {_FIELDS} from outside_feed where tenant_id = %s and series_id = %s",
        (ctx.tenant, series_id),
    )
    return None if found is None else replace(found, host=_host(found.url))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def put_feed(ctx: Context, series_id: int, to: NewFeed, secret: str | None = None) -> None:
    """Fetch a series from there, every day from now on.

    Args:
        secret: what the header holds; None: what it held, for the same host.

    Raises:
        Invalid: a field cannot be right, or the header's content is not known.
        NotFound: there is no such series.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    one = one_series(ctx, series_id)
    before = _get(ctx, series_id)
    to = replace(to, url=well_formed(to.url) or to.url)
    faults = list(feed_faults(to, secret))
    # A secret is for the one who gave it: it never goes elsewhere unseen.
    kept = before is not None and before.header is not None and before.host == _host(to.url)
    if to.header is not None and secret is None and not kept:
        faults.append(Fault("secret", "what the header holds", "nothing", "Fill it in: it is sent to this host alone."))
    refuse(faults)
    run(
        ctx.tx,
        """insert into outside_feed (tenant_id, series_id, url, format, date_at, value_at, header, added_at, next_at)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
           on conflict (tenant_id, series_id) do update set url = excluded.url, format = excluded.format,
               date_at = excluded.date_at, value_at = excluded.value_at, header = excluded.header,
               next_at = excluded.next_at""",
        (
            ctx.tenant, series_id, to.url, to.format, to.date_at, to.value_at, to.header, ctx.wall.now(),
            ctx.wall.now(),
        ),
    )  # fmt: skip
    if to.header is None:
        run(
            ctx.tx,
            "delete from outside_feed_secret where tenant_id = %s and series_id = %s",
            (ctx.tenant, series_id),
        )
    elif secret is not None:
        run(
            ctx.tx,
            """insert into outside_feed_secret (tenant_id, series_id, content) values (%s, %s, %s)
               on conflict (tenant_id, series_id) do update set content = excluded.content""",
            (ctx.tenant, series_id, secret),
        )
    known = asdict(before.as_new) | {"url": before.host} if before is not None else dict.fromkeys(asdict(to))
    changed = differences(known, asdict(to) | {"url": _host(to.url)})
    ctx.audit(
        "outside.feed_set", f"outside:{series_id}", name=one.name, host=_host(to.url), secret=secret is not None,
        before=changed.before, after=changed.after,
    )  # fmt: skip


def remove_feed(ctx: Context, series_id: int) -> None:
    """Fetch it no more, and forget the secret; what was fetched stays.

    Raises:
        NotFound: it is not fetched.
    """
    ctx.require(Right.MANAGE_SETTINGS)
    one = one_series(ctx, series_id)
    found = _get(ctx, series_id)
    if found is None:
        raise NotFound("feed of", one.name)
    run(ctx.tx, "delete from outside_feed where tenant_id = %s and series_id = %s", (ctx.tenant, series_id))
    alerts.clear_alert(ctx, ALERT, f"outside:{series_id}")
    ctx.audit("outside.feed_removed", f"outside:{series_id}", name=one.name, host=found.host)


def to_fetch(ctx: Context, series_id: int) -> tuple[Feed, dict[str, str]] | None:
    """The whole feed and the headers to send, for whoever may take values in; None: it is not fetched."""
    ctx.require_somewhere(Right.IMPORT_DATA)
    ctx.require(Right.IMPORT_DATA, one_series(ctx, series_id).site_id)
    found = _get(ctx, series_id)
    if found is None:
        return None
    secret = value(
        ctx.tx,
        "select content from outside_feed_secret where tenant_id = %s and series_id = %s",
        (ctx.tenant, series_id),
    )
    return found, {} if found.header is None or secret is None else {found.header: secret}
