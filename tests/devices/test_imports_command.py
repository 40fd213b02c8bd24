"""`fleet devices import`: the same words on the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from devices.imports.cli import import_file, save
from devices.imports.models import FileImport
from devices.ingest.models import Reading
from foundation.errors import Refusal
from tests.devices.test_imports_database import CURVE, PRM, curve, make_school


@pytest.fixture
def town(database, tmp_path):
    with database.sessions().begin() as session:
        make_school(session)
    (tmp_path / "profile.json").write_text(json.dumps(CURVE.to_json()), "utf-8")
    (tmp_path / "curve.csv").write_text(curve(24), "utf-8")
    saved = CliRunner().invoke(save, ["Enedis", str(tmp_path / "profile.json"), "--database-url", database.worker])
    assert saved.exit_code == 0, saved.output
    return database, tmp_path


def run(town, file, *more):
    database, folder = town
    return CliRunner().invoke(import_file, [str(folder / file), "--database-url", database.worker, "--json", *more])


def stored(database):
    with database.sessions()() as session:
        return tuple(session.scalar(select(func.count()).select_from(model)) for model in (Reading, FileImport))


def test_dry_run_then_import_then_again(town):
    dry = run(town, "curve.csv", "--profile", "Enedis", "--dry-run")
    assert (dry.exit_code, json.loads(dry.stdout)["new"], stored(town[0])) == (0, 24, (0, 0))
    done = json.loads(run(town, "curve.csv", "--profile", "Enedis").stdout)
    assert (done["imported"], stored(town[0])) == (True, (24, 1))
    again = run(town, "curve.csv", "--profile", "Enedis")
    assert (again.exit_code, json.loads(again.stdout)["already_imported"], stored(town[0])) == (0, True, (24, 1))


def test_a_file_with_a_problem_exits_2_and_says_where(town):
    (town[1] / "bad.csv").write_text(curve(2) + f"{PRM};2025-03-30 02:30:00;1\n", "utf-8")
    refused = run(town, "bad.csv", "--profile", "Enedis")
    told = json.loads(refused.stdout)
    assert (refused.exit_code, told["imported"], stored(town[0])) == (2, False, (0, 0))
    assert told["problems"][0][:2] == [4, "Date"]


def test_without_a_profile_one_is_proposed_and_nothing_imported(town):
    proposed = run(town, "curve.csv")
    assert proposed.exit_code == 2
    assert json.loads(proposed.stdout)["columns"] == {"point": "PRM", "time": "Date", "value": "W"}
    assert stored(town[0]) == (0, 0)


def test_an_unknown_profile_names_those_there_are(town):
    refused = run(town, "curve.csv", "--profile", "Engie")
    assert isinstance(refused.exception, Refusal)
    assert "Enedis" in refused.exception.sentence
