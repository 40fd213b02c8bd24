"""The days of an evidence pack against a file of hours: the sums the days claim to be."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from billing.pack.contents import sha256_of
from devices.points.shares import Share, weighed
from foundation.errors import Refusal
from foundation.time import local_midnight, time_zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def hours_contradict(pack: Mapping[str, Any], content: bytes) -> Iterator[Refusal]:
    """Yield each day of `pack` that is not the sum of the hours of `content`, the file the pack names by its hash."""
    digest = sha256_of(content)
    found = [(one, plan) for one, plan in _periods(pack) if one["document"]["inputs"].get("hourly_sha256") == digest]
    if not found:
        yield Refusal("Ce fichier d'heures n'est aucun de ceux que nomme le dossier de preuve.")
    for one, plan in found:
        sums = _days(content, plan["terms"], _warm_hours(one))
        for day, energy, hours, *_ in one["days"]:
            measured, count = sums.get(day, (None, 0))
            claimed = None if energy is None else Decimal(energy)
            if (measured, count) != (claimed, hours if claimed is not None else 0):
                yield Refusal(
                    "{name}, le {day} : les heures ne font pas l'énergie du jour.",
                    name=plan["document"]["boundary"]["name"],
                    day=f"{dt.date.fromisoformat(day):%d/%m/%Y}",
                )


def _periods(pack: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    plans = {plan["sha256"]: plan for plan in pack["plans"]}
    for report in pack["reports"]:
        yield report, plans[report["document"]["plan_sha256"]]
    for plan in plans.values():
        yield plan, plan


def _warm_hours(one: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the hours (UTC, ISO 8601) that have a temperature, the only ones an hourly model counts; None for days."""
    paired = one.get("paired_hours")
    if paired is None:
        return None
    first = local_midnight(dt.date.fromisoformat(paired["start"]), time_zone(paired["timezone"])).astimezone(dt.UTC)
    return frozenset(
        (first + dt.timedelta(hours=place)).isoformat()
        for place, celsius in enumerate(paired["celsius"])
        if celsius is not None
    )


def _days(
    content: bytes, terms: Mapping[str, Any], kept: frozenset[str] | None = None
) -> dict[str, tuple[Decimal, int]]:
    """Return of each local day the energy of the hours all points in force have, and how many those are.

    With `kept`, of those hours only.
    """
    zone = time_zone(terms["timezone"])
    hours: defaultdict[str, dict[int, Decimal]] = defaultdict(dict)
    for row in csv.DictReader(io.StringIO(content.decode())):
        if row["kwh"] and (kept is None or row["hour_utc"] in kept):
            hours[row["hour_utc"]][int(row["point"])] = Decimal(row["kwh"])
    days: defaultdict[str, list[list[tuple[Share, Decimal]]]] = defaultdict(list)
    for hour, kwh_of in hours.items():
        day = dt.datetime.fromisoformat(hour).astimezone(zone).date().isoformat()
        weights = {
            point: Share.read(weight)
            for point, weight, start, end in terms["points"]
            if start <= day and (end is None or day < end)
        }
        if weights and weights.keys() <= kwh_of.keys():
            days[day].append([(weight, kwh_of[point]) for point, weight in weights.items()])
    # Shares no decimal says are rounded where the days they made were: an hour at a time for a model of hours.
    return {
        day: (
            weighed(part for hour in parts for part in hour)
            if kept is None
            else sum((weighed(hour) for hour in parts), Decimal(0)),
            len(parts),
        )
        for day, parts in days.items()
    }
