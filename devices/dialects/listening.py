"""Which dialects a collection listens to, under which prefixes, and whose a topic then is.

Written `all`, or names separated by blanks, each with a prefix where its topics are published below one:
`spl chirpstack zigbee2mqtt=ecoles/+`. A prefix may hold `+` (MQTT 5 § 4.7.1). A dialect whose devices are named by
people only (`Dialect.local_names`) has the prefix in its serials, since two sites may use one name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from devices.dialects.registry import DIALECTS, dialect_named, matches

if TYPE_CHECKING:
    from devices.dialects.measurement import Dialect

ALL: Final = "all"
REMEMBERED: Final = 50_000
"""Topics whose dialect is remembered; a flood of new ones must not fill the memory."""


class Ear(NamedTuple):
    """One dialect below one prefix: "" or levels that end in a slash."""

    dialect: Dialect
    prefix: str = ""

    @property
    def filters(self) -> tuple[str, ...]:
        """What to subscribe to."""
        return tuple(self.prefix + subscription for subscription in self.dialect.subscriptions)

    def prefix_in(self, topic: str) -> str:
        """Return the levels of `topic` that stand for our prefix."""
        if not self.prefix:
            return ""
        return "/".join(topic.split("/")[: self.prefix.count("/")]) + "/"

    def hears(self, topic: str) -> bool:
        """Say whether `topic` is caught by one of our filters and is one of the dialect's own."""
        return any(matches(one, topic) for one in self.filters) and self.dialect.uses(
            topic.removeprefix(self.prefix_in(topic))
        )


class Heard(NamedTuple):
    """Whose a topic is: the dialect, and the prefix that was in front of the dialect's own topic."""

    dialect: Dialect
    prefix: str = ""


class Listening:
    """What a collection listens to."""

    def __init__(self, ears: tuple[Ear, ...]) -> None:
        order = {dialect.name: place for place, dialect in enumerate(DIALECTS)}
        self.ears = tuple(sorted(ears, key=lambda ear: order[ear.dialect.name]))
        self._remembered: dict[str, Heard | None] = {}

    @classmethod
    def parse(cls, text: str) -> Listening:
        """Read `text`; a name nobody knows is `Unreadable`, a prefix that is none a ValueError."""
        if text.strip() == ALL:
            return cls(tuple(Ear(dialect) for dialect in DIALECTS))
        ears = tuple(_ear(word) for word in text.split())
        if not ears:
            raise ValueError(text)
        return cls(ears)

    @property
    def filters(self) -> tuple[str, ...]:
        """Every topic filter, once."""
        return tuple(dict.fromkeys(one for ear in self.ears for one in ear.filters))

    @property
    def names(self) -> tuple[str, ...]:
        """The dialects, once each."""
        return tuple(dict.fromkeys(ear.dialect.name for ear in self.ears))

    def whose(self, topic: str) -> Heard | None:
        """Return whose `topic` is; None where it is caught by a filter and still nobody's."""
        try:
            return self._remembered[topic]
        except KeyError:
            pass
        if len(self._remembered) >= REMEMBERED:
            self._remembered.clear()
        found = next((Heard(ear.dialect, ear.prefix_in(topic)) for ear in self.ears if ear.hears(topic)), None)
        self._remembered[topic] = found
        return found

    def only(self, *, with_memory: bool) -> Listening:
        """Return the part of the dialects that need to hear all their messages, or the others."""
        return Listening(tuple(ear for ear in self.ears if ear.dialect.has_memory is with_memory))


def _ear(word: str) -> Ear:
    name, given, written = word.partition("=")
    dialect = dialect_named(name)
    prefix = written.strip("/")
    if given and (not prefix or "#" in prefix or any("+" in level and level != "+" for level in prefix.split("/"))):
        raise ValueError(word)
    if prefix and dialect.has_memory:
        # Announcements name topics as the device sees them, and Sparkplug's first level is fixed.
        raise ValueError(word)
    return Ear(dialect, f"{prefix}/" if prefix else "")
