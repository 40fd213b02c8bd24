"""A short chain from a building to an accepted settlement, for tests that begin where money does."""

from __future__ import annotations

import base64
import datetime as dt
import itertools
import math
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import Range

from baseline.fitting import DailyModel, fit_daily
from baseline.measured_days import MeasuredDay, baseline_data
from baseline.plans.register import draft_plan, plan_document
from baseline.plans.register import sign as sign_plan
from baseline.reports.models import ReportDay, SavingsReport
from baseline.reports.register import report_document
from baseline.weather.register import register_station
from billing.pack.keys import sign_with
from billing.pack.signing import signer_of
from billing.settlements.register import accept, propose
from contracts.agreements.register import add_price, annex, draft_agreement, sign
from contracts.agreements.signatures import Document
from contracts.agreements.terms.data import Share, Terms
from contracts.parties.capital import acquire
from contracts.parties.register import add_budget, register_shareholder, set_company
from contracts.sites.register import hold, register_building, register_site
from devices.points.boundaries.register import register_boundary
from devices.points.register import register_point
from foundation.attachments.store import keep
from foundation.canonical import canonical_json, canonical_sha256
from foundation.money import kwh
from foundation.sheets import csv_bytes
from foundation.time import days, hours_in_day, local_midnight, time_zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.plans.models import MeasurementPlan
    from billing.settlements.models import Settlement
    from contracts.agreements.models import Agreement

BASELINE = (dt.date(2023, 4, 1), dt.date(2024, 4, 1))
YEAR = (dt.date(2025, 1, 1), dt.date(2026, 1, 1))
SIRENS = ("200000008", "200000016", "200000024", "200000032", "200000040", "200000057")
PARIS = time_zone("Europe/Paris")
SEED = base64.b64encode(bytes(range(32))).decode()
_serial = itertools.count(1)


def siret(siren: str) -> str:
    """Return a SIRET of `siren` whose key is right."""
    for establishment in range(10, 100):
        digits = f"{siren}{establishment:05d}"
        doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
        if sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0:
            return digits
    raise AssertionError(siren)


def company(session: Session) -> None:
    """Say who the SPL is, and give this process the key it signs with."""
    sign_with(signer_of(SEED))
    set_company(
        session,
        name="SPL d'essai",
        legal_form="Société publique locale",
        share_capital=Decimal(225_000),
        siret=siret(SIRENS[5]),
        trade_register="RCS Lorient 200 000 057",
        street="1 quai",
        postcode="56100",
        city="Lorient",
        email="contact@spl.example",
        phone="",
        iban="FR7630006000011234567890189",
        bic="AGRIFRPP",
        synthetic=False,
    )


HALF = Terms(shares=(Share(Fraction(1, 2)),))


def signed_agreement(
    session: Session, siren: str = SIRENS[0], daily_kwh: Decimal = Decimal("10.125"), terms: Terms = HALF
) -> Agreement:
    """Return a signed agreement over one school whose report of 2025 avoids `daily_kwh` a day, half of it shared."""
    number = next(_serial)
    town = register_shareholder(
        session, name=f"Ville {number}", siren=siren, street="1 place", postcode="56000", city="Ville"
    )
    acquire(session, town, amount=Decimal(1000), start=dt.date(2020, 1, 1))
    budget = add_budget(session, town, siret=siret(siren), service_code="FINANCES", commitment_number="2025-1")
    site = register_site(session, name=f"École {number}", city="Ville", timezone="Europe/Paris")
    school = register_building(session, site, name="Élémentaire", use="école")
    hold(session, school, town, start=dt.date(2015, 1, 1))
    point = register_point(session, school, name="Général", energy="electricity")
    boundary = register_boundary(
        session,
        name=f"École {number}",
        energy="electricity",
        buildings=[school],
        terms=[(point, Decimal(1))],
        start=dt.date(2015, 1, 1),
    )
    station = register_station(session, code=f"S{number}", name="Station")
    plan = draft_plan(
        session,
        boundary=boundary,
        station=station,
        baseline_start=BASELINE[0],
        baseline_end=BASELINE[1],
        reporting_starts_on=YEAR[0],
    )
    plan.model, plan.inputs = frozen_model(), kept(session, baseline_days())
    plan.sha256, plan.state = canonical_sha256(plan_document(plan)), "frozen"
    session.flush()
    agreement = draft_agreement(
        session,
        number=f"PAYS-{number}",
        title="Suivi",
        shareholder=town,
        budget=budget,
        starts_on=YEAR[0],
        ends_on=dt.date(2030, 1, 1),
        terms=terms,
    )
    add_price(
        session,
        agreement,
        energy="electricity",
        start=YEAR[0],
        end=dt.date(2030, 1, 1),
        price=Decimal("0.2"),
        source="contrat",
    )
    annex(session, agreement, "Plan de mesure", plan.sha256)
    sign(
        session,
        agreement,
        signed_on=dt.date(2024, 12, 1),
        deliberation_number="2024-1",
        deliberation_date=dt.date(2024, 11, 20),
        signatory="La maire",
        transmitted_on=dt.date(2024, 11, 22),
        delegation="Délibération 2020-05 du 28/05/2020",
        document=Document(b"%PDF signed", "accord.pdf", "application/pdf"),
        today=dt.date(2024, 12, 2),
    )
    sign_plan(session, plan, agreement=agreement, signed_on=dt.date(2024, 12, 1))
    report_year(session, plan, daily_kwh)
    return agreement


