"""Visits as phones send them: each thing once, refused in sentences, tests that only a sensor passes."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import select, text

from devices.field.authorisations import Held, missing
from devices.field.codes import read_code
from devices.field.commissioning.register import look_at
from devices.field.commissioning.rules import Heard, examine, verdict
from devices.field.downloads import make_download, revoke, standing
from devices.field.labels import Label, print_labels
from devices.field.models import CommissioningTest, Download, Photo
from devices.field.photos import keep_photo, redrawn
from devices.field.report import make_report
from devices.field.submissions import Envelope, OtherContentError, PhotosMissingError, receive, set_aside, try_again
from devices.field.visits import add_task, authorise, cancel, plan_visit
from devices.ingest.models import Reading
from devices.inventory.models import Installation
from devices.inventory.register import remove
from foundation.actors import Actor, Role
from foundation.errors import Refusal
from foundation.mail.models import Mail
from foundation.tenancy import bind_actor
from tests.devices.field_house import (
    INSTALLED,
    NEW,
    NOW,
    OTHER,
    SIGNATURE,
    TODAY,
    key,
    open_field,
    picture,
    send,
    visit_for,
)

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def field(dbsession):
    return open_field(dbsession)


@pytest.fixture
def started(dbsession, field):
    """A visit of Tom's to install a sensor on the first point, begun."""
    visit, (task,) = visit_for(dbsession, field, {"kind": "install"})
    send(dbsession, field, "start", {"asbestos_seen": True}, visit=visit, at=NOW - HOUR)
    return visit, task


def installed(dbsession, field, visit, task, **more):
    return send(dbsession, field, "install", INSTALLED | more.pop("said", {}), visit=visit, task=task, **more)


# What is printed on sensors.


@pytest.mark.parametrize(
    ("scanned", "serial"),
    [
        ("LW:D0:70B3D54990000000:70B3D5499F000001:AABB1122", NEW),
        ("LW:D0:70B3D54990000000:70B3D5499F000001:AABB1122:C1234:OTOKEN:S42:PX", NEW),
        ("LW:D0:70B3D54990000000:70B3D5499F000001:AABB1122::", NEW),
        ("70-B3-D5-49-9F-00-00-01", NEW),
        (" 70B3D5499F000001 ", NEW),
        ("EM-0042", "EM-0042"),
    ],
)
def test_a_code_names_its_sensor(scanned, serial):
    assert read_code(scanned).serial == serial


@pytest.mark.parametrize(
    ("scanned", "why"),
    [
        ("LW:D0:70B3D54990000000:70B3D5499F000001", "incomplet"),
        ("LW:D0:70B3D5499000:70B3D5499F000001:AABB1122", "16 chiffres"),
        ("LW:D0:70B3D54990000000:70B3D5499F000001:AABB112233", "8 chiffres"),
        ("LW:D2:70B3D54990000000:70B3D5499F000001:AABB1122", "version D2"),
        ("LW:D0:70B3D54990000000:70B3D5499F000001:AABB1122:?", "illisible"),
        ("https://spl.example/EM-0042", "adresse web"),
        ("14500000000001", "PRM"),
        ("a/b", "numéro de série"),
    ],
)
def test_a_code_that_names_none_is_refused_with_its_reason(scanned, why):
    with pytest.raises(Refusal, match=why):
        read_code(scanned)


@given(st.text(max_size=120))
def test_any_text_names_a_sensor_or_is_refused(scanned):
    try:
        serial = read_code(scanned).serial
    except Refusal:
        return
    assert read_code(serial).serial == serial


# Who may begin.


