"""Alerts on the database: what each check finds, told on transitions only, to whoever may hear it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range

from contracts.parties.register import register_shareholder
from contracts.sites.register import hold
from devices.alerts import checks, letters
from devices.alerts.evaluate import evaluate
from devices.alerts.forget import forget
from devices.alerts.hearing import nobody_hears
from devices.alerts.kinds import Kind, Severity
from devices.alerts.listeners import Rhythm
from devices.alerts.models import Alert, AlertEvent
from devices.alerts.register import (
    acknowledge,
    assign,
    declare_maintenance,
    end_maintenance,
    note,
    subscribe,
    unsubscribe,
)
from devices.alerts.tasks import digests, often
from devices.energy.models import DailyEnergy, HourlyEnergy
from devices.ingest.models import DeadLetter, IngestHeartbeat, ReadingConflict, Vital
from devices.inventory.register import change_interval, remove
from foundation import people as known_people
from foundation.actors import Actor, Role
from foundation.errors import Refusal
from foundation.jobs.queue import Moment
from foundation.look.language import FRENCH
from foundation.mail.models import Mail
from foundation.people import Person
from foundation.tenancy import bind_actor
from tests.devices.meters import HOUR, arrive, hourly, message, metered

DAY = dt.timedelta(days=1)
START = dt.datetime(2026, 3, 2, 0, tzinfo=dt.UTC)
CLAIRE = Person(1, "Claire", "claire@spl.example", Role.OPERATOR, None, FRENCH)
ACTOR = Actor(Role.OPERATOR, account_id=1, name="Claire")


@pytest.fixture
def audience(monkeypatch):
    """The people letters may go to."""
    everybody = [CLAIRE]
    monkeypatch.setattr(known_people, "_providers", [lambda _session: everybody])
    return everybody


def heard_until(session, serial, hours, start=START):
    """Register a device whose readings arrived each hour for `hours` hours after START."""
    installation = metered(session, serial)
    arrive(session, message(serial, hourly(start, *range(hours))))
    return installation


def alerts(session, kind=Kind.SILENCE):
    return session.scalars(select(Alert).where(Alert.kind == kind.value).order_by(Alert.id)).all()


def happened(alert):
    return [event.what for event in alert.events]


def evaluate_hourly(session, first, last, kinds=(Kind.SILENCE,)):
    for hour in range(first, last):
        evaluate(session, START + hour * HOUR, kinds)


def test_silence_opens_once_and_closes_when_news_last(dbsession):
    heard_until(dbsession, "S1", 10)  # the last at 09:00
    evaluate_hourly(dbsession, 9, 30)
    (alert,) = alerts(dbsession)
    assert (alert.state, alert.opened_at) == ("open", START + 13 * HOUR)
    assert alert.facts["last_at"] == (START + 9 * HOUR).isoformat()
    arrive(dbsession, message("S1", hourly(START + 30 * HOUR, *range(40, 50))))
    evaluate_hourly(dbsession, 30, 40)
    dbsession.refresh(alert)
    assert (alert.state, happened(alert)) == ("closed", ["opened", "returned"])
    assert alert.closed_at == START + 33 * HOUR, "three intervals of calm"


@pytest.mark.parametrize("of", ["device", "installation"])
def test_silence_is_measured_against_the_interval_of_the_device_or_of_the_point_itself(dbsession, of):
    served = heard_until(dbsession, "S1", 10)  # the last at 09:00
    change_interval(dbsession, served.device if of == "device" else served, 6 * HOUR)
    evaluate_hourly(dbsession, 9, 27)
    assert alerts(dbsession) == [], "three times six hours"
    evaluate_hourly(dbsession, 27, 29)
    assert [one.opened_at for one in alerts(dbsession)] == [START + 28 * HOUR]
    with pytest.raises(Refusal, match="toutes les secondes au plus"):
        change_interval(dbsession, served, dt.timedelta(days=1000))


def test_a_flapping_device_is_one_alert(dbsession):
    metered(dbsession, "S1")
    for hour in range(0, 96, 4):
        arrive(dbsession, message("S1", hourly(START + hour * HOUR, hour)))
    for half_hour in range(8, 190):
        evaluate(dbsession, START + half_hour * HOUR / 2 + dt.timedelta(minutes=7), [Kind.SILENCE])
    (alert,) = alerts(dbsession)
    assert happened(alert) == ["opened"]


def test_a_device_that_never_spoke_is_silent_half_a_day_after_its_installation(dbsession):
    metered(dbsession, "S1", at=START)
    evaluate_hourly(dbsession, 0, 14)
    assert alerts(dbsession) == []
    evaluate_hourly(dbsession, 14, 15)
    assert alerts(dbsession)[0].facts["last_at"] is None


def test_many_fall_silent_at_once(dbsession):
    # psycopg prepares a statement the sixth time it sees it.
    for number in range(12):
        metered(dbsession, f"S{number}", at=START)
    evaluate_hourly(dbsession, 14, 16)
    assert len(alerts(dbsession)) == 12


def test_long_silence_gets_urgent_once(dbsession):
    heard_until(dbsession, "S1", 1)
    evaluate_hourly(dbsession, 4, 80)
    (alert,) = alerts(dbsession)
    assert (alert.severity, happened(alert)) == ("critical", ["opened", "escalated"])


@pytest.mark.parametrize("night", [dt.date(2026, 3, 29), dt.date(2026, 10, 25)])
def test_nights_on_which_clocks_change_are_not_silence(dbsession, night):
    start = dt.datetime.combine(night, dt.time(), dt.UTC) - 12 * HOUR
    heard_until(dbsession, "S1", 30, start)
    for quarter in range(120):
        evaluate(dbsession, start + quarter * HOUR / 4, [Kind.SILENCE])
    assert alerts(dbsession) == []


@pytest.mark.parametrize("end", ["retired", "lost", "removed"])
def test_who_is_no_longer_in_service_closes_its_alert(dbsession, end):
    installation = heard_until(dbsession, "S1", 1)
    evaluate_hourly(dbsession, 5, 6)
    if end == "removed":
        remove(dbsession, installation, at=START + 5 * HOUR)
    else:
        installation.device.state = end
    dbsession.flush()
    evaluate_hourly(dbsession, 6, 9)
    (alert,) = alerts(dbsession)
    assert (alert.state, happened(alert)) == ("closed", ["opened", "left"])


@pytest.mark.parametrize("subject", ["device", "point", "site"])
def test_a_maintenance_window_records_and_keeps_quiet(dbsession, subject, audience):
    installation = heard_until(dbsession, "S1", 1)
    subscribe(dbsession, rhythm=Rhythm.DAILY, least_severity=Severity.INFO, role=Role.OPERATOR)
    under = {
        "device": installation.device,
        "point": installation.point,
        "site": installation.point.building.site,
    }[subject]
    window = declare_maintenance(
        dbsession, under, start=START + 2 * HOUR, end=START + 90 * HOUR, reason="Travaux", actor=ACTOR
    )
    again = declare_maintenance(
        dbsession, under, start=START + 2 * HOUR, end=START + 90 * HOUR, reason="Travaux", actor=ACTOR
    )
    assert again is window, "a button pressed twice"
    for hour in range(3, 80):
        often(dbsession, Moment(START + hour * HOUR, START.date()))
    (alert,) = alerts(dbsession)
    assert (alert.state, alert.opened_at, happened(alert)) == ("held", None, ["held"])
    assert dbsession.scalars(select(Mail)).all() == []
    end_maintenance(dbsession, window, now=START + 80 * HOUR)
    often(dbsession, Moment(START + 80 * HOUR, START.date()))
    assert (alert.state, alert.opened_at, happened(alert)) == ("open", START + 80 * HOUR, ["held", "opened"])
    assert [mail.subject for mail in dbsession.scalars(select(Mail))] == ["1 alerte urgente"]
    assert audience
    with pytest.raises(Refusal, match="déjà finie"):
        end_maintenance(dbsession, window, now=START + 81 * HOUR)


def test_a_window_that_ends_before_it_begins_is_refused(dbsession):
    device = metered(dbsession, "S1").device
    for end in (START, START + 400 * DAY):
        with pytest.raises(Refusal):
            declare_maintenance(dbsession, device, start=START, end=end, reason="x", actor=ACTOR)


def test_the_same_moment_again_or_by_two_workers_at_once_doubles_nothing(database):
    with database.sessions().begin() as session:
        heard_until(session, "S1", 1)
    workers = database.sessions("worker")
    for _ in range(2):
        with workers.begin() as session:
            evaluate(session, START + 5 * HOUR, [Kind.SILENCE])
    with workers.begin() as session:
        assert len(alerts(session)) == 1
        assert len(session.scalars(select(AlertEvent)).all()) == 1
    with database.sessions().begin() as session:
        heard_until(session, "S2", 1)
    # The first has not committed when the second looks: the index makes one of them the one.
    with workers() as first, workers() as second:
        evaluate(first, START + 5 * HOUR, [Kind.SILENCE])
        first.commit()
        assert evaluate(second, START + 5 * HOUR, [Kind.SILENCE]) == []
        second.commit()
    with workers.begin() as session:
        assert [alert.facts["serial"] for alert in alerts(session)] == ["S1", "S2"]


def beat(session, age, started=dt.timedelta(days=2), client="ingest", heard=("spl/#",)):
    now = session.scalar(select(text("now()")))
    session.add(
        IngestHeartbeat(
            client_id=client, at=now - age, started_at=now - started, connected=True, last_commit_at=None, messages=1,
            readings=1, duplicates=0, conflicts=0, dead_letters=0, retained=0, buffered=0, subscriptions=list(heard),
        )
    )  # fmt: skip
    session.flush()


def test_when_the_collection_stands_still_that_is_the_alert_and_not_each_device(dbsession):
    for number in range(3):
        heard_until(dbsession, f"S{number}", 1)
    beat(dbsession, dt.timedelta(minutes=9))
    evaluate(dbsession, START + 5 * HOUR, (Kind.COLLECTION, Kind.SILENCE))
    assert alerts(dbsession) == []
    assert [alert.severity for alert in alerts(dbsession, Kind.COLLECTION)] == ["critical"]
    beat(dbsession, dt.timedelta(), started=dt.timedelta(minutes=1))
    evaluate(dbsession, START + 6 * HOUR, (Kind.COLLECTION, Kind.SILENCE))
    assert alerts(dbsession) == [], "just back: what queued is still arriving"
    beat(dbsession, dt.timedelta(), started=dt.timedelta(minutes=6))
    evaluate(dbsession, START + 7 * HOUR, (Kind.COLLECTION, Kind.SILENCE))
    assert len(alerts(dbsession)) == 3
    assert [alert.state for alert in alerts(dbsession, Kind.COLLECTION)] == ["closed"]


def test_one_process_of_several_that_stands_still_is_told(dbsession):
    minute = dt.timedelta(minutes=1)
    for client in ("ingest-1-of-2", "ingest-2-of-2"):
        beat(dbsession, 20 * minute, client=client)
    beat(dbsession, 0 * minute, client="ingest-2-of-2")
    evaluate(dbsession, START, (Kind.COLLECTION,))
    assert [alert.state for alert in alerts(dbsession, Kind.COLLECTION)] == ["open"]
    beat(dbsession, 0 * minute, client="ingest-1-of-2", heard=())
    for hours in (1, 2):
        evaluate(dbsession, START + hours * HOUR, (Kind.COLLECTION,))
    assert [alert.state for alert in alerts(dbsession, Kind.COLLECTION)] == ["closed"], "its session was ended for good"


def batteries(session, device, levels):
    for age, level in enumerate(reversed(levels)):
        day = START.date() - dt.timedelta(days=age)
        at = dt.datetime.combine(day, dt.time(6), dt.UTC)
        value = Decimal(str(level))
        session.add(Vital(device_id=device.id, quantity="battery", day=day, at=at, value=value, lowest=value))
    session.flush()


def test_a_battery_that_will_be_empty_within_a_quarter_is_told_with_its_date(dbsession):
    falling, steady, renewed = (metered(dbsession, serial).device for serial in ("F", "S", "R"))
    batteries(dbsession, falling, [60 - day for day in range(30)])
    batteries(dbsession, steady, [80] * 30)
    batteries(dbsession, renewed, [30 - day for day in range(20)] + [100] * 10)
    found = {one.facts["serial"]: one for one in checks.battery(dbsession, START)}
    assert found["F"].judgement.level.value == "bad"
    assert found["F"].facts == {"serial": "F", "level": 31, "empty_on": (START.date() + dt.timedelta(28)).isoformat()}
    assert {one: found[one].judgement.level.value for one in "SR"} == {"S": "good", "R": "good"}


def test_what_a_device_says_of_itself_is_kept_by_day_and_its_message_is_not_refused(dbsession):
    device = metered(dbsession, "S1").device
    first, second = message("S1", hourly(START, "80", "79"), "battery"), message("S1", hourly(START, "-130"), "rssi")
    for _ in range(2):
        assert arrive(dbsession, first, second).dead_letters == 0
    kept = dbsession.execute(select(Vital.quantity, Vital.value, Vital.lowest).order_by(Vital.quantity)).all()
    assert kept == [("battery", 79, 79), ("rssi", -130, -130)]
    assert arrive(dbsession, message("nobody", hourly(START, "3"), "battery")).dead_letters == 1
    (finding,) = checks.radio(dbsession, START + HOUR)
    assert (finding.device_id, finding.judgement.level.value) == (device.id, "bad")


def test_a_clock_is_found_out_by_what_arrives(dbsession):
    installation = metered(dbsession, "S1")
    metered(dbsession, "S2")
    dbsession.execute(text("SELECT devices.ensure_reading_partitions(:a, :a)"), {"a": START})
    for hour in range(5):
        for name, lag in ((installation.id, 3 * HOUR), (installation.id + 1, dt.timedelta(seconds=3))):
            at = START + hour * HOUR
            row = {"i": name, "ts": at, "at": at + lag}
            dbsession.execute(text("INSERT INTO devices.reading VALUES (:i, :ts, 1, :at)"), row)
    found = {one.facts["serial"]: one for one in checks.clock(dbsession, START + 8 * HOUR)}
    assert (found["S1"].judgement.level.value, found["S1"].facts["lag_minutes"]) == ("bad", 180)
    assert found["S2"].judgement.level.value == "good"


def letter(session, topic, reason="unknown_device", at=START):
    session.add(
        DeadLetter(
            topic=topic, payload=b"{}", digest=topic.encode(), reason=reason, sentence="", received_at=at, mid=1,
            retain=False, dup=False,
        )
    )  # fmt: skip
    session.flush()


def test_an_unknown_serial_is_told_with_its_site_where_a_known_one_carries_it(dbsession):
    site = metered(dbsession, "noeud-7").point.building.site
    for topic in ("spl/v1/inconnu/readings", "spBv1.0/spl/DDATA/noeud-7/compteur-neuf"):
        for _ in range(3):
            letter(dbsession, topic)
    letter(dbsession, "spl/v1/noeud-7/readings", "in_the_future")
    evaluate(dbsession, START + HOUR, [Kind.UNKNOWN_SERIAL, Kind.CLOCK])
    assert {alert.subject: alert.site_id for alert in alerts(dbsession, Kind.UNKNOWN_SERIAL)} == {
        "spl/v1/inconnu/readings": None,
        "spBv1.0/spl/DDATA/noeud-7/compteur-neuf": site.id,
    }
    assert [alert.facts["serial"] for alert in alerts(dbsession, Kind.CLOCK)] == ["noeud-7"]
    for days in (8, 10):
        evaluate(dbsession, START + days * DAY, [Kind.UNKNOWN_SERIAL])
    assert {alert.state for alert in alerts(dbsession, Kind.UNKNOWN_SERIAL)} == {"closed"}


def hours_without(session, point, reason, cause, day):
    session.add(
        DailyEnergy(point_id=point.id, day=day, kwh=Decimal(9), hours_measured=23, hours_expected=24, reason=reason)
    )
    at = dt.datetime.combine(day, dt.time(12), dt.UTC)
    session.add(HourlyEnergy(point_id=point.id, hour=at, kwh=None, reason=reason, cause=cause))
    session.flush()


def test_impossible_hours_and_gaps_that_stay_are_told_by_point(dbsession):
    odd, holed, late, bare = (metered(dbsession, serial).point for serial in ("A", "B", "C", "D"))
    hours_without(dbsession, odd, "suspicious", "backwards", START.date() - DAY)
    hours_without(dbsession, holed, "missing", None, START.date() - 5 * DAY)
    hours_without(dbsession, late, "missing", None, START.date() - DAY)
    hours_without(dbsession, bare, "missing", "no_device", START.date() - 5 * DAY)
    (finding,) = checks.implausible(dbsession, START)
    assert (finding.point_id, finding.facts["cause"]) == (odd.id, "backwards")
    (finding,) = checks.gap(dbsession, START)
    assert (finding.point_id, finding.facts["days"]) == (holed.id, 1)


def test_a_contradiction_is_told(dbsession):
    installation = metered(dbsession, "S1")
    dbsession.add(
        ReadingConflict(
            installation_id=installation.id, ts=START, stored_value=1, arrived_value=2, topic="t", received_at=START
        )
    )
    dbsession.flush()
    (finding,) = checks.conflict(dbsession, START + HOUR)
    assert (finding.device_id, finding.facts["conflicts"]) == (installation.device_id, 1)


def test_people_acknowledge_assign_and_annotate(dbsession):
    heard_until(dbsession, "S1", 1)
    evaluate_hourly(dbsession, 5, 6)
    (alert,) = alerts(dbsession)
    now = START + 6 * HOUR
    acknowledge(dbsession, alert, actor=ACTOR, now=now)
    with pytest.raises(Refusal, match="Claire a déjà"):
        acknowledge(dbsession, alert, actor=ACTOR, now=now)
    assign(dbsession, alert, CLAIRE, actor=ACTOR, now=now)
    note(dbsession, alert, "Pile changée", actor=ACTOR, now=now)
    dbsession.refresh(alert)
    assert (alert.acknowledged_by, alert.assignee) == ("Claire", "Claire")
    assert happened(alert) == ["opened", "acknowledged", "assigned", "note"]
    evaluate_hourly(dbsession, 70, 80)
    assert alert.acknowledged_by is None, "it got worse than what was seen"


def test_one_letter_a_person_a_day_with_what_opened_and_closed(dbsession, audience):
    installation = heard_until(dbsession, "S1", 1)
    town = register_shareholder(dbsession, name="Lorient", siren="200000016", street="", postcode="", city="L")
    other = register_shareholder(dbsession, name="Ailleurs", siren="200000024", street="", postcode="", city="A")
    hold(dbsession, installation.point.building, town, start=dt.date(2020, 1, 1))
    audience += [
        Person(2, "Maire", "maire@lorient.example", Role.SHAREHOLDER, town.id, FRENCH),
        Person(3, "Voisin", "maire@ailleurs.example", Role.SHAREHOLDER, other.id, FRENCH),
        Person(4, "Tom", "tom@spl.example", Role.TECHNICIAN, None, FRENCH),
        Person(5, "Léa", "lea@spl.example", Role.OPERATOR, None, FRENCH),
    ]
    for role in (Role.OPERATOR, Role.SHAREHOLDER):
        subscribe(dbsession, rhythm=Rhythm.DAILY, least_severity=Severity.WARNING, role=role)
    subscribe(dbsession, rhythm=Rhythm.NONE, least_severity=Severity.INFO, account_id=5)
    evaluate_hourly(dbsession, 5, 6)

    def look(at):
        digests(dbsession, Moment(at, at.date(), "https://energie.example"))
        return dbsession.scalars(select(Mail).order_by(Mail.id)).all()

    assert look(START + 6 * HOUR) == [], "nothing of yesterday"
    assert look(START + DAY + 4 * HOUR) == [], "05:00 in Paris"
    mails = look(START + DAY + 5 * HOUR)
    assert {mail.recipient for mail in mails} == {"claire@spl.example", "maire@lorient.example"}
    assert mails[0].subject == "Alertes : 1 ouvertes, 0 closes"
    assert "S1 se tait depuis le 02/03/2026 01:00" in mails[0].text
    assert f"https://energie.example/alerts/{alerts(dbsession)[0].id}" in mails[0].text
    for hours in (6, 7, 18):
        assert len(look(START + DAY + hours * HOUR)) == 2, "once a day"
    arrive(dbsession, message("S1", hourly(START + DAY, *range(40))))
    for hour in range(24, 40):
        evaluate(dbsession, START + hour * HOUR, [Kind.SILENCE])
    mails = look(START + 4 * DAY + 9 * HOUR)
    assert [mail.subject for mail in mails[2:]] == ["Alertes : 0 ouvertes, 1 closes"] * 2, "days nothing ran are told"


@pytest.mark.parametrize(("day", "hours"), [(dt.date(2026, 3, 29), 23), (dt.date(2026, 10, 25), 25)])
def test_a_digest_covers_the_local_day_whatever_its_length(dbsession, audience, day, hours):
    heard_until(dbsession, "S1", 1)
    evaluate_hourly(dbsession, 5, 6)
    (alert,) = alerts(dbsession)
    midnight = letters.local_midnight(day, letters.LOCAL)
    subscribe(dbsession, rhythm=Rhythm.DAILY, least_severity=Severity.INFO, role=Role.OPERATOR)
    minute = dt.timedelta(minutes=1)
    for at in (midnight - minute, midnight, midnight + hours * HOUR - minute, midnight + hours * HOUR):
        dbsession.add(AlertEvent(alert=alert, at=at, what="reopened", severity="warning"))
    dbsession.flush()
    seen = []
    real = letters._post_digest
    assert audience
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(letters, "_post_digest", lambda *a, **k: seen.append(a[2]) or real(*a, **k))
        digests(dbsession, Moment(midnight + hours * HOUR + 6 * HOUR, day))
    assert [event.at for event in seen[0]] == [midnight, midnight + hours * HOUR - minute]


def test_the_worst_is_written_at_once_and_once(dbsession, audience):
    heard_until(dbsession, "S1", 1)
    heard_until(dbsession, "S2", 1)
    subscribe(dbsession, rhythm=Rhythm.WEEKLY, least_severity=Severity.INFO, role=Role.OPERATOR)
    for hour in range(60, 90):
        often(dbsession, Moment(START + hour * HOUR, START.date(), "https://energie.example"))
    mails = dbsession.scalars(select(Mail)).all()
    assert [(mail.recipient, mail.subject) for mail in mails] == [(audience[0].email, "2 alertes urgentes")]


def test_who_receives_nothing_and_what_nobody_hears(dbsession, audience):
    installation = metered(dbsession, "S1")
    site = installation.point.building.site
    today = START.date()
    answer = nobody_hears(dbsession, audience, today)
    assert (answer.people, answer.sites, answer.kinds) == ([CLAIRE], [site], list(Kind))
    silence = subscribe(
        dbsession, rhythm=Rhythm.DAILY, least_severity=Severity.WARNING, role=Role.OPERATOR, kind=Kind.SILENCE
    )
    answer = nobody_hears(dbsession, audience, today)
    assert (answer.people, answer.sites) == ([], [])
    assert Kind.BATTERY in answer.kinds
    assert Kind.SILENCE not in answer.kinds
    unsubscribe(dbsession, silence)
    subscribe(dbsession, rhythm=Rhythm.DAILY, least_severity=Severity.WARNING, role=Role.OPERATOR)
    subscribe(dbsession, rhythm=Rhythm.NONE, least_severity=Severity.WARNING, role=Role.OPERATOR, site=site)
    answer = nobody_hears(dbsession, audience, today)
    assert (answer.people, answer.sites, answer.kinds) == ([], [site], [])
    again = subscribe(dbsession, rhythm=Rhythm.WEEKLY, least_severity=Severity.INFO, role=Role.OPERATOR, site=site)
    assert again.rhythm == "weekly"
    assert nobody_hears(dbsession, audience, today).sites == []


def test_a_municipality_sees_alerts_of_what_it_holds_when_it_held_it_and_nothing_else(database):
    with database.sessions().begin() as session:
        before, after, stranger = (
            register_shareholder(session, name=name, siren=siren, street="", postcode="", city=name)
            for name, siren in (("Avant", "200000016"), ("Après", "200000024"), ("Ailleurs", "200000032"))
        )
        installation = heard_until(session, "S1", 1)
        hold(session, installation.point.building, before, start=dt.date(2020, 1, 1), end=dt.date(2026, 3, 6))
        hold(session, installation.point.building, after, start=dt.date(2026, 3, 6))
        letter(session, "spl/v1/inconnu/readings")
        evaluate(session, START + 5 * HOUR, [Kind.SILENCE, Kind.UNKNOWN_SERIAL])
        (alert,) = alerts(session)
        note(session, alert, "Entre nous", actor=ACTOR, now=START + 6 * HOUR)
        installation.device.state = "retired"
        session.flush()
        evaluate(session, START + 7 * HOUR, [Kind.SILENCE])
        declare_maintenance(session, installation.point, start=START, end=START + HOUR, reason="Travaux", actor=ACTOR)
        people = {"before": before.id, "after": after.id, "stranger": stranger.id}

    def seen(shareholder_id, query):
        with database.sessions("web")() as session:
            bind_actor(session, Actor(Role.SHAREHOLDER, account_id=2, shareholder_id=shareholder_id))
            return session.scalars(text(query)).all()

    assert seen(people["before"], "SELECT kind FROM devices.alert") == ["silence"]
    assert seen(people["before"], "SELECT what FROM devices.alert_event ORDER BY id") == ["opened", "left"]
    for other in ("after", "stranger"):
        assert seen(people[other], "SELECT kind FROM devices.alert") == [], "it was over before the sale"
        assert seen(people[other], "SELECT what FROM devices.alert_event") == []
    with database.sessions("web")() as session:
        bind_actor(session, Actor(Role.SHAREHOLDER, account_id=2, shareholder_id=people["before"]))
        with pytest.raises(Exception, match="permission denied"):
            session.execute(text("SELECT * FROM devices.maintenance_window"))


def test_a_person_writes_their_own_preferences_only(database):
    with database.sessions().begin() as session:
        subscribe(session, rhythm=Rhythm.DAILY, least_severity=Severity.INFO, account_id=7)
    with database.sessions("web").begin() as session:
        bind_actor(session, Actor(Role.SHAREHOLDER, account_id=2, shareholder_id=1))
        assert subscribe(session, rhythm=Rhythm.NONE, least_severity=Severity.INFO, account_id=2).id
        with pytest.raises(Exception, match="row-level security"), session.begin_nested():
            subscribe(session, rhythm=Rhythm.NONE, least_severity=Severity.INFO, account_id=8)
    with database.sessions()() as session:
        assert session.execute(text("SELECT account_id, rhythm FROM devices.subscription ORDER BY 1")).all() == [
            (2, "none"),
            (7, "daily"),
        ]


def test_heartbeats_are_thinned_and_forgotten(dbsession):
    week = 8 * DAY
    for minute in range(5):
        beat(dbsession, week - dt.timedelta(minutes=minute), started=9 * DAY)
    beat(dbsession, 20 * DAY, started=21 * DAY)
    beat(dbsession, 500 * DAY, started=501 * DAY)
    beat(dbsession, dt.timedelta(), started=DAY)
    beat(dbsession, HOUR, started=DAY)
    forget(dbsession)
    ages = sorted(
        (dbsession.scalar(select(text("now()"))) - one).days for one in dbsession.scalars(select(IngestHeartbeat.at))
    )
    assert ages == [0, 0, 7, 20]


def test_windows_overlap_a_moment_only_inside_their_bounds(dbsession):
    installation = heard_until(dbsession, "S1", 1)
    window = declare_maintenance(
        dbsession, installation.device, start=START + 4 * HOUR, end=START + 5 * HOUR, reason="x", actor=ACTOR
    )
    assert window.period == Range(START + 4 * HOUR, START + 5 * HOUR)
    evaluate_hourly(dbsession, 5, 6)
    assert alerts(dbsession)[0].state == "open", "the end is not part of it"
