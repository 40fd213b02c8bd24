"""Each contract of .importlinter, broken once on purpose in a copy, is seen broken."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
FLOORS = ("foundation", "contracts", "devices", "baseline", "billing", "fleet")
PREFIX = "importlinter:contract:"

# Contract → a module to write (or to add to) and the line that breaks it.
BREAKS = {
    "floors": ("foundation/money.py", "import billing.einvoice"),
    "foundation": ("foundation/errors.py", "import foundation.jobs.queue"),
    "contracts": ("contracts/parties/register.py", "import contracts.agreements.models"),
    "devices": ("devices/points/register.py", "import devices.inventory.models"),
    "baseline": ("baseline/fitting/data.py", "import baseline.plans.models"),
    "billing": ("billing/einvoice/model.py", "import billing.invoices.models"),
    "fleet": ("fleet/settings.py", "import fleet.web.app"),
    "circles": ("devices/ingest/message.py", "import devices.ingest.writer"),
    "pure": ("devices/dialects/measurement.py", "import pathlib"),
    "ingest": ("devices/ingest/writer.py", "import celery"),
    "pages": ("contracts/parties/register.py", "import pyramid"),
    "view": ("contracts/parties/register.py", "import contracts.sites.views"),
}


def contracts() -> dict[str, str]:
    """Return the contracts by their identifier, with their names."""
    parser = configparser.ConfigParser()
    parser.read(CHECKOUT / ".importlinter")
    return {s.removeprefix(PREFIX): parser[s]["name"] for s in parser.sections() if s.startswith(PREFIX)}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of every floor's modules."""
    folder = tmp_path_factory.mktemp("copy")
    for floor in FLOORS:
        shutil.copytree(CHECKOUT / floor, folder / floor, ignore=only_modules)
    shutil.copy(CHECKOUT / ".importlinter", folder)
    return folder


def only_modules(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not (name.endswith(".py") or (Path(folder) / name).is_dir())]


def lint(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    """Check one contract on `folder`."""
    code = "import sys; from importlinter.cli import lint_imports_command as run; sys.argv[0] = 'lint-imports'; run()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--contract", contract],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_contract_has_its_break():
    assert set(BREAKS) == set(contracts())


@pytest.mark.parametrize("contract", BREAKS)
def test_a_broken_contract_is_seen(copy, contract):
    path, line = BREAKS[contract]
    module = copy / path
    before = module.read_text("utf-8")
    module.write_text(f"{before}\n{line}\n", "utf-8")
    try:
        done = lint(copy, contract)
    finally:
        module.write_text(before, "utf-8")
    assert done.returncode == 1
    assert f"{contracts()[contract]} BROKEN" in re.sub(r"\s+", " ", done.stdout)


@pytest.mark.parametrize("floor", FLOORS)
def test_a_room_without_a_place_on_the_map_is_seen(copy, floor):
    room = copy / floor / "utils.py"
    room.write_text('"""A drawer."""\n', "utf-8")
    try:
        done = lint(copy, floor)
    finally:
        room.unlink()
    assert done.returncode == 1
    assert "utils" in done.stdout