def test_a_switchboard_is_for_who_is_authorised_that_day(dbsession, field):
    visit, (task,) = visit_for(dbsession, field, {"kind": "install", "place": "switchboard"})
    row = send(dbsession, field, "start", {"asbestos_seen": True}, visit=visit)
    assert row.state == "refused"
    assert "habilitation électrique" in row.filled["kinds"]
    assert installed(dbsession, field, visit, task).sentence == "Commencez la visite d'abord."
    tom = field.people["tom"].id
    authorise(dbsession, account_id=tom, kind="electrical", start=TODAY, end=TODAY + dt.timedelta(days=1), by="Claire")
    assert send(dbsession, field, "start", {"asbestos_seen": True}, visit=visit).state == "applied"
    assert installed(dbsession, field, visit, task).state == "applied"


def test_the_asbestos_file_is_seen_before(dbsession, field):
    visit, _tasks = visit_for(dbsession, field, {"kind": "install"})
    row = send(dbsession, field, "start", {}, visit=visit)
    assert (row.state, visit.state) == ("refused", "planned")


@given(st.sets(st.sampled_from(["switchboard", "gas_emitter", "height", "explosive", ""])), st.integers(0, 9))
def test_nothing_expired_lets_a_visit_begin(places, day):
    today = dt.date(2026, 1, 1) + dt.timedelta(days=day)
    held = [
        Held(kind, dt.date(2026, 1, 3), dt.date(2026, 1, 6)) for kind in ("electrical", "gas", "height", "explosive")
    ]
    lacking = missing(places, held, today)
    assert (lacking == []) == (2 <= day < 5 or places <= {""})


# Sent once.


def test_an_installation_goes_from_stock_through_the_van_to_the_building(dbsession, field, started):
    row = installed(dbsession, field, *started)
    device = field.devices["new"]
    assert row.state == "applied"
    assert [event.state for event in device.events] == ["stocked", "in_van", "installed"]
    installation = dbsession.scalars(select(Installation).where(Installation.device_id == device.id)).one()
    assert (installation.opening_index, installation.period.lower) == (Decimal("12345.6"), NOW)
    assert started[1].done


def test_the_same_sent_twice_is_done_once_and_answered_twice(dbsession, field, started):
    number = key()
    first = installed(dbsession, field, *started, number=number)
    again = installed(dbsession, field, *started, number=number)
    assert again.id == first.id
    assert dbsession.scalar(select(Installation.id).where(Installation.device_id == field.devices["new"].id))
    with pytest.raises(OtherContentError):
        installed(dbsession, field, *started, number=number, said={"dial": "1"})


def test_nothing_is_decided_before_its_photos_arrived(dbsession, field, started):
    with pytest.raises(PhotosMissingError):
        installed(dbsession, field, *started, photographed=False, said={"photos": ["0" * 64]})


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"serial": "nulle-part"}, "n'est pas enregistré"),
        ({"serial": "70b3d5499f000003"}, "hors service"),
        ({"serial": "70b3d5499f000004"}, "hors service"),
        ({"serial": "70b3d5499f000005"}, "autre collectivité"),
        ({"serial": "70b3d5499f000006"}, "sert déjà"),
        ({"identifier": "14500000000009"}, "pas le bon compteur"),
        ({"dial": ""}, "Écrivez l'index"),
        ({"dial": "12,5"}, "n'est pas un index"),
        ({"pulse_weight": "0"}, "plus grands que zéro"),
    ],
)
def test_what_is_wrong_is_refused_in_a_sentence_and_changes_nothing(dbsession, field, started, said, why):
    row = installed(dbsession, field, *started, said=said)
    assert row.state == "refused"
    assert why in Refusal(row.sentence, **row.filled).sentence
    assert not started[1].done
    assert dbsession.scalar(select(CommissioningTest.id)) is None
    assert installed(dbsession, field, *started, at=NOW + MINUTE).state == "applied"


def test_an_index_without_a_photo_of_its_dial_is_refused(dbsession, field, started):
    row = installed(dbsession, field, *started, photographed=False)
    assert "Photographiez le cadran" in row.sentence


