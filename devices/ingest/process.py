"""The ingest process: a network thread, a writer, and a watch over both."""

from __future__ import annotations

import logging
import signal
import threading
import time
from typing import TYPE_CHECKING

from devices.dialects.registry import subscriptions
from devices.ingest.address import BrokerAddress
from devices.ingest.buffer import Buffer
from devices.ingest.connection import Connection
from devices.ingest.writer import Writer, explain
from foundation.errors import Refusal

if TYPE_CHECKING:
    from types import FrameType

CLIENT_ID = "fleet-ingest"
STALLED_AFTER = 900.0
"""Seconds a batch may wait for its commit: beyond, a fresh process is more likely to help than patience."""
DRAIN_WITHIN = 20.0
WATCH_EVERY = 0.5

log = logging.getLogger(__name__)


def run(database_url: str, mqtt_url: str, client_id: str = CLIENT_ID) -> None:
    """Bring readings from the broker to the database until SIGTERM or SIGINT, then commit what has arrived and return.

    Raises:
        Refusal: a thread has ended or the last commit is too old; whoever supervises the process starts it again.

    """
    told_to_stop = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        told_to_stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)

    buffer = Buffer()
    connection = Connection(BrokerAddress.parse(mqtt_url), client_id, subscriptions(), buffer)
    writer = Writer(database_url, client_id, buffer, connection.acknowledge, lambda: connection.connected)
    writer.start()
    connection.start()
    while not told_to_stop.wait(WATCH_EVERY):
        _watch(connection, writer)
    log.info("told to stop: committing %s messages", len(buffer))
    _drain(connection, writer, buffer)


def _watch(connection: Connection, writer: Writer) -> None:
    """Raise where one of the threads has ended or a commit is overdue."""
    for thread in (connection, writer):
        if not thread.is_alive():
            raise Refusal(explain(thread.failure or RuntimeError(f"{thread.name} ended")))
    if writer.busy_since is not None and time.monotonic() - writer.busy_since > STALLED_AFTER:
        raise Refusal(
            f"Aucun relevé n'a pu être enregistré depuis {STALLED_AFTER / 60:.0f} minutes ; la collecte s'arrête pour"
            " repartir de neuf, rien n'est perdu : vérifiez que PostgreSQL répond."
        )


def _drain(connection: Connection, writer: Writer, buffer: Buffer) -> None:
    """Commit and acknowledge what has arrived; what cannot be, the broker keeps for the next start."""
    connection.stop_accepting()
    buffer.close()
    writer.join(DRAIN_WITHIN)
    writer.give_up()
    connection.leave()
    connection.join(DRAIN_WITHIN)
