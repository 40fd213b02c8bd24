"""Bills beside measurements, and two chains beside each other, in the database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import select

from contracts.sites.models import Holding
from devices.chains.register import apply_ratio, chains_during, chains_of, joined_chains, measure_overlap
from devices.energy.derive import derive_point
from devices.energy.models import DailyEnergy
from devices.imports.profile import Profile
from devices.inventory.catalogue import model_named
from devices.inventory.register import install, register_device, remove
from devices.points.models import MeteringPoint
from devices.reconciliation.gather import reconcile
from devices.reconciliation.register import agree_limit
from devices.reconciliation.rules import Verdict
from foundation.errors import Refusal
from tests.chain import SIRENS, company, signed_agreement
from tests.devices.meters import HOUR, arrive, message, metered
from tests.devices.test_imports_database import BILLS, CURVE, INDEX, PCE, PRM, brought, curve, make_school

MIDNIGHT = dt.datetime(2025, 1, 5, 23, tzinfo=dt.UTC)


@pytest.fixture
def school(dbsession):
    return make_school(dbsession)


def bill(session, kwh, start="2025-01-06", end="2025-01-08", estimated="non"):
    rows = f"PCE;Du;Au;kWh;Est;Coef\n{PRM};{start};{end};{kwh};{estimated};\n"
    return brought(session, BILLS, rows, reason="relève")


def verdict(session, point):
    (line,) = reconcile(session, [point.id])
    return line.comparison.verdict, line.comparison.gap


def test_a_bill_is_compared_where_the_measurement_is_whole(dbsession, school):
    point = school[0]
    bill(dbsession, 47)
    assert verdict(dbsession, point) == (Verdict.UNMEASURED, None)
    brought(dbsession, CURVE, curve(47))
    derive_point(dbsession, point.id)
    assert verdict(dbsession, point) == (Verdict.INCOMPLETE, None)
    brought(dbsession, CURVE, curve(48))
    derive_point(dbsession, point.id)
    assert verdict(dbsession, point) == (Verdict.DIFFERS, Decimal("0.021277"))
    bill(dbsession, "47,5")
    assert verdict(dbsession, point) == (Verdict.AGREES, Decimal("0.010526"))
    bill(dbsession, 60, estimated="oui")
    assert verdict(dbsession, point) == (Verdict.ESTIMATED, None)


def test_gas_without_coefficient_says_so(dbsession, school):
    gas = school[1]
    brought(dbsession, INDEX, f"PCE;Date;m3\n{PCE};2025-01-06 00:00;100\n{PCE};2025-01-08 00:00;200\n")
    derive_point(dbsession, gas.id)
    brought(dbsession, BILLS, f"PCE;Du;Au;kWh;Est;Coef\n{PCE};2025-01-06;2025-01-08;1129;non;\n")
    assert verdict(dbsession, gas) == (Verdict.NO_COEFFICIENT, None)
    brought(
        dbsession, BILLS, f"PCE;Du;Au;kWh;Est;Coef\n{PCE};2025-01-06;2025-01-08;1129;non;11,29\n", reason="coefficient"
    )
    derive_point(dbsession, gas.id)
    assert verdict(dbsession, gas) == (Verdict.AGREES, 0)


def test_the_agreement_says_another_limit(dbsession):
    company(dbsession)
    agreement = signed_agreement(dbsession, SIRENS[0])
    holding = dbsession.scalars(select(Holding).where(Holding.shareholder_id == agreement.shareholder_id)).first()
    point = dbsession.scalars(select(MeteringPoint).where(MeteringPoint.building_id == holding.building_id)).first()
    start = agreement.term.lower
    columns = {"building": "B", "point": "P", "start": "Du", "end": "Au", "energy": "kWh"}
    profile = Profile(kind="bills", columns=columns, dates="iso", unit="MWh")
    rows = f"B;P;Du;Au;kWh\n{point.building.name};{point.name};{start};{start + dt.timedelta(days=30)};1\n"
    brought(dbsession, profile, rows)
    (line,) = reconcile(dbsession, [point.id])
    assert line.comparison.limit == Decimal("0.02")
    agree_limit(dbsession, agreement, percent=Decimal(5), by="Claire")
    (line,) = reconcile(dbsession, [point.id])
    assert line.comparison.limit == Decimal("0.05")
    for percent in (Decimal(0), Decimal("0.000001"), Decimal("99.999999")):
        with pytest.raises(Refusal, match="va de 0,001 %"):
            agree_limit(dbsession, agreement, percent=percent, by="Claire")


def overlapping(session, point, days):
    """Let a sensor count 2 % more than the operator's curve over `days` from its installation."""
    metered(session, "A", point, at=MIDNIGHT + dt.timedelta(days=2))
    readings = [(MIDNIGHT + dt.timedelta(days=2) + n * HOUR, Decimal("1.02") * n) for n in range(24 * days + 1)]
    arrive(session, message("A", readings))
    brought(session, CURVE, curve(24 * (days + 2)))
    derive_point(session, point.id)


