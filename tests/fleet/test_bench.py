"""The bench: a small one, for what it counts; never for how fast it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest

from fleet.bench.cli import _Many
from fleet.bench.energy import energy
from fleet.drill.ground import ground_from
from tests.databases import from_environment
from tests.fleet.test_drill import URLS


def test_a_bench_accounts_for_all_it_measures(database, mqtt_url, tmp_path):
    own = {variable: getattr(database, role) for role, variable in URLS.items()}
    simulator = from_environment("FLEET_SIMULATOR_MQTT_URL")
    environ = os.environ | own | {"MQTT_URL": mqtt_url, "FLEET_SIMULATOR_MQTT_URL": simulator}
    words = ["--messages", "500", "--rounds", "2", "--sensors", "7", "--stored", "2k", "--stored", "1k"]
    words += ["--minutes", "0.05", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "fleet", "bench", "ingest", "--json", *words],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["missing"], found["duplicates"]) == (0, 0)
    assert (found["messages"], found["values"], found["stored_before"]) == (2000, 8000, 2000)
    assert [step["stored"] for step in found["by_stored"]] == [1000, 2000]
    assert sum(step["values"] for step in found["by_stored"]) == found["values"]
    assert found["memory"]["messages"] > 0
    assert found["memory"]["peak_mb"] >= found["memory"]["last_mb"] > 10
    limits = found["database_limit_per_s"], found["consumer_limit_per_s"]
    possible = 1 / sum(1 / limit for limit in limits)
    assert found["ratio"] == pytest.approx(found["values_per_s"] / possible, rel=0.01)
    with database.sessions()() as session:
        left = session.connection().exec_driver_sql("SELECT count(*) FROM devices.reading").scalar()
    assert left == 0, "the month the bench made is taken away again, and all else was in it"


def test_a_late_reading_touches_its_day_and_no_other(database, mqtt_url, tmp_path):
    own = {variable: getattr(database, role) for role, variable in URLS.items()}
    environ = (
        os.environ | own | {"MQTT_URL": mqtt_url, "FLEET_SIMULATOR_MQTT_URL": "mqtt://nobody", "FLEET_MODE": "test"}
    )
    found = energy(ground_from(environ, tmp_path), 2, lambda _: None)
    assert found["readings"] == 2 * (366 * 24 - 1)
    assert found["year"]["most_days_changed"] == 366
    assert 0 < found["late_reading"]["most_hours_changed"] <= 2
    assert found["late_reading"]["most_days_changed"] <= 2, (
        "what moves from an hour to the next changes days at midnight"
    )
    assert found["next_reading"]["most_days_changed"] == 1


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("10k", 10_000), ("1M", 1_000_000)])
def test_numbers_may_be_written_short(text, number):
    assert _Many().convert(text, None, None) == number


@pytest.mark.parametrize("text", ["many", "1G", "", "k"])
def test_other_words_are_refused(text):
    with pytest.raises(click.BadParameter, match="n'est pas un nombre"):
        _Many().convert(text, None, None)
