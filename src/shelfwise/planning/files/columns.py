"""The tables that a plan writes: their columns, and what these mean. Pure."""

from __future__ import annotations

import polars as pl

ORDERS, LEVELS, RACE, RISK, EXCESS, TRANSFERS, WAITING, SUMMARY = (
    "orders", "levels", "race", "risk", "excess", "transfers", "waiting", "summary.json",
)  # fmt: skip
_TEXT, _NUMBER, _DAY, _YES = pl.String(), pl.Float64(), pl.Date(), pl.Boolean()
Columns = dict[str, tuple[pl.DataType, str]]

_ORDERS: Columns = {
    "site": (_TEXT, "where it is needed"),
    "sku": (_TEXT, "the item"),
    "description": (_TEXT, "what people call it"),
    "supplier": (_TEXT, "from whom"),
    "quantity": (_NUMBER, "how many units, in whole packs"),
    "unit": (_TEXT, "what they are counted in"),
    "unit_cost": (_NUMBER, "of one, when so many are ordered"),
    "currency": (_TEXT, "of the costs"),
    "total": (_NUMBER, "quantity times unit cost"),
    "order_by": (_DAY, "the last day on which ordering keeps the service level; the plan's day: now"),
    "expected_arrival": (_DAY, "after the median lead time, when it is ordered on the plan's day"),
    "binds": (_TEXT, "what made the quantity larger or smaller; empty: nothing did"),
    "reason": (_TEXT, "why, in sentences with the numbers in them"),
    "why_not_earlier": (_TEXT, "why it is not ordered sooner"),
    "why_not_more": (_TEXT, "why it is not more"),
    "why_this_supplier": (_TEXT, "what the next best would cost"),
    "runs_out_without": (_NUMBER, "probability of running out before a later order could come, without it"),
    "runs_out_with": (_NUMBER, "the same with it"),
    "units_short_if_waiting": (_NUMBER, "owed on average if one waits for the next review"),
    "cost_of_waiting": (_NUMBER, "margin that these lose; empty where no price is known"),
}
_LEVELS: Columns = {
    "site": (_TEXT, "where"),
    "sku": (_TEXT, "the item"),
    "on_hand": (_NUMBER, "what lies there"),
    "available": (_NUMBER, "of it, less what is reserved or owed"),
    "on_order": (_NUMBER, "still to come"),
    "position": (_NUMBER, "available plus on order"),
    "daily_demand": (_NUMBER, "mean of a day; empty where there is no forecast"),
    "lead_days": (_NUMBER, "median days from order to arrival"),
    "policy": (_TEXT, "which rule says when to order: the winner of the item's race, see race.csv, or what stood in"),
    "reorder_point": (_NUMBER, "order when the position is not above it"),
    "order_up_to": (_NUMBER, "and then up to this"),
    "safety_stock": (_NUMBER, "what of the reorder point is more than the demand expected by then"),
    "next_best": (_TEXT, "the policy that came nearest to the winner"),
    "next_best_percent": (_NUMBER, "by how much more it costs"),
    "service_level": (_NUMBER, "that was to be kept"),
    "forecast": (_TEXT, "which method forecast it"),
    "runs_out_on": (_DAY, "the first day by which it is more likely out than not, if nothing is done; see risk.csv"),
    "units_lost": (_NUMBER, "wanted from an empty shelf in the coming four weeks, on average, if nothing is done"),
    "margin_lost": (_NUMBER, "what these would have earned"),
    "note": (_TEXT, "why there are no levels, where there are none"),
}
_RACE: Columns = {
    "site": (_TEXT, "where"),
    "sku": (_TEXT, "the item"),
    "policy": (_TEXT, "a policy that took part"),
    "won": (_YES, "whether it won"),
    "cost": (_NUMBER, "of a month in the simulation of the item's past: holding, ordering, what was missed"),
    "percent": (_NUMBER, "by how much more it costs than the winner"),
    "unsure": (_NUMBER, "standard error of the difference, in money"),
    "fill": (_NUMBER, "share of what was wanted that it served"),
    "able": (_YES, "whether it kept what is promised, where its numbers were chosen"),
    "days": (_NUMBER, "of the past that they raced on"),
}
_RISK: Columns = {
    "site": (_TEXT, "where"),
    "sku": (_TEXT, "the item"),
    "date": (_DAY, "the end of this day"),
    "out_by": (_NUMBER, "probability that it has run out by then, if nothing more is ordered or moved"),
    "out_on": (_NUMBER, "probability that it is out then"),
}
_EXCESS: Columns = {
    "site": (_TEXT, "where"),
    "sku": (_TEXT, "the item"),
    "available": (_NUMBER, "what lies there and is promised to nobody"),
    "daily_demand": (_NUMBER, "mean of a day; empty where there is no forecast"),
    "surplus": (_NUMBER, "units there beyond what sells within sixty days in nine of ten futures"),
    "surplus_on_order": (_NUMBER, "units on order beyond it"),
    "expires": (_NUMBER, "units of lots that expire before they sell, on average"),
    "value": (_NUMBER, "of what is too much of what lies there, at cost; empty where no cost is known"),
    "currency": (_TEXT, "of the value"),
    "idle_days": (_NUMBER, "since any was sold, where that is long ago"),
    "what_to_do": (_TEXT, "what costs least first"),
}
_TRANSFERS: Columns = {
    "from_site": (_TEXT, "where it can be spared"),
    "to_site": (_TEXT, "where it is needed"),
    "sku": (_TEXT, "the item"),
    "description": (_TEXT, "what people call it"),
    "quantity": (_NUMBER, "how many units"),
    "unit": (_TEXT, "what they are counted in"),
    "leaves_on": (_DAY, "the next day on which something goes this way"),
    "arrives_on": (_DAY, "when it lies there"),
    "cost": (_NUMBER, "of the way: its part of the shipment, and its weight"),
    "margin_kept": (_NUMBER, "expected: of what is not short at one end, less what is short at the other"),
    "currency": (_TEXT, "of both"),
    "binds": (_TEXT, "why it is not more: enough, giver (it would run short), stock (no more lies there) or scarce"),
    "reason": (_TEXT, "why, in sentences with the numbers in them"),
}
_WAITING: Columns = {
    "site": (_TEXT, "where"),
    "sku": (_TEXT, "the item"),
    "quantity": (_NUMBER, "what would be ordered"),
    "waits_for": (_TEXT, "the limit that is reached"),
    "reason": (_TEXT, "that in a sentence"),
}

COLUMNS: dict[str, Columns] = {
    ORDERS: _ORDERS, TRANSFERS: _TRANSFERS, LEVELS: _LEVELS, RISK: _RISK, EXCESS: _EXCESS, RACE: _RACE,
    WAITING: _WAITING,
}  # fmt: skip
WORDS = {
    ORDERS: "One row for what should be ordered of an item at a site, by supplier.",
    LEVELS: "One row for every item at every site, whether something is ordered or not.",
    RISK: "One row an item, site and day of the coming four weeks, of all that may run out in them.",
    EXCESS: "One row for an item at a site of which more lies there or comes than will sell in time.",
    TRANSFERS: "One row for what one site should send another now; written where something should.",
    RACE: "One row for each policy that raced for an item at a site; written where any could race.",
    WAITING: "One row for an order that is needed and does not fit into the budget; written with a budget.",
}
ALWAYS = (ORDERS, LEVELS, RISK, EXCESS)
"""Written also where they have no rows."""
