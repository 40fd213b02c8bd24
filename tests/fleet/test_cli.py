"""The command line: a table of contents where every chapter exists, and refusals as sentences."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from fleet.cli import CONTENTS, root


def run(*words: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fleet", *words], capture_output=True, text=True, check=False, timeout=60, **options
    )


def test_the_help_lists_every_command_with_its_line():
    shown = CliRunner().invoke(root, ["--help"]).output
    for name, (_, line) in CONTENTS.items():
        assert f"  {name} " in shown
        assert " ".join(line.split()[:4]) in shown


@pytest.mark.parametrize("name", CONTENTS)
def test_every_command_of_the_table_of_contents_exists(name):
    command = root.get_command(click.Context(root), name)
    assert isinstance(command, click.Command)
    assert CliRunner().invoke(root, [name, "--help"]).exit_code == 0


def test_a_refusal_is_one_sentence_and_status_2(tmp_path):
    done = run("db", "check", env={"PATH": "/usr/bin", "FLEET_INI": str(tmp_path / "absent.ini")})
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "absent.ini" in done.stderr


def test_the_version_is_the_installed_one():
    assert run("--version").stdout.startswith("fleet ")


def test_asking_for_help_loads_no_framework():
    heavy = ("sqlalchemy", "pyramid", "celery", "pandas", "weasyprint", "psycopg")
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom fleet.cli import root\n"
        f"CliRunner().invoke(root, ['--help'])\nprint([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
