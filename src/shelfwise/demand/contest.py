"""What every way to forecast a panel has in common, so that they can be raced against each other. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shelfwise.demand.panel import Panel, Prediction

QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Asked:
    """What is wanted of a forecast.

    Attributes:
        quantiles: probabilities in ascending order, for the periods and for the running totals.
        paths: how many sample paths; none where 0.
        seed: the same seed gives the same forecast.
    """

    quantiles: tuple[float, ...] = QUANTILES
    paths: int = 0
    seed: int = 0


class Forecaster(Protocol):
    """A way to forecast a panel: a simple method, a model, or several of them joined."""

    @property
    def name(self) -> str:
        """As written into forecasts and shown."""

    def forecast(self, panels: Sequence[Panel], asked: Asked) -> list[Prediction]:
        """One prediction for each panel.

        The panels are of the same series (`Panel.at`), the oldest origin first. What was learnt at an older origin may
        be used at a newer one, which saves training anew, but never the other way round.
        """
