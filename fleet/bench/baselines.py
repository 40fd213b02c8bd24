"""How fast and how well baselines are fitted, beside opendsm on the same meters in the same run.

Times of one thread are processor times of the fit alone, selection of the model included: on a machine that others use
too, they vary less than the clock. Ours are taken one meter at a time, and as a portfolio is fitted: the compared
meters and all others in one batch. Ratios are of the batch, opendsm knows none. Errors are those of a year the model
has not seen; where there is none, the year fitted is told apart.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from baseline.fitting.data import BaselineData, ReportingData
from baseline.fitting.fit import fit_daily
from baseline.fitting.hourly.data import BaselineHours, ReportingHours
from baseline.fitting.hourly.fit import fit_hourly
from baseline.fitting.many import fit_many
from fleet.bench.figures import machine
from fleet.bench.opendsm import Rows, Theirs, fits
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fleet.bench.meters import Meter

    Array = NDArray[np.float64]

ROUNDS = 5
"""Fits of a meter; the median counts, half of them before opendsm runs and half after."""


@dataclass(slots=True)
class Compared:
    """A meter fitted by both."""

    meter: Meter
    truth: Array
    """Measured in the year after, NaN where a row does not count."""
    predicted: Array
    seconds: list[float] = field(default_factory=list)
    theirs: Theirs | None = None

    def errors(self, predicted: Array) -> tuple[float, float]:
        """Return CV(RMSE) and the absolute error of the year, as fractions of the measured energy."""
        both = np.isfinite(self.truth) & np.isfinite(predicted)
        y, residual = self.truth[both], (self.truth - predicted)[both]
        return float(np.sqrt(np.mean(residual**2)) / y.mean()), abs(float(residual.sum() / y.sum()))


def baselines(
    meters: Sequence[Meter], portfolio: Sequence[Meter], python: Path, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Return the figures of `meters`, which opendsm fits too, and the speed of a whole `portfolio`."""
    tell(f"daily : {len(meters)} compteurs avec opendsm, {len(portfolio)} sans")
    days = [meter.before.days(BaselineData) for meter in portfolio]
    daily = _compared("daily", _daily, meters, days, python) | {"portfolio": _speed(days)}
    by_hour = [meter for meter in meters if meter.before.hourly]
    tell(f"hourly : {len(by_hour)} compteurs avec opendsm, {len(portfolio)} sans")
    hours = [meter.before.hours(BaselineHours) for meter in portfolio]
    hourly = _compared("hourly", _hourly, by_hour, hours, python) | {"portfolio": _speed(hours)}
    return {
        "daily_ratio": daily["ratio"],
        "hourly_ratio": hourly["ratio"],
        **{
            name: daily[name]
            for name in ("cv_rmse_ours", "cv_rmse_opendsm", "annual_error_ours", "annual_error_opendsm")
        },
        "opendsm_crashes": daily["opendsm_crashes"] + hourly["opendsm_crashes"],
        "errors_are_of": "daily",
        "ratios_are_of": "processor time a meter, one thread, compared meters and portfolio fitted as one batch",
        "daily_ratio_one_by_one": daily["ratio_one_by_one"],
        "hourly_ratio_one_by_one": hourly["ratio_one_by_one"],
        "daily": daily,
        "hourly": hourly,
        "machine": machine(),
    }


class _Made(NamedTuple):
    """A meter ready to be fitted by both."""

    compared: Compared
    data: BaselineData | BaselineHours
    years: tuple[Rows, Rows]


def _compared(
    model: str,
    make: Callable[[Meter], _Made],
    meters: Sequence[Meter],
    portfolio: Sequence[BaselineData | BaselineHours],
    python: Path,
) -> dict[str, Any]:
    made = [make(meter) for meter in meters]
    batch = [*(one.data for one in made), *portfolio]
    batched: list[float] = []
    half = ROUNDS // 2

    def ours(rounds: int) -> None:
        for compared, data, _ in made:
            compared.seconds += [_processor_seconds(partial(_fit, data)) for _ in range(rounds)]
        batched.extend(_processor_seconds(partial(_fit_all, batch)) / len(batch) for _ in range(rounds))

    ours(half)
    for (compared, *_), theirs in zip(made, fits(python, model, [years for *_, years in made]), strict=True):
        compared.theirs = theirs
    ours(ROUNDS - half)
    everything = [compared for compared, *_ in made]
    sets = {
        "generated": [one for one in everything if not one.meter.real],
        "real": [one for one in everything if one.meter.real and not one.meter.one_year],
        "of_one_year": [one for one in everything if one.meter.one_year],
    }
    figures = _figures(everything)
    theirs_mean = figures["ms_opendsm"]
    return {
        "ratio": _rounded(theirs_mean / (1000 * median(batched)), 1) if theirs_mean else None,
        "ms_ours_batched": _rounded(1000 * median(batched), 3),
        "batch": len(batch),
        **figures,
        **{name: _figures(members) for name, members in sets.items() if members},
        "by_meter": [_line(one) for one in everything],
    }


def _fit(data: BaselineData | BaselineHours) -> object:
    return fit_hourly(data) if isinstance(data, BaselineHours) else fit_daily(data)


def _fit_all(batch: Sequence[BaselineData | BaselineHours]) -> object:
    return fit_many(batch)  # type: ignore[arg-type]  # all of one kind


def _processor_seconds(fit: Callable[[], object]) -> float:
    started = time.process_time()
    fit()
    return time.process_time() - started


