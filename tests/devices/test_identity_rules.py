"""Which topics a device may publish on, whatever it is called: its own, and never those of another."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from devices.dialects.registry import DIALECTS, matches
from devices.identity.document import Entry, hashed, with_entries
from devices.identity.rules import ROOTS, device_rights, topics_of, username_of
from foundation.errors import Refusal

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", fullmatch=True)
dialects = st.sampled_from([dialect.name for dialect in DIALECTS])


@pytest.mark.parametrize(
    ("dialect", "name", "topics"),
    [
        ("spl", "EM-0042", {"spl/v1/EM-0042/#"}),
        ("chirpstack", "7", {"application/7/#"}),
        ("zigbee2mqtt", "mairie", {"zigbee2mqtt/mairie/#"}),
        ("teleinfo2mqtt", "020428123456", {"teleinfo/020428123456"}),
        ("tasmota", "cave", {"tele/cave/#", "stat/cave/#"}),
        ("things_stack", "ecole@spl", {"v3/ecole@spl/#"}),
        ("shelly", "shellypro3em-1", {"shellypro3em-1/#"}),
    ],
)
def test_a_device_owns_what_follows_its_name(dialect, name, topics):
    assert topics_of(dialect, name) == topics


@given(dialects, names, dialects, names)
def test_what_two_devices_may_publish_on_never_meets(first_dialect, first, second_dialect, second):
    assume((first_dialect, first) != (second_dialect, second) and not {first, second} & ROOTS)
    mine, others = topics_of(first_dialect, first), topics_of(second_dialect, second)
    for topic in mine:
        assert not any(matches(other, topic.replace("#", "x/y")) for other in others)


@pytest.mark.parametrize("text", ["#", "+", "a/b", "a#", "+a", "", ".hidden", "$SYS", "é", "a b", "a\n", "x" * 65])
def test_a_name_that_would_open_the_topics_of_others_is_refused(text):
    for ask in (lambda: username_of(text), lambda: topics_of("spl", text)):
        with pytest.raises(Refusal, match="ouvriraient les sujets des autres"):
            ask()


@given(st.text(max_size=20))
def test_no_wildcard_and_no_level_gets_through(text):
    try:
        username, topics = username_of(text), topics_of("spl", text)
    except Refusal:
        return
    assert not set("#+/$\0") & set(username)
    assert [topic.count("/") for topic in topics] == [3]


@pytest.mark.parametrize("root", sorted(ROOTS))
def test_a_device_whose_name_comes_first_is_not_called_like_a_dialect(root):
    with pytest.raises(Refusal, match="ouvre les sujets d'un autre format"):
        topics_of("shelly", root)


def test_an_account_is_written_in_its_place_and_all_else_stays():
    before = {"clients": [{"username": "somebody", "roles": []}], "groups": [{"groupname": "g"}], "roles": []}
    entry = Entry("device-A", hashed("secret"), device_rights({"spl/v1/A/#"}), "device-A", "g1")
    once = with_entries(before, [entry])
    assert with_entries(once, [entry]) == once
    assert [client["username"] for client in once["clients"]] == ["somebody", "device-A"]
    assert once["groups"] == before["groups"]
    assert set(once["defaultACLAccess"].values()) == {False}
    assert "secret" not in json.dumps(once)