def test_a_wrong_clock_of_the_phone_is_put_right(dbsession, field, started):
    ahead = NOW + dt.timedelta(days=3)
    row = installed(dbsession, field, *started, at=ahead - 20 * MINUTE, now=ahead)
    assert row.done_at == ahead - 20 * MINUTE
    envelope = Envelope(
        key=key(), kind="load", visit_id=None, task_id=None, done_at=ahead, based_on=NOW, app_version="", place=None,
        said={"serial": OTHER},
    )  # fmt: skip
    late = receive(dbsession, envelope, actor=field.actor(), sent_at=ahead + 30 * MINUTE, now=NOW)
    assert late.done_at == NOW - 30 * MINUTE


# Two technicians.


def test_two_technicians_on_one_point_are_a_conflict_somebody_decides(dbsession, field, started):
    theirs, (their_task,) = visit_for(dbsession, field, {"kind": "install"}, who="zoe")
    send(dbsession, field, "start", {"asbestos_seen": True}, visit=theirs, who="zoe", at=NOW - HOUR)
    first = installed(dbsession, field, *started, at=NOW)
    second = installed(
        dbsession, field, theirs, their_task, who="zoe", at=NOW + 5 * MINUTE, said={"serial": OTHER},
        based_on=NOW - HOUR,
    )  # fmt: skip
    assert (second.state, second.rival_id) == ("conflict", first.id)
    assert "Tom" in second.filled["name"]
    assert field.devices["other"].state == "stocked"
    assert try_again(dbsession, second, by="Claire", now=NOW + HOUR).state == "conflict"
    remove(dbsession, dbsession.get_one(Installation, first.outcome["installations"][0]), at=NOW + 2 * MINUTE)
    assert try_again(dbsession, second, by="Claire", now=NOW + HOUR).state == "applied"
    assert field.devices["other"].state == "installed"


def test_a_conflict_set_aside_stays_written_and_changes_nothing(dbsession, field, started):
    theirs, (their_task,) = visit_for(dbsession, field, {"kind": "install"}, who="zoe")
    send(dbsession, field, "start", {"asbestos_seen": True}, visit=theirs, who="zoe", at=NOW - HOUR)
    installed(dbsession, field, *started)
    second = installed(dbsession, field, theirs, their_task, who="zoe", at=NOW + MINUTE, based_on=NOW - HOUR)
    assert second.state == "conflict"
    set_aside(dbsession, second, by="Claire")
    assert (second.state, second.settled_by) == ("set_aside", "Claire")
    with pytest.raises(Refusal):
        set_aside(dbsession, second, by="Claire")


def test_a_visit_that_is_cancelled_or_anothers_takes_nothing(dbsession, field, started):
    visit, task = started
    assert "plus la vôtre" in installed(dbsession, field, visit, task, who="zoe").sentence
    cancel(dbsession, visit)
    assert "annulée" in installed(dbsession, field, visit, task).sentence


# Swap, meter, removal.


def swapped(dbsession, field, **said):
    visit, (task,) = visit_for(dbsession, field, {"kind": "swap", "point": field.second})
    send(dbsession, field, "start", {"asbestos_seen": True}, visit=visit, at=NOW - HOUR)
    told = {"old": "70B3D5499F000006", "old_dial": "500", "serial": NEW, "dial": "500.5", "gap_minutes": "20"} | said
    return visit, task, send(dbsession, field, "swap", told, visit=visit, task=task)


def test_a_swap_keeps_the_point_without_overlap_and_flags_its_gap(dbsession, field):
    visit, _task, row = swapped(dbsession, field)
    assert row.state == "applied", row.sentence
    rows = dbsession.scalars(
        select(Installation).where(Installation.point_id == field.second.id).order_by(Installation.id)
    ).all()
    old, new = rows
    assert (old.period.upper, new.period.lower) == (NOW - 20 * MINUTE, NOW)
    assert (old.closing_index, new.opening_index) == (Decimal(500), Decimal("500.5"))
    assert (row.outcome["gap_minutes"], Decimal(row.outcome["gap_estimated_kwh"])) == (20, Decimal("0.5"))
    assert (field.devices["placed"].state, field.devices["new"].state) == ("faulty", "installed")
    undone = send(
        dbsession, field, "undo", {"swap": row.key, "dial": "501"}, visit=visit, at=NOW + HOUR, photographed=True
    )
    assert undone.state == "applied", undone.sentence
    assert field.devices["placed"].state == "installed"
    assert [one.period.upper for one in dbsession.scalars(
        select(Installation).where(Installation.point_id == field.second.id).order_by(Installation.id)
    )] == [NOW - 20 * MINUTE, NOW + HOUR, None]  # fmt: skip