def _figures(compared: Sequence[Compared]) -> dict[str, Any]:
    """Return means over the meters opendsm can fit; errors without the buildings that were changed in between.

    Meters of one year count in the errors only where there are no others.
    """
    both = [one for one in compared if one.theirs and not one.theirs.crashed]
    judged = [one for one in both if not one.meter.one_year] or both
    steady = [one for one in judged if not one.meter.works]
    ours = [one.errors(one.predicted) for one in steady]
    theirs = [one.errors(one.theirs.predicted) for one in steady if one.theirs]
    seconds = [median(one.seconds) for one in both]
    their_seconds = [one.theirs.seconds for one in both if one.theirs]
    return {
        "meters": len(compared),
        "opendsm_crashes": len(compared) - len(both),
        "ratio_one_by_one": _rounded(fmean(their_seconds) / fmean(seconds), 1) if both else None,
        "ratio_of_medians_one_by_one": _rounded(median(their_seconds) / median(seconds), 1) if both else None,
        "ms_ours": _rounded(1000 * fmean(seconds), 3) if both else None,
        "ms_opendsm": _rounded(1000 * fmean(their_seconds), 1) if both else None,
        "meters_in_means": len(steady),
        **{
            f"{name}_{who}": _rounded(fmean(pair[i] for pair in errors), 5) if errors else None
            for i, name in enumerate(("cv_rmse", "annual_error"))
            for who, errors in (("ours", ours), ("opendsm", theirs))
        },
    }


def _line(one: Compared) -> dict[str, Any]:
    theirs = one.theirs
    fitted = theirs is not None and not theirs.crashed
    ours, other = one.errors(one.predicted), one.errors(theirs.predicted) if theirs and fitted else (None, None)
    return {
        "meter": one.meter.name,
        "ms_ours": _rounded(1000 * median(one.seconds), 2),
        "ms_opendsm": _rounded(1000 * theirs.seconds, 1) if theirs and fitted else None,
        "cv_rmse": [_rounded(pair[0], 4) for pair in (ours, other)],
        "annual_error": [_rounded(pair[1], 4) for pair in (ours, other)],
    }


def _speed(batch: list[BaselineData] | list[BaselineHours]) -> dict[str, Any]:
    """Return meters a second: one by one and as a batch on one thread, and as batches on every core."""
    cores = os.cpu_count() or 1
    alone = _processor_seconds(lambda: [fit_hourly(d) if isinstance(d, BaselineHours) else fit_daily(d) for d in batch])
    together = _processor_seconds(lambda: fit_many(batch))
    parts = [batch[core::cores] for core in range(cores)]
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        list(pool.map(fit_many, [batch[:1]] * cores))
        started = time.perf_counter()
        models = [model for part in pool.map(fit_many, parts) for model in part]
        wall = time.perf_counter() - started
    return {
        "meters": len(batch),
        "refused": sum(isinstance(model, Refusal) for model in models),
        "one_thread_per_s": _rounded(len(batch) / alone, 1),
        "one_thread_batched_per_s": _rounded(len(batch) / together, 1),
        "all_cores_batched_per_s": _rounded(len(batch) / wall, 1),
        "cores": cores,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _daily(meter: Meter) -> _Made:
    before, after = meter.before.days(BaselineData), meter.after.days(ReportingData)
    predicted = fit_daily(before).predict(after.days, after.temperature_c)
    years = [
        Rows(np.array(data.days, dtype="datetime64[s]"), data.kwh_per_24h, data.temperature_c)
        for data in (before, after)
    ]
    return _Made(Compared(meter, after.kwh_per_24h, predicted), before, (years[0], years[1]))


def _hourly(meter: Meter) -> _Made:
    before, after = meter.before.hours(BaselineHours), meter.after.hours(ReportingHours)
    predicted = np.full(len(meter.after.kwh), np.nan)
    counts = np.isfinite(meter.after.kwh) & np.isfinite(meter.after.celsius)
    predicted[counts] = fit_hourly(before).predict(after)
    years = [Rows(year.stamps, year.kwh, year.celsius) for year in (meter.before, meter.after)]
    return _Made(Compared(meter, meter.after.kwh, predicted), before, (years[0], years[1]))


def table(found: dict[str, Any]) -> Iterator[str]:
    """Yield what `baselines` returned as lines for people."""
    yield found["machine"]
    for model, french in (("daily", "journalier"), ("hourly", "horaire")):
        yield ""
        figures = found[model]
        yield (
            f"{french} : {figures['ratio']} fois opendsm ({figures['ms_ours_batched']} ms par lot contre "
            f"{figures['ms_opendsm']} ms), {figures['ratio_one_by_one']} fois un à un ({figures['ms_ours']} ms)"
        )
        yield f"  compteurs {figures['meters']}, qu'opendsm n'a pas su ajuster : {figures['opendsm_crashes']}"
        for name, label in (("cv_rmse", "CV(RMSE)"), ("annual_error", "erreur annuelle")):
            yield f"  {label:16} {figures[name + '_ours']} contre {figures[name + '_opendsm']}"
        speed = figures["portfolio"]
        yield (
            f"  par seconde : {speed['one_thread_per_s']} un à un, {speed['one_thread_batched_per_s']} par lot, "
            f"{speed['all_cores_batched_per_s']} par lots sur {speed['cores']} cœurs"
        )
