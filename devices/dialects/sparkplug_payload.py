"""The payload of Sparkplug B, from its bytes (Sparkplug 3.0, § 6.4: sparkplug_b.proto).

Field numbers are those of the specification; of its data types, the numbers are read and the rest is left out.
"""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Any, Final, NamedTuple

from devices.dialects.measurement import Unreadable
from devices.dialects.protobuf_wire import fields_of

SIGNED: Final = {1: 8, 2: 16, 3: 32, 4: 64}
"""Data types Int8 to Int64 and their bits: they travel as unsigned numbers, in two's complement."""
INTEGERS: Final = {*SIGNED, 5, 6, 7, 8}
LONGEST: Final = 15
"""Significant digits of a double that are its own."""


class Metric(NamedTuple):
    """One metric: named, numbered by its alias, or both; `values` by field number of its oneof."""

    name: str
    alias: int | None
    timestamp: Decimal | None
    datatype: int | None
    is_null: bool
    values: tuple[tuple[int, int | bytes], ...]
    property_items: tuple[tuple[str, Any], ...]

    @property
    def properties(self) -> dict[str, Any]:
        """Its properties that are a number or a text."""
        return dict(self.property_items)

    def number(self, datatype: int) -> Decimal | None:
        """Return its value as `datatype` says (its own where it has one); None for null and for what is no number."""
        if self.is_null:
            return None
        datatype = self.datatype or datatype
        for field, value in self.values:
            if field in {10, 11} and isinstance(value, int) and datatype in INTEGERS:
                return Decimal(_signed(value, SIGNED.get(datatype)))
            if field == 12 and isinstance(value, bytes) and len(value) == 4:
                return _written(struct.unpack("<f", value)[0], 6)
            if field == 13 and isinstance(value, bytes) and len(value) == 8:
                return _written(struct.unpack("<d", value)[0], LONGEST)
        return None


class Payload(NamedTuple):
    """A message: when, which metrics, and its place in the sequence of the node."""

    timestamp: Decimal | None
    metrics: tuple[Metric, ...]
    sequence: int | None


def payload_of(message: bytes) -> Payload:
    """Return what the bytes of a message say."""
    if message[:1] == b"{":
        raise Unreadable(
            "not_protobuf",
            "Ce message est du JSON ; Sparkplug B se publie en protobuf : ce que la spécification montre en JSON n'est"
            " qu'une façon de l'écrire. Publiez les octets de la passerelle.",
        )
    timestamp, sequence, metrics = None, None, []
    for field, value in fields_of(message):
        if field == 1 and isinstance(value, int):
            timestamp = Decimal(value)
        elif field == 2 and isinstance(value, bytes):
            metrics.append(_metric(value))
        elif field == 3 and isinstance(value, int):
            sequence = value
    return Payload(timestamp, tuple(metrics), sequence)


def _metric(message: bytes) -> Metric:
    single: dict[int, int | bytes] = {}
    properties: tuple[tuple[str, Any], ...] = ()
    for field, value in fields_of(message):
        if field == 9 and isinstance(value, bytes):
            properties = _properties(value)
        else:
            single[field] = value
    alias, timestamp, datatype = single.get(2), single.get(3), single.get(4)
    return Metric(
        _text(single.get(1)),
        alias if isinstance(alias, int) else None,
        Decimal(timestamp) if isinstance(timestamp, int) else None,
        datatype if isinstance(datatype, int) else None,
        bool(single.get(7)),
        tuple((field, single[field]) for field in (10, 11, 12, 13) if field in single),
        properties,
    )


def _properties(message: bytes) -> tuple[tuple[str, Any], ...]:
    """Return a PropertySet: keys and values are two lists of the same length."""
    keys, values = [], []
    for field, value in fields_of(message):
        if isinstance(value, bytes) and field == 1:
            keys.append(_text(value))
        elif isinstance(value, bytes) and field == 2:
            values.append(_property(value))
    return tuple(zip(keys, values, strict=False))


def _property(message: bytes) -> Any:
    for field, value in fields_of(message):
        if field in {3, 4} and isinstance(value, int):
            return value
        if field == 8:
            return _text(value)
    return None


def _text(value: int | bytes | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _signed(value: int, bits: int | None) -> int:
    """Return the number `value` stands for in two's complement of `bits`, itself where it is unsigned."""
    if bits is None:
        return value
    value &= 2**bits - 1
    return value - 2**bits if value >> (bits - 1) else value


def _written(value: float, digits: int) -> Decimal:
    """Return the shortest decimal that reads back as `value`, as the program that sent it would show it."""
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - the test for NaN without a function call
        raise Unreadable(
            "not_a_number", "Une grandeur vaut NaN ou l'infini ; n'envoyez pas de valeur quand il n'y en a pas."
        )
    if digits == LONGEST:
        return Decimal(repr(value))
    # A 32-bit float: 9 digits always suffice (IEEE 754), fewer often do.
    for precision in range(digits, 10):
        text = f"{value:.{precision}g}"
        if struct.unpack("<f", struct.pack("<f", float(text)))[0] == value:
            return Decimal(text)
    return Decimal(repr(value))
