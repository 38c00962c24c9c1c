"""Snapshots for tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from shelfwise.planning.leadtime import learn
from shelfwise.planning.model import (
    Amount,
    Arrival,
    Decision,
    DemandPaths,
    ItemState,
    LeadTime,
    Offer,
    Params,
    Snapshot,
)
from shelfwise.planning.standing import Standing
from shelfwise.planning.together import decide
from shelfwise.records.model import Rule

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)


def poisson(mean: float, days: int = 28, paths: int = 512, seed: int = 0) -> DemandPaths:
    drawn = np.random.default_rng(seed).poisson(mean, (paths, days)).astype(np.float32)
    return DemandPaths(7, "moving average", TODAY, drawn)


def fixed(days: float) -> LeadTime:
    return LeadTime(days, 10, np.array([float(days)]))


@dataclass(frozen=True)
class Case:
    """One item as plain numbers, turned into a snapshot."""

    on_hand: int = 40
    reserved: int = 0
    backordered: int = 0
    on_order: tuple[tuple[int, float], ...] = ()
    demand: DemandPaths | None = poisson(5.0)
    lead_time: LeadTime = learn(5.0, ())
    pack_size: str = "1"
    minimum_order: str = "0"
    unit_cost: str = "2"
    unit_price: str | None = "5"
    others: tuple[Offer, ...] = ()
    rule: Rule | None = None
    standing: Standing | None = None
    quantum: str = "1"
    shelf_life_days: int | None = None
    minimum_value: str | None = None
    pallet_share: float = 0.0
    item_id: int = 11

    @property
    def offer(self) -> Offer:
        return Offer(
            supplier_id=3,
            supplier="Harbour Supplies",
            unit_cost=Decimal(self.unit_cost),
            currency="EUR",
            pack_size=Decimal(self.pack_size),
            minimum_order=Decimal(self.minimum_order),
            lead_time=self.lead_time,
            minimum_value=None if self.minimum_value is None else Decimal(self.minimum_value),
        )

    @property
    def item(self) -> ItemState:
        return ItemState(
            item_id=self.item_id,
            sku="TEA-01",
            description="Tea",
            unit="each",
            on_hand=Amount.exactly(Decimal(self.on_hand)),
            reserved=Decimal(self.reserved),
            backordered=Decimal(self.backordered),
            on_order=tuple(Arrival(Decimal(number), NOON + timedelta(days=days)) for number, days in self.on_order),
            demand=self.demand,
            offers=(self.offer, *self.others),
            unit_price=None if self.unit_price is None else Decimal(self.unit_price),
            rule=self.rule,
            standing=self.standing,
            quantum=Decimal(self.quantum),
            shelf_life_days=self.shelf_life_days,
            pallet_share=self.pallet_share,
        )

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(1, NOON, TODAY, (self.item,))


def decided(case: Case, params: Params | None = None, seed: int = 0) -> Decision | None:
    decisions = decide(case.snapshot, params or Params(), np.random.default_rng(seed))
    assert len(decisions) <= 1
    return decisions[0] if decisions else None


def changed(case: Case, **values: object) -> Case:
    return replace(case, **values)  # type: ignore[arg-type]
