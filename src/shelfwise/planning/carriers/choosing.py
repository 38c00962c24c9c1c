"""Which service to choose, how the services of a day are shared out, and when another one is worth a change. Pure.

The cheapest service whose chance to arrive by the due date reaches the target; where none does, the most punctual one,
and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shelfwise.core.quantities import ZERO
from shelfwise.planning.carriers.model import Declined, Quote
from shelfwise.planning.carriers.punctuality import Arrival, Lateness, arrivals, classes_by

TARGET = 0.95
# A saving below this share of the price is not worth anybody's time.
_WORTH = Decimal("0.05")
# So much likelier to arrive in time, and another service is worth looking at although it misses the target, too.
_CLEARLY = 0.10
# A chance that fell by less has not changed.
_SLIPPED = 0.02


def percent(chance: float) -> str:
    """A chance for people; what is not quite certain is never called so."""
    if 0 < chance < 0.005:
        return "under 1%"
    if 0.995 < chance < 1:
        return "over 99%"
    return f"{chance:.0%}"


@dataclass(frozen=True, eq=False)
class Option:
    """A service that can take it.

    Attributes:
        price: in the currency that all options are compared in.
        chance: that it is there by the due date, or by its promise where nobody said when it is due.
        band: where that chance lies, with 80%.
        days: by when it is there how likely.
    """

    quote: Quote
    price: Decimal
    chance: float
    band: tuple[float, float]
    days: tuple[Arrival, ...]
    lateness: Lateness

    @property
    def key(self) -> tuple[str, str, str | None]:
        """What names the service."""
        return self.quote.card.carrier, self.quote.card.service_code, self.quote.card.site

    @property
    def order(self) -> tuple[Decimal, float, date, str, str]:
        """The cheapest first; of equal ones the more punctual."""
        return self.price, -self.chance, self.quote.promised, *self.key[:2]


@dataclass(frozen=True, eq=False)
class Choice:
    """What to take.

    Attributes:
        best: None: no service can take it.
        reached: whether its chance is at or above the target.
        options: all that can take it, the cheapest first, with the best among them.
        declined: all that cannot, and why.
    """

    best: Option | None
    reached: bool
    target: float
    due: date | None
    options: tuple[Option, ...]
    declined: tuple[Declined, ...]

    @property
    def why(self) -> str:
        """The choice in a sentence."""
        if self.best is None:
            return "No service can take it."
        name, chance = self.best.quote.card.name, percent(self.best.chance)
        if not self.reached:
            return (
                f"None reaches {self.target:.0%} by {self.due or 'its own promise'}: {name} is the most punctual, "
                f"with {chance}."
            )
        cheaper = [one for one in self.options if one.price < self.best.price]
        if cheaper:
            closest = max(one.chance for one in cheaper)
            others = f"{len(cheaper)} cheaper {'one reaches' if len(cheaper) == 1 else 'ones reach'} {percent(closest)}"
            return f"{name} is the cheapest of those with at least {self.target:.0%} ({chance}). {others} at most."
        return f"{name} is the cheapest, and arrives in time with {chance}."


def option(quote: Quote, lateness: Lateness, due: date | None, worth: Decimal = Decimal(1)) -> Option:
    """A service with its chances.

    Args:
        worth: what one unit of the card's currency is worth in the currency of comparison.
    """
    classes = classes_by(quote, due or quote.promised)
    chance = float(lateness.chances[:classes].sum())
    band = (0.0, 0.0) if classes == 0 else lateness.band(classes)
    return Option(quote, quote.total * worth, chance, band, arrivals(quote, lateness), lateness)


def choose(
    options: Sequence[Option], due: date | None, declined: Sequence[Declined] = (), target: float = TARGET
) -> Choice:
    """The cheapest option at or above the target, or else the most punctual one."""
    ranked = tuple(sorted(options, key=lambda one: one.order))
    good = next((one for one in ranked if one.chance >= target), None)
    best = good or max(ranked, key=lambda one: (one.chance, -one.price), default=None)
    return Choice(best, good is not None, target, due, ranked, tuple(declined))


@dataclass(frozen=True)
class Booked:
    """What was booked and not picked up yet, at what it costs now, in the currency of comparison.

    Attributes:
        price: what was agreed.
        chance: that it arrives by what is due now, as things stand.
        cancel_cost: of giving it back.
        chance_then: what that chance was when it was booked.
        best_then: what the service cost that was proposed when it was booked; None: nobody knows.
    """

    key: tuple[str, str, str | None]
    price: Decimal
    chance: float
    cancel_cost: Decimal = ZERO
    chance_then: float = 1.0
    best_then: Decimal | None = None


@dataclass(frozen=True, eq=False)
class Rebooking:
    """Another service that is worth the change.

    Attributes:
        saves: what the change saves, cancelling paid; negative: what it costs.
    """

    to: Option
    saves: Decimal
    why: str


def rebook(booked: Booked, choice: Choice, *, picked_up: bool) -> Rebooking | None:
    """Whether to change a booking; None: it stays. Never after it was picked up.

    It is worth it where what is booked will probably be late by now and another one will not, or where another one that
    reaches the target costs clearly less by now, cancelling paid. Whoever booked something else than what was proposed
    knew why: only what has changed since is a reason.
    """
    if picked_up or choice.best is None or choice.best.key == booked.key:
        return None
    best = choice.best
    saves = booked.price - best.price - booked.cancel_cost
    slipped = booked.chance < min(choice.target, booked.chance_then - _SLIPPED)
    if slipped and (choice.reached or best.chance >= booked.chance + _CLEARLY):
        return Rebooking(
            best, saves,
            f"What is booked arrives in time with {percent(booked.chance)} only; {best.quote.card.name} with "
            f"{percent(best.chance)}.",
        )  # fmt: skip
    cheaper = booked.best_then is None or best.price < booked.best_then * (1 - _WORTH)
    if choice.reached and cheaper and saves > booked.price * _WORTH:
        return Rebooking(
            best, saves, f"{best.quote.card.name} costs less by now, cancelling paid, and arrives in time."
        )
    return None
