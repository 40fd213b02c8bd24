"""Fields of a Protocol Buffers message, read from the wire and written for it (Encoding guide, "Message structure").

The four wire types that are in use are read; what they mean is for the caller, who knows the message. Written here
because one dialect needs sixteen fields: generated code and its runtime would be more to carry than to read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from devices.dialects.measurement import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
MAX_VARINT: Final = 10
"""Bytes of a varint of 64 bits."""


def fields_of(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (field number, value) in order: an int for a varint, bytes for all others; `Unreadable` where cut short."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise _broken(at)
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = _varint(message, at)
        elif kind in {FIXED32, FIXED64}:
            size = 4 if kind == FIXED32 else 8
        else:
            raise _broken(at)
        if at + size > len(message):
            raise _broken(at)
        yield number, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number written at `at`, least significant group of 7 bits first, and where it ends."""
    value = 0
    for position, byte in enumerate(message[at : at + MAX_VARINT]):
        value |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return value & (2**64 - 1), at + position + 1
    raise _broken(at)


def _broken(at: int) -> Unreadable:
    return Unreadable(
        "not_protobuf",
        f"Le message n'est pas du protobuf entier (octet {at}) ; Sparkplug B se publie en protobuf, pas en JSON.",
    )


def field(number: int, value: int | bytes) -> bytes:
    """Return one field written for the wire: an int as a varint, bytes with their length."""
    if isinstance(value, int):
        return _written(number << 3 | VARINT) + _written(value)
    return _written(number << 3 | BYTES) + _written(len(value)) + value


def _written(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*parts, number))
