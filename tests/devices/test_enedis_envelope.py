"""What files of Enedis come in: names, keys, archives; and the command that reads them without a database."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from devices.dialects.measurement import Unreadable
from devices.sources.cli import read
from devices.sources.envelope.deliveries import Delivery, incomplete
from devices.sources.envelope.keys import Key, ring_of
from devices.sources.envelope.names import flow_in, parse
from devices.sources.envelope.unwrap import unwrap
from tests.devices import enedis_files as made
from tests.devices.enedis_files import POINT, archive, encrypted, flow
from tests.devices.test_enedis_asked import c68

OLD, IV, NEW, LOST = b"o" * 16, b"i" * 16, b"n" * 32, b"l" * 32
RING = ring_of(f"# trousseau\nold {OLD.hex()} {IV.hex()}\n2026-06 = {NEW.hex()}\n")
R151 = made.r151(("2025-01-01", "DI000003", (1,), None))


def inside(content, ring=RING, **limits):
    return [(one.name, b"".join(one.pieces), one.key) for one in unwrap("a.zip", content, ring, **limits)]


def refused(content, ring=RING, **limits):
    with pytest.raises(Unreadable) as caught:
        inside(content, ring, **limits)
    return caught.value


def name(sequence, part, parts):
    return parse(f"ERDF_R151_17X100A100A0001A_GRD-F001_1234_{sequence:05}_Q_{part:05}_{parts:05}_20250103031500.zip")


def test_names_say_flow_contract_sequence_and_which_file_of_how_many():
    found = name(42, 1, 3)
    assert (found.flow, found.contract, found.subscription) == ("R151", "GRD-F001", "1234")
    assert (found.sequence, found.part, found.parts) == (42, 1, 3)
    assert found.sent_at == dt.datetime(2025, 1, 3, 2, 15, tzinfo=dt.UTC)
    asked = parse("ENEDIS_R63_P_CdC_M053Q0D3_00001_20250103000000.zip")
    assert (asked.flow, asked.subscription, asked.contract, asked.sequence) == ("R63", "M053Q0D3", "", 1)
    again = parse("ENEDIS_R63A_Q_CdC_M053Q0D3_GRD-F001_00007_20250103000000.zip")
    assert (again.flow, again.contract, again.sequence) == ("R63A", "GRD-F001", 7)


@pytest.mark.parametrize(
    ("written", "said"),
    [("ENEDIS_R171_C_00000001_GRDT_17X_20250103000000.zip", "R171"), ("ENEDIS_17X_R4Q_CDC_20250103000000.zip", "R4Q"),
     ("ENEDIS_17X_R4H_CDC_H_C_30001234567890_1_20250103000000.xml", "R4H"), ("ERDF_R1510_x.xml", ""),
     ("x/R63_y\\ENEDIS_R64_z.json", "R64")],
)  # fmt: skip
def test_a_flow_is_a_whole_segment_of_a_name(written, said):
    assert flow_in(written) == said


def test_a_delivery_is_whole_when_each_file_has_come_and_none_was_skipped():
    came = [name(1, 1, 1), name(2, 1, 3), name(2, 3, 3), name(2, 3, 3), name(4, 1, 1)]
    series = ("R151", "GRD-F001", "1234")
    assert incomplete(came) == [Delivery(*series, 2, missing=(2,)), Delivery(*series, 3, lost=True)]


@pytest.mark.parametrize(("key", "iv", "said"), [(OLD, IV, "old"), (NEW, None, "2026-06")])
def test_the_key_that_opens_a_file_is_found_in_the_ring(key, iv, said):
    assert inside(encrypted(archive({"a.xml": R151}), key, iv)) == [("a.xml", R151, said)]


def test_an_unknown_key_names_those_that_were_tried_and_shows_none():
    refusal = refused(encrypted(archive({"a.xml": R151}), LOST))
    assert refusal.reason == "unknown_key"
    assert "old, 2026-06" in refusal.sentence
    shown = refusal.sentence + repr(RING) + repr(refusal.values)
    assert not any(secret in shown for secret in (OLD.hex(), NEW.hex(), str(NEW)))


def test_a_key_without_valid_padding_is_none():
    whole = encrypted(archive({"a.xml": R151}), NEW)
    assert refused(whole[:-16]).reason == "unknown_key"
    assert refused(whole[:-5]).reason == "corrupt"


def test_a_bad_line_of_the_ring_is_named_and_not_shown():
    with pytest.raises(Unreadable) as caught:
        ring_of("good " + "0" * 32 + "\nsecret deadbeef")
    assert "Ligne 2" in caught.value.sentence
    assert "deadbeef" not in caught.value.sentence
    assert "00" not in repr(Key("a", b"\0" * 16))


def test_archives_of_archives_and_companions():
    held = archive({"b.zip": archive({"c.json": b"{}", "c_svc.xml": b"<a/>"}), "d.xml": R151, "d_svc.xml": b"<a/>"})
    assert [one[0] for one in inside(held)] == ["c.json", "d.xml"]
    assert list(unwrap("ERDF_R151_x_svc.xml", b"<a/>")) == []
    assert refused(archive({"a.zip": held})).reason == "too_deep"


@pytest.mark.parametrize("path", ["../a.xml", "/etc/a.xml", "b/a.xml", "..\\a.xml", "C:a.xml"])
def test_a_name_in_an_archive_is_never_a_path(path):
    assert refused(archive({path: R151})).reason == "bad_name"


def test_an_archive_is_bounded_as_it_unfolds():
    bomb = archive({"a.xml": b"<a>" + b" " * 3_000_000})
    assert len(bomb) < 10_000
    assert refused(bomb, largest_out=1_000_000).reason == "too_large"
    assert refused(archive({"b.zip": bomb}), largest_out=1_000_000).reason == "too_large"


def test_damage_is_a_refusal():
    whole = archive({"a.xml": bytes(range(256)) * 50})
    assert refused(whole[:-30]).reason == "corrupt"
    middle = len(whole) // 2
    assert refused(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]).reason == "corrupt"
    assert refused(b"").reason == "empty"
    assert refused(archive({})).reason in {"empty", "corrupt"}


def run(tmp_path, *files, keys=None):
    paths = []
    for called, content in files:
        (tmp_path / called).write_bytes(content)
        paths.append(str(tmp_path / called))
    if keys is not None:
        (tmp_path / "keys.txt").write_text(keys, "utf-8")
        paths += ["--keys", str(tmp_path / "keys.txt")]
    return CliRunner().invoke(read, ["--source", "enedis-sge", "--json", *paths])


def test_the_command_prints_readings_of_an_encrypted_file(tmp_path):
    done = run(tmp_path, ("a.zip", encrypted(archive({"a.xml": R151}), NEW)), keys=f"new {NEW.hex()}\n")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["files"][0]["flow"], told["files"][0]["key"]) == (0, "R151", "new")
    (one,) = told["readings"]
    assert {name: one[name] for name in ("point", "quantity", "unit", "instant", "value", "quality")} == {
        "point": POINT,
        "quantity": "energy_index",
        "unit": "kWh",
        "instant": "2025-01-01T23:00:00+00:00",
        "value": 0.001,
        "quality": "good",
    }


def test_the_command_prints_nothing_of_a_file_that_is_wrong_at_its_end(tmp_path):
    done = run(tmp_path, ("good.xml", R151), ("cut.xml", R151[:-4]))
    told = json.loads(done.stdout)
    assert (done.exit_code, told["refused"]["reason"]) == (2, "not_xml")
    assert told["refused"]["file"].endswith("cut.xml")
    assert "readings" not in told


def test_the_command_refuses_a_file_that_is_not_there(tmp_path):
    done = CliRunner().invoke(read, ["--source", "enedis-sge", str(tmp_path / "none.xml")])
    assert done.exit_code == 2
    assert "vérifiez son chemin" in done.stderr


def test_technical_data_beside_a_curve_says_which_end_it_stamps_and_what_is_impossible(tmp_path):
    points = [("2025-01-01 12:00:00", "1000", "PT60M"), ("2025-01-01 13:00:00", "40000", "PT60M")]
    done = run(
        tmp_path, ("curve.json", flow("R63", made.curve(points))), ("c68.json", json.dumps(c68("30", "C4")).encode())
    )
    told = json.loads(done.stdout)
    assert [(one["start"], one["quality"]) for one in told["readings"]] == [
        ("2025-01-01T11:00:00+00:00", "good"),
        ("2025-01-01T12:00:00+00:00", "impossible"),
    ]
    assert told["points"][0]["network_tariff"] == "BTINFCU4"
