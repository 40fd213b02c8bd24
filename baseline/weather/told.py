"""Degree days as an object and as text: method, base, station and source of the extremes beside every figure. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from baseline.weather.degree_days import Account, Month

METHODS: Final = {"costic": "méthode professionnelle (COSTIC)", "meteo": "méthode Météo"}
EXTREMES: Final = {"published": "TN et TX publiés", "hourly": "extrêmes des températures horaires"}
_TENTH = Decimal("0.1")


def plain(base: Decimal) -> str:
    """Return a base as people write it: 18, 15.5."""
    return format(base.normalize(), "f")


def to_json(made: Account, station: str) -> dict[str, Any]:
    """Return the account of `station` as data; degree days as text with one decimal."""
    total = made.total()
    return {
        "station": station,
        "method": made.method.value,
        "base_celsius": plain(made.base),
        "extremes": made.extremes,
        "months": [{"month": f"{month.first:%Y-%m}", **_figures(month)} for month in made.months],
        "total": _figures(total) if total else None,
    }


def to_text(made: Account, station: str) -> str:
    """Return the account as a table."""
    total = made.total()
    head = f"{station} · base {plain(made.base)} °C · {METHODS[made.method.value]} · {EXTREMES[made.extremes]}"
    lines = [head, f"{'mois':<9}{'chauffage':>11}{'froid':>9}{'jours':>7}{'manquants':>11}"]
    lines += [_line(f"{month.first:%Y-%m}", month) for month in made.months]
    return "\n".join([*lines, _line("total", total)] if total else lines)


def _line(name: str, month: Month) -> str:
    figures = _figures(month)
    return f"{name:<9}{figures['heating']:>11}{figures['cooling']:>9}{month.days:>7}{month.missing:>11}"


def _figures(month: Month) -> dict[str, Any]:
    return {
        "heating": str(month.heating.quantize(_TENTH)),
        "cooling": str(month.cooling.quantize(_TENTH)),
        "days": month.days,
        "missing_days": month.missing,
    }
