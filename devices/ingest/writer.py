"""From the buffer to the commit, then to the acknowledgement, in this order and in one thread (truth 10).

While the database takes a batch, a second thread reads the messages of the next one: decoding costs as much as storing.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import psycopg

from devices.codecs.book import CodecBook
from devices.codecs.runner import shared_runner
from devices.dialects.sparkplug import rebirth
from devices.ingest import heartbeat
from devices.ingest.database import connect
from devices.ingest.inventory import Inventory
from devices.ingest.message import Counts
from devices.ingest.sorting import Refused, Sorted, sort
from devices.ingest.store import month_of, store
from devices.ingest.unserved import Unserved
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from devices.ingest.buffer import Buffer
    from devices.ingest.connection import Connection
    from devices.ingest.hearing import Read, Reader

BATCH = 2_000
"""Messages a commit takes at most; fewer wait as soon as the commit before returns."""
HEARTBEAT_EVERY = 60.0
MAX_BACKOFF = 5.0

T = TypeVar("T")


log = logging.getLogger(__name__)


class Taken(NamedTuple):
    """A batch that was read, and what reading it asks for once it is committed."""

    reads: list[Read]
    announced: frozenset[str] = frozenset()
    """Topics it has announced."""
    rebirths: frozenset[str] = frozenset()


class Writer(threading.Thread):
    """Commits what is in `buffer`; ends when the buffer is closed and empty, or with `failure` set."""

    def __init__(
        self,
        database_url: str,
        client_id: str,
        buffer: Buffer,
        reader: Reader,
        line: Connection,
    ) -> None:
        super().__init__(name="writer", daemon=True)
        self.failure: Exception | None = None
        self.counts = Counts()
        self.last_commit_at: dt.datetime | None = None
        self._started_at = dt.datetime.now(dt.UTC)
        self._url = database_url
        self._client_id = client_id
        self._buffer = buffer
        self._reader = reader
        self._line = line
        self._connection: psycopg.Connection[Any] | None = None
        self._database = threading.RLock()
        """Held for a transaction: codecs are looked up while messages are read, on the same connection."""
        self._taken_at: list[float] = []
        self._inventory = Inventory()
        self._codecs = CodecBook(self._look_up, shared_runner())
        reader.codec = self._codecs
        self._codecs_are_old = False
        self._unserved = Unserved()
        self._partitions: set[dt.date] = set()
        self._give_up = threading.Event()
        self._next_heartbeat = 0.0

    @property
    def busy_since(self) -> float | None:
        """Since when (monotonic) a batch waits for its commit; None while there is none."""
        return min(self._taken_at, default=None)

    def give_up(self) -> None:
        """Stop waiting for a database that does not come back; what is not committed is not acknowledged."""
        self._give_up.set()

    def run(self) -> None:
        """Run until everything is committed."""
        try:
            with ThreadPoolExecutor(1, "reader") as aside:
                following = aside.submit(self._take)
                try:
                    while (taken := following.result()) is not None:
                        following = aside.submit(self._take)
                        self._finish(taken)
                except BaseException:
                    self.give_up()  # who reads does not wait either
                    raise
            self._insist(self._beat)
        except Exception as error:  # noqa: BLE001 - whatever ends this thread must end the process, with its reason
            self.failure = error
        finally:
            if self._connection is not None:
                self._connection.close()

    def _take(self) -> Taken | None:
        """Return the next messages, read, or none of them where none came for a second; None where that was all.

        Here, in the second thread, and nowhere else codecs are forgotten: what is looked up stays until then.
        """
        if self._buffer.exhausted or self._give_up.is_set():
            return None
        batch = self._buffer.take(BATCH, timeout=1.0)
        if not batch:
            return Taken([])
        self._taken_at.append(time.monotonic())
        if len(self._codecs):
            self._insist(self._hear)
        if self._codecs_are_old:
            self._codecs_are_old = False
            self._codecs.forget()
        known = self._reader.announced
        reads = [self._reader.read(message) for message in batch]
        return Taken(reads, self._reader.announced - known, self._reader.births_to_ask())

    def _finish(self, taken: Taken) -> None:
        """Commit what was taken, then do what it asks for, then what is due."""
        if taken.reads:
            self._commit(taken.reads)
            self._answer(taken)
            self._taken_at.pop(0)
        if time.monotonic() >= self._next_heartbeat:
            self._insist(self._beat)

    def _insist(self, work: Callable[[], T]) -> T | None:
        """Do `work` until it is done, None where we gave up; while the database is away, wait and try again.

        What waiting does not change raises: a value it cannot take, a right or a table that is missing.
        """
        backoff = 0.1
        while not self._give_up.is_set():
            with self._database:
                try:
                    return work()
                except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError, psycopg.NotSupportedError):
                    raise
                except psycopg.Error as error:
                    log.warning("database: %s; trying again in %.1f s", str(error).strip(), backoff)
                    self._disconnect()
            self._give_up.wait(backoff)
            backoff = min(MAX_BACKOFF, backoff * 2)
        return None

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._forget()
            self._partitions.clear()
            self._connection = connect(self._url, self._forget)
        return self._connection

    def _forget(self) -> None:
        self._inventory.forget()
        self._codecs_are_old = True

    def _hear(self) -> bool:
        """Hear the news there are: a codec attached while nobody spoke reads the very next message."""
        self._connected().execute("")
        return True

    def _look_up(self, statement: str, values: dict[str, Any]) -> list[Any]:
        found = self._insist(lambda: self._connected().execute(statement.encode(), values).fetchall())
        return found or []  # given up: what was read so far is not acknowledged

    def _answer(self, taken: Taken) -> None:
        """Listen to what was announced, and ask for the births that are missing."""
        if taken.announced:
            self._line.listen(sorted(taken.announced))
            self._insist(self._beat)  # which writes down what the session is subscribed to
        for command in taken.rebirths:
            self._line.say(command, rebirth(dt.datetime.now(dt.UTC)))

    def _commit(self, batch: list[Read]) -> None:
        """Commit `batch`, then acknowledge it; a message the database cannot take is found by halving.

        Each part is acknowledged once, after its own commit: a packet identifier acknowledged twice could by then
        be another message's.
        """
        parts = [batch]
        while parts:
            part = parts.pop()
            try:
                counts = self._insist(partial(self._store, part))
            except (psycopg.DataError, psycopg.IntegrityError) as error:
                if len(part) > 1:
                    half = len(part) // 2
                    parts += [part[half:], part[:half]]
                    continue
                counts = self._insist(partial(self._bury, part[0], error))
            if counts is None:
                return
            self.last_commit_at = dt.datetime.now(dt.UTC)
            counts.messages = len(part)
            self.counts.add(counts)
            self._line.acknowledge([read.message.receipt for read in part if read.message.receipt is not None])

    def _store(self, batch: list[Read]) -> Counts:
        connection = self._connected()
        # BEGIN is a round trip of its own: news of the inventory committed before it is heard before sorting.
        with connection.transaction():
            result = sort(connection, self._inventory, self._reader, batch)
            counts = store(connection, result, self._partitions, self._client_id)
        self._partitions |= {month_of(row.ts) for row in result.rows}
        self._unserved.add(result.ignored)
        return counts

    def _bury(self, read: Read, error: psycopg.Error) -> Counts:
        """Keep a message the database refuses as a dead letter, so that it does not hold up the others."""
        log.error("message on %s refused by the database: %s", read.message.topic, error)
        sentence = (
            f"La base de données refuse ce message ({error.diag.message_primary or type(error).__name__}) ;"
            " signalez-le, puis rejouez les messages en attente."
        )
        connection = self._connected()
        with connection.transaction():
            return store(connection, Sorted(refused=[Refused(read, "refused_by_database", sentence)]), set())

    def _beat(self) -> None:
        beat = heartbeat.Beat(
            self._client_id,
            self._started_at,
            self._line.connected,
            self.last_commit_at,
            self.counts,
            len(self._buffer),
            self._line.subscribed,
        )
        connection = self._connected()
        with connection.transaction():
            heartbeat.write(connection, beat)
            self._unserved.write(connection)
        self._unserved.clear()
        self._next_heartbeat = time.monotonic() + HEARTBEAT_EVERY


def explain(error: Exception) -> str:
    """Return the sentence to say when `error` has ended a thread of ingest."""
    if isinstance(error, Refusal):
        return error.sentence
    if isinstance(error, psycopg.ProgrammingError):
        return (
            f"La base de données refuse à la collecte une table ou un droit ({str(error).strip()}) ;"
            " lancez « fleet db upgrade » et vérifiez le rôle de l'adresse de la base."
        )
    return f"La collecte s'est arrêtée sur une erreur du programme ({type(error).__name__}: {error}) ; signalez-la."
