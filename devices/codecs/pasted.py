"""Bytes as people paste them: as text, in hexadecimal or in base64."""

from __future__ import annotations

import base64
import re
from typing import Final

from foundation.errors import Refusal
from foundation.messages import N_

WAYS: Final = {"text": N_("texte"), "hex": N_("hexadécimal"), "base64": N_("base64")}
"""How bytes may be written, and the word for it."""
_BETWEEN_HEX: Final = re.compile(r"0[xX]|[\s:,-]")


def bytes_of(text: str, way: str, field: str) -> bytes:
    """Return the bytes `text` writes in one of `WAYS`; `Refusal` about `field` where it writes none."""
    try:
        if way == "hex":
            return bytes.fromhex(_BETWEEN_HEX.sub("", text))
        if way == "base64":
            return base64.b64decode("".join(text.split()), validate=True)
        # A form sends its lines apart by CR LF whatever was pasted.
        return text.replace("\r\n", "\n").encode()
    except ValueError:
        raise Refusal(
            "Ce n'est pas écrit en {way} ; choisissez comment ces octets sont écrits.", field=field, way=WAYS[way]
        ) from None