def test_a_swap_is_undone_within_a_day_only(dbsession, field):
    visit, _task, row = swapped(dbsession, field)
    late = send(dbsession, field, "undo", {"swap": row.key, "dial": "501"}, visit=visit, at=NOW + 25 * HOUR)
    assert "24 heures" in late.sentence


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"old": NEW}, "le même"),
        ({"old": OTHER}, "est posé 70b3d5499f000006"),
        ({"dial": "499"}, "plus petit"),
        ({"gap_minutes": "9999"}, "un jour au plus"),
    ],
)
def test_a_swap_that_cannot_be_is_refused_whole(dbsession, field, said, why):
    _visit, _task, row = swapped(dbsession, field, **said)
    assert why in Refusal(row.sentence, **row.filled).sentence
    assert field.devices["placed"].state == "installed"
    assert field.devices["new"].state == "stocked"


def test_a_dial_nobody_can_read_says_why(dbsession, field):
    _visit, _task, row = swapped(dbsession, field, old_dial="", old_dial_unreadable="écran éteint")
    assert row.state == "applied"
    assert row.outcome["gap_estimated_kwh"] is None


def test_another_meter_ends_one_register_and_begins_another(dbsession, field):
    visit, (task,) = visit_for(dbsession, field, {"kind": "meter", "point": field.second})
    send(dbsession, field, "start", {"asbestos_seen": True}, visit=visit, at=NOW - HOUR)
    told = {"serial": "70b3d5499f000006", "old_dial": "99000", "dial": "3", "meter_serial": "N2", "pulse_weight": "2"}
    row = send(dbsession, field, "meter", told, visit=visit, task=task)
    assert row.state == "applied", row.sentence
    old, new = dbsession.scalars(
        select(Installation).where(Installation.point_id == field.second.id).order_by(Installation.id)
    )
    assert (old.closing_index, new.opening_index, new.factor) == (Decimal(99000), Decimal(3), Decimal(2))
    assert old.device_id == new.device_id


@pytest.mark.parametrize("becomes", ["in_van", "stocked", "faulty", "retired"])
def test_what_is_taken_off_goes_where_it_is_said(dbsession, field, becomes):
    visit, (task,) = visit_for(dbsession, field, {"kind": "removal", "point": field.second})
    send(dbsession, field, "start", {"asbestos_seen": True}, visit=visit, at=NOW - HOUR)
    told = {"serial": "70b3d5499f000006", "dial": "700", "reason": "fin de contrat", "becomes": becomes}
    if becomes == "retired":
        refused = send(dbsession, field, "removal", told, visit=visit, task=task)
        assert "DEEE" in refused.sentence
    row = send(dbsession, field, "removal", told | {"waste": "bon 12"}, visit=visit, task=task)
    assert row.state == "applied", row.sentence
    assert field.devices["placed"].state == becomes


# The commissioning test.


def heard(*values, every=10, **more):
    """A sensor heard every `every` minutes from one minute after the installation on."""
    readings = [
        (NOW + MINUTE + number * every * MINUTE, Decimal(value), NOW + (2 + number * every) * MINUTE)
        for number, value in enumerate(values)
    ]
    now = more.pop("now", NOW + 30 * MINUTE)
    facts = {"began_at": NOW, "now": now, "every": 10 * MINUTE, "dial": Decimal(100), "margin": Decimal(12)} | more
    return Heard(readings=readings, **facts)


def result(one, name):
    return next(check.result for check in examine(one) if check.name == name)


