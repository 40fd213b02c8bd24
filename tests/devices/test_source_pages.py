"""What the operator sees of files of the network, and how one is taken once more."""

from __future__ import annotations

import datetime as dt
import os

import pytest
from sqlalchemy import func, select

from devices.ingest.models import Reading
from devices.sources.inbox import tasks
from devices.sources.inbox.receive import receive, seen_in
from foundation.jobs.queue import Moment
from foundation.jobs.run import open_jobs, run_job
from tests.devices import enedis_files as enedis
from tests.devices.test_source_inbox import LATER, NOW, content, drop, make_point, name
from tests.webhouse import open_house


@pytest.fixture(scope="module")
def house(template):
    for house in open_house(template, "fleet_test_sources"):
        with house.database.sessions("owner").begin() as session:
            make_point(session)
        yield house


def work(house):
    """Do what waits as the worker does."""

    def clock(_session):
        return Moment(LATER, LATER.date())

    sessions = house.database.sessions("worker")
    with sessions.begin() as session:
        tasks.look(session, clock(session))
    with sessions() as session:
        waiting = open_jobs(session)
    return [run_job(sessions, job_id, clock) for job_id in waiting]


def test_the_operator_sees_what_came_what_misses_and_declares_a_correction(house, tmp_path):
    operator = house.person("operator")
    assert "Aucun fichier encore" in operator.get("/sources").text
    drop(tmp_path, name(1), content(("2026-11-01", 1000)))
    drop(tmp_path, name(3), content(("2026-11-01", 1500), ("2026-11-03", 3000)))
    drop(tmp_path, name(4), content(("2026-11-04", 1000), point=enedis.OTHER))
    long_ago = NOW - dt.timedelta(days=20)
    os.utime(tmp_path / name(1), (long_ago.timestamp(), long_ago.timestamp()))
    with house.database.sessions("worker").begin() as session:
        receive(session, seen_in(tmp_path, written_before=NOW), now=long_ago)
    tasks.administer(tmp_path, None)
    try:
        assert work(house) == ["done"]
        page = operator.get("/sources").html
        assert "contredisent" in page.text
        assert "l'envoi entier" in page.text
        assert enedis.OTHER in page.text
        again = page.find("a", string="Reprendre", href=lambda at: at.endswith("/2/again"))["href"]
        form = operator.get(again).forms["form"]
        form["reason"] = "Index relu"
        assert "en attente" in form.submit(status=303).follow().text
        assert work(house) == ["done"]
    finally:
        tasks.administer(None, None)
    assert "contredisent" not in operator.get("/sources").text
    assert house.scalar(select(func.count()).select_from(Reading)) == 2
    assert house.person("shareholder").get("/sources", status="*").status_int in {403, 404}
