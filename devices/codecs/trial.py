"""A codec tried on bytes before it is kept: what would be read, what it warns of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from devices.dialects.lorawan import observations_decoded
from devices.dialects.making import Maker
from devices.dialects.measurement import Observation, Said, Stamp, Unreadable
from devices.dialects.uplink import Decoded, Undecoded

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from devices.codecs.runner import Runner, Source
    from devices.dialects.making import Meaning

NO_CODEC = ("codec_syntax", "codec_loading", "codec_function", "codec_time", "codec_memory", "codec_resting")
"""Why a file is no codec, whatever the bytes."""
SERIAL = "essai"
"""Who says the bytes a codec is tried on."""


class Tried(NamedTuple):
    """What came of the bytes."""

    observations: Sequence[Observation]
    warnings: Sequence[str]


def try_on(runner: Runner, source: Source, meanings: Mapping[str, Meaning], uplink: Undecoded) -> Tried:
    """Return what `source` makes of `uplink`; `Unreadable` where it makes nothing that can be kept."""
    outcome = runner.run(source, uplink)
    said = Said("", b"", uplink.time, decoded=Decoded(outcome.data, meanings))
    return Tried(observations_decoded(Maker(uplink.serial, uplink.time, Stamp.NETWORK), said), outcome.warnings)


def demand_a_codec(runner: Runner, source: Source, now: dt.datetime) -> None:
    """Refuse a file that is no codec; one that only refuses empty bytes is one."""
    try:
        runner.run(source, Undecoded(SERIAL, b"", 1, now))
    except Unreadable as refusal:
        if refusal.reason in NO_CODEC:
            refusal.field = "source"
            raise
