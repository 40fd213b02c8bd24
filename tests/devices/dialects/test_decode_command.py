"""`fleet devices decode` says what a message is, or why it is nothing, and exits 2."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from devices.cli import group

PLUG = b'{"Time": "2026-01-05T12:00:00", "ENERGY": {"Total": 12.345678901234567}}'


def run(*arguments: str, message: bytes = PLUG):
    return CliRunner().invoke(group, ["decode", *arguments, "-"], input=message)


def test_a_message_is_said_with_its_dialect():
    answer = run("--topic", "tele/prise/SENSOR", "--timezone", "Europe/Paris", "--json")
    assert answer.exit_code == 0
    said = json.loads(answer.stdout)
    assert said["dialect"] == "tasmota"
    assert said["measurements"] == [
        {
            "serial": "prise",
            "channel": "ENERGY.Total",
            "quantity": "energy_index",
            "value": 12.345678901234567,
            "exact_value": "12.345678901234567",
            "unit": "kWh",
            "time": "2026-01-05T11:00:00+00:00",
            "stamped_by": "device",
            "quality": "good",
            "phase": "",
        }
    ]


def test_for_people():
    answer = run("--topic", "tele/prise/SENSOR")
    assert answer.exit_code == 0
    assert "Format : tasmota" in answer.stdout
    assert "ENERGY.Total  12.345678901234567 kWh" in answer.stdout
    assert "ne dit pas son fuseau" in answer.stdout


def test_a_dialect_can_be_named():
    answer = run("--topic", "essai", "--dialect", "emoncms", "--json", message=b'{"E_kwh": 5}')
    assert json.loads(answer.stdout)["measurements"][0]["channel"] == "E_kwh"


def test_a_file(tmp_path):
    path = tmp_path / "message.json"
    path.write_bytes(PLUG)
    assert CliRunner().invoke(group, ["decode", "--topic", "tele/prise/SENSOR", str(path)]).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message", "dialect", "reason"),
    [
        (["--topic", "x"], b"{}", None, "unknown_topic"),
        (["--topic", "x", "--dialect", "minitel"], b"{}", None, "unknown_dialect"),
        (["--topic", "zigbee2mqtt/x"], b"", "zigbee2mqtt", "empty"),
        (["--topic", "zigbee2mqtt/x"], b'{"energy": "\\ud800"}', "zigbee2mqtt", "not_a_number"),
        (["--topic", "zigbee2mqtt/x"], b" " * 70_000, "zigbee2mqtt", "too_large"),
        (["--topic", "zigbee2mqtt/x"], b"{", "zigbee2mqtt", "not_json"),
    ],
)
def test_a_refusal_is_a_reason_and_exit_2(arguments, message, dialect, reason):
    answer = run(*arguments, "--json", message=message)
    assert answer.exit_code == 2
    said = json.loads(answer.stdout)
    assert (said["dialect"], said["refused"]["reason"]) == (dialect, reason)
    assert answer.stderr.strip() == said["refused"]["sentence"].encode("utf-8", "backslashreplace").decode()


def test_a_file_that_does_not_exist(tmp_path):
    answer = CliRunner().invoke(group, ["decode", "--topic", "tele/prise/SENSOR", str(tmp_path / "absent.json")])
    assert answer.exit_code == 2
    assert "absent.json ne peut pas être lu" in answer.stderr


def test_a_time_zone_that_does_not_exist():
    answer = run("--topic", "tele/prise/SENSOR", "--timezone", "Europe/Pari")
    assert answer.exit_code == 2
    assert "Europe/Pari" in answer.stderr
