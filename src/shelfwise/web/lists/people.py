"""What the pages of admins list: people, keys of other systems, who is told of what, and who did what."""

from __future__ import annotations

from collections.abc import Iterable

from shelfwise.access import service as access
from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.access.service import AuditEntry
from shelfwise.records import service as records
from shelfwise.web.audit_words import action_words, lines, who_words
from shelfwise.web.listing import Choice, Column, Filter, Listing, Options, Row
from shelfwise.web.people_words import right_words
from shelfwise.work import subscriptions


def _managing_people(ctx: Context) -> list[int] | None:
    ctx.require(Right.MANAGE_PEOPLE)
    return None


def _viewing_audit(ctx: Context) -> list[int] | None:
    ctx.require(Right.VIEW_AUDIT)
    return None


def _names(ctx: Context) -> dict[int, str]:
    return {site.site_id: site.name for site in records.sites(ctx)}


def _where(sites: list[int] | None, names: dict[int, str]) -> str:
    return "every site" if sites is None else ", ".join(names.get(site, str(site)) for site in sites)


def _people(ctx: Context) -> Iterable[Row]:
    names = _names(ctx)
    for one in access.users(ctx):
        yield {
            "user_id": one.user_id, "login": one.login, "name": one.name,
            "role": one.role.value if one.role else None,
            "at_sites": ", ".join(f"{role.value} at {names.get(at, at)}" for at, role in sorted(one.at_sites.items())),
            "last_seen_at": one.last_seen_at, "added_at": one.added_at, "added_by": one.added_by,
            "state": "shut out" if not one.active else "no password yet" if not one.has_password
            else "must change the password" if one.must_change else "may sign in",
        }  # fmt: skip


PEOPLE = Listing(
    name="people",
    home="/people",
    title="People",
    columns=(
        Column("login", "Person", "code", link="/people/{user_id}", under="name"),
        Column("name", "Name", shown=False),
        Column("role", "Role", "code"),
        Column("at_sites", "At single sites"),
        Column("last_seen_at", "Last seen", "instant", wall=True),
        Column("state", "State"),
        Column("added_by", "Added by", shown=False),
        Column("added_at", "Added", "instant", shown=False, wall=True),
    ),
    order="login",
    key="login",
    rows=_people,
    allowed=_managing_people,
    search_words="Login, name, role",
    filters=(
        Filter(
            "state", "State", keep=lambda row, state: (row["state"] == "shut out") is (state == "out"),
            choices=(Choice("", "any"), Choice("in", "active"), Choice("out", "shut out")),
        ),
    ),
)  # fmt: skip


def _keys(ctx: Context) -> Iterable[Row]:
    names = _names(ctx)
    for one in access.keys(ctx):
        over = one.expires_at is not None and one.expires_at <= ctx.wall.now()
        yield {
            "key_id": one.key_id, "name": one.name, "by": f"by {one.added_by}" if one.added_by else "",
            "may": ", ".join(right_words(scope) for scope in one.scopes), "where": _where(one.sites, names),
            "added_by": one.added_by, "added_at": one.added_at, "expires_at": one.expires_at,
            "last_used_at": one.last_used_at, "state": "revoked" if one.revoked else "expired" if over else "works",
        }  # fmt: skip


KEYS = Listing(
    name="keys",
    home="/keys",
    title="Keys",
    columns=(
        Column("name", "Name", under="by"),
        Column("may", "May"),
        Column("where", "Where"),
        Column("added_at", "Made", "instant", shown=False, wall=True),
        Column("added_by", "Made by", shown=False),
        Column("expires_at", "Until", "instant", wall=True),
        Column("last_used_at", "Last used", "instant", wall=True),
        Column("state", "State", "code"),
    ),
    order="name",
    key="name",
    rows=_keys,
    allowed=_managing_people,
    search_words="Name, right, site",
    filters=(
        Filter(
            "state", "State", keep=lambda row, state: (row["state"] == "works") is (state == "works"),
            choices=(Choice("", "any"), Choice("works", "works"), Choice("over", "revoked or expired")),
        ),
    ),
)  # fmt: skip


