"""REST: carriers, their rate cards, the ways to send a shipment, and what is chosen and told of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field

from shelfwise.access.model import Right
from shelfwise.planning.carriers import sending, service
from shelfwise.planning.carriers.cells import Record, card_of, records_of
from shelfwise.planning.carriers.choosing import TARGET, Option
from shelfwise.planning.carriers.desk import Ways
from shelfwise.planning.carriers.tables import Booking, Destination, StoredCard
from shelfwise.web.api_errors import errors
from shelfwise.web.api_model import Exact, Id, Name, Shown, Told
from shelfwise.web.visits import Visitor

router = APIRouter()
Which = Annotated[Id, Path()]
Share = Annotated[float, Field(ge=0, le=1)]
_CODE = Annotated[str, Field(max_length=64)]
_CELL = Annotated[str, Field(max_length=500)]
_DAYS = Annotated[int, Field(ge=0, le=90)]


class CarrierOut(Shown):
    """A carrier."""

    carrier_id: int
    code: str
    name: str


class PriceIn(Told):
    """A price of a zone: up to a weight, and for each kg above the weight of the price before it."""

    zone: Annotated[str, Field(min_length=1, max_length=64)]
    areas: _CELL
    transit_days: _DAYS
    up_to_kg: Exact | None = None
    price: Exact
    per_kg: Exact | None = None


class RateCardIn(Told):
    """What a service costs from a day on. Texts such as `surcharges` are written as in files of rate cards."""

    carrier: _CODE
    service_code: _CODE
    service_name: _CELL | None = None
    site: _CODE | None = None
    valid_from: date
    valid_until: date | None = None
    currency: Annotated[str, Field(max_length=3)]
    charged_per: Annotated[str, Field(max_length=20)] | None = None
    dim_factor: Exact | None = None
    round_up_kg: Exact | None = None
    minimum: Exact | None = None
    fuel: _CELL | None = None
    surcharges: _CELL | None = None
    pick_up_days: _CELL | None = None
    delivery_days: _CELL | None = None
    cut_off: Annotated[str, Field(max_length=5)] | None = None
    holidays: _CELL | None = None
    capacity_parcels: Annotated[int, Field(ge=1, le=10**6)] | None = None
    capacity_kg: Exact | None = None
    max_weight_kg: Exact | None = None
    max_length_cm: Exact | None = None
    max_girth_cm: Exact | None = None
    cancel_cost: Exact | None = None
    prices: Annotated[list[PriceIn], Field(min_length=1, max_length=2000)]


class PriceOut(Shown):
    """A price of a zone."""

    zone: str
    areas: str
    transit_days: int
    up_to_kg: Exact | None
    price: Exact
    per_kg: Exact


class RateCardOut(Shown):
    """A rate card; `site` null: it picks up at every site. Texts are written as in files of rate cards."""

    rate_card_id: int
    carrier: str
    service_code: str
    service_name: str | None
    site: str | None
    valid_from: date
    valid_until: date | None
    currency: str
    charged_per: str
    dim_factor: Exact | None
    round_up_kg: Exact | None
    minimum: Exact
    fuel: str | None
    surcharges: str | None
    pick_up_days: str
    delivery_days: str
    cut_off: str
    holidays: str | None
    capacity_parcels: int | None
    capacity_kg: Exact | None
    max_weight_kg: Exact | None
    max_length_cm: Exact | None
    max_girth_cm: Exact | None
    cancel_cost: Exact
    prices: list[PriceOut]


class DestinationIn(Told):
    """Where a shipment goes. `ready_at` left out: now. `weight_kg`: of all of it, where its boxes do not say."""

    country: Annotated[str, Field(min_length=2, max_length=2)]
    postal_code: Annotated[str, Field(max_length=20)] = ""
    residential: bool = False
    saturday: bool = False
    due_on: date | None = None
    ready_at: AwareDatetime | None = None
    weight_kg: Exact | None = None


class PriceLineOut(Shown):
    """A part of a price, and how it came about."""

    name: str
    amount: Exact
    how: str


class ArrivalOut(Shown):
    """The chance that it is there by the end of a day."""

    day: date
    chance: float


class QuoteOut(Shown):
    """A service that can take it. `chance`: to be there by the due date, or else by its own promise."""

    rate_card_id: int
    carrier: str
    service_code: str
    zone: str
    price: Exact
    currency: str
    price_in_ours: Exact
    lines: list[PriceLineOut]
    chargeable_kg: Exact
    pick_up_on: date
    promised_on: date
    chance: float
    chance_low: float
    chance_high: float
    by_day: list[ArrivalOut]
    stands_on: str


class DeclinedOut(Shown):
    """A service that cannot take it, and why."""

    rate_card_id: int
    carrier: str
    service_code: str
    why: str


class QuotesOut(Shown):
    """The ways to send a shipment. `proposed`: the rate card to choose; `reached`: whether it is at the target.

    `missing` says what has to be told before anything can be priced; then there are no quotes.
    """

    missing: str | None
    proposed: int | None
    reached: bool
    why: str | None
    currency: str
    quotes: list[QuoteOut]
    declined: list[DeclinedOut]


class ChooseIn(Told):
    """The service to choose. `price`: what you saw; where it costs something else by now, nothing is chosen."""

    rate_card_id: Id
    price: Exact | None = None


class WhyNotIn(Told):
    """Why a service does not take it after all."""

    reason: Name


class DayIn(Told):
    """A day."""

    day: date


class ArrivedIn(Told):
    """The day on which it arrived; null: it has not, after all."""

    day: date | None


class BookingOut(Shown):
    """A service that was chosen for a shipment, at the price and with the chance of that moment."""

    booking_id: int
    rate_card_id: int
    carrier: str
    service_code: str
    zone: str
    price: Exact
    currency: str
    pick_up_on: date
    promised_on: date
    due_on: date | None
    chance: float
    booked_by: str
    booked_at: AwareDatetime
    cancelled_at: AwareDatetime | None
    expected_on: date | None
    arrived_on: date | None
    days_late: int | None


@router.get("/carriers", tags=["carriers"], responses=errors())
def carriers(visit: Visitor) -> list[CarrierOut]:
    """All carriers."""
    with visit.context() as ctx:
        return [CarrierOut.model_validate(one) for one in service.carriers(ctx)]


@router.get("/rate-cards", tags=["carriers"], responses=errors())
def rate_cards(visit: Visitor) -> list[RateCardOut]:
    """All rate cards, by carrier, service and site, the newest first."""
    with visit.context() as ctx:
        return [_card(one) for one in service.cards(ctx)]


@router.get("/rate-cards/{rate_card_id}", tags=["carriers"], responses=errors(404))
def rate_card(visit: Visitor, rate_card_id: Which) -> RateCardOut:
    """One rate card with all its prices."""
    with visit.context() as ctx:
        return _card(service.card(ctx, rate_card_id))


@router.post("/rate-cards", tags=["carriers"], responses=errors(404, 409))
def add_rate_card(visit: Visitor, told: RateCardIn) -> RateCardOut:
    """Add prices of a service, from a day on."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.EDIT_RECORDS)
        return _card(service.card(ctx, service.put_card(ctx, card_of(_rows(told)))))


