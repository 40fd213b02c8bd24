"""A file of Enedis from the bytes that were dropped to what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from devices.sources.enedis.registry import read, recognise
from devices.sources.envelope.unwrap import unwrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devices.sources.envelope.keys import Ring
    from devices.sources.reading import Record


class Flow(NamedTuple):
    """One flow inside a file: `records` are read once, before the next flow is asked for."""

    name: str
    flow: str
    key: str
    """Name of the key that opened the file; "" where none was needed."""
    records: Iterator[Record]


def flows(name: str, content: bytes, ring: Ring = (), *, segments: Mapping[str, str] | None = None) -> Iterator[Flow]:
    """Yield the flows inside a file, in its order; none for a companion of a transfer (`_svc.xml`).

    `segments` gives C1 to C5 of points the caller knows (R63 says nothing of it).

    Raises:
        Unreadable: the file or a flow in it is not what Enedis writes; it may come after some records were yielded.

    """
    for content_name, pieces, key in unwrap(name, content, ring):
        recognised = recognise(content_name, pieces)
        yield Flow(content_name, recognised.flow, key, read(recognised, segments=segments))