def test_without_a_message_nothing_passes_and_after_a_day_it_fails():
    silent = heard()
    assert verdict(examine(silent)) == "pending"
    late = heard(now=NOW + dt.timedelta(hours=27))
    assert verdict(examine(late)) == "failed"


def test_two_messages_at_the_right_time_and_index_pass():
    assert verdict(examine(heard("100", "100.5"))) == "passed"
    assert verdict(examine(heard("100"))) == "pending"


@pytest.mark.parametrize(
    ("one", "name", "expected"),
    [
        (heard("150", "150.1", most_kw=Decimal(36)), "index", "bad"),
        (heard("90", "90.1"), "index", "bad"),
        (heard("100", "100.5", shows_dial=False), "index", "none"),
        (heard("100", "100.5", dial=None), "index", "reserve"),
        (heard("100", "100.5", margin=Decimal(5)), "radio", "reserve"),
        (heard("100", "100.5", margin=Decimal(1)), "radio", "bad"),
        (heard("100", "100.5", margin=None, rssi=Decimal(-115)), "radio", "reserve"),
        (heard("100", "100.5", battery_percent=Decimal(9)), "radio", "reserve"),
        (heard("100", "100.5", every=40), "period", "reserve"),
        (heard("100", "99"), "plausible", "bad"),
        (heard("100", "100"), "plausible", "reserve"),
        (heard("100", "180", most_kw=Decimal(36)), "plausible", "bad"),
        (heard(other_channels=["ENERGY.Total"]), "decoded", "bad"),
    ],
)
def test_each_check_says_what_is_wrong(one, name, expected):
    assert result(one, name) == expected


@pytest.mark.parametrize(("hours", "expected"), [(0, "good"), (1, "bad"), (2, "bad"), (-1, "bad")])
def test_a_clock_in_another_zone_is_told(hours, expected):
    at = NOW + MINUTE
    readings = [(at, Decimal(100), at + dt.timedelta(hours=hours, seconds=20))]
    one = Heard(began_at=NOW, now=NOW + 3 * HOUR, every=10 * MINUTE, readings=readings, dial=Decimal(100))
    assert result(one, "clock") == expected


@given(
    st.lists(st.decimals(0, 10**6, places=1), max_size=4),
    st.sampled_from([None, Decimal(2), Decimal(8), Decimal(20)]),
    st.integers(0, 60),
)
def test_no_test_passes_without_two_readings(values, margin, hours):
    one = heard(*values, margin=margin, now=NOW + hours * HOUR)
    state = verdict(examine(one))
    assert state not in {"passed", "reserve"} or len(values) >= 2


def test_a_test_completes_itself_when_the_readings_arrive(dbsession, field, started):
    row = installed(dbsession, field, *started)
    test = dbsession.scalars(select(CommissioningTest)).one()
    assert look_at(dbsession, test, now=NOW + MINUTE).state == "pending"
    assert field.devices["new"].state == "installed"
    dbsession.execute(text("SELECT devices.ensure_reading_partitions(:a, :b)"), {"a": NOW, "b": TODAY})
    number = row.outcome["installations"][0]
    for minute, value in ((1, "12345.6"), (11, "12345.9")):
        at = NOW + minute * MINUTE
        dbsession.add(Reading(installation_id=number, ts=at, value=Decimal(value), received_at=at))
    dbsession.flush()
    assert look_at(dbsession, test, now=NOW + 12 * MINUTE).state == "passed"
    assert field.devices["new"].state == "commissioned"


# Photos, report, labels.


def test_a_photo_is_kept_without_what_the_camera_hid_in_it():
    picture_ = Image.new("RGB", (3000, 2000), "red")
    exif = Image.Exif()
    exif[0x010E] = "secret"
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 36.0, 0.0)})
    written = io.BytesIO()
    picture_.save(written, "JPEG", exif=exif)
    kept, size = redrawn(written.getvalue() + b"<script>alert(1)</script>")
    assert size == (1600, 1067)
    assert b"script" not in kept
    assert len(Image.open(io.BytesIO(kept)).getexif()) == 0


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload='x'/>", b"%PDF-1.7", b"GIF89a", b"\xff\xd8\xff\xe0" + b"0" * 50]
)
def test_what_is_no_photo_is_refused(content):
    with pytest.raises(Refusal):
        redrawn(content)


