"""What if demand, deliveries, stock, terms or the way of planning were otherwise, beside how it is. Nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response
from starlette.datastructures import FormData

from shelfwise.access.context import Context
from shelfwise.core.errors import Invalid, NotFound
from shelfwise.planning import service as planning
from shelfwise.planning.model import Params
from shelfwise.planning.settings import params_of
from shelfwise.planning.whatif import DAYS, Answer, Asked, Promotion, Side
from shelfwise.records import promoting
from shelfwise.records import service as records
from shelfwise.records.model import Item, Site
from shelfwise.records.promotions import KINDS
from shelfwise.web import pages, words
from shelfwise.web.floor import chosen_site
from shelfwise.web.policy_bars import target_words
from shelfwise.web.promotions import KIND_WORDS
from shelfwise.web.record_forms import Answers
from shelfwise.web.visits import Visitor

router = APIRouter(include_in_schema=False)
WIDTH, HEIGHT = 640.0, 200.0


@router.get("/items/{sku:path}/what-if")
def what_if(visit: Visitor, sku: str, site: str | None = None) -> Response:
    given = Answers(FormData(dict(visit.request.query_params)))
    with visit.context() as ctx:
        item, here = records.item_by_sku(ctx, sku), chosen_site(ctx, site)
        if here is None:
            raise NotFound("site", site)
        fault = None
        try:
            asked = _asked(given)
            found = planning.what_if(ctx, here.site_id, item.item_id, asked)
        except Invalid as error:
            asked, fault = Asked(), error
            found = planning.what_if(ctx, here.site_id, item.item_id, asked)
        return pages.render(
            visit, ctx, "what_if.html", 200 if fault is None else 422, at_site=here.site_id, item=item, here=here,
            given=given, unit="" if item.unit == "each" else item.unit,
            faults=() if fault is None else fault.faults, kinds=KIND_WORDS, days=DAYS,
            asked=asked, params=params_of(ctx, here.site_id),
            **_shown(ctx, item, here, asked, found),
        )  # fmt: skip


def _asked(given: Answers) -> Asked:
    """The question, as far as something was written.

    Raises:
        Invalid: a field cannot be read.
    """
    promotion = None
    if any(given.text(name) for name in ("first", "last", "discount", "lift")):
        promotion = Promotion(
            given.day("first", "First day"), given.day("last", "Last day"),
            given.chosen("kind", KINDS, "Kind") if given.text("kind") else KINDS[0],
            given.number("discount", "Cheaper by"), given.real("lift", "Times as much"),
        )  # fmt: skip
    shares = {
        name: given.share(name, said, low, high)
        for name, said, low, high in (("service", "Should be there", 50, 99.9), ("holding", "Keeping costs", 0, 1000))
    }
    asked = Asked(
        demand=given.real_or("demand", "Demand", 1.0),
        lead_time=given.real_or("lead", "Deliveries", 1.0),
        service_level=shares["service"],
        promotion=promotion,
        on_hand=given.number("on_hand", "On hand"),
        late_days=given.whole("late", "Open orders later by") or 0,
        supplier_id=given.whole("supplier", "Supplier"),
        unit_cost=given.real_or("cost", "Price", 1.0),
        pack_size=given.number("pack", "Pack"),
        minimum_order=given.number("minimum", "Minimum order"),
        review_days=given.whole("review", "Looked at every"),
        holding_rate=shares["holding"],
        ordering_cost=given.real("ordering", "An order costs"),
        longest_cover_days=given.whole("cover", "At most for"),
    )
    given.check()
    asked.of(Params())
    return asked


def _shown(ctx: Context, item: Item, here: Site, asked: Asked, found: Answer | None) -> dict[str, Any]:
    if found is None:
        return {"found": None, "chart": None, "differs": "", "planned": [], "rows": [], "sellers": []}
    last = found.first_day + timedelta(days=DAYS - 1)
    planned = [
        one
        for one in promoting.events(ctx, found.first_day, last, [item.item_id])
        if one.site_id in (None, here.site_id) and not one.called_off
    ]
    names = {one.supplier_id: one.name for one in records.suppliers(ctx)}
    sellers = [(one.supplier_id, names[one.supplier_id]) for one in records.terms_for(ctx, [item.item_id])]
    return {
        "sellers": sellers, "found": found, "chart": bands(found), "planned": planned, "last_day": last,
        "rows": rows(found, item, here),
        "differs": difference(found, item.unit) if asked.anything else "",
    }  # fmt: skip


@dataclass(frozen=True)
class Bands:
    """Both ranges of 8 in 10 cases as polygons, and both middle cases as lines, by day."""

    now: str
    then: str
    middle_now: str
    middle_then: str
    most: float


def bands(found: Answer) -> Bands:
    """Where to draw them, on a picture of `WIDTH` by `HEIGHT`."""
    most = max(*found.now.daily["p90"], *found.then.daily["p90"], 1.0)

    def points(values: Sequence[float]) -> list[str]:
        step = WIDTH / (len(values) - 1)
        return [f"{day * step:.1f},{HEIGHT * (1 - value / most):.1f}" for day, value in enumerate(values)]

    def band(side: Side) -> str:
        return " ".join((*points(side.daily["p90"]), *reversed(points(side.daily["p10"]))))

    return Bands(
        band(found.now), band(found.then), " ".join(points(found.now.daily["p50"])),
        " ".join(points(found.then.daily["p50"])), most,
    )  # fmt: skip


def difference(found: Answer, unit: str) -> str:
    """What would change, in a sentence or two."""
    now, then = found.now, found.then
    unit = "" if unit == "each" else f" {unit}"
    more = round(then.expected - now.expected)
    expected = (
        f"{words.number(abs(more))}{unit} {'more' if more > 0 else 'less'} would be wanted" if more else "No more"
    )
    said = [f"{expected if more else 'As much would be wanted'} in the next {DAYS} days."]
    if now.quantity is None or then.quantity is None:
        return said[0]
    if then.quantity == now.quantity:
        order = "The same would be ordered now" if now.quantity else "Nothing would be ordered now, as before"
    else:
        order = f"You would order {words.number(then.quantity)}{unit} now in place of {words.number(now.quantity)}"
        if now.currency == then.currency and now.cost is not None and then.cost is not None:
            dearer = then.cost - now.cost
            order += f", for {words.money(abs(dearer), then.currency)} {'more' if dearer > 0 else 'less'}"
    return " ".join((*said, f"{order}."))


@dataclass(frozen=True)
class Row:
    """A figure on both sides, as it is written; `link`: where it comes from, '' where from nowhere else."""

    words: str
    says: str
    now: str
    then: str
    link: str = ""


def rows(found: Answer, item: Item, here: Site) -> list[Row]:
    """All figures; those of orders only where somebody sells the item to us."""
    now, then, unit = found.now, found.then, "" if item.unit == "each" else f" {item.unit}"
    sku, site = pages.segment(item.sku), pages.segment(here.code)

    def much(value: float | None) -> str:
        return "–" if value is None else f"{words.number(value, 0 if value >= 10 else 1)}{unit}"

    def row(said: str, says: str, name: str, write: Callable[[Any], str], link: str = "") -> Row:
        return Row(said, says, write(getattr(now, name)), write(getattr(then, name)), link)

    item_page = f"/items/{sku}?site={site}"
    found_rows = [row(f"Wanted in {DAYS} days", "The mean of all futures of the forecast", "expected", much, item_page)]
    if now.quantity is None:
        return found_rows
    terms = f"/suppliers/{now.supplier_id}/terms?item={sku}"
    stock = f"/explain?item={item.item_id}&site={site}"
    cost = Row("It costs", "", words.money(now.cost, now.currency), words.money(then.cost, then.currency), terms)
    return [
        *found_rows,
        Row("Bought of", "The cheapest for so many", now.supplier, then.supplier, f"/suppliers/{now.supplier_id}"),
        row("A delivery takes, in the middle case", "Learnt from what came, and from what is said", "lead_days",
            lambda days: f"{words.number(days, 1)} days", terms),
        Row("Promised", "What the levels below are kept for", _promised(now), _promised(then)),
        row("Reorder point", "At this position or below, it is time to order", "reorder_point", much),
        row("Order up to", "An order brings the position to it", "order_up_to", much),
        row("Runs out before an order could arrive", "With what is there and on its way", "runs_out",
            words.percent, stock),
        row("Order now", "In whole packs, at least the minimum", "quantity",
            lambda many: f"{words.number(many)}{unit}" if many else "nothing", terms),
        cost,
        row("Then runs out before the next order could", "With the order, until that of the next review",
            "runs_out_with", words.percent),
        row("There on average", "If it went on like this", "average_stock", much),
        Row("Keeping and ordering, a year", "What lies there on average, and as many orders as a year takes",
            words.money(now.yearly_cost, now.currency), words.money(then.yearly_cost, then.currency)),
    ]  # fmt: skip


def _promised(side: Side) -> str:
    return target_words({"aim": side.aim, "level": side.service_level})
