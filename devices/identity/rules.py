"""What an account of the broker is called, what it may do, and which names are refused.

One account a device, its client id equal to its user name and demanded by the broker: who signs in as one device can
neither publish for another nor take over its connection or its session (MQTT 5 § 3.1.4-3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from devices.dialects.listening import Listening
from devices.dialects.registry import DIALECTS, dialect_named
from devices.dialects.sparkplug import REBIRTHS
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "device-"
"""Before the serial: a sensor that calls itself `ingest` is still no ingest."""
PASSWORD_BYTES = 16
"""128 bits at random: as good as a key, so that guessing is not what has to be prevented."""
# "@" stands between application and tenant in topics of The Things Stack.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
ROOTS = frozenset(
    level
    for dialect in DIALECTS
    for level in (topics.partition("/")[0] for topics in dialect.subscriptions)
    if level not in {"", "+"}
)
"""First levels that belong to a dialect as a whole: where a device's name comes first, it may not be one of them."""


@dataclass(frozen=True, slots=True)
class Account:
    """A device's account as the broker should have it, or has it; `generation` tells one password from the next."""

    username: str
    generation: str
    topics: frozenset[str]
    client_id: str
    enabled: bool = True


def account_of(serial: str, dialect: str, name: str, generation: str) -> Account:
    """Return the account a device is to have."""
    username = username_of(serial)
    return Account(username, generation, topics_of(dialect, name), username)


def username_of(serial: str) -> str:
    """Return the user name, and client id, of the device `serial`."""
    return PREFIX + _safe(serial, "serial")


def topics_of(dialect: str, name: str) -> frozenset[str]:
    """Return the filters of the topics who is called `name` in `dialect` may publish on, and no others.

    The name fills the first place the dialect leaves open; what follows is its own: `spl/v1/NAME/#`,
    `application/NAME/#` for a network server, `teleinfo/NAME`.
    """
    name = _safe(name, "name")
    found = frozenset(_own(topics, name) for topics in dialect_named(dialect).subscriptions)
    if name in ROOTS and any(topics.startswith(f"{name}/") for topics in found):
        raise Refusal(
            "« {name} » ouvre les sujets d'un autre format ; donnez à l'appareil un nom qui ne soit qu'à lui.",
            field="name",
            name=name,
        )
    return found


def _own(topics: str, name: str) -> str:
    """Return the part of the filter `topics` that belongs to `name`."""
    levels = topics.split("/")
    place = next(n for n, level in enumerate(levels) if level in {"+", "#"})
    last = place == len(levels) - 1 and levels[place] == "+"
    return "/".join([*levels[:place], name, *([] if last else ["#"])])


def _safe(text: str, field: str) -> str:
    """Return `text` if it can stand in a topic and in a client id (GHSA-vcg2-pq78-9mhr: `#` and `+` went past ACLs)."""
    if NAME.fullmatch(text):
        return text
    raise Refusal(
        "« {text} » ne peut nommer un appareil au courtier : « # », « + » et « / » ouvriraient les sujets des"
        " autres ; servez-vous de lettres, de chiffres, de « . », « _ », « @ » ou « - », 64 signes au plus.",
        field=field,
        text=text[:64],
    )


class Right(NamedTuple):
    """A kind of access (the plugin's `acltype`) to the topics of a filter; what is not named is refused."""

    kind: str
    topics: str
    allowed: bool = True
    """What is said not to be goes before what is."""


Rights = list[Right]


def device_rights(topics: Iterable[str]) -> Rights:
    """Return what a device may do: publish on its own topics."""
    return [Right("publishClientSend", topic) for topic in sorted(topics)]


def publisher_rights() -> Rights:
    """Return what those who speak for many devices may do: a simulation, a demonstration."""
    return device_rights(Listening.parse("all").filters)


def ingest_rights() -> Rights:
    """Return what the collection may do: hear devices, alone or sharing, and ask the broker how it is.

    It hears every topic: below which prefix a site publishes is a setting, and devices announce topics of their own
    (Home Assistant). It says nothing but the command that asks a Sparkplug gateway for its births.
    """
    return [
        # `#` catches these too where the plugin compares filters (not where it delivers): answers to an administrator.
        *(Right("subscribePattern", topics, allowed=False) for topics in ("$CONTROL/#", "$share/+/$CONTROL/#")),
        *(Right("subscribePattern", topics) for topics in ("#", "$share/#", "$SYS/broker/#")),
        *(Right("publishClientReceive", topics) for topics in ("#", "$SYS/broker/#")),
        Right("publishClientSend", REBIRTHS),
        Right("unsubscribePattern", "#"),
        Right("unsubscribePattern", "$share/#"),
    ]


def administrator_rights() -> Rights:
    """Return what it takes to make and take away accounts, and nothing else."""
    commands = "$CONTROL/dynamic-security/#"
    return [Right(kind, commands) for kind in ("publishClientSend", "publishClientReceive", "subscribePattern")]


def acls(rights: Rights) -> list[dict[str, object]]:
    """Return `rights` as the plugin writes them."""
    return [
        {"acltype": kind, "topic": topics, "priority": 0 if allowed else 1, "allow": allowed}
        for kind, topics, allowed in rights
    ]
