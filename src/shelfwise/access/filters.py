"""Saved filters: a list narrowed and sorted, under a name; one's own or everybody's, and the one a page opens with."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import errors as pg

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, Forbidden, Invalid, NotFound, Refused, shorten
from shelfwise.store.database import first, rows, run, value

LONGEST_NAME = 60
LONGEST_QUERY = 2000
# Enough for anybody; a page of chips that nobody reads helps nobody.
MOST = 50


@dataclass(frozen=True)
class SavedFilter:
    """A list under a name.

    Attributes:
        page: the name of the list.
        query: the part of its address behind the question mark.
        shared: everybody finds it.
        owner: the login of whoever saved it.
        mine: the actor saved it, and may change it.
        default: the actor's page opens with it.
    """

    filter_id: int
    page: str
    name: str
    query: str
    shared: bool
    owner: str
    mine: bool
    default: bool


_SELECT = """select f.filter_id, f.page, f.name, f.query, f.shared, u.login as owner,
        coalesce(f.user_id = %(user)s::bigint, false) as mine,
        exists (select from default_filter d where d.tenant_id = f.tenant_id and d.user_id = %(user)s::bigint
                and d.filter_id = f.filter_id) as default
    from saved_filter f join app_user u on u.tenant_id = f.tenant_id and u.user_id = f.user_id
    where f.tenant_id = %(tenant)s and (f.shared or f.user_id = %(user)s::bigint)"""


def filters(ctx: Context, page: str) -> list[SavedFilter]:
    """Those of a page that the actor finds there: their own, and what others share; by name."""
    ctx.require_somewhere(Right.VIEW)
    return rows(
        ctx.tx,
        SavedFilter,
        f"{_SELECT} and f.page = %(page)s order by lower(f.name), f.filter_id",
        {"tenant": ctx.tenant, "user": ctx.actor.user_id, "page": page},
    )


def filter_of(ctx: Context, filter_id: int) -> SavedFilter:
    """
    Raises:
        NotFound: there is none, or it is somebody else's and not shared.
    """
    ctx.require_somewhere(Right.VIEW)
    found = first(
        ctx.tx,
        SavedFilter,
        f"{_SELECT} and f.filter_id = %(id)s",
        {"tenant": ctx.tenant, "user": ctx.actor.user_id, "id": filter_id},
    )
    if found is None:
        raise NotFound("saved filter", filter_id)
    return found


def opens_with(ctx: Context, page: str) -> SavedFilter | None:
    """What the actor's page opens with; None: as the page is by itself."""
    return next((one for one in filters(ctx, page) if one.default), None)


def save_filter(ctx: Context, page: str, name: str, query: str, *, shared: bool = False, opens: bool = False) -> None:
    """Keep a list under a name; one's own of the same name is replaced.

    Args:
        opens: one's own page opens with it from now on.

    Raises:
        Forbidden: the actor is no person.
        Invalid: the name or the query cannot be right.
        Refused: there are too many.
    """
    ctx.require_somewhere(Right.VIEW)
    user_id, name = _person(ctx), _name(name)
    if len(query) > LONGEST_QUERY or not query.isprintable():
        raise Invalid(Fault("query", f"at most {LONGEST_QUERY} characters", shorten(query), "Choose fewer filters."))
    kept = value(ctx.tx, "select count(*) from saved_filter where tenant_id = %s and user_id = %s and page = %s",
                 (ctx.tenant, user_id, page))  # fmt: skip
    if kept >= MOST:
        raise Refused(f"You have {MOST} saved filters on this page. Delete one first.")
    filter_id = int(
        value(
            ctx.tx,
            """insert into saved_filter (tenant_id, user_id, page, name, query, shared) values (%s, %s, %s, %s, %s, %s)
               on conflict (tenant_id, user_id, page, name)
               do update set query = excluded.query, shared = excluded.shared returning filter_id""",
            (ctx.tenant, user_id, page, name, query, shared),
        )
    )
    ctx.audit("filter.saved", f"filter:{filter_id}", page=page, name=name, shared=shared)
    if opens:
        open_with(ctx, page, filter_id)


def change_filter(ctx: Context, filter_id: int, name: str, shared: bool) -> SavedFilter:
    """Call one's own filter something else, and share it or not.

    Raises:
        Forbidden: it is somebody else's.
        Invalid: the name cannot be right.
        NotFound: there is none.
        Refused: another of one's own has the name.
    """
    ctx.require_somewhere(Right.VIEW)
    before, name = _own(ctx, filter_id), _name(name)
    try:
        with ctx.tx.transaction():
            run(
                ctx.tx,
                "update saved_filter set name = %s, shared = %s where tenant_id = %s and filter_id = %s",
                (name, shared, ctx.tenant, filter_id),
            )
    except pg.UniqueViolation as error:
        raise Refused(f"You have a filter {name!r} on this page already. Choose another name.") from error
    if not shared:
        # Who opened the page with it does not find it any more.
        run(
            ctx.tx,
            "delete from default_filter where tenant_id = %s and filter_id = %s and user_id <> %s",
            (ctx.tenant, filter_id, ctx.actor.user_id),
        )
    ctx.audit(
        "filter.changed",
        f"filter:{filter_id}",
        before={"name": before.name, "shared": before.shared},
        after={"name": name, "shared": shared},
    )
    return filter_of(ctx, filter_id)


def remove_filter(ctx: Context, filter_id: int) -> SavedFilter:
    """Forget one's own filter; pages that opened with it open as they are by themselves.

    Raises:
        Forbidden: it is somebody else's.
        NotFound: there is none.
    """
    ctx.require_somewhere(Right.VIEW)
    found = _own(ctx, filter_id)
    run(ctx.tx, "delete from saved_filter where tenant_id = %s and filter_id = %s", (ctx.tenant, filter_id))
    ctx.audit("filter.removed", f"filter:{filter_id}", page=found.page, name=found.name)
    return found


def open_with(ctx: Context, page: str, filter_id: int | None) -> None:
    """Let one's own page open with a filter; None: as it is by itself.

    Raises:
        Forbidden: the actor is no person.
        NotFound: there is no such filter of that page.
    """
    ctx.require_somewhere(Right.VIEW)
    user_id = _person(ctx)
    if filter_id is not None and filter_of(ctx, filter_id).page != page:
        raise NotFound("saved filter", filter_id)
    key = (ctx.tenant, user_id, page)
    run(ctx.tx, "delete from default_filter where tenant_id = %s and user_id = %s and page = %s", key)
    if filter_id is not None:
        run(ctx.tx, "insert into default_filter (tenant_id, user_id, page, filter_id) values (%s, %s, %s, %s)",
            (*key, filter_id))  # fmt: skip
    ctx.audit("filter.opens", f"list:{page}", filter_id=filter_id)


def _person(ctx: Context) -> int:
    if ctx.actor.user_id is None:
        raise Forbidden("A filter is saved by a person, for a person. Sign in, or keep the address instead.")
    return ctx.actor.user_id


def _name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid(Fault("name", f"1 to {LONGEST_NAME} characters", shorten(name), "Name it in a few words."))
    return name


def _own(ctx: Context, filter_id: int) -> SavedFilter:
    found = filter_of(ctx, filter_id)
    if not found.mine:
        raise Forbidden(f"{found.owner} saved this filter, and changes it. Save one of your own instead.")
    return found
