"""Who takes part in a race."""

from __future__ import annotations

from shelfwise.demand.boosting.model import Boosted
from shelfwise.demand.contest import Forecaster
from shelfwise.demand.panel import Frequency
from shelfwise.demand.simple.forecaster import simple_forecasters


def contenders(frequency: Frequency) -> tuple[Forecaster, ...]:
    """All ways to forecast panels of a frequency that this machine can go, simplest first: the order decides ties."""
    simple = simple_forecasters(frequency)
    return simple if why_no_trees() else (*simple, Boosted())


def why_no_trees() -> str:
    """Why boosted trees stay out of a race on this machine; '' where they take part."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError) as error:
        return f"LightGBM cannot be loaded ({error}); on Debian and Ubuntu: apt install libgomp1"
    return ""
