"""Periods in which buildings were not used as in an ordinary year: a baseline that touches one needs both parties."""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

from foundation.messages import N_


class ExceptionalPeriod(NamedTuple):
    """Local days `first` to `last`, both included."""

    name: str
    first: dt.date
    last: dt.date
    source: str


PERIODS: Final = (
    ExceptionalPeriod(
        N_("crise sanitaire"),
        dt.date(2020, 3, 16),
        dt.date(2021, 12, 31),
        "Fermeture des écoles le 16 mars 2020 ; loi n° 2020-290 du 23 mars 2020, loi n° 2021-689 du 31 mai 2021",
    ),
    ExceptionalPeriod(
        N_("hiver de sobriété"),
        dt.date(2022, 10, 6),
        dt.date(2023, 3, 31),
        "Plan de sobriété énergétique du 6 octobre 2022 ; règlement (UE) 2022/1369",
    ),
)
"""Both years of Covid are taken whole: ventilation and part-time presence went on after the last curfew."""


def exceptional(start: dt.date, end: dt.date) -> list[ExceptionalPeriod]:
    """Return the exceptional periods that share a day with [start, end)."""
    return [one for one in PERIODS if start <= one.last and one.first < end]
