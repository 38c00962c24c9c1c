"""How many days late a service arrives, learned from what it did; never its bare promise. Pure.

Days late are counted in delivery days against the promise of the day on which it was really picked up, in a few
classes with a Dirichlet posterior. What is known of a lane is little, so it leans on the other lanes of its service,
those on the other services of its carrier, and those on the other carriers. At each level what the others did counts
by their credibility n / (n + k) (Bühlmann and Straub 1970): what was used a thousand times is one example and no more,
what was used rarely is a part of one. A lane's own shipments are left out of what it leans on, or they would count
twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from shelfwise.planning.carriers.model import Quote, days_after
from shelfwise.planning.model import Floats

EARLIEST, LATEST = -1, 4
"""Days late that are told apart: a day early or more, ..., four days late or more."""
CLASSES = LATEST - EARLIEST + 1
ON_TIME = -EARLIEST
# What is expected of a carrier nobody has tried: nine of ten on time, and the rest rather a day late than a week.
_UNKNOWN: Floats = np.array([0.05, 0.85, 0.06, 0.02, 0.01, 0.01])
ABOVE_COUNTS_AS = 12.0
"""So many shipments of its own, and a lane counts as much as what it leans on."""
SHARE_OF_CHANCE = 0.8
_DRAWS = 4000


@dataclass(frozen=True)
class Lane:
    """What is pooled: a service from a site to one of its zones."""

    carrier: str
    service_code: str
    origin: str
    zone: str


@dataclass(frozen=True)
class Arrived:
    """A shipment that has arrived, and how many delivery days after the promise; negative: before it."""

    lane: Lane
    days_late: int


@dataclass(frozen=True)
class Seen:
    """On how much a chance stands: shipments that arrived, and how many of them on time, on the lane and all around."""

    lane: int
    lane_on_time: int
    service: int
    service_on_time: int
    carrier: int
    carrier_on_time: int

    @property
    def words(self) -> str:
        """The same for people, the nearest first."""
        if not self.carrier:
            return "Nothing of this carrier has been followed yet: a cautious guess."
        if not self.service:
            return f"Nothing of this service yet; of the carrier {self.carrier_on_time} of {self.carrier} on time."
        service = f"{self.service_on_time} of {self.service} of this service on time"
        if self.lane == self.service:
            return f"{service}, all of them to this zone."
        if not self.lane:
            return f"None to this zone yet; {service}."
        return f"{self.lane_on_time} of {self.lane} to this zone on time, {service}."


@dataclass(frozen=True, eq=False)
class Lateness:
    """How likely each class of days late is.

    Attributes:
        weights: of the Dirichlet posterior, shape (CLASSES,): its mean is the chance of the next shipment.
    """

    weights: Floats
    seen: Seen

    @property
    def chances(self) -> Floats:
        """Of a day early or more, of the promised day, of a day late, and so on; adds up to 1."""
        share: Floats = self.weights / self.weights.sum()
        return share

    @property
    def on_time(self) -> float:
        return float(self.chances[: ON_TIME + 1].sum())

    def band(self, classes: int) -> tuple[float, float]:
        """Where the true chance of the first so many classes lies, with 80%; always the same for the same counts."""
        early, late = float(self.weights[:classes].sum()), float(self.weights[classes:].sum())
        if min(early, late) <= 0:
            return float(late <= 0), float(late <= 0)
        drawn = np.random.default_rng(1763).beta(early, late, _DRAWS)
        low, high = np.quantile(drawn, [(1 - SHARE_OF_CHANCE) / 2, (1 + SHARE_OF_CHANCE) / 2])
        return float(low), float(high)


@dataclass(frozen=True, eq=False)
class Record:
    """What carriers did, by lane; made by `learn`."""

    counts: Mapping[Lane, Floats] = field(default_factory=dict)

    def lateness(self, lane: Lane) -> Lateness:
        """What is to be expected on a lane, also on one that was never used."""
        own = self.counts.get(lane, np.zeros(CLASSES))
        carriers = self._grouped(lambda one: one.carrier)
        services = self._grouped(lambda one: one.service_code, lambda one: one.carrier == lane.carrier)
        lanes = self._grouped(
            lambda one: one, lambda one: (one.carrier, one.service_code) == (lane.carrier, lane.service_code)
        )
        carrier, service = carriers.pop(lane.carrier, own), services.pop(lane.service_code, own)
        lanes.pop(lane, None)
        prior = _UNKNOWN
        for others in (carriers, services, lanes):
            prior = _leaning(others.values(), prior)
        return Lateness(own + ABOVE_COUNTS_AS * prior, Seen(*_two(own), *_two(service), *_two(carrier)))

    def _grouped(
        self, by: Callable[[Lane], object], among: Callable[[Lane], bool] = lambda _: True
    ) -> dict[object, Floats]:
        found: dict[object, Floats] = {}
        for lane, counts in self.counts.items():
            if among(lane):
                found[by(lane)] = found.get(by(lane), np.zeros(CLASSES)) + counts
        return found


def learn(arrived: Iterable[Arrived]) -> Record:
    """Count what arrived when."""
    counts: dict[Lane, Floats] = {}
    for one in arrived:
        late = min(max(one.days_late, EARLIEST), LATEST)
        counts.setdefault(one.lane, np.zeros(CLASSES))[late - EARLIEST] += 1
    return Record(counts)


@dataclass(frozen=True)
class Arrival:
    """A day on which it may arrive, and the chance that it is there by then."""

    day: date
    chance: float


def arrivals(quote: Quote, lateness: Lateness) -> tuple[Arrival, ...]:
    """By when it is there how likely, the earliest day first. What is four days late or more is on no day."""
    days = _days(quote)
    chances = lateness.chances[:-1].cumsum()
    by_day: dict[date, float] = {}
    for day, chance in zip(days, chances, strict=True):
        by_day[day] = float(chance)
    return tuple(Arrival(day, chance) for day, chance in by_day.items())


def classes_by(quote: Quote, due: date) -> int:
    """How many classes of days late are there by a day."""
    return sum(day <= due for day in _days(quote))


def _days(quote: Quote) -> Sequence[date]:
    """The day of arrival of each class but the last, which has none."""
    holidays = quote.card.holidays
    # Early means a delivery day early, but never before it was picked up.
    early = quote.promised - timedelta(days=1)
    while early > quote.pick_up and (early.isoweekday() not in quote.delivery_days or early in holidays):
        early -= timedelta(days=1)
    late = [days_after(quote.promised, days, quote.delivery_days, holidays) for days in range(1, LATEST)]
    return [max(early, quote.pick_up), quote.promised, *late]


def _leaning(others: Iterable[Floats], prior: Floats) -> Floats:
    """The mean of what others did, each by its credibility, and a prior that counts as one of them."""
    total, weight = prior.copy(), 1.0
    for counts in others:
        times = counts.sum()
        credible = times / (times + ABOVE_COUNTS_AS)
        total += credible * counts / times
        weight += credible
    return total / weight


def _two(counts: Floats) -> tuple[int, int]:
    return int(counts.sum()), int(counts[: ON_TIME + 1].sum())
