"""Files of Enedis dropped in a folder: each kept once, taken once, answered for."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from decimal import Decimal

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from contracts.sites.register import register_building, register_site
from devices.alerts.evaluate import evaluate
from devices.alerts.kinds import Kind
from devices.alerts.sentences import sentence
from devices.energy.derive import derive_point
from devices.energy.models import DailyEnergy
from devices.ingest.models import Reading
from devices.points.register import register_point
from devices.series.models import ImportedSeries, ReadingCorrection
from devices.sources.inbox import tasks
from devices.sources.inbox.cli import inbox
from devices.sources.inbox.missing import missing, not_taken
from devices.sources.inbox.models import SourceDrop, SourceFile
from devices.sources.inbox.process import process
from devices.sources.inbox.receive import receive, seen_in
from devices.sources.inbox.ring import due, ring_in
from foundation.jobs.queue import Moment
from foundation.jobs.run import open_jobs, run_job
from foundation.look.language import FRENCH
from tests.devices import enedis_files as enedis

NOW = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=2)
OLD_KEY, OLD_IV, NEW_KEY = bytes(range(16)), bytes(range(16, 32)), bytes(range(32))
OLD_LINE = f"ancienne {OLD_KEY.hex()} {OLD_IV.hex()}\n"
NEW_LINE = f"nouvelle {NEW_KEY.hex()}\n"


def name(sequence, part=1, parts=1):
    return f"ERDF_R151_17X1_C1_S1_{sequence:05}_Q_{part:05}_{parts:05}_20261101030000.zip"


def content(*days, point=enedis.POINT):
    """An R151 in its archive; `days`: (date, Wh at its end)."""
    written = enedis.r151(*((day, "DI000001", (wh,), None) for day, wh in days), point=point)
    return enedis.zipped(r151__xml=written)


def drop(folder, name, content):
    (folder / name).write_bytes(content)
    os.utime(folder / name, (1_790_000_000, 1_790_000_000))


def make_point(session, prm=enedis.POINT):
    site = register_site(session, name=f"École {prm}", city="Lorient", timezone="Europe/Paris")
    building = register_building(session, site, name="Élémentaire", use="école")
    return register_point(session, building, name="Général", energy="electricity", identifier=prm)


def take_all(session, folder, keys="", now=NOW):
    ring_file = folder.parent / "keys"
    ring_file.write_text(keys, "utf-8")
    receive(session, seen_in(folder, written_before=NOW), now=now)
    for file in session.scalars(select(SourceFile).where(SourceFile.state != "done").order_by(SourceFile.id)).all():
        process(session, file, ring_in(ring_file), now=now)
    return {file.name: file for file in session.scalars(select(SourceFile))}


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


@pytest.fixture
def point(dbsession):
    return make_point(dbsession)


def test_two_keys_one_lost_one_twice_one_corrupt(dbsession, folder, point):
    drop(folder, name(1), enedis.encrypted(content(("2026-11-01", 1000), ("2026-11-02", 13000)), OLD_KEY, OLD_IV))
    third = enedis.encrypted(content(("2026-11-03", 37000)), NEW_KEY)
    drop(folder, name(3), third)
    drop(folder, "copie.zip", third)
    drop(folder, name(4), content(("2026-11-04", 50000))[:-40])
    drop(folder, name(4)[:-4] + "_svc.xml", b"<transfer/>")
    files = take_all(dbsession, folder, OLD_LINE + NEW_LINE)
    assert {file.state for file in files.values() if file.name != name(4)} == {"done"}
    assert files[name(4)].state == "refused"
    assert (count(dbsession, SourceFile), count(dbsession, SourceDrop)) == (3, 4)
    assert (count(dbsession, Reading), files[name(1)].outcome["key"]) == (3, "ancienne")
    assert [(gap.first_sequence, gap.files) for gap in missing(dbsession, now=LATER)] == [(2, 1)]
    assert missing(dbsession, now=NOW) == []
    # The index of a day is that of its end, and energy is derived from it.
    derive_point(dbsession, point.id)
    days = dict(dbsession.execute(select(DailyEnergy.day, DailyEnergy.kwh)).all())
    assert days[dt.date(2026, 11, 2)] == Decimal(12)


def test_alerts_open_and_close_when_what_missed_has_come(dbsession, folder, point):  # noqa: ARG001
    drop(folder, name(1), content(("2026-11-01", 1000)))
    drop(folder, name(3, 1, 2), enedis.encrypted(content(("2026-11-03", 3000)), NEW_KEY))
    take_all(dbsession, folder, OLD_LINE)
    told = evaluate(dbsession, LATER, [Kind.SOURCE_FILES])
    said = {sentence(one.alert.kind, one.alert.facts, FRENCH) for one in told}
    assert len(said) == 2
    assert any("Il manque 2 fichier(s) R151" in one for one in said)
    assert any("essayées : ancienne" in one for one in said)
    assert all(NEW_KEY.hex() not in one for one in said)
    drop(folder, name(2), content(("2026-11-02", 2000)))
    drop(folder, name(3, 2, 2), content(("2026-11-04", 4000)))
    take_all(dbsession, folder, OLD_LINE + NEW_LINE, now=LATER)
    assert missing(dbsession, now=LATER + dt.timedelta(hours=2)) == []
    assert not_taken(dbsession) == []
    assert count(dbsession, Reading) == 4


def test_a_refused_file_is_forgotten_once_sent_again(dbsession, folder, point):  # noqa: ARG001
    whole = content(("2026-11-01", 1000))
    drop(folder, name(1), whole[:-40])
    take_all(dbsession, folder)
    assert [file.name for file in not_taken(dbsession)] == [name(1)]
    drop(folder, name(1), whole)
    take_all(dbsession, folder)
    assert not_taken(dbsession) == []


def test_points_nobody_registered_are_listed_and_enter_once_they_are(dbsession, folder, point):  # noqa: ARG001
    drop(folder, name(1), content(("2026-11-01", 1000), point=enedis.OTHER))
    file = take_all(dbsession, folder)[name(1)]
    assert (file.state, file.outcome["unknown"], count(dbsession, Reading)) == ("done", {enedis.OTHER: 1}, 0)
    make_point(dbsession, enedis.OTHER)
    assert due(dbsession, ()) == [file]
    assert process(dbsession, file, (), now=NOW).outcome["unknown"] == {}
    assert (due(dbsession, ()), count(dbsession, Reading)) == ([], 1)


def test_what_contradicts_is_refused_whole_until_declared_a_correction(dbsession, folder, point):  # noqa: ARG001
    drop(folder, name(1), content(("2026-11-01", 1000)))
    drop(folder, name(2), content(("2026-11-01", 1500), ("2026-11-02", 2000)))
    file = take_all(dbsession, folder)[name(2)]
    assert (file.state, file.reason, count(dbsession, Reading)) == ("refused", "contradicts", 1)
    assert missing(dbsession, now=LATER) == []
    process(dbsession, file, (), now=NOW, reason="Index relu par Enedis")
    assert (file.state, count(dbsession, Reading), count(dbsession, ReadingCorrection)) == ("done", 2, 1)


def test_a_curve_is_energy_of_its_steps_and_what_is_estimated_stays_aside(dbsession, folder, point):
    points = [("2026-11-02 00:30:00", "1200", "PT30M", "B"), ("2026-11-02 01:00:00", "600", "PT30M", "E")]
    curve = enedis.curve(points, first_day="2026-11-02")
    drop(folder, "ENEDIS_R63B_Q_CdC_A1_C1_00001_20261103000000.json", enedis.flow("R63B", curve))
    (file,) = take_all(dbsession, folder).values()
    assert (file.state, file.outcome["aside"]) == ("done", {"estimated": 1})
    (reading,) = dbsession.scalars(select(Reading)).all()
    assert (reading.ts, reading.value) == (dt.datetime(2026, 11, 1, 23, tzinfo=dt.UTC), Decimal("0.6"))
    series = dbsession.scalars(select(ImportedSeries)).one()
    assert (series.step, series.installation.point_id) == ("PT30M", point.id)


def test_what_is_being_written_links_and_hidden_files_are_left(folder):
    for one in ("a.zip.part", ".b.zip", "c.zip"):
        drop(folder, one, b"x")
    (folder / "d.zip").symlink_to(folder / "c.zip")
    (folder / "late.zip").write_bytes(b"x")
    os.utime(folder / "late.zip", (NOW.timestamp(), NOW.timestamp()))
    assert [one.name for one in seen_in(folder, written_before=NOW)] == ["c.zip"]


@pytest.fixture
def watched(folder):
    keys = folder.parent / "keys"
    keys.write_text(OLD_LINE, "utf-8")
    tasks.administer(folder, keys)
    yield folder, keys
    tasks.administer(None, None)


def work(database):
    """What the worker does in a minute."""

    def clock(_session):
        return Moment(NOW, NOW.date())

    with database.sessions("worker").begin() as session:
        tasks.look(session, clock(session))
    with database.sessions("worker")() as session:
        waiting = open_jobs(session)
    for job_id in waiting:
        run_job(database.sessions("worker"), job_id, clock)
    return len(waiting)


def test_the_worker_takes_each_file_once_and_a_closed_one_when_its_key_comes(database, watched):
    folder, keys = watched
    with database.sessions().begin() as session:
        make_point(session)
    drop(folder, name(1), enedis.encrypted(content(("2026-11-01", 1000)), OLD_KEY, OLD_IV))
    drop(folder, name(2), enedis.encrypted(content(("2026-11-02", 2000)), NEW_KEY))
    assert (work(database), work(database)) == (1, 0)
    with database.sessions()() as session:
        assert session.scalars(select(SourceFile.state).order_by(SourceFile.id)).all() == ["done", "unknown_key"]
    keys.write_text(OLD_LINE + NEW_LINE, "utf-8")
    assert (work(database), work(database)) == (1, 0)
    with database.sessions()() as session:
        assert session.scalars(select(SourceFile.state).order_by(SourceFile.id)).all() == ["done", "done"]
        assert not_taken(session) == []
        assert count(session, Reading) == 2


KILLED = """
import os, signal, sys
from devices.imports import values
written = values.write
def write(*args, **more):
    written(*args, **more)
    os.kill(os.getpid(), signal.SIGKILL)