def test_a_huge_photo_is_refused_before_it_is_decoded():
    written = io.BytesIO()
    Image.new("1", (9000, 9000)).save(written, "PNG")
    with pytest.raises(Refusal, match="trop de points"):
        redrawn(written.getvalue())


def test_a_photo_that_changed_on_its_way_is_refused_and_one_sent_twice_is_kept_once(dbsession):
    number, content = key(), picture()
    told = {"key": number, "kind": "dial", "account_id": 1, "taken_at": NOW, "latitude": None, "longitude": None}
    with pytest.raises(Refusal):
        keep_photo(dbsession, content, sha256="0" * 64, **told)
    digest = hashlib.sha256(content).hexdigest()
    first = keep_photo(dbsession, content, sha256=digest, **told)
    assert keep_photo(dbsession, content, sha256=digest, **told).id == first.id
    assert len(dbsession.scalars(select(Photo)).all()) == 1


def test_the_report_is_signed_printed_once_and_announced(dbsession, field, started):
    visit, task = started
    installed(dbsession, field, visit, task)
    with pytest.raises(Refusal):
        make_report(dbsession, visit.id, now=NOW)
    unsigned = send(dbsession, field, "close", {"keeper": "Anne"}, visit=visit, at=NOW + HOUR)
    assert "signer" in unsigned.sentence
    told = {"keeper": "Anne <b>Le Goff</b>", "keeper_email": "anne@kermelo.example", "signature": SIGNATURE}
    assert send(dbsession, field, "close", told, visit=visit, at=NOW + HOUR).state == "applied"
    document = make_report(dbsession, visit.id, now=NOW + HOUR, url="https://spl.example")
    assert make_report(dbsession, visit.id, now=NOW + 2 * HOUR).visit_id == document.visit_id
    pdf = PdfReader(io.BytesIO(document.attachment.content))
    words = " ".join(page.extract_text() for page in pdf.pages)
    assert "12345.6" in words
    assert NEW in words
    assert "Anne <b>Le Goff</b>" in words
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    letter = dbsession.scalars(select(Mail)).one()
    assert document.attachment.sha256 in letter.text


def test_what_is_not_done_is_explained_before_a_visit_ends(dbsession, field, started):
    visit, _task = started
    told = {"keeper": "Anne", "signature": SIGNATURE}
    assert "remarques" in send(dbsession, field, "close", told, visit=visit).sentence
    told["remarks"] = "Le tableau était fermé à clé."
    assert send(dbsession, field, "close", told, visit=visit).state == "applied"


def test_labels_stand_on_sheets_of_twenty_four():
    labels = [Label(f"EM-{number:04d}", "Usine Pulse") for number in range(30)]
    pdf = PdfReader(io.BytesIO(print_labels(labels, company="SPL", instant=NOW, skip=20)))
    assert len(pdf.pages) == 3
    assert "EM-0003" in pdf.pages[0].extract_text()
    assert "EM-0004" in pdf.pages[1].extract_text()
    for wrong in ([], labels * 9):
        with pytest.raises(Refusal):
            print_labels(wrong, company="SPL", instant=NOW)


# What a phone carries.


def downloaded(dbsession, field, who="tom", previous="", now=NOW):
    return make_download(
        dbsession,
        actor=field.actor(who),
        phone="Chrome",
        signed_in_at=now - HOUR,
        now=now,
        today=now.date(),
        previous=previous,
    )


