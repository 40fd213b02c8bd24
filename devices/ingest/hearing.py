"""What each message says, before anybody asks the database whose it is."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from devices.dialects import home_assistant, sparkplug, spl
from devices.dialects.listening import Heard
from devices.dialects.measurement import Measurement, Said, Stamp, Unreadable
from devices.dialects.naming import NAME
from devices.dialects.registry import measured_by_spl, read_by, with_codec

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from devices.dialects.listening import Listening
    from devices.dialects.measurement import Understood
    from devices.dialects.uplink import Codec
    from devices.ingest.limit import Limit
    from devices.ingest.message import Message

LOCAL_TIME: Final = re.compile(rb'"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?"')
"""An instant that does not say its offset: the site's time zone does."""
ASKED_AGAIN_AFTER: Final = 60
"""Seconds a gateway is given to be born again before it is asked once more."""
MAX_ANNOUNCED: Final = 10_000
"""Topics announcements may make us listen to."""

log = logging.getLogger(__name__)


class Read(NamedTuple):
    """A message and what it says: measurements, or a refusal, or nothing measured.

    `undated` are those only their reception dates (`Stamp.RECEIVED`). `heard` is None where no dialect knows the topic.
    """

    message: Message
    heard: Heard | None = None
    dated: Sequence[Measurement] = ()
    undated: Sequence[Measurement] = ()
    refusal: Unreadable | None = None
    teaches: bool = False

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """All of them."""
        return (*self.dated, *self.undated)

    @property
    def local(self) -> bool:
        """Whether it may say a local time, which another reading with the site's zone will place."""
        return (
            self.heard is not None
            and self.heard.dialect is not spl.DIALECT
            and not self.heard.dialect.has_memory
            and LOCAL_TIME.search(self.message.payload) is not None
        )


class Reader:
    """Reads messages by the dialect of their topic and remembers what some dialects need remembered.

    What a dialect learns is a value (`Understood.state`), kept here: Sparkplug's births for the life of the process,
    since they are sent without guarantee (QoS 0) and a gateway says them again when asked (`births_to_ask`);
    announcements of Home Assistant also in the database (`devices.ingest.announcements`), since the states that waited
    for us at the broker come before the announcements it retains.
    """

    def __init__(self, listening: Listening, limit: Limit | None = None) -> None:
        self.codec: Codec | None = None
        """Decodes the bytes of LoRaWAN devices that their network server passed on as they came."""
        self._listening = listening
        self._limit = limit
        self._memory: dict[str, Any] = {}
        self._announced: frozenset[str] = frozenset()
        self._asked: dict[str, dt.datetime] = {}
        self._rebirths: set[str] = set()

    def births_to_ask(self) -> frozenset[str]:
        """Return the command topics of the gateways to be asked to be born again, each once."""
        asked = frozenset(self._rebirths)
        self._rebirths.clear()
        return asked

    @property
    def announced(self) -> frozenset[str]:
        """The topics to listen to because of announcements."""
        return self._announced

    def whose(self, topic: str) -> Heard | None:
        """Return whose `topic` is: a dialect's own, or else an announced one."""
        heard = self._listening.whose(topic)
        if heard is None and topic in self._announced:
            return Heard(home_assistant.DIALECT)
        return heard

    def read(self, message: Message, heard: Heard | None = None, zone: dt.tzinfo | None = None) -> Read:
        """Return what `message` says, by the dialect of its topic unless `heard` says which.

        A retained message says nothing new: it is the copy of one delivered before, and only teaches.
        """
        if message.copy:
            return Read(message)
        heard = heard or self.whose(message.topic)
        teaches = heard is not None and heard.dialect.teaches(message.topic)
        if heard is None or (message.retain and not teaches):
            return Read(message, heard)
        try:
            if self._limit is not None and zone is None:  # read again with a zone, it is the same message
                self._limit.spend(message)
            dated, undated = self._measurements(message, heard, zone)
        except Unreadable as refusal:
            return Read(message, heard, refusal=refusal)
        except Exception as error:  # a decoder that stumbles must not stop the messages behind, now and at each start
            log.exception("message on %s", message.topic)
            stumbled = Unreadable(
                "decoder_failed",
                f"Notre lecteur de ce format a échoué sur ce message ({type(error).__name__}) ; signalez-le,"
                " puis rejouez les messages en attente.",
            )
            return Read(message, heard, refusal=stumbled)
        if message.retain:
            dated, undated = [], []
        return Read(message, heard, dated, undated, teaches=teaches)

    def _measurements(
        self, message: Message, heard: Heard, zone: dt.tzinfo | None
    ) -> tuple[Sequence[Measurement], Sequence[Measurement]]:
        dialect = heard.dialect
        topic = message.topic.removeprefix(heard.prefix)
        said = Said(topic, message.payload, message.received_at, zone, self._memory.get(dialect.name))
        if dialect is spl.DIALECT:
            return measured_by_spl(said), ()
        try:
            understood = with_codec(self.codec, read_by, dialect, said)
        except Unreadable as refusal:
            if refusal.reason == "birth_missing":
                self._ask_for_birth(said)
            raise
        if dialect.has_memory:
            self._remember(dialect.name, understood, said)
        place = heard.prefix.replace("/", ".") if dialect.local_names else ""
        dated: list[Measurement] = []
        undated: list[Measurement] = []
        for one in understood.observations:
            measured = one.measurement
            if place:
                measured = measured._replace(serial=_placed(place, one.serial))
            (undated if one.stamp is Stamp.RECEIVED else dated).append(measured)
        return dated, undated

    def _remember(self, name: str, understood: Understood, said: Said) -> None:
        self._memory[name] = understood.state
        if name == home_assistant.DIALECT.name and isinstance(understood.state, home_assistant.Announced):
            self._announced = frozenset(topic for topic in understood.state.topics if self._may_be_announced(topic))
        if any(event.kind == "sequence_gap" for event in understood.events):
            self._ask_for_birth(said)

    def _may_be_announced(self, topic: str) -> bool:
        """Say whether we listen to `topic` because a device says so: no pattern, no topic of another dialect."""
        own = len(self._announced) < MAX_ANNOUNCED and not topic.startswith("$") and not set("+#\0") & set(topic)
        return own and self._listening.whose(topic) is None

    def _ask_for_birth(self, said: Said) -> None:
        """Trust nothing of a gateway any more, and have it asked to be born again."""
        self._memory[sparkplug.DIALECT.name] = sparkplug.without(said.state, said.topic)
        command = sparkplug.command_topic(said.topic)
        last = self._asked.get(command)
        if last is None or (said.received_at - last).total_seconds() >= ASKED_AGAIN_AFTER:
            self._asked[command] = said.received_at
            self._rebirths.add(command)


def _placed(place: str, serial: str) -> str:
    """Return the serial of a device whose name means something at its place only."""
    placed = place + serial
    if not NAME.fullmatch(placed):
        raise Unreadable(
            "bad_serial",
            f"« {placed[:80]} » ne peut pas être un numéro de série ; raccourcissez le nom de l'appareil ou le préfixe"
            " de ses sujets (64 signes au plus, lettres, chiffres, « . », « _ » et « - »).",
        )
    return placed
