"""Every public function of every room that takes a context: nothing happens without the right, at the site it is about.

A new function is walked without a line here, as long as its arguments can be guessed: ids and codes by their names from
`two_sites`, all else by type. Where a walk fails, one of three things is true:

* the function does not check rights, or checks them after a write or only for any site: mend it;
* its arguments cannot be guessed, so that it fails before it gets to the check: give them in ARGUMENTS;
* it is for other rooms alone, and whoever calls it has checked: name it in WITHOUT_RIGHTS and say so.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

import shelfwise
from shelfwise.access.context import Context
from shelfwise.access.model import Right, Role, person
from shelfwise.core.errors import Forbidden, NotFound, ShelfwiseError
from shelfwise.demand.outside.feeds import NewFeed
from shelfwise.demand.outside.model import NewSeries
from shelfwise.edge.standing import Spot
from shelfwise.planning.carriers.areas import read_areas
from shelfwise.planning.carriers.model import Break, RateCard, ServiceZone
from shelfwise.planning.carriers.tables import Destination
from shelfwise.planning.model import Params
from shelfwise.planning.whatif import Asked
from shelfwise.records.floor_model import Draft
from shelfwise.records.lanes_model import Lane
from shelfwise.records.model import NewItem, NewPlace, Site, Zone
from shelfwise.records.promoting_model import NewEvent
from shelfwise.records.supply import NewSupplier, Terms
from shelfwise.stock import service as stock
from shelfwise.stock.model import NewMovement
from shelfwise.stock.opening import OpeningLot
from shelfwise.stock.tags.model import Content
from shelfwise.store.database import value
from tests.access.two_sites import FAR, Rows, TwoSites, build
from tests.conftest import NOON

# What has no business rules of its own: pages ask services, and these wire services together.
NOT_ROOMS = {"web", "demo", "twin", "store", "core", "app", "cli", "worker", "jobs", "processes", "supervisor"}

# Called by other rooms and by Shelfwise itself, inside something whose rights were checked.
WITHOUT_RIGHTS: dict[str, str] = {
    "access.sessions.open_session": "sign-ins, which have checked who it is",
    "access.sessions.set_password": "whoever has proven to be the person",
    "access.sessions.end_all": "changes to a person that call for it",
    "edge.devices.device": "the doors, before anybody is known",
    "edge.devices.require_at": "checks of rights themselves",
    "edge.history.service.remember_hours": "the consumer of readings",
    "edge.history.service.sum_ended_hour": "the worker, between facts",
    "edge.history.service.folder_of": "whoever reads files of archived days",
    "edge.history.service.told_one_by_one": "whoever judges late readings anew",
    "condition.alarms.alarm": "the watch over temperatures",
    "condition.alarms.tell_past": "the watch over temperatures",
    "condition.alarms.clear": "the watch over temperatures",
    "condition.alarms.clear_past": "the watch over temperatures",
    "condition.alarms.publish_excursion": "the watch over temperatures",
    "condition.alarms.publish_recovered": "the watch over temperatures",
    "condition.late.judge_anew": "the watch over temperatures",
    "edge.devices.site_of_standing": "checks of rights themselves",
    "edge.scopes.known_devices": "the doors",
    "edge.scopes.forget_refusals": "what makes room behind a gateway",
    "edge.unclaimed.tell_of_refusal": "the consumer of facts",
    "edge.devices.site_of_device": "checks of rights themselves",
    "edge.connections.look_after": "the worker",
    "edge.devices.remember_latest": "the consumer of readings",
    "edge.health.service.learn": "the consumer of readings",
    "edge.health.service.corrected": "the consumers of readings",
    "edge.health.corrections.correct": "what a person answered",
    "edge.health.corrections.holding": "the judgement, and answers of people",
    "edge.health.telling.tell": "the judgement of devices",
    "edge.health.telling.tell_silence": "the look for silent devices",
    "edge.health.telling.end": "the judgement, and answers of people",
    "edge.health.telling.hush": "answers of people",
    "work.alerts.raise_alert": "rooms that notice something",
    "work.alerts.clear_alert": "rooms that notice that it is over",
    "work.tasks.open_task": "rooms that notice something to do",
    "work.tasks.close_task": "rooms that notice that it is done",
    "work.tasks.close_tasks": "rooms that notice that it is done",
    "work.outbox.enqueue": "rooms that decided to send something",
    "work.outbox.withdraw": "rooms that decided not to",
    "work.outbox.lock": "rooms that decide about what they sent",
    "work.outbox.recall": "rooms that decided not to, after all",
    "stock.ledger.read_map": "the ledger's callers",
    "stock.ledger.lock": "the ledger's callers",
    "stock.ledger.lock_to_promise": "the ledger's callers",
    "stock.ledger.open_batch": "the ledger's callers",
    "stock.ledger.write": "the ledger's callers",
    "stock.promises.offer": "whoever frees a promise",
    "stock.promises.promise_again": "a shipment that has not left after all",
    "stock.promises.leave": "what posts that goods have left",
    "stock.promises.tell_issued": "what posts that goods have left",
    "stock.promises.refuse_while_picked": "what frees a line's promise",
    "stock.ledger.give_back": "the ledger's callers",
    "stock.ledger.follow_stockouts": "the ledger's callers",
    "stock.picking.replan": "holds",
    "stock.picking.allow_again": "releases",
    "stock.arrivals.wanted": "whatever takes goods in",
    "stock.arrivals.last_day": "whatever takes goods in",
    "stock.arrivals.lacking": "whatever takes goods in",
    "stock.arrivals.ask": "whatever takes goods in",
    "stock.arrivals.note_lot": "whatever takes goods in",
    "stock.picking.refuse_held": "packing and shipping",
    "stock.picking.why_not": "whoever has looked at the shipment",
    "stock.status.today": "rooms that need the day; it is no secret",
    "stock.posting.refuse_others": "the ledger's callers",
    "stock.serials.follow": "the ledger's callers",
    "orders.approval.second_needed": "approving an order",
    "orders.approval.may_be_second": "approving an order",
    "orders.approval.our_currency": "rooms that reckon with amounts; it is no secret",
    "orders.approval.in_our_currency": "rooms that reckon with amounts",
    "orders.outgoing.send": "what was decided about an order",
    "orders.outgoing.key_of": "what was decided about an order",
    "orders.outgoing.message_of": "what was decided about an order",
    "orders.outgoing.paper_of": "what was decided about an order",
    "orders.outgoing.question_of": "what was decided about an order",
    "orders.outgoing.lock": "what was decided about an order",
    "orders.outgoing.recall": "what was decided about an order",
    "orders.outgoing.stop": "what was decided about an order",
    "orders.outgoing.never_left": "what was decided about an order",
    "orders.purchase_changes.take_back_untold_change": "what was decided about an order",
    "orders.purchase_changes.state_anew": "what was decided about an order",
    "orders.telling.remember": "what was decided about an order",
    "orders.telling.review": "what was decided about an order",
    "orders.telling.settled": "what was decided about an order",
    "orders.purchases.no_second": "what was decided about an order",
    "orders.purchases.order_of": "whoever has just asked for a right, and gives the order back",
    "orders.sent_back.take_back": "a reversal of what went back",
    "work.task_rows.find": "what looks at the rights to the task it finds",
    "work.tasks.keep_remark": "what has looked at the rights to a task",
    "work.spreading.spread": "the consumer of facts",
    "work.spreading.delivered": "what sends messages",
    "work.spreading.failed": "what sends messages",
    "work.spreading.forget_old": "the nightly tidying",
    "records.sites.require_items": "a check of input",
    "records.site_changes.refuse_if_used": "what takes places out of use",
    "intake.tables.add_import": "an import that was allowed",
    "intake.tables.quanta": "an import that was allowed",
    "intake.tables.set_quantum": "an import that was allowed",
    "intake.sales_table.take_sales": "an import that was allowed",
    "intake.known.books": "an import that was allowed",
    "intake.known.rules_left": "an import that was allowed",
    "intake.known.fillings": "an import that was allowed",
    "intake.known.parts": "an import that was allowed",
    "operations.inside.look": "the doctor and the nightly keeping; the page asks for the right",
    "operations.inside.note_size": "the nightly keeping",
    "operations.inside.there_since": "the nightly keeping",
    "intake.sales_table.site_of_file": "an import that was allowed",
    "intake.sales_table.say_site": "an import that was allowed",
    "intake.incoming.note": "what takes a file in, which asks for the rights to what is in it",
    "planning.carriers.rebooking.reconsider": "the consumer of facts",
    "planning.carriers.rebooking.review": "the consumer of facts, and the clock every hour",
    "agents.handover.make": "approving a proposal",
    "agents.telling.tell_decided": "whatever decides a proposal",
    "agents.handover.withdraw": "taking a decision back",
}


def _movement(rows: Rows) -> NewMovement:
    return NewMovement(rows["item_id"], rows["place_id"], rows["dock_id"], Decimal(1), "move")


def _event(rows: Rows) -> NewEvent:
    return NewEvent("MAY", rows["site_id"], (rows["item_id"],), NOON.date(), NOON.date())


def _rate_card(rows: Rows) -> RateCard:
    zone = ServiceZone("near", read_areas("GB"), 1, (Break(None, Decimal(9)),))
    return RateCard("FOX", f"STD-{rows['site']}", "Standard", "EUR", date(2026, 1, 1), (zone,), rows["site"])


# Arguments that cannot be guessed from name and type.
ARGUMENTS: dict[str, Callable[[Rows], dict[str, Any]]] = {
    "access.people.add_user": lambda rows: {"login": "nina", "password": None, "role": None},
    "access.keys.add_key": lambda rows: {"name": "erp", "scopes": []},
    "records.lanes.put_lane": lambda rows: {"lane": Lane(rows["site_id"], rows["site_id"] + 1, 1.0, Decimal(9))},
    "edge.connections.add_connection": lambda rows: {"kind": "llrp", "host": "192.0.2.9", "port": 5084},
    "edge.connections.change_connection": lambda rows: {"host": "192.0.2.9", "port": 5084},
    "records.items.change_item": lambda rows: {"to": NewItem(rows["sku"], "another name")},
    "records.suppliers.change_supplier": lambda rows: {"to": NewSupplier("NEW", "New")},
    "records.suppliers.change_terms": lambda rows: {
        "to": Terms(rows["supplier_id"], rows["item_id"], Decimal(1), "EUR", 1.0)
    },
    "records.site_changes.change_site": lambda rows: {"to": Site(0, "NEW", "New", "UTC", 9, 9, "entered")},
    "records.site_changes.change_zone": lambda rows: {
        "to": Zone(0, 0, "NEW", "New", "ambient", 0, 0, 1, 1, None, None, timedelta(0))
    },
    "records.site_changes.change_place": lambda rows: {"to": NewPlace("NEW")},
    "records.promoting.plan_event": lambda rows: {"new": _event(rows)},
    "records.promoting.change_event": lambda rows: {"to": _event(rows)},
    "records.promoting.overlaps": lambda rows: {"of": _event(rows)},
    "demand.outside.service.add_series": lambda rows: {"new": NewSeries("Passers-by", rows["site_id"])},
    "demand.outside.service.change_series": lambda rows: {"to": NewSeries("Passers-by", rows["site_id"])},
    "demand.outside.feeds.put_feed": lambda rows: {"to": NewFeed("https://example.com/", "csv", "day", "count")},
    "records.drawing.draw_floor": lambda rows: {"draft": Draft(gone=[rows["place_id"]])},
    "records.sites.site": lambda rows: {"code": rows["site"]},
    "records.sites.place_by_code": lambda rows: {"code": rows["bin"]},
    **{
        f"intake.joining.{name}": lambda rows: {"kind": "item"}
        for name in (
            "merging.outlook",
            "merging.merge",
            "queue.pair",
            "queue.merge_pair",
            "queue.differ",
            "queue.take_back",
        )
    },
    "stock.posting.post": lambda rows: {"movement": _movement(rows)},
    "stock.posting.post_many": lambda rows: {"movements": [_movement(rows)]},
    "stock.posting.opening_stock": lambda rows: {"stock": [(rows["item_id"], rows["place_id"], Decimal(1))]},
    "stock.opening.opening_lots": lambda rows: {
        "stock": [OpeningLot(rows["item_id"], rows["place_id"], Decimal(1), "L1")]
    },
    "edge.standing.move_device": lambda rows: {"to": Spot(place_id=rows["place_id"])},
    "stock.tags.service.bind_tags": lambda rows: {
        "epcs": ["E28011609999"],
        "content": [Content(rows["item_id"], Decimal(1))],
    },
    "stock.portals.service.change_door": lambda rows: {
        "place_id": rows["dock_id"],
        "policy": "off",
        "weakest_dbm": -70.0,
    },
    "stock.portals.service.being_read": lambda rows: {"place_id": rows["dock_id"]},
    "stock.figures.left": lambda rows: {"to": "scrap"},
    "planning.carriers.service.put_card": lambda rows: {"to": _rate_card(rows)},
    "planning.carriers.service.import_cards": lambda rows: {"told": [(_rate_card(rows), "")]},
    "planning.carriers.service.remove_imported": lambda rows: {"named": [_rate_card(rows)]},
    "planning.carriers.sending.set_destination": lambda rows: {"to": Destination("AT", "1010")},
    "planning.service.what_if": lambda rows: {"asked": Asked()},
    "planning.settings.set_params": lambda rows: {"params": Params()},
    "demand.forecasting.service.forecast_site": lambda rows: {"origin": (NOON - timedelta(days=1)).date()},
}

# Lists that are narrowed down by what they are given: of another site they show nothing, instead of refusing.
NARROWED = {
    "stock.explain.lies_at",
    "stock.trace.batch_steps",
    "stock.tags.service.tags",
    "orders.shipments.shipments",
    "orders.shipments.customer_returns",
}

# Told only after its caller has looked at the other things it names, together with them.
CALLER_LOOKS = {("orders.receipts.record_receipt", "place_id"): "stock.receive moves the goods there, if it may"}

# What a manager of one site may not do there: it belongs to no site or to another one, or takes what managers lack.
FOR_ADMINS = {
    "orders.approval.set_budget",
    "stock.transfers.receive_transfer",
    "agents.transfers.deciding.approve",
    "demand.outside.feeds.put_feed",
    "demand.outside.feeds.remove_feed",
}


@dataclass(frozen=True)
class Function:
    """A public function that takes a context, without that first argument."""

    name: str
    call: Callable[..., Any]
    parameters: tuple[inspect.Parameter, ...]


def functions() -> Iterator[Function]:
    """All of them, wherever they are defined."""
    for module in pkgutil.walk_packages(shelfwise.__path__, "shelfwise."):
        room = module.name.split(".")[1]
        if room in NOT_ROOMS or room.startswith("__"):
            continue
        loaded = importlib.import_module(module.name)
        for name, found in vars(loaded).items():
            if name.startswith("_") or not inspect.isfunction(found) or found.__module__ != module.name:
                continue
            parameters = list(inspect.signature(found).parameters.values())
            if parameters and parameters[0].annotation in ("Context", Context):
                yield Function(f"{module.name.removeprefix('shelfwise.')}.{name}", found, tuple(parameters[1:]))


WALKED = [one for one in functions() if one.name not in WITHOUT_RIGHTS]


def arguments(one: Function, rows: Rows, optional: bool) -> dict[str, Any]:
    """What the function is called with; `optional`: also for optional arguments that name something."""
    given: dict[str, Any] = ARGUMENTS[one.name](rows) if one.name in ARGUMENTS else {}
    for parameter in one.parameters:
        if parameter.name in given:
            continue
        known = _known(parameter.name, rows)
        if known is None and parameter.default is inspect.Parameter.empty:
            given[parameter.name] = _guess(parameter)
        elif known is not None and (optional or parameter.default is inspect.Parameter.empty):
            given[parameter.name] = [rows[known]] if parameter.name.endswith("_ids") else rows[known]
    return given


def _known(name: str, rows: Rows) -> str | None:
    """The row that an argument names: `place_id` for `from_place_id` and for `place_ids`."""
    one = name.removesuffix("s") if name.endswith("_ids") else name
    return one if one in rows else next((key for key in rows if key.endswith("_id") and one.endswith(f"_{key}")), None)


def _guess(parameter: inspect.Parameter) -> Any:
    kind = str(parameter.annotation).removesuffix(" | None")
    plain: dict[str, Any] = {
        "str": "x", "int": 1, "float": 1.0, "bool": False, "Decimal": Decimal(1), "datetime": NOON, "date": NOON.date(),
        "bytes": b"x", "Right": Right.VIEW, "timedelta": timedelta(minutes=10), "dict[str, Any]": {},
    }  # fmt: skip
    if kind in plain:
        return plain[kind]
    return {} if kind.startswith("Mapping") else []


@contextmanager
def undone(ctx: Context) -> Iterator[None]:
    """Whatever happens inside is taken back."""
    with ctx.tx.transaction(force_rollback=True):
        yield


def written(ctx: Context) -> int:
    """How many rows this transaction has written so far, taken back or not."""
    return int(
        value(ctx.tx, "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_xact_user_tables")
    )


@pytest.fixture
def sites(ctx: Context) -> TwoSites:
    return build(ctx)


def test_the_tables_name_functions_that_exist() -> None:
    known = {one.name for one in functions()}
    assert (WITHOUT_RIGHTS.keys() | ARGUMENTS.keys()) - known == set()
    assert len(WALKED) > 80


def test_without_any_right_nothing_is_done_and_nothing_is_told(ctx: Context, sites: TwoSites) -> None:
    nobody = replace(ctx, actor=person("nobody", None))
    wrong = []
    for one in WALKED:
        before = written(ctx)
        with undone(ctx):
            said = _outcome(one, nobody, arguments(one, sites.near, optional=False))
        if said != "Forbidden":
            wrong.append(f"{one.name}: {said}")
        elif written(ctx) != before:
            wrong.append(f"{one.name}: refused after it had written")
    assert not wrong, "\n".join(wrong)


def test_who_may_everything_is_forbidden_nothing(ctx: Context, sites: TwoSites) -> None:
    everybody = replace(ctx, actor=person("root", Role.ADMIN, user_id=sites.near["user_id"]))
    wrong = []
    for one in WALKED:
        with undone(ctx):
            said = _outcome(one, everybody, arguments(one, sites.near, optional=False))
        if said in ("Forbidden", "TypeError"):
            wrong.append(f"{one.name}: {said}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_a_role_at_one_site_reaches_nothing_of_another(ctx: Context, sites: TwoSites, role: Role) -> None:
    nell = replace(ctx, actor=person("nell", None, {sites.near["site_id"]: role}, sites.near["user_id"]))
    wrong = []
    for one in WALKED:
        given = arguments(one, sites.far, optional=True)
        names = {_known(parameter.name, sites.far) for parameter in one.parameters if parameter.name in given}
        bound = bool(names & sites.site_bound) or (one.name in ARGUMENTS and not one.name.startswith("access."))
        before = written(ctx)
        with undone(ctx):
            said = _outcome(one, nell, given)
        refused = said in ("Forbidden", "NotFound")
        if refused and written(ctx) != before:
            wrong.append(f"{one.name}: refused after it had written")
        elif not refused and bound and not (one.name in NARROWED and said == "[]"):
            wrong.append(f"{one.name}: {said[:200]}")
        elif not refused and (shown := FAR.search(said)):
            wrong.append(f"{one.name}: shows {said[max(0, shown.start() - 60) : shown.end() + 20]}")
    assert not wrong, "\n".join(wrong)


def test_things_of_two_sites_do_not_mix(ctx: Context, sites: TwoSites) -> None:
    """Everything of the near site but one thing of the far one: nothing is written and nothing of the far one told."""
    nell = replace(ctx, actor=person("nell", None, {sites.near["site_id"]: Role.MANAGER}, sites.near["user_id"]))
    wrong = []
    for one in WALKED:
        near, far = (arguments(one, rows, optional=True) for rows in (sites.near, sites.far))
        for name in near:
            if (
                near[name] == far[name]
                or (one.name, name) in CALLER_LOOKS
                or (one.name in ARGUMENTS and name not in {p.name for p in one.parameters})
            ):
                continue
            before = written(ctx)
            with undone(ctx):
                said = _outcome(one, nell, near | {name: far[name]})
            # What failed was taken back; what came through must not have written.
            if written(ctx) != before and not said.split(":")[0].isidentifier():
                wrong.append(f"{one.name} with {name} of the other site: {said[:120]}")
            elif (shown := FAR.search(said)) and not said.split(":")[0].isidentifier():
                wrong.append(f"{one.name} with {name} of the other site: {said[max(0, shown.start() - 60) :][:120]}")
    assert not wrong, "\n".join(wrong)


def test_no_movement_leads_to_another_site(ctx: Context, sites: TwoSites) -> None:
    nell = replace(ctx, actor=person("nell", None, {sites.near["site_id"]: Role.MANAGER}))
    here, there = sites.near, sites.far
    for ends in ((here["place_id"], there["dock_id"]), (there["place_id"], here["dock_id"])):
        with pytest.raises(ShelfwiseError), undone(ctx):
            stock.post(nell, NewMovement(here["item_id"], *ends, Decimal(1), "move"))


def test_a_role_at_one_site_is_good_for_that_site(ctx: Context, sites: TwoSites) -> None:
    nell = replace(ctx, actor=person("nell", None, {sites.near["site_id"]: Role.MANAGER}, sites.near["user_id"]))
    wrong = []
    for one in WALKED:
        given = arguments(one, sites.near, optional=True)
        names = {_known(parameter.name, sites.near) for parameter in one.parameters if parameter.name in given}
        if not names & sites.site_bound or one.name.startswith("access.") or one.name in FOR_ADMINS:
            continue
        with undone(ctx):
            said = _outcome(one, nell, given)
        if said == "Forbidden":
            wrong.append(one.name)
    assert not wrong, "\n".join(wrong)


def _outcome(one: Function, ctx: Context, given: dict[str, Any]) -> str:
    """The name of the error, or what came back."""
    try:
        return repr(one.call(ctx, **given))
    except (Forbidden, NotFound) as error:
        return type(error).__name__
    except ShelfwiseError as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:
        return "TypeError" if isinstance(error, TypeError) else f"{type(error).__name__}: {error}"
