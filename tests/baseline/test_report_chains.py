"""A report compares what one metering chain counted, or says by which ratio two are one and what that leaves open."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from math import hypot

import pytest
from sqlalchemy.dialects.postgresql import Range

from baseline.fitting.student import t_two_sided
from baseline.reports.chains import demand_one_chain
from baseline.reports.register import report_document
from devices.chains.models import OverlapRatio
from devices.inventory.catalogue import model_named
from devices.inventory.register import install, register_device, remove
from foundation.canonical import canonical_sha256
from foundation.errors import Refusal
from tests.baseline.measured_building import AFTER, END, NOON, measured


@pytest.fixture
def building(dbsession):
    return measured(dbsession)


def instant(year):
    return dt.datetime(year, 1, 1, tzinfo=dt.UTC)


def two_sensors(session, point):
    """Let another model of sensor count the point from 2020 on, with nothing that says where it took over."""
    served = []
    for serial, year in (("A", 2017), ("B", 2020)):
        device = register_device(session, serial=serial, model=model_named(session, maker="M", name=serial))
        if served:
            remove(session, served[0], at=instant(year))
        served.append(install(session, device, point, at=instant(year)))
    return served


def ratio(point, before, after, **applied):
    return OverlapRatio(
        point=point,
        numerator=before,
        denominator=after,
        period=Range(dt.date(2020, 1, 1), dt.date(2020, 3, 1)),
        days=60,
        ratio=Decimal("0.98"),
        standard_error=Decimal("0.005"),
        autocorrelation=Decimal("0.2"),
        computed_by="Claire",
        **applied,
    )


def test_two_chains_without_a_ratio_are_no_saving(dbsession, building):
    assert building.report().analysis.get("chains") is None
    before, after = two_sensors(dbsession, building.point)
    with pytest.raises(Refusal, match="mesurez le rapport des deux compteurs"):
        building.report()
    dbsession.add(ratio(building.point, before, after))
    with pytest.raises(Refusal, match="appliquez-le depuis la page du point"):
        building.report()


@pytest.mark.parametrize("scaled", ["baseline", "reporting"])
def test_an_applied_ratio_widens_the_interval_and_is_part_of_what_is_sealed(dbsession, building, scaled):
    plain = building.report()
    before, after = two_sensors(dbsession, building.point)
    to = before if scaled == "baseline" else after
    dbsession.add(ratio(building.point, before, after, applied_to=to, applied_by="Claire", applied_at=NOON))
    report = building.report()
    energy = report.adjusted_baseline_kwh if scaled == "baseline" else report.measured_kwh
    added = t_two_sided(float(report.confidence_level), 60 * 0.8 / 1.2 - 1) * 0.005 / 0.98 * float(energy)
    assert report.avoided_energy_kwh == plain.avoided_energy_kwh
    half, alone = (float(one.avoided_high_kwh - one.avoided_energy_kwh) for one in (report, plain))
    assert half == pytest.approx(hypot(alone, added), abs=0.002)
    (told,) = report.analysis["chains"]
    assert (told["point"], told["ratio"], told["days"]) == (building.point.name, "0.980000", 60)
    assert float(told["half_width_kwh"]) == pytest.approx(added, abs=0.001)
    assert [one["name"] for one in report.findings if one["name"] == "two_chains"] == ["two_chains"]
    assert report_document(report)["analysis"]["chains"] == [told]
    assert report.sha256 == canonical_sha256(report_document(report)) != plain.sha256


def test_bills_are_the_suppliers_meter_and_no_chain_of_ours(dbsession, building):
    two_sensors(dbsession, building.point)
    building.plan.model_kind = "billing"
    nothing = {"adjusted": Decimal(1), "measured": Decimal(1)}
    with dbsession.no_autoflush:
        assert demand_one_chain(dbsession, building.plan, AFTER, END, **nothing) == []
    dbsession.expire(building.plan)
