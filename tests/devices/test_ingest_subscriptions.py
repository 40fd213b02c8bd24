"""Of a message two filters catch, one copy counts, and always the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.listening import Listening
from devices.dialects.registry import matches
from devices.ingest.subscriptions import Subscriptions

ALL = Listening.parse("all").filters
TOPICS = ["zigbee2mqtt/status/x", "homeassistant/status/y", "emon/status/z", "a/status/em:0", "spl/v1/a/readings"]


def copies(topic, subscriptions):
    """Return the identifiers the broker would deliver `topic` with, one for each filter that catches it."""
    return [subscriptions.identifier(one) for one in subscriptions.topics if matches(one, topic)]


def test_only_filters_that_overlap_have_an_identifier():
    subscriptions = Subscriptions(ALL)
    assert subscriptions.identifier("spl/v1/+/readings") == 0
    assert subscriptions.identifier("zigbee2mqtt/#") != subscriptions.identifier("+/status/+") != 0


@pytest.mark.parametrize("topic", TOPICS)
@given(order=st.permutations(ALL))
def test_one_copy_counts_in_whatever_order(topic, order):
    subscriptions = Subscriptions(order)
    assert [subscriptions.is_copy(topic, [one]) for one in copies(topic, subscriptions) if one].count(False) <= 1
    assert [subscriptions.is_copy(topic, [one] if one else []) for one in copies(topic, subscriptions)].count(
        False
    ) == 1
    assert not subscriptions.is_copy(topic, copies(topic, subscriptions)), "a broker may send one copy for all"


def test_a_filter_that_is_new_takes_nothing_from_those_there_were():
    before = Subscriptions(["+/status/+", "spl/v1/+/readings"])
    after = Subscriptions(ALL, before.topics)
    assert after.topics[:2] == before.topics
    waited = [before.identifier("+/status/+") or after.identifier("+/status/+")]
    assert not after.is_copy("zigbee2mqtt/status/x", waited)


def test_a_filter_that_is_gone_leaves_its_topics_to_the_next():
    after = Subscriptions(["zigbee2mqtt/#", "emon/#"], ["+/status/+", "zigbee2mqtt/#"])
    assert (after.topics, after.no_more) == (["zigbee2mqtt/#", "emon/#"], ["+/status/+"])
    assert not after.is_copy("zigbee2mqtt/status/x", [Subscriptions(ALL).identifier("+/status/+")])
