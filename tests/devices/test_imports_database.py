"""Files in the database: all or nothing, once, and energy derived from what they brought."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Range

from contracts.sites.register import register_building, register_site
from devices.bills.models import SupplierBill
from devices.bills.read import billed_energy
from devices.coefficients.models import GasCoefficient
from devices.coefficients.register import note_coefficient
from devices.energy.derive import derive_point, points_to_derive
from devices.energy.models import DailyEnergy, HourlyEnergy
from devices.imports.models import FileImport, ImportProfile
from devices.imports.profile import Kind, Profile
from devices.imports.register import carry_out, check, receive, save_profile
from devices.ingest.models import Reading, ReadingConflict
from devices.points.register import register_point
from devices.series.models import ReadingCorrection
from foundation.errors import Refusal
from tests.devices.meters import arrive, hourly, message, metered

NOW = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
TODAY = NOW.date()
PRM, PCE = "14500000000017", "21500000000042"
CURVE = Profile(kind=Kind.CURVE, columns={"point": "PRM", "time": "Date", "value": "W"}, unit="W", dates="iso", step=60)
INDEX = Profile(kind=Kind.INDEX, columns={"point": "PCE", "time": "Date", "value": "m3"}, unit="m³", dates="iso")
DAILY = Profile(kind=Kind.DAILY, columns={"point": "PRM", "time": "Jour", "value": "kWh"}, dates="iso")
BILLS = Profile(
    kind=Kind.BILLS,
    columns={"point": "PCE", "start": "Du", "end": "Au", "energy": "kWh", "estimated": "Est", "coefficient": "Coef"},
    dates="iso",
)


pytestmark = pytest.mark.usefixtures("school")


@pytest.fixture
def school(dbsession):
    return make_school(dbsession)


def make_school(session):
    site = register_site(session, name="École", city="Lorient", timezone="Europe/Paris")
    building = register_building(session, site, name="Élémentaire", use="école")
    return (
        register_point(session, building, name="Général", energy="electricity", identifier=PRM),
        register_point(session, building, name="Chaufferie", energy="gas", identifier=PCE),
    )


def received(session, profile, content, name="fichier.csv"):
    name_of = f"{profile.kind}-{profile.unit}-{profile.step}"
    saved = session.scalar(select(ImportProfile).where(ImportProfile.name == name_of))
    saved = saved or save_profile(session, name=name_of, profile=profile, by="Claire")
    return receive(session, content.encode(), name=name, profile=saved, by="Claire", now=NOW)


def brought(session, profile, content, reason=""):
    return carry_out(session, received(session, profile, content), reason=reason, by="Claire", now=NOW, today=TODAY)


def curve(hours, watts=1000, start=dt.datetime(2025, 1, 6)):  # noqa: DTZ001 - a wall clock
    return "PRM;Date;W\n" + "".join(f"{PRM};{start + dt.timedelta(hours=n)};{watts}\n" for n in range(hours))


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def days_of(session, point):
    rows = select(DailyEnergy.day, DailyEnergy.kwh, DailyEnergy.hours_measured, DailyEnergy.reason)
    return {row[0]: tuple(row[1:]) for row in session.execute(rows.where(DailyEnergy.point_id == point.id))}


def test_a_dry_run_says_everything_and_stores_nothing(dbsession):
    imported = received(dbsession, CURVE, curve(48))
    outcome = check(dbsession, imported, today=TODAY)
    assert (outcome.rows, outcome.new, outcome.same, outcome.changed, outcome.points) == (48, 48, 0, 0, 1)
    assert count(dbsession, Reading) == 0
    assert imported.state == "checked"


def test_a_curve_becomes_clean_energy(dbsession, school):
    point = school[0]
    outcome = brought(dbsession, CURVE, curve(48))
    assert outcome.new == 48
    assert points_to_derive(dbsession) == [point.id]
    derive_point(dbsession, point.id)
    assert days_of(dbsession, point) == {
        dt.date(2025, 1, 6): (24, 24, "measured"),
        dt.date(2025, 1, 7): (24, 24, "measured"),
    }


def test_the_same_file_again_is_already_imported(dbsession):
    brought(dbsession, CURVE, curve(48))
    again = received(dbsession, CURVE, curve(48))
    assert again.state == "imported"
    with pytest.raises(Refusal, match="déjà importé"):
        carry_out(dbsession, again, by="Claire", now=NOW, today=TODAY)
    assert count(dbsession, Reading) == 48


def test_the_same_rows_in_another_file_are_no_duplicates(dbsession):
    brought(dbsession, CURVE, curve(48))
    outcome = brought(dbsession, CURVE, curve(72))
    assert (outcome.new, outcome.same) == (24, 48)
    assert count(dbsession, Reading) == 72
    assert count(dbsession, ReadingConflict) == 0


def test_files_in_any_order_give_the_same_energy(dbsession, school):
    point = school[0]
    for start in (8, 6, 7):
        brought(dbsession, CURVE, curve(24, start * 100, dt.datetime(2025, 1, start)))  # noqa: DTZ001
        derive_point(dbsession, point.id)
    assert {day.day: kwh[0] for day, kwh in days_of(dbsession, point).items()} == {
        6: Decimal("14.4"), 7: Decimal("16.8"), 8: Decimal("19.2"),
    }  # fmt: skip


def test_another_value_is_refused_unless_it_is_a_declared_correction(dbsession, school):
    point = school[0]
    brought(dbsession, CURVE, curve(24))
    other = curve(24).replace("2025-01-06 03:00:00;1000", "2025-01-06 03:00:00;2000")
    outcome = check(dbsession, received(dbsession, CURVE, other), today=TODAY)
    assert (outcome.changed, outcome.same) == (1, 23)
    assert outcome.conflicts[0].line == 5
    with pytest.raises(Refusal, match="dites pourquoi"):
        brought(dbsession, CURVE, other)
    assert count(dbsession, ReadingCorrection) == 0
    brought(dbsession, CURVE, other, reason="Enedis a corrigé la courbe")
    derive_point(dbsession, point.id)
    assert days_of(dbsession, point)[dt.date(2025, 1, 6)][0] == 25
    # The reading itself stays as it arrived, and the corrected file again says nothing new.
    assert dbsession.scalar(select(func.sum(Reading.value))) == 24
    outcome = check(dbsession, received(dbsession, CURVE, other + "\n"), today=TODAY)
    assert (outcome.changed, outcome.same) == (0, 24)


def test_one_bad_row_and_nothing_is_imported(dbsession):
    bad = curve(24) + f"{PRM};2025-01-32 00:00:00;1\n99999999999999;2025-01-07 00:00:00;1\n"
    outcome = check(dbsession, received(dbsession, CURVE, bad), today=TODAY)
    assert [(problem.line, problem.column) for problem in outcome.problems] == [(26, "Date"), (27, "PRM")]
    with pytest.raises(Refusal, match="Ligne 26"):
        brought(dbsession, CURVE, bad)
    assert count(dbsession, Reading) == 0


def test_one_instant_with_two_values_in_a_file_is_a_problem(dbsession):
    twice = curve(3) + f"{PRM};2025-01-06 01:00:00;5\n{PRM};2025-01-06 02:00:00;1000\n"
    outcome = check(dbsession, received(dbsession, CURVE, twice), today=TODAY)
    assert [problem.line for problem in outcome.problems] == [5]
    assert outcome.same == 1 + 1  # the repeated row, and the contradicting one, are not new


def test_a_curve_of_a_finer_step_than_its_profile_says_is_refused(dbsession):
    finer = f"PRM;Date;W\n{PRM};2025-01-06 00:00;6\n{PRM};2025-01-06 00:30;6\n{PRM};2025-01-06 01:00;6\n"
    outcome = check(dbsession, received(dbsession, CURVE, finer), today=TODAY)
    assert [problem.line for problem in outcome.problems] == [3, 4]
    assert "30 min" in outcome.problems[0].sentence
    assert "60 min" in outcome.problems[0].sentence


def half_hours(*numbers: int) -> str:
    start = dt.datetime(2025, 1, 6)  # noqa: DTZ001 - a wall clock
    rows = (f"{PRM};{start + n * dt.timedelta(minutes=30):%Y-%m-%d %H:%M};6\n" for n in numbers)
    return "PRM;Date;W\n" + "".join(rows)


@pytest.mark.parametrize(
    ("numbers", "line"),
    [
        (range(0, 48, 2), 3),
        ((0, 2), 3),
        ((0, 2, 4, 300, 302), 3),
        ((*range(100), *range(100, 200, 2)), 126),
    ],
)
def test_a_curve_of_a_wider_step_than_its_profile_says_is_refused(dbsession, numbers, line):
    """Hours that nobody measured are missing; hours read with the wrong profile are not to be."""
    profile = replace(CURVE, step=30)
    outcome = check(dbsession, received(dbsession, profile, half_hours(*numbers)), today=TODAY)
    assert [problem.line for problem in outcome.problems] == [line]
    sentence = outcome.problems[0].sentence
    assert "60 min après" in sentence
    assert "le pas du fichier n'est pas celui du profil, 30 min" in sentence


@pytest.mark.parametrize("numbers", [(0, 1, 3, 5, 7, 8), (0,), (0, 96), (*range(10), *range(58, 70), 100)])
def test_holes_of_a_curve_are_no_other_step(dbsession, numbers):
    profile = replace(CURVE, step=30)
    assert check(dbsession, received(dbsession, profile, half_hours(*numbers)), today=TODAY).is_clean


def test_a_header_alone_is_refused(dbsession):
    outcome = check(dbsession, received(dbsession, CURVE, "PRM;Date;W\n"), today=TODAY)
    assert "intitulés" in outcome.refusal
    assert not outcome.is_clean


def test_days_of_a_file_have_their_own_length(dbsession, school):
    point = school[0]
    brought(dbsession, DAILY, f"PRM;Jour;kWh\n{PRM};2025-10-25;24\n{PRM};2025-10-26;50\n{PRM};2025-10-27;24\n")
    derive_point(dbsession, point.id)
    assert days_of(dbsession, point) == {
        dt.date(2025, 10, 25): (24, 24, "measured_in_total"),
        dt.date(2025, 10, 26): (50, 25, "measured_in_total"),
        dt.date(2025, 10, 27): (24, 24, "measured_in_total"),
    }


def test_a_hole_in_a_file_is_missing_not_zero(dbsession, school):
    point = school[0]
    brought(dbsession, CURVE, curve(24) + curve(24, start=dt.datetime(2025, 1, 8)).split("\n", 1)[1])  # noqa: DTZ001
    derive_point(dbsession, point.id)
    assert days_of(dbsession, point)[dt.date(2025, 1, 7)] == (None, 0, "missing")


def test_sensors_speak_where_one_served_and_files_before(dbsession, school):
    point = school[0]
    since = dt.datetime(2025, 1, 7, 23, tzinfo=dt.UTC)
    metered(dbsession, "A", point, at=since)
    arrive(dbsession, message("A", hourly(since, *range(100, 149, 2))))
    brought(dbsession, CURVE, curve(96))
    derive_point(dbsession, point.id)
    assert {day.day: kwh[0] for day, kwh in days_of(dbsession, point).items()} == {6: 24, 7: 24, 8: 48, 9: 24}


def test_gas_in_cubic_metres_has_no_energy_without_a_coefficient_and_is_split_where_it_changes(dbsession, school):
    gas = school[1]
    rows = "".join(f"{PCE};2025-01-{6 + n:02} 00:00;{1000 + 24 * n}\n" for n in range(5))
    brought(dbsession, INDEX, "PCE;Date;m3\n" + rows)
    derive_point(dbsession, gas.id)
    hours = select(func.count()).where(HourlyEnergy.point_id == gas.id)
    assert dbsession.scalar(hours.where(HourlyEnergy.cause == "no_coefficient", HourlyEnergy.kwh.is_(None))) == 96
    for first, after, worth in ((5, 8, "11.29"), (8, 9, "11")):
        note_coefficient(
            dbsession, gas.id, start=dt.date(2025, 1, first), end=dt.date(2025, 1, after),
            kwh_per_m3=Decimal(worth), source="facture", by="Claire",
        )  # fmt: skip
    derive_point(dbsession, gas.id)
    assert {day.day: (kwh[0], kwh[1]) for day, kwh in days_of(dbsession, gas).items()} == {
        6: (Decimal("270.96"), 24), 7: (Decimal("270.96"), 24), 8: (264, 24), 9: (None, 0),
    }  # fmt: skip


def test_a_coefficient_is_dated_and_of_one_kind(dbsession, school):
    def note(start, worth="11", heating="PCS", **more):
        return note_coefficient(
            dbsession, school[1].id, start=dt.date(2025, start, 1), end=dt.date(2025, start + 2, 1),
            kwh_per_m3=Decimal(worth), heating_value=heating, source="facture 1", by="Claire", **more,
        )  # fmt: skip

    first = note(1)
    assert note(1) is first
    note(1, "9.9", "PCI")
    with pytest.raises(Refusal, match="déjà noté du 01/01/2025 au 28/02/2025"):
        note(2, "11.5")
    note(2, "11.5", replacing=True)
    kept = select(GasCoefficient.period).where(GasCoefficient.heating_value == "PCS").order_by(GasCoefficient.period)
    assert dbsession.scalars(kept).all() == [
        Range(dt.date(2025, 1, 1), dt.date(2025, 2, 1)),
        Range(dt.date(2025, 2, 1), dt.date(2025, 4, 1)),
    ]
    with pytest.raises(Refusal, match="pas un coefficient"):
        note(6, "1.11")


def bills(*rows):
    return "PCE;Du;Au;kWh;Est;Coef\n" + "".join(f"{PCE};{row}\n" for row in rows)


def test_bills_are_kept_with_their_coefficient(dbsession, school):
    gas = school[1]
    brought(dbsession, BILLS, bills("2025-01-01;2025-02-01;3100;non;11,29", "2025-02-01;2025-03-01;2800;oui;11,3"))
    assert [one.estimated for one in dbsession.scalars(select(SupplierBill).order_by(SupplierBill.period))] == [
        False,
        True,
    ]
    assert dbsession.scalars(select(GasCoefficient.kwh_per_m3).order_by(GasCoefficient.period)).all() == [
        Decimal("11.29"), Decimal("11.3"),
    ]  # fmt: skip
    over = billed_energy(dbsession, gas.id, dt.date(2025, 1, 16), dt.date(2025, 3, 2))
    assert (over.kwh, over.estimated_kwh, over.shared_kwh, over.missing_days) == (4400, 2800, 1600, 1)


def test_the_same_bill_again_is_none_and_another_figure_is_a_correction(dbsession, school):
    brought(dbsession, BILLS, bills("2025-01-01;2025-02-01;3100;oui;11,29"))
    again = brought(dbsession, BILLS, bills("2025-01-01;2025-02-01;3100;oui;11,29", "2025-02-01;2025-03-01;2800;non;"))
    assert (again.new, again.same) == (1, 1)
    corrected = bills("2025-01-01;2025-02-01;3000;non;11,4")
    with pytest.raises(Refusal, match="3100"):
        brought(dbsession, BILLS, corrected)
    brought(dbsession, BILLS, corrected, reason="Relève réelle")
    rows = dbsession.execute(select(SupplierBill.kwh, SupplierBill.replaced_by_id, SupplierBill.id)).all()
    kept = {row.kwh: row for row in rows}
    assert kept[Decimal(3100)].replaced_by_id == kept[Decimal(3000)].id
    assert billed_energy(dbsession, school[1].id, dt.date(2025, 1, 1), dt.date(2025, 3, 1)).kwh == 5800
    assert dbsession.scalar(select(GasCoefficient.kwh_per_m3)) == Decimal("11.4")


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        (("2025-01-01;2025-02-01;3100;non;", "2025-01-15;2025-03-01;100;non;"), "chevauche celle de la ligne 2"),
        (("2024-12-15;2025-01-15;10;non;",), "sans la couvrir"),
        (("2025-02-01;2025-03-01;10;non;11,5", "2025-03-01;2025-04-01;10;non;4"), "8 à 14"),
    ],
)
def test_bills_that_overlap_are_refused(dbsession, rows, word):
    brought(dbsession, BILLS, bills("2025-01-01;2025-01-20;500;non;11,29"))
    outcome = check(dbsession, received(dbsession, BILLS, bills(*rows)), today=TODAY)
    assert any(word in problem.sentence for problem in outcome.problems)


def test_a_coefficient_that_contradicts_is_told_by_the_dry_run(dbsession, school):
    note_coefficient(
        dbsession, school[1].id, start=dt.date(2025, 1, 1), end=dt.date(2026, 1, 1), kwh_per_m3=Decimal(11),
        source="contrat", by="Claire",
    )  # fmt: skip
    outcome = check(dbsession, received(dbsession, BILLS, bills("2025-02-01;2025-03-01;10;non;11,5")), today=TODAY)
    assert "déjà noté" in outcome.problems[0].sentence
    assert count(dbsession, SupplierBill) == 0


def test_a_bill_is_never_edited(dbsession):
    brought(dbsession, BILLS, bills("2025-01-01;2025-02-01;3100;non;"))
    with pytest.raises(Exception, match="kept as it arrived"), dbsession.begin_nested():
        dbsession.execute(text("UPDATE devices.supplier_bill SET kwh = 1"))


KILLED = """
import datetime as dt, os, signal, sys
from sqlalchemy import select
from devices.imports import values
from devices.imports.models import FileImport, ImportProfile
from devices.imports.register import carry_out
from foundation.tenancy import engine_for, session_factory
written = values.write
def write(*args, **more):
    written(*args, **more)
    os.kill(os.getpid(), signal.SIGKILL)
values.write = write
now = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
with session_factory(engine_for(sys.argv[1])).begin() as session:
    carry_out(session, session.scalars(select(FileImport)).one(), by="x", now=now, today=now.date())
"""


def test_killed_in_the_middle_nothing_is_there_and_the_worker_does_it_again(database):
    with database.sessions().begin() as session:
        make_school(session)
        imported = received(session, CURVE, curve(48)).id
    done = subprocess.run([sys.executable, "-c", KILLED, database.worker], env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    with database.sessions("worker").begin() as session:
        assert count(session, Reading) == 0
        carry_out(session, session.get_one(FileImport, imported), by="x", now=NOW, today=TODAY)
    with database.sessions().begin() as session:
        assert count(session, Reading) == 48
