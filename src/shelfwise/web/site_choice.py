"""A form's choice of one site, or of all of them: what is offered, and what was answered."""

from __future__ import annotations

from typing import Any

from shelfwise.access.context import Context
from shelfwise.access.model import Right
from shelfwise.core.errors import Fault, shorten
from shelfwise.records import service as records
from shelfwise.web.record_forms import Answers


def offered(ctx: Context, right: Right) -> dict[str, Any]:
    """For a page: the names of all sites one may see, those to choose from, and whether all may be chosen."""
    known, may = records.sites(ctx), ctx.actor.sites(right)
    return {
        "sites": {one.site_id: one.name for one in known},
        "choices": [one for one in known if may is None or one.site_id in may],
        "everywhere": may is None,
    }


def answered(ctx: Context, answers: Answers, label: str, all_of_them: str) -> int | None:
    """The site chosen; None: all. What is no site is among the faults of the answers.

    Args:
        all_of_them: what a form calls all sites.
    """
    text = answers.text("site")
    known = {str(site.site_id): site.site_id for site in records.sites(ctx)}
    if text and text not in known:
        answers.faults.append(
            Fault(label, f"a site that exists, or {all_of_them}", shorten(text), "Choose one of them.")
        )
    return known.get(text)
