"""Where forecasts are computed is one setting; they come out the same."""

from __future__ import annotations

import sys
from datetime import date

import numpy as np
import pytest

from shelfwise.computing import BESIDE, HERE, executor
from shelfwise.core.errors import Invalid
from shelfwise.demand.forecasting.racing import forecast_panel
from shelfwise.demand.forecasting.service import _nobody
from shelfwise.demand.model import DemandHistory
from shelfwise.demand.panel import daily
from shelfwise.settings import Settings


def test_a_process_beside_the_worker_forecasts_the_same() -> None:
    quantity = np.random.default_rng(1).poisson(4, 120).astype(np.float64)
    known = DemandHistory(date(2026, 1, 1), quantity, np.zeros(120, bool))
    origin = known.last_day
    panel = daily(origin, [known], 14, [("a", "")])
    with executor(HERE) as nobody, executor(BESIDE) as pool:
        assert nobody is None
        assert pool is not None
        made = pool.submit(forecast_panel, panel, {}, origin, 7, _nobody).result()
    np.testing.assert_array_equal(made.paths, forecast_panel(panel, {}, origin, 7, _nobody).paths)


def test_without_the_extra_a_cluster_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(Invalid, match="pip install"), executor("tcp://127.0.0.1:1"):
        pass


@pytest.mark.parametrize("wrong", ["there", "http://127.0.0.1:8786", "8786"])
def test_where_to_compute_is_one_of_three(wrong: str) -> None:
    with pytest.raises(Invalid, match="a Dask scheduler such as"):
        Settings.read({"SHELFWISE_COMPUTE": wrong})
    assert Settings.read({"SHELFWISE_COMPUTE": "tcp://10.0.0.1:8786"}).compute == "tcp://10.0.0.1:8786"