values.write = write
from devices.sources.inbox.cli import inbox
inbox()
"""


def test_killed_in_the_middle_of_a_file_and_run_again_nothing_is_lost_or_doubled(database, folder):
    with database.sessions().begin() as session:
        make_point(session)
    drop(folder, name(1), content(("2026-11-01", 1000), ("2026-11-02", 2000)))
    options = [str(folder), "--database-url", database.worker, "--json"]
    done = subprocess.run([sys.executable, "-c", KILLED, *options], env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    with database.sessions()() as session:
        assert (count(session, Reading), count(session, SourceFile)) == (0, 1)
    again = CliRunner().invoke(inbox, options)
    assert (again.exit_code, json.loads(again.stdout)["files"][0]["new"]) == (0, 2)
    once_more = CliRunner().invoke(inbox, options)
    assert (once_more.exit_code, json.loads(once_more.stdout)["files"]) == (0, [])
    with database.sessions()() as session:
        assert count(session, Reading) == 2


def test_the_command_says_what_no_key_opens_and_shows_no_key(database, folder):
    drop(folder, name(1), enedis.encrypted(content(("2026-11-01", 1000)), NEW_KEY))
    (folder.parent / "keys").write_text(OLD_LINE, "utf-8")
    options = [str(folder), "--keys", str(folder.parent / "keys"), "--database-url", database.worker]
    refused = CliRunner().invoke(inbox, options)
    assert refused.exit_code == 2
    assert "essayées : ancienne" in refused.output
    assert OLD_KEY.hex() not in refused.output
