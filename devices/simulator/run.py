"""Let simulated sensors speak: into the ledger first, then to the broker, at the rate asked for."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from typing import TYPE_CHECKING

from devices.ingest.publish import Publisher
from devices.simulator.ledger import read_entries
from devices.simulator.sensors import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from devices.simulator.ledger import Ledger
    from devices.simulator.sensors import Fleet

GROUP = 500
"""Messages that share a write to disk at most."""
TICK = 0.05


def speak(
    fleet: Fleet,
    url: str,
    ledger: Ledger,
    *,
    count: int | None = None,
    rate: float | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Counter[str]:
    """Publish `count` messages (without it, until `stopped`), `rate` a second (without it, as many as go through).

    Returns how many were published by fault, "" for those without; all are acknowledged by the broker.

    Raises:
        Refusal: the broker does not answer, refuses us, or stops acknowledging; the ledger says how far we got.

    """
    source = itertools.islice(messages(fleet), count)
    faults: Counter[str] = Counter()
    start = time.monotonic()
    with Publisher(url, unheard_is_refused=False) as publisher:
        while not stopped():
            due = _due(rate, start, ledger.published)
            group = list(itertools.islice(source, due))
            if due and not group:
                break
            if group:
                ledger.write(group)
            for said in group:
                publisher.publish(said.topic, said.payload)
                faults[said.fault] += 1
            ledger.acknowledge(publisher.count())
            if rate:
                time.sleep(TICK)
        publisher.wait(at_most=0)
        ledger.acknowledge(publisher.count())
    return faults


def say_again(url: str, path: Path, numbers: Collection[int]) -> int:
    """Publish messages of the ledger at `path` again, as a sensor does that is asked for a gap; return how many."""
    with Publisher(url, unheard_is_refused=False) as publisher:
        for entry in read_entries(path):
            if entry.n in numbers:
                publisher.publish(entry.topic, entry.payload)
        publisher.wait(at_most=0)
        return publisher.count()


def _due(rate: float | None, start: float, published: int) -> int:
    """Return how many messages to publish now."""
    if rate is None:
        return GROUP
    return min(GROUP, max(0, int((time.monotonic() - start) * rate) + 1 - published))
