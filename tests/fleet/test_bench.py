"""The bench: a small one, for what it counts; never for how fast it was."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from fleet.bench.cli import _Many
from fleet.bench.energy import energy
from fleet.bench.figures import Found, Measured
from fleet.bench.memory import Memory
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


def test_the_table_says_what_was_found_a_line_for_each_history():
    one, other = Measured(0), Measured(10_000_000)
    for measured, seconds in ((one, 2.0), (other, 4.0)):
        measured.ingest.add(80_000, seconds)
        measured.database.add(80_000, 1.0)
        measured.consumer.add(80_000, 1.0)
    one.cpu, one.cpu_values = {"ingest": 0.8, "postgresql": 0.64}, 80_000
    other.missing, other.duplicates = 3, 4
    memory = Memory(10, 600_000, 73.9, 75.3, 75.4, 0.2, missing=2, duplicates=0)
    lines = list(Found(20_000, 4, 200, 1, [one, other], memory).as_table())
    assert lines[2].endswith("CPU, s par million de relevés")
    first, second = (re.split(r"\s{2,}", line.strip()) for line in lines[3:5])
    assert first == ["0", "40 000", "80 000", "80 000", "40 000", "1.00", "0", "0", "ingest 10.0, postgresql 8.0"]
    assert second == ["10 000 000", "20 000", "80 000", "80 000", "40 000", "0.50", "3", "4"]
    assert "4 relevés par message" in lines[0]
    assert "73.9 Mio, 75.3 à la fin, 75.4 au plus, pente +0.2 Mio/h" in lines[-1]
    found = Found(20_000, 4, 200, 1, [one, other], memory).as_json()
    assert (found["missing"], found["duplicates"]) == (5, 4), "what was missing while memory was watched counts too"
    assert found["ratio"] == pytest.approx((160 / 6) / 40, abs=0.001)


def test_the_script_brings_services_to_ingest_and_none_to_baselines(tmp_path):
    checkout = Path(__file__).parents[2]
    for folder in ("scripts/lib", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(checkout / "scripts" / "bench", tmp_path / "scripts")
    (tmp_path / "scripts/lib/set_up.sh").write_text('set -eu\nset_up() { echo "set up: $1"; }\n')
    python = tmp_path / ".venv/bin/python"
    python.write_text('#!/bin/sh\necho "$FLEET_MODE: $*"\n')
    python.chmod(0o755)

    def said(*words):
        done = subprocess.run([tmp_path / "scripts/bench", *words], capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    own = "test: -m fleet services --directory var/drill -- .venv/bin/python -m fleet bench ingest"
    assert said("--json", "--stored", "1M") == ["set up: run", f"{own} --json --stored 1M"]
    assert said() == ["set up: run", own]
    assert said("baseline", "--json") == ["set up: run", "test: -m fleet bench baseline --json"]


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
