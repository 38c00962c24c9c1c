"""Who sends us files again and again: a till, a web shop, an ERP; what their files hold, and how often they come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.clocks import local_day
from shelfwise.core.errors import Fault, NotFound, shorten
from shelfwise.records.changes import differences
from shelfwise.records.model import refuse, text_faults
from shelfwise.records.sites import site_by_id
from shelfwise.store.database import first, rows, run, value

# The name of a folder on any system.
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_FIELDS = "source_id, code, name, kind, site_id, skip_bad, every_days, expected_since, active"


@dataclass(frozen=True)
class NewSource:
    """A source as somebody describes it.

    Attributes:
        code: also the name of its folder.
        kind: what its files hold; '': whatever they look like.
        site_id: the site that sold, for files that do not say.
        skip_bad: take good rows in and leave bad ones out, instead of refusing the file.
        every_days: it comes every so many days at least; None: whenever it comes.
    """

    code: str
    name: str
    kind: str = ""
    site_id: int | None = None
    skip_bad: bool = False
    every_days: int | None = None
    active: bool = True


@dataclass(frozen=True)
class Source:
    """A source as it is kept; fields as those of `NewSource`.

    Attributes:
        expected_since: from when on it is missed when it does not come; None: never.
    """

    source_id: int
    code: str
    name: str
    kind: str
    site_id: int | None
    skip_bad: bool
    every_days: int | None
    expected_since: date | None
    active: bool

    @property
    def as_new(self) -> NewSource:
        return NewSource(**{name: getattr(self, name) for name in NewSource.__dataclass_fields__})


def source_faults(one: NewSource) -> Iterator[Fault]:
    """What is wrong with a source."""
    if not _CODE.fullmatch(one.code):
        wanted = "small letters, digits, - and _, at most 40"
        yield Fault("code", wanted, shorten(one.code) or "nothing", "It is the name of a folder: choose a short one.")
    if not one.name.strip():
        yield Fault("name", "what people call it", "nothing", "Give it a name.")
    yield from text_faults(one.name, "name")
    if one.every_days is not None and not 1 <= one.every_days <= 31:
        yield Fault("every_days", "1 to 31", str(one.every_days), "Say how often it comes, or leave it empty.")


def sources(ctx: Context) -> list[Source]:
    """All sources, by code."""
    ctx.require_somewhere(Right.IMPORT_DATA)
    return rows(ctx.tx, Source, f"select {_FIELDS} from source where tenant_id = %s order by code", (ctx.tenant,))


def source(ctx: Context, source_id: int) -> Source:
    """
    Raises:
        NotFound: there is no such source.
    """
    ctx.require_somewhere(Right.IMPORT_DATA)
    found = first(
        ctx.tx,
        Source,
        f"select {_FIELDS} from source where tenant_id = %s and source_id = %s",
        (ctx.tenant, source_id),
    )
    if found is None:
        raise NotFound("source", source_id)
    return found


def put_source(ctx: Context, to: NewSource, source_id: int | None = None) -> int:
    """Add a source, or change the one with this id; returns the id. Whoever may import at every site may do so.

    Raises:
        Invalid: a field cannot be right, or the code is another one's.
        NotFound: there is no such source, or no such site.
    """
    ctx.require(Right.IMPORT_DATA)
    before = None if source_id is None else source(ctx, source_id)
    faults = list(source_faults(to))
    if value(
        ctx.tx,
        """select exists (select from source where tenant_id = %s and code = %s
               and source_id is distinct from %s::bigint)""",
        (ctx.tenant, to.code, source_id),
    ):
        faults.append(Fault("code", "a code of its own", repr(to.code), "Another source has it: choose another."))
    refuse(faults)
    since = None if before is None else before.expected_since
    if to.every_days is None:
        since = None
    elif since is None or (before is not None and not before.active):
        zone = None if to.site_id is None else site_by_id(ctx, to.site_id).zone_info
        since = ctx.now.date() if zone is None else local_day(ctx.now, zone)
    told = (to.code, to.name, to.kind, to.site_id, to.skip_bad, to.every_days, since, to.active)
    if before is None:
        made = int(
            value(
                ctx.tx,
                """insert into source (tenant_id, code, name, kind, site_id, skip_bad, every_days, expected_since,
                       active) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning source_id""",
                (ctx.tenant, *told),
            )
        )
        ctx.audit("source.added", f"source:{made}", name=to.name)
        return made
    changed = differences(asdict(before.as_new), asdict(to))
    if changed:
        run(
            ctx.tx,
            """update source set code = %s, name = %s, kind = %s, site_id = %s, skip_bad = %s, every_days = %s,
                   expected_since = %s, active = %s where tenant_id = %s and source_id = %s""",
            (*told, ctx.tenant, before.source_id),
        )
        ctx.audit("source.changed", f"source:{before.source_id}", before=changed.before, after=changed.after)
    return before.source_id


def sales_expected_since(ctx: Context, site_id: int) -> date | None:
    """From when on a site's sales come every day by themselves, so that a day without any was not told; None: never."""
    ctx.require(Right.VIEW, site_id)
    found: date | None = value(
        ctx.tx,
        """select min(expected_since) from source
           where tenant_id = %(tenant)s and active and every_days = 1 and kind in ('sales', 'daily_sales')
             and (site_id = %(site)s
                  or (site_id is null and (select count(*) from site where tenant_id = %(tenant)s) = 1))""",
        {"tenant": ctx.tenant, "site": site_id},
    )
    return found
