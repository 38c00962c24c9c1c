"""Shipments and the ways to send them: what is looked at, chosen, told and learnt, and who may."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from shelfwise.access.context import Context
from shelfwise.access.model import Role, person
from shelfwise.core.errors import Forbidden, Invalid, NotFound, Refused
from shelfwise.orders import approval, shipments
from shelfwise.orders.shipments_model import Box
from shelfwise.planning.carriers import rebooking, sending, service
from shelfwise.planning.carriers.tables import Booking, Destination
from shelfwise.records import calendars
from shelfwise.records import service as records
from shelfwise.records.calendars import ClosedDay
from shelfwise.stock import shipping
from shelfwise.store.events import Event
from shelfwise.work import tasks
from tests.planning.carriers.world import TO, Yard, build_yard, card, teach
from tests.stock.house import facts

MONDAY, TUESDAY, THURSDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 5)


@pytest.fixture
def yard(ctx: Context) -> Yard:
    return build_yard(ctx)


def later(ctx: Context, days: float) -> Context:
    return replace(ctx, now=ctx.now + timedelta(days=days))


def booking(ctx: Context, shipment_id: int) -> Booking:
    return sending.bookings(ctx, shipment_id)[0]


def asked(ctx: Context) -> list[str]:
    return [one.title for one in tasks.tasks(ctx) if one.kind == rebooking.REBOOK]


# Looking.


def test_each_service_is_shown_with_price_day_and_chance(ctx: Context, yard: Yard) -> None:
    teach(ctx, yard, yard.fast, 0)
    known = sending.ways(ctx, yard.shipment(ctx, to=replace(TO, due_on=THURSDAY)))
    assert known.choice is not None and known.choice.best is not None
    shown = [(one.key[1], int(one.price), one.quote.promised, one.chance > 0.95) for one in known.choice.options]
    assert shown == [("SLOW", 5, THURSDAY, False), ("FAST", 12, TUESDAY, True)]
    assert known.choice.best.key[1] == "FAST"
    assert (known.weighed, known.parcels[0].weight_kg) == ("items", Decimal("1.4"))
    assert known.choice.best.lateness.seen.words == "40 of 40 of this service on time, all of them to this zone."


def test_what_is_missing_is_said_first(ctx: Context, yard: Yard) -> None:
    shipment_id = yard.shipment(ctx, to=None)
    assert sending.ways(ctx, shipment_id).missing == "Say where it goes first."
    service.remove_card(ctx, yard.slow)
    service.remove_card(ctx, yard.fast)
    assert "No carrier's prices" in (sending.ways(ctx, shipment_id).missing or "")


def test_boxes_say_what_is_sent_and_without_weights_a_person_does(ctx: Context, yard: Yard) -> None:
    shipment_id = yard.shipment(ctx)
    sending.set_destination(ctx, shipment_id, replace(TO, weight_kg=Decimal(3)))
    assert sending.ways(ctx, shipment_id).weighed == "told"
    shipping.pick(ctx, shipment_id, 1, Decimal(4), "p")
    shipping.pack(ctx, shipment_id, [Box(0, 1, None, 300, 200, 100), Box(0, 2, None)])
    split = sending.ways(ctx, shipment_id).parcels
    assert [(one.weight_kg, one.length_cm) for one in split] == [(Decimal("1.5"), Decimal(30)), (Decimal("1.5"), None)]
    shipping.pack(ctx, shipment_id, [Box(0, 1, Decimal(1250), 300, 200, 100)])
    boxed = sending.ways(ctx, shipment_id)
    assert (boxed.weighed, boxed.parcels[0].weight_kg) == ("boxes", Decimal("1.25"))


def test_a_customer_we_sent_to_before_is_suggested(ctx: Context, yard: Yard) -> None:
    first, second = yard.shipment(ctx, "S-1"), yard.shipment(ctx, "S-2", to=None)
    assert sending.ways(ctx, second).suggested is None
    ctx.tx.execute("update sales_line set customer = 'Corner shop'")
    assert sending.ways(ctx, second).suggested == TO
    assert sending.ways(ctx, first).suggested is None


def test_what_the_house_is_closed_for_is_picked_up_later(ctx: Context, yard: Yard) -> None:
    calendars.put_closed_days(ctx, [ClosedDay(yard.house.site_id, None, MONDAY, None)])
    choice = sending.ways(ctx, yard.shipment(ctx)).choice
    assert choice is not None and {one.quote.pick_up for one in choice.options} == {TUESDAY}


def test_a_currency_without_a_rate_is_no_price(ctx: Context, yard: Yard) -> None:
    service.put_card(ctx, card("US", "1", 1, currency="USD"))
    shipment_id = yard.shipment(ctx)
    choice = sending.ways(ctx, shipment_id).choice
    assert choice is not None
    assert [one.why for one in choice.declined] == ["Nobody has said what USD is worth in EUR."]
    approval.set_rate(ctx, "USD", MONDAY, Decimal("0.9"))
    choice = sending.ways(ctx, shipment_id).choice
    assert choice is not None and choice.options[0].price == Decimal("0.9")


# Choosing.


def test_what_is_chosen_is_noted_with_its_price_and_told(ctx: Context, yard: Yard) -> None:
    shipment_id = yard.shipment(ctx)
    made = sending.choose_service(ctx, shipment_id, yard.slow, Decimal(5))
    assert (int(made.price), made.currency, made.pick_up_on, made.promised_on) == (5, "EUR", MONDAY, THURSDAY)
    assert [line.name for line in made.price_lines] == ["Transport"]
    assert shipments.shipment(ctx, shipment_id).carrier == "Fox Parcels Slow"
    assert facts(ctx, "shipment.booked", "service_code", "price") == [("SLOW", "5")]


def test_another_choice_takes_the_place_of_the_first(ctx: Context, yard: Yard) -> None:
    shipment_id = yard.shipment(ctx)
    sending.choose_service(ctx, shipment_id, yard.slow)
    sending.choose_service(ctx, shipment_id, yard.fast)
    assert [(one.service_code, one.cancelled_at is None) for one in sending.bookings(ctx, shipment_id)] == [
        ("FAST", True), ("SLOW", False),
    ]  # fmt: skip
    sending.cancel_choice(ctx, shipment_id, "we drive")
    assert booking(ctx, shipment_id).cancelled_at is not None
    assert shipments.shipment(ctx, shipment_id).carrier is None
    with pytest.raises(Refused, match="No service is chosen"):
        sending.cancel_choice(ctx, shipment_id, "again")


def test_nothing_is_chosen_at_another_price_than_was_seen(ctx: Context, yard: Yard) -> None:
    shipment_id = yard.shipment(ctx)
    service.put_card(ctx, card("SLOW", "6", 3), yard.slow)
    with pytest.raises(Refused, match="costs 6 by now and not 5"):
        sending.choose_service(ctx, shipment_id, yard.slow, Decimal(5))
    assert sending.bookings(ctx, shipment_id) == []


def test_a_service_that_cannot_take_it_is_not_chosen(ctx: Context, yard: Yard) -> None:
    far = service.put_card(ctx, card("FAR", "1", 1, max_weight_kg=Decimal(1)))
    shipment_id = yard.shipment(ctx)
    with pytest.raises(Refused, match=r"no parcel may weigh more than 1 kg"):
        sending.choose_service(ctx, shipment_id, far)
    with pytest.raises(NotFound):
        sending.choose_service(ctx, shipment_id, 999)
    with pytest.raises(Refused, match="Say where it goes first"):
        sending.choose_service(ctx, yard.shipment(ctx, "S-2", to=None), yard.slow)


def test_a_full_day_takes_no_more_and_is_shared_out(ctx: Context, yard: Yard) -> None:
    teach(ctx, yard, yard.slow, 0)
    service.put_card(ctx, card("SLOW", "5", 3, capacity_parcels=1), yard.slow)
    first, second = yard.shipment(ctx, "S-1"), yard.shipment(ctx, "S-2")
    given = {one.ways.shipment.shipment_id: one.rate_card_id for one in sending.shares(ctx, yard.house.site_id)}
    assert sorted(given) == [first, second]
    assert sorted(made for made in given.values() if made is not None) == [yard.slow, yard.fast]
    sending.choose_service(ctx, first, yard.slow)
    with pytest.raises(Refused, match="It is full on 2026-03-02"):
        sending.choose_service(ctx, second, yard.slow)
    assert [one.rate_card_id for one in sending.shares(ctx, yard.house.site_id)] == [yard.fast]


def test_what_has_left_is_not_chosen_for_any_more(ctx: Context, yard: Yard) -> None:
    shipment_id = yard.shipment(ctx)
    sending.choose_service(ctx, shipment_id, yard.slow)
    yard.leaves(ctx, shipment_id)
    for late in (
        lambda: sending.choose_service(ctx, shipment_id, yard.fast),
        lambda: sending.cancel_choice(ctx, shipment_id, "no"),
        lambda: sending.set_destination(ctx, shipment_id, Destination("AT", "1010")),
    ):
        with pytest.raises(Refused, match="has left"):
            late()


@pytest.mark.parametrize(
    ("to", "where"),
    [
        (Destination("Germany", "10115"), "country"),
        (Destination("DE", "10115; drop table"), "postal_code"),
        (Destination("DE", "10115", weight_kg=Decimal("-1")), "weight_kg"),
        (Destination("DE", "10115", weight_kg=Decimal("NaN")), "weight_kg"),
        (Destination("DE", "10115", due_on=date(2036, 1, 1)), "due_on"),
    ],
)
def test_a_destination_that_cannot_be_right_is_refused(ctx: Context, yard: Yard, to: Destination, where: str) -> None:
    with pytest.raises(Invalid) as refused:
        sending.set_destination(ctx, yard.shipment(ctx), to)
    assert [fault.where for fault in refused.value.faults] == [where]


# Learning.


def test_days_late_are_counted_from_the_day_on_which_it_really_left(ctx: Context, yard: Yard) -> None:
    in_time, we_were_late = yard.shipment(ctx, "S-1"), yard.shipment(ctx, "S-2")
    for shipment_id in (in_time, we_were_late):
        sending.choose_service(ctx, shipment_id, yard.fast)
    yard.leaves(ctx, in_time)
    yard.leaves(later(ctx, 1), we_were_late)
    after = later(ctx, 7)
    assert sending.tell_arrival(after, in_time, THURSDAY).days_late == 2
    assert sending.tell_arrival(after, we_were_late, THURSDAY).days_late == 1
    assert sending.tell_arrival(after, we_were_late, None).days_late is None
    assert facts(ctx, "shipment.arrived", "days_late") == [("2",), ("1",)]
    choice = sending.ways(ctx, yard.shipment(ctx, "S-3")).choice
    assert choice is not None
    assert [one.lateness.seen.service for one in choice.options if one.key[1] == "FAST"] == [1]


def test_it_arrives_between_leaving_and_today(ctx: Context, yard: Yard) -> None:
    shipment_id = yard.shipment(ctx)
    sending.choose_service(ctx, shipment_id, yard.fast)
    with pytest.raises(Refused, match="has not left"):
        sending.tell_arrival(ctx, shipment_id, MONDAY)
    yard.leaves(ctx, shipment_id)
    for day in (MONDAY - timedelta(days=1), TUESDAY):
        with pytest.raises(Invalid):
            sending.tell_arrival(ctx, shipment_id, day)


# Booking anew.


def test_an_earlier_due_date_asks_for_another_service_and_a_person_decides(ctx: Context, yard: Yard) -> None:
    teach(ctx, yard, yard.slow, 0)
    teach(ctx, yard, yard.fast, 0)
    shipment_id = yard.shipment(ctx, to=replace(TO, due_on=THURSDAY))
    sending.choose_service(ctx, shipment_id, yard.slow)
    assert rebooking.review(ctx) == 0
    sending.set_destination(ctx, shipment_id, replace(TO, due_on=TUESDAY))
    told = [Event(1, 1, "shipment.destination_told", "", {"shipment_id": shipment_id}, ctx.now, ctx.now)]
    rebooking.reconsider(ctx, told)
    (task,) = [one for one in tasks.tasks(ctx) if one.kind == rebooking.REBOOK]
    assert task.title == "Send SH-000001 with FOX Fast instead?"
    assert "costs 8 EUR more" in task.detail and "giving back the booking included" in task.detail
    assert booking(ctx, shipment_id).service_code == "SLOW"
    sending.choose_service(ctx, shipment_id, yard.fast)
    assert rebooking.review(ctx) == 0
    assert asked(ctx) == []


def test_an_eta_that_slips_asks_until_it_has_left(ctx: Context, yard: Yard) -> None:
    teach(ctx, yard, yard.slow, 0)
    teach(ctx, yard, yard.fast, 0)
    shipment_id = yard.shipment(ctx, to=replace(TO, due_on=THURSDAY))
    sending.choose_service(ctx, shipment_id, yard.slow)
    sending.tell_expected(ctx, shipment_id, THURSDAY + timedelta(days=4))
    assert rebooking.review(ctx, [shipment_id]) == 1
    assert rebooking.better(ctx, shipment_id) is not None
    yard.leaves(ctx, shipment_id)
    assert rebooking.review(ctx, [shipment_id]) == 0
    assert asked(ctx) == []


def test_a_missed_pick_up_asks_by_itself(ctx: Context, yard: Yard) -> None:
    teach(ctx, yard, yard.slow, 0)
    teach(ctx, yard, yard.fast, 0)
    sending.choose_service(ctx, yard.shipment(ctx, to=replace(TO, due_on=THURSDAY)), yard.slow)
    assert rebooking.review(later(ctx, 1)) == 1


def test_a_card_that_ends_today_takes_nothing_from_what_is_booked_by_it_until_the_day_is_over(
    ctx: Context, yard: Yard
) -> None:
    teach(ctx, yard, yard.slow, 0)
    teach(ctx, yard, yard.fast, 0)
    service.put_card(ctx, card("SLOW", "5", 3, valid_until=MONDAY), yard.slow)
    shipment_id = yard.shipment(ctx, to=replace(TO, due_on=THURSDAY))
    sending.choose_service(ctx, shipment_id, yard.slow)
    past_its_cut_off = later(ctx, 0.2)
    assert rebooking.review(past_its_cut_off) == 0
    assert rebooking.review(later(ctx, 1)) == 1
    sending.tell_expected(ctx, shipment_id, THURSDAY + timedelta(days=4))
    assert rebooking.review(past_its_cut_off) == 1


def test_what_is_booked_by_a_card_that_becomes_another_sites_stands(ctx: Context, yard: Yard) -> None:
    records.add_site(ctx, code="YOR", name="York", time_zone="Europe/London", width_m=9, depth_m=9)
    shipment_id = yard.shipment(ctx)
    sending.choose_service(ctx, shipment_id, yard.slow)
    service.put_card(ctx, card("SLOW", "5", 3, site="YOR"), yard.slow)
    assert rebooking.review(ctx) == 0
    assert booking(ctx, shipment_id).service_code == "SLOW"
    assert sending.choose_service(ctx, shipment_id, yard.fast).service_code == "FAST"


def test_a_price_that_falls_asks_and_one_that_was_there_does_not(ctx: Context, yard: Yard) -> None:
    teach(ctx, yard, yard.slow, 0)
    teach(ctx, yard, yard.fast, 0)
    sending.choose_service(ctx, yard.shipment(ctx), yard.fast)
    assert rebooking.review(ctx) == 0
    service.put_card(ctx, card("SLOW", "4", 3), yard.slow)
    assert rebooking.review(ctx) == 1


def test_who_said_that_it_stays_is_not_asked_again(ctx: Context, yard: Yard) -> None:
    teach(ctx, yard, yard.slow, 0)
    teach(ctx, yard, yard.fast, 0)
    shipment_id = yard.shipment(ctx, to=replace(TO, due_on=THURSDAY))
    sending.choose_service(ctx, shipment_id, yard.slow)
    sending.tell_expected(ctx, shipment_id, THURSDAY + timedelta(days=4))
    rebooking.review(ctx)
    (task,) = [one for one in tasks.tasks(ctx) if one.kind == rebooking.REBOOK]
    tasks.done(ctx, task.task_id, "the customer knows")
    assert rebooking.review(ctx) == 0


# Rights.


def test_who_packs_and_who_plans_choose_and_only_who_keeps_records_edits_cards(ctx: Context, yard: Yard) -> None:
    shipment_id = yard.shipment(ctx)
    may_choose, may_edit = set(), set()
    for role in Role:
        actor = replace(ctx, actor=person("nina", role))
        try:
            with ctx.tx.transaction(force_rollback=True):
                sending.choose_service(actor, shipment_id, yard.slow)
                may_choose.add(role)
        except Forbidden:
            pass
        try:
            with ctx.tx.transaction(force_rollback=True):
                service.put_card(actor, card("NEW", "1", 1))
                may_edit.add(role)
        except Forbidden:
            pass
    assert may_choose == {Role.OPERATOR, Role.PLANNER, Role.MANAGER, Role.ADMIN}
    assert may_edit == {Role.PLANNER, Role.MANAGER, Role.ADMIN}


def test_a_card_by_which_something_was_booked_is_not_taken_out(ctx: Context, yard: Yard) -> None:
    sending.choose_service(ctx, yard.shipment(ctx), yard.slow)
    with pytest.raises(Refused, match="until when they hold"):
        service.remove_card(ctx, yard.slow)
    service.remove_card(ctx, yard.fast)
    assert [one.rate_card_id for one in service.cards(ctx)] == [yard.slow]


def test_a_service_has_one_card_from_a_day_on(ctx: Context, yard: Yard) -> None:
    with pytest.raises(Refused, match="another card from 2026-01-01"):
        service.put_card(ctx, card("SLOW", "7", 3))
    with pytest.raises(Invalid):
        service.put_card(ctx, card("SLOW", "-7", 3, valid_from=MONDAY))
    with pytest.raises(NotFound):
        service.put_card(ctx, card("SLOW", "7", 3, carrier="OWL"))
