"""Simulated sensors: what they say, with faults and without."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.dialects.listening import Listening
from devices.dialects.measurement import Unreadable
from devices.dialects.spl import decode
from devices.ingest.hearing import Reader
from devices.ingest.message import Message
from devices.simulator.faults import Fault, shares_of
from devices.simulator.sensors import Fleet, messages
from devices.simulator.voices import VOICES, ZONE
from foundation.errors import Refusal

NOW = dt.datetime.now(dt.UTC)


def said(count, **how):
    """Return the first `count` messages of three sensors."""
    return list(itertools.islice(messages(Fleet(name="t", sensors=3, **how)), count))


def readings(messages_said):
    return [decode(one.topic, one.payload, NOW) for one in messages_said]


def test_every_sensor_has_an_index_that_only_grows_at_its_step():
    by_serial = {}
    for measured in itertools.chain(*readings(said(30))):
        by_serial.setdefault(measured.serial, []).append((measured.time, measured.value))
    assert sorted(by_serial) == Fleet(name="t", sensors=3).serials
    for series in by_serial.values():
        assert {after[0] - before[0] for before, after in itertools.pairwise(series)} == {dt.timedelta(minutes=1)}
        assert {after[1] - before[1] for before, after in itertools.pairwise(series)} == {Decimal("0.025")}


@pytest.mark.parametrize("name", VOICES)
def test_what_a_voice_says_is_understood_as_it_means_it(name):
    fleet = Fleet(name="t", sensors=2, dialects=(name,))
    reader, now = Reader(Listening.parse("all")), NOW
    for one in itertools.islice(messages(fleet), 20):
        read = reader.read(Message(one.topic, one.payload, now, None), zone=ZONE)
        assert read.heard.dialect.name == name
        heard = {(m.serial, m.channel, m.time, m.value) for m in read.measurements}
        assert {(one.serial, m.channel, m.time or now, m.value) for m in one.means} <= heard
        assert len(one.means) == (4 if VOICES[name].many else 1)


mixes = st.dictionaries(st.sampled_from(list(Fault)), st.floats(0, 0.12), max_size=len(Fault))


@given(seed=st.integers(0, 1000), faults=mixes)
def test_the_same_seed_says_the_same_again(seed, faults):
    # Clocks that run ahead are set by today's.
    faults = {fault: share for fault, share in faults.items() if fault is not Fault.CLOCK_SKEW}
    assert said(50, seed=seed, faults=faults) == said(50, seed=seed, faults=faults)


@settings(deadline=None, max_examples=20)
@given(faults=st.dictionaries(st.sampled_from([Fault.LATE, Fault.OUT_OF_ORDER]), st.floats(0, 0.5)))
def test_what_comes_late_or_out_of_order_comes_all_the_same(faults):
    clean, disturbed = said(600), said(2000, faults=faults)
    assert {one.payload for one in clean} <= {one.payload for one in disturbed}
    assert len({(one.topic, one.payload) for one in disturbed}) == 2000


def test_a_duplicate_is_the_same_message_again():
    twice = said(20, faults={Fault.DUPLICATE: 1.0})
    assert set(Counter((one.topic, one.payload) for one in twice).values()) == {2}


def test_a_gap_is_never_published():
    heard = [one for one in readings(said(300, faults={Fault.GAP: 0.5})) if one[0].serial == "SIM-t-00000"]
    steps = {after[0].time - before[0].time for before, after in itertools.pairwise(heard)}
    assert max(steps) > min(steps)


def test_a_reset_starts_again_at_zero():
    assert {one[0].value for one in readings(said(30, faults={Fault.RESET: 1.0}))} == {Decimal(0)}


def test_a_conflict_says_other_values_for_the_same_instants():
    first, second = readings(said(2, faults={Fault.CONFLICT: 1.0}))
    assert [one.time for one in first] == [one.time for one in second]
    assert all(one.value != other.value for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("fault", [Fault.BAD_PAYLOAD, Fault.CLOCK_SKEW])
def test_what_cannot_be_read_is_refused_by_the_dialect(fault):
    for one in said(60, faults={fault: 1.0}):
        with pytest.raises(Unreadable):
            decode(one.topic, one.payload, NOW)


def test_a_clean_message_is_the_documented_json():
    (one,) = said(1)
    assert one.topic == "spl/v1/SIM-t-00000/readings"
    assert json.loads(one.payload)["readings"][1] == {
        "time": "2020-01-01T00:01:00Z",
        "channel": "index",
        "value": 0.025,
    }


def test_faults_are_written_with_their_share():
    assert shares_of(["late=0.01", "gap=0.5"]) == {Fault.LATE: 0.01, Fault.GAP: 0.5}


@pytest.mark.parametrize("word", ["fire=0.1", "late", "late=often", "late=2", "late=-0.1", "gap=1", "late=nan"])
def test_a_fault_or_a_share_that_makes_no_sense_is_refused(word):
    with pytest.raises(Refusal):
        shares_of([word])
