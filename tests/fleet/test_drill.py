"""Fault drills: whatever is struck, nothing is lost and nothing counts twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from fleet.drill.cli import DRILLS
from fleet.drill.ground import NEEDED, ground_from
from fleet.drill.strikes import STRIKES
from foundation.errors import Refusal
from tests.databases import from_environment

URLS = {role: f"FLEET_DATABASE_{role.upper()}_URL" for role in ("owner", "worker", "ingest")}


@pytest.fixture
def environ(database, mqtt_url):
    """Return an environment with a database of the test's own."""
    own = {variable: getattr(database, role) for role, variable in URLS.items()}
    return os.environ | own | {"MQTT_URL": mqtt_url, "FLEET_SIMULATOR_MQTT_URL": from_environment(NEEDED[1])}


def drill(environ, folder, name, times):
    """Run a drill as a person would; return its report."""
    words = ["drill", name, "--times", str(times), "--json", "--folder", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "fleet", *words], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def nothing_is_lost(report):
    assert report["published"] == report["stored"] + report["dead_letters"] > 0
    assert (report["missing"], report["duplicates"], report["stowaways"], report["queued"]) == (0, 0, 0, 0)


def test_every_drill_that_is_announced_exists():
    assert set(DRILLS) == set(STRIKES)


@pytest.mark.parametrize(("name", "times", "starts"), [("kill-ingest", 3, 4), ("kill-between-commit-and-ack", 1, 3)])
def test_killed_under_load_ingest_loses_nothing_and_doubles_nothing(environ, tmp_path, name, times, starts):
    report = drill(environ, tmp_path, name, times)
    nothing_is_lost(report)
    assert report["ingest_starts"] == starts


def test_a_month_said_again_adds_nothing_and_announces_nothing(environ, tmp_path):
    report = drill(environ, tmp_path, "replay-month", 1)
    nothing_is_lost(report)
    assert report["published"] > 14_000, "20 sensors, 31 days of quarters of an hour, four a message"
    assert report["announced_twice"] == 0, "so energy is not derived again, and no bill changes"


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", DRILLS)
def test_struck_again_and_again_nothing_is_lost_and_nothing_is_doubled(environ, tmp_path, name):
    nothing_is_lost(drill(environ, tmp_path, name, 20 if name == "kill-ingest" else 5))


def test_a_production_is_not_drilled(tmp_path):
    ini = tmp_path / "production.ini"
    ini.write_text("[app:main]\nmode = production\n")
    addresses = dict.fromkeys(NEEDED, "somewhere")
    with pytest.raises(Refusal, match="production"):
        ground_from({"FLEET_INI": str(ini), **addresses}, tmp_path)


def test_half_of_the_addresses_are_refused_by_name(tmp_path):
    with pytest.raises(Refusal, match="FLEET_DATABASE_OWNER_URL"):
        ground_from({"FLEET_MODE": "test", "MQTT_URL": "mqtt://somewhere"}, tmp_path)
