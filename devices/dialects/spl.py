"""The SPL's own compact JSON, described by spl.schema.json.

Topic `spl/v1/{serial}/readings`, payload
`{"readings": [{"time": "2009-01-01T23:00:00Z", "channel": "index", "value": 23.3}, …]}`.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any, Final

from devices.dialects.instants import AHEAD, EARLIEST
from devices.dialects.measurement import Dialect, Measurement, Observation, Said, Stamp, Understood, Unreadable
from devices.dialects.naming import NAME
from devices.dialects.quantities import Quantity
from devices.dialects.strict_json import loads

SUBSCRIPTION: Final = "spl/v1/+/readings"
MAX_READINGS: Final = 1000

# RFC 3339 § 5.6, an offset always, no finer than PostgreSQL keeps.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
KEYS = {"time", "channel", "value"}


def topic_of(serial: str) -> str:
    """Return the topic a device publishes on."""
    return f"spl/v1/{serial}/readings"


def decode(topic: str, payload: bytes, received_at: dt.datetime) -> list[Measurement]:
    """Return the readings of a message, in its order; `Unreadable` with the first thing that is wrong."""
    serial = topic.split("/")[2]
    if not NAME.fullmatch(serial):
        raise Unreadable(
            "bad_serial",
            f"« {serial[:64]} » ne peut pas être un numéro de série ; publiez sous {topic_of('{numéro de série}')},"
            " avec des lettres, des chiffres, « . », « _ » ou « - », 64 signes au plus.",
        )
    message = loads(payload)
    readings = message.get("readings") if isinstance(message, dict) and len(message) == 1 else None
    if not isinstance(readings, list) or not 1 <= len(readings) <= MAX_READINGS:
        raise Unreadable(
            "wrong_shape",
            f"Le message doit être un objet avec la seule clé « readings », une liste de 1 à {MAX_READINGS} relevés.",
        )
    latest = received_at + AHEAD
    return [_reading(serial, number, item, latest) for number, item in enumerate(readings, 1)]


def _reading(serial: str, number: int, item: Any, latest: dt.datetime) -> Measurement:
    """Return one reading; `number` counts from 1 and names it in the refusal."""
    if not isinstance(item, dict) or item.keys() != KEYS:
        raise Unreadable(
            "wrong_shape", f"Le relevé n° {number} doit avoir exactement les clés « time », « channel » et « value »."
        )
    channel, value = item["channel"], item["value"]
    if not isinstance(channel, str) or not NAME.fullmatch(channel):
        raise Unreadable(
            "wrong_shape",
            f"La voie du relevé n° {number} doit être un nom court (lettres, chiffres, « . », « _ », « - »).",
        )
    if not isinstance(value, Decimal):
        raise Unreadable(
            "not_a_number",
            f"La valeur du relevé n° {number} n'est pas un nombre JSON ; écrivez-la sans guillemets et avec un point,"
            " par exemple 23.3.",
        )
    return Measurement(serial, channel, _time(number, item["time"], latest), value)


def _time(number: int, text: Any, latest: dt.datetime) -> dt.datetime:
    """Return the instant `text` writes, in UTC, if it is between 1990 and `latest`."""
    if not isinstance(text, str) or not TIME.fullmatch(text):
        raise Unreadable(
            "bad_time",
            f"L'heure du relevé n° {number} doit être écrite avec son fuseau, comme 2009-01-01T23:00:00Z"
            " ou 2009-01-02T00:00:00+01:00.",
        )
    try:
        time = dt.datetime.fromisoformat(text)
        if time.tzinfo is not dt.UTC:
            time = time.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise Unreadable(
            "bad_time", f"L'heure du relevé n° {number}, « {text} », n'existe pas ; réglez l'horloge du capteur."
        ) from None
    if time > latest:
        raise Unreadable(
            "in_the_future",
            f"Le relevé n° {number} est daté du {time:%d/%m/%Y %H:%M} UTC, dans le futur ;"
            " réglez l'horloge du capteur, puis publiez-le de nouveau.",
        )
    if time < EARLIEST:
        raise Unreadable(
            "too_old",
            f"Le relevé n° {number} est daté du {time:%d/%m/%Y}, avant 1990 ; réglez l'horloge du capteur.",
        )
    return time


def understand(said: Said) -> Understood:
    """Return the readings with what is known of them: a register's number, whose unit the installation says."""
    if not uses(said.topic):
        raise Unreadable(
            "unknown_topic",
            f"Le format de la SPL dit l'appareil par son sujet ; publiez sous {topic_of('{numéro de série}')}.",
        )
    return Understood(
        tuple(
            Observation(*reading, quantity=Quantity.REGISTER, unit="", stamp=Stamp.DEVICE)
            for reading in decode(said.topic, said.payload, said.received_at)
        )
    )


def uses(topic: str) -> bool:
    """Say whether a topic is one of the SPL's own."""
    return topic.startswith("spl/v1/") and topic.endswith("/readings") and topic.count("/") == SUBSCRIPTION.count("/")


DIALECT: Final = Dialect("spl", (SUBSCRIPTION,), uses, understand)
