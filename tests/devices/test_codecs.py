"""A codec is kept with its licence, explains its fields, and reads what devices of its model send."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from devices.codecs.book import CodecBook
from devices.codecs.meanings import kept, of_kept, read_lines, written
from devices.codecs.models import CodecUse
from devices.codecs.register import add_codec, attach, explain, source_of
from devices.codecs.runner import Runner
from devices.dialects.listening import Listening
from devices.dialects.making import Meaning
from devices.dialects.measurement import Said, Unreadable
from devices.dialects.quantities import Quantity
from devices.dialects.registry import understand
from devices.dialects.uplink import Undecoded
from devices.ingest.buffer import Buffer
from devices.ingest.hearing import Reader
from devices.ingest.message import Message
from devices.ingest.models import DeadLetter, Reading
from devices.ingest.replay import replay
from devices.ingest.writer import Writer
from devices.inventory.catalogue import register_model
from devices.inventory.models import DeviceModel
from devices.inventory.register import install, register_device
from foundation.actors import Actor, Role
from foundation.attachments.store import keep
from foundation.errors import Refusal
from foundation.history import Change
from foundation.tenancy import bind_actor
from tests.devices.ingest_process import until
from tests.devices.meters import SINCE, arrive, school_point

SOURCE = b"function decodeUplink(input) { return {data: {total: input.bytes[0] * 10, t: input.bytes[1] / 10}}; }"
MEANINGS = "total = energy_index Wh\n\nt=temperature ℃\n"
SERIAL = "70b3d5e75e000a01"
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
TOPIC = f"application/6f1c/device/{SERIAL}/event/up"
UPLINK = b'{"deviceInfo": {"devEui": "70b3d5e75e000a01"}, "time": "2026-03-01T11:58:20Z", "fPort": 3, "data": "qsg="}'


@pytest.fixture(scope="module")
def runner():
    with Runner() as runner:
        yield runner


def codec(session, **changes):
    facts = {"maker": "Usine", "name": "EM300", "version": "1.0", "licence": "MIT", "source": SOURCE}
    return add_codec(session, **(facts | {"meanings": MEANINGS} | changes))


def asked(session):
    """Return a book's way to ask `session`."""
    return lambda statement, values: session.connection().exec_driver_sql(statement, values).all()


def test_lines_say_what_fields_mean_and_are_written_as_they_were_read():
    meanings = read_lines(MEANINGS)
    assert meanings == {
        "total": Meaning(Quantity.ENERGY_INDEX, "Wh"),
        "t": Meaning(Quantity.TEMPERATURE, "℃"),
    }
    assert read_lines(written(meanings)) == meanings == of_kept(kept(meanings))
    assert read_lines("a.1.b = register") == {"a.1.b": Meaning(Quantity.REGISTER)}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("total", "Ligne 1 illisible"),
        ("a = register\na = register", "Ligne 2 illisible"),
        ("a = energie Wh", "« energie » n'existe pas"),
        ("a = energy_index m³", "on attend kWh"),
        ("a = temperature furlong", "on attend °C"),
        ("\n".join(f"a{n} = register" for n in range(200)), "100 champs"),
    ],
)
def test_lines_that_cannot_be_meant_are_refused_by_their_number(lines, said):
    with pytest.raises(Refusal, match=said) as refusal:
        read_lines(lines)
    assert refusal.value.field == "meanings"


def test_a_codec_is_kept_as_it_came_and_once_by_version(dbsession):
    kept_codec = codec(dbsession)
    assert source_of(kept_codec).text.encode() == SOURCE
    assert source_of(kept_codec).sha256 == kept_codec.source.sha256
    with pytest.raises(Refusal, match="autre numéro de version"):
        codec(dbsession)
    assert codec(dbsession, version="1.1").source_id == kept_codec.source_id, "the same bytes are kept once"
    with pytest.raises(Refusal, match="UTF-8"):
        codec(dbsession, version="2", source=b"\xff\xfe")
    with pytest.raises(Refusal, match="octets"):
        codec(dbsession, version="2", source=b" " * 300_000)


def test_a_model_has_one_codec_and_its_history(dbsession):
    model = register_model(dbsession, maker="Usine", name="EM300-TH")
    first, second = codec(dbsession), codec(dbsession, version="2")
    attach(dbsession, first, model)
    with pytest.raises(Refusal, match="lit déjà"):
        attach(dbsession, first, model)
    use = attach(dbsession, second, model)
    assert dbsession.query(CodecUse).count() == 1
    changes = dbsession.scalars(
        select(Change).where(Change.table_name == "devices.codec_use", Change.row_id == use.id).order_by(Change.id)
    )
    assert [change.after["codec_id"] for change in changes] == [first.id, second.id]


