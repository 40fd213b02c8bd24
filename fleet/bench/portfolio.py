"""How long a whole portfolio takes to fit again on this machine: made-up buildings, a batch at a time, on every core.

A worker makes its buildings itself and forgets them, so that memory does not grow with the portfolio.
"""

from __future__ import annotations

import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from baseline.fitting.data import BaselineData
from baseline.fitting.hourly.data import BaselineHours
from baseline.fitting.many import fit_many
from fleet.bench.figures import machine
from fleet.bench.meters import generated
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TOGETHER = 250
"""Buildings of a batch."""

Model = Literal["daily", "hourly"]


class Batch(NamedTuple):
    """What a batch took."""

    buildings: int
    refused: int
    fit_seconds: float
    """Processor time of the fits alone."""
    peak_mb: float
    """Most memory the worker ever held."""


def refit(buildings: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Fit `buildings` made-up buildings by day, then by the hour, on every core; return what it took."""
    cores = os.cpu_count() or 1
    found: dict[str, Any] = {"buildings": buildings, "cores": cores, "batch": TOGETHER, "machine": machine()}
    parts = [(first, min(TOGETHER, buildings - first)) for first in range(0, buildings, TOGETHER)]
    models: tuple[Model, ...] = ("daily", "hourly")
    for model in models:
        tell(f"{model} : {buildings} bâtiments sur {cores} cœurs")
        with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
            started = time.perf_counter()
            batches = list(pool.map(fit_part, [model] * len(parts), *zip(*parts, strict=True)))
            found[model] = figures(batches, time.perf_counter() - started)
    return found


def fit_part(model: Model, first: int, count: int) -> Batch:
    """Make the buildings numbered from `first` and fit them."""
    meters = generated(count, first=first)
    if model == "daily":
        days = [meter.before.days(BaselineData) for meter in meters]
        started = time.process_time()
        fitted: Sequence[object] = fit_many(days)
    else:
        hours = [meter.before.hours(BaselineHours) for meter in meters]
        started = time.process_time()
        fitted = fit_many(hours)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Batch(count, sum(isinstance(model, Refusal) for model in fitted), seconds, peak)


def figures(batches: Sequence[Batch], wall: float) -> dict[str, Any]:
    """Return what the batches took together; the first and the last half beside each other show whether cost grows."""
    half = max(len(batches) // 2, 1)

    def ms(some: Sequence[Batch]) -> float | None:
        count = sum(batch.buildings for batch in some)
        return round(1000 * sum(batch.fit_seconds for batch in some) / count, 3) if count else None

    return {
        "minutes": round(wall / 60, 2),
        "buildings_per_s": round(sum(batch.buildings for batch in batches) / wall, 1),
        "refused": sum(batch.refused for batch in batches),
        "fit_ms": ms(batches),
        "fit_ms_first_half": ms(batches[:half]),
        "fit_ms_last_half": ms(batches[half:]),
        "worker_peak_mb": round(max(batch.peak_mb for batch in batches), 1),
    }
