"""Twins: made-up buildings with and without works and an event, so that the true saving and the event are known.

Each twin has its own size, schedule, slopes, autocorrelated noise and slow drift, works that change one of its uses or
all, and one non-routine event of a kind, size and length of its own. The saving is the difference between the year as
it would have been without works or event and the year with the works alone; neither is ever shown to the method.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from baseline.fitting.data import BaselineData, ReportingData
from baseline.fitting.detection import suggested_events
from baseline.fitting.events import METHODS, Event
from baseline.fitting.fit import fit_daily
from baseline.fitting.savings import estimate_savings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FIRST = dt.date(2023, 1, 1)
N_DAYS = 730
YEAR = 365

KINDS = ("equipment", "hours", "setpoint", "cooling", "closure", "photovoltaic", "area")
"""A constant load, a part of the use, of the heating, of the cooling, its level, what the sun gives, all."""

POINTS = 1.5
"""Points of the saving that a told event may cost."""

WORTH_NOTICING = 0.02
"""Part of the year's energy from which an untold event has to be noticed."""


@dataclass(frozen=True, slots=True, eq=False)
class Twin:
    """Two years of a building by the day; the works begin with the second one. Arrays have shape (365,), kWh and °C."""

    name: str
    days: tuple[list[dt.date], list[dt.date]]
    celsius: tuple[Array, Array]
    before_kwh: Array
    after_kwh: Array
    """Of the second year, with works and event."""
    event: Event
    event_kwh: Array
    """What the event added on each day."""
    plain_kwh: Array
    """What the second year would have used without works or event."""

    @property
    def true_kwh(self) -> float:
        """What the works saved."""
        return float((self.plain_kwh - self.after_kwh + self.event_kwh).sum())

    def true_percent(self, *, outside: bool = False) -> float:
        """Return the true saving in percent, of the year or of its days outside the event."""
        kept = np.array([not (outside and self.event.start <= day <= self.event.end) for day in self.days[1]])
        works = self.plain_kwh - self.after_kwh + self.event_kwh
        return 100.0 * float(works[kept].sum()) / float(self.plain_kwh[kept].sum())

    @property
    def event_share(self) -> float:
        """The event's energy as a part of the year's without works."""
        return float(self.event_kwh.sum()) / float(self.plain_kwh.sum())

    def baseline(self) -> BaselineData:
        """Return the year before the works."""
        return BaselineData.of(self.days[0], self.before_kwh, self.celsius[0])

    def reporting(self, *, event: bool = True) -> ReportingData:
        """Return the year after, with or without its event."""
        return ReportingData.of(self.days[1], self.after_kwh - (0.0 if event else self.event_kwh), self.celsius[1])


def twins(count: int, *, drift: float = 0.0, first: int = 0) -> Iterator[Twin]:
    """Yield `count` twins, the same ones every time; `drift` is how far a month's level wanders, as a fraction."""
    for number in range(first, first + count):
        yield _twin(number, drift)


