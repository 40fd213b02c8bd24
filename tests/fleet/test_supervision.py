"""Private services under one supervisor: up together, down together, whoever is killed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PATIENCE = 60.0
CHECKOUT = Path(__file__).parents[2]


class Services:
    """`fleet services` on a directory of the test's own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        # Not the addresses of the services this very test runs under.
        self.environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environ["FLEET_MODE"] = "test"

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start the services around `command`."""
        words = [sys.executable, "-m", "fleet", "services", "--directory", str(self.directory), "--", *command]
        pipe = subprocess.PIPE
        return subprocess.Popen(words, cwd=CHECKOUT, env=self.environ, stdout=pipe, stderr=pipe, text=True)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run `command` among the services, to its end."""
        process = self.start(*command)
        out, err = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def processes(self) -> dict[int, str]:
        """Return what runs for this directory: its path, or that of its sockets, is in the command or the folder."""
        marks = {str(self.directory)}
        if (self.directory / "sockets").is_symlink():
            marks.add(str((self.directory / "sockets").readlink()))
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                said = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                said += str((entry / "cwd").readlink())
            except OSError:
                continue
            if any(mark in said for mark in marks):
                found[int(entry.name)] = said
        return found

    def wait_until_down(self) -> None:
        """Wait until nothing runs."""
        deadline = time.monotonic() + PATIENCE
        while running := self.processes():
            assert time.monotonic() < deadline, running
            time.sleep(0.1)


@pytest.fixture
def services(tmp_path):
    own = Services(tmp_path / "var" / "try")
    yield own
    own.wait_until_down()
    # What an environment keeps outside of its folder.
    shutil.rmtree((own.directory / "services").resolve())
    shutil.rmtree((own.directory / "sockets").readlink())


def started(process: subprocess.Popen[str]) -> None:
    """Wait until the command among the services has said a line."""
    assert process.stdout.readline() == "started\n", process.communicate()


def test_a_command_runs_among_migrated_services_and_keeps_its_status(services):
    script = (
        "import os, sys, psycopg\n"
        "with psycopg.connect(os.environ['FLEET_DATABASE_OWNER_URL']) as c:\n"
        "    print(c.execute('SELECT count(*) FROM fleet.alembic_version').fetchone()[0])\n"
        "    print(c.execute('SHOW fsync').fetchone()[0], c.execute('SHOW synchronous_commit').fetchone()[0])\n"
        "sys.exit(7)"
    )
    done = services.run(sys.executable, "-c", script)
    assert (done.returncode, done.stdout) == (7, "1\non on\n"), done.stderr
    services.wait_until_down()


def test_a_second_one_says_that_the_first_is_up(services):
    first = services.start("sh", "-c", "echo started; exec sleep 60")
    started(first)
    second = services.run("true")
    assert second.returncode == 2
    assert re.search(rf"déjà en marche \(processus {first.pid}\)", second.stderr)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=PATIENCE)
    assert first.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize("victim", ["fleet services", "supervisor.supervisord"])
def test_killed_without_warning_everything_goes_and_the_next_start_works(services, victim):
    first = services.start("sh", "-c", "echo started; exec sleep 60")
    started(first)
    pids = [pid for pid, said in services.processes().items() if victim in said]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    if victim != "fleet services":
        first.send_signal(signal.SIGTERM)
    first.communicate(timeout=PATIENCE)
    again = services.run("echo", "up again")
    assert (again.returncode, again.stdout) == (0, "up again\n"), again.stderr


def test_a_database_killed_in_the_middle_comes_back(services):
    script = (
        "import os, signal, time, pathlib, psycopg\n"
        "directory = pathlib.Path(os.environ['FLEET_DIRECTORY'])\n"
        "pid = int((directory / 'services/postgresql/postmaster.pid').read_text().split()[0])\n"
        "os.kill(pid, signal.SIGKILL)\n"
        "deadline = time.monotonic() + 30\n"
        "while True:\n"
        "    try:\n"
        "        psycopg.connect(os.environ['FLEET_DATABASE_OWNER_URL']).close()\n"
        "        if int((directory / 'services/postgresql/postmaster.pid').read_text().split()[0]) != pid: break\n"
        "    except (psycopg.OperationalError, FileNotFoundError):\n"
        "        assert time.monotonic() < deadline\n"
        "    time.sleep(0.2)\n"
        "print('back')"
    )
    done = services.run(sys.executable, "-c", script)
    assert (done.returncode, done.stdout) == (0, "back\n"), done.stderr


def test_a_cluster_half_made_is_made_again(services):
    assert services.run("true").returncode == 0
    data = (services.directory / "services").resolve()
    (data / "postgresql").rename(data / "postgresql.half")
    (data / "postgresql.half" / "PG_VERSION").unlink()
    assert services.run("true").returncode == 0
    assert sorted(path.name for path in data.glob("postgresql*")) == ["postgresql"]
