"""The bytes of a LoRaWAN uplink, and what a maker's codec (LoRa Alliance TS013) makes of them.

Decoders are pure and run nothing: bytes nobody decoded are the refusal `CodecMissing`, which carries them. Whoever has
the codec of the device runs it and lets the message be read again with `Said.decoded`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from devices.dialects.measurement import Unreadable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from devices.dialects.making import Meaning

    Codec = Callable[["Undecoded"], "Decoded | None"]
    """Runs the codec of a device on an uplink; None where it has none, `Unreadable` where the codec fails."""


class Undecoded(NamedTuple):
    """What a codec is given: the bytes, their port where the frame has one, and when the network heard them."""

    serial: str
    data: bytes
    f_port: int | None
    time: dt.datetime


class Decoded(NamedTuple):
    """What a codec made of an uplink: its object, numbers as Decimal, and what its fields mean (by path)."""

    value: dict[str, Any]
    meanings: Mapping[str, Meaning]


class CodecMissing(Unreadable):
    """The refusal of bytes nobody decoded."""

    def __init__(self, uplink: Undecoded, sentence: str, /) -> None:
        """Keep what is to be decoded beside the sentence."""
        super().__init__("codec_missing", sentence)
        self.uplink = uplink