def _twin(number: int, drift: float) -> Twin:
    rng = np.random.default_rng([23, number])
    days = [FIRST + dt.timedelta(days=place) for place in range(N_DAYS)]
    celsius = _weather(rng)
    place = np.arange(N_DAYS)
    weekday = np.array([day.weekday() for day in days])
    closed_weekend = rng.random() < 0.6
    quiet = rng.uniform(0.25, 0.8) if closed_weekend else 1.0
    occupied = np.where(weekday < 5, 1.0, quiet)
    heating = rng.uniform(0.03, 0.16) * np.maximum(rng.uniform(13.0, 17.0) - celsius, 0.0)
    cooled = rng.random() < 0.5
    cooling = cooled * rng.uniform(0.03, 0.12) * np.maximum(celsius - rng.uniform(17.0, 21.0), 0.0) * occupied
    size = float(np.exp(rng.normal(6.0, 1.0)))
    noise = _noise(rng, rng.uniform(0.2, 0.8), rng.uniform(0.02, 0.08))
    wander = 1.0 + np.interp(place, np.arange(0, N_DAYS + 30, 30), rng.normal(0.0, drift, N_DAYS // 30 + 2))
    shaken = (1.0 + noise) * wander
    after = place >= YEAR
    saved = rng.uniform(0.0, 0.3)
    part = rng.choice(["all", "heating", "level"])
    works = np.where(after, 1.0 - saved, 1.0)
    use = {name: works if part in {"all", name} else np.ones(N_DAYS) for name in ("level", "heating", "cooling")}
    plain = size * shaken * (occupied + heating + cooling)
    parts = {
        "level": size * shaken * occupied * use["level"],
        "heating": size * shaken * heating * use["heating"],
        "cooling": size * shaken * cooling * use["cooling"],
    }
    kwh = sum(parts.values(), np.zeros(N_DAYS))
    event, added = _event(rng, days, parts, float(plain[after].sum()), place)
    return Twin(
        f"{number} {event.reason}",
        (days[:YEAR], days[YEAR:]),
        (celsius[:YEAR], celsius[YEAR:]),
        kwh[:YEAR],
        (kwh + added)[YEAR:],
        event,
        added[YEAR:],
        plain[YEAR:],
    )


def _weather(rng: np.random.Generator) -> Array:
    """Return two years of daily means: a mild climate, spells of some days, winters and summers unlike each other."""
    place = np.arange(N_DAYS)
    season = -rng.uniform(6.0, 10.0) * np.cos(2.0 * np.pi * (place - 20) / 365.0)
    return np.asarray(11.5 + rng.normal(0.0, 1.0) + season + _noise(rng, 0.8, 3.0))


def _noise(rng: np.random.Generator, rho: float, spread: float) -> Array:
    """Return a first-order autoregression of standard deviation `spread`."""
    shocks = rng.normal(0.0, spread * float(np.sqrt(1.0 - rho * rho)), N_DAYS)
    values = np.empty(N_DAYS)
    last = rng.normal(0.0, spread)
    for place, shock in enumerate(shocks):
        last = rho * last + shock
        values[place] = last
    return values


def _event(
    rng: np.random.Generator, days: list[dt.date], parts: dict[str, Array], year_kwh: float, place: NDArray[np.int64]
) -> tuple[Event, Array]:
    """Return an event of the second year and what it added each day: 0.5 to 8 % of the year, less or more."""
    kind = str(rng.choice(KINDS))
    length = int(rng.integers(14, 200))
    start = YEAR + int(rng.integers(0, YEAR - length))
    inside = (place >= start) & (place < start + length)
    whole = sum(parts.values(), np.zeros(N_DAYS))
    shape = {
        "equipment": np.ones(N_DAYS),
        "hours": parts["level"],
        "setpoint": parts["heating"],
        "cooling": parts["cooling"],
        "closure": parts["level"],
        "photovoltaic": 1.0 - np.cos(2.0 * np.pi * (place - 5) / 365.0) * 0.75,
        "area": whole,
    }[kind]
    if float(shape[inside].sum()) < 0.02 * year_kwh and kind in {"setpoint", "cooling"}:
        # No heating in summer: then it is the hours.
        kind, shape = "hours", parts["level"]
    share = float(np.exp(rng.uniform(np.log(0.005), np.log(0.08))))
    sign = -1.0 if kind in {"closure", "photovoltaic"} else float(rng.choice([-1.0, 1.0]))
    added = np.where(inside, shape, 0.0)
    added *= sign * share * year_kwh / float(added.sum())
    if sign < 0.0:
        # Nothing but the sun makes a meter turn back: at most nine tenths of a day go.
        added = -np.minimum(-added, 0.9 * whole)
    return Event(days[start], days[start + length - 1], reason=kind), added


def judge(made: Iterable[Twin]) -> dict[str, Any]:
    """Return how the method does on twins: what told events cost, which untold ones it notices, what intervals hold.

    An event's cost is what the saving is off by with the event told, less what it is off by in the same year without
    the event: the model's own error, which no telling mends, stands apart under `without_event`. Where its days are
    dropped, the truth is that of the days that count.
    """
    rows = [_judged(twin) for twin in made]
    large = [row for row in rows if abs(row["event_percent"]) >= 100.0 * WORTH_NOTICING]
    return {
        "twins": len(rows),
        "without_event": _errors([row["plain"] for row in rows]),
        "told": {method: _errors([row["told"][method] for row in rows]) for method in METHODS},
        "cost": {method: _errors([row["cost"][method] for row in rows]) for method in METHODS},
        "untold": {
            "large": len(large),
            "noticed": sum(row["noticed"] for row in large),
            "false": sum(row["false"] > 0 for row in rows),
        },
        "covered": {name: sum(row["covered"][name] for row in rows) for name in ("g14", "empirical")},
        "rows": rows,
    }


def _errors(points: Sequence[float]) -> dict[str, Any]:
    """Return the median and the worst error, in points, and how many lie within those allowed."""
    apart = np.abs(np.array(points))
    return {
        "median": round(float(np.median(apart)), 3),
        "worst": round(float(apart.max()), 3),
        "within": int((apart <= POINTS).sum()),
    }


def _judged(twin: Twin) -> dict[str, Any]:
    model = fit_daily(twin.baseline())
    reporting, plain = twin.reporting(), twin.reporting(event=False)
    start, end = twin.event.start, twin.event.end
    added = float(twin.event_kwh.sum())

    def error(data: ReportingData, event: Event | None = None) -> float:
        percent = estimate_savings(model, data, events=[event] if event else []).savings_percent
        outside = event is not None and event.method == "drop"
        return (percent if percent is not None else float("nan")) - twin.true_percent(outside=outside)

    events = [Event(start, end, method, added if method in {"submeter", "estimate"} else None) for method in METHODS]
    off = error(plain)
    told = {event.method: error(reporting, event) for event in events}
    # The same days without their event, for what the model is off by on them.
    without = {event.method: error(plain, event) if event.method == "drop" else off for event in events}
    savings = estimate_savings(model, reporting, events=[Event(start, end)])
    return {
        "name": twin.name,
        "days": (end - start).days + 1,
        "event_percent": round(100.0 * twin.event_share, 2),
        "true_percent": round(twin.true_percent(), 2),
        "cv_rmse": model.statistics.cv_rmse,
        "plain": round(off, 3),
        "told": {method: round(value, 3) for method, value in told.items()},
        "cost": {method: round(value - without[method], 3) for method, value in told.items()},
        "noticed": any(one.start <= end and start <= one.end for one in suggested_events(model, reporting)),
        "false": len(suggested_events(model, plain)),
        "covered": {
            name: bool(interval.low <= twin.true_kwh <= interval.high) for name, interval in savings.intervals.items()
        },
    }