def celsius_on(day: dt.date) -> float:
    """Return the mean temperature of a day at every station of these tests."""
    return 11 - 8 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 20) / 365)


@cache
def baseline_days() -> tuple[MeasuredDay, ...]:
    """Return the days of `BASELINE` of a school heated below 15 °C."""
    found = []
    for day in days(*BASELINE):
        hours = hours_in_day(day, PARIS)
        energy = (60 + 6 * max(0, 15 - celsius_on(day)) + day.day % 5) * hours / 24
        found.append(MeasuredDay(day, kwh(energy), hours, hours, Decimal(f"{celsius_on(day):.4f}"), hours))
    return tuple(found)


@cache
def frozen_model() -> dict[str, Any]:
    """Return the model of that school."""
    return fit_daily(baseline_data(baseline_days(), *BASELINE)).to_json()


def reported_days(daily_kwh: Decimal, end: dt.date = YEAR[1]) -> list[tuple[MeasuredDay, Decimal]]:
    """Return the days of 2025 before `end`, each `daily_kwh` under what the model says, and what it says."""
    found = []
    for day in days(YEAR[0], end):
        hours = hours_in_day(day, PARIS)
        celsius = Decimal(f"{celsius_on(day):.4f}")
        whole = DailyModel.from_json(frozen_model()).predict([day], [float(celsius)])[0]
        adjusted = kwh(whole * (hours / 24))
        found.append((MeasuredDay(day, adjusted - daily_kwh, hours, hours, celsius, hours), adjusted))
    return found


def kept(session: Session, measured: Sequence[MeasuredDay]) -> dict[str, Any]:
    """Keep days and hours as plans and reports do; all of a day's energy falls in its first hour, of point 1."""
    rows = [day.as_data() for day in measured]
    hours = csv_bytes(
        ("point", "hour_utc", "kwh", "reason"),
        (
            (
                1,
                (local_midnight(day.day, PARIS) + dt.timedelta(hours=hour)).astimezone(dt.UTC).isoformat(),
                energy,
                "measured",
            )
            for day in measured
            for hour, energy in enumerate([day.kwh, *[Decimal(0)] * (day.hours - 1)])
        ),
    )
    keep(session, canonical_json(rows), name="jours.json", media_type="application/json")
    return {
        "sha256": canonical_sha256(rows),
        "hourly_sha256": keep(session, hours, name="heures.csv", media_type="text/csv").sha256,
    }


def report_year(session: Session, plan: MeasurementPlan, daily_kwh: Decimal, end: dt.date = YEAR[1]) -> SavingsReport:
    """Add a report of 2025, until `end`, in which each day avoids `daily_kwh`."""
    measured = reported_days(daily_kwh, end)
    rows = [
        ReportDay(
            day=day.day,
            temperature_c=day.celsius,
            measured_kwh=day.kwh,
            adjusted_baseline_kwh=adjusted,
            counted=True,
            reason="measured",
        )
        for day, adjusted in measured
    ]
    avoided = daily_kwh * len(rows)
    baseline = sum((adjusted for _, adjusted in measured), Decimal(0))
    report = SavingsReport(
        plan=plan,
        period=Range(YEAR[0], end),
        adjusted_baseline_kwh=baseline,
        measured_kwh=baseline - avoided,
        avoided_energy_kwh=avoided,
        avoided_low_kwh=avoided - 100,
        avoided_high_kwh=avoided + 100,
        confidence_level=0.9,
        intervals={},
        days_counted=len(rows),
        days_expected=len(rows),
        findings=[],
        inputs=kept(session, [day for day, _ in measured]),
        made_at=dt.datetime(2026, 1, 10, tzinfo=dt.UTC),
        days=rows,
    )
    report.sha256 = canonical_sha256(report_document(report))
    session.add(report)
    session.flush()
    return report


def accepted_settlement(session: Session, agreement: Agreement) -> Settlement:
    """Return the accepted settlement of 2025."""
    settlement = propose(session, agreement, start=YEAR[0], end=YEAR[1], today=dt.date(2026, 1, 15))
    return accept(session, settlement, by="La maire", today=dt.date(2026, 1, 16))
