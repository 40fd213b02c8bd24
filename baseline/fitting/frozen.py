"""What frozen models of every kind are written with: decimals of 12 significant digits, curves, statistics."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from baseline.fitting.curve import N_PARAMETERS, Curve
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_SLOTS = ("heating_slope", "heating_balance_point", "cooling_slope", "cooling_balance_point")


def frozen(value: float) -> str:
    """Return `value` as a plain decimal of 12 significant digits: what a plan keeps and predicts from."""
    if not math.isfinite(value):
        raise ValueError("a coefficient is not a number")
    return format(Decimal(f"{value:.12g}").normalize() + Decimal(0), "f")


def rounded(value: float) -> float:
    """Return the number that `frozen` writes."""
    return float(f"{value:.12g}")


def rounded_array(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the numbers `frozen` writes without change, for many at once: 12 significant digits, 22 decimals at most.

    A whole number below 2^53 divided or multiplied by a power of ten up to 10^22 is the float nearest to that decimal,
    which is what reading its text gives.
    """
    size = np.abs(values)
    digits = np.clip(11.0 - np.floor(np.log10(np.where(size > 0.0, size, 1.0))), -22.0, 22.0)
    up, down = 10.0 ** np.maximum(digits, 0.0), 10.0 ** np.maximum(-digits, 0.0)
    return np.asarray(np.rint(values / down * up) / up * down)


def optional(value: float | None) -> str | None:
    """Return the frozen number, or None for None."""
    return None if value is None else frozen(value)


def number(text: str | None) -> float | None:
    """Read what `optional` wrote."""
    return None if text is None else float(text)


@dataclass(frozen=True)
class Statistics:
    """How a model fits its baseline; fractions, kWh per 24 h, °C. None where it cannot be said."""

    n_days: int
    """Days the model was fitted on; bills for a model of bills, hours for an hourly one."""
    n_parameters: int
    mean_kwh: float
    sse: float
    """Sum of squared residuals: (kWh per 24 h) squared, of an hourly model kWh per hour squared."""
    autocorrelation: float
    """Lag 1, of the residuals of neighbouring days or hours; never below 0. Bills are taken for independent."""
    coldest: float
    warmest: float
    cv_rmse: float | None
    nmbe: float | None
    r_squared: float | None
    month_errors: tuple[float, ...] = ()
    """Mean error (kWh per 24 h) over each month, or bill, when it is predicted by the others; see `empirical`."""


def rounded_curve(curve: Curve) -> Curve:
    """Return the curve as it is frozen; what it gained is not kept."""
    heating, cooling = curve.heating_balance_point, curve.cooling_balance_point
    return Curve(
        curve.name,
        0.0,
        rounded(curve.heating_slope),
        None if heating is None else rounded(heating),
        rounded(curve.cooling_slope),
        None if cooling is None else rounded(cooling),
    )


def curve_json(curve: Curve) -> dict[str, str | None]:
    """Return a curve as plain JSON values."""
    return {"curve": curve.name, **{slot: optional(getattr(curve, slot)) for slot in _SLOTS}}


def curve_from(content: Mapping[str, Any]) -> Curve:
    """Read what `curve_json` wrote. Raises ValueError or KeyError for anything else."""
    if content["curve"] not in N_PARAMETERS:
        raise ValueError("unknown curve")
    heating, heating_at, cooling, cooling_at = (number(content[slot]) for slot in _SLOTS)
    return Curve(content["curve"], 0.0, heating or 0.0, heating_at, cooling or 0.0, cooling_at)


def statistics_json(s: Statistics) -> dict[str, Any]:
    """Return statistics as plain JSON values; counts are written beside them."""
    return {
        "mean_kwh": frozen(s.mean_kwh),
        "sse": frozen(s.sse),
        "autocorrelation": frozen(s.autocorrelation),
        "coldest": frozen(s.coldest),
        "warmest": frozen(s.warmest),
        "cv_rmse": optional(s.cv_rmse),
        "nmbe": optional(s.nmbe),
        "r_squared": optional(s.r_squared),
        "month_errors": [frozen(error) for error in s.month_errors],
    }


def statistics_from(content: Mapping[str, Any], count: int, n_parameters: int) -> Statistics:
    """Read what `statistics_json` wrote. Raises ValueError or KeyError for anything else."""
    return Statistics(
        n_days=count,
        n_parameters=n_parameters,
        mean_kwh=float(content["mean_kwh"]),
        sse=float(content["sse"]),
        autocorrelation=float(content["autocorrelation"]),
        coldest=float(content["coldest"]),
        warmest=float(content["warmest"]),
        cv_rmse=number(content["cv_rmse"]),
        nmbe=number(content["nmbe"]),
        r_squared=number(content["r_squared"]),
        month_errors=tuple(float(error) for error in content["month_errors"]),
    )


def parsed(frozen_model: Mapping[str, Any] | str, name: str, version: int) -> Mapping[str, Any]:
    """Return the content of a frozen model, or of its text. Raises ValueError for another kind or version."""
    content: Mapping[str, Any] = json.loads(frozen_model) if isinstance(frozen_model, str) else frozen_model
    if (content["format"], content["version"]) != (name, version):
        raise ValueError("unknown format")
    return content


def not_readable() -> Refusal:
    """Return the refusal of what is not a frozen model."""
    return Refusal(
        "Le modèle figé n'est pas lisible : il n'a pas été écrit par cette version du logiciel ou il a été "
        "modifié ; reprenez l'original déposé avec le plan de mesure.",
    )