def _subscriptions(ctx: Context) -> Iterable[Row]:
    names = _names(ctx)
    for one in subscriptions.subscriptions(ctx):
        yield {
            "subscription_id": one.subscription_id, "name": one.name, "channel": one.channel, "to": one.host,
            "about": f"{one.channel}{', personal' if one.user_id else ''}, by {one.added_by}",
            "kinds": ", ".join(one.kinds), "where": _where(one.sites, names), "waiting": one.waiting,
            "given_up": one.given_up, "added_by": one.added_by, "last_success_at": one.last_success_at,
            "state": one.state if one.state in ("disabled", "paused") else "failing" if one.failing_since
            else "arrives" if one.last_success_at else "nothing sent yet",
        }  # fmt: skip


SUBSCRIPTIONS = Listing(
    name="subscriptions",
    home="/webhooks",
    title="Notifications",
    columns=(
        Column("name", "Name", link="/webhooks/{subscription_id}", under="about"),
        Column("channel", "By", "code", shown=False),
        Column("to", "To"),
        Column("kinds", "Of what"),
        Column("where", "Where"),
        Column("state", "State", "code"),
        Column("waiting", "Waiting", "whole"),
        Column("given_up", "Given up", "whole", shown=False),
        Column("last_success_at", "Last arrived", "instant", shown=False, wall=True),
        Column("added_by", "Added by", shown=False),
    ),
    order="name",
    key="name",
    rows=_subscriptions,
    search_words="Name, address, kind",
)  # fmt: skip


def _sentences(ctx: Context, rows: list[Row]) -> None:
    names = ("audit_id", "wall_at", "business_at", "actor_kind", "actor_name", "action", "subject", "detail")
    told = lines(ctx, [AuditEntry(**{name: row[name] for name in names}) for row in rows])
    for row, line in zip(rows, told, strict=True):
        row["line"] = line
        row["sentence"] = f"{line.who} {line.sentence.striptags()}"
        row["changes"] = "; ".join(f"{name}: {old} → {new}" for name, old, new in line.changes)
        row["more"] = "; ".join(f"{name}: {words}" for name, words in line.detail)


def _actors(ctx: Context) -> Options:
    every = (("person", "all people"), ("key", "all keys"), ("system", "all of Shelfwise"))
    return [*every, *((f"{kind}:{name}", who_words(kind, name)) for kind, name in access.audit_actors(ctx))]


def _actions(ctx: Context) -> Options:
    return [(one, action_words(one)) for one in access.audit_actions(ctx)]


# What ends with a colon or a point stands for all that begins so.
_BEGINS = "{0} = %({1})s or (right(%({1})s, 1) in (':', '.') and starts_with({0}, %({1})s))"

AUDIT = Listing(
    name="audit",
    home="/audit",
    title="Audit",
    columns=(
        Column("wall_at", "Done", "instant", wall=True),
        Column("sentence", "Who did what", sortable=False),
        Column("changes", "Before and after", sortable=False),
        Column("more", "More", sortable=False),
        Column("business_at", "Counts from", "instant"),
        Column("actor_kind", "Kind", "code", shown=False),
        Column("actor_name", "Who", "code", shown=False),
        Column("action", "Action", "code", shown=False),
        Column("subject", "Subject", "code", shown=False),
    ),
    order="-wall_at",
    key="audit_id",
    query="""select a.audit_id, a.wall_at, a.business_at, a.actor_kind, a.actor_name, a.action, a.subject, a.detail
        from audit_entry a where a.tenant_id = %(tenant)s {where}""",
    counted_apart=True,
    allowed=_viewing_audit,
    fill=_sentences,
    filters=(
        Filter(
            "who", "Who",
            """a.actor_kind = split_part(%(f_who)s, ':', 1)
               and (strpos(%(f_who)s, ':') = 0 or a.actor_name = substr(%(f_who)s, strpos(%(f_who)s, ':') + 1))""",
            options=_actors,
        ),
        Filter("action", "Did what", _BEGINS.format("a.action", "f_action"), options=_actions),
        Filter("subject", "To what", _BEGINS.format("a.subject", "f_subject"), kind="text"),
        Filter("first", "From", "a.wall_at >= %(f_first)s", kind="from"),
        Filter("last", "To", "a.wall_at < %(f_last)s", kind="until"),
    ),
)  # fmt: skip
