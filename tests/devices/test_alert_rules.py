"""Pure rules of alerts: levels with a band between, transitions only, who hears."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.alerts import rules
from devices.alerts.kinds import RULES, Kind, Severity
from devices.alerts.listeners import About, Listener, Rhythm, Wish, deaf, rhythm_for
from devices.alerts.rules import BAD, BETWEEN, GOOD, Judgement, Level, Trend
from devices.alerts.sentences import sentence
from devices.alerts.transitions import Known, Now, State, Step, step
from foundation.actors import Role
from foundation.look.language import FRENCH

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("hours", "heard", "expected"),
    [
        (0.5, True, GOOD),
        (2, True, BETWEEN),
        (3.1, True, BAD),
        (80, True, Judgement(Level.BAD, Severity.CRITICAL)),
        (5, False, BETWEEN),
        (12.9, False, BETWEEN),
        (13.1, False, BAD),
    ],
)
def test_silence_is_three_intervals_and_a_first_join_gets_half_a_day(hours, heard, expected):
    assert rules.silence(hours * HOUR, HOUR, ever_heard=heard) == expected


def test_a_battery_is_told_by_its_trend_a_quarter_ahead():
    assert rules.battery(Trend(50, 60, -0.2, 30, 60)) == GOOD  # 250 days left
    assert rules.battery(Trend(50, 60, -0.5, 30, 60)) == BETWEEN  # 100
    assert rules.battery(Trend(50, 60, -1.0, 30, 60)) == BAD  # 50
    assert rules.battery(Trend(50, 60, -5.0, 30, 60)) == Judgement(Level.BAD, Severity.CRITICAL)
    assert rules.battery(Trend(50, 60, -5.0, 3, 60)) == GOOD, "three values are no trend"
    assert rules.battery(Trend(9, 60, 0.0, 3, 3)) == BAD, "the level speaks alone"
    assert rules.battery(Trend(3.6, 3.61, -0.01, 30, 60)) is None, "volts say nothing without the model"


def test_the_margin_speaks_before_the_strength():
    assert rules.best_margin(-5) == 15
    assert rules.radio(2.5, None) == BAD
    assert rules.radio(12, None) == GOOD
    assert rules.radio(None, -125) == BAD
    assert rules.radio(None, -118) == BETWEEN
    assert rules.radio(None, None) is None


def test_a_clock_is_judged_by_its_most_punctual_reading():
    assert rules.clock(dt.timedelta(seconds=2), HOUR) == GOOD
    assert rules.clock(dt.timedelta(minutes=-3), HOUR) == BAD
    assert rules.clock(2 * HOUR, HOUR) == BAD
    assert rules.clock(6 * HOUR, DAY) == GOOD, "a device that reports once a day is not late"


def moment(at, level, **more):
    given_ = {"severity": Severity.WARNING, "watched": True, "in_window": False, "calm": 3 * HOUR, "cool_down": DAY}
    return Now(at=at, level=level, **(given_ | more))


class Story:
    """An alert told hour by hour, as the rows would keep it."""

    def __init__(self):
        self.known, self.told = None, []

    def hear(self, now):
        """Take one step and keep what it changes."""
        happens = step(self.known, now)
        if happens in {Step.OPEN, Step.REOPEN, Step.ESCALATE, Step.RETURN, Step.LEAVE, Step.HOLD}:
            self.told.append(happens)
        known = self.known
        self.known = {
            Step.OPEN: Known(State.OPEN, now.severity),
            Step.REOPEN: Known(State.OPEN, now.severity),
            Step.HOLD: Known(State.HELD, now.severity),
            Step.ESCALATE: Known(State.OPEN, now.severity),
            Step.CALM: known and known._replace(calm_since=now.at),
            Step.ALARM: known and known._replace(calm_since=None),
            Step.RETURN: known and Known(State.CLOSED, known.severity, None, now.at),
            Step.LEAVE: known and Known(State.CLOSED, known.severity, None, now.at),
        }.get(happens, known)
        return happens


@given(st.lists(st.sampled_from([Level.GOOD, Level.BAD, Level.BETWEEN]), max_size=60))
def test_whatever_flaps_openings_and_returns_alternate_and_the_same_moment_again_changes_nothing(levels):
    story = Story()
    for hour, level in enumerate(levels):
        now = moment(NOON + hour * HOUR, level)
        story.hear(now)
        assert step(story.known, now) is Step.NOTHING
    began = [one for one in story.told if one is not Step.RETURN]
    ended = [one for one in story.told if one is Step.RETURN]
    assert 0 <= len(began) - len(ended) <= 1
    assert all(a is not b for a, b in zip(story.told, story.told[1:], strict=False))


def test_a_device_that_flaps_every_hour_is_one_alert():
    story = Story()
    for hour in range(48):
        story.hear(moment(NOON + hour * HOUR, Level.BAD if hour % 2 else Level.GOOD))
    assert story.told == [Step.OPEN]


def test_what_comes_back_soon_is_the_same_alert_and_later_another():
    story = Story()
    hours = [*range(4, 9), 10, *range(12, 17)]
    for hour, level in zip(hours, [Level.BAD] + [Level.GOOD] * 4 + [Level.BAD] + [Level.GOOD] * 5, strict=True):
        story.hear(moment(NOON + hour * HOUR, level))
    story.hear(moment(NOON + 72 * HOUR, Level.BAD))
    assert story.told == [Step.OPEN, Step.RETURN, Step.REOPEN, Step.RETURN, Step.OPEN]


def test_a_window_keeps_quiet_records_and_tells_what_outlasts_it():
    story = Story()
    story.hear(moment(NOON, Level.BAD, in_window=True))
    story.hear(moment(NOON + HOUR, Level.GOOD, in_window=True))
    assert story.told == [Step.HOLD, Step.RETURN]
    story.hear(moment(NOON + 2 * HOUR, Level.BAD, in_window=True))
    story.hear(moment(NOON + 3 * HOUR, Level.BAD, in_window=True, severity=Severity.CRITICAL))
    story.hear(moment(NOON + 4 * HOUR, Level.BAD))
    assert story.told[2:] == [Step.HOLD, Step.OPEN]


def test_what_gets_worse_is_told_once_more_and_what_nobody_watches_leaves():
    story = Story()
    for hour, severity in enumerate([Severity.WARNING, Severity.CRITICAL, Severity.CRITICAL, Severity.WARNING]):
        story.hear(moment(NOON + hour * HOUR, Level.BAD, severity=severity))
    story.hear(moment(NOON + 5 * HOUR, Level.GOOD, watched=False))
    assert story.told == [Step.OPEN, Step.ESCALATE, Step.LEAVE]


CLAIRE = Listener(1, Role.OPERATOR, None)
MAYOR = Listener(2, Role.SHAREHOLDER, 10)
SILENT_SCHOOL = About(Kind.SILENCE, Severity.WARNING, site_id=5, holder_id=10)
EVERYTHING = Wish(Rhythm.DAILY, role=Role.OPERATOR)


def test_the_most_particular_wish_decides():
    wishes = [EVERYTHING]
    assert rhythm_for(CLAIRE, SILENT_SCHOOL, wishes) is Rhythm.DAILY
    assert rhythm_for(MAYOR, SILENT_SCHOOL, wishes) is Rhythm.NONE
    wishes.append(Wish(Rhythm.WEEKLY, account_id=1))
    assert rhythm_for(CLAIRE, SILENT_SCHOOL, wishes) is Rhythm.WEEKLY
    wishes.append(Wish(Rhythm.NONE, account_id=1, site_id=5))
    assert rhythm_for(CLAIRE, SILENT_SCHOOL, wishes) is Rhythm.NONE
    assert rhythm_for(CLAIRE, SILENT_SCHOOL._replace(site_id=6), wishes) is Rhythm.WEEKLY
    wishes.append(Wish(Rhythm.DAILY, account_id=1, least_severity=Severity.CRITICAL))
    assert rhythm_for(CLAIRE, SILENT_SCHOOL._replace(site_id=6), wishes) is Rhythm.NONE


PLACES = st.tuples(st.sampled_from([None, 5]), st.sampled_from([None, 10, 11]))


@given(st.sampled_from(list(Kind)), st.sampled_from(list(Severity)), PLACES, PLACES)
def test_no_wish_lets_a_municipality_hear_of_what_it_does_not_hold(kind, severity, place, wished):
    wish = Wish(Rhythm.DAILY, account_id=2, site_id=wished[0], shareholder_id=wished[1])
    site, holder = place
    about = About(kind, severity, site, holder)
    if rhythm_for(MAYOR, about, [wish, Wish(Rhythm.DAILY, role=Role.SHAREHOLDER)]) is not Rhythm.NONE:
        assert holder == 10


def test_what_nobody_hears_is_found():
    collection = About(Kind.COLLECTION, Severity.CRITICAL, None, None)
    wishes = [Wish(Rhythm.DAILY, role=Role.SHAREHOLDER)]
    assert deaf([CLAIRE, MAYOR], [SILENT_SCHOOL, collection], wishes) == [collection]
    assert deaf([], [collection], [EVERYTHING]) == [collection]


FACTS = {
    Kind.SILENCE: {"serial": "A", "last_at": None, "since": NOON.isoformat(), "every_minutes": 60.0},
    Kind.BATTERY: {"serial": "A", "level": 9, "empty_on": "2026-05-01"},
    Kind.RADIO: {"serial": "A", "margin": 3, "rssi": -120},
    Kind.CLOCK: {"serial": "A", "lag_minutes": -12},
    Kind.UNKNOWN_SERIAL: {"topic": "spl/v1/{x}/readings", "since": NOON.isoformat()},
    Kind.IMPLAUSIBLE: {"first_day": "2026-03-01", "cause": None},
    Kind.GAP: {"first_day": "2026-03-01", "days": 2},
    Kind.CONFLICT: {"serial": "A", "conflicts": 1},
    Kind.COLLECTION: {"since": NOON.isoformat()},
    Kind.SOURCE_FILES: {"flow": "R151", "subscription": "S1", "sequence": 2, "lost": 1},
    Kind.OFF_PLAN: {"boundary": "École", "month": "2026-03-01", "missing_kwh": 1200.0, "slack_kwh": 300.0},
}


def test_every_kind_has_its_rule_and_its_sentence():
    assert set(RULES) == set(FACTS) == set(Kind)
    for kind, facts in FACTS.items():
        said = sentence(kind.value, facts, FRENCH)
        assert said.endswith(".")
        assert "None" not in said
        assert "{" not in said.replace("{x}", "")
    assert "avance de 12 minutes" in sentence("clock", FACTS[Kind.CLOCK], FRENCH)
