"""What the two commands stand on: locked packages without addresses, steps done once, reasons said."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import altair as alt
import pytest

CHECKOUT = Path(__file__).parents[2]
SCRIPTS = sorted(path.name for path in (CHECKOUT / "scripts").iterdir() if path.is_file())
LOCKED = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)


def bash(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `script` with the functions of the scripts, in the checkout."""
    return subprocess.run(
        ["bash", "-c", f"source scripts/lib/set_up.sh\n{script}"],
        cwd=CHECKOUT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def locked(name: str) -> set[tuple[str, str]]:
    """Return each package with its version (some have one per version of Python)."""
    return set(LOCKED.findall((CHECKOUT / name).read_text()))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-node.txt"])
def test_every_locked_package_has_its_hashes_and_no_address(name):
    text = (CHECKOUT / name).read_text()
    assert "://" not in text
    assert "index-url" not in text.replace("--no-emit-index-url", "")
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(entries) == len(LOCKED.findall(text))
    assert all("--hash=sha256:" in entry for entry in entries)


def test_what_runs_is_tested_in_the_same_versions():
    assert locked("requirements.txt") <= locked("requirements-dev.txt")


def test_front_end_packages_are_locked_without_addresses():
    packages = json.loads((CHECKOUT / "package-lock.json").read_text())["packages"]
    assert all("resolved" not in package for package in packages.values())
    assert all("integrity" in package for name, package in packages.items() if name)


def test_pages_draw_what_the_server_describes():
    packages = json.loads((CHECKOUT / "package-lock.json").read_text())["packages"]
    schema = re.search(r"/v(\d+)\.", alt.SCHEMA_URL)
    assert packages["node_modules/vega-lite"]["version"].split(".")[0] == schema[1]
    assert packages["node_modules/htmx.org"]["version"].startswith("2.")


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_written_in_bash_and_may_be_run(name):
    path = CHECKOUT / "scripts" / name
    assert os.access(path, os.X_OK)
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0


def test_an_unknown_option_is_refused_before_anything_is_done():
    done = subprocess.run(
        [CHECKOUT / "scripts" / "demo", "--forever"], capture_output=True, text=True, check=False, timeout=10
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "--once" in done.stderr


def test_this_machine_lacks_nothing_once_it_is_set_up():
    done = bash("missing_packages test")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_service_that_is_given_is_not_asked_of_apt():
    bare = "has_command() { false; }; has_file() { false; }; has_library() { false; }\n"
    everything = bash(bare + "missing_packages test", DATABASE_URL="", MQTT_URL="", BROKER_URL="").stdout.split()
    assert {"python3", "postgresql", "mosquitto", "redis-server", "chromium", "poppler-utils"} <= set(everything)
    given = bash(bare + "missing_packages run", DATABASE_URL="x", MQTT_URL="x", BROKER_URL="x").stdout.split()
    assert not {"postgresql", "mosquitto", "redis-server", "chromium", "poppler-utils"} & set(given)


def test_a_step_is_named_by_its_inputs(tmp_path):
    file = tmp_path / "lock"
    file.write_text("one")
    script = f'hash_of a b -- "{file}"'
    first = bash(script).stdout
    assert bash(script).stdout == first
    file.write_text("two")
    assert bash(script).stdout != first
    assert bash(f'hash_of "a b" -- "{file}"').stdout != bash(script).stdout


def test_a_step_that_fails_shows_its_end_and_names_its_log(tmp_path):
    script = f'cd "{tmp_path}"; logged step sh -c "echo the reason; exit 3"; echo went on'
    done = bash(script)
    assert done.returncode == 2
    assert "the reason" in done.stderr
    assert f"{tmp_path}/var/log/step.log" in done.stderr
    assert "went on" not in done.stdout
