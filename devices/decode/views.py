"""The page that reads a pasted message as the collection would, and says why where it would not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from devices.codecs.book import CodecBook
from devices.codecs.meanings import of_kept
from devices.codecs.models import Codec
from devices.codecs.pasted import WAYS, bytes_of
from devices.codecs.register import source_of
from devices.codecs.runner import shared_runner
from devices.decode.answer import decimals
from devices.decode.place import Placed, devices_of, placed, zone_of
from devices.dialects.measurement import Event, Quality, Said, Stamp, Unreadable
from devices.dialects.quantities import WORDS
from devices.dialects.registry import DIALECTS, MAX_PAYLOAD, recognised_name, understand
from devices.dialects.uplink import Decoded
from foundation.forms import EntryForm, choice_field, pasted_field, submit, text_field
from foundation.messages import N_
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.config import Configurator
    from pyramid.request import Request

    from devices.dialects.uplink import Codec as Decoder
    from devices.dialects.uplink import Undecoded

STAMPS = {
    Stamp.DEVICE: N_("l'appareil"),
    Stamp.NETWORK: N_("le réseau"),
    Stamp.RECEIVED: N_("la réception"),
}
"""Who said the time."""
QUALITIES = {Quality.GOOD: (N_("bonne"), "good"), Quality.DOUBTFUL: (N_("douteuse"), "warn")}


class MessageForm(EntryForm):
    """A message as it was published."""

    topic = text_field(N_("Sujet MQTT"), help_text=N_("Celui sous lequel l'appareil publie."))
    payload = pasted_field(N_("Message"), 2 * MAX_PAYLOAD, rows=10)
    way = choice_field(N_("Écrit en"), required=False)
    dialect = choice_field(N_("Format"), required=False)
    codec_id = choice_field(
        N_("Codec"), required=False, help_text=N_("Pour des octets LoRaWAN que le serveur réseau n'a pas décodés.")
    )


class Answer(NamedTuple):
    """What a message would be read as, or why it would not."""

    dialect: str | None
    readings: Sequence[Placed] = ()
    events: Sequence[Event] = ()
    refusal: Unreadable | None = None


def decode(request: Request) -> dict[str, Any]:
    """Read a message as the collection would."""
    _ = request.language.translate
    form = MessageForm(request.POST)
    form.way.choices = {way: _(word) for way, word in WAYS.items()}
    form.dialect.choices = {"": _(N_("reconnu au sujet, puis au contenu")), **{one.name: one.name for one in DIALECTS}}
    codecs = request.dbsession.scalars(select(Codec).order_by(Codec.maker, Codec.name, Codec.id)).all()
    form.codec_id.choices = {"": _(N_("celui du modèle du capteur")), **{str(one.id): one.title for one in codecs}}

    def act() -> Answer:
        payload = bytes_of(form.payload.data, form.way.data or "text", "payload")
        chosen = next((one for one in codecs if str(one.id) == form.codec_id.data), None)
        said = Said(form.topic.data, payload, request.now)
        return read(request, said, form.dialect.data or None, _decoder(request, chosen))

    answer = submit(request, form, act) if request.method == "POST" else None
    return {
        "form": form,
        "answer": answer,
        "words": WORDS,
        "stamps": STAMPS,
        "qualities": QUALITIES,
        "decimals": decimals,
        "serials": sorted({one.observation.serial for one in answer.readings}) if answer else [],
    }


def read(request: Request, said: Said, name: str | None, decoder: Decoder) -> Answer:
    """Return what `said` would be read as; a local time is placed in the zone of the site of its device."""
    try:
        recognised = understand(said, name=name, codec=decoder)
        devices = devices_of(request.dbsession, sorted({one.serial for one in recognised.understood.observations}))
        zone = zone_of(devices)
        if zone is not None:
            recognised = understand(said._replace(zone=zone), name=name, codec=decoder)
    except Unreadable as refusal:
        return Answer(recognised_name(said, name), refusal=refusal)
    understood = recognised.understood
    return Answer(recognised.dialect, placed(understood.observations, devices), understood.events)


def _decoder(request: Request, chosen: Codec | None) -> Decoder:
    """Return what decodes bytes: the codec that was chosen, or else the one of the model of the device."""
    runner = shared_runner()
    if chosen is not None:
        source, meanings = source_of(chosen), of_kept(chosen.meanings)

        def by_choice(uplink: Undecoded) -> Decoded:
            return Decoded(runner.run(source, uplink).data, meanings)

        return by_choice
    connection = request.dbsession.connection()
    return CodecBook(lambda statement, values: connection.exec_driver_sql(statement, values).all(), runner)


def includeme(config: Configurator) -> None:
    """Register the page; a technician stands before the sensor that says it."""
    config.add_route("decode", "/decode")
    config.add_view(
        decode,
        route_name="decode",
        renderer="devices.decode:templates/decode.jinja2",
        permission=Permission.INSTALL_DEVICES,
        request_method=("GET", "POST"),
    )
