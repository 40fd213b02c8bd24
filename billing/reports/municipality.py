"""What the yearly report of a municipality says, as data."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from baseline.indicators.factors import SETS, final_kwh
from baseline.indicators.rules import (
    DECREE_AREA,
    YEAR_DAYS,
    Indicator,
    decree_path,
    emissions,
    heating_degree_days,
    intensity,
    ranks,
    together,
)
from baseline.measured_days import boundary_zone
from baseline.weather.daily import daily_temperatures
from billing.reports.money import money_of
from billing.reports.places import places_of
from contracts.parties.models import Company
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.indicators.factors import FactorSet
    from billing.reports.places import Place
    from contracts.parties.models import Shareholder

SCHEMA = "municipality/1"


def facts_of(session: Session, owner: Shareholder, year: int, *, today: dt.date) -> dict[str, Any]:
    """Return the year of `owner`, figures as text. Raises Refusal for a year that is not over."""
    if dt.date(year, 12, 31) >= today:
        raise Refusal("L'année {year} n'est pas finie ; demandez le rapport en janvier.", year=year)
    places, part = places_of(session, owner, year)
    money = money_of(session, owner.id, year, dt.date(year, 12, 31))
    company = session.get(Company, 1)
    reports = [report for place in places for report in place.reports]
    return {
        "schema": SCHEMA,
        "synthetic": bool(company and company.synthetic) or owner.synthetic,
        "company": company.name if company else "SPL",
        "contact": company.email if company else "",
        "shareholder": owner.name,
        "year": year,
        "made_on": today.isoformat(),
        "money": {
            "settlements": money.settlements,
            **{
                name: f"{getattr(money, name):f}"
                for name in ("avoided", "half_width", "fee", "kept", "invoiced_for", "invoiced", "received")
            },
        },
        "energy": {
            "reports": len(reports),
            "avoided_kwh": _sum(one.avoided_energy_kwh for one in reports),
            "adjusted_kwh": _sum(one.adjusted_baseline_kwh for one in reports),
            # Weather is shared, so errors are not independent: half-widths added up are never too small.
            "half_width_kwh": _sum((one.avoided_high_kwh - one.avoided_low_kwh) / 2 for one in reports),
            "confidence": f"{max((one.confidence_level for one in reports), default=0.9)}",
        },
        "places": _places(places),
        "part_of_year": [one.name for one in part],
        "uses": _uses(places),
        "co2": [_carbon(places, one) for one in SETS],
        "co2_avoided": [{"name": one.name, "kg": f"{_avoided_kg(places, one):.0f}"} for one in SETS],
        "weather": _weather(session, places, year),
        "sites_of_decree": _sites(places),
    }


def _places(places: Sequence[Place]) -> list[dict[str, Any]]:
    per_m2 = {
        number: intensity(together([y.year_kwh for y in one.years]), one.area) for number, one in enumerate(places)
    }
    rank = ranks(per_m2)
    found = []
    for number, place in enumerate(places):
        reference = together([one.reference_final_kwh for one in place.years])
        corrected = together([one.corrected_kwh for one in place.years])
        change = (
            Indicator(corrected.value / reference.value - 1)
            if corrected.value is not None and reference.value
            else Indicator(None, corrected.why or reference.why)
        )
        found.append(
            {
                "name": ", ".join(_named(one) for one in place.buildings),
                "use": place.buildings[0].use,
                "area_m2": None if place.area is None else f"{place.area:f}",
                "energies": sorted({one.energy for one in place.years}),
                "year_kwh": _said(together([one.year_kwh for one in place.years])),
                "per_m2": _said(per_m2[number]),
                "corrected_per_m2": _said(intensity(corrected, place.area)),
                "reference_per_m2": _said(intensity(reference, place.area)),
                "reference_kwh": _said(reference),
                "corrected_kwh": _said(corrected),
                "change": _said(change, "0.0001"),
                "rank": rank.get(number),
            }
        )
    return found


def _named(building: Any) -> str:
    return building.site.name if len(building.site.buildings) == 1 else f"{building.site.name}, {building.name}"


def _uses(places: Sequence[Place]) -> list[dict[str, Any]]:
    found = []
    for use in sorted({one.buildings[0].use for one in places}):
        mine = [one for one in places if one.buildings[0].use == use]
        areas = [one.area for one in mine]
        area = None if None in areas else sum((one for one in areas if one is not None), Decimal(0))
        total = together([year.year_kwh for one in mine for year in one.years])
        corrected = together([year.corrected_kwh for one in mine for year in one.years])
        reference = together([year.reference_final_kwh for one in mine for year in one.years])
        found.append(
            {
                "use": use,
                "places": len(mine),
                "area_m2": None if area is None else f"{area:f}",
                "year_kwh": _said(total),
                "per_m2": _said(intensity(total, area)),
                "corrected_per_m2": _said(intensity(corrected, area)),
                "reference_per_m2": _said(intensity(reference, area)),
            }
        )
    return found


def _avoided_kg(places: Sequence[Place], factors: FactorSet) -> Decimal:
    return sum(
        (
            factors.kg_per_kwh.get(one.energy, Decimal(0)) * final_kwh(one.energy, one.avoided_kwh)
            for place in places
            for one in place.years
            if one.avoided_kwh is not None
        ),
        Decimal(0),
    )


def _carbon(places: Sequence[Place], factors: FactorSet) -> dict[str, Any]:
    """Return the CO2 of the places measured enough, and how many those are."""
    each = [emissions(one.years, factors) for one in places]
    known = [one for one in each if one.enough]
    total = together(known) if known else (each or [together([])])[0]
    return {"name": factors.name, "source": factors.source, "counted": len(known), "places": len(each), **_said(total)}


def _weather(session: Session, places: Sequence[Place], year: int) -> list[dict[str, Any]]:
    """Return the DJU of the year and of the reference year at each station the reports use."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for report in (one for place in places for one in place.reports):
        start, end = bounds(report.plan.baseline_period)
        key = (report.plan.station_id, f"{start:%Y-%m-%d}/{end:%Y-%m-%d}")
        if key in found:
            continue
        zone = boundary_zone(report.plan.boundary)
        first, last = dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
        djus = []
        for one_start, one_end in ((first, last), (start, end)):
            known = daily_temperatures(session, report.plan.station, one_start, one_end, zone)
            days = (one_end - one_start).days
            dju = heating_degree_days({day: one.celsius for day, one in known.items()}, days)
            djus.append(dju if dju.value is None else Indicator(dju.value * YEAR_DAYS / days))
        found[key] = {
            "station": f"{report.plan.station.name} ({report.plan.station.code})",
            "reference_start": start.isoformat(),
            "reference_end": (end - dt.timedelta(days=1)).isoformat(),
            "dju": _said(djus[0]),
            "reference_dju": _said(djus[1]),
        }
    return list(found.values())


