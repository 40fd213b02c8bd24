"""A building in the database with its days measured: from a boundary to a signed plan, ready to be reported on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text

from baseline.events.register import Proposal, decide, propose
from baseline.events.rules import Speaker
from baseline.plans.register import draft_plan, freeze
from baseline.plans.register import sign as sign_plan
from baseline.reports.register import make_report
from baseline.weather.models import Station
from contracts.agreements.register import add_price, annex, sign
from contracts.agreements.signatures import Document
from contracts.sites.register import hold, register_building, register_site
from devices.energy.models import DailyEnergy
from devices.points.boundaries.register import register_boundary
from devices.points.register import register_point
from foundation.time import hours_in_day, local_midnight
from tests.baseline.fitting_buildings import office, outdoor, year_of_days
from tests.billing.agreement_example import draft, town

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session

    from baseline.events.models import NonRoutineEvent
    from baseline.plans.models import MeasurementPlan
    from baseline.reports.models import SavingsReport
    from contracts.agreements.models import Agreement
    from contracts.parties.models import Shareholder
    from devices.points.models import MeasurementBoundary, MeteringPoint

BEFORE = dt.date(2018, 1, 1)
AFTER = dt.date(2023, 1, 1)
END = dt.date(2024, 1, 1)
TODAY = dt.date(2024, 1, 10)
NOON = dt.datetime(2024, 1, 10, 12, tzinfo=dt.UTC)
SAVING = 0.12
JUNE = (dt.date(2023, 6, 5), dt.date(2023, 7, 17))
EXTRA_KWH = 45.0
SPL = Speaker("spl", "Claire")

Day = tuple[dt.date, float, float, int | None]
"""A local day: kWh, °C, hours measured (None: the whole day)."""


@dataclass
class Measured:
    """What a test speaks about."""

    session: Session
    shareholder: Shareholder
    point: MeteringPoint
    boundary: MeasurementBoundary
    plan: MeasurementPlan
    agreement: Agreement | None = None

    @property
    def mayor(self) -> Speaker:
        """Return who speaks for the municipality."""
        return Speaker("shareholder", "La maire", shareholder_id=self.shareholder.id)

    def report(self, start: dt.date = AFTER, end: dt.date = END) -> SavingsReport:
        """Return the report of [start, end)."""
        return make_report(self.session, self.plan, start=start, end=end, now=NOON, today=TODAY)

    def propose(self, speaker: Speaker = SPL, **said: object) -> NonRoutineEvent:
        """Propose the event of June, or what `said` says instead."""
        values = {"kind": "hours", "method": "indicator", "start": JUNE[0], "end": JUNE[1], "reason": "Cours d'été"}
        return propose(self.session, self.boundary, Proposal(**{**values, **said}), speaker=speaker, today=TODAY)

    def agree(self, event: NonRoutineEvent) -> NonRoutineEvent:
        """Let the other party agree."""
        other = self.mayor if event.proposed_by_party == "spl" else SPL
        decide(self.session, event, verdict="agreed", speaker=other, today=TODAY)
        return event


def generated(start: dt.date, seed: int = 1, *, saving: float = 0.0, extra: float = 0.0) -> list[Day]:
    """Return a year of an office; `extra` kWh a day are added from 5 June to 16 July 2023."""
    days = year_of_days(365, start)
    cold = outdoor(days, seed)
    energy = office(days, cold, seed=seed + 2, saving=saving)
    return [
        (day, max(float(kwh), 0.0) + (extra if JUNE[0] <= day < JUNE[1] else 0.0), float(celsius), None)
        for day, kwh, celsius in zip(days, energy, cold, strict=True)
    ]


def measure(session: Session, point: MeteringPoint, days: Iterable[Day]) -> None:
    """Store the energy of local days of `point`."""
    zone = ZoneInfo(point.building.site.timezone)
    rows = []
    for day, kwh, _, hours in days:
        expected = hours_in_day(day, zone)
        measured = expected if hours is None else min(hours, expected)
        rows.append(
            {
                "point_id": point.id,
                "day": day,
                "kwh": Decimal(repr(kwh)) if measured else None,
                "hours_measured": measured,
                "hours_expected": expected,
                "reason": "measured" if measured else "missing",
            }
        )
    session.execute(insert(DailyEnergy), rows)


def measured(
    session: Session,
    days: Iterable[Day] | None = None,
    *,
    baseline: tuple[dt.date, dt.date] = (BEFORE, dt.date(2019, 1, 1)),
    reporting_starts_on: dt.date = AFTER,
    zone: str = "Europe/Paris",
    shareholder: Shareholder | None = None,
    **plan: object,
) -> Measured:
    """Return a building measured over `days` (by default an office that saves 12 %), its plan frozen."""
    days = list(days) if days is not None else [*generated(BEFORE), *generated(AFTER, 5, saving=SAVING)]
    shareholder = shareholder or town(session)
    site = register_site(session, name="Centre", city=shareholder.city, timezone=zone)
    building = register_building(session, site, name="Mairie", use="mairie")
    hold(session, building, shareholder, start=dt.date(2000, 1, 1))
    point = register_point(session, building, name="Général", energy="electricity")
    boundary = register_boundary(
        session,
        name="Mairie",
        energy="electricity",
        buildings=[building],
        terms=[(point, Decimal(1))],
        start=dt.date(2000, 1, 1),
    )
    station = Station(code="56185001", name="Lorient")
    session.add(station)
    session.flush()
    measure(session, point, days)
    session.execute(
        text(
            "INSERT INTO baseline.temperature (station_id, hour, celsius)"
            " SELECT :station, day + hour * interval '1 hour', celsius"
            " FROM unnest(:days, :hours, :celsius) AS t (day, hours, celsius), generate_series(0, hours - 1) hour"
        ),
        {
            "station": station.id,
            "days": [local_midnight(day, ZoneInfo(zone)) for day, *_ in days],
            "hours": [hours_in_day(day, ZoneInfo(zone)) for day, *_ in days],
            "celsius": [round(Decimal(repr(celsius)), 4) for _, _, celsius, _ in days],
        },
    )
    drafted = draft_plan(
        session,
        boundary=boundary,
        station=station,
        baseline_start=baseline[0],
        baseline_end=baseline[1],
        reporting_starts_on=reporting_starts_on,
        **plan,
    )
    freeze(session, drafted, by="Claire", now=NOON)
    return Measured(session, shareholder, point, boundary, drafted)


def sign_all(
    of: Measured, signed_on: dt.date = dt.date(2022, 12, 20), *, prices: Mapping[str, Decimal] | None = None
) -> Agreement:
    """Sign an agreement with the plan of `of` in annex, half the savings shared, 0.20 € a kWh, others at `prices`."""
    session = of.session
    agreement = draft(session, of.shareholder)
    add_price(session, agreement, energy=of.boundary.energy, start=AFTER, end=None, price=Decimal("0.20"))
    for energy, price in (prices or {}).items():
        add_price(session, agreement, energy=energy, start=AFTER, end=None, price=price)
    annex(session, agreement, "Plan de mesure", of.plan.sha256 or "")
    sign(
        session,
        agreement,
        signed_on=signed_on,
        deliberation_number="2022-12-07",
        deliberation_date=dt.date(2022, 12, 7),
        signatory="La maire",
        transmitted_on=dt.date(2022, 12, 9),
        delegation="Délibération 2020-05 du 28/05/2020",
        document=Document(b"%PDF signed", "accord.pdf", "application/pdf"),
        today=TODAY,
    )
    sign_plan(session, of.plan, agreement=agreement, signed_on=signed_on)
    of.agreement = agreement
    return agreement