@router.post("/rate-cards/{rate_card_id}", tags=["carriers"], responses=errors(404, 409))
def change_rate_card(visit: Visitor, rate_card_id: Which, told: RateCardIn) -> RateCardOut:
    """Replace a rate card. What was booked by it keeps its price."""
    with visit.context() as ctx:
        ctx.require_somewhere(Right.EDIT_RECORDS)
        ctx.require(Right.EDIT_RECORDS, service.card(ctx, rate_card_id).site_id)
        return _card(service.card(ctx, service.put_card(ctx, card_of(_rows(told)), rate_card_id)))


def _rows(told: RateCardIn) -> list[Record]:
    # As they are, not as they are written in answers: numbers stay numbers.
    whole = {name: value for name, value in told if name != "prices"}
    return [whole | dict(one) for one in told.prices]


def _card(stored: StoredCard) -> RateCardOut:
    rows = list(records_of(stored.card, stored.carrier_name))
    whole: dict[str, Any] = dict(rows[0])
    return RateCardOut(
        **{name: whole[name] for name in RateCardOut.model_fields if name in whole},
        rate_card_id=stored.rate_card_id,
        prices=[PriceOut(**{name: row[name] for name in PriceOut.model_fields}) for row in rows],  # type: ignore[arg-type]
    )


