"""Data: what rules made of faults in the history of sales, before and after, and the way to take each back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Response

from shelfwise.core.errors import Fault, Invalid
from shelfwise.demand import mends
from shelfwise.demand.mend_tables import StoredMend
from shelfwise.intake import quality, quality_tables
from shelfwise.intake.joining import queue
from shelfwise.web import pages
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
Number = Annotated[int, Query(ge=0, le=2**63 - 1)]


@dataclass(frozen=True)
class RuleWords:
    """A rule as people call it: its name, what it looks for, and what comes of it."""

    name: str
    sees: str
    does: str


RULES = {
    "cancelled": RuleWords(
        "Cancelled", "A customer sends back all of a line within ninety days.",
        "The latest line of that quantity before it is no demand. It applies itself.",
    ),
    "copied": RuleWords(
        "Copied", "The same customer, item, quantity, price and second under another order number.",
        "Only the first counts. It applies itself.",
    ),
    "repeated": RuleWords(
        "Twice in one order", "The same line twice in one order, in the same second.",
        "Only the first would count. It waits for you: somebody may have meant it.",
    ),
    "unit": RuleWords(
        "Packs for pieces", "A price off by just the size of a pack, and a quantity that fits once it is put right.",
        "The line counts in pieces. It applies itself where the quantity is as clear as the price, else it waits.",
    ),
    "one_off": RuleWords(
        "One of a kind", "One line far beyond all others of its item.",
        "It would count for the largest of the others. It waits for you.",
    ),
    "gap": RuleWords(
        "Lost days", "A day without any sale, though order numbers ran on.",
        "The day is unknown, not zero. It applies itself; where numbers do not tell, it waits for you.",
    ),
}  # fmt: skip
TOLD = {"entered": "Entered by hand", "imported": "From files", "invented": "Made up for the demo"}
STATES = {"waiting": "waiting for you", "applied": "applied", "refused": "left as told"}


@router.get("/data")
def overview(visit: Visitor) -> Response:
    """Each rule, whether it is on, and what it did."""
    with visit.context() as ctx:
        found = mends.rules(ctx)
        everywhere = visit.everywhere("view")
        return pages.render(
            visit, ctx, "data.html", rules=[(RULES[one.rule], one) for one in found],
            waiting=sum(one.waiting for one in found), applied=sum(one.applied for one in found if one.on),
            duplicates=queue.count(ctx) if everywhere else None,
            told=TOLD,
            sources=quality_tables.item_sources(ctx),
            files=[(one, quality.of_files(one, ctx.now)) for one in quality_tables.files(ctx)]
            if visit.everywhere("import_data") else [],
            feeds=[(one, quality.of_feed(one)) for one in quality_tables.feeds(ctx)] if everywhere else [],
            unaccounted=quality_tables.unaccounted(ctx) if everywhere else 0,
        )  # fmt: skip


@router.get("/data/mends")
def listed(visit: Visitor, rule: str = "", state: str = "", after: Number = 0) -> Response:
    """The mends of a rule, each with what it stands on."""
    _known("rule", rule, RULES)
    _known("state", state, STATES)
    with visit.context() as ctx:
        found = mends.stored(ctx, rule or None, state or None, after)
        shown = found[: mends.PAGE]
        about = {"rule": rule, "state": state}
        return pages.render(
            visit, ctx, "data_mends.html", rows=[(one, why(one)) for one in shown], rule=rule, state=state,
            rules=RULES, states=STATES, first=after == 0, here=f"/data/mends?{urlencode({**about, 'after': after})}",
            more=f"/data/mends?{urlencode({**about, 'after': shown[-1].mend_id})}" if len(found) > len(shown) else None,
        )  # fmt: skip


@router.post("/data/mends/{mend_id}")
def decide(
    visit: Visitor, mend_id: int, verdict: Annotated[Literal["apply", "refuse"], Form()],
    then: Annotated[str, Form(max_length=300)] = "/data/mends",
) -> Response:  # fmt: skip
    with visit.context() as ctx:
        done = mends.decide(ctx, mend_id, apply=verdict == "apply")
    about = f"{done.sku} on {done.day}" if done.sku else str(done.day)
    words = "is mended" if done.state == "applied" else "counts as it was told"
    return pages.go(pages.local_address(then), f"{about}: {words}. The same row takes it back.")


@router.post("/data/rules/{rule}/waiting")
def decide_waiting(visit: Visitor, rule: str, verdict: Annotated[Literal["apply", "refuse"], Form()]) -> Response:
    with visit.context() as ctx:
        done = mends.decide_waiting(ctx, rule, apply=verdict == "apply")
    words = "mended. The sums of demand follow within a minute" if verdict == "apply" else "left as told"
    return pages.go(f"/data/mends?rule={rule}", f"{done:,} {'line' if done == 1 else 'lines'} {words}.")


@router.post("/data/rules/{rule}")
def switch(visit: Visitor, rule: str, state: Annotated[Literal["on", "off"], Form()]) -> Response:
    with visit.context() as ctx:
        mends.switch(ctx, rule, on=state == "on")
    name = RULES[rule].name
    return pages.go("/data", f"“{name}” is {state}. The sums of demand follow within a minute.")


def why(mend: StoredMend) -> str:
    """What a mend stands on, in a sentence."""
    told = mend.why
    if mend.rule == "cancelled":
        return f"Order {mend.other_order} took it back {told['days']:g} days later."
    if mend.rule in ("copied", "repeated"):
        return f"It is in order {mend.other_order} too." if mend.rule == "copied" else "The order holds it twice."
    if mend.rule == "unit":
        return f"One cost {told['price']:g}, where {told['usual_price']:g} is usual: off by {told['pack']:g}."
    if mend.rule == "one_off":
        return f"{told['usual']:g} are usual; it is {told['spreads']:g} spreads away."
    if mend.state == "applied" and mend.decided_by is None:
        return f"{told['skipped']} order numbers are missing around this day."
    return "Nothing was sold on a weekday that usually sells."


def _known(what: str, said: str, among: dict[str, RuleWords] | dict[str, str]) -> None:
    if said and said not in among:
        raise Invalid(Fault(what, f"one of {', '.join(among)}", repr(said), "Follow a link of the page Data."))
