"""The change-point search is exact: nothing a dense grid finds is better, and a noise-free curve comes back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baseline.fitting.plateau import PLATEAU_DAYS
from baseline.fitting.prefix import RegimeDays
from baseline.fitting.search import best_curves


def levels(group):
    member = np.eye(int(group.max()) + 1)[group]
    member = member[:, member.sum(axis=0) > 0]
    return member / np.sqrt(member.sum(axis=0))


def regime(temperature, energy, group, min_days):
    return RegimeDays(temperature, energy, group, int(group.max()) + 1, min_days)


def curves_of(temperature, energy, group, min_days):
    return best_curves([regime(temperature, energy, group, min_days)])[0]


def dense_grid(temperature, energy, basis, min_days):
    """Return the most that every shape explains on a dense grid of balance points, the days' own included."""
    ordered = np.sort(temperature)
    low, high = ordered[min_days - 1], ordered[-min_days]
    grid = np.unique(np.concatenate((np.linspace(low, high, 150), ordered[(low <= ordered) & (ordered <= high)])))
    y = energy - basis @ (basis.T @ energy)
    heating = np.maximum(grid[:, None] - temperature, 0.0)
    cooling = np.maximum(temperature - grid[:, None], 0.0)
    heating -= (heating @ basis) @ basis.T
    cooling -= (cooling @ basis) @ basis.T
    hh, cc, hc = (heating**2).sum(1), (cooling**2).sum(1), heating @ cooling.T
    hy, cy = heating @ y, cooling @ y
    det = hh[:, None] * cc - hc**2
    bh, bc = hy[:, None] * cc - cy * hc, cy * hh[:, None] - hy[:, None] * hc
    ok = (det > 1e-7 * hh[:, None] * cc) & (bh > 0) & (bc > 0)
    both = np.where(ok, (bh * hy[:, None] + bc * cy) / np.where(ok, det, 1.0), 0.0)
    # A plateau is counted between gaps, and gaps keep `min_days` days outside.
    cuts = np.arange(min_days, len(ordered) - min_days + 1)
    cuts = cuts[ordered[cuts - 1] < ordered[cuts]]
    before = np.maximum(np.searchsorted(ordered, grid, "left"), cuts.min(initial=len(ordered)))
    until = np.minimum(np.searchsorted(ordered, grid, "right"), cuts.max(initial=0))
    between = until[None] - before[:, None]
    alone_h = np.where((hy > 0) & (hh > 1e-7), hy**2 / np.maximum(hh, 1e-12), 0.0)
    alone_c = np.where((cy > 0) & (cc > 1e-7), cy**2 / np.maximum(cc, 1e-12), 0.0)
    return {
        "3PH": alone_h.max(),
        "3PC": alone_c.max(),
        "4P": np.diag(both).max(),
        "5P": np.where(between >= PLATEAU_DAYS, both, 0.0).max(),
    }


INSIDE = {"3PH": ("3PH",), "3PC": ("3PC",), "4P": ("3PH", "3PC", "4P"), "5P": ("3PH", "3PC", "4P", "5P")}
"""The shapes each shape holds inside it: where a slope goes to zero, the grid creeps up to the simpler one."""


@st.composite
def grouped_days(draw):
    """Temperatures, energies and groups of a few weeks, from clean to hopeless."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(12, 70))
    temperature = rng.normal(12.0, 8.0, n)
    if draw(st.booleans()):
        temperature = np.round(temperature)
    group = rng.integers(0, draw(st.integers(1, 3)), n)
    energy = 100.0 + 5.0 * group + rng.normal(0.0, draw(st.sampled_from([0.5, 5.0, 40.0])), n)
    energy += rng.choice([0.0, 3.0]) * np.maximum(11.0 - temperature, 0.0)
    energy += rng.choice([0.0, 4.0]) * np.maximum(temperature - 16.0, 0.0)
    return temperature, energy, group


@settings(deadline=None, max_examples=60)
@given(days=grouped_days(), min_days=st.integers(2, 5))
def test_no_grid_finds_a_better_curve(days, min_days):
    temperature, energy, group = days
    basis = levels(group)
    spread = energy - basis @ (basis.T @ energy)
    whole = float(spread @ spread)

    curves = curves_of(temperature, energy, group, min_days)
    grid = dense_grid(temperature, energy, basis, min_days)

    for name, reached in grid.items():
        ours = max((curves[inner].gain for inner in INSIDE[name] if inner in curves), default=0.0)
        assert ours >= reached - 1e-7 * whole
    for curve in curves.values():
        left = energy - curve(temperature)
        left = left - basis @ (basis.T @ left)
        assert whole - float(left @ left) == pytest.approx(curve.gain, abs=1e-6 * whole)
        assert curve.heating_slope >= 0.0
        assert curve.cooling_slope >= 0.0
        if curve.heating_balance_point is not None and curve.cooling_balance_point is not None:
            assert curve.heating_balance_point <= curve.cooling_balance_point


def test_a_noise_free_5p_curve_is_recovered_between_the_days_temperatures():
    temperature = np.linspace(-3.0, 29.0, 365)
    energy = 200.0 + 6.5 * np.maximum(13.3217 - temperature, 0.0) + 3.25 * np.maximum(temperature - 18.7773, 0.0)

    curve = curves_of(temperature, energy, np.zeros(365, dtype=int), 14)["5P"]

    assert curve.heating_slope == pytest.approx(6.5, rel=1e-9)
    assert curve.heating_balance_point == pytest.approx(13.3217, abs=1e-9)
    assert curve.cooling_slope == pytest.approx(3.25, rel=1e-9)
    assert curve.cooling_balance_point == pytest.approx(18.7773, abs=1e-9)


def test_a_noise_free_4p_curve_is_recovered():
    temperature = np.linspace(-3.0, 29.0, 200)
    energy = 200.0 + 6.5 * np.maximum(15.111 - temperature, 0.0) + 3.25 * np.maximum(temperature - 15.111, 0.0)

    curve = curves_of(temperature, energy, np.zeros(200, dtype=int), 8)["4P"]

    assert curve.heating_balance_point == pytest.approx(15.111, abs=1e-9)
    assert curve.cooling_balance_point == curve.heating_balance_point
    assert curve.cooling_slope == pytest.approx(3.25, rel=1e-9)


def test_one_temperature_for_all_days_leaves_only_the_mean():
    curves = curves_of(np.full(100, 12.0), np.arange(100.0), np.zeros(100, dtype=int), 5)

    assert list(curves) == ["1P"]


@settings(deadline=None, max_examples=20)
@given(batch=st.lists(st.tuples(grouped_days(), st.integers(2, 5)), min_size=2, max_size=20))
def test_a_curve_does_not_depend_on_the_regimes_searched_beside_it(batch):
    regimes = [regime(*days, min_days)._replace(cost=0.1) for days, min_days in batch]

    assert best_curves(regimes) == [best_curves([one])[0] for one in regimes]
