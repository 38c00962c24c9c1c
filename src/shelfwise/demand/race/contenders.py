"""Who takes part in a race."""

from __future__ import annotations

from shelfwise.demand.boosting.model import Boosted
from shelfwise.demand.contest import Forecaster
from shelfwise.demand.panel import Frequency
from shelfwise.demand.simple.forecaster import simple_forecasters


def contenders(frequency: Frequency) -> tuple[Forecaster, ...]:
    """All ways to forecast panels of a frequency, simplest first: the order decides ties."""
    return (*simple_forecasters(frequency), Boosted())
