"""A codec in a file, tried by hand: no database, no model of device."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from devices.codecs.runner import read_source, shared_runner
from devices.dialects.uplink import Decoded

if TYPE_CHECKING:
    from devices.dialects.uplink import Codec, Undecoded


def codec_in(name: str, content: bytes) -> Codec:
    """Return what runs the codec in a file; `Refusal` where the file can be none."""
    source = read_source(content, Path(name).name, hashlib.sha256(content).hexdigest())

    def decode(uplink: Undecoded) -> Decoded:
        return Decoded(shared_runner().run(source, uplink).data, {})

    return decode
