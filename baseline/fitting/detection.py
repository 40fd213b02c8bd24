"""Notice non-routine events in a reporting period: they are proposed, never decided.

The model's columns are fitted again on the reporting days, so that what the works changed is no surprise. Then every
window of days is tried: does the building use more, or less, there than in the rest of the period, by a constant
amount, in proportion to its use, or in proportion to its heating or cooling? Neighbouring days are taken to be as alike
as the baseline's were (the residuals are whitened by its autocorrelation), so a slow drift is no event.

With prefix sums over the days a window costs a few operations: if P_k sums a whitened, projected column up to day k,
the product of two windows' columns is a difference of P's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from baseline.fitting.events import Event, event_energies
from baseline.fitting.refit import columns

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from baseline.fitting.data import ReportingData
    from baseline.fitting.model import DailyModel

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

SHORTEST, LONGEST = 7, 250
"""Days of an event. Shorter ones move a year by too little; longer ones are the new normal."""

MOST_OF_PERIOD = 0.6

EVIDENCE = 50.0
"""Likelihood ratio (twice its logarithm) an event needs. By chance alone, in independent Gaussian days, the best of all
windows of a year reaches about 2 log(5 n^2 / 2) = 26; real days are neither, so twice that is asked."""

NEARLY = 2.0
"""The shortest window within so much of the best one is proposed."""

MOST_EVENTS = 4

DAYS_TO_LOOK = 60


@dataclass(frozen=True)
class SuggestedEvent:
    """A window in which the building did not use what the rest of the period foretells."""

    start: dt.date
    end: dt.date
    evidence: float
    """Twice the logarithm of the likelihood ratio."""
    effect_kwh: float
    """What it took off the meter: positive when less was used."""


class _Window(NamedTuple):
    """Days [start, stop) in a given shape: what it gains, and how large it is."""

    gain: float
    start: int
    stop: int
    surprise: float
    """Variance of what is left."""


def suggested_events(
    model: DailyModel, reporting: ReportingData, *, told: Sequence[Event] = ()
) -> tuple[SuggestedEvent, ...]:
    """Return the events that stand out among the complete days outside those already `told`, in order of date."""
    known = np.zeros(len(reporting.days), dtype=bool)
    for event in told:
        known |= event.holds(reporting.ordinals)
    kept = reporting.complete & ~known
    found = sorted(_found(model, reporting, kept))
    if not found:
        return ()
    counted = kept | (reporting.complete & known)
    events = [Event(start, end) for start, end, _ in found]
    others = [Event(event.start, event.end) for event in told]
    energies = event_energies(model, reporting, [*events, *others], counted)
    return tuple(
        SuggestedEvent(event.start, event.end, evidence, -energy)
        for event, (_, _, evidence), energy in zip(events, found, energies, strict=False)
    )


def _found(model: DailyModel, reporting: ReportingData, kept: Mask) -> Iterator[tuple[dt.date, dt.date, float]]:
    """Yield first day, last day and evidence of each event, the clearest first."""
    days = [day for day, keep in zip(reporting.days, kept, strict=True) if keep]
    n = len(days)
    if n < DAYS_TO_LOOK:
        return
    energy = reporting.kwh_per_24h[kept]
    x, known = columns(model, days, reporting.temperature_c[kept])
    shapes = list(_shapes(model, x, known))
    rho = model.statistics.autocorrelation
    taken = np.zeros(n, dtype=bool)
    for _ in range(MOST_EVENTS):
        basis = _orthonormal(_whitened(x, rho))
        rest = _whitened(energy, rho)
        rest -= basis @ (basis.T @ rest)
        windows = [(_best_window(rest, basis, shape, rho, taken), shape) for shape in shapes]
        window, shape = max(windows, key=lambda pair: pair[0].gain)
        if window.gain <= 0.0 or window.gain < EVIDENCE * window.surprise:
            return
        yield days[window.start], days[window.stop - 1], window.gain / max(window.surprise, 1e-300)
        taken[window.start : window.stop] = True
        place = np.arange(n)
        inside = (window.start <= place) & (place < window.stop)
        x = np.column_stack((x, np.where(inside, shape, 0.0)))


def _shapes(model: DailyModel, x: Array, known: Array) -> Iterator[Array]:
    """Yield what an event may be proportional to: nothing, the whole use, its level, its heating, its cooling."""
    parts = x * known
    kinds = np.array(
        [
            kind
            for regime in model.regimes
            for kind in (
                *(["level"] * len(regime.levels)),
                *(["heating"] if regime.curve.heating_slope else []),
                *(["cooling"] if regime.curve.cooling_slope else []),
            )
        ]
    )
    yield np.ones(len(x))
    for part in (parts, *(parts[:, kinds == kind] for kind in ("level", "heating", "cooling"))):
        shape = part.sum(axis=1)
        scale = float(np.abs(shape).mean())
        if scale > 0.0:
            yield shape / scale


def _best_window(r: Array, q: Array, shape: Array, rho: float, taken: Mask) -> _Window:
    """Return the window in which `shape` explains most of `r`, whitened residuals, beside `q`, whitened columns."""
    n = len(r)
    h = _whitened(shape, rho)
    before = np.concatenate(([0.0], shape))
    p_r, p_q = _prefix(r[:, None], h, before, rho)[:, 0], _prefix(q, h, before, rho)
    squares = np.concatenate(([0.0], np.cumsum(h * h)))
    # The first day of a window is not whitened by the day before it; the day after its last one is.
    first = np.append(shape * shape - h * h, 0.0)
    after = (rho * before) ** 2
    after[n] = 0.0
    sums, sums_of_squares, used = (np.concatenate(([0.0], np.cumsum(v))) for v in (shape, shape * shape, taken))
    longest = min(LONGEST, int(MOST_OF_PERIOD * n))
    q_square = (p_q * p_q).sum(axis=1)
    best: list[tuple[Array, int, int]] = []
    for start in range(0, n, 64):
        s = np.arange(start, min(start + 64, n))[:, None]
        e = np.arange(start + SHORTEST, min(start + 64 + longest, n) + 1)[None]
        if not e.size:
            continue
        whole = squares[e] - squares[s] + first[s] + after[e]
        seen = q_square[s] + q_square[e] - 2.0 * p_q[s[:, 0]] @ p_q[e[0]].T
        left = whole - seen
        length = e - s
        # Spread over several days: one cold day is not an event of heating.
        days_worth = (sums[e] - sums[s]) ** 2 >= SHORTEST * (sums_of_squares[e] - sums_of_squares[s])
        ok = (length >= SHORTEST) & (length <= longest) & (left > 1e-3 * np.maximum(whole, 1e-12))
        ok &= days_worth & (used[e] == used[s])
        gain = np.where(ok, (p_r[e] - p_r[s]) ** 2 / np.where(ok, left, 1.0), 0.0)
        best.append((gain, start, start + SHORTEST))
    top = max((float(gain.max()) for gain, _, _ in best), default=0.0)
    surprise = max(float(r @ r) - top, 0.0) / max(n - q.shape[1] - 3, 1)
    enough = top - NEARLY * surprise
    chosen = _Window(0.0, 0, 0, surprise)
    for gain, s0, e0 in best:
        for i, j in np.argwhere((gain > 0.0) & (gain >= enough)).tolist():
            days = (e0 + j) - (s0 + i)
            if chosen.stop == 0 or days < chosen.stop - chosen.start:
                chosen = _Window(float(gain[i, j]), s0 + i, e0 + j, surprise)
    return chosen


def _whitened(columns_: Array, rho: float) -> Array:
    """Return each day minus rho times the day before."""
    white = columns_.copy()
    white[1:] -= rho * columns_[:-1]
    return white


def _orthonormal(x: Array) -> Array:
    """Return an orthonormal basis of the columns' span."""
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    return np.asarray(u[:, s > 1e-9 * max(float(s[0]), 1e-300)])


def _prefix(v: Array, h: Array, before: Array, rho: float) -> Array:
    """Return P with n + 1 rows: P_e - P_s is the product of the whitened window [s, e) with each column of `v`."""
    padded = np.vstack((v, np.zeros((1, v.shape[1]))))
    sums = np.vstack((np.zeros((1, v.shape[1])), np.cumsum(h[:, None] * v, axis=0)))
    return sums - rho * before[:, None] * padded
