"""What a session is subscribed to, and which copy counts where two filters catch one topic.

A broker may deliver a message once for each filter that catches it (MQTT 5 § 3.3.4), and Mosquitto does. A message with
a time of its own meets its key; one without would be two readings. So filters that overlap carry an identifier
(§ 3.8.2.1.2), which comes back with each copy: the copy of the first of them counts, the others are acknowledged.
"""

from __future__ import annotations

import itertools
import zlib
from typing import TYPE_CHECKING, Final

from devices.dialects.registry import matches

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

LARGEST: Final = 268_435_455
"""Of a subscription identifier (§ 3.8.2.1.2)."""
REMEMBERED: Final = 50_000
SHARED: Final = "$share/"


class Subscriptions:
    """Topic filters in the order in which they count.

    The order outlives a change of settings: filters of `before` come first, in their order, so that of a message which
    waited at the broker meanwhile the same copy counts as when it was published. `no_more` are those of `before` that
    are not wanted any longer; `retained` those whose retained messages are wanted.
    """

    def __init__(self, wanted: Sequence[str], before: Sequence[str] = (), retained: Iterable[str] = ()) -> None:
        kept = [one for one in before if one in set(wanted)]
        self.topics: Sequence[str] = [*kept, *(one for one in wanted if one not in set(kept))]
        self.no_more: Sequence[str] = [one for one in before if one not in set(wanted)]
        self.retained = frozenset(retained)
        self._identifiers: dict[str, int] = {}
        for one, other in itertools.permutations(self.topics, 2):
            if _overlap(_own(one), _own(other)):
                self._identifiers[one] = _identifier(one)
        self._first: dict[str, int] = {}

    def identifier(self, topics: str) -> int:
        """Return the identifier of a filter, 0 for one that overlaps with no other."""
        return self._identifiers.get(topics, 0)

    def is_copy(self, topic: str, identifiers: Collection[int]) -> bool:
        """Say whether a message under `topic` that comes with `identifiers` also comes by a filter that counts more."""
        if not identifiers or not self._identifiers:
            return False
        if topic not in self._first:
            if len(self._first) >= REMEMBERED:
                self._first.clear()
            self._first[topic] = next((self.identifier(one) for one in self.topics if matches(_own(one), topic)), 0)
        first = self._first[topic]
        ours = any(one in identifiers for one in self._identifiers.values())  # of filters gone, the copy may be alone
        return first > 0 and first not in identifiers and ours

    def catch(self, topic: str) -> bool:
        """Say whether all messages under `topic` come to this session: a shared filter brings it some of them."""
        return any(matches(one, topic) for one in self.topics if not one.startswith(SHARED))


def _own(topics: str) -> str:
    """Return a filter without the group it is shared in."""
    return topics.split("/", 2)[2] if topics.startswith(SHARED) else topics


def _identifier(topics: str) -> int:
    """Return a number that is always the same for a filter: messages that waited carry it from then."""
    return zlib.crc32(topics.encode()) % LARGEST + 1


def _overlap(one: str, other: str) -> bool:
    """Say whether some topic is caught by both filters."""
    for level, beside in itertools.zip_longest(one.split("/"), other.split("/")):
        if "#" in {level, beside}:
            return True
        if level is None or beside is None or ("+" not in {level, beside} and level != beside):
            return False
    return True