@router.get("/shipments/{shipment_id}/quotes", tags=["carriers"], responses=errors(404))
def quotes(visit: Visitor, shipment_id: Which, target: Annotated[float, Query(ge=0.5, le=0.999)] = TARGET) -> QuotesOut:
    """What each service would cost for a shipment, when it would arrive and how likely in time; and why others not."""
    with visit.context() as ctx:
        return _quotes(sending.ways(ctx, shipment_id, target))


def _quotes(found: Ways) -> QuotesOut:
    choice = found.choice
    best = None if choice is None or choice.best is None else found.card_id(choice.best.quote.card)
    return QuotesOut(
        missing=found.missing, proposed=best, reached=bool(choice and choice.reached),
        why=None if choice is None else choice.why, currency=found.currency,
        quotes=[_quote(found, one) for one in (choice.options if choice else ())],
        declined=[
            DeclinedOut(
                rate_card_id=found.card_id(one.card), carrier=one.card.carrier, service_code=one.card.service_code,
                why=one.why,
            )
            for one in (choice.declined if choice else ())
        ],
    )  # fmt: skip


def _quote(found: Ways, one: Option) -> QuoteOut:
    quote = one.quote
    low, high = one.band
    return QuoteOut(
        rate_card_id=found.card_id(quote.card), carrier=quote.card.carrier, service_code=quote.card.service_code,
        zone=quote.zone.label, price=quote.total, currency=quote.card.currency, price_in_ours=one.price,
        lines=[PriceLineOut.model_validate(line) for line in quote.lines], chargeable_kg=quote.chargeable_kg,
        pick_up_on=quote.pick_up, promised_on=quote.promised, chance=one.chance, chance_low=low, chance_high=high,
        by_day=[ArrivalOut.model_validate(day) for day in one.days], stands_on=one.lateness.seen.words,
    )  # fmt: skip


@router.get("/shipments/{shipment_id}/bookings", tags=["carriers"], responses=errors(404))
def bookings(visit: Visitor, shipment_id: Which) -> list[BookingOut]:
    """What was chosen for a shipment, the newest first."""
    with visit.context() as ctx:
        return _bookings(sending.bookings(ctx, shipment_id))


@router.post("/shipments/{shipment_id}/destination", tags=["carriers"], responses=errors(404, 409))
def set_destination(visit: Visitor, shipment_id: Which, told: DestinationIn) -> QuotesOut:
    """Say where a shipment goes and by when; the answer is the ways to send it."""
    with visit.context() as ctx:
        sending.set_destination(ctx, shipment_id, Destination(**dict(told)))
        return _quotes(sending.ways(ctx, shipment_id))


@router.post("/shipments/{shipment_id}/choose", tags=["carriers"], responses=errors(404, 409))
def choose(visit: Visitor, shipment_id: Which, told: ChooseIn) -> BookingOut:
    """Choose a service for a shipment, instead of one chosen before."""
    with visit.context() as ctx:
        return BookingOut.model_validate(sending.choose_service(ctx, shipment_id, told.rate_card_id, told.price))


@router.post("/shipments/{shipment_id}/choice/cancel", tags=["carriers"], responses=errors(404, 409))
def cancel_choice(visit: Visitor, shipment_id: Which, told: WhyNotIn) -> list[BookingOut]:
    """The service that was chosen does not take it after all."""
    with visit.context() as ctx:
        sending.cancel_choice(ctx, shipment_id, told.reason)
        return _bookings(sending.bookings(ctx, shipment_id))


@router.post("/shipments/{shipment_id}/expected", tags=["carriers"], responses=errors(404, 409))
def expected(visit: Visitor, shipment_id: Which, told: DayIn) -> list[BookingOut]:
    """Tell when the carrier says that it will come."""
    with visit.context() as ctx:
        sending.tell_expected(ctx, shipment_id, told.day)
        return _bookings(sending.bookings(ctx, shipment_id))


@router.post("/shipments/{shipment_id}/arrived", tags=["carriers"], responses=errors(404, 409))
def arrived(visit: Visitor, shipment_id: Which, told: ArrivedIn) -> BookingOut:
    """Tell when it arrived: the punctuality of its carrier is learnt from that."""
    with visit.context() as ctx:
        return BookingOut.model_validate(sending.tell_arrival(ctx, shipment_id, told.day))


def _bookings(found: list[Booking]) -> list[BookingOut]:
    return [BookingOut.model_validate(one) for one in found]
