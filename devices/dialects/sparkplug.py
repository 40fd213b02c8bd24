"""Sparkplug B 3.0 (Eclipse): births that name metrics, data that may name them by number only.

Topics `spBv1.0/{group}/{NBIRTH,NDATA,NDEATH,DBIRTH,DDATA,DDEATH,NCMD,DCMD}/{node}[/{device}]`, `spBv1.0/STATE/{host}`.
Serial: group, node and device, joined by dots. Channels: the names of metrics. Unit: the property `engUnit` of the
birth, or the end of the name. An alias means something since the birth only: births are passed in and returned as
`Births`. Sequence numbers of a node count 0 to 255 (tck-id-payloads-sequence-num-incrementing); after a gap a birth may
have been missed, and aliases are refused until the next one. `is_historical` values keep their own times.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from devices.dialects.instants import stamped
from devices.dialects.making import Maker, Meaning
from devices.dialects.measurement import Dialect, Event, Observation, Quality, Said, Understood, Unreadable
from devices.dialects.naming import serial_of
from devices.dialects.protobuf_wire import field
from devices.dialects.quantities import Quantity, quantity_of, unit_in
from devices.dialects.sparkplug_payload import Metric, payload_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

TOPIC = re.compile(
    r"spBv1\.0/(?P<group>[^/]+)/(?P<kind>[ND](?:BIRTH|DATA|DEATH|CMD))/(?P<node>[^/]+)(?:/(?P<device>[^/]+))?"
)
STATE: Final = "spBv1.0/STATE/"
SEQUENCE: Final = 256
BAD: Final = 0
"""Property Quality of a metric: 0 BAD, 192 GOOD, 500 STALE."""
GOOD: Final = 192
REBIRTHS: Final = "spBv1.0/+/NCMD/+"
"""Where nodes take commands."""
BOOLEAN: Final = 11
"""Data type of a metric that is true or false."""


class Defined(NamedTuple):
    """What a birth says of a metric."""

    name: str
    datatype: int
    unit: str


class Node(NamedTuple):
    """What is known of an edge node: its last sequence number and the aliases of its births, unique in the node."""

    sequence: int
    aliases: Mapping[int, Defined]
    by_name: Mapping[tuple[str, str], Defined]


class Births(NamedTuple):
    """What nodes have said at birth, by group and node."""

    nodes: Mapping[tuple[str, str], Node] = MappingProxyType({})


def understand(said: Said) -> Understood:
    """Return the metrics of a message; births also teach, deaths make forget."""
    known = said.state if isinstance(said.state, Births) else Births()
    topic = TOPIC.fullmatch(said.topic)
    if topic is None:
        if not said.topic.startswith(STATE):
            payload_of(said.payload)
            raise Unreadable(
                "unknown_topic",
                "Sparkplug B dit de qui il parle par son sujet, spBv1.0/{groupe}/{type}/{nœud}[/{appareil}] ; publiez"
                " sous ce sujet.",
            )
        told = Event("", "host", said.received_at, f"Une application hôte parle (« {said.topic[:80]} »).")
        return Understood(events=(told,), state=known)
    device = topic["device"] or ""
    serial = serial_of(".".join(part for part in (topic["group"], topic["node"], device) if part), "le sujet")
    key, kind = (topic["group"], topic["node"]), topic["kind"][1:]
    if kind == "CMD":
        told = Event(serial, "command", said.received_at, "Une commande a été envoyée à l'appareil.")
        return Understood(events=(told,), state=known)
    payload = payload_of(said.payload)
    if topic["kind"] == "NDEATH":
        told = Event(serial, "death", said.received_at, "La passerelle s'est tue ; ses appareils sont muets.")
        return Understood(events=(told,), state=Births({k: node for k, node in known.nodes.items() if k != key}))
    if payload.sequence is None:
        # tck-id-payloads-sequence-num-always-included: in every message but NDEATH.
        raise Unreadable(
            "no_sequence",
            f"Le message de {serial} n'a pas de numéro d'ordre (« seq ») : il est incomplet ; mettez la passerelle à"
            " jour.",
        )
    node, events = _follow(known.nodes.get(key), topic["kind"], payload.sequence, serial, said)
    maker = Maker(serial, *stamped(payload.timestamp, said))
    if kind == "BIRTH":
        node = _learn(node, device, payload.metrics)
        events.append(maker.event("birth", f"L'appareil annonce {len(payload.metrics)} grandeurs."))
    elif kind == "DEATH":
        events.append(maker.event("death", "L'appareil s'est tu."))
    found = [one for metric in payload.metrics for one in _observe(maker, metric, node, device, said)]
    if not found and not events:
        events.append(maker.event("no_measurement", "Ce message ne porte aucun nombre."))
    return Understood(tuple(found), tuple(events), Births({**known.nodes, key: node}))


def _follow(node: Node | None, kind: str, sequence: int, serial: str, said: Said) -> tuple[Node, list[Event]]:
    """Return the node after `sequence`: without its aliases where a message is missing, since it may be a birth."""
    if kind == "NBIRTH" or node is None:
        return Node(sequence, {}, {}), []
    if sequence == (node.sequence + 1) % SEQUENCE:
        return node._replace(sequence=sequence), []
    sentence = (
        f"Il manque des messages de la passerelle (numéro {sequence} après {node.sequence}) ; demandez-lui de renaître"
        " (« Node Control/Rebirth »)."
    )
    return Node(sequence, {}, {}), [Event(serial, "sequence_gap", said.received_at, sentence)]


def _learn(node: Node, device: str, metrics: tuple[Metric, ...]) -> Node:
    defined = {metric: _defined(metric) for metric in metrics if metric.name}
    aliases = {metric.alias: one for metric, one in defined.items() if metric.alias is not None}
    names = {(device, one.name): one for one in defined.values()}
    return node._replace(aliases={**node.aliases, **aliases}, by_name={**node.by_name, **names})


def _defined(metric: Metric) -> Defined:
    unit = str(metric.properties.get("engUnit", "")) or unit_in(metric.name)
    return Defined(metric.name, metric.datatype or 0, unit)


def _observe(maker: Maker, metric: Metric, node: Node, device: str, said: Said) -> list[Observation]:
    if metric.name:
        defined = node.by_name.get((device, metric.name)) or _defined(metric)
    elif metric.alias is not None and metric.alias in node.aliases:
        defined = node.aliases[metric.alias]
    else:
        raise Unreadable(
            "birth_missing",
            f"La grandeur n° {metric.alias} de {maker.serial} n'a de nom que depuis une naissance (BIRTH) que nous"
            " n'avons pas entendue ; demandez à la passerelle de renaître (« Node Control/Rebirth »), puis rejouez.",
        )
    number = metric.number(defined.datatype)
    if number is None or defined.name == "bdSeq" or defined.name.startswith(("Node Control/", "Device Control/")):
        return []
    if metric.timestamp is not None:
        time, stamp = stamped(metric.timestamp, said)
        maker = maker._replace(time=time, stamp=stamp)
    if metric.properties.get("Quality", GOOD) != GOOD:
        maker = maker._replace(quality=Quality.DOUBTFUL)
    meaning = Meaning(quantity_of(defined.unit), defined.unit) if defined.unit else Meaning(Quantity.REGISTER)
    return maker.of((defined.name,), number, meaning)


def without(known: Any, topic: str) -> Births:
    """Return what is known without the node `topic` is of: nothing it said at birth is trusted any more."""
    found = TOPIC.fullmatch(topic)
    nodes = known.nodes if isinstance(known, Births) else {}
    return Births({key: node for key, node in nodes.items() if found and key != (found["group"], found["node"])})


def command_topic(topic: str) -> str:
    """Return where the node `topic` is of takes its commands."""
    _, group, _, node, *_ = topic.split("/")
    return f"spBv1.0/{group}/NCMD/{node}"


def rebirth(now: dt.datetime) -> bytes:
    """Return the command that asks a node for its births (§ 6.4.21.3.1: metric "Node Control/Rebirth", true)."""
    stamp = int(now.timestamp() * 1000)
    metric = field(1, b"Node Control/Rebirth") + field(3, stamp) + field(4, BOOLEAN) + field(14, 1)
    return field(1, stamp) + field(2, metric)


def uses(topic: str) -> bool:
    """Say whether a topic is Sparkplug B's."""
    return TOPIC.fullmatch(topic) is not None or topic.startswith(STATE)


def looks_like(value: Any) -> bool:
    """Say whether a JSON value is the written representation of a payload, which nobody should publish."""
    return isinstance(value, dict) and {"metrics", "seq"} <= value.keys()


DIALECT: Final = Dialect(
    "sparkplug", ("spBv1.0/+/+/+", "spBv1.0/+/+/+/+"), uses, understand, looks_like, has_memory=True
)
