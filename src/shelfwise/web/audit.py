"""Audit: who did what, and when. For those who may see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from shelfwise.access import service as access
from shelfwise.access.service import AuditFilter
from shelfwise.core.errors import Fault, Invalid, shorten
from shelfwise.web import pages
from shelfwise.web.audit_words import action_words, lines, who_words
from shelfwise.web.shell import shell
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
PAGE = 100
Text = Annotated[str, Query(max_length=200)]


@router.get("/audit")
def audit(
    visit: Visitor,
    before: Annotated[int | None, Query(ge=1, lt=2**62)] = None,
    who: Text = "",
    subject: Text = "",
    action: Text = "",
    first: Text = "",
    last: Text = "",
) -> Response:
    wanted = AuditFilter(who, subject.strip(), action, _day(first, "first"), _day(last, "last"))
    with visit.context() as ctx:
        entries = access.audit_log(ctx, PAGE, before, replace(wanted, zone=shell(ctx).zone.key))
        actors, actions = access.audit_actors(ctx), access.audit_actions(ctx)
        given = {"who": who, "subject": subject, "action": action, "first": first, "last": last}
        narrowed = {name: text for name, text in given.items() if text}
        return pages.render(
            visit,
            ctx,
            "audit.html",
            lines=lines(ctx, entries),
            older=entries[-1].audit_id if len(entries) == PAGE else None,
            before=before,
            given=given,
            narrowed=urlencode(narrowed),
            people=[(f"{kind}:{name}", who_words(kind, name)) for kind, name in actors],
            kinds=sorted({one.split(".")[0] for one in actions}),
            actions=[(one, action_words(one)) for one in actions],
        )


def _day(text: str, where: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(Fault(where, "a day such as 2027-03-31", shorten(text), "Choose a day.")) from error
