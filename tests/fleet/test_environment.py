"""Addresses and secrets of an environment: made once, kept, private, and never taken for somebody else's."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fleet.supervision.environment import DATABASE_VARIABLES, compose
from fleet.supervision.places import Places, prepare_places

CHECKOUT = Path(__file__).parents[2]
BARE = {"FLEET_INI": str(CHECKOUT / "development.ini"), "FLEET_MODE": "test"}


@pytest.fixture
def prepare():
    """Prepare environments, and take away what they keep outside of their folder."""
    made: list[Places] = []

    def one(root: Path) -> Places:
        made.append(prepare_places(root))
        return made[-1]

    yield one
    for places in made:
        for outside in (places.services, places.sockets):
            shutil.rmtree(outside, ignore_errors=True)


@pytest.fixture
def places(prepare, tmp_path: Path) -> Places:
    return prepare(tmp_path / "with a space" / "try")


def test_what_nobody_gives_is_private_made_once_and_kept(places):
    first = compose(places, BARE)
    assert first.private == {"postgresql", "mosquitto", "redis"}
    assert compose(places, BARE).variables == first.variables


def test_secrets_are_readable_by_ourselves_only_and_differ(places):
    variables = compose(places, BARE).variables
    assert stat.S_IMODE(places.settings.stat().st_mode) == 0o600
    passwords = [
        urlsplit(variables[name]).password for name in (*DATABASE_VARIABLES.values(), "DATABASE_URL", "MQTT_URL")
    ]
    assert len(set(passwords)) == len(passwords)
    assert min(len(password) for password in passwords) >= 32


def test_a_shell_reads_the_same_values(places):
    variables = compose(places, BARE).variables
    said = subprocess.run(
        ["bash", "-c", 'set -a; . "$1"; env -0', "-", places.settings], capture_output=True, check=True, env={}
    ).stdout.decode()
    read = dict(line.split("=", 1) for line in said.split("\0") if "=" in line)
    assert {name: read[name] for name in DATABASE_VARIABLES.values()} == {
        name: variables[name] for name in DATABASE_VARIABLES.values()
    }


def test_what_is_given_is_used_and_stays_given(places):
    given = BARE | {
        "DATABASE_URL": "postgresql://admin:a@db.example:5433/postgres",
        "MQTT_URL": "mqtts://ingest:m@mqtt.example",
        "BROKER_URL": "amqp://fleet:b@rabbit.example",
    }
    for _ in range(2):
        environment = compose(places, given)
        assert environment.private == frozenset()
        assert {name: environment.variables[name] for name in given} == given
        owner = urlsplit(environment.variables["FLEET_DATABASE_OWNER_URL"])
        assert (owner.username, owner.hostname, owner.port, owner.path) == (
            "fleet_owner",
            "db.example",
            5433,
            "/fleet_try",
        )


def test_sourcing_our_own_addresses_gives_nothing(places):
    made = compose(places, BARE)
    again = compose(places, BARE | dict(made.variables))
    assert again.private == made.private
    assert again.variables == made.variables


def test_sourcing_another_environment_does_not_lead_into_it(places, prepare, tmp_path):
    other = compose(prepare(tmp_path / "other"), BARE)
    ours = compose(places, BARE | dict(other.variables))
    assert ours.private == other.private
    assert not set(ours.variables.values()) & {other.variables[name] for name in DATABASE_VARIABLES.values()}


def test_production_makes_nothing(places):
    environment = compose(places, BARE | {"FLEET_MODE": "production"})
    assert environment.private == frozenset()
    assert "FLEET_WEB_SECRET" not in environment.variables
    assert not places.settings.exists()


def test_a_path_too_long_for_a_socket_still_has_a_place_for_one(prepare, tmp_path):
    places = prepare(tmp_path / ("long" * 40) / "try")
    assert len(str(places.sockets / ".s.PGSQL.5432")) < 100
    assert stat.S_IMODE(places.sockets.stat().st_mode) == 0o700


def test_a_folder_of_sockets_that_went_is_made_again(places, prepare):
    before = places.sockets
    before.rmdir()
    again = prepare(places.root)
    assert again.sockets.is_dir()
    assert again.sockets != before
