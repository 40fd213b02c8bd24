"""Every vector, of our own making, is understood as it says or refused for the reason it says."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from devices.dialects.measurement import Stamp, Unreadable
from devices.dialects.naming import NAME
from devices.dialects.registry import DIALECTS
from devices.dialects.units import KEPT
from tests.devices.dialects.playing import RECEIVED, VECTORS, observation, play


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_vector_is_understood_as_it_says(path):
    vector = json.loads(path.read_text("utf-8"))
    if "refused" in vector:
        with pytest.raises(Unreadable) as refusal:
            play(vector)
        assert refusal.value.reason == vector["refused"]
        assert refusal.value.sentence.endswith(".")
        assert ";" in refusal.value.sentence or "doit" in refusal.value.sentence, "a refusal also says what to do"
        return
    found = play(vector)
    assert found.dialect == path.parent.name
    assert list(found.understood.observations) == [observation(wanted) for wanted in vector["measurements"]]
    assert [event.kind for event in found.understood.events] == vector["events"]


def test_every_dialect_has_its_vectors():
    assert {path.parent.name for path in VECTORS} == {dialect.name for dialect in DIALECTS}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_is_understood_can_be_installed_and_stored(path):
    vector = json.loads(path.read_text("utf-8"))
    try:
        found = play(vector).understood
    except Unreadable:
        return
    units = {*KEPT, "", "lon"}
    for one in found.observations:
        assert NAME.fullmatch(one.serial)
        assert NAME.fullmatch(one.channel)
        assert one.unit in units
        assert one.time.tzinfo is dt.UTC
        assert one.value.adjusted() < 20
        assert one.measurement == (one.serial, one.channel, one.time, one.value)
    assert all(event.sentence.endswith(".") for event in found.events)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_message_that_comes_again_is_the_same_measurement(path):
    """Unless nobody but us could say the time: then, and only then, the stamp is the reception."""
    vector = json.loads(path.read_text("utf-8"))
    if "refused" in vector or "zone" in vector:
        return
    first = play(vector).understood.observations
    later = dt.datetime.fromisoformat(vector.get("received_at", RECEIVED)) + dt.timedelta(days=3)
    again = play(vector | {"received_at": later.isoformat()}).understood.observations
    for before, after in zip(first, again, strict=True):
        assert (before == after) is (before.stamp is not Stamp.RECEIVED)
