"""What a settlement was computed from, as JSON that computes it again: exact numbers as text.

The days of each result are those of its savings report, named by hash; everything else is here.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from billing.settlements.data import LineKey, Measured, Settled, Suspended, YearToDate
from billing.settlements.rules import hold, propose
from contracts.agreements.terms.codec import from_json, to_json
from contracts.agreements.terms.year import ResultKey
from contracts.prices.rules import Price, Schedule

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from billing.settlements.data import Proposal


def inputs_to_json(
    years: Sequence[YearToDate],
    reports: Mapping[LineKey, str],
    schedules: Mapping[str, Schedule],
    held: Collection[LineKey],
    today: dt.date,
) -> dict[str, Any]:
    """Return what `billing.settlements.rules` was given; `reports` names the report of each result by its SHA-256."""
    return {
        "today": today.isoformat(),
        "years": [_year(year, reports) for year in years],
        "prices": {
            energy: [[_day(one.start), _day(one.end), str(one.per_kwh)] for one in schedule.prices]
            for energy, schedule in schedules.items()
        },
        "held": [list(key) for key in sorted(held)],
    }


def computed_again(inputs: Mapping[str, Any], days: Mapping[str, Mapping[str, tuple[Decimal, Decimal]]]) -> Proposal:
    """Return the proposal `inputs` give.

    `days` has, by report and ISO day that counts, its adjusted baseline and avoided energy, kWh.
    Raises KeyError where a report is not among `days`.
    """
    schedules = {
        energy: Schedule(
            energy,
            tuple(
                Price(dt.date.fromisoformat(start), dt.date.fromisoformat(end) if end else None, Decimal(price))
                for start, end, price in prices
            ),
        )
        for energy, prices in inputs["prices"].items()
    }
    years = [_year_again(year, days) for year in inputs["years"]]
    proposal = propose(years, schedules, dt.date.fromisoformat(inputs["today"]))
    return hold(proposal, [LineKey(*key) for key in inputs["held"]])


def _year(year: YearToDate, reports: Mapping[LineKey, str]) -> dict[str, Any]:
    settled = year.settled
    return {
        "number": year.number,
        "start": _day(year.start),
        "end": _day(year.end),
        "to": _day(year.to),
        "terms": to_json(year.terms),
        "measured": [
            {
                "boundary_id": one.boundary_id,
                "boundary": one.boundary,
                "energy": one.energy,
                "report_sha256": reports[LineKey(year.number, one.boundary_id, one.energy)],
                "half_width_kwh": str(one.half_width_kwh),
                "confidence": str(one.confidence),
                "days_expected": one.days_expected,
                "suspended": [[_day(days.start), _day(days.end), days.reason] for days in one.suspended],
            }
            for one in year.measured
        ],
        "billed": [[*key, str(amount)] for key, amount in sorted(year.billed.items())],
        "settled": settled and [_day(settled.on), str(settled.closing_fee), str(settled.fee), str(settled.carried)],
    }


def _year_again(year: Mapping[str, Any], days: Mapping[str, Mapping[str, tuple[Decimal, Decimal]]]) -> YearToDate:
    settled = year["settled"]
    return YearToDate(
        number=year["number"],
        start=dt.date.fromisoformat(year["start"]),
        end=dt.date.fromisoformat(year["end"]),
        to=dt.date.fromisoformat(year["to"]),
        terms=from_json(year["terms"]),
        measured=tuple(_measured(one, days[one["report_sha256"]]) for one in year["measured"]),
        billed={ResultKey(boundary, energy): Decimal(amount) for boundary, energy, amount in year["billed"]},
        settled=settled and Settled(dt.date.fromisoformat(settled[0]), *map(Decimal, settled[1:])),
    )


def _measured(one: Mapping[str, Any], days: Mapping[str, tuple[Decimal, Decimal]]) -> Measured:
    suspended = tuple(
        Suspended(dt.date.fromisoformat(start), dt.date.fromisoformat(end), reason)
        for start, end, reason in one.get("suspended", [])
    )
    counted = {dt.date.fromisoformat(day): sides for day, sides in days.items()}
    counted = {day: sides for day, sides in counted.items() if not any(of.has(day) for of in suspended)}
    return Measured(
        boundary_id=one["boundary_id"],
        boundary=one["boundary"],
        energy=one["energy"],
        baseline_kwh={day: baseline for day, (baseline, _) in counted.items()},
        avoided_kwh={day: avoided for day, (_, avoided) in counted.items()},
        half_width_kwh=Decimal(one["half_width_kwh"]),
        confidence=Fraction(one["confidence"]),
        days_expected=one["days_expected"],
        suspended=suspended,
    )


def _day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
