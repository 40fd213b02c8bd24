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


UPLINK = json.dumps(
    {
        "deviceInfo": {"devEui": "70b3d5e75e000a01", "deviceProfileName": "Compteur X"},
        "time": "2026-03-01T11:58:20Z",
        "fPort": 3,
        "data": "qgAB",
    }
).encode()
TOPIC = "application/6f1c/device/70b3d5e75e000a01/event/up"
CODEC = """function decodeUplink(input) {
    return {data: {port: input.fPort, energy_wh: input.bytes[0] * 1000, at: input.recvTime.getTime() / 1000}};
}"""


def test_bytes_are_decoded_by_the_makers_codec(tmp_path):
    codec = tmp_path / "compteur.js"
    codec.write_text(CODEC, "utf-8")
    answer = run("--topic", TOPIC, "--codec", str(codec), "--json", message=UPLINK)
    assert answer.exit_code == 0, answer.stderr
    found = {one["channel"]: one for one in json.loads(answer.stdout)["measurements"]}
    assert (found["energy_wh"]["value"], found["energy_wh"]["unit"]) == (170, "kWh")
    assert found["energy_wh"]["quantity"] == "energy_index"
    assert found["energy_wh"]["time"] == "2026-03-01T11:58:20+00:00"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "codec_missing"),
        (b"var x = ;", "codec_syntax"),
        (b"function decodeUplink() { return {data: {a: 0 / 0}}; }", "codec_number"),
        (b"function decodeUplink() { return {data: {}}; }", "no_number"),
    ],
)
def test_without_a_codec_that_works_the_reason_is_said(tmp_path, content, reason):
    codec = tmp_path / "compteur.js"
    if content is not None:
        codec.write_bytes(content)
    arguments = ["--codec", str(codec)] if content is not None else []
    answer = run("--topic", TOPIC, *arguments, "--json", message=UPLINK)
    assert answer.exit_code == 2
    assert json.loads(answer.stdout)["refused"]["reason"] == reason
    assert "70b3d5e75e000a01" in answer.stderr or "compteur.js" in answer.stderr


@pytest.mark.parametrize(("content", "said"), [(b"\xff", "UTF-8"), (b" " * 300_000, "262144"), (None, "absent.js")])
def test_a_file_that_is_no_codec(tmp_path, content, said):
    codec = tmp_path / "absent.js"
    if content is not None:
        codec.write_bytes(content)
    answer = run("--topic", TOPIC, "--codec", str(codec), message=UPLINK)
    assert answer.exit_code == 2
    assert said in answer.stderr


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_what_a_message_says_cannot_drive_the_terminal(more):
    answer = run("--topic", "x", "--dialect", "\x1b[2J\r\x9b31m", *more, message=b"{}")
    assert answer.exit_code == 2
    assert not {"\x1b", "\r", "\x9b"} & set(answer.output)
    assert "\\x1b[2J" in answer.output