def test_bytes_become_what_the_codec_of_the_model_says(dbsession, runner):
    model = register_model(dbsession, maker="Usine", name="EM300-TH")
    register_device(dbsession, serial=SERIAL, model=model)
    attached = codec(dbsession)
    attach(dbsession, attached, model)
    book = CodecBook(asked(dbsession), runner)
    found = understand(Said(TOPIC, UPLINK, NOW), codec=book).understood.observations
    assert [(one.channel, one.value, one.unit, one.quantity.value) for one in found] == [
        ("total", Decimal("1.7"), "kWh", "energy_index"),
        ("t", Decimal(20), "°C", "temperature"),
    ]
    explain(dbsession, attached, "total = volume_index L")
    book.forget()
    found = understand(Said(TOPIC, UPLINK, NOW), codec=book).understood.observations
    assert [(one.channel, one.value, one.unit) for one in found] == [
        ("total", Decimal("1.7"), "m³"),
        ("t", 20, ""),
    ]


def test_without_a_codec_the_refusal_names_model_and_device(dbsession, runner):
    book = CodecBook(asked(dbsession), runner)
    uplink = Undecoded(SERIAL, b"\xaa", 3, NOW)
    assert book(uplink) is None, "nobody knows the device: the dialect says what the network server calls it"
    with pytest.raises(Unreadable, match=SERIAL) as refusal:
        understand(Said(TOPIC, UPLINK, NOW), codec=book)
    assert refusal.value.reason == "codec_missing"
    register_device(dbsession, serial=SERIAL, model=register_model(dbsession, maker="Usine", name="EM300-TH"))
    assert book(uplink) is None, "remembered until told"
    book.forget()
    with pytest.raises(Unreadable, match="Usine EM300-TH") as refusal:
        book(uplink)
    assert refusal.value.reason == "codec_missing"
    assert SERIAL in refusal.value.sentence


def test_the_collection_reads_sources_of_codecs_and_no_other_original(database):
    with database.sessions("owner").begin() as session:
        codec(session)
        keep(session, b"Lettre", name="lettre.pdf", media_type="application/pdf")
    with database.sessions("ingest")() as session:
        assert session.execute(text("SELECT name FROM foundation.attachment")).scalars().all() == ["EM300.js"]
        with pytest.raises(DatabaseError, match="permission denied"):
            session.execute(text("UPDATE devices.codec SET meanings = '{}'"))
    with database.sessions("web")() as session:
        bind_actor(session, Actor(Role.TECHNICIAN, account_id=1))
        assert session.execute(text("SELECT name FROM foundation.attachment")).scalars().all() == ["EM300.js"]
    with database.sessions("web")() as session:
        bind_actor(session, Actor(Role.SHAREHOLDER, account_id=1, shareholder_id=1))
        with pytest.raises(DatabaseError, match="permission denied"):
            session.execute(text("SELECT name FROM devices.codec"))


def test_what_was_set_aside_for_want_of_a_codec_is_read_once_it_is_attached(dbsession):
    model = register_model(dbsession, maker="Usine", name="EM300-TH")
    point = school_point(dbsession)
    installed = install(
        dbsession, register_device(dbsession, serial=SERIAL, model=model), point, at=SINCE, channel="total"
    )
    arrive(dbsession, Message(TOPIC, UPLINK, NOW, None))
    assert dbsession.scalars(select(DeadLetter.reason)).all() == ["codec_missing"]
    attach(dbsession, codec(dbsession, meanings="total = energy_index Wh"), model)
    replayed = replay(dbsession, NOW)
    assert (replayed.letters, replayed.counts.readings) == (1, 1)
    found = dbsession.execute(select(Reading.installation_id, Reading.value, Reading.ts)).all()
    assert found == [(installed.id, Decimal("1.7"), dt.datetime(2026, 3, 1, 11, 58, 20, tzinfo=dt.UTC))]


class Line:
    """What the writer asks of the broker's side."""

    connected, subscribed = True, ()

    def acknowledge(self, receipts):
        """Nobody waits for it."""


def test_the_collection_decodes_and_hears_of_a_codec_attached_meanwhile(database):
    with database.sessions("owner").begin() as session:
        model = register_model(session, maker="Usine", name="EM300-TH")
        device = register_device(session, serial=SERIAL, model=model)
        install(session, device, school_point(session), at=SINCE, channel="total")
    owner, buffer = psycopg.connect(database.owner, autocommit=True), Buffer()
    writer = Writer(database.ingest, "essai", buffer, Reader(Listening.parse("chirpstack")), Line())
    writer.start()
    try:
        buffer.put(Message(TOPIC, UPLINK, NOW, None))
        until(lambda: owner.execute("SELECT reason FROM devices.dead_letter").fetchall(), [("codec_missing",)])
        with database.sessions("owner").begin() as session:
            attach(session, codec(session, meanings="total = energy_index Wh"), session.get_one(DeviceModel, model.id))
        buffer.put(Message(TOPIC, UPLINK.replace(b"11:58:20", b"11:59:20"), NOW, None))
        until(lambda: owner.execute("SELECT value FROM devices.reading").fetchall(), [(Decimal("1.7"),)])
    finally:
        buffer.close()
        writer.join()
        owner.close()
    assert writer.failure is None
