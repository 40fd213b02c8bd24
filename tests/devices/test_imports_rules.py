"""Bills over any period, gas made energy, two chains compared, measured beside billed: the pure rules."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.bills.rules import BilledPeriod, energy_over
from devices.chains.rules import overlap_ratio
from devices.energy.ceiling import Ceiling
from devices.energy.reasons import Cause, Reason
from devices.energy.rules import HOUR, Span
from devices.energy.timeline import filled, spans_of_intervals
from devices.energy.volume import Coefficient, energy_of_volume
from devices.reconciliation.rules import Measured, Verdict, compare
from foundation.errors import Refusal

DAY0 = dt.date(2025, 1, 1)
days = st.integers(0, 400).map(lambda n: DAY0 + dt.timedelta(days=n))


@st.composite
def billed(draw):
    cuts = sorted(draw(st.sets(st.integers(0, 400), min_size=2, max_size=8)))
    amounts = st.decimals(0, 100_000, places=3)
    return [
        BilledPeriod(DAY0 + dt.timedelta(days=a), DAY0 + dt.timedelta(days=b), draw(amounts), draw(st.booleans()))
        for a, b in itertools.pairwise(cuts)
    ]


@given(billed(), st.lists(days, min_size=2, max_size=6, unique=True))
def test_the_energy_of_any_partition_is_that_of_the_whole(bills, cuts):
    cuts = sorted(cuts)
    whole = energy_over(bills, cuts[0], cuts[-1])
    parts = [energy_over(bills, a, b) for a, b in itertools.pairwise(cuts)]
    assert sum(part.kwh for part in parts) == whole.kwh
    assert sum(part.estimated_kwh for part in parts) == whole.estimated_kwh
    assert sum(part.missing_days for part in parts) == whole.missing_days


def test_estimated_shared_and_missing_are_told_apart():
    bills = [BilledPeriod(DAY0, DAY0 + dt.timedelta(days=30), Decimal(300), True)]
    over = energy_over(bills, DAY0 + dt.timedelta(days=10), DAY0 + dt.timedelta(days=40))
    assert over == (200, 200, 200, 10)


def volume(start, end, first, last):
    return Span(start, end, first, last, Reason.MEASURED_IN_TOTAL)


def test_volume_is_split_where_the_coefficient_changes():
    span = volume(0, 10 * HOUR, 0, 100_000_000)
    pieces = energy_of_volume(
        [span], [Coefficient(-HOUR, 4 * HOUR, Decimal("11.29")), Coefficient(4 * HOUR, 8 * HOUR, Decimal(11))]
    )
    assert [(p.start, p.end, p.last - p.first, p.cause) for p in pieces] == [
        (0, 4 * HOUR, 451_600_000, None),
        (4 * HOUR, 8 * HOUR, 440_000_000, None),
        (8 * HOUR, 10 * HOUR, 0, Cause.NO_COEFFICIENT),
    ]
    assert pieces[-1].reason is Reason.MISSING


@given(
    st.lists(st.tuples(st.integers(1, 10**12), st.integers(0, 10**12)), min_size=1, max_size=20),
    st.decimals(8, 14, places=4),
)
def test_energy_of_volume_adds_up_to_the_index_difference_times_the_coefficient(steps, worth):
    at, index, spans = 0, 0, []
    for length, used in steps:
        spans.append(volume(at, at + length, index, index + used))
        at, index = at + length, index + used
    energy = energy_of_volume(spans, [Coefficient(-1, at + 1, worth)])
    assert sum(span.last - span.first for span in energy) == int((index * worth).to_integral_value())


def test_files_fill_what_sensors_leave_and_never_overlap():
    sensors = [
        Span(10, 20, 0, 5, Reason.MEASURED),
        Span(20, 40, 0, 0, Reason.MISSING, Cause.NO_DEVICE),
        Span(40, 50, 0, 5, Reason.MEASURED),
    ]
    files = [Span(a, a + 10, 0, 1, Reason.MEASURED) for a in (0, 12, 20, 45, 60)]
    whole = filled(sensors, files)
    assert [(span.start, span.end, span.reason.value) for span in whole] == [
        (0, 10, "measured"),
        (10, 20, "measured"),
        (20, 30, "measured"),
        (30, 40, "missing"),
        (40, 50, "measured"),
        (50, 60, "missing"),
        (60, 70, "measured"),
    ]


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 10)), max_size=12), st.integers(1, 40))
def test_filling_leaves_no_gap_and_no_overlap(intervals, cut):
    spans = spans_of_intervals(sorted((a, a + n, 1) for a, n in intervals), Ceiling())
    whole = filled(spans[:cut], spans[cut:])
    for before, after in itertools.pairwise(whole):
        assert before.end == after.start


def test_a_step_no_building_can_draw_is_set_aside():
    (span,) = spans_of_intervals([(0, HOUR, 44_000_000_000)], Ceiling())
    assert (span.reason, span.cause) == (Reason.SUSPICIOUS, Cause.IMPLAUSIBLE)


def chain(values):
    return {DAY0 + dt.timedelta(days=n): Decimal(str(value)) for n, value in enumerate(values)}


def test_the_ratio_of_two_chains_and_its_error():
    x = [100 + 10 * (n % 7) for n in range(40)]
    noise = [(-1) ** (n // 2) for n in range(40)]
    found = overlap_ratio(chain([1.05 * a + e for a, e in zip(x, noise, strict=True)]), chain(x))
    mean = sum(x) / 40
    ratio = sum(1.05 * a + e for a, e in zip(x, noise, strict=True)) / sum(x)
    residuals = [1.05 * a + e - ratio * a for a, e in zip(x, noise, strict=True)]
    square = sum(r * r for r in residuals)
    rho = max(0, sum(a * b for a, b in itertools.pairwise(residuals)) / square)
    error = (square / 39 / (40 * (1 - rho) / (1 + rho))) ** 0.5 / mean
    assert (found.days, found.autocorrelation) == (40, Decimal(str(rho)).quantize(Decimal("0.0001")))
    assert isclose(found.ratio, ratio, abs_tol=1e-6)
    assert isclose(found.standard_error, error, abs_tol=2e-6)


def test_identical_chains_have_no_error():
    found = overlap_ratio(chain(range(1, 31)), chain(range(1, 31)))
    assert (found.ratio, found.standard_error, found.days) == (1, 0, 30)


def test_days_that_lean_on_each_other_widen_the_error():
    x = [100] * 60
    slow = [100 + (5 if n < 30 else -5) for n in range(60)]
    quick = [100 + 5 * (-1) ** n for n in range(60)]
    assert (
        overlap_ratio(chain(slow), chain(x)).standard_error > 5 * overlap_ratio(chain(quick), chain(x)).standard_error
    )


def test_a_short_overlap_or_an_empty_one_is_refused():
    with pytest.raises(Refusal, match="29 jours"):
        overlap_ratio(chain(range(29)), chain(range(1, 60)))
    with pytest.raises(Refusal, match="rien compté"):
        overlap_ratio(chain([0] * 40), chain(range(40)))


WHOLE = Measured(Decimal(1020), 744, 744)


def test_a_gap_of_exactly_the_limit_agrees():
    assert compare(WHOLE, Decimal(1000))[:2] == (Verdict.AGREES, Decimal("0.02"))
    assert compare(WHOLE._replace(kwh=Decimal("979.9")), Decimal(1000))[:2] == (Verdict.DIFFERS, Decimal("-0.0201"))
    assert compare(WHOLE._replace(kwh=Decimal(1030)), Decimal(1000), limit=Decimal("0.03")).verdict is Verdict.AGREES
    assert compare(WHOLE._replace(kwh=Decimal(0)), Decimal(0))[:2] == (Verdict.AGREES, 0)


@pytest.mark.parametrize(
    ("measured", "more", "verdict"),
    [
        (WHOLE._replace(hours=743), {}, Verdict.INCOMPLETE),
        (Measured(Decimal(0), 0, 744), {}, Verdict.UNMEASURED),
        (Measured(Decimal(0), 0, 744, lacks_coefficient=True), {}, Verdict.NO_COEFFICIENT),
        (WHOLE, {"estimated": True}, Verdict.ESTIMATED),
        (WHOLE, {"same_heating_value": False}, Verdict.OTHER_HEATING_VALUE),
        (WHOLE, {"billed_kwh": Decimal(0)}, Verdict.NOTHING_BILLED),
    ],
)
def test_what_cannot_be_compared_has_no_gap_and_a_reason(measured, more, verdict):
    found = compare(measured, more.pop("billed_kwh", Decimal(1000)), **more)
    assert (found.verdict, found.gap) == (verdict, None)