def test_a_phone_carries_its_own_visits_and_what_they_need(dbsession, field, started):
    visit_for(dbsession, field, {"kind": "install"}, who="zoe")
    send(dbsession, field, "load", {"serial": OTHER}, at=NOW - HOUR)
    carried = downloaded(dbsession, field)
    assert [one["id"] for one in carried["visits"]] == [started[0].id]
    assert carried["visits"][0]["sheet"]["alarm"] == "1234 puis A"
    states = {row[0]: row[1] for row in carried["devices"]}
    assert (states[NEW], states["70b3d5499f000003"], states["70b3d5499f000004"]) == ("stocked", "lost", "retired")
    assert "€" not in str(carried)
    assert downloaded(dbsession, field, "zoe")["van"] == []


def test_what_a_phone_carries_expires_and_is_taken_back(dbsession, field):
    carried = downloaded(dbsession, field)
    token = carried["token"]
    assert standing(dbsession, token, now=NOW, forgotten=False) == "valid"
    assert standing(dbsession, token, now=NOW + dt.timedelta(days=3), forgotten=False) == "expired"
    assert standing(dbsession, "inconnu", now=NOW, forgotten=False) == "revoked"
    assert downloaded(dbsession, field, previous=token, now=NOW + HOUR)["token"] == token
    row = dbsession.scalars(select(Download)).one()
    revoke(dbsession, row, by="Claire", now=NOW + HOUR)
    assert standing(dbsession, token, now=NOW + HOUR, forgotten=True) == "revoked"
    dbsession.refresh(row)
    assert row.told_at == NOW + HOUR
    with pytest.raises(Refusal, match="reconnectez-vous"):
        downloaded(dbsession, field, now=NOW + HOUR + MINUTE)
    assert downloaded(dbsession, field, now=NOW + 3 * HOUR)["token"] != token


def test_a_closed_account_takes_its_phones_back(dbsession, field):
    token = downloaded(dbsession, field)["token"]
    field.people["tom"].active = False
    dbsession.flush()
    assert standing(dbsession, token, now=NOW, forgotten=False) == "revoked"


def test_visits_are_planned_for_who_can_go_and_for_what_can_be_done(dbsession, field):
    with pytest.raises(Refusal):
        plan_visit(dbsession, field.site, planned_on=TODAY, technician_id=999, by="C", today=TODAY)
    yesterday = TODAY - dt.timedelta(days=1)
    with pytest.raises(Refusal):
        plan_visit(
            dbsession, field.site, planned_on=yesterday, technician_id=field.people["tom"].id, by="C", today=TODAY
        )
    visit, _tasks = visit_for(dbsession, field)
    for point, kind in ((field.point, "swap"), (field.second, "install")):
        with pytest.raises(Refusal):
            add_task(dbsession, visit, point, kind=kind)


# Who sees what.


def test_a_technician_sees_only_their_own_visits(database):
    with database.sessions("owner").begin() as session:
        field = open_field(session)
        mine, _tasks = visit_for(session, field, {"kind": "install"})
        send(session, field, "start", {"asbestos_seen": True}, visit=mine, at=NOW - HOUR)
        downloaded(session, field)
        people = {who: account.id for who, account in field.people.items()}
        number = mine.id
    tables = ("visit", "visit_task", "site_sheet", "field_download", "submission", "field_photo")

    def seen(account, role=Role.TECHNICIAN, shareholder=None):
        with database.sessions("web")() as session:
            bind_actor(session, Actor(role, account, shareholder))
            return [session.scalar(text(f"SELECT count(*) FROM devices.{table}")) for table in tables]

    assert seen(people["tom"]) == [1, 1, 1, 1, 1, 1]
    assert seen(people["zoe"]) == [0, 0, 0, 0, 0, 0]
    assert seen(people["claire"], Role.OPERATOR) == [1, 1, 1, 1, 1, 1]
    with database.sessions("web").begin() as session:
        bind_actor(session, Actor(Role.TECHNICIAN, people["zoe"]))
        changed = session.execute(text("UPDATE devices.visit SET state = 'closed' WHERE id = :id"), {"id": number})
        assert changed.rowcount == 0
