"""Why goods should go from one site to another: sentences with numbers, and everything they stand on. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from shelfwise.core.quantities import plain, round_up
from shelfwise.planning.explain import amount, percent
from shelfwise.planning.model import Floats
from shelfwise.planning.sharing.deciding import Ends, Move
from shelfwise.planning.sharing.model import Heft, Side, Transshipment
from shelfwise.planning.sharing.paths import owed, risk
from shelfwise.planning.simulate import band
from shelfwise.records.lanes_model import Lane


def told(moves: Sequence[Move], hefts: Mapping[int, Heft], currency: str) -> list[Transshipment]:
    """Moves with what there is to say about them."""
    along = Counter(one.ends for one in moves)
    gains: dict[Ends, float] = {}
    for one in moves:
        gains[one.ends] = gains.get(one.ends, 0.0) + one.gain
    return [_told(one, hefts[one.taker.item.item_id], along, gains[one.ends], currency) for one in moves]


def _told(move: Move, heft: Heft, along: Mapping[Ends, int], gain: float, currency: str) -> Transshipment:
    giver, taker, lane = move.giver, move.taker, move.lane
    today = taker.house.seen.today
    # Who earns more carries more, so that what pays together pays for each.
    shipment = float(lane.cost_per_shipment) * move.gain / gain
    cost = shipment + move.weight_cost
    risks = _risks(move)
    worth = move.margin * (move.kept - move.lost) - cost
    low, high = np.quantile(worth, (0.1, 0.9))
    kept = move.margin * float(move.kept.mean() - move.lost.mean())
    return Transshipment(
        item_id=taker.item.item_id,
        sku=taker.item.sku,
        from_site_id=giver.site_id,
        to_site_id=taker.site_id,
        quantity=move.quantity,
        step=heft.step,
        leaves_on=lane.leaves_on(today),
        days=move.arrives,
        forecast_id=taker.item.demand.forecast_id if taker.item.demand else None,
        today=today,
        reason=" ".join(
            (
                _stands(move, risks), _moved(move, heft, risks),
                _costs(move, heft, along[move.ends] - 1, cost, kept, currency), _not_more(move, risks),
            )
        ),
        evidence={
            "as_of": taker.house.seen.at.isoformat(),
            "from": _end(giver),
            "to": _end(taker),
            "lane": {
                "days": lane.days,
                "weekdays": sorted(lane.weekdays),
                "leaves_on": lane.leaves_on(today).isoformat(),
                "cost_per_shipment": plain(lane.cost_per_shipment),
                "cost_per_kg": plain(lane.cost_per_kg),
                "assumed": lane.assumed,
            },
            "cost": {
                "shipment": round(shipment, 2),
                "weight": round(move.weight_cost, 2),
                "kg": None if heft.kg is None else round(heft.kg * float(move.quantity), 3),
                "shared_by": along[move.ends],
                "currency": currency,
            },
            "binds": move.binds,
            "margin": {"each": round(move.margin, 4), "assumed": taker.item.unit_price is None},
            "pack": None if heft.pack is None else plain(heft.pack),
            "service_level": move.level,
            "stockout": risks,
            "chart": _chart(taker, move.before, move.after, move.arrives),
            "giver_chart": _chart(giver, giver.path, move.given, 0),
        },
        alternative=_alternatives(move, risks, currency),
        expected_value={
            "what": "Margin kept by moving it, less what the way costs",
            "currency": currency,
            "units_kept": round(float(move.kept.mean()), 2),
            "units_lost": round(float(move.lost.mean()), 2),
            "margin_kept": round(kept, 2),
            "cost": round(cost, 2),
            "mean": round(float(worth.mean()), 2),
            "p10": round(float(low), 2),
            "p90": round(float(high), 2),
        },
        expires_at=taker.house.seen.at + timedelta(days=taker.house.params.valid_days),
    )  # fmt: skip


def _risks(move: Move) -> dict[str, float]:
    """Of running out: at the taker before an order of its own could come and until that of its next review could, at
    the giver until that of its next review could; without the move and with it."""
    giver, taker = move.giver, move.taker
    found = {
        "before_own_order_without": risk(move.before, taker.futures.lead),
        "before_own_order_with": risk(move.after, taker.futures.lead),
        "until_next_order_without": risk(move.before, taker.until),
        "until_next_order_with": risk(move.after, taker.until),
        "giver_without": risk(giver.path, giver.until),
        "giver_with": risk(move.given, giver.until),
    }
    return {name: round(value, 4) for name, value in found.items()}


def _end(side: Side) -> dict[str, Any]:
    """What one end has, and what it needs until the order of its own next review could come."""
    item = side.item
    return {
        "site": side.house.name,
        "on_hand": item.on_hand.mean,
        "reserved": float(item.reserved),
        "backordered": float(item.backordered),
        "on_order": float(item.ordered),
        "position": item.position,
        "a_day": round(_a_day(side), 3),
        "lead_days": None if side.offer is None else round(side.lead_time.quantile(0.5), 1),
        "rule": None if item.rule is None or item.demand is not None else plain(item.rule.reorder_point),
    }


def _a_day(side: Side) -> float:
    return float(side.futures.over(side.until).sum() / side.until.sum())


def _stands(move: Move, risks: Mapping[str, float]) -> str:
    giver, taker = move.giver, move.taker
    own = (
        "no supplier sells it, so no order of its own could come"
        if taker.offer is None
        else f"an order of its own would take {amount(round(taker.lead_time.quantile(0.5), 1))} days"
    )
    lacks = (
        f"{taker.house.name} has {amount(taker.item.available)} to sell and {plain(taker.item.ordered)} on their way, "
        f"sells {amount(round(_a_day(taker), 1))} a day, and {own}: until then it runs out in "
        f"{percent(risks['before_own_order_without'])} of cases."
    )
    if giver.item.demand is None:
        return f"{lacks} {giver.house.name} has {amount(giver.free)} free, and by your own rule keeps " + (
            f"{plain(giver.item.rule.reorder_point) if giver.item.rule else 0}."
        )
    sells = amount(round(_a_day(giver), 1))
    has = f"{lacks} {giver.house.name} has {amount(giver.free)} free and sells {sells} a day"
    if move.binds == "scarce":
        return f"{has}."
    return (
        f"{has}: it can spare {amount(_spare(giver, move.level))} and still be as sure as promised until an order of "
        "its own could come."
    )


def _spare(giver: Side, level: float) -> float:
    return max(min(float(np.quantile(giver.spare, 1 - level, method="inverted_cdf")), giver.free), 0.0)


def _moved(move: Move, heft: Heft, risks: Mapping[str, float]) -> str:
    packs = ""
    if heft.pack is not None and move.quantity % heft.pack == 0:
        number = move.quantity / heft.pack
        packs = f" ({plain(number)} {'pack' if number == 1 else 'packs'} of {plain(heft.pack)})"
    return (
        f"Moving {plain(move.quantity)}{packs} lowers the risk at {move.taker.house.name} from "
        f"{percent(risks['before_own_order_without'])} to {percent(risks['before_own_order_with'])}; that at "
        f"{move.giver.house.name} goes from {percent(risks['giver_without'])} to {percent(risks['giver_with'])}."
    )


def _costs(move: Move, heft: Heft, others: int, cost: float, kept: float, currency: str) -> str:
    lane = move.lane
    days = "a day" if move.arrives == 1 else f"{move.arrives} days"
    way = f"It is there in {days} and costs {cost:,.2f} {currency}"
    if others:
        way += f", its part of a shipment with {others} other {'item' if others == 1 else 'items'}"
    said = f"{way}; the margin that it keeps is {kept:,.2f} {currency}."
    if lane.assumed:
        said += " Nobody said what this way takes and costs: what is usual here is assumed."
    if heft.kg is None and lane.cost_per_kg:
        said += " Nobody said what it weighs, so its weight costs nothing here."
    if move.taker.item.unit_price is None:
        said += " Nobody said what it sells for: a usual margin is assumed."
    return said


def _not_more(move: Move, risks: Mapping[str, float]) -> str:
    giver, taker = move.giver.house.name, move.taker.house.name
    if move.binds == "enough":
        return f"More is not needed: with it {taker} is as sure as promised, {move.level * 100:g} of 100 cases."
    if move.binds == "stock":
        return f"More does not lie free in {giver} now."
    if move.binds == "giver":
        return f"More would leave {giver} less sure than promised."
    return (
        "There is too little for everybody, so it is shared: all sites run out with about the same probability, "
        f"{percent(risks['until_next_order_with'])} here."
    )


def _alternatives(move: Move, risks: Mapping[str, float], currency: str) -> dict[str, Any]:
    """Buying it, taking it from elsewhere, and doing nothing: what each costs, and what it leaves undone."""
    taker = move.taker
    short = float(owed(move.before, taker.futures.lead).mean())
    without = {
        "stockout_probability": risks["before_own_order_without"],
        "units_short": round(short, 2),
        "margin_lost": round(move.margin * short, 2),
    }
    found: dict[str, Any] = {}
    if (offer := taker.offer) is not None:
        quantity = round_up(max(move.quantity, offer.minimum_order), offer.pack_size)
        found["buy"] = without | {
            "what": f"Buy {plain(quantity)} from {offer.supplier} instead",
            "days": round(taker.lead_time.quantile(0.5), 1),
            "cost": round(float(offer.total(quantity)), 2),
            "currency": offer.currency,
        }
    if move.others:
        found["elsewhere"] = _elsewhere(move.others[0], move, currency)
    found["wait"] = without | {"what": "Move nothing", "cost": 0.0, "currency": currency}
    return found


def _elsewhere(lane: Lane, move: Move, currency: str) -> dict[str, Any]:
    return {
        "what": "Take it from another site",
        "from_site_id": lane.from_site_id,
        "days": lane.arrives_after(move.taker.house.seen.today),
        "cost": round(float(lane.cost_per_shipment), 2),
        "currency": currency,
    }


def _chart(side: Side, without: Floats, with_it: Floats, arrives: int) -> dict[str, Any]:
    """Available stock at the end of each day, day 0 being now, as bands without and with the move."""
    return {
        "first_day": side.house.seen.today.isoformat(),
        "arrives_on_day": arrives,
        "without": band(without),
        "with": band(with_it),
    }