def test_two_chains_are_related_where_both_counted(dbsession, school):
    point = school[0]
    overlapping(dbsession, point, 35)
    files, sensor = sorted(chains_of(dbsession, point), key=lambda one: one.series is None)
    baseline, reporting = (dt.date(2025, 1, 6), dt.date(2025, 1, 8)), (dt.date(2025, 1, 10), dt.date(2025, 2, 1))
    assert [one.installation for one in chains_during(dbsession, point, *baseline)] == [files.installation]
    assert [one.installation for one in chains_during(dbsession, point, *reporting)] == [sensor.installation]
    with pytest.raises(Refusal, match="pas compté de la même façon"):
        joined_chains(dbsession, point, baseline, reporting)
    found = measure_overlap(
        dbsession, point, numerator_id=sensor.installation.id, denominator_id=files.installation.id,
        start=dt.date(2025, 1, 1), end=dt.date(2025, 3, 1), by="Claire",
    )  # fmt: skip
    assert (found.ratio, found.days) == (Decimal("1.02"), 35)
    with pytest.raises(Refusal, match="mesuré sans être appliqué"):
        joined_chains(dbsession, point, baseline, reporting)
    before = energy_on(dbsession, point, dt.date(2025, 1, 15))
    apply_ratio(dbsession, found, to=sensor.installation, by="Claire", now=MIDNIGHT)
    assert joined_chains(dbsession, point, baseline, reporting) == [found]
    assert joined_chains(dbsession, point, reporting, reporting) == []
    derive_point(dbsession, point.id)
    assert before == Decimal("24.48")
    assert energy_on(dbsession, point, dt.date(2025, 1, 15)) == 24, "the sensor counts as the operator's files"
    with pytest.raises(Refusal, match="déjà l'un comme l'autre"):
        apply_ratio(dbsession, found, to=files.installation, by="Claire", now=MIDNIGHT)


def energy_on(session, point, day):
    return (
        session.scalars(select(DailyEnergy).where(DailyEnergy.point_id == point.id, DailyEnergy.day == day)).one().kwh
    )


@pytest.mark.parametrize(
    ("swap_of", "joined"),
    [
        ((Decimal(100), Decimal(0), "2", None), True),
        ((Decimal(100), None, "2", None), False),
        ((None, Decimal(100), "1", "other"), True),
        ((None, None, "1", None), True),
        ((None, None, "1", "other"), False),
    ],
)
def test_a_sensor_goes_on_where_another_stopped(dbsession, school, swap_of, joined):
    point, (closing, opening, factor, model) = school[0], swap_of
    first, swap = MIDNIGHT, MIDNIGHT + dt.timedelta(days=40)
    served = metered(dbsession, "A", point, at=first)
    remove(dbsession, served, at=swap, closing_index=closing)
    other = model_named(dbsession, maker="M", name="N") if model else None
    device = register_device(dbsession, serial="B", model=other)
    later = swap + dt.timedelta(minutes=20)
    install(dbsession, device, point, at=later, factor=Decimal(factor), opening_index=opening)
    periods = (dt.date(2025, 1, 7), dt.date(2025, 2, 10)), (dt.date(2025, 2, 20), dt.date(2025, 3, 10))
    if joined:
        assert joined_chains(dbsession, point, *periods) == []
    else:
        with pytest.raises(Refusal, match="mesurez le rapport des deux compteurs"):
            joined_chains(dbsession, point, *periods)


def test_too_short_an_overlap_is_refused(dbsession, school):
    point = school[0]
    overlapping(dbsession, point, 29)
    one, other = (chain.installation.id for chain in chains_of(dbsession, point))
    with pytest.raises(Refusal, match="29 jours"):
        measure_overlap(
            dbsession, point, numerator_id=one, denominator_id=other,
            start=dt.date(2025, 1, 1), end=dt.date(2025, 3, 1), by="Claire",
        )  # fmt: skip
    with pytest.raises(Refusal, match="différents"):
        measure_overlap(
            dbsession, point, numerator_id=one, denominator_id=one,
            start=dt.date(2025, 1, 1), end=dt.date(2025, 3, 1), by="Claire",
        )  # fmt: skip
