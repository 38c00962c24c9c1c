"""A stated lead time is believed at first, and observed ones more and more."""

from __future__ import annotations

import numpy as np
import pytest

from shelfwise.planning.leadtime import SAMPLES, learn


def test_without_receipts_the_stated_lead_time_is_the_median() -> None:
    lead = learn(7.0, ())
    assert np.median(lead.samples) == pytest.approx(7.0)
    assert (lead.stated, lead.observed) == (7.0, 0)
    assert 9 < lead.quantile(0.95) < 14


def test_each_receipt_moves_the_belief_and_many_settle_it() -> None:
    medians = [float(np.median(learn(5.0, [10.0] * number).samples)) for number in (0, 1, 5, 50)]
    assert medians == sorted(medians)
    assert medians[1] < 7.5
    assert medians[3] == pytest.approx(10.0, rel=0.05)


def test_steady_suppliers_narrow_the_spread_and_erratic_ones_widen_it() -> None:
    def spread(observed: list[float]) -> float:
        lead = learn(5.0, observed)
        return lead.quantile(0.9) / lead.quantile(0.1)

    assert spread([5.0] * 20) < spread([]) < spread([2.0, 12.0] * 10)


def test_the_formula_is_the_normal_inverse_gamma_posterior() -> None:
    """Two receipts by hand: kappa 4, nu 8, centre and scale from Gelman et al. 2013, eq. 3.4 to 3.6."""
    first, second = np.log(4.0), np.log(9.0)
    prior, mean = np.log(6.0), (np.log(4.0) + np.log(9.0)) / 2
    centre = (2 * prior + 2 * mean) / 4
    squares = 6 * 0.2**2 + (first - mean) ** 2 + (second - mean) ** 2 + (2 * 2 / 4) * (mean - prior) ** 2
    scale = np.sqrt(squares / 8 * (1 + 1 / 4))
    logs = np.log(learn(6.0, [4.0, 9.0]).samples)
    # Quartiles of Student's t with 8 degrees of freedom lie at +-0.7064.
    low, middle, high = np.quantile(logs, (0.25, 0.5, 0.75))
    assert middle == pytest.approx(centre)
    assert high - low == pytest.approx(2 * 0.7064 * scale, rel=0.08)


@pytest.mark.parametrize(
    ("stated", "observed"),
    [(0.0, []), (0.0, [0.0, 0.0]), (400.0, []), (5.0, [0.001, 300.0]), (1e-9, [1e6])],
)
def test_samples_are_always_positive_finite_ascending_and_bounded(stated: float, observed: list[float]) -> None:
    lead = learn(stated, observed)
    assert lead.samples.shape == (SAMPLES,)
    assert np.isfinite(lead.samples).all()
    assert (lead.samples >= 0.25).all()
    assert (np.diff(lead.samples) >= 0).all()
    assert lead.samples.max() <= 4 * max([stated, 0.25, *observed])


def test_the_order_of_receipts_does_not_matter() -> None:
    one, other = learn(5.0, [3.0, 8.0, 4.0]), learn(5.0, [8.0, 4.0, 3.0])
    np.testing.assert_allclose(one.samples, other.samples)