def _sites(places: Sequence[Place]) -> list[dict[str, Any]]:
    """Return the sites whose known floor area makes the decree apply, and the path of those that have a reference."""
    sites: dict[int, dict[str, Any]] = {}
    for place in places:
        for building in place.buildings:
            site = sites.setdefault(building.site_id, {"name": building.site.name, "area": Decimal(0), "places": []})
            site["area"] += building.floor_area_m2 or Decimal(0)
            if place not in site["places"]:
                site["places"].append(place)
    found = []
    for site in sites.values():
        if site["area"] < DECREE_AREA:
            continue
        years = [one for place in site["places"] for one in place.years]
        reference = together([one.reference_final_kwh for one in years])
        corrected = together([one.corrected_kwh for one in years])
        path = decree_path(reference.value) if reference.value is not None else {}
        found.append(
            {
                "name": site["name"],
                "area_m2": f"{site['area']:f}",
                "reference_kwh": _said(reference),
                "corrected_kwh": _said(corrected),
                "path": {str(year): f"{kwh:.0f}" for year, kwh in path.items()},
            }
        )
    return found


def _sum(values: Any) -> str:
    return f"{sum(values, Decimal('0.000')):.3f}"


def _said(indicator: Indicator, step: str = "0.001") -> dict[str, Any]:
    """Return an indicator as data."""
    if indicator.value is None:
        return {"value": None, "why": indicator.why}
    return {"value": f"{indicator.value.quantize(Decimal(step), ROUND_HALF_UP):f}", "why": ""}
