"""The ingest process: a network thread, a writer, and a watch over both."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import logging
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

from devices.dialects import home_assistant
from devices.dialects.listening import Listening
from devices.ingest import heartbeat
from devices.ingest.address import BrokerAddress
from devices.ingest.announcements import recall
from devices.ingest.buffer import Buffer
from devices.ingest.connection import Connection
from devices.ingest.database import connect
from devices.ingest.hearing import Reader
from devices.ingest.limit import Limit
from devices.ingest.message import Counts
from devices.ingest.share import Share
from devices.ingest.subscriptions import Subscriptions
from devices.ingest.writer import MAX_BACKOFF, Writer, explain
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

T = TypeVar("T")

STALLED_AFTER = 900.0
"""Seconds a batch may wait for its commit: beyond, a fresh process is more likely to help than patience."""
DRAIN_WITHIN = 20.0
WATCH_EVERY = 0.5
QUIET = 3.0
"""Seconds without a message after which a session that is subscribed to nothing holds nothing either."""

log = logging.getLogger(__name__)


def run(database_url: str, mqtt_url: str, share: Share | None = None, listening: Listening | None = None) -> None:
    """Bring readings from the broker to the database until SIGTERM or SIGINT, then commit what has arrived and return.

    Without `listening` every dialect is listened to, without `share` one process takes it all.

    Raises:
        Refusal: a thread has ended or the last commit is too old; whoever supervises the process starts it again.

    """
    told_to_stop = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        told_to_stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)

    gc.freeze()  # what was imported stays: looking through it again and again was a third of what reading costs
    share = share or Share()
    listening = share.part_of(listening or Listening.parse("all"))
    house = _House(database_url, BrokerAddress.parse(mqtt_url), listening, told_to_stop)
    before = house.ask(heartbeat.subscribed) or {}
    for gone in share.members_gone(name for name, topics in before.items() if topics):
        log.info("%s is no more: taking what waits for it, ending its session", gone)
        house.work(gone, (), before[gone], for_good=True)
    house.work(share.client_id, share.filters(listening), before.get(share.client_id, ()))


class _House:
    """What a process works with under each name it takes: its own, after those of members that are no more."""

    def __init__(
        self, database_url: str, broker: BrokerAddress, listening: Listening, told_to_stop: threading.Event
    ) -> None:
        self._database_url = database_url
        self._broker = broker
        self._listening = listening
        self._told_to_stop = told_to_stop

    def ask(self, question: Callable[[psycopg.Connection[Any]], T]) -> T | None:
        """Return the database's answer, waiting for a database that is away; None where we were told to stop."""
        backoff = 0.1
        while not self._told_to_stop.is_set():
            try:
                with contextlib.closing(connect(self._database_url, lambda: None)) as connection:
                    return question(connection)
            except psycopg.OperationalError as error:
                log.warning("database: %s; trying again in %.1f s", str(error).strip(), backoff)
            except psycopg.Error as error:
                raise Refusal(explain(error)) from error
            self._told_to_stop.wait(backoff)
            backoff = min(MAX_BACKOFF, backoff * 2)
        return None

    def work(self, client_id: str, topics: Sequence[str], before: Sequence[str], *, for_good: bool = False) -> None:
        """Take what the broker has for `client_id` until told to stop or, `for_good`, until there is nothing left."""
        reader = Reader(self._listening, Limit())
        wanted = self.ask(lambda connection: self._prepare(connection, reader, client_id, topics, before))
        if wanted is None:
            return
        buffer = Buffer()
        connection = Connection(self._broker, client_id, wanted, buffer)
        connection.listen(sorted(reader.announced))
        writer = Writer(self._database_url, client_id, buffer, reader, connection)
        writer.start()
        connection.start()
        while not (self._told_to_stop.wait(WATCH_EVERY) or (for_good and _silent(connection, buffer))):
            _watch(connection, writer)
        log.info("told to stop: committing %s messages", len(buffer))
        _drain(connection, writer, buffer, for_good=for_good and _silent(connection, buffer))

    def _prepare(
        self,
        connection: psycopg.Connection[Any],
        reader: Reader,
        client_id: str,
        topics: Sequence[str],
        before: Sequence[str],
    ) -> Subscriptions:
        """Let `reader` learn what is kept; write down what the session may be subscribed to before it is."""
        teaching = frozenset(
            one for ear in self._listening.ears if ear.dialect is home_assistant.DIALECT for one in ear.filters
        )
        if topics and teaching:
            recall(connection, reader)
        wanted = Subscriptions(topics, [one for one in before if one not in reader.announced], teaching & set(topics))
        now = dt.datetime.now(dt.UTC)
        held = (*wanted.topics, *sorted(reader.announced), *wanted.no_more)
        beat = heartbeat.Beat(client_id, now, False, None, Counts(), 0, held)
        heartbeat.write(connection, beat)
        return wanted


def _silent(connection: Connection, buffer: Buffer) -> bool:
    """Say whether the broker holds nothing more for a session that is subscribed to nothing."""
    return connection.connected and not len(buffer) and time.monotonic() - connection.heard_at > QUIET


def _watch(connection: Connection, writer: Writer) -> None:
    """Raise where one of the threads has ended or a commit is overdue."""
    for thread in (connection, writer):
        if not thread.is_alive():
            raise Refusal(explain(thread.failure or RuntimeError(f"{thread.name} ended")))
    if writer.busy_since is not None and time.monotonic() - writer.busy_since > STALLED_AFTER:
        raise Refusal(
            "Aucun relevé n'a pu être enregistré depuis {minutes:.0f} minutes ; la collecte s'arrête pour "
            "repartir de neuf, rien n'est perdu : vérifiez que PostgreSQL répond.",
            minutes=STALLED_AFTER / 60,
        )


def _drain(connection: Connection, writer: Writer, buffer: Buffer, *, for_good: bool) -> None:
    """Commit and acknowledge what has arrived; what cannot be, the broker keeps for the next start."""
    connection.stop_accepting()
    buffer.close()
    writer.join(DRAIN_WITHIN)
    writer.give_up()
    connection.leave(for_good=for_good)
    connection.join(DRAIN_WITHIN)
